//! Public addresses: Elastic IPs, and those that are assigned automatically.

use std::collections::BTreeSet;

use model::{Draft, InstanceId, NetworkInterface};

use crate::aws::{ALICE, Aws, BOB};
use crate::xml::Element;

const RUN: &str = "RunInstances ImageId=ami-0123456789abcdef0 MinCount=1 MaxCount=1";

/// A VPC with a gateway, whose instances have names, and a subnet of it.
fn public_subnet(aws: &mut Aws) -> (String, String) {
    let vpc = aws.vpc("10.1.0.0/16");
    aws.ok(&format!("ModifyVpcAttribute VpcId={vpc} EnableDnsHostnames.Value=true"));
    aws.gateway(&vpc);
    let subnet = aws.subnet(&vpc, "10.1.0.0/24");
    (vpc, subnet)
}

/// An instance that has a public address of its own accord.
fn public_instance(aws: &mut Aws, subnet: &str) -> String {
    let call =
        format!("{RUN} NetworkInterface.1.DeviceIndex=0 NetworkInterface.1.SubnetId={subnet} NetworkInterface.1.AssociatePublicIpAddress=true");
    let id = aws.get(&call, "instancesSet/item/instanceId");
    aws.settle();
    id
}

fn described(aws: &mut Aws, instance: &str) -> Element {
    aws.ok(&format!("DescribeInstances InstanceId.1={instance}")).find("reservationSet/item/instancesSet/item")[0].clone()
}

fn public_ip(aws: &mut Aws, instance: &str) -> Option<String> {
    described(aws, instance).all("ipAddress").first().map(|&address| address.to_owned())
}

fn associate(aws: &mut Aws, allocation: &str, instance: &str) -> String {
    aws.get(&format!("AssociateAddress AllocationId={allocation} InstanceId={instance}"), "associationId")
}

fn interface_of(aws: &mut Aws, instance: &str) -> String {
    described(aws, instance).get("networkInterfaceSet/item/networkInterfaceId").to_owned()
}

/// <https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_AllocateAddress.html>
#[test]
fn five_addresses_are_all_there_may_be() {
    let mut aws = Aws::new();
    let tags = "TagSpecification.1.ResourceType=elastic-ip TagSpecification.1.Tag.1.Key=Name TagSpecification.1.Tag.1.Value=web";
    let allocated = aws.ok(&format!("AllocateAddress Domain=vpc NetworkBorderGroup=us-east-1 {tags}"));
    let (id, address) = (allocated.get("allocationId").to_owned(), allocated.get("publicIp").to_owned());
    assert!(id.starts_with("eipalloc-") && address.starts_with("198.18."));
    assert_eq!((allocated.get("domain"), allocated.get("publicIpv4Pool"), allocated.get("networkBorderGroup")), ("vpc", "amazon", "us-east-1"));

    for rest in [
        format!("AllocationId.1={id}"),
        format!("PublicIp.1={address} AllocationId.1={id}"),
        "Filter.1.Name=tag:Name Filter.1.Value.1=web Filter.2.Name=domain Filter.2.Value.1=vpc".to_owned(),
        format!("Filter.1.Name=public-ip Filter.1.Value.1={address}"),
    ] {
        let listed = aws.ok(&format!("DescribeAddresses {rest}"));
        let item = listed.find("addressesSet/item")[0];
        assert_eq!((item.get("allocationId"), item.get("publicIp"), item.get("tagSet/item/value")), (id.as_str(), address.as_str(), "web"));
        for absent in ["associationId", "instanceId", "networkInterfaceId", "privateIpAddress"] {
            assert!(item.find(absent).is_empty(), "{absent}");
        }
    }
    assert_eq!(aws.all("DescribeTags Filter.1.Name=resource-type Filter.1.Value.1=elastic-ip", "tagSet/item/resourceId"), [id.as_str()]);
    assert!(aws.ok(&format!("DescribeAddressesAttribute AllocationId.1={id} Attribute=domain-name")).find("addressSet/item").is_empty());

    for _ in 1..3 {
        aws.elastic_ip();
    }
    let wanted = "AllocateAddress Address=198.18.15.254";
    assert_eq!(aws.get(wanted, "publicIp"), "198.18.15.254");
    let recovered = aws.get("DescribeAddresses PublicIp.1=198.18.15.254", "addressesSet/item/allocationId");
    let in_use = "InvalidAddress.NotFound: Address '198.18.15.254' not found.";
    aws.refuses(&[(wanted, in_use), ("AllocateAddress Address=192.0.2.1", "InvalidAddress.NotFound: Address '192.0.2.1' not found.")]);
    aws.ok(&format!("ReleaseAddress AllocationId={recovered}"));
    aws.ok(wanted);
    aws.elastic_ip();
    aws.refuses(&[
        ("AllocateAddress", "AddressLimitExceeded: The maximum number of addresses has been reached."),
        ("AllocateAddress NetworkBorderGroup=eu-west-1", "InvalidParameterValue: "),
        ("DescribeAddresses PublicIp.1=198.18", "InvalidAddress.Malformed: "),
        ("DescribeAddresses PublicIp.1=192.0.2.1", "InvalidAddress.NotFound: Address '192.0.2.1' not found."),
        (
            "DescribeAddresses AllocationId.1=eipalloc-00000000000000000",
            "InvalidAllocationID.NotFound: The allocation ID 'eipalloc-00000000000000000' does not exist",
        ),
        ("DescribeAddresses MaxResults=5", "UnknownParameter: "),
        ("DescribeAddressesAttribute AllocationId.1=eipalloc-00000000000000000", "InvalidAllocationID.NotFound: "),
        ("ReleaseAddress", "MissingParameter: The request must contain the parameter AllocationId"),
        (
            &format!("ReleaseAddress PublicIp={address}"),
            "InvalidParameterValue: You must specify an allocation id when releasing a VPC elastic IP address",
        ),
        (&format!("ReleaseAddress AllocationId={id} PublicIp={address}"), "InvalidParameterCombination: You may specify public IP or allocation id"),
    ]);
    aws.become_caller(BOB, "us-east-1");
    aws.refuses(&[(&format!("ReleaseAddress AllocationId={id}"), "InvalidAllocationID.NotFound: ")]);
    aws.elastic_ip();
    aws.become_caller(ALICE, "us-east-1");
    aws.ok(&format!("ReleaseAddress AllocationId={id}"));
    assert!(aws.ok("DescribeTags").find("tagSet/item").is_empty());
    aws.elastic_ip();
}

