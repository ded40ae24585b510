//! MIME archives: parts of several kinds in one user data. RFC 2045 (headers, encodings), RFC 2046 (multipart).

use base64ct::{Base64, Encoding};

/// A part, decoded.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Part {
    /// `text/x-shellscript`, in lower case; plain text if it does not say.
    pub(super) kind: String,
    /// What it is to be called.
    pub(super) name: Option<String>,
    pub(super) body: Vec<u8>,
}

/// Whether it begins with headers, that of MIME among them.
pub(super) fn is_archive(data: &[u8]) -> bool {
    let headers = Headers::read(data).0;
    headers.value("mime-version").is_some() || headers.value("content-type").is_some()
}

/// The parts of an archive, one after the other; of what is not in several parts, the one.
pub(super) fn parts(data: &[u8]) -> Result<Vec<Part>, String> {
    let (headers, body) = Headers::read(data);
    let kind = headers.kind();
    if !kind.starts_with("multipart/") {
        let name = headers.parameter("content-disposition", "filename").or_else(|| headers.parameter("content-type", "name"));
        let body = decode(headers.value("content-transfer-encoding").unwrap_or("7bit"), body)?;
        return Ok(vec![Part { kind, name, body }]);
    }
    let boundary = headers.parameter("content-type", "boundary").filter(|boundary| !boundary.is_empty());
    let boundary = boundary.ok_or("it does not say what is between its parts (boundary)")?;
    Ok(split(body, boundary.as_bytes()).into_iter().map(|body| Part { kind: ARCHIVE.to_owned(), name: None, body: body.to_vec() }).collect())
}

/// The kind of a part that still has its headers.
pub(super) const ARCHIVE: &str = "message/part";

/// What is between lines of two dashes and the boundary; the last has two more. The line's end before one belongs to it.
fn split<'a>(body: &'a [u8], boundary: &[u8]) -> Vec<&'a [u8]> {
    let mut parts = Vec::new();
    let mut begin: Option<usize> = None;
    let mut at = 0;
    for line in body.split_inclusive(|&byte| byte == b'\n') {
        let after = line.strip_prefix(b"--").and_then(|line| line.strip_prefix(boundary)).map(<[u8]>::trim_ascii_end);
        if let Some(after @ (b"" | b"--")) = after {
            parts.extend(begin.and_then(|begin| body.get(begin..at)).map(without_line_end));
            if after == b"--" {
                return parts;
            }
            begin = Some(at + line.len());
        }
        at += line.len();
    }
    // Whoever forgot the last line meant all that is there.
    parts.extend(begin.and_then(|begin| body.get(begin..)));
    parts
}

fn without_line_end(bytes: &[u8]) -> &[u8] {
    let bytes = bytes.strip_suffix(b"\n").unwrap_or(bytes);
    bytes.strip_suffix(b"\r").unwrap_or(bytes)
}

fn decode(encoding: &str, body: &[u8]) -> Result<Vec<u8>, String> {
    match encoding.trim().to_ascii_lowercase().as_str() {
        "7bit" | "8bit" | "binary" => Ok(body.to_vec()),
        "base64" => {
            let text: Vec<u8> = body.iter().copied().filter(|byte| !byte.is_ascii_whitespace()).collect();
            let text = String::from_utf8(text).unwrap_or_default();
            Base64::decode_vec(&text).map_err(|_| "a part is not the base64 that it is said to be".to_owned())
        }
        "quoted-printable" => Ok(unquote(body)),
        other => Err(format!("a part is encoded in a way that is not known: {other}")),
    }
}

/// Quoted-printable, section 6.7: an escape that is none is left as it is.
fn unquote(body: &[u8]) -> Vec<u8> {
    let digit = |byte: u8| char::from(byte).to_digit(16).and_then(|digit| u8::try_from(digit).ok());
    let (mut rest, mut out) = (body, Vec::with_capacity(body.len()));
    while let [first, after @ ..] = rest {
        rest = match (first, after) {
            (b'=', [b'\r', b'\n', after @ ..] | [b'\n', after @ ..]) => after,
            (b'=', [high, low, after @ ..]) if digit(*high).is_some() && digit(*low).is_some() => {
                out.push(digit(*high).unwrap_or_default() << 4 | digit(*low).unwrap_or_default());
                after
            }
            _ => {
                out.push(*first);
                after
            }
        };
    }
    out
}

/// Names in lower case, and values, each in one line.
struct Headers(Vec<(String, String)>);

