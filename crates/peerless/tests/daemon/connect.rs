//! EC2 Instance Connect: who gets in, who does not, and what is said then.

use std::io::Write;
use std::process::{Command, Output, Stdio};

use crate::api::http;
use crate::lab::{Lab, eventually};
use crate::public::Public;
use crate::sandbox::with_packets;

const FROM_SERVICE: &str = "18.206.107.24/29";
const FROM_MY_IP: &str = "203.0.113.10/32";
const NO_CONNECTION: &str = "Failed to connect to your instance\nError establishing SSH connection to your instance. Try again later.\n";

impl Public {
    fn connect(&self, options: &[&str], command: &str) -> Output {
        self.lab.run(&[&["connect", "--timeout", "2", &self.instance], options, &["--", command]].concat())
    }

    /// Where there is no way in: AWS's words, and behind them the cause.
    fn refused(&self, options: &[&str], said: &str, cause: &str) {
        let output = self.connect(options, "true");
        let talk = String::from_utf8(output.stderr).unwrap();
        assert_eq!((output.status.code(), output.stdout.len()), (Some(1), 0), "{talk}");
        let (aws, ours) = talk.split_once("\n\n  ✗ ").unwrap_or_else(|| panic!("{talk}"));
        assert_eq!(format!("{aws}\n"), said);
        assert!(ours.starts_with(cause), "{ours}");
    }

    fn admitted(&self) -> String {
        let output = self.connect(&[], "hostname; echo talk >&2; exit 7");
        let talk = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(7), "{talk}");
        assert!(String::from_utf8(output.stdout).unwrap().starts_with("ip-10-1-0-"));
        assert!(talk.ends_with("talk\n"), "{talk}");
        talk
    }
}

#[test]
fn every_way_to_be_kept_out_has_awss_words_and_its_cause() {
    with_packets("connect::every_way_to_be_kept_out_has_awss_words_and_its_cause", || {
        let mut public = Public::new("connect-out");
        let no_address = "No public IPv4 address assigned\nWith no public IPv4 address, you can't use EC2 Instance Connect.\n";
        let id = public.instance.clone();
        public.refused(&[], no_address, &format!("{id} was launched with auto-assign public IP off: associate an Elastic IP with it"));
        public.give_address();

        let not_public = "Instance is not in public subnet\nEC2 Instance Connect is unable to connect to your instance. Ensure your instance \
                          network settings are configured correctly for EC2 Instance Connect.\n";
        public.ssh_rule("Authorize", FROM_SERVICE);
        let (main, gateway) = (public.main_table.clone(), public.gateway.clone());
        let answer_by = |table: &str| format!("the answer to 18.206.107.28 finds no way out by {table}, ");
        public.refused(
            &[],
            not_public,
            &(answer_by(&main) + "the VPC's main one, since the subnet is associated with none: no route to 18.206.107.28"),
        );
        public.route_out(&main);
        public.admitted();
        let table = public.lab.must_call("CreateRouteTable", &format!("VpcId={}", public.vpc)).element("routeTableId").to_owned();
        public.lab.must_call("AssociateRouteTable", &format!("RouteTableId={table}&SubnetId={}", public.subnet));
        public.refused(&[], not_public, &(answer_by(&table) + "with which the subnet is associated: no route to 18.206.107.28"));
        public.lab.must_call("CreateRoute", &format!("RouteTableId={table}&DestinationCidrBlock=0.0.0.0/0&GatewayId={gateway}"));
        public.admitted();

        let dropped = format!("inbound TCP 22 from 18.206.107.28 is dropped by {} default: no ingress rule admits it", public.group);
        public.ssh_rule("Revoke", FROM_SERVICE);
        public.refused(&[], NO_CONNECTION, &dropped);
        public.ssh_rule("Authorize", FROM_MY_IP);
        let trap = ". My IP (203.0.113.10) is let in, but EC2 Instance \
                    Connect calls from AWS's 18.206.107.24/29, not from you";
        public.refused(&[], NO_CONNECTION, &(dropped + trap));
        public.ssh_rule("Authorize", FROM_SERVICE);
        assert!(!public.admitted().contains("open to all"));

        let of_subnet = format!("Filter.1.Name=association.subnet-id&Filter.1.Value.1={}", public.subnet);
        let acl = public.lab.must_call("DescribeNetworkAcls", &of_subnet).element("networkAclId").to_owned();
        let deny = "RuleNumber=50&Protocol=6&RuleAction=deny&CidrBlock=18.206.107.24/29&PortRange.From=22&PortRange.To=22";
        public.lab.must_call("CreateNetworkAclEntry", &format!("NetworkAclId={acl}&Egress=false&{deny}"));
        public.refused(&[], NO_CONNECTION, &format!("inbound TCP 22 from 18.206.107.28 is dropped by {acl}: rule 50 denies it"));
        public.lab.must_call("DeleteNetworkAclEntry", &format!("NetworkAclId={acl}&Egress=false&RuleNumber=50"));
        public.lab.must_call("DeleteNetworkAclEntry", &format!("NetworkAclId={acl}&Egress=true&RuleNumber=100"));
        let stateless = format!("the answer to 18.206.107.28, at an ephemeral port, is dropped by {acl}, which keeps no state: rule * denies it");
        public.refused(&[], NO_CONNECTION, &stateless);
        let all = format!("NetworkAclId={acl}&Egress=true&RuleNumber=100&Protocol=-1&RuleAction=allow&CidrBlock=0.0.0.0/0");
        public.lab.must_call("CreateNetworkAclEntry", &all);

        public.refused(&["--user", "root2"], NO_CONNECTION, &format!("there is no user 'root2' in {id}: people log in to its image as 'ec2-user'"));
        public.lab.must_call("ModifyInstanceMetadataOptions", &format!("InstanceId={id}&HttpEndpoint=disabled"));
        public.refused(&[], NO_CONNECTION, &format!("the metadata of {id} is turned off (HttpEndpoint=disabled)"));
        public.lab.must_call("ModifyInstanceMetadataOptions", &format!("InstanceId={id}&HttpEndpoint=enabled"));
        public.admitted();

        public.lab.must_call("StopInstances", &format!("InstanceId.1={id}"));
        public.wait_for("stopped");
        public.refused(&[], NO_CONNECTION, &format!("{id} is stopped: start it, and connect again"));
        public.lab.must_call("StartInstances", &format!("InstanceId.1={id}"));
        public.wait_for("running");
        eventually("its SSH server is up", || public.connect(&[], "true").status.success());
        public.lab.down(&[]);
    });
}

