//! DHCP over UDP. The data plane has seen to it that broadcasts arrive here, and as whose.

use model::local_service::client_serial;
use tokio::net::UdpSocket;

use super::datagrams;
use crate::daemon::control_loop::Published;

/// Answers until it is dropped.
pub async fn serve(socket: UdpSocket, published: Published) {
    let answer = |client, message: &[u8]| {
        let snapshot = published.load();
        let interface = client_serial(client).and_then(|serial| snapshot.interface_with_serial(serial));
        interface.and_then(|interface| services::dhcp::answer(&snapshot, interface, message))
    };
    datagrams::serve("DHCP", socket, answer).await;
}