impl Headers {
    /// The headers and what is behind the empty line that ends them. Bytes that do not begin with any have none.
    fn read(data: &[u8]) -> (Headers, &[u8]) {
        let (mut headers, mut at): (Vec<(String, String)>, usize) = (Vec::new(), 0);
        for line in data.split_inclusive(|&byte| byte == b'\n') {
            let text = String::from_utf8_lossy(without_line_end(line));
            if text.is_empty() {
                at += line.len();
                break;
            }
            let is_name = |name: &str| !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-');
            match (text.starts_with([' ', '\t']), headers.last_mut(), text.split_once(':')) {
                (true, Some((_, value)), _) => value.extend([" ", text.trim()]),
                (false, _, Some((name, value))) if is_name(name) => headers.push((name.to_ascii_lowercase(), value.trim().to_owned())),
                _ => break,
            }
            at += line.len();
        }
        (Headers(headers), data.get(at..).unwrap_or_default())
    }

    fn value(&self, name: &str) -> Option<&str> {
        self.0.iter().find(|(header, _)| header == name).map(|(_, value)| value.as_str())
    }

    fn kind(&self) -> String {
        let kind = self.value("content-type").and_then(|value| value.split(';').next()).unwrap_or_default();
        if kind.trim().is_empty() { "text/plain".to_owned() } else { kind.trim().to_ascii_lowercase() }
    }

    /// `name=value` or `name="value"` behind a semicolon.
    fn parameter(&self, header: &str, name: &str) -> Option<String> {
        let mut rest = self.value(header)?.split_once(';')?.1;
        loop {
            let (key, value) = rest.split_once('=')?;
            let (value, after) = match value.trim_start().strip_prefix('"') {
                Some(quoted) => quoted.split_once('"')?,
                None => value.find(';').map_or((value, ""), |end| value.split_at(end)),
            };
            if key.trim_matches([' ', ';', '\t']).eq_ignore_ascii_case(name) {
                return Some(value.trim().to_owned());
            }
            rest = after;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// In the manner of the archives of AWS's documentation.
    const ARCHIVE: &str = "Content-Type: multipart/mixed; boundary=\"//\"\r\nMIME-Version: 1.0\r\n\r\n--//\r\nContent-Type: text/cloud-config; \
                           charset=\"us-ascii\"\r\nMIME-Version: 1.0\r\nContent-Transfer-Encoding: 7bit\r\nContent-Disposition: attachment;\r\n \
                           filename=\"cloud-config.txt\"\r\n\r\n#cloud-config\r\nx: 1\r\n\r\n--//\r\nContent-Type: text/x-shellscript\r\n\
                           Content-Transfer-Encoding: base64\r\n\r\nIyEvYmlu\r\nL3NoCg==\r\n--//--\r\nignored\r\n";

    fn all(data: &[u8]) -> Vec<Part> {
        parts(data).unwrap().iter().flat_map(|part| parts(&part.body).unwrap()).collect()
    }

    #[test]
    fn parts_are_decoded() {
        assert!(is_archive(ARCHIVE.as_bytes()));
        let [config, script] = &all(ARCHIVE.as_bytes())[..] else { panic!("there are two") };
        assert_eq!((config.kind.as_str(), config.name.as_deref()), ("text/cloud-config", Some("cloud-config.txt")));
        assert_eq!(config.body, b"#cloud-config\r\nx: 1\r\n");
        assert_eq!((script.kind.as_str(), &script.body[..]), ("text/x-shellscript", &b"#!/bin/sh\n"[..]));
    }

    #[test]
    fn a_script_about_mime_is_a_script() {
        assert!(!is_archive(b"#!/bin/sh\nMIME-Version: 1.0\n"));
        assert!(!is_archive(b"#cloud-config\ncontent-type: x\n"));
    }

    #[test]
    fn quoted_printable_is_read() {
        assert_eq!(unquote(b"a=3Db=\r\nc=\nd=zz="), b"a=bcd=zz=");
    }

    #[test]
    fn what_is_wrong_is_told() {
        assert!(parts(b"Content-Type: multipart/mixed\n\n").unwrap_err().contains("boundary"));
        assert!(parts(b"Content-Transfer-Encoding: base64\n\n???").unwrap_err().contains("base64"));
        assert!(parts(b"Content-Transfer-Encoding: x-uuencode\n\n").unwrap_err().contains("x-uuencode"));
    }

    #[test]
    fn an_end_that_is_missing_is_no_loss() {
        let parts = all(b"Content-Type: multipart/mixed; boundary=b\n\n--b\n\none\n--b\n\ntwo\n");
        assert_eq!(parts.iter().map(|part| &part.body[..]).collect::<Vec<_>>(), [&b"one"[..], b"two\n"]);
    }
}
