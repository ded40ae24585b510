//! What is true of every snapshot, written down so that tests can ask after any history of calls.

use std::collections::BTreeSet;

use crate::{
    Id, ImportedImage, Instance, InstanceConnectEndpoint, InstanceState, InternetGateway, Key, NetworkAcl, NetworkInsightsAnalysis, NetworkInterface,
    Resource, RouteTable, SecurityGroup, Snapshot, Subnet, Vpc,
};

impl Snapshot {
    /// The first invariant that does not hold, in words; `None` if all do.
    pub fn violation(&self) -> Option<String> {
        self.vpc_violation()
            .or_else(|| self.subnet_violation())
            .or_else(|| self.member_violation())
            .or_else(|| self.interface_violation())
            .or_else(|| self.image_violation())
            .or_else(|| self.instance_violation())
            .or_else(|| self.endpoint_violation())
            .or_else(|| self.analysis_violation())
    }

    fn dangling<K: Key>(&self, key: K) -> bool {
        self.get(key).is_none()
    }

    fn vpc_violation(&self) -> Option<String> {
        for vpc in self.all::<Vpc>() {
            let id = vpc.id;
            if vpc.dhcp_options.is_some_and(|options| self.get(options).is_none_or(|options| options.scope != vpc.scope)) {
                return Some(format!("the DHCP options of {id} are gone, or somebody else's"));
            }
            if vpc.cidr_blocks.is_empty() {
                return Some(format!("{id} has no CIDR block"));
            }
            if self.get(vpc.main_route_table).is_none_or(|table| table.vpc != id) {
                return Some(format!("the main route table of {id} is not its own"));
            }
            if self.get(vpc.default_network_acl).is_none_or(|acl| acl.vpc != id) {
                return Some(format!("the default network ACL of {id} is not its own"));
            }
            if self.get(vpc.default_security_group).is_none_or(|group| group.vpc != id) {
                return Some(format!("the default security group of {id} is not its own"));
            }
        }
        let mut attached = BTreeSet::new();
        for gateway in self.all::<InternetGateway>() {
            if gateway.attachment.is_some_and(|vpc| self.dangling(vpc) || !attached.insert(vpc)) {
                return Some(format!("{} is attached to a VPC that is gone or has another gateway", gateway.id));
            }
        }
        None
    }

    fn subnet_violation(&self) -> Option<String> {
        for subnet in self.all::<Subnet>() {
            let id = subnet.id;
            if self.get(subnet.vpc).is_none_or(|vpc| !vpc.cidrs().any(|block| block.covers(&subnet.cidr))) {
                return Some(format!("{id} is not inside a block of its VPC"));
            }
            if self.subnets_of(subnet.vpc).any(|other| other.id != id && other.cidr.overlaps(&subnet.cidr)) {
                return Some(format!("{id} overlaps another subnet"));
            }
            let explicit = subnet.route_table.is_some_and(|own| self.get(own.table).is_none_or(|table| table.vpc != subnet.vpc));
            if explicit || self.get(subnet.network_acl.acl).is_none_or(|acl| acl.vpc != subnet.vpc) {
                return Some(format!("{id} is associated with something of another VPC"));
            }
        }
        None
    }

    fn member_violation(&self) -> Option<String> {
        let tables = self.all::<RouteTable>().map(|table| (table.id.to_string(), table.vpc));
        let acls = self.all::<NetworkAcl>().map(|acl| (acl.id.to_string(), acl.vpc));
        let groups = self.all::<SecurityGroup>().map(|group| (group.id.to_string(), group.vpc));
        if let Some((id, vpc)) = tables.chain(acls).chain(groups).find(|&(_, vpc)| self.dangling(vpc)) {
            return Some(format!("{id} belongs to {vpc}, which is gone"));
        }
        for group in self.all::<SecurityGroup>() {
            for (at, rule) in group.rules.iter().enumerate() {
                if group.rules[at + 1..].iter().any(|other| rule.same_as(other)) {
                    return Some(format!("{} of {} says what another rule says", rule.id, group.id));
                }
            }
        }
        None
    }

