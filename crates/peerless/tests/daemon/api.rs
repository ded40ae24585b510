//! A client of the EC2 API that knows nothing but HTTP and forms.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};

/// A reply.
#[derive(Debug)]
pub struct Reply {
    pub status: u16,
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
    Reply { status: head.split(' ').nth(1).unwrap().parse().unwrap(), body: body.to_owned() }
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
