//! The one port: the EC2 API, the console, and the little that the console reads besides.
//!
//! It hears only loopback, and only what was meant for it.

mod admission;
mod api;
mod capture;
mod events;
mod flows;
mod page;
mod probe;
mod questions;
mod terminals;
mod tunnel;

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::mpsc::Sender;
use std::time::Duration;

use axum::body::Bytes;
use axum::extract::State;
use axum::extract::rejection::BytesRejection;
use axum::http::{HeaderMap, Method, StatusCode, Uri};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Router, middleware};
use ec2::Machine;
use tokio::net::TcpListener;
use tokio::sync::watch;

pub use flows::NO_PACKETS;

use super::captures::Captures;
use super::connections::Bounds;
use super::control_loop::{Event, Published};
use super::endpoints::Endpoints;
use super::flow_watch::FlowWatch;
use super::http;
use super::instance_connect::InstanceConnect;
use super::live_flows::LiveFlows;
use super::prober::Prober;
use super::serial_console::SerialConsoles;
use crate::control::Status;
pub use terminals::Tickets;

/// The largest body: RunInstances with its user data is the largest call, and that is far below.
const LARGEST_BODY: usize = 1024 * 1024;

/// More than any user has; and a listener to events keeps its own for as long as it likes.
const BOUNDS: Bounds = Bounds { of_one: 1024, of_all: 1024, lifetime: Duration::MAX };

/// What the port speaks for.
pub struct Edge {
    /// The state.
    pub published: Published,
    /// The way to the one writer.
    pub events: Sender<Event>,
    /// The generation that was published last.
    pub generations: watch::Receiver<u64>,
    /// What connects into VPCs.
    pub endpoints: Arc<Endpoints>,
    /// What opens sessions in instances.
    pub instance_connect: Arc<InstanceConnect>,
    /// What opens instances' serial ports.
    pub serial_consoles: SerialConsoles,
    /// Who may open a terminal.
    pub tickets: Tickets,
    /// What goes on.
    pub live: LiveFlows,
    /// The same, for those who watch.
    pub flows: Arc<FlowWatch>,
    /// What sends packets to see what becomes of them.
    pub prober: Arc<Prober>,
    /// What captures packets.
    pub captures: Arc<Captures>,
    /// What does not change while the daemon runs.
    pub facts: Status,
    /// The machine that instances run on.
    pub machine: Arc<dyn Machine + Send + Sync>,
    /// Where this is.
    pub address: SocketAddr,
}

/// Serves until it is dropped.
pub async fn serve(listener: TcpListener, edge: Edge) {
    let edge = Arc::new(edge);
    let router = Router::new()
        .route("/_peerless/events", get(events::stream))
        .route("/_peerless/explain", get(questions::explain))
        .route("/_peerless/flows", get(flows::once))
        .route("/_peerless/flows/stream", get(flows::stream))
        .route("/_peerless/flows/differences", get(flows::differences))
        .route("/_peerless/capture", get(capture::download))
        .route("/_peerless/probe", post(probe::send))
        .route("/_peerless/status", get(questions::status))
        .route("/_peerless/terminals", post(terminals::ask))
        .route("/_peerless/terminals/{ticket}", get(terminals::open))
        .route("/openTunnel", get(tunnel::open))
        .fallback(answer)
        .layer(middleware::from_fn(|request, next| http::whole_body(LARGEST_BODY, request, next)))
        .layer(middleware::from_fn_with_state(Arc::clone(&edge), admission::guard))
        .with_state(edge);
    http::serve(listener, BOUNDS, |_, _| Some(router.clone())).await;
}

async fn answer(State(edge): State<Arc<Edge>>, method: Method, uri: Uri, headers: HeaderMap, body: Result<Bytes, BytesRejection>) -> Response {
    let body = match body {
        Ok(body) => body,
        Err(rejection) => return rejection.into_response(),
    };
    let is_read = matches!(method, Method::GET | Method::HEAD);
    if uri.path() == "/" && (method == Method::POST || (is_read && api::is_call(&uri))) {
        return api::answer(&edge, &method, &uri, &headers, &body).await;
    }
    if is_read && !uri.path().starts_with("/_peerless") {
        return page::answer(&uri, &headers);
    }
    (StatusCode::NOT_FOUND, "the EC2 API is at /, by POST\n").into_response()
}
