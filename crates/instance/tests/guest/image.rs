//! A guest of an image that was imported: a small tree of a few of the host's programs, or what debootstrap makes.

use std::{fs, os::unix::fs::PermissionsExt, path::Path, process::Command};

use instance::{
    Disk, Spec,
    images::{Images, check_machine, pack},
};

use crate::{
    Check,
    serial::Seat,
    world::{World, eventually, spec},
};

pub const CHECKS: &[Check] = &[
    ("an image boots, may be changed all over, and stays as it is", small),
    ("an image trusts one authority more, wherever its programs look", trust),
    ("this machine boots images, and says when a folder cannot hold them", trial),
    ("an image that debootstrap made boots, with programs of its own", debootstrap),
];

const PROGRAMS: [&str; 12] = ["sh", "cat", "id", "ls", "touch", "mkdir", "rm", "hostname", "sleep", "stat", "chmod", "su"];

/// A root file system with these programs and what they are linked with.
pub fn plant(tree: &Path) {
    for folder in ["bin", "etc", "var/lib"] {
        fs::create_dir_all(tree.join(folder)).unwrap();
    }
    for program in PROGRAMS {
        let source = ["/bin", "/usr/bin"].map(|folder| Path::new(folder).join(program)).into_iter().find(|path| path.exists()).unwrap();
        copy(&source, &tree.join("bin").join(program));
        let linked = Command::new("ldd").arg(&source).output().unwrap();
        for word in String::from_utf8_lossy(&linked.stdout).split_whitespace().filter(|word| word.starts_with('/')) {
            let target = tree.join(word.trim_start_matches('/'));
            fs::create_dir_all(target.parent().unwrap()).unwrap();
            copy(Path::new(word), &target);
        }
    }
    fs::write(tree.join("etc/os-release"), "ID=small\n").unwrap();
    fs::write(tree.join("etc/passwd"), "root:x:0:0::/root:/bin/sh\nkeeper:x:1000:1000::/:/bin/sh\n").unwrap();
    fs::set_permissions(tree.join("bin/id"), fs::Permissions::from_mode(0o4755)).unwrap();
    assert!(Command::new("mkfifo").arg(tree.join("pipe")).status().unwrap().success());
}

fn copy(source: &Path, target: &Path) {
    fs::copy(source, target).unwrap();
}

/// The image's folder.
pub fn import(images: &Images, tree: &Path, id: &str) -> std::path::PathBuf {
    let (reader, writer) = std::io::pipe().unwrap();
    let imported = std::thread::scope(|scope| {
        scope.spawn(|| pack(tree, writer).unwrap());
        images.import(reader).unwrap()
    });
    images.keep(&imported.name, id).unwrap();
    images.path(id)
}

fn small(world: &World) {
    let tree = world.folder("tree");
    plant(&tree);
    let images = Images::of(&world.folder("library"));
    let image = import(&images, &tree, "ami-1");
    assert!(!image.join("pipe").exists(), "what every guest has of its own is left out");
    let user_data = b"#!/bin/sh\nid > /etc/ran\n".to_vec();
    let of_image = |number: u32| Spec {
        image: Some(image.clone()),
        user_data: Some(user_data.clone()),
        authorized_keys: vec!["ssh-ed25519 AAAA a".into()],
        ..spec(number)
    };
    let guest = world.host.build(&of_image(80)).unwrap();
    guest.boot().unwrap();
    let says = |user: &str, script: &str| {
        let output = world.run_in(&guest, user, &["sh", "-c", script]);
        String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr)
    };
    assert_eq!(says("root", "cat /etc/os-release; hostname; ls /bin | cat; cat /etc/hostname"), {
        let mut programs = PROGRAMS;
        programs.sort_unstable();
        format!("ID=small\nip-10-1-4-7\n{}\nip-10-1-4-7\n", programs.join("\n"))
    });
    assert_eq!(says("ec2-user", "id"), "uid=1001(ec2-user) gid=1001(ec2-user) euid=0(root) groups=1001(ec2-user)\n", "set-user-id means root inside");
    assert_eq!(says("ec2-user", "cat ~/.ssh/authorized_keys; touch /etc/x || ls -d /pipe 2>&1").lines().next(), Some("ssh-ed25519 AAAA a"));
    eventually("user data has run", || says("root", "cat /etc/ran").contains("uid=0(root)"));
    assert_eq!(says("root", "rm /bin/ls && touch /bin/new && chmod 700 /bin/stat && echo y > /etc/os-release && echo done"), "done\n");

    let port = world.host.serial_command(&guest.id).output().unwrap();
    assert_eq!(port.stdout, b"");
    assert!(String::from_utf8_lossy(&port.stderr).contains("its image lacks /bin/login"), "{port:?}");

    world.host.destroy(&guest.id, Disk::Keep).unwrap();
    let again = world.host.build(&of_image(80)).unwrap();
    again.boot().unwrap();
    let kept = world.run_in(&again, "root", &["sh", "-c", "cat /etc/os-release; stat -c %a /bin/stat /bin/new; ls"]);
    assert_eq!(String::from_utf8_lossy(&kept.stdout), "y\n700\n644\n");
    let other = world.host.build(&of_image(81)).unwrap();
    assert_eq!(world.run_in(&other, "root", &["ls", "-d", "/bin/ls", "/etc/os-release"]).stdout, b"/bin/ls\n/etc/os-release\n");
    assert_eq!(fs::read_to_string(image.join("etc/os-release")).unwrap(), "ID=small\n");
    for guest in [again, other] {
        world.host.destroy(&guest.id, Disk::Delete).unwrap();
    }
    images.remove("ami-1").unwrap();
    assert!(!image.exists());
}

