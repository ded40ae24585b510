//! What a console has shown, through the API.

use ec2::ConsoleOutput;

use crate::aws::{Aws, BOB};

fn instance(aws: &mut Aws) -> String {
    let vpc = aws.vpc("10.0.0.0/16");
    let subnet = aws.subnet(&vpc, "10.0.1.0/24");
    aws.instance(&subnet)
}

#[test]
fn the_output_is_base64_with_the_moment_of_its_last_change() {
    let mut aws = Aws::new();
    let id = instance(&mut aws);
    let empty = aws.ok(&format!("GetConsoleOutput InstanceId={id}"));
    assert_eq!((empty.get("instanceId"), empty.get("output")), (id.as_str(), ""));

    let shown = ConsoleOutput { bytes: b"it is up\n".to_vec(), at: aws.now.plus_millis(1500) };
    aws.machine.consoles.insert(id.parse().unwrap(), shown);
    for latest in ["", " Latest=true", " Latest=false"] {
        let output = aws.ok(&format!("GetConsoleOutput InstanceId={id}{latest}"));
        assert_eq!((output.get("output"), output.get("timestamp")), ("aXQgaXMgdXAK", "2026-01-31T12:00:01.500Z"));
    }
}

#[test]
fn consoles_of_others_do_not_exist() {
    let mut aws = Aws::new();
    let id = instance(&mut aws);
    let theirs = format!("GetConsoleOutput InstanceId={id}");
    aws.refuses(&[
        ("GetConsoleOutput", "MissingParameter: "),
        ("GetConsoleOutput InstanceId=x", "InvalidInstanceID.Malformed: "),
        ("GetConsoleOutput InstanceId=i-00000000000000000", "InvalidInstanceID.NotFound: "),
        (&format!("{theirs} Latest=perhaps"), "InvalidParameterValue: "),
        (&format!("{theirs} DryRun=true"), "DryRunOperation: "),
    ]);
    aws.become_caller(BOB, "us-east-1");
    aws.refuses(&[(&theirs, "InvalidInstanceID.NotFound: ")]);
}
