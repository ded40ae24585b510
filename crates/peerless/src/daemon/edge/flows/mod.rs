//! `GET /_peerless/flows`, `/_peerless/flows/stream` and `/_peerless/flows/differences`: what goes on in the kernel, once,
//! again and again, and what became different.

mod told;

use std::convert::Infallible;
use std::sync::Arc;
use std::time::{Duration, Instant};

use axum::extract::rejection::QueryRejection;
use axum::extract::{Query, State};
use axum::http::StatusCode;
use axum::response::sse::{Event, KeepAlive, Sse};
use axum::response::{IntoResponse, Response};
use futures_util::stream;

use super::{Edge, questions};
use crate::control;
use crate::flow::{Flows, Wanted};
use told::Told;

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
pub async fn stream(edge: State<Arc<Edge>>, wanted: Result<Query<Wanted>, QueryRejection>) -> Response {
    watch(edge, wanted, |flows| Event::default().event("flows").data(control::json(&flows))).await
}

/// The flows as they are, and from then on what becomes different of them.
pub async fn differences(edge: State<Arc<Edge>>, wanted: Result<Query<Wanted>, QueryRejection>) -> Response {
    let mut told: Option<Told> = None;
    let tell = move |flows: Flows| match &mut told {
        Some(told) => Event::default().event("differences").data(control::json(&told.tell(flows, Instant::now()))),
        None => {
            let event = Event::default().event("flows").data(control::json(&flows));
            told = Some(Told::begin(flows, Instant::now()));
            event
        }
    };
    watch(edge, wanted, tell).await
}

async fn watch(
    State(edge): State<Arc<Edge>>,
    wanted: Result<Query<Wanted>, QueryRejection>,
    tell: impl FnMut(Flows) -> Event + Send + 'static,
) -> Response {
    let wanted = match wanted {
        Ok(Query(wanted)) => wanted,
        Err(rejection) => return questions::refuse(rejection.body_text()),
    };
    let Some(seat) = edge.flows.seat() else {
        return (StatusCode::SERVICE_UNAVAILABLE, "too many are watching already\n").into_response();
    };
    let Some(first) = edge.flows.flows(&wanted).await else { return questions::refuse(NO_PACKETS.to_owned()) };
    let events = stream::unfold((edge, wanted, Some(first), seat, tell), |(edge, wanted, first, seat, mut tell)| async {
        let flows = match first {
            Some(first) => first,
            None => {
                tokio::time::sleep(edge.flows.interval().await).await;
                edge.flows.flows(&wanted).await?
            }
        };
        let event = tell(flows);
        Some((Ok::<_, Infallible>(event), (edge, wanted, None, seat, tell)))
    });
    Sse::new(events).keep_alive(KeepAlive::new().interval(KEEP_ALIVE)).into_response()
}
