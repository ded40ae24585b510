//! Many instances at a time: launched ten a call, all of which another one reaches, and gone without a trace.
//!
//! The other one is in a subnet of its own. Neighbours in a subnet find each other by ARP, and of what is found so Linux
//! keeps a thousand entries for the whole machine (`gc_thresh3`); the way over the router needs none.

use std::io::{BufRead, BufReader, Write};
use std::process::Stdio;
use std::time::{Duration, Instant};

use crate::lab::Lab;

/// Of one call.
const TOGETHER: usize = 10;

/// Asks each of the addresses that it is told, line by line, by ping until all have answered, and then by TCP, where no
/// server is as good an answer as one. Says how many there were.
const ASK_ALL: &str = "
import socket, struct, sys, time, errno
wanted = sys.stdin.read().split()
s = socket.socket(socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_ICMP)
s.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1 << 20)
s.setblocking(False)
words = struct.pack('!BBHHH', 8, 0, 0, 4711, 1)
total = sum(struct.unpack('!4H', words)) + 0
echo = words[:2] + struct.pack('!H', ~((total & 0xffff) + (total >> 16)) & 0xffff) + words[4:]
silent = set(wanted)
while silent:
    for number, address in enumerate(sorted(silent)):
        s.sendto(echo, (address, 0))
        if number % 50 == 49: time.sleep(0.002)
    until = time.monotonic() + 0.05
    while silent and time.monotonic() < until:
        try:
            answer, (sender, _) = s.recvfrom(2048)
            if answer[20] == 0: silent.discard(sender)
        except BlockingIOError: time.sleep(0.001)
print('pinged', len(wanted), flush=True)
for address in wanted:
    try: socket.create_connection((address, 22), 60).close()
    except ConnectionRefusedError: pass
print('connected', len(wanted), flush=True)
";

/// Instances whose group lets them talk to each other.
pub struct Crowd {
    ids: Vec<String>,
}

/// How long it took to come and to be reached, from the first call on.
pub struct Arrival {
    /// Until all calls were answered.
    pub called: Duration,
    /// Until all were running.
    pub running: Duration,
    /// Until each had answered a ping, and a connection.
    pub pinged: Duration,
    pub connected: Duration,
}

impl Crowd {
    /// Launches so many, and one more in the same VPC, and waits until that has reached them all.
    pub fn arrive(lab: &Lab, count: usize) -> (Self, Arrival) {
        let vpc = lab.must_call("CreateVpc", "CidrBlock=10.1.0.0/16").element("vpcId").to_owned();
        let subnet = |cidr| lab.must_call("CreateSubnet", &format!("VpcId={vpc}&CidrBlock={cidr}")).element("subnetId").to_owned();
        let [theirs, its_own] = ["10.1.0.0/17", "10.1.128.0/17"].map(subnet);
        let run = |subnet, count| {
            let reply = lab
                .must_call("RunInstances", &format!("ImageId=ami-12345678&InstanceType=t3.nano&SubnetId={subnet}&MinCount={count}&MaxCount={count}"));
            let addresses = reply.body.split("<instanceId>").skip(1).map(|of_one| {
                let (_, rest) = of_one.split_once("<privateIpAddress>").unwrap();
                rest.split_once('<').unwrap().0.to_owned()
            });
            let ids = reply.elements("instanceId").into_iter().map(str::to_owned);
            ids.zip(addresses).collect::<Vec<_>>()
        };
        let (asker, _) = run(&its_own, 1).remove(0);
        patiently("one runs", || states(lab, "running") == 1);
        let began = Instant::now();
        let made: Vec<_> = (0..count / TOGETHER).flat_map(|_| run(&theirs, TOGETHER)).collect();
        assert_eq!(made.len(), count);
        let called = began.elapsed();
        patiently("they run", || states(lab, "running") == count + 1);
        let running = began.elapsed();
        let mut asking = lab.peerless(&["run", "--user", "root", &asker, "--", "python3", "-c", ASK_ALL]);
        let mut asking = asking.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
        asking.stdin.take().unwrap().write_all(made.iter().flat_map(|(_, address)| [address, "\n"]).collect::<String>().as_bytes()).unwrap();
        let mut said = BufReader::new(asking.stdout.take().unwrap()).lines().map(Result::unwrap);
        assert_eq!(said.next(), Some(format!("pinged {count}")));
        let pinged = began.elapsed();
        assert_eq!(said.next(), Some(format!("connected {count}")));
        let connected = began.elapsed();
        assert!(asking.wait().unwrap().success());
        let ids = made.into_iter().map(|(id, _)| id).chain([asker]).collect();
        (Self { ids }, Arrival { called, running, pinged, connected })
    }

    /// Terminates all, as many a call as one names, and waits until they are gone.
    pub fn leave(self, lab: &Lab) {
        for ids in self.ids.chunks(100) {
            let named: Vec<_> = (1..).zip(ids).map(|(number, id)| format!("InstanceId.{number}={id}")).collect();
            lab.must_call("TerminateInstances", &named.join("&"));
        }
        patiently("they are gone", || states(lab, "terminated") == self.ids.len());
    }
}

/// How many are in that state.
fn states(lab: &Lab, state: &str) -> usize {
    lab.must_call("DescribeInstances", &format!("Filter.1.Name=instance-state-name&Filter.1.Value.1={state}")).elements("instanceId").len()
}

/// Waits until it is so, for ten minutes at most, and does not ask so often that this is what takes the time.
fn patiently(what: &str, mut is_so: impl FnMut() -> bool) {
    let deadline = Instant::now() + Duration::from_secs(600);
    while !is_so() {
        assert!(Instant::now() < deadline, "never: {what}");
        std::thread::sleep(Duration::from_millis(250));
    }
}
