//! The Rust twin of `ebpf/fabric.h`: what the programs in the kernel and this crate say to each other.
//!
//! Fields that one side changes while the other may be looking are atomic. The test at the end has the C compiler
//! compare every field with its twin.

#![expect(unsafe_code, reason = "aya asks for a promise that keys and values are plain bytes")]

use std::net::{IpAddr, Ipv4Addr};
use std::sync::atomic::{AtomicU8, AtomicU16, AtomicU32, AtomicU64};

use semantics::{Packet, Transport};

use crate::parse::{ICMP, TCP, UDP};

/// Part of the path that maps are pinned at: a daemon never adopts maps of another layout.
pub(crate) const LAYOUT_VERSION: u32 = 3;

/// What names a flow, one direction of it.
#[repr(C)]
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct FlowKey {
    pub interface: u32,
    pub source: [u8; 4],
    pub destination: [u8; 4],
    pub source_port: [u8; 2],
    pub destination_port: [u8; 2],
    pub protocol: u8,
    pub zero: [u8; 3],
}

/// What becomes of the packets of a flow.
#[repr(C)]
#[derive(Debug, Default)]
pub(crate) struct Verdict {
    pub generation: AtomicU64,
    pub action: AtomicU32,
    pub out_ifindex: u32,
    pub destination_mac: [u8; 6],
    pub source_mac: [u8; 6],
    pub reverse: AtomicU32,
    pub created: u64,
    pub reason: AtomicU16,
    pub role: u8,
    pub tracked: AtomicU8,
    pub nat_source: [u8; 4],
    pub nat_destination: [u8; 4],
    pub mtu: u16,
    pub zero: [u8; 10],
}

/// What a slot's packets amount to.
#[repr(C)]
#[derive(Debug)]
pub(crate) struct Counters {
    pub packets: AtomicU64,
    pub bytes: AtomicU64,
    pub last_seen: AtomicU64,
    pub tcp_flags: AtomicU32,
    pub zero: [u8; 36],
}

/// The interface behind a host end.
#[repr(C)]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Interface {
    pub serial: u32,
    pub subnet: u32,
    pub address: [u8; 4],
    pub mac: [u8; 6],
    pub check_source: u8,
    pub zero: u8,
}

/// An address in a subnet, for which the data plane answers ARP.
#[repr(C)]
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct Neighbour {
    pub subnet: u32,
    pub address: [u8; 4],
}

/// What all programs need to know.
#[repr(C)]
#[derive(Debug, Default)]
pub(crate) struct FabricState {
    pub min_generation: AtomicU64,
    pub slow_path: u32,
    pub zero: u32,
}

// SAFETY: `repr(C)`, only integers and arrays of them, and no padding: the test compares sizes and offsets.
unsafe impl aya::Pod for FlowKey {}
// SAFETY: as above.
unsafe impl aya::Pod for Interface {}
// SAFETY: as above.
unsafe impl aya::Pod for Neighbour {}

/// A slot without a verdict: the slow path is to be asked.
pub(crate) const ACTION_ASK: u32 = 0;
/// Redirect to the receiver.
pub(crate) const ACTION_DELIVER: u32 = 1;
/// Count and drop.
pub(crate) const ACTION_DROP: u32 = 2;

/// First byte of the Ethernet addresses that carry orders.
pub(crate) const ORDER_PREFIX: u8 = 0x02;
/// Second byte: an interface's serial follows.
pub(crate) const ORDER_INTERFACE: u8 = 0x00;
/// Second byte: a slot's number follows.
pub(crate) const ORDER_SLOT: u8 = 0x01;

/// Bytes of IP that a network card of an instance carries.
pub(crate) const MTU: u16 = 9001;

impl FlowKey {
    /// The flow of a packet that leaves this interface; `None` for what the maps do not hold: IPv6, fragments and ICMP
    /// errors.
    pub fn of(interface: u32, packet: &Packet) -> Option<Self> {
        let (IpAddr::V4(source), IpAddr::V4(destination), None) = (packet.source, packet.destination, packet.about) else { return None };
        let (source_port, destination_port) = match packet.transport {
            Transport::Tcp { source_port, destination_port } | Transport::Udp { source_port, destination_port } => {
                (source_port.to_be_bytes(), destination_port.to_be_bytes())
            }
            Transport::Icmp { kind, code, identifier } => (identifier.to_be_bytes(), [kind, code]),
            Transport::Other(_) => ([0; 2], [0; 2]),
        };
        Some(Self {
            interface,
            source: source.octets(),
            destination: destination.octets(),
            source_port,
            destination_port,
            protocol: packet.protocol(),
            zero: [0; 3],
        })
    }

