//! What a guest does with user data, and what its console shows.

use std::fs;

use instance::{Disk, Guest, Host, Spec};

use crate::{
    Check,
    world::{World, eventually, spec},
};

pub const CHECKS: &[Check] = &[
    ("a user data script runs as root, once in a lifetime", script),
    ("a user data script that fails says so", failure),
    ("user data that is no script is refused in words", refusals),
    ("what writes to /dev/console is in the console log", dev_console),
    ("the console log keeps the newest 64 KiB", bounds),
];

/// A booted guest with user data.
fn boot(host: &Host, number: u32, user_data: &str) -> Guest {
    let guest = host.build(&Spec { user_data: Some(user_data.as_bytes().to_vec()), ..spec(number) }).unwrap();
    guest.boot().unwrap();
    guest
}

fn shown(host: &Host, guest: &Guest) -> String {
    String::from_utf8(host.console_output(&guest.id).unwrap().unwrap().bytes).unwrap()
}

fn script(world: &World) {
    let text = "#!/bin/bash\nid -un; pwd; echo \"home=$HOME\"; echo to-stderr >&2; echo x >> /root/runs\n(sleep 1; echo late) &\n";
    let guest = boot(&world.host, 60, text);
    eventually("the script has ended", || shown(&world.host, &guest).contains("peerless: the user data script has ended"));
    let (out, log) = (shown(&world.host, &guest), world.run_in(&guest, "root", &["cat", "/var/log/cloud-init-output.log"]).stdout);
    assert!(out.contains("root\n/\nhome=\nto-stderr\n"), "{out}");
    assert!(String::from_utf8(log).unwrap().contains("root\n/\nhome=\nto-stderr\n"));
    assert!(world.run_in(&guest, "root", &["test", "-e", "/var/lib/cloud/instance/boot-finished"]).status.success());
    eventually("what it left running is heard", || shown(&world.host, &guest).contains("late\n"));

    world.host.destroy(&guest.id, Disk::Keep).unwrap();
    assert!(shown(&world.host, &guest).contains("to-stderr"), "a guest that is off still has what it showed last");
    let again = boot(&world.host, 60, "#!/bin/sh\necho second\n");
    eventually("it is up again", || shown(&world.host, &again).matches("is up").count() == 2);
    std::thread::sleep(std::time::Duration::from_millis(300));
    assert_eq!(world.run_in(&again, "root", &["cat", "/root/runs"]).stdout, b"x\n");
    world.host.destroy(&again.id, Disk::Delete).unwrap();
    assert_eq!(world.host.console_output(&again.id).unwrap(), None);
}

fn failure(world: &World) {
    for (number, text, words) in [
        (61, "#!/bin/sh\nexit 7\n", "the user data script failed: exit status: 7"),
        (62, "#!/no/such/shell\n", "the user data script could not be started: No such file or directory"),
    ] {
        let guest = boot(&world.host, number, text);
        eventually(words, || shown(&world.host, &guest).contains(words));
        world.host.destroy(&guest.id, Disk::Delete).unwrap();
    }
}

fn refusals(world: &World) {
    for (number, data, kind) in [
        (63, "#cloud-config\npackages: [httpd]\n", "a cloud-config"),
        (64, "Content-Type: multipart/mixed\n", "a MIME archive"),
        (65, "hello", "unknown"),
    ] {
        let guest = boot(&world.host, number, data);
        eventually(kind, || {
            shown(&world.host, &guest).contains(&format!("user data is {}", if kind == "unknown" { "of an unknown kind" } else { kind }))
        });
        world.host.destroy(&guest.id, Disk::Delete).unwrap();
    }
}

fn dev_console(world: &World) {
    assert!(world.run("root", &["sh", "-c", "echo from inside > /dev/console"]).status.success());
    eventually("it is in the log", || shown(&world.host, &world.guest).contains("from inside\n"));
    assert!(!world.run("ec2-user", &["sh", "-c", "echo mine > /dev/console"]).status.success());
}

fn bounds(world: &World) {
    let script = "i=0; while [ $i -lt 60000 ]; do echo \"line $i\"; i=$((i+1)); done > /dev/console";
    assert!(world.run("root", &["sh", "-c", script]).status.success());
    eventually("the last line is there", || shown(&world.host, &world.guest).contains("line 59999\n"));
    let out = shown(&world.host, &world.guest);
    assert_eq!(out.len(), 64 * 1024);
    let numbers: Vec<u32> = out.lines().skip(1).filter_map(|line| line.strip_prefix("line ")?.parse().ok()).collect();
    assert!(numbers.len() > 5000 && numbers.windows(2).all(|pair| pair[1] == pair[0] + 1));
    assert!(fs::metadata(world.guest.console_log()).unwrap().len() < 128 * 1024);
}
