//! ICMP errors: those that the data plane sends itself, and what others quote.

use std::net::{IpAddr, Ipv4Addr};

use semantics::Rewrite;

use crate::checksum::{checksum, updated};
use crate::parse::{covering_checksum, header_length};

const IP_HEADER: usize = 20;
const ICMP_HEADER: usize = 8;
/// Where things are in an IP header.
const IP_CHECKSUM: usize = 10;
const IP_SOURCE: usize = 12;
const IP_DESTINATION: usize = 16;
/// Where it is in an ICMP header.
const ICMP_CHECKSUM: usize = 2;

/// How much of a packet is quoted at most: an error fits into 576 bytes (RFC 1812, section 4.3.2.3).
const QUOTED: usize = 576 - IP_HEADER - ICMP_HEADER;

/// "Fragmentation needed and DF set", from a router to the packet's sender (RFC 1191).
pub(crate) fn fragmentation_needed(router: Ipv4Addr, sender: Ipv4Addr, packet: &[u8], mtu: u16) -> Vec<u8> {
    let quoted = &packet[..packet.len().min(QUOTED)];
    let length = (IP_HEADER + ICMP_HEADER + quoted.len()) as u16;
    let mut bytes = vec![0x45, 0xc0, 0, 0, 0, 0, 0, 0, 64, 1, 0, 0];
    bytes[2..4].copy_from_slice(&length.to_be_bytes());
    bytes.extend(router.octets());
    bytes.extend(sender.octets());
    let sum = checksum(&bytes);
    bytes[IP_CHECKSUM..][..2].copy_from_slice(&sum.to_be_bytes());
    bytes.extend([3, 4, 0, 0, 0, 0]);
    bytes.extend(mtu.to_be_bytes());
    bytes.extend(quoted);
    let sum = checksum(&bytes[IP_HEADER..]);
    bytes[IP_HEADER + ICMP_CHECKSUM..][..2].copy_from_slice(&sum.to_be_bytes());
    bytes
}

/// Gives the packet that an ICMP error quotes the addresses that it had on the other side of a translation. It went the
/// other way: where the error gets a new source, the quoted packet gets a new destination. The error's own addresses
/// stay. `None` if the error ends too early.
pub(crate) fn translate_quoted(error: &mut [u8], rewrite: &Rewrite) -> Option<()> {
    let header = header_length(error)?;
    let quoted = header + ICMP_HEADER;
    let covering = covering_checksum(error.get(quoted..)?).map(|at| quoted + at);
    let mut message = Message { bytes: error, checksum: header + ICMP_CHECKSUM };
    for (address, at) in [(rewrite.destination, quoted + IP_SOURCE), (rewrite.source, quoted + IP_DESTINATION)] {
        let Some(IpAddr::V4(address)) = address else { continue };
        let [a, b, c, d] = address.octets();
        for (at, half) in [(at, [a, b]), (at + 2, [c, d])] {
            message.replace(at, u16::from_be_bytes(half), [Some(quoted + IP_CHECKSUM), covering])?;
        }
    }
    Some(())
}

/// An ICMP message whose checksum is kept as right, or as wrong, as it was.
struct Message<'a> {
    bytes: &'a mut [u8],
    checksum: usize,
}

impl Message<'_> {
    /// Puts another word in the place of one that these checksums, which are in the message too, cover.
    fn replace(&mut self, at: usize, new: u16, covering: [Option<usize>; 2]) -> Option<()> {
        let old = self.put(at, new)?;
        for covering in covering.into_iter().flatten() {
            let sum = word(self.bytes, covering)?;
            self.put(covering, updated(sum, old, new))?;
        }
        Some(())
    }

    /// Returns what was there.
    fn put(&mut self, at: usize, new: u16) -> Option<u16> {
        let old = word(self.bytes, at)?;
        let sum = updated(word(self.bytes, self.checksum)?, old, new);
        self.bytes[at..at + 2].copy_from_slice(&new.to_be_bytes());
        self.bytes[self.checksum..][..2].copy_from_slice(&sum.to_be_bytes());
        Some(old)
    }
}

fn word(bytes: &[u8], at: usize) -> Option<u16> {
    bytes.get(at..at + 2).map(|word| u16::from_be_bytes([word[0], word[1]]))
}