    /// The packet that has this key.
    pub fn packet(&self) -> Packet {
        let (source_port, destination_port) = (u16::from_be_bytes(self.source_port), u16::from_be_bytes(self.destination_port));
        let transport = match self.protocol {
            TCP => Transport::Tcp { source_port, destination_port },
            UDP => Transport::Udp { source_port, destination_port },
            ICMP => {
                let [kind, code] = self.destination_port;
                Transport::Icmp { kind, code, identifier: source_port }
            }
            other => Transport::Other(other),
        };
        Packet::new(self.source.into(), self.destination.into(), transport)
    }
}

impl Neighbour {
    /// That address in that subnet.
    pub fn new(subnet: u32, address: Ipv4Addr) -> Self {
        Self { subnet, address: address.octets() }
    }
}

#[cfg(test)]
mod tests {
    use std::fmt::Write;
    use std::mem::{offset_of, size_of};
    use std::process::Command;

    use super::*;
    use crate::Discard;

    macro_rules! twins {
        ($out:ident: $($rust:ident = $c:literal { $($field:ident),* })*) => {$(
            writeln!($out, "_Static_assert(sizeof(struct {}) == {}, \"size of {0}\");", $c, size_of::<$rust>()).unwrap();
            $(writeln!($out, "_Static_assert(offsetof(struct {0}, {1}) == {2}, \"{0}.{1}\");", $c, stringify!($field), offset_of!($rust, $field)).unwrap();)*
        )*};
    }

    macro_rules! reasons {
        ($out:ident: $($c:literal = $rust:ident)*) => {
            $(writeln!($out, "_Static_assert({0} == {1}, \"{0}\");", $c, Discard::$rust as u32).unwrap();)*
        };
    }

    macro_rules! numbers {
        ($out:ident: $($name:ident)*) => {
            $(writeln!($out, "_Static_assert({0} == {1}, \"{0}\");", stringify!($name), $name).unwrap();)*
        };
    }

    #[test]
    fn a_key_tells_the_packet() {
        let (a, b) = (IpAddr::from([10, 1, 0, 10]), IpAddr::from([10, 2, 0, 10]));
        for transport in [
            Transport::Tcp { source_port: 40000, destination_port: 22 },
            Transport::Udp { source_port: 40000, destination_port: 53 },
            Transport::Icmp { kind: 8, code: 1, identifier: 7 },
            Transport::Other(47),
        ] {
            let packet = Packet::new(a, b, transport);
            assert_eq!(FlowKey::of(1, &packet).map(|key| key.packet()), Some(packet));
        }
    }

    /// The compiler of the programs is asked, so that nothing has to be exported from them.
    #[test]
    fn the_c_compiler_sees_the_same_layout() {
        let header = concat!(env!("CARGO_MANIFEST_DIR"), "/../../ebpf/fabric.h");
        let mut c = format!("#include \"{header}\"\n#include <stddef.h>\n");
        twins!(c:
            FlowKey = "flow_key" { interface, source, destination, source_port, destination_port, protocol, zero }
            Verdict = "verdict" {
                generation, action, out_ifindex, destination_mac, source_mac, reverse, created, reason, role, tracked,
                nat_source, nat_destination, mtu, zero
            }
            Counters = "counters" { packets, bytes, last_seen, tcp_flags, zero }
            Interface = "interface" { serial, subnet, address, mac, check_source, zero }
            Neighbour = "neighbour" { subnet, address }
            FabricState = "fabric" { min_generation, slow_path, zero }
        );
        numbers!(c: LAYOUT_VERSION ACTION_ASK ACTION_DELIVER ACTION_DROP ORDER_PREFIX ORDER_INTERFACE ORDER_SLOT MTU);
        // The kernel's reasons come first; the slow path's begin where they end.
        reasons!(c:
            "DROP_UNKNOWN_INTERFACE" = UnknownInterface "DROP_TRUNCATED" = Truncated "DROP_SOURCE_MAC" = SourceMac "DROP_VLAN" = Vlan
            "DROP_ETHERTYPE" = EtherType "DROP_IPV6" = Ipv6 "DROP_MULTICAST" = Multicast "DROP_ARP_SPOOFED" = ArpSpoofed
            "DROP_ARP_UNANSWERED" = ArpUnanswered "DROP_MALFORMED" = Malformed "DROP_SOURCE_ADDRESS" = SourceAddress
            "DROP_TOO_LONG" = TooLong "DROP_LIMITED" = Limited "DROP_BAD_ORDER" = BadOrder "DROP_REASONS" = LoneFragment
        );
        let file = std::env::temp_dir().join(format!("peerless-layout-{}.c", std::process::id()));
        std::fs::write(&file, c).unwrap();
        let clang = std::env::var("CLANG").unwrap_or_else(|_| "clang".to_owned());
        let multiarch = format!("-I/usr/include/{}-linux-gnu", std::env::consts::ARCH);
        let output = Command::new(clang).args(["-target", "bpf", "-fsyntax-only", &multiarch]).arg(&file).output().unwrap();
        std::fs::remove_file(&file).unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    }
}
