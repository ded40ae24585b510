//! Flows as people read them: on the command line, as JSON, in the console.

use std::net::IpAddr;

use serde::{Deserialize, Serialize};

use crate::control::Line;

/// One direction of a conversation that the kernel knows.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Flow {
    /// What names it as long as it is known.
    pub id: String,
    /// Who sends.
    pub from: End,
    /// Whom it is for.
    pub to: End,
    /// `icmp`, `tcp`, `udp` or IANA's number.
    pub protocol: String,
    /// What it carries, in words.
    pub carries: String,
    /// Whether its sender answers.
    pub is_reply: bool,
    /// `accept` or `drop`.
    pub verdict: String,
    /// Where it is dropped, and why.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub dropped: Option<Line>,
    /// How many packets there were.
    pub packets: u64,
    /// Their bytes, from the IP header on.
    pub bytes: u64,
    /// Packets in a second, of late.
    pub packets_per_second: f64,
    /// Bytes in a second, of late.
    pub bytes_per_second: f64,
    /// For how long there has been none, in seconds.
    pub idle_seconds: f64,
    /// For how long the kernel has had its verdict, in seconds.
    pub age_seconds: f64,
    /// What it passes, in order, by id; `internet` is the internet.
    pub way: Vec<String>,
    /// Where it dies, the nearest thing first.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub grave: Vec<String>,
    /// The question whose answer explains it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub question: Option<FlowQuestion>,
    /// The accounts and regions of its ends, as `ACCOUNT/REGION`.
    pub places: Vec<String>,
}

/// One end of a flow.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct End {
    /// Its address, as the sender has it.
    pub address: Option<IpAddr>,
    /// Its port, where there are ports.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub port: Option<u16>,
    /// The instance or endpoint, else the interface, that has the address.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub id: Option<String>,
    /// The interface.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub interface: Option<String>,
    /// Its name, or what somebody on the internet is called.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
}

/// What to ask to have a flow explained: it is about who began it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct FlowQuestion {
    /// Who begins.
    pub from: String,
    /// Whom it is for.
    pub to: String,
    /// `icmp`, `tcp` or `udp`.
    pub protocol: String,
    /// The port, where there are ports.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub port: Option<u16>,
}

/// Which flows are wanted.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Wanted {
    /// `accept` or `drop`; both without it.
    pub verdict: Option<String>,
    /// The sender: its name, id, interface or address.
    pub from: Option<String>,
    /// Whom it is for, likewise.
    pub to: Option<String>,
    /// A resource that drops: its id or name.
    pub rule: Option<String>,
    /// `icmp`, `tcp` or `udp`.
    pub protocol: Option<String>,
    /// Any text that stands in a flow.
    pub text: Option<String>,
    /// Only those with an end in this account.
    pub account: Option<String>,
    /// And in this region.
    pub region: Option<String>,
    /// How many at most.
    pub limit: Option<usize>,
    /// Whether they are told as a flow log has them: accepted or not, without what drops them, their way and what explains
    /// them. Nothing of that is searched, either.
    pub plain: bool,
    /// How many of the latest are left out before.
    pub skip: Option<usize>,
}

/// Flows at one moment.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct Flows {
    /// How many the kernel knows.
    pub total: usize,
    /// How many of those that were looked at are wanted.
    pub matching: usize,
    /// The latest of them.
    pub flows: Vec<Flow>,
}

impl Wanted {
    /// Whether the flow is.
    pub fn wants(&self, flow: &Flow) -> bool {
        let of = |wanted: &Option<String>, end: &End| wanted.as_ref().is_none_or(|wanted| end.is_called(wanted));
        let in_place = |place: &String| {
            let (account, region) = place.split_once('/').unwrap_or_default();
            self.wants_place(account, region)
        };
        self.wants_kind(&flow.protocol, &flow.verdict)
            && of(&self.from, &flow.from)
            && of(&self.to, &flow.to)
            && self.rule.as_ref().is_none_or(|rule| self.reason(flow).is_some_and(|line| names(line, rule)))
            && self.text.as_ref().is_none_or(|text| flow.holds(&text.to_lowercase(), self.reason(flow)))
            && ((self.account.is_none() && self.region.is_none()) || flow.places.iter().any(in_place))
    }

    /// Whether a flow's names are asked for, or anything else that stands in words.
    pub fn is_about_words(&self) -> bool {
        [&self.from, &self.to, &self.rule, &self.text].into_iter().any(Option::is_some)
    }

    /// Whether flows of that protocol and verdict are wanted.
    pub fn wants_kind(&self, protocol: &str, verdict: &str) -> bool {
        is(&self.protocol, protocol) && is(&self.verdict, verdict)
    }

    /// Whether flows with an end in that account and region are.
    pub fn wants_place(&self, account: &str, region: &str) -> bool {
        is(&self.account, account) && is(&self.region, region)
    }
}

fn is(wanted: &Option<String>, has: &str) -> bool {
    wanted.as_ref().is_none_or(|wanted| wanted == has)
}

impl Wanted {
    /// What drops the flow, for who may know it.
    fn reason<'a>(&self, flow: &'a Flow) -> Option<&'a Line> {
        flow.dropped.as_ref().filter(|_| !self.plain)
    }

    /// The flow as it is told.
    pub fn told(&self, flow: Flow) -> Flow {
        if !self.plain {
            return flow;
        }
        Flow { dropped: None, way: Vec::new(), grave: Vec::new(), question: None, ..flow }
    }
}