/// Nobody's address is anybody else's, whatever kind it is.
#[test]
fn every_address_is_another_one() {
    let mut aws = Aws::new();
    let mut seen = BTreeSet::new();
    for account in 0..20 {
        aws.become_caller(&format!("{account:012}"), "us-east-1");
        let (_, subnet) = public_subnet(&mut aws);
        for _ in 0..5 {
            assert!(seen.insert(aws.get("AllocateAddress", "publicIp")));
            let instance = public_instance(&mut aws, &subnet);
            assert!(seen.insert(public_ip(&mut aws, &instance).unwrap()));
        }
    }
}

/// Who asks first for nonsense hears of it first (10.2, 10.3).
#[test]
fn an_association_is_refused_for_one_reason_after_the_other() {
    let mut aws = Aws::new();
    let vpc = aws.vpc("10.1.0.0/16");
    let subnet = aws.subnet(&vpc, "10.1.0.0/24");
    let instance = aws.instance(&subnet);
    let eni = interface_of(&mut aws, &instance);
    let address = aws.elastic_ip();
    let absent = "eipalloc-00000000000000000";
    let to = |rest: &str| format!("AssociateAddress AllocationId={address} {rest}");
    aws.refuses(&[
        ("AssociateAddress", "MissingParameter: The request must contain the parameter AllocationId"),
        (&to("PublicIp=192.0.2.1"), "InvalidParameterCombination: You may specify public IP or allocation id, but not both in the same call"),
        (&format!("AssociateAddress AllocationId={absent}"), "MissingParameter: The request must contain the parameter InstanceId"),
        (
            &format!("AssociateAddress AllocationId={absent} InstanceId=i-00000000000000000"),
            "InvalidAllocationID.NotFound: The allocation ID 'eipalloc-00000000000000000' does not exist",
        ),
        ("AssociateAddress PublicIp=192.0.2.1 InstanceId=i-00000000000000000", "InvalidAddress.NotFound: Address '192.0.2.1' not found."),
        (&to(""), "MissingParameter: The request must contain the parameter InstanceId"),
        (&to(&format!("InstanceId={instance} NetworkInterfaceId={eni}")), "InvalidParameterCombination: "),
        (&to("InstanceId=i-00000000000000000"), "InvalidInstanceID.NotFound: "),
        (&to("NetworkInterfaceId=eni-00000000000000000"), "InvalidNetworkInterfaceID.NotFound: "),
        (
            &to(&format!("InstanceId={instance}")),
            &format!("InvalidInstanceID: The pending instance '{instance}' is not in a valid state for this operation."),
        ),
        (
            &to(&format!("NetworkInterfaceId={eni}")),
            &format!("IncorrectInstanceState: The pending instance to which '{eni}' is attached is not in a valid state for this operation."),
        ),
    ]);
    aws.settle();
    aws.refuses(&[
        (
            &to(&format!("InstanceId={instance} PrivateIpAddress=10.1.0.3")),
            "InvalidParameterValue: Value (10.1.0.3) for parameter privateIpAddress is invalid.",
        ),
        (&to(&format!("InstanceId={instance}")), &format!("Gateway.NotAttached: Network {vpc} is not attached to any internet gateway")),
    ]);
    aws.gateway(&vpc);
    aws.ok(&to(&format!("InstanceId={instance}")));
    aws.ok(&format!("TerminateInstances InstanceId.1={instance}"));
    aws.settle();
    let refusal = aws.refused(&to(&format!("InstanceId={instance}")));
    assert_eq!(refusal, format!("InvalidInstanceID: The terminated instance '{instance}' is not in a valid state for this operation."));
}

