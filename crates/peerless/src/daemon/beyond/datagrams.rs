//! UDP beyond: a socket for each pair of ends, which hears the other one only.

use std::collections::BTreeMap;
use std::net::Ipv4Addr;
use std::time::Duration;

use services::beyond::{Flow, datagram};
use tokio::net::UdpSocket;
use tokio::sync::mpsc;
use tokio::time::sleep;

use super::{Device, LONGEST, Outcome};

/// The most pairs at a time, and the most of one guest.
const MOST: usize = 1024;
const MOST_OF_ONE: usize = 256;

/// How many datagrams may wait to be sent.
pub const WAITING: usize = 64;

/// How long both may be silent (RFC 4787, REQ-5, wants two minutes at least).
const SILENCE: Duration = Duration::from_secs(120);

/// Whether there is room for one more.
pub fn is_room<T>(there: &BTreeMap<Flow, T>, flow: &Flow) -> bool {
    there.len() < MOST && there.keys().filter(|other| other.guest.ip() == flow.guest.ip()).count() < MOST_OF_ONE
}

/// Sends what is to be sent and writes what comes back, until both have been silent for long.
pub async fn converse(flow: Flow, mut outgoing: mpsc::Receiver<Vec<u8>>, device: Device) -> Outcome {
    let connected = async {
        let socket = UdpSocket::bind((Ipv4Addr::UNSPECIFIED, 0)).await?;
        socket.connect(flow.remote).await.map(|()| socket)
    };
    let socket = match connected.await {
        Ok(socket) => socket,
        Err(error) => {
            tracing::debug!(remote = %flow.remote, %error, "a guest's datagrams cannot be sent");
            return Outcome::Silent(flow);
        }
    };
    loop {
        tokio::select! {
            Some(payload) = outgoing.recv() => drop(socket.send(&payload).await),
            ready = socket.readable() => {
                let mut payload = vec![0; LONGEST];
                // That nobody listens there is an error here; the guest hears nothing, as of any other loss.
                if let (Ok(()), Ok(length)) = (ready, socket.try_recv(&mut payload)) {
                    device.write(datagram(&flow, payload.get(..length).unwrap_or_default()));
                }
            }
            () = sleep(SILENCE) => return Outcome::Silent(flow),
        }
    }
}
