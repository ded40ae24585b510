//! Tunnels through an EC2 Instance Connect Endpoint: real packets to an instance that nobody else reaches.

use std::fs::File;
use std::io::{ErrorKind, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::os::fd::AsFd;
use std::time::Duration;

use nix::sched::{CloneFlags, setns};

use crate::lab::{Lab, eventually, unique};
use crate::sandbox::with_packets;
use crate::websocket::{Heard, WebSocket};

const SSH: u16 = 22;
const RDP: u16 = 3389;

/// A VPC without a gateway: an instance whose group admits nobody, and an endpoint in another subnet, with a group of its
/// own.
struct Private {
    lab: Lab,
    instance: String,
    group: String,
    door: String,
    endpoint: String,
}

impl Private {
    fn new(name: &str, options: &[&str]) -> Self {
        let mut lab = Lab::new(name);
        lab.up(options);
        let vpc = lab.must_call("CreateVpc", "CidrBlock=10.1.0.0/16").element("vpcId").to_owned();
        let [subnet, doors] = [0, 1].map(|number| {
            let create = format!("VpcId={vpc}&CidrBlock=10.1.{number}.0/24");
            lab.must_call("CreateSubnet", &create).element("subnetId").to_owned()
        });
        let [group, door] = ["ssh", "door"].map(|name| {
            let create = format!("VpcId={vpc}&GroupName={name}&GroupDescription={name}");
            lab.must_call("CreateSecurityGroup", &create).element("groupId").to_owned()
        });
        let run = format!("ImageId=ami-12345678&MinCount=1&MaxCount=1&SubnetId={subnet}&PrivateIpAddress=10.1.0.10&SecurityGroupId.1={group}");
        let instance = lab.must_call("RunInstances", &run).element("instanceId").to_owned();
        let create = format!("SubnetId={doors}&SecurityGroupId.1={door}");
        let endpoint = lab.must_call("CreateInstanceConnectEndpoint", &create).element("instanceConnectEndpointId").to_owned();
        let private = Self { lab, instance, group, door, endpoint };
        eventually("the instance runs", || {
            let describe = format!("InstanceId.1={}", private.instance);
            private.lab.must_call("DescribeInstances", &describe).element("name") == "running"
        });
        eventually("the endpoint is complete", || {
            private.lab.must_call("DescribeInstanceConnectEndpoints", "").element("state") == "create-complete"
        });
        private
    }

    /// What is asked for, with what a signature leaves of it.
    fn target(&self, port: u16, more: &str) -> String {
        let signature = "X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Credential=000000000000%2F20260131%2Fus-east-1%2Fec2-instance-connect%2Faws4_request";
        let wish = format!("instanceConnectEndpointId={}&remotePort={port}&privateIpAddress=10.1.0.10{more}", self.endpoint);
        format!("/openTunnel?{wish}&{signature}&X-Amz-Signature=0")
    }

    fn open(&self, port: u16, more: &str) -> WebSocket {
        WebSocket::open(self.lab.address, &self.target(port, more), "").unwrap()
    }

    fn refused(&self, target: &str) -> (u16, String) {
        WebSocket::open(self.lab.address, target, "").err().unwrap_or_else(|| panic!("{target} was not refused"))
    }

    /// Lets the endpoint in to the instance, by SSH and RDP.
    fn admit(&self) {
        self.admit_to(SSH);
        self.admit_to(RDP);
    }

    fn admit_to(&self, port: u16) {
        let permission = format!("IpPermissions.1.IpProtocol=tcp&IpPermissions.1.FromPort={port}&IpPermissions.1.ToPort={port}");
        let from = format!("IpPermissions.1.Groups.1.GroupId={}", self.door);
        self.lab.must_call("AuthorizeSecurityGroupIngress", &format!("GroupId={}&{permission}&{from}", self.group));
    }

    /// Lets what the endpoint connects to out, or does not.
    fn egress(&self, verb: &str) {
        let all = "IpPermissions.1.IpProtocol=-1&IpPermissions.1.IpRanges.1.CidrIp=0.0.0.0/0";
        self.lab.must_call(&format!("{verb}SecurityGroupEgress"), &format!("GroupId={}&{all}", self.door));
    }

    /// Where there is no way in: AWS's words, and behind them the cause.
    fn kept_out(&self, said: &str, cause: &str) {
        let output = self.lab.run(&["connect", "--via", "eice", "--timeout", "2", &self.instance, "--", "true"]);
        let talk = String::from_utf8(output.stderr).unwrap();
        assert_eq!((output.status.code(), output.stdout.len()), (Some(1), 0), "{talk}");
        let (aws, ours) = talk.split_once("\n\n  ✗ ").unwrap_or_else(|| panic!("{talk}"));
        assert_eq!(aws, said);
        assert!(ours.starts_with(cause), "{ours}");
    }

    /// Somebody who listens in the instance.
    fn listen(&self) -> TcpListener {
        let init = self.lab.init_of(&self.instance).unwrap();
        let namespace = File::open(format!("/proc/{init}/ns/net")).unwrap();
        let inside = std::thread::spawn(move || {
            setns(namespace.as_fd(), CloneFlags::CLONE_NEWNET).unwrap();
            TcpListener::bind(("0.0.0.0", RDP)).unwrap()
        });
        inside.join().unwrap()
    }
}

/// Answers everybody with what they say, until they have said it all.
fn echo(listener: &TcpListener) {
    let listener = listener.try_clone().unwrap();
    std::thread::spawn(move || {
        for mut stream in listener.incoming().flatten() {
            std::thread::spawn(move || std::io::copy(&mut stream.try_clone()?, &mut stream));
        }
    });
}

#[test]
fn a_tunnel_is_refused_for_one_reason_after_the_other() {
    let private = Private::new("tunnel-refused", &["--model-only"]);
    let id = &private.endpoint;
    let sentence = |name: &str, remedy: &str| format!("The specified {name} is not valid. {remedy} and retry your request.");
    let port = sentence("RemotePort", "Specify either 22 or 3389 as the RemotePort");
    for (query, status, code, message) in [
        ("".to_owned(), 400, "InvalidParameter", "The request must contain the parameter instanceConnectEndpointId.".to_owned()),
        (
            "instanceConnectEndpointId=vpc-1".to_owned(),
            400,
            "InvalidParameter",
            sentence("InstanceConnectEndpointId", "Specify the ID of an EC2 Instance Connect Endpoint"),
        ),
        (format!("instanceConnectEndpointId={id}"), 400, "InvalidParameter", "The request must contain the parameter privateIpAddress.".to_owned()),
        (
            format!("instanceConnectEndpointId={id}&privateIpAddress=web"),
            400,
            "InvalidParameter",
            sentence("PrivateIpAddress", "Specify a private IPv4 address"),
        ),
        (
            format!("instanceConnectEndpointId={id}&privateIpAddress=10.1.0.10"),
            400,
            "InvalidParameter",
            "The request must contain the parameter remotePort.".to_owned(),
        ),
        (format!("instanceConnectEndpointId={id}&privateIpAddress=10.1.0.10&remotePort=5432"), 400, "InvalidParameter", port.clone()),
        (format!("instanceConnectEndpointId={id}&privateIpAddress=10.1.0.10&remotePort=65558"), 400, "InvalidParameter", port),
        (
            format!("instanceConnectEndpointId={id}&privateIpAddress=10.1.0.10&remotePort=22&maxTunnelDuration=3601"),
            400,
            "InvalidParameter",
            sentence("MaxTunnelDuration", "Specify from 1 to 3600 seconds"),
        ),
        (
            "instanceConnectEndpointId=eice-00000000000000000&privateIpAddress=10.1.0.10&remotePort=22".to_owned(),
            404,
            "ResourceNotFound",
            "The instanceConnectEndpoint ID 'eice-00000000000000000' does not exist".to_owned(),
        ),
        (
            // Somebody else's.
            format!(
                "instanceConnectEndpointId={id}&privateIpAddress=10.1.0.10&remotePort=22&X-Amz-Credential=111111111111%2F20260131%2Fus-east-1%2Fec2-instance-connect%2Faws4_request"
            ),
            404,
            "ResourceNotFound",
            format!("The instanceConnectEndpoint ID '{id}' does not exist"),
        ),
        (
            format!("instanceConnectEndpointId={id}&privateIpAddress=169.254.169.254&remotePort=22"),
            400,
            "InvalidParameter",
            "The specified PrivateIpAddress 169.254.169.254 is not a private address.".to_owned(),
        ),
        (
            format!("instanceConnectEndpointId={id}&privateIpAddress=10.1.0.10&remotePort=22"),
            503,
            "ServiceUnavailable",
            "This daemon carries no packets (--model-only), so nothing can be connected to.".to_owned(),
        ),
    ] {
        let (refused, body) = private.refused(&format!("/openTunnel?{query}"));
        let body: serde_json::Value = serde_json::from_str(&body).unwrap();
        assert_eq!((refused, body["ErrorCode"].as_str(), body["Message"].as_str()), (status, Some(code), Some(message.as_str())), "{query}");
    }
    for header in ["Origin: http://evil.example\r\n", "Sec-Fetch-Site: cross-site\r\n"] {
        let refused = WebSocket::open(private.lab.address, &private.target(RDP, ""), header).err().unwrap();
        assert_eq!(refused.0, 403, "{header}");
    }
}

#[test]
fn a_tunnel_carries_bytes_both_ways() {
    with_packets("tunnel::a_tunnel_carries_bytes_both_ways", || {
        let mut private = Private::new("tunnel", &[]);
        let explain = |private: &Private| private.lab.run(&["explain", &private.endpoint, &private.instance, "--tcp", "3389"]);
        let blocked = explain(&private);
        let told = String::from_utf8(blocked.stdout).unwrap();
        assert!(!blocked.status.success() && told.contains(&format!("{} ssh", private.group)) && told.contains("no ingress rule"), "{told}");
        private.admit();
        assert!(explain(&private).status.success());
        let reason = "cannot connect to 10.1.0.10:3389: Connection refused (os error 111)".to_owned();
        assert_eq!(private.open(RDP, "").hear(), Heard::Closed { code: 1011, reason });

        let listener = private.listen();
        let mut tunnel = private.open(RDP, "");
        let (mut stream, peer) = listener.accept().unwrap();
        assert!(peer.ip().to_string().starts_with("10.1.1."), "it is the endpoint that connects: {peer}");
        stream.write_all(b"hello").unwrap();
        assert_eq!(tunnel.hear_bytes(5), b"hello");
        drop(stream);
        assert_eq!(tunnel.hear(), Heard::Closed { code: 1000, reason: String::new() }, "the instance has closed");

        let tunnel = private.open(RDP, "");
        let (mut stream, _) = listener.accept().unwrap();
        tunnel.close();
        assert_eq!(stream.read(&mut [0]).unwrap(), 0, "the client has closed");

        let mut tunnel = private.open(RDP, "&maxTunnelDuration=1");
        let reason = "the maximum tunnel duration is over".to_owned();
        assert_eq!(tunnel.hear(), Heard::Closed { code: 1000, reason });
        let mut tunnel = private.open(RDP, "");
        tunnel.send_text("hello");
        assert_eq!(tunnel.hear(), Heard::Closed { code: 1003, reason: "a tunnel carries binary messages".to_owned() });
        while listener.set_nonblocking(true).is_ok() && listener.accept().is_ok() {}
        listener.set_nonblocking(false).unwrap();

        slow_client(&private, &listener);
        echo(&listener);
        much(&private);
        as_many_as_there_can_be(&private);

        private.lab.kill();
        private.lab.up(&[]);
        much(&private);

        let mut tunnel = private.open(RDP, "");
        private.lab.must_call("DeleteInstanceConnectEndpoint", &format!("InstanceConnectEndpointId={}", private.endpoint));
        let reason = "the EC2 Instance Connect Endpoint was deleted".to_owned();
        assert_eq!(tunnel.hear(), Heard::Closed { code: 1001, reason });
        eventually("the endpoint is gone", || private.refused(&private.target(RDP, "")).0 == 404);
        private.lab.down(&[]);
        assert!(!private.lab.runtime().join(unique("tunnel")).exists(), "nothing is left");
    });
}

/// A client that reads nothing keeps the instance from writing, and costs the daemon nothing.
fn slow_client(private: &Private, listener: &TcpListener) {
    let _tunnel = private.open(RDP, "");
    let (mut stream, _): (TcpStream, _) = listener.accept().unwrap();
    stream.set_write_timeout(Some(Duration::from_secs(1))).unwrap();
    let piece = vec![7; 1 << 20];
    let mut written = 0;
    let stopped = loop {
        match stream.write(&piece) {
            Ok(count) => written += count,
            Err(error) => break error.kind(),
        }
        assert!(written < 256 << 20, "nothing keeps it from writing");
    };
    assert_eq!(stopped, ErrorKind::WouldBlock);
}

/// More than any buffer holds, there and back at the same time.
fn much(private: &Private) {
    let mut tunnel = private.open(RDP, "");
    let said: Vec<u8> = (0..8u32 << 20).map(|at| (at.wrapping_mul(2_654_435_761) >> 24) as u8).collect();
    let mut mouth = tunnel.second();
    std::thread::scope(|scope| {
        scope.spawn(|| said.chunks(50_000).for_each(|piece| mouth.send(piece)));
        assert!(tunnel.hear_bytes(said.len()) == said, "what came back is something else");
    });
}

fn as_many_as_there_can_be(private: &Private) {
    let mut all: Vec<_> = (0..20).map(|_| private.open(RDP, "")).collect();
    for (number, tunnel) in all.iter_mut().enumerate() {
        tunnel.send(&[number as u8]);
        assert_eq!(tunnel.hear_bytes(1), [number as u8]);
    }
    let (status, body) = private.refused(&private.target(RDP, ""));
    assert!(status == 429 && body.contains("TooManyTunnels"), "{status} {body}");
    drop(all.pop());
    eventually("there is a place again", || WebSocket::open(private.lab.address, &private.target(RDP, ""), "").is_ok());
}

/// As with AWS, the connection is upgraded, and closed when nothing comes of it.
#[test]
fn a_group_without_egress_keeps_the_endpoint_in() {
    with_packets("tunnel::a_group_without_egress_keeps_the_endpoint_in", || {
        let private = Private::new("tunnel-egress", &[]);
        private.admit();
        let listener = private.listen();
        echo(&listener);
        private.egress("Revoke");
        let reason = "cannot connect to 10.1.0.10:3389: timed out".to_owned();
        assert_eq!(private.open(RDP, "").hear(), Heard::Closed { code: 1011, reason });
        let told = String::from_utf8(private.lab.run(&["explain", &private.endpoint, &private.instance, "--tcp", "3389"]).stdout).unwrap();
        assert!(told.contains(&format!("{} door", private.door)) && told.contains("no egress rule admits it"), "{told}");
        private.egress("Authorize");
        let mut tunnel = private.open(RDP, "");
        tunnel.send(b"hello");
        assert_eq!(tunnel.hear_bytes(5), b"hello");
    });
}

#[test]
fn one_logs_in_to_a_private_instance() {
    with_packets("tunnel::one_logs_in_to_a_private_instance", || {
        let private = Private::new("eice", &[]);
        let no_connection = "Failed to connect to your instance\nError establishing SSH connection to your instance. Try again later.";
        let from = private.lab.must_call("DescribeNetworkInterfaces", "Filter.1.Name=requester-managed&Filter.1.Value.1=true");
        let from = from.element("privateIpAddress");
        let call = format!("TCP 22 from the endpoint, {from}, to 10.1.0.10 is dropped by");
        private.kept_out(no_connection, &format!("{call} {} ssh (SG in): no ingress rule admits it", private.group));
        private.egress("Revoke");
        private.kept_out(no_connection, &format!("{call} {} door (SG out): no egress rule admits it", private.door));
        private.egress("Authorize");
        private.admit();

        let mut banner = private.open(SSH, "");
        assert_eq!(banner.hear_bytes(8)[..8], *b"SSH-2.0-");
        let output = private.lab.run(&["connect", "--via", "eice", &private.instance, "--", "hostname; echo $SSH_CONNECTION; exit 7"]);
        let shown = String::from_utf8(output.stdout).unwrap();
        assert_eq!(output.status.code(), Some(7), "{}", String::from_utf8_lossy(&output.stderr));
        assert!(shown.starts_with(&format!("ip-10-1-0-10\n{from} ")), "{shown}");

        private.lab.must_call("DeleteInstanceConnectEndpoint", &format!("InstanceConnectEndpointId={}", private.endpoint));
        eventually("the endpoint is gone", || private.refused(&private.target(SSH, "")).0 == 404);
        private.kept_out("There are no available instance connect endpoints.", "vpc-");
    });
}
