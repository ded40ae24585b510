//! What outlives the daemon, and that nothing outlives `down`.

use std::io::{BufRead, BufReader, Read};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdout, Command, Stdio};
use std::sync::Arc;
use std::time::Instant;

use crate::lab::{Guest, Lab, PEERED, apply, eventually, is_root, isolate, read, runtime_dir};
use dataplane::{Config, DataPlane, FlowReport, Role, remove_everything};
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

/// What a daemon that was killed left: its guests, and where their namespaces are kept.
struct Killed {
    config: Config,
    world: World,
    guests: [Guest; 2],
}

const INSTANCES: [&str; 2] = ["blue/a/1", "green/a/1"];

impl Killed {
    /// Starts a daemon, begins something under it, kills it.
    fn after<T>(begin: impl FnOnce(&[Guest; 2]) -> T) -> (Self, T) {
        isolate();
        let runtime_dir = runtime_dir();
        let guests = INSTANCES.map(|instance| {
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
        let begun = begin(&guests);
        daemon.kill().unwrap();
        daemon.wait().unwrap();
        (Self { config: Config::new(&runtime_dir), world: world(), guests }, begun)
    }

    fn start(&self) -> DataPlane {
        let begin = Instant::now();
        let data_plane = DataPlane::start(&self.config, Arc::new(self.world.snapshot().clone())).unwrap();
        println!("started after {:?}", begin.elapsed());
        data_plane
    }

    fn attached(&self, data_plane: &DataPlane) -> [bool; 2] {
        INSTANCES.map(|instance| data_plane.is_attached(self.world.interface(instance).unwrap()).unwrap())
    }

    fn attach(&self, data_plane: &DataPlane) {
        for (instance, guest) in INSTANCES.into_iter().zip(&self.guests) {
            data_plane.attach(self.world.interface(instance).unwrap(), guest.fd()).unwrap();
        }
    }
}

impl Drop for Killed {
    fn drop(&mut self) {
        let removed = remove_everything(&self.config);
        for instance in INSTANCES {
            let path = guest_path(&self.config.runtime_dir, instance);
            let _ = nix::mount::umount(&path);
            let _ = std::fs::remove_file(path);
        }
        if !std::thread::panicking() {
            removed.unwrap();
        }
    }
}

/// A ping of so many packets, after its first answer.
fn ping(guest: &Guest, count: &str) -> (Child, BufReader<ChildStdout>) {
    let arguments = ["-oL", "ping", "-c", count, "-i", "0.02", "-W", "30", "10.2.0.10"];
    let mut ping = guest.run(|| Command::new("stdbuf").args(arguments).stdout(Stdio::piped()).spawn().unwrap());
    let mut output = BufReader::new(ping.stdout.take().unwrap());
    assert!(output.by_ref().lines().map_while(Result::ok).any(|line| line.contains("64 bytes")), "the first is answered");
    (ping, output)
}

fn must_receive((mut ping, mut output): (Child, BufReader<ChildStdout>), count: &str) {
    let mut said = String::new();
    output.read_to_string(&mut said).unwrap();
    ping.wait().unwrap();
    assert!(said.contains(&format!("{count} received")), "{said}");
}

#[test]
fn an_established_flow_survives_kill_9_and_a_new_one_waits_for_the_next_daemon() {
    if !is_root() {
        return;
    }
    let (killed, running) = Killed::after(|guests| ping(&guests[0], "40"));
    must_receive(running, "40");
    let (answered, output) = killed.guests[0].command("ping", &["-c", "1", "-W", "0.2", "10.2.0.10"]);
    assert!(!answered, "nobody answers for a new flow: {output}");
    let data_plane = killed.start();
    killed.guests[0].must("ping", &["-c", "1", "-W", "30", "10.2.0.10"]);
    killed.attach(&data_plane);
    killed.guests[0].must("ping", &["-c", "1", "-W", "30", "10.2.0.10"]);
}

/// The rule is revoked after the crash: the next daemon knows whom it had let in.
#[test]
fn the_next_daemon_takes_over_flows_counters_and_connections() {
    if !is_root() {
        return;
    }
    let (mut killed, running) = Killed::after(|guests| ping(&guests[0], "100"));
    let data_plane = killed.start();
    assert_eq!(killed.attached(&data_plane), [true, true]);
    apply(&mut killed.world, "revoke green/default ingress icmp 10.1.0.0/16");
    data_plane.publish(Arc::new(killed.world.snapshot().clone())).unwrap();
    must_receive(running, "100");

    let flows = data_plane.flows().unwrap();
    let counted: Vec<_> = flows.iter().map(|flow| (flow.role, flow.packets, flow.tracked)).collect();
    assert!(counted.contains(&(Role::Initiator, 100, [true, true])) && counted.contains(&(Role::Responder, 100, [true, true])), "{counted:?}");
    assert_eq!(data_plane.statistics().unwrap().asked, 0, "no packet of theirs waited for the daemon");
    assert!(!killed.guests[0].command("ping", &["-c", "1", "-W", "0.2", "10.2.0.10"]).0, "a new flow is judged by the rules");
    apply(&mut killed.world, "allow green/default ingress icmp 10.1.0.0/16");
    data_plane.publish(Arc::new(killed.world.snapshot().clone())).unwrap();
    killed.guests[0].must("ping", &["-c", "1", "-W", "30", "10.2.0.10"]);
}

#[test]
fn who_is_gone_when_the_next_daemon_comes_is_not_attached() {
    if !is_root() {
        return;
    }
    let (killed, running) = Killed::after(|guests| ping(&guests[0], "20"));
    must_receive(running, "20");
    killed.guests[1].must("ip", &["link", "delete", "eth0"]);
    let data_plane = killed.start();
    assert_eq!(killed.attached(&data_plane), [true, false]);
    let from_there = |flow: &FlowReport| flow.from == killed.world.interface("green/a/1").unwrap().into();
    assert!(!data_plane.flows().unwrap().iter().any(from_there));
    killed.attach(&data_plane);
    killed.guests[0].must("ping", &["-c", "1", "-W", "30", "10.2.0.10"]);
}

/// What does not fit is no reason to fail.
#[test]
fn a_fabric_that_does_not_fit_is_made_anew() {
    if !is_root() {
        return;
    }
    let (mut killed, _) = Killed::after(|_| ());
    killed.config.flows = 64;
    let data_plane = killed.start();
    assert_eq!(killed.attached(&data_plane), [false, false]);
    killed.attach(&data_plane);
    killed.guests[0].must("ping", &["-c", "1", "-W", "30", "10.2.0.10"]);
    drop(data_plane);

    std::fs::remove_file(killed.config.runtime_dir.join("bpf/v3/flows")).unwrap();
    let data_plane = killed.start();
    assert_eq!(killed.attached(&data_plane), [false, false]);
    drop(data_plane);

    killed.world = World::default();
    let data_plane = killed.start();
    assert!(data_plane.flows().unwrap().is_empty(), "an older state than the one that was enforced");
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
    assert_eq!(read("/proc/thread-self/mounts").matches(&name).count(), 4);

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
    guest.must("ping", &["-c", "1", "-W", "30", "10.2.0.10"]);
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
