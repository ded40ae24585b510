//! A client that keeps its connection, and does nothing but what it must: it shares the processors with the server.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpStream};

pub struct Client {
    address: SocketAddr,
    authorization: String,
    connection: Option<BufReader<TcpStream>>,
    answer: Vec<u8>,
}

impl Client {
    /// Speaks for an account in us-east-1.
    pub fn new(address: SocketAddr, account: &str) -> Self {
        let scope = format!("{account}/20260131/us-east-1/ec2/aws4_request");
        let authorization = format!("AWS4-HMAC-SHA256 Credential={scope}, SignedHeaders=host;x-amz-date, Signature={}", "0".repeat(64));
        Self { address, authorization, connection: None, answer: Vec::new() }
    }

    /// Makes a call that must succeed, and returns the body of its answer.
    pub fn call(&mut self, action: &str, parameters: &str) -> String {
        let (status, body) = self.try_call(action, parameters).unwrap();
        assert_eq!(status, 200, "{action}: {body}");
        body
    }

    /// Makes a call: status and body.
    pub fn try_call(&mut self, action: &str, parameters: &str) -> std::io::Result<(u16, String)> {
        let Self { address, authorization, .. } = self;
        let body = format!("Action={action}&Version=2016-11-15&{parameters}");
        let request = format!(
            "POST / HTTP/1.1\r\nHost: {address}\r\nAuthorization: {authorization}\r\nX-Amz-Date: 20260131T120000Z\r\n\
             Content-Type: application/x-www-form-urlencoded\r\nContent-Length: {}\r\n\r\n{body}",
            body.len()
        );
        let mut connection = match self.connection.take() {
            Some(connection) => connection,
            None => {
                let stream = TcpStream::connect(*address)?;
                stream.set_nodelay(true)?;
                BufReader::with_capacity(1 << 16, stream)
            }
        };
        connection.get_mut().write_all(request.as_bytes())?;
        let (mut line, mut status, mut length, mut keeps) = (String::new(), 0, 0, true);
        loop {
            line.clear();
            if connection.read_line(&mut line)? == 0 {
                return Err(std::io::ErrorKind::UnexpectedEof.into());
            }
            let head = line.trim_end().to_ascii_lowercase();
            match head.split_once(": ") {
                None if head.is_empty() => break,
                None => {
                    keeps = head.starts_with("http/1.1");
                    status = head.split(' ').nth(1).and_then(|status| status.parse().ok()).unwrap_or_default();
                }
                Some(("content-length", value)) => length = value.parse().unwrap(),
                Some(("connection", value)) => keeps = value != "close",
                Some(_) => {}
            }
        }
        self.answer.resize(length, 0);
        connection.read_exact(&mut self.answer)?;
        self.connection = keeps.then_some(connection);
        Ok((status, String::from_utf8_lossy(&self.answer).into_owned()))
    }
}
