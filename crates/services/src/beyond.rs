//! The way from the simulated internet to the real one: what becomes of each packet that goes there.
//!
//! Nothing is forwarded. A TCP connection is made anew by whoever asks here, over sockets of the machine's own, and only when
//! the other side has accepted it, the guest's is accepted too: by the kernel on the way, which is led to believe that both
//! ends of it are its own ([`THRESHOLD`] and [`BEYOND`]). Datagrams and echo requests are taken out of their packets and put into
//! others. So a refusal is a refusal, silence is silence, and the machine needs no forwarding and no address translation.
//!
//! Packets and the time in, what is to be done out: this module does no I/O.

mod packet;

use std::collections::BTreeMap;
use std::net::{Ipv4Addr, SocketAddrV4};

use model::Timestamp;
use model::internet::{BEYOND, THRESHOLD, is_beyond, public_pool};

use packet::{Content, Packet};
pub use packet::{datagram, echo_reply, echo_request, read_echo_reply};

/// The most connections at a time, and the most of one guest.
const MOST: usize = 1024;
const MOST_OF_ONE: usize = 256;

/// How long one that has ended may still have something to say, in milliseconds: as long as TCP waits (RFC 9293, section 3.4.2,
/// and Linux's minute).
const AFTERLIFE: i64 = 60_000;

/// The port on which the kernel accepts what is translated.
pub const PORT: u16 = 1;

/// The ports by which connections are told from each other.
const FIRST_PORT: u16 = 1024;

/// Both ends of a connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Flow {
    /// The guest's, by its public address.
    pub guest: SocketAddrV4,
    /// The other.
    pub remote: SocketAddrV4,
}

/// What is to be done about a packet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Action {
    /// Nothing.
    Ignore,
    /// This packet is to be written where the other one was read.
    Write(Vec<u8>),
    /// A connection is to be made, and its end, as the kernel will accept it, is that port of [`BEYOND`].
    Connect(u16, Flow),
    /// What a datagram carries is to be sent.
    Send(Flow, Vec<u8>),
    /// An echo request is to be sent.
    Echo(Echo),
}

/// An echo request or its reply.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Echo {
    /// Who asks, by its public address.
    pub guest: Ipv4Addr,
    /// Who is asked.
    pub remote: Ipv4Addr,
    /// By which the guest knows its requests.
    pub identifier: u16,
    /// Which of them it is.
    pub sequence: u16,
    /// What comes back.
    pub payload: Vec<u8>,
}

enum State {
    /// The other side has not answered yet; this is what the guest began with.
    Waiting(Vec<u8>),
    Open,
    Ended(Timestamp),
}

/// The connections that there are.
#[derive(Default)]
pub struct Translator {
    ports: BTreeMap<Flow, u16>,
    flows: BTreeMap<u16, (Flow, State)>,
    last: u16,
}

impl Translator {
    /// What to do about a packet that was sent beyond, or that the kernel answers with.
    pub fn take(&mut self, bytes: &[u8], now: Timestamp) -> Action {
        let Some(packet) = Packet::read(bytes) else { return Action::Ignore };
        if packet.source() == THRESHOLD {
            return self.take_back(&packet);
        }
        if !model::Cidr::from(public_pool()).contains(packet.source().into()) || !is_beyond(packet.destination()) {
            return Action::Ignore;
        }
        match packet.content() {
            Content::Tcp { source, destination, .. } => {
                let flow = Flow { guest: SocketAddrV4::new(packet.source(), *source), remote: SocketAddrV4::new(packet.destination(), *destination) };
                self.take_tcp(flow, &packet, bytes, now)
            }
            Content::Udp { source, destination, payload } => {
                let flow = Flow { guest: SocketAddrV4::new(packet.source(), *source), remote: SocketAddrV4::new(packet.destination(), *destination) };
                Action::Send(flow, payload.to_vec())
            }
            Content::EchoRequest { identifier, sequence, payload } => Action::Echo(Echo {
                guest: packet.source(),
                remote: packet.destination(),
                identifier: *identifier,
                sequence: *sequence,
                payload: payload.to_vec(),
            }),
        }
    }

