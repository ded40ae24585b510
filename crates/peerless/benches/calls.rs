//! How long a person waits: from a call of the API until the kernel enforces it, and from `RunInstances` until the new
//! instance answers a ping. The whole daemon, over HTTP, with its store on disk.

#![expect(clippy::unwrap_used, clippy::panic, reason = "a benchmark that fails has nothing to say")]

#[path = "../tests/daemon/api.rs"]
#[expect(dead_code, reason = "the tests use the rest of it")]
mod api;
#[path = "../tests/daemon/lab.rs"]
#[expect(dead_code, reason = "the tests use the rest of it")]
mod lab;

use std::io::{BufRead, BufReader, Lines};
use std::process::{Child, ChildStdout, Stdio};
use std::time::{Duration, Instant};

use lab::{Lab, eventually};

/// Interfaces that are there besides; their instances are stopped.
const OTHERS: usize = 1000;
/// Conversations that go on; each is two flows.
const CONVERSATIONS: usize = 5000;
const CALLS: usize = 300;
const LAUNCHES: usize = 40;

fn main() {
    if std::env::var("PEERLESS_TEST_PACKETS").as_deref() != Ok("yes") {
        return eprintln!("SKIPPED: it changes links and namespaces, and wants PEERLESS_TEST_PACKETS=yes in tools/sandbox");
    }
    let mut lab = Lab::new("calls");
    lab.up(&["--model-only"]);
    let network = Network::make(&lab);
    network.populate(&lab);
    lab.down(&[]);
    lab.up(&[]);
    let pair = network.launch_pair(&lab);
    launches(&lab, &network, &pair[0]);
    calls(&lab, &network, &pair);
    lab.down(&[]);
}

/// A VPC with two subnets, whose default group lets its members talk to each other.
struct Network {
    subnets: [String; 2],
    group: String,
}

impl Network {
    fn make(lab: &Lab) -> Self {
        let vpc = lab.must_call("CreateVpc", "CidrBlock=10.1.0.0/16").element("vpcId").to_owned();
        let subnet = |cidr| lab.must_call("CreateSubnet", &format!("VpcId={vpc}&CidrBlock={cidr}")).element("subnetId").to_owned();
        let of_vpc = format!("Filter.1.Name=vpc-id&Filter.1.Value.1={vpc}");
        let group = lab.must_call("DescribeSecurityGroups", &of_vpc).element("groupId").to_owned();
        Self { subnets: ["10.1.0.0/20", "10.1.16.0/20"].map(subnet), group }
    }

    fn run(&self, lab: &Lab, subnet: usize, more: &str) -> Vec<String> {
        let parameters = format!("ImageId=ami-12345678&SubnetId={}&{more}", self.subnets[subnet]);
        lab.must_call("RunInstances", &parameters).elements("instanceId").into_iter().map(str::to_owned).collect()
    }

    fn populate(&self, lab: &Lab) {
        for _ in 0..OTHERS / 100 {
            let made = self.run(lab, 0, "MinCount=100&MaxCount=100");
            eventually("they run", || states(lab, &made, "running") == made.len());
            lab.must_call("StopInstances", &ids(&made));
            eventually("they are stopped", || states(lab, &made, "stopped") == made.len());
        }
    }

    /// Two instances, one of which sends to the other, ever again.
    fn launch_pair(&self, lab: &Lab) -> [Talker; 2] {
        [0, 1].map(|subnet| {
            let address = format!("10.1.{}.100", 15 + 16 * subnet);
            let id = self.run(lab, subnet, &format!("MinCount=1&MaxCount=1&PrivateIpAddress={address}")).remove(0);
            eventually("it runs", || states(lab, std::slice::from_ref(&id), "running") == 1);
            Talker { id, address }
        })
    }
}

struct Talker {
    id: String,
    address: String,
}

fn ids(ids: &[String]) -> String {
    (1..).zip(ids).map(|(n, id)| format!("InstanceId.{n}={id}")).collect::<Vec<_>>().join("&")
}

