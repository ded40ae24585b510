//! The data plane with real packets, between bare network namespaces.

#![expect(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

mod conformance;
mod endpoints;
mod internet;
mod lab;
mod lifetime;
mod packets;
mod place;
mod pressure;
mod scenarios;
mod services;
mod spoofing;
mod uplink;
mod waking;
