//! Client token: the word by which a client can repeat a call without its being done twice.
//!
//! <https://docs.aws.amazon.com/ec2/latest/devguide/ec2-api-idempotency.html>

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::{Scope, Timestamp};

/// A call that was made under a client token, and what was answered.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ClientToken {
    /// What it is found by.
    pub key: ClientTokenKey,
    /// A digest of the call's other parameters: under the same token they must be the same.
    pub parameters: u64,
    /// The elements of the reply.
    pub answer: String,
    /// When the call was made.
    pub since: Timestamp,
}

/// The key of a [`ClientToken`]. The same word of another caller or for another operation is another token.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct ClientTokenKey {
    /// Who said it, and where.
    pub scope: Scope,
    /// A digest of operation and word.
    pub word: u64,
}

impl fmt::Display for ClientTokenKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{:016x}", self.scope, self.word)
    }
}
