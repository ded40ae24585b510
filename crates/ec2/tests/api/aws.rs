//! A fake AWS: the state, a clock and a fountain of numbers, spoken to as one account in one region at a time.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use ec2::{Call, ConsoleOutput, Ctx, Machine, NewImage, NoMachine, Reply, Request, lifecycle};
use model::{Draft, ImageId, Instance, InstanceId, InstanceState, Observation, Scope, Snapshot, Timestamp};

use crate::xml::Element;

pub const ALICE: &str = "111111111111";
pub const BOB: &str = "222222222222";

/// The state, and who speaks to it.
pub struct Aws {
    pub snapshot: Snapshot,
    pub now: Timestamp,
    account: String,
    region: String,
    seed: u64,
    /// Where instances run.
    pub machine: Made,
}

/// A machine as a test has made it.
#[derive(Clone, Default)]
pub struct Made {
    pub consoles: BTreeMap<InstanceId, ConsoleOutput>,
    pub image_trouble: Option<String>,
    pub volume_trouble: Option<String>,
}

impl Machine for Made {
    fn console(&self, instance: InstanceId) -> Option<ConsoleOutput> {
        self.consoles.get(&instance).cloned()
    }

    fn image_trouble(&self) -> Option<String> {
        self.image_trouble.clone()
    }

    fn volume_trouble(&self) -> Option<String> {
        self.volume_trouble.clone()
    }
}

impl Aws {
    /// Noon of 2026-01-31, as Alice in us-east-1. She and Bob have deleted their default VPCs there, as many do who have
    /// networks of their own.
    pub fn new() -> Self {
        static EMPTY: LazyLock<Snapshot> = LazyLock::new(|| {
            let mut aws = Aws::untouched();
            for account in [BOB, ALICE] {
                aws.become_caller(account, "us-east-1");
                aws.delete_default_vpc();
            }
            aws.snapshot
        });
        Self { snapshot: EMPTY.clone(), ..Self::untouched() }
    }

    /// The same before anybody has called.
    pub fn untouched() -> Self {
        Self {
            snapshot: Snapshot::default(),
            now: Timestamp(1_769_860_800_000),
            account: ALICE.to_owned(),
            region: "us-east-1".to_owned(),
            seed: 0x5eed,
            machine: Made::default(),
        }
    }

    /// Speaks as another account, or in another region, from now on.
    pub fn become_caller(&mut self, account: &str, region: &str) {
        (self.account, self.region) = (account.to_owned(), region.to_owned());
    }

    /// Makes a call, written as `CreateVpc CidrBlock=10.0.0.0/16`: a form with spaces for ampersands. What comes back is
    /// checked, applied, and followed by what happens by itself.
    pub fn call(&mut self, call: &str) -> (Reply, Element) {
        let form = format!("Version=2016-11-15&Action={}", call.split_whitespace().collect::<Vec<_>>().join("&"));
        self.send("POST", "", form.as_bytes())
    }

    /// Sends a request as it is.
    pub fn send(&mut self, method: &str, query: &str, body: &[u8]) -> (Reply, Element) {
        let credential = format!("Credential={}/20260131/{}/ec2/aws4_request", self.account, self.region);
        let headers = [("authorization".to_owned(), format!("AWS4-HMAC-SHA256 {credential}, SignedHeaders=host, Signature=0"))];
        let call = Call::parse(&Request { method, query, headers: &headers, body });
        let reply = self.apply(&call);
        let root = check(&call, &reply);
        (reply, root)
    }

    /// Sends a request to EC2 Instance Connect, in JSON. What comes back is checked too.
    pub fn send_json(&mut self, action: &str, body: &str) -> (Reply, serde_json::Value) {
        let credential = format!("Credential={}/20260131/{}/ec2-instance-connect/aws4_request", self.account, self.region);
        let headers = [
            ("authorization".to_owned(), format!("AWS4-HMAC-SHA256 {credential}, SignedHeaders=host, Signature=0")),
            ("content-type".to_owned(), "application/x-amz-json-1.1".to_owned()),
            ("x-amz-target".to_owned(), format!("AWSEC2InstanceConnectService.{action}")),
        ];
        let call = Call::parse(&Request { method: "POST", query: "", headers: &headers, body: body.as_bytes() });
        let reply = self.apply(&call);
        let root: serde_json::Value = serde_json::from_str(&reply.body).unwrap();
        assert_eq!(reply.content_type, "application/x-amz-json-1.1");
        match reply.error_code {
            None => assert_eq!((reply.status, root["RequestId"].as_str()), (200, Some(reply.request_id.as_str()))),
            Some(code) => assert_eq!((reply.status, root["__type"].as_str()), (400, Some(code))),
        }
        (reply, root)
    }

