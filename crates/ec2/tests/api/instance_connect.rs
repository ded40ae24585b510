//! EC2 Instance Connect: keys that are pushed, and forgotten.

use model::Instance;
use serde_json::json;

use crate::aws::{ALICE, Aws, BOB};

const KEY: &str = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIMhI9+7jDJqa12wgJNnzMm6JAbXknJYyAdWFQWMHOx9R";

fn push(aws: &mut Aws, instance: &str, user: &str, key: &str) -> String {
    let body = json!({ "InstanceId": instance, "InstanceOSUser": user, "SSHPublicKey": key });
    outcome(aws, &body.to_string())
}

/// The code and the sentence of a refusal.
fn outcome(aws: &mut Aws, body: &str) -> String {
    let (reply, root) = aws.send_json("SendSSHPublicKey", body);
    match reply.error_code {
        None if root["Success"] == json!(true) => "pushed".to_owned(),
        None => panic!("it answers {}", reply.body),
        Some(code) => format!("{code}: {}", root["Message"].as_str().unwrap()),
    }
}

fn keys(aws: &Aws, user: &str) -> Vec<String> {
    aws.snapshot.all::<Instance>().flat_map(|instance| instance.instance_connect_keys.of(user, aws.now)).map(|key| key.public_key.clone()).collect()
}

fn running(aws: &mut Aws) -> String {
    let vpc = aws.vpc("10.1.0.0/16");
    let subnet = aws.subnet(&vpc, "10.1.0.0/24");
    let instance = aws.instance(&subnet);
    aws.settle();
    instance
}

/// It asks nothing of the network: an instance that nobody can reach gets its key too (1.6.5).
#[test]
fn a_key_is_good_for_a_minute_and_one_user() {
    let mut aws = Aws::new();
    let instance = running(&mut aws);
    assert_eq!(push(&mut aws, &instance, "ec2-user", &format!("{KEY} me@laptop")), "pushed");
    assert_eq!((keys(&aws, "ec2-user"), keys(&aws, "root")), (vec![KEY.to_owned()], vec![]));
    aws.sleep_millis(40_000);
    assert_eq!(push(&mut aws, &instance, "ubuntu", KEY), "pushed");
    aws.sleep_millis(19_999);
    assert_eq!((keys(&aws, "ec2-user").len(), keys(&aws, "ubuntu").len()), (1, 1));
    aws.sleep_millis(1);
    assert_eq!((keys(&aws, "ec2-user").len(), keys(&aws, "ubuntu").len()), (0, 1));
    aws.sleep_millis(40_000);
    assert!(aws.snapshot.all::<Instance>().all(|instance| instance.instance_connect_keys.is_empty()), "they are forgotten, not only unread");
}

#[test]
fn an_instance_must_run_and_be_ones_own() {
    let mut aws = Aws::new();
    let vpc = aws.vpc("10.1.0.0/16");
    let subnet = aws.subnet(&vpc, "10.1.0.0/24");
    let instance = aws.instance(&subnet);
    assert!(push(&mut aws, &instance, "ec2-user", KEY).starts_with("EC2InstanceUnavailableException: "), "it is pending");
    aws.settle();
    for (account, region) in [(BOB, "us-east-1"), (ALICE, "eu-west-1")] {
        aws.become_caller(account, region);
        assert_eq!(push(&mut aws, &instance, "ec2-user", KEY), "EC2InstanceNotFoundException: The specified instance was not found.");
    }
    aws.become_caller(ALICE, "us-east-1");
    let with_zone = |zone: &str| json!({ "InstanceId": instance, "InstanceOSUser": "a", "SSHPublicKey": KEY, "AvailabilityZone": zone }).to_string();
    let zone = aws.get("DescribeInstances", "reservationSet/item/instancesSet/item/placement/availabilityZone");
    assert_eq!(outcome(&mut aws, &with_zone(&zone)), "pushed");
    assert!(outcome(&mut aws, &with_zone("eu-west-1a")).starts_with("EC2InstanceNotFoundException: "));
    aws.ok(&format!("StopInstances InstanceId.1={instance}"));
    for state in ["stopping", "stopped"] {
        assert!(push(&mut aws, &instance, "ec2-user", KEY).starts_with("EC2InstanceStateInvalidException: "), "it is {state}");
        aws.settle();
    }
}

#[test]
fn everything_that_is_wrong_is_said_at_once() {
    let mut aws = Aws::new();
    let instance = running(&mut aws);
    let null = "failed to satisfy constraint: Member must not be null";
    assert_eq!(
        outcome(&mut aws, "{}"),
        format!(
            "InvalidArgsException: 3 validation errors detected: Value null at 'instanceId' {null}; Value null at 'instanceOSUser' {null}; \
             Value null at 'sSHPublicKey' {null}"
        )
    );
    let pattern = "failed to satisfy constraint: Member must satisfy regular expression pattern: ^i-[a-f0-9]+$";
    assert_eq!(
        push(&mut aws, "mi-048afb7f6460", "a", KEY),
        format!("InvalidArgsException: 1 validation error detected: Value 'mi-048afb7f6460' at 'instanceId' {pattern}")
    );
    for (instance, user, key, wanted) in [
        ("i-0123456789", "a", KEY, "EC2InstanceNotFoundException: "),
        (&instance, "a b", KEY, "InvalidArgsException: 1 validation error detected: Value 'a b' at 'instanceOSUser' failed"),
        (&instance, &"a".repeat(33), KEY, "InvalidArgsException: 1 validation error detected: Value 'aaaa"),
        (&instance, "a", "ssh-ed25519 AAAA", "InvalidArgsException: 1 validation error detected: Value 'ssh-ed25519 AAAA' at 'sSHPublicKey' failed"),
        (&instance, "a", &"x".repeat(4097), "InvalidArgsException: 1 validation error detected: Value 'xxx"),
        (&instance, "a", &"x".repeat(80), "InvalidArgsException: The SSH public key is not a valid OpenSSH public key"),
        (&instance, "a", &format!("{KEY}\n{KEY}"), "InvalidArgsException: The SSH public key is not a valid OpenSSH public key"),
    ] {
        let outcome = push(&mut aws, instance, user, key);
        assert!(outcome.starts_with(wanted), "{outcome}");
    }
    assert!(outcome(&mut aws, "not json").starts_with("SerializationException: "));
}

#[test]
fn one_instance_has_a_hundred_keys_at_most() {
    let mut aws = Aws::new();
    let instance = running(&mut aws);
    for user in 0..100 {
        assert_eq!(push(&mut aws, &instance, &format!("user-{user}"), KEY), "pushed");
    }
    assert!(push(&mut aws, &instance, "one-more", KEY).starts_with("ThrottlingException: "));
    aws.sleep_millis(60_000);
    assert_eq!(push(&mut aws, &instance, "one-more", KEY), "pushed");
}
