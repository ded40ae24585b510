//! User data: what an instance is given at launch, to run or to read.
//!
//! <https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/user-data.html>

use std::fmt;
use std::str::FromStr;
use std::sync::Arc;

use base64ct::{Base64, Encoding};

use crate::text::serde_as_text;

/// At most 16 KiB of anything. As text, on the wire and on disk, it is base64.
#[derive(Clone, PartialEq, Eq)]
pub struct UserData(Arc<[u8]>);

/// What is no user data.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum InvalidUserData {
    /// It is not base64.
    Malformed,
    /// It is longer than [`UserData::LIMIT`].
    TooLong,
}

impl UserData {
    /// How many bytes there may be, before they are encoded.
    pub const LIMIT: usize = 16 * 1024;

    /// User data of these bytes.
    pub fn new(bytes: impl Into<Arc<[u8]>>) -> Result<Self, InvalidUserData> {
        let bytes = bytes.into();
        if bytes.len() > Self::LIMIT { Err(InvalidUserData::TooLong) } else { Ok(Self(bytes)) }
    }

    /// The bytes as they were meant.
    pub fn bytes(&self) -> &[u8] {
        &self.0
    }
}

impl FromStr for UserData {
    type Err = InvalidUserData;

    /// Reads base64; white space, as `base64` breaks its lines with, does not count.
    fn from_str(text: &str) -> Result<Self, InvalidUserData> {
        let text: String = text.chars().filter(|char| !char.is_ascii_whitespace()).collect();
        Self::new(Base64::decode_vec(&text).map_err(|_| InvalidUserData::Malformed)?)
    }
}

impl fmt::Display for UserData {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&Base64::encode_string(&self.0))
    }
}

impl fmt::Debug for UserData {
    /// Its length: what people put into user data is often secret.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} bytes", self.0.len())
    }
}

serde_as_text!(UserData);

impl fmt::Display for InvalidUserData {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            InvalidUserData::Malformed => f.write_str("Invalid BASE64 encoding of user data."),
            InvalidUserData::TooLong => write!(f, "User data is limited to {} bytes", UserData::LIMIT),
        }
    }
}

impl std::error::Error for InvalidUserData {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn user_data_is_base64_of_at_most_16_kib() {
        let read: UserData = "IyEvYmluL3No\nCg==\n".parse().unwrap();
        assert_eq!((read.bytes(), read.to_string().as_str()), (b"#!/bin/sh\n".as_slice(), "IyEvYmluL3NoCg=="));
        for malformed in ["IyEvYmluL3NoCg", "not base64!", "===="] {
            assert_eq!(malformed.parse::<UserData>(), Err(InvalidUserData::Malformed), "{malformed}");
        }
        let most = UserData::new(vec![0; 16 * 1024]).unwrap();
        assert_eq!(most.to_string().parse(), Ok(most));
        assert_eq!(UserData::new(vec![0; 16 * 1024 + 1]), Err(InvalidUserData::TooLong));
    }
}
