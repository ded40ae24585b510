//! `peerless probe FROM INSTANCE --tcp PORT`

use std::net::{IpAddr, Ipv4Addr, SocketAddrV4};
use std::os::fd::{AsRawFd, OwnedFd};
use std::process::ExitCode;
use std::time::Duration;

use clap::{Args, ValueEnum};
use nix::errno::Errno;
use nix::sched::{CloneFlags, setns};
use nix::sys::socket::{AddressFamily, SockFlag, SockType, SockaddrIn, bind, connect, setsockopt, socket, sockopt};

use super::{Daemon, Trouble, explain, unexpected};
use crate::control::{Request, Response, Service};

#[derive(Debug, Args)]
pub struct Probe {
    #[command(flatten)]
    daemon: Daemon,
    /// Who knocks, from the simulated internet
    from: Stranger,
    /// The instance: name, id, private address or vpc/name
    instance: String,
    /// The TCP port
    #[arg(long, env = "PEERLESS_TCP", value_name = "PORT")]
    tcp: u16,
    /// How many seconds to wait for an answer
    #[arg(long, env = "PEERLESS_TIMEOUT", default_value_t = 3, value_name = "SECONDS")]
    timeout: u64,
}

/// Somebody on the simulated internet.
#[derive(Clone, Copy, Debug, ValueEnum)]
enum Stranger {
    /// The learner's laptop, 203.0.113.10: "My IP"
    Laptop,
    /// EC2 Instance Connect, from its range in the instance's region
    InstanceConnect,
}

/// What became of a connection.
enum Outcome {
    Connected,
    Refused,
    Silence,
}

impl Probe {
    /// Sends real packets. Exit status 0 if they were answered, 1 if not; then it says why.
    pub fn go(self) -> Result<ExitCode, Trouble> {
        let (public, region) = match self.daemon.ask(&Request::Instance { word: self.instance.clone() })? {
            Response::Instance { public, region, .. } => (public, region),
            other => return Err(unexpected(&other)),
        };
        let region: model::Region = region.parse().map_err(|_| Trouble::unavailable(format!("'{region}' is not a region")))?;
        let source = match self.from {
            Stranger::Laptop => model::internet::LAPTOP,
            Stranger::InstanceConnect => model::internet::instance_connect_address(region),
        };
        let target = match public {
            Some(IpAddr::V4(public)) => SocketAddrV4::new(public, self.tcp),
            _ => {
                println!("✗ {} has no public IPv4 address, so nobody on the internet can call it", self.instance);
                return self.explain(source);
            }
        };
        // With the uplink on, this machine is the laptop.
        let is_here = matches!(self.from, Stranger::Laptop) && self.uplink()?;
        if !is_here {
            self.enter_internet()?;
        }
        let outcome = knock(source, target, Duration::from_secs(self.timeout)).map_err(|error| Trouble::unavailable(error.to_string()))?;
        let answer = match outcome {
            Outcome::Connected => "answered: connected",
            Outcome::Refused => "answered: refused, for no program listens there",
            Outcome::Silence => "silence",
        };
        let answered = !matches!(outcome, Outcome::Silence);
        println!("{} TCP {source} → {target}: {answer}", if answered { '✓' } else { '✗' });
        if answered { Ok(ExitCode::SUCCESS) } else { self.explain(source) }
    }

    fn uplink(&self) -> Result<bool, Trouble> {
        match self.daemon.ask(&Request::Status)? {
            Response::Status(status) => Ok(status.uplink),
            other => Err(unexpected(&other)),
        }
    }

    /// This process has a single thread; what it opens from now on, it opens in the internet.
    fn enter_internet(&self) -> Result<(), Trouble> {
        let config = crate::daemon::fabric(&self.daemon.runtime());
        let internet = dataplane::open_internet(&config).map_err(|error| Trouble::unavailable(crate::daemon::guests::chain(&error)))?;
        setns(internet, CloneFlags::CLONE_NEWNET).map_err(|error| Trouble::unavailable(format!("cannot enter the simulated internet: {error}")))
    }

    fn explain(&self, source: Ipv4Addr) -> Result<ExitCode, Trouble> {
        let question = Request::Explain { from: source.to_string(), to: self.instance.clone(), service: Service::Tcp(self.tcp), flips: false };
        match self.daemon.ask(&question)? {
            Response::Explanation(explanation) => explain::print(&explanation),
            other => return Err(unexpected(&other)),
        }
        Ok(ExitCode::FAILURE)
    }
}

/// Begins a TCP connection from that address.
fn knock(source: Ipv4Addr, target: SocketAddrV4, patience: Duration) -> std::io::Result<Outcome> {
    let socket: OwnedFd = socket(AddressFamily::Inet, SockType::Stream, SockFlag::SOCK_CLOEXEC, None)?;
    bind(socket.as_raw_fd(), &SockaddrIn::from(SocketAddrV4::new(source, 0)))?;
    // connect() obeys the limit for sending, which spares us an event loop.
    let limit = nix::sys::time::TimeVal::new(i64::try_from(patience.as_secs()).unwrap_or(i64::MAX), 0);
    setsockopt(&socket, sockopt::SendTimeout, &limit)?;
    match connect(socket.as_raw_fd(), &SockaddrIn::from(target)) {
        Ok(()) => Ok(Outcome::Connected),
        Err(Errno::EINPROGRESS | Errno::ETIMEDOUT | Errno::EAGAIN) => Ok(Outcome::Silence),
        Err(Errno::ECONNREFUSED) => Ok(Outcome::Refused),
        Err(error) => Err(error.into()),
    }
}