/// <https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_AssociateAddress.html>
#[test]
fn an_elastic_ip_is_associated() {
    let mut aws = Aws::new();
    let (vpc, subnet) = public_subnet(&mut aws);
    let instance = aws.instance(&subnet);
    aws.settle();
    let allocated = aws.ok("AllocateAddress");
    let (allocation, address) = (allocated.get("allocationId"), allocated.get("publicIp"));
    assert_eq!(described(&mut aws, &instance).get("dnsName"), "");
    let association = associate(&mut aws, allocation, &instance);
    assert!(association.starts_with("eipassoc-"));
    assert_eq!(associate(&mut aws, allocation, &instance), association, "the same again is no news");
    let again = format!("AssociateAddress PublicIp={address} InstanceId={instance} AllowReassociation=false");
    assert_eq!(aws.get(&again, "associationId"), association);

    let name = format!("ec2-{}.compute-1.amazonaws.com", address.replace('.', "-"));
    let item = described(&mut aws, &instance);
    assert_eq!((item.get("ipAddress"), item.get("dnsName")), (address, name.as_str()));
    let private_ip = item.get("privateIpAddress");
    for path in ["networkInterfaceSet/item/association", "networkInterfaceSet/item/privateIpAddressesSet/item/association"] {
        let shown = item.find(path)[0];
        assert_eq!((shown.get("publicIp"), shown.get("publicDnsName"), shown.get("ipOwnerId")), (address, name.as_str(), ALICE));
        assert!(shown.find("allocationId").is_empty(), "instances do not tell");
    }
    let interfaces = aws.ok(&format!("DescribeNetworkInterfaces Filter.1.Name=association.public-ip Filter.1.Value.1={address}"));
    for path in ["networkInterfaceSet/item/association", "networkInterfaceSet/item/privateIpAddressesSet/item/association"] {
        let shown = interfaces.find(path)[0];
        assert_eq!((shown.get("publicIp"), shown.get("ipOwnerId")), (address, ALICE));
        assert_eq!((shown.get("allocationId"), shown.get("associationId")), (allocation, association.as_str()));
    }
    let listed = aws.ok(&format!("DescribeAddresses Filter.1.Name=instance-id Filter.1.Value.1={instance}"));
    let listed = listed.find("addressesSet/item")[0];
    assert_eq!((listed.get("associationId"), listed.get("privateIpAddress")), (association.as_str(), private_ip));
    assert_eq!(listed.get("networkInterfaceId"), item.get("networkInterfaceSet/item/networkInterfaceId"));
    assert_eq!(listed.get("networkInterfaceOwnerId"), ALICE);
    for (filter, value) in [
        ("ip-address", address),
        ("dns-name", &name),
        ("network-interface.association.association-id", &association),
        ("network-interface.association.allocation-id", allocation),
        ("network-interface.addresses.association.ip-owner-id", ALICE),
        ("network-interface.public-dns-name", &name),
    ] {
        let found = aws.all(&format!("DescribeInstances Filter.1.Name={filter} Filter.1.Value.1={value}"), "reservationSet/item");
        assert_eq!(found.len(), 1, "{filter}");
    }

    let gateway = aws.get("DescribeInternetGateways", "internetGatewaySet/item/internetGatewayId");
    let detach = format!("DetachInternetGateway InternetGatewayId={gateway} VpcId={vpc}");
    aws.refuses(&[
        (&format!("ReleaseAddress AllocationId={allocation}"), &format!("InvalidIPAddress.InUse: Address {address} is in use.")),
        (
            &detach,
            &format!(
                "DependencyViolation: Network {vpc} has some mapped public address(es). Please unmap those public address(es) before detaching \
                 the gateway."
            ),
        ),
    ]);
    aws.ok(&format!("ModifyVpcAttribute VpcId={vpc} EnableDnsSupport.Value=false"));
    assert_eq!(described(&mut aws, &instance).get("dnsName"), "");
    assert_eq!(aws.get(&format!("DisassociateAddress AssociationId={association}"), "return"), "true");
    assert_eq!(public_ip(&mut aws, &instance), None);
    aws.ok(&detach);
    let absent = "eipassoc-00000000000000000";
    aws.refuses(&[
        ("DisassociateAddress", "MissingParameter: The request must contain the parameter AssociationId"),
        (
            &format!("DisassociateAddress AssociationId={association} PublicIp={address}"),
            "InvalidParameterCombination: You may specify public IP or association id, but not both in the same call",
        ),
        (&format!("DisassociateAddress AssociationId={association}"), "InvalidAssociationID.NotFound: "),
        (
            &format!("DisassociateAddress AssociationId={absent}"),
            &format!("InvalidAssociationID.NotFound: The association ID '{absent}' does not exist"),
        ),
        ("DisassociateAddress PublicIp=192.0.2.1", "InvalidAddress.NotFound: "),
    ]);
    aws.ok(&format!("DisassociateAddress PublicIp={address}"));
    aws.ok(&format!("ReleaseAddress AllocationId={allocation}"));
}