    fn interface_violation(&self) -> Option<String> {
        let mut serials = BTreeSet::new();
        for interface in self.all::<NetworkInterface>() {
            let id = interface.id;
            let Some(subnet) = self.get(interface.subnet) else { return Some(format!("the subnet of {id} is gone")) };
            if subnet.vpc != interface.vpc || !subnet.cidr.contains(interface.private_ip) || subnet.is_reserved(interface.private_ip) {
                return Some(format!("{id} has an address that its subnet cannot give"));
            }
            if self.interface_at(interface.vpc, interface.private_ip.into()).map(|found| found.id) != Some(id) {
                return Some(format!("{id} shares its address"));
            }
            if interface.groups.is_empty() || interface.groups.iter().any(|&group| self.get(group).is_none_or(|group| group.vpc != interface.vpc)) {
                return Some(format!("{id} has no group, or one of another VPC"));
            }
            if !serials.insert(interface.serial) {
                return Some(format!("{id} shares its serial"));
            }
            if interface.attachment.is_some_and(|attachment| self.get(attachment.instance).is_none_or(|instance| !instance.interfaces.contains(&id)))
            {
                return Some(format!("{id} is attached to an instance that does not have it"));
            }
        }
        if self.private_addresses.len() != NetworkInterface::table(self).len() {
            return Some("the index of private addresses holds more than the interfaces".to_owned());
        }
        if self.serials.len() != serials.len() {
            return Some("the index of serials holds more than the interfaces".to_owned());
        }
        self.public_address_violation()
    }

    fn public_address_violation(&self) -> Option<String> {
        let associated = || self.all::<NetworkInterface>().filter(|interface| interface.association.is_some());
        if self.public_addresses.len() != associated().count() {
            return Some("two interfaces share a public address".to_owned());
        }
        for interface in associated() {
            let Some(association) = interface.association else { continue };
            let elastic = association.elastic.map(|elastic| elastic.allocation);
            if elastic.is_some_and(|id| self.get(id).is_none_or(|address| address.public_ip != association.public_ip)) {
                return Some(format!("{} is associated with an Elastic IP that is gone or another", interface.id));
            }
        }
        None
    }

    fn image_violation(&self) -> Option<String> {
        let mut names = BTreeSet::new();
        let twin = self.all::<ImportedImage>().find(|image| !image.deregistered && !names.insert((image.scope, &image.name)));
        twin.map(|image| format!("{} shares its name", image.id))
    }

    fn instance_violation(&self) -> Option<String> {
        for instance in self.all::<Instance>() {
            let gone = instance.state == InstanceState::Terminated;
            if gone != instance.interfaces.is_empty() {
                return Some(format!("{} is {} and has {} interfaces", instance.id, instance.state, instance.interfaces.len()));
            }
            if instance
                .interfaces
                .iter()
                .any(|&id| self.get(id).is_none_or(|interface| interface.attachment.map(|a| a.instance) != Some(instance.id)))
            {
                return Some(format!("{} has an interface that is not attached to it", instance.id));
            }
        }
        None
    }

    fn endpoint_violation(&self) -> Option<String> {
        for endpoint in self.all::<InstanceConnectEndpoint>() {
            let id = endpoint.id;
            let Some(interface) = self.get(endpoint.interface) else { return Some(format!("the interface of {id} is gone")) };
            if interface.endpoint != Some(id) || (interface.subnet, interface.vpc) != (endpoint.subnet, endpoint.vpc) {
                return Some(format!("{} is not the interface of {id}", interface.id));
            }
        }
        let strays = |interface: &&NetworkInterface| {
            let owner = interface.endpoint.map(|id| self.get(id));
            owner.is_some_and(|owner| owner.is_none_or(|endpoint| endpoint.interface != interface.id) || interface.attachment.is_some())
        };
        self.all::<NetworkInterface>().find(strays).map(|interface| format!("{} is of an endpoint that is not its own", interface.id))
    }

    fn analysis_violation(&self) -> Option<String> {
        let strays = |analysis: &&NetworkInsightsAnalysis| self.get(analysis.path).is_none_or(|path| path.scope != analysis.scope);
        self.all::<NetworkInsightsAnalysis>().find(strays).map(|analysis| format!("{} is of a path that is gone, or somebody else's", analysis.id))
    }

    /// Whether no resource has this id yet.
    pub fn is_free<I: Id + Key>(&self, id: I) -> bool {
        self.dangling(id)
    }
}
