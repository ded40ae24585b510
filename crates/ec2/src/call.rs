//! A call: from the HTTP request to the reply.
//!
//! Everything that can be known without looking at state happens in [`Call::parse`]: who calls, which operation, are its
//! parameters well-formed. Parsing never fails: a call that cannot be understood answers why not.

use std::fmt;

use model::{Draft, Scope, Snapshot, Timestamp};

use crate::actions::is_action;
use crate::caller::Caller;
use crate::default_vpc;
use crate::edit::Edit;
use crate::error::Error;
use crate::machine::Machine;
use crate::operations::{self, Prepare, Prepared};
use crate::reply::{Envelope, Reply, Service};
use crate::view::View;
use crate::wire::form::Form;

/// A request as it came over HTTP.
#[derive(Clone, Copy, Debug)]
pub struct Request<'a> {
    /// `GET` or `POST`. Both may carry parameters in the query and in the body.
    pub method: &'a str,
    /// What stands behind the `?`, or nothing.
    pub query: &'a str,
    /// The headers, their names in lower case.
    pub headers: &'a [(String, String)],
    /// The body, or nothing.
    pub body: &'a [u8],
}

/// What a call gets from the world.
pub struct Ctx<'a> {
    /// The moment.
    pub now: Timestamp,
    /// Random numbers, for ids and addresses.
    pub random: &'a mut dyn FnMut() -> u64,
    /// The machine that instances run on.
    pub machine: &'a dyn Machine,
}

impl Ctx<'_> {
    /// A request id: a random UUID (RFC 9562, version 4).
    pub(crate) fn request_id(&mut self) -> String {
        let bits = u128::from((self.random)()) << 64 | u128::from((self.random)());
        let bits = bits & !(0xf << 76) & !(0x3 << 62) | 0x4 << 76 | 0x2 << 62;
        let hex = format!("{bits:032x}");
        [&hex[..8], &hex[8..12], &hex[12..16], &hex[16..20], &hex[20..]].join("-")
    }
}

/// A call, parsed.
pub struct Call {
    scope: Scope,
    envelope: Envelope,
    dry_run: bool,
    prepared: Result<Prepared, Error>,
}

const CURRENT_VERSION: &str = "2016-11-15";
const STS_VERSION: &str = "2011-06-15";

impl Call {
    /// Reads a request.
    pub fn parse(request: &Request<'_>) -> Call {
        let header = |wanted: &str| request.headers.iter().find(|(name, _)| name == wanted).map(|(_, value)| value.as_str());
        if let Some(target) = header("x-amz-target") {
            return Call::instance_connect(Caller::new(header("authorization"), None), target, request.body);
        }
        let (mut form, malformed) = match Form::parse([request.query.as_bytes(), request.body]) {
            Ok(form) => (form, None),
            Err(error) => (Form::default(), Some(error)),
        };
        let presigned = form.take_value("X-Amz-Credential");
        let caller = Caller::new(header("authorization"), presigned.as_deref());
        let action = form.take_value("Action");
        let version = form.take_value("Version");
        form.drop(|name| matches!(name, "Action" | "Version") || name.starts_with("X-Amz-"));
        let sts = version.as_deref() == Some(STS_VERSION) || caller.service.as_deref() == Some("sts");
        let (service, current) = if sts { (Service::Sts, STS_VERSION) } else { (Service::Ec2, CURRENT_VERSION) };
        let well_formed = version.as_deref().is_none_or(is_version);
        let envelope = Envelope {
            service,
            action: action.clone().unwrap_or_default(),
            version: version.clone().filter(|_| well_formed).unwrap_or_else(|| current.to_owned()),
        };
        let dry_run = crate::wire::query::read::<DryRun>(&form.take("DryRun"), &[]);
        let refusal = malformed
            .or(caller.refusal)
            .or_else(|| action.is_none().then_some(Error::MissingAction))
            .or_else(|| version.filter(|_| !well_formed).map(|version| Error::UnknownVersion { version }))
            .or_else(|| dry_run.as_ref().err().cloned());
        let prepared = match refusal {
            Some(error) => Err(error),
            None => prepare(&envelope, |prepare| prepare.form(&envelope.action, &mut form)),
        };
        Call { scope: caller.scope, envelope, dry_run: dry_run.is_ok_and(|read| read.dry_run), prepared }
    }