    fn apply(&mut self, call: &Call) -> Reply {
        let mut draft = Draft::new(&self.snapshot);
        let now = self.now;
        let reply = call.apply(&mut draft, &mut Ctx { now, random: &mut || next(&mut self.seed), machine: &self.machine });
        assert!(!(reply.is_error() || call.is_read_only()) || !draft.is_changed(), "{call:?} changed something and answered {}", reply.body);
        self.publish(draft);
        self.tick();
        reply
    }

    /// Makes a call that must succeed.
    pub fn ok(&mut self, call: &str) -> Element {
        let (reply, root) = self.call(call);
        assert!(!reply.is_error(), "{call} answered {}", reply.body);
        root
    }

    /// Makes a call that must be refused: code and sentence.
    pub fn refused(&mut self, call: &str) -> String {
        let (reply, root) = self.call(call);
        assert!(reply.is_error(), "{call} answered {}", reply.body);
        format!("{}: {}", root.get("Errors/Error/Code"), root.get("Errors/Error/Message"))
    }

    /// A table of calls and how what they are refused with begins.
    pub fn refuses(&mut self, rows: &[(&str, &str)]) {
        for (call, wanted) in rows {
            let refusal = self.refused(call);
            assert!(refusal.starts_with(wanted), "{call}\n answered {refusal}\n   wanted {wanted}");
        }
    }

    /// Makes a call and takes one text from its answer.
    pub fn get(&mut self, call: &str, path: &str) -> String {
        self.ok(call).get(path).to_owned()
    }

    /// Makes a call and takes all texts at a path from its answer.
    pub fn all(&mut self, call: &str, path: &str) -> Vec<String> {
        self.ok(call).all(path).into_iter().map(str::to_owned).collect()
    }

    /// Lets time pass.
    pub fn sleep(&mut self, hours: i64) {
        self.sleep_millis(hours * 60 * 60 * 1000);
    }

    /// Lets a little time pass.
    pub fn sleep_millis(&mut self, millis: i64) {
        self.now = self.now.plus_millis(millis);
        self.tick();
    }

    /// What a data plane does: whatever is asked of it, at once.
    pub fn settle(&mut self) {
        let observations: Vec<Observation> = self
            .snapshot
            .all::<Instance>()
            .filter_map(|instance| match instance.state {
                InstanceState::Pending => Some(Observation::InstanceRunning(instance.id)),
                InstanceState::Stopping => Some(Observation::InstanceStopped(instance.id)),
                InstanceState::ShuttingDown => Some(Observation::InstanceGone(instance.id)),
                InstanceState::Running if instance.reboots.is_due() => Some(Observation::InstanceRebooted(instance.id, instance.reboots.asked)),
                _ => None,
            })
            .collect();
        for observation in observations {
            self.observe(observation);
        }
    }

    /// A data plane saw something.
    pub fn observe(&mut self, observation: Observation) {
        let mut draft = Draft::new(&self.snapshot);
        lifecycle::observe(&mut draft, self.now, observation);
        self.publish(draft);
        self.tick();
    }

    fn tick(&mut self) {
        let mut draft = Draft::new(&self.snapshot);
        let due = lifecycle::advance(&mut draft, self.now);
        assert!(due.is_none_or(|due| due > self.now), "what is due is done");
        self.publish(draft);
        let mut draft = Draft::new(&self.snapshot);
        assert_eq!(lifecycle::advance(&mut draft, self.now), due);
        assert!(!draft.is_changed(), "nothing is done twice");
    }

    fn publish(&mut self, draft: Draft) {
        if draft.is_changed() {
            self.snapshot = draft.finish().0;
            assert_eq!(self.snapshot.violation(), None);
        }
    }

    /// An image of the caller's own, whose files are in place: its id, or why not.
    pub fn register_image(&mut self, name: &str) -> Result<ImageId, String> {
        let mut draft = Draft::new(&self.snapshot);
        self.seed += 1;
        let id = ec2::image_id(&draft, self.seed << 32).unwrap();
        let scope = Scope { account: self.account.parse().unwrap(), region: self.region.parse().unwrap() };
        let image = NewImage { scope, name: name.to_owned(), description: "of one's own".to_owned(), login: "me".to_owned() };
        image.register(&mut draft, id, &Ctx { now: self.now, random: &mut || 0, machine: &NoMachine })?;
        self.publish(draft);
        Ok(id)
    }

    /// A VPC: its id.
    pub fn vpc(&mut self, cidr: &str) -> String {
        self.get(&format!("CreateVpc CidrBlock={cidr}"), "vpc/vpcId")
    }

    /// A subnet: its id.
    pub fn subnet(&mut self, vpc: &str, cidr: &str) -> String {
        self.get(&format!("CreateSubnet VpcId={vpc} CidrBlock={cidr}"), "subnet/subnetId")
    }

