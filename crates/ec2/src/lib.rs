//! The EC2 API: form in, XML out.
//!
//! A [`Call`] is parsed from an HTTP [`Request`] without looking at any state; it is then answered from a
//! [`Snapshot`](model::Snapshot) or applied to a [`Draft`](model::Draft). Time and randomness arrive in a [`Ctx`], so the
//! same call on the same state answers the same. What happens without a call is in [`lifecycle`].
//!
//! This crate knows AWS's names, error codes, filters and pages. It deliberately knows no sockets, no files and no
//! Linux, and it checks no signature: it reads from one who calls, and where.
//!
//! - the protocol: [`mod@wire`] (two codecs), `call`, `caller`, `reply`, `error`, `actions`
//! - what all operations share: `operations` (the table), `view` and `edit` (what a handler sees), `describe`,
//!   `filter`, `page`, `tag`, `quota`, `kind`
//! - one file per resource, each in the same order

mod actions;
mod call;
mod caller;
mod describe;
mod edit;
mod error;
mod filter;
mod kind;
mod moment;
mod operations;
mod page;
mod quota;
mod reply;
mod view;
mod wire;

mod subnet;
mod tag;
mod tag_specification;
mod vpc;
mod vpc_peering_connection;

pub use call::{Call, Ctx, Request};
pub use operations::operations;
pub use reply::Reply;