    /// A call in AWS JSON: `X-Amz-Target` names service and operation. Only one service here speaks it.
    fn instance_connect(caller: Caller, target: &str, body: &[u8]) -> Call {
        let action = target.strip_prefix("AWSEC2InstanceConnectService.").unwrap_or(target).to_owned();
        let envelope = Envelope { service: Service::InstanceConnect, action, version: String::new() };
        let prepared = match caller.refusal {
            Some(refusal) => Err(refusal),
            None => prepare(&envelope, |prepare| prepare.json(body)),
        };
        Call { scope: caller.scope, envelope, dry_run: false, prepared }
    }

    /// The name of the operation.
    pub fn action(&self) -> &str {
        &self.envelope.action
    }

    /// The account and region that it is about.
    pub fn scope(&self) -> Scope {
        self.scope
    }

    /// Whether a snapshot is enough to answer it.
    pub fn is_read_only(&self) -> bool {
        !matches!(self.prepared, Ok(Prepared::Change(_)))
    }

    /// Answers a call that is read-only. Any other is an internal error: it would have to be applied.
    pub fn read(&self, snapshot: &Snapshot, ctx: &mut Ctx<'_>) -> Reply {
        let snapshot = default_vpc::found_by(self.scope, snapshot);
        let view = View { snapshot: &snapshot, scope: self.scope };
        let outcome = match &self.prepared {
            Ok(Prepared::Read(read)) => read(view),
            Ok(Prepared::Look(look)) => look(view, ctx),
            Ok(Prepared::Change(_)) => Err(Error::Internal),
            Err(error) => Err(error.clone()),
        };
        self.reply(self.unless_dry_run(outcome), ctx.request_id())
    }

    /// Applies a call to a draft. One that is refused leaves the draft as it was.
    pub fn apply(&self, draft: &mut Draft, ctx: &mut Ctx<'_>) -> Reply {
        let Ok(Prepared::Change(change)) = &self.prepared else { return self.read(draft, ctx) };
        let mut settled = draft.clone();
        default_vpc::settle(self.scope, &mut settled);
        let mut edit = Edit::new(settled, self.scope, ctx);
        let outcome = self.unless_dry_run(change(&mut edit));
        let Edit { draft: changed, request_id, .. } = edit;
        if outcome.is_ok() {
            *draft = changed;
        }
        self.reply(outcome, request_id)
    }

    /// What the client hears when the change could not be made to last: an error that says nothing, under the id of the
    /// reply that it replaces. The cause belongs in the log.
    pub fn internal_error(&self, reply: Reply) -> Reply {
        self.envelope.error(reply.request_id, &Error::Internal)
    }

    fn unless_dry_run(&self, outcome: Result<String, Error>) -> Result<String, Error> {
        if self.dry_run { outcome.and(Err(Error::DryRun)) } else { outcome }
    }

    fn reply(&self, outcome: Result<String, Error>, request_id: String) -> Reply {
        match outcome {
            Ok(content) => self.envelope.success(request_id, content),
            Err(error) => self.envelope.error(request_id, &error),
        }
    }
}

impl fmt::Debug for Call {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Call").field("action", &self.action()).field("scope", &self.scope).finish_non_exhaustive()
    }
}

#[derive(Default, serde::Deserialize)]
#[serde(rename_all = "PascalCase", default)]
struct DryRun {
    dry_run: bool,
}

fn prepare(envelope: &Envelope, read: impl FnOnce(Prepare) -> Result<Prepared, Error>) -> Result<Prepared, Error> {
    let action = envelope.action.as_str();
    match operations::find(envelope.service, action) {
        Some(operation) => read(operation.handler.prepare),
        None if envelope.service == Service::Ec2 && !is_action(action) => Err(Error::UnknownAction { action: action.to_owned() }),
        None => Err(Error::UnsupportedAction { action: action.to_owned() }),
    }
}

/// Whether it is a date; which one is of no interest, for EC2's versions only ever added to each other.
fn is_version(version: &str) -> bool {
    version.len() == 10 && version.bytes().enumerate().all(|(at, byte)| if matches!(at, 4 | 7) { byte == b'-' } else { byte.is_ascii_digit() })
}
