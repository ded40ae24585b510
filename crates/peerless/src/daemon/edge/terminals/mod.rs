//! `POST /_peerless/terminals` and `GET /_peerless/terminals/TICKET`: the console's terminal on an instance.
//!
//! A page of another site must not get here, so there are two steps, and both want the origin of the console: a POST of
//! JSON, which a foreign page cannot even send without being asked first, gives a ticket; the ticket opens one WebSocket.
//! Whoever may call the API may do this, for it is no more than that: a key pushed by a call, and SSH by real packets; or
//! a serial port, which asks for a name and a password.

mod drops;
mod pieces;
mod session;
mod talk;
mod tickets;

use std::sync::Arc;
use std::time::Duration;

use axum::body::Bytes;
use axum::extract::ws::WebSocketUpgrade;
use axum::extract::ws::rejection::WebSocketUpgradeRejection;
use axum::extract::{Path, Query, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use model::InstanceId;
use serde::{Deserialize, Serialize};

use super::{Edge, questions};
use crate::control::{Size, Terminal, Via};
use crate::daemon::instance_connect::Wish;
use tickets::{Order, Way};

pub use tickets::Tickets;

/// How long to knock: AWS does not say how long its page tries.
const PATIENCE: Duration = Duration::from_secs(15);

/// What the console's terminal understands.
const KIND: &str = "xterm-256color";

/// The largest window, in characters: no screen has more.
const LARGEST: u16 = 1000;

/// What is asked for.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Asked {
    instance: String,
    #[serde(default)]
    via: Way,
    user: Option<String>,
}

#[derive(Serialize)]
struct Given {
    ticket: String,
}

/// Gives a ticket.
pub async fn ask(State(edge): State<Arc<Edge>>, headers: HeaderMap, body: Bytes) -> Response {
    if !headers.contains_key(header::ORIGIN) {
        return (StatusCode::FORBIDDEN, "only the console asks for terminals; peerless connect opens them\n").into_response();
    }
    if headers.get(header::CONTENT_TYPE).is_none_or(|kind| kind != "application/json") {
        return questions::refuse("the body must be application/json".to_owned());
    }
    let asked: Asked = match serde_json::from_slice(&body) {
        Ok(asked) => asked,
        Err(error) => return questions::refuse(error.to_string()),
    };
    let Ok(instance) = asked.instance.parse::<InstanceId>() else {
        return questions::refuse(format!("'{}' is no instance's id", asked.instance));
    };
    if edge.published.load().get(instance).is_none() {
        return questions::refuse(format!("there is no {instance}"));
    }
    if asked.via == Way::Serial && asked.user.is_some() {
        return questions::refuse("a serial port asks for the user itself".to_owned());
    }
    match edge.tickets.issue(Order { instance, way: asked.via, user: asked.user }) {
        Ok(ticket) => questions::send(StatusCode::CREATED, &Given { ticket }),
        Err(error) => (StatusCode::INTERNAL_SERVER_ERROR, format!("{error}\n")).into_response(),
    }
}

/// Lets the bearer of a ticket in.
pub async fn open(
    State(edge): State<Arc<Edge>>,
    Path(token): Path<String>,
    Query(size): Query<Size>,
    headers: HeaderMap,
    upgrade: Result<WebSocketUpgrade, WebSocketUpgradeRejection>,
) -> Response {
    let upgrade = match upgrade {
        Ok(upgrade) => upgrade,
        Err(rejection) => return rejection.into_response(),
    };
    // Only now is the ticket spent.
    let order = edge.tickets.redeem(&token).filter(|_| headers.contains_key(header::ORIGIN));
    let Some(order) = order else {
        return (StatusCode::FORBIDDEN, "there is no such ticket, or not any more\n").into_response();
    };
    upgrade
        .max_message_size(talk::LARGEST_MESSAGE)
        .max_frame_size(talk::LARGEST_MESSAGE)
        .write_buffer_size(0)
        .max_write_buffer_size(talk::WINDOW)
        .on_upgrade(move |socket| talk::serve(edge, socket, order, usable(size)))
}

/// A window that a terminal can have.
fn usable(size: Size) -> Size {
    Size { columns: size.columns.clamp(1, LARGEST), rows: size.rows.clamp(1, LARGEST) }
}

impl Order {
    /// As Instance Connect has it, to somebody whose image has that login.
    fn wish(&self, via: Via, login: &str, size: Size) -> Wish {
        Wish {
            via,
            user: self.user.clone().unwrap_or_else(|| login.to_owned()),
            command: None,
            terminal: Some(Terminal { kind: KIND.to_owned(), size }),
            patience: PATIENCE,
        }
    }
}
