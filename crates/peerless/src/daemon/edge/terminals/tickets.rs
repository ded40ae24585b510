//! Tickets for terminals: one lets its bearer in once, soon, and to what it was asked for.

use std::collections::VecDeque;
use std::fmt::Write;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use model::InstanceId;
use serde::Deserialize;

/// How long a ticket is good for.
const LIFETIME: Duration = Duration::from_secs(30);

/// The most tickets that wait for their bearers. One more is the end of the oldest.
const MOST: usize = 64;

/// A way in. Those over the network have the names that `peerless connect` has for them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Way {
    /// EC2 Instance Connect.
    #[default]
    Eic,
    /// An EC2 Instance Connect Endpoint.
    Eice,
    /// The EC2 serial console.
    Serial,
}

/// What a terminal is to be on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Order {
    /// The instance.
    pub instance: InstanceId,
    /// The way there.
    pub way: Way,
    /// Whom to be there; by default the image's login. A serial port asks that itself.
    pub user: Option<String>,
}

/// The tickets of a daemon; with it they end.
#[derive(Default)]
pub struct Tickets(Mutex<VecDeque<Ticket>>);

struct Ticket {
    token: String,
    until: Instant,
    order: Order,
}

impl Tickets {
    /// A new ticket, which nobody can guess.
    pub fn issue(&self, order: Order) -> Result<String, getrandom::Error> {
        self.issue_at(order, Instant::now())
    }

    fn issue_at(&self, order: Order, now: Instant) -> Result<String, getrandom::Error> {
        let mut bytes = [0; 32];
        getrandom::fill(&mut bytes)?;
        let token = bytes.iter().fold(String::new(), |mut text, byte| {
            // Writing to a string succeeds.
            let _ = write!(text, "{byte:02x}");
            text
        });
        let mut tickets = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        tickets.retain(|ticket| ticket.until > now);
        while tickets.len() >= MOST {
            tickets.pop_front();
        }
        tickets.push_back(Ticket { token: token.clone(), until: now + LIFETIME, order });
        Ok(token)
    }

    /// What a ticket was for; it is none any more.
    pub fn redeem(&self, token: &str) -> Option<Order> {
        self.redeem_at(token, Instant::now())
    }

    fn redeem_at(&self, token: &str, now: Instant) -> Option<Order> {
        let mut tickets = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let at = tickets.iter().position(|ticket| ticket.token == token)?;
        tickets.remove(at).filter(|ticket| ticket.until > now).map(|ticket| ticket.order)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn order(user: &str) -> Order {
        Order { instance: "i-0123456789abcdef0".parse().unwrap(), way: Way::Eic, user: Some(user.to_owned()) }
    }

    #[test]
    fn a_ticket_lets_in_once() {
        let tickets = Tickets::default();
        let (one, two) = (tickets.issue(order("one")).unwrap(), tickets.issue(order("two")).unwrap());
        assert_ne!(one, two);
        assert_eq!(tickets.redeem(&one), Some(order("one")));
        assert_eq!(tickets.redeem(&one), None);
        assert_eq!(tickets.redeem(""), None);
        assert_eq!(tickets.redeem(&two), Some(order("two")));
    }

    #[test]
    fn who_does_not_come_leaves_no_ticket_behind() {
        let (tickets, now) = (Tickets::default(), Instant::now());
        let token = tickets.issue_at(order("late"), now).unwrap();
        assert_eq!(tickets.redeem_at(&token, now + LIFETIME), None);
        tickets.issue_at(order("never"), now).unwrap();
        tickets.issue_at(order("another"), now + LIFETIME).unwrap();
        assert_eq!(tickets.0.lock().unwrap().len(), 1, "those whose time is over");
    }

    #[test]
    fn nobody_hoards_them() {
        let tickets = Tickets::default();
        let first = tickets.issue(order("first")).unwrap();
        let later: Vec<String> = (0..MOST).map(|_| tickets.issue(order("later")).unwrap()).collect();
        assert_eq!(tickets.redeem(&first), None);
        assert!(later.iter().all(|token| tickets.redeem(token).is_some()));
    }
}
