//! Instance metadata service: what an instance can learn about itself, at 169.254.169.254.
//!
//! A session token is worth something for the instance that got it only, until it expires, and as long as the secret is
//! the same that it was made with; no list of them is kept. Whatever version a path begins with, what is behind it is
//! that of the latest one. There is no `iam`: instances have no roles.
//!
//! <https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/configuring-instance-metadata-service.html>,
//! <https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/instancedata-data-categories.html>

mod interfaces;
mod listing;
mod token;
mod tree;

use model::{HttpTokens, Instance, NetworkInterface, Snapshot, Switch, Timestamp};

pub use token::Secret;

use listing::Node;

/// How long a session token may be good for, in seconds: six hours.
const LONGEST_SESSION: u32 = 21_600;

const TTL_HEADER: &str = "x-aws-ec2-metadata-token-ttl-seconds";
const TOKEN_HEADER: &str = "x-aws-ec2-metadata-token";
const FORWARDED_HEADER: &str = "x-forwarded-for";

/// A question, as far as it matters.
#[derive(Clone, Copy, Debug)]
pub struct Request<'a> {
    /// `GET`, `PUT`, …
    pub method: &'a str,
    /// The path, without a query.
    pub path: &'a str,
    /// Names, in lower case, and values.
    pub headers: &'a [(&'a str, &'a str)],
}

/// An answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reply {
    /// The HTTP status.
    pub status: u16,
    /// What the body is.
    pub content_type: &'static str,
    /// The body.
    pub body: Vec<u8>,
    /// What is answered to a request for a token: for how many seconds it is good, and with which TTL the packets of the
    /// answer leave, so that it does not get further than it should.
    pub session: Option<Session>,
}

/// A session that begins.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Session {
    /// For how many seconds its token is good.
    pub seconds: u32,
    /// The TTL of the answer.
    pub hop_limit: u8,
}

/// Answers what came from an interface. `secret` is what tokens are made with.
pub fn answer(snapshot: &Snapshot, interface: &NetworkInterface, request: &Request<'_>, now: Timestamp, secret: &Secret) -> Reply {
    let instance = interface.attachment.and_then(|attachment| snapshot.get(attachment.instance));
    match instance {
        Some(instance) => Asked { snapshot, instance, request, now, secret }.answer(),
        None => refusal(404, "Not Found"),
    }
}

struct Asked<'a> {
    snapshot: &'a Snapshot,
    instance: &'a Instance,
    request: &'a Request<'a>,
    now: Timestamp,
    secret: &'a Secret,
}

impl Asked<'_> {
    fn answer(&self) -> Reply {
        let path: Vec<&str> = self.request.path.split('/').filter(|part| !part.is_empty()).collect();
        if self.instance.metadata_options.http_endpoint == Switch::Disabled {
            return refusal(403, "Forbidden");
        }
        let is_token = matches!(path[..], [_, "api", "token"]);
        match self.request.method {
            "PUT" if is_token => self.begin_session(),
            "GET" | "HEAD" if !is_token => self.tell(&path),
            _ => refusal(405, "Method Not Allowed"),
        }
    }

    fn begin_session(&self) -> Reply {
        // A proxy that passes requests on would tell its clients what is the instance's.
        if self.header(FORWARDED_HEADER).is_some() {
            return refusal(403, "Forbidden");
        }
        let seconds = self.header(TTL_HEADER).and_then(|text| text.trim().parse().ok()).filter(|seconds| (1..=LONGEST_SESSION).contains(seconds));
        let Some(seconds) = seconds else { return refusal(400, "Bad Request") };
        let token = self.secret.token(self.instance.id, self.now.plus_millis(i64::from(seconds) * 1000));
        let hop_limit = self.instance.metadata_options.http_put_response_hop_limit.hops();
        Reply { session: Some(Session { seconds, hop_limit }), ..text(token.into_bytes()) }
    }

    fn tell(&self, path: &[&str]) -> Reply {
        let admitted = match self.header(TOKEN_HEADER) {
            Some(token) => self.secret.admits(token, self.instance.id, self.now),
            None => self.instance.metadata_options.http_tokens == HttpTokens::Optional,
        };
        if !admitted {
            return refusal(401, "Unauthorized");
        }
        match tree::find(path, self.snapshot, self.instance, self.now) {
            Some(Node::Leaf(bytes)) => text(bytes),
            Some(Node::Binary(bytes)) => Reply { content_type: "application/octet-stream", ..text(bytes) },
            Some(Node::Folder(folder)) => text(folder.listing().into_bytes()),
            None => refusal(404, "Not Found"),
        }
    }

    fn header(&self, name: &str) -> Option<&str> {
        self.request.headers.iter().find(|(header, _)| *header == name).map(|(_, value)| *value)
    }
}

fn text(body: Vec<u8>) -> Reply {
    Reply { status: 200, content_type: "text/plain", body, session: None }
}

/// A page, as AWS answers: some programs look for its title.
fn refusal(status: u16, reason: &str) -> Reply {
    let title = format!("{status} - {reason}");
    let page = format!(
        "<?xml version=\"1.0\" encoding=\"iso-8859-1\"?>\n<html xmlns=\"http://www.w3.org/1999/xhtml\" xml:lang=\"en\" lang=\"en\">\n <head>\n  \
         <title>{title}</title>\n </head>\n <body>\n  <h1>{title}</h1>\n </body>\n</html>\n"
    );
    Reply { status, content_type: "text/html", body: page.into_bytes(), session: None }
}
