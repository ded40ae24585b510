//! Writes a reply: a serde `Serializer` for EC2's XML.
//!
//! A struct is its fields as elements, a list is an element with one `<item>` for each, an absent `Option` is nothing,
//! an empty list is an empty element. Nothing else occurs in replies.

use std::borrow::Cow;
use std::fmt::{self, Write};

use quick_xml::escape::escape;
use serde::Serialize;
use serde::ser::{Impossible, SerializeSeq, SerializeStruct, Serializer};

/// The fields of a struct as elements, one after the other, without an element around them.
pub(crate) fn content<T: Serialize>(fields: &T) -> String {
    let mut out = String::new();
    match fields.serialize(Content { out: &mut out }) {
        Ok(()) => out,
        Err(_) => unreachable!("a reply is a struct of words, numbers, structs and lists"),
    }
}

/// An element with a text in it.
pub(crate) fn element(name: &str, text: &str) -> String {
    let mut out = String::new();
    push_text(&mut out, name, text);
    out
}

/// A list of which nothing is ever an element. Scripts count on it being there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Empty;

impl Serialize for Empty {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_seq(Some(0))?.end()
    }
}

/// Whether XML 1.0 can carry the character (<https://www.w3.org/TR/xml/#charsets>).
pub(crate) fn is_legal(c: char) -> bool {
    matches!(c, '\t' | '\n' | '\r' | ' '..='\u{d7ff}' | '\u{e000}'..='\u{fffd}' | '\u{10000}'..)
}

fn push_open(out: &mut String, name: &str) {
    out.push('<');
    out.push_str(name);
    out.push('>');
}

fn push_close(out: &mut String, name: &str) {
    out.push_str("</");
    out.push_str(name);
    out.push('>');
}

fn push_text(out: &mut String, name: &str, text: &str) {
    push_open(out, name);
    out.push_str(&escape(text));
    push_close(out, name);
}

/// The inside of the root: a struct's fields.
struct Content<'w> {
    out: &'w mut String,
}

/// An element that will be written once it is known that there is something to write.
struct Element<'w> {
    out: &'w mut String,
    name: &'static str,
}

/// An element that is open.
struct Open<'w> {
    out: &'w mut String,
    close: Option<&'static str>,
}

impl Open<'_> {
    fn close(self) {
        if let Some(name) = self.close {
            push_close(self.out, name);
        }
    }
}

impl SerializeStruct for Open<'_> {
    type Ok = ();
    type Error = fmt::Error;

    fn serialize_field<T: Serialize + ?Sized>(&mut self, name: &'static str, value: &T) -> Result<(), fmt::Error> {
        value.serialize(Element { out: self.out, name })
    }

    fn end(self) -> Result<(), fmt::Error> {
        self.close();
        Ok(())
    }
}

impl SerializeSeq for Open<'_> {
    type Ok = ();
    type Error = fmt::Error;

    fn serialize_element<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), fmt::Error> {
        value.serialize(Element { out: self.out, name: "item" })
    }

    fn end(self) -> Result<(), fmt::Error> {
        self.close();
        Ok(())
    }
}

/// What neither of the two serializers writes.
macro_rules! never {
    ($($method:ident($($type:ty),*) -> $ok:ty;)*) => {
        $(fn $method(self, $(_: $type),*) -> Result<$ok, fmt::Error> { Err(fmt::Error) })*
    };
}

