//! The daemon as its user meets it: the binary, its command line, and the API over HTTP.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

mod api;
mod beyond;
mod capture;
mod connect;
mod crowd;
mod dhcp;
mod flows;
mod guest;
mod guest_services;
mod images;
mod internet;
mod lab;
mod links;
mod model_only;
mod packets;
mod public;
mod sandbox;
mod serial_console;
mod terminal;
mod traces;
mod tunnel;
mod websocket;