/// An address moves unless that is ruled out, and one that is in its place gives way (10.4, 10.5, 10.7).
#[test]
fn an_elastic_ip_moves() {
    let mut aws = Aws::new();
    let (_, subnet) = public_subnet(&mut aws);
    let (one, other) = (aws.instance(&subnet), aws.instance(&subnet));
    aws.settle();
    let (first, second) = (aws.elastic_ip(), aws.elastic_ip());
    let association = associate(&mut aws, &first, &one);
    associate(&mut aws, &second, &other);
    let firmly = format!("AssociateAddress AllocationId={first} InstanceId={other} AllowReassociation=false");
    let sentence = format!("Resource.AlreadyAssociated: resource {first} is already associated with associate-id {association}");
    assert_eq!(aws.refused(&firmly), sentence);
    assert_ne!(associate(&mut aws, &first, &other), association);
    assert_eq!(public_ip(&mut aws, &one), None);
    let holder = |aws: &mut Aws, id: &str| aws.all(&format!("DescribeAddresses AllocationId.1={id}"), "addressesSet/item/instanceId");
    assert_eq!(holder(&mut aws, &first), [other]);
    assert!(holder(&mut aws, &second).is_empty(), "it stays allocated");
    aws.ok(&format!("ReleaseAddress AllocationId={second}"));
}