#[cfg(test)]
mod tests {
    use super::*;

    const PRIVATE: Ipv4Addr = Ipv4Addr::new(10, 1, 0, 10);
    const PUBLIC: Ipv4Addr = Ipv4Addr::new(198, 18, 0, 10);
    const STRANGER: Ipv4Addr = Ipv4Addr::new(203, 0, 113, 10);

    /// A datagram, checksums complete.
    fn datagram(source: Ipv4Addr, destination: Ipv4Addr) -> Vec<u8> {
        let mut bytes = vec![0x45, 0, 0, 32, 0, 1, 0x40, 0, 64, 17, 0, 0];
        bytes.extend(source.octets());
        bytes.extend(destination.octets());
        let sum = checksum(&bytes);
        bytes[10..12].copy_from_slice(&sum.to_be_bytes());
        let udp = [0x30, 0x39, 0, 53, 0, 12, 0, 0, b'd', b'a', b't', b'a'];
        let pseudo: Vec<u8> = [&source.octets()[..], &destination.octets(), &[0, 17, 0, 12], &udp].concat();
        bytes.extend(udp);
        bytes[26..28].copy_from_slice(&checksum(&pseudo).to_be_bytes());
        bytes
    }

    #[test]
    fn an_error_says_how_long_packets_may_be() {
        let packet = datagram(PRIVATE, STRANGER);
        let router = Ipv4Addr::new(10, 1, 0, 1);
        let error = fragmentation_needed(router, PRIVATE, &packet, 1500);
        assert_eq!((checksum(&error[..20]), checksum(&error[20..])), (0, 0));
        assert_eq!((&error[20..22], &error[26..28]), (&[3, 4][..], &1500u16.to_be_bytes()[..]));
        assert_eq!(error[28..], packet);
        assert_eq!(fragmentation_needed(router, PRIVATE, &[0x45; 9001], 1500).len(), 576);
    }

    /// The stranger refuses what he saw come from the public address; its sender is told of what it sent.
    #[test]
    fn what_is_quoted_is_as_the_sender_sent_it() {
        let mut error = fragmentation_needed(STRANGER, PUBLIC, &datagram(PUBLIC, STRANGER), 1500);
        translate_quoted(&mut error, &Rewrite { source: None, destination: Some(PRIVATE.into()) }).unwrap();
        assert_eq!(error, fragmentation_needed(STRANGER, PUBLIC, &datagram(PRIVATE, STRANGER), 1500));
    }

    #[test]
    fn both_addresses_may_have_been_translated() {
        let (neighbour, its_public) = (Ipv4Addr::new(10, 1, 0, 11), Ipv4Addr::new(198, 18, 0, 11));
        let mut error = fragmentation_needed(neighbour, PUBLIC, &datagram(PUBLIC, neighbour), 1500);
        translate_quoted(&mut error, &Rewrite { source: Some(its_public.into()), destination: Some(PRIVATE.into()) }).unwrap();
        assert_eq!(error, fragmentation_needed(neighbour, PUBLIC, &datagram(PRIVATE, its_public), 1500));
    }

    #[test]
    fn a_quotation_may_have_no_checksum_or_end_before_it() {
        let rewrite = Rewrite { source: None, destination: Some(PRIVATE.into()) };
        let mut without = datagram(PUBLIC, STRANGER);
        without[26..28].fill(0);
        let mut error = fragmentation_needed(STRANGER, PUBLIC, &without, 1500);
        translate_quoted(&mut error, &rewrite).unwrap();
        assert_eq!((&error[54..56], checksum(&error[20..])), (&[0, 0][..], 0));

        let mut tcp = datagram(PUBLIC, STRANGER);
        tcp[9] = 6;
        tcp.truncate(28);
        let mut error = fragmentation_needed(STRANGER, PUBLIC, &tcp, 1500);
        translate_quoted(&mut error, &rewrite).unwrap();
        assert_eq!((&error[40..44], checksum(&error[20..])), (&PRIVATE.octets()[..], 0));
        assert_eq!(translate_quoted(&mut error[..30], &rewrite), None);
    }
}
