//! A guest's life as the host sees it.

use std::{
    collections::BTreeSet,
    ffi::OsString,
    fs,
    os::fd::AsRawFd,
    path::PathBuf,
    process::{Command, ExitCode, Stdio},
    time::{Duration, Instant},
};

use instance::{Disk, Error, Guest, Host};

use crate::{
    Check,
    world::{World, eventually, spec},
};

pub const CHECKS: &[Check] = &[
    ("a record finds the guest again", records),
    ("the network namespace can be reached from outside", network_namespace),
    ("a guest survives the process that built it", survival),
    ("a guest keeps no descriptor of its builder's", descriptors),
    ("an init says how it is when it is asked, and is silent when it cannot", pulse),
    ("a second guest of the same id is refused", twins),
    ("a kept disk is there at the next boot", kept_disk),
    ("power-off ends every process in order", power_off),
    ("root inside powers off and reboots as distributions do it", by_itself),
    ("destroying leaves nothing", destruction),
    ("a half-built guest can be destroyed", half_built),
    ("a guest that cannot be built leaves nothing", failed_build),
    ("a trap on the disk does not reach the host", trapped_disk),
    ("a daemon that dies while building leaves nothing that cannot be found", interrupted_build),
    ("twenty guests", many),
];

/// The first argument that makes this program build a guest and end without a word.
pub const BUILD_AND_DIE: &str = "--build-and-die";

pub fn build_and_die(mut arguments: impl Iterator<Item = OsString>) -> ExitCode {
    let mut path = || PathBuf::from(arguments.next().unwrap());
    let host = Host { name: path().display().to_string(), runtime_dir: path(), state_dir: path(), sshd: crate::world::sshd(), settings: None };
    host.build(&spec(2)).unwrap();
    nix::sys::signal::raise(nix::sys::signal::Signal::SIGKILL).unwrap();
    ExitCode::FAILURE
}

fn records(world: &World) {
    assert_eq!(world.host.guests().unwrap(), std::slice::from_ref(&world.guest));
    let record = world.host.runtime_dir.join("instances").join(format!("{}.json", world.guest.id));
    assert_eq!(std::os::unix::fs::PermissionsExt::mode(&fs::metadata(&record).unwrap().permissions()) & 0o777, 0o600);
    let stranger = Guest { start_time: world.guest.start_time + 1, ..world.guest.clone() };
    assert!(!stranger.is_alive());
    assert!(matches!(stranger.boot(), Err(Error::Gone { .. })));
    assert!(matches!(stranger.network_namespace(), Err(Error::Gone { .. })));
}

fn network_namespace(world: &World) {
    let namespace = world.guest.network_namespace().unwrap();
    let path = format!("/proc/{}/fd/{}", std::process::id(), namespace.as_raw_fd());
    let output = Command::new("nsenter").arg(format!("--net={path}")).args(["ip", "-o", "link", "show", "up"]).output().unwrap();
    assert!(String::from_utf8_lossy(&output.stdout).starts_with("1: lo: <LOOPBACK,UP"), "{output:?}");
}

fn survival(world: &World) {
    let mut builder = Command::new(std::env::current_exe().unwrap());
    builder.arg(BUILD_AND_DIE).arg(&world.host.name).args([&world.host.runtime_dir, &world.host.state_dir]);
    // A descriptor that was inherited would keep this pipe open.
    let output = builder.stdin(Stdio::null()).stderr(Stdio::inherit()).output().unwrap();
    assert!(!output.status.success());
    let guest = world.host.guest(&spec(2).id).unwrap().unwrap();
    assert!(guest.is_alive());
    guest.boot().unwrap();
    assert_eq!(world.run_in(&guest, "root", &["hostname"]).stdout, b"ip-10-1-4-7\n");
    world.host.destroy(&guest.id, Disk::Delete).unwrap();
    assert!(!guest.is_alive());
}

