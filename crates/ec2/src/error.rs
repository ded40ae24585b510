//! Everything that a call can be refused with: AWS's code and AWS's sentence, side by side, in the order of the codes.
//!
//! Clients act on the code, people read the sentence. Where AWS's sentence is known from reports, it is that one.
//!
//! <https://docs.aws.amazon.com/AWSEC2/latest/APIReference/errors-overview.html>

use std::fmt;
use std::net::Ipv4Addr;

use model::{
    AccountId, AddressAssociationId, AllocationId, AvailabilityZone, Cidr, IdKind, ImageId, InstanceId, InstanceState, InternetGatewayId,
    InvalidUserData, Ipv4Cidr, MalformedId, NetworkAclId, NetworkInsightsPathId, NetworkInterfaceId, PeeringStatus, Region, ResourceId,
    RouteTableAssociationId, RouteTableId, SecurityGroupId, SubnetId, VpcCidrBlockAssociationId, VpcId, VpcPeeringConnectionId,
};

use crate::kind::words;
use crate::quota::Quota;

macro_rules! errors {
    ($($(#[$doc:meta])* $name:ident $({ $($field:ident: $type:ty),* })? = $code:expr, $sentence:literal;)*) => {
        /// Why a call is refused.
        #[derive(Clone, Debug, PartialEq, Eq)]
        pub(crate) enum Error { $($(#[$doc])* $name $({ $($field: $type),* })?,)* }

        impl Error {
            /// AWS's code.
            #[allow(unused_variables, reason = "most codes do not depend on the data")]
            pub fn code(&self) -> &'static str {
                match self { $(Error::$name $({ $($field),* })? => $code,)* }
            }
        }

        impl fmt::Display for Error {
            /// AWS's sentence.
            #[allow(unused_variables, reason = "not every sentence tells all")]
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                match self { $(Error::$name $({ $($field),* })? => write!(f, $sentence),)* }
            }
        }
    };
}

errors! {
    InvalidRegion = "AuthFailure", "Credential should be scoped to a valid region.";
    ForeignImage { image: ImageId } = "AuthFailure", "Not authorized for image:{image}";
    /// What belongs to an endpoint is in its hands alone.
    ManagedInterface = "AuthFailure", "You do not have permission to access the specified resource.";
    DefaultSecurityGroup { group: SecurityGroupId } = "CannotDelete",
        "the specified group: \"{group}\" name: \"default\" cannot be deleted by a user";
    DefaultSubnetExists { subnet: SubnetId, zone: AvailabilityZone } = "DefaultSubnetAlreadyExistsInAvailabilityZone",
        "'{subnet}' is already the default subnet in {zone}.";
    DefaultVpcExists = "DefaultVpcAlreadyExists", "A Default VPC already exists for this account in this region.";
    DefaultVpcMissing = "DefaultVpcDoesNotExist", "No default VPC exists for this account in this region.";
    PathHasAnalyses { path: NetworkInsightsPathId } = "AnalysisExistsForNetworkInsightsPath",
        "The network insights path '{path}' has analyses. Delete them first.";
    /// Something still needs it.
    DependencyViolation { noun: &'static str, id: ResourceId } = "DependencyViolation", "The {noun} '{id}' has dependencies and cannot be deleted.";
    SecurityGroupInUse { group: SecurityGroupId } = "DependencyViolation", "resource {group} has a dependent object";
    MappedAddresses { vpc: VpcId } = "DependencyViolation",
        "Network {vpc} has some mapped public address(es). Please unmap those public address(es) before detaching the gateway.";
    NoInstanceToConnect = "EC2InstanceNotFoundException", "The specified instance was not found.";
    InstanceNotConnectable = "EC2InstanceStateInvalidException",
        "Unable to connect because the instance is not in a valid state. Connecting to a stopped or terminated instance is not supported.";
    InstanceUnavailable = "EC2InstanceUnavailableException", "The instance is currently unavailable. Wait a few minutes and try again.";
    DryRun = "DryRunOperation", "Request would have succeeded, but DryRun flag is set.";
    GatewayNotAttached { gateway: InternetGatewayId, vpc: VpcId } = "Gateway.NotAttached", "resource {gateway} is not attached to network {vpc}";
    NetworkWithoutGateway { vpc: VpcId } = "Gateway.NotAttached", "Network {vpc} is not attached to any internet gateway";
    InstanceTerminated = "IdempotentInstanceTerminated", "The instances of the request that this client token belongs to have been terminated.";
    IdempotentParameterMismatch = "IdempotentParameterMismatch",
        "The client token was used before, in a request with other parameters.";
    InstanceNotStopped { instance: InstanceId } = "IncorrectInstanceState", "The instance '{instance}' is not in the 'stopped' state.";
    InstanceState { instance: InstanceId, participle: &'static str } = "IncorrectInstanceState",
        "The instance '{instance}' is not in a state from which it can be {participle}.";
    InterfaceNotReady { interface: NetworkInterfaceId, state: InstanceState } = "IncorrectInstanceState",
        "The {state} instance to which '{interface}' is attached is not in a valid state for this operation.";
    InsufficientAddresses = "InsufficientAddressCapacity", "Not enough available addresses to satisfy your minimum request.";
    InsufficientFreeAddresses { subnet: SubnetId, free: usize } = "InsufficientFreeAddressesInSubnet",
        "There are not enough free addresses in subnet '{subnet}' to satisfy the requested number of instances: {free} are free.";
    Internal = "InternalError", "An internal error has occurred";
    UnknownAction { action: String } = "InvalidAction", "The action {action} is not valid for this web service.";
    DuplicateImage { name: String, image: ImageId } = "InvalidAMIName.Duplicate", "AMI name {name} is already in use by AMI {image}";
    MalformedImageName = "InvalidAMIName.Malformed",
        "AMI names must be between 3 and 128 characters long, and may contain letters, numbers, '(', ')', '.', '-', '/' and '_'";
    ImageUnavailable { image: ImageId } = "InvalidAMIID.Unavailable", "The image ID '{image}' is no longer available";
    MalformedAddress { value: String } = "InvalidAddress.Malformed", "The IP address '{value}' is not valid.";
    UnknownAddress { address: Ipv4Addr } = "InvalidAddress.NotFound", "Address '{address}' not found.";
    InvalidClientToken { token: String } = "InvalidClientToken", "The client token '{token}' is invalid: it may have up to 64 ASCII characters.";
    NoCredits { instance: InstanceId } = "InstanceCreditSpecification.NotSupported",
        "The instance '{instance}' is not a burstable performance instance.";
    BlockInUse { cidr: Ipv4Cidr } = "InvalidCidrBlock.InUse", "The vpc currently has a subnet within CIDR block {cidr}";
    UnknownInstanceTypes { names: String } = "InvalidInstanceType", "The following supplied instance types do not exist: [{names}]";
    NoSuchLaunchTemplate { id: String } = "InvalidLaunchTemplateId.NotFound", "The specified launch template, with template ID {id}, does not exist.";
    NoSuchLaunchTemplateName = "InvalidLaunchTemplateName.NotFoundException", "At least one of the launch templates specified in the request does not exist.";
    NoSuchProfileAssociation { id: String } = "InvalidAssociationID.NotFound", "An invalid association-id of '{id}' was given";
    TooManyBlocks { vpc: VpcId, most: usize } = "CidrLimitExceeded", "This network {vpc} has met its maximum number of allowed CIDRs: {most}";
    BlockConflict { cidr: Ipv4Cidr, with: &'static str } = "InvalidVpc.Range", "The CIDR '{cidr}' conflicts with {with}.";
    BlockRestricted { cidr: Ipv4Cidr } = "InvalidVpc.Range",
        "The CIDR '{cidr}' is restricted. Use a CIDR from the same private address range as the current VPC CIDR, or use a publicly-routable CIDR.";
    PrimaryBlock { association: VpcCidrBlockAssociationId } = "OperationNotPermitted",
        "The vpc CIDR block with association ID {association} may not be disassociated. It is the primary IPv4 CIDR block of the VPC";
    PeeringPending { vpc: VpcId, id: VpcPeeringConnectionId } = "OperationNotPermitted",
        "No CIDR block may be added to {vpc} while its request for the VPC peering connection {id} is pending.";
    TerminationDisabled { instance: InstanceId } = "OperationNotPermitted",
        "The instance '{instance}' may not be terminated. Modify its 'disableApiTermination' instance attribute and try again.";
    StopDisabled { instance: InstanceId, verb: &'static str } = "OperationNotPermitted",
        "The instance '{instance}' may not be {verb}. Modify its 'disableApiStop' instance attribute and try again.";
    DuplicateSecurityGroup { name: String, vpc: VpcId } = "InvalidGroup.Duplicate", "The security group '{name}' already exists for VPC '{vpc}'";
    UnknownSecurityGroupName { name: String } = "InvalidGroup.NotFound", "The security group '{name}' does not exist";
    /// The two groups could never see each other's interfaces.
    SecurityGroupOfOtherNetwork = "InvalidGroup.NotFound", "You have specified two resources that belong to different networks.";
    /// An id that could be of any kind and is of none.
    InvalidId { value: String } = "InvalidID", "The ID '{value}' is not valid";
    AddressInUse { address: Ipv4Addr } = "InvalidIPAddress.InUse", "Address {address} is in use.";
    InstanceNotReady { instance: InstanceId, state: InstanceState } = "InvalidInstanceID",
        "The {state} instance '{instance}' is not in a valid state for this operation.";
    SeveralInterfaces { instance: InstanceId } = "InvalidInstanceID",
        "There are multiple interfaces attached to instance '{instance}'. Please specify an interface ID for the operation instead.";
    PublicKeyFormat = "InvalidKey.Format", "Key is not in valid OpenSSH public key format";
    DuplicateKeyPair { name: String } = "InvalidKeyPair.Duplicate", "The keypair '{name}' already exists.";
    UnknownKeyPair { name: String } = "InvalidKeyPair.NotFound", "The key pair '{name}' does not exist";
    NoSuchEntry { direction: &'static str, number: u16 } = "InvalidNetworkAclEntry.NotFound", "no {direction} entry with number {number}";
    InvalidNextToken = "InvalidNextToken", "The token is invalid.";
    SecurityGroupOfOtherVpc { group: SecurityGroupId, subnet: SubnetId } = "InvalidParameter",
        "Security group {group} and subnet {subnet} belong to different networks.";
    /// Two parameters that do not go together, or one of several that is missing.
    InvalidCombination { reason: String } = "InvalidParameterCombination", "{reason}";
    /// A value that AWS describes in this common way.
    InvalidValue { parameter: String, value: String, reason: String } = "InvalidParameterValue",
        "Value ({value}) for parameter {parameter} is invalid. {reason}";
    InvalidFilter { name: String } = "InvalidParameterValue", "The filter '{name}' is invalid";
    EmptyFilter { name: String } = "InvalidParameterValue", "The filter '{name}' has no values";
    InvalidMaxResults { value: u32, least: u32, most: u32 } = "InvalidParameterValue",
        "Value ( {value} ) for parameter maxResults is invalid. Expecting a value between {least} and {most}.";
    InvalidInstanceType { value: String } = "InvalidParameterValue", "Invalid value '{value}' for InstanceType.";
    InvalidZone { value: String } = "InvalidParameterValue", "Invalid availability zone: [{value}]";
    /// Members of a JSON request that are not as AWS wants them, all at once.
    InvalidArguments { sentence: String } = "InvalidArgsException", "{sentence}";
    NotAnSshKey = "InvalidArgsException", "The SSH public key is not a valid OpenSSH public key of a supported type: RSA or Ed25519.";
    InvalidRegionName { value: String } = "InvalidParameterValue", "Invalid region: [{value}]";
    InvalidTag { reason: String } = "InvalidParameterValue", "{reason}";
    MetadataTagKey { key: String } = "InvalidParameterValue",
        "'{key}' is not a valid tag key. Tag keys must match pattern ([0-9a-zA-Z\\\\-_+=,.@:]{{1,255}}), and must not be a reserved name \
         ('.', '..', '_index')";
    MalformedCidr { cidr: String } = "InvalidParameterValue", "CIDR block {cidr} is malformed";
    /// A rule of a security group that says nothing sensible.
    InvalidPermission { reason: String } = "InvalidParameterValue", "{reason}";
    InvalidGroupName { reason: String } = "InvalidParameterValue", "{reason}";
    DefaultNetworkAcl { acl: NetworkAclId } = "InvalidParameterValue", "cannot delete default network ACL {acl}";
    NetworkAclOfOtherVpc { acl: NetworkAclId, subnet: SubnetId } = "InvalidParameterValue",
        "network ACL {acl} and subnet {subnet} belong to different networks";
    VpcHasGateway { vpc: VpcId } = "InvalidParameterValue", "Network {vpc} already has an internet gateway attached";
    DifferentNetworks { table: RouteTableId, noun: &'static str, id: ResourceId } = "InvalidParameterValue",
        "route table {table} and {noun} {id} belong to different networks";
    /// The beginner's slip: the VPC's own addresses were given where the peer's were meant.
    DestinationIsLocal { destination: Cidr } = "InvalidParameterValue",
        "The destination CIDR block {destination} is equal to or more specific than one of this VPC's CIDR blocks. This route can target only an \
         interface or an instance.";
    /// A range that AWS keeps for services such as the instance metadata.
    DestinationIsReserved { destination: Cidr } = "InvalidParameterValue", "The destination CIDR block {destination} is reserved.";
    LocalRoute { destination: Cidr, table: RouteTableId } = "InvalidParameterValue", "cannot remove local route {destination} in route table {table}";
    NoRouteToReplace { destination: Cidr } = "InvalidParameterValue",
        "There is no route defined for '{destination}' in the route table. Use CreateRoute instead.";
    MainAssociation { association: RouteTableAssociationId } = "InvalidParameterValue",
        "cannot disassociate the main route table association {association}";
    AddressOutsideSubnet { address: Ipv4Addr } = "InvalidParameterValue", "Address {address} does not fall within the subnet's address range";
    AddressReserved { address: Ipv4Addr } = "InvalidParameterValue", "Address {address} is in subnet's reserved address range";
    ReleaseNeedsAllocationId = "InvalidParameterValue", "You must specify an allocation id when releasing a VPC elastic IP address";
    PeeringWithItself { vpc: VpcId } = "InvalidParameterValue", "The VPC {vpc} cannot be peered with itself.";
    DuplicatePermission { rule: String } = "InvalidPermission.Duplicate", "the specified rule \"{rule}\" already exists";
    UnknownPermission = "InvalidPermission.NotFound", "The specified rule does not exist in this security group.";
    UnknownRoute { destination: Cidr, table: RouteTableId } = "InvalidRoute.NotFound",
        "no route with destination-cidr-block {destination} in route table {table}";
    InvalidTransition { id: VpcPeeringConnectionId, from: PeeringStatus, to: &'static str } = "InvalidStateTransition",
        "Invalid state transition for {id}, attempted to transition from {from} to {to}";
    SubnetConflict { cidr: Ipv4Cidr } = "InvalidSubnet.Conflict", "The CIDR '{cidr}' conflicts with another subnet";
    SubnetRange { cidr: Ipv4Cidr } = "InvalidSubnet.Range", "The CIDR '{cidr}' is invalid.";
    InvalidUserData { problem: InvalidUserData } = match problem {
            InvalidUserData::Malformed => "InvalidUserData.Malformed",
            InvalidUserData::TooLong => "InvalidParameterValue",
        }, "{problem}";
    VpcRange { cidr: Ipv4Cidr } = "InvalidVpc.Range", "The CIDR '{cidr}' is invalid.";
    PeeringWithoutDnsHostnames { id: VpcPeeringConnectionId } = "InvalidVpcPeeringConnectionState.DnsHostnamesDisabled",
        "To enable DNS hostname resolution for the VPC peering connection {id}, DNS hostname support must be enabled for the VPCs.";
    MalformedQueryString { reason: &'static str } = "MalformedQueryString", "The query string is malformed: {reason}.";
    RepeatedParameter { parameter: String } = "MalformedQueryString", "The parameter {parameter} appears more than once.";
    MissingAction = "MissingAction", "The request must contain the parameter Action";
    NoDefaultSubnetInZone { zone: AvailabilityZone } = "MissingInput", "No default subnet for availability zone: '{zone}'.";
    NoDefaultSubnet = "MissingInput", "No subnets found for the default VPC. Please specify a subnet.";
    MissingParameter { parameter: String } = "MissingParameter", "The request must contain the parameter {parameter}";
    EntryExists { number: u16 } = "NetworkAclEntryAlreadyExists", "The network acl entry identified by {number} already exists.";
    NoInsightsDestination { value: String } = "NetworkInsightsDestination.NotFound", "The destination '{value}' does not exist";
    NoInsightsSource { value: String } = "NetworkInsightsSource.NotFound", "The source '{value}' does not exist";
    UnknownVersion { version: String } = "NoSuchVersion", "The requested version ({version}) of service AmazonEC2 does not exist";
    NotPermitted { id: VpcPeeringConnectionId, account: AccountId, verb: &'static str } = "OperationNotPermitted",
        "User ({account}) cannot {verb} peering {id}";
    PeeringNotActive { id: VpcPeeringConnectionId } = "OperationNotPermitted",
        "Peering {id} is not active. Peering options can be added only to active peerings.";
    WrongRegion { id: VpcPeeringConnectionId, region: Region, accepter: Region, verb: &'static str } = "OperationNotPermitted",
        "Incorrect region ({region}) specified for this request. VPC peering connection {id} must be {verb} in region {accepter}";
    GatewayAttached { gateway: InternetGatewayId, vpc: VpcId } = "Resource.AlreadyAssociated",
        "resource {gateway} is already attached to network {vpc}";
    AddressAssociated { allocation: AllocationId, association: AddressAssociationId } = "Resource.AlreadyAssociated",
        "resource {allocation} is already associated with associate-id {association}";
    SubnetAssociated { table: RouteTableId } = "Resource.AlreadyAssociated",
        "the specified association for route table {table} conflicts with an existing association";
    RouteExists { destination: Cidr } = "RouteAlreadyExists", "The route identified by {destination} already exists.";
    Serialization { reason: String } = "SerializationException", "The body is not the JSON object that was expected: {reason}";
    Throttled = "ThrottlingException", "The requests were made too frequently and have been throttled. Wait a while and try again.";
    UnknownParameter { parameter: String } = "UnknownParameter", "The parameter {parameter} is not recognized";
    /// An action of AWS's that is not built.
    UnsupportedAction { action: String } = "UnsupportedOperation", "The action {action} is not supported by Peerless.";
    /// A parameter of AWS's that is not acted on.
    UnsupportedParameter { parameter: String, value: String } = "UnsupportedOperation",
        "The parameter {parameter} is not supported with the value '{value}'.";
    DeviceMappedTwice { device: &'static str } = "InvalidBlockDeviceMapping", "The device '{device}' is used in more than one block-device mapping";
    VolumeTooSmall { gib: i64 } = "InvalidBlockDeviceMapping",
        "Volume of size {gib}GB is smaller than the snapshot of the image, expect size >= 8GB";
    /// A size of a disk, where the machine lacks what it takes.
    NoVolumeSizes { parameter: String, reason: String } = "UnsupportedOperation", "The parameter {parameter} is not supported here: {reason}.";
    /// An imported image, where the machine lacks what it takes.
    ImageUnbootable { image: ImageId, reason: String } = "UnsupportedOperation", "The image {image} cannot be booted here: {reason}.";
    VcpuLimitExceeded { limit: u32 } = "VcpuLimitExceeded",
        "You have requested more vCPU capacity than your current vCPU limit of {limit} allows for the instance bucket that the specified instance type belongs to. Please visit http://aws.amazon.com/contact-us/ec2-request to request an adjustment to this limit.";
    NoDefaultVpc = "VPCIdNotSpecified", "No default VPC for this user. GroupName is only supported for EC2-Classic and default VPC.";
    PeeringExists { id: VpcPeeringConnectionId } = "VpcPeeringConnectionAlreadyExists",
        "A VPC peering connection between these VPCs already exists: {id}";

    /// What each kind of resource has a code of its own for.
    NotFound { kind: IdKind, sentence: String } = words(*kind).not_found, "{sentence}";
    NoSuchGateway { value: String } = "InvalidGatewayID.NotFound", "The gateway ID '{value}' does not exist";
    Malformed { id: MalformedId } = id.expected.and_then(|kind| words(kind).malformed).unwrap_or("InvalidID"), "{id}";
    QuotaExceeded { quota: &'static Quota } = quota.code, "{quota}";
}

impl Error {
    /// The HTTP status.
    pub fn status(&self) -> u16 {
        match self.code() {
            "AuthFailure" => 401,
            "DryRunOperation" => 412,
            "InternalError" => 500,
            _ => 400,
        }
    }

    /// There is no such resource, or it is somebody else's.
    pub fn not_found(id: impl Into<ResourceId>) -> Error {
        let id = id.into();
        Error::NotFound { kind: id.kind(), sentence: words(id.kind()).missing(&id) }
    }

    /// Some of the instances that were named do not exist.
    pub fn no_such_instances(ids: &[InstanceId]) -> Error {
        let all = ids.iter().map(InstanceId::to_string).collect::<Vec<_>>().join(", ");
        Error::NotFound { kind: IdKind::InstanceId, sentence: format!("The instance IDs '{all}' do not exist") }
    }

    /// A text that is no id of the kind. Kinds without a code for this say that there is no such thing.
    pub fn malformed_id(kind: IdKind, value: String) -> Error {
        match words(kind).malformed {
            Some(_) => Error::Malformed { id: MalformedId { value, expected: Some(kind) } },
            None => Error::NotFound { kind, sentence: words(kind).missing(&value) },
        }
    }

    /// Something still needs it.
    pub fn dependencies(id: impl Into<ResourceId>) -> Error {
        let id = id.into();
        Error::DependencyViolation { noun: words(id.kind()).noun, id }
    }

    /// A value of a parameter, in AWS's common words.
    pub fn value(parameter: &str, value: impl fmt::Display, reason: &str) -> Error {
        Error::InvalidValue { parameter: parameter.to_owned(), value: value.to_string(), reason: reason.to_owned() }
    }

    /// A parameter that is missing.
    pub fn missing(parameter: &str) -> Error {
        Error::MissingParameter { parameter: parameter.to_owned() }
    }

    /// Parameters that do not go together.
    pub fn combination(reason: &str) -> Error {
        Error::InvalidCombination { reason: reason.to_owned() }
    }
}
