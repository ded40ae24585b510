//! Which flow the later fragments of a packet belong to: only the first one has ports.

use std::collections::{HashMap, VecDeque};

use crate::clock::{Nanoseconds, SECOND};
use crate::layout::FlowKey;
use crate::parse::FragmentKey;

/// As long as Linux waits for the rest of a packet (`net.ipv4.ipfrag_time`).
const LIFETIME: Nanoseconds = 30 * SECOND;
/// A guest that sends first fragments only pushes out the oldest ones, its own most likely.
const CAPACITY: usize = 4096;

/// The flows of packets whose first fragment came by lately.
#[derive(Debug, Default)]
pub(crate) struct Fragments {
    flows: HashMap<(u32, FragmentKey), (FlowKey, Nanoseconds)>,
    by_age: VecDeque<(u32, FragmentKey)>,
}

impl Fragments {
    /// A first fragment left the interface; its rest will be of this flow.
    pub fn remember(&mut self, interface: u32, key: FragmentKey, flow: FlowKey, now: Nanoseconds) {
        if self.flows.insert((interface, key), (flow, now)).is_none() {
            self.by_age.push_back((interface, key));
        }
        while self.by_age.len() > CAPACITY {
            self.forget_oldest();
        }
    }

    /// The flow that a later fragment is of.
    pub fn flow(&self, interface: u32, key: FragmentKey, now: Nanoseconds) -> Option<FlowKey> {
        let (flow, since) = self.flows.get(&(interface, key))?;
        (now.saturating_sub(*since) < LIFETIME).then_some(*flow)
    }

    /// Forgets what is too old to matter.
    pub fn expire(&mut self, now: Nanoseconds) {
        while let Some(oldest) = self.by_age.front()
            && self.flows.get(oldest).is_none_or(|(_, since)| now.saturating_sub(*since) >= LIFETIME)
        {
            self.forget_oldest();
        }
    }

    fn forget_oldest(&mut self) {
        if let Some(oldest) = self.by_age.pop_front() {
            self.flows.remove(&oldest);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fragments_are_remembered_for_a_while_and_not_without_end() {
        let flow = FlowKey {
            interface: 1,
            source: [10, 0, 0, 4],
            destination: [10, 0, 0, 5],
            source_port: [0; 2],
            destination_port: [0; 2],
            protocol: 17,
            zero: [0; 3],
        };
        let key = |identification| FragmentKey { source: [10, 0, 0, 4].into(), destination: [10, 0, 0, 5].into(), protocol: 17, identification };
        let mut fragments = Fragments::default();
        fragments.remember(1, key(0), flow, 0);
        assert_eq!(fragments.flow(1, key(0), LIFETIME - 1), Some(flow));
        assert_eq!(fragments.flow(2, key(0), 0), None, "interfaces are apart");
        assert_eq!(fragments.flow(1, key(0), LIFETIME), None);
        for identification in 0..=CAPACITY as u16 {
            fragments.remember(1, key(identification), flow, 1);
        }
        assert_eq!((fragments.flows.len(), fragments.by_age.len()), (CAPACITY, CAPACITY));
        fragments.expire(LIFETIME + 1);
        assert_eq!((fragments.flows.len(), fragments.by_age.len()), (0, 0));
    }
}
