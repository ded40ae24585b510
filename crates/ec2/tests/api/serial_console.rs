//! Access to the EC2 serial console, through the API.
//! <https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/configure-access-to-serial-console.html>

use crate::aws::{ALICE, Aws, BOB};

fn enabled(aws: &mut Aws) -> String {
    let status = aws.ok("GetSerialConsoleAccessStatus");
    assert_eq!(status.get("managedBy"), "account");
    status.get("serialConsoleAccessEnabled").to_owned()
}

#[test]
fn it_is_off_until_the_account_enables_it_in_the_region() {
    let mut aws = Aws::untouched();
    assert_eq!(enabled(&mut aws), "false");
    assert_eq!(aws.ok("EnableSerialConsoleAccess").get("serialConsoleAccessEnabled"), "true");
    assert_eq!(enabled(&mut aws), "true");
    for (account, region) in [(BOB, "us-east-1"), (ALICE, "us-west-2")] {
        aws.become_caller(account, region);
        assert_eq!(enabled(&mut aws), "false", "{account} {region}");
    }
    aws.become_caller(ALICE, "us-east-1");
    assert_eq!(aws.ok("DisableSerialConsoleAccess").get("serialConsoleAccessEnabled"), "false");
    assert_eq!(enabled(&mut aws), "false");
}

/// What is kept beside it: the option set that the next VPC is born with.
#[test]
fn it_survives_what_else_is_remembered_of_the_region() {
    let mut aws = Aws::new();
    aws.ok("EnableSerialConsoleAccess");
    let default = aws.ok("DescribeDhcpOptions").get("dhcpOptionsSet/item/dhcpOptionsId").to_owned();
    aws.ok(&format!("DeleteDhcpOptions DhcpOptionsId={default}"));
    aws.vpc("10.1.0.0/16");
    assert_eq!(enabled(&mut aws), "true");
}

#[test]
fn a_dry_run_enables_nothing() {
    let mut aws = Aws::new();
    aws.refuses(&[
        ("EnableSerialConsoleAccess DryRun=true", "DryRunOperation: "),
        ("EnableSerialConsoleAccess Account=1", "UnknownParameter: "),
        ("GetSerialConsoleAccessStatus DryRun=true", "DryRunOperation: "),
    ]);
    assert_eq!(enabled(&mut aws), "false");
}
