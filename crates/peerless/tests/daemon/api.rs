//! A client of the EC2 API that knows nothing but HTTP and forms.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpStream};

/// A reply.
#[derive(Debug)]
pub struct Reply {
    pub status: u16,
    /// Status line and headers.
    pub head: String,
    pub body: String,
}

impl Reply {
    /// The text of the first element of that name.
    pub fn element(&self, name: &str) -> &str {
        self.elements(name).first().copied().unwrap_or_else(|| panic!("no <{name}> in {}", self.body))
    }

    /// The texts of all elements of that name.
    pub fn elements(&self, name: &str) -> Vec<&str> {
        let (open, close) = (format!("<{name}>"), format!("</{name}>"));
        self.body.split(&open).skip(1).filter_map(|rest| rest.split_once(&close)).map(|(text, _)| text).collect()
    }
}

/// Sends a request with these headers, and reads until the server closes.
pub fn http(address: SocketAddr, method: &str, target: &str, headers: &[(&str, &str)], body: &str) -> Reply {
    let mut stream = TcpStream::connect(address).unwrap();
    let mut request = format!("{method} {target} HTTP/1.1\r\nConnection: close\r\nContent-Length: {}\r\n", body.len());
    if !headers.iter().any(|(name, _)| name.eq_ignore_ascii_case("host")) {
        request += &format!("Host: {address}\r\n");
    }
    for (name, value) in headers {
        request += &format!("{name}: {value}\r\n");
    }
    stream.write_all(format!("{request}\r\n{body}").as_bytes()).unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    let (head, body) = answer.split_once("\r\n\r\n").unwrap_or_else(|| panic!("no HTTP: {answer}"));
    Reply { status: head.split(' ').nth(1).unwrap().parse().unwrap(), head: head.to_owned(), body: body.to_owned() }
}

/// Gets what is no text: the status, and the bytes.
pub fn http_bytes(address: SocketAddr, target: &str) -> (u16, Vec<u8>) {
    let mut stream = TcpStream::connect(address).unwrap();
    stream.write_all(format!("GET {target} HTTP/1.0\r\nHost: {address}\r\n\r\n").as_bytes()).unwrap();
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).unwrap();
    let end = answer.windows(4).position(|four| four == b"\r\n\r\n").unwrap();
    let head = String::from_utf8(answer[..end].to_vec()).unwrap();
    (head.split(' ').nth(1).unwrap().parse().unwrap(), answer[end + 4..].to_vec())
}

/// Calls an operation in us-east-1; `parameters` is `Name=value&…`, its values percent-encoded where need be.
pub fn call(address: SocketAddr, action: &str, parameters: &str) -> Reply {
    let body = format!("Action={action}&Version=2016-11-15&{parameters}");
    http(address, "POST", "/", &[("Content-Type", "application/x-www-form-urlencoded; charset=utf-8")], body.trim_end_matches('&'))
}

/// The same, where anything but success is a failure of the test.
pub fn must(address: SocketAddr, action: &str, parameters: &str) -> Reply {
    let reply = call(address, action, parameters);
    assert_eq!(reply.status, 200, "{action} {parameters}: {}", reply.body);
    reply
}

/// Somebody who listens to `/_peerless/events`.
pub struct Listener {
    lines: std::io::Lines<BufReader<TcpStream>>,
}

impl Listener {
    pub fn new(address: SocketAddr) -> Self {
        Self::try_new(address).unwrap()
    }

    /// `None` if there is no room.
    pub fn try_new(address: SocketAddr) -> Option<Self> {
        let mut stream = TcpStream::connect(address).unwrap();
        stream.set_read_timeout(Some(std::time::Duration::from_secs(10))).unwrap();
        stream.write_all(format!("GET /_peerless/events HTTP/1.1\r\nHost: {address}\r\n\r\n").as_bytes()).unwrap();
        let mut lines = BufReader::new(stream).lines();
        lines.next().unwrap().unwrap().contains(" 200 ").then_some(Self { lines })
    }

    /// The next generation.
    pub fn next(&mut self) -> u64 {
        self.lines.find_map(|line| line.unwrap().strip_prefix("data: ").map(|data| data.parse().unwrap())).unwrap()
    }
}
