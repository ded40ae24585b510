//! Which parameters a struct has: what [`query::read`](super::query::read) would take, as paths with `N` for numbers.
//!
//! Serde tells a `Deserializer` what a type is made of, one level at a time. So a type is read once for each path that
//! is known: the reading walks down the path, notes what it finds at the end, and gives up there. Whatever a type is made
//! of is written nowhere twice.

use std::fmt;

use serde::de::value::StrDeserializer;
use serde::de::{self, DeserializeOwned, DeserializeSeed, Deserializer, MapAccess, SeqAccess, Visitor};

/// The paths of all values that a struct has, in the order in which it has them.
pub(crate) fn of<T: DeserializeOwned>() -> Vec<String> {
    let mut leaves = Vec::new();
    // The next path is the last one.
    let mut paths: Vec<Vec<&'static str>> = vec![Vec::new()];
    while let Some(path) = paths.pop() {
        let mut end = End::Value;
        // It always gives up: what it saw is in `end`.
        let _ = T::deserialize(Walk { path: &path, end: &mut end });
        match end {
            End::Value => leaves.push(path.join(".")),
            End::List => paths.push([path.as_slice(), &["N"]].concat()),
            End::Struct(fields) => paths.extend(fields.iter().rev().map(|field| [path.as_slice(), &[field]].concat())),
        }
    }
    leaves
}

/// What is at the end of a path.
enum End {
    Value,
    List,
    Struct(&'static [&'static str]),
}

/// Reading stops when all is known.
#[derive(Debug)]
struct Enough;

impl fmt::Display for Enough {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("enough is known")
    }
}

impl std::error::Error for Enough {}

impl de::Error for Enough {
    fn custom<T: fmt::Display>(_: T) -> Self {
        Enough
    }
}

/// The way that is still to go.
struct Walk<'p> {
    path: &'p [&'static str],
    end: &'p mut End,
}

impl<'p> Walk<'p> {
    /// One step on, or the end of the path, where this is.
    fn step(self, end: End) -> Result<Step<'p>, Enough> {
        match self.path.split_first() {
            Some((name, path)) => Ok(Step { name, rest: Some(Walk { path, end: self.end }) }),
            None => {
                *self.end = end;
                Err(Enough)
            }
        }
    }
}

impl<'a> Deserializer<'a> for Walk<'_> {
    type Error = Enough;

    fn deserialize_any<V: Visitor<'a>>(self, _: V) -> Result<V::Value, Enough> {
        Err(Enough)
    }

    fn deserialize_option<V: Visitor<'a>>(self, visitor: V) -> Result<V::Value, Enough> {
        visitor.visit_some(self)
    }

    fn deserialize_newtype_struct<V: Visitor<'a>>(self, _: &'static str, visitor: V) -> Result<V::Value, Enough> {
        visitor.visit_newtype_struct(self)
    }

    fn deserialize_seq<V: Visitor<'a>>(self, visitor: V) -> Result<V::Value, Enough> {
        visitor.visit_seq(self.step(End::List)?)
    }

    fn deserialize_struct<V: Visitor<'a>>(self, _: &'static str, fields: &'static [&'static str], visitor: V) -> Result<V::Value, Enough> {
        visitor.visit_map(self.step(End::Struct(fields))?)
    }

    serde::forward_to_deserialize_any! {
        <V: Visitor<'a>>
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char str string bytes byte_buf unit unit_struct tuple
        tuple_struct map enum identifier ignored_any
    }
}

/// The one element that is on the way.
struct Step<'p> {
    name: &'static str,
    rest: Option<Walk<'p>>,
}

impl<'a> MapAccess<'a> for Step<'_> {
    type Error = Enough;

    fn next_key_seed<K: DeserializeSeed<'a>>(&mut self, seed: K) -> Result<Option<K::Value>, Enough> {
        seed.deserialize(StrDeserializer::new(self.name)).map(Some)
    }

    fn next_value_seed<V: DeserializeSeed<'a>>(&mut self, seed: V) -> Result<V::Value, Enough> {
        seed.deserialize(self.rest.take().ok_or(Enough)?)
    }
}

impl<'a> SeqAccess<'a> for Step<'_> {
    type Error = Enough;

    fn next_element_seed<T: DeserializeSeed<'a>>(&mut self, seed: T) -> Result<Option<T::Value>, Enough> {
        seed.deserialize(self.rest.take().ok_or(Enough)?).map(Some)
    }
}

#[cfg(test)]
mod tests {
    use serde::Deserialize;

    use super::*;

    #[derive(Deserialize)]
    #[serde(rename_all = "PascalCase")]
    #[expect(dead_code, reason = "only its outline is read")]
    struct Everything {
        vpc_id: model::VpcId,
        flag: Option<bool>,
        #[serde(default, rename = "Tag")]
        tags: Vec<Tag>,
        nested: Option<Nested>,
        names: Vec<String>,
    }

    #[derive(Deserialize)]
    #[serde(rename_all = "PascalCase")]
    #[expect(dead_code, reason = "only its outline is read")]
    struct Tag {
        key: String,
        value: Option<String>,
    }

    #[derive(Deserialize)]
    #[serde(rename_all = "PascalCase")]
    #[expect(dead_code, reason = "only its outline is read")]
    struct Nested {
        number: u16,
        tag: Tag,
    }

    #[derive(Deserialize)]
    struct Nothing {}

    #[test]
    fn every_value_has_a_path() {
        let wanted = ["VpcId", "Flag", "Tag.N.Key", "Tag.N.Value", "Nested.Number", "Nested.Tag.Key", "Nested.Tag.Value", "Names.N"];
        assert_eq!(of::<Everything>(), wanted);
        assert!(of::<Nothing>().is_empty());
    }
}
