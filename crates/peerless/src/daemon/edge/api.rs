//! The EC2 API: HTTP in, HTTP out.

use std::sync::mpsc::Sender;

use axum::http::{HeaderMap, HeaderValue, Method, StatusCode, Uri, header};
use axum::response::{IntoResponse, Response};
use ec2::{Call, Ctx, Reply, Request};
use tokio::sync::oneshot;

use super::Edge;
use crate::daemon::control_loop::Event;
use crate::daemon::world::{now, random};

/// Whether a GET is a call: it names an operation.
pub fn is_call(uri: &Uri) -> bool {
    uri.query().unwrap_or_default().split('&').any(|parameter| parameter.starts_with("Action="))
}

/// Reads are answered from the published state; the rest waits for the one writer.
pub async fn answer(edge: &Edge, method: &Method, uri: &Uri, headers: &HeaderMap, body: &[u8]) -> Response {
    let headers = texts(headers);
    let request = Request { method: method.as_str(), query: uri.query().unwrap_or_default(), headers: &headers, body };
    let call = Call::parse(&request);
    if call.is_read_only() {
        return send(call.read(&edge.published.load(), &mut Ctx { now: now(), random: &mut random, machine: &*edge.machine }));
    }
    if *method != Method::POST && !is_signed(request.headers) {
        return (StatusCode::FORBIDDEN, "what changes something is a POST, or is signed in the Authorization header\n").into_response();
    }
    match write(&edge.events, call).await {
        Some(reply) => send(reply),
        None => (StatusCode::SERVICE_UNAVAILABLE, "the daemon is going down\n").into_response(),
    }
}

/// Whether somebody signed it who may write headers. A picture or a link on a foreign page cannot; and a browser that is
/// too old to tell whence it was sent would say nothing else about it.
fn is_signed(headers: &[(String, String)]) -> bool {
    headers.iter().any(|(name, value)| name == "authorization" && value.starts_with("AWS4-HMAC-SHA256 "))
}

/// The headers that are text.
pub fn texts(headers: &HeaderMap) -> Vec<(String, String)> {
    headers.iter().filter_map(|(name, value)| Some((name.as_str().to_owned(), value.to_str().ok()?.to_owned()))).collect()
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
