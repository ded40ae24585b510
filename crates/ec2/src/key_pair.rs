//! Key pair: a public key under a name. The private half of one that is made here is in the answer, and nowhere else.
//!
//! An instance keeps the key that its launch named: what becomes of the key pair later changes nothing inside.
//! <https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/ec2-key-pairs.html>

use base64ct::{Base64, Encoding};
use model::{IdKind, KeyPairId, KeyType};
use serde::{Deserialize, Serialize};

use crate::describe::Describe;
use crate::edit::Edit;
use crate::error::Error;
use crate::filter::{FilterName, Tagged, values};
use crate::key_material::Key;
use crate::moment::Moment;
use crate::operations::Change;
use crate::quota;
use crate::tag::{Tag, pairs};
use crate::view::View;

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct CreateKeyPair {
    key_name: String,
    key_type: Option<KeyType>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct ImportKeyPair {
    key_name: String,
    public_key_material: String,
}

/// What both of them answer; only a key that was made here has material to hand out.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct NewKeyPair {
    key_pair_id: KeyPairId,
    key_name: String,
    key_fingerprint: String,
    key_material: Option<String>,
    tag_set: Vec<Tag>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct DescribeKeyPairs {
    #[serde(default)]
    key_name: Vec<String>,
    #[serde(default)]
    key_pair_id: Vec<KeyPairId>,
    #[serde(default)]
    include_public_key: bool,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct DeleteKeyPair {
    key_name: Option<String>,
    key_pair_id: Option<KeyPairId>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct DeleteKeyPairAnswer {
    #[serde(rename = "return")]
    done: bool,
    key_pair_id: Option<KeyPairId>,
}

impl Change for CreateKeyPair {
    type Answer = NewKeyPair;
    const TAGS: &'static [IdKind] = &[IdKind::KeyPairId];
    const INERT: &'static [&'static str] = &["KeyFormat=pem"];

    fn apply(&self, edit: &mut Edit<'_, '_>) -> Result<NewKeyPair, Error> {
        check_name(&self.key_name, edit.view())?;
        let (key, private) = Key::make(self.key_type.unwrap_or(KeyType::Rsa), edit)?;
        Ok(NewKeyPair { key_material: Some(private), ..create(&self.key_name, &key, edit)? })
    }
}

impl Change for ImportKeyPair {
    type Answer = NewKeyPair;
    const TAGS: &'static [IdKind] = &[IdKind::KeyPairId];

    fn apply(&self, edit: &mut Edit<'_, '_>) -> Result<NewKeyPair, Error> {
        check_name(&self.key_name, edit.view())?;
        let material = Base64::decode_vec(self.public_key_material.trim()).ok().and_then(|bytes| String::from_utf8(bytes).ok());
        let key = material.as_deref().and_then(Key::read).ok_or(Error::PublicKeyFormat)?;
        create(&self.key_name, &key, edit)
    }
}

impl Describe for DescribeKeyPairs {
    type Item = KeyPair;
    const SET: &'static str = "keySet";
    const FILTERS: &'static [FilterName<KeyPair>] = FILTERS;
    const PAGES: Option<std::ops::RangeInclusive<u32>> = None;

    fn items(&self, view: View<'_>) -> Result<Vec<KeyPair>, Error> {
        let mut named = self.key_pair_id.clone();
        for name in &self.key_name {
            named.push(view.key_pair(name)?.id);
        }
        Ok(view.named(&named)?.into_iter().map(|pair| KeyPair::new(pair, self.include_public_key, view)).collect())
    }

    fn key(pair: &KeyPair) -> String {
        pair.key_name.clone()
    }
}

impl Change for DeleteKeyPair {
    type Answer = DeleteKeyPairAnswer;

    /// Deleting what is not there succeeds.
    fn apply(&self, edit: &mut Edit<'_, '_>) -> Result<DeleteKeyPairAnswer, Error> {
        let found = match (&self.key_name, self.key_pair_id) {
            (Some(_), Some(_)) => return Err(Error::combination("You may specify a key name or a key pair ID, but not both in the same call")),
            (None, None) => return Err(Error::missing("KeyName")),
            (Some(name), None) => edit.view().key_pair(name).ok().map(|pair| pair.id),
            (None, Some(id)) => edit.find(id).ok().map(|pair| pair.id),
        };
        if let Some(id) = found {
            edit.draft.remove(id);
        }
        Ok(DeleteKeyPairAnswer { done: true, key_pair_id: found })
    }
}

const FILTERS: &[FilterName<KeyPair>] = &[
    ("fingerprint", |pair| values([&pair.key_fingerprint])),
    ("key-name", |pair| values([&pair.key_name])),
    ("key-pair-id", |pair| values([pair.key_pair_id])),
];

/// A key pair as answers have it.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct KeyPair {
    key_pair_id: KeyPairId,
    key_fingerprint: String,
    key_name: String,
    key_type: KeyType,
    tag_set: Vec<Tag>,
    public_key: Option<String>,
    create_time: Moment,
}

impl KeyPair {
    fn new(pair: &model::KeyPair, include_public_key: bool, view: View<'_>) -> Self {
        Self {
            key_pair_id: pair.id,
            key_fingerprint: pair.fingerprint.clone(),
            key_name: pair.name.clone(),
            key_type: pair.key_type,
            tag_set: view.tags(pair.id),
            public_key: include_public_key.then(|| pair.public_key.clone()),
            create_time: Moment(pair.create_time),
        }
    }
}

impl Tagged for KeyPair {
    fn tags(&self) -> Vec<(&str, &str)> {
        pairs(&self.tag_set)
    }
}

impl<'a> View<'a> {
    /// The key pair of that name.
    pub fn key_pair(self, name: &str) -> Result<&'a model::KeyPair, Error> {
        self.all::<model::KeyPair>().find(|pair| pair.name == name).ok_or_else(|| Error::UnknownKeyPair { name: name.to_owned() })
    }
}

/// Whether there can be another key pair, and of that name.
fn check_name(name: &str, view: View<'_>) -> Result<(), Error> {
    let legal = (1..=255).contains(&name.len()) && name.bytes().all(|byte| matches!(byte, b' '..=b'~')) && name.trim() == name;
    match () {
        () if !legal => Err(Error::value("keyName", name, "It has up to 255 ASCII characters, without spaces at its ends.")),
        () if view.key_pair(name).is_ok() => Err(Error::DuplicateKeyPair { name: name.to_owned() }),
        () => quota::KEY_PAIRS.admit(view.all::<model::KeyPair>().count() + 1),
    }
}

fn create(name: &str, key: &Key, edit: &mut Edit<'_, '_>) -> Result<NewKeyPair, Error> {
    let pair = model::KeyPair {
        id: edit.new_id(),
        scope: edit.scope,
        name: name.to_owned(),
        key_type: key.key_type,
        fingerprint: key.fingerprint.clone(),
        public_key: key.line(name)?,
        create_time: edit.now(),
    };
    edit.create(pair.clone());
    Ok(NewKeyPair {
        key_pair_id: pair.id,
        key_name: pair.name,
        key_fingerprint: pair.fingerprint,
        key_material: None,
        tag_set: edit.view().tags(pair.id),
    })
}
