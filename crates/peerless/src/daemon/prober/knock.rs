//! One packet, or a few, and the wait for an answer. It all happens in the calling thread's network namespace.

use std::io;
use std::net::{IpAddr, Ipv4Addr, SocketAddrV4};
use std::os::fd::{AsFd, AsRawFd, OwnedFd};
use std::time::{Duration, Instant};

use nix::errno::Errno;
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use nix::sys::socket::{
    AddressFamily, MsgFlags, SockFlag, SockProtocol, SockType, SockaddrIn, bind, connect, getsockname, getsockopt, recv, send, socket, sockopt,
};
use semantics::Service;

/// How long to wait for an answer: longer than the pause before Linux sends a second SYN.
const PATIENCE: Duration = Duration::from_millis(2500);

/// How many echo requests are sent, spread over the wait.
const PINGS: u16 = 3;

const ECHO_REQUEST: u8 = 8;
const ECHO_REPLY: u8 = 0;

/// What came back.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// An answer.
    Answered,
    /// A connection.
    Connected,
    /// A refusal, which is an answer, too.
    Refused,
    /// The sender's own kernel says that nobody is there.
    Unreachable,
    /// Nothing.
    Silence,
}

impl Outcome {
    /// Whether somebody answered.
    pub fn is_answer(self) -> bool {
        matches!(self, Outcome::Answered | Outcome::Connected | Outcome::Refused)
    }
}

/// A socket that is ready to send.
pub struct Knock {
    socket: OwnedFd,
    service: Service,
    source: SocketAddrV4,
}

impl Knock {
    /// A socket with a port of its own, or with an identifier for echo requests.
    pub fn prepare(source: IpAddr, service: Service) -> io::Result<Self> {
        let IpAddr::V4(source) = source else { return Err(io::Error::from(io::ErrorKind::Unsupported)) };
        let flags = SockFlag::SOCK_CLOEXEC | SockFlag::SOCK_NONBLOCK;
        let socket = match service {
            Service::Icmp => socket(AddressFamily::Inet, SockType::Raw, flags, SockProtocol::Icmp)?,
            Service::Tcp(_) => socket(AddressFamily::Inet, SockType::Stream, flags, None)?,
            Service::Udp(_) => socket(AddressFamily::Inet, SockType::Datagram, flags, None)?,
        };
        bind(socket.as_raw_fd(), &SockaddrIn::from(SocketAddrV4::new(source, 0)))?;
        let port = match service {
            Service::Icmp => (super::super::world::random() & 0xffff) as u16 | 1,
            Service::Tcp(_) | Service::Udp(_) => getsockname::<SockaddrIn>(socket.as_raw_fd())?.port(),
        };
        Ok(Self { socket, service, source: SocketAddrV4::new(source, port) })
    }

    /// The port that it sends from; the identifier of its echo requests.
    pub fn port(&self) -> u16 {
        self.source.port()
    }

    /// Sends, and waits. What cannot be sent is answered by nobody.
    pub fn send(&self, to: IpAddr) -> Outcome {
        let IpAddr::V4(to) = to else { return Outcome::Silence };
        let outcome = match self.service {
            Service::Icmp => self.ping(to),
            Service::Tcp(port) => self.connect(SocketAddrV4::new(to, port)),
            Service::Udp(port) => self.datagram(SocketAddrV4::new(to, port)),
        };
        match outcome {
            Ok(outcome) => outcome,
            Err(Errno::ECONNREFUSED) => Outcome::Refused,
            Err(Errno::EHOSTUNREACH) => Outcome::Unreachable,
            Err(error) => {
                tracing::debug!(%error, "a probe");
                Outcome::Silence
            }
        }
    }

    fn connect(&self, to: SocketAddrV4) -> Result<Outcome, Errno> {
        match connect(self.socket.as_raw_fd(), &SockaddrIn::from(to)) {
            Ok(()) => return Ok(Outcome::Connected),
            Err(Errno::EINPROGRESS) => {}
            Err(error) => return Err(error),
        }
        if !self.wait(PollFlags::POLLOUT, PATIENCE)? {
            return Ok(Outcome::Silence);
        }
        match getsockopt(&self.socket, sockopt::SocketError)? {
            0 => Ok(Outcome::Connected),
            error => Err(Errno::from_raw(error)),
        }
    }

