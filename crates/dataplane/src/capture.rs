//! Copies of the packets of one interface, for who wants to look at them; nobody pays for it while nobody does.
//!
//! Two packet sockets see them. One is on the guest's end of the veth pair: what is sent, before anything of the fabric has
//! touched it, and what arrives. The other is in the fabric, where the kernel hands out copies before the programs run: what
//! others send to the interface and what is dropped on the way never comes to its guest, and is seen there only.
//!
//! What became of a packet is what the flow that it is of is known to be: that is asked a moment later, when the slow path
//! has judged the first packet of a flow, too.

#![expect(unsafe_code, reason = "nix cannot make the address of a packet socket, nor attach a filter to it")]

use std::io::{self, IoSliceMut};
use std::mem::{size_of, size_of_val};
use std::net::Ipv4Addr;
use std::os::fd::{AsFd, AsRawFd, FromRawFd, OwnedFd};
use std::time::{Duration, Instant};

use model::{NetworkInterface, NetworkInterfaceId, Snapshot};
use nix::errno::Errno;
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use nix::sys::socket::{ControlMessageOwned, LinkAddr, MsgFlags, recvmsg, setsockopt, sockopt};
use semantics::{Denial, Origin, Packet, Verdict};

use crate::data_plane::DataPlane;
use crate::error::{Doing, Error, Result};
use crate::namespace::Namespace;
use crate::parse::{Parsed, parse};

/// How long packets wait for the verdict on their flow.
const BATCH: Duration = Duration::from_millis(100);
/// The most packets that wait, per socket; the kernel counts what it could not hand over.
const MOST_WAITING: usize = 4096;
/// How much the kernel keeps while nobody reads.
const BUFFER: usize = 8 << 20;
/// The longest packet, segments that a card would cut up included.
const LONGEST: usize = 14 + u16::MAX as usize;
const ETHERNET: usize = 14;

/// A packet that was seen.
#[derive(Clone, Debug, PartialEq)]
pub struct Captured {
    /// When, in nanoseconds since 1970.
    pub at: u64,
    /// Where.
    pub place: Place,
    /// It, from its Ethernet header on, as long as it was asked for.
    pub bytes: Vec<u8>,
    /// How long it was.
    pub length: usize,
    /// It, as far as a VPC looks at it, and what becomes of such packets; `None` for what is judged by itself (fragments,
    /// ICMP errors) or not at all (ARP).
    pub flow: Option<(Packet, Verdict)>,
}

/// Where a packet was seen.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Place {
    /// It left the interface.
    Sent,
    /// It arrived there.
    Received,
    /// It was for the interface, and was dropped before it came there.
    Lost,
}

/// A capture that goes on until it is dropped.
pub struct Capture {
    interface: NetworkInterface,
    /// In the guest.
    own: OwnedFd,
    /// In the fabric.
    others: OwnedFd,
    snapshot_length: usize,
    buffer: Vec<u8>,
}

/// A packet as a socket gave it.
struct Raw {
    at: u64,
    /// The device that it was seen on.
    ifindex: usize,
    is_outgoing: bool,
    bytes: Vec<u8>,
    length: usize,
}

impl DataPlane {
    /// Begins to capture at an interface, which is `eth0` in that network namespace; of each packet so many bytes.
    pub fn capture(&self, id: NetworkInterfaceId, guest: OwnedFd, snapshot_length: usize) -> Result<Capture> {
        let snapshot = self.latest.load();
        let interface = snapshot.get(id).ok_or(Error::UnknownInterface(id))?.clone();
        let guest = Namespace::from(guest);
        let eth0 = guest.netlink()?.link_index(crate::veth::GUEST_END).doing(|| format!("find {id} in its instance"))?;
        let own = guest.run(|| open(eth0, &[]).doing(|| format!("watch {id}")))?;
        let addresses: Vec<Ipv4Addr> = std::iter::once(interface.private_ip).chain(interface.public_ip()).collect();
        let others = self.in_fabric(|| open(0, &to_any_of(&addresses)).doing(|| "watch the fabric".to_owned()))?;
        Ok(Capture { interface, own, others, snapshot_length, buffer: vec![0; LONGEST] })
    }
}

