//! The control socket: how the command line speaks to its daemon.
//!
//! One JSON object a line, one answer a line, over a socket that only its owner can open. What the public API can do
//! goes over the public API; this is for what a stranger on the same machine must not do.

use std::io::{BufRead, BufReader, Read, Write};
use std::os::unix::net::UnixStream;
use std::path::Path;

use serde::{Deserialize, Serialize};

use crate::flow::{FlowQuestion, Flows, Wanted};
use crate::probed::Probed;

/// What the command line asks.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub enum Request {
    /// Facts about the daemon.
    Status,
    /// The instance that a word names.
    Instance {
        /// Name, id, private address or `vpc/instance`.
        word: String,
    },
    /// What is between two things.
    Explain {
        /// Who begins: an instance, a subnet, an address on the internet, `laptop` or `instance-connect`.
        from: String,
        /// Whom it is for: an instance, a subnet or an address.
        to: String,
        /// What is carried.
        service: Service,
        /// Whether it is to be said what else the fix would open.
        #[serde(default)]
        flips: bool,
    },
    /// The map of a VPC, or of every Region in which there is one.
    Map {
        /// The VPC: name or id.
        vpc: Option<String>,
    },
    /// A session in an instance, by SSH. Behind the answer [`crate::frame`]s go both ways.
    Connect {
        /// The instance: name, id, private address or `vpc/instance`.
        word: String,
        /// The way there.
        via: Via,
        /// Whom to be there; by default the image's login.
        user: Option<String>,
        /// What to run there; a login shell if nothing.
        command: Option<String>,
        /// The terminal that it is for; none if it is for a program.
        terminal: Option<Terminal>,
        /// For how many seconds to knock.
        patience: u64,
    },
    /// Make an image of what was imported.
    RegisterImage(Registration),
    /// What goes on in the kernel.
    Flows(Wanted),
    /// Send packets, and compare what becomes of them with what is computed.
    Probe(FlowQuestion),
    /// Copies of the packets of an interface. Behind the answer comes the file, as pcapng.
    Capture {
        /// The instance or the interface.
        word: String,
        /// At most so many packets.
        packets: Option<u64>,
        /// For at most so long.
        seconds: Option<u64>,
        /// So many bytes of each.
        snapshot_length: usize,
    },
    /// Stop, and leave nothing behind on the host.
    Down,
}

/// An image that is to be.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Registration {
    /// Where it was imported: a name among the images of the state folder.
    pub folder: String,
    /// What it is to be called.
    pub name: String,
    /// What its owner says about it.
    pub description: String,
    /// The user that people log in as.
    pub login: String,
    /// Whose it is to be.
    pub account: String,
    /// Where.
    pub region: String,
}

/// A way to an instance's SSH server.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Via {
    /// EC2 Instance Connect, which calls its public address.
    InstanceConnect,
    /// The EC2 Instance Connect Endpoint of its VPC, which calls its private address.
    Endpoint,
}

/// A terminal at this end.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Terminal {
    /// What it understands: `$TERM`.
    pub kind: String,
    /// Its window.
    pub size: Size,
}

/// The size of a window, in characters.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Size {
    /// How wide.
    pub columns: u16,
    /// How high.
    pub rows: u16,
}

/// What is to be carried.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub enum Service {
    /// A ping.
    Icmp,
    /// A TCP connection.
    Tcp(u16),
    /// UDP datagrams.
    Udp(u16),
}

/// What the daemon answers.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub enum Response {
    /// Facts about the daemon.
    Status(Status),
    /// The instance that is meant, by id.
    Instance {
        /// Its id.
        id: String,
        /// The user that people log in as.
        login: String,
        /// Its primary private address.
        address: std::net::IpAddr,
        /// Its public address.
        public: Option<std::net::IpAddr>,
        /// Its region.
        region: String,
    },
    /// An explanation.
    Explanation(Box<Explanation>),
    /// What goes on.
    Flows(Flows),
    /// What became of packets that were sent.
    Probed(Box<Probed>),
    /// Maps.
    Maps(Vec<crate::map::Map>),
    /// A capture has begun.
    Capturing {
        /// At that interface.
        interface: String,
    },
    /// There is a session.
    Connected(Connected),
    /// There is none.
    NotConnected(NotConnected),
    /// There is an image.
    Registered {
        /// Its id.
        id: String,
    },
    /// It is gone.
    Down,
    /// The word means nothing, or more than one thing.
    Unclear {
        /// Why.
        message: String,
    },
    /// It could not be done.
    Failed {
        /// Why.
        message: String,
    },
}

/// A session that was opened.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Connected {
    /// The address of the service, or of the endpoint.
    pub from: std::net::IpAddr,
    /// The instance's address that was called.
    pub to: std::net::IpAddr,
    /// What AWS's page notes beside it.
    pub note: Option<String>,
}

