//! What services answer, asked as a guest asks.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

mod beyond;
mod dhcp;
mod dns;
mod metadata;
mod time;
