//! Resource maps, as printed and as JSON.

use serde::{Deserialize, Serialize};

/// A map.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Map {
    /// What it is a map of.
    pub of: String,
    /// What its columns are called.
    pub columns: Vec<String>,
    /// What stands in them, in order.
    pub nodes: Vec<Node>,
    /// What leads from one to another.
    pub lines: Vec<Line>,
}

/// Something on a map.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Node {
    /// The id of a resource, or a name for what is none.
    pub id: String,
    /// `vpc`, `subnet`, `instance`, `route-table`, `connection`, or `peer` for what is beyond one.
    pub kind: String,
    /// The column in which it stands, from 0.
    pub column: usize,
    /// Its name, else its id.
    pub title: String,
    /// What else is to be known of it.
    pub details: Vec<String>,
    /// The Availability Zone of a subnet.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub zone: Option<String>,
    /// The node in which it stands.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub parent: Option<String>,
    /// Whether a subnet's route table leads to the internet.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub public: Option<bool>,
    /// The state of an instance.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub state: Option<String>,
    /// What is likely not as it was meant.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mark: Option<String>,
}

/// That one thing leads to another.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Line {
    /// The node on the left.
    pub from: String,
    /// The node on the right.
    pub to: String,
    /// Whether it is traffic; else it is a relation.
    pub traffic: bool,
    /// Whether no packet passes.
    pub broken: bool,
}

impl Map {
    /// A map of what is called so.
    pub fn new(of: String, map: semantics::Map) -> Self {
        let node = |node: semantics::Node| Node {
            id: node.id,
            kind: node.kind.as_str().to_owned(),
            column: node.column,
            title: node.title,
            details: node.details,
            zone: node.group,
            parent: node.parent,
            public: node.is_public,
            state: node.state.map(str::to_owned),
            mark: node.mark,
        };
        let line = |line: semantics::MapLine| Line { from: line.from, to: line.to, traffic: line.is_traffic, broken: line.is_broken };
        Self {
            of,
            columns: map.columns.into_iter().map(str::to_owned).collect(),
            nodes: map.nodes.into_iter().map(node).collect(),
            lines: map.lines.into_iter().map(line).collect(),
        }
    }
}
