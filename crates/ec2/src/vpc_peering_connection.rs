//! VPC peering connection: two VPCs that may route to each other, once both sides agree and have routes.
//!
//! Overlapping blocks, or a VPC that is not there, are no error of the call: the connection appears and then fails. Only
//! the accepter VPC's owner accepts, in that VPC's region. Each side sees the connection in its own region, with tags of
//! its own. Accepting touches no route and no group.
//!
//! <https://docs.aws.amazon.com/vpc/latest/peering/vpc-peering-basics.html#vpc-peering-lifecycle>

use model::{AccountId, IdKind, Ipv4Cidr, PeeringStatus, PeeringVpc, Region, Scope, Snapshot, Timestamp, VpcId, VpcPeeringConnectionId};
use serde::{Deserialize, Serialize};

use crate::default_vpc;
use crate::describe::Describe;
use crate::edit::Edit;
use crate::error::Error;
use crate::filter::{FilterName, Tagged, values};
use crate::moment::Moment;
use crate::operations::{Change, Done};
use crate::quota;
use crate::tag::{Tag, pairs};
use crate::view::View;
use crate::vpc_peering_connection_options::PeeringOptions;

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct CreateVpcPeeringConnection {
    vpc_id: VpcId,
    peer_vpc_id: VpcId,
    peer_owner_id: Option<AccountId>,
    peer_region: Option<Region>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct VpcPeeringConnectionAnswer {
    vpc_peering_connection: VpcPeeringConnection,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct DescribeVpcPeeringConnections {
    #[serde(default)]
    vpc_peering_connection_id: Vec<VpcPeeringConnectionId>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct AcceptVpcPeeringConnection {
    vpc_peering_connection_id: VpcPeeringConnectionId,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct RejectVpcPeeringConnection {
    vpc_peering_connection_id: VpcPeeringConnectionId,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct DeleteVpcPeeringConnection {
    vpc_peering_connection_id: VpcPeeringConnectionId,
}

impl Change for CreateVpcPeeringConnection {
    type Answer = VpcPeeringConnectionAnswer;
    const TAGS: &'static [IdKind] = &[IdKind::VpcPeeringConnectionId];
    const INERT: &'static [&'static str] = &["RequesterPeeringConnectionOptions"];

    fn apply(&self, edit: &mut Edit<'_, '_>) -> Result<Self::Answer, Error> {
        let vpc = edit.find(self.vpc_id)?.clone();
        if self.peer_vpc_id == vpc.id {
            return Err(Error::PeeringWithItself { vpc: vpc.id });
        }
        let connections = || edit.draft.all::<model::VpcPeeringConnection>().filter(|pcx| !pcx.status.is_terminal());
        if let Some(existing) = connections().find(|pcx| pcx.joins(vpc.id, self.peer_vpc_id)) {
            return Err(Error::PeeringExists { id: existing.id });
        }
        let is_outstanding = |pcx: &&model::VpcPeeringConnection| {
            pcx.requester.scope == edit.scope && matches!(pcx.status, PeeringStatus::InitiatingRequest | PeeringStatus::PendingAcceptance)
        };
        quota::OUTSTANDING_PEERING_REQUESTS.admit(connections().filter(is_outstanding).count() + 1)?;

        let account = self.peer_owner_id.unwrap_or(edit.scope.account);
        let accepter = Scope { account, region: self.peer_region.unwrap_or(edit.scope.region) };
        if default_vpc::found_by(accepter, &edit.draft).get(self.peer_vpc_id).is_some() {
            default_vpc::settle(accepter, &mut edit.draft);
        }
        let connection = model::VpcPeeringConnection {
            id: edit.new_id(),
            requester: PeeringVpc::new(vpc.id, vpc.scope, vpc.cidrs().collect()),
            accepter: PeeringVpc::new(self.peer_vpc_id, accepter, blocks_of(self.peer_vpc_id, accepter, &edit.draft)),
            status: PeeringStatus::InitiatingRequest,
            status_message: format!("Initiating Request to {account}"),
            since: edit.now(),
            expiration: Some(edit.now().plus_millis(7 * DAY)),
        };
        edit.create(connection.clone());
        Ok(VpcPeeringConnectionAnswer { vpc_peering_connection: VpcPeeringConnection::new(&connection, edit.view()) })
    }
}

impl Describe for DescribeVpcPeeringConnections {
    type Item = VpcPeeringConnection;
    const SET: &'static str = "vpcPeeringConnectionSet";
    const FILTERS: &'static [FilterName<VpcPeeringConnection>] = FILTERS;

    fn items(&self, view: View<'_>) -> Result<Vec<VpcPeeringConnection>, Error> {
        Ok(view.named(&self.vpc_peering_connection_id)?.into_iter().map(|connection| VpcPeeringConnection::new(connection, view)).collect())
    }

    fn key(connection: &VpcPeeringConnection) -> String {
        connection.vpc_peering_connection_id.to_string()
    }
}

impl Change for AcceptVpcPeeringConnection {
    type Answer = VpcPeeringConnectionAnswer;

    fn apply(&self, edit: &mut Edit<'_, '_>) -> Result<Self::Answer, Error> {
        let connection = edit.find(self.vpc_peering_connection_id)?.clone();
        check_accepter(&connection, edit.scope, "accept", "accepted")?;
        check_transition(&connection, PeeringStatus::PendingAcceptance, "provisioning")?;
        for side in [&connection.requester, &connection.accepter] {
            let is_active = |pcx: &&model::VpcPeeringConnection| {
                pcx.side(side.vpc).is_some() && matches!(pcx.status, PeeringStatus::Active | PeeringStatus::Provisioning)
            };
            quota::ACTIVE_PEERINGS_PER_VPC.admit(edit.draft.all().filter(is_active).count() + 1)?;
        }

        let accepted = step(connection, PeeringStatus::Provisioning, "Provisioning".to_owned(), edit.now());
        edit.draft.put(accepted.clone());
        Ok(VpcPeeringConnectionAnswer { vpc_peering_connection: VpcPeeringConnection::new(&accepted, edit.view()) })
    }
}

impl Change for RejectVpcPeeringConnection {
    type Answer = Done;

    fn apply(&self, edit: &mut Edit<'_, '_>) -> Result<Done, Error> {
        let connection = edit.find(self.vpc_peering_connection_id)?.clone();
        check_accepter(&connection, edit.scope, "reject", "accepted or rejected")?;
        check_transition(&connection, PeeringStatus::PendingAcceptance, "rejected")?;
        let message = format!("Rejected by {}", edit.scope.account);
        let rejected = end(connection, PeeringStatus::Rejected, message, edit.scope.account, edit.now());
        edit.draft.put(rejected);
        Ok(Done)
    }
}

impl Change for DeleteVpcPeeringConnection {
    type Answer = Done;

    /// Either owner deletes an active connection, the requester's owner also one that is pending: an accepter who does not
    /// want it rejects it.
    fn apply(&self, edit: &mut Edit<'_, '_>) -> Result<Done, Error> {
        let connection = edit.find(self.vpc_peering_connection_id)?.clone();
        let account = edit.scope.account;
        match connection.status {
            PeeringStatus::Active => {}
            PeeringStatus::PendingAcceptance if connection.requester.scope.account == account => {}
            PeeringStatus::PendingAcceptance => return Err(Error::NotPermitted { id: connection.id, account, verb: "delete" }),
            from => return Err(Error::InvalidTransition { id: connection.id, from, to: "deleting" }),
        }
        let deleted = end(connection, PeeringStatus::Deleted, format!("Deleted by {account}"), account, edit.now());
        edit.draft.put(deleted);
        Ok(Done)
    }
}

const FILTERS: &[FilterName<VpcPeeringConnection>] = &[
    ("accepter-vpc-info.cidr-block", |connection| connection.accepter_vpc_info.blocks()),
    ("accepter-vpc-info.owner-id", |connection| values([connection.accepter_vpc_info.owner_id])),
    ("accepter-vpc-info.vpc-id", |connection| values([connection.accepter_vpc_info.vpc_id])),
    ("expiration-time", |connection| values(connection.expiration_time)),
    ("requester-vpc-info.cidr-block", |connection| connection.requester_vpc_info.blocks()),
    ("requester-vpc-info.owner-id", |connection| values([connection.requester_vpc_info.owner_id])),
    ("requester-vpc-info.vpc-id", |connection| values([connection.requester_vpc_info.vpc_id])),
    ("status-code", |connection| values([connection.status.code])),
    ("status-message", |connection| values([&connection.status.message])),
    ("vpc-peering-connection-id", |connection| values([connection.vpc_peering_connection_id])),
];

/// A peering connection as answers have it.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct VpcPeeringConnection {
    vpc_peering_connection_id: VpcPeeringConnectionId,
    requester_vpc_info: VpcInfo,
    accepter_vpc_info: VpcInfo,
    status: Status,
    expiration_time: Option<Moment>,
    tag_set: Vec<Tag>,
}

#[derive(Serialize)]
struct Status {
    code: PeeringStatus,
    message: String,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct VpcInfo {
    vpc_id: VpcId,
    owner_id: AccountId,
    region: Region,
    cidr_block: Option<Ipv4Cidr>,
    cidr_block_set: Option<Vec<CidrBlock>>,
    peering_options: Option<PeeringOptions>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct CidrBlock {
    cidr_block: Ipv4Cidr,
}

impl VpcPeeringConnection {
    /// Before it agrees, the accepter's blocks and options are nobody's business but its own.
    fn new(connection: &model::VpcPeeringConnection, view: View<'_>) -> Self {
        let model::VpcPeeringConnection { requester, accepter, .. } = connection;
        let agreed = matches!(connection.status, PeeringStatus::Provisioning | PeeringStatus::Active);
        let own = requester.scope.account == accepter.scope.account || view.scope == accepter.scope;
        Self {
            vpc_peering_connection_id: connection.id,
            requester_vpc_info: VpcInfo::new(requester, true, true),
            accepter_vpc_info: VpcInfo::new(accepter, agreed || own, agreed),
            status: Status { code: connection.status, message: connection.status_message.clone() },
            expiration_time: connection.expiration.map(Moment),
            tag_set: view.tags(connection.id),
        }
    }
}

impl VpcInfo {
    fn new(side: &PeeringVpc, with_blocks: bool, with_options: bool) -> Self {
        let cidrs = side.cidrs.iter().filter(|_| with_blocks);
        let blocks: Vec<_> = cidrs.map(|&cidr_block| CidrBlock { cidr_block }).collect();
        Self {
            vpc_id: side.vpc,
            owner_id: side.scope.account,
            region: side.scope.region,
            cidr_block: blocks.first().map(|block| block.cidr_block),
            cidr_block_set: Some(blocks).filter(|blocks| !blocks.is_empty()),
            peering_options: with_options.then(|| side.into()),
        }
    }

    fn blocks(&self) -> Vec<String> {
        values(self.cidr_block_set.iter().flatten().map(|block| block.cidr_block))
    }
}

impl Tagged for VpcPeeringConnection {
    fn tags(&self) -> Vec<(&str, &str)> {
        pairs(&self.tag_set)
    }
}

const HOUR: i64 = 60 * 60 * 1000;
const DAY: i64 = 24 * HOUR;

/// The connection in another state that is not its last. Only a pending one expires.
fn step(connection: model::VpcPeeringConnection, status: PeeringStatus, message: String, now: Timestamp) -> model::VpcPeeringConnection {
    model::VpcPeeringConnection { status, status_message: message, since: now, expiration: None, ..connection }
}

/// The connection at its end, which one of the owners brought about. It is listed for a while: 2 hours for who did it, or if
/// there is only one owner, and 2 days for the other.
/// <https://docs.aws.amazon.com/vpc/latest/peering/vpc-peering-basics.html#vpc-peering-lifecycle>
pub(crate) fn end(
    connection: model::VpcPeeringConnection,
    status: PeeringStatus,
    message: String,
    by: AccountId,
    now: Timestamp,
) -> model::VpcPeeringConnection {
    let mut ended = step(connection, status, message, now);
    for side in [&mut ended.requester, &mut ended.accepter] {
        side.listed_until = Some(now.plus_millis(if side.scope.account == by { 2 * HOUR } else { 2 * DAY }));
    }
    ended
}

/// A request that nobody answered: both see it for 2 days.
fn expire(connection: model::VpcPeeringConnection, now: Timestamp) -> model::VpcPeeringConnection {
    let mut expired = step(connection, PeeringStatus::Expired, "Expired".to_owned(), now);
    for side in [&mut expired.requester, &mut expired.accepter] {
        side.listed_until = Some(now.plus_millis(2 * DAY));
    }
    expired
}

/// A connection that cannot be: the requester sees it for 2 hours.
pub(crate) fn fail(connection: model::VpcPeeringConnection, now: Timestamp) -> model::VpcPeeringConnection {
    let message = "Failed due to incorrect VPC-ID, Account ID, or overlapping CIDR range".to_owned();
    let mut failed = step(connection, PeeringStatus::Failed, message, now);
    failed.requester.listed_until = Some(now.plus_millis(2 * HOUR));
    (failed.accepter.listed_until, failed.accepter.is_forgotten) = (Some(now), true);
    failed
}

/// What becomes of a connection by itself at a moment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Next {
    /// It is in another state now.
    Becomes(Box<model::VpcPeeringConnection>),
    /// It is no longer listed.
    Vanishes,
    /// Nothing before then; never, if there is no moment.
    Waits(Option<Timestamp>),
}

/// What becomes of a connection by itself.
pub(crate) fn next(connection: &model::VpcPeeringConnection, snapshot: &Snapshot, now: Timestamp) -> Next {
    let becomes = |next| Next::Becomes(Box::new(next));
    match (connection.status, connection.expiration) {
        (PeeringStatus::InitiatingRequest, _) if !can_be_set_up(connection, snapshot) => becomes(fail(connection.clone(), now)),
        (PeeringStatus::InitiatingRequest, expiration) => becomes(model::VpcPeeringConnection {
            expiration,
            ..step(connection.clone(), PeeringStatus::PendingAcceptance, format!("Pending Acceptance by {}", connection.accepter.scope.account), now)
        }),
        (PeeringStatus::PendingAcceptance, Some(expiration)) if expiration <= now => becomes(expire(connection.clone(), now)),
        (PeeringStatus::PendingAcceptance, expiration) => Next::Waits(expiration),
        (PeeringStatus::Provisioning, _) => becomes(step(connection.clone(), PeeringStatus::Active, "Active".to_owned(), now)),
        (PeeringStatus::Active, _) => Next::Waits(None),
        (PeeringStatus::Rejected | PeeringStatus::Failed | PeeringStatus::Expired | PeeringStatus::Deleted, _) => fade(connection, now),
    }
}

/// What becomes of a connection that has come to its end: one side after the other forgets it.
fn fade(connection: &model::VpcPeeringConnection, now: Timestamp) -> Next {
    let is_over = |side: &PeeringVpc| side.listed_until.is_none_or(|end| end <= now);
    let sides = [&connection.requester, &connection.accepter];
    if sides.into_iter().all(is_over) {
        return Next::Vanishes;
    }
    if sides.into_iter().any(|side| is_over(side) && !side.is_forgotten) {
        let mut faded = connection.clone();
        for side in [&mut faded.requester, &mut faded.accepter] {
            side.is_forgotten = is_over(side);
        }
        return Next::Becomes(Box::new(faded));
    }
    Next::Waits(sides.into_iter().filter_map(|side| side.listed_until).filter(|end| *end > now).min())
}

/// Whether both VPCs are where the request says, and have no address in common.
fn can_be_set_up(connection: &model::VpcPeeringConnection, snapshot: &Snapshot) -> bool {
    let [requester, accepter] =
        [&connection.requester, &connection.accepter].map(|side| snapshot.get(side.vpc).filter(|vpc| vpc.scope == side.scope));
    let (Some(requester), Some(accepter)) = (requester, accepter) else { return false };
    !requester.cidrs().any(|one| accepter.cidrs().any(|other| one.overlaps(&other)))
}

fn blocks_of(vpc: VpcId, scope: Scope, snapshot: &Snapshot) -> Vec<Ipv4Cidr> {
    snapshot.get(vpc).filter(|vpc| vpc.scope == scope).map(|vpc| vpc.cidrs().collect()).unwrap_or_default()
}

fn check_accepter(connection: &model::VpcPeeringConnection, scope: Scope, verb: &'static str, participle: &'static str) -> Result<(), Error> {
    let (id, accepter) = (connection.id, connection.accepter.scope);
    match () {
        () if accepter == scope => Ok(()),
        () if accepter.account == scope.account => Err(Error::WrongRegion { id, region: scope.region, accepter: accepter.region, verb: participle }),
        () => Err(Error::NotPermitted { id, account: scope.account, verb }),
    }
}

fn check_transition(connection: &model::VpcPeeringConnection, from: PeeringStatus, to: &'static str) -> Result<(), Error> {
    let id = connection.id;
    if connection.status == from { Ok(()) } else { Err(Error::InvalidTransition { id, from: connection.status, to }) }
}
