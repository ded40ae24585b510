//! Default VPC: the network that an account finds in a region without having made it.
//!
//! 172.31.0.0/16 with a public subnet in every zone, so that an instance can be launched without saying where. It is a
//! VPC like any other and can be deleted; `CreateDefaultVpc` makes a new one, never the old one again.
//! <https://docs.aws.amazon.com/vpc/latest/userguide/default-vpc.html>
//!
//! Here it is a pure function of account and region until the account changes something in the region: what only reads
//! sees it and stores nothing.

use std::borrow::Cow;

use model::{
    AccountRegion, AvailabilityZone, Cidr, Draft, InternetGateway, Ipv4Cidr, RouteTarget, Scope, Snapshot, SubnetState, Timestamp, VpcState,
};
use serde::{Deserialize, Serialize};

use crate::call::Ctx;
use crate::digest::{fnv1a, numbers};
use crate::edit::Edit;
use crate::error::Error;
use crate::machine::NoMachine;
use crate::operations::Change;
use crate::quota;
use crate::subnet::{self, Subnet, zone};
use crate::view::View;
use crate::vpc::{self, Vpc};

#[derive(Deserialize)]
pub(crate) struct CreateDefaultVpc {}

#[derive(Serialize)]
pub(crate) struct CreateDefaultVpcAnswer {
    vpc: Vpc,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct CreateDefaultSubnet {
    availability_zone: Option<String>,
    availability_zone_id: Option<String>,
}

#[derive(Serialize)]
pub(crate) struct CreateDefaultSubnetAnswer {
    subnet: Subnet,
}

impl Change for CreateDefaultVpc {
    type Answer = CreateDefaultVpcAnswer;

    fn apply(&self, edit: &mut Edit<'_, '_>) -> Result<Self::Answer, Error> {
        if edit.view().default_vpc().is_some() {
            return Err(Error::DefaultVpcExists);
        }
        quota::VPCS.admit(edit.view().all::<model::Vpc>().count() + 1)?;
        quota::INTERNET_GATEWAYS.admit(edit.view().all::<InternetGateway>().count() + 1)?;

        let vpc = furnish(VpcState::Pending, SubnetState::Pending, edit);
        Ok(CreateDefaultVpcAnswer { vpc: Vpc::new(&vpc, edit.view()) })
    }
}

impl Change for CreateDefaultSubnet {
    type Answer = CreateDefaultSubnetAnswer;
    const INERT: &'static [&'static str] = &["Ipv6Native=false"];

    fn apply(&self, edit: &mut Edit<'_, '_>) -> Result<Self::Answer, Error> {
        let zone = zone(self.availability_zone.as_ref(), self.availability_zone_id.as_ref(), edit.scope.region)?;
        let zone = zone.ok_or_else(|| Error::missing("AvailabilityZone"))?;
        let vpc = edit.view().default_vpc().ok_or(Error::DefaultVpcMissing)?.clone();
        if let Some(subnet) = edit.view().default_subnets().find(|subnet| subnet.zone == zone) {
            return Err(Error::DefaultSubnetExists { subnet: subnet.id, zone });
        }
        let is_free = |cidr: &Ipv4Cidr| !edit.draft.subnets_of(vpc.id).any(|other| other.cidr.overlaps(cidr));
        let cidr = blocks(&vpc).find(is_free).ok_or(Error::SubnetConflict { cidr: vpc.primary_cidr() })?;
        quota::SUBNETS_PER_VPC.admit(edit.draft.subnets_of(vpc.id).count() + 1)?;

        let subnet = add_subnet(&vpc, zone, cidr, SubnetState::Pending, edit);
        Ok(CreateDefaultSubnetAnswer { subnet: Subnet::new(&subnet, edit.view()) })
    }
}

impl<'a> View<'a> {
    /// The default VPC, if the account has one in the region.
    pub fn default_vpc(self) -> Option<&'a model::Vpc> {
        self.all::<model::Vpc>().find(|vpc| vpc.is_default)
    }

    /// The subnets that instances are launched into when nobody says where.
    pub fn default_subnets(self) -> impl Iterator<Item = &'a model::Subnet> {
        self.all::<model::Subnet>().filter(|subnet| subnet.default_for_az)
    }
}

/// The state as an account in a region finds it: with its default VPC, even if it has never changed anything there.
pub(crate) fn found_by(scope: Scope, snapshot: &Snapshot) -> Cow<'_, Snapshot> {
    if snapshot.get(scope).is_some() {
        return Cow::Borrowed(snapshot);
    }
    let mut draft = Draft::new(snapshot);
    settle(scope, &mut draft);
    Cow::Owned(Snapshot::clone(&draft))
}

/// Makes the default VPC that an account finds in a region one of its resources, the first time.
pub(crate) fn settle(scope: Scope, draft: &mut Draft) {
    if draft.get(scope).is_some() {
        return;
    }
    // Everybody who looks must see the same ids, although nothing remembers them.
    let mut random = numbers(fnv1a(&scope.to_string()));
    let mut ctx = Ctx { now: Timestamp::default(), random: &mut random, machine: &NoMachine };
    let mut edit = Edit::new(draft.clone(), scope, &mut ctx);
    edit.draft.put(AccountRegion::new(scope));
    furnish(VpcState::Available, SubnetState::Available, &mut edit);
    *draft = edit.draft;
}

/// Makes a default VPC, with a public subnet in every zone.
fn furnish(state: VpcState, subnet_state: SubnetState, edit: &mut Edit<'_, '_>) -> model::Vpc {
    let mut vpc = vpc::found(BLOCK, state, edit);
    (vpc.is_default, vpc.enable_dns_hostnames) = (true, true);
    edit.draft.put(vpc.clone());
    let gateway = InternetGateway { id: edit.new_id(), scope: edit.scope, attachment: Some(vpc.id) };
    let to_gateway = RouteTarget::InternetGateway(gateway.id);
    edit.draft.put(gateway);
    edit.draft.update(vpc.main_route_table, |table| _ = table.routes.insert(Cidr::ALL_IPV4, to_gateway));
    for (zone, cidr) in edit.scope.region.zones().zip(blocks(&vpc)) {
        add_subnet(&vpc, zone, cidr, subnet_state, edit);
    }
    vpc
}

fn add_subnet(vpc: &model::Vpc, zone: AvailabilityZone, cidr: Ipv4Cidr, state: SubnetState, edit: &mut Edit<'_, '_>) -> model::Subnet {
    let mut subnet = subnet::found(vpc, zone, cidr, state, edit);
    (subnet.default_for_az, subnet.map_public_ip_on_launch) = (true, true);
    edit.draft.put(subnet.clone());
    subnet
}

const BLOCK: Ipv4Cidr = Ipv4Cidr::DEFAULT_VPC;

/// The blocks that default subnets have, one after the other.
fn blocks(vpc: &model::Vpc) -> impl Iterator<Item = Ipv4Cidr> {
    const PREFIX: u8 = 20;
    let whole = vpc.primary_cidr();
    (0..whole.size() >> (32 - PREFIX)).filter_map(move |n| Ipv4Cidr::new(whole.nth(n << (32 - PREFIX))?, PREFIX))
}
