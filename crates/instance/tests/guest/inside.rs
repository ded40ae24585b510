//! What a guest is like from inside.

use std::{fs, path::Path};

use crate::{Check, world::World};

pub const CHECKS: &[Check] = &[
    ("root and the login user are who they should be", users),
    ("the machine has its name, resolver and time to live", names),
    ("the console log says that the network is there", console),
    ("the login user can ping", ping),
    ("programs of the host run", programs),
    ("a set-user-id program belongs to root inside", set_user_id),
    ("the host's accounts and files are out of sight", host_files),
    ("the host's processes are out of sight", host_processes),
    ("the guest has its limits", limits),
    ("writing works where it should", writing),
    ("exit codes and signals come out", exit_codes),
    ("root gets in although its account is broken", broken_accounts),
    ("a shell on a terminal has the prompt of the distribution", terminal),
    ("the init is small", memory),
];

fn says(world: &World, user: &str, script: &str, expected: &str) {
    let (_, text) = world.shell(user, script);
    assert_eq!(text, expected, "{user}: {script}");
}

fn users(world: &World) {
    says(world, "root", "id -u; id -un; pwd; echo $HOME", "0\nroot\n/root\n/root");
    says(world, "ec2-user", "id -un; id -u; pwd; echo $USER", "ec2-user\n1000\n/home/ec2-user\nec2-user");
    let (_, groups) = world.shell("ec2-user", "id -Gn");
    assert!(groups.contains("wheel"), "{groups}");
    says(world, "ec2-user", "su -c 'id -u'", "0");
    assert_eq!(world.run("mallory", &["true"]).status.code(), Some(126));
}

fn names(world: &World) {
    says(world, "root", "uname -n; cat /etc/hostname", "ip-10-1-4-7\nip-10-1-4-7");
    says(world, "ec2-user", "getent hosts $(hostname)", "10.1.4.7        ip-10-1-4-7.ec2.internal ip-10-1-4-7");
    says(world, "root", "head -2 /etc/resolv.conf", "search ec2.internal\nnameserver 10.1.0.2");
    says(world, "root", "cd /proc/sys/net; cat ipv4/ip_default_ttl ipv6/conf/default/disable_ipv6", "127\n1");
}

fn console(world: &World) {
    crate::world::eventually("the guest is up", || fs::read_to_string(world.guest.console_log()).unwrap().contains("ip-10-1-4-7 is up"));
}

fn ping(world: &World) {
    for user in ["ec2-user", "root"] {
        let (done, text) = world.shell(user, "ping -c1 -W1 127.0.0.1");
        assert!(done, "{user}: {text}");
    }
    // Where `ping` has a file capability the other way must work as well.
    says(world, "root", "cat /proc/sys/net/ipv4/ping_group_range", "0\t65535");
}

fn programs(world: &World) {
    if Path::new("/usr/bin/python3").exists() {
        says(world, "ec2-user", "/usr/bin/python3 -c 'import json, ssl; print(json.dumps(6*7))'", "42");
    }
    says(world, "ec2-user", "echo a b | awk '{print $2}'", "b");
}

fn set_user_id(world: &World) {
    says(world, "root", "stat -c '%U %G' /usr/bin/su /usr/bin /", "root root\nroot root\nroot root");
}

fn host_files(world: &World) {
    let shadow = fs::read_to_string("/etc/shadow").unwrap_or_default();
    let (_, inside) = world.shell("root", "cat /etc/shadow");
    assert!(inside.contains("ec2-user:*:"), "{inside}");
    assert!(shadow.lines().filter(|line| line.contains('$')).all(|line| !inside.contains(line)));
    let merged = ["bin", "lib", "lib32", "lib64", "libx32", "sbin"].into_iter().filter(|name| Path::new("/").join(name).exists());
    let own = ["dev", "etc", "home", "mnt", "opt", "proc", "root", "run", "srv", "sys", "tmp", "usr", "var"];
    let mut names: Vec<&str> = merged.chain(own).collect();
    names.sort_unstable();
    says(world, "root", "ls / | sort | tr '\\n' ' '", &names.join(" "));
    says(world, "root", "ls -A /home /tmp /root/.ssh", "/home:\nec2-user\n\n/root/.ssh:\n\n/tmp:");
    let secret = "/etc/security/opasswd";
    if fs::metadata(secret).is_ok_and(|metadata| std::os::unix::fs::PermissionsExt::mode(&metadata.permissions()) & 0o004 == 0) {
        assert!(!world.shell("root", &format!("cat {secret}")).0);
    }
    let (_, mounts) = world.shell("root", "cat /proc/mounts");
    assert!(!mounts.contains("/etc/hosts") && !mounts.contains("cgroup"), "{mounts}");
}

fn host_processes(world: &World) {
    let (_, text) = world.shell("root", "echo /proc/[0-9]*");
    assert!(text.starts_with("/proc/1 ") && text.split(' ').count() <= 3, "{text}");
}

