//! An instance as a place to work: keys, user data, console and status checks, through the API and the network.

use std::io::Write;
use std::process::{Output, Stdio};

use crate::lab::{Lab, eventually};
use crate::sandbox::with_packets;

/// `#!/bin/sh`, a line with the host name for the console and for a file, percent-encoded base64.
const USER_DATA: &str = "IyEvYmluL3NoCmVjaG8gImhlbGxvIGZyb20gJChob3N0bmFtZSkiIHwgdGVlIC9zcnYvaGVsbG8K";

/// Two instances in one subnet, launched with a key pair; the default group lets them speak to each other.
struct Workplace {
    lab: Lab,
    instances: Vec<String>,
    key: String,
}

impl Workplace {
    fn new(name: &str) -> Self {
        let mut lab = Lab::new(name);
        lab.up(&[]);
        let key = lab.must_call("CreateKeyPair", "KeyName=work&KeyType=ed25519").element("keyMaterial").to_owned();
        let vpc = lab.must_call("CreateVpc", "CidrBlock=10.1.0.0/16").element("vpcId").to_owned();
        let subnet = lab.must_call("CreateSubnet", &format!("VpcId={vpc}&CidrBlock=10.1.4.0/24")).element("subnetId").to_owned();
        let instances = [7, 8].map(|host| {
            let run = format!("ImageId=ami-12345678&MinCount=1&MaxCount=1&SubnetId={subnet}&PrivateIpAddress=10.1.4.{host}");
            let extra = format!("KeyName=work&UserData={USER_DATA}");
            lab.must_call("RunInstances", &format!("{run}&{extra}")).element("instanceId").to_owned()
        });
        for id in &instances {
            eventually("the instance runs", || lab.must_call("DescribeInstances", &format!("InstanceId.1={id}")).element("name") == "running");
        }
        Self { lab, instances: instances.to_vec(), key }
    }

    fn run(&self, instance: usize, script: &str, input: &str) -> Output {
        let mut command = self.lab.peerless(&["run", &self.instances[instance], "--", "sh", "-c", script]);
        let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        child.stdin.take().unwrap().write_all(input.as_bytes()).unwrap();
        child.wait_with_output().unwrap()
    }

    fn status(&self, instance: usize) -> String {
        let reply = self.lab.must_call("DescribeInstanceStatus", &format!("InstanceId.1={}", self.instances[instance]));
        reply.body.split_once("<instanceStatus>").unwrap().1.split_once("<status>").unwrap().1.split_once("</status>").unwrap().0.to_owned()
    }

    fn console(&self, instance: usize) -> String {
        self.lab.must_call("GetConsoleOutput", &format!("InstanceId={}", self.instances[instance])).element("output").to_owned()
    }
}

#[test]
fn one_logs_in_to_an_instance_from_another() {
    with_packets("guest::one_logs_in_to_an_instance_from_another", || {
        let mut work = Workplace::new("login");
        let written = work.run(0, "umask 077; cat > key", &work.key);
        assert!(written.status.success(), "{written:?}");
        let ssh = "ssh -o BatchMode=yes -o StrictHostKeyChecking=accept-new -o ConnectTimeout=5 -i key ec2-user@10.1.4.8 'hostname; cat /etc/motd'";
        let mut seen = String::new();
        eventually("the login succeeds", || {
            let output = work.run(0, ssh, "");
            seen = String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr);
            output.status.success()
        });
        assert!(seen.starts_with("ip-10-1-4-8\n") && seen.contains("Amazon Linux 2023"), "{seen}");

        // "hello from ip-10-1-4-8", within the console's text: the three places where base64 may cut it.
        let said = ["aGVsbG8gZnJvbSBpcC0xMC0xLTQtO", "hlbGxvIGZyb20gaXAtMTAtMS00LT", "oZWxsbyBmcm9tIGlwLTEwLTEtNC04"];
        eventually("the console has what user data wrote", || said.iter().any(|said| work.console(1).contains(said)));
        assert_eq!(work.run(1, "cat /srv/hello", "").stdout, b"hello from ip-10-1-4-8\n");
        work.lab.down(&[]);
    });
}

