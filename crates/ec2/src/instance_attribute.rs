//! What can be asked and changed about an instance, one attribute at a time.
//!
//! Groups and the source/destination check are those of its interface, which must be its only one.
//! <https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_ModifyInstanceAttribute.html>

use model::{InstanceId, InstanceState, InstanceType, SecurityGroupId, ShutdownBehavior, UserData};
use serde::{Deserialize, Serialize};

use crate::edit::Edit;
use crate::error::Error;
use crate::instance_options::EnclaveOptions;
use crate::operations::{Change, Done, Read};
use crate::reservation::Instance;
use crate::security_group::{GroupIdentifier, named};
use crate::view::View;
use crate::volume::BlockDeviceMapping;
use crate::vpc::{Flag, Value};
use crate::wire::xml::Empty;

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct ModifyInstanceAttribute {
    instance_id: InstanceId,
    attribute: Option<String>,
    value: Option<String>,
    source_dest_check: Option<Flag>,
    disable_api_stop: Option<Flag>,
    disable_api_termination: Option<Flag>,
    instance_initiated_shutdown_behavior: Option<ShutdownBehaviorValue>,
    instance_type: Option<InstanceTypeValue>,
    #[serde(default)]
    group_id: Vec<SecurityGroupId>,
    user_data: Option<UserDataValue>,
}

/// An instance type, wrapped as attributes are.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct InstanceTypeValue {
    value: InstanceType,
}

/// A shutdown behaviour, wrapped as attributes are.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct ShutdownBehaviorValue {
    value: ShutdownBehavior,
}

/// User data, wrapped as attributes are.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct UserDataValue {
    value: UserData,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct DescribeInstanceAttribute {
    instance_id: InstanceId,
    attribute: String,
}

#[derive(Default, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct DescribeInstanceAttributeAnswer {
    instance_id: Option<InstanceId>,
    block_device_mapping: Option<Vec<BlockDeviceMapping>>,
    disable_api_stop: Option<Value<bool>>,
    disable_api_termination: Option<Value<bool>>,
    ebs_optimized: Option<Value<bool>>,
    ena_support: Option<Value<bool>>,
    enclave_options: Option<EnclaveOptions>,
    group_set: Option<Vec<GroupIdentifier>>,
    instance_initiated_shutdown_behavior: Option<Value<ShutdownBehavior>>,
    instance_type: Option<Value<InstanceType>>,
    kernel: Option<Nothing>,
    product_codes: Option<Empty>,
    ramdisk: Option<Nothing>,
    root_device_name: Option<Value<&'static str>>,
    source_dest_check: Option<Value<bool>>,
    sriov_net_support: Option<Nothing>,
    user_data: Option<Value<Option<UserData>>>,
}

/// An attribute that is not set.
type Nothing = Value<Option<&'static str>>;

impl Change for ModifyInstanceAttribute {
    type Answer = Done;
    const INERT: &'static [&'static str] = &[
        "BlockDeviceMapping",
        "EbsOptimized.Value=false",
        "EnaSupport.Value=true",
        "EnclaveOptions.Enabled=false",
        "Kernel",
        "Ramdisk",
        "SriovNetSupport",
    ];

    fn apply(&self, edit: &mut Edit<'_, '_>) -> Result<Done, Error> {
        let id = edit.find(self.instance_id)?.id;
        match self.wanted()?.as_slice() {
            [] => {}
            [Wanted::SourceDestCheck(value)] => {
                let interface = edit.view().only_interface(id)?.id;
                edit.draft.update(interface, |interface| interface.source_dest_check = *value);
            }
            [Wanted::Groups(groups)] => {
                let interface = edit.view().only_interface(id)?.clone();
                let groups = named(groups, interface.vpc, |_| Error::SecurityGroupOfOtherNetwork, edit.view())?;
                edit.draft.update(interface.id, |interface| interface.groups = groups);
            }
            [Wanted::DisableApiStop(value)] => edit.draft.update(id, |instance| instance.disable_api_stop = *value),
            [Wanted::DisableApiTermination(value)] => edit.draft.update(id, |instance| instance.disable_api_termination = *value),
            [Wanted::ShutdownBehavior(value)] => edit.draft.update(id, |instance| instance.shutdown_behavior = *value),
            [Wanted::InstanceType(_) | Wanted::UserData(_)] if edit.find(id)?.state != InstanceState::Stopped => {
                return Err(Error::InstanceNotStopped { instance: id });
            }
            [Wanted::InstanceType(instance_type)] => edit.draft.update(id, |instance| instance.instance_type = *instance_type),
            [Wanted::UserData(user_data)] => {
                let user_data = Some(user_data.clone()).filter(|data| !data.bytes().is_empty());
                edit.draft.update(id, |instance| instance.user_data = user_data);
            }
            _ => return Err(Error::combination("Fields for multiple attribute types specified.")),
        }
        Ok(Done)
    }
}

