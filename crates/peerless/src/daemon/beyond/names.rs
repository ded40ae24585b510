//! Names of the real internet: whom this machine asks, is asked for guests.

use std::io;
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use services::dns::Carrier;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpStream, UdpSocket};
use tokio::time::timeout;

use crate::daemon::connections::{Bounds, Place, Places};
use crate::daemon::world::random;

/// resolv.conf(5), where those are named whom this machine asks.
const SETTINGS: &str = "/etc/resolv.conf";

/// How many of them are asked, one after the other: as many as the C library asks.
const MOST_SERVERS: usize = 3;

/// How long one may take.
const PATIENCE: Duration = Duration::from_secs(2);

/// How many questions are on their way at a time.
const BOUNDS: Bounds = Bounds { of_one: 64, of_all: 256, lifetime: Duration::from_secs(60) };

/// The longest answer that a datagram brings.
const LONGEST: usize = 4096;

/// Asks for guests.
#[derive(Clone)]
pub struct Resolver(Arc<Places>);

impl Resolver {
    /// One whose questions are not too many.
    pub fn new() -> Self {
        Self(Places::within(BOUNDS))
    }

    /// The answer to a query, of any name server that this machine has; nothing if there are too many questions already, and a
    /// failure if none of them answers.
    pub async fn ask(&self, whose: IpAddr, query: &[u8], carrier: Carrier) -> Option<Vec<u8>> {
        let _place = Place::take(&self.0, whose)?;
        // Networks come and go.
        let settings = std::fs::read_to_string(SETTINGS).unwrap_or_default();
        for server in servers(&settings) {
            let asked = async {
                match carrier {
                    Carrier::Udp => by_datagram(server, query).await,
                    Carrier::Tcp => by_stream(server, query).await,
                }
            };
            match timeout(PATIENCE, asked).await {
                Ok(Ok(answer)) => return Some(answer),
                Ok(Err(error)) => tracing::debug!(%server, %error, "a name server could not be asked"),
                Err(_) => tracing::debug!(%server, "a name server did not answer in time"),
            }
        }
        services::dns::failure(query)
    }
}

fn servers(settings: &str) -> Vec<SocketAddr> {
    let words = settings.lines().filter_map(|line| line.trim().strip_prefix("nameserver"));
    // An address may say on which link it is, after a percent sign; those are no use here.
    words.filter_map(|word| word.trim().parse::<IpAddr>().ok()).map(|address| SocketAddr::new(address, 53)).take(MOST_SERVERS).collect()
}

/// By a number that nobody can guess, and from a port that the kernel chose (RFC 5452).
async fn by_datagram(server: SocketAddr, query: &[u8]) -> io::Result<Vec<u8>> {
    let here: IpAddr = if server.is_ipv4() { [0; 4].into() } else { [0; 16].into() };
    let socket = UdpSocket::bind((here, 0)).await?;
    socket.connect(server).await?;
    let asked = renumbered(query, (random() as u16).to_be_bytes());
    socket.send(&asked).await?;
    let mut buffer = vec![0; LONGEST];
    loop {
        let length = socket.recv(&mut buffer).await?;
        if let Some(answer) = answer_to(&asked, query, buffer.get(..length).unwrap_or_default()) {
            return Ok(answer);
        }
    }
}

async fn by_stream(server: SocketAddr, query: &[u8]) -> io::Result<Vec<u8>> {
    let mut stream = TcpStream::connect(server).await?;
    let length = u16::try_from(query.len()).map_err(io::Error::other)?;
    stream.write_all(&[&length.to_be_bytes()[..], query].concat()).await?;
    let mut answer = vec![0; stream.read_u16().await?.into()];
    stream.read_exact(&mut answer).await?;
    answer_to(query, query, &answer).ok_or_else(|| io::Error::other("it answered something else"))
}

/// The number is what a message begins with (RFC 1035, section 4.1.1).
fn renumbered(message: &[u8], number: [u8; 2]) -> Vec<u8> {
    number.into_iter().chain(message.iter().skip(2).copied()).collect()
}

/// An answer with the number of whoever asked, if it is one to what was asked.
fn answer_to(asked: &[u8], query: &[u8], answer: &[u8]) -> Option<Vec<u8>> {
    let number = |message: &[u8]| message.get(..2).map(<[u8]>::to_vec);
    let is_answer = answer.len() >= 12 && number(answer) == number(asked) && answer.get(2).is_some_and(|flags| flags & 0x80 != 0);
    let of_query = query.first_chunk::<2>().copied()?;
    (is_answer && services::dns::is_about_the_same(query, answer)).then(|| renumbered(answer, of_query))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn name_servers_are_those_of_the_settings() {
        let found = servers(
            "# nameserver 1.1.1.1\nsearch lan\nnameserver 127.0.0.53\n nameserver\t::1\nnameserver fe80::1%eth0\nnameserver 9.9.9.9\nnameserver 8.8.8.8\n",
        );
        assert_eq!(found.iter().map(SocketAddr::to_string).collect::<Vec<_>>(), ["127.0.0.53:53", "[::1]:53", "9.9.9.9:53"]);
    }
}
