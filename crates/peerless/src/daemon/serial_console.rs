//! The EC2 serial console: an instance's serial port, where the instance itself asks for a name and a password.
//!
//! It needs nothing of the network, so no rule is in its way. The account must have enabled it, the instance must run, and
//! nobody else may sit at the port. A process of its own serves the port ([`instance::serial`]) and ends with the session.
//! <https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/connect-to-serial-console.html>

use std::collections::BTreeMap;
use std::io::{self, Read};
use std::os::fd::OwnedFd;
use std::process::{Child, Command};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use instance::Host;
use instance::serial::{self, LONGEST_KEYS, READY};
use model::{Instance, InstanceId, InstanceState, Snapshot};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::unix::pipe;
use tokio::sync::Notify;
use tokio::task::spawn_blocking;
use tokio::time::timeout;

use super::instance_connect::Shown;
use crate::control::{NotConnected, Size};

/// The most at a time.
const MOST: usize = 100;

/// How long the last one may take to be gone, and a new one to be there.
const PATIENCE: Duration = Duration::from_secs(15);

/// As much as is shown at a time.
const PIECE: usize = 16 * 1024;

/// The longest reason of a process that fails, in bytes.
const LONGEST_REASON: u64 = 4096;

/// The serial consoles of a daemon's instances.
pub struct SerialConsoles {
    /// Where the instances are, if they are anywhere.
    host: Option<Host>,
    ports: Arc<Ports>,
}

/// Which ports are in use.
#[derive(Default)]
struct Ports {
    used: Mutex<BTreeMap<InstanceId, Use>>,
    freed: Notify,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Use {
    /// Somebody sits there.
    Taken,
    /// They have left, and it is being closed.
    Closing,
}

/// Somebody's place at a port, until what serves it has ended.
struct Place {
    ports: Arc<Ports>,
    instance: InstanceId,
    server: Option<Child>,
}

/// An open session.
pub struct Session {
    input: Input,
    output: Output,
}

/// What goes in.
pub struct Input(pipe::Sender);

/// What comes out.
pub struct Output {
    pipe: pipe::Receiver,
    _place: Place,
}

/// Why there is none.
enum Refusal {
    Disabled(String),
    NotRunning(InstanceState),
    InUse,
    Unavailable(String),
}

impl SerialConsoles {
    /// Those of the instances on this host; none without a host.
    pub fn new(host: Option<Host>) -> Self {
        Self { host, ports: Arc::default() }
    }

    /// Sits down at the port of an instance.
    pub async fn open(&self, snapshot: &Snapshot, instance: &Instance, size: Size) -> Result<Session, NotConnected> {
        self.try_open(snapshot, instance, size).await.map_err(|refusal| refusal.tell(instance))
    }

    async fn try_open(&self, snapshot: &Snapshot, instance: &Instance, size: Size) -> Result<Session, Refusal> {
        let scope = instance.scope;
        if !snapshot.get(scope).is_some_and(|region| region.serial_console_access) {
            return Err(Refusal::Disabled(format!("account {} in {}", scope.account, scope.region)));
        }
        if instance.state != InstanceState::Running {
            return Err(Refusal::NotRunning(instance.state));
        }
        let nowhere = || Refusal::Unavailable("this daemon carries no packets (--model-only), so nothing can be connected to".to_owned());
        let host = self.host.as_ref().ok_or_else(nowhere)?;
        let late = |_| Refusal::Unavailable("the instance does not answer at its serial port".to_owned());
        let place = timeout(PATIENCE, self.ports.take(instance.id)).await.map_err(late)??;
        let command = host.serial_command(&instance.id.to_string());
        let mut session = timeout(PATIENCE, place.sit_down(command)).await.map_err(late)??;
        // One that is over already says so when it is read.
        let _ = session.input.resize(size.columns, size.rows).await;
        Ok(session)
    }
}

impl Ports {
    /// Takes a port, once it is closed if somebody has just left it.
    async fn take(self: &Arc<Self>, instance: InstanceId) -> Result<Place, Refusal> {
        loop {
            // Whatever is freed from here on is heard of.
            let freed = self.freed.notified();
            {
                let mut used = self.lock();
                match used.get(&instance) {
                    Some(Use::Taken) => return Err(Refusal::InUse),
                    Some(Use::Closing) => {}
                    None if used.len() >= MOST => {
                        return Err(Refusal::Unavailable(format!("{MOST} serial consoles are open already; close one")));
                    }
                    None => {
                        used.insert(instance, Use::Taken);
                        return Ok(Place { ports: Arc::clone(self), instance, server: None });
                    }
                }
            }
            freed.await;
        }
    }

