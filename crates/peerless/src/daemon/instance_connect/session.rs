//! A shell or a command at the other end of SSH.

use std::os::fd::{AsFd, AsRawFd, OwnedFd};
use std::sync::Arc;
use std::time::Duration;

use nix::sys::socket::{Shutdown, shutdown};
use russh::client::{self, Handle, Handler, Msg};
use russh::keys::{PrivateKey, PrivateKeyWithHashAlg, PublicKeyOrCertificate};
use russh::{ChannelMsg, ChannelReadHalf, ChannelWriteHalf, Sig};
use tokio::net::TcpStream;

use super::{Failure, Place, Wish};

/// How often a silent instance is asked whether it is still there; after three times without an answer it is not.
const KEEPALIVE: Duration = Duration::from_secs(15);

/// What may be on its way to a terminal, in bytes and in messages: whoever interrupts a flood has to read all of it first.
const TERMINAL_WINDOW: u32 = 256 * 1024;
const TERMINAL_MESSAGES: usize = 8;

/// OpenSSH's number for what a program writes to its standard error.
const STANDARD_ERROR: u32 = 1;

/// Status of a command that a signal ended: as shells have it.
const SIGNALLED: u32 = 128;

/// An open session.
pub struct Session {
    input: ChannelWriteHalf<Msg>,
    output: ChannelReadHalf,
    connection: Connection,
}

/// What keeps a session open.
struct Connection {
    _line: Line,
    _handle: Handle<AnyServer>,
    _place: Place,
}

/// The connection under a session. It is hung up when nobody has the session any more: the library's task that serves it
/// would otherwise wait for as long as an instance keeps silent in the middle of something.
struct Line(OwnedFd);

impl Line {
    fn of(stream: &TcpStream) -> std::io::Result<Self> {
        stream.as_fd().try_clone_to_owned().map(Self)
    }
}

impl Drop for Line {
    fn drop(&mut self) {
        // What is closed already needs no more.
        let _ = shutdown(self.0.as_raw_fd(), Shutdown::Both);
    }
}

/// What goes in.
pub struct Input(ChannelWriteHalf<Msg>);

/// What comes out.
pub struct Output {
    channel: ChannelReadHalf,
    status: Option<u32>,
    _connection: Connection,
}

/// A piece of what comes out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Shown {
    /// Standard output, or all there is on a terminal.
    Text(Vec<u8>),
    /// Standard error.
    Error(Vec<u8>),
    /// The end, with the exit status; none if the connection was lost before.
    End(Option<u32>),
}

struct AnyServer;

impl Handler for AnyServer {
    type Error = russh::Error;

    async fn check_server_key(&mut self, _key: &PublicKeyOrCertificate) -> Result<bool, russh::Error> {
        Ok(true)
    }
}

impl Session {
    /// Logs in and begins what is wished.
    pub async fn open(stream: TcpStream, key: PrivateKey, wish: &Wish, place: Place) -> Result<Session, Failure> {
        let broken = |error: russh::Error| Failure::Broken(error.to_string());
        // Keys are pressed one at a time and should arrive one at a time.
        let mut config = client::Config { nodelay: true, keepalive_interval: Some(KEEPALIVE), ..Default::default() };
        if wish.terminal.is_some() {
            (config.window_size, config.channel_buffer_size) = (TERMINAL_WINDOW, TERMINAL_MESSAGES);
        }
        let line = Line::of(&stream).map_err(|error| Failure::Unavailable(error.to_string()))?;
        let mut handle = client::connect_stream(Arc::new(config), stream, AnyServer).await.map_err(broken)?;
        let key = PrivateKeyWithHashAlg::new(Arc::new(key), None);
        if !handle.authenticate_publickey(wish.user.clone(), key).await.map_err(broken)?.success() {
            return Err(Failure::NotAdmitted { user: wish.user.clone() });
        }
        let channel = handle.channel_open_session().await.map_err(broken)?;
        if let Some(terminal) = &wish.terminal {
            let (columns, rows) = (terminal.size.columns.into(), terminal.size.rows.into());
            channel.request_pty(false, &terminal.kind, columns, rows, 0, 0, &[]).await.map_err(broken)?;
        }
        match &wish.command {
            Some(command) => channel.exec(true, command.as_str()).await.map_err(broken)?,
            None => channel.request_shell(true).await.map_err(broken)?,
        }
        let (output, input) = channel.split();
        Ok(Session { input, output, connection: Connection { _line: line, _handle: handle, _place: place } })
    }