fn limits(world: &World) {
    let value = |file: &str| world.guest.groups.iter().find_map(|group| fs::read_to_string(group.join(file)).ok());
    let memory = value("memory.limit_in_bytes").or_else(|| value("memory.max")).unwrap();
    assert_eq!(memory.trim(), (512 << 20).to_string());
    assert_eq!(value("pids.max").unwrap().trim(), "4096");
    let members = fs::read_to_string(world.guest.groups[0].join("cgroup.procs")).unwrap();
    assert!(members.lines().any(|line| line == world.guest.pid.to_string()), "{members}");
    // What enters is inside the limits, too, and sees no path of the host's.
    let (_, text) = world.shell("root", "cut -d: -f2- /proc/self/cgroup | grep -E '^(memory|pids|cpu|):'");
    assert!(text.lines().all(|line| !line.contains("peerless")) && text.contains(":/"), "{text}");
    let (_, text) = world.shell("root", "ulimit -n; df --output=size -m /tmp | tail -1");
    assert_eq!(text.split_ascii_whitespace().collect::<Vec<_>>(), ["1024", "256"]);
    let eats = "/usr/bin/perl -e '$x = \"a\" x (700 << 20); print length $x'";
    let (done, text) = world.shell("root", eats);
    assert!(!done, "{text}");
}

fn writing(world: &World) {
    for path in ["/root", "/etc", "/var/log", "/tmp", "/run", "/dev/shm", "/home/ec2-user", "/opt"] {
        says(world, "root", &format!("echo x > {path}/probe && cat {path}/probe && rm {path}/probe"), "x");
    }
    says(world, "ec2-user", "echo x > probe && cat probe; (echo y > /etc/probe) 2>/dev/null || echo refused", "x\nrefused");
    let (done, text) = world.shell("root", "touch /usr/probe || touch /bin/probe");
    assert!(!done && text.contains("Read-only"), "{text}");
    let (done, text) = world.shell("ec2-user", "echo > /dev/null && head -c4 /dev/urandom > /dev/zero && ls /dev/fd/ > /dev/full");
    assert!(!done && text.contains("No space"), "{text}");
}

fn exit_codes(world: &World) {
    assert_eq!(world.run("root", &["sh", "-c", "exit 7"]).status.code(), Some(7));
    assert_eq!(world.run("root", &["sh", "-c", "kill -TERM $$"]).status.code(), Some(143));
    assert_eq!(world.run("root", &["no-such-command"]).status.code(), Some(127));
    assert_eq!(world.run("root", &["/etc/passwd"]).status.code(), Some(126));

    let command = ["sleep", "60"].map(Into::into);
    let mut caller = world.host.enter_command(&world.guest.id, "root", &command).spawn().unwrap();
    let sleeps = || world.shell("root", "cat /proc/[0-9]*/comm").1.lines().any(|name| name == "sleep");
    crate::world::eventually("the command runs", sleeps);
    nix::sys::signal::kill(nix::unistd::Pid::from_raw(caller.id().cast_signed()), nix::sys::signal::Signal::SIGTERM).unwrap();
    assert_eq!(caller.wait().unwrap().code(), Some(143));
}

fn broken_accounts(world: &World) {
    assert!(world.shell("root", "mv /etc/passwd /etc/passwd.away; mkdir /etc/passwd").0);
    says(world, "root", "id -u; pwd; rmdir /etc/passwd && mv /etc/passwd.away /etc/passwd", "0\n/root");
    says(world, "ec2-user", "id -un", "ec2-user");
}

fn terminal(world: &World) {
    // script(1) gives the caller a terminal of the host's.
    let record = world.host.runtime_dir.join("instances").join(&world.guest.id).with_added_extension("json");
    let this = std::env::current_exe().unwrap();
    let enter = format!("{} __guest enter {} ec2-user", this.display(), record.display());
    let typed = "tty; stty size; exit 3\n";
    let mut script = std::process::Command::new("script");
    script.args(["-qefc", &format!("stty rows 33 cols 99; {enter}"), "/dev/null"]).env("TERM", "xterm");
    let mut child = script.stdin(std::process::Stdio::piped()).stdout(std::process::Stdio::piped()).spawn().unwrap();
    std::io::Write::write_all(&mut child.stdin.take().unwrap(), typed.as_bytes()).unwrap();
    let output = child.wait_with_output().unwrap();
    let text = String::from_utf8_lossy(&output.stdout);
    assert!(text.contains("[ec2-user@ip-10-1-4-7 ~]$ "), "{text}");
    assert!(text.contains("/dev/pts/") && text.contains("33 99"), "{text}");
    assert_eq!(output.status.code(), Some(3), "{text}");
}

fn memory(world: &World) {
    let rollup = fs::read_to_string(format!("/proc/{}/smaps_rollup", world.guest.pid)).unwrap();
    let kilobytes = |name: &str| -> u64 {
        let line = rollup.lines().find(|line| line.starts_with(name)).unwrap();
        line.split_ascii_whitespace().nth(1).unwrap().parse().unwrap()
    };
    println!("       init: {} kB proportional, {} kB private and dirty", kilobytes("Pss:"), kilobytes("Private_Dirty:"));
    assert!(kilobytes("Pss:") < 2048);
}
