//! DHCP over UDP. The data plane has seen to it that broadcasts arrive here, and as whose.

use std::net::IpAddr;
use std::time::{Duration, Instant};

use model::local_service::client_serial;
use services::dhcp::answer;
use tokio::net::UdpSocket;

use crate::daemon::control_loop::Published;
use crate::daemon::servers::pace::Pace;

/// How many messages of one interface are answered in a second: a client has a few in an hour.
const MESSAGES_PER_SECOND: u32 = 64;

/// The longest message that is read whole: a client's is a few hundred bytes.
const LONGEST_MESSAGE: usize = 1500;

/// Answers until it is dropped.
pub async fn serve(socket: UdpSocket, published: Published) {
    let mut pace = Pace::new(MESSAGES_PER_SECOND);
    let mut buffer = [0; LONGEST_MESSAGE];
    loop {
        let (length, peer) = match socket.recv_from(&mut buffer).await {
            Ok(received) => received,
            Err(error) => {
                tracing::warn!(%error, "DHCP");
                tokio::time::sleep(Duration::from_millis(100)).await;
                continue;
            }
        };
        let IpAddr::V4(client) = peer.ip() else { continue };
        if !pace.admits(peer.ip(), Instant::now()) {
            continue;
        }
        let snapshot = published.load();
        let interface = client_serial(client).and_then(|serial| snapshot.interface_with_serial(serial));
        if let Some(reply) = interface.and_then(|interface| answer(&snapshot, interface, &buffer[..length]))
            // There is no place in the queue for it: as good as lost on the way.
            && let Err(error) = socket.try_send_to(&reply, peer)
        {
            tracing::debug!(%peer, %error, "an answer was lost");
        }
    }
}
