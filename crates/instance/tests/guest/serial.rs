//! The serial port: who gets in, and what is left of it.

use std::{
    io::{Read, Write},
    process::{Child, ChildStdin},
    sync::{Arc, Mutex},
};

use instance::{Disk, Guest, Host, Spec, serial::Input};

use crate::{
    Check,
    world::{World, eventually, spec},
};

pub const CHECKS: &[Check] = &[
    ("the serial port lets nobody in who has no password", refusal),
    ("the serial port lets in who has one, and asks the next one again", login),
    ("the serial port takes the passwords of a cloud-config", cloud_config),
    ("nothing is left of a serial port when it is closed", nothing_left),
    ("whoever floods the serial port can be interrupted", flood),
];

/// Somebody at a serial port.
pub struct Seat {
    port: Child,
    keyboard: Option<ChildStdin>,
    screen: Arc<Mutex<String>>,
}

impl Seat {
    pub fn take(host: &Host, guest: &Guest) -> Seat {
        let mut port = host.serial_command(&guest.id).spawn().unwrap();
        let mut output = port.stdout.take().unwrap();
        let screen = Arc::new(Mutex::new(String::new()));
        let shown = Arc::clone(&screen);
        std::thread::spawn(move || {
            let mut buffer = [0; 4096];
            while let Ok(count @ 1..) = output.read(&mut buffer) {
                shown.lock().unwrap().push_str(&String::from_utf8_lossy(&buffer[..count]));
            }
        });
        let mut seat = Seat { keyboard: port.stdin.take(), port, screen };
        seat.sees("ready\n");
        seat.put(&Input::Size { columns: 99, rows: 33 });
        seat
    }

    fn put(&mut self, input: &Input) {
        self.keyboard.as_mut().unwrap().write_all(&input.encode()).unwrap();
    }

    pub fn types(&mut self, keys: &str) {
        self.put(&Input::Keys(keys.as_bytes().to_vec()));
    }

    /// Waits for the words, and has read everything up to them.
    pub fn sees(&mut self, words: &str) {
        eventually(&format!("{words:?} is on the screen"), || match self.screen.lock().unwrap() {
            mut screen if screen.contains(words) => {
                let end = screen.find(words).unwrap() + words.len();
                screen.drain(..end);
                true
            }
            _ => false,
        });
    }

    pub fn answers(&mut self, name: &str, password: &str) {
        self.sees("login: ");
        self.types(&format!("{name}\r"));
        self.sees("Password: ");
        self.types(&format!("{password}\r"));
    }

    /// Leaves, and waits until the port is closed.
    pub fn leave(mut self) {
        drop(self.keyboard.take());
        let mut trouble = String::new();
        self.port.stderr.take().unwrap().read_to_string(&mut trouble).unwrap();
        assert_eq!((self.port.wait().unwrap().code(), trouble.as_str()), (Some(0), ""));
    }
}

impl Drop for Seat {
    fn drop(&mut self) {
        if std::thread::panicking() {
            println!("       on the screen: {:.500?}", self.screen.lock().unwrap());
        }
    }
}

fn refusal(world: &World) {
    let mut seat = Seat::take(&world.host, &world.guest);
    for (name, password) in [("ec2-user", ""), ("root", "*")] {
        seat.answers(name, password);
        seat.sees("Login incorrect");
    }
    seat.leave();
}

fn login(world: &World) {
    assert!(world.shell("root", "echo ec2-user:correct-horse | chpasswd").0);
    let mut seat = Seat::take(&world.host, &world.guest);
    seat.answers("ec2-user", "wrong");
    seat.sees("Login incorrect");
    seat.answers("ec2-user", "correct-horse");
    seat.sees("[ec2-user@ip-10-1-4-7 ~]$ ");
    seat.types("echo $(tty) $(stty size) $(id -un) $TERM\r");
    seat.sees("/dev/ttyS0 33 99 ec2-user xterm-256color\r\n");
    seat.put(&Input::Size { columns: 120, rows: 40 });
    seat.types("stty size; cut -d: -f2- /proc/self/cgroup | grep -c peerless\r");
    seat.sees("40 120\r\n0\r\n");
    // As confined as what the init starts.
    seat.types("echo kinds $(grep -h -e ^Seccomp: -e CapBnd /proc/1/status /proc/self/status | sort -u | wc -l)\r");
    seat.sees("kinds 2\r\n");
    seat.types("exit\r");
    seat.answers("ec2-user", "wrong");
    seat.leave();
    let shown = String::from_utf8(world.host.console_output(&world.guest.id).unwrap().unwrap().bytes).unwrap();
    assert!(
        shown.contains("ip-10-1-4-7 login: ec2-user") && shown.contains("/dev/ttyS0 33 99 ec2-user") && !shown.contains("correct-horse"),
        "{shown}"
    );
    assert!(world.shell("root", "usermod -p '*' ec2-user").0);
}

const CONFIG: &str = "#cloud-config
password: correct-horse
users:
- {name: ann, plain_text_passwd: battery staple, lock_passwd: false}
";

fn cloud_config(world: &World) {
    let guest = world.host.build(&Spec { user_data: Some(CONFIG.into()), ..spec(90) }).unwrap();
    guest.boot().unwrap();
    let is_done = || world.run_in(&guest, "root", &["test", "-e", "/var/lib/cloud/instance/boot-finished"]).status.success();
    eventually("user data is done", is_done);
    let mut seat = Seat::take(&world.host, &guest);
    seat.sees("Kernel ");
    seat.sees("(ttyS0)");
    seat.answers("ann", "battery staple");
    seat.sees("$ ");
    seat.types("id -un; exit\r");
    seat.sees("ann\r\n");
    // cloud-init's passwords are for one login, unless told otherwise.
    seat.answers("ec2-user", "correct-horse");
    seat.sees("change your password");
    seat.leave();
    world.host.destroy(&guest.id, Disk::Delete).unwrap();
}

fn nothing_left(world: &World) {
    let runs = |names: &[&str]| world.shell("root", "cat /proc/[0-9]*/comm").1.lines().any(|name| names.contains(&name));
    assert!(world.shell("root", "echo ec2-user:correct-horse | chpasswd; ls /dev/ttyS0 2>&1 | grep -q 'No such'").0);
    for _ in 0..2 {
        let mut seat = Seat::take(&world.host, &world.guest);
        seat.answers("ec2-user", "correct-horse");
        seat.sees("$ ");
        seat.types("sleep 4711\r");
        eventually("it runs", || runs(&["sleep"]));
        seat.leave();
        eventually("all has ended", || !runs(&["agetty", "login", "bash", "sleep"]));
        assert!(world.shell("root", "ls /dev/ttyS0 2>&1 | grep -q 'No such'").0);
    }
    assert!(world.shell("root", "usermod -p '*' ec2-user").0);
}

fn flood(world: &World) {
    assert!(world.shell("root", "echo root:correct-horse | chpasswd").0);
    let mut seat = Seat::take(&world.host, &world.guest);
    seat.answers("root", "correct-horse");
    seat.sees("# ");
    seat.types("yes flooding\r");
    seat.sees("flooding\r\nflooding\r\n");
    seat.types("\x03");
    seat.sees("# ");
    seat.types("echo it $((6 * 7)) ended\r");
    seat.sees("it 42 ended");
    seat.leave();
    assert!(world.shell("root", "usermod -p '*' root").0);
}