fn descriptors(world: &World) {
    let mut open: Vec<_> = fs::read_dir(format!("/proc/{}/fd", world.guest.pid)).unwrap().map(|entry| entry.unwrap().path()).collect();
    open.sort();
    let targets: Vec<_> = open.iter().map(|path| fs::read_link(path).unwrap()).collect();
    let own = ["null", "console.log", ".pulse", "dev/console", "run/initctl", "anon_inode:[signalfd]"];
    assert!(targets.iter().all(|target| own.iter().any(|own| target.to_string_lossy().ends_with(own))), "{targets:?}");
}

fn pulse(world: &World) {
    let guest = world.host.build(&spec(9)).unwrap();
    let ask = || {
        let before = guest.pulse().unwrap().count;
        guest.ask_pulse().unwrap();
        eventually("it answers", || guest.pulse().unwrap().count > before);
        guest.pulse().unwrap().trouble
    };
    assert_eq!(ask().as_deref(), Some("it waits for its network"));
    guest.boot().unwrap();
    eventually("it was told", || ask().as_deref() == Some("there is no eth0"));
    let ip = |arguments: &str| {
        let output = world.run_in(&guest, "root", &["sh", "-c", &format!("ip {arguments}")]);
        assert!(output.status.success(), "{arguments}: {output:?}");
    };
    ip("link add eth0 type veth peer name other");
    assert_eq!(ask().as_deref(), Some("eth0 is down"));
    ip("link set eth0 up; ip link set other up");
    eventually("it is carried", || ask().as_deref() == Some("eth0 has no address"));
    ip("address add 10.1.4.7/24 dev eth0");
    assert_eq!(ask(), None);

    let count = guest.pulse().unwrap().count;
    let stop = |signal| nix::sys::signal::kill(nix::unistd::Pid::from_raw(guest.pid), signal).unwrap();
    stop(nix::sys::signal::Signal::SIGSTOP);
    guest.ask_pulse().unwrap();
    std::thread::sleep(Duration::from_millis(200));
    assert_eq!(guest.pulse().unwrap().count, count);
    stop(nix::sys::signal::Signal::SIGCONT);
    eventually("it answers what was asked", || guest.pulse().unwrap().count == count + 1);
    let pulse = guest.pulse.clone();
    world.host.destroy(&guest.id, Disk::Delete).unwrap();
    assert!(!pulse.exists());
}

fn twins(world: &World) {
    assert!(matches!(world.host.build(&spec(1)), Err(Error::Running { .. })));
    assert!(world.guest.is_alive());
}

fn kept_disk(world: &World) {
    let spec = spec(3);
    let guest = world.host.build(&spec).unwrap();
    world.run_in(&guest, "ec2-user", &["sh", "-c", "echo kept > note"]);
    world.run_in(&guest, "root", &["sh", "-c", "echo friend 4711/tcp >> /etc/services; echo elsewhere > /etc/hostname; echo gone > /tmp/note"]);
    world.host.destroy(&spec.id, Disk::Keep).unwrap();
    let guest = world.host.build(&spec).unwrap();
    let script = "cat /home/ec2-user/note; getent services friend; cat /etc/hostname; stat -c %U /home/ec2-user/note; ls /tmp";
    let output = world.run_in(&guest, "root", &["sh", "-c", script]);
    assert_eq!(String::from_utf8_lossy(&output.stdout), "kept\nfriend                4711/tcp\nip-10-1-4-7\nec2-user\n");
    world.host.destroy(&spec.id, Disk::Keep).unwrap();
    // Another guest's ids would not fit the files.
    let stranger = instance::Spec { first_id: spec.first_id + 65_536, ..spec.clone() };
    assert!(matches!(world.host.build(&stranger), Err(Error::Build { reason, .. }) if reason.contains("first_id")));
    world.host.destroy(&spec.id, Disk::Delete).unwrap();
}

