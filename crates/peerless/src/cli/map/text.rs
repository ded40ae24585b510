//! A map in boxes and lines, for a terminal: the columns of the console's map.
//!
//! Lines come in on even rows and go out on odd ones, so that no two of them ever lie on the same row; between the columns
//! each bundle of lines has a track of its own as far as it needs one.

use std::collections::BTreeSet;

use super::canvas::Canvas;
use crate::map::{Line, Map, Node};

/// The longest text in a box, in characters.
const LONGEST: usize = 44;
/// The first row of boxes, and where a line leaves and comes in, from the top of a box.
const TOP: usize = 2;
const OUT: usize = 1;
const IN: usize = 2;

struct Card<'a> {
    node: &'a Node,
    texts: Vec<String>,
    y: usize,
    height: usize,
}

/// Lines that share a track: all from one node, or all to one.
struct Bundle<'a> {
    lines: Vec<&'a Line>,
    /// The rows between which it runs.
    rows: (usize, usize),
    is_dotted: bool,
    track: usize,
}

pub fn draw(map: &Map) -> String {
    let mut canvas = Canvas::default();
    let columns: Vec<Vec<Card>> = (0..map.columns.len()).map(|column| cards(map, column)).collect();
    let mut x = 0;
    for (at, (title, cards)) in map.columns.iter().zip(&columns).enumerate() {
        let title = if title == "VPC" { title.clone() } else { format!("{title} ({})", cards.len()) };
        canvas.write(x + 1, 0, &title);
        let width = cards.iter().flat_map(|card| &card.texts).map(|text| text.chars().count() + 4).max().unwrap_or(0);
        let mut zone = None;
        for card in cards {
            if card.node.zone.is_some() && card.node.zone != zone {
                zone.clone_from(&card.node.zone);
                canvas.write(x + 1, card.y - 1, zone.as_deref().unwrap_or_default());
            }
            canvas.frame(x, card.y, width, card.height);
            for (row, text) in card.texts.iter().enumerate() {
                canvas.write(x + 2, card.y + 1 + row, text);
            }
        }
        if let Some(next) = columns.get(at + 1) {
            x = connect(&mut canvas, map, (cards, next), x + width, x + title.chars().count());
        }
    }
    let mut drawn = format!("{}\n", map.of);
    for line in canvas.lines() {
        drawn = drawn + &line + "\n";
    }
    for node in &map.nodes {
        if let Some(mark) = &node.mark {
            drawn += &format!("⚠ {}: {mark}\n", node.title);
        }
    }
    drawn + "\n"
}

/// The boxes of a column, from top to bottom.
fn cards(map: &Map, column: usize) -> Vec<Card<'_>> {
    let mut y = TOP;
    let mut zone = None;
    let own = map.nodes.iter().filter(|node| node.column == column && node.parent.is_none());
    own.map(|node| {
        if node.zone.is_some() && node.zone != zone {
            zone.clone_from(&node.zone);
            y += 2;
        }
        let mut texts = texts(map, node);
        // An even height keeps rows odd and even.
        texts.resize(texts.len().max(2).next_multiple_of(2), String::new());
        let card = Card { node, height: texts.len() + 2, texts, y };
        y += card.height;
        card
    })
    .collect()
}

/// What a box says: its node, and those that stand in it.
fn texts(map: &Map, node: &Node) -> Vec<String> {
    let dot = node.public.map(|public| if public { "● " } else { "○ " }).unwrap_or_default();
    let mark = if node.mark.is_some() { " ⚠" } else { "" };
    let mut texts = vec![format!("{dot}{}{mark}", fitted(&node.title))];
    let place = node.public.map(|public| if public { "  public" } else { "  private" }).unwrap_or_default();
    texts.extend(node.details.iter().enumerate().map(|(at, detail)| fitted(&format!("{detail}{}", if at == 0 { place } else { "" }))));
    for child in map.nodes.iter().filter(|child| child.parent.as_ref() == Some(&node.id)) {
        let sign = if child.kind == "peer" { '→' } else { '▪' };
        texts.push(format!("{sign} {}", fitted(&child.title)));
        let state = child.state.iter().map(String::as_str);
        texts.push(fitted(&format!("  {}", child.details.iter().map(String::as_str).chain(state).collect::<Vec<_>>().join("  "))));
    }
    texts
}

