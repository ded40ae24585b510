//! `GET /openTunnel`: a WebSocket to the ssh or RDP port of a private address, through an EC2 Instance Connect Endpoint.
//!
//! What is asked for is checked first, and refused over HTTP. Then the connection is upgraded, and only then made: if it
//! cannot be, the WebSocket is closed. Binary messages carry the bytes; their boundaries mean nothing.
//! <https://docs.aws.amazon.com/cli/latest/reference/ec2-instance-connect/open-tunnel.html>

use std::io;
use std::net::{Ipv4Addr, SocketAddrV4};
use std::sync::Arc;
use std::time::Duration;

use axum::extract::rejection::QueryRejection;
use axum::extract::ws::rejection::WebSocketUpgradeRejection;
use axum::extract::ws::{CloseFrame, Message, WebSocket, WebSocketUpgrade, close_code};
use axum::extract::{Query, RawQuery, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use ec2::{Call, Request};
use futures_util::stream::{SplitSink, SplitStream};
use futures_util::{SinkExt, StreamExt};
use model::InstanceConnectEndpointId;
use serde::{Deserialize, Serialize};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};
use tokio::time::{Instant, interval, sleep, timeout};

use super::{Edge, api};
use crate::control;
use crate::daemon::endpoints::{Closed, Door, PORTS};

/// For how long a tunnel is open at most, in seconds.
const LONGEST_TUNNEL: u64 = 3600;

/// How long the target may take to accept.
const PATIENCE: Duration = Duration::from_secs(10);

/// How often a client is asked whether it is there.
const PING: Duration = Duration::from_secs(30);

/// For how long a client may say nothing at all, not even an answer to that.
const LONGEST_SILENCE: Duration = Duration::from_secs(300);

/// What is carried at a time, in bytes.
const PIECE: usize = 16 * 1024;

/// The largest message that a client may send, in bytes.
const LARGEST_MESSAGE: usize = 1024 * 1024;

/// The longest reason of a close frame, in bytes (RFC 6455, 5.5).
const LONGEST_REASON: usize = 123;

/// The parameters, as they come; those of a signature are beside them.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Parameters {
    instance_connect_endpoint_id: Option<String>,
    private_ip_address: Option<String>,
    remote_port: Option<String>,
    max_tunnel_duration: Option<String>,
}

/// What is asked for.
#[derive(Debug, PartialEq, Eq)]
struct Wish {
    endpoint: InstanceConnectEndpointId,
    to: SocketAddrV4,
    duration: Duration,
}

/// A refusal as AWS words it.
#[derive(Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "PascalCase")]
struct Refusal {
    #[serde(skip)]
    status: u16,
    error_code: &'static str,
    message: String,
}

/// Opens a tunnel, or says why not.
pub async fn open(
    State(edge): State<Arc<Edge>>,
    RawQuery(query): RawQuery,
    parameters: Result<Query<Parameters>, QueryRejection>,
    headers: HeaderMap,
    upgrade: Result<WebSocketUpgrade, WebSocketUpgradeRejection>,
) -> Response {
    let headers = api::texts(&headers);
    let request = Request { method: "GET", query: query.as_deref().unwrap_or_default(), headers: &headers, body: &[] };
    let scope = Call::parse(&request).scope();
    let wish = parameters.map_err(|rejection| Refusal::parameter(rejection.body_text())).and_then(|Query(parameters)| parameters.wish());
    let admitted = wish.and_then(|wish| Ok((edge.endpoints.door(scope, wish.endpoint, *wish.to.ip())?, wish)));
    let (door, wish) = match admitted {
        Ok(admitted) => admitted,
        Err(refusal) => return refusal.into_response(),
    };
    match upgrade {
        Ok(upgrade) => upgrade
            .max_message_size(LARGEST_MESSAGE)
            .max_frame_size(LARGEST_MESSAGE)
            .write_buffer_size(PIECE)
            .max_write_buffer_size(8 * PIECE)
            .on_upgrade(move |socket| serve(edge, socket, door, wish)),
        Err(rejection) => rejection.into_response(),
    }
}

impl Parameters {
    fn wish(self) -> Result<Wish, Refusal> {
        fn given(value: Option<String>, name: &str) -> Result<String, Refusal> {
            value.filter(|value| !value.is_empty()).ok_or_else(|| Refusal::parameter(format!("The request must contain the parameter {name}.")))
        }
        fn invalid(name: &str, remedy: &str) -> Refusal {
            Refusal::parameter(format!("The specified {name} is not valid. {remedy} and retry your request."))
        }
        let endpoint = given(self.instance_connect_endpoint_id, "instanceConnectEndpointId")?;
        let endpoint = endpoint.parse().map_err(|_| invalid("InstanceConnectEndpointId", "Specify the ID of an EC2 Instance Connect Endpoint"))?;
        let address = given(self.private_ip_address, "privateIpAddress")?;
        let address: Ipv4Addr = address.parse().map_err(|_| invalid("PrivateIpAddress", "Specify a private IPv4 address"))?;
        let port = given(self.remote_port, "remotePort")?.parse().ok().filter(|port| PORTS.contains(port));
        let port = port.ok_or_else(|| invalid("RemotePort", "Specify either 22 or 3389 as the RemotePort"))?;
        let seconds = match self.max_tunnel_duration {
            None => Some(LONGEST_TUNNEL),
            Some(text) => text.parse().ok().filter(|seconds| (1..=LONGEST_TUNNEL).contains(seconds)),
        };
        let seconds = seconds.ok_or_else(|| invalid("MaxTunnelDuration", "Specify from 1 to 3600 seconds"))?;
        Ok(Wish { endpoint, to: SocketAddrV4::new(address, port), duration: Duration::from_secs(seconds) })
    }
}

