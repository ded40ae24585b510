//! A map as a flowchart in Mermaid's language, as the console exports it.

use std::collections::BTreeMap;
use std::fmt::Write;

use crate::map::{Line, Map};

pub fn draw(map: &Map) -> String {
    let keys: BTreeMap<&str, String> = map.nodes.iter().enumerate().map(|(at, node)| (node.id.as_str(), format!("n{at}"))).collect();
    let key = |id: &str| keys.get(id).map(String::as_str).unwrap_or_default();
    let mut chart = String::from("flowchart LR\n");
    for node in &map.nodes {
        let text = std::iter::once(&node.title).chain(&node.details).map(|text| quoted(text)).collect::<Vec<_>>().join("<br>");
        let _ = writeln!(chart, "  {}[\"{text}\"]", key(&node.id));
    }
    for node in &map.nodes {
        if let Some(parent) = &node.parent {
            let _ = writeln!(chart, "  {} --- {}", key(parent), key(&node.id));
        }
    }
    for line in &map.lines {
        let _ = writeln!(chart, "  {} {} {}", key(&line.from), arrow(line), key(&line.to));
    }
    chart
}

fn arrow(line: &Line) -> &'static str {
    match (line.broken, line.traffic) {
        (true, _) => "-. blackhole .->",
        (false, true) => "-.->",
        (false, false) => "---",
    }
}

fn quoted(text: &str) -> String {
    text.replace('"', "#quot;").replace('<', "#lt;").replace('>', "#gt;")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::map::Node;

    #[test]
    fn what_mermaid_would_read_otherwise_is_quoted() {
        let node = |id: &str, title: &str, parent: Option<&str>| Node {
            id: id.to_owned(),
            title: title.to_owned(),
            details: vec!["10.1.0.0/16".to_owned()],
            parent: parent.map(str::to_owned),
            ..Node::default()
        };
        let line = Line { from: "rtb-1".to_owned(), to: "pcx-1".to_owned(), traffic: true, broken: true };
        let nodes = vec![node("rtb-1", "a \"table\"", None), node("pcx-1", "1 <> 2", None), node("pcx-1/vpc-2", "2", Some("pcx-1"))];
        let map = Map { nodes, lines: vec![line], ..Map::default() };
        let expected = "\
flowchart LR
  n0[\"a #quot;table#quot;<br>10.1.0.0/16\"]
  n1[\"1 #lt;#gt; 2<br>10.1.0.0/16\"]
  n2[\"2<br>10.1.0.0/16\"]
  n1 --- n2
  n0 -. blackhole .-> n1
";
        assert_eq!(draw(&map), expected);
    }
}