    /// The other side has accepted the connection: what the guest began with is to be written now.
    pub fn accepted(&mut self, port: u16) -> Option<Vec<u8>> {
        let (_, state) = self.flows.get_mut(&port)?;
        match std::mem::replace(state, State::Open) {
            State::Waiting(first) => Packet::read(&first)?.translated(SocketAddrV4::new(BEYOND, port), SocketAddrV4::new(THRESHOLD, PORT)),
            _ => None,
        }
    }

    /// It has refused it: the guest is to be told so.
    pub fn refused(&mut self, port: u16) -> Option<Vec<u8>> {
        match self.remove(port)? {
            (_, State::Waiting(first)) => Packet::read(&first)?.reset(),
            _ => None,
        }
    }

    /// Nobody has answered, and nobody is told.
    pub fn unanswered(&mut self, port: u16) {
        self.remove(port);
    }

    /// The connection is over, but for the last packets of it.
    pub fn ended(&mut self, port: u16, now: Timestamp) {
        if let Some((_, state)) = self.flows.get_mut(&port) {
            *state = State::Ended(now);
        }
    }

    fn take_tcp(&mut self, flow: Flow, packet: &Packet<'_>, bytes: &[u8], now: Timestamp) -> Action {
        let known = self.ports.get(&flow).and_then(|&port| self.flows.get(&port).map(|(_, state)| (port, state)));
        match known {
            Some((_, State::Waiting(_))) => Action::Ignore,
            Some((port, State::Ended(_))) if packet.is_first() => {
                self.remove(port);
                self.begin(flow, bytes, now)
            }
            Some((port, _)) => write(packet.translated(SocketAddrV4::new(BEYOND, port), SocketAddrV4::new(THRESHOLD, PORT))),
            None if packet.is_first() => self.begin(flow, bytes, now),
            // Of a connection that nobody knows any more.
            None => write(packet.reset()),
        }
    }

    /// What the kernel on the way says to the guest.
    fn take_back(&self, packet: &Packet<'_>) -> Action {
        match packet.content() {
            Content::Tcp { source: PORT, destination, .. } if packet.destination() == BEYOND => {
                let flow = self.flows.get(destination).map(|(flow, _)| flow);
                write(flow.and_then(|flow| packet.translated(flow.remote, flow.guest)))
            }
            _ => Action::Ignore,
        }
    }

    fn begin(&mut self, flow: Flow, first: &[u8], now: Timestamp) -> Action {
        let over: Vec<u16> = self.flows.iter().filter(|(_, (_, state))| is_over(state, now)).map(|(&port, _)| port).collect();
        over.into_iter().for_each(|port| drop(self.remove(port)));
        let of_guest = self.ports.keys().filter(|other| other.guest.ip() == flow.guest.ip()).count();
        if self.flows.len() >= MOST || of_guest >= MOST_OF_ONE {
            return Action::Ignore;
        }
        // There are far more ports than connections.
        let after = |port: u16| if port < FIRST_PORT || port == u16::MAX { FIRST_PORT } else { port + 1 };
        let mut port = after(self.last);
        while self.flows.contains_key(&port) {
            port = after(port);
        }
        self.last = port;
        self.ports.insert(flow, port);
        self.flows.insert(port, (flow, State::Waiting(first.to_vec())));
        Action::Connect(port, flow)
    }

    fn remove(&mut self, port: u16) -> Option<(Flow, State)> {
        let removed = self.flows.remove(&port)?;
        self.ports.remove(&removed.0);
        Some(removed)
    }
}

fn is_over(state: &State, now: Timestamp) -> bool {
    matches!(state, State::Ended(at) if now.0.saturating_sub(at.0) > AFTERLIFE)
}

fn write(packet: Option<Vec<u8>>) -> Action {
    packet.map_or(Action::Ignore, Action::Write)
}
