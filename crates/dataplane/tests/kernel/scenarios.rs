//! The scenarios, played with real packets: what a scenario promises of the core, the kernel keeps.
//!
//! Instances are bare network namespaces; probes are `ping`, TCP and UDP as any program would do them. That a packet
//! was dropped is read from the counters of its flow's slot, together with the reason; no silence is ever waited for.

use std::collections::{BTreeMap, BTreeSet};
use std::io::{Read, Write};
use std::net::{IpAddr, Ipv4Addr, SocketAddrV4, TcpListener, TcpStream, UdpSocket};
use std::os::fd::{AsRawFd, OwnedFd};
use std::path::Path;
use std::thread;
use std::time::{Duration, Instant};

use crate::lab::{Guest, Lab, PATIENCE, is_root};
use dataplane::{Discard, FlowReport};
use nix::sys::socket::{
    AddressFamily, MsgFlags, SockFlag, SockProtocol, SockType, SockaddrIn, bind, connect, recv, sendto, setsockopt, socket, sockopt,
};
use scenario::{Engine, Leg, Outcome, Probe, ProbeTraffic, Scenario, Statement};
use semantics::{Denial, Origin, Packet, Transport, Verdict};

#[test]
fn scenarios_come_true_in_the_kernel() {
    if !is_root() {
        return;
    }
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../scenarios");
    let mut played = 0;
    let mut failures = Vec::new();
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.extension().is_some_and(|extension| extension == "md") {
            let scenario = Scenario::parse(&std::fs::read_to_string(&path).unwrap()).unwrap();
            // A thread of its own, because a lab changes the namespaces of the thread that it is made on.
            let failed = thread::spawn(move || scenario::run(&scenario, &mut KernelEngine::new())).join().unwrap();
            failures.extend(failed.into_iter().map(|failure| format!("{}: {failure}", path.display())));
            played += 1;
        }
    }
    assert!(played > 0, "there are scenarios");
    assert!(failures.is_empty(), "{}", failures.join("\n"));
}

/// Plays scenarios with packets.
struct KernelEngine {
    lab: Lab,
    conversations: BTreeMap<String, Conversation>,
    /// Where, at which address, which protocol's which port is served.
    servers: BTreeSet<(Origin, Ipv4Addr, u8, u16)>,
    last_number: u16,
}

/// A flow that a probe began, and that others may continue.
struct Conversation {
    request: Packet,
    socket: Socket,
}

enum Socket {
    Icmp(OwnedFd),
    Udp(UdpSocket),
    Tcp(TcpStream),
}

impl KernelEngine {
    fn new() -> Self {
        Self { lab: Lab::new(), conversations: BTreeMap::new(), servers: BTreeSet::new(), last_number: 0 }
    }

    /// Starts what answers the probe, once; `ping` needs nothing.
    fn serve(&mut self, probe: &Probe) {
        let server = self.lab.origin(&probe.to);
        let Some(guest) = self.lab.guest_of(server) else { return };
        let address = match server {
            Origin::Interface(_) => Ipv4Addr::UNSPECIFIED,
            // All machines of the internet are there: an answer has to come from the right one.
            Origin::Internet => probe.to.parse().unwrap(),
            Origin::Services => self.lab.service_at(&probe.to).unwrap(),
        };
        match probe.traffic {
            ProbeTraffic::Icmp => {}
            ProbeTraffic::Tcp(port) if self.servers.insert((server, address, 6, port)) => echo_tcp(guest, (address, port)),
            ProbeTraffic::Udp(port) if self.servers.insert((server, address, 17, port)) => echo_udp(guest, (address, port)),
            ProbeTraffic::Tcp(_) | ProbeTraffic::Udp(_) => {}
        }
    }

    fn begin(&mut self, probe: &Probe, from: Origin) -> Conversation {
        self.last_number += 1;
        let source = match from {
            Origin::Interface(interface) => self.lab.world.snapshot().resolve(interface).private_ip,
            Origin::Internet => probe.from.parse().unwrap(),
            Origin::Services => unreachable!("services only answer"),
        };
        let destination = ipv4(self.lab.world.address(&probe.to).unwrap());
        let (number, source_port) = (self.last_number, 20_000 + self.last_number);
        let guest = self.lab.guest_of(from).unwrap();
        let (socket, transport) = match probe.traffic {
            ProbeTraffic::Icmp => (guest.run(|| icmp_socket(source)), Transport::Icmp { kind: semantics::ECHO_REQUEST, code: 0, identifier: number }),
            ProbeTraffic::Udp(port) => {
                (guest.run(|| udp_socket(source, source_port, destination, port)), Transport::Udp { source_port, destination_port: port })
            }
            ProbeTraffic::Tcp(port) => (guest.run(|| tcp_socket(source, source_port)), Transport::Tcp { source_port, destination_port: port }),
        };
        Conversation { request: Packet::new(source.into(), destination.into(), transport), socket }
    }