fn power_off(world: &World) {
    let spec = spec(4);
    let guest = world.host.build(&spec).unwrap();
    let script = "trap 'echo bye > /root/bye; exit' TERM; touch /root/ready; while :; do sleep 0.01; done";
    let mut command = world.host.enter_command(&spec.id, "root", &["sh", "-c", script].map(Into::into)).stderr(Stdio::null()).spawn().unwrap();
    let root = world.host.state_dir.join("instances").join(&spec.id).join("root/root");
    eventually("the command runs", || root.join("ready").exists());
    let begin = Instant::now();
    assert!(guest.power_off(Duration::from_secs(8)).unwrap());
    println!("       powered off in {:.1?}", begin.elapsed());
    command.wait().unwrap();
    assert_eq!(fs::read_to_string(root.join("bye")).unwrap(), "bye\n");
    assert!(fs::read_to_string(guest.console_log()).unwrap().contains("powered off"));
    world.host.destroy(&spec.id, Disk::Delete).unwrap();
}

/// By `/run/initctl` as sysvinit and systemd write there, and by signals as busybox sends them.
fn by_itself(world: &World) {
    let write = |level: char| {
        format!("printf '\\151\\031\\011\\003\\001\\0\\0\\0\\{:o}' > m && truncate -s 384 m && dd if=m of=/run/initctl bs=384", u32::from(level))
    };
    for (number, script, restarts) in [
        (11, write('0'), false),
        (12, write('6'), true),
        (13, "kill -USR2 1".to_owned(), false),
        (14, "kill -USR1 1".to_owned(), false),
        (15, "kill -TERM 1".to_owned(), true),
        (16, "kill -INT 1".to_owned(), true),
    ] {
        let guest = world.host.build(&spec(number)).unwrap();
        // The command may end with the guest.
        let output = world.run_in(&guest, "root", &["sh", "-c", &format!("cd /tmp; {script}; sleep 60")]);
        eventually("it has ended", || !guest.is_alive());
        assert_eq!(guest.asks_to_restart(), restarts, "{script}: {output:?}");
        let console = fs::read_to_string(guest.console_log()).unwrap();
        assert!(console.contains(if restarts { "restarting" } else { "powered off" }), "{console}");
        // What ended to be started again is not asked twice.
        world.host.destroy(&guest.id, Disk::Keep).unwrap();
        assert!(!guest.asks_to_restart());
        world.host.destroy(&guest.id, Disk::Delete).unwrap();
    }
}

fn destruction(world: &World) {
    let mounts = fs::read_to_string("/proc/self/mountinfo").unwrap();
    let guest = world.host.build(&spec(5)).unwrap();
    let mut command = world.host.enter_command(&guest.id, "root", &["sleep", "60"].map(Into::into)).spawn().unwrap();
    let inside = || fs::read_to_string(guest.groups[0].join("cgroup.procs")).unwrap_or_default();
    eventually("the command is in the guest's cgroup", || inside().lines().count() > 1);
    let processes: Vec<String> = inside().lines().map(str::to_owned).collect();
    let begin = Instant::now();
    world.host.destroy(&guest.id, Disk::Delete).unwrap();
    println!("       destroyed in {:.1?}", begin.elapsed());
    assert_eq!(command.wait().unwrap().code(), Some(137));
    eventually("no process is left", || processes.iter().all(|pid| !PathBuf::from("/proc").join(pid).exists()));
    assert!(guest.groups.iter().all(|group| !group.exists()));
    assert!(!guest.console_log().exists());
    assert_eq!(world.host.guest(&guest.id).unwrap(), None);
    assert_eq!(fs::read_to_string("/proc/self/mountinfo").unwrap(), mounts);
    world.host.destroy(&guest.id, Disk::Delete).unwrap();
}

