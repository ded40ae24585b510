//! Status checks: whether guests still answer.
//!
//! Every few seconds a guest's init is asked to look whether it is up and whether its network would answer, as EC2 asks
//! by ARP. Groups, ACLs and gateways have no part in it. Whoever does not answer in time is impaired.
//! <https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/monitoring-system-instance-status-check.html>

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use instance::{Guest, Pulse};
use model::{InstanceId, SummaryStatus};

/// How long a guest that was well is left alone. EC2 looks every minute; nobody here wants to wait for that.
const INTERVAL: Duration = Duration::from_secs(5);

/// How long a guest may take to answer.
const PATIENCE: Duration = Duration::from_secs(3);

/// The checks of all guests that run.
#[derive(Default)]
pub struct StatusChecks(BTreeMap<InstanceId, Check>);

/// What was asked and answered so far.
struct Check {
    guest: Guest,
    /// What was answered before the question that is open, and since when that is.
    open: Option<(u64, Instant)>,
    next: Instant,
    status: SummaryStatus,
}

impl StatusChecks {
    /// Takes in what a guest has answered, and asks again if it is time; says what is known. `before` is what was known of
    /// a guest that an earlier daemon has asked.
    pub fn look(&mut self, id: InstanceId, guest: &Guest, before: SummaryStatus, now: Instant) -> SummaryStatus {
        let fresh = |status| Check { guest: guest.clone(), open: None, next: now, status };
        let check = self.0.entry(id).or_insert_with(|| fresh(before));
        if check.guest != *guest {
            // It was built anew.
            *check = fresh(SummaryStatus::Initializing);
        }
        check.take_answer(guest.pulse().ok(), now);
        if check.open.is_none() && check.next <= now {
            let count = guest.pulse().map_or(0, |pulse| pulse.count);
            // One that has ended is noticed elsewhere.
            if guest.ask_pulse().is_ok() {
                check.open = Some((count, now));
            }
        }
        check.status
    }

    /// Forgets guests that are gone.
    pub fn retain(&mut self, is_there: impl Fn(InstanceId) -> bool) {
        self.0.retain(|&id, _| is_there(id));
    }
}

impl Check {
    fn take_answer(&mut self, pulse: Option<Pulse>, now: Instant) {
        let Some((before, since)) = self.open else { return };
        match pulse {
            Some(pulse) if pulse.count != before => {
                self.open = None;
                self.next = now;
                match pulse.trouble {
                    None => {
                        self.status = SummaryStatus::Ok;
                        self.next = now + INTERVAL;
                    }
                    // One that was never up may still come up.
                    Some(_) if self.status == SummaryStatus::Ok => self.status = SummaryStatus::Impaired,
                    Some(_) => {}
                }
            }
            _ if now.duration_since(since) > PATIENCE => {
                // What was asked stays asked: the answer may come yet.
                self.status = SummaryStatus::Impaired;
            }
            _ => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(status: SummaryStatus, now: Instant) -> Check {
        let guest = Guest {
            id: "i-1".to_owned(),
            pid: 1,
            start_time: 1,
            network_namespace_id: 1,
            groups: Vec::new(),
            console: "/nowhere".into(),
            pulse: "/nowhere".into(),
        };
        Check { guest, open: Some((4, now)), next: now, status }
    }

    fn pulse(count: u64, trouble: Option<&str>) -> Option<Pulse> {
        Some(Pulse { count, trouble: trouble.map(str::to_owned) })
    }

    #[test]
    fn an_answer_counts_only_if_it_is_new() {
        let now = Instant::now();
        let mut check = check(SummaryStatus::Initializing, now);
        check.take_answer(pulse(4, None), now);
        assert_eq!(check.status, SummaryStatus::Initializing);
        check.take_answer(pulse(5, None), now);
        assert_eq!((check.status, check.open, check.next), (SummaryStatus::Ok, None, now + INTERVAL));
    }

    #[test]
    fn silence_impairs_until_there_is_an_answer() {
        let now = Instant::now();
        let mut check = check(SummaryStatus::Ok, now);
        check.take_answer(pulse(4, None), now + PATIENCE);
        assert_eq!(check.status, SummaryStatus::Ok);
        check.take_answer(pulse(4, None), now + PATIENCE * 2);
        assert_eq!(check.status, SummaryStatus::Impaired);
        check.take_answer(pulse(5, None), now + PATIENCE * 3);
        assert_eq!(check.status, SummaryStatus::Ok);
    }

    #[test]
    fn trouble_impairs_only_what_was_well() {
        let now = Instant::now();
        for (before, after) in [(SummaryStatus::Initializing, SummaryStatus::Initializing), (SummaryStatus::Ok, SummaryStatus::Impaired)] {
            let mut check = check(before, now);
            check.take_answer(pulse(5, Some("eth0 is down")), now);
            assert_eq!((check.status, check.open), (after, None));
        }
    }
}
