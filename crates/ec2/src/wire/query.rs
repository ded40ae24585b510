//! Reads a [`Form`] into the struct of an operation: a serde `Deserializer`.
//!
//! Structs flatten with dots, lists are 1-based numbers behind a dot; gaps are ignored. Serde's errors are untyped, so
//! ids, CIDR blocks and the like announce their type's name before they are read
//! ([`model::text::deserialize`]), and the codec turns *which type refused which parameter* into
//! `InvalidVpcID.Malformed` and its kin.
//!
//! A parameter that the struct does not have is refused here too: as `UnsupportedOperation` if AWS knows it and we do
//! not act on it (the operation's *inert* list, see [`read`]), else as `UnknownParameter`.

use std::collections::btree_map;
use std::fmt;

use model::{IdKind, InvalidUserData, UserData};
use serde::Deserialize;
use serde::de::value::StrDeserializer;
use serde::de::{self, DeserializeSeed, Deserializer, MapAccess, SeqAccess, Visitor};

use super::form::{Form, Node};
use crate::error::Error;

/// Reads a form.
///
/// `inert` names the parameters that AWS knows and that we do not act on, lists with `N` for the number:
/// `"NetworkInterface.N.Ipv6Addresses"`, with all below it. One that does no harm at a certain value names that value,
/// `"Monitoring.Enabled=false"`; one that never does names `*`. Anything else of theirs is `UnsupportedOperation`:
/// accepting it in silence would be a lie.
pub(crate) fn read<'a, T: Deserialize<'a>>(form: &'a Form, inert: &'static [&'static str]) -> Result<T, Error> {
    let fields = Fields { children: form.parameters().iter(), value: None, path: Path::Root, inert };
    T::deserialize(Root(fields)).map_err(|refusal| refusal.at(&Path::Root))
}

/// At which values a parameter does no harm, by an inert list, as [`read`] has it; `None` if the list does not know it.
pub(crate) fn harmless_values(inert: &'static [&'static str], pattern: &str) -> Option<Vec<&'static str>> {
    let entries = inert.iter().map(|entry| entry.split_once('=').map_or((*entry, None), |(name, value)| (name, Some(value))));
    let known = entries.filter(|(name, _)| pattern.strip_prefix(name).is_some_and(|rest| rest.is_empty() || rest.starts_with('.')));
    known.fold(None, |all, (_, value)| Some(all.into_iter().flatten().chain(value).collect()))
}

/// Where in the form we are; written out only when something is refused.
#[derive(Clone, Copy)]
enum Path<'p> {
    Root,
    Below(&'p Path<'p>, &'p str),
}

impl Path<'_> {
    fn last(&self) -> &str {
        match self {
            Path::Root => "",
            Path::Below(_, name) => name,
        }
    }

    /// The path with every number as `N`, as inert lists have it.
    fn pattern(&self) -> String {
        self.to_string().split('.').map(|part| if is_number(part) { "N" } else { part }).collect::<Vec<_>>().join(".")
    }
}

impl fmt::Display for Path<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Path::Root => Ok(()),
            Path::Below(Path::Root, name) => f.write_str(name),
            Path::Below(parent, name) => write!(f, "{parent}.{name}"),
        }
    }
}

fn is_number(part: &str) -> bool {
    !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit())
}

/// Why reading stopped.
#[derive(Debug)]
enum Refusal {
    /// A struct misses this field.
    Missing(&'static str),
    /// A value is refused, in the words of whoever refused it.
    Value(String),
    /// AWS's own error.
    Final(Box<Error>),
}

impl Refusal {
    fn at(self, path: &Path<'_>) -> Error {
        match self {
            Refusal::Missing(field) => Error::MissingParameter { parameter: Path::Below(path, field).to_string() },
            Refusal::Value(reason) => Error::InvalidValue { parameter: parameter(path), value: String::new(), reason },
            Refusal::Final(error) => *error,
        }
    }
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{self:?}")
    }
}

impl std::error::Error for Refusal {}

impl de::Error for Refusal {
    fn custom<T: fmt::Display>(reason: T) -> Self {
        Refusal::Value(reason.to_string())
    }

    fn missing_field(field: &'static str) -> Self {
        Refusal::Missing(field)
    }
}

impl From<Error> for Refusal {
    fn from(error: Error) -> Self {
        Refusal::Final(Box::new(error))
    }
}

/// The name of a parameter as AWS's sentences have it: `CidrBlock` is `cidrBlock`.
fn parameter(path: &Path<'_>) -> String {
    match path {
        Path::Below(parent, number) if is_number(number) => parameter(parent),
        _ => {
            let mut chars = path.last().chars();
            chars.next().map(|first| first.to_ascii_lowercase()).into_iter().chain(chars).collect()
        }
    }
}

