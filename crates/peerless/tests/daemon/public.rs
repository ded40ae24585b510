//! A VPC on the simulated internet, with one instance in it.

use crate::lab::{Lab, eventually};

/// A public subnet with one instance, whose group admits nobody from outside.
pub struct Public {
    pub lab: Lab,
    pub instance: String,
    pub group: String,
    pub vpc: String,
    pub subnet: String,
    pub main_table: String,
    pub gateway: String,
}

impl Public {
    pub fn new(name: &str) -> Self {
        let mut lab = Lab::new(name);
        lab.up(&[]);
        Self::launch(lab, "")
    }

    /// The same by a daemon that runs already, with more to say about the instance.
    pub fn launch(lab: Lab, parameters: &str) -> Self {
        let vpc = lab.must_call("CreateVpc", "CidrBlock=10.1.0.0/16").element("vpcId").to_owned();
        let subnet = lab.must_call("CreateSubnet", &format!("VpcId={vpc}&CidrBlock=10.1.0.0/24")).element("subnetId").to_owned();
        let gateway = lab.must_call("CreateInternetGateway", "").element("internetGatewayId").to_owned();
        lab.must_call("AttachInternetGateway", &format!("VpcId={vpc}&InternetGatewayId={gateway}"));
        let of_vpc = format!("Filter.1.Name=vpc-id&Filter.1.Value.1={vpc}");
        let main_table = lab.must_call("DescribeRouteTables", &of_vpc).element("routeTableId").to_owned();
        let group = lab.must_call("DescribeSecurityGroups", &of_vpc).element("groupId").to_owned();
        let run = format!("ImageId=ami-12345678&MinCount=1&MaxCount=1&SubnetId={subnet}&{parameters}");
        let instance = lab.must_call("RunInstances", &run).element("instanceId").to_owned();
        let public = Self { lab, instance, group, vpc, subnet, main_table, gateway };
        public.wait_for("running");
        public
    }

    pub fn wait_for(&self, state: &str) {
        let describe = format!("InstanceId.1={}", self.instance);
        eventually(state, || self.lab.must_call("DescribeInstances", &describe).element("name") == state);
    }

    pub fn give_address(&self) -> String {
        let allocation = self.lab.must_call("AllocateAddress", "").element("allocationId").to_owned();
        self.lab.must_call("AssociateAddress", &format!("InstanceId={}&AllocationId={allocation}", self.instance));
        self.lab.must_call("DescribeAddresses", &format!("AllocationId.1={allocation}")).element("publicIp").to_owned()
    }

    pub fn route_out(&self, table: &str) {
        self.lab.must_call("CreateRoute", &format!("RouteTableId={table}&DestinationCidrBlock=0.0.0.0/0&GatewayId={}", self.gateway));
    }

    pub fn ssh_rule(&self, verb: &str, from: &str) {
        let ssh = "IpPermissions.1.IpProtocol=tcp&IpPermissions.1.FromPort=22&IpPermissions.1.ToPort=22";
        let call = format!("{verb}SecurityGroupIngress");
        self.lab.must_call(&call, &format!("GroupId={}&{ssh}&IpPermissions.1.IpRanges.1.CidrIp={from}", self.group));
    }
}
