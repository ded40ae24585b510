//! The time over UDP.

use tokio::net::UdpSocket;

use super::datagrams;
use crate::daemon::world::since_1970;

/// Answers until it is dropped.
pub async fn serve(socket: UdpSocket) {
    let answer = |_, question: &[u8]| {
        let received = since_1970();
        services::time::answer(question, received, since_1970())
    };
    datagrams::serve("Amazon Time Sync", socket, answer).await;
}
