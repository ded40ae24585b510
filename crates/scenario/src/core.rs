//! The core as an engine: `evaluate`, and a set of connections.

use std::collections::BTreeMap;
use std::net::IpAddr;

use model::NetworkInterfaceId;
use semantics::{ConnectionKey, Denial, Packet, Tracking, Transport, Verdict, evaluate};

use crate::engine::Engine;
use crate::outcome::{Leg, Outcome};
use crate::probe::{Probe, ProbeTraffic};
use crate::statement::Statement;
use crate::world::World;

/// Plays scenarios without packets.
#[derive(Debug, Default)]
pub struct CoreEngine {
    world: World,
    connections: BTreeMap<ConnectionKey, Tracking>,
    flows: BTreeMap<String, u16>,
    last_flow: u16,
}

impl CoreEngine {
    /// The request that the probe sends: a port or identifier of its own, or that of the flow it continues.
    fn request(&mut self, probe: &Probe, source: IpAddr, destination: IpAddr) -> Packet {
        let number = match probe.flow.as_ref().and_then(|name| self.flows.get(name)) {
            Some(&number) => number,
            None => {
                self.last_flow += 1;
                probe.flow.clone().map(|name| self.flows.insert(name, self.last_flow));
                self.last_flow
            }
        };
        let source_port = 32768 + number;
        match probe.traffic {
            ProbeTraffic::Icmp => Packet::echo_request(source, destination, number),
            ProbeTraffic::Tcp(destination_port) => Packet::new(source, destination, Transport::Tcp { source_port, destination_port }),
            ProbeTraffic::Udp(destination_port) => Packet::new(source, destination, Transport::Udp { source_port, destination_port }),
        }
    }

    /// Sends one packet: where it arrived, or why it did not.
    fn send(&mut self, packet: &Packet, from: NetworkInterfaceId) -> Result<NetworkInterfaceId, Denial> {
        let decision = evaluate(self.world.snapshot(), packet, from, &self.connections, &mut ());
        let opened = [decision.opened_at_source, decision.opened_at_destination];
        self.connections.extend(opened.into_iter().flatten().map(|opened| (opened.key, opened.tracking)));
        match decision.verdict {
            Verdict::Deliver(delivery) => Ok(delivery.to),
            Verdict::Drop(denial) => Err(denial),
        }
    }

    fn exchange(&mut self, request: &Packet, from: NetworkInterfaceId) -> Outcome {
        let reached = match self.send(request, from) {
            Ok(reached) => reached,
            Err(denial) => return Outcome::Dropped { leg: Leg::Request, denial },
        };
        let Some(reply) = request.reply() else { unreachable!("every probe can be answered") };
        match self.send(&reply, reached) {
            Ok(_) => Outcome::Answered,
            Err(denial) => Outcome::Dropped { leg: Leg::Reply, denial },
        }
    }
}

impl Engine for CoreEngine {
    fn change(&mut self, statement: &Statement) -> Result<(), String> {
        self.world.apply(statement).map_err(|error| error.to_string())
    }

    fn probe(&mut self, probe: &Probe) -> Result<String, String> {
        let from = self.world.interface(&probe.from).map_err(|error| error.to_string())?;
        let destination = self.world.address(&probe.to).map_err(|error| error.to_string())?;
        let source = IpAddr::from(self.world.snapshot().resolve(from).private_ip);
        let request = self.request(probe, source, destination);
        Ok(self.exchange(&request, from).describe(&self.world))
    }
}
