//! Captures: the packets of an interface as pcapng, each that is dropped with a comment that says by what.

mod pcapng;

use std::sync::{Arc, Weak};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use dataplane::{Capture, Captured, DataPlane, Place};
use instance::Host;
use model::{NetworkInterfaceId, Snapshot};
use semantics::{Endpoint, Verdict, describe};
use tokio::sync::{Semaphore, mpsc};

use super::Options;
use super::control_loop::Published;
use super::edge::NO_PACKETS;
use super::guests::chain;
use crate::resolve;
use pcapng::{PacketBlock, Way};

/// How many there may be at a time.
const MOST: usize = 4;

/// How many pieces wait for who reads; who reads slowly loses packets, and is told how many.
const WAITING: usize = 16;

/// What the file's interfaces are called: what the guest's card sees, and what never got there.
const OWN: u32 = 0;
const LOST: u32 = 1;

/// How long a capture goes on, and how much of each packet it keeps.
#[derive(Clone, Copy, Debug)]
pub struct Bounds {
    /// So many packets at most.
    pub packets: u64,
    /// For so long at most.
    pub time: Duration,
    /// So many bytes of each.
    pub snapshot_length: usize,
}

/// What captures.
pub struct Captures {
    packets: Weak<DataPlane>,
    published: Published,
    host: Host,
    seats: Arc<Semaphore>,
}

/// One that has begun: which interface it is of, and the pieces of the file, each of whole blocks.
pub struct Begun {
    /// The interface.
    pub interface: NetworkInterfaceId,
    /// The file.
    pub pieces: mpsc::Receiver<Vec<u8>>,
}

impl Captures {
    /// Those of that data plane.
    pub fn new(options: &Options, packets: Weak<DataPlane>, published: Published) -> Self {
        let host = options.runtime.guests(&options.state);
        Self { packets, published, host, seats: Arc::new(Semaphore::new(MOST)) }
    }

    /// Begins one at the interface that is meant. It ends when its bounds are reached, or when nobody reads any more.
    pub fn begin(&self, word: &str, bounds: Bounds) -> Result<Begun, String> {
        let packets = self.packets.upgrade().ok_or(NO_PACKETS)?;
        let seat = Arc::clone(&self.seats).try_acquire_owned().map_err(|_| format!("{MOST} captures go on already"))?;
        let snapshot = self.published.load_full();
        let interface = match resolve::endpoint(&snapshot, word).map_err(|unclear| unclear.to_string())? {
            Endpoint::Interface(id) => id,
            Endpoint::Subnet(_) | Endpoint::Address(_) => return Err(format!("'{word}' is no instance and no network interface")),
        };
        let namespace = self.namespace(&packets, &snapshot, interface)?;
        let capture = packets.capture(interface, namespace, bounds.snapshot_length).map_err(|error| chain(&error))?;
        let (sender, pieces) = mpsc::channel(WAITING);
        let (data_plane, published) = (Weak::clone(&self.packets), Arc::clone(&self.published));
        drop(packets);
        let thread = std::thread::Builder::new().name("capture".to_owned()).spawn(move || {
            let _seat = seat;
            if let Err(error) = run(capture, interface, bounds, &data_plane, &published, &sender) {
                tracing::warn!(%interface, error = chain(&error), "a capture broke off");
            }
        });
        thread.map_err(|error| error.to_string())?;
        Ok(Begun { interface, pieces })
    }

    fn namespace(&self, packets: &DataPlane, snapshot: &Snapshot, id: NetworkInterfaceId) -> Result<std::os::fd::OwnedFd, String> {
        let interface = snapshot.get(id).ok_or_else(|| format!("{id} is gone"))?;
        match interface.attachment {
            Some(attachment) => {
                let guest = self.host.guest(&attachment.instance.to_string()).map_err(|error| chain(&error))?;
                let guest = guest.filter(instance::Guest::is_alive).ok_or_else(|| format!("{} is not running", attachment.instance))?;
                guest.network_namespace().map_err(|error| chain(&error))
            }
            None => packets.endpoint_namespace(id).map_err(|error| chain(&error))?.ok_or_else(|| format!("{id} is attached to nothing")),
        }
    }
}

fn run(
    mut capture: Capture,
    interface: NetworkInterfaceId,
    bounds: Bounds,
    data_plane: &Weak<DataPlane>,
    published: &Published,
    sender: &mpsc::Sender<Vec<u8>>,
) -> dataplane::Result<()> {
    let deadline = Instant::now().checked_add(bounds.time);
    let lost = format!("sent to {interface} and dropped before it came there");
    let mut piece = pcapng::section_header();
    piece.extend(pcapng::interface(&interface.to_string(), "what the card of the instance sends and receives", bounds.snapshot_length));
    piece.extend(pcapng::interface(&format!("{interface} (dropped)"), &lost, bounds.snapshot_length));
    let mut written = 0;
    loop {
        // It waits for who reads slowly; the kernel counts what it cannot keep meanwhile.
        if !piece.is_empty() && sender.blocking_send(std::mem::take(&mut piece)).is_err() {
            return Ok(());
        }
        if written >= bounds.packets || deadline.is_some_and(|deadline| Instant::now() >= deadline) {
            break;
        }
        // Who stopped reading is noticed here, too, when there are no packets.
        let Some(data_plane) = data_plane.upgrade().filter(|_| !sender.is_closed()) else { break };
        let snapshot = published.load_full();
        let left = usize::try_from(bounds.packets - written).unwrap_or(usize::MAX);
        for captured in capture.next(&data_plane)?.iter().take(left) {
            piece.extend(block(&snapshot, captured));
            written += 1;
        }
    }
    let now = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| u64::try_from(since.as_nanos()).unwrap_or(0));
    let _ = sender.blocking_send(pcapng::statistics(OWN, now, capture.missed()));
    Ok(())
}

fn block(snapshot: &Snapshot, captured: &Captured) -> Vec<u8> {
    let (interface, way) = match captured.place {
        Place::Sent => (OWN, Way::Outbound),
        Place::Received => (OWN, Way::Inbound),
        Place::Lost => (LOST, Way::Inbound),
    };
    let comment = captured.flow.as_ref().and_then(|(packet, verdict)| match verdict {
        Verdict::Drop(denial) => {
            let line = describe(snapshot, denial, packet);
            let code = line.code.map(|code| format!(" ({code})")).unwrap_or_default();
            Some(format!("dropped by {} {}: {}{code}", line.stage, line.resource, line.detail))
        }
        _ => None,
    });
    let (at, bytes, length) = (captured.at, captured.bytes.as_slice(), captured.length);
    pcapng::packet(&PacketBlock { interface, at, bytes, length, way, comment: comment.as_deref() })
}
