//! Packets that are longer than the way ahead carries, as behind an internet gateway: their sender is told, or they are
//! cut up, as they say themselves.

use std::net::IpAddr;

use semantics::{Origin, Rewrite};

use crate::checksum::checksum;
use crate::discard::Discard;
use crate::flow_table::Slot;
use crate::icmp;
use crate::layout::MTU;
use crate::parse::{Parsed, header_length, parse};
use crate::ports::Port;
use crate::slow_path::SlowPath;
use crate::tap::Frame;
use crate::verdict::Action;

/// Bits of the word that holds the fragment offset.
const DONT_FRAGMENT: u16 = 0x4000;
const MORE_FRAGMENTS: u16 = 0x2000;
const OFFSET: u16 = 0x1fff;

impl SlowPath {
    /// Does with a packet for that slot what a router does whose next link carries only so many bytes.
    pub fn shorten(&mut self, frame: &mut Frame, from: Port, slot: Slot, mtu: u16) {
        if frame.is_segmented() || fragment_word(frame.payload()) & DONT_FRAGMENT != 0 {
            self.discard(Discard::TooBig);
            self.tell_sender(frame, from, mtu);
        } else {
            frame.complete_checksum();
            let packet = frame.payload().to_vec();
            for (header, data) in fragments(&packet, mtu) {
                frame.carry([&header, data]);
                self.send(frame, slot);
            }
        }
    }

    /// Its router tells an instance. No rule is asked, for the router is on no side of one.
    fn tell_sender(&mut self, frame: &mut Frame, from: Port, mtu: u16) {
        let Origin::Interface(id) = from.origin else { return };
        // Nobody is told about errors, or about fragments that are not the first (RFC 1122, section 3.2.2).
        let Some(Parsed::Flow { packet, .. }) = parse(frame.payload()) else { return };
        let (Some(interface), IpAddr::V4(sender)) = (self.snapshot.get(id), packet.source) else { return };
        let subnet = self.snapshot.resolve(interface.subnet);
        let error = icmp::fragmentation_needed(subnet.router(), sender, frame.payload(), mtu);
        let (destination_mac, source_mac) = (interface.mac, subnet.router_mac());
        let to_sender = Action::Deliver { out: from.ifindex, destination_mac, source_mac, rewrite: Rewrite::default(), mtu: MTU };
        frame.carry([&error, &[]]);
        let slot = self.flows.transient(&to_sender);
        self.send(frame, slot);
    }
}

fn fragment_word(packet: &[u8]) -> u16 {
    packet.get(6..8).map_or(0, |word| u16::from_be_bytes([word[0], word[1]]))
}

/// The fragments of a packet, each a header of its own and a part of the data (RFC 791, section 3.2). The packet may be
/// a fragment itself.
fn fragments(packet: &[u8], mtu: u16) -> impl Iterator<Item = (Vec<u8>, &[u8])> {
    let (header, data) = packet.split_at(header_length(packet).unwrap_or(packet.len()));
    let step = usize::from(mtu).saturating_sub(header.len()).max(8) / 8 * 8;
    let (word, count) = (fragment_word(packet), data.len().div_ceil(step));
    data.chunks(step).enumerate().map(move |(number, part)| {
        let more = if number + 1 < count { MORE_FRAGMENTS } else { word & MORE_FRAGMENTS };
        let offset = ((word & OFFSET) + (number * step / 8) as u16) & OFFSET;
        let mut header = header.to_vec();
        let length = (header.len() + part.len()) as u16;
        header[2..4].copy_from_slice(&length.to_be_bytes());
        header[6..8].copy_from_slice(&(more | offset).to_be_bytes());
        header[10..12].fill(0);
        let sum = checksum(&header);
        header[10..12].copy_from_slice(&sum.to_be_bytes());
        (header, part)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fragments_make_up_the_packet() {
        let mut packet = vec![0x45, 0, 0, 0, 0x12, 0x34, 0x20, 10, 64, 17, 0, 0, 10, 1, 0, 10, 203, 0, 113, 10];
        packet.extend((0..4000u32).map(|n| n as u8));
        let cut: Vec<_> = fragments(&packet, 1500).collect();
        let places: Vec<_> = cut.iter().map(|(header, data)| (fragment_word(header), data.len())).collect();
        assert_eq!(places, [(0x2000 | 10, 1480), (0x2000 | 195, 1480), (0x2000 | 380, 1040)], "the packet was not the last fragment");
        assert!(cut.iter().all(|(header, _)| checksum(header) == 0));
        let data: Vec<u8> = cut.iter().flat_map(|(_, data)| data.to_vec()).collect();
        assert_eq!(data, packet[20..]);
    }
}
