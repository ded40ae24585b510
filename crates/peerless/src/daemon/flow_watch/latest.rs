//! What goes on everywhere: the flows that were heard of last.

use std::collections::{BTreeSet, HashMap};
use std::sync::{Arc, OnceLock};
use std::time::Instant;

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

/// The flows at one moment.
pub(super) struct Latest {
    snapshot: Arc<Snapshot>,
    total: usize,
    reports: Vec<FlowReport>,
    /// Packets and bytes a second of each.
    rates: Vec<(f64, f64)>,
    /// Packets and bytes by flow, to tell rates from.
    counts: HashMap<(Origin, Packet), (u64, u64)>,
    /// All of them in words, once somebody looks for words.
    rendered: OnceLock<Vec<Flow>>,
}

impl Latest {
    pub fn look(kernel: &dyn Kernel, snapshot: Arc<Snapshot>, before: Option<(Instant, Arc<Self>)>) -> Option<Self> {
        let at = Instant::now();
        let latest = kernel.latest(MOST_LOOKED_AT)?;
        let mut counts = HashMap::with_capacity(latest.flows.len());
        let mut rates = Vec::with_capacity(latest.flows.len());
        for report in &latest.flows {
            let key = (report.from, report.packet);
            // A flow that was not there before has sent all of it since it began.
            let known = before.as_ref().and_then(|(then, before)| Some((before.counts.get(&key)?, at.duration_since(*then))));
            let ((packets, bytes), since) = known.map_or(((0, 0), report.age.max(INTERVAL)), |(counts, since)| (*counts, since));
            let rate = |now: u64, then: u64| now.saturating_sub(then) as f64 / since.as_secs_f64().max(0.001);
            rates.push((rate(report.packets, packets), rate(report.bytes, bytes)));
            counts.insert(key, (report.packets, report.bytes));
        }
        Some(Self { snapshot, total: latest.total, reports: latest.flows, rates, counts, rendered: OnceLock::new() })
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
