//! A client of WebSockets, as small as RFC 6455 allows.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::time::{Duration, Instant};

/// How long anything may take.
const PATIENCE: Duration = Duration::from_secs(60);

const TEXT: u8 = 1;
const BINARY: u8 = 2;
const CLOSE: u8 = 8;
const PING: u8 = 9;
const PONG: u8 = 10;

/// A connection that was upgraded.
pub struct WebSocket(TcpStream);

/// What comes.
#[derive(Debug, PartialEq, Eq)]
pub enum Heard {
    Bytes(Vec<u8>),
    Text(String),
    /// The answer to a ping of one's own.
    Pong,
    Closed {
        code: u16,
        reason: String,
    },
}

impl WebSocket {
    /// Asks for an upgrade; the status and body of the answer where there is none.
    pub fn open(address: SocketAddr, target: &str, headers: &str) -> Result<Self, (u16, String)> {
        let mut stream = TcpStream::connect(address).unwrap();
        stream.set_read_timeout(Some(PATIENCE)).unwrap();
        let upgrade = "Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==";
        write!(stream, "GET {target} HTTP/1.1\r\nHost: {address}\r\n{upgrade}\r\n{headers}\r\n").unwrap();
        let mut head = Vec::new();
        while !head.ends_with(b"\r\n\r\n") {
            let mut byte = [0];
            stream.read_exact(&mut byte).unwrap();
            head.extend(byte);
        }
        let head = String::from_utf8(head).unwrap();
        let status = head.split(' ').nth(1).unwrap().parse().unwrap();
        if status == 101 {
            assert!(head.to_lowercase().contains("sec-websocket-accept: s3pplmbitxaq9kygzzhzrbk+xoo="), "{head}");
            return Ok(Self(stream));
        }
        let length = head.to_lowercase().split("content-length: ").nth(1).and_then(|rest| rest.lines().next()?.parse().ok()).unwrap_or(0);
        let mut body = vec![0; length];
        stream.read_exact(&mut body).unwrap();
        Err((status, String::from_utf8(body).unwrap()))
    }

    pub fn send(&mut self, bytes: &[u8]) {
        self.send_frame(BINARY, bytes).unwrap();
    }

    pub fn send_text(&mut self, text: &str) {
        self.send_frame(TEXT, text.as_bytes()).unwrap();
    }

    /// Asks for a [`Heard::Pong`].
    pub fn ping(&mut self) {
        self.send_frame(PING, &[]).unwrap();
    }

    /// A second hand on the same connection, for another thread.
    pub fn second(&self) -> Self {
        Self(self.0.try_clone().unwrap())
    }

    pub fn close(mut self) {
        self.send_frame(CLOSE, &1000u16.to_be_bytes()).unwrap();
    }

    fn send_frame(&mut self, kind: u8, payload: &[u8]) -> std::io::Result<()> {
        let mut frame = vec![0x80 | kind];
        match payload.len() {
            length @ 0..=125 => frame.push(0x80 | length as u8),
            length @ 126..=0xffff => frame.extend([&[0x80 | 126], &(length as u16).to_be_bytes()[..]].concat()),
            length => frame.extend([&[0x80 | 127], &(length as u64).to_be_bytes()[..]].concat()),
        }
        // Of a mask nothing is asked but that there is one.
        let mask = [1, 2, 3, 4];
        frame.extend(mask);
        frame.extend(payload.iter().zip(mask.iter().cycle()).map(|(byte, mask)| byte ^ mask));
        self.0.write_all(&frame)
    }

    /// What comes next; pings are answered, and are no reason to wait longer.
    pub fn hear(&mut self) -> Heard {
        let began = Instant::now();
        loop {
            assert!(began.elapsed() < PATIENCE, "only pings came");
            let mut head = [0; 2];
            self.0.read_exact(&mut head).unwrap();
            let length = match head[1] {
                126 => u64::from(u16::from_be_bytes(self.array())),
                127 => u64::from_be_bytes(self.array()),
                length => length.into(),
            };
            let mut payload = vec![0; length as usize];
            self.0.read_exact(&mut payload).unwrap();
            match head[0] & 0x0f {
                BINARY => return Heard::Bytes(payload),
                TEXT => return Heard::Text(String::from_utf8(payload).unwrap()),
                PONG => return Heard::Pong,
                PING => self.send_frame(PONG, &payload).unwrap(),
                CLOSE => {
                    let (code, reason) = payload.split_at(payload.len().min(2));
                    let code = code.try_into().map(u16::from_be_bytes).unwrap_or(1005);
                    return Heard::Closed { code, reason: String::from_utf8(reason.to_vec()).unwrap() };
                }
                other => panic!("a frame of kind {other}"),
            }
        }
    }

    /// That many bytes, however they come.
    pub fn hear_bytes(&mut self, count: usize) -> Vec<u8> {
        let mut bytes = Vec::new();
        while bytes.len() < count {
            match self.hear() {
                Heard::Bytes(more) => bytes.extend(more),
                other => panic!("{other:?} after {} bytes", bytes.len()),
            }
        }
        bytes
    }

    fn array<const N: usize>(&mut self) -> [u8; N] {
        let mut array = [0; N];
        self.0.read_exact(&mut array).unwrap();
        array
    }
}
