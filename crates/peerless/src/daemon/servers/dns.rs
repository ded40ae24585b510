//! DNS over UDP and TCP.

use std::io;
use std::net::{IpAddr, SocketAddr};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use model::local_service::client_serial;
use services::dns::{Asker, Carrier, answer, is_beyond};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream, UdpSocket};
use tokio::task::JoinSet;
use tokio::time::timeout;

use crate::daemon::beyond::Resolver;
use crate::daemon::connections::{self, Bounds};
use crate::daemon::control_loop::Published;
use crate::daemon::servers::pace::Pace;

/// How many packets of one interface are answered in a second: AWS's limit, beyond which they are dropped.
/// <https://docs.aws.amazon.com/vpc/latest/userguide/AmazonDNS-concepts.html#vpc-dns-limits>
const PACKETS_PER_SECOND: u32 = 1024;

/// The longest query that is read whole; the rest of a longer one is lost, and it is answered as the torso that it is.
const LONGEST_QUERY: usize = 4096;

const BOUNDS: Bounds = Bounds { of_one: 32, of_all: 2048, lifetime: Duration::from_secs(120) };

/// How long a connection may be silent (RFC 7766, section 6.2.3, leaves it to the server).
const PATIENCE: Duration = Duration::from_secs(10);

/// Who asks here.
#[derive(Clone, Copy, Debug)]
pub enum Audience {
    /// Interfaces, each known by its address.
    Interfaces,
    /// Anybody on the internet.
    Strangers,
}

/// A name server, which may be heard on several sockets.
pub struct NameServer {
    audience: Audience,
    published: Published,
    pace: Mutex<Pace>,
    /// Who knows the names of the real internet, if there is a way to it.
    beyond: Option<Resolver>,
}

/// What is known at once of the answer to a query.
enum Answer {
    Known(Vec<u8>),
    /// Only the real internet can know.
    Beyond(Resolver),
    /// None is given.
    Silence,
}

impl NameServer {
    /// One for them.
    pub fn new(audience: Audience, published: &Published, beyond: Option<Resolver>) -> Arc<Self> {
        Arc::new(Self { audience, published: Published::clone(published), pace: Mutex::new(Pace::new(PACKETS_PER_SECOND)), beyond })
    }

    /// Answers datagrams until it is dropped.
    pub async fn serve_datagrams(self: Arc<Self>, socket: UdpSocket) {
        let socket = Arc::new(socket);
        let mut asking = JoinSet::new();
        let mut buffer = [0; LONGEST_QUERY];
        loop {
            while asking.try_join_next().is_some() {}
            let (length, peer) = match socket.recv_from(&mut buffer).await {
                Ok(received) => received,
                Err(error) => {
                    tracing::warn!(%error, "DNS");
                    tokio::time::sleep(Duration::from_millis(100)).await;
                    continue;
                }
            };
            match self.reply(peer, &buffer[..length], Carrier::Udp) {
                Answer::Known(reply) => send(&socket, &reply, peer),
                Answer::Silence => {}
                Answer::Beyond(resolver) => {
                    let (socket, query) = (Arc::clone(&socket), buffer[..length].to_vec());
                    asking.spawn(async move {
                        if let Some(reply) = resolver.ask(peer.ip(), &query, Carrier::Udp).await {
                            send(&socket, &reply, peer);
                        }
                    });
                }
            }
        }
    }

    /// Answers streams until it is dropped.
    pub async fn serve_streams(self: Arc<Self>, listener: TcpListener) {
        let converse = move |stream, peer| {
            let server = Arc::clone(&self);
            async move {
                if let Err(error) = server.converse(stream, peer).await {
                    tracing::debug!(%peer, %error, "a connection broke off");
                }
            }
        };
        connections::serve(listener, BOUNDS, converse).await;
    }

    /// Query after query, each with its length before it (RFC 1035, section 4.2.2), until the client has no more, or asks
    /// what is none.
    async fn converse(&self, mut stream: TcpStream, peer: SocketAddr) -> io::Result<()> {
        loop {
            let query = timeout(PATIENCE, read(&mut stream)).await??;
            let reply = match self.reply(peer, &query, Carrier::Tcp) {
                Answer::Known(reply) => Some(reply),
                Answer::Silence => None,
                Answer::Beyond(resolver) => resolver.ask(peer.ip(), &query, Carrier::Tcp).await,
            };
            let Some(mut reply) = reply else { return Ok(()) };
            let Ok(length) = u16::try_from(reply.len()) else { return Ok(()) };
            reply.splice(0..0, length.to_be_bytes());
            timeout(PATIENCE, stream.write_all(&reply)).await??;
        }
    }

    fn reply(&self, peer: SocketAddr, query: &[u8], carrier: Carrier) -> Answer {
        if !self.pace.lock().unwrap_or_else(PoisonError::into_inner).admits(peer.ip(), Instant::now()) {
            return Answer::Silence;
        }
        let snapshot = self.published.load();
        let asker = match (self.audience, peer.ip()) {
            (Audience::Interfaces, IpAddr::V4(address)) => {
                let interface = client_serial(address).and_then(|serial| snapshot.interface_with_serial(serial));
                let Some(interface) = interface else { return Answer::Silence };
                Asker::Interface(interface)
            }
            (Audience::Interfaces, IpAddr::V6(_)) => return Answer::Silence,
            (Audience::Strangers, _) => Asker::Stranger,
        };
        match &self.beyond {
            Some(resolver) if is_beyond(&snapshot, asker, query) => Answer::Beyond(resolver.clone()),
            _ => answer(&snapshot, asker, query, carrier).map_or(Answer::Silence, Answer::Known),
        }
    }
}

fn send(socket: &UdpSocket, reply: &[u8], peer: SocketAddr) {
    // There is no place in the queue for it: as good as lost on the way.
    if let Err(error) = socket.try_send_to(reply, peer) {
        tracing::debug!(%peer, %error, "an answer was lost");
    }
}

async fn read(stream: &mut TcpStream) -> io::Result<Vec<u8>> {
    let length = stream.read_u16().await?;
    let mut query = vec![0; length.into()];
    stream.read_exact(&mut query).await?;
    Ok(query)
}
