//! What root inside must not be able to do to the host.

use crate::{Check, world::World};

pub const CHECKS: &[Check] = &[
    ("each of the known ways out is closed", ways_out),
    ("system calls that know no namespaces are refused", refused_calls),
    ("of the kernel's settings only the guest's own can be written", settings),
    ("what root on EC2 may do to its own machine works", own_machine),
    ("another guest is out of reach", neighbour),
    ("what one enters is confined as what the init starts", confinement),
    ("a shell that outlives its root directory stays inside", chroot),
    ("file handles do not reach the host's files", file_handles),
    ("the init cannot be killed or looked into from inside", init),
];

/// Scripts that must fail, each for its own reason.
const WAYS_OUT: &[&str] = &[
    // Devices.
    "mknod /root/disk b 8 0",
    "mknod /root/memory c 1 1",
    "mount -t devtmpfs none /mnt",
    "mount -t tmpfs -o dev none /mnt && mknod /mnt/disk b 8 0",
    // The kernel's knobs.
    "echo b > /proc/sysrq-trigger",
    "head -c1 /proc/kcore",
    "head -c1 /proc/kmsg",
    "echo x > /proc/sys/kernel/core_pattern",
    "echo /root/x > /proc/sys/kernel/modprobe",
    "echo 0 > /proc/sys/kernel/randomize_va_space",
    "echo 3 > /proc/sys/vm/drop_caches",
    "echo 1 > /proc/sys/fs/suid_dumpable",
    "echo 1 > /proc/irq/default_smp_affinity",
    "mount -o remount,rw /sys && echo mem > /sys/power/state",
    "mount -o remount,rw /sys && echo x > /sys/kernel/uevent_helper",
    "date -s 2000-01-01",
    "dmesg",
    // The image.
    "touch /usr/bin/probe",
    "mount -o remount,rw /usr && touch /usr/bin/probe",
    "mount -o remount,bind,rw /usr && touch /usr/bin/probe",
    "umount /usr",
    "umount -l /usr",
    "chmod u+s /usr/bin/id",
    "mount --bind /usr /mnt && mount -o remount,bind,rw /mnt && touch /mnt/bin/probe",
    // File systems and namespaces of the host.
    "mount -t debugfs none /mnt",
    "mount -t tracefs none /mnt",
    "mount -t securityfs none /mnt",
    "mount -t cgroup -o memory none /mnt && echo -1 > /mnt/memory.limit_in_bytes",
    "mount -t cgroup -o memory none /mnt && mkdir /mnt/probe",
    "mount -t cgroup2 none /mnt && mkdir /mnt/probe",
    "mount -t ext4 /dev/vda /mnt",
    "nsenter -t 1 -m -p true",
    "nsenter -t 1 -U true",
    "ls /proc/1/root/",
    "ls /proc/1/cwd/",
    "ls /proc/1/fd/",
    "head -c1 /proc/1/exe",
    "head -c1 /proc/1/mem",
    "head -c1 /proc/1/environ",
    "swapoff -a -v | grep .",
    "modprobe dummy",
    "head -c1 /dev/kmsg",
    "head -c1 /dev/mem",
    "mount -t bpf none /mnt",
    "mount -t efivarfs none /mnt",
    "mount -t nfsd none /mnt",
    "losetup -f",
    // Cgroups, from which the limits come.
    "mkdir /sys/fs/cgroup/probe",
    "echo 0 > /sys/fs/cgroup/cgroup.procs",
    "mount -t cgroup2 none /mnt && echo 0 > /mnt/cgroup.procs",
    "mount -t cgroup -o pids none /mnt && echo max > /mnt/pids.max",
    "mount -t cgroup -o memory none /mnt && find /mnt -name 'i-*' | grep .",
    "mount -t cgroup -o memory,release_agent=/tmp/x none /mnt",
    // Limits that are the host's.
    "echo -1000 > /proc/self/oom_score_adj",
    "chrt --fifo 99 true",
    "python3 -c 'import ctypes; exit(ctypes.CDLL(None).reboot(0x1234567) != 0)'",
    "hwclock --set --date=2000-01-01",
];

