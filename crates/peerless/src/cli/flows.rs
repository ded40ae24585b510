//! `peerless flows`

use std::collections::BTreeMap;
use std::io::{IsTerminal, Write};
use std::process::ExitCode;
use std::time::Duration;

use clap::Args;

use super::{Daemon, Trouble, unexpected};
use crate::control::{self, Request, Response};
use crate::flow::{Flow, Flows as Found, Wanted};

/// How often to ask, with `--follow`. The daemon looks no more often than that.
const INTERVAL: Duration = Duration::from_secs(1);

/// Rows that are long: what a list of flows begins with.
const HEAD: [&str; 6] = ["FROM", "TO", "CARRIES", "PACKETS", "VERDICT", "AT"];

#[derive(Debug, Args)]
pub struct Flows {
    #[command(flatten)]
    daemon: Daemon,
    /// Go on, with a line for each flow that is new, judged anew or active again
    #[arg(long, short, env = "PEERLESS_FOLLOW")]
    follow: bool,
    /// Only what is dropped
    #[arg(long, env = "PEERLESS_DROPPED")]
    dropped: bool,
    /// Only what that one sends: an instance (name or id), a network interface or an address
    #[arg(long, env = "PEERLESS_FROM", value_name = "WHO")]
    from: Option<String>,
    /// Only what is for that one
    #[arg(long, env = "PEERLESS_TO", value_name = "WHO")]
    to: Option<String>,
    /// Only what that resource drops: a security group, a network ACL, a route table, …, by id or name
    #[arg(long, env = "PEERLESS_RULE", value_name = "ID")]
    rule: Option<String>,
    /// At most so many
    #[arg(long, env = "PEERLESS_LIMIT", default_value_t = 500, value_parser = clap::value_parser!(u16).range(1..=1000))]
    limit: u16,
    /// JSON instead of text: one object, or one a line with --follow
    #[arg(long, env = "PEERLESS_JSON")]
    json: bool,
}

impl Flows {
    /// Prints the flows that the kernel knows, the latest first.
    pub fn go(self) -> Result<ExitCode, Trouble> {
        let wanted = Wanted {
            verdict: self.dropped.then(|| "drop".to_owned()),
            from: self.from.clone(),
            to: self.to.clone(),
            rule: self.rule.clone(),
            limit: Some(self.limit.into()),
            ..Wanted::default()
        };
        if self.follow {
            return self.follow(&wanted);
        }
        let found = self.ask(&wanted)?;
        if self.json {
            say(&control::json(&found));
            return Ok(ExitCode::SUCCESS);
        }
        say(&table(&found.flows, true));
        if found.matching > found.flows.len() {
            eprintln!("{} more; --limit shows more, --from, --to and --rule fewer", found.matching - found.flows.len());
        }
        Ok(ExitCode::SUCCESS)
    }

    fn ask(&self, wanted: &Wanted) -> Result<Found, Trouble> {
        match self.daemon.ask(&Request::Flows(wanted.clone()))? {
            Response::Flows(found) => Ok(found),
            other => Err(unexpected(&other)),
        }
    }

    /// Until it is interrupted, or nobody reads any more.
    fn follow(&self, wanted: &Wanted) -> Result<ExitCode, Trouble> {
        let mut known: BTreeMap<String, (u64, String)> = BTreeMap::new();
        let mut is_first = true;
        loop {
            let found = self.ask(wanted)?;
            let news: Vec<Flow> = found.flows.iter().filter(|flow| is_news(known.get(&flow.id), flow)).cloned().collect();
            known = found.flows.iter().map(|flow| (flow.id.clone(), (flow.packets, state(flow)))).collect();
            let text = if self.json { news.iter().map(control::json).collect::<Vec<_>>().join("\n") } else { table(&news, is_first) };
            if (!news.is_empty() || (is_first && !self.json)) && !say(&text) {
                return Ok(ExitCode::SUCCESS);
            }
            is_first = false;
            std::thread::sleep(INTERVAL);
        }
    }
}

/// What a flow is about; that its packets go on is no news, but that they go on being dropped is.
fn state(flow: &Flow) -> String {
    format!("{} {:?}", flow.verdict, flow.dropped.as_ref().map(|line| &line.resource))
}

fn is_news(known: Option<&(u64, String)>, flow: &Flow) -> bool {
    known.is_none_or(|(packets, before)| *before != state(flow) || (flow.dropped.is_some() && flow.packets > *packets))
}

/// Says it; whether anybody listens.
fn say(text: &str) -> bool {
    let mut out = std::io::stdout().lock();
    writeln!(out, "{text}").and_then(|()| out.flush()).is_ok()
}

/// Columns as wide as what stands in them; the last one as long as it is.
fn table(flows: &[Flow], with_head: bool) -> String {
    let rows = flows.iter().map(|flow| {
        let at = flow.dropped.as_ref().map(|line| format!("{} {} ({})", line.stage, line.resource, line.detail)).unwrap_or_default();
        [flow.from.title(), flow.to.title(), flow.carries.clone(), flow.packets.to_string(), flow.verdict.to_uppercase(), at]
    });
    let head = with_head.then(|| HEAD.map(str::to_owned));
    let rows: Vec<_> = head.into_iter().chain(rows).collect();
    // Where one follows, columns stay where they are as well as they can.
    let least: [usize; 6] = if std::io::stdout().is_terminal() { [36, 36, 18, 8, 7, 0] } else { [0; 6] };
    let widths: [usize; 6] = std::array::from_fn(|column| rows.iter().map(|row| row[column].chars().count()).max().unwrap_or(0).max(least[column]));
    let line = |row: &[String; 6]| {
        let cells = row.iter().zip(widths).take(5).map(|(cell, width)| format!("{cell:width$}  ")).collect::<String>();
        format!("{cells}{}", row[5]).trim_end().to_owned()
    };
    rows.iter().map(line).collect::<Vec<_>>().join("\n")
}