    fn datagram(&self, to: SocketAddrV4) -> Result<Outcome, Errno> {
        connect(self.socket.as_raw_fd(), &SockaddrIn::from(to))?;
        send(self.socket.as_raw_fd(), b"peerless probe\n", MsgFlags::empty())?;
        if !self.wait(PollFlags::POLLIN, PATIENCE)? {
            return Ok(Outcome::Silence);
        }
        // A port that is shut is told by an ICMP error, which comes as an error of the socket.
        recv(self.socket.as_raw_fd(), &mut [0; 64], MsgFlags::empty())?;
        Ok(Outcome::Answered)
    }

    fn ping(&self, to: Ipv4Addr) -> Result<Outcome, Errno> {
        connect(self.socket.as_raw_fd(), &SockaddrIn::from(SocketAddrV4::new(to, 0)))?;
        for sequence in 1..=PINGS {
            send(self.socket.as_raw_fd(), &echo_request(self.port(), sequence), MsgFlags::empty())?;
            let deadline = Instant::now() + PATIENCE / u32::from(PINGS);
            loop {
                let left = deadline.saturating_duration_since(Instant::now());
                if left.is_zero() || !self.wait(PollFlags::POLLIN, left)? {
                    break;
                }
                let mut packet = [0; 128];
                let length = recv(self.socket.as_raw_fd(), &mut packet, MsgFlags::empty())?;
                if is_reply(packet.get(..length).unwrap_or_default(), self.port()) {
                    return Ok(Outcome::Answered);
                }
            }
        }
        Ok(Outcome::Silence)
    }

    fn wait(&self, what: PollFlags, patience: Duration) -> Result<bool, Errno> {
        let timeout = PollTimeout::try_from(patience).unwrap_or(PollTimeout::MAX);
        loop {
            match poll(&mut [PollFd::new(self.socket.as_fd(), what)], timeout) {
                Err(Errno::EINTR) => {}
                ready => return ready.map(|count| count > 0),
            }
        }
    }
}

/// An echo request (RFC 792) with that identifier.
fn echo_request(identifier: u16, sequence: u16) -> Vec<u8> {
    let [id_high, id_low] = identifier.to_be_bytes();
    let [high, low] = sequence.to_be_bytes();
    let mut message = vec![ECHO_REQUEST, 0, 0, 0, id_high, id_low, high, low];
    message.extend_from_slice(b"peerless probe, of 56 bytes as ping has them: 1234567890");
    let sum: u32 = message.chunks(2).map(|pair| u32::from(u16::from_be_bytes([pair[0], pair.get(1).copied().unwrap_or(0)]))).sum();
    let folded = (sum & 0xffff) + (sum >> 16);
    let checksum = !((folded + (folded >> 16)) as u16);
    message[2..4].copy_from_slice(&checksum.to_be_bytes());
    message
}

/// Whether the IP packet is the reply to one of those.
fn is_reply(packet: &[u8], identifier: u16) -> bool {
    let header = usize::from(packet.first().copied().unwrap_or_default() & 0xf) * 4;
    let Some(&[kind, _, _, _, high, low]) = packet.get(header..header + 6).and_then(|message| message.first_chunk::<6>()) else { return false };
    kind == ECHO_REPLY && u16::from_be_bytes([high, low]) == identifier
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_echo_request_has_a_checksum_and_its_reply_is_known() {
        let request = echo_request(0xabcd, 2);
        let sum: u32 = request.chunks(2).map(|pair| u32::from(u16::from_be_bytes([pair[0], pair[1]]))).sum();
        let folded = (sum & 0xffff) + (sum >> 16);
        assert_eq!(folded + (folded >> 16), 0xffff);
        let mut packet = vec![0x45; 20];
        packet.extend(request);
        assert!(!is_reply(&packet, 0xabcd), "it is a request");
        packet[20] = ECHO_REPLY;
        assert!(is_reply(&packet, 0xabcd) && !is_reply(&packet, 0xabce));
        assert!(!is_reply(&packet[..24], 0xabcd) && !is_reply(&[], 1));
    }
}
