//! `POST /_peerless/probe`: sends real packets, and says what became of them beside what was computed.
//!
//! It changes nothing of the network. A web page elsewhere cannot ask for it: its kind of body is not one that a browser
//! sends to another origin without asking first, and the doors are shut to other origins anyway.

use std::sync::Arc;

use axum::body::Bytes;
use axum::extract::State;
use axum::extract::rejection::BytesRejection;
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};

use super::{Edge, questions};
use crate::flow::FlowQuestion;

/// Probes.
pub async fn send(State(edge): State<Arc<Edge>>, headers: HeaderMap, body: Result<Bytes, BytesRejection>) -> Response {
    let is_json = headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok()).is_some_and(|kind| kind.starts_with("application/json"));
    if !is_json {
        return (StatusCode::UNSUPPORTED_MEDIA_TYPE, "a question is application/json\n").into_response();
    }
    let question: FlowQuestion = match body.map(|body| serde_json::from_slice(&body)) {
        Ok(Ok(question)) => question,
        Ok(Err(error)) => return questions::refuse(error.to_string()),
        Err(rejection) => return rejection.into_response(),
    };
    match edge.prober.probe(&question).await {
        Ok(probed) => questions::send(StatusCode::OK, &probed),
        Err(unclear) => questions::refuse(unclear),
    }
}
