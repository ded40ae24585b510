//! `GET /_peerless/events`: that something changed, as it happens.
//!
//! Server-sent events, one for each generation that a listener is quick enough to see: who is slow hears of the latest
//! only. What changed is not said; the listener reads again what it shows.

use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::sse::{KeepAlive, Sse};
use axum::response::{IntoResponse, Response};
use futures_util::stream;
use tokio::sync::Semaphore;

use super::Edge;

/// The most listeners: each keeps a connection open.
static SEATS: Semaphore = Semaphore::const_new(64);

/// So often a silent connection is used, so that one whose browser is gone is noticed.
const KEEP_ALIVE: Duration = Duration::from_secs(15);

/// The stream; it begins with the generation as it is.
pub async fn stream(State(edge): State<Arc<Edge>>) -> Response {
    let Ok(seat) = SEATS.try_acquire() else {
        return (StatusCode::SERVICE_UNAVAILABLE, "too many are listening already\n").into_response();
    };
    let mut generations = edge.generations.clone();
    generations.mark_changed();
    let events = stream::unfold((generations, seat), |(mut generations, seat)| async {
        generations.changed().await.ok()?;
        let generation = *generations.borrow_and_update();
        let event = axum::response::sse::Event::default().event("generation").data(generation.to_string());
        Some((Ok::<_, Infallible>(event), (generations, seat)))
    });
    Sse::new(events).keep_alive(KeepAlive::new().interval(KEEP_ALIVE)).into_response()
}
