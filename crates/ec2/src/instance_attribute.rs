//! What can be asked and changed about an instance, one attribute at a time.
//!
//! Groups and the source/destination check are those of its interface, which must be its only one.
//! <https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_ModifyInstanceAttribute.html>

use model::{InstanceId, SecurityGroupId};
use serde::{Deserialize, Serialize};

use crate::edit::Edit;
use crate::error::Error;
use crate::operations::{Change, Done, Read};
use crate::reservation::Instance;
use crate::security_group::{GroupIdentifier, named};
use crate::view::View;
use crate::vpc::{Flag, Value};
use crate::wire::xml::Empty;

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct ModifyInstanceAttribute {
    instance_id: InstanceId,
    attribute: Option<String>,
    value: Option<String>,
    source_dest_check: Option<Flag>,
    #[serde(default)]
    group_id: Vec<SecurityGroupId>,
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
    block_device_mapping: Option<Empty>,
    disable_api_stop: Option<Value<bool>>,
    disable_api_termination: Option<Value<bool>>,
    ebs_optimized: Option<Value<bool>>,
    ena_support: Option<Value<bool>>,
    enclave_options: Option<EnclaveOptions>,
    group_set: Option<Vec<GroupIdentifier>>,
    instance_initiated_shutdown_behavior: Option<Value<&'static str>>,
    instance_type: Option<Value<model::InstanceType>>,
    kernel: Option<Nothing>,
    product_codes: Option<Empty>,
    ramdisk: Option<Nothing>,
    root_device_name: Option<Value<&'static str>>,
    source_dest_check: Option<Value<bool>>,
    sriov_net_support: Option<Nothing>,
    user_data: Option<Nothing>,
}

/// An attribute that is not set.
type Nothing = Value<Option<&'static str>>;

#[derive(Serialize)]
struct EnclaveOptions {
    enabled: bool,
}

impl Change for ModifyInstanceAttribute {
    type Answer = Done;
    const INERT: &'static [&'static str] = &[
        "BlockDeviceMapping",
        "DisableApiStop.Value=false",
        "DisableApiTermination.Value=false",
        "EbsOptimized.Value=false",
        "EnaSupport.Value=true",
        "EnclaveOptions.Enabled=false",
        "InstanceInitiatedShutdownBehavior.Value=terminate",
        "InstanceType",
        "Kernel",
        "Ramdisk",
        "SriovNetSupport",
        "UserData",
    ];

    /// An attribute can also be named, with its value beside it.
    fn apply(&self, edit: &mut Edit<'_, '_>) -> Result<Done, Error> {
        let id = edit.find(self.instance_id)?.id;
        let named_check = match (self.attribute.as_deref(), &self.value) {
            (None, None) => None,
            (Some("sourceDestCheck"), Some(value)) => {
                let parsed = value.to_ascii_lowercase().parse();
                Some(parsed.map_err(|_| Error::value("value", value, "Expected true or false."))?)
            }
            (Some(attribute), Some(value)) => {
                return Err(Error::UnsupportedParameter { parameter: attribute.to_owned(), value: value.clone() });
            }
            (Some(_), None) => return Err(Error::missing("Value")),
            (None, Some(_)) => return Err(Error::missing("Attribute")),
        };
        let check = self.source_dest_check.map(|flag| flag.value);
        match (check, named_check, self.group_id.as_slice()) {
            (None, None, []) => Ok(Done),
            (Some(value), None, []) | (None, Some(value), []) => {
                let interface = edit.view().only_interface(id)?.id;
                edit.draft.update(interface, |interface| interface.source_dest_check = value);
                Ok(Done)
            }
            (None, None, groups) => {
                let interface = edit.view().only_interface(id)?.clone();
                let groups = named(groups, interface.vpc, |_| Error::SecurityGroupOfOtherNetwork, edit.view())?;
                edit.draft.update(interface.id, |interface| interface.groups = groups);
                Ok(Done)
            }
            _ => Err(Error::combination("Fields for multiple attribute types specified.")),
        }
    }
}

impl Read for DescribeInstanceAttribute {
    type Answer = DescribeInstanceAttributeAnswer;

    fn read(&self, view: View<'_>) -> Result<Self::Answer, Error> {
        let instance = Instance::new(view.find(self.instance_id)?, view);
        let mut answer = Self::Answer { instance_id: Some(instance.instance_id), ..Default::default() };
        match self.attribute.as_str() {
            "blockDeviceMapping" => answer.block_device_mapping = Some(Empty),
            "disableApiStop" => answer.disable_api_stop = Some(Value { value: false }),
            "disableApiTermination" => answer.disable_api_termination = Some(Value { value: false }),
            "ebsOptimized" => answer.ebs_optimized = Some(Value { value: instance.ebs_optimized }),
            "enaSupport" => answer.ena_support = Some(Value { value: instance.ena_support }),
            "enclaveOptions" => answer.enclave_options = Some(EnclaveOptions { enabled: false }),
            "groupSet" => answer.group_set = Some(instance.group_set),
            "instanceInitiatedShutdownBehavior" => answer.instance_initiated_shutdown_behavior = Some(Value { value: "terminate" }),
            "instanceType" => answer.instance_type = Some(Value { value: instance.instance_type }),
            "kernel" => answer.kernel = Some(Value { value: None }),
            "productCodes" => answer.product_codes = Some(Empty),
            "ramdisk" => answer.ramdisk = Some(Value { value: None }),
            "rootDeviceName" => answer.root_device_name = Some(Value { value: instance.root_device_name }),
            "sourceDestCheck" => answer.source_dest_check = instance.source_dest_check.map(|value| Value { value }),
            "sriovNetSupport" => answer.sriov_net_support = Some(Value { value: None }),
            "userData" => answer.user_data = Some(Value { value: None }),
            _ => return Err(Error::value("attribute", &self.attribute, "Unknown instance attribute.")),
        }
        Ok(answer)
    }
}
