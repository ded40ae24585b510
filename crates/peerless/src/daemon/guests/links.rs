//! Gives guests their `eth0` back, which their root may have deleted, renamed or moved away.
//!
//! Whom something happened to, the data plane says; renaming shows in the guest only, so a few guests are looked at in
//! turn. One that loses its interface again and again waits longer each time: nobody else is to wait for it.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Bound;
use std::os::fd::AsFd;
use std::time::{Duration, Instant};

use instance::Guest;
use model::{Instance, InstanceId, InstanceState, NetworkInterface, Snapshot};

use super::{ROUND, Reconciler, chain};

/// How many guests are looked at in turn each round: a quarter of a millisecond's work.
const IN_TURN: usize = 32;
/// How many get their interface back in a round. It takes some tens of milliseconds, in which nobody is launched.
const AT_ONCE: usize = 4;
/// How long a guest waits at most.
const LONGEST_PAUSE: Duration = Duration::from_secs(30);
/// Who has not lost its interface for so long gets it back at once.
const CALM: Duration = Duration::from_secs(60);

/// What is known about the guests' links.
#[derive(Default)]
pub(super) struct Links {
    /// Where the turn begins.
    hand: Option<InstanceId>,
    /// Whose interface may not be in place.
    suspects: BTreeSet<InstanceId>,
    restored: BTreeMap<InstanceId, Restored>,
}

/// That a guest got its interface back.
#[derive(Clone, Copy)]
struct Restored {
    last: Instant,
    /// How long it has to wait if it loses it again.
    pause: Duration,
}

impl Restored {
    /// The next time, after the last time.
    fn again(before: Option<Self>, now: Instant) -> Self {
        let pause = match before {
            Some(before) if now.duration_since(before.last) < CALM => (before.pause * 2).min(LONGEST_PAUSE),
            _ => ROUND,
        };
        Self { last: now, pause }
    }

    fn may_again(&self, now: Instant) -> bool {
        now.duration_since(self.last) >= self.pause
    }
}

impl Reconciler {
    /// Looks after the links, once a round.
    pub(super) fn restore_links(&mut self, snapshot: &Snapshot) {
        let now = Instant::now();
        self.suspect(snapshot);
        let mut budget = AT_ONCE;
        for id in std::mem::take(&mut self.links.suspects) {
            let Some((interface, guest)) = self.connected(snapshot, id) else { continue };
            match self.is_in_place(guest, interface) {
                // One that is being built, or ends, is looked at when it changes again.
                Ok(true) | Err(_) => {}
                Ok(false) => {
                    let before = self.links.restored.get(&id).copied();
                    if budget > 0 && before.is_none_or(|before| before.may_again(now)) {
                        budget -= 1;
                        self.restore(guest, interface);
                        self.links.restored.insert(id, Restored::again(before, now));
                    }
                    self.links.suspects.insert(id);
                }
            }
        }
        self.links.restored.retain(|id, _| self.guests.contains_key(id));
    }

    fn suspect(&mut self, snapshot: &Snapshot) {
        let disturbed = self.packets.disturbed().unwrap_or_else(|error| {
            tracing::warn!(error = chain(&error), "what happens to links cannot be heard");
            None
        });
        match disturbed {
            None => self.links.suspects.extend(self.guests.keys()),
            Some(serials) if serials.is_empty() => {}
            Some(serials) => {
                let interfaces = snapshot.all::<NetworkInterface>().filter(|interface| serials.contains(&interface.serial));
                self.links.suspects.extend(interfaces.filter_map(|interface| interface.attachment).map(|attachment| attachment.instance));
            }
        }
        let behind = self.links.hand.map_or(Bound::Unbounded, Bound::Excluded);
        let next: Vec<_> = self.guests.range((behind, Bound::Unbounded)).take(IN_TURN).map(|(&id, _)| id).collect();
        self.links.hand = next.last().copied();
        self.links.suspects.extend(next);
    }

    /// An instance that should have its interface, and its guest.
    fn connected<'s>(&self, snapshot: &'s Snapshot, id: InstanceId) -> Option<(&'s NetworkInterface, &Guest)> {
        let instance: &Instance = snapshot.get(id).filter(|instance: &&Instance| instance.state == InstanceState::Running)?;
        let guest = self.guests.get(&id)?;
        Some((snapshot.resolve(*instance.interfaces.first()?), guest))
    }

    fn is_in_place(&self, guest: &Guest, interface: &NetworkInterface) -> Result<bool, String> {
        let namespace = guest.network_namespace().map_err(|error| chain(&error))?;
        self.packets.is_in_place(interface.id, namespace.as_fd()).map_err(|error| chain(&error))
    }

    fn restore(&self, guest: &Guest, interface: &NetworkInterface) {
        let attached = guest.network_namespace().map_err(|error| chain(&error));
        let attached = attached.and_then(|namespace| self.packets.attach(interface.id, namespace).map_err(|error| chain(&error)));
        match attached {
            Ok(()) => tracing::info!(id = guest.id, interface = %interface.id, "the instance had lost its interface and has it back"),
            // Its own root may be in the way, with another link of that name.
            Err(error) => tracing::info!(id = guest.id, interface = %interface.id, error, "the instance cannot have its interface back yet"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_loses_it_again_and_again_waits_longer() {
        let mut now = Instant::now();
        let mut restored = Restored::again(None, now);
        let mut waited = Vec::new();
        for _ in 0..9 {
            while !restored.may_again(now) {
                now += Duration::from_millis(500);
            }
            waited.push(now.duration_since(restored.last).as_millis());
            restored = Restored::again(Some(restored), now);
        }
        assert_eq!(waited, [500, 1000, 2000, 4000, 8000, 16_000, 30_000, 30_000, 30_000]);
        let calm = now + Duration::from_secs(61);
        assert_eq!(Restored::again(Some(restored), calm).pause, ROUND);
    }
}
