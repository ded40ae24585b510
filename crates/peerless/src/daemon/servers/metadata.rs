//! Instance metadata over HTTP.

use std::net::{IpAddr, SocketAddr};
use std::os::fd::{AsFd, OwnedFd};
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::extract::State;
use axum::http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, Uri, header};
use axum::response::{IntoResponse, Response};
use model::local_service::client_serial;
use nix::sys::socket::{setsockopt, sockopt};
use services::metadata::{Reply, Request, Secret, answer};
use tokio::net::{TcpListener, TcpStream};

use crate::daemon::connections::Bounds;
use crate::daemon::control_loop::Published;
use crate::daemon::http;
use crate::daemon::world::now;

/// Clients open one for each question, mostly.
const BOUNDS: Bounds = Bounds { of_one: 32, of_all: 2048, lifetime: Duration::from_secs(300) };

/// By which name AWS's service is known; programs find out by it where they are.
const SERVER: HeaderValue = HeaderValue::from_static("EC2ws");

const TTL_HEADER: HeaderName = HeaderName::from_static("x-aws-ec2-metadata-token-ttl-seconds");

/// Who asks, and all that is needed to answer.
#[derive(Clone)]
struct Caller {
    /// The serial of the interface, which the data plane has seen to.
    serial: u32,
    /// The connection, for the TTL of its packets.
    socket: Arc<OwnedFd>,
    published: Published,
    secret: Arc<Secret>,
}

/// Answers until it is dropped.
pub async fn serve(listener: TcpListener, published: Published, secret: Secret) {
    let secret = Arc::new(secret);
    let router = move |stream: &TcpStream, peer: SocketAddr| {
        let IpAddr::V4(address) = peer.ip() else { return None };
        let socket = Arc::new(stream.as_fd().try_clone_to_owned().ok()?);
        let caller = Caller { serial: client_serial(address)?, socket, published: Arc::clone(&published), secret: Arc::clone(&secret) };
        Some(Router::new().fallback(tell).with_state(caller))
    };
    http::serve(listener, BOUNDS, router).await;
}

async fn tell(State(caller): State<Caller>, method: Method, uri: Uri, headers: HeaderMap) -> Response {
    let snapshot = caller.published.load();
    let Some(interface) = snapshot.interface_with_serial(caller.serial) else { return StatusCode::NOT_FOUND.into_response() };
    // What is no text is no header that matters, and yet it is there.
    let headers: Vec<_> = headers.iter().map(|(name, value)| (name.as_str(), value.to_str().unwrap_or_default())).collect();
    let request = Request { method: method.as_str(), path: uri.path(), headers: &headers };
    let reply = answer(&snapshot, interface, &request, now(), &caller.secret);
    // All packets of the connection leave with it from now on: those of the answer may still wait for the receiver, who
    // could make them wait until another answer had raised it again.
    if let Some(session) = reply.session
        && let Err(error) = setsockopt(&*caller.socket, sockopt::Ipv4Ttl, &session.hop_limit.into())
    {
        tracing::warn!(%error, "the hop limit of an answer could not be set, and it is not given");
        return StatusCode::INTERNAL_SERVER_ERROR.into_response();
    }
    respond(reply)
}

fn respond(reply: Reply) -> Response {
    let status = StatusCode::from_u16(reply.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let content_type = HeaderValue::from_static(reply.content_type);
    let mut response = (status, [(header::SERVER, SERVER), (header::CONTENT_TYPE, content_type)], reply.body).into_response();
    if let Some(session) = reply.session {
        response.headers_mut().insert(TTL_HEADER, session.seconds.into());
    }
    response
}
