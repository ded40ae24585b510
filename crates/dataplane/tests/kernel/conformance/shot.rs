//! A packet that is sent, and what is expected of it.

use semantics::{Denial, Origin, Packet, Transport, Verdict};

/// What two packets have in common if one of them can matter to the other: the protocol, and the ports in order.
pub type Conversation = (u8, u16, u16);

/// A packet, and what is to become of it.
#[derive(Clone)]
pub struct Shot {
    pub number: u32,
    pub packet: Packet,
    pub from: Origin,
    pub expected: Verdict,
    /// At whom it arrives, and as what.
    pub arrival: Option<(Origin, Packet)>,
    /// The frame that arrives.
    pub arriving: Option<Vec<u8>>,
}

impl Shot {
    /// Such a packet is discarded before it is judged.
    pub fn is_lie(&self) -> bool {
        matches!(self.expected, Verdict::Drop(Denial::SourceCheck(_)))
    }
}

/// Which conversation a packet belongs to.
pub fn conversation(packet: &Packet) -> Conversation {
    let (one, other) = match packet.transport {
        Transport::Tcp { source_port, destination_port } | Transport::Udp { source_port, destination_port } => (source_port, destination_port),
        Transport::Icmp { identifier, .. } => (identifier, 0),
        Transport::Other(_) => (0, 0),
    };
    (packet.protocol(), one.min(other), one.max(other))
}

/// A verdict in a word.
pub fn fate(verdict: &Verdict) -> &'static str {
    match verdict {
        Verdict::Deliver(_) => "delivered",
        Verdict::Leave(_) => "left",
        Verdict::Serve(_) => "served",
        Verdict::Drop(denial) => denial.code(),
    }
}