/// Why there is no session.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct NotConnected {
    /// What AWS's page says.
    pub said: Vec<String>,
    /// What it does not say.
    pub cause: String,
    /// The way there, where something on it is the cause.
    pub explanation: Option<Box<Explanation>>,
}

/// Facts about a daemon.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Status {
    /// Its name.
    pub name: String,
    /// Its process.
    pub pid: u32,
    /// Where the API is.
    pub endpoint: String,
    /// Where its state is.
    pub state: std::path::PathBuf,
    /// Whether it carries packets.
    pub packets: bool,
    /// Whether this machine is the laptop on the simulated internet.
    pub uplink: bool,
    /// Whether instances reach the real internet.
    #[serde(default)]
    pub real_internet: bool,
    /// How many changes the state has seen.
    pub generation: u64,
    /// How many VPCs there are, in all accounts and regions.
    pub vpcs: usize,
    /// How many instances there are, by state.
    pub instances: std::collections::BTreeMap<String, usize>,
    /// How many sessions of EC2 Instance Connect there are: terminals in the console, and `peerless connect`.
    #[serde(default)]
    pub sessions: usize,
    /// How many watch what goes on in the kernel, which is looked at for them: streams of flows, and terminals.
    #[serde(default)]
    pub watchers: usize,
}

/// An explanation, as printed and as JSON.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Explanation {
    /// The answer in one line.
    pub headline: String,
    /// Whether packets arrive as things are.
    pub reachable: bool,
    /// The way there and the way back.
    pub legs: Vec<Leg>,
    /// What helps, as commands of the AWS CLI, in order.
    pub fix: Vec<String>,
    /// The same in other forms.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub fixes: Vec<Fix>,
    /// What else the fix would open, where that was asked for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub flips: Option<Flips>,
    /// What the kernel counted of such packets, where it carries any.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub counted: Option<CountedFlows>,
    /// Connections that go on although a new one would not be let in: they are tracked.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub live: Vec<LiveFlow>,
}

/// What else a fix would open.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Flips {
    /// Who would reach whom.
    pub pairs: Vec<Flip>,
    /// How many more such pairs there are.
    pub more: usize,
    /// How many interfaces were asked about, each with each and with the internet.
    pub asked: usize,
    /// Of how many.
    pub of: usize,
}

/// A pair that a fix would open.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Flip {
    /// Who begins.
    pub from: String,
    /// Whom it is for.
    pub to: String,
    /// What: `ping`, `TCP 22`, …
    pub services: Vec<String>,
}

/// The flows that a question is about, as the kernel counts them now.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct CountedFlows {
    /// How many there are.
    pub flows: usize,
    /// For how long the kernel has counted the oldest of them, in seconds.
    pub age_seconds: f64,
    /// Of the packets there.
    pub forward: Tally,
    /// Of those back.
    pub reply: Tally,
}

/// What was seen of packets.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Tally {
    /// So many were seen.
    pub seen: u64,
    /// So many of them were dropped.
    pub dropped: u64,
}

impl From<semantics::Tally> for Tally {
    fn from(tally: semantics::Tally) -> Self {
        Self { seen: tally.seen, dropped: tally.dropped }
    }
}

impl From<semantics::Flips> for Flips {
    fn from(flips: semantics::Flips) -> Self {
        let flip = |flip: semantics::Flip| Flip { from: flip.from, to: flip.to, services: flip.services.iter().map(ToString::to_string).collect() };
        Self { pairs: flips.pairs.into_iter().map(flip).collect(), more: flips.more, asked: flips.asked, of: flips.of }
    }
}

/// A connection that packets pass by.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct LiveFlow {
    /// `icmp`, `tcp` or `udp`.
    pub protocol: String,
    /// Who began it, as it says.
    pub source: std::net::IpAddr,
    /// Its port, where there are ports.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub source_port: Option<u16>,
    /// Whom it is for, as the beginner says.
    pub destination: std::net::IpAddr,
    /// Its port, where there are ports.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub destination_port: Option<u16>,
    /// How many packets the beginner has sent.
    pub packets: u64,
    /// For how long it has sent none, in seconds.
    pub idle_seconds: u64,
}

/// One direction of an explanation.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Leg {
    /// `forward` or `reply`.
    pub title: String,
    /// What is on the way.
    pub lines: Vec<Line>,
}

/// One thing on the way.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Line {
    /// `passed`, `blocked`, or `beyond`: not reached, and no obstacle once those before it are gone.
    pub mark: String,
    /// What kind of thing it is.
    pub stage: String,
    /// Which one.
    pub resource: String,
    /// What it says about this packet.
    pub detail: String,
    /// AWS's code, where the packet does not pass.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub code: Option<String>,
    /// What it is, by id, as far as it is there.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub about: Vec<String>,
    /// How such a thing treats replies.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub note: Option<String>,
    /// What was looked at, row by row.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub rows: Vec<Row>,
    /// What was counted there.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub counted: Option<Tally>,
}

