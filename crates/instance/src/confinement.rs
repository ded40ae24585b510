//! What even root inside may not ask of the kernel.
//!
//! The user namespace already makes root inside nobody outside. This is the second wall: system calls that know no namespaces, or that have
//! let people out of containers before, are refused by a seccomp filter, and capabilities that mean nothing inside are dropped for good. What
//! root may do on EC2 to its own network, mounts, processes and host name it may do here. Nested user namespaces are allowed: they give
//! nobody more than root inside has already, and programs need them to make sandboxes of their own.
//!
//! "No new privileges" is not set, for `sudo` and `ping` are meant to gain some.
#![expect(unsafe_code, reason = "prctl and seccomp without a safe wrapper in nix")]

use std::io;

use libc::{c_long, c_ulong, sock_filter};

use crate::error::{Doing, Error};

/// Confines this process and all that it starts, for good. Needs to be root inside.
pub(crate) fn confine() -> Result<(), Error> {
    for capability in DROPPED {
        drop_capability(capability).doing_with(|| format!("dropping capability {capability}"))?;
    }
    install(&filter()).doing("installing the seccomp filter")
}

/// Capabilities (capabilities(7), `linux/capability.h`) that no program inside gets, set-user-id or not.
const DROPPED: [c_ulong; 16] = [
    9,  // LINUX_IMMUTABLE: files that cannot be deleted, of the disk that terminate deletes
    16, // SYS_MODULE
    17, // SYS_RAWIO
    20, // SYS_PACCT
    22, // SYS_BOOT: an instance is rebooted and shut down by whom it was started by
    25, // SYS_TIME: there is one clock
    26, // SYS_TTY_CONFIG
    30, // AUDIT_CONTROL
    32, // MAC_OVERRIDE
    33, // MAC_ADMIN
    34, // SYSLOG
    35, // WAKE_ALARM
    36, // BLOCK_SUSPEND
    37, // AUDIT_READ
    38, // PERFMON
    39, // BPF
];

/// System calls that are refused: what is the whole machine's, what is keyed by nothing that a guest has of its own, and what is the way
/// into large parts of the kernel that no instance needs.
const REFUSED: &[c_long] = &[
    // The kernel, its modules and its log.
    libc::SYS_init_module,
    libc::SYS_finit_module,
    libc::SYS_delete_module,
    libc::SYS_kexec_load,
    libc::SYS_kexec_file_load,
    libc::SYS_syslog,
    // Programs in the kernel, and what watches it.
    libc::SYS_bpf,
    libc::SYS_perf_event_open,
    libc::SYS_userfaultfd,
    // It performs other system calls, past this filter.
    libc::SYS_io_uring_setup,
    libc::SYS_io_uring_enter,
    libc::SYS_io_uring_register,
    // Keyrings go by the user, and a possessed one by nothing.
    libc::SYS_add_key,
    libc::SYS_keyctl,
    libc::SYS_request_key,
    // Files by number, wherever they are.
    libc::SYS_open_by_handle_at,
    // The machine's memory, disks and clock.
    libc::SYS_swapon,
    libc::SYS_swapoff,
    libc::SYS_acct,
    libc::SYS_quotactl,
    libc::SYS_quotactl_fd,
    libc::SYS_settimeofday,
    libc::SYS_clock_settime,
    #[cfg(target_arch = "x86_64")]
    libc::SYS_iopl,
    #[cfg(target_arch = "x86_64")]
    libc::SYS_ioperm,
];

/// Families of sockets that belong to the guest's network. Others lead elsewhere, as VSOCK does to the hypervisor, or make the kernel load
/// modules that nobody looks after.
const FAMILIES: [libc::c_int; 5] = [libc::AF_UNIX, libc::AF_INET, libc::AF_INET6, libc::AF_NETLINK, libc::AF_PACKET];

/// The numbers above are those of one architecture (`linux/audit.h`); a program of another one would mean other calls by them.
#[cfg(target_arch = "x86_64")]
const ARCHITECTURE: u32 = 0xc000_003e;
#[cfg(target_arch = "aarch64")]
const ARCHITECTURE: u32 = 0xc000_00b7;

/// From here on numbers are those of the x32 ABI, which is another architecture in all but name.
const X32: u32 = 0x4000_0000;

/// Where the filter finds things: `struct seccomp_data`.
const NUMBER: u32 = 0;
const ARCHITECTURE_OF_CALL: u32 = 4;
const FIRST_ARGUMENT: u32 = 16;

