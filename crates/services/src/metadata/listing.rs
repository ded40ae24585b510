//! Paths, and what is behind them: values, and folders that list what they hold.

/// What is behind a path.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Node {
    /// A text.
    Leaf(Vec<u8>),
    /// Bytes that are nobody's text.
    Binary(Vec<u8>),
    /// Others.
    Folder(Folder),
}

/// A folder, in the order in which it lists what it holds.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Folder(Vec<Entry>);

#[derive(Clone, Debug, PartialEq, Eq)]
struct Entry {
    /// What a path calls it.
    name: String,
    /// What the listing says.
    listed: String,
    node: Node,
}

impl Node {
    /// What is behind the path. A slash more or less at its end is no difference.
    pub fn find(self, path: &[&str]) -> Option<Node> {
        match (path, self) {
            ([], found) => Some(found),
            ([first, rest @ ..], Node::Folder(folder)) => folder.0.into_iter().find(|entry| entry.name == *first)?.node.find(rest),
            _ => None,
        }
    }
}

impl From<Folder> for Node {
    fn from(folder: Folder) -> Self {
        Node::Folder(folder)
    }
}

impl Folder {
    /// With a text.
    pub fn text(self, name: &str, value: impl ToString) -> Self {
        self.entry(name, name.to_owned(), Node::Leaf(value.to_string().into_bytes()))
    }

    /// With a text, if there is one.
    pub fn maybe(self, name: &str, value: Option<impl ToString>) -> Self {
        match value {
            Some(value) => self.text(name, value),
            None => self,
        }
    }

    /// With lines, if there are any.
    pub fn lines(self, name: &str, lines: impl IntoIterator<Item = impl ToString>) -> Self {
        let lines: Vec<String> = lines.into_iter().map(|line| line.to_string()).collect();
        if lines.is_empty() { self } else { self.text(name, lines.join("\n")) }
    }

    /// With a folder; an empty one is not there.
    pub fn folder(self, name: &str, folder: Folder) -> Self {
        if folder.0.is_empty() { self } else { self.entry(name, format!("{name}/"), folder.into()) }
    }

    /// With anything, listed in its own way.
    pub fn entry(mut self, name: &str, listed: String, node: Node) -> Self {
        self.0.push(Entry { name: name.to_owned(), listed, node });
        self
    }

    /// What it holds, a line each.
    pub fn listing(&self) -> String {
        self.0.iter().map(|entry| entry.listed.as_str()).collect::<Vec<_>>().join("\n")
    }
}
