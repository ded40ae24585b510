//! Packets as pcapng, block by block: a section header, an interface for each place, and packets with comments.
//!
//! It is written here, for it is little: the crates that know the format are release candidates or rest.
//! <https://www.ietf.org/archive/id/draft-ietf-opsawg-pcapng-02.html>

const SECTION_HEADER: u32 = 0x0a0d_0d0a;
const INTERFACE_DESCRIPTION: u32 = 1;
const INTERFACE_STATISTICS: u32 = 5;
const ENHANCED_PACKET: u32 = 6;

const BYTE_ORDER_MAGIC: u32 = 0x1a2b_3c4d;
const ETHERNET: u16 = 1;

const END_OF_OPTIONS: u16 = 0;
const COMMENT: u16 = 1;
const SECTION_APPLICATION: u16 = 4;
const INTERFACE_NAME: u16 = 2;
const INTERFACE_DESCRIBED: u16 = 3;
const INTERFACE_RESOLUTION: u16 = 9;
const PACKET_FLAGS: u16 = 2;
const STATISTICS_DROPPED: u16 = 5;
/// Nanoseconds: ten to the power of minus nine.
const NANOSECONDS: u8 = 9;

/// Which way a packet went, as seen from the interface.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Way {
    /// In.
    Inbound = 1,
    /// Out.
    Outbound = 2,
}

/// A packet to be written.
pub struct PacketBlock<'a> {
    /// The number of its interface, in the order in which they were described.
    pub interface: u32,
    /// When, in nanoseconds since 1970.
    pub at: u64,
    /// As much of it as is kept.
    pub bytes: &'a [u8],
    /// How long it was.
    pub length: usize,
    /// Which way it went.
    pub way: Way,
    /// What is to be said of it.
    pub comment: Option<&'a str>,
}

/// The beginning of a file.
pub fn section_header() -> Vec<u8> {
    let mut body = BYTE_ORDER_MAGIC.to_le_bytes().to_vec();
    // Version 1.0, and a section of unknown length.
    body.extend_from_slice(&[1, 0, 0, 0]);
    body.extend_from_slice(&u64::MAX.to_le_bytes());
    option(&mut body, SECTION_APPLICATION, concat!("Peerless ", env!("CARGO_PKG_VERSION")).as_bytes());
    end_options(&mut body);
    block(SECTION_HEADER, &body)
}

/// A place where packets are seen, each at most so long.
pub fn interface(name: &str, description: &str, snapshot_length: usize) -> Vec<u8> {
    let mut body = ETHERNET.to_le_bytes().to_vec();
    body.extend_from_slice(&[0, 0]);
    body.extend_from_slice(&u32::try_from(snapshot_length).unwrap_or(0).to_le_bytes());
    option(&mut body, INTERFACE_NAME, name.as_bytes());
    option(&mut body, INTERFACE_DESCRIBED, description.as_bytes());
    option(&mut body, INTERFACE_RESOLUTION, &[NANOSECONDS]);
    end_options(&mut body);
    block(INTERFACE_DESCRIPTION, &body)
}

/// A packet.
pub fn packet(packet: &PacketBlock) -> Vec<u8> {
    let length = |length: usize| u32::try_from(length).unwrap_or(u32::MAX).to_le_bytes();
    let mut body = packet.interface.to_le_bytes().to_vec();
    body.extend_from_slice(&((packet.at >> 32) as u32).to_le_bytes());
    body.extend_from_slice(&(packet.at as u32).to_le_bytes());
    body.extend_from_slice(&length(packet.bytes.len()));
    body.extend_from_slice(&length(packet.length));
    body.extend_from_slice(packet.bytes);
    pad(&mut body);
    if let Some(comment) = packet.comment {
        option(&mut body, COMMENT, comment.as_bytes());
    }
    option(&mut body, PACKET_FLAGS, &(packet.way as u32).to_le_bytes());
    end_options(&mut body);
    block(ENHANCED_PACKET, &body)
}

/// At the end: how many packets an interface could not hand over.
pub fn statistics(interface: u32, at: u64, missed: u64) -> Vec<u8> {
    let mut body = interface.to_le_bytes().to_vec();
    body.extend_from_slice(&((at >> 32) as u32).to_le_bytes());
    body.extend_from_slice(&(at as u32).to_le_bytes());
    option(&mut body, STATISTICS_DROPPED, &missed.to_le_bytes());
    end_options(&mut body);
    block(INTERFACE_STATISTICS, &body)
}

fn block(kind: u32, body: &[u8]) -> Vec<u8> {
    let length = u32::try_from(body.len() + 12).unwrap_or(u32::MAX).to_le_bytes();
    [&kind.to_le_bytes(), &length, body, &length].concat()
}

/// What is longer than an option may be is cut.
fn option(body: &mut Vec<u8>, code: u16, value: &[u8]) {
    let value = value.get(..value.len().min(u16::MAX.into())).unwrap_or_default();
    body.extend_from_slice(&code.to_le_bytes());
    body.extend_from_slice(&(value.len() as u16).to_le_bytes());
    body.extend_from_slice(value);
    pad(body);
}

fn end_options(body: &mut Vec<u8>) {
    body.extend_from_slice(&END_OF_OPTIONS.to_le_bytes());
    body.extend_from_slice(&[0, 0]);
}

fn pad(body: &mut Vec<u8>) {
    body.resize(body.len().next_multiple_of(4), 0);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_block_says_its_length_at_both_ends_and_is_aligned() {
        let told = PacketBlock { interface: 1, at: 0x1_0000_0002, bytes: &[7; 5], length: 99, way: Way::Outbound, comment: Some("dropped") };
        for block in [section_header(), interface("eni-1", "one", 0), packet(&told), statistics(0, 1, 2)] {
            let length = u32::from_le_bytes(*block[4..].first_chunk().unwrap());
            assert_eq!((block.len() % 4, length as usize), (0, block.len()));
            assert_eq!(block[block.len() - 4..], length.to_le_bytes());
        }
    }

    /// Byte by byte, as the specification's section 4.3 has it.
    #[test]
    fn a_packet_is_written_as_specified() {
        let told = PacketBlock { interface: 1, at: 0x1_0000_0002, bytes: &[7; 5], length: 99, way: Way::Inbound, comment: Some("no") };
        let expected: Vec<u8> = [
            [6, 0, 0, 0].as_slice(),
            &[60, 0, 0, 0],
            &[1, 0, 0, 0],
            &[1, 0, 0, 0, 2, 0, 0, 0],
            &[5, 0, 0, 0, 99, 0, 0, 0],
            &[7, 7, 7, 7, 7, 0, 0, 0],
            &[1, 0, 2, 0, b'n', b'o', 0, 0],
            &[2, 0, 4, 0, 1, 0, 0, 0],
            &[0, 0, 0, 0],
            &[60, 0, 0, 0],
        ]
        .concat();
        assert_eq!(packet(&told), expected);
    }
}
