//! Connections from people whom nobody has to trust: there are so many places, and one is held for so long only.

use std::collections::BTreeMap;
use std::net::{IpAddr, SocketAddr};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinSet;

/// How many connections there may be. One too many is closed at once.
#[derive(Clone, Copy, Debug)]
pub struct Bounds {
    /// From one address.
    pub of_one: usize,
    /// In all.
    pub of_all: usize,
    /// How long one may last.
    pub lifetime: Duration,
}

/// Has conversations until it is dropped; with it end all of them.
pub async fn serve<C>(listener: TcpListener, bounds: Bounds, converse: impl Fn(TcpStream, SocketAddr) -> C)
where
    C: Future<Output = ()> + Send + 'static,
{
    let places = Places::within(bounds);
    let mut conversations = JoinSet::new();
    loop {
        while conversations.try_join_next().is_some() {}
        let (stream, peer) = match listener.accept().await {
            Ok(accepted) => accepted,
            Err(error) => {
                // Out of descriptors, mostly: others have to end first.
                tracing::warn!(%error, "a connection could not be accepted");
                tokio::time::sleep(Duration::from_millis(100)).await;
                continue;
            }
        };
        if let Some(place) = Place::take(&places, peer.ip()) {
            let conversation = converse(stream, peer);
            conversations.spawn(async move {
                let _place = place;
                if tokio::time::timeout(bounds.lifetime, conversation).await.is_err() {
                    tracing::debug!(%peer, "a connection lasted too long");
                }
            });
        }
    }
}

/// The connections that there are, or whatever else there may be so many of.
pub struct Places {
    bounds: Bounds,
    taken: Mutex<BTreeMap<IpAddr, usize>>,
}

impl Places {
    /// None is taken yet.
    pub fn within(bounds: Bounds) -> Arc<Self> {
        Arc::new(Self { bounds, taken: Mutex::default() })
    }
}

/// One of them; given back when it is dropped.
pub struct Place {
    places: Arc<Places>,
    whose: IpAddr,
}

impl Place {
    /// One for somebody, if there is one left.
    pub fn take(places: &Arc<Places>, whose: IpAddr) -> Option<Self> {
        let mut taken = places.taken.lock().unwrap_or_else(PoisonError::into_inner);
        if taken.values().sum::<usize>() >= places.bounds.of_all || taken.get(&whose).is_some_and(|&count| count >= places.bounds.of_one) {
            return None;
        }
        *taken.entry(whose).or_default() += 1;
        Some(Self { places: Arc::clone(places), whose })
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let mut taken = self.places.taken.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(count) = taken.get_mut(&self.whose) {
            *count -= 1;
            if *count == 0 {
                taken.remove(&self.whose);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nobody_takes_all_places() {
        let bounds = Bounds { of_one: 2, of_all: 3, lifetime: Duration::MAX };
        let places = Places::within(bounds);
        let [one, other, third] = [1, 2, 3].map(|last| IpAddr::from([100, 64, 0, last]));
        let first = Place::take(&places, one).unwrap();
        let second = Place::take(&places, one).unwrap();
        assert!(Place::take(&places, one).is_none(), "that is all of one");
        let _third = Place::take(&places, other).unwrap();
        assert!(Place::take(&places, third).is_none(), "that is all");
        drop((first, second));
        let _fourth = Place::take(&places, third).unwrap();
        assert_eq!(places.taken.lock().unwrap().len(), 2, "who left is forgotten");
    }
}
