//! The way between kernel and slow path: a TAP whose frames keep their offload state.
//!
//! With `IFF_VNET_HDR` a frame comes with its checksum and segmentation state, so a 64 KiB segment stays one and a
//! checksum that was left to the hardware stays left; a ring buffer of bytes would lose both. The device persists:
//! its index stands in a map that outlives the daemon.

#![expect(unsafe_code, reason = "the ioctls of /dev/net/tun")]

use std::fs::OpenOptions;
use std::io;
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, OwnedFd};
use std::os::unix::fs::OpenOptionsExt;

use nix::errno::Errno;

use crate::checksum::checksum;
use crate::error::{Doing, Result};
use crate::layout::{ORDER_INTERFACE, ORDER_PREFIX, ORDER_SLOT};
use crate::parse::segment_headers;

/// Its name in the fabric.
pub(crate) const NAME: &str = "peerless";

/// `struct virtio_net_hdr`, which comes before each frame.
const OFFLOAD_LENGTH: usize = 10;
/// In its flags: the checksum of what begins at one place is to be put at another.
const NEEDS_CHECKSUM: u8 = 1;
/// Where numbers are in it.
const SEGMENT_SIZE: usize = 4;
const CHECKSUM_START: usize = 6;
const CHECKSUM_OFFSET: usize = 8;
const ETHERNET_LENGTH: usize = 14;
/// The longest IPv4 packet behind its headers.
const LONGEST: usize = OFFLOAD_LENGTH + ETHERNET_LENGTH + u16::MAX as usize;

nix::ioctl_write_ptr_bad!(tun_set_interface, libc::TUNSETIFF, libc::ifreq);
nix::ioctl_write_int_bad!(tun_set_offload, libc::TUNSETOFFLOAD);
nix::ioctl_write_int_bad!(tun_set_persist, libc::TUNSETPERSIST);

/// The slow path's end of the TAP.
pub(crate) struct Tap(OwnedFd);

/// A frame with its offload state, in a buffer that is used again and again.
pub(crate) struct Frame {
    buffer: Box<[u8]>,
    length: usize,
}

impl Tap {
    /// Makes the device in the namespace of the calling thread, or takes over the one that an earlier daemon made there.
    pub fn create() -> Result<Self> {
        let doing = || format!("create the TAP device {NAME}");
        let file = open(NAME, libc::IFF_TAP | libc::IFF_NO_PI | libc::IFF_VNET_HDR)?;
        let offloads = libc::TUN_F_CSUM | libc::TUN_F_TSO4 | libc::TUN_F_TSO6 | libc::TUN_F_TSO_ECN;
        // SAFETY: the descriptor is open; the argument is a number.
        unsafe { tun_set_offload(file.as_raw_fd(), offloads.cast_signed()) }.doing(doing)?;
        // SAFETY: as above.
        unsafe { tun_set_persist(file.as_raw_fd(), 1) }.doing(doing)?;
        Ok(Self(file))
    }

    /// Reads the next frame; false if there is none.
    pub fn read(&self, frame: &mut Frame) -> io::Result<bool> {
        match nix::unistd::read(&self.0, &mut frame.buffer) {
            Ok(length) => {
                frame.length = length;
                Ok(true)
            }
            Err(Errno::EAGAIN) => Ok(false),
            Err(error) => Err(error.into()),
        }
    }

    /// Sends a frame. The kernel's program on the other side has run when this returns: a write to a TAP without
    /// `IFF_NAPI` is received on the spot (`tun_rx_batched`).
    pub fn write(&self, frame: &Frame) -> io::Result<()> {
        nix::unistd::write(&self.0, &frame.buffer[..frame.length])?;
        Ok(())
    }
}

/// Makes a TUN or TAP device in the namespace of the calling thread, or takes over the one of that name.
pub(crate) fn open(name: &str, flags: libc::c_int) -> Result<OwnedFd> {
    let doing = || format!("create the device {name}");
    let file = OpenOptions::new().read(true).write(true).custom_flags(libc::O_NONBLOCK).open("/dev/net/tun").doing(doing)?;
    // SAFETY: all zeroes is a legal `ifreq`.
    let mut request: libc::ifreq = unsafe { std::mem::zeroed() };
    for (to, from) in request.ifr_name.iter_mut().zip(name.bytes()) {
        *to = from.cast_signed();
    }
    request.ifr_ifru.ifru_flags = flags as libc::c_short;
    // SAFETY: the descriptor is open, and the request lives until the call returns.
    unsafe { tun_set_interface(file.as_raw_fd(), &request) }.doing(doing)?;
    Ok(file.into())
}

