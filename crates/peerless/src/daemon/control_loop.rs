//! The one writer.
//!
//! Calls, observations and the passing of time all come in here, one after the other. What is waiting is taken
//! together: each is applied to the same draft (a refusal changes nothing of it), then there is one commit, one
//! publication, and only then the replies: nobody hears of what is not on disk and not enforced. If the commit fails,
//! it fails for all of them.

use std::sync::Arc;
use std::sync::mpsc::{Receiver, RecvTimeoutError};
use std::time::Duration;

use arc_swap::ArcSwap;
use ec2::{Call, Ctx, Machine, NewImage, Reply, lifecycle};
use model::{Draft, ImageId, Observation, Snapshot, Timestamp};
use store::Store;
use tokio::sync::{oneshot, watch};

use super::data_plane::DataPlane;
use super::world::{now, random};

/// What comes in.
pub enum Event {
    /// A call that may change something, and where its reply goes.
    Call(Box<Call>, oneshot::Sender<Reply>),
    /// An image whose files are in place, by that id, and where to say whether it is registered.
    Image(NewImage, ImageId, oneshot::Sender<Result<(), String>>),
    /// What the data plane saw, in that order.
    Observations(Vec<Observation>),
    /// End, and take everything off the host.
    Stop,
}

/// The state as readers see it: always a whole, committed one.
pub type Published = Arc<ArcSwap<Snapshot>>;

/// The most events that share a commit; more would only make the first one wait.
const BATCH: usize = 64;

/// The longest sleep: the clock may be set while nothing happens.
const LONGEST_SLEEP: Duration = Duration::from_secs(60);

/// The writer.
pub struct ControlLoop {
    /// Where changes become durable.
    pub store: Box<dyn Store>,
    /// What enforces them.
    pub data_plane: Box<dyn DataPlane>,
    /// Where instances run.
    pub machine: Arc<dyn Machine + Send + Sync>,
    /// What readers see.
    pub published: Published,
    /// Who waits for a change is told which generation is published.
    pub generations: watch::Sender<u64>,
    /// What comes in.
    pub events: Receiver<Event>,
}

impl ControlLoop {
    /// Runs until it is told to stop.
    pub fn run(mut self) {
        let mut due = self.advance();
        loop {
            let first = match self.events.recv_timeout(until(due)) {
                Ok(Event::Stop) | Err(RecvTimeoutError::Disconnected) => return self.data_plane.stop(),
                Ok(event) => Some(event),
                Err(RecvTimeoutError::Timeout) => None,
            };
            if let Some(first) = first {
                let mut batch = vec![first];
                let mut stop = false;
                while batch.len() < BATCH && !stop {
                    match self.events.try_recv() {
                        Ok(Event::Stop) => stop = true,
                        Ok(event) => batch.push(event),
                        Err(_) => break,
                    }
                }
                self.apply(batch);
                if stop {
                    return self.data_plane.stop();
                }
            }
            due = self.advance();
        }
    }

    fn apply(&mut self, batch: Vec<Event>) {
        let mut draft = Draft::new(&self.published.load());
        let mut replies = Vec::new();
        let mut registered = Vec::new();
        for event in batch {
            match event {
                Event::Call(call, caller) => {
                    let reply = call.apply(&mut draft, &mut Ctx { now: now(), random: &mut random, machine: &*self.machine });
                    replies.push((call, reply, caller));
                }
                Event::Image(image, id, asker) => {
                    let ctx = Ctx { now: now(), random: &mut random, machine: &*self.machine };
                    registered.push((image.register(&mut draft, id, &ctx), asker));
                }
                Event::Observations(seen) => seen.into_iter().for_each(|observation| lifecycle::observe(&mut draft, now(), observation)),
                Event::Stop => unreachable!("the loop keeps it for itself"),
            }
        }
        let saved = self.commit(draft);
        for (call, reply, caller) in replies {
            // A caller that has hung up does not hear of it; its call is done all the same.
            let _ = caller.send(if saved { reply } else { call.internal_error(reply) });
        }
        for (result, asker) in registered {
            let _ = asker.send(if saved { result } else { Err("it could not be stored".to_owned()) });
        }
    }

    /// Lets happen what happens by itself; says when there is more of it.
    fn advance(&mut self) -> Option<Timestamp> {
        let mut draft = Draft::new(&self.published.load());
        let due = lifecycle::advance(&mut draft, now());
        if self.commit(draft) { due } else { Some(now().plus_millis(1000)) }
    }

    fn commit(&mut self, draft: Draft) -> bool {
        if !draft.is_changed() {
            return true;
        }
        let (next, change) = draft.finish();
        if let Err(error) = self.store.commit(&change) {
            tracing::error!(%error, "the change could not be stored; its calls fail");
            return false;
        }
        let next = Arc::new(next);
        self.data_plane.publish(Arc::clone(&next));
        let generation = next.generation();
        self.published.store(next);
        self.generations.send_replace(generation);
        true
    }
}

fn until(due: Option<Timestamp>) -> Duration {
    let wait = due.map_or(LONGEST_SLEEP, |due| Duration::from_millis(due.0.saturating_sub(now().0).max(0).unsigned_abs()));
    wait.min(LONGEST_SLEEP)
}