fn filter() -> Vec<sock_filter> {
    let refuse = |errno: i32| step(libc::BPF_RET | libc::BPF_K, libc::SECCOMP_RET_ERRNO | errno.unsigned_abs());
    let allow = step(libc::BPF_RET | libc::BPF_K, libc::SECCOMP_RET_ALLOW);
    // The next step is passed over unless the value is so.
    let if_equal = |value: u32| jump(libc::BPF_JEQ, value, 0, 1);
    let mut program = vec![load(ARCHITECTURE_OF_CALL), jump(libc::BPF_JEQ, ARCHITECTURE, 1, 0), refuse(libc::ENOSYS), load(NUMBER)];
    program.extend([jump(libc::BPF_JGE, X32, 0, 1), refuse(libc::ENOSYS)]);
    for &call in REFUSED {
        program.extend([if_equal(number(call)), refuse(libc::EPERM)]);
    }
    let families: Vec<sock_filter> = FAMILIES.iter().flat_map(|family| [if_equal(family.unsigned_abs()), allow]).collect();
    let length = u8::try_from(families.len() + 2).unwrap_or(u8::MAX);
    program.extend([jump(libc::BPF_JEQ, number(libc::SYS_socket), 1, 0), jump(libc::BPF_JEQ, number(libc::SYS_socketpair), 0, length)]);
    program.push(load(FIRST_ARGUMENT));
    program.extend(families);
    program.extend([refuse(libc::EAFNOSUPPORT), allow]);
    program
}

fn number(call: c_long) -> u32 {
    u32::try_from(call).unwrap_or(u32::MAX)
}

fn step(code: u32, value: u32) -> sock_filter {
    sock_filter { code: u16::try_from(code).unwrap_or_default(), jt: 0, jf: 0, k: value }
}

fn load(offset: u32) -> sock_filter {
    step(libc::BPF_LD | libc::BPF_W | libc::BPF_ABS, offset)
}

fn jump(condition: u32, value: u32, if_so: u8, if_not: u8) -> sock_filter {
    sock_filter { jt: if_so, jf: if_not, ..step(libc::BPF_JMP | condition | libc::BPF_K, value) }
}

fn drop_capability(capability: c_ulong) -> io::Result<()> {
    // SAFETY: the arguments are plain numbers.
    match unsafe { libc::prctl(libc::PR_CAPBSET_DROP, capability, 0, 0, 0) } {
        0 => Ok(()),
        // An older kernel has fewer.
        _ if io::Error::last_os_error().raw_os_error() == Some(libc::EINVAL) => Ok(()),
        _ => Err(io::Error::last_os_error()),
    }
}

fn install(program: &[sock_filter]) -> io::Result<()> {
    let length = u16::try_from(program.len()).map_err(io::Error::other)?;
    let program = libc::sock_fprog { len: length, filter: program.as_ptr().cast_mut() };
    // SAFETY: the kernel reads the program, which lives through the call and is as long as it says.
    let result = unsafe { libc::syscall(libc::SYS_seccomp, libc::SECCOMP_SET_MODE_FILTER, 0, &raw const program) };
    if result == 0 { Ok(()) } else { Err(io::Error::last_os_error()) }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Runs the filter as the kernel does.
    fn verdict(architecture: u32, number: u32, argument: u32) -> u32 {
        let (program, mut accumulator, mut at) = (filter(), 0, 0);
        loop {
            let sock_filter { code, jt, jf, k } = program[at];
            at += 1;
            let holds = match u32::from(code) {
                code if code == libc::BPF_RET | libc::BPF_K => return k,
                code if code == libc::BPF_JMP | libc::BPF_JEQ | libc::BPF_K => accumulator == k,
                code if code == libc::BPF_JMP | libc::BPF_JGE | libc::BPF_K => accumulator >= k,
                _ => {
                    accumulator = match k {
                        NUMBER => number,
                        ARCHITECTURE_OF_CALL => architecture,
                        _ => argument,
                    };
                    continue;
                }
            };
            at += usize::from(if holds { jt } else { jf });
        }
    }

    #[test]
    fn only_what_is_named_is_refused() {
        let refused = |errno: i32| libc::SECCOMP_RET_ERRNO | errno.unsigned_abs();
        let call = |number: c_long, argument: i32| verdict(ARCHITECTURE, u32::try_from(number).unwrap(), argument.unsigned_abs());
        for &number in REFUSED {
            assert_eq!(call(number, 0), refused(libc::EPERM), "{number}");
        }
        for allowed in [libc::SYS_read, libc::SYS_mount, libc::SYS_unshare, libc::SYS_clone3, libc::SYS_ptrace] {
            assert_eq!(call(allowed, 0), libc::SECCOMP_RET_ALLOW, "{allowed}");
        }
        for (family, verdict) in [
            (libc::AF_INET, libc::SECCOMP_RET_ALLOW),
            (libc::AF_PACKET, libc::SECCOMP_RET_ALLOW),
            (libc::AF_VSOCK, refused(libc::EAFNOSUPPORT)),
            (libc::AF_ALG, refused(libc::EAFNOSUPPORT)),
        ] {
            assert_eq!((call(libc::SYS_socket, family), call(libc::SYS_socketpair, family)), (verdict, verdict), "{family}");
        }
        assert_eq!(verdict(0x4000_0003, 0, 0), refused(libc::ENOSYS), "a program of another architecture");
        assert_eq!(verdict(ARCHITECTURE, X32 + 1, 0), refused(libc::ENOSYS));
    }
}
