//! From the simulated internet, and over a stop.

use crate::lab::{Lab, eventually};
use crate::sandbox::with_packets;

#[test]
fn strangers_knock_and_a_stopped_instance_comes_back() {
    with_packets("internet::strangers_knock_and_a_stopped_instance_comes_back", || {
        let mut lab = Lab::new("internet");
        lab.up(&[]);
        let vpc = lab.must_call("CreateVpc", "CidrBlock=10.1.0.0/16").element("vpcId").to_owned();
        let subnet = lab.must_call("CreateSubnet", &format!("VpcId={vpc}&CidrBlock=10.1.0.0/24")).element("subnetId").to_owned();
        let gateway = lab.must_call("CreateInternetGateway", "").element("internetGatewayId").to_owned();
        lab.must_call("AttachInternetGateway", &format!("VpcId={vpc}&InternetGatewayId={gateway}"));
        let of_vpc = format!("Filter.1.Name=vpc-id&Filter.1.Value.1={vpc}");
        let table = lab.must_call("DescribeRouteTables", &of_vpc).element("routeTableId").to_owned();
        lab.must_call("CreateRoute", &format!("RouteTableId={table}&DestinationCidrBlock=0.0.0.0/0&GatewayId={gateway}"));
        let group = lab.must_call("DescribeSecurityGroups", &of_vpc).element("groupId").to_owned();
        let run = format!("ImageId=ami-12345678&MinCount=1&MaxCount=1&SubnetId={subnet}");
        let id = lab.must_call("RunInstances", &run).element("instanceId").to_owned();
        let state = || lab.must_call("DescribeInstances", &format!("InstanceId.1={id}")).element("name").to_owned();
        eventually("the instance runs", || state() == "running");

        let nobody = lab.run(&["probe", "instance-connect", &id, "--tcp", "22"]);
        assert_eq!(nobody.status.code(), Some(1));
        assert!(String::from_utf8(nobody.stdout).unwrap().contains("has no public IPv4 address"));

        let allocation = lab.must_call("AllocateAddress", "").element("allocationId").to_owned();
        lab.must_call("AssociateAddress", &format!("InstanceId={id}&AllocationId={allocation}"));
        let ssh = "IpPermissions.1.IpProtocol=tcp&IpPermissions.1.FromPort=22&IpPermissions.1.ToPort=22";
        let from_connect = format!("GroupId={group}&{ssh}&IpPermissions.1.IpRanges.1.CidrIp=18.206.107.24/29");
        lab.must_call("AuthorizeSecurityGroupIngress", &from_connect);
        let silence = lab.run(&["probe", "laptop", &id, "--tcp", "22", "--timeout", "1"]);
        assert_eq!(silence.status.code(), Some(1));
        let why = String::from_utf8(silence.stdout).unwrap();
        assert!(why.contains("the rule for TCP 22 from 18.206.107.24/29 does not mean 203.0.113.10"), "{why}");
        assert!(lab.must(&["probe", "instance-connect", &id, "--tcp", "22"]).contains("answered"));

        lab.must(&["run", &id, "--", "sh", "-c", "echo kept > ~/note"]);
        lab.must_call("StopInstances", &format!("InstanceId.1={id}"));
        eventually("the instance is stopped", || state() == "stopped");
        assert_eq!(lab.run(&["run", &id, "--", "true"]).status.code(), Some(3));
        lab.must_call("StartInstances", &format!("InstanceId.1={id}"));
        eventually("the instance runs again", || state() == "running");
        assert_eq!(lab.must(&["run", &id, "--", "sh", "-c", "cat ~/note"]), "kept\n");
        assert!(lab.must(&["probe", "instance-connect", &id, "--tcp", "22"]).contains("answered"));
        lab.down(&[]);
    });
}
