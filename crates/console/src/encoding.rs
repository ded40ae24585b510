//! `Accept-Encoding`, as far as files that were compressed beforehand need it (RFC 9110, 12.5.3).

/// What the build compresses with, best first: the name of the encoding and the ending of the file.
const ENCODINGS: [(&str, &str); 2] = [("br", ".br"), ("gzip", ".gz")];

/// The encodings that a browser takes, best first.
pub fn accepted(header: &str) -> impl Iterator<Item = (&'static str, &'static str)> {
    ENCODINGS.into_iter().filter(|(name, _)| header.split(',').any(|choice| takes(choice, name)))
}

fn takes(choice: &str, name: &str) -> bool {
    let (encoding, quality) = choice.split_once(';').unwrap_or((choice, ""));
    let refused = quality.trim().strip_prefix("q=").is_some_and(|quality| quality.parse() == Ok(0.0));
    encoding.trim().eq_ignore_ascii_case(name) && !refused
}
