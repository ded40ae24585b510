//! What goes on everywhere: the flows that were heard of last.

use std::collections::{BTreeSet, HashMap};
use std::sync::{Arc, OnceLock};
use std::time::{Duration, Instant};

use dataplane::FlowReport;
use model::{NetworkInterface, Scope, Snapshot};
use semantics::{Origin, Packet};

use super::render::{Ends, protocol_of, render, verdict_of};
use super::{INTERVAL, Kernel, MOST_LOOKED_AT};
use crate::flow::{Flow, Flows, Wanted};

/// How many flows one watcher is told of.
const MOST_TOLD: usize = 1000;

/// How many it is told of unless it says otherwise.
const USUALLY_TOLD: usize = 500;

/// Rates are told over so much time, if there were looks: of a ping a second one look may see none, and the next one two.
const SPAN: Duration = Duration::from_secs(4);

/// Packets and bytes by flow.
struct Counts {
    at: Instant,
    of: HashMap<(Origin, Packet), (u64, u64)>,
}

/// The flows at one moment.
pub(super) struct Latest {
    snapshot: Arc<Snapshot>,
    total: usize,
    reports: Vec<FlowReport>,
    /// Packets and bytes a second of each.
    rates: Vec<(f64, f64)>,
    /// What was counted at this and the last looks, the first one first, to tell rates from.
    counted: Vec<Arc<Counts>>,
    /// All of them in words, once somebody looks for words.
    rendered: OnceLock<Vec<Flow>>,
}

impl Latest {
    pub fn look(kernel: &dyn Kernel, snapshot: Arc<Snapshot>, before: Option<Arc<Self>>) -> Option<Self> {
        let at = Instant::now();
        let latest = kernel.latest(MOST_LOOKED_AT)?;
        let mut counted = before.map(|before| before.counted.clone()).unwrap_or_default();
        let recent = counted.iter().position(|counts| at.duration_since(counts.at) <= SPAN);
        counted.drain(..recent.unwrap_or(counted.len().saturating_sub(1)));
        let rates = latest.flows.iter().map(|report| rates(report, at, &counted)).collect();
        let of = latest.flows.iter().map(|report| ((report.from, report.packet), (report.packets, report.bytes))).collect();
        counted.push(Arc::new(Counts { at, of }));
        Some(Self { snapshot, total: latest.total, reports: latest.flows, rates, counted, rendered: OnceLock::new() })
    }

    /// Those that are wanted. What can be told from numbers is; words are made for what is shown, or searched.
    pub fn wanted(&self, wanted: &Wanted) -> Flows {
        let skip = wanted.skip.unwrap_or(0);
        let limit = wanted.limit.unwrap_or(USUALLY_TOLD).min(MOST_TOLD);
        let (matching, flows) = if wanted.is_about_words() {
            let found: Vec<&Flow> = self.in_words().iter().filter(|flow| wanted.wants(flow)).collect();
            (found.len(), found.into_iter().skip(skip).take(limit).map(|flow| wanted.told(flow.clone())).collect())
        } else {
            let scopes = self.scopes(wanted);
            let found: Vec<usize> = (0..self.reports.len()).filter(|&at| self.is_wanted(at, wanted, scopes.as_ref())).collect();
            (found.len(), found.into_iter().skip(skip).take(limit).map(|at| wanted.told(self.render(at))).collect())
        };
        Flows { total: self.total, matching, flows }
    }

    fn in_words(&self) -> &[Flow] {
        self.rendered.get_or_init(|| (0..self.reports.len()).map(|at| self.render(at)).collect())
    }

    fn render(&self, at: usize) -> Flow {
        render(&self.snapshot, &self.reports[at], self.rates[at])
    }

    /// The accounts and regions that are wanted; `None` if any is.
    fn scopes(&self, wanted: &Wanted) -> Option<BTreeSet<Scope>> {
        (wanted.account.is_some() || wanted.region.is_some()).then(|| {
            let scopes: BTreeSet<Scope> = self.snapshot.all::<NetworkInterface>().map(|interface| interface.scope).collect();
            scopes.into_iter().filter(|scope| wanted.wants_place(&scope.account.to_string(), &scope.region.to_string())).collect()
        })
    }

    /// [`Wanted::wants`], where nothing is wanted that stands in words.
    fn is_wanted(&self, at: usize, wanted: &Wanted, scopes: Option<&BTreeSet<Scope>>) -> bool {
        let report = &self.reports[at];
        wanted.wants_kind(&protocol_of(&report.packet.transport), verdict_of(&report.verdict))
            && scopes.is_none_or(|scopes| {
                let ends = Ends::of(&self.snapshot, report);
                ends.interfaces().filter_map(|id| self.snapshot.get(id)).any(|interface| scopes.contains(&interface.scope))
            })
    }
}

/// A flow's packets and bytes a second. One that was not there before has sent all of it since it began.
fn rates(report: &FlowReport, now: Instant, counted: &[Arc<Counts>]) -> (f64, f64) {
    let key = (report.from, report.packet);
    let known = counted.iter().find_map(|counts| Some((*counts.of.get(&key)?, now.duration_since(counts.at))));
    let ((packets, bytes), since) = known.unwrap_or(((0, 0), report.age.max(INTERVAL)));
    let rate = |now: u64, then: u64| now.saturating_sub(then) as f64 / since.as_secs_f64().max(0.001);
    (rate(report.packets, packets), rate(report.bytes, bytes))
}

#[cfg(test)]
mod tests {
    use dataplane::LatestFlows;

    use super::*;

    #[test]
    fn what_was_counted_is_kept_for_a_while() {
        struct Silence;
        impl Kernel for Silence {
            fn latest(&self, _: usize) -> Option<LatestFlows> {
                Some(LatestFlows::default())
            }

            fn begun_at(&self, _: BTreeSet<model::NetworkInterfaceId>) -> Option<Vec<dataplane::Begun>> {
                None
            }
        }
        let now = Instant::now();
        let after = |ages: &[u64]| {
            let counted = ages.iter().filter_map(|&age| now.checked_sub(Duration::from_secs(age)));
            let counted: Vec<_> = counted.map(|at| Arc::new(Counts { at, of: HashMap::new() })).collect();
            let before = Latest { counted, ..Latest::look(&Silence, Arc::default(), None).unwrap() };
            Latest::look(&Silence, Arc::default(), Some(Arc::new(before))).unwrap().counted.len() - 1
        };
        assert_eq!([after(&[]), after(&[30]), after(&[30, 20]), after(&[30, 3, 2, 1])], [0, 1, 1, 3]);
    }
}
