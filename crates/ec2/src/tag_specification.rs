//! `TagSpecification.N`: tags for what a call creates, by kind of resource.
//!
//! The rules for tags are here too: <https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/Using_Tags.html#tag-restrictions>.

use std::collections::BTreeMap;

use model::IdKind;
use serde::Deserialize;

use crate::error::Error;
use crate::kind;
use crate::quota;
use crate::wire::form::Form;
use crate::wire::{outline, query};

/// The parameters that are taken here by an operation that tags these kinds.
pub(crate) fn parameters(taggable: &[IdKind]) -> Vec<String> {
    if taggable.is_empty() { Vec::new() } else { outline::of::<Specifications>() }
}

/// Tags by the kind of resource that they are for.
#[derive(Clone, Debug, Default)]
pub(crate) struct TagSpecifications(BTreeMap<IdKind, BTreeMap<String, String>>);

const NONE: &BTreeMap<String, String> = &BTreeMap::new();

#[derive(Default, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
struct Specifications {
    tag_specification: Vec<TagSpecification>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct TagSpecification {
    resource_type: String,
    #[serde(default)]
    tag: Vec<TagParameter>,
}

/// A tag as requests have it.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct TagParameter {
    pub key: String,
    pub value: Option<String>,
}

impl TagSpecifications {
    /// Takes the specifications out of a form; only those kinds may be tagged by the operation.
    pub fn take(form: &mut Form, taggable: &[IdKind]) -> Result<Self, Error> {
        let mut specified = Self::default();
        if taggable.is_empty() {
            return Ok(specified);
        }
        for TagSpecification { resource_type, tag } in query::read::<Specifications>(&form.take("TagSpecification"), &[])?.tag_specification {
            let kind = kind::of_resource_type(&resource_type).filter(|kind| taggable.contains(kind));
            let kind = kind.ok_or_else(|| refuse(format!("'{resource_type}' is not a valid taggable resource type for this operation.")))?;
            if tag.is_empty() {
                return Err(refuse("Tag specification must have at least one tag".to_owned()));
            }
            if specified.0.insert(kind, check(&tag)?).is_some() {
                return Err(refuse(format!("Duplicate tag specification for resource type '{resource_type}'.")));
            }
        }
        Ok(specified)
    }

    /// The tags for a kind.
    pub fn of(&self, kind: IdKind) -> &BTreeMap<String, String> {
        self.0.get(&kind).unwrap_or(NONE)
    }
}

/// The tags, if all are legal.
pub(crate) fn check(tags: &[TagParameter]) -> Result<BTreeMap<String, String>, Error> {
    let mut checked = BTreeMap::new();
    for TagParameter { key, value } in tags {
        let value = value.as_ref().ok_or_else(|| refuse("Tag value cannot be null. Use empty string instead.".to_owned()))?;
        match () {
            () if key.is_empty() => return Err(refuse("Tag key cannot be empty.".to_owned())),
            () if key.chars().count() > 128 => return Err(refuse("Tag key exceeds the maximum length of 128 characters".to_owned())),
            () if value.chars().count() > 256 => return Err(refuse("Tag value exceeds the maximum length of 256 characters".to_owned())),
            () if is_reserved(key) => return Err(refuse("Tag keys starting with 'aws:' are reserved for internal use".to_owned())),
            () => (),
        }
        if checked.insert(key.clone(), value.clone()).is_some() {
            return Err(refuse(format!("Duplicate tag key '{key}' specified.")));
        }
    }
    quota::TAGS_PER_RESOURCE.admit(checked.len())?;
    Ok(checked)
}

fn is_reserved(key: &str) -> bool {
    key.get(..4).is_some_and(|prefix| prefix.eq_ignore_ascii_case("aws:"))
}

fn refuse(reason: String) -> Error {
    Error::InvalidTag { reason }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tag(key: &str, value: Option<&str>) -> TagParameter {
        TagParameter { key: key.to_owned(), value: value.map(str::to_owned) }
    }

    #[test]
    fn illegal_tags_are_refused() {
        let long = "é".repeat(129);
        let longer = "é".repeat(257);
        for (tags, sentence) in [
            (vec![tag("a", None)], "Tag value cannot be null. Use empty string instead."),
            (vec![tag("", Some(""))], "Tag key cannot be empty."),
            (vec![tag(&long, Some(""))], "Tag key exceeds the maximum length of 128 characters"),
            (vec![tag("a", Some(&longer))], "Tag value exceeds the maximum length of 256 characters"),
            (vec![tag("AWS:x", Some(""))], "Tag keys starting with 'aws:' are reserved for internal use"),
            (vec![tag("a", Some("1")), tag("a", Some("2"))], "Duplicate tag key 'a' specified."),
        ] {
            assert_eq!(check(&tags).unwrap_err().to_string(), sentence);
        }
        let many: Vec<_> = (0..51).map(|n| tag(&n.to_string(), Some(""))).collect();
        assert_eq!(check(&many).unwrap_err().code(), "TagLimitExceeded");
        assert_eq!(check(&many[..50]).unwrap().len(), 50);
    }

    #[test]
    fn specifications_are_read_by_kind() {
        let take = |source: &str| TagSpecifications::take(&mut Form::parse([source.as_bytes()]).unwrap(), &[IdKind::VpcId]);
        let tags = take("TagSpecification.1.ResourceType=vpc&TagSpecification.1.Tag.1.Key=Name&TagSpecification.1.Tag.1.Value=blue").unwrap();
        assert_eq!(tags.of(IdKind::VpcId).get("Name").map(String::as_str), Some("blue"));
        assert!(tags.of(IdKind::SubnetId).is_empty());
        for (source, sentence) in [
            ("TagSpecification.1.Tag.1.Key=a", "The request must contain the parameter TagSpecification.1.ResourceType"),
            ("TagSpecification.1.ResourceType=subnet", "'subnet' is not a valid taggable resource type for this operation."),
            ("TagSpecification.1.ResourceType=vpc", "Tag specification must have at least one tag"),
        ] {
            assert_eq!(take(source).unwrap_err().to_string(), sentence);
        }
    }
}