/// What does not fit is cut in the middle: names differ at their ends.
fn fitted(text: &str) -> String {
    let letters: Vec<char> = text.chars().collect();
    if letters.len() <= LONGEST {
        return text.to_owned();
    }
    let tail = LONGEST / 2;
    letters.iter().take(LONGEST - tail - 1).chain(&['…']).chain(letters.iter().skip(letters.len() - tail)).collect()
}

/// Draws what runs between two columns. The boxes of the one end at `left`, its title at `titled`; says where the other begins.
fn connect(canvas: &mut Canvas, map: &Map, (cards, next): (&[Card], &[Card]), left: usize, titled: usize) -> usize {
    let row = |cards: &[Card], id: &str, offset| cards.iter().find(|card| card.node.id == id).map(|card| card.y + offset);
    let ends = |line: &Line| Some((row(cards, &line.from, OUT)?, row(next, &line.to, IN)?));
    let lines: Vec<&Line> = map.lines.iter().filter(|line| ends(line).is_some()).collect();
    let bundles = bundles(&lines, |line| ends(line).unwrap_or_default());
    let tracks = bundles.iter().map(|bundle| bundle.track + 1).max().unwrap_or_default();
    let right = titled.max(left + 2 * tracks) + 3;
    for bundle in &bundles {
        let track = right - 2 - 2 * (tracks - bundle.track);
        for line in &bundle.lines {
            let (out, into) = ends(line).unwrap_or_default();
            canvas.across(out, left - 1, track, line.traffic);
            canvas.across(into, track, right, line.traffic);
            canvas.write(left - 1, out, "├");
            canvas.write(right, into, if line.broken { "✗" } else { "┤" });
            canvas.meet(track, out);
            canvas.meet(track, into);
        }
        canvas.down(track, bundle.rows.0, bundle.rows.1, bundle.is_dotted);
    }
    right
}

/// Lines of a kind with a common end run together: by what they lead to or by whence they come, whichever are fewer.
fn bundles<'a>(lines: &[&'a Line], ends: impl Fn(&Line) -> (usize, usize)) -> Vec<Bundle<'a>> {
    let sources: BTreeSet<(bool, &str)> = lines.iter().map(|line| (line.traffic, line.from.as_str())).collect();
    let targets: BTreeSet<(bool, &str)> = lines.iter().map(|line| (line.traffic, line.to.as_str())).collect();
    let by_source = sources.len() < targets.len();
    let mut bundles: Vec<Bundle> = if by_source { &sources } else { &targets }
        .iter()
        .map(|common| {
            let end = |line: &'a Line| (line.traffic, if by_source { line.from.as_str() } else { line.to.as_str() });
            let lines: Vec<&Line> = lines.iter().copied().filter(|line| end(line) == *common).collect();
            let rows = lines.iter().flat_map(|line| <[usize; 2]>::from(ends(line)));
            Bundle { rows: rows.clone().min().zip(rows.max()).unwrap_or_default(), is_dotted: common.0, lines, track: 0 }
        })
        .collect();
    bundles.sort_by_key(|bundle| bundle.rows);
    let mut ends_of_tracks: Vec<usize> = Vec::new();
    for bundle in &mut bundles {
        bundle.track = ends_of_tracks.iter().position(|&end| end < bundle.rows.0).unwrap_or(ends_of_tracks.len());
        ends_of_tracks.resize(ends_of_tracks.len().max(bundle.track + 1), 0);
        if let Some(end) = ends_of_tracks.get_mut(bundle.track) {
            *end = bundle.rows.1;
        }
    }
    bundles
}

#[cfg(test)]
mod tests {
    use super::*;

    fn node(kind: &str, column: usize, id: &str, details: &[&str]) -> Node {
        let details = details.iter().map(|&detail| detail.to_owned()).collect();
        Node { id: id.to_owned(), title: id.to_owned(), kind: kind.to_owned(), column, details, ..Node::default() }
    }

    fn line(from: &str, to: &str, traffic: bool, broken: bool) -> Line {
        Line { from: from.to_owned(), to: to.to_owned(), traffic, broken }
    }

