//! The IPv4 blocks of a VPC besides the one that it was created with.
//!
//! Up to five in all, apart from each other, from what the VPC's routes lead to, and from what it is peered with. Which
//! ranges go together is AWS's table. A block brings a `local` route into every route table of the VPC; it goes when no
//! subnet is in it. <https://docs.aws.amazon.com/vpc/latest/userguide/vpc-cidr-blocks.html>

use model::{Cidr, Ipv4Cidr, PeeringStatus, RouteTable, Vpc, VpcCidrBlock, VpcCidrBlockAssociationId, VpcId, VpcPeeringConnection};
use serde::{Deserialize, Serialize};

use crate::edit::Edit;
use crate::error::Error;
use crate::operations::Change;
use crate::vpc::{CidrBlockAssociation, check_block};
use crate::vpc_peering_connection::fail;

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct AssociateVpcCidrBlock {
    vpc_id: VpcId,
    cidr_block: Option<Ipv4Cidr>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct DisassociateVpcCidrBlock {
    association_id: VpcCidrBlockAssociationId,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct VpcCidrBlockAnswer {
    cidr_block_association: CidrBlockAssociation,
    vpc_id: VpcId,
}

impl Change for AssociateVpcCidrBlock {
    type Answer = VpcCidrBlockAnswer;
    const INERT: &'static [&'static str] = &[
        "AmazonProvidedIpv6CidrBlock=false",
        "Ipv4IpamPoolId",
        "Ipv4NetmaskLength",
        "Ipv6CidrBlock",
        "Ipv6CidrBlockNetworkBorderGroup",
        "Ipv6IpamPoolId",
        "Ipv6NetmaskLength",
        "Ipv6Pool",
    ];

    fn apply(&self, edit: &mut Edit<'_, '_>) -> Result<Self::Answer, Error> {
        let vpc = edit.find(self.vpc_id)?.clone();
        let cidr = self.cidr_block.ok_or_else(|| Error::missing("CidrBlock"))?;
        check_block(cidr)?;
        if vpc.cidrs().any(|block| block.overlaps(&cidr)) {
            return Err(Error::BlockConflict { cidr, with: "another block of the VPC" });
        }
        if is_restricted(&vpc.cidrs().collect::<Vec<_>>(), cidr) {
            return Err(Error::BlockRestricted { cidr });
        }
        // A local route may not hide a route that is there.
        let hides = |table: &RouteTable| table.vpc == vpc.id && table.routes.keys().any(|destination| Cidr::from(cidr).covers(destination));
        if edit.draft.all().any(hides) {
            return Err(Error::BlockConflict { cidr, with: "the destination of a route" });
        }
        if vpc.cidr_blocks.len() >= MOST_BLOCKS {
            return Err(Error::TooManyBlocks { vpc: vpc.id, most: MOST_BLOCKS });
        }
        check_peerings(&vpc, cidr, edit)?;

        let block = VpcCidrBlock { association: edit.new_part_id(), cidr };
        edit.draft.update(vpc.id, |vpc| vpc.cidr_blocks.push(block));
        tell_peerings(vpc.id, edit);
        Ok(VpcCidrBlockAnswer { cidr_block_association: CidrBlockAssociation::new(&block, "associating"), vpc_id: vpc.id })
    }
}

impl Change for DisassociateVpcCidrBlock {
    type Answer = VpcCidrBlockAnswer;

    fn apply(&self, edit: &mut Edit<'_, '_>) -> Result<Self::Answer, Error> {
        let association = self.association_id;
        let has_it = |vpc: &&Vpc| vpc.cidr_blocks.iter().any(|block| block.association == association);
        let vpc = edit.view().all::<Vpc>().find(has_it).ok_or_else(|| Error::not_found(association))?.clone();
        let Some(block) = vpc.cidr_blocks.iter().skip(1).find(|block| block.association == association).copied() else {
            return Err(Error::PrimaryBlock { association });
        };
        if edit.draft.subnets_of(vpc.id).any(|subnet| block.cidr.overlaps(&subnet.cidr)) {
            return Err(Error::BlockInUse { cidr: block.cidr });
        }
        edit.draft.update(vpc.id, |vpc| vpc.cidr_blocks.retain(|other| other.association != association));
        tell_peerings(vpc.id, edit);
        Ok(VpcCidrBlockAnswer { cidr_block_association: CidrBlockAssociation::new(&block, "disassociating"), vpc_id: vpc.id })
    }
}

const MOST_BLOCKS: usize = 5;

/// The ranges of which a VPC has all its private blocks in one, and what it may have besides.
/// <https://docs.aws.amazon.com/vpc/latest/userguide/vpc-cidr-blocks.html#add-cidr-block-restrictions>
const FAMILIES: &[&str] = &["10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "198.19.0.0/16"];

/// Whether AWS's table keeps the block out of the VPC.
fn is_restricted(own: &[Ipv4Cidr], cidr: Ipv4Cidr) -> bool {
    let family = |block: Ipv4Cidr| parse(FAMILIES).position(|range| range.overlaps(&block));
    let of_other_family = family(cidr).is_some_and(|new| own.iter().any(|&block| family(block) != Some(new)));
    // AWS uses these two ranges itself in such VPCs.
    let beside = |block: &str, kept: &str| {
        let (block, kept) = (parse(&[block]).next(), parse(&[kept]).next());
        block.is_some_and(|block| own.iter().any(|own| block.covers(own))) && kept.is_some_and(|kept| kept.overlaps(&cidr))
    };
    of_other_family || beside("10.0.0.0/15", "10.0.0.0/16") || beside("172.16.0.0/12", "172.31.0.0/16")
}

fn parse(ranges: &[&str]) -> impl Iterator<Item = Ipv4Cidr> {
    ranges.iter().filter_map(|range| range.parse().ok())
}

/// Who has asked for a peering connection waits for the answer; who has one keeps apart from the peer.
fn check_peerings(vpc: &Vpc, cidr: Ipv4Cidr, edit: &Edit<'_, '_>) -> Result<(), Error> {
    for pcx in edit.draft.all::<VpcPeeringConnection>() {
        let Some(peer) = pcx.peer_of(vpc.id) else { continue };
        let overlaps = peer.cidrs.iter().any(|other| other.overlaps(&cidr));
        match pcx.status {
            PeeringStatus::InitiatingRequest | PeeringStatus::PendingAcceptance if pcx.requester.vpc == vpc.id => {
                return Err(Error::PeeringPending { vpc: vpc.id, id: pcx.id });
            }
            PeeringStatus::Provisioning | PeeringStatus::Active if overlaps => {
                return Err(Error::BlockConflict { cidr, with: "a block of a peered VPC" });
            }
            _ => {}
        }
    }
    Ok(())
}

/// The connections of a VPC tell its blocks. A request that waits for it fails if they overlap the requester's now.
fn tell_peerings(vpc: VpcId, edit: &mut Edit<'_, '_>) {
    let cidrs: Vec<Ipv4Cidr> = edit.draft.resolve(vpc).cidrs().collect();
    let connections: Vec<_> = edit.draft.all::<VpcPeeringConnection>().filter(|pcx| !pcx.status.is_terminal()).cloned().collect();
    for mut pcx in connections {
        for side in [&mut pcx.requester, &mut pcx.accepter].into_iter().filter(|side| side.vpc == vpc) {
            side.cidrs.clone_from(&cidrs);
        }
        if pcx.side(vpc).is_none() {
            continue;
        }
        let overlaps = pcx.requester.cidrs.iter().any(|one| pcx.accepter.cidrs.iter().any(|other| one.overlaps(other)));
        let now = edit.now();
        edit.draft.put(if overlaps { fail(pcx, now) } else { pcx });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// AWS's table of ranges that go together (2.1.7).
    #[test]
    fn ranges_go_together_as_aws_says() {
        for (own, new, restricted) in [
            ("10.2.0.0/16", "10.3.0.0/16", false),
            ("10.2.0.0/16", "10.0.0.0/16", false),
            ("10.1.0.0/16", "10.0.0.0/24", true),
            ("10.2.0.0/16", "172.16.0.0/16", true),
            ("10.2.0.0/16", "192.168.0.0/16", true),
            ("10.2.0.0/16", "198.19.0.0/16", true),
            ("10.2.0.0/16", "100.64.0.0/16", false),
            ("10.2.0.0/16", "8.8.0.0/16", false),
            ("172.16.0.0/16", "172.17.0.0/16", false),
            ("172.16.0.0/16", "172.31.0.0/16", true),
            ("172.16.0.0/16", "10.0.0.0/16", true),
            ("192.168.0.0/24", "192.168.1.0/24", false),
            ("192.168.0.0/24", "172.16.0.0/16", true),
            ("198.19.0.0/24", "10.0.0.0/16", true),
            ("8.8.0.0/16", "10.0.0.0/16", true),
            ("8.8.0.0/16", "198.19.0.0/16", true),
            ("8.8.0.0/16", "8.9.0.0/16", false),
            ("100.64.0.0/16", "100.65.0.0/16", false),
        ] {
            assert_eq!(is_restricted(&[own.parse().unwrap()], new.parse().unwrap()), restricted, "{new} beside {own}");
        }
    }
}
