//! EC2 Instance Connect Endpoint: a way into a VPC for people, to instances that have no public address.
//!
//! It has one network interface of its own in its subnet, which nobody else can change. From there it connects to the ssh
//! or RDP port of private addresses; who asked for that is not seen by the instance (`PreserveClientIp` is false). There
//! is one in a VPC at most.
//! <https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/connect-with-ec2-instance-connect-endpoint.html>,
//! <https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/eice-quotas.html>

use std::ops::RangeInclusive;

use model::{
    AccountId, AvailabilityZone, IdKind, InstanceConnectEndpointId, InstanceConnectEndpointState, NetworkInterface, NetworkInterfaceId,
    SecurityGroupId, SubnetId, VpcId,
};
use serde::{Deserialize, Serialize};

use crate::describe::Describe;
use crate::digest::fnv1a;
use crate::edit::Edit;
use crate::error::Error;
use crate::filter::{FilterName, Tagged, values};
use crate::moment::Moment;
use crate::operations::Change;
use crate::quota;
use crate::run_instances::free_addresses;
use crate::security_group::named;
use crate::tag::{Tag, pairs};
use crate::view::{Arn, View};

/// What endpoints' interfaces say that they are for.
const DESCRIPTION: &str = "EC2 Instance Connect Endpoint Network Interface";

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct CreateInstanceConnectEndpoint {
    subnet_id: SubnetId,
    #[serde(default)]
    security_group_id: Vec<SecurityGroupId>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct CreateInstanceConnectEndpointAnswer {
    instance_connect_endpoint: InstanceConnectEndpoint,
    client_token: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct DescribeInstanceConnectEndpoints {
    #[serde(default)]
    instance_connect_endpoint_id: Vec<InstanceConnectEndpointId>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct DeleteInstanceConnectEndpoint {
    instance_connect_endpoint_id: InstanceConnectEndpointId,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct DeleteInstanceConnectEndpointAnswer {
    instance_connect_endpoint: InstanceConnectEndpoint,
}

impl Change for CreateInstanceConnectEndpoint {
    type Answer = CreateInstanceConnectEndpointAnswer;
    const TAGS: &'static [IdKind] = &[IdKind::InstanceConnectEndpointId];
    const IDEMPOTENT: bool = true;
    const INERT: &'static [&'static str] = &["IpAddressType=ipv4", "PreserveClientIp=false"];

    fn apply(&self, edit: &mut Edit<'_, '_>) -> Result<Self::Answer, Error> {
        let subnet = edit.find(self.subnet_id)?.clone();
        let of_other_vpc = |group| Error::SecurityGroupOfOtherVpc { group, subnet: subnet.id };
        let mut groups = named(&self.security_group_id, subnet.vpc, of_other_vpc, edit.view())?;
        if groups.is_empty() {
            groups.push(edit.draft.resolve(subnet.vpc).default_security_group);
        }
        let in_vpc = edit.view().all::<model::InstanceConnectEndpoint>().filter(|endpoint| endpoint.vpc == subnet.vpc).count();
        quota::INSTANCE_CONNECT_ENDPOINTS_PER_VPC.admit(in_vpc + 1)?;
        quota::INSTANCE_CONNECT_ENDPOINTS.admit(edit.view().all::<model::InstanceConnectEndpoint>().count() + 1)?;
        quota::NETWORK_INTERFACES.admit(edit.view().all::<NetworkInterface>().count() + 1)?;
        let Some(&private_ip) = free_addresses(&subnet, 1, edit).first() else {
            return Err(Error::InsufficientFreeAddresses { subnet: subnet.id, free: 0 });
        };

        let (id, interface): (InstanceConnectEndpointId, NetworkInterfaceId) = (edit.new_id(), edit.new_id());
        let serial = edit.draft.next_interface_serial();
        edit.draft.put(NetworkInterface {
            description: DESCRIPTION.to_owned(),
            endpoint: Some(id),
            ..NetworkInterface::new(interface, serial, &subnet, private_ip, groups)
        });
        let endpoint = model::InstanceConnectEndpoint {
            id,
            scope: edit.scope,
            subnet: subnet.id,
            vpc: subnet.vpc,
            interface,
            state: InstanceConnectEndpointState::CreateInProgress,
            created: edit.now(),
        };
        edit.create(endpoint.clone());
        let client_token = edit.client_token.clone();
        Ok(CreateInstanceConnectEndpointAnswer { instance_connect_endpoint: InstanceConnectEndpoint::new(&endpoint, edit.view()), client_token })
    }
}

impl Describe for DescribeInstanceConnectEndpoints {
    type Item = InstanceConnectEndpoint;
    const SET: &'static str = "instanceConnectEndpointSet";
    const FILTERS: &'static [FilterName<InstanceConnectEndpoint>] = FILTERS;
    const PAGES: Option<RangeInclusive<u32>> = Some(1..=50);

    fn items(&self, view: View<'_>) -> Result<Vec<InstanceConnectEndpoint>, Error> {
        let endpoints = view.named(&self.instance_connect_endpoint_id)?;
        Ok(endpoints.into_iter().map(|endpoint| InstanceConnectEndpoint::new(endpoint, view)).collect())
    }

    fn key(endpoint: &InstanceConnectEndpoint) -> String {
        endpoint.instance_connect_endpoint_id.to_string()
    }
}

impl Change for DeleteInstanceConnectEndpoint {
    type Answer = DeleteInstanceConnectEndpointAnswer;

    fn apply(&self, edit: &mut Edit<'_, '_>) -> Result<Self::Answer, Error> {
        let id = edit.find(self.instance_connect_endpoint_id)?.id;
        edit.draft.update(id, |endpoint| endpoint.state = InstanceConnectEndpointState::DeleteInProgress);
        Ok(DeleteInstanceConnectEndpointAnswer { instance_connect_endpoint: InstanceConnectEndpoint::new(edit.find(id)?, edit.view()) })
    }
}

const FILTERS: &[FilterName<InstanceConnectEndpoint>] = &[
    ("instance-connect-endpoint-id", |endpoint| values([endpoint.instance_connect_endpoint_id])),
    ("state", |endpoint| values([endpoint.state])),
    ("subnet-id", |endpoint| values([endpoint.subnet_id])),
    ("tag-value", |endpoint| values(endpoint.tag_set.iter().map(|tag| &tag.value))),
    ("vpc-id", |endpoint| values([endpoint.vpc_id])),
];

/// An endpoint as answers have it.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct InstanceConnectEndpoint {
    owner_id: AccountId,
    instance_connect_endpoint_id: InstanceConnectEndpointId,
    instance_connect_endpoint_arn: Arn,
    state: InstanceConnectEndpointState,
    state_message: &'static str,
    dns_name: String,
    fips_dns_name: String,
    network_interface_id_set: Vec<NetworkInterfaceId>,
    vpc_id: VpcId,
    availability_zone: AvailabilityZone,
    availability_zone_id: String,
    created_at: Moment,
    subnet_id: SubnetId,
    preserve_client_ip: bool,
    security_group_id_set: Vec<SecurityGroupId>,
    ip_address_type: &'static str,
    public_dns_names: PublicDnsNames,
    tag_set: Vec<Tag>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct PublicDnsNames {
    ipv4: DnsNames,
}

/// Its names; the second is for who needs cryptography that is certified (FIPS 140-3).
#[derive(Clone, Serialize)]
#[serde(rename_all = "camelCase")]
struct DnsNames {
    dns_name: String,
    fips_dns_name: String,
}

impl InstanceConnectEndpoint {
    fn new(endpoint: &model::InstanceConnectEndpoint, view: View<'_>) -> Self {
        let zone = view.snapshot.resolve(endpoint.subnet).zone;
        let names = DnsNames::of(endpoint);
        Self {
            owner_id: endpoint.scope.account,
            instance_connect_endpoint_id: endpoint.id,
            instance_connect_endpoint_arn: view.arn(endpoint.id),
            state: endpoint.state,
            state_message: "",
            dns_name: names.dns_name.clone(),
            fips_dns_name: names.fips_dns_name.clone(),
            network_interface_id_set: vec![endpoint.interface],
            vpc_id: endpoint.vpc,
            availability_zone: zone,
            availability_zone_id: zone.id(),
            created_at: Moment(endpoint.created),
            subnet_id: endpoint.subnet,
            preserve_client_ip: false,
            security_group_id_set: view.snapshot.resolve(endpoint.interface).groups.clone(),
            ip_address_type: "ipv4",
            public_dns_names: PublicDnsNames { ipv4: names },
            tag_set: view.tags(endpoint.id),
        }
    }
}

impl DnsNames {
    /// The word behind the id is AWS's own business; endpoints of one VPC share it.
    fn of(endpoint: &model::InstanceConnectEndpoint) -> Self {
        let (id, region) = (endpoint.id, endpoint.scope.region);
        let word = fnv1a(&endpoint.vpc.to_string()) as u32;
        let name = |fips: &str| format!("{id}.{word:08x}{fips}.ec2-instance-connect-endpoint.{region}.amazonaws.com");
        Self { dns_name: name(""), fips_dns_name: name(".fips") }
    }
}

impl Tagged for InstanceConnectEndpoint {
    fn tags(&self) -> Vec<(&str, &str)> {
        pairs(&self.tag_set)
    }
}
