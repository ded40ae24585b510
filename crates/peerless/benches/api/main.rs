//! What calls cost: how many a second, how soon the first, how much memory; beside moto, another fake of AWS, in the same run.
//!
//! The two take turns, and medians are compared: on a shared machine only ratios mean anything. `PEERLESS_BENCH_MOTO` is
//! moto's server; without it there are only our own figures.

#![expect(clippy::unwrap_used, clippy::panic, reason = "a benchmark that fails has nothing to say")]

mod client;
mod server;

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use client::Client;
use server::{Kind, Server};

const ROUNDS: usize = 7;
const ROUND: Duration = Duration::from_millis(700);
const MANY: usize = 1000;

fn main() {
    let kinds: Vec<Kind> = Kind::all();
    starting(&kinds);
    let few: Vec<Server> = kinds.iter().map(|kind| Server::start(kind, 0)).collect();
    memory("memory idle, MB", &few);
    for clients in [1, 8] {
        compare(&format!("CreateVpc and DeleteVpc in turn, {clients} clients, calls per s"), &few, |server| {
            calls_per_second(server, clients, CHANGE)
        });
    }
    for clients in [1, 8] {
        compare(&format!("DescribeVpcs of a few, {clients} clients, per s"), &few, |server| calls_per_second(server, clients, DESCRIBE));
    }
    drop(few);
    let many: Vec<Server> = kinds.iter().map(|kind| Server::start(kind, MANY)).collect();
    for server in &many {
        println!("DescribeVpcs of {MANY} is {} bytes of {}", server.client(0).call("DescribeVpcs", "").len(), server.kind.name);
    }
    for clients in [1, 8] {
        compare(&format!("DescribeVpcs of {MANY}, {clients} clients, per s"), &many, |server| calls_per_second(server, clients, DESCRIBE));
    }
    memory(&format!("memory with {MANY} VPCs, MB"), &many);
}

/// From the start of the program to the first answer.
fn starting(kinds: &[Kind]) {
    let mut times: Vec<Vec<f64>> = vec![Vec::new(); kinds.len()];
    for _ in 0..ROUNDS {
        for (kind, times) in kinds.iter().zip(&mut times) {
            let began = Instant::now();
            let server = Server::start(kind, 0);
            times.push(began.elapsed().as_secs_f64() * 1e3);
            drop(server);
        }
    }
    print_row("start to first answer, ms", &kinds.iter().map(|kind| kind.name).zip(times).collect::<Vec<_>>());
}

fn compare(what: &str, servers: &[Server], measure: impl Fn(&Server) -> f64) {
    let mut figures: Vec<Vec<f64>> = vec![Vec::new(); servers.len()];
    for _ in 0..ROUNDS {
        for (server, figures) in servers.iter().zip(&mut figures) {
            figures.push(measure(server));
        }
    }
    print_row(what, &servers.iter().map(|server| server.kind.name).zip(figures).collect::<Vec<_>>());
}

fn memory(what: &str, servers: &[Server]) {
    print_row(what, &servers.iter().map(|server| (server.kind.name, vec![server.memory()])).collect::<Vec<_>>());
}

/// One row: of each its median and its spread, and ours as a ratio of the others'.
fn print_row(what: &str, figures: &[(&str, Vec<f64>)]) {
    println!("{what}");
    let (_, ours) = &figures[0];
    for (name, theirs) in figures {
        let (least, most) = theirs.iter().fold((f64::MAX, f64::MIN), |(least, most), figure| (least.min(*figure), most.max(*figure)));
        let mut ratios: Vec<f64> = ours.iter().zip(theirs).map(|(ours, theirs)| ours / theirs).collect();
        ratios.sort_by(f64::total_cmp);
        let (low, high) = (ratios[0], ratios[ratios.len() - 1]);
        println!("  {name:10} {:10.1} ({least:.1} to {most:.1})   ours / it {:.2} ({low:.2} to {high:.2})", median(theirs), median(&ratios));
    }
}

/// How many calls a second that many clients get answered, each over a connection of its own that stays open.
fn calls_per_second(server: &Server, clients: usize, work: Work) -> f64 {
    let (stop, done) = (AtomicBool::new(false), AtomicU64::new(0));
    let began = Instant::now();
    thread::scope(|scope| {
        for number in 0..clients {
            let (stop, done) = (&stop, &done);
            scope.spawn(move || {
                let mut client = server.client(if work.apart { number } else { 0 });
                (work.call)(&mut client);
                while !stop.load(Ordering::Relaxed) {
                    done.fetch_add((work.call)(&mut client), Ordering::Relaxed);
                }
            });
        }
        thread::sleep(ROUND);
        stop.store(true, Ordering::Relaxed);
    });
    done.into_inner() as f64 / began.elapsed().as_secs_f64()
}

/// What the clients do.
#[derive(Clone, Copy)]
struct Work {
    /// Makes calls, and says how many.
    call: fn(&mut Client) -> u64,
    /// Whether each client has an account of its own: one may have but five VPCs.
    apart: bool,
}

const CHANGE: Work = Work { call: change, apart: true };
const DESCRIBE: Work = Work { call: describe, apart: false };

/// What is made goes again. Both are on disk before they are answered.
fn change(client: &mut Client) -> u64 {
    let made = client.call("CreateVpc", "CidrBlock=10.1.0.0/16");
    let (_, rest) = made.split_once("<vpcId>").unwrap_or_else(|| panic!("no VPC in {made}"));
    let (id, _) = rest.split_once('<').unwrap();
    client.call("DeleteVpc", &format!("VpcId={id}"));
    2
}

fn describe(client: &mut Client) -> u64 {
    client.call("DescribeVpcs", "");
    1
}

fn median(values: &[f64]) -> f64 {
    let mut values = values.to_vec();
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}
