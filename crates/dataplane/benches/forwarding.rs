//! What the fabric costs, against a bare veth pair of the same MTU in the same run.
//!
//! The two take turns, and medians are compared: on a shared machine only ratios mean anything.

#![expect(clippy::unwrap_used, clippy::panic, reason = "a benchmark that fails has nothing to say")]

#[path = "../tests/kernel/lab.rs"]
#[expect(dead_code, reason = "the tests use the rest of it")]
mod lab;

use std::fmt::Write as _;
use std::io::{Read, Write};
use std::net::{Ipv4Addr, TcpListener, TcpStream, UdpSocket};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use dataplane::Config;
use lab::{Guest, Lab, PEERED, is_root, runtime_dir};

const ROUNDS: usize = 7;
const ROUND: Duration = Duration::from_millis(700);
const BLUE: Ipv4Addr = Ipv4Addr::new(10, 1, 0, 10);
const GREEN: Ipv4Addr = Ipv4Addr::new(10, 2, 0, 10);

fn main() {
    if !is_root() {
        return;
    }
    let mut lab = Lab::with(Config::new(runtime_dir()));
    lab.change(PEERED);
    if std::env::args().any(|argument| argument == "resuming") {
        lab.change("allow green/default ingress all 10.0.0.0/8");
        return resuming(&mut lab);
    }
    if std::env::args().any(|argument| argument == "connections") {
        lab.change("allow green/default ingress all 10.0.0.0/8");
        let way = Way { from: lab.guest("blue/a/1"), to: lab.guest("green/a/1"), source: BLUE, seen: BLUE, destination: GREEN };
        return (0..3).for_each(|_| work_for_a_connection(way));
    }
    attaching(&lab);
    lab.change("allow green/default ingress all 10.0.0.0/8");
    let raw = [Guest::new(), Guest::new()];
    connect_directly(&raw, "9001");
    let peered = Way { from: lab.guest("blue/a/1"), to: lab.guest("green/a/1"), source: BLUE, seen: BLUE, destination: GREEN };
    compare_all("peered", [Way { from: &raw[0], to: &raw[1], ..peered }, peered]);
    first_packets(peered);
    work_for_a_connection(peered);
    beside_a_flood(&mut lab);
    translated(&mut lab);
    publishing(&mut lab);
    resuming(&mut lab);
}

/// Between two programs.
#[derive(Clone, Copy)]
struct Way<'a> {
    from: &'a Guest,
    to: &'a Guest,
    source: Ipv4Addr,
    /// What the source is to who answers.
    seen: Ipv4Addr,
    destination: Ipv4Addr,
}

