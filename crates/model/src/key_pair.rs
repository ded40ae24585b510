//! Key pair: a public key under a name, for instances to let its owner in. The private half is its owner's alone.
//!
//! <https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/ec2-key-pairs.html>

use serde::{Deserialize, Serialize};

use crate::text::words;
use crate::{KeyPairId, Scope, Timestamp};

/// A key pair. Its name is its account's and region's own.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct KeyPair {
    /// Its id.
    pub id: KeyPairId,
    /// Whose, and where.
    pub scope: Scope,
    /// What launches call it by.
    pub name: String,
    /// What kind of key it is.
    pub key_type: KeyType,
    /// The digest by which its owner knows it again, as AWS writes it.
    pub fingerprint: String,
    /// The public key, as a line of OpenSSH's `authorized_keys`; the comment is the name.
    pub public_key: String,
    /// When it was created or imported.
    pub create_time: Timestamp,
}

words! {
    /// The kinds of key that instances take.
    KeyType {
        /// RSA, of 2048 bits where we make it.
        Rsa = "rsa",
        /// Ed25519 (RFC 8032).
        Ed25519 = "ed25519",
    }
}
