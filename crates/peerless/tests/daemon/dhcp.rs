//! DHCP option sets, as guests come to know of them: at boot, and when they ask.

use crate::lab::{Lab, eventually};
use crate::sandbox::with_packets;

/// Says what the client was told, as its scripts find it in their environment.
const SCRIPT: &str = "#!/bin/sh
[ \"$1\" = bound ] && echo \"$ip/$mask via $router from $serverid for $lease, mtu $mtu, dns $dns, domain $domain, ntp $ntpsrv, $hostname\"
exit 0
";

const ASK: &str = "busybox udhcpc -f -q -n -i eth0 -s /srv/script -O mtu -O ntpsrv -O hostname 2>/dev/null";

/// An instance that no packet may leave or reach, whatever else it tries.
struct Office {
    lab: Lab,
    vpc: String,
    instance: String,
}

impl Office {
    fn new() -> Self {
        let mut lab = Lab::new("dhcp");
        lab.up(&[]);
        let vpc = lab.must_call("CreateVpc", "CidrBlock=10.1.0.0/16").element("vpcId").to_owned();
        let subnet = lab.must_call("CreateSubnet", &format!("VpcId={vpc}&CidrBlock=10.1.4.0/24")).element("subnetId").to_owned();
        let group = lab.must_call("CreateSecurityGroup", &format!("VpcId={vpc}&GroupName=shut&GroupDescription=shut")).element("groupId").to_owned();
        let everything = "IpPermissions.1.IpProtocol=-1&IpPermissions.1.IpRanges.1.CidrIp=0.0.0.0/0";
        lab.must_call("RevokeSecurityGroupEgress", &format!("GroupId={group}&{everything}"));
        let run = format!("ImageId=ami-12345678&MinCount=1&MaxCount=1&SubnetId={subnet}&PrivateIpAddress=10.1.4.7&SecurityGroupId.1={group}");
        let instance = lab.must_call("RunInstances", &run).element("instanceId").to_owned();
        let office = Self { lab, vpc, instance };
        office.runs();
        office
    }

    fn runs(&self) {
        let state = || self.lab.must_call("DescribeInstances", &format!("InstanceId.1={}", self.instance)).element("name").to_owned();
        eventually("the instance runs", || state() == "running");
    }

    fn said(&self, script: &str) -> String {
        let output = self.lab.peerless(&["run", &self.instance, "--user", "root", "--", "sh", "-c", script]).output().unwrap();
        String::from_utf8_lossy(&output.stdout).trim_end().to_owned()
    }

    fn associate(&self, options: &str) {
        self.lab.must_call("AssociateDhcpOptions", &format!("DhcpOptionsId={options}&VpcId={}", self.vpc));
    }
}

#[test]
fn guests_are_told_the_options_of_their_vpc() {
    with_packets("dhcp::guests_are_told_the_options_of_their_vpc", || {
        let mut office = Office::new();
        office.said(&format!("printf '%s' '{SCRIPT}' > /srv/script && chmod +x /srv/script"));
        let told = |rest: &str| format!("10.1.4.7/24 via 10.1.4.1 from 10.1.4.1 for 3600, mtu 9001, {rest}, ip-10-1-4-7");
        assert_eq!(office.said(ASK), told("dns 10.1.0.2, domain ec2.internal, ntp "));
        // Nobody has an address before the first lease elsewhere; here too it can be asked for without one.
        let without = format!("ip address flush dev eth0; {ASK}; ip address add 10.1.4.7/24 dev eth0");
        assert_eq!(office.said(&without), told("dns 10.1.0.2, domain ec2.internal, ntp "));

        let own = "DhcpConfiguration.1.Key=domain-name&DhcpConfiguration.1.Value.1=corp.example\
            &DhcpConfiguration.2.Key=domain-name-servers&DhcpConfiguration.2.Value.1=10.1.4.53&DhcpConfiguration.2.Value.2=AmazonProvidedDNS\
            &DhcpConfiguration.3.Key=ntp-servers&DhcpConfiguration.3.Value.1=10.1.4.123";
        let options = office.lab.must_call("CreateDhcpOptions", own).element("dhcpOptionsId").to_owned();
        office.associate(&options);
        assert_eq!(office.said(ASK), told("dns 10.1.4.53 10.1.0.2, domain corp.example, ntp 10.1.4.123"), "who asks hears of it at once");
        let configured = "search ec2.internal\nnameserver 10.1.0.2\noptions timeout:2 attempts:5";
        assert_eq!(office.said("cat /etc/resolv.conf"), configured, "who does not ask goes on with what it has");
        office.lab.must_call("RebootInstances", &format!("InstanceId.1={}", office.instance));
        let configured = "search corp.example\nnameserver 10.1.4.53\nnameserver 10.1.0.2\noptions timeout:2 attempts:5";
        eventually("the next boot reads it", || office.said("cat /etc/resolv.conf") == configured);
        assert_eq!(office.said("hostname --fqdn; hostname"), "ip-10-1-4-7.corp.example\nip-10-1-4-7");

        office.associate("default");
        assert_eq!(office.said(ASK), told("dns , domain , ntp "));
        office.lab.must_call("RebootInstances", &format!("InstanceId.1={}", office.instance));
        eventually("the next boot knows of no server", || office.said("cat /etc/resolv.conf; echo end") == "end");
        office.lab.down(&[]);
    });
}