fn compare_all(what: &str, ways: [Way<'_>; 2]) {
    compare(&format!("{what}: TCP, one stream, Gbit/s"), tcp_throughput, ways);
    compare(&format!("{what}: UDP round trip p50, us"), round_trip, ways);
    compare(&format!("{what}: UDP of 64 bytes, received, kpps"), packets_per_second, ways);
    compare(&format!("{what}: TCP connect, ask, close, per s"), connections_per_second, ways);
}

/// While another interface sends a hundred thousand packets a second, each of a new flow.
fn beside_a_flood(lab: &mut Lab) {
    lab.change("instance blue/a/2 10.1.0.20");
    let victim = Way { from: lab.guest("blue/a/1"), to: lab.guest("green/a/1"), source: BLUE, seen: BLUE, destination: GREEN };
    let (mut quiet, mut flooded, mut rates) = (Vec::new(), Vec::new(), Vec::new());
    for _ in 0..ROUNDS {
        quiet.push(connections_per_second(victim));
        let ended = AtomicBool::new(false);
        let rate = thread::scope(|scope| {
            let flood = scope.spawn(|| flood(lab.guest("blue/a/2"), &ended));
            flooded.push(connections_per_second(victim));
            ended.store(true, Ordering::Relaxed);
            flood.join().unwrap()
        });
        rates.push(rate);
    }
    let (quiet, flooded) = (median(quiet), median(flooded));
    let what = format!("beside {:.0}k new flows/s: connections per s", median(rates) / 1e3);
    println!("{what:45} quiet {quiet:9.1}  flooded {flooded:9.1}   ratio {:.3}", flooded / quiet);
    println!("dropped because they were more than an interface may begin: {}", lab.discarded(dataplane::Discard::Limited));
}

/// How many new flows it began in a second.
fn flood(guest: &Guest, ended: &AtomicBool) -> f64 {
    let (began, mut sent) = (Instant::now(), 0_u32);
    while !ended.load(Ordering::Relaxed) {
        let socket = guest.run(|| UdpSocket::bind((Ipv4Addr::new(10, 1, 0, 20), 0)).unwrap());
        for port in 1..10_000 {
            // It fails when somebody says that nobody is there.
            let _ = socket.send_to(b"new", (GREEN, port));
            sent += 1;
            while f64::from(sent) > began.elapsed().as_secs_f64() * 100_000.0 {
                thread::sleep(Duration::from_millis(1));
            }
        }
    }
    f64::from(sent) / began.elapsed().as_secs_f64()
}

/// To the internet and back, by a public address; the bare pair has the internet's MTU.
fn translated(lab: &mut Lab) {
    lab.change("gateway blue\nroute blue/main 0.0.0.0/0 gateway\nelastic blue/a/1 198.18.0.10");
    let raw = [Guest::new(), Guest::new()];
    connect_directly(&raw, "1500");
    let bare = Way { from: &raw[0], to: &raw[1], source: BLUE, seen: BLUE, destination: GREEN };
    let (seen, destination) = (Ipv4Addr::new(198, 18, 0, 10), model::internet::WEB_SERVER);
    let translated = Way { from: lab.guest("blue/a/1"), to: &lab.internet, source: BLUE, seen, destination };
    compare_all("translated", [bare, translated]);
    first_packets(translated);
}

/// How long an interface takes to be in a namespace that is there, and out of it again.
fn attaching(lab: &Lab) {
    let interface = lab.world.interface("blue/a/1").unwrap();
    let (mut attached, mut detached) = (Vec::new(), Vec::new());
    for _ in 0..20 {
        let guest = Guest::new();
        let began = Instant::now();
        lab.data_plane.detach(interface).unwrap();
        detached.push(began.elapsed().as_secs_f64() * 1e3);
        let began = Instant::now();
        lab.data_plane.attach(interface, guest.fd()).unwrap();
        attached.push(began.elapsed().as_secs_f64() * 1e3);
    }
    lab.data_plane.attach(interface, lab.guest("blue/a/1").fd()).unwrap();
    println!("attach p50 {:.2} ms, detach p50 {:.2} ms", median(attached), median(detached));
}

/// A veth pair with the addresses that the fabric's guests have.
fn connect_directly(guests: &[Guest; 2], mtu: &str) {
    let path = runtime_dir();
    guests[1].keep_at(&path);
    let there = path.display().to_string();
    guests[0].must("ip", &["link", "add", "eth0", "mtu", mtu, "type", "veth", "peer", "name", "eth0", "mtu", mtu, "netns", &there]);
    for (guest, address) in guests.iter().zip(["10.1.0.10/8", "10.2.0.10/8"]) {
        guest.must("ip", &["address", "add", address, "dev", "eth0"]);
        guest.must("ip", &["link", "set", "eth0", "up"]);
    }
    nix::mount::umount(&path).unwrap();
    std::fs::remove_file(&path).unwrap();
}

fn compare(what: &str, measure: impl Fn(Way<'_>) -> f64, [raw, fabric]: [Way<'_>; 2]) {
    let (mut of_raw, mut of_fabric) = (Vec::new(), Vec::new());
    for _ in 0..ROUNDS {
        of_raw.push(measure(raw));
        of_fabric.push(measure(fabric));
    }
    let (raw, fabric) = (median(of_raw), median(of_fabric));
    println!("{what:45} veth {raw:10.1}   fabric {fabric:10.1}   ratio {:.3}", fabric / raw);
}

fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}

fn tcp_throughput(way: Way<'_>) -> f64 {
    let listener = way.to.run(|| TcpListener::bind((way.destination, 0)).unwrap());
    let port = listener.local_addr().unwrap().port();
    let sender = way.from.run(move || TcpStream::connect((way.destination, port)).unwrap());
    let (mut receiver, _) = listener.accept().unwrap();
    let counting = thread::spawn(move || {
        let (mut buffer, mut total) = (vec![0; 1 << 20], 0);
        while let Ok(length @ 1..) = receiver.read(&mut buffer) {
            total += length;
        }
        total
    });
    let (began, data) = (Instant::now(), vec![0; 1 << 18]);
    let mut sender = sender;
    while began.elapsed() < ROUND {
        sender.write_all(&data).unwrap();
    }
    drop(sender);
    let total = counting.join().unwrap();
    total as f64 * 8e-9 / began.elapsed().as_secs_f64()
}