impl Capture {
    /// The packets of the next moment, in their order; none if there were none. It takes a tenth of a second, or a little
    /// more.
    pub fn next(&mut self, data_plane: &DataPlane) -> Result<Vec<Captured>> {
        let (own, others) = self.collect().doing(|| "read captured packets".to_owned())?;
        if own.is_empty() && others.is_empty() {
            return Ok(Vec::new());
        }
        let snapshot = data_plane.latest.load_full();
        let origins = if others.is_empty() { Default::default() } else { data_plane.origins()? };
        let own = own.into_iter().map(|raw| {
            let place = if raw.is_outgoing { Place::Sent } else { Place::Received };
            let origin = raw.is_outgoing.then_some(Origin::Interface(self.interface.id));
            (place, origin, raw)
        });
        let others = others.into_iter().filter(|raw| !raw.is_outgoing).filter_map(|raw| {
            let origin = *origins.get(&u32::try_from(raw.ifindex).ok()?)?;
            Some((Place::Lost, Some(origin), raw))
        });
        let seen: Vec<_> = own.chain(others).map(|(place, origin, raw)| (place, origin.zip(flow_of(&raw.bytes)), raw)).collect();
        let asked: Vec<_> = seen.iter().filter_map(|(_, flow, _)| *flow).collect();
        let mut known = data_plane.flows_of(asked)?.into_iter();
        let mut captured: Vec<Captured> = seen
            .into_iter()
            .filter_map(|(place, flow, raw)| {
                let report = flow.and_then(|_| known.next().flatten());
                let flow = flow.zip(report).map(|((_, packet), report)| (packet, report.verdict));
                let is_seen = place != Place::Lost || flow.is_some_and(|(_, verdict)| died_at(&snapshot, &self.interface, &verdict));
                let bytes = raw.bytes.into_iter().take(self.snapshot_length).collect();
                is_seen.then_some(Captured { at: raw.at, place, bytes, length: raw.length, flow })
            })
            .collect();
        captured.sort_by_key(|captured| captured.at);
        Ok(captured)
    }

    /// How many packets the kernel could not hand over since this was last asked, for want of room.
    pub fn missed(&self) -> u64 {
        [&self.own, &self.others].into_iter().filter_map(|socket| missed(socket).ok()).sum()
    }

    /// What both sockets have once a moment has passed since the first packet.
    fn collect(&mut self) -> io::Result<(Vec<Raw>, Vec<Raw>)> {
        let (mut own, mut others) = (Vec::new(), Vec::new());
        let deadline = Instant::now() + BATCH;
        loop {
            read_all(&self.own, &mut self.buffer, &mut own)?;
            read_all(&self.others, &mut self.buffer, &mut others)?;
            let left = deadline.saturating_duration_since(Instant::now());
            if left.is_zero() || own.len() >= MOST_WAITING || others.len() >= MOST_WAITING {
                break;
            }
            let mut watched = [PollFd::new(self.own.as_fd(), PollFlags::POLLIN), PollFd::new(self.others.as_fd(), PollFlags::POLLIN)];
            match poll(&mut watched, PollTimeout::try_from(left).unwrap_or(PollTimeout::ZERO)) {
                Ok(_) | Err(Errno::EINTR) => {}
                Err(error) => return Err(error.into()),
            }
        }
        if !own.is_empty() || !others.is_empty() {
            // The slow path may be about to judge the last ones.
            std::thread::sleep(BATCH / 4);
        }
        Ok((own, others))
    }
}

/// Whether a packet was dropped at the edge of that interface, as it would have come in.
fn died_at(snapshot: &Snapshot, interface: &NetworkInterface, verdict: &Verdict) -> bool {
    let Verdict::Drop(denial) = verdict else { return false };
    match *denial {
        Denial::SecurityGroup { interface: at, direction } => at == interface.id && direction == model::Direction::Ingress,
        Denial::NetworkAcl { subnet, direction, .. } => subnet == interface.subnet && direction == model::Direction::Ingress,
        Denial::NotRunning { interface: at, .. } => at == interface.id,
        Denial::NoGateway { vpc } => vpc == interface.vpc && snapshot.get(interface.id).is_some_and(|known| known.public_ip().is_some()),
        _ => false,
    }
}

fn flow_of(frame: &[u8]) -> Option<Packet> {
    let (ethernet, payload) = frame.split_at_checked(ETHERNET)?;
    if ethernet[12..] != [0x08, 0x00] {
        return None;
    }
    match parse(payload)? {
        Parsed::Flow { packet, .. } => Some(packet),
        Parsed::LaterFragment(_) | Parsed::Error(_) => None,
    }
}

