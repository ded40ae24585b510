//! System calls that `nix` does not offer, each wrapped so that no caller needs `unsafe`.
#![expect(unsafe_code, reason = "system calls without a safe wrapper in nix")]

use std::{
    ffi::CStr,
    io, mem,
    os::fd::{AsFd, AsRawFd, FromRawFd, OwnedFd, RawFd},
};

use libc::{c_long, c_uint};

/// How [`set_mount_attributes`] changes a mount and everything below it.
pub(crate) struct MountAttributes<'a, F> {
    pub(crate) set: u64,
    /// The user namespace through which owners are mapped.
    pub(crate) map: Option<&'a F>,
}

/// A descriptor for a process that stays its own even when the number is used again.
pub(crate) fn pidfd_open(pid: i32) -> io::Result<OwnedFd> {
    // SAFETY: the arguments are plain numbers.
    let fd = unsafe { libc::syscall(libc::SYS_pidfd_open, pid, 0) };
    descriptor(fd)
}

/// Sends a signal to the process behind a pidfd.
pub(crate) fn pidfd_send_signal(pidfd: &impl AsFd, signal: i32) -> io::Result<()> {
    // SAFETY: the descriptor is borrowed for the call; a null siginfo asks the kernel to fill it in.
    let result = unsafe { libc::syscall(libc::SYS_pidfd_send_signal, raw(pidfd), signal, std::ptr::null::<libc::siginfo_t>(), 0) };
    done(result)
}

/// A detached copy of the mount at `path` below `directory` (the directory itself if empty), with all mounts below it if `recursive`.
pub(crate) fn open_tree(directory: &impl AsFd, path: &CStr, recursive: bool) -> io::Result<OwnedFd> {
    let recursive = if recursive { libc::AT_RECURSIVE as c_uint } else { 0 };
    let flags = libc::OPEN_TREE_CLONE | libc::OPEN_TREE_CLOEXEC | libc::AT_EMPTY_PATH as c_uint | recursive;
    // SAFETY: the path is a C string that lives through the call.
    let fd = unsafe { libc::syscall(libc::SYS_open_tree, raw(directory), path.as_ptr(), flags) };
    descriptor(fd)
}

/// Attaches a detached mount to the directory behind a descriptor: no path is walked, so no symbolic link can lead astray.
pub(crate) fn move_mount(tree: &impl AsFd, target: &impl AsFd) -> io::Result<()> {
    let flags = libc::MOVE_MOUNT_F_EMPTY_PATH | libc::MOVE_MOUNT_T_EMPTY_PATH;
    // SAFETY: both paths are empty C strings, as the flags say.
    let result = unsafe { libc::syscall(libc::SYS_move_mount, raw(tree), c"".as_ptr(), raw(target), c"".as_ptr(), flags) };
    done(result)
}

/// Changes a mount, and all below it, in one step that succeeds or fails as a whole.
pub(crate) fn set_mount_attributes<F: AsFd>(mount: &impl AsFd, attributes: &MountAttributes<'_, F>) -> io::Result<()> {
    // SAFETY: `mount_attr` is plain numbers, for which all zeroes means "change nothing".
    let mut wanted: libc::mount_attr = unsafe { mem::zeroed() };
    wanted.attr_set = attributes.set;
    if let Some(namespace) = attributes.map {
        wanted.attr_set |= libc::MOUNT_ATTR_IDMAP;
        wanted.userns_fd = u64::from(raw(namespace).unsigned_abs());
    }
    let flags = libc::AT_EMPTY_PATH | libc::AT_RECURSIVE;
    let size = mem::size_of_val(&wanted);
    // SAFETY: `wanted` lives through the call, and `size` is its size.
    let result = unsafe { libc::syscall(libc::SYS_mount_setattr, raw(mount), c"".as_ptr(), flags, &raw const wanted, size) };
    done(result)
}

/// Marks every descriptor from `first` on to be closed by the next exec.
pub(crate) fn close_on_exec_from(first: c_uint) -> io::Result<()> {
    // SAFETY: nothing is closed now, so no owner of a descriptor is betrayed.
    let result = unsafe { libc::syscall(libc::SYS_close_range, first, c_uint::MAX, libc::CLOSE_RANGE_CLOEXEC) };
    done(result)
}