impl Refusal {
    fn parameter(message: String) -> Self {
        Self { status: 400, error_code: "InvalidParameter", message }
    }
}

impl From<Closed> for Refusal {
    fn from(closed: Closed) -> Self {
        let (status, error_code) = match closed {
            Closed::Unknown(_) => (404, "ResourceNotFound"),
            Closed::State(..) => (400, "InvalidState"),
            Closed::NotPrivate(_) => (400, "InvalidParameter"),
            Closed::Busy(_) => (429, "TooManyTunnels"),
            Closed::ModelOnly => (503, "ServiceUnavailable"),
        };
        Self { status, error_code, message: closed.to_string() }
    }
}

impl IntoResponse for Refusal {
    fn into_response(self) -> Response {
        let status = StatusCode::from_u16(self.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        (status, [(header::CONTENT_TYPE, "application/json")], control::json(&self)).into_response()
    }
}

/// Why a tunnel ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum End {
    /// The client has closed it, or is gone.
    Left,
    /// The target has closed its connection.
    Finished,
    /// Its time is over.
    Expired,
    /// The endpoint was deleted.
    Deleted,
    /// The client has said nothing for long.
    Silent,
    /// The client sent text, which is nobody's bytes.
    Text,
}

impl End {
    fn frame(self) -> CloseFrame {
        let (code, reason) = match self {
            End::Left | End::Finished => (close_code::NORMAL, ""),
            End::Expired => (close_code::NORMAL, "the maximum tunnel duration is over"),
            End::Deleted => (close_code::AWAY, "the EC2 Instance Connect Endpoint was deleted"),
            End::Silent => (close_code::AWAY, "nothing was heard for long"),
            End::Text => (close_code::UNSUPPORTED, "a tunnel carries binary messages"),
        };
        CloseFrame { code, reason: reason.into() }
    }
}

async fn serve(edge: Arc<Edge>, mut socket: WebSocket, door: Door, wish: Wish) {
    let began = Instant::now();
    let connected = tokio::select! {
        connected = edge.endpoints.connect(&door, wish.to, PATIENCE) => connected.map_err(|error| not_connected(&wish, &error)),
        end = deletion(&edge, &door) => Err(end.frame()),
    };
    let stream = match connected {
        Ok(stream) => stream,
        Err(frame) => {
            // A client that is gone needs no reason.
            let _ = timeout(PATIENCE, socket.send(Message::Close(Some(frame)))).await;
            return;
        }
    };
    let (mut sink, from_client) = socket.split();
    let (from_target, to_target) = stream.into_split();
    let end = tokio::select! {
        end = upward(from_client, to_target) => end,
        end = downward(from_target, &mut sink) => end,
        end = deletion(&edge, &door) => end,
        () = sleep(wish.duration.saturating_sub(began.elapsed())) => End::Expired,
    };
    drop(door);
    let _ = timeout(PATIENCE, sink.send(Message::Close(Some(end.frame())))).await;
}

fn not_connected(wish: &Wish, error: &io::Error) -> CloseFrame {
    let mut reason = format!("cannot connect to {}: {error}", wish.to);
    reason.truncate(reason.floor_char_boundary(LONGEST_REASON));
    CloseFrame { code: close_code::ERROR, reason: reason.into() }
}

/// What the client says goes to the target, as fast as that takes it.
async fn upward(mut from: SplitStream<WebSocket>, mut to: OwnedWriteHalf) -> End {
    loop {
        match timeout(LONGEST_SILENCE, from.next()).await {
            Err(_) => return End::Silent,
            Ok(Some(Ok(Message::Binary(bytes)))) => match to.write_all(&bytes).await {
                Ok(()) => {}
                // What the target has said before it closed is still to be carried.
                Err(_) => std::future::pending().await,
            },
            Ok(Some(Ok(Message::Text(_)))) => return End::Text,
            // Pings are answered already.
            Ok(Some(Ok(Message::Ping(_) | Message::Pong(_)))) => {}
            Ok(Some(Ok(Message::Close(_)) | Err(_)) | None) => return End::Left,
        }
    }
}

/// What the target says goes to the client, as fast as that takes it.
async fn downward(mut from: OwnedReadHalf, to: &mut SplitSink<WebSocket, Message>) -> End {
    let mut pings = interval(PING);
    pings.reset();
    let mut piece = vec![0; PIECE];
    loop {
        let message = tokio::select! {
            read = from.read(&mut piece) => match read {
                Ok(0) | Err(_) => return End::Finished,
                Ok(count) => Message::Binary(piece.get(..count).unwrap_or_default().to_vec().into()),
            },
            _ = pings.tick() => Message::Ping(Vec::new().into()),
        };
        if to.send(message).await.is_err() {
            return End::Left;
        }
    }
}

/// Waits for the endpoint's deletion.
async fn deletion(edge: &Edge, door: &Door) -> End {
    let mut generations = edge.generations.clone();
    while door.is_open(&edge.published.load()) {
        if generations.changed().await.is_err() {
            return End::Deleted;
        }
    }
    End::Deleted
}
