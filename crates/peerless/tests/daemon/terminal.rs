//! The console's terminal: who gets a ticket, what a ticket opens, and what is left when it is closed.

use std::net::SocketAddr;

use crate::api::{Reply, http};
use crate::lab::{Lab, eventually};
use crate::public::Public;
use crate::sandbox::with_packets;
use crate::websocket::{Heard, WebSocket};

/// So much may be under way to the screen, and a piece more.
const MOST_UNSEEN: usize = 256 * 1024 + 64 * 1024;

const INTERRUPT: &str = "\u{3}";

pub fn ask(address: SocketAddr, body: &str, headers: &[(&str, &str)]) -> Reply {
    http(address, "POST", "/_peerless/terminals", headers, body)
}

fn ticket(address: SocketAddr, body: &str) -> String {
    let origin = format!("http://{address}");
    let reply = ask(address, body, &[("Origin", &origin), ("Content-Type", "application/json")]);
    assert_eq!(reply.status, 201, "{}", reply.body);
    let given: serde_json::Value = serde_json::from_str(&reply.body).unwrap();
    assert_eq!(given["schema"], "peerless/v1");
    given["ticket"].as_str().unwrap().to_owned()
}

fn target(ticket: &str) -> String {
    format!("/_peerless/terminals/{ticket}?columns=100&rows=30")
}

/// A terminal as the console has it, that shows nobody what it hears.
pub struct Terminal {
    pub socket: WebSocket,
    /// What is on the screen.
    screen: String,
    /// How much of it no credit was given for.
    unseen: usize,
    /// How much was typed that there is no credit for.
    untyped: u64,
}

impl Terminal {
    pub fn open(address: SocketAddr, body: &str) -> Self {
        let origin = format!("Origin: http://{address}\r\n");
        let socket = WebSocket::open(address, &target(&ticket(address, body)), &origin).unwrap();
        Self { socket, screen: String::new(), unseen: 0, untyped: 0 }
    }