#[test]
fn status_checks_are_passed_by_those_that_answer() {
    with_packets("guest::status_checks_are_passed_by_those_that_answer", || {
        let mut work = Workplace::new("status");
        eventually("both are ok", || work.status(0) == "ok" && work.status(1) == "ok");
        let init = nix::unistd::Pid::from_raw(work.lab.init_of(&work.instances[0]).unwrap());
        let signal = |signal| nix::sys::signal::kill(init, signal).unwrap();
        signal(nix::sys::signal::Signal::SIGSTOP);
        // It is asked every few seconds, and has some more to answer.
        std::thread::sleep(std::time::Duration::from_secs(5));
        eventually("one that does not answer is impaired", || work.status(0) == "impaired");
        work.lab.kill();
        work.lab.up(&[]);
        assert_eq!((work.status(0).as_str(), work.status(1).as_str()), ("impaired", "ok"));
        signal(nix::sys::signal::Signal::SIGCONT);
        eventually("it answers the next daemon", || work.status(0) == "ok");
        assert!(work.run(1, "su -c 'ip link set eth0 down'", "").status.success());
        eventually("one whose network cannot answer is impaired", || work.status(1) == "impaired");
        assert_eq!(work.status(0), "ok");
        work.lab.down(&[]);
    });
}

/// What `poweroff` and `shutdown` of any distribution write, with nobody but this init to speak to.
const POWER_OFF: &str = "
import struct
open('/srv/kept', 'w').write('kept')
open('/run/initctl', 'wb').write(struct.pack('4i368x', 0x03091969, 1, ord('0'), 0))
";

#[test]
fn an_instance_that_powers_itself_off_stops_or_ends() {
    with_packets("guest::an_instance_that_powers_itself_off_stops_or_ends", || {
        let mut work = Workplace::new("poweroff");
        let state = |work: &Workplace, n: usize| {
            let found = work.lab.must_call("DescribeInstances", &format!("InstanceId.1={}", work.instances[n]));
            found.element("name").to_owned()
        };
        work.lab.must_call("ModifyInstanceAttribute", &format!("InstanceId={}&InstanceInitiatedShutdownBehavior.Value=terminate", work.instances[1]));
        work.run(0, "su -c python3", POWER_OFF);
        work.run(1, "su -c 'kill -USR2 1'", "");
        eventually("one stops", || state(&work, 0) == "stopped");
        eventually("the other ends", || state(&work, 1) == "terminated");
        work.lab.must_call("StartInstances", &format!("InstanceId.1={}", work.instances[0]));
        eventually("one that stopped runs again", || state(&work, 0) == "running");
        assert_eq!(work.run(0, "cat /srv/kept", "").stdout, b"kept", "with the disk that it had");

        // While nobody is there to see it, too.
        work.lab.kill();
        let init = nix::unistd::Pid::from_raw(work.lab.init_of(&work.instances[0]).unwrap());
        nix::sys::signal::kill(init, nix::sys::signal::Signal::SIGTERM).unwrap();
        eventually("it is off", || nix::sys::signal::kill(init, None).is_err());
        work.lab.up(&[]);
        eventually("the next daemon finds it off", || state(&work, 0) == "stopped");
        work.lab.down(&[]);
    });
}

/// What `reboot` and `shutdown -r now` write.
const REBOOT: &str = "
import struct
open('/srv/kept', 'a').write('kept')
open('/run/initctl', 'wb').write(struct.pack('4i368x', 0x03091969, 1, ord('6'), 0))
";

