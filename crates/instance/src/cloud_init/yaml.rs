//! YAML, as much of it as a cloud-config has: text, lists and mappings, of bounded size and depth.
//!
//! What a word means - a number, yes or no, a mode - is not decided here, for cloud-init's YAML is 1.1 and each of its settings reads words in
//! a way of its own. <https://yaml.org/spec/1.2.2/>

use std::{
    collections::{BTreeMap, HashMap},
    fmt,
};

use base64ct::{Base64, Encoding};
use saphyr_parser::{Event, Parser, ScalarStyle, ScanError, Tag};

/// The deepest nesting.
const DEEPEST: usize = 32;

/// The most that there may be, and that aliases may make of it: bytes of text, and some for each value.
const HEAVIEST: usize = 4 << 20;

const WEIGHT_OF_NODE: usize = 32;

/// A value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Node {
    /// Nothing was written.
    Null,
    /// A word without quotes, which may be meant as a number or as yes or no.
    Plain(String),
    /// Text in quotes, or in a block.
    Text(String),
    /// `!!binary`
    Bytes(Vec<u8>),
    List(Vec<Node>),
    /// Of two with one name, the last.
    Map(BTreeMap<String, Node>),
}

/// Why a text is no YAML, or none that is read.
#[derive(Debug)]
pub(super) enum Error {
    /// It is not well-formed.
    Malformed(ScanError),
    /// It is, but not so.
    Refused(&'static str),
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Error::Malformed(error) => error.fmt(f),
            Error::Refused(why) => f.write_str(why),
        }
    }
}

impl Node {
    /// The text, however it was written.
    pub(super) fn text(&self) -> Option<&str> {
        match self {
            Node::Plain(text) | Node::Text(text) => Some(text),
            _ => None,
        }
    }

    /// What it means as an answer, in the words that cloud-init takes for one.
    pub(super) fn is_true(&self) -> Option<bool> {
        match self.text()?.to_ascii_lowercase().as_str() {
            "true" | "yes" | "on" | "1" => Some(true),
            "false" | "no" | "off" | "0" => Some(false),
            _ => None,
        }
    }

    fn weight(&self) -> usize {
        WEIGHT_OF_NODE
            + match self {
                Node::Null => 0,
                Node::Plain(text) | Node::Text(text) => text.len(),
                Node::Bytes(bytes) => bytes.len(),
                Node::List(items) => items.iter().map(Node::weight).sum(),
                Node::Map(entries) => entries.iter().map(|(name, value)| name.len() + value.weight()).sum(),
            }
    }
}

/// What is being read.
enum Open {
    List(usize, Vec<Node>),
    Map(usize, BTreeMap<String, Node>, Option<String>),
}

/// Reads the one document of a text.
pub(super) fn read(text: &str) -> Result<Node, Error> {
    let mut reader = Reader::default();
    for event in Parser::new_from_str(text) {
        reader.take(event.map_err(Error::Malformed)?.0)?;
    }
    Ok(reader.whole.unwrap_or(Node::Null))
}

#[derive(Default)]
struct Reader {
    open: Vec<Open>,
    anchors: HashMap<usize, Node>,
    weight: usize,
    whole: Option<Node>,
}

impl Reader {
    fn take(&mut self, event: Event<'_>) -> Result<(), Error> {
        match event {
            Event::Scalar(text, style, anchor, tag) => {
                let node = scalar(&text, style, tag.as_deref())?;
                self.weigh(&node)?;
                self.complete(anchor, node)
            }
            Event::SequenceStart(anchor, _) => self.begin(Open::List(anchor, Vec::new())),
            Event::MappingStart(anchor, _) => self.begin(Open::Map(anchor, BTreeMap::new(), None)),
            Event::SequenceEnd | Event::MappingEnd => match self.open.pop() {
                Some(Open::List(anchor, items)) => self.complete(anchor, Node::List(items)),
                Some(Open::Map(anchor, entries, _)) => self.complete(anchor, Node::Map(entries)),
                None => Ok(()),
            },
            Event::Alias(anchor) => match self.anchors.get(&anchor).cloned() {
                Some(node) => {
                    self.weigh(&node)?;
                    self.complete(0, node)
                }
                None => Err(Error::Refused("an alias stands in what it means itself")),
            },
            _ => Ok(()),
        }
    }

