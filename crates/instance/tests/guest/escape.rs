//! What root inside must not be able to do to the host.

use crate::{Check, world::World};

pub const CHECKS: &[Check] = &[
    ("each of the known ways out is closed", ways_out),
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
];

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
    world.shell("root", "kill -9 1; kill -SEGV 1; kill -USR2 1; kill -INT 1; kill -HUP 1");
    assert!(world.guest.is_alive());
    let (done, text) = world.shell("root", "/usr/bin/python3 -c 'import ctypes; exit(ctypes.CDLL(None).ptrace(16, 1, 0, 0) != 0)'");
    assert!(!done, "{text}");
}
