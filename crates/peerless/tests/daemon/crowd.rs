//! Many instances at a time: launched ten a call, all of which one of them reaches, and gone without a trace.

use std::io::{BufRead, BufReader, Write};
use std::process::Stdio;
use std::time::{Duration, Instant};

use crate::lab::{Lab, eventually};

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

/// Instances of one subnet, whose group lets them talk to each other.
pub struct Crowd {
    ids: Vec<String>,
    addresses: Vec<String>,
}

/// How long it took to come and to be reached, from the first call on.
pub struct Arrival {
    /// Until all calls were answered.
    pub called: Duration,
    /// Until all were running.
    pub running: Duration,
    /// Until each had answered a ping, and a connection, of the first one.
    pub pinged: Duration,
    pub connected: Duration,
}

impl Crowd {
    /// Launches so many in a VPC of their own, and waits until the first has reached them all.
    pub fn arrive(lab: &Lab, count: usize) -> (Self, Arrival) {
        let vpc = lab.must_call("CreateVpc", "CidrBlock=10.1.0.0/16").element("vpcId").to_owned();
        let subnet = lab.must_call("CreateSubnet", &format!("VpcId={vpc}&CidrBlock=10.1.0.0/16")).element("subnetId").to_owned();
        let mut crowd = Self { ids: Vec::new(), addresses: Vec::new() };
        let began = Instant::now();
        while crowd.ids.len() < count {
            let run = format!("ImageId=ami-12345678&InstanceType=t3.nano&SubnetId={subnet}&MinCount={TOGETHER}&MaxCount={TOGETHER}");
            let reply = lab.must_call("RunInstances", &run);
            let ids: Vec<_> = reply.elements("instanceId").into_iter().map(str::to_owned).collect();
            let described = reply.body.split("<instanceId>").skip(1).map(|of_one| {
                let (_, rest) = of_one.split_once("<privateIpAddress>").unwrap();
                rest.split_once('<').unwrap().0.to_owned()
            });
            crowd.addresses.extend(described);
            crowd.ids.extend(ids);
        }
        let called = began.elapsed();
        eventually("they run", || crowd.states(lab, "running") == count);
        let running = began.elapsed();
        let mut asking = lab.peerless(&["run", "--user", "root", &crowd.ids[0], "--", "python3", "-c", ASK_ALL]);
        let mut asking = asking.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
        asking.stdin.take().unwrap().write_all(crowd.addresses[1..].join("\n").as_bytes()).unwrap();
        let mut said = BufReader::new(asking.stdout.take().unwrap()).lines().map(Result::unwrap);
        let others = count - 1;
        assert_eq!(said.next(), Some(format!("pinged {others}")));
        let pinged = began.elapsed();
        assert_eq!(said.next(), Some(format!("connected {others}")));
        let connected = began.elapsed();
        assert!(asking.wait().unwrap().success());
        (crowd, Arrival { called, running, pinged, connected })
    }

    /// Terminates all, as many a call as one names, and waits until they are gone.
    pub fn leave(self, lab: &Lab) {
        for ids in self.ids.chunks(100) {
            let named: Vec<_> = (1..).zip(ids).map(|(number, id)| format!("InstanceId.{number}={id}")).collect();
            lab.must_call("TerminateInstances", &named.join("&"));
        }
        eventually("they are gone", || self.states(lab, "terminated") == self.ids.len());
    }

    /// How many are in that state.
    fn states(&self, lab: &Lab, state: &str) -> usize {
        lab.must_call("DescribeInstances", &format!("Filter.1.Name=instance-state-name&Filter.1.Value.1={state}")).elements("instanceId").len()
    }
}