fn udp_pair(way: Way<'_>) -> (UdpSocket, UdpSocket) {
    let server = way.to.run(|| UdpSocket::bind((way.destination, 0)).unwrap());
    let client = way.from.run(|| UdpSocket::bind((way.source, 0)).unwrap());
    client.connect(server.local_addr().unwrap()).unwrap();
    server.connect((way.seen, client.local_addr().unwrap().port())).unwrap();
    for socket in [&server, &client] {
        socket.set_read_timeout(Some(Duration::from_secs(1))).unwrap();
    }
    (client, server)
}

fn round_trip(way: Way<'_>) -> f64 {
    let (client, server) = udp_pair(way);
    let echo = thread::spawn(move || {
        let mut buffer = [0; 64];
        while let Ok(length @ 1..) = server.recv(&mut buffer) {
            server.send(&buffer[..length]).unwrap();
        }
    });
    let (began, mut times, mut buffer) = (Instant::now(), Vec::new(), [0; 64]);
    while began.elapsed() < ROUND {
        let sent = Instant::now();
        client.send(&[1]).unwrap();
        client.recv(&mut buffer).unwrap();
        times.push(sent.elapsed().as_secs_f64() * 1e6);
    }
    client.send(&[]).unwrap();
    echo.join().unwrap();
    median(times)
}

fn packets_per_second(way: Way<'_>) -> f64 {
    let (client, server) = udp_pair(way);
    let done = Arc::new(AtomicBool::new(false));
    let counting = thread::spawn({
        let done = Arc::clone(&done);
        move || {
            let (mut buffer, mut count) = ([0; 128], 0);
            while !done.load(Ordering::Relaxed) && server.recv(&mut buffer).is_ok() {
                count += 1;
            }
            count
        }
    });
    let began = Instant::now();
    while began.elapsed() < ROUND {
        for _ in 0..64 {
            let _ = client.send(&[0; 64]);
        }
    }
    done.store(true, Ordering::Relaxed);
    let _ = client.send(&[0; 64]);
    f64::from(counting.join().unwrap()) / began.elapsed().as_secs_f64() / 1e3
}

fn connections_per_second(way: Way<'_>) -> f64 {
    let listener = way.to.run(|| TcpListener::bind((way.destination, 0)).unwrap());
    let port = listener.local_addr().unwrap().port();
    // Once a receiver's kernel reset a connection at one end only, and the server waited for ever; three million since
    // went well. Acknowledgement and question come by different processors here, so its kernel may make one connection
    // twice (one in two thousand), and gives one up.
    let patience = nix::sys::time::TimeVal::new(0, 200_000);
    nix::sys::socket::setsockopt(&listener, nix::sys::socket::sockopt::ReceiveTimeout, &patience).unwrap();
    let server = thread::spawn(move || {
        for mut stream in listener.incoming().flatten() {
            let mut asked = [1];
            let _ = stream.read_exact(&mut asked);
            if asked == [0] {
                return;
            }
            let _ = stream.write_all(&asked);
        }
    });
    let count = way.from.run(|| {
        let ask = |what: u8| {
            let mut stream = TcpStream::connect((way.destination, port)).unwrap();
            // The client's end is reset, or its ports would be used up in TIME_WAIT.
            nix::sys::socket::setsockopt(&stream, nix::sys::socket::sockopt::Linger, &nix::libc::linger { l_onoff: 1, l_linger: 0 }).unwrap();
            stream.write_all(&[what]).unwrap();
            let _ = stream.read(&mut [0]);
        };
        let (began, mut count) = (Instant::now(), 0);
        while began.elapsed() < ROUND {
            ask(1);
            count += 1;
        }
        ask(0);
        f64::from(count) / began.elapsed().as_secs_f64()
    });
    server.join().unwrap();
    count
}

