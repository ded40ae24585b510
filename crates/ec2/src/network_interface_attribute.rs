//! What can be changed about a network interface, one attribute at a time.
//!
//! <https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_ModifyNetworkInterfaceAttribute.html>

use model::{AttachmentId, NetworkInterfaceId, SecurityGroupId};
use serde::{Deserialize, Serialize};

use crate::edit::Edit;
use crate::error::Error;
use crate::network_interface::Attachment;
use crate::operations::{Change, Done, Read};
use crate::security_group::{GroupIdentifier, named};
use crate::view::View;
use crate::vpc::{Flag, Value};

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct ModifyNetworkInterfaceAttribute {
    network_interface_id: NetworkInterfaceId,
    description: Option<Text>,
    source_dest_check: Option<Flag>,
    #[serde(default)]
    security_group_id: Vec<SecurityGroupId>,
    attachment: Option<AttachmentChange>,
}

/// A text, as requests have it. An empty one is none.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Text {
    value: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct AttachmentChange {
    attachment_id: AttachmentId,
    delete_on_termination: bool,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct DescribeNetworkInterfaceAttribute {
    network_interface_id: NetworkInterfaceId,
    attribute: String,
}

#[derive(Default, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct DescribeNetworkInterfaceAttributeAnswer {
    network_interface_id: Option<NetworkInterfaceId>,
    associate_public_ip_address: Option<bool>,
    attachment: Option<Attachment>,
    description: Option<Value<String>>,
    group_set: Option<Vec<GroupIdentifier>>,
    source_dest_check: Option<Value<bool>>,
}

impl Change for ModifyNetworkInterfaceAttribute {
    type Answer = Done;
    const INERT: &'static [&'static str] = &[
        "AssociatePublicIpAddress",
        "AssociatedSubnetId",
        "Attachment.DefaultEnaQueueCount",
        "Attachment.EnaQueueCount",
        "ConnectionTrackingSpecification",
        "EnablePrimaryIpv6=false",
        "EnaSrdSpecification",
    ];

    fn apply(&self, edit: &mut Edit<'_, '_>) -> Result<Done, Error> {
        let mut interface = edit.view().own_interface(self.network_interface_id)?.clone();
        match (&self.description, self.source_dest_check, self.security_group_id.as_slice(), &self.attachment) {
            (None, None, [], None) => return Err(Error::combination("No attributes specified.")),
            (Some(Text { value }), None, [], None) => interface.description = value.clone(),
            (None, Some(Flag { value }), [], None) => interface.source_dest_check = value,
            (None, None, groups @ [_, ..], None) => {
                interface.groups = named(groups, interface.vpc, |_| Error::SecurityGroupOfOtherNetwork, edit.view())?;
            }
            (None, None, [], Some(change)) => match interface.attachment.as_mut().filter(|own| own.id == change.attachment_id) {
                Some(attachment) => attachment.delete_on_termination = change.delete_on_termination,
                None => return Err(Error::not_found(change.attachment_id)),
            },
            _ => return Err(Error::combination("Fields for multiple attribute types specified.")),
        }
        edit.draft.put(interface);
        Ok(Done)
    }
}

impl Read for DescribeNetworkInterfaceAttribute {
    type Answer = DescribeNetworkInterfaceAttributeAnswer;

    fn read(&self, view: View<'_>) -> Result<Self::Answer, Error> {
        let interface = view.find(self.network_interface_id)?;
        let mut answer = Self::Answer { network_interface_id: Some(interface.id), ..Default::default() };
        match self.attribute.as_str() {
            "associatePublicIpAddress" => answer.associate_public_ip_address = Some(interface.auto_assign_public_ip),
            "attachment" => answer.attachment = Attachment::of(interface),
            "description" => answer.description = Some(Value { value: interface.description.clone() }),
            "groupSet" => answer.group_set = Some(GroupIdentifier::all(interface, view)),
            "sourceDestCheck" => answer.source_dest_check = Some(Value { value: interface.source_dest_check }),
            _ => return Err(Error::value("attribute", &self.attribute, "Unknown network interface attribute.")),
        }
        Ok(answer)
    }
}
