//! IPv4 packets, as far as they can go beyond: TCP, UDP and echo requests, and no fragments.

use std::net::{Ipv4Addr, SocketAddrV4};

use etherparse::{Icmpv4Header, Icmpv4Slice, Icmpv4Type, IpNumber, Ipv4Header, PacketBuilder, TcpHeader, UdpSlice};

use super::{Echo, Flow};

/// What packets that are made here may live through.
const TTL: u8 = 64;

/// One whose headers are whole.
pub(super) struct Packet<'p> {
    header: Ipv4Header,
    content: Content<'p>,
}

/// What is in it.
pub(super) enum Content<'p> {
    Tcp { source: u16, destination: u16, header: Box<TcpHeader>, payload: &'p [u8] },
    Udp { source: u16, destination: u16, payload: &'p [u8] },
    EchoRequest { identifier: u16, sequence: u16, payload: &'p [u8] },
}

impl<'p> Packet<'p> {
    pub(super) fn read(bytes: &'p [u8]) -> Option<Self> {
        let (header, _) = Ipv4Header::from_slice(bytes).ok()?;
        if header.is_fragmenting_payload() {
            return None;
        }
        let payload = bytes.get(header.header_len()..usize::from(header.total_len))?;
        let content = match header.protocol {
            IpNumber::TCP => {
                let (header, payload) = TcpHeader::from_slice(payload).ok()?;
                Content::Tcp { source: header.source_port, destination: header.destination_port, header: Box::new(header), payload }
            }
            IpNumber::UDP => {
                let datagram = UdpSlice::from_slice(payload).ok()?;
                Content::Udp { source: datagram.source_port(), destination: datagram.destination_port(), payload: datagram.payload() }
            }
            IpNumber::ICMP => {
                let message = Icmpv4Slice::from_slice(payload).ok()?;
                let Icmpv4Type::EchoRequest(echo) = message.icmp_type() else { return None };
                Content::EchoRequest { identifier: echo.id, sequence: echo.seq, payload: message.payload() }
            }
            _ => return None,
        };
        Some(Self { header, content })
    }

    pub(super) fn source(&self) -> Ipv4Addr {
        self.header.source.into()
    }

    pub(super) fn destination(&self) -> Ipv4Addr {
        self.header.destination.into()
    }

    pub(super) fn content(&self) -> &Content<'p> {
        &self.content
    }

    /// Whether it is the first of a TCP connection.
    pub(super) fn is_first(&self) -> bool {
        matches!(&self.content, Content::Tcp { header, .. } if header.syn && !header.ack && !header.rst && !header.fin)
    }

    /// The same TCP segment, between others.
    pub(super) fn translated(&self, source: SocketAddrV4, destination: SocketAddrV4) -> Option<Vec<u8>> {
        let Content::Tcp { header, payload, .. } = &self.content else { return None };
        let mut ip = self.header.clone();
        (ip.source, ip.destination) = (source.ip().octets(), destination.ip().octets());
        let mut tcp = (**header).clone();
        (tcp.source_port, tcp.destination_port) = (source.port(), destination.port());
        segment(ip, tcp, payload)
    }

    /// What tells its sender that there is no such connection (RFC 9293, section 3.10.7.1); nothing tells that to a reset.
    pub(super) fn reset(&self) -> Option<Vec<u8>> {
        let Content::Tcp { source, destination, header, payload } = &self.content else { return None };
        if header.rst {
            return None;
        }
        let sequence = if header.ack { header.acknowledgment_number } else { 0 };
        let mut tcp = TcpHeader::new(*destination, *source, sequence, 0);
        tcp.rst = true;
        if !header.ack {
            let length = u32::try_from(payload.len()).ok()? + u32::from(header.syn) + u32::from(header.fin);
            tcp.ack = true;
            tcp.acknowledgment_number = header.sequence_number.wrapping_add(length);
        }
        let ip = Ipv4Header::new(0, TTL, IpNumber::TCP, self.header.destination, self.header.source).ok()?;
        segment(ip, tcp, &[])
    }
}

fn segment(mut ip: Ipv4Header, mut tcp: TcpHeader, payload: &[u8]) -> Option<Vec<u8>> {
    ip.set_payload_len(tcp.header_len() + payload.len()).ok()?;
    ip.header_checksum = ip.calc_header_checksum();
    tcp.checksum = tcp.calc_checksum_ipv4(&ip, payload).ok()?;
    let mut packet = Vec::with_capacity(usize::from(ip.total_len));
    ip.write(&mut packet).and_then(|()| tcp.write(&mut packet)).ok()?;
    packet.extend_from_slice(payload);
    Some(packet)
}

/// A datagram from the other end of a flow to the guest.
pub fn datagram(flow: &Flow, payload: &[u8]) -> Option<Vec<u8>> {
    let builder = PacketBuilder::ipv4(flow.remote.ip().octets(), flow.guest.ip().octets(), TTL).udp(flow.remote.port(), flow.guest.port());
    let mut packet = Vec::with_capacity(builder.size(payload.len()));
    builder.write(&mut packet, payload).ok()?;
    // It may be longer than what the internet carries, and is cut up on the way.
    let (mut header, _) = Ipv4Header::from_slice(&packet).ok()?;
    header.dont_fragment = false;
    header.header_checksum = header.calc_header_checksum();
    packet.splice(..header.header_len(), header.to_bytes());
    Some(packet)
}

/// The reply to an echo request.
pub fn echo_reply(echo: &Echo) -> Option<Vec<u8>> {
    let builder = PacketBuilder::ipv4(echo.remote.octets(), echo.guest.octets(), TTL).icmpv4_echo_reply(echo.identifier, echo.sequence);
    let mut packet = Vec::with_capacity(builder.size(echo.payload.len()));
    builder.write(&mut packet, &echo.payload).ok()?;
    Some(packet)
}

/// An echo request, without the packet around it.
pub fn echo_request(identifier: u16, sequence: u16, payload: &[u8]) -> Vec<u8> {
    let kind = Icmpv4Type::EchoRequest(etherparse::IcmpEchoHeader { id: identifier, seq: sequence });
    let mut message = Icmpv4Header::with_checksum(kind, payload).to_bytes().to_vec();
    message.extend_from_slice(payload);
    message
}

/// What a packet replies to, if it is an echo reply; it is nobody's yet.
pub fn read_echo_reply(bytes: &[u8]) -> Option<Echo> {
    let (header, payload) = Ipv4Header::from_slice(bytes).ok()?;
    let message = Icmpv4Slice::from_slice(payload).ok()?;
    let Icmpv4Type::EchoReply(echo) = message.icmp_type() else { return None };
    let (remote, payload) = (header.source.into(), message.payload().to_vec());
    Some(Echo { guest: Ipv4Addr::UNSPECIFIED, remote, identifier: echo.id, sequence: echo.seq, payload })
}