/// What a type makes of a text that it refuses.
fn malformed(type_name: Option<&str>, path: &Path<'_>, value: &str, reason: String) -> Error {
    let value = value.to_owned();
    let kind = IdKind::ALL.iter().find(|kind| Some(kind.type_name()) == type_name);
    match (kind, type_name) {
        (Some(&kind), _) => Error::malformed_id(kind, value),
        (None, Some("ResourceId")) => Error::InvalidId { value },
        (None, Some("Cidr" | "Ipv4Cidr")) => {
            Error::InvalidValue { parameter: parameter(path), value, reason: "This is not a valid CIDR block.".to_owned() }
        }
        (None, Some("PublicIp")) => Error::MalformedAddress { value },
        (None, Some("UserData")) => Error::InvalidUserData { problem: value.parse::<UserData>().err().unwrap_or(InvalidUserData::Malformed) },
        (None, Some("InstanceType")) => Error::InvalidInstanceType { value },
        _ => Error::InvalidValue { parameter: parameter(path), value, reason: format!("{reason}.") },
    }
}

/// The whole form, as a struct.
struct Root<'a, 'p>(Fields<'a, 'p>);

impl<'a> Deserializer<'a> for Root<'a, '_> {
    type Error = Refusal;

    fn deserialize_any<V: Visitor<'a>>(self, visitor: V) -> Result<V::Value, Refusal> {
        visitor.visit_map(self.0)
    }

    serde::forward_to_deserialize_any! {
        <V: Visitor<'a>>
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char str string bytes byte_buf option unit unit_struct
        newtype_struct seq tuple tuple_struct map struct enum identifier ignored_any
    }
}

/// The fields of a struct.
struct Fields<'a, 'p> {
    children: btree_map::Iter<'a, String, Node>,
    value: Option<(&'a str, &'a Node)>,
    path: Path<'p>,
    inert: &'static [&'static str],
}

impl<'a> MapAccess<'a> for Fields<'a, '_> {
    type Error = Refusal;

    fn next_key_seed<K: DeserializeSeed<'a>>(&mut self, seed: K) -> Result<Option<K::Value>, Refusal> {
        self.value = self.children.next().map(|(name, node)| (name.as_str(), node));
        self.value.map(|(name, _)| seed.deserialize(StrDeserializer::new(name))).transpose()
    }

    fn next_value_seed<V: DeserializeSeed<'a>>(&mut self, seed: V) -> Result<V::Value, Refusal> {
        let Some((name, node)) = self.value.take() else { unreachable!("serde asks for a key before its value") };
        seed.deserialize(Parameter { node, path: Path::Below(&self.path, name), inert: self.inert, type_name: None })
    }
}

/// The elements of a list, by their numbers.
struct Elements<'a, 'p> {
    elements: std::vec::IntoIter<(&'a str, &'a Node)>,
    path: Path<'p>,
    inert: &'static [&'static str],
}

impl<'a> SeqAccess<'a> for Elements<'a, '_> {
    type Error = Refusal;

    fn next_element_seed<T: DeserializeSeed<'a>>(&mut self, seed: T) -> Result<Option<T::Value>, Refusal> {
        let Some((number, node)) = self.elements.next() else { return Ok(None) };
        seed.deserialize(Parameter { node, path: Path::Below(&self.path, number), inert: self.inert, type_name: None }).map(Some)
    }
}

/// One parameter, with what lies below it.
#[derive(Clone, Copy)]
struct Parameter<'a, 'p> {
    node: &'a Node,
    path: Path<'p>,
    inert: &'static [&'static str],
    type_name: Option<&'static str>,
}

