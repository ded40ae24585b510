//! Who gets in.
//!
//! A request that a web page made the browser send (a foreign `Origin` or `Sec-Fetch-Site`), or that came by a name which
//! is not ours (DNS rebinding), is refused before anything of it is read: API, console and `/_peerless` alike.

use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;

use axum::extract::{Request, State};
use axum::http::{HeaderMap, HeaderValue, StatusCode};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};

use super::Edge;

/// Lets through what may have been meant for us.
pub async fn guard(State(edge): State<Arc<Edge>>, request: Request, next: Next) -> Response {
    match admit(request.headers(), edge.address) {
        Ok(()) => next.run(request).await,
        Err(refusal) => (StatusCode::FORBIDDEN, refusal).into_response(),
    }
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
    use axum::http::header;

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
