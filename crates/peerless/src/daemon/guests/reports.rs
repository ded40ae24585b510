//! What was seen of guests and is not reported yet.
//!
//! Each report is a publication, which compares all interfaces and neighbours with what the kernel has. What is seen within a moment is
//! therefore reported at once: launching n instances takes as many publications as moments, and not n.

use std::time::{Duration, Instant};

use model::Observation;

/// How long the first one waits for others.
const MOMENT: Duration = Duration::from_millis(250);

/// Observations in their order.
#[derive(Default)]
pub struct Reports {
    waiting: Vec<Observation>,
    since: Option<Instant>,
}

impl Reports {
    /// Adds one; says what is to be reported now.
    pub fn add(&mut self, observation: Observation, now: Instant) -> Vec<Observation> {
        self.waiting.push(observation);
        let since = *self.since.get_or_insert(now);
        if now.duration_since(since) >= MOMENT { self.take() } else { Vec::new() }
    }

    /// All that wait: nothing else is about to be seen.
    pub fn take(&mut self) -> Vec<Observation> {
        self.since = None;
        std::mem::take(&mut self.waiting)
    }
}

#[cfg(test)]
mod tests {
    use model::{Id, IdDigits, InstanceId};

    use super::*;

    #[test]
    fn what_is_seen_within_a_moment_is_reported_together() {
        let seen = |number| Observation::InstanceRunning(InstanceId::from_digits(IdDigits::from_random(number)));
        let (mut reports, begin) = (Reports::default(), Instant::now());
        let add = |reports: &mut Reports, number, milliseconds| reports.add(seen(number), begin + Duration::from_millis(milliseconds));
        assert_eq!(add(&mut reports, 1, 0), []);
        assert_eq!(add(&mut reports, 2, 249), []);
        assert_eq!(add(&mut reports, 3, 270), [seen(1), seen(2), seen(3)], "nobody waits for long");
        assert_eq!(add(&mut reports, 4, 280), []);
        assert_eq!(reports.take(), [seen(4)]);
        assert_eq!(add(&mut reports, 5, 900), [], "another moment begins");
        assert_eq!(reports.take(), [seen(5)]);
        assert_eq!(reports.take(), []);
    }
}
