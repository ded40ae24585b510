//! `GET /_peerless/capture`: the packets of an interface for a while, as a file that one saves.

use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

use axum::body::{Body, Bytes};
use axum::extract::rejection::QueryRejection;
use axum::extract::{Query, State};
use axum::http::header;
use axum::response::{IntoResponse, Response};
use futures_util::stream;
use serde::Deserialize;

use super::{Edge, questions};
use crate::daemon::captures::Bounds;

/// For how long, unless it is said.
const USUALLY: u64 = 10;
/// For how long at most, in seconds.
const LONGEST: u64 = 600;
/// How many packets at most: a browser keeps them all.
const MOST: u64 = 100_000;
/// How much of a packet: all of an ordinary one.
const SNAPSHOT_LENGTH: usize = 9100;

/// Where, and for how long.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Question {
    of: String,
    seconds: Option<u64>,
    packets: Option<u64>,
}

/// The file, as it comes.
pub async fn download(State(edge): State<Arc<Edge>>, question: Result<Query<Question>, QueryRejection>) -> Response {
    let question = match question {
        Ok(Query(question)) => question,
        Err(rejection) => return questions::refuse(rejection.body_text()),
    };
    let bounds = Bounds {
        packets: question.packets.unwrap_or(MOST).min(MOST),
        time: Duration::from_secs(question.seconds.unwrap_or(USUALLY).min(LONGEST)),
        snapshot_length: SNAPSHOT_LENGTH,
    };
    let begun = match edge.captures.begin(&question.of, bounds) {
        Ok(begun) => begun,
        Err(unclear) => return questions::refuse(unclear),
    };
    let pieces = stream::unfold(begun.pieces, |mut pieces| async {
        let piece = pieces.recv().await?;
        Some((Ok::<_, Infallible>(Bytes::from(piece)), pieces))
    });
    let name = format!("attachment; filename=\"{}.pcapng\"", begun.interface);
    let headers = [(header::CONTENT_TYPE, "application/x-pcapng"), (header::CONTENT_DISPOSITION, name.as_str()), (header::CACHE_CONTROL, "no-store")];
    (headers, Body::from_stream(pieces)).into_response()
}
