//! What guests ask of the VPC itself, with real packets.

use std::process::{Command, Output};

use crate::api::Reply;
use crate::lab::{Lab, eventually};
use crate::sandbox::with_packets;

/// Two VPCs with the same addresses, an instance in each: 10.1.0.10, and 10.1.0.10.
struct Twins {
    lab: Lab,
    vpcs: [String; 2],
    instances: [String; 2],
}

/// `one` and `other` as user data.
const USER_DATA: [&str; 2] = ["b25l", "b3RoZXI="];

impl Twins {
    fn new(name: &str) -> Self {
        let mut lab = Lab::new(name);
        lab.up(&[]);
        let vpcs = [0, 1].map(|_| lab.must_call("CreateVpc", "CidrBlock=10.1.0.0/16").element("vpcId").to_owned());
        let instances = [0, 1].map(|n: usize| {
            let subnet = lab.must_call("CreateSubnet", &format!("VpcId={}&CidrBlock=10.1.0.0/24", vpcs[n])).element("subnetId").to_owned();
            let run = format!(
                "ImageId=ami-12345678&MinCount=1&MaxCount=1&SubnetId={subnet}&PrivateIpAddress=10.1.0.10&UserData={}",
                USER_DATA[n].replace('=', "%3D")
            );
            lab.must_call("RunInstances", &run).element("instanceId").to_owned()
        });
        for id in &instances {
            let state = || lab.must_call("DescribeInstances", &format!("InstanceId.1={id}")).element("name").to_owned();
            eventually("the instance runs", || state() == "running");
        }
        Self { lab, vpcs, instances }
    }

    fn command(&self, instance: usize, command: &[&str]) -> Command {
        let mut arguments = vec!["run", &self.instances[instance], "--user", "root", "--"];
        arguments.extend(command);
        self.lab.peerless(&arguments)
    }

    fn run(&self, instance: usize, command: &[&str]) -> Output {
        self.command(instance, command).output().unwrap()
    }

    fn said(&self, instance: usize, command: &[&str]) -> String {
        let output = self.run(instance, command);
        String::from_utf8_lossy(&output.stdout).trim_end().to_owned()
    }

    /// Status and body, as curl has them: `200 body`, or `000` without an answer.
    fn curl(&self, instance: usize, arguments: &[&str]) -> String {
        let curl = ["curl", "--silent", "--max-time", "2", "--write-out", "\n%{http_code}"];
        let output = self.said(instance, &[&curl[..], arguments].concat());
        let (body, status) = output.rsplit_once('\n').unwrap_or(("", &output));
        format!("{status} {body}").trim_end().to_owned()
    }

    fn token(&self, instance: usize) -> String {
        let ttl = "X-aws-ec2-metadata-token-ttl-seconds: 60";
        let token = self.curl(instance, &["-X", "PUT", "-H", ttl, "http://169.254.169.254/latest/api/token"]);
        token.strip_prefix("200 ").unwrap_or_else(|| panic!("{token}")).to_owned()
    }

    /// What an instance reads with a token.
    fn read(&self, instance: usize, token: &str, path: &str) -> String {
        let header = format!("X-aws-ec2-metadata-token: {token}");
        self.curl(instance, &["-H", &header, &format!("http://169.254.169.254/latest/{path}")])
    }

    fn options(&self, instance: usize, options: &str) -> Reply {
        self.lab.must_call("ModifyInstanceMetadataOptions", &format!("InstanceId={}&{options}", self.instances[instance]))
    }
}

#[test]
fn instances_learn_about_themselves() {
    with_packets("guest_services::instances_learn_about_themselves", || {
        let mut twins = Twins::new("metadata");
        for (n, data) in ["one", "other"].into_iter().enumerate() {
            let token = twins.token(n);
            assert_eq!(twins.read(n, &token, "meta-data/instance-id"), format!("200 {}", twins.instances[n]));
            assert_eq!(twins.read(n, &token, "user-data"), format!("200 {data}"));
            assert!(twins.read(1 - n, &token, "meta-data/").starts_with("401 "), "a token of another instance");
        }
        let plain = ["http://169.254.169.254/latest/meta-data/local-ipv4"];
        assert!(twins.curl(0, &plain).starts_with("401 "), "this image is for version 2");
        twins.options(0, "HttpTokens=optional");
        assert_eq!(twins.curl(0, &plain), "200 10.1.0.10");

        let token = twins.token(0);
        assert!(twins.read(0, &token, "meta-data/public-ipv4").starts_with("404 "));
        let gateway = twins.lab.must_call("CreateInternetGateway", "").element("internetGatewayId").to_owned();
        twins.lab.must_call("AttachInternetGateway", &format!("InternetGatewayId={gateway}&VpcId={}", twins.vpcs[0]));
        let address = twins.lab.must_call("AllocateAddress", "");
        let (allocation, public) = (address.element("allocationId"), address.element("publicIp"));
        twins.lab.must_call("AssociateAddress", &format!("AllocationId={allocation}&InstanceId={}", twins.instances[0]));
        assert_eq!(twins.read(0, &token, "meta-data/public-ipv4"), format!("200 {public}"), "as soon as the call is answered");

        twins.options(0, "HttpEndpoint=disabled");
        assert!(twins.curl(0, &plain).starts_with("403 "));
        assert!(twins.curl(1, &plain).starts_with("401 "), "the other one's is not");
        twins.lab.down(&[]);
    });
}

