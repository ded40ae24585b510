//! What somebody was told of flows, and what is news to them. An idle flow is none: it costs nothing to go on watching it.

use std::collections::HashMap;
use std::time::Instant;

use serde::Serialize;

use crate::flow::{Flow, Flows};

/// What somebody knows.
pub struct Told {
    at: Instant,
    flows: HashMap<String, Flow>,
}

/// What they do not.
#[derive(Debug, Serialize)]
pub struct Differences {
    /// How many seconds ago they were told: all ages and silences that are not mentioned are longer by that.
    seconds: f64,
    total: usize,
    matching: usize,
    /// Flows that they do not know, or of which more than numbers is different.
    flows: Vec<Flow>,
    /// Numbers that are different.
    counts: Vec<Counts>,
    /// Flows that are not there any more, or not among the latest.
    gone: Vec<String>,
}

/// The numbers of a flow.
#[derive(Debug, Serialize)]
struct Counts {
    id: String,
    packets: u64,
    bytes: u64,
    packets_per_second: f64,
    bytes_per_second: f64,
    idle_seconds: f64,
}

impl Told {
    /// What they were told first.
    pub fn begin(Flows { flows, .. }: Flows, at: Instant) -> Self {
        Self { at, flows: flows.into_iter().map(|flow| (flow.id.clone(), flow)).collect() }
    }

    /// What is news to them, of the flows as they are now.
    pub fn tell(&mut self, Flows { total, matching, flows: current }: Flows, now: Instant) -> Differences {
        let mut before = std::mem::take(&mut self.flows);
        let (mut flows, mut counts) = (Vec::new(), Vec::new());
        for flow in current {
            match before.remove(&flow.id) {
                Some(known) if known.age_seconds <= flow.age_seconds && is_same_story(&known, &flow) => {
                    // It was idle and is: nothing to tell. (With its last packets a rate goes back to nothing, once.)
                    if known.packets != flow.packets || known.packets_per_second != flow.packets_per_second {
                        counts.push(Counts::of(&flow));
                    }
                }
                _ => flows.push(flow.clone()),
            }
            self.flows.insert(flow.id.clone(), flow);
        }
        let mut gone: Vec<String> = before.into_keys().collect();
        gone.sort_unstable();
        let seconds = now.saturating_duration_since(std::mem::replace(&mut self.at, now)).as_secs_f64();
        Differences { seconds, total, matching, flows, counts, gone }
    }
}

impl Counts {
    fn of(flow: &Flow) -> Self {
        Self {
            id: flow.id.clone(),
            packets: flow.packets,
            bytes: flow.bytes,
            packets_per_second: flow.packets_per_second,
            bytes_per_second: flow.bytes_per_second,
            idle_seconds: flow.idle_seconds,
        }
    }
}

/// Whether all is the same but numbers.
fn is_same_story(known: &Flow, flow: &Flow) -> bool {
    known.verdict == flow.verdict
        && known.dropped == flow.dropped
        && known.from == flow.from
        && known.to == flow.to
        && known.is_reply == flow.is_reply
        && known.way == flow.way
        && known.grave == flow.grave
        && known.question == flow.question
        && known.places == flow.places
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    fn flow(id: &str, packets: u64, per_second: f64) -> Flow {
        serde_json::from_value(serde_json::json!({
            "id": id, "from": {}, "to": {}, "protocol": "icmp", "carries": "ICMP echo request", "is_reply": false, "verdict": "accept",
            "packets": packets, "bytes": packets * 84, "packets_per_second": per_second, "bytes_per_second": per_second * 84.0,
            "idle_seconds": 0.5, "age_seconds": packets as f64, "way": [], "places": [],
        }))
        .unwrap()
    }

    fn flows(flows: &[Flow]) -> Flows {
        Flows { total: 9, matching: flows.len(), flows: flows.to_vec() }
    }

    fn ids(differences: &Differences) -> (Vec<&str>, Vec<&str>, Vec<&str>) {
        let new = differences.flows.iter().map(|flow| flow.id.as_str()).collect();
        let counted = differences.counts.iter().map(|counts| counts.id.as_str()).collect();
        (new, counted, differences.gone.iter().map(String::as_str).collect())
    }

    #[test]
    fn only_what_became_different_is_told() {
        let begin = Instant::now();
        let mut told = Told::begin(flows(&[flow("idle", 3, 0.0), flow("busy", 3, 1.0), flow("leaves", 1, 0.0)]), begin);
        let second = flows(&[flow("idle", 3, 0.0), flow("busy", 9, 6.0), flow("comes", 1, 1.0)]);
        let news = told.tell(second, begin + Duration::from_secs(2));
        assert_eq!(ids(&news), (vec!["comes"], vec!["busy"], vec!["leaves"]));
        assert_eq!((news.seconds, news.total, news.matching, news.counts[0].packets), (2.0, 9, 3, 9));
        // The rate of what fell silent is told once.
        let third = || flows(&[flow("idle", 3, 0.0), flow("busy", 9, 0.0), flow("comes", 1, 0.0)]);
        assert_eq!(ids(&told.tell(third(), begin)), (vec![], vec!["busy", "comes"], vec![]));
        assert_eq!(ids(&told.tell(third(), begin)), (vec![], vec![], vec![]));
        // Another verdict is another story, and so is another flow by the same addresses and ports.
        let dropped = Flow { verdict: "drop".to_owned(), ..flow("idle", 3, 0.0) };
        let again = flow("busy", 1, 1.0);
        assert_eq!(ids(&told.tell(flows(&[dropped, again]), begin)), (vec!["idle", "busy"], vec![], vec!["comes"]));
    }
}
