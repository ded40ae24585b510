//! What a VPC serves its guests.
//!
//! A snapshot and one request in, a reply out: who transports them is not known here, nor the time, which comes in. Who
//! asks is named by the interface that the request came from, which the data plane has seen to; nothing in a request can
//! make it another's.

pub mod beyond;
pub mod dhcp;
pub mod dns;
pub mod metadata;
pub mod time;