impl<'a> Parameter<'a, '_> {
    /// The value, which must be all there is.
    fn text(&self) -> Result<&'a str, Refusal> {
        if let Some((name, _)) = self.node.children.iter().next() {
            return Err(Error::UnknownParameter { parameter: Path::Below(&self.path, name).to_string() }.into());
        }
        Ok(self.node.value.as_deref().unwrap_or_default())
    }

    /// What lies below, which must be all there is.
    fn children(&self) -> Result<btree_map::Iter<'a, String, Node>, Refusal> {
        match self.node.value {
            Some(_) => Err(Error::UnknownParameter { parameter: self.path.to_string() }.into()),
            None => Ok(self.node.children.iter()),
        }
    }

    fn elements(&self) -> Result<Vec<(&'a str, &'a Node)>, Refusal> {
        let mut elements = Vec::new();
        for (number, node) in self.children()? {
            match number.parse::<u32>() {
                Ok(position) if is_number(number) => elements.push((position, number.as_str(), node)),
                _ => return Err(Error::UnknownParameter { parameter: Path::Below(&self.path, number).to_string() }.into()),
            }
        }
        elements.sort_by_key(|&(position, ..)| position);
        Ok(elements.into_iter().map(|(_, number, node)| (number, node)).collect())
    }

    /// Names the parameter in what refuses it.
    fn named<T>(&self, outcome: Result<T, Refusal>) -> Result<T, Refusal> {
        outcome.map_err(|refusal| match refusal {
            Refusal::Value(reason) => malformed(self.type_name, &self.path, self.node.value.as_deref().unwrap_or_default(), reason).into(),
            Refusal::Missing(_) => refusal.at(&self.path).into(),
            Refusal::Final(_) => refusal,
        })
    }

    fn read<T>(&self, expected: &str, read: impl FnOnce(&str) -> Option<T>) -> Result<T, Refusal> {
        let value = self.text()?;
        self.named(read(value).ok_or_else(|| Refusal::Value(format!("Expected {expected}"))))
    }

    /// Refuses what no struct has a place for, unless it does no harm.
    fn check_inert(&self) -> Result<(), Refusal> {
        for (name, node) in &self.node.children {
            Parameter { node, path: Path::Below(&self.path, name), ..*self }.check_inert()?;
        }
        let Some(value) = &self.node.value else { return Ok(()) };
        let parameter = self.path.to_string();
        match harmless_values(self.inert, &self.path.pattern()) {
            Some(harmless) if harmless.iter().any(|harmless| *harmless == "*" || harmless.eq_ignore_ascii_case(value)) => Ok(()),
            Some(_) => Err(Error::UnsupportedParameter { parameter, value: value.clone() }.into()),
            None => Err(Error::UnknownParameter { parameter }.into()),
        }
    }
}

macro_rules! numbers {
    ($($method:ident $visit:ident),*) => {$(
        fn $method<V: Visitor<'a>>(self, visitor: V) -> Result<V::Value, Refusal> {
            let number = self.read("an integer", |text| text.parse().ok())?;
            self.named(visitor.$visit(number))
        }
    )*};
}

impl<'a> Deserializer<'a> for Parameter<'a, '_> {
    type Error = Refusal;

    numbers!(
        deserialize_i8 visit_i8, deserialize_i16 visit_i16, deserialize_i32 visit_i32, deserialize_i64 visit_i64,
        deserialize_u8 visit_u8, deserialize_u16 visit_u16, deserialize_u32 visit_u32, deserialize_u64 visit_u64
    );

