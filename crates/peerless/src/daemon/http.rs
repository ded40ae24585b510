//! HTTP for people whom nobody has to trust: whatever a client does, it holds a place for so long only, and there are so
//! many places.

use std::collections::BTreeMap;
use std::net::{IpAddr, SocketAddr};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use axum::Router;
use axum::body::{Body, to_bytes};
use axum::extract::Request;
use axum::http::StatusCode;
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use hyper::server::conn::http1;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::service::TowerToHyperService;
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinSet;

/// How long the head of a request may take, the wait for its first byte included.
const HEAD_PATIENCE: Duration = Duration::from_secs(10);

/// How long its body may take.
const BODY_PATIENCE: Duration = Duration::from_secs(30);

/// The longest head: long enough for the signature of a session.
const LONGEST_HEAD: usize = 32 * 1024;

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

/// Serves until it is dropped; with it end all connections. Each connection has a router of its own, for it knows who is
/// at the other end; without one it is closed.
pub async fn serve(listener: TcpListener, bounds: Bounds, router: impl Fn(&TcpStream, SocketAddr) -> Option<Router>) {
    let places = Arc::new(Places { bounds, taken: Mutex::default() });
    let mut connections = JoinSet::new();
    loop {
        while connections.try_join_next().is_some() {}
        let (stream, peer) = match listener.accept().await {
            Ok(accepted) => accepted,
            Err(error) => {
                // Out of descriptors, mostly: others have to end first.
                tracing::warn!(%error, "a connection could not be accepted");
                tokio::time::sleep(Duration::from_millis(100)).await;
                continue;
            }
        };
        if let (Some(place), Some(router)) = (Place::take(&places, peer.ip()), router(&stream, peer)) {
            connections.spawn(async move {
                let _place = place;
                let http = http1::Builder::new()
                    .timer(TokioTimer::new())
                    .header_read_timeout(HEAD_PATIENCE)
                    .max_buf_size(LONGEST_HEAD)
                    .serve_connection(TokioIo::new(stream), TowerToHyperService::new(router));
                match tokio::time::timeout(bounds.lifetime, http).await {
                    Ok(Ok(())) => {}
                    Ok(Err(error)) => tracing::debug!(%peer, %error, "a connection broke off"),
                    Err(_) => tracing::debug!(%peer, "a connection lasted too long"),
                }
            });
        }
    }
}

/// Has a body read before anybody works on it, as long as it comes in time and is no longer than that.
pub async fn whole_body(longest: usize, request: Request, next: Next) -> Response {
    let (head, body) = request.into_parts();
    match tokio::time::timeout(BODY_PATIENCE, to_bytes(body, longest)).await {
        Ok(Ok(body)) => next.run(Request::from_parts(head, Body::from(body))).await,
        Ok(Err(_)) => (StatusCode::PAYLOAD_TOO_LARGE, "the body is too long, or broke off\n").into_response(),
        Err(_) => (StatusCode::REQUEST_TIMEOUT, "the body took too long\n").into_response(),
    }
}

/// The connections that there are.
struct Places {
    bounds: Bounds,
    taken: Mutex<BTreeMap<IpAddr, usize>>,
}

/// One of them; given back when it is dropped.
struct Place {
    places: Arc<Places>,
    whose: IpAddr,
}

impl Place {
    fn take(places: &Arc<Places>, whose: IpAddr) -> Option<Self> {
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
        let places = Arc::new(Places { bounds, taken: Mutex::default() });
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
