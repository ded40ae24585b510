//! The lab in which a history happens: its world, and what was sent in it.

use std::collections::BTreeMap;

use model::internet::{LAPTOP, is_private};
use model::{
    Draft, InstanceConnectEndpoint, InstanceConnectEndpointState, InstanceState, InternetGateway, Ipv4Cidr, NetworkInterface, Snapshot, Vpc,
    VpcCidrBlock, VpcId,
};
use scenario::World;
use semantics::{Origin, Packet, Quoted, Transport};

use crate::worlds::{Continuation, LAB, Oddity, SENDERS, Sending};

/// A world, and its packets.
#[derive(Debug)]
pub struct Lab {
    world: World,
    /// The senders' interfaces as they were at first: who sends may be gone.
    interfaces: BTreeMap<&'static str, NetworkInterface>,
    oddities: Vec<Oddity>,
    snapshot: Snapshot,
    sent: Vec<Sent>,
}

/// A packet that was sent, and what is known of its receiver.
#[derive(Clone, Copy, Debug)]
pub struct Sent {
    /// The packet.
    pub packet: Packet,
    /// Its sender.
    pub from: Origin,
    /// Whom it reached, and as what.
    pub arrived: Option<(Origin, Packet)>,
}

impl Lab {
    /// The lab before anything happens in it.
    pub fn new() -> Self {
        let mut world = World::default();
        for line in LAB.lines().map(str::trim).filter(|line| !line.is_empty()) {
            world.apply(&line.parse().unwrap()).unwrap();
        }
        let snapshot = world.snapshot().clone();
        let interface = |name| (name, snapshot.resolve(world.interface(name).unwrap()).clone());
        let interfaces = SENDERS.into_iter().map(interface).collect();
        Self { world, interfaces, oddities: Vec::new(), snapshot, sent: Vec::new() }
    }

    /// Everything that there is now.
    pub fn snapshot(&self) -> &Snapshot {
        &self.snapshot
    }

    /// Makes the change, if it is legal; otherwise nothing happens.
    pub fn change(&mut self, line: &str) {
        let statement = line.parse().unwrap_or_else(|error| panic!("{line}: {error}"));
        if self.world.apply(&statement).is_ok() {
            self.rebuild();
        }
    }

    /// Begins it, or ends it.
    pub fn toggle(&mut self, oddity: Oddity) {
        match self.oddities.iter().position(|&other| other == oddity) {
            Some(at) => drop(self.oddities.remove(at)),
            None => self.oddities.push(oddity),
        }
        self.rebuild();
    }

    fn rebuild(&mut self) {
        let mut draft = Draft::new(self.world.snapshot());
        for &oddity in &self.oddities {
            self.impose(oddity, &mut draft);
        }
        self.snapshot = draft.finish().0;
    }

    fn impose(&self, oddity: Oddity, draft: &mut Draft) {
        match oddity {
            Oddity::Forwards(instance) => {
                if let Ok(interface) = self.world.interface(instance) {
                    draft.update(interface, |interface| interface.source_dest_check = false);
                }
            }
            Oddity::Stopped(instance) => {
                let interface = self.world.interface(instance).ok().and_then(|interface| draft.get(interface));
                if let Some(attachment) = interface.and_then(|interface| interface.attachment) {
                    draft.update(attachment.instance, |instance| instance.state = InstanceState::Stopped);
                }
            }
            Oddity::Detached(vpc) => {
                let vpc = self.vpc(vpc);
                let gateway = draft.all::<InternetGateway>().find(|gateway| gateway.attachment == Some(vpc)).map(|gateway| gateway.id);
                if let Some(gateway) = gateway {
                    draft.update(gateway, |gateway| gateway.attachment = None);
                }
            }
            Oddity::Going(endpoint) => {
                let endpoint = draft.all::<InstanceConnectEndpoint>().find(|other| self.world.name_of(other.id) == endpoint);
                if let Some(id) = endpoint.map(|endpoint| endpoint.id) {
                    draft.update(id, |endpoint| endpoint.state = InstanceConnectEndpointState::DeleteInProgress);
                }
            }
            Oddity::Extended(vpc) => {
                let cidr = Ipv4Cidr::new([10, 3, 0, 0].into(), 16).unwrap();
                draft.update(self.vpc(vpc), |vpc| {
                    let association = vpc.cidr_blocks[0].association;
                    vpc.cidr_blocks.push(VpcCidrBlock { association, cidr });
                });
            }
        }
    }