/// A row that was looked at.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Row {
    /// A rule by its id or number, a route by its destination.
    pub row: String,
    /// What it says.
    pub says: String,
    /// `matched`, `missed`, or `unasked`: one before it, or a better one, decided.
    pub outcome: String,
    /// Why.
    pub why: String,
    /// Whether it is not there yet: the fix adds it.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub proposed: bool,
}

/// A repair.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Fix {
    /// What it does, in a sentence.
    pub says: String,
    /// As a command of the AWS CLI.
    pub cli: String,
    /// As Terraform.
    pub terraform: String,
    /// As CloudFormation: what stands below `Resources`.
    #[serde(default)]
    pub cloudformation: String,
    /// As calls of the API, in order.
    pub calls: Vec<Call>,
}

/// A call of the API.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Call {
    /// The operation.
    pub action: String,
    /// Whose call it is.
    pub account: String,
    /// Where.
    pub region: String,
    /// Its parameters; a value that begins with `$` is what an earlier call gave.
    pub parameters: Vec<(String, String)>,
    /// What it gives to later calls: the word for it, and where in the answer it stands.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub gives: Option<(String, String)>,
}

impl From<semantics::Rendered> for Explanation {
    fn from(rendered: semantics::Rendered) -> Self {
        let leg = |leg: semantics::RenderedLeg| Leg { title: leg.title.to_owned(), lines: leg.lines.into_iter().map(Line::from).collect() };
        let fixes: Vec<Fix> = rendered.fixes.into_iter().map(Fix::from).collect();
        Self {
            headline: rendered.headline,
            reachable: rendered.reachable,
            legs: rendered.legs.into_iter().map(leg).collect(),
            fix: fixes.iter().map(|fix| fix.cli.clone()).collect(),
            fixes,
            flips: None,
            counted: None,
            live: Vec::new(),
        }
    }
}

impl From<semantics::RenderedLine> for Line {
    fn from(line: semantics::RenderedLine) -> Self {
        let row = |row: semantics::RenderedRow| {
            let outcome = row.outcome.as_str().to_owned();
            Row { row: row.row, says: row.says, outcome, why: row.why, proposed: row.proposed }
        };
        Self {
            mark: line.mark.as_str().to_owned(),
            stage: line.stage.to_owned(),
            resource: line.resource,
            detail: line.detail,
            code: line.code.map(str::to_owned),
            about: line.about.iter().map(ToString::to_string).collect(),
            note: line.note.map(str::to_owned),
            rows: line.rows.into_iter().map(row).collect(),
            counted: line.counted.map(Tally::from),
        }
    }
}

impl From<semantics::RenderedFix> for Fix {
    fn from(fix: semantics::RenderedFix) -> Self {
        let call = |call: semantics::RenderedCall| Call {
            action: call.action.to_owned(),
            account: call.scope.account.to_string(),
            region: call.scope.region.to_string(),
            parameters: call.parameters.into_iter().map(|(name, value)| (name.to_owned(), value)).collect(),
            gives: call.gives.map(|(word, path)| (word.to_owned(), path.to_owned())),
        };
        let calls = fix.calls.into_iter().map(call).collect();
        Self { says: fix.says, cli: fix.cli, terraform: fix.terraform, cloudformation: fix.cloudformation, calls }
    }
}

/// One object, with the version of its shape.
pub fn json(value: &impl serde::Serialize) -> String {
    let mut object = serde_json::json!({ "schema": "peerless/v1" });
    if let (Some(object), Ok(serde_json::Value::Object(members))) = (object.as_object_mut(), serde_json::to_value(value)) {
        object.extend(members);
    }
    object.to_string()
}

/// Asks the daemon behind the socket.
pub fn ask(socket: &Path, request: &Request) -> std::io::Result<Response> {
    receive(&mut send(socket, request)?)
}

/// Asks; the answer is to come from what is returned.
pub fn send(socket: &Path, request: &Request) -> std::io::Result<UnixStream> {
    let mut stream = UnixStream::connect(socket)?;
    let mut line = serde_json::to_string(request)?;
    line.push('\n');
    stream.write_all(line.as_bytes())?;
    Ok(stream)
}

/// The answer: one line. Of what is behind it as much is lost as one read brings.
pub fn receive(from: &mut impl Read) -> std::io::Result<Response> {
    let mut answer = String::new();
    if BufReader::new(from).read_line(&mut answer)? == 0 {
        return Err(std::io::Error::new(std::io::ErrorKind::UnexpectedEof, "the daemon closed the connection without an answer"));
    }
    Ok(serde_json::from_str(&answer)?)
}