/// A program that makes a system call with zeroes for arguments, and says how it was refused.
const CALL: &str = "import ctypes, errno, sys\nlibc = ctypes.CDLL(None, use_errno=True)\n\
                    for number in map(int, sys.argv[1:]):\n\
                    \x20   result = libc.syscall(number, 0, 0, 0, 0, 0, 0)\n\
                    \x20   print(number, errno.errorcode.get(ctypes.get_errno()) if result < 0 else result)";

fn refused_calls(world: &World) {
    let numbers = [libc::SYS_bpf, libc::SYS_keyctl, libc::SYS_add_key, libc::SYS_request_key, libc::SYS_perf_event_open, libc::SYS_io_uring_setup]
        .into_iter()
        .chain([libc::SYS_kexec_load, libc::SYS_init_module, libc::SYS_finit_module, libc::SYS_delete_module, libc::SYS_open_by_handle_at])
        .chain([libc::SYS_swapon, libc::SYS_userfaultfd, libc::SYS_syslog, libc::SYS_settimeofday, libc::SYS_acct]);
    let numbers: Vec<String> = numbers.map(|number| number.to_string()).collect();
    for user in ["root", "ec2-user"] {
        let output = world.run(user, &[&["/usr/bin/python3", "-c", CALL], &numbers.iter().map(String::as_str).collect::<Vec<_>>()[..]].concat());
        let refused: Vec<String> = numbers.iter().map(|number| format!("{number} EPERM")).collect();
        assert_eq!(String::from_utf8_lossy(&output.stdout).lines().collect::<Vec<_>>(), refused, "{user}: {output:?}");
    }
    // VSOCK leads to the hypervisor, whatever the network namespace.
    for family in [libc::AF_VSOCK, libc::AF_ALG, libc::AF_TIPC] {
        let script = format!("import socket\nsocket.socket({family}, socket.SOCK_STREAM, 0)");
        let (done, text) = world.shell("root", &format!("/usr/bin/python3 -c '{script}'"));
        assert!(!done && text.contains("not supported by protocol"), "{family}: {text}");
    }
}

/// Opening a setting for writing changes nothing yet, and the kernel refuses it where it would refuse the change.
fn settings(world: &World) {
    let script = "import os, sys\nfor top in sys.argv[1:]:\n for folder, _, names in os.walk(top):\n  for name in names:\n\
                  \x20  path = os.path.join(folder, name)\n   try: os.close(os.open(path, os.O_WRONLY | os.O_NONBLOCK)); print(path)\n   except OSError: pass";
    let (_, remounted) = world.shell("root", "mount -o remount,rw /sys 2>&1");
    let output = world.run("root", &["/usr/bin/python3", "-c", script, "/proc/sys", "/sys"]);
    world.shell("root", "mount -o remount,ro /sys");
    let text = String::from_utf8_lossy(&output.stdout);
    // The network and the limits of users are the guest's, and the IPC, message queues and process numbers are those of its namespaces.
    let own = [
        "/proc/sys/net/",
        "/proc/sys/user/",
        "/proc/sys/fs/mqueue/",
        "/proc/sys/kernel/msg",
        "/proc/sys/kernel/sem",
        "/proc/sys/kernel/shm",
        "/proc/sys/kernel/auto_msgmni",
        "/proc/sys/kernel/ns_last_pid",
        "/proc/sys/kernel/pid_max",
        "/sys/devices/virtual/net/",
        "/sys/class/net/",
    ];
    let foreign: Vec<&str> = text.lines().filter(|path| !own.iter().any(|own| path.starts_with(own))).collect();
    assert!(foreign.is_empty() && text.contains("/proc/sys/net/ipv4/ip_forward"), "{foreign:#?} {remounted}");
}

fn own_machine(world: &World) {
    for script in [
        "mount -t tmpfs none /mnt && umount /mnt",
        "mkdir -p /srv/a && mount --bind /srv /mnt && umount /mnt",
        "ip link add dummy-or-bridge type bridge && ip link delete dummy-or-bridge",
        "ip route add 192.0.2.0/24 dev lo && ip route delete 192.0.2.0/24",
        "echo 1 > /proc/sys/net/ipv4/ip_forward && echo 0 > /proc/sys/net/ipv4/ip_forward",
        "unshare --net true && unshare --mount --pid --fork true",
        "chown ec2-user /srv && chown root /srv && su ec2-user -c id",
        "hostname other && hostname ip-10-1-4-7",
    ] {
        let (done, text) = world.shell("root", script);
        assert!(done, "{script}: {text}");
    }
    let (done, text) = world.shell("ec2-user", "unshare --user --map-root-user --mount sh -c 'mount -t tmpfs none /mnt && id -u'");
    assert!(done && text == "0", "a sandbox of its own: {text}");
}

