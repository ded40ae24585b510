//! What became of a probe, in words that a scenario can expect.

use model::Snapshot;
use semantics::Denial;

use crate::engine::Lab;
use crate::names::Names;

/// What became of a probe.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// The request arrived, and so did its reply.
    Answered,
    /// One of them was dropped.
    Dropped {
        /// Which.
        leg: Leg,
        /// By what.
        denial: Denial,
    },
}

/// Half of an exchange.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Leg {
    /// There.
    Request,
    /// And back.
    Reply,
}

impl Leg {
    /// `request` or `reply`.
    pub fn as_str(self) -> &'static str {
        match self {
            Leg::Request => "request",
            Leg::Reply => "reply",
        }
    }
}

impl Outcome {
    pub(crate) const ANSWERED: &'static str = "answered";

    /// The words for it, with the names that the world gives to things: `reply dropped at green/main: no route`.
    pub fn describe(&self, lab: &impl Lab) -> String {
        self.describe_in(lab.names(), lab.snapshot())
    }

    /// The same, where the snapshot holds more than the lab does: what an explanation imagined.
    pub fn describe_in(&self, names: &Names, snapshot: &Snapshot) -> String {
        match self {
            Outcome::Answered => Self::ANSWERED.to_owned(),
            Outcome::Dropped { leg, denial } => format!("{} dropped at {}", leg.as_str(), describe(denial, names, snapshot)),
        }
    }
}

fn describe(denial: &Denial, names: &Names, snapshot: &Snapshot) -> String {
    let name = |id| names.name_of(id);
    let instance = |interface| names.instance_name(snapshot, interface);
    match *denial {
        Denial::UnknownInterface(id) => format!("{id}: it is gone"),
        Denial::SourceCheck(id) => format!("{}: source check", instance(id)),
        Denial::NotRouted { destination } => format!("router: {destination} is not routed"),
        Denial::NoDnsSupport { vpc } => format!("{}: enableDnsSupport is off", names.name_of(vpc)),
        Denial::Unasked { destination, .. } => format!("services: {destination} did not ask"),
        Denial::SecurityGroup { interface, direction } => {
            let groups = snapshot.get(interface).map(|interface| interface.groups.clone()).unwrap_or_default();
            let groups: Vec<String> = groups.into_iter().map(|group| names.name_of(group)).collect();
            format!("{}: no {} rule", groups.join(" + "), direction.as_str())
        }
        Denial::NetworkAcl { acl, direction, rule, .. } => {
            let rule = rule.map_or_else(|| "*".to_owned(), |number| number.to_string());
            format!("{}: {} rule {rule}", names.name_of(acl), direction.as_str())
        }
        Denial::NoRoute { table, .. } => format!("{}: no route", name(table)),
        Denial::Blackhole { table, route, .. } => format!("{}: blackhole {route}", name(table)),
        Denial::PeeringNotForAddress { table, destination, .. } => format!("{}: the peering does not carry {destination}", name(table)),
        Denial::Spoofed { vpc, source } => format!("{}: {source} is not its own", names.name_of(vpc)),
        Denial::PrivateDestination { table, .. } => format!("{}: the internet gateway carries no private destination", name(table)),
        Denial::NoPublicAddress { interface, .. } => format!("{}: no public address", instance(interface)),
        Denial::PrivateSource { source } => format!("internet: {source} is private"),
        Denial::NoSuchPublicAddress { destination } => format!("internet: nobody has {destination}"),
        Denial::NoGateway { vpc } => format!("{}: no internet gateway", names.name_of(vpc)),
        Denial::NoSuchAddress { vpc, destination } => format!("{}: no {destination}", names.name_of(vpc)),
        Denial::NotRunning { interface, .. } => format!("{}: not running", instance(interface)),
    }
}