/// As after a daemon that was killed before it could write the record.
fn half_built(world: &World) {
    let guest = world.host.build(&spec(6)).unwrap();
    fs::remove_file(world.host.runtime_dir.join("instances").join(format!("{}.json", guest.id))).unwrap();
    assert!(guest.is_alive() && world.host.guest(&guest.id).unwrap().is_none());
    assert!(world.host.leftovers().unwrap().contains(&guest.id));
    // Building again clears the way by itself.
    let again = world.host.build(&spec(6)).unwrap();
    assert!(!guest.is_alive() && again.is_alive());
    world.host.destroy(&again.id, Disk::Delete).unwrap();
    assert_eq!(world.host.leftovers().unwrap(), BTreeSet::from([world.guest.id.clone()]));
}

fn failed_build(world: &World) {
    let spec = spec(7);
    let disk = world.host.state_dir.join("instances").join(&spec.id);
    fs::create_dir_all(&disk).unwrap();
    fs::write(disk.join("console.log"), "").unwrap();
    // A directory in the place of a file.
    fs::create_dir_all(disk.join("root/etc/hostname")).unwrap();
    for path in ["root", "root/etc"] {
        std::os::unix::fs::chown(disk.join(path), Some(spec.first_id), Some(spec.first_id)).unwrap();
    }
    let error = world.host.build(&spec).unwrap_err();
    assert!(matches!(error, Error::Build { .. }), "{error}");
    println!("       {error}");
    assert!(!world.host.leftovers().unwrap().contains(&spec.id));
    assert!(disk.exists(), "the disk was there before");
    world.host.destroy(&spec.id, Disk::Delete).unwrap();
}

/// Root inside may leave anything on its disk for the next boot, when the host's root mounts upon it.
fn trapped_disk(world: &World) {
    let spec = spec(8);
    let victim = world.host.runtime_dir.join("victim");
    fs::create_dir_all(&victim).unwrap();
    let guest = world.host.build(&spec).unwrap();
    let target = victim.display();
    let script = format!(
        "cd /etc; rm -rf hostname hosts services; mkfifo hostname; ln -s {target}/hosts hosts; \
         ln -s {target}/services services; rm -rf profile.d; ln -s {target} profile.d; rm -rf /srv; ln -s {target} /srv"
    );
    world.run_in(&guest, "root", &["sh", "-c", &script]);
    world.host.destroy(&spec.id, Disk::Keep).unwrap();
    let result = world.host.build(&spec);
    assert!(result.is_ok(), "{result:?}");
    assert_eq!(fs::read_dir(&victim).unwrap().count(), 0);
    world.host.destroy(&spec.id, Disk::Delete).unwrap();
}

fn interrupted_build(world: &World) {
    let id = spec(2).id;
    let own = format!("init[{id}]");
    let processes = || {
        let all = fs::read_dir("/proc").unwrap().filter_map(|entry| fs::read(entry.unwrap().path().join("cmdline")).ok());
        all.filter(|line| line.starts_with(own.as_bytes())).count()
    };
    for milliseconds in 0..20 {
        let mut builder = Command::new(std::env::current_exe().unwrap());
        builder.arg(BUILD_AND_DIE).arg(&world.host.name).args([&world.host.runtime_dir, &world.host.state_dir]);
        let mut builder = builder.spawn().unwrap();
        std::thread::sleep(Duration::from_millis(milliseconds));
        builder.kill().unwrap();
        builder.wait().unwrap();
        world.host.destroy(&id, Disk::Delete).unwrap();
        eventually("no process is left", || processes() == 0);
        assert!(!world.host.leftovers().unwrap().contains(&id));
    }
}

fn many(world: &World) {
    let begin = Instant::now();
    let guests: Vec<Guest> = (100..120).map(|number| world.host.build(&spec(number)).unwrap()).collect();
    println!("       built in {:.1?} each", begin.elapsed() / 20);
    assert!(guests.iter().all(Guest::is_alive));
    let begin = Instant::now();
    for guest in &guests {
        world.host.destroy(&guest.id, Disk::Delete).unwrap();
    }
    println!("       destroyed in {:.1?} each", begin.elapsed() / 20);
}