fn neighbour(world: &World) {
    let other = world.host.build(&crate::world::spec(70)).unwrap();
    other.boot().unwrap();
    world.run_in(
        &other,
        "root",
        &["sh", "-c", "echo mine > /srv/secret; echo mine > /dev/shm/secret; sleep 1000 >/dev/null 2>&1 & echo $! > /srv/pid"],
    );
    for way in [
        "grep -l sleep /proc/[0-9]*/comm".to_owned(),
        format!("kill -0 {}", other.pid),
        "cat /srv/secret".to_owned(),
        "cat /dev/shm/secret".to_owned(),
        format!("ls /proc/{}/root", other.pid),
        format!("nsenter -t {} -n true", other.pid),
        "grep -r secret /proc/mounts".to_owned(),
        "test $(ipcs -m | wc -l) -gt 4".to_owned(),
    ] {
        let (done, text) = world.shell("root", &way);
        assert!(!done, "{way}: {text}");
    }
    world.host.destroy(&other.id, instance::Disk::Delete).unwrap();
}

fn confinement(world: &World) {
    let (_, text) = world.shell("root", "grep -h -e Seccomp: -e CapBnd -e NoNewPrivs /proc/1/status /proc/self/status");
    let lines: Vec<&str> = text.lines().collect();
    assert_eq!(lines.len(), 6, "{text}");
    assert_eq!(lines[..3], lines[3..], "{text}");
    assert!(text.contains("NoNewPrivs:\t0") && text.contains("Seccomp:\t2") && !text.contains("CapBnd:\t000001ff"), "{text}");
    let (done, text) = world.shell("root", "/usr/bin/python3 -c 'import ctypes; exit(ctypes.CDLL(None).prctl(23, 16))'");
    assert!(done, "CAP_SYS_MODULE is in no bounding set: {text}");
}

fn ways_out(world: &World) {
    let open: Vec<_> = WAYS_OUT.iter().map(|way| (way, world.shell("root", way))).filter(|(_, (done, _))| *done).collect();
    world.shell("root", "umount /mnt");
    assert!(open.is_empty(), "{open:#?}");
}

fn chroot(world: &World) {
    let script = "import os\nos.makedirs('/tmp/c', exist_ok=True)\nos.chroot('/tmp/c')\nfor _ in range(64): os.chdir('..')\n\
                  os.chroot('.')\nprint(open('/etc/hostname').read().strip(), len(os.listdir('/proc/1')) > 0)";
    let (done, text) = world.shell("root", &format!("/usr/bin/python3 -c \"{script}\""));
    assert!(!done || text == "ip-10-1-4-7 True", "{text}");
}

/// Inode 2 is the root of an ext4 file system, whatever part of it is mounted.
fn file_handles(world: &World) {
    let script = "import ctypes, os, struct\nlibc = ctypes.CDLL(None, use_errno=True)\n\
                  handle = ctypes.create_string_buffer(struct.pack('IiII', 8, 1, 2, 0))\n\
                  fd = libc.open_by_handle_at(os.open('/root', 0), handle, 0)\nassert fd >= 0, os.strerror(ctypes.get_errno())\n\
                  print(os.listdir(fd))";
    let (done, text) = world.shell("root", &format!("/usr/bin/python3 -c \"{script}\""));
    assert!(!done, "{text}");
}

fn init(world: &World) {
    world.shell("root", "kill -9 1; kill -SEGV 1; kill -HUP 1; kill -STOP 1");
    assert!(world.guest.is_alive());
    let (done, text) = world.shell("root", "/usr/bin/python3 -c 'import ctypes; exit(ctypes.CDLL(None).ptrace(16, 1, 0, 0) != 0)'");
    assert!(!done, "{text}");
}