    /// The same, when it is connected.
    fn connected(public: &Public) -> Self {
        let body = format!(r#"{{"instance":"{}"}}"#, public.instance);
        let mut terminal = Self::open(public.lab.address, &body);
        let told = terminal.told();
        assert_eq!((told["type"].as_str(), told["from"].as_str()), (Some("connected"), Some("18.206.107.28")), "{told}");
        terminal.wait_for("$ ");
        terminal
    }

    /// The next thing that is not for the screen.
    pub fn told(&mut self) -> serde_json::Value {
        loop {
            match self.socket.hear() {
                Heard::Bytes(bytes) => self.see(&bytes),
                Heard::Text(text) => return self.understand(&text),
                closed => panic!("{closed:?}: {}", self.screen),
            }
        }
    }

    /// The next thing of that kind that is not for the screen.
    pub fn told_of(&mut self, kind: &str) -> serde_json::Value {
        loop {
            let told = self.told();
            if told["type"] == kind {
                return told;
            }
        }
    }

    fn understand(&mut self, text: &str) -> serde_json::Value {
        let told: serde_json::Value = serde_json::from_str(text).unwrap();
        if told["type"] == "credit" {
            self.untyped -= told["bytes"].as_u64().unwrap();
        }
        told
    }

    fn see(&mut self, bytes: &[u8]) {
        self.screen += &String::from_utf8_lossy(bytes);
        self.unseen += bytes.len();
    }

    fn give_credit(&mut self) {
        self.socket.send_text(&format!(r#"{{"type":"credit","bytes":{}}}"#, self.unseen));
        self.unseen = 0;
    }

    /// Looks until that is on the screen, and forgets what is before its end.
    pub fn wait_for(&mut self, text: &str) {
        while !self.screen.contains(text) {
            match self.socket.hear() {
                Heard::Bytes(bytes) => self.see(&bytes),
                Heard::Text(text) => drop(self.understand(&text)),
                closed => panic!("{closed:?} before {text:?}: {}", self.screen),
            }
            self.give_credit();
        }
        self.screen = self.screen.split_once(text).unwrap().1.to_owned();
    }

    pub fn type_in(&mut self, text: &str) {
        self.socket.send(text.as_bytes());
        self.untyped += text.len() as u64;
    }
}

#[test]
fn only_the_console_is_given_a_ticket_and_it_is_good_once() {
    let mut lab = Lab::new("terminal-model");
    lab.up(&["--model-only"]);
    let address = lab.address;
    let run = lab.must_call("RunInstances", "ImageId=ami-12345678&MinCount=1&MaxCount=1");
    let body = format!(r#"{{"instance":"{}"}}"#, run.element("instanceId"));
    let own = format!("http://{address}");
    let json = ("Content-Type", "application/json");
    for (headers, status) in [
        (vec![json], 403),
        (vec![json, ("Origin", "http://evil.example")], 403),
        (vec![json, ("Origin", &own), ("Sec-Fetch-Site", "cross-site")], 403),
        (vec![json, ("Origin", &own), ("Host", "evil.example")], 403),
        (vec![("Origin", &own)], 400),
        // As a form of another page would be.
        (vec![("Origin", &own), ("Content-Type", "text/plain")], 400),
    ] {
        assert_eq!(ask(address, &body, &headers).status, status, "{headers:?}");
    }
    for (body, error) in [
        ("{", "EOF"),
        (r#"{"instance":"i-1","command":"rm"}"#, "unknown field `command`"),
        (r#"{"instance":"vpc-0123456789abcdef0"}"#, "'vpc-0123456789abcdef0' is no instance's id"),
        (r#"{"instance":"i-0123456789abcdef0"}"#, "there is no i-0123456789abcdef0"),
        (r#"{"instance":"i-0123456789abcdef0","via":"telnet"}"#, "unknown variant `telnet`"),
    ] {
        let reply = ask(address, body, &[json, ("Origin", &own)]);
        assert!(reply.status == 400 && reply.body.contains(error), "{body}: {}", reply.body);
    }

    let origin = format!("Origin: {own}\r\n");
    let refused = |target: &str, headers: &str| WebSocket::open(address, target, headers).err().map(|(status, _)| status);
    assert_eq!(refused(&target("0"), &origin), Some(403));
    assert_eq!(refused(&target(&ticket(address, &body)), ""), Some(403));
    let given = ticket(address, &body);
    assert_eq!(refused(&target(&given), "Origin: http://evil.example\r\n"), Some(403));
    let mut terminal = WebSocket::open(address, &target(&given), &origin).unwrap();
    let Heard::Text(told) = terminal.hear() else { panic!("nothing was told") };
    assert!(told.contains(r#""type":"refused""#) && told.contains("carries no packets"), "{told}");
    assert_eq!(terminal.hear(), Heard::Closed { code: 1000, reason: String::new() });
    assert_eq!(refused(&target(&given), &origin), Some(403));
    lab.down(&[]);
}

#[test]
fn one_works_in_an_instance_and_leaves_nothing_behind() {
    with_packets("terminal::one_works_in_an_instance_and_leaves_nothing_behind", || {
        let mut public = Public::new("terminal");
        public.give_address();
        public.route_out(&public.main_table);
        let body = |user: &str| format!(r#"{{"instance":"{}","user":"{user}"}}"#, public.instance);
        let mut shut = Terminal::open(public.lab.address, &body("ec2-user"));
        let told = shut.told();
        assert_eq!(
            told["said"],
            serde_json::json!(["Failed to connect to your instance", "Error establishing SSH connection to your instance. Try again later."])
        );
        assert!(told["cause"].as_str().unwrap().starts_with("inbound TCP 22 from 18.206.107.28 is dropped by"), "{told}");
        assert_eq!(told["explanation"]["reachable"], false);

        public.ssh_rule("Authorize", "18.206.107.24/29");
        eventually("its SSH server is up", || public.lab.run(&["connect", &public.instance, "--", "true"]).status.success());
        let mut nobody = Terminal::open(public.lab.address, &body("nobody-here"));
        assert!(nobody.told()["cause"].as_str().unwrap().starts_with("there is no user 'nobody-here'"));

        let mut terminal = Terminal::connected(&public);
        terminal.type_in("echo $((6 * 7)); stty size\r");
        terminal.wait_for("42\r\n30 100\r\n");
        terminal.socket.send_text(r#"{"type":"resize","columns":132,"rows":43}"#);
        terminal.type_in("until stty size | grep 132; do :; done\r");
        terminal.wait_for("43 132\r\n");
        much_is_typed(&mut terminal);
        flood(&mut terminal);
        terminal.type_in("exit 3\r");
        assert_eq!(terminal.told_of("ended")["status"], 3);
        assert_eq!(terminal.socket.hear(), Heard::Closed { code: 1000, reason: String::new() });

        for (mark, politely) in [("98761", true), ("98762", false)] {
            let mut terminal = Terminal::connected(&public);
            terminal.type_in(&format!("sleep {mark}\r"));
            eventually("it sleeps", || runs(&["sleep", mark]));
            assert_eq!(in_use(&public), (1, 1), "a session, and somebody who watches what it begins");
            if politely {
                terminal.socket.close();
            } else {
                drop(terminal);
            }
            nothing_is_left(&public, &["sleep", mark]);
        }
        // The same with as much under way as there may be: nobody takes it any more.
        for politely in [true, false] {
            let mut terminal = Terminal::connected(&public);
            terminal.type_in("yes gone\r");
            until_it_waits(&mut terminal);
            if politely {
                terminal.socket.close();
            } else {
                drop(terminal);
            }
            nothing_is_left(&public, &["yes", "gone"]);
        }
        // Who has a ticket and never comes, or goes before there is a session.
        let (ticket, origin) = (ticket(public.lab.address, &body("ec2-user")), format!("Origin: http://{}\r\n", public.lab.address));
        drop(WebSocket::open(public.lab.address, &target(&ticket), &origin).unwrap());
        assert_eq!(WebSocket::open(public.lab.address, &target(&ticket), &origin).err().map(|(status, _)| status), Some(403));
        nothing_is_left(&public, &[]);
        let mut terminal = Terminal::connected(&public);
        terminal.socket.send_text("nonsense");
        let reason = "that is not the protocol of terminals".to_owned();
        assert_eq!(terminal.socket.hear(), Heard::Closed { code: 1008, reason });
        public.lab.down(&[]);
    });
}

/// More than the window for what is typed, in as many pieces; each is acknowledged once it is in the instance.
fn much_is_typed(terminal: &mut Terminal) {
    terminal.type_in("stty -echo; echo rea'dy'; cat >/tmp/much; stty echo; md5sum /tmp/much\r");
    // What is typed before is the shell's, which reads it in another way.
    terminal.wait_for("ready\r\n");
    for _ in 0..100 {
        let line = "a line of what was copied from somewhere else\r".repeat(20);
        terminal.type_in(&line);
        while terminal.untyped > 0 {
            terminal.told_of("credit");
        }
    }
    terminal.type_in("\u{4}");
    // Of 2,000 lines.
    terminal.wait_for("f74d024940ef9f0d89240461ade34ad9");
}

/// A program that never stops writing waits until the screen has room, and hears its interruption once there is some.
fn flood(terminal: &mut Terminal) {
    terminal.type_in("yes\r");
    until_it_waits(terminal);
    for _ in 0..500 {
        terminal.socket.ping();
        loop {
            match terminal.socket.hear() {
                Heard::Bytes(bytes) => terminal.see(&bytes),
                Heard::Text(text) => drop(terminal.understand(&text)),
                Heard::Pong => break,
                other => panic!("{other:?}"),
            }
        }
        assert!(terminal.unseen < MOST_UNSEEN, "{} bytes that nobody asked for", terminal.unseen);
    }
    terminal.type_in(INTERRUPT);
    terminal.screen.clear();
    terminal.give_credit();
    terminal.wait_for("]$ ");
    terminal.type_in("echo over$((1 + 1))\r");
    terminal.wait_for("over2\r\n");
}

/// Until as much is under way to the screen as there may be.
fn until_it_waits(terminal: &mut Terminal) {
    while terminal.unseen < 256 * 1024 {
        match terminal.socket.hear() {
            Heard::Bytes(bytes) => terminal.see(&bytes),
            Heard::Text(text) => drop(terminal.understand(&text)),
            other => panic!("{other:?}"),
        }
    }
}

/// What a session took up: the process that ran on its terminal, its server in the instance, its place in the daemon, and
/// the watch that was kept for it.
fn nothing_is_left(public: &Public, command: &[&str]) {
    eventually("its program has ended", || command.is_empty() || !runs(command));
    eventually("its server has ended", || !processes().any(|process| process.starts_with("sshd") && process.contains("ec2-user")));
    eventually("nobody has a session, nobody watches", || in_use(public) == (0, 0));
}

/// Sessions and watchers.
fn in_use(public: &Public) -> (u64, u64) {
    let status: serde_json::Value = serde_json::from_str(&public.lab.must(&["status", "--json"])).unwrap();
    (status["sessions"].as_u64().unwrap(), status["watchers"].as_u64().unwrap())
}

/// Whether that command runs anywhere in this sandbox.
fn runs(command: &[&str]) -> bool {
    let wanted = command.join("\0") + "\0";
    processes().any(|process| process == wanted)
}

/// The command lines of all processes in this sandbox.
fn processes() -> impl Iterator<Item = String> {
    let processes = std::fs::read_dir("/proc").unwrap().flatten();
    processes.filter_map(|process| std::fs::read_to_string(process.path().join("cmdline")).ok())
}

/// The status line below the terminal: a silent ping is counted, who drops it is named, and it wakes by itself.
#[test]
fn what_is_dropped_is_counted_beside_the_terminal() {
    with_packets("terminal::what_is_dropped_is_counted_beside_the_terminal", || {
        let mut public = Public::new("terminal-drops");
        public.give_address();
        public.route_out(&public.main_table);
        public.ssh_rule("Authorize", "0.0.0.0/0");
        let create = format!("VpcId={}&GroupName=closed&GroupDescription=closed", public.vpc);
        let group = public.lab.must_call("CreateSecurityGroup", &create).element("groupId").to_owned();
        let run = format!("ImageId=ami-12345678&MinCount=1&MaxCount=1&SubnetId={}&SecurityGroupId.1={group}", public.subnet);
        let named = "TagSpecification.1.ResourceType=instance&TagSpecification.1.Tag.1.Key=Name&TagSpecification.1.Tag.1.Value=other";
        let other = public.lab.must_call("RunInstances", &format!("{run}&{named}"));
        let address = other.element("privateIpAddress").to_owned();
        eventually("its SSH server is up", || public.lab.run(&["connect", &public.instance, "--", "true"]).status.success());

        let mut terminal = Terminal::connected(&public);
        terminal.type_in(&format!("ping -i 0.2 {address}\r"));
        let mut told;
        loop {
            told = terminal.told_of("dropped");
            if told["flows"][0]["packets"].as_u64().unwrap() > 5 {
                break;
            }
        }
        let flow = &told["flows"][0];
        assert_eq!((flow["protocol"].as_str(), flow["to"].as_str(), flow["goesOn"].as_bool()), (Some("icmp"), Some(address.as_str()), Some(true)));
        let by = &flow["by"];
        assert_eq!((by["stage"].as_str(), by["of"].as_str()), (Some("SG in"), Some("other")), "{told}");
        assert_eq!(by["resource"], format!("{group} closed"), "{told}");
        let icmp = "IpPermissions.1.IpProtocol=icmp&IpPermissions.1.FromPort=-1&IpPermissions.1.ToPort=-1";
        let from = "IpPermissions.1.IpRanges.1.CidrIp=10.1.0.0/16";
        public.lab.must_call("AuthorizeSecurityGroupIngress", &format!("GroupId={group}&{icmp}&{from}"));
        terminal.wait_for(&format!("64 bytes from {address}: icmp_seq="));
        loop {
            told = terminal.told_of("dropped");
            if told["flows"][0]["goesOn"] == false {
                break;
            }
        }
        public.lab.down(&[]);
    });
}