/// A filter of classic BPF that takes IPv4 packets to these addresses.
fn to_any_of(addresses: &[Ipv4Addr]) -> Vec<libc::sock_filter> {
    const LOAD_HALF: u16 = 0x28;
    const LOAD_WORD: u16 = 0x20;
    const JUMP_IF_EQUAL: u16 = 0x15;
    const RETURN: u16 = 0x06;
    const ETHER_TYPE: u32 = 12;
    const DESTINATION: u32 = 30;
    let instruction = |code, jt, jf, k| libc::sock_filter { code, jt, jf, k };
    let to_no = u8::try_from(addresses.len() + 1).unwrap_or(u8::MAX);
    let mut program = vec![
        instruction(LOAD_HALF, 0, 0, ETHER_TYPE),
        instruction(JUMP_IF_EQUAL, 0, to_no, libc::ETH_P_IP as u32),
        instruction(LOAD_WORD, 0, 0, DESTINATION),
    ];
    for (index, &address) in addresses.iter().enumerate() {
        let to_the_end = u8::try_from(addresses.len() - index).unwrap_or(u8::MAX);
        program.push(instruction(JUMP_IF_EQUAL, to_the_end, 0, address.into()));
    }
    program.push(instruction(RETURN, 0, 0, 0));
    program.push(instruction(RETURN, 0, 0, u32::MAX));
    program
}

/// A packet socket on that device, or on all for 0, in the calling thread's namespace. It takes every protocol: what asks for one
/// only is served after the programs, which leave nothing.
fn open(ifindex: u32, filter: &[libc::sock_filter]) -> io::Result<OwnedFd> {
    // With protocol 0 it hears nothing before it is bound, when the filter is there.
    // SAFETY: plain numbers; the result is checked.
    let fd = unsafe { libc::socket(libc::AF_PACKET, libc::SOCK_RAW | libc::SOCK_CLOEXEC | libc::SOCK_NONBLOCK, 0) };
    if fd < 0 {
        return Err(io::Error::last_os_error());
    }
    // SAFETY: it was just opened and is nobody else's.
    let socket = unsafe { OwnedFd::from_raw_fd(fd) };
    setsockopt(&socket, sockopt::ReceiveTimestampns, &true)?;
    setsockopt(&socket, sockopt::RcvBufForce, &BUFFER)?;
    if !filter.is_empty() {
        let program = libc::sock_fprog { len: filter.len() as u16, filter: filter.as_ptr().cast_mut() };
        // SAFETY: the kernel copies the program, which outlives the call, and checks it.
        let set = unsafe {
            let (value, length) = ((&raw const program).cast(), size_of::<libc::sock_fprog>() as libc::socklen_t);
            libc::setsockopt(socket.as_raw_fd(), libc::SOL_SOCKET, libc::SO_ATTACH_FILTER, value, length)
        };
        if set != 0 {
            return Err(io::Error::last_os_error());
        }
    }
    // SAFETY: all zeroes is a valid value.
    let mut address: libc::sockaddr_ll = unsafe { std::mem::zeroed() };
    address.sll_family = libc::AF_PACKET as u16;
    address.sll_protocol = (libc::ETH_P_ALL as u16).to_be();
    address.sll_ifindex = ifindex.cast_signed();
    // SAFETY: the address is whole and outlives the call.
    let bound = unsafe { libc::bind(socket.as_raw_fd(), (&raw const address).cast(), size_of_val(&address) as libc::socklen_t) };
    if bound != 0 {
        return Err(io::Error::last_os_error());
    }
    Ok(socket)
}

fn read_all(socket: &OwnedFd, buffer: &mut [u8], packets: &mut Vec<Raw>) -> io::Result<()> {
    while packets.len() < MOST_WAITING {
        let mut control = nix::cmsg_space!(nix::sys::time::TimeSpec);
        let mut vectors = [IoSliceMut::new(buffer)];
        let flags = MsgFlags::MSG_TRUNC | MsgFlags::MSG_DONTWAIT;
        let (length, address, at) = match recvmsg::<LinkAddr>(socket.as_raw_fd(), &mut vectors, Some(&mut control), flags) {
            Ok(message) => (message.bytes, message.address, message.cmsgs().ok().and_then(|mut all| all.find_map(time_of)).unwrap_or_default()),
            Err(Errno::EAGAIN) => return Ok(()),
            // The device is gone, or down: nothing more comes from there.
            Err(Errno::ENETDOWN | Errno::EINTR) => continue,
            Err(error) => return Err(error.into()),
        };
        let bytes = buffer.get(..length.min(buffer.len())).unwrap_or_default().to_vec();
        let (ifindex, kind) = address.map_or((0, 0), |address| (address.ifindex(), address.pkttype()));
        packets.push(Raw { at, ifindex, is_outgoing: kind == libc::PACKET_OUTGOING, bytes, length });
    }
    Ok(())
}