    /// Both directions, each for itself.
    pub fn split(self) -> (Input, Output) {
        (Input(self.input), Output { channel: self.output, status: None, _connection: self.connection })
    }
}

impl Input {
    /// What was typed. Waits while the instance does not take it.
    pub async fn type_in(&self, bytes: Vec<u8>) -> Result<(), russh::Error> {
        self.0.data_bytes(bytes).await
    }

    /// There will be no more.
    pub async fn end(&self) -> Result<(), russh::Error> {
        self.0.eof().await
    }

    /// The window has another size.
    pub async fn resize(&self, columns: u16, rows: u16) -> Result<(), russh::Error> {
        self.0.window_change(columns.into(), rows.into(), 0, 0).await
    }
}

impl Output {
    /// The next piece. After the end there is nothing.
    pub async fn next(&mut self) -> Shown {
        loop {
            match self.channel.wait().await {
                Some(ChannelMsg::Data { data }) => return Shown::Text(data.to_vec()),
                Some(ChannelMsg::ExtendedData { data, ext: STANDARD_ERROR }) => return Shown::Error(data.to_vec()),
                // What was written before may come after.
                Some(ChannelMsg::ExitStatus { exit_status }) => self.status = Some(exit_status),
                Some(ChannelMsg::ExitSignal { signal_name, .. }) => self.status = Some(SIGNALLED + number(&signal_name)),
                // The server did not begin what was wished.
                Some(ChannelMsg::Failure) => self.status = Some(1),
                Some(ChannelMsg::Close) | None => return Shown::End(self.status),
                Some(_) => {}
            }
        }
    }
}

/// The signal's number on Linux; 0 for those that SSH has no name for.
fn number(signal: &Sig) -> u32 {
    match signal {
        Sig::HUP => 1,
        Sig::INT => 2,
        Sig::QUIT => 3,
        Sig::ILL => 4,
        Sig::ABRT => 6,
        Sig::FPE => 8,
        Sig::KILL => 9,
        Sig::USR1 => 10,
        Sig::SEGV => 11,
        Sig::PIPE => 13,
        Sig::ALRM => 14,
        Sig::TERM => 15,
        Sig::Custom(_) => 0,
    }
}

#[cfg(test)]
mod tests {
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    use tokio::net::TcpListener;
    use tokio::sync::Semaphore;
    use tokio::time::timeout;

    use super::super::one_time_key;
    use super::*;
    use crate::control::Via;

    /// More than any test takes.
    const PATIENCE: Duration = Duration::from_secs(60);

    #[tokio::test]
    async fn an_instance_that_falls_silent_in_the_middle_keeps_nothing() {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let stream = TcpStream::connect(listener.local_addr().unwrap()).await.unwrap();
        let (mut instance, _) = listener.accept().await.unwrap();
        let sessions = Arc::new(Semaphore::new(1));
        let place = Place { _session: Arc::clone(&sessions).acquire_owned().await.unwrap(), _door: None };
        let wish = Wish { via: Via::InstanceConnect, user: "ec2-user".to_owned(), command: None, terminal: None, patience: PATIENCE };
        let opening = tokio::spawn(async move { Session::open(stream, one_time_key().ok()?, &wish, place).await.ok() });
        // It says who it is, hears what the client proposes for a key, and answers no more.
        instance.write_all(b"SSH-2.0-silent\r\n").await.unwrap();
        let mut heard = Vec::new();
        while heard.len() < 500 {
            assert_ne!(timeout(PATIENCE, instance.read_buf(&mut heard)).await.unwrap().unwrap(), 0);
        }
        opening.abort();
        assert!(opening.await.is_err_and(|ended| ended.is_cancelled()));
        timeout(PATIENCE, instance.read_to_end(&mut heard)).await.unwrap().unwrap();
        assert_eq!(sessions.available_permits(), 1);
    }
}