/// What was assigned automatically is gone for good when an Elastic IP comes; another one comes when that goes (9.4, 10.6).
#[test]
fn an_automatic_address_comes_and_goes() {
    let mut aws = Aws::new();
    let (vpc, subnet) = public_subnet(&mut aws);
    aws.ok(&format!("ModifySubnetAttribute SubnetId={subnet} MapPublicIpOnLaunch.Value=true"));
    assert_eq!(aws.get("DescribeSubnets", "subnetSet/item/mapPublicIpOnLaunch"), "true");
    let (instance, other) = (aws.instance(&subnet), aws.instance(&subnet));
    aws.settle();
    let automatic = public_ip(&mut aws, &instance).unwrap();
    let item = described(&mut aws, &instance);
    assert_eq!(item.get("dnsName"), format!("ec2-{}.compute-1.amazonaws.com", automatic.replace('.', "-")));
    assert_eq!(item.get("networkInterfaceSet/item/association/ipOwnerId"), "amazon");
    let interfaces = aws.ok(&format!("DescribeNetworkInterfaces Filter.1.Name=association.public-ip Filter.1.Value.1={automatic}"));
    assert_eq!(interfaces.get("networkInterfaceSet/item/association/ipOwnerId"), "amazon");
    assert!(interfaces.find("networkInterfaceSet/item/association/associationId").is_empty());
    assert!(aws.ok("DescribeAddresses").find("addressesSet/item").is_empty(), "only Elastic IPs are listed");
    aws.refuses(&[(&format!("DisassociateAddress PublicIp={automatic}"), "InvalidAddress.NotFound: ")]);

    let allocation = aws.elastic_ip();
    let association = associate(&mut aws, &allocation, &instance);
    let elastic = public_ip(&mut aws, &instance).unwrap();
    associate(&mut aws, &allocation, &other);
    let again = public_ip(&mut aws, &instance).unwrap();
    assert!(automatic != elastic && elastic != again && automatic != again);
    aws.refuses(&[(&format!("DisassociateAddress AssociationId={association}"), "InvalidAssociationID.NotFound: ")]);
    aws.ok(&format!("DisassociateAddress PublicIp={elastic}"));
    assert!(public_ip(&mut aws, &other).is_some_and(|address| address != elastic));

    aws.ok(&format!("ModifySubnetAttribute SubnetId={subnet} MapPublicIpOnLaunch.Value=false"));
    assert_eq!(public_ip(&mut aws, &instance), Some(again), "an interface keeps what it was made with");
    let gateway = aws.get("DescribeInternetGateways", "internetGatewaySet/item/internetGatewayId");
    let detach = format!("DetachInternetGateway InternetGatewayId={gateway} VpcId={vpc}");
    aws.refuses(&[(&detach, "DependencyViolation: ")]);
    aws.ok(&format!("TerminateInstances InstanceId.1={instance} InstanceId.2={other}"));
    aws.refuses(&[(&detach, "DependencyViolation: ")]);
    aws.settle();
    assert_eq!((public_ip(&mut aws, &instance), described(&mut aws, &instance).get("dnsName")), (None, ""));
    aws.ok(&detach);
}

/// What a launch says comes before what the subnet says; without a gateway an address leads nowhere and is there all the
/// same (5.1.7, 9.2.4, 9.2.5).
#[test]
fn a_launch_decides_about_its_address() {
    let mut aws = Aws::new();
    let vpc = aws.vpc("10.1.0.0/16");
    let subnet = aws.subnet(&vpc, "10.1.0.0/24");
    let launch = |rest: &str| format!("{RUN} NetworkInterface.1.DeviceIndex=0 NetworkInterface.1.SubnetId={subnet} {rest}");
    for (by_subnet, by_launch, wanted) in [
        ("false", "", 0),
        ("false", "NetworkInterface.1.AssociatePublicIpAddress=true", 1),
        ("true", "", 1),
        ("true", "NetworkInterface.1.AssociatePublicIpAddress=false", 0),
    ] {
        aws.ok(&format!("ModifySubnetAttribute SubnetId={subnet} MapPublicIpOnLaunch.Value={by_subnet}"));
        assert_eq!(aws.all(&launch(by_launch), "instancesSet/item/ipAddress").len(), wanted, "{by_subnet} {by_launch}");
    }
    let second = "NetworkInterface.1.AssociatePublicIpAddress=true NetworkInterface.2.DeviceIndex=1";
    aws.refuses(&[
        (
            &launch(second),
            "InvalidParameterCombination: The associatePublicIPAddress parameter cannot be specified when launching with multiple network \
             interfaces.",
        ),
        (&launch("AssociatePublicIpAddress=true"), "UnknownParameter: The parameter AssociatePublicIpAddress is not recognized"),
    ]);
}

/// The end of an instance frees what was automatic; an Elastic IP stays allocated (9.4).
#[test]
fn an_elastic_ip_outlives_its_instance() {
    for delete_on_termination in ["true", "false"] {
        let mut aws = Aws::new();
        let (_, subnet) = public_subnet(&mut aws);
        let call = format!(
            "{RUN} NetworkInterface.1.DeviceIndex=0 NetworkInterface.1.SubnetId={subnet} NetworkInterface.1.AssociatePublicIpAddress=true \
             NetworkInterface.1.DeleteOnTermination={delete_on_termination}"
        );
        let instance = aws.get(&call, "instancesSet/item/instanceId");
        aws.settle();
        let allocation = aws.elastic_ip();
        associate(&mut aws, &allocation, &instance);
        aws.ok(&format!("TerminateInstances InstanceId.1={instance}"));
        assert_eq!(aws.all("DescribeAddresses", "addressesSet/item/instanceId"), [instance.as_str()]);
        aws.settle();
        assert!(aws.all("DescribeAddresses", "addressesSet/item/associationId").is_empty());
        assert!(aws.all("DescribeNetworkInterfaces", "networkInterfaceSet/item/association").is_empty());
        aws.ok(&format!("ReleaseAddress AllocationId={allocation}"));
    }
}

