//! Key pair: there are none, and consoles ask for them all the same.
//!
//! <https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/ec2-key-pairs.html>

use serde::{Deserialize, Serialize};

use crate::describe::Describe;
use crate::error::Error;
use crate::filter::{FilterName, Tagged};
use crate::view::View;

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct DescribeKeyPairs {
    #[serde(default)]
    key_name: Vec<String>,
    #[serde(default)]
    key_pair_id: Vec<String>,
}

impl Describe for DescribeKeyPairs {
    type Item = KeyPair;
    const SET: &'static str = "keySet";
    const FILTERS: &'static [FilterName<KeyPair>] = &[];
    const ABSENT: &'static [&'static str] = &["fingerprint", "key-name", "key-pair-id"];
    const PAGES: Option<std::ops::RangeInclusive<u32>> = None;
    const INERT: &'static [&'static str] = &["IncludePublicKey=*"];

    fn items(&self, _view: View<'_>) -> Result<Vec<KeyPair>, Error> {
        match self.key_name.iter().chain(&self.key_pair_id).next() {
            Some(name) => Err(Error::UnknownKeyPair { name: name.clone() }),
            None => Ok(Vec::new()),
        }
    }

    fn key(pair: &KeyPair) -> String {
        match *pair {}
    }
}

/// A key pair, of which there is none.
#[derive(Serialize)]
pub(crate) enum KeyPair {}

impl Tagged for KeyPair {
    fn tags(&self) -> Vec<(&str, &str)> {
        match *self {}
    }
}