fn names(line: &Line, rule: &str) -> bool {
    line.about.iter().any(|id| id == rule) || line.resource.split(' ').any(|word| word == rule) || line.rows.iter().any(|row| row.row == rule)
}

impl End {
    fn is_called(&self, word: &str) -> bool {
        [&self.id, &self.interface, &self.name].into_iter().flatten().any(|own| own == word)
            || self.address.is_some_and(|address| address.to_string() == word)
    }

    fn words(&self) -> impl Iterator<Item = String> {
        let texts = [&self.id, &self.interface, &self.name].into_iter().flatten().cloned();
        texts.chain(self.address.map(|address| address.to_string())).chain(self.port.map(|port| port.to_string()))
    }

    /// As people call it: by name, else by address.
    pub fn title(&self) -> String {
        let address = self.address.map(|address| address.to_string()).unwrap_or_default();
        let port = self.port.map(|port| format!(":{port}")).unwrap_or_default();
        match self.name.as_ref().or(self.id.as_ref()) {
            Some(name) => format!("{name} ({address}{port})"),
            None => format!("{address}{port}"),
        }
    }
}

impl Flow {
    fn holds(&self, text: &str, reason: Option<&Line>) -> bool {
        let dropped = reason.into_iter().flat_map(|line| [line.resource.clone(), line.detail.clone()].into_iter().chain(line.code.clone()));
        let own = [self.protocol.clone(), self.carries.clone(), self.verdict.clone()];
        self.from.words().chain(self.to.words()).chain(own).chain(dropped).any(|word| word.to_lowercase().contains(text))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn flow() -> Flow {
        let end = |address: [u8; 4], name: &str| End { address: Some(address.into()), name: Some(name.to_owned()), ..End::default() };
        let line = semantics::RenderedLine {
            mark: semantics::Mark::Blocked,
            stage: "SG in",
            resource: "sg-0a1b2c3d4e5f67890 default".to_owned(),
            detail: "no ingress rule admits it".to_owned(),
            code: Some("ENI_SG_RULES_MISMATCH"),
            about: Vec::new(),
            note: None,
            rows: Vec::new(),
            counted: None,
        };
        Flow {
            id: String::new(),
            from: end([10, 1, 0, 10], "one"),
            to: end([10, 2, 0, 10], "two"),
            protocol: "icmp".to_owned(),
            carries: "ICMP echo request".to_owned(),
            is_reply: false,
            verdict: "drop".to_owned(),
            dropped: Some(line.into()),
            packets: 1,
            bytes: 84,
            packets_per_second: 1.0,
            bytes_per_second: 84.0,
            idle_seconds: 0.0,
            age_seconds: 1.0,
            way: Vec::new(),
            grave: Vec::new(),
            question: None,
            places: vec!["000000000000/us-east-1".to_owned(), "111122223333/us-west-2".to_owned()],
        }
    }

    /// As a flow log has it: what drops a flow is neither told nor found.
    #[test]
    fn a_plain_flow_tells_no_reason() {
        let plain = Wanted { plain: true, ..Wanted::default() };
        let told = plain.told(flow());
        assert_eq!((told.verdict.as_str(), told.packets), ("drop", 1));
        assert!(told.dropped.is_none() && told.way.is_empty() && told.grave.is_empty() && told.question.is_none());
        assert!(Wanted::default().told(flow()).dropped.is_some());
        let found = |plain: &str, wish: &str| serde_json::from_str::<Wanted>(&format!("{{{plain}{wish}}}")).unwrap().wants(&flow());
        for wish in [r#""text":"rules_mis""#, r#""text":"sg-0a1b""#, r#""rule":"default""#] {
            assert!(found("", wish) && !found(r#""plain":true,"#, wish), "{wish}");
        }
        assert!(found(r#""plain":true,"#, r#""text":"echo","verdict":"drop""#));
    }

    #[test]
    fn a_flow_is_wanted_when_all_that_is_asked_is_so() {
        let wants = |query: &str| {
            let wanted: Wanted = serde_json::from_str(query).unwrap();
            wanted.wants(&flow())
        };
        for query in [
            r#"{}"#,
            r#"{"verdict":"drop","protocol":"icmp"}"#,
            r#"{"from":"one","to":"10.2.0.10"}"#,
            r#"{"rule":"default"}"#,
            r#"{"rule":"sg-0a1b2c3d4e5f67890"}"#,
            r#"{"text":"ECHO"}"#,
            r#"{"text":"rules_mis"}"#,
            r#"{"account":"111122223333","region":"us-west-2"}"#,
        ] {
            assert!(wants(query), "{query}");
        }
        for query in [
            r#"{"verdict":"accept"}"#,
            r#"{"from":"two"}"#,
            r#"{"verdict":"drop","to":"one"}"#,
            r#"{"rule":"sg-1"}"#,
            r#"{"text":"tcp"}"#,
            // Both at the same end.
            r#"{"account":"111122223333","region":"us-east-1"}"#,
        ] {
            assert!(!wants(query), "{query}");
        }
    }
}