/// Root in an instance may say that it is somebody else; nobody hears it.
#[test]
fn nobody_asks_for_another() {
    with_packets("guest_services::nobody_asks_for_another", || {
        let mut twins = Twins::new("liar");
        twins.options(0, "HttpTokens=optional");
        let url = "http://169.254.169.254/latest/meta-data/instance-id";
        for lie in ["10.1.0.11", "100.64.0.2"] {
            assert!(twins.run(0, &["ip", "address", "add", &format!("{lie}/32"), "dev", "eth0"]).status.success());
            assert_eq!(twins.curl(0, &["--interface", lie, url]), "000", "{lie}");
        }
        let forwarded = twins.curl(0, &["-H", "X-Forwarded-For: 100.64.0.2", "-H", "Host: 10.1.0.11", url]);
        assert_eq!(forwarded, format!("200 {}", twins.instances[0]), "headers are not believed");
        twins.lab.down(&[]);
    });
}

/// Sees the TTL with which the answer to a request for a token arrives, that of another one on the same connection, and
/// that of one on a new connection.
const TTLS: &str = "
import http.client, socket
raw = socket.socket(socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_TCP)
raw.settimeout(5)
def ttl(connection, method, path, headers={}):
    connection.request(method, '/latest/' + path, headers=headers)
    connection.getresponse().read()
    while True:
        packet = raw.recv(4096)
        header = (packet[0] & 15) * 4
        data = packet[header + (packet[header + 12] >> 4) * 4:]
        if packet[12:16] == socket.inet_aton('169.254.169.254') and data.startswith(b'HTTP/1.1 200'):
            return packet[8]
one, other = [http.client.HTTPConnection('169.254.169.254', 80, timeout=5) for _ in range(2)]
token = ttl(one, 'PUT', 'api/token', {'X-aws-ec2-metadata-token-ttl-seconds': '60'})
print(token, ttl(one, 'GET', 'meta-data/'), ttl(other, 'GET', 'meta-data/'))
";

#[test]
fn a_token_gets_as_far_as_it_may() {
    with_packets("guest_services::a_token_gets_as_far_as_it_may", || {
        let mut twins = Twins::new("hops");
        for limit in [1, 3] {
            twins.options(0, &format!("HttpTokens=optional&HttpPutResponseHopLimit={limit}"));
            assert_eq!(twins.said(0, &["python3", "-c", TTLS]), format!("{limit} {limit} 64"));
        }
        twins.lab.down(&[]);
    });
}

/// Opens more connections than one may have, asks nothing on them, and says how many were closed.
const GREED: &str = "
import socket, select, time
held = [socket.create_connection(('169.254.169.254', 80), 5) for _ in range(40)]
for one in held: one.send(b'GET /lat') if one not in select.select([one], [], [], 0)[0] else None
deadline = time.monotonic() + 60
while (closed := len(select.select(held, [], [], 0)[0])) < 8 and time.monotonic() < deadline: time.sleep(0.01)
print(closed, flush=True)
time.sleep(60)
";

#[test]
fn a_greedy_guest_harms_nobody() {
    with_packets("guest_services::a_greedy_guest_harms_nobody", || {
        let mut twins = Twins::new("greed");
        let mut greedy = twins.command(0, &["python3", "-c", GREED]).stdout(std::process::Stdio::piped()).spawn().unwrap();
        let mut closed = String::new();
        std::io::BufRead::read_line(&mut std::io::BufReader::new(greedy.stdout.take().unwrap()), &mut closed).unwrap();
        assert_eq!(closed.trim(), "8");
        assert_eq!(twins.curl(0, &["http://169.254.169.254/latest/"]), "000", "it has all that it may have");
        twins.token(1);
        eventually("what is slow is closed", || twins.curl(0, &["http://169.254.169.254/latest/"]).starts_with("401 "));
        greedy.kill().unwrap();
        greedy.wait().unwrap();
        twins.lab.down(&[]);
    });
}

