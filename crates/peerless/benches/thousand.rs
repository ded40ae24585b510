//! A thousand instances on one machine: how long until they run and answer, what they take of its memory, and how long
//! until they are gone. The whole daemon, over HTTP, with its store on disk.

#![expect(clippy::unwrap_used, clippy::panic, reason = "a benchmark that fails has nothing to say")]

#[path = "../tests/daemon/api.rs"]
#[expect(dead_code, reason = "the tests use the rest of it")]
mod api;
#[path = "../tests/daemon/crowd.rs"]
mod crowd;
#[path = "../tests/daemon/lab.rs"]
#[expect(dead_code, reason = "the tests use the rest of it")]
mod lab;
#[path = "../tests/daemon/traces.rs"]
mod traces;

use std::time::Instant;

use crowd::Crowd;
use lab::{Lab, eventually, unique};
use traces::traces;

fn main() {
    if std::env::var("PEERLESS_TEST_PACKETS").as_deref() != Ok("yes") {
        return eprintln!("SKIPPED: it changes links and namespaces, and wants PEERLESS_TEST_PACKETS=yes in tools/sandbox");
    }
    let count = std::env::var("PEERLESS_INSTANCES").map_or(1000, |count| count.parse().unwrap());
    let mut lab = Lab::new("thousand");
    lab.up(&[]);
    let before = traces(&unique("thousand"));
    let empty = available_memory();
    let (crowd, arrival) = Crowd::arrive(&lab, count);
    println!("{count} instances, ten a call: all calls answered after {:.1} s", arrival.called.as_secs_f64());
    println!("all running after {:.1} s, {:.0} a second", arrival.running.as_secs_f64(), count as f64 / arrival.running.as_secs_f64());
    println!("all have answered a ping after {:.1} s, and a connection after {:.1} s", arrival.pinged.as_secs_f64(), arrival.connected.as_secs_f64());
    println!("memory of an instance, all that the machine has less: {:.1} MB", (empty - available_memory()) / count as f64);
    println!("its processes, proportional set size: {:.1} MB", guests_memory(&unique("thousand")) / count as f64);
    println!("the daemon, proportional set size: {:.0} MB", memory_of(lab.daemon.as_ref().unwrap().id()));
    let began = Instant::now();
    crowd.leave(&lab);
    println!("all terminated after {:.1} s", began.elapsed().as_secs_f64());
    eventually("nothing is left of them", || traces(&unique("thousand")) == before);
    println!("and nothing left of them after {:.1} s", began.elapsed().as_secs_f64());
    lab.down(&[]);
}

/// Of the machine, in MB.
fn available_memory() -> f64 {
    kilobytes("/proc/meminfo", "MemAvailable:").unwrap() / 1e3
}

/// Of a process, in MB.
fn memory_of(process: u32) -> f64 {
    kilobytes(&format!("/proc/{process}/smaps_rollup"), "Pss:").unwrap_or_default() / 1e3
}

/// Of all processes of all instances, in MB.
fn guests_memory(name: &str) -> f64 {
    let processes = std::fs::read_dir("/proc").unwrap().filter_map(|entry| entry.unwrap().file_name().to_str()?.parse().ok());
    let is_guest =
        |process: &u32| std::fs::read_to_string(format!("/proc/{process}/cgroup")).is_ok_and(|groups| groups.contains(&format!("/{name}/")));
    processes.filter(is_guest).map(memory_of).sum()
}

fn kilobytes(path: &str, of: &str) -> Option<f64> {
    let text = std::fs::read_to_string(path).ok()?;
    text.lines().find_map(|line| line.strip_prefix(of))?.trim().strip_suffix(" kB")?.parse().ok()
}