    /// What comes in from outside, or once more, and not what is put together of that.
    fn weigh(&mut self, node: &Node) -> Result<(), Error> {
        self.weight += node.weight();
        if self.weight > HEAVIEST { Err(Error::Refused("it is too much, as its aliases make it")) } else { Ok(()) }
    }

    fn begin(&mut self, open: Open) -> Result<(), Error> {
        if self.open.len() == DEEPEST {
            return Err(Error::Refused("it is nested too deeply"));
        }
        self.open.push(open);
        Ok(())
    }

    fn complete(&mut self, anchor: usize, node: Node) -> Result<(), Error> {
        // Zero is no anchor.
        if anchor > 0 {
            self.anchors.insert(anchor, node.clone());
        }
        match self.open.last_mut() {
            Some(Open::List(_, items)) => items.push(node),
            Some(Open::Map(_, entries, name)) => match name.take() {
                Some(name) => drop(entries.insert(name, node)),
                None => *name = Some(node.text().ok_or(Error::Refused("a name in it is no word"))?.to_owned()),
            },
            None if self.whole.is_some() => return Err(Error::Refused("it has more than one document")),
            None => self.whole = Some(node),
        }
        Ok(())
    }
}

fn scalar(text: &str, style: ScalarStyle, tag: Option<&Tag>) -> Result<Node, Error> {
    match tag.filter(|tag| tag.is_yaml_core_schema()).map(|tag| tag.suffix.as_str()) {
        Some("binary") => {
            let text: String = text.chars().filter(|char| !char.is_ascii_whitespace()).collect();
            Base64::decode_vec(&text).map(Node::Bytes).map_err(|_| Error::Refused("what is marked as binary is not base64"))
        }
        Some("str") => Ok(Node::Text(text.to_owned())),
        _ => Ok(match (style, text) {
            (ScalarStyle::Plain, "" | "~" | "null" | "Null" | "NULL") => Node::Null,
            (ScalarStyle::Plain, word) => Node::Plain(word.to_owned()),
            (_, text) => Node::Text(text.to_owned()),
        }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn plain(text: &str) -> Node {
        Node::Plain(text.to_owned())
    }

    #[test]
    fn words_keep_how_they_were_written() {
        let read = read("a: 0644\nb: '0644'\nc: |\n  x\n  y\nd:\ne: [yes, ~]\nb: later\n").unwrap();
        let expected = [
            ("a", plain("0644")),
            ("c", Node::Text("x\ny\n".into())),
            ("d", Node::Null),
            ("e", Node::List(vec![plain("yes"), Node::Null])),
            ("b", plain("later")),
        ];
        assert_eq!(read, Node::Map(expected.map(|(name, node)| (name.to_owned(), node)).into()));
    }

    #[test]
    fn binary_is_decoded() {
        assert_eq!(read("!!binary |\n  aGVs\n  bG8=\n").unwrap(), Node::Bytes(b"hello".into()));
    }

    #[test]
    fn aliases_are_what_they_mean() {
        assert_eq!(read("- &x a\n- *x\n").unwrap(), Node::List(vec![plain("a"), plain("a")]));
        assert!(read("&x [*x]").is_err());
    }

    #[test]
    fn nothing_becomes_large() {
        let bomb = (1..12).fold("- &a0 [x, x, x, x, x, x, x, x]\n".to_owned(), |text, n| {
            let times = vec![format!("*a{}", n - 1); 8].join(", ");
            text + &format!("- &a{n} [{times}]\n")
        });
        assert!(read(&bomb).unwrap_err().to_string().contains("too much"));
        for deep in ["[".repeat(8000), "- ".repeat(8000), "{a: ".repeat(5000), "? ".repeat(8000)] {
            assert!(read(&deep).is_err());
        }
    }

    #[test]
    fn there_is_one_document() {
        assert!(read("a: 1\n---\nb: 2\n").is_err());
        assert_eq!(read("").unwrap(), Node::Null);
    }
}