#[test]
fn services_are_back_with_the_daemon() {
    with_packets("guest_services::services_are_back_with_the_daemon", || {
        let mut twins = Twins::new("back");
        let token = twins.token(1);
        twins.lab.kill();
        twins.lab.up(&[]);
        assert_eq!(twins.read(1, &token, "meta-data/instance-id"), format!("200 {}", twins.instances[1]), "its tokens are still good");
        assert!(twins.read(0, &token, "meta-data/").starts_with("401 "), "for whom they were made");
        assert_eq!(twins.read(1, &twins.token(1), "meta-data/instance-id"), format!("200 {}", twins.instances[1]));
        twins.lab.down(&[]);
    });
}

/// What a client sends, and what it makes of the answer: how far the server's clock is from its own, in seconds.
const NTP: &str = "
import socket, struct, time
client = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
client.settimeout(20)
client.connect(('169.254.169.123', 123))
client.send(struct.pack('>B39xQ', 0x23, 4711))
first, stratum, origin, received, sent = struct.unpack('>BB22xQQQ', client.recv(512))
print(hex(first), stratum, origin, received <= sent, abs(sent / 2**32 - 2208988800 - time.time()) < 20)
";

#[test]
fn instances_are_told_the_time() {
    with_packets("guest_services::instances_are_told_the_time", || {
        let mut twins = Twins::new("time");
        for instance in [0, 1] {
            assert_eq!(twins.said(instance, &["python3", "-c", NTP]), "0x24 3 4711 True True");
        }
        assert!(twins.lab.must(&["explain", &twins.instances[0], "time", "--udp", "123"]).contains("Amazon Time Sync"));
        twins.lab.down(&[]);
    });
}

impl Twins {
    /// Address and name, as the C library finds them: `10.1.0.10 ip-10-1-0-10.ec2.internal`, or nothing.
    fn hosts(&self, instance: usize, name: &str) -> String {
        self.said(instance, &["getent", "ahostsv4", name]).split_whitespace().next().unwrap_or_default().to_owned()
    }

    fn attribute(&self, vpc: usize, attribute: &str) {
        self.lab.must_call("ModifyVpcAttribute", &format!("VpcId={}&{attribute}", self.vpcs[vpc]));
    }

    /// An internet gateway, a route to it and a public address, in that order; says the address.
    fn publish(&self, instance: usize) -> String {
        let (vpc, id) = (&self.vpcs[instance], &self.instances[instance]);
        let gateway = self.lab.must_call("CreateInternetGateway", "").element("internetGatewayId").to_owned();
        self.lab.must_call("AttachInternetGateway", &format!("InternetGatewayId={gateway}&VpcId={vpc}"));
        let table =
            self.lab.must_call("DescribeRouteTables", &format!("Filter.1.Name=vpc-id&Filter.1.Value.1={vpc}")).element("routeTableId").to_owned();
        self.lab.must_call("CreateRoute", &format!("RouteTableId={table}&DestinationCidrBlock=0.0.0.0/0&GatewayId={gateway}"));
        let address = self.lab.must_call("AllocateAddress", "");
        self.lab.must_call("AssociateAddress", &format!("AllocationId={}&InstanceId={id}", address.element("allocationId")));
        address.element("publicIp").to_owned()
    }
}

#[test]
fn names_are_found_as_programs_look_for_them() {
    with_packets("guest_services::names_are_found_as_programs_look_for_them", || {
        let mut twins = Twins::new("names");
        let own = "ip-10-1-0-10.ec2.internal";
        let reverse = |twins: &Twins| twins.said(0, &["getent", "hosts", "10.1.0.10"]);
        assert!(twins.said(0, &["cat", "/etc/resolv.conf"]).contains("search ec2.internal\nnameserver 10.1.0.2"));
        assert_eq!(twins.hosts(0, "instance-data"), "169.254.169.254", "short names are looked for in the domain");
        assert_eq!(twins.hosts(0, "example.com"), "203.0.113.80");
        assert_eq!(twins.hosts(0, "example.org"), "");
        twins.attribute(0, "EnableDnsHostnames.Value=true");
        let public = twins.publish(0);
        let name = format!("ec2-{}.compute-1.amazonaws.com", public.replace('.', "-"));
        assert_eq!((twins.hosts(0, &name), twins.hosts(1, &name)), ("10.1.0.10".to_owned(), public), "inside and outside");
        assert!(reverse(&twins).contains(own), "{}", reverse(&twins));
        assert_eq!(twins.said(0, &["python3", "-c", OVER_TCP]), "10.1.0.10");
        twins.attribute(0, "EnableDnsSupport.Value=false");
        assert_eq!((twins.hosts(0, "example.com"), twins.hosts(1, "example.com")), (String::new(), "203.0.113.80".to_owned()));
        twins.attribute(0, "EnableDnsSupport.Value=true");
        assert_eq!(twins.hosts(0, "example.com"), "203.0.113.80");
        twins.lab.kill();
        twins.lab.up(&[]);
        assert_eq!(twins.hosts(0, "example.com"), "203.0.113.80");
        twins.lab.down(&[]);
    });
}

