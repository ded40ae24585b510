//! `GET /_peerless/flows` and `GET /_peerless/flows/stream`: what goes on in the kernel, once and again and again.

use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

use axum::extract::rejection::QueryRejection;
use axum::extract::{Query, State};
use axum::http::StatusCode;
use axum::response::sse::{Event, KeepAlive, Sse};
use axum::response::{IntoResponse, Response};
use futures_util::stream;
use tokio::sync::Semaphore;

use super::{Edge, questions};
use crate::control;
use crate::flow::Wanted;

/// The most who watch at a time.
static SEATS: Semaphore = Semaphore::const_new(16);

/// So often a connection is used on which nothing new is said.
const KEEP_ALIVE: Duration = Duration::from_secs(15);

/// Why nothing is to be seen where nothing goes on.
pub const NO_PACKETS: &str = "this daemon carries no packets: it runs with --model-only";

/// The flows as they are.
pub async fn once(State(edge): State<Arc<Edge>>, wanted: Result<Query<Wanted>, QueryRejection>) -> Response {
    let wanted = match wanted {
        Ok(Query(wanted)) => wanted,
        Err(rejection) => return questions::refuse(rejection.body_text()),
    };
    match edge.flows.flows(&wanted).await {
        Some(flows) => questions::send(StatusCode::OK, &flows),
        None => questions::refuse(NO_PACKETS.to_owned()),
    }
}

/// The same, about once a second, as server-sent events. It ends with the data plane.
pub async fn stream(State(edge): State<Arc<Edge>>, wanted: Result<Query<Wanted>, QueryRejection>) -> Response {
    let wanted = match wanted {
        Ok(Query(wanted)) => wanted,
        Err(rejection) => return questions::refuse(rejection.body_text()),
    };
    let Ok(seat) = SEATS.try_acquire() else {
        return (StatusCode::SERVICE_UNAVAILABLE, "too many are watching already\n").into_response();
    };
    let Some(first) = edge.flows.flows(&wanted).await else { return questions::refuse(NO_PACKETS.to_owned()) };
    let events = stream::unfold((edge, wanted, Some(first), seat), |(edge, wanted, first, seat)| async {
        let flows = match first {
            Some(first) => first,
            None => {
                tokio::time::sleep(edge.flows.interval().await).await;
                edge.flows.flows(&wanted).await?
            }
        };
        let event = Event::default().event("flows").data(control::json(&flows));
        Some((Ok::<_, Infallible>(event), (edge, wanted, None, seat)))
    });
    Sse::new(events).keep_alive(KeepAlive::new().interval(KEEP_ALIVE)).into_response()
}
