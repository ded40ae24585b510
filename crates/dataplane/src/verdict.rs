//! A decision as the kernel keeps it: what to do, and small numbers for the rest.

use model::MacAddress;
use semantics::{ConnectionKey, Denial, Origin, Rewrite, Verdict};

use crate::connections::Membership;

/// What the kernel does with the packets of a flow.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Action {
    /// It hands them to an interface, to the internet or to the services.
    Deliver {
        /// The index of the host end of its veth pair.
        out: u32,
        /// Its address.
        destination_mac: MacAddress,
        /// The address that they seem to come from.
        source_mac: MacAddress,
        /// How their addresses change.
        rewrite: Rewrite,
        /// How long they may be, in bytes of IP.
        mtu: u16,
    },
    /// It counts and drops them.
    Drop,
}

/// Who began the flow that packets are of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Role {
    /// Their sender.
    Initiator,
    /// Their receiver: they answer.
    Responder,
}

/// What was found out about the packets of a flow.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Judgement {
    /// In the words of the model.
    pub verdict: Verdict,
    /// In the words of the kernel.
    pub action: Action,
    /// The connections that they are part of.
    pub membership: Membership,
    /// Whether they answer.
    pub role: Role,
    /// The connections for want of which they are dropped.
    pub missed: [Option<ConnectionKey>; 2],
}

impl Role {
    /// The number in a slot.
    pub(crate) fn number(self) -> u8 {
        match self {
            Role::Initiator => 1,
            Role::Responder => 2,
        }
    }

    /// The role of that number.
    pub(crate) fn of_number(number: u8) -> Option<Self> {
        [Role::Initiator, Role::Responder].into_iter().find(|role| role.number() == number)
    }
}

/// Where packets arrive that are not dropped, and how their addresses have changed by then.
pub(crate) fn arrival(verdict: &Verdict) -> Option<(Origin, Rewrite)> {
    match verdict {
        Verdict::Deliver(delivery) => Some((delivery.to.into(), delivery.rewrite)),
        Verdict::Leave(departure) => Some((Origin::Internet, departure.rewrite)),
        Verdict::Serve(served) => Some((Origin::Services, served.rewrite)),
        Verdict::Drop(_) => None,
    }
}

/// The number of a verdict's reason in a slot; 0 for none.
pub(crate) fn reason(verdict: &Verdict) -> u16 {
    match verdict {
        Verdict::Deliver(_) | Verdict::Leave(_) | Verdict::Serve(_) => 0,
        Verdict::Drop(denial) => match denial {
            Denial::UnknownInterface(_) => 1,
            Denial::SourceCheck(_) => 2,
            Denial::NotRouted { .. } => 3,
            Denial::SecurityGroup { .. } => 4,
            Denial::NetworkAcl { .. } => 5,
            Denial::NoRoute { .. } => 6,
            Denial::Blackhole { .. } => 7,
            Denial::PeeringNotForAddress { .. } => 8,
            Denial::Spoofed { .. } => 9,
            Denial::PrivateDestination { .. } => 10,
            Denial::NoPublicAddress { .. } => 11,
            Denial::NoSuchAddress { .. } => 12,
            Denial::NotRunning { .. } => 13,
            Denial::PrivateSource { .. } => 14,
            Denial::NoSuchPublicAddress { .. } => 15,
            Denial::NoGateway { .. } => 16,
            Denial::NoDnsSupport { .. } => 17,
            Denial::Unasked { .. } => 18,
        },
    }
}
