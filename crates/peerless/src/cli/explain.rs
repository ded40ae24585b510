//! `peerless explain A B`

use std::net::{IpAddr, SocketAddr};
use std::process::ExitCode;

use clap::{ArgGroup, Args};

use super::{Daemon, Trouble, unexpected};
use crate::control::{self, Explanation, Line, LiveFlow, Request, Response, Service};
use crate::flow::FlowQuestion;
use crate::probed::{Counted, Probed};

#[derive(Debug, Args)]
#[command(group = ArgGroup::new("service").required(true))]
pub struct Explain {
    #[command(flatten)]
    daemon: Daemon,
    /// Who begins: an instance (name, id, private address or vpc/name), an EC2 Instance Connect Endpoint, a subnet, an address on the internet, `laptop` or `instance-connect`
    from: String,
    /// Whom it is for: an instance, a subnet, an address, `metadata`, `dns` or `time`
    to: String,
    /// A ping
    #[arg(long, group = "service", env = "PEERLESS_ICMP")]
    icmp: bool,
    /// A connection to a TCP port
    #[arg(long, group = "service", env = "PEERLESS_TCP", value_name = "PORT")]
    tcp: Option<u16>,
    /// A datagram to a UDP port
    #[arg(long, group = "service", env = "PEERLESS_UDP", value_name = "PORT")]
    udp: Option<u16>,
    /// Send real packets too, and compare what became of them with what is computed
    #[arg(long, env = "PEERLESS_PROBE")]
    probe: bool,
    /// One JSON object instead of text
    #[arg(long, env = "PEERLESS_JSON")]
    json: bool,
}

impl Explain {
    /// Exit status 0 if it reaches, 1 if not; 4 if packets say otherwise.
    pub fn go(self) -> Result<ExitCode, Trouble> {
        if self.probe {
            return self.send();
        }
        let service = match (self.tcp, self.udp) {
            (Some(port), _) => Service::Tcp(port),
            (_, Some(port)) => Service::Udp(port),
            _ => Service::Icmp,
        };
        let explanation = match self.daemon.ask(&Request::Explain { from: self.from, to: self.to, service })? {
            Response::Explanation(explanation) => explanation,
            other => return Err(unexpected(&other)),
        };
        if self.json {
            println!("{}", control::json(&explanation));
        } else {
            print(&explanation);
        }
        Ok(if explanation.reachable { ExitCode::SUCCESS } else { ExitCode::FAILURE })
    }
}

impl Explain {
    fn send(self) -> Result<ExitCode, Trouble> {
        let (protocol, port) = match (self.tcp, self.udp) {
            (Some(port), _) => ("tcp", Some(port)),
            (_, Some(port)) => ("udp", Some(port)),
            _ => ("icmp", None),
        };
        let question = FlowQuestion { from: self.from, to: self.to, protocol: protocol.to_owned(), port };
        let probed = match self.daemon.ask(&Request::Probe(question))? {
            Response::Probed(probed) => probed,
            other => return Err(unexpected(&other)),
        };
        if self.json {
            println!("{}", control::json(&probed));
        } else {
            print!("{}{}", text(&probed.computed), counted(&probed));
        }
        check(&probed)?;
        Ok(if probed.computed.reachable { ExitCode::SUCCESS } else { ExitCode::FAILURE })
    }
}

/// Exit status 4 where the two disagree.
pub fn check(probed: &Probed) -> Result<(), Trouble> {
    match &probed.disagreement {
        Some(how) => Err(Trouble { status: 4, message: format!("what is computed and what packets meet disagree, which is a bug: {how}") }),
        None => Ok(()),
    }
}

/// What became of a probe, line by line.
fn counted(probed: &Probed) -> String {
    let direction = |title: &str, counted: &Option<Counted>| match counted {
        None => format!("    {title:<8} no packet\n"),
        Some(counted) => {
            let dropped = counted.dropped.as_ref().map(|line| format!(", dropped by {} {}", line.stage, line.resource)).unwrap_or_default();
            format!("    {title:<8} {} packets{dropped}\n", counted.packets)
        }
    };
    let agreed = match (&probed.disagreement, &probed.incomparable) {
        (None, None) => "    computed and counted agree\n".to_owned(),
        (None, Some(why)) => format!("    {why}\n"),
        (Some(_), _) => String::new(),
    };
    let (there, back) = (direction("forward", &probed.request), direction("reply", &probed.reply));
    format!("  counted, of {}: {}\n{there}{back}{agreed}", probed.sent, probed.outcome)
}

/// The explanation for people.
pub fn print(explanation: &Explanation) {
    print!("{}", text(explanation));
}

/// The explanation, line by line.
pub fn text(explanation: &Explanation) -> String {
    let mut lines = vec![format!("{} {}", if explanation.reachable { '✓' } else { '✗' }, explanation.headline)];
    let widest = explanation.legs.iter().flat_map(|leg| &leg.lines).map(|line| line.resource.chars().count()).max().unwrap_or_default();
    for leg in &explanation.legs {
        lines.push(format!("  {}", leg.title));
        lines.extend(leg.lines.iter().map(|line| one_line(line, widest)));
    }
    if !explanation.live.is_empty() {
        lines.push("  goes on, for it is tracked".to_owned());
        lines.extend(explanation.live.iter().map(live_flow));
    }
    match explanation.fix.as_slice() {
        [] if explanation.reachable => {}
        [] => lines.push("  no change of the network helps".to_owned()),
        commands => {
            lines.push("  fix".to_owned());
            lines.extend(commands.iter().map(|command| format!("    {command}")));
        }
    }
    lines.into_iter().flat_map(|line| [line, "\n".to_owned()]).collect()
}

fn live_flow(flow: &LiveFlow) -> String {
    let end = |address: IpAddr, port: Option<u16>| port.map_or_else(|| address.to_string(), |port| SocketAddr::new(address, port).to_string());
    let (from, to) = (end(flow.source, flow.source_port), end(flow.destination, flow.destination_port));
    format!("    · {} {from} → {to}   {} packets, the last one {} s ago", flow.protocol, flow.packets, flow.idle_seconds)
}

fn one_line(line: &Line, widest: usize) -> String {
    let code = line.code.as_deref().map(|code| format!("   {code}")).unwrap_or_default();
    let mark = match line.mark.as_str() {
        "passed" => '✓',
        "blocked" => '✗',
        _ => '·',
    };
    format!("    {mark} {:<8} {:<widest$}  {}{code}", line.stage, line.resource, line.detail)
}