    fn deserialize_bool<V: Visitor<'a>>(self, visitor: V) -> Result<V::Value, Refusal> {
        let value = self.read("true or false", |text| text.to_ascii_lowercase().parse().ok())?;
        self.named(visitor.visit_bool(value))
    }

    fn deserialize_any<V: Visitor<'a>>(self, visitor: V) -> Result<V::Value, Refusal> {
        let text = self.text()?;
        self.named(visitor.visit_borrowed_str(text))
    }

    fn deserialize_option<V: Visitor<'a>>(self, visitor: V) -> Result<V::Value, Refusal> {
        visitor.visit_some(self)
    }

    fn deserialize_newtype_struct<V: Visitor<'a>>(self, name: &'static str, visitor: V) -> Result<V::Value, Refusal> {
        visitor.visit_newtype_struct(Parameter { type_name: Some(name), ..self })
    }

    fn deserialize_seq<V: Visitor<'a>>(self, visitor: V) -> Result<V::Value, Refusal> {
        let elements = self.elements()?.into_iter();
        self.named(visitor.visit_seq(Elements { elements, path: self.path, inert: self.inert }))
    }

    fn deserialize_map<V: Visitor<'a>>(self, visitor: V) -> Result<V::Value, Refusal> {
        let children = self.children()?;
        self.named(visitor.visit_map(Fields { children, value: None, path: self.path, inert: self.inert }))
    }

    fn deserialize_struct<V: Visitor<'a>>(self, _name: &'static str, _fields: &'static [&'static str], visitor: V) -> Result<V::Value, Refusal> {
        self.deserialize_map(visitor)
    }

    fn deserialize_ignored_any<V: Visitor<'a>>(self, visitor: V) -> Result<V::Value, Refusal> {
        self.check_inert()?;
        visitor.visit_unit()
    }

    serde::forward_to_deserialize_any! {
        <V: Visitor<'a>>
        i128 u128 f32 f64 char str string bytes byte_buf unit unit_struct tuple tuple_struct enum identifier
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use model::{Ipv4Cidr, ResourceId, VpcId};

    #[derive(Debug, Default, PartialEq, Deserialize)]
    #[serde(rename_all = "PascalCase", default)]
    struct Everything {
        word: String,
        flag: Option<bool>,
        port: Option<i64>,
        vpc_id: Option<VpcId>,
        resource_id: Vec<ResourceId>,
        cidr_block: Option<Ipv4Cidr>,
        address: Option<std::net::Ipv4Addr>,
        item: Vec<Item>,
    }

    #[derive(Debug, PartialEq, Deserialize)]
    #[serde(rename_all = "PascalCase")]
    struct Item {
        key: String,
        #[serde(default)]
        value: Vec<String>,
    }

    const INERT: &[&str] = &["Monitoring.Enabled=false", "Item.N.Ipv6", "CpuOptions", "Note=*"];

    fn parse(source: &str) -> Result<Everything, Error> {
        read(&Form::parse([source.as_bytes()])?, INERT)
    }

    #[test]
    fn values_are_read_by_their_type() {
        assert_eq!(parse("").unwrap(), Everything::default());
        assert_eq!(
            parse("Flag=TRUE&Port=-1&Word=a+b").unwrap(),
            Everything { flag: Some(true), port: Some(-1), word: "a b".to_owned(), ..Default::default() }
        );
        assert_eq!(parse("CidrBlock=100.68.0.18/18").unwrap().cidr_block.unwrap().to_string(), "100.68.0.0/18");
    }

    /// Sparse lists are sorted by number and gaps are ignored (1.1.6).
    #[test]
    fn lists_are_in_the_order_of_their_numbers() {
        let read = parse("Item.10.Key=c&Item.2.Key=b&Item.1.Key=a&Item.1.Value.7=y&Item.1.Value.3=x").unwrap();
        assert_eq!(read.item.iter().map(|item| item.key.as_str()).collect::<Vec<_>>(), ["a", "b", "c"]);
        assert_eq!(read.item[0].value, ["x", "y"]);
    }

    #[test]
    fn what_does_no_harm_is_accepted() {
        for source in ["Monitoring.Enabled=false", "Monitoring.Enabled=False", "Note=anything"] {
            assert_eq!(parse(source), Ok(Everything::default()), "{source}");
        }
    }

    #[test]
    fn refusals_name_what_is_refused() {
        for (source, code, sentence) in [
            ("Foo=1", "UnknownParameter", "The parameter Foo is not recognized"),
            ("VpcId.1=vpc-1", "UnknownParameter", "The parameter VpcId.1 is not recognized"),
            ("Item=1", "UnknownParameter", "The parameter Item is not recognized"),
            ("Item.member.1=1", "UnknownParameter", "The parameter Item.member is not recognized"),
            ("Item.1.Key=a&Item.1.Foo=b", "UnknownParameter", "The parameter Item.1.Foo is not recognized"),
            ("Item.3.Value.1=a", "MissingParameter", "The request must contain the parameter Item.3.Key"),
            ("VpcId=vpc-1", "InvalidVpcID.Malformed", "Invalid id: \"vpc-1\" (expecting \"vpc-...\")"),
            ("ResourceId.1=x", "InvalidID", "The ID 'x' is not valid"),
            ("CidrBlock=10.0.0.0", "InvalidParameterValue", "Value (10.0.0.0) for parameter cidrBlock is invalid. This is not a valid CIDR block."),
            ("Flag=2", "InvalidParameterValue", "Value (2) for parameter flag is invalid. Expected true or false."),
            ("Port=x", "InvalidParameterValue", "Value (x) for parameter port is invalid. Expected an integer."),
            ("Address=10.1", "InvalidParameterValue", "Value (10.1) for parameter address is invalid. invalid IPv4 address syntax."),
            ("Monitoring.Enabled=true", "UnsupportedOperation", "The parameter Monitoring.Enabled is not supported with the value 'true'."),
            ("CpuOptions.CoreCount=1", "UnsupportedOperation", "The parameter CpuOptions.CoreCount is not supported with the value '1'."),
            (
                "Item.2.Key=a&Item.2.Ipv6.1.Address=b",
                "UnsupportedOperation",
                "The parameter Item.2.Ipv6.1.Address is not supported with the value 'b'.",
            ),
        ] {
            let error = parse(source).unwrap_err();
            assert_eq!((error.code(), error.to_string().as_str()), (code, sentence), "{source}");
        }
    }
}