    fn lock(&self) -> MutexGuard<'_, BTreeMap<InstanceId, Use>> {
        self.used.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn free(&self, instance: InstanceId) {
        self.lock().remove(&instance);
        self.freed.notify_waiters();
    }
}

impl Place {
    /// Starts what serves the port, and waits until the line is there.
    async fn sit_down(mut self, mut command: Command) -> Result<Session, Refusal> {
        let broken = |error: io::Error| Refusal::Unavailable(format!("the serial port: {error}"));
        let mut server = spawn_blocking(move || command.spawn()).await.map_err(io::Error::other).and_then(|spawned| spawned).map_err(broken)?;
        let (input, output, errors) = (server.stdin.take(), server.stdout.take(), server.stderr.take());
        self.server = Some(server);
        let (Some(input), Some(output), Some(errors)) = (input, output, errors) else { unreachable!("its streams were asked to be pipes") };
        let input = pipe::Sender::from_owned_fd(OwnedFd::from(input)).map_err(broken)?;
        let mut pipe = pipe::Receiver::from_owned_fd(OwnedFd::from(output)).map_err(broken)?;
        let mut ready = [0; READY.len()];
        match pipe.read_exact(&mut ready).await {
            Ok(_) if ready == *READY.as_bytes() => Ok(Session { input: Input(input), output: Output { pipe, _place: self } }),
            _ => {
                let mut reason = String::new();
                let read = spawn_blocking(move || errors.take(LONGEST_REASON).read_to_string(&mut reason).map(|_| reason)).await;
                let reason = read.map_err(io::Error::other).and_then(|read| read).map_err(broken)?;
                Err(Refusal::Unavailable(reason.trim().to_owned()))
            }
        }
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let (ports, instance) = (Arc::clone(&self.ports), self.instance);
        let Some(mut server) = self.server.take() else { return ports.free(instance) };
        self.ports.lock().insert(instance, Use::Closing);
        // It ends by itself once its streams are closed, and hangs up first.
        let mut closing = move || {
            let _ = server.wait();
            ports.free(instance);
        };
        match tokio::runtime::Handle::try_current() {
            Ok(runtime) => drop(runtime.spawn_blocking(closing)),
            Err(_) => closing(),
        }
    }
}

impl Session {
    /// Both directions, each for itself.
    pub fn split(self) -> (Input, Output) {
        (self.input, self.output)
    }
}

impl Input {
    /// What was typed. Waits while the instance does not take it.
    pub async fn type_in(&mut self, bytes: &[u8]) -> io::Result<()> {
        for keys in bytes.chunks(LONGEST_KEYS) {
            self.0.write_all(&serial::Input::Keys(keys.to_vec()).encode()).await?;
        }
        Ok(())
    }

    /// The window has another size.
    pub async fn resize(&mut self, columns: u16, rows: u16) -> io::Result<()> {
        self.0.write_all(&serial::Input::Size { columns, rows }.encode()).await
    }
}

impl Output {
    /// The next piece. After the end there is nothing.
    pub async fn next(&mut self) -> Shown {
        let mut bytes = vec![0; PIECE];
        match self.pipe.read(&mut bytes).await {
            Ok(count) if count > 0 => {
                bytes.truncate(count);
                Shown::Text(bytes)
            }
            _ => Shown::End(None),
        }
    }
}

impl Refusal {
    /// AWS's words, where it has some, and what they do not say.
    /// <https://docs.aws.amazon.com/ec2-instance-connect/latest/APIReference/API_SendSerialConsoleSSHPublicKey.html>
    fn tell(self, instance: &Instance) -> NotConnected {
        let id = instance.id;
        let (said, cause) = match self {
            Refusal::Disabled(whose) => (
                "Your account is not authorized to use the EC2 Serial Console. To authorize your account, run the EnableSerialConsoleAccess API.",
                format!("{whose} has not enabled it: aws ec2 enable-serial-console-access"),
            ),
            Refusal::NotRunning(state) => (
                "Unable to connect because the instance is not in a valid state. Connecting to a stopped or terminated instance is not supported. \
                 If the instance is stopped, start your instance, and try to connect again.",
                format!("{id} is {state}"),
            ),
            Refusal::InUse => (
                "The instance currently has 1 active serial console session. Only 1 session is supported at a time.",
                format!("somebody sits at the serial port of {id} already"),
            ),
            Refusal::Unavailable(cause) => return NotConnected { said: Vec::new(), cause, explanation: None },
        };
        NotConnected { said: vec![said.to_owned()], cause, explanation: None }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn id(digit: char) -> InstanceId {
        format!("i-{}", digit.to_string().repeat(17)).parse().unwrap()
    }

    #[tokio::test]
    async fn there_is_one_at_a_port() {
        let ports: Arc<Ports> = Arc::default();
        let first = ports.take(id('1')).await.ok().unwrap();
        assert!(matches!(ports.take(id('1')).await, Err(Refusal::InUse)));
        let _other = ports.take(id('2')).await.ok().unwrap();
        drop(first);
        assert!(ports.take(id('1')).await.is_ok());
    }

    #[tokio::test]
    async fn a_port_that_is_being_closed_is_waited_for() {
        let ports: Arc<Ports> = Arc::default();
        let mut first = ports.take(id('1')).await.ok().unwrap();
        let mut server = Command::new("cat").stdin(std::process::Stdio::piped()).spawn().unwrap();
        let input = server.stdin.take();
        first.server = Some(server);
        drop(first);
        let mut next = std::pin::pin!(ports.take(id('1')));
        assert!(timeout(Duration::from_millis(20), next.as_mut()).await.is_err());
        drop(input);
        assert!(next.await.is_ok());
    }

    #[tokio::test]
    async fn what_cannot_serve_a_port_says_why() {
        let ports: Arc<Ports> = Arc::default();
        let mut command = Command::new("sh");
        command.args(["-c", "echo it cannot >&2"]);
        for stream in [Command::stdin, Command::stdout, Command::stderr] {
            stream(&mut command, std::process::Stdio::piped());
        }
        let place = ports.take(id('1')).await.ok().unwrap();
        let refused = place.sit_down(command).await.err();
        assert!(matches!(&refused, Some(Refusal::Unavailable(reason)) if reason == "it cannot"));
        assert!(ports.take(id('1')).await.is_ok());
    }
}
