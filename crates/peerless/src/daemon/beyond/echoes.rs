//! `ping` beyond: echo requests with identifiers of our own, by which the replies are known.

use std::collections::HashMap;
use std::io;
use std::net::SocketAddrV4;
use std::time::{Duration, Instant};

use nix::sys::socket::{AddressFamily, SockFlag, SockProtocol, SockType, socket};
use services::beyond::{Echo, echo_request, read_echo_reply};
use tokio::net::UdpSocket;

use crate::daemon::world::random;

/// The most series of requests at a time.
const MOST: usize = 1024;

/// How long the reply may take.
const PATIENCE: Duration = Duration::from_secs(60);

/// The socket, and who asks whom.
pub struct Echoes {
    /// A raw one: what is sent and received by it is done as with UDP.
    socket: UdpSocket,
    asked: HashMap<u16, (Instant, Echo)>,
    last: u16,
}

impl Echoes {
    /// Nobody asks yet.
    pub fn new() -> io::Result<Self> {
        let flags = SockFlag::SOCK_CLOEXEC | SockFlag::SOCK_NONBLOCK;
        let socket = socket(AddressFamily::Inet, SockType::Raw, flags, SockProtocol::Icmp)?;
        // Not where the identifiers of this machine's own `ping` begin.
        let socket = UdpSocket::from_std(std::net::UdpSocket::from(socket))?;
        Ok(Self { socket, asked: HashMap::new(), last: random() as u16 })
    }

    /// Sends a request.
    pub fn send(&mut self, echo: &Echo) {
        let Some(identifier) = self.identifier(echo) else { return };
        let request = echo_request(identifier, echo.sequence, &echo.payload);
        if let Err(error) = self.socket.try_send_to(&request, SocketAddrV4::new(echo.remote, 0).into()) {
            tracing::debug!(remote = %echo.remote, %error, "a guest's echo request cannot be sent");
        }
    }

    /// The next reply to somebody here; the machine's own are seen, too, and so `None` says nothing.
    pub async fn receive(&self) -> Option<Echo> {
        self.socket.readable().await.ok()?;
        let mut buffer = vec![0; super::LONGEST];
        let length = self.socket.try_recv(&mut buffer).ok()?;
        let reply = read_echo_reply(buffer.get(..length)?)?;
        let (_, echo) = self.asked.get(&reply.identifier).filter(|(_, echo)| echo.remote == reply.remote)?;
        Some(Echo { guest: echo.guest, identifier: echo.identifier, ..reply })
    }

    /// One for the series of requests that this belongs to.
    fn identifier(&mut self, echo: &Echo) -> Option<u16> {
        let is_same = |other: &Echo| (other.guest, other.remote, other.identifier) == (echo.guest, echo.remote, echo.identifier);
        if let Some((&identifier, (since, _))) = self.asked.iter_mut().find(|(_, (_, other))| is_same(other)) {
            *since = Instant::now();
            return Some(identifier);
        }
        self.asked.retain(|_, (since, _)| since.elapsed() < PATIENCE);
        if self.asked.len() == MOST {
            return None;
        }
        loop {
            self.last = self.last.wrapping_add(1);
            if !self.asked.contains_key(&self.last) {
                self.asked.insert(self.last, (Instant::now(), Echo { payload: Vec::new(), ..echo.clone() }));
                return Some(self.last);
            }
        }
    }
}
