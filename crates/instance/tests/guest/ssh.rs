//! Logging in over the network.

use std::{
    fs,
    io::{BufRead, BufReader, Read, Write},
    net::{TcpListener, TcpStream},
    os::fd::AsRawFd,
    path::{Path, PathBuf},
    process::{Command, Output, Stdio},
};

use instance::{Disk, Guest, Host, Spec};
use nix::sched::{CloneFlags, setns};

use crate::{
    Check,
    world::{World, eventually, spec},
};

pub const CHECKS: &[Check] = &[
    ("who has the key pair's key logs in by ssh", key_pair),
    ("root and strangers do not", strangers),
    ("a terminal over ssh has the prompt of the distribution", prompt),
    ("files come and go over ssh", files),
    ("the host keys are those of the console log, and stay", host_keys),
    ("a key pushed by EC2 Instance Connect opens its user's account", pushed_key),
    ("sshd comes back when it was killed", revival),
    ("without a server the guest boots and the console says why", no_server),
];

/// A guest with a key pair's key.
struct Reachable<'a> {
    world: &'a World,
    guest: Guest,
    key: PathBuf,
}

impl<'a> Reachable<'a> {
    fn new(world: &'a World, number: u32, login: &str) -> Reachable<'a> {
        let folder = world.host.runtime_dir.join(format!("keys-{number}"));
        fs::create_dir_all(&folder).unwrap();
        let key = new_key(&folder.join("pair"));
        let public = fs::read_to_string(key.with_extension("pub")).unwrap().trim().to_owned();
        let spec = Spec { login: login.to_owned(), authorized_keys: vec![public], ..spec(number) };
        let guest = world.host.build(&spec).unwrap();
        guest.boot().unwrap();
        let reachable = Reachable { world, guest, key };
        reachable.until_listening();
        reachable
    }

    fn until_listening(&self) {
        eventually("sshd listens", || self.inside(|| TcpStream::connect("127.0.0.1:22").is_ok()));
    }

    /// Does something in the guest's network.
    fn inside<T: Send>(&self, work: impl FnOnce() -> T + Send) -> T {
        let network = self.guest.network_namespace().unwrap();
        std::thread::scope(|scope| {
            let thread = scope.spawn(|| {
                setns(network, CloneFlags::CLONE_NEWNET).unwrap();
                work()
            });
            thread.join().unwrap()
        })
    }

    /// `ssh` of the host, in the guest's network.
    fn ssh(&self, key: &PathBuf, options: &[&str], rest: &[&str]) -> Command {
        let network = self.guest.network_namespace().unwrap();
        let mut command = Command::new("nsenter");
        command.arg(format!("--net=/proc/{}/fd/{}", std::process::id(), network.as_raw_fd()));
        command.args(["ssh", "-F", "none", "-o", "StrictHostKeyChecking=no", "-o", "UserKnownHostsFile=/dev/null", "-o", "LogLevel=ERROR"]);
        command.args(["-o", "BatchMode=yes", "-o", "IdentitiesOnly=yes", "-i"]).arg(key).args(options).args(rest).env_remove("SSH_AUTH_SOCK");
        // The descriptor has to be open as long as nsenter needs it.
        std::mem::forget(network);
        command
    }

    fn run(&self, user: &str, script: &str) -> Output {
        self.ssh(&self.key, &[], &[&format!("{user}@127.0.0.1"), script]).stdin(Stdio::null()).output().unwrap()
    }
}

impl Drop for Reachable<'_> {
    fn drop(&mut self) {
        // Also after a failure: other checks count the guests.
        self.world.host.destroy(&self.guest.id, Disk::Delete).unwrap();
    }
}

fn new_key(path: &PathBuf) -> PathBuf {
    let output = Command::new("ssh-keygen").args(["-q", "-t", "ed25519", "-N", "", "-f"]).arg(path).output().unwrap();
    assert!(output.status.success(), "{output:?}");
    path.clone()
}

fn text(output: &Output) -> String {
    String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr)
}

