//! The console's files, compiled in.
//!
//! The console is a page in the browser (`web/`), built by `make web` into files that this crate carries. It can change
//! nothing by itself: the page calls the EC2 API, as AWS's does, and reads a little more from `/_peerless`. Which of its
//! files answers a path, and in which encoding, is decided here; how it travels is not.

mod encoding;

/// All files of `web/dist`: path from the root, and contents.
const FILES: &[(&str, &[u8])] = &include!(concat!(env!("OUT_DIR"), "/files.rs"));

/// What is shown where the console was not built.
const WITHOUT_CONSOLE: &[u8] = include_bytes!("without-console.html");

/// The folder of files whose names change with their contents.
const HASHED: &str = "/assets/";

/// A file as it is to be sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Asset {
    /// Its media type.
    pub content_type: &'static str,
    /// Its `Content-Encoding`.
    pub encoding: Option<&'static str>,
    /// Whether this path will never have other contents.
    pub immutable: bool,
    /// Its contents.
    pub body: &'static [u8],
}

/// Whether the console was compiled in.
pub fn is_built() -> bool {
    contents(FILES, "/index.html").is_some()
}

/// What answers a path, for a browser that accepts these encodings. Every path that is no file is a page of the console,
/// which finds out itself what to show; a missing file is `None`.
pub fn find(path: &str, accept_encoding: &str) -> Option<Asset> {
    find_in(FILES, path, accept_encoding)
}

fn find_in(files: &'static [(&'static str, &'static [u8])], path: &str, accept_encoding: &str) -> Option<Asset> {
    let is_page = !path.rsplit('/').next().unwrap_or_default().contains('.');
    let path = if is_page { "/index.html" } else { path };
    let Some(plain) = contents(files, path) else {
        let page = Asset { content_type: "text/html; charset=utf-8", encoding: None, immutable: false, body: WITHOUT_CONSOLE };
        return is_page.then_some(page);
    };
    let compressed = encoding::accepted(accept_encoding).find_map(|(name, ending)| Some((name, contents(files, &format!("{path}{ending}"))?)));
    let (encoding, body) = compressed.map_or((None, plain), |(name, body)| (Some(name), body));
    Some(Asset { content_type: content_type(path), encoding, immutable: path.starts_with(HASHED), body })
}

fn contents(files: &[(&'static str, &'static [u8])], path: &str) -> Option<&'static [u8]> {
    files.binary_search_by_key(&path, |(name, _)| name).ok().and_then(|at| files.get(at)).map(|(_, body)| *body)
}

fn content_type(path: &str) -> &'static str {
    match path.rsplit('.').next() {
        Some("html") => "text/html; charset=utf-8",
        Some("css") => "text/css; charset=utf-8",
        Some("js") => "text/javascript; charset=utf-8",
        Some("svg") => "image/svg+xml",
        Some("json") => "application/json",
        Some("woff2") => "font/woff2",
        _ => "application/octet-stream",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const BUILT: &[(&str, &[u8])] = &[
        ("/assets/a-1.js", b"plain"),
        ("/assets/a-1.js.br", b"br"),
        ("/assets/a-1.js.gz", b"gz"),
        ("/icon.svg", b"<svg/>"),
        ("/index.html", b"page"),
    ];

    #[test]
    fn the_table_is_sorted_as_the_search_needs_it() {
        assert!(FILES.is_sorted_by_key(|(path, _)| *path));
    }

    #[test]
    fn a_file_is_sent_in_the_best_encoding_that_the_browser_takes() {
        for (accept, encoding, body) in [
            ("gzip, deflate, br, zstd", Some("br"), &b"br"[..]),
            ("gzip, deflate", Some("gzip"), b"gz"),
            ("br;q=0, gzip", Some("gzip"), b"gz"),
            ("identity", None, b"plain"),
            ("", None, b"plain"),
        ] {
            let asset = find_in(BUILT, "/assets/a-1.js", accept).unwrap();
            assert_eq!((asset.encoding, asset.body, asset.immutable), (encoding, body, true), "{accept}");
        }
        assert_eq!(find_in(BUILT, "/icon.svg", "br").unwrap().encoding, None, "it was not worth compressing");
    }

    #[test]
    fn what_is_no_file_is_a_page() {
        for path in ["/", "/111122223333/us-east-1/vpc/vpcs", "/anything"] {
            let page = find_in(BUILT, path, "br").unwrap();
            assert_eq!((page.body, page.immutable), (&b"page"[..], false), "{path}");
        }
        assert_eq!(find_in(BUILT, "/assets/gone.js", "br"), None);
    }

    #[test]
    fn without_a_console_the_page_says_how_to_get_it() {
        let page = find_in(&[], "/", "br").unwrap();
        assert!(String::from_utf8_lossy(page.body).contains("make build"));
        assert_eq!(find_in(&[], "/assets/a-1.js", "br"), None);
    }
}