/// An attribute that is to change.
enum Wanted<'a> {
    SourceDestCheck(bool),
    DisableApiStop(bool),
    DisableApiTermination(bool),
    ShutdownBehavior(ShutdownBehavior),
    InstanceType(InstanceType),
    Groups(&'a [SecurityGroupId]),
    /// None of it takes it away.
    UserData(UserData),
}

impl ModifyInstanceAttribute {
    /// What is to change. An attribute can be a parameter, or be named with its value beside it.
    fn wanted(&self) -> Result<Vec<Wanted<'_>>, Error> {
        let named = match (self.attribute.as_deref(), &self.value) {
            (None, None) => None,
            (Some("disableApiStop"), Some(value)) => Some(Wanted::DisableApiStop(flag(value)?)),
            (Some("disableApiTermination"), Some(value)) => Some(Wanted::DisableApiTermination(flag(value)?)),
            (Some("instanceInitiatedShutdownBehavior"), Some(value)) => {
                let parsed = value.parse().map_err(|error: model::text::UnknownWord| Error::value("value", value, &error.to_string()))?;
                Some(Wanted::ShutdownBehavior(parsed))
            }
            (Some("instanceType"), Some(value)) => {
                Some(Wanted::InstanceType(value.parse().map_err(|_| Error::InvalidInstanceType { value: value.clone() })?))
            }
            (Some("sourceDestCheck"), Some(value)) => Some(Wanted::SourceDestCheck(flag(value)?)),
            (Some("userData"), Some(value)) => Some(Wanted::UserData(value.parse().map_err(|problem| Error::InvalidUserData { problem })?)),
            (Some(attribute), Some(value)) => {
                return Err(Error::UnsupportedParameter { parameter: attribute.to_owned(), value: value.clone() });
            }
            (Some(_), None) => return Err(Error::missing("Value")),
            (None, Some(_)) => return Err(Error::missing("Attribute")),
        };
        let check = self.source_dest_check.map(|flag| Wanted::SourceDestCheck(flag.value));
        let stop = self.disable_api_stop.map(|flag| Wanted::DisableApiStop(flag.value));
        let termination = self.disable_api_termination.map(|flag| Wanted::DisableApiTermination(flag.value));
        let shutdown = self.instance_initiated_shutdown_behavior.as_ref().map(|behavior| Wanted::ShutdownBehavior(behavior.value));
        let instance_type = self.instance_type.as_ref().map(|instance_type| Wanted::InstanceType(instance_type.value));
        let groups = (!self.group_id.is_empty()).then_some(Wanted::Groups(&self.group_id));
        let user_data = self.user_data.as_ref().map(|data| Wanted::UserData(data.value.clone()));
        Ok([named, check, stop, termination, shutdown, instance_type, groups, user_data].into_iter().flatten().collect())
    }
}

impl Read for DescribeInstanceAttribute {
    type Answer = DescribeInstanceAttributeAnswer;

    fn read(&self, view: View<'_>) -> Result<Self::Answer, Error> {
        let stored = view.find(self.instance_id)?;
        let instance = Instance::new(stored, view);
        let mut answer = Self::Answer { instance_id: Some(instance.instance_id), ..Default::default() };
        match self.attribute.as_str() {
            "blockDeviceMapping" => answer.block_device_mapping = Some(instance.block_device_mapping),
            "disableApiStop" => answer.disable_api_stop = Some(Value { value: stored.disable_api_stop }),
            "disableApiTermination" => answer.disable_api_termination = Some(Value { value: stored.disable_api_termination }),
            "ebsOptimized" => answer.ebs_optimized = Some(Value { value: instance.ebs_optimized }),
            "enaSupport" => answer.ena_support = Some(Value { value: instance.ena_support }),
            "enclaveOptions" => answer.enclave_options = Some(EnclaveOptions::NONE),
            "groupSet" => answer.group_set = Some(instance.group_set),
            "instanceInitiatedShutdownBehavior" => answer.instance_initiated_shutdown_behavior = Some(Value { value: stored.shutdown_behavior }),
            "instanceType" => answer.instance_type = Some(Value { value: instance.instance_type }),
            "kernel" => answer.kernel = Some(Value { value: None }),
            "productCodes" => answer.product_codes = Some(Empty),
            "ramdisk" => answer.ramdisk = Some(Value { value: None }),
            "rootDeviceName" => answer.root_device_name = Some(Value { value: instance.root_device_name }),
            "sourceDestCheck" => answer.source_dest_check = instance.source_dest_check.map(|value| Value { value }),
            "sriovNetSupport" => answer.sriov_net_support = Some(Value { value: None }),
            "userData" => answer.user_data = Some(Value { value: view.find(self.instance_id)?.user_data.clone() }),
            _ => return Err(Error::value("attribute", &self.attribute, "Unknown instance attribute.")),
        }
        Ok(answer)
    }
}

/// A value that is named beside its attribute.
fn flag(value: &str) -> Result<bool, Error> {
    value.to_ascii_lowercase().parse().map_err(|_| Error::value("value", value, "Expected true or false."))
}
