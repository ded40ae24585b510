//! A guest from its building to its removal, on the kernel that runs this test.
//!
//! Needs root, and says so loudly without. It runs in a network and a mount namespace of its own; cgroups are the host's, under a daemon's
//! name that no one else has.

#![expect(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a check fails by a panic")]

mod escape;
mod image;
mod inside;
mod life;
mod serial;
mod ssh;
mod user_data;
mod volume;
mod world;

use std::{
    panic::{AssertUnwindSafe, catch_unwind},
    process::ExitCode,
    time::Instant,
};

use nix::{
    mount::{MsFlags, mount},
    sched::{CloneFlags, unshare},
    sys::prctl,
};
use world::World;

/// A check and what it proves.
type Check = (&'static str, fn(&World));

fn main() -> ExitCode {
    let mut arguments = std::env::args_os().skip(1);
    match arguments.next() {
        Some(first) if first == "__guest" => return instance::guest_main(arguments),
        Some(first) if first == life::BUILD_AND_DIE => return life::build_and_die(arguments),
        _ => {}
    }
    let packets = std::env::var("PEERLESS_TEST_PACKETS");
    if packets.as_deref() == Ok("no") {
        println!("SKIPPED: PEERLESS_TEST_PACKETS=no");
        return ExitCode::SUCCESS;
    }
    if !nix::unistd::geteuid().is_root() {
        assert_ne!(packets.as_deref(), Ok("yes"), "PEERLESS_TEST_PACKETS=yes, and this is not root");
        println!("SKIPPED: needs root. No guest was built, and nothing is known of whether one could be.");
        return ExitCode::SUCCESS;
    }
    isolate();
    let filter = std::env::args().nth(1).unwrap_or_default();
    let checks = inside::CHECKS
        .iter()
        .chain(serial::CHECKS)
        .chain(ssh::CHECKS)
        .chain(user_data::CHECKS)
        .chain(image::CHECKS)
        .chain(volume::CHECKS)
        .chain(escape::CHECKS)
        .chain(life::CHECKS);
    let mut failed = 0;
    let world = World::new();
    for (name, check) in checks.filter(|(name, _)| name.contains(&filter)) {
        let begin = Instant::now();
        let passed = catch_unwind(AssertUnwindSafe(|| check(&world))).is_ok();
        println!("{} {name} ({:.1?})", if passed { "ok    " } else { "FAILED" }, begin.elapsed());
        failed += u32::from(!passed);
    }
    world.remove();
    if failed == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

/// Leaves the host's network and mounts alone, and adopts orphans, so that they do not linger as zombies of the host's.
fn isolate() {
    unshare(CloneFlags::CLONE_NEWNET | CloneFlags::CLONE_NEWNS).expect("root may make namespaces");
    mount(None::<&str>, "/", None::<&str>, MsFlags::MS_PRIVATE | MsFlags::MS_REC, None::<&str>).expect("mounts can be made private");
    prctl::set_child_subreaper(true).expect("a process may adopt orphans");
}