    /// What becomes of the next packet of the conversation.
    fn exchange(&self, conversation: &mut Conversation, from: Origin) -> Result<Outcome, String> {
        let request = conversation.request;
        let began = Instant::now();
        let before = self.flows();
        let unanswered = self.lab.discarded(Discard::ArpUnanswered);
        conversation.send(self.lab.guest_of(from).unwrap());
        while began.elapsed() < PATIENCE {
            let news = |packet: &Packet, from| news(&self.flows(), &before, packet, from, began);
            if let Some(forward) = news(&request, from) {
                let (reached, rewrite) = match forward.verdict {
                    Verdict::Drop(denial) => return Ok(Outcome::Dropped { leg: Leg::Request, denial }),
                    Verdict::Deliver(delivery) => (delivery.to.into(), delivery.rewrite),
                    Verdict::Leave(departure) => (Origin::Internet, departure.rewrite),
                    Verdict::Serve(served) => (Origin::Services, served.rewrite),
                };
                if conversation.is_answered() {
                    return Ok(Outcome::Answered);
                }
                let reply = rewrite.apply(&request).reply().unwrap();
                if let Some(Verdict::Drop(denial)) = news(&reply, reached).map(|flow| flow.verdict) {
                    return Ok(Outcome::Dropped { leg: Leg::Reply, denial });
                }
            }
            if self.lab.discarded(Discard::ArpUnanswered) > unanswered
                && let Some(denial) = self.nobody_there(from, request.destination)
            {
                return Ok(Outcome::Dropped { leg: Leg::Request, denial });
            }
            thread::sleep(Duration::from_millis(1));
        }
        Err(format!("neither answered nor dropped: {request:?}, {:?}", self.lab.data_plane.statistics()))
    }

    /// Within a subnet there is no packet to drop: nobody says to whom it should go.
    fn nobody_there(&self, from: Origin, destination: IpAddr) -> Option<Denial> {
        let Origin::Interface(interface) = from else { return None };
        let interface = self.lab.world.snapshot().resolve(interface);
        let subnet = self.lab.world.snapshot().resolve(interface.subnet);
        subnet.cidr.contains(ipv4(destination)).then_some(Denial::NoSuchAddress { vpc: interface.vpc, destination })
    }

    fn flows(&self) -> Vec<FlowReport> {
        self.lab.data_plane.flows().unwrap()
    }
}

/// The flow of those packets, if one was seen since.
fn news(now: &[FlowReport], before: &[FlowReport], packet: &Packet, from: Origin, since: Instant) -> Option<FlowReport> {
    let find = |flows: &[FlowReport]| flows.iter().find(|flow| flow.packet == *packet && flow.from == from).cloned();
    let counted = find(before).map_or(0, |flow| flow.packets);
    find(now).filter(|flow| flow.packets > 0 && (flow.packets > counted || flow.age < since.elapsed()))
}

impl Engine for KernelEngine {
    fn change(&mut self, statement: &Statement) -> Result<(), String> {
        if let Statement::Stop { instance } = statement {
            let stopped = self.lab.origin(instance);
            self.servers.retain(|&(server, ..)| server != stopped);
        }
        self.lab.world.apply(statement).map_err(|error| error.to_string())
    }

    fn settle(&mut self) -> Result<(), String> {
        self.lab.settle().map_err(|error| error.to_string())
    }

    fn probe(&mut self, probe: &Probe) -> Result<String, String> {
        let from = self.lab.origin(&probe.from);
        self.serve(probe);
        let known = probe.flow.as_ref().and_then(|name| self.conversations.remove(name));
        let mut conversation = known.unwrap_or_else(|| self.begin(probe, from));
        let outcome = self.exchange(&mut conversation, from)?;
        if let Some(name) = &probe.flow {
            self.conversations.insert(name.clone(), conversation);
        }
        Ok(outcome.describe(&self.lab.world))
    }
}

impl Conversation {
    /// Sends the next packet. A connection that is not there yet is attempted anew, from the same port.
    fn send(&mut self, guest: &Guest) {
        match (&mut self.socket, self.request.transport) {
            (Socket::Icmp(socket), Transport::Icmp { identifier, .. }) => send_echo_request(socket, self.request.destination, identifier),
            (Socket::Udp(socket), _) => drop(socket.send(b"?").unwrap()),
            (Socket::Tcp(stream), Transport::Tcp { source_port, destination_port }) => {
                if stream.peer_addr().is_ok() {
                    stream.write_all(b"?").unwrap();
                } else {
                    let (source, destination) = (ipv4(self.request.source), ipv4(self.request.destination));
                    self.socket = guest.run(|| tcp_socket(source, source_port));
                    let Socket::Tcp(stream) = &self.socket else { unreachable!("just made") };
                    start_connecting(stream, destination, destination_port);
                }
            }
            _ => unreachable!("sockets are made for their packets"),
        }
    }

