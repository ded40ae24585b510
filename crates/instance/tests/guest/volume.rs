//! A guest whose disk has a size.

use std::{fs, path::Path};

use instance::{Disk, Guest, Spec, images::Images, volume};

use crate::{
    Check,
    image::{import, plant},
    world::{World, eventually, spec},
};

pub const CHECKS: &[Check] = &[
    ("a disk of a size is full when it is full, and kept over a stop", limit),
    ("the disk of an imported image's guest can have a size, too", image),
    ("a daemon's guests without a size share its file system", without),
];

const SIZED: u32 = 90;

fn of(number: u32) -> Spec {
    Spec { disk_gib: Some(1), ..spec(number) }
}

fn says(world: &World, guest: &Guest, script: &str) -> String {
    let output = world.run_in(guest, "root", &["sh", "-c", script]);
    (String::from_utf8_lossy(&output.stdout) + String::from_utf8_lossy(&output.stderr)).trim().to_owned()
}

/// The files below a folder that loop devices show.
fn attached(folder: &Path) -> usize {
    let devices = fs::read_dir("/sys/block").unwrap().flatten();
    let files = devices.filter_map(|device| fs::read_to_string(device.path().join("loop/backing_file")).ok());
    files.filter(|file| Path::new(file).starts_with(folder)).count()
}

fn limit(world: &World) {
    volume::check_machine(&world.host.state_dir).unwrap();
    let guest = world.host.build(&of(SIZED)).unwrap();
    guest.boot().unwrap();
    let mib = says(world, &guest, "df --output=size -BM / | tail -1").trim_end_matches('M').parse::<u32>().unwrap();
    assert!((900..=1024).contains(&mib), "{mib} MiB");
    assert_eq!(says(world, &guest, "fallocate -l 800M /root/most && stat -c '%s %u' /root/most"), "838860800 0");
    assert!(says(world, &guest, "fallocate -l 300M /root/more").contains("No space left on device"));
    assert!(says(world, &guest, "head -c 300M /dev/zero >/var/more").contains("No space left on device"));
    assert_eq!(says(world, &guest, "rm -f /root/mo* /var/more; echo kept >/etc/kept; ls /dev/loop* 2>/dev/null | wc -l"), "0");

    // At once: the next mount waits until the one before is gone.
    for _ in 0..3 {
        world.host.destroy(&guest.id, Disk::Keep).unwrap();
        let guest = world.host.build(&of(SIZED)).unwrap();
        guest.boot().unwrap();
        assert_eq!(says(world, &guest, "cat /etc/kept"), "kept");
        assert_eq!(attached(&world.host.state_dir), 1);
    }
    world.host.destroy(&guest.id, Disk::Delete).unwrap();
    assert!(!world.host.state_dir.join("instances").join(&guest.id).exists());
    eventually("no loop device is left", || attached(&world.host.state_dir) == 0);
}

fn image(world: &World) {
    let tree = world.folder("sized-tree");
    plant(&tree);
    let image = import(&Images::of(&world.folder("sized-library")), &tree, "ami-2");
    let sized = Spec { image: Some(image), ..of(SIZED + 1) };
    let guest = world.host.build(&sized).unwrap();
    guest.boot().unwrap();
    assert_eq!(says(world, &guest, "cat /etc/os-release; touch /bin/new; ls -d /bin/new"), "ID=small\n/bin/new");
    assert_eq!(attached(&world.host.state_dir), 1);
    world.host.destroy(&guest.id, Disk::Keep).unwrap();
    let guest = world.host.build(&sized).unwrap();
    guest.boot().unwrap();
    assert_eq!(says(world, &guest, "ls -d /bin/new"), "/bin/new");
    world.host.destroy(&guest.id, Disk::Delete).unwrap();
    eventually("no loop device is left", || attached(&world.host.state_dir) == 0);
}

fn without(world: &World) {
    assert_eq!(attached(&world.host.state_dir), 0);
    assert!(!world.host.state_dir.join("instances").join(&world.guest.id).join("volume.ext4").exists());
}
