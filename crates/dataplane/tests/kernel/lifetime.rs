//! What outlives the daemon, and that nothing outlives `down`.

use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::Arc;

use crate::lab::{Guest, Lab, PEERED, apply, eventually, is_root, isolate, read, runtime_dir};
use dataplane::{Config, DataPlane, remove_everything};
use scenario::World;

/// Set for the process that plays the daemon: its runtime folder.
const DAEMON: &str = "PEERLESS_TEST_DAEMON";

fn world() -> World {
    let mut world = World::default();
    apply(&mut world, PEERED);
    apply(&mut world, "allow green/default ingress icmp 10.1.0.0/16");
    world
}

fn guest_path(runtime_dir: &Path, instance: &str) -> PathBuf {
    runtime_dir.with_extension(instance.replace('/', "-"))
}

/// Not a test by itself: the daemon that another test kills.
#[test]
fn the_daemon_that_is_killed() {
    let Some(runtime_dir) = std::env::var_os(DAEMON).map(PathBuf::from) else { return };
    let world = world();
    let data_plane = DataPlane::start(&Config::new(&runtime_dir), Arc::new(world.snapshot().clone())).unwrap();
    for instance in ["blue/a/1", "green/a/1"] {
        let guest = Guest::at(&guest_path(&runtime_dir, instance));
        data_plane.attach(world.interface(instance).unwrap(), guest.fd()).unwrap();
    }
    println!("\nready");
    loop {
        std::thread::park();
    }
}

#[test]
fn an_established_flow_survives_kill_9_and_a_new_one_waits_for_the_next_daemon() {
    if !is_root() {
        return;
    }
    isolate();
    let runtime_dir = runtime_dir();
    let guests = ["blue/a/1", "green/a/1"].map(|instance| {
        let guest = Guest::new();
        guest.keep_at(&guest_path(&runtime_dir, instance));
        guest
    });
    let mut daemon = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "lifetime::the_daemon_that_is_killed", "--nocapture"])
        .env(DAEMON, &runtime_dir)
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let output = BufReader::new(daemon.stdout.take().unwrap());
    assert!(output.lines().map_while(Result::ok).any(|line| line == "ready"));

    let ping = guests[0].run(|| Command::new("ping").args(["-c", "40", "-i", "0.02", "10.2.0.10"]).stdout(Stdio::piped()).spawn().unwrap());
    std::thread::sleep(std::time::Duration::from_millis(200));
    daemon.kill().unwrap();
    daemon.wait().unwrap();
    let output = ping.wait_with_output().unwrap();
    let output = String::from_utf8_lossy(&output.stdout);
    assert!(output.contains("40 received"), "{output}");
    let (answered, output) = guests[0].command("ping", &["-c", "1", "-W", "0.2", "10.2.0.10"]);
    assert!(!answered, "nobody answers for a new flow: {output}");

    let config = Config::new(&runtime_dir);
    let world = world();
    let data_plane = DataPlane::start(&config, Arc::new(world.snapshot().clone())).unwrap();
    for (instance, guest) in ["blue/a/1", "green/a/1"].into_iter().zip(&guests) {
        data_plane.attach(world.interface(instance).unwrap(), guest.fd()).unwrap();
    }
    guests[0].must("ping", &["-c", "1", "-W", "1", "10.2.0.10"]);
    drop(data_plane);
    remove_everything(&config).unwrap();
    for instance in ["blue/a/1", "green/a/1"] {
        let path = guest_path(&runtime_dir, instance);
        nix::mount::umount(&path).unwrap();
        std::fs::remove_file(path).unwrap();
    }
}

#[test]
fn nothing_is_left() {
    if !is_root() {
        return;
    }
    let mut lab = Lab::new();
    lab.change(PEERED);
    let guest = lab.guest("blue/a/1");
    assert!(guest.command("ip", &["link", "show", "eth0"]).0);
    let name = lab.config.runtime_dir.display().to_string();
    assert_eq!(read("/proc/thread-self/mounts").matches(&name).count(), 3);

    remove_everything(&lab.config).unwrap();
    assert!(!guest.command("ip", &["link", "show", "eth0"]).0, "deleted when it returns");
    assert!(!lab.config.runtime_dir.exists());
    assert_eq!(read("/proc/thread-self/mounts").matches(&name).count(), 0);
    remove_everything(&lab.config).unwrap();
}

/// A guest's namespace belongs to the user namespace that its root is root of.
#[test]
fn a_guest_may_belong_to_another_user_namespace() {
    if !is_root() {
        return;
    }
    let mut lab = Lab::new();
    lab.change(PEERED);
    lab.change("allow green/default ingress icmp 10.1.0.0/16");
    let mut sandbox = Command::new("unshare").args(["--user", "--map-root-user", "--net", "sleep", "60"]).spawn().unwrap();
    let (ours, theirs) = ("/proc/thread-self/ns/net".to_owned(), format!("/proc/{}/ns/net", sandbox.id()));
    let entered = || (std::fs::read_link(&theirs).ok()? != std::fs::read_link(&ours).ok()?).then_some(());
    eventually("the sandbox", entered);
    let guest = Guest::at(Path::new(&theirs));
    lab.data_plane.attach(lab.world.interface("blue/a/1").unwrap(), guest.fd()).unwrap();
    guest.must("ping", &["-c", "1", "-W", "1", "10.2.0.10"]);
    sandbox.kill().unwrap();
    sandbox.wait().unwrap();
}

/// The steps of making it, each interrupted behind it.
#[test]
fn half_of_it_is_removed_too() {
    if !is_root() {
        return;
    }
    isolate();
    let config = Config::new(runtime_dir());
    remove_everything(&config).unwrap();
    std::fs::create_dir_all(&config.runtime_dir).unwrap();
    std::fs::write(config.runtime_dir.join("fabric"), "").unwrap();
    remove_everything(&config).unwrap();
    assert!(!config.runtime_dir.exists());

    std::fs::create_dir_all(config.runtime_dir.join("bpf")).unwrap();
    std::fs::write(config.runtime_dir.join("state.db"), "not ours").unwrap();
    remove_everything(&config).unwrap();
    assert!(config.runtime_dir.join("state.db").exists(), "what others keep there is theirs");
    std::fs::remove_dir_all(&config.runtime_dir).unwrap();
}

/// An instance that ends by itself takes its end of the veth pair along; its interface can come back elsewhere.
#[test]
fn a_guest_may_be_gone_before_it_is_detached() {
    if !is_root() {
        return;
    }
    isolate();
    let world = world();
    let config = Config::new(runtime_dir());
    let data_plane = DataPlane::start(&config, Arc::new(world.snapshot().clone())).unwrap();
    let blue = world.interface("blue/a/1").unwrap();
    data_plane.attach(blue, Guest::new().fd()).unwrap();
    let fabric = Guest::at(&config.runtime_dir.join("fabric"));
    eventually("the end of the namespace", || (!fabric.must("ip", &["-o", "link"]).contains("pl1")).then_some(()));
    data_plane.detach(blue).unwrap();
    data_plane.detach(blue).unwrap();
    let guest = Guest::new();
    data_plane.attach(blue, guest.fd()).unwrap();
    data_plane.attach(blue, guest.fd()).unwrap();
    drop(data_plane);
    remove_everything(&config).unwrap();
}
