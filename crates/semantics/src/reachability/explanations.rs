//! What is in the way as Reachability Analyzer tells it: a code, and the members that go with it.
//!
//! Codes are those that [`explain`](crate::explain) shows beside its sentences: both are told of the same lines.
//! <https://docs.aws.amazon.com/vpc/latest/reachability/explanation-codes.html>

use std::collections::BTreeMap;

use model::{
    AnalysisRoute, Cidr, Explanation, InternetGatewayId, NetworkInterfaceId, ResourceId, Role, RouteTableId, RouteTarget, VpcId,
    VpcPeeringConnectionId,
};

use super::components::Teller;
use super::ends::Obstacle;
use crate::decision::Denial;
use crate::packet::Packet;

impl Teller<'_> {
    /// Why there is nothing to ask.
    pub(super) fn obstacle(&self, obstacle: Obstacle) -> Explanation {
        match obstacle {
            Obstacle::Code(code, about) => self.about(code, about, []),
            Obstacle::BadState(about, state) => Explanation { state: Some(state.to_owned()), ..self.about("BAD_STATE", Some(about), []) },
            Obstacle::Disconnected(source, destination) => self.disconnected(source, destination),
        }
    }

    /// Why a packet is dropped, under that code; `None` if what drops it is only imagined.
    pub(super) fn denial(&self, code: &str, denial: &Denial, packet: &Packet) -> Option<Explanation> {
        let told = match *denial {
            Denial::UnknownInterface(id) => self.about(code, Some(id), [(Role::NetworkInterface, id.into())]),
            Denial::SourceCheck(id) => Explanation { address: Some(packet.source), ..self.at_interface(code, id) },
            Denial::SecurityGroup { interface, direction } => {
                let groups = &self.snapshot.get(interface)?.groups;
                let security_groups: Vec<_> = groups.iter().map(|&group| self.component(group)).collect();
                let mut told = self.at_interface(code, interface);
                if let [only] = &security_groups[..] {
                    told.parts.insert(Role::SecurityGroup, only.clone());
                }
                Explanation { direction: Some(direction), security_groups, ..told }
            }
            Denial::NetworkAcl { acl, subnet, direction, rule } => {
                let vpc = self.snapshot.get(acl)?.vpc;
                let told = self.about(code, Some(acl), [(Role::Acl, acl.into()), (Role::Subnet, subnet.into()), (Role::Vpc, vpc.into())]);
                Explanation { direction: Some(direction), acl_rule: Some(self.acl_rule(acl, direction, rule)), ..told }
            }
            Denial::NoRoute { table, destination } => Explanation { address: Some(destination), ..self.at_table(code, table) },
            Denial::Blackhole { table, route, target } => {
                // A connection that would first have to be asked for is in the way only once it is there.
                self.snapshot.get(table)?.routes.get(&route).filter(|&&there| there == target)?;
                Explanation { route: Some(AnalysisRoute { destination: route, target: Some(target), blackhole: true }), ..self.at_table(code, table) }
            }
            Denial::PeeringNotForAddress { table, route, connection, destination } => {
                let target = RouteTarget::VpcPeeringConnection(connection);
                let mut told = self.along_route(code, table, route, target);
                told.parts.insert(Role::VpcPeeringConnection, self.component(connection));
                let here = self.snapshot.get(table)?.vpc;
                Explanation { address: Some(destination), cidrs: self.beyond_peering(connection, here), ..told }
            }
            Denial::PrivateDestination { gateway, table, route, destination } => {
                let mut told = self.along_route(code, table, route, RouteTarget::InternetGateway(gateway));
                told.parts.insert(Role::InternetGateway, self.component(gateway));
                Explanation { address: Some(destination), ..told }
            }
            Denial::NoPublicAddress { interface, direction } => {
                let vpc = self.snapshot.get(interface)?.vpc;
                let mut told = self.at_interface(code, interface);
                told.parts.extend(self.gateway_of(vpc).map(|id| (Role::InternetGateway, self.component(id))));
                let address = self.snapshot.get(interface).map(|interface| interface.private_ip.into());
                Explanation { direction: Some(direction), address, ..told }
            }
            Denial::Spoofed { vpc, source } => Explanation { address: Some(source), ..self.at_vpc(code, vpc) },
            Denial::NoSuchAddress { vpc, destination } => Explanation { address: Some(destination), ..self.at_vpc(code, vpc) },
            Denial::NoGateway { vpc } => Explanation { state: Some("detached".to_owned()), ..self.at_vpc(code, vpc) },
            Denial::NoDnsSupport { vpc } => self.at_vpc(code, vpc),
            Denial::NotRouted { destination } | Denial::NoSuchPublicAddress { destination } | Denial::Unasked { destination, .. } => {
                Explanation { address: Some(destination), ..self.about(code, None::<ResourceId>, []) }
            }
            Denial::PrivateSource { source } => Explanation { address: Some(source), ..self.about(code, None::<ResourceId>, []) },
            Denial::NotRunning { interface, .. } => self.not_running(code, interface)?,
        };
        told.parts.values().chain(&told.security_groups).all(|part| self.is_there(part.id)).then_some(told)
    }

    /// Nothing runs behind the interface.
    pub(super) fn not_running(&self, code: &str, interface: NetworkInterfaceId) -> Option<Explanation> {
        let known = self.snapshot.get(interface)?;
        let instance = known.attachment.and_then(|attachment| self.snapshot.get(attachment.instance));
        let endpoint = known.endpoint.and_then(|id| self.snapshot.get(id));
        let state = instance.map(|instance| instance.state.to_string()).or(endpoint.map(|endpoint| endpoint.state.to_string()));
        let about: ResourceId =
            instance.map(|instance| instance.id.into()).or(endpoint.map(|endpoint| endpoint.id.into())).unwrap_or(interface.into());
        let mut told = self.at_interface(code, interface);
        told.parts.insert(Role::Component, self.component(about));
        Some(Explanation { state: state.or_else(|| Some("available".to_owned())), ..told })
    }

    /// The way out turns round at the gateway.
    pub(super) fn reflection(&self, gateway: InternetGatewayId) -> Explanation {
        self.about("IGW_NAT_REFLECTION", Some(gateway), [(Role::InternetGateway, gateway.into())])
    }

    /// Two VPCs that nothing joins.
    pub(super) fn disconnected(&self, source: VpcId, destination: VpcId) -> Explanation {
        self.about("DISCONNECTED_VPCS", Some(source), [(Role::SourceVpc, source.into()), (Role::DestinationVpc, destination.into())])
    }

    /// A code about something.
    pub(super) fn about<const N: usize>(&self, code: &str, about: Option<impl Into<ResourceId>>, parts: [(Role, ResourceId); N]) -> Explanation {
        let about = about.map(|id| self.component(id));
        let mut told: BTreeMap<_, _> = parts.into_iter().map(|(role, id)| (role, self.component(id))).collect();
        let scope = about.as_ref().map(|about| about.scope);
        told.extend(about.map(|about| (Role::Component, about)));
        Explanation { code: code.to_owned(), scope, parts: told, ..Explanation::default() }
    }

    fn at_interface(&self, code: &str, id: NetworkInterfaceId) -> Explanation {
        let mut told = self.about(code, Some(id), [(Role::NetworkInterface, id.into())]);
        told.parts.extend(self.place(id).into_iter().filter(|(role, _)| *role != Role::AttachedTo));
        told
    }

    fn at_vpc(&self, code: &str, id: VpcId) -> Explanation {
        self.about(code, Some(id), [(Role::Vpc, id.into())])
    }

    fn at_table(&self, code: &str, id: RouteTableId) -> Explanation {
        let mut told = self.about(code, Some(id), [(Role::RouteTable, id.into())]);
        told.parts.extend(self.snapshot.get(id).map(|table| (Role::Vpc, self.component(table.vpc))));
        told
    }

    fn along_route(&self, code: &str, table: RouteTableId, destination: Cidr, target: RouteTarget) -> Explanation {
        Explanation { route: Some(AnalysisRoute { destination, target: Some(target), blackhole: false }), ..self.at_table(code, table) }
    }

    fn gateway_of(&self, vpc: VpcId) -> Option<InternetGatewayId> {
        self.snapshot.internet_gateway_of(vpc).map(|gateway| gateway.id)
    }

    fn beyond_peering(&self, id: VpcPeeringConnectionId, here: VpcId) -> Vec<Cidr> {
        let peer = self.snapshot.get(id).and_then(|connection| self.snapshot.get(connection.peer_of(here)?.vpc));
        peer.into_iter().flat_map(|vpc| vpc.cidrs().map(Cidr::from)).collect()
    }
}
