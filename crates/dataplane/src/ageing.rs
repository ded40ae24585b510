//! How long flows are remembered, and which go first when there is no room.
//!
//! Both directions of a conversation age together, by the younger of the two. Connections live as long as the flows
//! that are part of them, so these are also the timeouts of connection tracking.
//!
//! <https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/security-group-connection-tracking.html#connection-tracking-timeouts>

use semantics::Transport;

use crate::clock::{Nanoseconds, SECOND};
use crate::flow_table::Slot;
use crate::parse::tcp_flags::{ACK, FIN, RST};
use crate::slow_path::SlowPath;

/// How many slots one step of ageing looks at: some milliseconds' work at most, so that packets do not wait longer.
const STEP: u32 = 32_768;
/// How many slots are looked at when there is no room.
const SAMPLE: u32 = 1024;

/// AWS's default for established connections: five days.
const TCP_ESTABLISHED: Nanoseconds = 432_000 * SECOND;
/// One side has said that it will send no more, as Linux's `FIN_WAIT`.
const TCP_HALF_CLOSED: Nanoseconds = 120 * SECOND;
/// Both have, or one has reset the connection: time for the last segments. A reset that the receiver ignores kills
/// nothing, for a flow that goes on is never idle.
const TCP_CLOSED: Nanoseconds = 10 * SECOND;
/// No answer yet: the longest pause between the SYNs of Linux's six attempts is 32 s, plus some.
const TCP_OPENING: Nanoseconds = 60 * SECOND;
/// AWS: 30 s while packets only went one way, 180 s when they went both.
const UDP_ONE_WAY: Nanoseconds = 30 * SECOND;
const UDP_STREAM: Nanoseconds = 180 * SECOND;
const ICMP: Nanoseconds = 30 * SECOND;
/// AWS: other protocols, 600 s.
const OTHER: Nanoseconds = 600 * SECOND;
/// Longer than the pause between two pings, so that a flow that is kept out is counted as one.
const DROPPED: Nanoseconds = 5 * SECOND;

/// What a conversation has come to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Phase {
    /// Its packets are dropped.
    Dropped,
    /// Over.
    Closed,
    /// Not answered yet.
    Opening,
    /// One side has finished.
    HalfClosed,
    /// Both sides talk.
    Established,
}

/// The phase, from whether it is delivered and the TCP flags (or merely the packets) seen of the one side and the other.
pub(crate) fn phase(transport: &Transport, delivered: bool, flags: [u8; 2], packets: [u64; 2]) -> Phase {
    if !delivered {
        return Phase::Dropped;
    }
    let answered = packets.iter().all(|&count| count > 0);
    if !matches!(transport, Transport::Tcp { .. }) {
        return if answered { Phase::Established } else { Phase::Opening };
    }
    let [one, other] = flags;
    if (one | other) & RST != 0 || one & other & FIN != 0 {
        Phase::Closed
    } else if (one | other) & FIN != 0 {
        Phase::HalfClosed
    } else if one & other & ACK != 0 {
        Phase::Established
    } else {
        Phase::Opening
    }
}

/// How long a conversation may be silent.
pub(crate) fn timeout(transport: &Transport, phase: Phase) -> Nanoseconds {
    match (transport, phase) {
        (_, Phase::Dropped) => DROPPED,
        (Transport::Tcp { .. }, Phase::Closed) => TCP_CLOSED,
        (Transport::Tcp { .. }, Phase::Opening) => TCP_OPENING,
        (Transport::Tcp { .. }, Phase::HalfClosed) => TCP_HALF_CLOSED,
        (Transport::Tcp { .. }, Phase::Established) => TCP_ESTABLISHED,
        (Transport::Udp { .. }, Phase::Established) => UDP_STREAM,
        (Transport::Udp { .. }, _) => UDP_ONE_WAY,
        (Transport::Icmp { .. }, _) => ICMP,
        (Transport::Other(_), _) => OTHER,
    }
}