/// Asks for its own name, over TCP, at the address that is the same in every VPC, twice on one connection.
const OVER_TCP: &str = "
import socket
query = b'\\0\\7\\1\\0\\0\\1\\0\\0\\0\\0\\0\\0' + b'\\x0cip-10-1-0-10\\x03ec2\\x08internal\\0' + b'\\0\\1\\0\\1'
stream = socket.create_connection(('169.254.169.253', 53), 5)
for _ in range(2):
    stream.sendall(len(query).to_bytes(2, 'big') + query)
    length = int.from_bytes(stream.recv(2), 'big')
    reply = stream.recv(length)
print(socket.inet_ntoa(reply[-4:]))
";

/// Sends 4000 queries as fast as it can, and counts the answers.
const FLOOD: &str = "
import socket, time
query = b'\\0\\7\\1\\0\\0\\1\\0\\0\\0\\0\\0\\0' + b'\\x07example\\x03com\\0' + b'\\0\\1\\0\\1'
one = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
one.connect(('10.1.0.2', 53))
one.setblocking(False)
answers = 0
def drain():
    global answers
    try:
        while True: one.recv(512); answers += 1
    except BlockingIOError: pass
begin = time.monotonic()
for n in range(4000):
    one.send(query)
    if n % 50 == 0: drain()
sent = time.monotonic() - begin
time.sleep(0.3)
drain()
print(answers <= 1024 * (int(sent) + 2), answers > 100)
";

#[test]
fn a_flood_of_queries_is_dropped_and_harms_nobody() {
    with_packets("guest_services::a_flood_of_queries_is_dropped_and_harms_nobody", || {
        let mut twins = Twins::new("flood");
        let flood = twins.command(0, &["python3", "-c", FLOOD]).stdout(std::process::Stdio::piped()).spawn().unwrap();
        assert_eq!(twins.hosts(1, "example.com"), "203.0.113.80");
        assert_eq!(String::from_utf8(flood.wait_with_output().unwrap().stdout).unwrap(), "True True\n");
        twins.lab.down(&[]);
    });
}

const SECURELY: &str = "
import socket, ssl
tls = ssl.create_default_context().wrap_socket(socket.create_connection(('example.com', 443), 5), server_hostname='example.com')
print(tls.version(), tls.getpeercert()['subject'][0][0][1])
";

const IN_FOLDER: &str = "openssl s_client -connect example.com:443 -servername example.com -no-CAfile -CApath /etc/ssl/certs -verify_return_error \
    -tls1_2 -brief </dev/null 2>&1 | grep Verification";

#[test]
fn the_internet_has_something_to_see() {
    with_packets("guest_services::the_internet_has_something_to_see", || {
        let mut twins = Twins::new("web");
        assert_eq!(twins.curl(0, &["http://example.com"]), "000", "the name is known, the way is not");
        let public = twins.publish(0);
        let page = twins.curl(0, &["http://example.com"]);
        assert!(page.starts_with("200 ") && page.contains(&format!("You came from {public}.")), "{page}");
        assert!(twins.curl(0, &["http://www.example.com/nothing"]).starts_with("404"));
        let secure = twins.curl(0, &["https://www.example.com"]);
        assert!(secure.starts_with("200 ") && secure.contains(&format!("You came from {public}.")), "{secure}");
        assert_eq!(twins.curl(0, &["https://203.0.113.80"]), "000", "the certificate is that of a name");
        assert_eq!(twins.said(0, &["python3", "-c", SECURELY]).trim(), "TLSv1.3 example.com");
        assert_eq!(twins.said(0, &["sh", "-c", IN_FOLDER]).trim(), "Verification: OK", "by the name of a file, as OpenSSL looks for it");
        assert_eq!(twins.curl(1, &["http://example.com"]), "000");
        let query = OVER_TCP.replace("169.254.169.253", "203.0.113.53").replace("x0cip-10-1-0-10\\x03ec2\\x08internal", "x07example\\x03com");
        assert_eq!(twins.said(0, &["python3", "-c", &query]), "203.0.113.80", "a name server that anybody may ask");
        twins.lab.down(&["--wipe"]);
        assert!(!twins.lab.state().exists(), "nor is there an authority any more");
    });
}
