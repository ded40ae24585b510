//! What a line of a `probe` block says.

use std::str::FromStr;

use crate::outcome::Outcome;
use crate::statement::Words;

/// A packet to send, and what must become of it: `blue/a/1 -> green/a/1 tcp 22   answered`.
///
/// A probe with a name (`ping: blue/a/1 -> …`) is of one flow: the next probe of that name continues it, as a running
/// `ping` does. Without a name, each is a new flow.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Probe {
    /// The flow's name.
    pub flow: Option<String>,
    /// The instance, or the address on the internet, that sends.
    pub from: String,
    /// The instance, or the address, that it is for.
    pub to: String,
    /// What is sent.
    pub traffic: ProbeTraffic,
    /// What must become of it, in the words of [`Outcome`].
    pub expected: String,
}

/// What a probe sends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ProbeTraffic {
    /// An echo request.
    Icmp,
    /// A connection to a TCP port.
    Tcp(u16),
    /// A datagram to a UDP port.
    Udp(u16),
}

/// A question, and what the explanation must name, in order, and nothing else:
/// `blue/a/1 -> green/a/1 icmp   request dropped at …; reply dropped at …`, or `nothing`.
///
/// The ends may be subnets too: what would an instance there meet?
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Question {
    /// The instance, subnet or address on the internet that begins.
    pub from: String,
    /// The instance, subnet or address that it is for.
    pub to: String,
    /// What is asked about.
    pub traffic: ProbeTraffic,
    /// What must be named.
    pub expected: String,
}

/// `FROM -> TO PROTOCOL [PORT] …`
fn exchange(words: &mut Words) -> Result<(String, String, ProbeTraffic), String> {
    let from = words.name("sender")?;
    if words.word("->")? != "->" {
        return Err("'->' must stand between sender and receiver".to_owned());
    }
    let to = words.name("receiver")?;
    let traffic = match words.word("protocol")? {
        "icmp" => ProbeTraffic::Icmp,
        "tcp" => ProbeTraffic::Tcp(words.parsed("port")?),
        "udp" => ProbeTraffic::Udp(words.parsed("port")?),
        other => return Err(format!("'{other}' is neither icmp, tcp nor udp")),
    };
    Ok((from, to, traffic))
}

impl FromStr for Probe {
    type Err = String;

    fn from_str(line: &str) -> Result<Self, String> {
        let (flow, line) = match line.split_once(": ") {
            Some((flow, rest)) if !flow.contains(char::is_whitespace) => (Some(flow.to_owned()), rest),
            _ => (None, line),
        };
        let mut words = Words::new(line);
        let (from, to, traffic) = exchange(&mut words)?;
        let expected = words.rest();
        if expected != Outcome::ANSWERED && !expected.starts_with("request dropped at ") && !expected.starts_with("reply dropped at ") {
            return Err(format!("'{expected}' is neither 'answered' nor 'request dropped at …' nor 'reply dropped at …'"));
        }
        Ok(Probe { flow, from, to, traffic, expected })
    }
}

impl FromStr for Question {
    type Err = String;

    fn from_str(line: &str) -> Result<Self, String> {
        let mut words = Words::new(line);
        let (from, to, traffic) = exchange(&mut words)?;
        let expected = words.rest();
        if expected.is_empty() {
            return Err("what must be named is missing ('nothing' if nothing is in the way)".to_owned());
        }
        Ok(Question { from, to, traffic, expected })
    }
}
