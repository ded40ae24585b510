//! The EC2 API: form in, XML out.
//!
//! A [`Call`] is parsed from an HTTP [`Request`] without looking at any state; it is then answered from a
//! [`Snapshot`](model::Snapshot) or applied to a [`Draft`](model::Draft). Time and randomness arrive in a [`Ctx`], so the
//! same call on the same state answers the same. What happens without a call is in [`lifecycle`].
//!
//! This crate knows AWS's names, error codes, filters and pages. It deliberately knows no sockets, no files and no
//! Linux, and it checks no signature: it reads from one who calls, and where.
//!
//! - the protocol: `wire` (the codecs), `call`, `caller`, `reply`, `error`, `actions`
//! - what all operations share: `operations` (the table) and `reference` (what it says of itself), `view` (what a handler
//!   sees) and `edit` (what it changes), `describe`, `filter`, `page`, `tag_specification`, `client_token`, `quota`, `kind`,
//!   `digest`
//! - one file per resource, each in the same order

mod wire;

mod block_device_mapping;
mod call;
mod caller;
mod operations;
mod reference;
mod reply;

mod actions;
mod client_token;
mod describe;
mod digest;
mod edit;
mod error;
mod filter;
mod kind;
mod moment;
mod page;
mod quota;
mod tag_specification;
mod view;

mod account_attribute;
mod address_association;
mod console_output;
mod credit_specification;
mod default_vpc;
mod dhcp_options;
mod elastic_ip;
mod iam_instance_profile;
mod image;
mod instance;
mod instance_attribute;
mod instance_connect;
mod instance_connect_endpoint;
mod instance_options;
mod instance_status;
mod instance_type;
mod internet_gateway;
mod ip_permission;
mod key_material;
mod key_pair;
mod launch_template;
mod machine;
mod metadata_options;
mod network_acl;
mod network_acl_association;
mod network_acl_entry;
mod network_insights_analysis;
mod network_insights_path;
mod network_interface;
mod network_interface_attribute;
mod path_component;
mod place;
mod public_address;
mod reservation;
mod route;
mod route_table;
mod route_table_association;
mod run_instances;
mod security_group;
mod security_group_for_vpc;
mod security_group_reference;
mod security_group_rule;
mod security_group_rule_update;
mod serial_console;
mod sts;
mod subnet;
mod tag;
mod traffic;
mod vcpu;
mod volume;
mod vpc;
mod vpc_cidr_block;
mod vpc_peering_connection;
mod vpc_peering_connection_options;

pub mod lifecycle;

pub use call::{Call, Ctx, Request};
pub use console_output::ConsoleOutput;
pub use filter::FilterNames;
pub use image::{NewImage, image_id};
pub use machine::{Machine, NoMachine};
pub use operations::operations;
pub use reference::{Fate, Reference, reference};
pub use reply::Reply;
