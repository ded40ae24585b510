//! What a client sends: `Filter.1.Name=vpc-id&Filter.1.Value.1=vpc-0a1b…`, as a tree.
//!
//! Names are paths with dots between their parts, and the parts of lists are numbers. The size is bounded here, once,
//! so that nothing behind it needs to be.

use std::collections::BTreeMap;
use std::fmt;

use crate::error::Error;

/// The most parameters that a request may have: AWS's own largest is `CreateTags` with 1,000 ids and 50 tags.
const MOST_PARAMETERS: usize = 10_000;
/// The most parts that the name of a parameter may have.
const DEEPEST: usize = 12;

/// The parameters of one request, by name.
#[derive(Clone, Debug, Default)]
pub(crate) struct Form {
    parameters: BTreeMap<String, Node>,
}

/// A parameter: a value, or what lies behind the next dot.
#[derive(Clone, Debug, Default)]
pub(crate) struct Node {
    pub value: Option<String>,
    pub children: BTreeMap<String, Node>,
}

impl Form {
    /// Reads query strings and form bodies into one form.
    pub fn parse<'a>(sources: impl IntoIterator<Item = &'a [u8]>) -> Result<Form, Error> {
        let mut form = Form::default();
        let pairs = sources.into_iter().flat_map(|source| source.split(|&byte| byte == b'&')).filter(|pair| !pair.is_empty());
        for (count, pair) in pairs.enumerate() {
            if count == MOST_PARAMETERS {
                return Err(Error::MalformedQueryString { reason: "there are too many parameters" });
            }
            let (name, value) = match pair.iter().position(|&byte| byte == b'=') {
                Some(at) => (&pair[..at], &pair[at + 1..]),
                None => (pair, &[][..]),
            };
            form.insert(&decode(name)?, decode(value)?)?;
        }
        Ok(form)
    }

    fn insert(&mut self, name: &str, value: String) -> Result<(), Error> {
        let mut parts = name.split('.');
        let Some(first) = parts.next() else { unreachable!("splitting yields at least one part") };
        let mut node = self.parameters.entry(first.to_owned()).or_default();
        for (depth, part) in parts.enumerate() {
            if depth + 2 > DEEPEST {
                return Err(Error::MalformedQueryString { reason: "a parameter's name has too many parts" });
            }
            node = node.children.entry(part.to_owned()).or_default();
        }
        match node.value.replace(value) {
            Some(_) => Err(Error::RepeatedParameter { parameter: name.to_owned() }),
            None => Ok(()),
        }
    }

    /// The value of a parameter that has no parts, taken out of the form.
    pub fn take_value(&mut self, name: &str) -> Option<String> {
        self.parameters.get_mut(name)?.value.take()
    }

    /// A parameter with all below it, taken out of the form, as a form that has only this.
    pub fn take(&mut self, name: &str) -> Form {
        Form { parameters: self.parameters.remove_entry(name).into_iter().collect() }
    }

    /// Drops the parameters whose names are not wanted.
    pub fn drop(&mut self, unwanted: impl Fn(&str) -> bool) {
        self.parameters.retain(|name, _| !unwanted(name));
    }

    /// The parameters.
    pub fn parameters(&self) -> &BTreeMap<String, Node> {
        &self.parameters
    }
}

impl fmt::Display for Form {
    /// Every parameter with its value, one a line: the same for the same parameters, in whatever order they came.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fn write(path: &str, node: &Node, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            if let Some(value) = &node.value {
                writeln!(f, "{path}={value:?}")?;
            }
            node.children.iter().try_for_each(|(name, child)| write(&format!("{path}.{name}"), child, f))
        }
        self.parameters.iter().try_for_each(|(name, node)| write(name, node, f))
    }
}

/// Undoes the encoding of forms: `%2F` is a byte, `+` is a space. What is left must be text that XML can carry back.
fn decode(encoded: &[u8]) -> Result<String, Error> {
    let malformed = Error::MalformedQueryString { reason: "it is not percent-encoded UTF-8 text" };
    let digit = |at: usize| encoded.get(at).and_then(|&byte| char::from(byte).to_digit(16));
    let mut bytes = Vec::with_capacity(encoded.len());
    let mut at = 0;
    while let Some(&byte) = encoded.get(at) {
        at += 1;
        bytes.push(match byte {
            b'+' => b' ',
            b'%' => {
                let (Some(high), Some(low)) = (digit(at), digit(at + 1)) else { return Err(malformed) };
                at += 2;
                (high * 16 + low) as u8
            }
            _ => byte,
        });
    }
    String::from_utf8(bytes).ok().filter(|text| text.chars().all(super::xml::is_legal)).ok_or(malformed)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn value(source: &str, path: &[&str]) -> Result<Option<String>, Error> {
        let form = Form::parse([source.as_bytes()])?;
        let mut node = Node { value: None, children: form.parameters };
        for part in path {
            let Some(child) = node.children.remove(*part) else { return Ok(None) };
            node = child;
        }
        Ok(node.value)
    }

    #[test]
    fn names_are_paths_and_values_are_decoded() {
        for (source, path, wanted) in [
            ("Action=CreateVpc", &["Action"][..], Some("CreateVpc")),
            ("Filter.1.Value.2=a%20b", &["Filter", "1", "Value", "2"], Some("a b")),
            ("Tag.1.Value=a+b%2Bc", &["Tag", "1", "Value"], Some("a b+c")),
            ("Tag.1.Value=", &["Tag", "1", "Value"], Some("")),
            ("Tag.1.Value", &["Tag", "1", "Value"], Some("")),
            ("&&a=1&", &["a"], Some("1")),
            ("a=b=c", &["a"], Some("b=c")),
            ("a=%C3%A9", &["a"], Some("é")),
            ("a=1", &["b"], None),
        ] {
            assert_eq!(value(source, path).unwrap().as_deref(), wanted, "{source}");
        }
    }

    #[test]
    fn what_is_no_form_is_refused() {
        for source in ["a=%", "a=%2", "a=%zz", "a=%FF", "a=%00", "a=1&a=2", "a.b.c.d.e.f.g.h.i.j.k.l.m=1"] {
            assert!(value(source, &["a"]).is_err(), "{source}");
        }
        let endless = "a=1&".repeat(MOST_PARAMETERS + 1);
        assert!(Form::parse([endless.as_bytes()]).is_err());
    }

    #[test]
    fn query_and_body_are_one_form() {
        let form = Form::parse([&b"Action=A"[..], &b"VpcId=v"[..]]).unwrap();
        assert_eq!(form.parameters().keys().collect::<Vec<_>>(), ["Action", "VpcId"]);
    }
}
