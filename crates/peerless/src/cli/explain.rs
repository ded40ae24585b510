//! `peerless explain A B`

use std::net::{IpAddr, SocketAddr};
use std::process::ExitCode;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use clap::{ArgGroup, Args};

use super::{Daemon, Trouble, unexpected};
use crate::control::{self, CountedFlows, Explanation, Flips, Line, LiveFlow, Request, Response, Service, Tally};
use crate::flow::FlowQuestion;
use crate::probed::{Counted, Probed};

#[derive(Debug, Args)]
#[command(group = ArgGroup::new("service").required(true))]
pub struct Explain {
    #[command(flatten)]
    daemon: Daemon,
    /// Who begins: an instance (name, id, private address or vpc/name), an EC2 Instance Connect Endpoint, a subnet, an address on the internet, `laptop` or `instance-connect`
    from: String,
    /// Whom it is for: an instance, a subnet, an address, `internet`, `metadata`, `dns` or `time`
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
        let explanation = match self.daemon.ask(&Request::Explain { from: self.from, to: self.to, service, flips: true })? {
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
    let sums = explanation.counted.as_ref().and_then(sums).map(|sums| format!("   {sums}")).unwrap_or_default();
    let mut lines = vec![format!("{} {}{sums}", if explanation.reachable { '✓' } else { '✗' }, explanation.headline)];
    let all = || explanation.legs.iter().flat_map(|leg| &leg.lines);
    let widest = all().map(|line| line.resource.chars().count()).max().unwrap_or_default();
    let tallies = all().map(|line| tally(line).chars().count()).max().unwrap_or_default();
    for leg in &explanation.legs {
        lines.push(format!("  {}", leg.title));
        lines.extend(leg.lines.iter().map(|line| one_line(line, widest, tallies)));
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
    lines.extend(explanation.flips.iter().flat_map(flips));
    lines.into_iter().flat_map(|line| [line, "\n".to_owned()]).collect()
}

/// What was counted, since when: by the world's clock, as the API tells times.
fn sums(counted: &CountedFlows) -> Option<String> {
    if counted.flows == 0 {
        return None;
    }
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    let since = now.saturating_sub(Duration::try_from_secs_f64(counted.age_seconds).unwrap_or_default()).as_secs();
    let (hours, minutes, seconds) = (since / 3600 % 24, since / 60 % 60, since % 60);
    let dropped = counted.forward.dropped + counted.reply.dropped;
    Some(format!("{} sent, {dropped} dropped since {hours:02}:{minutes:02}:{seconds:02} UTC", counted.forward.seen))
}

/// What was counted at a line.
fn tally(line: &Line) -> String {
    match line.counted {
        None => String::new(),
        Some(Tally { seen, dropped: 0 }) => format!("{seen} seen  "),
        Some(Tally { seen, dropped }) => format!("{seen} seen, {dropped} dropped  "),
    }
}

/// What else the fix would open.
fn flips(flips: &Flips) -> Vec<String> {
    let Flips { pairs, more, asked, of } = flips;
    let who = if asked == of { format!("all {of} interfaces") } else { format!("the nearest {asked} of {of} interfaces") };
    if pairs.is_empty() {
        return vec![format!("  the fix opens nothing else (asked of {who} and the internet)")];
    }
    let mut lines = vec![format!("  the fix opens, too (asked of {who} and the internet)")];
    lines.extend(pairs.iter().map(|pair| format!("    {} → {}   {}", pair.from, pair.to, pair.services.join(", "))));
    if *more > 0 {
        lines.push(format!("    and {more} pairs more"));
    }
    lines
}

fn live_flow(flow: &LiveFlow) -> String {
    let end = |address: IpAddr, port: Option<u16>| port.map_or_else(|| address.to_string(), |port| SocketAddr::new(address, port).to_string());
    let (from, to) = (end(flow.source, flow.source_port), end(flow.destination, flow.destination_port));
    format!("    · {} {from} → {to}   {} packets, the last one {} s ago", flow.protocol, flow.packets, flow.idle_seconds)
}

fn one_line(line: &Line, widest: usize, tallies: usize) -> String {
    let code = line.code.as_deref().map(|code| format!("   {code}")).unwrap_or_default();
    let mark = match line.mark.as_str() {
        "passed" => '✓',
        "blocked" => '✗',
        _ => '·',
    };
    format!("    {mark} {:<8} {:<widest$}  {:<tallies$}{}{code}", line.stage, line.resource, tally(line), line.detail)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::control::Flip;

    fn line(mark: &str, stage: &str, resource: &str, counted: Option<(u64, u64)>) -> Line {
        Line {
            mark: mark.to_owned(),
            stage: stage.to_owned(),
            resource: resource.to_owned(),
            detail: "…".to_owned(),
            code: None,
            about: Vec::new(),
            note: None,
            rows: Vec::new(),
            counted: counted.map(|(seen, dropped)| Tally { seen, dropped }),
        }
    }

    fn explanation() -> Explanation {
        let lines = vec![line("passed", "route", "rtb-1", Some((41, 0))), line("blocked", "SG in", "sg-1 default", Some((41, 41)))];
        Explanation {
            headline: "not reachable: ICMP echo request 10.1.0.10 → 10.2.0.10".to_owned(),
            reachable: false,
            legs: vec![control::Leg { title: "forward".to_owned(), lines }],
            fix: vec!["aws ec2 …".to_owned()],
            fixes: Vec::new(),
            flips: None,
            counted: None,
            live: Vec::new(),
        }
    }

    #[test]
    fn what_was_counted_stands_beside_each_hop() {
        let tally = |seen, dropped| Tally { seen, dropped };
        let counted = CountedFlows { flows: 1, age_seconds: 40.5, forward: tally(41, 41), reply: tally(0, 0) };
        let said = text(&Explanation { counted: Some(counted), ..explanation() });
        let (head, hops) = said.split_once('\n').unwrap();
        assert!(head.contains("→ 10.2.0.10   41 sent, 41 dropped since ") && head.ends_with(" UTC"), "{head}");
        assert_eq!(
            hops,
            "  forward\n    \
             ✓ route    rtb-1         41 seen              …\n    \
             ✗ SG in    sg-1 default  41 seen, 41 dropped  …\n  \
             fix\n    \
             aws ec2 …\n"
        );
    }

    #[test]
    fn what_a_fix_opens_is_told_with_how_far_was_looked() {
        let pair = Flip { from: "a".to_owned(), to: "b".to_owned(), services: vec!["ping".to_owned(), "TCP 22".to_owned()] };
        let told = |flips| flips_of(&text(&Explanation { flips: Some(flips), ..explanation() }));
        let flips_of_all = told(Flips { pairs: vec![pair], more: 3, asked: 100, of: 1000 });
        assert_eq!(
            flips_of_all,
            ["the fix opens, too (asked of the nearest 100 of 1000 interfaces and the internet)", "a → b   ping, TCP 22", "and 3 pairs more"]
        );
        assert_eq!(
            told(Flips { pairs: Vec::new(), more: 0, asked: 2, of: 2 }),
            ["the fix opens nothing else (asked of all 2 interfaces and the internet)"]
        );
    }

    fn flips_of(text: &str) -> Vec<String> {
        text.lines().skip_while(|line| !line.trim_start().starts_with("the fix opens")).map(|line| line.trim().to_owned()).collect()
    }
}
