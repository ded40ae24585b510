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
    ("user data of an unknown kind is refused in words", refusals),
    ("a cloud-config is followed, and what is not supported is told", cloud_config),
    ("an archive has hooks, which run at every boot, and scripts, which do not", archive),
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
    for (number, data, words) in [
        (63, "#include\nhttp://example.com/\n", "peerless: user data is a list of things to include, which is not supported"),
        (64, "Content-Type: multipart/mixed\n", "peerless: user data is a MIME archive that is not understood"),
        (65, "hello", "peerless: user data is of an unknown kind"),
    ] {
        let guest = boot(&world.host, number, data);
        eventually(words, || shown(&world.host, &guest).contains(words));
        world.host.destroy(&guest.id, Disk::Delete).unwrap();
    }
}

const CONFIG: &str = "#cloud-config
fqdn: web.example.org
packages: [httpd]
groups:
- crew: [ec2-user]
users:
- default
- name: ann
  gecos: Ann A.
  groups: [crew, new]
  sudo: ALL=(ALL) NOPASSWD:ALL
  shell: /bin/bash
  ssh_authorized_keys: [ssh-ed25519 AAAA ann]
ssh_authorized_keys: [ssh-ed25519 BBBB more]
write_files:
- path: /srv/deep/hello
  content: aGVsbG8K
  encoding: b64
  permissions: '0640'
  owner: root:crew
  defer: true
- {path: /srv/of-ann, content: x, owner: 'ann:ann', defer: true}
- {path: /srv/of-nobody, content: x, owner: 'stranger'}
runcmd:
- id -nG ann > /srv/groups
- [touch, \"/srv/two words\"]
- echo ran >> /srv/runs
";

fn cloud_config(world: &World) {
    let guest = boot(&world.host, 66, CONFIG);
    eventually("all is done", || shown(&world.host, &guest).contains("peerless: runcmd has ended"));
    let out = shown(&world.host, &guest);
    assert!(out.contains("peerless: cloud-config: packages is not supported, and is left out"), "{out}");
    assert!(out.contains("peerless: /srv/of-nobody could not be written: stranger is in no line of /etc/passwd"), "{out}");
    let says = |script: &str| String::from_utf8(world.run_in(&guest, "root", &["sh", "-c", script]).stdout).unwrap();
    assert_eq!(says("hostname; getent hosts web | tr -s ' '"), "web.example.org\n10.1.4.7 web.example.org web\n");
    assert_eq!(says("cat /srv/deep/hello; stat -c '%a %U %G' /srv/deep/hello /srv/of-ann"), "hello\n640 root crew\n644 ann ann\n");
    assert_eq!(
        says("cat /srv/groups; id -nG ec2-user | grep -o crew; ls /srv"),
        "ann crew new\ncrew\ndeep\ngroups\nof-ann\nof-nobody\nruns\ntwo words\n"
    );
    assert_eq!(says("cat ~ann/.ssh/authorized_keys; stat -c '%a %U' ~ann ~ann/.ssh/authorized_keys | tail -n 1"), "ssh-ed25519 AAAA ann\n600 ann\n");
    assert_eq!(says("tail -n 1 ~ec2-user/.ssh/authorized_keys; grep -o 'ssh-ed25519 BBBB more' /root/.ssh/authorized_keys").lines().count(), 2);
    assert_eq!(says("grep ^ann: /etc/shadow | cut -d: -f2; cat /etc/sudoers.d/*"), "*\n# User rules for ann\nann ALL=(ALL) NOPASSWD:ALL\n");

    world.host.destroy(&guest.id, Disk::Keep).unwrap();
    let again = boot(&world.host, 66, CONFIG);
    let says = |script: &str| String::from_utf8(world.run_in(&again, "root", &["sh", "-c", script]).stdout).unwrap();
    eventually("the name is there again", || says("hostname") == "web.example.org\n");
    assert_eq!(says("cat /srv/runs; getent hosts web | wc -l"), "ran\n1\n");
    world.host.destroy(&again.id, Disk::Delete).unwrap();
}

const ARCHIVE: &str = "Content-Type: multipart/mixed; boundary=\"==b==\"
MIME-Version: 1.0

--==b==
Content-Type: text/cloud-boothook

#cloud-boothook
#!/bin/sh
echo \"hook of $INSTANCE_ID\" >> /srv/hooks
--==b==
Content-Type: text/cloud-config

bootcmd: [echo bootcmd >> /srv/hooks]
runcmd: [\"echo runcmd >> /srv/scripts\"]
--==b==
Content-Type: text/x-shellscript
Content-Transfer-Encoding: base64

IyEvYmluL3NoCmVjaG8gc2NyaXB0ID4+IC9zcnYvc2NyaXB0cwo=
--==b==--
";

fn archive(world: &World) {
    let guest = boot(&world.host, 67, ARCHIVE);
    eventually("all is done", || shown(&world.host, &guest).contains("peerless: runcmd has ended"));
    assert_eq!(world.run_in(&guest, "root", &["cat", "/srv/scripts"]).stdout, b"script\nruncmd\n");
    world.host.destroy(&guest.id, Disk::Keep).unwrap();
    let again = boot(&world.host, 67, ARCHIVE);
    eventually("the hooks have run again", || shown(&world.host, &again).matches("peerless: bootcmd has ended").count() == 2);
    let hooks = "hook of i-00000000000000043\nbootcmd\n".repeat(2);
    assert_eq!(String::from_utf8(world.run_in(&again, "root", &["cat", "/srv/hooks"]).stdout).unwrap(), hooks);
    assert_eq!(world.run_in(&again, "root", &["cat", "/srv/scripts"]).stdout, b"script\nruncmd\n");
    world.host.destroy(&again.id, Disk::Delete).unwrap();
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