#[test]
fn an_instance_that_reboots_itself_is_the_same_afterwards() {
    with_packets("guest::an_instance_that_reboots_itself_is_the_same_afterwards", || {
        let mut work = Workplace::new("reboot");
        let first = work.lab.init_of(&work.instances[0]).unwrap();
        eventually("it passes its checks", || work.status(0) == "ok");
        let before = work.lab.must_call("DescribeInstances", &format!("InstanceId.1={}", work.instances[0])).body;
        work.run(0, "su -c python3", REBOOT);
        let has_new_init = |work: &Workplace, old: i32| work.lab.init_of(&work.instances[0]).is_some_and(|init| init != old);
        eventually("it is up again", || has_new_init(&work, first) && work.run(0, "ping -c 1 -W 1 10.1.4.8", "").status.success());
        assert_eq!(work.run(0, "cat /srv/kept", "").stdout, b"kept", "with the disk that it had");
        eventually("it passes its checks again", || work.status(0) == "ok");
        let request = |body: &str| body.split_once("</requestId>").unwrap().1.to_owned();
        let after = work.lab.must_call("DescribeInstances", &format!("InstanceId.1={}", work.instances[0])).body;
        assert_eq!(request(&after), request(&before), "nothing about it is different");

        // While nobody is there to see it, too.
        let second = work.lab.init_of(&work.instances[0]).unwrap();
        work.lab.must(&["run", &work.instances[0], "--user", "root", "--", "sh", "-c", "(sleep 2; kill -TERM 1) >/dev/null 2>&1 &"]);
        work.lab.kill();
        let init = nix::unistd::Pid::from_raw(second);
        eventually("it is off", || nix::sys::signal::kill(init, None).is_err());
        work.lab.up(&[]);
        eventually("the next daemon starts it again", || has_new_init(&work, second) && work.run(0, "cat /srv/kept", "").stdout == b"kept");
        assert_eq!(work.lab.must_call("DescribeInstances", &format!("InstanceId.1={}", work.instances[0])).element("name"), "running");
        work.lab.down(&[]);
    });
}

#[test]
fn a_disk_is_as_big_as_its_volume_says() {
    with_packets("guest::a_disk_is_as_big_as_its_volume_says", || {
        let mut lab = Lab::new("disk");
        lab.up(&[]);
        let root = "BlockDeviceMapping.1.DeviceName=/dev/xvda&BlockDeviceMapping.1.Ebs.VolumeSize=9&BlockDeviceMapping.1.Ebs.VolumeType=gp3";
        let run = lab.must_call("RunInstances", &format!("ImageId=ami-12345678&MinCount=1&MaxCount=1&{root}"));
        let id = run.element("instanceId").to_owned();
        let is = |lab: &Lab, state: &str| lab.must_call("DescribeInstances", &format!("InstanceId.1={id}")).element("name") == state;
        eventually("the instance runs", || is(&lab, "running"));
        let says = |lab: &Lab, script: &str| {
            let output = lab.peerless(&["run", &id, "--", "sh", "-c", script]).stdin(Stdio::null()).output().unwrap();
            String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr)
        };
        let volume = format!("Filter.1.Name=attachment.instance-id&Filter.1.Value.1={id}");
        assert_eq!(lab.must_call("DescribeVolumes", &volume).element("size"), "9");
        let gib = |lab: &Lab| says(lab, "df -BG --output=size / | tail -1").trim().to_owned();
        assert_eq!(gib(&lab), "9G");
        assert!(says(&lab, "fallocate -l 10G ~/much").contains("No space left on device"));
        assert_eq!(says(&lab, "rm -f ~/much; echo kept >~/note; sync"), "");

        lab.must_call("StopInstances", &format!("InstanceId.1={id}"));
        eventually("it stops", || is(&lab, "stopped"));
        lab.kill();
        lab.up(&[]);
        lab.must_call("StartInstances", &format!("InstanceId.1={id}"));
        eventually("it runs again", || is(&lab, "running"));
        assert_eq!((gib(&lab).as_str(), says(&lab, "cat ~/note").as_str()), ("9G", "kept\n"));
        lab.down(&[]);
    });
}