    fn lab() -> Map {
        let subnet =
            |id: &str, public, zone: &str| Node { public: Some(public), zone: Some(zone.to_owned()), ..node("subnet", 1, id, &["10.1.0.0/24"]) };
        let within = |parent: &str, node| Node { parent: Some(parent.to_owned()), ..node };
        Map {
            of: "vpc-1".to_owned(),
            columns: ["VPC", "Subnets", "Route tables", "Network connections"].map(str::to_owned).to_vec(),
            nodes: vec![
                node("vpc", 0, "one", &["10.1.0.0/16"]),
                subnet("a", true, "us-east-1a"),
                within("a", Node { state: Some("running".to_owned()), ..node("instance", 1, "web", &["10.1.0.10  ⇄ 198.18.0.1"]) }),
                Node { mark: Some("it is wrong".to_owned()), ..subnet("b", false, "us-east-1b") },
                node("route-table", 2, "main", &["1 route including local"]),
                node("route-table", 2, "public", &["3 routes including local"]),
                node("connection", 3, "igw", &["Internet routes"]),
                node("connection", 3, "pcx", &["Peering connection, deleted"]),
                within("pcx", node("peer", 3, "two", &["10.2.0.0/16"])),
            ],
            lines: vec![
                line("one", "a", false, false),
                line("one", "b", false, false),
                line("a", "public", false, false),
                line("b", "main", false, false),
                line("public", "igw", true, false),
                line("public", "pcx", true, true),
            ],
        }
    }

    #[test]
    fn a_map_is_boxes_in_columns_and_lines_between_them() {
        let expected = "\
vpc-1
 VPC                 Subnets (2)                                  Route tables (2)                 Network connections (2)

┌─────────────┐                                                  ┌──────────────────────────┐     ┌─────────────────────────────┐
│ one         ├─┐    us-east-1a                                  │ main                     │     │ igw                         │
│ 10.1.0.0/16 │ │   ┌────────────────────────────────────┐ ┌─────┤ 1 route including local  │ ┌┄┄┄┤ Internet routes             │
└─────────────┘ │   │ ● a                                ├───┐   └──────────────────────────┘ ┊   └─────────────────────────────┘
                ├───┤ 10.1.0.0/24  public                │ │ │   ┌──────────────────────────┐ ┊   ┌─────────────────────────────┐
                │   │ ▪ web                              │ │ │   │ public                   ├┄┤   │ pcx                         │
                │   │   10.1.0.10  ⇄ 198.18.0.1  running │ │ └───┤ 3 routes including local │ └┄┄┄✗ Peering connection, deleted │
                │   └────────────────────────────────────┘ │     └──────────────────────────┘     │ → two                       │
                │                                          │                                      │   10.2.0.0/16               │
                │    us-east-1b                            │                                      └─────────────────────────────┘
                │   ┌────────────────────────────────────┐ │
                │   │ ○ b ⚠                              ├─┘
                └───┤ 10.1.0.0/24  private               │
                    └────────────────────────────────────┘
⚠ b: it is wrong

";
        assert_eq!(draw(&lab()), expected);
    }

    #[test]
    fn what_is_too_long_is_cut_in_the_middle() {
        let long = format!("{}{}", "a".repeat(60), "z".repeat(60));
        let cut = fitted(&long);
        assert_eq!(cut.chars().count(), LONGEST);
        assert!(cut.starts_with("aaa") && cut.contains("a…z") && cut.ends_with("zzz"));
        assert_eq!(fitted("short"), "short");
    }

    #[test]
    fn many_lines_have_tracks_of_their_own_where_they_would_lie_on_each_other() {
        let lines: Vec<Line> = (0..6).map(|at| line(&at.to_string(), &(5 - at).to_string(), false, false)).collect();
        let lines: Vec<&Line> = lines.iter().collect();
        let row = |id: &str| id.parse::<usize>().unwrap() * 4;
        let bundles = bundles(&lines, |line| (row(&line.from) + OUT, row(&line.to) + IN));
        for (at, one) in bundles.iter().enumerate() {
            for other in bundles.iter().skip(at + 1).filter(|other| other.track == one.track) {
                assert!(one.rows.1 < other.rows.0 || other.rows.1 < one.rows.0, "{:?} and {:?}", one.rows, other.rows);
            }
        }
    }
}
