//! `GET /_peerless/explain` and `GET /_peerless/status`: what the commands of the same names print with `--json`.

use std::sync::Arc;

use axum::extract::rejection::QueryRejection;
use axum::extract::{Query, State};
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::{Deserialize, Serialize};

use super::Edge;
use crate::control::{self, Service};
use crate::daemon::control_socket::{self, Asked};

/// Who to whom, and by what: one of `icmp`, `tcp` and `udp`.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Question {
    from: String,
    to: String,
    icmp: Option<bool>,
    tcp: Option<u16>,
    udp: Option<u16>,
    flips: Option<bool>,
}

#[derive(Serialize)]
struct Refusal {
    error: String,
}

/// What is between two things.
pub async fn explain(State(edge): State<Arc<Edge>>, question: Result<Query<Question>, QueryRejection>) -> Response {
    let question = match question {
        Ok(Query(question)) => question,
        Err(rejection) => return refuse(rejection.body_text()),
    };
    let service = match (question.icmp, question.tcp, question.udp) {
        (Some(true), None, None) => Service::Icmp,
        (None, Some(port), None) => Service::Tcp(port),
        (None, None, Some(port)) => Service::Udp(port),
        _ => return refuse("say one of icmp=true, tcp=PORT and udp=PORT".to_owned()),
    };
    let asked = Asked { from: question.from, to: question.to, service, flips: question.flips.unwrap_or(false) };
    match control_socket::explanation(&edge.published, &edge.live, asked).await {
        control::Response::Explanation(explanation) => send(StatusCode::OK, &explanation),
        control::Response::Unclear { message } => refuse(message),
        other => refuse(format!("{other:?}")),
    }
}

/// Facts about the daemon.
pub async fn status(State(edge): State<Arc<Edge>>) -> Response {
    send(StatusCode::OK, &control_socket::status(&edge.facts, &edge.published.load(), &edge.instance_connect, &edge.flows))
}

/// A question that cannot be answered.
pub(super) fn refuse(error: String) -> Response {
    send(StatusCode::BAD_REQUEST, &Refusal { error })
}

/// An object as JSON.
pub(super) fn send(status: StatusCode, value: &impl Serialize) -> Response {
    let headers = [(header::CONTENT_TYPE, "application/json"), (header::CACHE_CONTROL, "no-store")];
    (status, headers, control::json(value)).into_response()
}