/// With the uplink this machine is the laptop, and `ssh` is its own.
#[test]
fn ones_own_ssh_reaches_an_elastic_ip_and_meets_the_rules() {
    with_packets("connect::ones_own_ssh_reaches_an_elastic_ip_and_meets_the_rules", || {
        let mut lab = Lab::new("connect-ssh");
        lab.up(&["--uplink"]);
        let keys = ["mine", "other"].map(|name| {
            let file = lab.state().join(format!("{name}.pem"));
            let material = lab.must_call("CreateKeyPair", &format!("KeyName={name}")).element("keyMaterial").to_owned();
            std::fs::write(&file, material).unwrap();
            std::fs::set_permissions(&file, std::os::unix::fs::PermissionsExt::from_mode(0o600)).unwrap();
            file
        });
        let mut public = Public::launch(lab, "KeyName=mine");
        public.route_out(&public.main_table);
        let address = public.give_address();
        let ssh = |key: usize| {
            let options = ["BatchMode=yes", "StrictHostKeyChecking=no", "UserKnownHostsFile=/dev/null", "LogLevel=ERROR", "ConnectTimeout=2"];
            let mut command = Command::new("ssh");
            command
                .args(options.iter().flat_map(|option| ["-o", option]))
                .arg("-i")
                .arg(&keys[key])
                .args([&format!("ec2-user@{address}"), "echo $SSH_CLIENT"])
                .stdin(Stdio::null())
                .output()
                .unwrap()
        };
        let fails_with = |key: usize, wanted: &str| {
            let output = ssh(key);
            let talk = String::from_utf8(output.stderr).unwrap();
            assert!(output.status.code() == Some(255) && talk.contains(wanted), "{talk}");
        };
        fails_with(0, "Connection timed out");
        public.ssh_rule("Authorize", FROM_SERVICE);
        fails_with(0, "Connection timed out");
        public.ssh_rule("Authorize", FROM_MY_IP);
        eventually("its SSH server is up", || ssh(0).status.success());
        assert!(String::from_utf8(ssh(0).stdout).unwrap().starts_with("203.0.113.10 "), "it comes from My IP");
        fails_with(1, "Permission denied (publickey");
        public.lab.must_call("DeleteKeyPair", "KeyName=mine");
        assert!(ssh(0).status.success(), "the instance keeps the key that it was launched with");

        // A key that was pushed is the instance's for a minute, whatever becomes of the daemon.
        let other = public.lab.must_call("DescribeKeyPairs", "KeyName.1=other&IncludePublicKey=true").element("publicKey").to_owned();
        let push = serde_json::json!({ "InstanceId": public.instance, "InstanceOSUser": "ec2-user", "SSHPublicKey": other }).to_string();
        let headers = [("Content-Type", "application/x-amz-json-1.1"), ("X-Amz-Target", "AWSEC2InstanceConnectService.SendSSHPublicKey")];
        assert_eq!(http(public.lab.address, "POST", "/", &headers, &push).status, 200);
        public.lab.kill();
        public.lab.up(&["--uplink"]);
        assert!(ssh(1).status.success());

        public.ssh_rule("Revoke", FROM_MY_IP);
        fails_with(0, "Connection timed out");
        public.lab.down(&[]);
    });
}

