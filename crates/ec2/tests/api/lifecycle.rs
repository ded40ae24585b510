//! What happens without a call.

use model::{InstanceState, Observation};

use crate::aws::Aws;

fn instance(aws: &mut Aws) -> model::InstanceId {
    let vpc = aws.vpc("10.1.0.0/16");
    let subnet = aws.subnet(&vpc, "10.1.0.0/24");
    aws.instance(&subnet).parse().unwrap()
}

fn listed(aws: &mut Aws) -> [String; 3] {
    let listed = aws.ok("DescribeInstances");
    let instance = listed.find("reservationSet/item/instancesSet/item")[0];
    ["instanceState/name", "stateReason/code", "reason"].map(|path| instance.all(path).concat())
}

#[test]
fn an_instance_that_cannot_be_built_says_so() {
    let mut aws = Aws::new();
    let id = instance(&mut aws);
    aws.observe(Observation::InstanceFailed(id));
    assert_eq!(listed(&mut aws), ["terminated", "Server.InternalError", ""]);
}

/// <https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/Using_ChangingInstanceInitiatedShutdownBehavior.html>
#[test]
fn an_instance_that_shuts_itself_down_stops_or_ends() {
    let by_itself = "Client.InstanceInitiatedShutdown";
    for (behavior, change, on_the_way, at_last) in [
        ("", "", "stopping", "stopped"),
        ("InstanceInitiatedShutdownBehavior=stop", "", "stopping", "stopped"),
        // What keeps calls from ending it keeps nothing inside from it.
        ("InstanceInitiatedShutdownBehavior=terminate DisableApiTermination=true DisableApiStop=true", "", "shutting-down", "terminated"),
        ("", "InstanceInitiatedShutdownBehavior.Value=terminate", "shutting-down", "terminated"),
        ("InstanceInitiatedShutdownBehavior=terminate", "Attribute=instanceInitiatedShutdownBehavior Value=stop", "stopping", "stopped"),
    ] {
        let mut aws = Aws::untouched();
        let call = format!("RunInstances ImageId=ami-0123456789abcdef0 MinCount=1 MaxCount=1 {behavior}");
        let id = aws.get(&call, "instancesSet/item/instanceId");
        aws.settle();
        if !change.is_empty() {
            aws.ok(&format!("ModifyInstanceAttribute InstanceId={id} {change}"));
        }
        aws.observe(Observation::InstanceShutDown(id.parse().unwrap()));
        assert_eq!(listed(&mut aws), [on_the_way, by_itself, ""], "{behavior} {change}");
        aws.observe(Observation::InstanceShutDown(id.parse().unwrap()));
        aws.settle();
        assert_eq!(listed(&mut aws), [at_last, by_itself, ""], "{behavior} {change}");
        aws.observe(Observation::InstanceShutDown(id.parse().unwrap()));
        assert_eq!(listed(&mut aws)[0], at_last, "old news changes nothing");
        if at_last == "stopped" {
            aws.ok(&format!("StartInstances InstanceId.1={id}"));
            assert_eq!(listed(&mut aws), ["pending", "", ""]);
        }
    }
}

#[test]
fn old_news_changes_nothing() {
    let mut aws = Aws::new();
    let id = instance(&mut aws);
    aws.observe(Observation::InstanceRunning(id));
    aws.ok(&format!("TerminateInstances InstanceId.1={id}"));
    aws.observe(Observation::InstanceRunning(id));
    assert_eq!(aws.snapshot.resolve(id).state, InstanceState::ShuttingDown);
    aws.observe(Observation::InstanceGone(id));
    let generation = aws.snapshot.generation();
    aws.observe(Observation::InstanceGone(id));
    aws.observe(Observation::InstanceRunning(id));
    aws.observe(Observation::InstanceGone("i-00000000000000000".parse().unwrap()));
    assert_eq!(aws.snapshot.generation(), generation);
}

/// What stops was asked to (9.3).
#[test]
fn an_instance_that_was_not_asked_does_not_stop() {
    let mut aws = Aws::new();
    let id = instance(&mut aws);
    aws.observe(Observation::InstanceRunning(id));
    aws.observe(Observation::InstanceStopped(id));
    assert_eq!(aws.snapshot.resolve(id).state, InstanceState::Running);
    aws.ok(&format!("StopInstances InstanceId.1={id}"));
    aws.observe(Observation::InstanceRunning(id));
    assert_eq!(aws.snapshot.resolve(id).state, InstanceState::Stopping);
    aws.observe(Observation::InstanceStopped(id));
    assert_eq!(aws.snapshot.resolve(id).state, InstanceState::Stopped);
    aws.ok(&format!("TerminateInstances InstanceId.1={id}"));
    aws.observe(Observation::InstanceStopped(id));
    assert_eq!(aws.snapshot.resolve(id).state, InstanceState::ShuttingDown);
}

/// An interface may be made to outlive its instance (9.4).
#[test]
fn an_interface_can_outlive_its_instance() {
    let mut aws = Aws::new();
    let vpc = aws.vpc("10.1.0.0/16");
    let subnet = aws.subnet(&vpc, "10.1.0.0/24");
    let call = format!(
        "RunInstances ImageId=ami-0123456789abcdef0 MinCount=1 MaxCount=1 NetworkInterface.1.DeviceIndex=0 \
         NetworkInterface.1.SubnetId={subnet} NetworkInterface.1.DeleteOnTermination=false"
    );
    let id = aws.get(&call, "instancesSet/item/instanceId");
    aws.ok(&format!("TerminateInstances InstanceId.1={id}"));
    aws.settle();
    let interfaces = aws.ok("DescribeNetworkInterfaces");
    assert_eq!(interfaces.get("networkInterfaceSet/item/status"), "available");
    assert!(interfaces.find("networkInterfaceSet/item/attachment").is_empty());
}
