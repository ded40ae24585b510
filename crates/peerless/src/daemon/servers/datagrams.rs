//! Services that answer a datagram with a datagram, at once or not at all.

use std::net::{IpAddr, Ipv4Addr};
use std::time::{Duration, Instant};

use tokio::net::UdpSocket;

use super::pace::Pace;

/// How many messages of one interface are answered in a second: a client has a few in an hour.
const MESSAGES_PER_SECOND: u32 = 64;

/// The longest message that is read whole: a client's is a few hundred bytes.
const LONGEST_MESSAGE: usize = 1500;

/// Answers until it is dropped. Who asks is known by its address among the services, which the data plane has seen to.
pub async fn serve<A: AsRef<[u8]>>(service: &'static str, socket: UdpSocket, answer: impl Fn(Ipv4Addr, &[u8]) -> Option<A>) {
    let mut pace = Pace::new(MESSAGES_PER_SECOND);
    let mut buffer = [0; LONGEST_MESSAGE];
    loop {
        let (length, peer) = match socket.recv_from(&mut buffer).await {
            Ok(received) => received,
            Err(error) => {
                tracing::warn!(%error, "{service}");
                tokio::time::sleep(Duration::from_millis(100)).await;
                continue;
            }
        };
        let IpAddr::V4(client) = peer.ip() else { continue };
        if pace.admits(peer.ip(), Instant::now())
            && let Some(reply) = answer(client, &buffer[..length])
            // There is no place in the queue for it: as good as lost on the way.
            && let Err(error) = socket.try_send_to(reply.as_ref(), peer)
        {
            tracing::debug!(%peer, %error, "an answer was lost");
        }
    }
}