#[test]
fn a_session_carries_streams_and_is_noted_when_all_may_come() {
    with_packets("connect::a_session_carries_streams_and_is_noted_when_all_may_come", || {
        let mut public = Public::new("connect-in");
        public.give_address();
        public.route_out(&public.main_table);
        public.ssh_rule("Authorize", "0.0.0.0/0");
        eventually("its SSH server is up", || public.connect(&[], "true").status.success());
        let note = "Port 22 (SSH) is open to all IPv4 addresses. Consider restricting access to only the EC2 Instance Connect service IP addresses \
                    for your Region: 18.206.107.24/29\n";
        assert!(public.admitted().starts_with(note));

        // More than any window or buffer on the way holds.
        let mut child =
            public.lab.peerless(&["connect", &public.instance, "--", "cat"]).stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
        let sent: Vec<u8> = (0..8 << 20).map(|n: u32| (n >> 8 ^ n) as u8).collect();
        let mut input = child.stdin.take().unwrap();
        let writer = std::thread::spawn({
            let sent = sent.clone();
            move || input.write_all(&sent).unwrap()
        });
        let output = child.wait_with_output().unwrap();
        writer.join().unwrap();
        assert!(output.status.success() && output.stdout == sent, "{} bytes came back", output.stdout.len());

        let shell = public.lab.peerless(&["connect", &public.instance]).stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
        shell.stdin.as_ref().unwrap().write_all(b"echo $((6 * 7)); kill -TERM $$\n").unwrap();
        let output = shell.wait_with_output().unwrap();
        assert_eq!((output.stdout.as_slice(), output.status.code()), (&b"42\n"[..], Some(128 + 15)));
        assert_eq!(public.lab.must(&["connect", "--via", "console", &public.instance, "--", "id", "-un"]), "ec2-user\n");

        // What is open goes on when the rule is gone; what is new does not begin.
        let mut open = public.lab.peerless(&["connect", &public.instance, "--", "cat"]).stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
        let mut keyboard = open.stdin.take().unwrap();
        keyboard.write_all(b"before\n").unwrap();
        let mut screen = std::io::BufReader::new(open.stdout.take().unwrap());
        let mut line = String::new();
        std::io::BufRead::read_line(&mut screen, &mut line).unwrap();
        public.ssh_rule("Authorize", FROM_MY_IP);
        public.ssh_rule("Revoke", "0.0.0.0/0");
        assert_eq!(public.connect(&[], "true").status.code(), Some(1));
        public.lab.down(&[]);
        drop(keyboard);
        assert_eq!(open.wait().unwrap().code(), Some(1), "the daemon is gone, and with it the session");
    });
}
