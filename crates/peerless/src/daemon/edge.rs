//! The API's port.
//!
//! It hears only loopback, and only what was meant for it: a request that a web page made the browser send (a foreign
//! `Origin` or `Sec-Fetch-Site`), or that came by a name which is not ours (DNS rebinding), is refused before anything
//! of it is read.

use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::sync::mpsc::Sender;

use axum::Router;
use axum::body::Bytes;
use axum::extract::{DefaultBodyLimit, State};
use axum::http::{HeaderMap, HeaderValue, Method, StatusCode, Uri, header};
use axum::response::{IntoResponse, Response};
use ec2::{Call, Ctx, Reply, Request};
use tokio::net::TcpListener;
use tokio::sync::oneshot;

use super::control_loop::{Event, Published};
use super::world::{now, random};

/// The largest body: RunInstances with its user data is the largest call, and that is far below.
const LARGEST_BODY: usize = 1024 * 1024;

#[derive(Clone)]
struct Edge {
    published: Published,
    events: Sender<Event>,
    address: SocketAddr,
}

/// Serves the API until the process ends.
pub async fn serve(listener: TcpListener, published: Published, events: Sender<Event>) -> std::io::Result<()> {
    let edge = Edge { published, events, address: listener.local_addr()? };
    let router = Router::new().fallback(answer).layer(DefaultBodyLimit::max(LARGEST_BODY)).with_state(Arc::new(edge));
    axum::serve(listener, router).await
}

async fn answer(
    State(edge): State<Arc<Edge>>,
    method: Method,
    uri: Uri,
    headers: HeaderMap,
    body: Result<Bytes, axum::extract::rejection::BytesRejection>,
) -> Response {
    if let Err(refusal) = admit(&headers, edge.address) {
        return (StatusCode::FORBIDDEN, refusal).into_response();
    }
    let body = match body {
        Ok(body) => body,
        Err(rejection) => return rejection.into_response(),
    };
    if uri.path() != "/" || !matches!(method, Method::GET | Method::POST) {
        return (StatusCode::NOT_FOUND, "the EC2 API is at /\n").into_response();
    }
    let headers: Vec<(String, String)> =
        headers.iter().filter_map(|(name, value)| Some((name.as_str().to_owned(), value.to_str().ok()?.to_owned()))).collect();
    let request = Request { method: method.as_str(), query: uri.query().unwrap_or_default(), headers: &headers, body: &body };
    let call = Call::parse(&request);
    if call.is_read_only() {
        return send(call.read(&edge.published.load(), &mut Ctx { now: now(), random: &mut random }));
    }
    match write(&edge.events, call).await {
        Some(reply) => send(reply),
        None => (StatusCode::SERVICE_UNAVAILABLE, "the daemon is going down\n").into_response(),
    }
}

/// The control loop's reply; `None` if the loop has ended.
async fn write(events: &Sender<Event>, call: Call) -> Option<Reply> {
    let (sender, receiver) = oneshot::channel();
    events.send(Event::Call(Box::new(call), sender)).ok()?;
    receiver.await.ok()
}

fn send(reply: Reply) -> Response {
    let status = StatusCode::from_u16(reply.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let content_type = HeaderValue::from_static(reply.content_type);
    let mut response = (status, [(header::CONTENT_TYPE, content_type)], reply.body).into_response();
    if let Ok(id) = HeaderValue::from_str(&reply.request_id) {
        response.headers_mut().insert("x-amzn-requestid", id);
    }
    response
}

/// Whether the request may have been meant for us.
fn admit(headers: &HeaderMap, address: SocketAddr) -> Result<(), &'static str> {
    let text = |name| headers.get(name).map(|value: &HeaderValue| value.to_str().unwrap_or("?"));
    if !text("host").is_some_and(|host| is_ours(host, address)) {
        return Err("this host name is not Peerless's\n");
    }
    if text("sec-fetch-site").is_some_and(|site| !matches!(site, "same-origin" | "none")) {
        return Err("a web page of another site may not call this\n");
    }
    match text("origin") {
        Some(origin) if !origin.strip_prefix("http://").is_some_and(|host| is_ours(host, address)) => {
            Err("a web page of another origin may not call this\n")
        }
        _ => Ok(()),
    }
}

/// Whether `host[:port]` is loopback by name or number, at our port.
fn is_ours(host: &str, address: SocketAddr) -> bool {
    let (name, port) = match host.rsplit_once(':') {
        Some((name, port)) if !port.ends_with(']') => (name, port.parse().ok()),
        _ => (host, Some(80)),
    };
    let name = name.trim_start_matches('[').trim_end_matches(']');
    let loopback = name == "localhost" || name.parse::<IpAddr>().is_ok_and(|ip| ip.is_loopback() || ip == address.ip());
    loopback && port == Some(address.port())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn admitted(headers: &[(&'static str, &'static str)]) -> bool {
        let headers: HeaderMap = headers.iter().map(|&(name, value)| (name.parse().unwrap(), HeaderValue::from_static(value))).collect();
        let mut map = HeaderMap::new();
        for (name, value) in &headers {
            let name: header::HeaderName = name.clone();
            map.insert(name, value.clone());
        }
        admit(&map, "127.0.0.1:4566".parse().unwrap()).is_ok()
    }

    #[test]
    fn only_what_was_meant_for_us_gets_in() {
        assert!(admitted(&[("host", "127.0.0.1:4566")]));
        assert!(admitted(&[("host", "localhost:4566"), ("origin", "http://localhost:4566"), ("sec-fetch-site", "same-origin")]));
        assert!(admitted(&[("host", "[::1]:4566")]));
        assert!(!admitted(&[]));
        assert!(!admitted(&[("host", "evil.example:4566")]));
        assert!(!admitted(&[("host", "127.0.0.1:80")]));
        assert!(!admitted(&[("host", "127.0.0.1:4566"), ("origin", "http://evil.example")]));
        assert!(!admitted(&[("host", "127.0.0.1:4566"), ("origin", "null")]));
        assert!(!admitted(&[("host", "127.0.0.1:4566"), ("origin", "http://localhost:3000")]));
        assert!(!admitted(&[("host", "127.0.0.1:4566"), ("sec-fetch-site", "cross-site")]));
        assert!(!admitted(&[("host", "127.0.0.1:4566"), ("sec-fetch-site", "same-site")]));
    }
}