fn states(lab: &Lab, of: &[String], state: &str) -> usize {
    let filter = format!("{}&Filter.1.Name=instance-state-name&Filter.1.Value.1={state}", ids(of));
    lab.must_call("DescribeInstances", &filter).elements("instanceId").len()
}

/// A program in an instance, and the lines that it says.
fn talk(lab: &Lab, talker: &Talker, command: &[&str]) -> (Child, Lines<BufReader<ChildStdout>>) {
    let arguments: Vec<_> = ["run", "--user", "root", &talker.id, "--"].iter().chain(command).copied().collect();
    let mut child = lab.peerless(&arguments).stdout(Stdio::piped()).spawn().unwrap();
    let lines = BufReader::new(child.stdout.take().unwrap()).lines();
    (child, lines)
}

fn end(mut child: Child) {
    let _ = child.kill();
    child.wait().unwrap();
}

/// From the call to the answer to a ping that has been going on before it.
fn launches(lab: &Lab, network: &Network, from: &Talker) {
    let mut times = Vec::new();
    for number in 0..LAUNCHES {
        let address = format!("10.1.17.{}", number + 10);
        let (ping, mut lines) = talk(lab, from, &["stdbuf", "-oL", "ping", "-n", "-i", "0.002", &address]);
        assert!(lines.next().unwrap().unwrap().starts_with("PING"));
        let began = Instant::now();
        let made = network.run(lab, 1, &format!("MinCount=1&MaxCount=1&PrivateIpAddress={address}"));
        assert!(lines.next().unwrap().unwrap().contains("64 bytes"));
        times.push(began.elapsed().as_secs_f64() * 1e3);
        end(ping);
        lab.must_call("TerminateInstances", &ids(&made));
        eventually("it is gone", || states(lab, &made, "terminated") == 1);
    }
    report("RunInstances until the first ping is answered, ms", times);
}

/// A rule comes and goes.
fn calls(lab: &Lab, network: &Network, [from, to]: &[Talker; 2]) {
    let chatter = format!(
        "import socket,time; s=socket.socket(socket.AF_INET,socket.SOCK_DGRAM)\n\
         while True:\n\
         \x20for p in range({CONVERSATIONS}):\n\
         \x20\x20try: s.sendto(b'x',('{}',10000+p))\n\
         \x20\x20except OSError: pass\n\
         \x20\x20if p%100==0: time.sleep(0.02)\n\
         \x20print('sent',flush=True)",
        to.address
    );
    let (chatter, mut lines) = talk(lab, from, &["python3", "-c", &chatter]);
    assert_eq!(lines.next().unwrap().unwrap(), "sent");
    let rule = format!("GroupId={}&IpPermissions.1.IpProtocol=tcp&IpPermissions.1.FromPort=443&IpPermissions.1.ToPort=443", network.group);
    let rule = format!("{rule}&IpPermissions.1.IpRanges.1.CidrIp=192.0.2.0/24");
    let mut times = Vec::new();
    for round in 0..CALLS {
        let action = if round % 2 == 0 { "AuthorizeSecurityGroupIngress" } else { "RevokeSecurityGroupIngress" };
        let began = Instant::now();
        lab.must_call(action, &rule);
        times.push(began.elapsed().as_secs_f64() * 1e3);
        std::thread::sleep(Duration::from_millis(5));
    }
    report(&format!("call until enforced, {OTHERS} interfaces, {} flows, ms", 2 * CONVERSATIONS), times);
    let mut bare = Vec::new();
    for _ in 0..CALLS {
        let began = Instant::now();
        lab.must_call("CreateTags", &format!("ResourceId.1={}&Tag.1.Key=Name&Tag.1.Value={}", from.id, bare.len()));
        bare.push(began.elapsed().as_secs_f64() * 1e3);
    }
    report("a tag, the same, ms", bare);
    end(chatter);
}

fn report(what: &str, mut times: Vec<f64>) {
    times.sort_by(f64::total_cmp);
    let at = |share: usize| times[(times.len() * share / 100).min(times.len() - 1)];
    println!("{what:60} p50 {:7.1}   p99 {:7.1}   max {:7.1}", at(50), at(99), times[times.len() - 1]);
}
