//! Frames as they are on an interface: written whole, read whole, without help from the guest's kernel.

use std::net::{IpAddr, Ipv4Addr};
use std::os::fd::{AsRawFd, OwnedFd};

use nix::errno::Errno;
use nix::ifaddrs::getifaddrs;
use nix::sys::socket::{AddressFamily, LinkAddr, MsgFlags, SockFlag, SockProtocol, SockType, recv, sendto, socket};
use semantics::{Packet, Transport};

use crate::lab::Guest;

/// An Ethernet address.
pub type Mac = [u8; 6];

/// TCP's flags that no connection ends by.
pub const SYN: u8 = 0x02;
pub const ACK: u8 = 0x10;

/// Behind the Ethernet header and an IP header without options.
const TRANSPORT: usize = 14 + 20;

/// The card of a guest whose own kernel neither sees an address nor answers anything.
pub struct Wire {
    socket: OwnedFd,
    link: LinkAddr,
}

impl Wire {
    /// Takes the guest's card over.
    pub fn new(guest: &Guest) -> Self {
        guest.must("ip", &["address", "flush", "dev", "eth0"]);
        guest.run(|| {
            // Of that one protocol, only what comes in is seen.
            let socket = socket(AddressFamily::Packet, SockType::Raw, SockFlag::SOCK_NONBLOCK, SockProtocol::EthIp).unwrap();
            let mut links = getifaddrs().unwrap().filter(|interface| interface.interface_name == "eth0");
            let link = links.find_map(|interface| interface.address.and_then(|address| address.as_link_addr().copied())).unwrap();
            Self { socket, link }
        })
    }

    /// Its address.
    pub fn mac(&self) -> Mac {
        self.link.addr().unwrap()
    }

    pub fn send(&self, frame: &[u8]) {
        assert_eq!(sendto(self.socket.as_raw_fd(), frame, &self.link, MsgFlags::empty()), Ok(frame.len()));
    }

    /// A frame that came, if one did.
    pub fn receive(&self) -> Option<Vec<u8>> {
        let mut buffer = vec![0; 2048];
        match recv(self.socket.as_raw_fd(), &mut buffer, MsgFlags::empty()) {
            Ok(length) => {
                buffer.truncate(length);
                Some(buffer)
            }
            Err(Errno::EAGAIN) => None,
            Err(error) => panic!("{error}"),
        }
    }
}

/// The one frame that is that packet, with all checksums; its payload is the number.
pub fn frame(to: Mac, from: Mac, packet: &Packet, flags: u8, number: u32) -> Vec<u8> {
    let mut bytes = [&to[..], &from, &[8, 0], &[0x45, 0, 0, 0, 0, 0, 0x40, 0, 64, packet.protocol(), 0, 0]].concat();
    bytes.extend(ipv4(packet.source).octets());
    bytes.extend(ipv4(packet.destination).octets());
    let checksum = match packet.transport {
        Transport::Tcp { source_port, destination_port } => {
            bytes.extend([source_port.to_be_bytes(), destination_port.to_be_bytes()].concat());
            bytes.extend([0, 0, 0, 1, 0, 0, 0, 1, 0x50, flags, 0xff, 0xff, 0, 0, 0, 0]);
            Some(16)
        }
        Transport::Udp { source_port, destination_port } => {
            bytes.extend([source_port.to_be_bytes(), destination_port.to_be_bytes()].concat());
            bytes.extend([0, 12, 0, 0]);
            Some(6)
        }
        Transport::Icmp { kind, code, identifier } => {
            bytes.extend([kind, code, 0, 0]);
            bytes.extend(identifier.to_be_bytes());
            bytes.extend([0, 1]);
            Some(2)
        }
        Transport::Other(_) => None,
    };
    bytes.extend(number.to_be_bytes());
    let length = (bytes.len() - 14) as u16;
    bytes[16..18].copy_from_slice(&length.to_be_bytes());
    let header = !sum(&bytes[14..TRANSPORT]);
    bytes[24..26].copy_from_slice(&header.to_be_bytes());
    if let Some(at) = checksum {
        let mut covered = bytes[TRANSPORT..].to_vec();
        if packet.protocol() != 1 {
            covered.extend(&bytes[26..TRANSPORT]);
            covered.extend([0, packet.protocol()]);
            covered.extend((length - 20).to_be_bytes());
        }
        // Zero would be none; ones' complement has another.
        let checksum = Some(!sum(&covered)).filter(|&sum| sum != 0 || packet.protocol() != 17).unwrap_or(0xffff);
        bytes[TRANSPORT + at..][..2].copy_from_slice(&checksum.to_be_bytes());
    }
    bytes
}

fn sum(bytes: &[u8]) -> u16 {
    let sum: u32 = bytes.chunks(2).map(|pair| u32::from(pair[0]) << 8 | u32::from(*pair.get(1).unwrap_or(&0))).sum();
    let sum = (sum & 0xffff) + (sum >> 16);
    (sum + (sum >> 16)) as u16
}

fn ipv4(address: IpAddr) -> Ipv4Addr {
    match address {
        IpAddr::V4(address) => address,
        IpAddr::V6(address) => panic!("{address} is no IPv4 address"),
    }
}