/// Closes every descriptor from `first` on, except one.
///
/// # Safety
/// No owner of any other descriptor may ever run again in this process.
pub(crate) unsafe fn close_from_but(first: c_uint, kept: &impl AsFd) -> io::Result<()> {
    let kept = raw(kept).unsigned_abs();
    let ranges = [(first, kept.saturating_sub(1)), (first.max(kept + 1), c_uint::MAX)];
    for (first, last) in ranges.into_iter().filter(|(first, last)| first <= last) {
        // SAFETY: the caller's promise.
        done(unsafe { libc::syscall(libc::SYS_close_range, first, last, 0) })?;
    }
    Ok(())
}

/// Replaces the session keyring by an empty one: possession of a keyring, unlike most things, is not confined by a user namespace.
pub(crate) fn new_session_keyring() -> io::Result<()> {
    // SAFETY: a null name asks for an anonymous keyring.
    let result = unsafe { libc::syscall(libc::SYS_keyctl, libc::KEYCTL_JOIN_SESSION_KEYRING, std::ptr::null::<libc::c_char>()) };
    match done(result) {
        // A kernel without keyrings has none to hide.
        Err(error) if error.raw_os_error() == Some(libc::ENOSYS) => Ok(()),
        result => result,
    }
}

/// Unlocks a pseudo-terminal and opens its other end; by its descriptor, since a guest decides what its paths lead to.
pub(crate) fn open_terminal(master: &impl AsFd) -> io::Result<OwnedFd> {
    let unlocked: libc::c_int = 0;
    // SAFETY: the kernel reads one number, which lives through the call.
    let result = unsafe { libc::ioctl(raw(master), libc::TIOCSPTLCK, &raw const unlocked) };
    done(result.into())?;
    // SAFETY: the argument is a plain number.
    let fd = unsafe { libc::ioctl(raw(master), libc::TIOCGPTPEER, libc::O_RDWR | libc::O_NOCTTY | libc::O_CLOEXEC) };
    descriptor(fd.into())
}

/// Gives the calling session the terminal behind `terminal` as its controlling terminal.
pub(crate) fn set_controlling_terminal(terminal: &impl AsFd) -> io::Result<()> {
    // SAFETY: the argument is a plain number: do not steal the terminal from another session.
    let result = unsafe { libc::ioctl(raw(terminal), libc::TIOCSCTTY, 0) };
    done(result.into())
}

/// The size of a terminal's window. An error if it is no terminal.
pub fn window_size(terminal: &impl AsFd) -> io::Result<libc::winsize> {
    let mut size = libc::winsize { ws_row: 0, ws_col: 0, ws_xpixel: 0, ws_ypixel: 0 };
    // SAFETY: the kernel writes one `winsize`, which lives through the call.
    let result = unsafe { libc::ioctl(raw(terminal), libc::TIOCGWINSZ, &raw mut size) };
    done(result.into()).map(|()| size)
}

/// Tells a terminal the size of its window, and so its foreground programs by SIGWINCH.
pub(crate) fn set_window_size(terminal: &impl AsFd, size: libc::winsize) -> io::Result<()> {
    // SAFETY: the kernel reads one `winsize`, which lives through the call.
    let result = unsafe { libc::ioctl(raw(terminal), libc::TIOCSWINSZ, &raw const size) };
    done(result.into())
}

/// Sets the flags of a network interface of this network namespace.
pub(crate) fn set_interface_up(socket: &impl AsFd, name: &CStr) -> io::Result<()> {
    let mut request = interface_request(name);
    request.ifr_ifru.ifru_flags = (libc::IFF_UP | libc::IFF_RUNNING) as libc::c_short;
    // SAFETY: the kernel reads one `ifreq`, which lives through the call.
    let result = unsafe { libc::ioctl(raw(socket), libc::SIOCSIFFLAGS, &raw const request) };
    done(result.into())
}

