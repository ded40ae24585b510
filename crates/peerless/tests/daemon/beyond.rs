//! `--internet host`: an instance with a public path reaches what the machine reaches, as the machine. What is outside is a namespace here.

use std::net::TcpListener;
use std::process::{Child, Command, Stdio};

use crate::lab::{Lab, eventually};
use crate::public::Public;
use crate::sandbox::with_packets;

/// A neighbour of the machine's with an address that could be anybody's: web server, name server and a server that echoes.
struct Outside(Child);

const SERVERS: &str = r"
import http.server, socket, threading
class Web(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        body = b'x' * 20_000_000 if self.path == '/large' else ('you are ' + self.client_address[0]).encode()
        self.answer(body)
    def do_POST(self):
        body = self.rfile.read(int(self.headers['Content-Length']))
        self.answer(str(len(body)).encode())
    def answer(self, body):
        self.send_response(200)
        self.send_header('Content-Length', str(len(body)))
        self.end_headers()
        self.wfile.write(body)
    def log_message(self, *_):
        pass
def echo():
    server = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    server.bind(('', 7))
    while True:
        data, peer = server.recvfrom(65536)
        server.sendto(data * 5, peer)
def names():
    server = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    server.bind(('', 53))
    while True:
        query, peer = server.recvfrom(4096)
        end = query.index(b'\0', 12) + 5
        known = query[12:end - 4] == b'\4site\7outside\4test\0' and query[end - 4:end] == b'\0\1\0\1'
        answer = b'\xc0\x0c\0\1\0\1\0\0\0\x3c\0\4\x09\x09\x09\x09' if known else b''
        flags = b'\x81\x80' if known else b'\x81\x83'
        server.sendto(query[:2] + flags + b'\0\1\0' + bytes([known]) + b'\0\0\0\0' + query[12:end] + answer, peer)
for serve in (echo, names):
    threading.Thread(target=serve, daemon=True).start()
http.server.ThreadingHTTPServer(('', 80), Web).serve_forever()
";

impl Outside {
    fn new() -> Self {
        let mut command = Command::new("unshare");
        let child = command.args(["--net", "--kill-child", "--fork", "python3", "-c", SERVERS]).stdin(Stdio::null()).spawn().unwrap();
        let outside = Self(child);
        // The fork of unshare is in the namespace.
        let mut inside = String::new();
        eventually("the servers start", || {
            let children = std::fs::read_to_string(format!("/proc/{0}/task/{0}/children", outside.0.id())).unwrap_or_default();
            inside = children.trim().to_owned();
            !inside.is_empty()
        });
        let there = |line: &str| sh(&format!("nsenter --net --target {inside} ip {line}"));
        sh(&format!("ip link add out0 type veth peer name out1 netns {inside}"));
        sh("ip address add 9.9.9.1/24 dev out0 && ip link set out0 up");
        there("address add 9.9.9.9/24 dev out1");
        there("link set out1 up");
        there("link set lo up");
        there("route add default via 9.9.9.1");
        eventually("the web server listens", || std::net::TcpStream::connect("9.9.9.9:80").is_ok());
        outside
    }

    /// Does something there.
    fn run(&self, script: &str) -> bool {
        let children = std::fs::read_to_string(format!("/proc/{0}/task/{0}/children", self.0.id())).unwrap();
        Command::new("nsenter").args(["--net", "--target", children.trim(), "sh", "-c", script]).status().unwrap().success()
    }
}

impl Drop for Outside {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

fn sh(script: &str) {
    assert!(Command::new("sh").args(["-c", script]).status().unwrap().success(), "{script}");
}

const ECHO: &str = "
import socket
stream = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
stream.settimeout(10)
stream.connect(('9.9.9.9', 7))
for _ in range(5):
    try:
        stream.send(b'0123456789' * 100)
        print(len(stream.recv(65536)))
        break
    except TimeoutError:
        pass
";

#[test]
fn a_public_path_leads_to_the_real_internet_and_nothing_leads_in() {
    with_packets("beyond::a_public_path_leads_to_the_real_internet_and_nothing_leads_in", || {
        let outside = Outside::new();
        let settings = std::env::temp_dir().join(format!("peerless-beyond-{}", std::process::id()));
        std::fs::write(&settings, "nameserver 9.9.9.9\n").unwrap();
        sh(&format!("mount --bind {} $(readlink -f /etc/resolv.conf)", settings.display()));
        let forwarding = || std::fs::read_to_string("/proc/sys/net/ipv4/ip_forward").unwrap();
        let before = forwarding();
        let own = TcpListener::bind("0.0.0.0:0").unwrap();
        let own = own.local_addr().unwrap().port();

        let mut lab = Lab::new("beyond");
        lab.up(&["--internet", "host"]);
        let mut public = Public::launch(lab, "");
        let run = |public: &Public, script: &str| {
            let output = public.lab.run(&["run", &public.instance, "--", "sh", "-c", script]);
            (output.status.code(), String::from_utf8_lossy(&output.stdout).into_owned())
        };
        let curl = |public: &Public, url: &str| run(public, &format!("curl -s --max-time 60 {url}"));
        // Long enough for an answer, on a machine that has nothing else to do; silence stays silence on a slow one.
        let silent = |public: &Public, url: &str| run(public, &format!("curl -s --connect-timeout 4 {url}")).0 == Some(28);

        assert!(silent(&public, "http://9.9.9.9/"), "there is no public path yet");
        public.route_out(&public.main_table);
        let address = public.give_address();
        assert_eq!(curl(&public, "http://9.9.9.9/"), (Some(0), "you are 9.9.9.1".to_owned()));
        eventually("whom the machine asks knows names", || curl(&public, "http://site.outside.test/").1 == "you are 9.9.9.1");
        assert_eq!(curl(&public, "http://nobody.outside.test/").0, Some(6));
        assert!(curl(&public, "http://example.com/").1.contains(&format!("You came from {address}.")), "what is simulated stays so");
        assert_eq!(curl(&public, "http://9.9.9.9:81/").0, Some(7), "a refusal is a refusal");
        assert!(silent(&public, "http://9.9.9.77/"), "silence is silence");
        assert!(silent(&public, &format!("http://9.9.9.1:{own}/")), "what this machine has is not there");
        let (status, sum) =
            run(&public, "curl -s --max-time 60 http://9.9.9.9/large | wc -c; head -c 5000000 /dev/zero | curl -s --data-binary @- http://9.9.9.9/");
        assert_eq!((status, sum.as_str()), (Some(0), "20000000\n5000000"));
        assert_eq!(run(&public, &format!("python3 -c \"{ECHO}\"")).1, "5000\n", "datagrams, also in pieces");
        assert_eq!(run(&public, "ping -c 2 -w 30 9.9.9.9 > /dev/null").0, Some(0));

        assert_eq!(forwarding(), before);
        assert!(public.lab.must(&["status"]).contains("internet   real"));
        assert!(!outside.run(&format!("curl -s --max-time 3 http://{address}:22")), "nobody gets in");

        public.lab.kill();
        public.lab.up(&["--internet", "host"]);
        eventually("the way is there again", || curl(&public, "http://9.9.9.9/").1 == "you are 9.9.9.1");
        public.lab.kill();
        public.lab.up(&[]);
        assert!(silent(&public, "http://9.9.9.9/"), "it is asked for each time");
        assert_eq!(curl(&public, "http://site.outside.test/").0, Some(6));
        public.lab.down(&["--wipe"]);
        std::fs::remove_file(settings).unwrap();
    });
}