    fn is_answered(&mut self) -> bool {
        let mut buffer = [0; 2048];
        match (&mut self.socket, self.request.transport) {
            (Socket::Icmp(socket), Transport::Icmp { identifier, .. }) => receive_echo_reply(socket, identifier),
            (Socket::Udp(socket), _) => socket.recv(&mut buffer).is_ok(),
            (Socket::Tcp(stream), _) if stream.peer_addr().is_ok() => {
                // A fresh connection is asked something too, so that data has passed both ways.
                stream.read(&mut buffer).is_ok() || {
                    let _ = stream.write_all(b"?");
                    false
                }
            }
            _ => false,
        }
    }
}

fn ipv4(address: IpAddr) -> Ipv4Addr {
    match address {
        IpAddr::V4(address) => address,
        IpAddr::V6(address) => panic!("{address} is no IPv4 address"),
    }
}

fn echo_tcp(guest: &Guest, at: (Ipv4Addr, u16)) {
    // Nobody serves at an address that nobody has.
    let Ok(listener) = guest.run(|| TcpListener::bind(at)) else { return };
    thread::spawn(move || {
        for mut stream in listener.incoming().flatten() {
            thread::spawn(move || std::io::copy(&mut stream.try_clone()?, &mut stream));
        }
    });
}

fn echo_udp(guest: &Guest, at: (Ipv4Addr, u16)) {
    let Ok(socket) = guest.run(|| UdpSocket::bind(at)) else { return };
    thread::spawn(move || {
        let mut buffer = [0; 2048];
        while let Ok((length, from)) = socket.recv_from(&mut buffer) {
            let _ = socket.send_to(&buffer[..length], from);
        }
    });
}

fn icmp_socket(source: Ipv4Addr) -> Socket {
    let made = socket(AddressFamily::Inet, SockType::Raw, SockFlag::SOCK_NONBLOCK, SockProtocol::Icmp).unwrap();
    bind(made.as_raw_fd(), &SockaddrIn::from(SocketAddrV4::new(source, 0))).unwrap();
    Socket::Icmp(made)
}

fn udp_socket(source: Ipv4Addr, source_port: u16, destination: Ipv4Addr, port: u16) -> Socket {
    let socket = UdpSocket::bind((source, source_port)).unwrap();
    socket.connect((destination, port)).unwrap();
    socket.set_nonblocking(true).unwrap();
    Socket::Udp(socket)
}

/// A socket that is bound and not connected yet.
fn tcp_socket(source: Ipv4Addr, source_port: u16) -> Socket {
    let made = socket(AddressFamily::Inet, SockType::Stream, SockFlag::SOCK_NONBLOCK, None).unwrap();
    setsockopt(&made, sockopt::ReuseAddr, &true).unwrap();
    // An attempt that succeeds just when it is given up must not keep its port from the next one.
    setsockopt(&made, sockopt::Linger, &nix::libc::linger { l_onoff: 1, l_linger: 0 }).unwrap();
    bind(made.as_raw_fd(), &SockaddrIn::from(SocketAddrV4::new(source, source_port))).unwrap();
    Socket::Tcp(TcpStream::from(made))
}

fn start_connecting(stream: &TcpStream, destination: Ipv4Addr, port: u16) {
    let refused = connect(stream.as_raw_fd(), &SockaddrIn::from(SocketAddrV4::new(destination, port))).unwrap_err();
    assert_eq!(refused, nix::errno::Errno::EINPROGRESS, "{:?} {destination}:{port}", stream.local_addr());
}

fn send_echo_request(socket: &OwnedFd, to: IpAddr, identifier: u16) {
    let [high, low] = identifier.to_be_bytes();
    let mut message = [8, 0, 0, 0, high, low, 0, 1];
    let sum: u32 = message.chunks(2).map(|pair| u32::from(u16::from_be_bytes([pair[0], pair[1]]))).sum();
    message[2..4].copy_from_slice(&(!((sum & 0xffff) + (sum >> 16)) as u16).to_be_bytes());
    sendto(socket.as_raw_fd(), &message, &SockaddrIn::from(SocketAddrV4::new(ipv4(to), 0)), MsgFlags::empty()).unwrap();
}

/// A raw socket sees all ICMP of its namespace, from the IP header on.
fn receive_echo_reply(socket: &OwnedFd, identifier: u16) -> bool {
    let mut buffer = [0; 2048];
    while let Ok(length) = recv(socket.as_raw_fd(), &mut buffer, MsgFlags::empty()) {
        let message = &buffer[usize::from(buffer[0] & 0x0f) * 4..length];
        if message.first() == Some(&0) && message[4..6] == identifier.to_be_bytes() {
            return true;
        }
    }
    false
}