macro_rules! never_shapes {
    () => {
        type Ok = ();
        type Error = fmt::Error;
        type SerializeStruct = Open<'w>;
        type SerializeSeq = Open<'w>;
        type SerializeTuple = Impossible<(), fmt::Error>;
        type SerializeTupleStruct = Impossible<(), fmt::Error>;
        type SerializeTupleVariant = Impossible<(), fmt::Error>;
        type SerializeMap = Impossible<(), fmt::Error>;
        type SerializeStructVariant = Impossible<(), fmt::Error>;

        never! {
            serialize_bytes(&[u8]) -> ();
            serialize_unit() -> ();
            serialize_unit_struct(&'static str) -> ();
            serialize_tuple(usize) -> Self::SerializeTuple;
            serialize_tuple_struct(&'static str, usize) -> Self::SerializeTupleStruct;
            serialize_tuple_variant(&'static str, u32, &'static str, usize) -> Self::SerializeTupleVariant;
            serialize_map(Option<usize>) -> Self::SerializeMap;
            serialize_struct_variant(&'static str, u32, &'static str, usize) -> Self::SerializeStructVariant;
            serialize_f32(f32) -> ();
            serialize_f64(f64) -> ();
            serialize_char(char) -> ();
        }

        fn serialize_newtype_variant<T: Serialize + ?Sized>(self, _: &'static str, _: u32, _: &'static str, _: &T) -> Result<(), fmt::Error> {
            Err(fmt::Error)
        }
    };
}

impl<'w> Serializer for Content<'w> {
    never_shapes!();
    never! {
        serialize_bool(bool) -> ();
        serialize_i8(i8) -> ();
        serialize_i16(i16) -> ();
        serialize_i32(i32) -> ();
        serialize_i64(i64) -> ();
        serialize_u8(u8) -> ();
        serialize_u16(u16) -> ();
        serialize_u32(u32) -> ();
        serialize_u64(u64) -> ();
        serialize_str(&str) -> ();
        serialize_none() -> ();
        serialize_unit_variant(&'static str, u32, &'static str) -> ();
        serialize_seq(Option<usize>) -> Open<'w>;
    }

    fn serialize_some<T: Serialize + ?Sized>(self, value: &T) -> Result<(), fmt::Error> {
        value.serialize(self)
    }

    fn serialize_newtype_struct<T: Serialize + ?Sized>(self, _: &'static str, value: &T) -> Result<(), fmt::Error> {
        value.serialize(self)
    }

    fn serialize_struct(self, _: &'static str, _: usize) -> Result<Open<'w>, fmt::Error> {
        Ok(Open { out: self.out, close: None })
    }
}

macro_rules! texts {
    ($($method:ident $type:ty),*) => {
        $(fn $method(self, value: $type) -> Result<(), fmt::Error> { self.collect_str(&value) })*
    };
}

impl<'w> Serializer for Element<'w> {
    never_shapes!();
    texts!(
        serialize_bool bool, serialize_i8 i8, serialize_i16 i16, serialize_i32 i32, serialize_i64 i64,
        serialize_u8 u8, serialize_u16 u16, serialize_u32 u32, serialize_u64 u64
    );

    fn serialize_str(self, text: &str) -> Result<(), fmt::Error> {
        push_text(self.out, self.name, text);
        Ok(())
    }

    /// Ids, addresses and times: written where they belong, without a text of their own.
    fn collect_str<T: fmt::Display + ?Sized>(self, value: &T) -> Result<(), fmt::Error> {
        push_open(self.out, self.name);
        let begin = self.out.len();
        write!(self.out, "{value}")?;
        if let Cow::Owned(escaped) = escape(&self.out[begin..]) {
            self.out.replace_range(begin.., &escaped);
        }
        push_close(self.out, self.name);
        Ok(())
    }

    fn serialize_none(self) -> Result<(), fmt::Error> {
        Ok(())
    }

    fn serialize_some<T: Serialize + ?Sized>(self, value: &T) -> Result<(), fmt::Error> {
        value.serialize(self)
    }

    fn serialize_unit_variant(self, _: &'static str, _: u32, variant: &'static str) -> Result<(), fmt::Error> {
        self.serialize_str(variant)
    }

    fn serialize_newtype_struct<T: Serialize + ?Sized>(self, _: &'static str, value: &T) -> Result<(), fmt::Error> {
        value.serialize(self)
    }

    fn serialize_seq(self, length: Option<usize>) -> Result<Open<'w>, fmt::Error> {
        if length == Some(0) {
            self.out.extend(["<", self.name, "/>"]);
            return Ok(Open { out: self.out, close: None });
        }
        push_open(self.out, self.name);
        Ok(Open { out: self.out, close: Some(self.name) })
    }

    fn serialize_struct(self, _: &'static str, _: usize) -> Result<Open<'w>, fmt::Error> {
        push_open(self.out, self.name);
        Ok(Open { out: self.out, close: Some(self.name) })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Default, Serialize)]
    #[serde(rename_all = "camelCase")]
    struct Reply {
        vpc_id: Option<&'static str>,
        is_default: bool,
        tag_set: Vec<Tag>,
        state: Option<Tag>,
    }

    #[derive(Serialize)]
    struct Tag {
        key: &'static str,
        value: Option<i64>,
    }

    #[test]
    fn absent_is_nothing_and_empty_is_an_empty_element() {
        assert_eq!(content(&Reply::default()), "<isDefault>false</isDefault><tagSet/>");
    }

    #[test]
    fn lists_have_items_and_text_is_escaped() {
        let reply = Reply {
            vpc_id: Some("a<b&\"c\""),
            is_default: true,
            tag_set: vec![Tag { key: "k", value: Some(-1) }, Tag { key: "", value: None }],
            state: Some(Tag { key: "s", value: None }),
        };
        assert_eq!(
            content(&reply),
            "<vpcId>a&lt;b&amp;&quot;c&quot;</vpcId><isDefault>true</isDefault>\
             <tagSet><item><key>k</key><value>-1</value></item><item><key></key></item></tagSet>\
             <state><key>s</key></state>"
        );
    }
}
