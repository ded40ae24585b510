//! An Elastic IP's association with a network interface.
//!
//! The interface's VPC must have an internet gateway. An address that is somewhere else moves, unless that is ruled out;
//! one that the interface already has gives way: an Elastic IP stays allocated, an automatic address is gone for good.
//! Each association has a new id. <https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_AssociateAddress.html>

use std::net::Ipv4Addr;

use model::{
    AddressAssociationId, AllocationId, Association, ElasticAssociation, ElasticIp, Instance, InstanceId, InstanceState, NetworkInterface,
    NetworkInterfaceId,
};
use serde::{Deserialize, Serialize};

use crate::edit::Edit;
use crate::error::Error;
use crate::operations::{Change, Done};
use crate::public_address::{PublicIp, disassociate};
use crate::view::View;

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct AssociateAddress {
    allocation_id: Option<AllocationId>,
    public_ip: Option<PublicIp>,
    instance_id: Option<InstanceId>,
    network_interface_id: Option<NetworkInterfaceId>,
    private_ip_address: Option<Ipv4Addr>,
    allow_reassociation: Option<bool>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct AssociateAddressAnswer {
    association_id: AddressAssociationId,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct DisassociateAddress {
    association_id: Option<AddressAssociationId>,
    public_ip: Option<PublicIp>,
}

impl Change for AssociateAddress {
    type Answer = AssociateAddressAnswer;

    fn apply(&self, edit: &mut Edit<'_, '_>) -> Result<Self::Answer, Error> {
        let (named, target) = (self.named()?, self.target()?);
        let address = named.find(edit.view())?.clone();
        let interface = target.find(edit.view())?.clone();
        if let Some(private_ip) = self.private_ip_address.filter(|address| *address != interface.private_ip) {
            let reason = format!("It is not assigned to the network interface {}.", interface.id);
            return Err(Error::value("privateIpAddress", private_ip, &reason));
        }
        if edit.draft.internet_gateway_of(interface.vpc).is_none() {
            return Err(Error::NetworkWithoutGateway { vpc: interface.vpc });
        }
        if let Some((elsewhere, association)) = associated(&address, edit.view()) {
            if elsewhere == interface.id {
                return Ok(AssociateAddressAnswer { association_id: association });
            }
            if self.allow_reassociation == Some(false) {
                return Err(Error::AddressAssociated { allocation: address.id, association });
            }
            disassociate(elsewhere, edit);
        }
        let elastic = ElasticAssociation { id: edit.new_part_id(), allocation: address.id };
        let association = Association { public_ip: address.public_ip, elastic: Some(elastic) };
        edit.draft.update(interface.id, |interface| interface.association = Some(association));
        Ok(AssociateAddressAnswer { association_id: elastic.id })
    }
}

/// How the address is named.
enum Named {
    Allocation(AllocationId),
    Public(PublicIp),
}

/// What it is for.
enum Target {
    Instance(InstanceId),
    Interface(NetworkInterfaceId),
}

impl AssociateAddress {
    fn named(&self) -> Result<Named, Error> {
        match (self.allocation_id, self.public_ip) {
            (Some(id), None) => Ok(Named::Allocation(id)),
            (None, Some(public_ip)) => Ok(Named::Public(public_ip)),
            (Some(_), Some(_)) => Err(Error::combination("You may specify public IP or allocation id, but not both in the same call")),
            (None, None) => Err(Error::missing("AllocationId")),
        }
    }

    fn target(&self) -> Result<Target, Error> {
        match (self.instance_id, self.network_interface_id) {
            (Some(id), None) => Ok(Target::Instance(id)),
            (None, Some(id)) => Ok(Target::Interface(id)),
            (Some(_), Some(_)) => Err(Error::combination("You may specify instance id or network interface id, but not both in the same call")),
            (None, None) => Err(Error::missing("InstanceId")),
        }
    }
}

impl Named {
    fn find(self, view: View<'_>) -> Result<&ElasticIp, Error> {
        match self {
            Named::Allocation(id) => view.find(id),
            Named::Public(public_ip) => view.elastic_ip_at(public_ip),
        }
    }
}

impl Target {
    /// The interface, which must not be part of an instance that is just coming or going.
    fn find(self, view: View<'_>) -> Result<&NetworkInterface, Error> {
        let can_have_one = |instance: &Instance| matches!(instance.state, InstanceState::Running | InstanceState::Stopping | InstanceState::Stopped);
        match self {
            Target::Instance(id) => {
                let instance = view.find(id)?;
                match can_have_one(instance) {
                    true => view.only_interface(id),
                    false => Err(Error::InstanceNotReady { instance: id, state: instance.state }),
                }
            }
            Target::Interface(id) => {
                let interface = view.own_interface(id)?;
                let instance = interface.attachment.map(|attachment| view.snapshot.resolve(attachment.instance));
                match instance.filter(|instance| !can_have_one(instance)) {
                    Some(instance) => Err(Error::InterfaceNotReady { interface: id, state: instance.state }),
                    None => Ok(interface),
                }
            }
        }
    }
}

impl Change for DisassociateAddress {
    type Answer = Done;

    /// An association that is not there is an error; an address that is associated with nothing is none.
    fn apply(&self, edit: &mut Edit<'_, '_>) -> Result<Done, Error> {
        let interface = match (self.association_id, self.public_ip) {
            (Some(id), None) => Some(find(id, edit.view())?),
            (None, Some(public_ip)) => associated(edit.view().elastic_ip_at(public_ip)?, edit.view()).map(|(interface, _)| interface),
            (Some(_), Some(_)) => {
                return Err(Error::combination("You may specify public IP or association id, but not both in the same call"));
            }
            (None, None) => return Err(Error::missing("AssociationId")),
        };
        if let Some(interface) = interface {
            disassociate(interface, edit);
        }
        Ok(Done)
    }
}

/// The interface that has the address, and by which association.
fn associated(address: &ElasticIp, view: View<'_>) -> Option<(NetworkInterfaceId, AddressAssociationId)> {
    let interface = view.snapshot.interface_with_public(address.public_ip.into())?;
    Some((interface.id, interface.association?.elastic?.id))
}

/// The interface of that association.
fn find(id: AddressAssociationId, view: View<'_>) -> Result<NetworkInterfaceId, Error> {
    let is_it = |interface: &&NetworkInterface| interface.association.and_then(|association| association.elastic).is_some_and(|own| own.id == id);
    view.all::<NetworkInterface>().find(is_it).map(|interface| interface.id).ok_or_else(|| Error::not_found(id))
}
