//! HTTP for people whom nobody has to trust: whatever a client does, it holds a place for so long only.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::body::{Body, to_bytes};
use axum::extract::Request;
use axum::http::StatusCode;
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use hyper::server::conn::http1;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::service::TowerToHyperService;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpListener, TcpStream};
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::ServerConfig;

use super::connections::{self, Bounds};

/// How long the head of a request may take, the wait for its first byte included.
const HEAD_PATIENCE: Duration = Duration::from_secs(10);

/// How long its body may take.
const BODY_PATIENCE: Duration = Duration::from_secs(30);

/// The longest head: long enough for the signature of a session.
const LONGEST_HEAD: usize = 32 * 1024;

/// Serves until it is dropped; with it end all connections. Each connection has a router of its own, for it knows who is
/// at the other end; without one it is closed.
pub async fn serve(listener: TcpListener, bounds: Bounds, router: impl Fn(&TcpStream, SocketAddr) -> Option<Router>) {
    let converse = |stream: TcpStream, peer: SocketAddr| {
        let router = router(&stream, peer);
        async move {
            let Some(router) = router else { return };
            converse_over(stream, peer, router).await;
        }
    };
    connections::serve(listener, bounds, converse).await;
}

/// The same over TLS.
pub async fn serve_securely(
    listener: TcpListener,
    bounds: Bounds,
    tls: Arc<ServerConfig>,
    router: impl Fn(&TcpStream, SocketAddr) -> Option<Router>,
) {
    let tls = TlsAcceptor::from(tls);
    let converse = |stream: TcpStream, peer: SocketAddr| {
        let (router, tls) = (router(&stream, peer), tls.clone());
        async move {
            let Some(router) = router else { return };
            match tokio::time::timeout(HEAD_PATIENCE, tls.accept(stream)).await {
                Ok(Ok(stream)) => converse_over(stream, peer, router).await,
                Ok(Err(error)) => tracing::debug!(%peer, %error, "a connection broke off"),
                Err(_) => tracing::debug!(%peer, "a connection did not agree on TLS in time"),
            }
        }
    };
    connections::serve(listener, bounds, converse).await;
}

async fn converse_over(stream: impl AsyncRead + AsyncWrite + Unpin + Send + 'static, peer: SocketAddr, router: Router) {
    let http = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(HEAD_PATIENCE)
        .max_buf_size(LONGEST_HEAD)
        .serve_connection(TokioIo::new(stream), TowerToHyperService::new(router))
        .with_upgrades();
    if let Err(error) = http.await {
        tracing::debug!(%peer, %error, "a connection broke off");
    }
}

/// Has a body read before anybody works on it, as long as it comes in time and is no longer than that.
pub async fn whole_body(longest: usize, request: Request, next: Next) -> Response {
    let (head, body) = request.into_parts();
    match tokio::time::timeout(BODY_PATIENCE, to_bytes(body, longest)).await {
        Ok(Ok(body)) => next.run(Request::from_parts(head, Body::from(body))).await,
        Ok(Err(_)) => (StatusCode::PAYLOAD_TOO_LARGE, "the body is too long, or broke off\n").into_response(),
        Err(_) => (StatusCode::REQUEST_TIMEOUT, "the body took too long\n").into_response(),
    }
}