impl AsFd for Tap {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.0.as_fd()
    }
}

impl Frame {
    /// An empty one.
    pub fn new() -> Self {
        Self { buffer: vec![0; LONGEST].into_boxed_slice(), length: 0 }
    }

    /// The serial of the interface that sent it, which the program wrote where the source address was.
    pub fn interface(&self) -> Option<u32> {
        match *self.buffer.get(OFFLOAD_LENGTH..self.length)? {
            [_, _, _, _, _, _, ORDER_PREFIX, ORDER_INTERFACE, a, b, c, d, ..] => Some(u32::from_be_bytes([a, b, c, d])),
            _ => None,
        }
    }

    /// All of it.
    pub fn bytes(&self) -> &[u8] {
        &self.buffer[..self.length]
    }

    /// Becomes a copy of all of another one, which is not longer than any.
    pub fn fill(&mut self, bytes: &[u8]) {
        self.length = bytes.len().min(self.buffer.len());
        self.buffer[..self.length].copy_from_slice(&bytes[..self.length]);
    }

    /// What it carries.
    pub fn payload(&self) -> &[u8] {
        self.buffer.get(OFFLOAD_LENGTH + ETHERNET_LENGTH..self.length).unwrap_or_default()
    }

    /// The same, to change in place.
    pub fn payload_mut(&mut self) -> &mut [u8] {
        self.buffer.get_mut(OFFLOAD_LENGTH + ETHERNET_LENGTH..self.length).unwrap_or_default()
    }

    /// How long the packet is, or the longest of the segments that it will be cut into.
    pub fn longest_packet(&self) -> usize {
        match self.offload(SEGMENT_SIZE) {
            0 => self.payload().len(),
            size => usize::from(size) + segment_headers(self.payload()),
        }
    }

    /// Whether it will be cut into segments.
    pub fn is_segmented(&self) -> bool {
        self.offload(SEGMENT_SIZE) != 0
    }

    /// Puts another packet in the place of the one it carries, one whose checksums are complete.
    pub fn carry(&mut self, parts: [&[u8]; 2]) {
        self.buffer[..OFFLOAD_LENGTH].fill(0);
        let mut end = OFFLOAD_LENGTH + ETHERNET_LENGTH;
        for part in parts {
            self.buffer[end..][..part.len()].copy_from_slice(part);
            end += part.len();
        }
        self.length = end;
    }

    /// Computes the checksum that was left to the hardware, if one was.
    pub fn complete_checksum(&mut self) {
        if self.buffer[0] & NEEDS_CHECKSUM == 0 {
            return;
        }
        let from = usize::from(self.offload(CHECKSUM_START)).saturating_sub(ETHERNET_LENGTH);
        let at = from + usize::from(self.offload(CHECKSUM_OFFSET));
        let payload = self.payload_mut();
        if let Some(covered) = payload.get(from..) {
            // The checksum of the pseudo header is in its place already. Zero would say that there is none.
            let sum = match checksum(covered) {
                0 => u16::MAX,
                sum => sum,
            };
            if let Some(place) = payload.get_mut(at..at + 2) {
                place.copy_from_slice(&sum.to_be_bytes());
            }
        }
        self.buffer[0] &= !NEEDS_CHECKSUM;
    }

    /// A number of `struct virtio_net_hdr`, which are in the order of this machine's bytes.
    fn offload(&self, at: usize) -> u16 {
        u16::from_ne_bytes([self.buffer[at], self.buffer[at + 1]])
    }

    /// Names the slot whose verdict the program is to apply, where the destination address is.
    pub fn order(&mut self, slot: u32) {
        let [a, b, c, d] = slot.to_be_bytes();
        self.buffer[OFFLOAD_LENGTH..][..6].copy_from_slice(&[ORDER_PREFIX, ORDER_SLOT, a, b, c, d]);
    }
}