impl SlowPath {
    /// Forgets what has been silent for too long, among the next so many flows.
    pub fn age(&mut self) {
        self.fragments.expire(self.now);
        self.connections.expire(self.now);
        for slot in next_slots(&mut self.ageing_hand, self.flows.end(), STEP) {
            if let Some((phase, last_seen)) = self.state(slot)
                && let Some(flow) = self.flows.get(slot)
                && self.now.saturating_sub(last_seen) > timeout(&flow.packet.transport, phase)
            {
                self.forget(slot);
            }
        }
    }

    /// Gives up what matters least and was silent longest, among the next so many flows: what is dropped, then what is
    /// over, then what was never answered: a quarter of what could go. An established flow never goes.
    pub fn make_room(&mut self) {
        let sample = next_slots(&mut self.eviction_hand, self.flows.end(), SAMPLE);
        let mut candidates: Vec<_> = sample.filter_map(|slot| self.state(slot).map(|state| (state, slot))).collect();
        candidates.retain(|((phase, _), _)| *phase <= Phase::Opening);
        candidates.sort_unstable();
        candidates.truncate(candidates.len().div_ceil(4));
        for (_, slot) in candidates {
            self.forget(slot);
        }
    }

    /// The phase of the conversation that a flow is of, and when it was last heard of.
    pub fn state(&self, slot: Slot) -> Option<(Phase, Nanoseconds)> {
        let flow = self.flows.get(slot)?;
        let (own, other) = (self.flows.usage(slot), flow.reverse.map(|reverse| self.flows.usage(reverse)).unwrap_or_default());
        let delivered = flow.is_delivered() || flow.reverse.and_then(|reverse| self.flows.get(reverse)).is_some_and(|flow| flow.is_delivered());
        let phase = phase(&flow.packet.transport, delivered, [own.tcp_flags, other.tcp_flags], [own.packets, other.packets]);
        Some((phase, own.last_seen.max(other.last_seen)))
    }
}

/// The next so many slots behind the hand, which moves on and begins anew at the end.
fn next_slots(hand: &mut u32, end: u32, count: u32) -> impl Iterator<Item = Slot> + use<> {
    let from = if *hand >= end { 0 } else { *hand };
    let to = from.saturating_add(count).min(end);
    *hand = to;
    (from..to).map(Slot)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::parse::tcp_flags::SYN;

    const TCP: Transport = Transport::Tcp { source_port: 40000, destination_port: 22 };

    #[test]
    fn a_connection_goes_through_its_phases() {
        let phases = [
            ([SYN, 0], Phase::Opening),
            ([SYN, SYN | ACK], Phase::Opening),
            ([SYN | ACK, SYN | ACK], Phase::Established),
            ([SYN | ACK | FIN, SYN | ACK], Phase::HalfClosed),
            ([SYN | ACK | FIN, SYN | ACK | FIN], Phase::Closed),
            ([SYN, ACK | RST], Phase::Closed),
        ];
        for (flags, expected) in phases {
            assert_eq!(phase(&TCP, true, flags, [1, 1]), expected, "{flags:?}");
        }
        assert_eq!(phase(&TCP, false, [SYN | ACK, SYN | ACK], [9, 9]), Phase::Dropped);
    }

    #[test]
    fn udp_lasts_longer_once_it_is_answered() {
        let udp = Transport::Udp { source_port: 40000, destination_port: 53 };
        assert_eq!(timeout(&udp, phase(&udp, true, [0, 0], [3, 0])), UDP_ONE_WAY);
        assert_eq!(timeout(&udp, phase(&udp, true, [0, 0], [3, 1])), UDP_STREAM);
    }

    #[test]
    fn a_walk_comes_to_every_slot() {
        let mut hand = 0;
        let mut seen: Vec<u32> = Vec::new();
        for _ in 0..4 {
            seen.extend(next_slots(&mut hand, 10, 4).map(|slot| slot.0));
        }
        assert_eq!(seen, [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 0, 1, 2, 3]);
    }
}