    fn vpc(&self, name: &str) -> VpcId {
        self.world.snapshot().all::<Vpc>().find(|vpc| self.world.name_of(vpc.id) == name).unwrap().id
    }

    /// Whether an instance sends it to itself: such a packet never leaves the instance (6.7.2).
    pub fn stays_inside(&self, packet: &Packet, from: Origin) -> bool {
        match from {
            Origin::Interface(sender) => self.snapshot.get(sender).is_some_and(|sender| packet.destination == sender.private_ip),
            Origin::Internet | Origin::Services => false,
        }
    }

    /// A packet of a new flow.
    pub fn send(&self, sending: &Sending) -> (Packet, Origin) {
        let (from, own) = match sending.from {
            None => (Origin::Internet, LAPTOP),
            Some(instance) => (Origin::Interface(self.interfaces[instance].id), self.interfaces[instance].private_ip),
        };
        (Packet::new(sending.claims.unwrap_or(own.into()), sending.to, sending.transport), from)
    }

    /// A packet that follows one that was sent before; `None` if none was, or nothing can follow it.
    pub fn resume(&self, back: usize, continuation: Continuation) -> Option<(Packet, Origin)> {
        let &sent = self.sent.iter().rev().nth(back)?;
        let (receiver, arrived) = sent.arrived.or_else(|| self.meant_receiver(&sent.packet).map(|receiver| (receiver, sent.packet)))?;
        let quoted = Quoted { source: arrived.source, destination: arrived.destination, transport: arrived.transport };
        let error = |kind, code, reporter, quoted| {
            let transport = Transport::Icmp { kind, code, identifier: 0 };
            (Packet { about: Some(quoted), ..Packet::new(reporter, arrived.source, transport) }, receiver)
        };
        Some(match continuation {
            Continuation::Again => (sent.packet, sent.from),
            Continuation::Reply => (arrived.reply()?, receiver),
            Continuation::Error(kind, code, reporter) => error(kind, code, reporter.unwrap_or(arrived.destination), quoted),
            Continuation::StrayError => error(3, 3, arrived.destination, Quoted { transport: other_port(quoted.transport), ..quoted }),
        })
    }

    /// Remembers what was sent.
    pub fn remember(&mut self, sent: Sent) {
        self.sent.push(sent);
    }

    /// An interface with the destination as its address, or else somebody on the internet who can be known of.
    fn meant_receiver(&self, packet: &Packet) -> Option<Origin> {
        let mut interfaces = self.snapshot.all::<NetworkInterface>();
        match interfaces.find(|interface| interface.private_ip == packet.destination) {
            Some(interface) => Some(Origin::Interface(interface.id)),
            None if is_private(packet.destination) || is_private(packet.source) => None,
            None => Some(Origin::Internet),
        }
    }
}

fn other_port(transport: Transport) -> Transport {
    match transport {
        Transport::Tcp { source_port, destination_port } => Transport::Tcp { source_port: source_port ^ 1, destination_port },
        Transport::Udp { source_port, destination_port } => Transport::Udp { source_port: source_port ^ 1, destination_port },
        Transport::Icmp { kind, code, identifier } => Transport::Icmp { kind, code, identifier: identifier ^ 1 },
        Transport::Other(number) => Transport::Other(number ^ 1),
    }
}