/// An automatic address is another one after each start; an Elastic IP stays (9.4).
#[test]
fn an_elastic_ip_outlasts_a_stop() {
    let mut aws = Aws::new();
    let (_, subnet) = public_subnet(&mut aws);
    let instance = public_instance(&mut aws, &subnet);
    let (stop, start) = (format!("StopInstances InstanceId.1={instance}"), format!("StartInstances InstanceId.1={instance}"));
    let automatic = public_ip(&mut aws, &instance);
    aws.ok(&stop);
    assert_eq!(public_ip(&mut aws, &instance), automatic, "while it is stopping");
    aws.settle();
    assert_eq!(public_ip(&mut aws, &instance), None);
    aws.ok(&start);
    let another = public_ip(&mut aws, &instance);
    assert!(another.is_some() && another != automatic);
    aws.settle();
    aws.ok(&stop);
    aws.settle();
    let allocation = aws.elastic_ip();
    let association = associate(&mut aws, &allocation, &instance);
    let elastic = public_ip(&mut aws, &instance);
    aws.ok(&start);
    aws.settle();
    aws.ok(&stop);
    aws.settle();
    assert_eq!(public_ip(&mut aws, &instance), elastic);
    aws.ok(&format!("DisassociateAddress AssociationId={association}"));
    assert_eq!(public_ip(&mut aws, &instance), None, "a stopped instance waits for its start");
    aws.ok(&start);
    assert!(public_ip(&mut aws, &instance).is_some_and(|address| Some(address) != elastic));
}

/// An interface without an instance may have an Elastic IP, and gets nothing automatically (9.1.10, 10.3).
#[test]
fn an_interface_alone_can_have_an_elastic_ip() {
    let mut aws = Aws::new();
    let (_, subnet) = public_subnet(&mut aws);
    let call = format!(
        "{RUN} NetworkInterface.1.DeviceIndex=0 NetworkInterface.1.SubnetId={subnet} NetworkInterface.1.AssociatePublicIpAddress=true \
         NetworkInterface.1.DeleteOnTermination=false"
    );
    let instance = aws.get(&call, "instancesSet/item/instanceId");
    aws.ok(&format!("TerminateInstances InstanceId.1={instance}"));
    aws.settle();
    let eni = aws.get("DescribeNetworkInterfaces", "networkInterfaceSet/item/networkInterfaceId");
    let allocation = aws.elastic_ip();
    let association = aws.get(&format!("AssociateAddress AllocationId={allocation} NetworkInterfaceId={eni}"), "associationId");
    assert_eq!(aws.get("DescribeAddresses", "addressesSet/item/networkInterfaceId"), eni);
    assert!(aws.all("DescribeAddresses", "addressesSet/item/instanceId").is_empty());
    aws.ok(&format!("DisassociateAddress AssociationId={association}"));
    assert!(aws.all("DescribeNetworkInterfaces", "networkInterfaceSet/item/association").is_empty());
}

/// In the default VPC an address that is in use is released all the same (10.9).
#[test]
fn the_default_vpc_lets_go_of_an_address() {
    let mut aws = Aws::new();
    let (vpc, subnet) = public_subnet(&mut aws);
    let instance = public_instance(&mut aws, &subnet);
    let allocation = aws.elastic_ip();
    associate(&mut aws, &allocation, &instance);
    let elastic = public_ip(&mut aws, &instance);
    let mut draft = Draft::new(&aws.snapshot);
    draft.update(vpc.parse::<model::VpcId>().unwrap(), |vpc| vpc.is_default = true);
    aws.snapshot = draft.finish().0;
    aws.ok(&format!("ReleaseAddress AllocationId={allocation}"));
    assert!(public_ip(&mut aws, &instance).is_some_and(|address| Some(address) != elastic));
    let id: InstanceId = instance.parse().unwrap();
    assert!(aws.snapshot.all::<NetworkInterface>().all(|interface| interface.attachment.is_some_and(|attachment| attachment.instance == id)));
}
