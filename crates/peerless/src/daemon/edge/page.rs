//! The console's files, with the headers that keep a page to itself.

use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode, Uri, header};
use axum::response::{IntoResponse, Response};

/// The page runs its own scripts and speaks to its own origin; nothing frames it, and it sends no form by itself.
/// `data:` is for the glyphs in the style sheets.
const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; font-src 'self'; connect-src 'self'; \
                      base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

/// The terminal writes style sheets of its own, for its colours and its font. Its page is a document of its own, and only
/// that one may.
const TERMINAL_POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; font-src 'self'; \
                               connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

/// How the path of a terminal's page ends.
const TERMINAL: &str = "/terminal";

/// A year: the name of such a file changes with its contents.
const IMMUTABLE: &str = "public, max-age=31536000, immutable";

/// A file of the console, or the console itself at every other path.
pub fn answer(uri: &Uri, headers: &HeaderMap) -> Response {
    let accepted = headers.get(header::ACCEPT_ENCODING).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let Some(asset) = console::find(uri.path(), accepted) else {
        return (StatusCode::NOT_FOUND, "the console has no such file\n").into_response();
    };
    let mut response = asset.body.into_response();
    let mut set = |name: HeaderName, value: &'static str| {
        response.headers_mut().insert(name, HeaderValue::from_static(value));
    };
    set(header::CONTENT_TYPE, asset.content_type);
    set(header::CACHE_CONTROL, if asset.immutable { IMMUTABLE } else { "no-cache" });
    set(header::VARY, "accept-encoding");
    set(header::CONTENT_SECURITY_POLICY, if uri.path().ends_with(TERMINAL) { TERMINAL_POLICY } else { POLICY });
    set(header::X_FRAME_OPTIONS, "DENY");
    set(header::X_CONTENT_TYPE_OPTIONS, "nosniff");
    set(header::REFERRER_POLICY, "no-referrer");
    if let Some(encoding) = asset.encoding {
        set(header::CONTENT_ENCODING, encoding);
    }
    response
}