    /// An instance: its id.
    pub fn instance(&mut self, subnet: &str) -> String {
        let call = format!("RunInstances ImageId=ami-0123456789abcdef0 MinCount=1 MaxCount=1 SubnetId={subnet}");
        self.get(&call, "instancesSet/item/instanceId")
    }

    /// Deletes the default VPC with all that is in it.
    pub fn delete_default_vpc(&mut self) {
        let vpc = self.get("DescribeVpcs Filter.1.Name=is-default Filter.1.Value.1=true", "vpcSet/item/vpcId");
        for subnet in self.all(&format!("DescribeSubnets Filter.1.Name=vpc-id Filter.1.Value.1={vpc}"), "subnetSet/item/subnetId") {
            self.ok(&format!("DeleteSubnet SubnetId={subnet}"));
        }
        let attached = format!("DescribeInternetGateways Filter.1.Name=attachment.vpc-id Filter.1.Value.1={vpc}");
        let gateway = self.get(&attached, "internetGatewaySet/item/internetGatewayId");
        self.ok(&format!("DetachInternetGateway InternetGatewayId={gateway} VpcId={vpc}"));
        self.ok(&format!("DeleteInternetGateway InternetGatewayId={gateway}"));
        self.ok(&format!("DeleteVpc VpcId={vpc}"));
    }

    /// The main route table of a VPC.
    pub fn main_table(&mut self, vpc: &str) -> String {
        let filters = format!("Filter.1.Name=vpc-id Filter.1.Value.1={vpc} Filter.2.Name=association.main Filter.2.Value.1=true");
        self.get(&format!("DescribeRouteTables {filters}"), "routeTableSet/item/routeTableId")
    }

    /// The default group of a VPC.
    pub fn default_group(&mut self, vpc: &str) -> String {
        let filters = format!("Filter.1.Name=vpc-id Filter.1.Value.1={vpc} Filter.2.Name=group-name Filter.2.Value.1=default");
        self.get(&format!("DescribeSecurityGroups {filters}"), "securityGroupInfo/item/groupId")
    }

    /// An internet gateway that is attached to a VPC: its id.
    pub fn gateway(&mut self, vpc: &str) -> String {
        let igw = self.get("CreateInternetGateway", "internetGateway/internetGatewayId");
        self.ok(&format!("AttachInternetGateway InternetGatewayId={igw} VpcId={vpc}"));
        igw
    }

    /// An Elastic IP: its id.
    pub fn elastic_ip(&mut self) -> String {
        self.get("AllocateAddress", "allocationId")
    }

    /// An active peering connection between two VPCs of the caller: its id.
    pub fn peering(&mut self, requester: &str, accepter: &str) -> String {
        let call = format!("CreateVpcPeeringConnection VpcId={requester} PeerVpcId={accepter}");
        let pcx = self.get(&call, "vpcPeeringConnection/vpcPeeringConnectionId");
        self.ok(&format!("AcceptVpcPeeringConnection VpcPeeringConnectionId={pcx}"));
        pcx
    }
}

/// splitmix64 (<https://prng.di.unimi.it/splitmix64.c>).
fn next(seed: &mut u64) -> u64 {
    *seed = seed.wrapping_add(0x9e37_79b9_7f4a_7c15);
    let mixed = (*seed ^ *seed >> 30).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let mixed = (mixed ^ mixed >> 27).wrapping_mul(0x94d0_49bb_1331_11eb);
    mixed ^ mixed >> 31
}

/// What is true of every reply of EC2: envelope, namespace, request id, content type and status.
fn check(call: &Call, reply: &Reply) -> Element {
    assert_eq!(reply.content_type, "text/xml;charset=UTF-8");
    assert!(reply.body.starts_with("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"));
    let root = Element::parse(&reply.body);
    let request_id = match reply.error_code {
        None => {
            assert_eq!((reply.status, root.name.as_str()), (200, format!("{}Response", call.action()).as_str()));
            assert_eq!(root.namespace.as_deref(), Some("http://ec2.amazonaws.com/doc/2016-11-15/"));
            assert_eq!(root.children.first().map(|child| child.name.as_str()), Some("requestId"));
            root.get("requestId")
        }
        Some(code) => {
            assert!((400..600).contains(&reply.status));
            assert_eq!((root.name.as_str(), root.namespace.as_deref()), ("Response", None));
            assert_eq!(root.get("Errors/Error/Code"), code);
            assert!(!root.get("Errors/Error/Message").is_empty());
            root.get("RequestID")
        }
    };
    assert_eq!(request_id, reply.request_id);
    let digits: Vec<char> = request_id.chars().collect();
    assert!(digits.len() == 36 && digits[14] == '4' && "89ab".contains(digits[19]), "{request_id} is a random UUID");
    root
}