fn time_of(message: ControlMessageOwned) -> Option<u64> {
    let ControlMessageOwned::ScmTimestampns(time) = message else { return None };
    let (seconds, nanoseconds) = (u64::try_from(time.tv_sec()).ok()?, u64::try_from(time.tv_nsec()).ok()?);
    Some(seconds * 1_000_000_000 + nanoseconds)
}

fn missed(socket: &OwnedFd) -> io::Result<u64> {
    // SAFETY: all zeroes is a valid value.
    let mut statistics: libc::tpacket_stats = unsafe { std::mem::zeroed() };
    let mut length = size_of::<libc::tpacket_stats>() as libc::socklen_t;
    // SAFETY: the kernel writes at most that many bytes there.
    let got =
        unsafe { libc::getsockopt(socket.as_raw_fd(), libc::SOL_PACKET, libc::PACKET_STATISTICS, (&raw mut statistics).cast(), &raw mut length) };
    if got == 0 { Ok(statistics.tp_drops.into()) } else { Err(io::Error::last_os_error()) }
}

/// Whether an address is one of those that the filter lets through, for the test.
#[cfg(test)]
fn run(program: &[libc::sock_filter], frame: &[u8]) -> u32 {
    let mut accumulator = 0;
    let mut at = 0;
    loop {
        let instruction = program[at];
        at += 1;
        match instruction.code {
            0x28 => accumulator = frame[instruction.k as usize..].first_chunk().map_or(0, |bytes| u16::from_be_bytes(*bytes).into()),
            0x20 => accumulator = frame[instruction.k as usize..].first_chunk().map_or(0, |bytes| u32::from_be_bytes(*bytes)),
            0x15 => at += usize::from(if accumulator == instruction.k { instruction.jt } else { instruction.jf }),
            _ => return instruction.k,
        }
    }
}

#[cfg(test)]
mod tests {
    use std::net::IpAddr;

    use super::*;

    #[test]
    fn the_filter_takes_what_is_for_the_interface() {
        let addresses = [Ipv4Addr::new(10, 1, 0, 10), Ipv4Addr::new(198, 18, 0, 1)];
        let frame = |to: [u8; 4]| [vec![0; 12], vec![8, 0], vec![0; 16], to.to_vec(), vec![0; 20]].concat();
        for program in [to_any_of(&addresses[..1]), to_any_of(&addresses)] {
            assert_eq!(run(&program, &frame([10, 1, 0, 10])), u32::MAX);
            assert_eq!(run(&program, &frame([10, 1, 0, 11])), 0);
            assert_eq!(run(&program, &[vec![0; 12], vec![8, 6], vec![0; 40]].concat()), 0, "ARP");
        }
        assert_eq!(run(&to_any_of(&addresses), &frame([198, 18, 0, 1])), u32::MAX);
        assert_eq!(run(&to_any_of(&addresses[..1]), &frame([198, 18, 0, 1])), 0);
    }

    #[test]
    fn only_ipv4_is_of_a_flow() {
        let mut frame = [0_u8; ETHERNET + 28];
        frame[12..14].copy_from_slice(&[0x08, 0x06]);
        assert_eq!(flow_of(&frame), None, "ARP");
        frame[12..14].copy_from_slice(&[0x08, 0x00]);
        frame[ETHERNET] = 0x45;
        frame[ETHERNET + 3] = 28;
        frame[ETHERNET + 9] = 17;
        frame[ETHERNET + 12..ETHERNET + 20].copy_from_slice(&[10, 1, 0, 10, 10, 2, 0, 10]);
        let packet = flow_of(&frame).map(|packet| (packet.source, packet.destination));
        assert_eq!(packet, Some((IpAddr::from([10, 1, 0, 10]), IpAddr::from([10, 2, 0, 10]))));
        assert_eq!(flow_of(&frame[..10]), None);
    }
}
