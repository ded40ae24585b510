//! What an instance shows, in pieces of the right size: what answers a key is shown at once, and a flood in few messages, for
//! each costs the browser as much as thousands of bytes. (A terminal in an instance writes 4,095 bytes at a time.)

use std::time::Duration;

use tokio::time::{Instant, timeout_at};

use super::session::Screen;
use crate::daemon::instance_connect::Shown;

/// What comes in pieces of at least that many bytes may be part of a flood: more is waited for before it is shown, for so
/// long, until there is about so much. An SSH message is no longer than that.
const FLOOD: usize = 1024;
const GATHER: Duration = Duration::from_millis(4);
const LARGEST_PIECE: usize = 32 * 1024;

/// What comes out of a session, gathered.
pub struct Pieces<'a> {
    screen: &'a mut Screen,
    gathered: Vec<u8>,
    /// How long more is waited for.
    until: Instant,
    /// What came behind it and is no text.
    end: Option<Shown>,
}

impl<'a> Pieces<'a> {
    /// Nothing is gathered yet.
    pub fn of(screen: &'a mut Screen) -> Self {
        Self { screen, gathered: Vec::new(), until: Instant::now(), end: None }
    }

    /// The next one, once there is room for it. Nothing is lost of one that is not waited for to the end.
    pub async fn next(&mut self, room: impl Future<Output = ()>) -> Shown {
        if self.gathered.is_empty() {
            if let Some(end) = self.end.take() {
                return end;
            }
            room.await;
            match self.screen.next().await {
                Shown::Text(bytes) | Shown::Error(bytes) => (self.gathered, self.until) = (bytes, Instant::now() + GATHER),
                end => return end,
            }
        }
        while (FLOOD..LARGEST_PIECE).contains(&self.gathered.len()) && self.end.is_none() {
            match timeout_at(self.until, self.screen.next()).await {
                Ok(Shown::Text(bytes) | Shown::Error(bytes)) => self.gathered.extend(bytes),
                Ok(end) => self.end = Some(end),
                Err(_) => break,
            }
        }
        Shown::Text(std::mem::take(&mut self.gathered))
    }
}
