//! The web server of the simulated internet, the one behind `example.com`: a page, and who sees it.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::extract::State;
use axum::response::Html;
use axum::routing::get;
use tokio::net::TcpListener;
use tokio_rustls::rustls::ServerConfig;

use crate::daemon::connections::Bounds;
use crate::daemon::http;

const BOUNDS: Bounds = Bounds { of_one: 64, of_all: 1024, lifetime: Duration::from_secs(300) };

/// Serves until it is dropped.
pub async fn serve(listener: TcpListener) {
    http::serve(listener, BOUNDS, |_, peer| Some(Router::new().route("/", get(page)).with_state(peer))).await;
}

/// The same over TLS.
pub async fn serve_securely(listener: TcpListener, tls: Arc<ServerConfig>) {
    http::serve_securely(listener, BOUNDS, tls, |_, peer| Some(Router::new().route("/", get(page)).with_state(peer))).await;
}

/// The page tells from which address its reader came, which is what the internet knows of him.
async fn page(State(reader): State<SocketAddr>) -> Html<String> {
    let address = reader.ip();
    Html(format!(
        "<!doctype html>\n<html lang=\"en\">\n<head><meta charset=\"utf-8\"><title>Example Domain</title></head>\n<body>\n\
         <h1>Example Domain</h1>\n<p>This is the simulated internet of Peerless. You came from {address}.</p>\n</body>\n</html>\n"
    ))
}