/// The round trip of a flow's first packet, beside that of its second.
fn first_packets(way: Way<'_>) {
    let (mut first, mut second) = (Vec::new(), Vec::new());
    for _ in 0..300 {
        let (client, server) = udp_pair(way);
        for times in [&mut first, &mut second] {
            let sent = Instant::now();
            client.send(&[1]).unwrap();
            server.recv(&mut [0]).unwrap();
            times.push(sent.elapsed().as_secs_f64() * 1e6);
        }
    }
    let (first, second) = (median(first), median(second));
    println!("one way p50, us                    first packet {first:.1}   second {second:.1}   added {:.1}", first - second);
}

/// How long the slow path works for a connection, whatever else the machine does: unlike a rate, this can be compared
/// between runs. The receiver's part of the work is in it, up to the reply.
fn work_for_a_connection(way: Way<'_>) {
    let work = (0..ROUNDS).map(|_| {
        let before = slow_path_time();
        let connections = connections_per_second(way) * ROUND.as_secs_f64();
        (slow_path_time() - before).as_secs_f64() * 1e6 / connections
    });
    println!("the slow path works for a connection, us: p50 {:.1}", median(work.collect()));
}

/// On a processor, ever.
fn slow_path_time() -> Duration {
    let threads = std::fs::read_dir("/proc/self/task").unwrap().map(|thread| thread.unwrap().path());
    let of_thread = |path: std::path::PathBuf| {
        let is_it = std::fs::read_to_string(path.join("comm")).is_ok_and(|name| name.trim() == "slow path");
        let times = std::fs::read_to_string(path.join("schedstat")).ok().filter(|_| is_it)?;
        times.split(' ').next()?.parse().ok().map(Duration::from_nanos)
    };
    threads.filter_map(of_thread).sum()
}

/// A change of one rule among a thousand interfaces and ten thousand live flows.
fn publishing(lab: &mut Lab) {
    let mut statements = String::from("vpc big 10.9.0.0/16\nsubnet big/a 10.9.0.0/16\n");
    for number in 0..1000 {
        writeln!(statements, "instance big/a/{number} 10.9.{}.{}", 1 + number / 200, 1 + number % 200).unwrap();
    }
    lab::apply(&mut lab.world, &statements);
    let socket = lab.guest("blue/a/1").run(|| UdpSocket::bind((BLUE, 0)).unwrap());
    let began = Instant::now();
    for port in 0..5000 {
        let _ = socket.send_to(&[0], (GREEN, 10_000 + port));
    }
    let flows = lab::eventually("the flows", || {
        let statistics = lab.data_plane.statistics().unwrap();
        (statistics.flows >= 9_000).then_some(statistics.flows)
    });
    println!("{flows} flows installed in {:?}", began.elapsed());
    let mut times = Vec::new();
    for round in 0..50 {
        let verb = if round % 2 == 0 { "allow" } else { "revoke" };
        lab::apply(&mut lab.world, &format!("{verb} blue/default ingress tcp 443 10.2.0.0/16"));
        let snapshot = Arc::new(lab.world.snapshot().clone());
        let began = Instant::now();
        lab.data_plane.publish(snapshot).unwrap();
        times.push(began.elapsed().as_secs_f64() * 1e3);
    }
    times.sort_by(f64::total_cmp);
    println!("publish, 1,000 interfaces, {flows} flows, ms: p50 {:.2}, max {:.2}", times[25], times[49]);
}

/// How long it takes a daemon to go on with a hundred thousand flows of one that was killed.
fn resuming(lab: &mut Lab) {
    let wanted = 100_000;
    let sockets = lab.guest("blue/a/1").run(|| (0..10).map(|_| UdpSocket::bind((BLUE, 0)).unwrap()).collect::<Vec<_>>());
    let flows = lab::eventually("the flows", || {
        for (socket, port) in sockets.iter().flat_map(|socket| (10_000..15_000).map(move |port| (socket, port))) {
            let _ = socket.send_to(&[0], (GREEN, port));
            if port % 10 == 0 {
                // As many as an interface may begin.
                thread::sleep(Duration::from_micros(500));
            }
        }
        let flows = lab.data_plane.statistics().unwrap().flows;
        (flows >= wanted).then_some(flows)
    });
    let times = (0..5).map(|_| lab.restart().as_secs_f64() * 1e3).collect();
    println!("{flows} flows taken over, ms: p50 {:.0}; {} are left", median(times), lab.data_plane.statistics().unwrap().flows);
}