fn key_pair(world: &World) {
    let guest = Reachable::new(world, 40, "ec2-user");
    let output = guest.run("ec2-user", "id -un; pwd; hostname; tty; command -v ip; ping -c1 -W1 127.0.0.1 | grep -c ttl; su -c 'id -un'; exit 7");
    assert_eq!(text(&output), "ec2-user\n/home/ec2-user\nip-10-1-4-7\nnot a tty\n/usr/sbin/ip\n1\nroot\n");
    assert_eq!(output.status.code(), Some(7));
}

fn strangers(world: &World) {
    let guest = Reachable::new(world, 41, "ubuntu");
    let output = guest.ssh(&guest.key, &["-o", "ServerAliveInterval=1"], &["root@127.0.0.1", "id"]).stdout(Stdio::piped()).spawn();
    let mut root = output.unwrap();
    let mut line = String::new();
    BufReader::new(root.stdout.take().unwrap()).read_line(&mut line).unwrap();
    assert_eq!(line, "Please login as the user \"ubuntu\" rather than the user \"root\".\n");
    root.kill().unwrap();
    root.wait().unwrap();
    for (user, key) in [("ubuntu", new_key(&guest.key.with_file_name("other"))), ("nobody", guest.key.clone()), ("ec2-user", guest.key.clone())] {
        let output = guest.ssh(&key, &[], &[&format!("{user}@127.0.0.1"), "id"]).output().unwrap();
        assert!(output.status.code() == Some(255) && text(&output).contains("Permission denied (publickey)"), "{user}: {}", text(&output));
    }
}

fn prompt(world: &World) {
    for (number, login, prompt) in [(42, "ec2-user", "[ec2-user@ip-10-1-4-7 ~]$ "), (43, "admin", "admin@ip-10-1-4-7:~$ ")] {
        let guest = Reachable::new(world, number, login);
        let mut ssh = guest.ssh(&guest.key, &["-tt"], &[&format!("{login}@127.0.0.1")]).stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
        ssh.stdin.take().unwrap().write_all(b"tty; su -c id; logout\n").unwrap();
        let seen = text(&ssh.wait_with_output().unwrap());
        assert!(seen.contains("Welcome to the test\r\n") && seen.contains(prompt), "{seen}");
        assert!(seen.contains("/dev/pts/") && seen.contains("uid=0(root)"), "{seen}");
    }
}

fn files(world: &World) {
    let guest = Reachable::new(world, 44, "ec2-user");
    let sent: Vec<u8> = (0..1 << 20).map(|at: u32| (at % 251) as u8).collect();
    let mut put = guest.ssh(&guest.key, &[], &["ec2-user@127.0.0.1", "cat > big"]).stdin(Stdio::piped()).spawn().unwrap();
    put.stdin.take().unwrap().write_all(&sent).unwrap();
    assert!(put.wait().unwrap().success());
    let mut batch = guest.ssh(&guest.key, &["-s"], &["ec2-user@127.0.0.1", "sftp"]).stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
    // SSH_FXP_INIT, version 3; the answer is SSH_FXP_VERSION.
    let mut stdin = batch.stdin.take().unwrap();
    stdin.write_all(&[0, 0, 0, 5, 1, 0, 0, 0, 3]).unwrap();
    let mut answer = [0; 5];
    batch.stdout.take().unwrap().read_exact(&mut answer).unwrap();
    assert_eq!(answer[4], 2);
    drop(stdin);
    batch.wait().unwrap();
    assert_eq!(guest.run("ec2-user", "cat big").stdout, sent);
}

fn host_keys(world: &World) {
    let guest = Reachable::new(world, 45, "ec2-user");
    let scan = || {
        let network = guest.guest.network_namespace().unwrap();
        let net = format!("--net=/proc/{}/fd/{}", std::process::id(), network.as_raw_fd());
        let output = Command::new("nsenter").arg(net).args(["ssh-keyscan", "-t", "ed25519", "127.0.0.1"]).output().unwrap();
        String::from_utf8_lossy(&output.stdout).split(' ').nth(2).unwrap_or_default().trim().to_owned()
    };
    let before = scan();
    assert!(before.len() > 60, "{before}");
    let log = fs::read_to_string(guest.guest.console_log()).unwrap();
    assert!(log.contains("-----BEGIN SSH HOST KEY FINGERPRINTS-----") && log.contains("SHA256:") && log.contains(&before), "{log}");

    world.host.destroy(&guest.guest.id, Disk::Keep).unwrap();
    let again = world.host.build(&spec(45)).unwrap();
    again.boot().unwrap();
    let guest = Reachable { guest: again, key: guest.key.clone(), world };
    guest.until_listening();
    // The key, too, was written at the first boot.
    let output = guest.run("ec2-user", "cut -d' ' -f2 /etc/ssh/ssh_host_ed25519_key.pub");
    assert_eq!(text(&output).trim(), before);
}