/// The flags of a network interface of this network namespace.
pub(crate) fn interface_flags(socket: &impl AsFd, name: &CStr) -> io::Result<libc::c_int> {
    let mut request = interface_request(name);
    // SAFETY: the kernel reads and writes one `ifreq`, which lives through the call.
    let result = unsafe { libc::ioctl(raw(socket), libc::SIOCGIFFLAGS, &raw mut request) };
    // SAFETY: that request has filled in the flags.
    done(result.into()).map(|()| unsafe { request.ifr_ifru.ifru_flags }.into())
}

/// Whether a network interface of this network namespace has an IPv4 address.
pub(crate) fn interface_has_address(socket: &impl AsFd, name: &CStr) -> bool {
    let mut request = interface_request(name);
    // SAFETY: the kernel reads and writes one `ifreq`, which lives through the call.
    let result = unsafe { libc::ioctl(raw(socket), libc::SIOCGIFADDR, &raw mut request) };
    result == 0
}

fn interface_request(name: &CStr) -> libc::ifreq {
    // SAFETY: `ifreq` is plain bytes, for which all zeroes is a value.
    let mut request: libc::ifreq = unsafe { mem::zeroed() };
    for (place, byte) in request.ifr_name.iter_mut().take(libc::IFNAMSIZ - 1).zip(name.to_bytes()) {
        *place = byte.cast_signed();
    }
    request
}

/// A socket that only serves to ask about this network namespace's interfaces.
pub(crate) fn interface_socket() -> io::Result<OwnedFd> {
    // SAFETY: the arguments are plain numbers.
    let fd = unsafe { libc::socket(libc::AF_INET, libc::SOCK_DGRAM | libc::SOCK_CLOEXEC, 0) };
    descriptor(fd.into())
}

/// The number of a loop device that nobody uses.
pub(crate) fn free_loop_device(control: &impl AsFd) -> io::Result<i32> {
    /// linux/loop.h
    const LOOP_CTL_GET_FREE: libc::Ioctl = 0x4C82;
    // SAFETY: the call takes no argument.
    let number = unsafe { libc::ioctl(raw(control), LOOP_CTL_GET_FREE) };
    done(number.into()).map(|()| number)
}

/// Lets a loop device show a file, until the last one who uses the device lets go of it.
pub(crate) fn configure_loop_device(device: &impl AsFd, file: &impl AsFd) -> io::Result<()> {
    /// linux/loop.h, since Linux 5.8
    const LOOP_CONFIGURE: libc::Ioctl = 0x4C0A;
    const LO_FLAGS_AUTOCLEAR: u32 = 4;
    /// `struct loop_config`: the file, the size of blocks (0: as the device has it), and of `struct loop_info64` the flags alone.
    #[repr(C)]
    struct Config {
        file: u32,
        block_size: u32,
        numbers: [u64; 5],
        more_numbers: [u32; 3],
        flags: u32,
        names: [u8; 64 + 64 + 32],
        init: [u64; 2],
        reserved: [u64; 8],
    }
    const { assert!(size_of::<Config>() == 304) };
    // SAFETY: `Config` is plain numbers, for which all zeroes means "nothing special".
    let mut config: Config = unsafe { mem::zeroed() };
    config.file = raw(file).unsigned_abs();
    config.flags = LO_FLAGS_AUTOCLEAR;
    // SAFETY: `config` lives through the call and has the layout that the kernel reads.
    let result = unsafe { libc::ioctl(raw(device), LOOP_CONFIGURE, &raw const config) };
    done(result.into())
}

fn raw(fd: &impl AsFd) -> RawFd {
    fd.as_fd().as_raw_fd()
}

fn done(result: c_long) -> io::Result<()> {
    if result < 0 { Err(io::Error::last_os_error()) } else { Ok(()) }
}

fn descriptor(result: c_long) -> io::Result<OwnedFd> {
    done(result)?;
    let fd = RawFd::try_from(result).map_err(io::Error::other)?;
    // SAFETY: the kernel has just made this descriptor and nobody else knows it.
    Ok(unsafe { OwnedFd::from_raw_fd(fd) })
}
