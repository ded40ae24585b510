//! What the root of an instance does to `eth0` is undone, and hurts nobody else.

use std::io::{BufRead, BufReader};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use crate::lab::eventually;
use crate::packets::{ICMP_FROM_BLUE, Peered};
use crate::sandbox::with_packets;

/// As root in the first instance.
fn root(peered: &Peered, script: &str) -> Command {
    let mut command = peered.run(0, &["sh", "-c", &format!("PATH=$PATH:/usr/sbin:/sbin; {script}")]);
    command.env("PEERLESS_USER", "root");
    command
}

fn pings(peered: &Peered) -> bool {
    peered.run(0, &["ping", "-n", "-c", "1", "-W", "0.2", &peered.addresses[1]]).output().unwrap().status.success()
}

/// Waits until the first instance can ping again.
fn must_recover(peered: &Peered) {
    let lost = Instant::now();
    eventually("eth0 is back", || pings(peered));
    println!("eth0 is back after {:?}", lost.elapsed());
}

#[test]
fn an_instance_gets_its_eth0_back() {
    with_packets("links::an_instance_gets_its_eth0_back", || {
        let mut peered = Peered::new("links");
        peered.allow(1, ICMP_FROM_BLUE);
        let subnet = peered.lab.must_call("DescribeSubnets", "Filter.1.Name=cidr-block&Filter.1.Value.1=10.1.0.0/24").element("subnetId").to_owned();
        let run = format!("ImageId=ami-12345678&MinCount=1&MaxCount=1&SubnetId={subnet}");
        let bystander = peered.lab.must_call("RunInstances", &run).element("instanceId").to_owned();
        eventually("the bystander runs", || peered.state(&bystander) == "running");
        let ping = ["run", &bystander, "--", "ping", "-n", "-i", "0.1", "-c", "60", &peered.addresses[1]];
        let untouched = peered.lab.peerless(&ping).stdout(Stdio::piped()).spawn().unwrap();
        peered.must_ping();

        // The child is in the namespace of the instance until it is in its own: then the link is gone here.
        let moved = "unshare --net sleep 60 >/dev/null 2>&1 & until ip link set eth0 netns $! && ! ip link show eth0; do sleep 0.01; done";
        let renamed = "ip link set eth0 down; ip link set eth0 name lan0";
        for script in ["ip link delete eth0", moved, renamed] {
            let output = root(&peered, script).output().unwrap();
            assert!(output.status.success(), "{script}: {output:?}");
            must_recover(&peered);
            std::thread::sleep(Duration::from_secs(1));
        }

        let output = untouched.wait_with_output().unwrap();
        let output = String::from_utf8_lossy(&output.stdout).into_owned();
        assert!(output.contains("60 received"), "{output}");
        peered.lab.down(&[]);
    });
}

#[test]
fn an_instance_that_lost_its_eth0_while_no_daemon_ran_gets_it_back() {
    with_packets("links::an_instance_that_lost_its_eth0_while_no_daemon_ran_gets_it_back", || {
        let mut peered = Peered::new("lost");
        peered.allow(1, ICMP_FROM_BLUE);
        peered.must_ping();
        // It happens when the daemon is dead.
        let mut later = root(&peered, "echo in; sleep 2; ip link delete eth0").stdout(Stdio::piped()).spawn().unwrap();
        let mut said = [0; 3];
        std::io::Read::read_exact(later.stdout.as_mut().unwrap(), &mut said).unwrap();
        peered.lab.kill();
        assert!(later.wait().unwrap().success());
        peered.lab.up(&[]);
        must_recover(&peered);
        peered.lab.down(&[]);
    });
}

/// It waits longer each time, and the daemon has time for others.
#[test]
fn who_deletes_eth0_again_and_again_hurts_only_itself() {
    with_packets("links::who_deletes_eth0_again_and_again_hurts_only_itself", || {
        let mut peered = Peered::new("again");
        peered.allow(1, ICMP_FROM_BLUE);
        let script = "while [ ! -e /tmp/stop ]; do ip link delete eth0 2>/dev/null && echo deleted; done";
        let begin = Instant::now();
        let mut vandal = root(&peered, script).stdout(Stdio::piped()).spawn().unwrap();
        let subnet = peered.lab.must_call("DescribeSubnets", "Filter.1.Name=cidr-block&Filter.1.Value.1=10.2.0.0/24").element("subnetId").to_owned();
        for _ in 0..3 {
            let run = format!("ImageId=ami-12345678&MinCount=1&MaxCount=1&SubnetId={subnet}");
            let began = Instant::now();
            let id = peered.lab.must_call("RunInstances", &run).element("instanceId").to_owned();
            eventually("another runs", || peered.state(&id) == "running");
            println!("another runs after {:?}", began.elapsed());
        }
        let mut lines = BufReader::new(vandal.stdout.take().unwrap()).lines().map_while(Result::ok);
        assert_eq!(lines.by_ref().take(3).collect::<Vec<_>>(), ["deleted"; 3]);
        assert!(root(&peered, "touch /tmp/stop").status().unwrap().success());
        let deleted = 3 + lines.count();
        vandal.wait().unwrap();
        // What there was at first, what came back at once, and then after pauses of 0.5 s, 1 s, 2 s, and so on.
        let paused = 0.5 * (2_f64.powi(deleted as i32 - 2) - 1.0);
        assert!(paused <= begin.elapsed().as_secs_f64(), "deleted {deleted} times in {:?}", begin.elapsed());
        eventually("eth0 is back", || pings(&peered));
        peered.lab.down(&[]);
    });
}
