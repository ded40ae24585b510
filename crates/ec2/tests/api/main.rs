//! The API as a client sees it: forms in, XML out, on a fake AWS that checks every reply whatever the test is about.

#![expect(clippy::unwrap_used, clippy::panic, reason = "a test says by panicking that something is wrong")]

mod aws;
mod xml;

mod addresses;
mod attributes;
mod console_output;
mod default_vpcs;
mod describing;
mod dhcp_options;
mod endpoints;
mod histories;
mod identity;
mod images;
mod instance_connect;
mod instances;
mod key_pairs;
mod launching;
mod lifecycle;
mod network_acls;
mod network_insights;
mod order_of_checks;
mod peering;
mod protocol;
mod reading_back;
mod routing;
mod scenarios;
mod security_group_updates;
mod security_groups;
mod serial_console;
mod subnets;
mod tags;
mod vpcs;