/// As Debian and Alpine have it, as Fedora has it, and with nothing there.
fn trust(world: &World) {
    let images = Images::of(&world.folder("library"));
    let debian = ["mkdir -p etc/ssl/certs", "echo THEIRS > etc/ssl/certs/ca-certificates.crt", "ln -s certs/ca-certificates.crt etc/ssl/cert.pem"];
    let fedora = [
        "mkdir -p etc/pki/ca-trust/extracted/pem etc/pki/ca-trust/source/anchors etc/pki/tls/certs etc/ssl",
        "printf THEIRS > etc/pki/ca-trust/extracted/pem/tls-ca-bundle.pem",
        "chmod 444 etc/pki/ca-trust/extracted/pem/tls-ca-bundle.pem",
        "ln -s /etc/pki/ca-trust/extracted/pem/tls-ca-bundle.pem etc/pki/tls/certs/ca-bundle.crt",
        "ln -s ../pki/tls/certs etc/ssl/certs",
    ];
    let trap = ["mkdir -p etc/ssl", "ln -s /proc/1 etc/ssl/certs"];
    let bundle = "/etc/ssl/certs/ca-certificates.crt";
    for (number, made, shown, expected) in [
        (83, &debian[..], format!("cat {bundle} /usr/local/share/ca-certificates/*.crt"), "THEIRS\n\nOURS\nOURS\n"),
        (84, &fedora, "cat /etc/pki/tls/certs/ca-bundle.crt /etc/pki/ca-trust/source/anchors/*.crt".to_owned(), "THEIRS\nOURS\nOURS\n"),
        (85, &[], format!("cat {bundle} /etc/ssl/certs/ce08b913.0"), "OURS\nOURS\n"),
        (86, &trap, "cat /usr/local/share/ca-certificates/*.crt".to_owned(), "OURS\n"),
    ] {
        let (id, tree) = (format!("ami-{number}"), world.folder(&format!("tree-{number}")));
        plant(&tree);
        assert!(Command::new("sh").args(["-euc", &made.join("; ")]).current_dir(&tree).status().unwrap().success());
        let image = import(&images, &tree, &id);
        let spec = Spec { image: Some(image), authority: Some("OURS\n".into()), ..spec(number) };
        for boot in ["first", "second"] {
            let guest = world.host.build(&spec).unwrap();
            let output = world.run_in(&guest, "root", &["sh", "-c", &shown]);
            assert_eq!(String::from_utf8_lossy(&output.stdout), expected, "{number}, {boot} boot: {output:?}");
            world.host.destroy(&guest.id, Disk::Keep).unwrap();
        }
        world.host.destroy(&spec.id, Disk::Delete).unwrap();
        images.remove(&id).unwrap();
    }
}

fn trial(world: &World) {
    let folder = world.folder("trial");
    check_machine(&folder.join("not/yet/there")).unwrap();
    assert_eq!(fs::read_dir(&folder).unwrap().count(), 0, "nothing is left of it");

    let layers = ["lower", "upper", "work", "merged"].map(|name| world.folder(&format!("layers/{name}")));
    let [lower, upper, work, merged] = layers.each_ref().map(|layer| layer.display());
    let mount = |arguments: &[&str]| assert!(Command::new("mount").args(arguments).status().unwrap().success());
    mount(&["-t", "overlay", "overlay", "-o", &format!("lowerdir={lower},upperdir={upper},workdir={work}"), &merged.to_string()]);
    let error = check_machine(&layers[3]).unwrap_err().to_string();
    assert!(Command::new("umount").arg(&layers[3]).status().unwrap().success());
    println!("       {error}");
    assert!(error.contains("is on an overlay; imported images need Linux 5.19"), "{error}");
    assert_eq!(fs::read_dir(&layers[1]).unwrap().count(), 0, "nor of one that fails");
}

/// Making one takes a mirror, so it is made beforehand (`tools/debian`).
fn debootstrap(world: &World) {
    let Some(tree) = std::env::var_os("PEERLESS_TEST_DEBIAN") else {
        return println!("       NOT TESTED: PEERLESS_TEST_DEBIAN names no folder that debootstrap has filled");
    };
    let images = Images::of(&world.folder("library"));
    let image = import(&images, Path::new(&tree), "ami-2");
    let guest = world.host.build(&Spec { image: Some(image), ..spec(82) }).unwrap();
    guest.boot().unwrap();
    let output = world.run_in(&guest, "root", &["sh", "-c", "dpkg --print-architecture && dpkg -l apt && touch /usr/bin/mine && id ec2-user"]);
    assert!(output.status.success(), "{output:?}");
    if world.run_in(&guest, "root", &["test", "-x", "/usr/sbin/sshd"]).status.success() {
        let listens = ["sh", "-c", "cat /proc/net/tcp | grep -q ':0016 .* 0A '"];
        eventually("its sshd listens", || world.run_in(&guest, "root", &listens).status.success());
    }
    if world.run_in(&guest, "root", &["test", "-x", "/bin/login"]).status.success() {
        assert!(world.run_in(&guest, "root", &["sh", "-c", "echo ec2-user:correct-horse | chpasswd"]).status.success());
        let mut seat = Seat::take(&world.host, &guest);
        seat.answers("ec2-user", "correct-horse");
        seat.sees("$ ");
        seat.types("tty\r");
        seat.sees("/dev/ttyS0\r\n");
        seat.leave();
    }
    world.host.destroy(&guest.id, Disk::Delete).unwrap();
    images.remove("ami-2").unwrap();
}