/// The metadata service as sshd's question meets it: a token first, then the keys of a user; and again, since a client first asks whether its
/// key would do and then proves that it has it.
fn metadata_service(listener: &TcpListener, key: &str) {
    for _ in 0..4 {
        let (mut stream, _) = listener.accept().unwrap();
        let mut lines = BufReader::new(stream.try_clone().unwrap()).lines().map(Result::unwrap);
        let asked = lines.next().unwrap();
        let headers: Vec<String> = lines.take_while(|line| !line.is_empty()).collect();
        let has = |header: &str| headers.iter().any(|line| line.eq_ignore_ascii_case(header));
        let body = match asked.as_str() {
            "PUT /latest/api/token HTTP/1.1" if has("x-aws-ec2-metadata-token-ttl-seconds: 5") => "TOKEN==".to_owned(),
            "GET /latest/meta-data/managed-ssh-keys/active-keys/ec2-user/ HTTP/1.1" if has("x-aws-ec2-metadata-token: TOKEN==") => {
                format!("#Timestamp=1\n#Instance=i-1\n#Caller=arn\n#Request=1\n{key}\nc2lnbmF0dXJl\n\n")
            }
            _ => panic!("{asked}: {headers:?}"),
        };
        write!(stream, "HTTP/1.1 200 OK\r\nContent-Length: {}\r\nConnection: close\r\n\r\n{body}", body.len()).unwrap();
    }
}

fn pushed_key(world: &World) {
    let guest = Reachable::new(world, 46, "ec2-user");
    let key = new_key(&guest.key.with_file_name("pushed"));
    let login = |user: &str| guest.ssh(&key, &[], &[&format!("{user}@127.0.0.1"), "whoami"]).output().unwrap();
    assert!(text(&login("ec2-user")).contains("Permission denied"));

    let done = world.run_in(&guest.guest, "root", &["ip", "address", "add", "169.254.169.254/32", "dev", "lo"]);
    assert!(done.status.success(), "{done:?}");
    let listener = guest.inside(|| TcpListener::bind("169.254.169.254:80").unwrap());
    let public = fs::read_to_string(key.with_extension("pub")).unwrap().trim().to_owned();
    let service = std::thread::spawn(move || {
        metadata_service(&listener, &public);
        listener
    });
    assert_eq!(text(&login("ec2-user")), "ec2-user\n");

    // One that accepts and never answers must not keep anybody waiting.
    let silent = service.join().unwrap();
    assert!(text(&login("ec2-user")).contains("Permission denied"));
    drop(silent);
}

fn no_server(world: &World) {
    if Path::new("/usr/sbin/sshd").exists() {
        return println!("       this host has a server: not tested");
    }
    let host = Host { sshd: None, ..world.host.clone() };
    let guest = host.build(&spec(48)).unwrap();
    guest.boot().unwrap();
    eventually("the console says it", || fs::read_to_string(guest.console_log()).unwrap().contains("there is no sshd"));
    assert_eq!(world.run_in(&guest, "root", &["hostname"]).stdout, b"ip-10-1-4-7\n");
    host.destroy(&guest.id, Disk::Delete).unwrap();
}

fn revival(world: &World) {
    let guest = Reachable::new(world, 47, "ec2-user");
    assert!(world.run_in(&guest.guest, "root", &["sh", "-c", "kill $(cat /run/sshd.pid)"]).status.success());
    eventually("the init has noticed", || fs::read_to_string(guest.guest.console_log()).unwrap().contains("sshd ended"));
    guest.until_listening();
    assert_eq!(text(&guest.run("ec2-user", "echo back")), "back\n");
}
