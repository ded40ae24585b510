//! How much of each guest is answered.

use std::collections::HashMap;
use std::net::IpAddr;
use std::time::{Duration, Instant};

/// How many packets came from whom in this second.
pub struct Pace {
    most: u32,
    second: Option<Instant>,
    packets: HashMap<IpAddr, u32>,
}

impl Pace {
    /// So many of each.
    pub fn new(most: u32) -> Self {
        Self { most, second: None, packets: HashMap::new() }
    }

    /// Whether one more is answered.
    pub fn admits(&mut self, from: IpAddr, now: Instant) -> bool {
        if self.second.is_none_or(|begin| now.duration_since(begin) >= Duration::from_secs(1)) {
            self.second = Some(now);
            self.packets.clear();
        }
        let packets = self.packets.entry(from).or_default();
        *packets = packets.saturating_add(1);
        *packets <= self.most
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nobody_asks_more_often_than_it_may() {
        let (one, other) = (IpAddr::from([100, 64, 0, 1]), IpAddr::from([100, 64, 0, 2]));
        let (mut pace, begin) = (Pace::new(1024), Instant::now());
        let admitted = (0..3000).filter(|_| pace.admits(one, begin)).count();
        assert_eq!(admitted, 1024);
        assert!(pace.admits(other, begin), "the other one has asked nothing yet");
        assert!(pace.admits(one, begin + Duration::from_secs(1)));
    }
}
