//! Which headers get through: a search that knows no rule.
//!
//! Rules tell packets apart by blocks of addresses and ranges of ports, so the headers fall into classes that no rule
//! tells apart. Who judges a header says where the rules that were looked at draw their lines; the search splits the
//! headers there, has one of each class judged, and goes on until no line is new. What it reports as getting through is a
//! product of sets of which every combination was judged to take the same way.

use std::collections::{BTreeMap, BTreeSet};

/// The dimensions of a header.
pub(super) const SOURCE: usize = 0;
pub(super) const DESTINATION: usize = 1;
pub(super) const SOURCE_PORT: usize = 2;
pub(super) const DESTINATION_PORT: usize = 3;

/// A header: addresses and ports, as numbers.
pub(super) type Header = [u32; 4];

/// Numbers from one to another, both included.
pub(super) type Range = (u32, u32);

/// Headers: every combination of what each dimension may be.
pub(super) type Headers = [Vec<Range>; 4];

/// Where each dimension is split: at every number with which something else begins.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Lines([BTreeSet<u32>; 4]);

impl Lines {
    /// What is inside the range is told apart from what is not.
    pub(super) fn around(&mut self, dimension: usize, (first, last): Range) {
        self.0[dimension].insert(first);
        self.0[dimension].extend(last.checked_add(1));
    }
}

/// What the search found.
pub(super) struct Searched<W> {
    /// Headers that get through, by the same way.
    pub(super) found: Option<(Headers, W)>,
    /// The headers that got furthest of those that do not get through, as far as there are not too many.
    pub(super) furthest: Vec<Header>,
}

/// How many headers are judged at most. Networks whose rules draw more lines than that through what is left open are not
/// searched to the end; what is found in them is still true.
const MOST_JUDGED: usize = 10_000;

/// How many headers that do not get through are told.
const MOST_TOLD: usize = 16;

/// The port that stands for those of its class if it is one of them: clients use it.
const USUAL_SOURCE_PORT: u32 = 49152;

/// Searches these headers, split at these lines to begin with. `judge` says which way a header takes if it gets through,
/// else how far it got, and draws the lines that it saw. `is_taken` is an address that does not stand for others well.
pub(super) fn search<W: Clone + PartialEq>(
    space: &Headers,
    mut lines: Lines,
    is_taken: impl Fn(u32) -> bool,
    mut judge: impl FnMut(&Header, &mut Lines) -> Result<W, usize>,
) -> Searched<W> {
    let mut judged: BTreeMap<Header, Result<W, usize>> = BTreeMap::new();
    let mut classes;
    loop {
        classes = split(space, &lines, &is_taken);
        let before = lines.clone();
        for header in combinations(&classes) {
            if judged.len() >= MOST_JUDGED {
                break;
            }
            judged.entry(header).or_insert_with(|| judge(&header, &mut lines));
        }
        if lines == before || judged.len() >= MOST_JUDGED {
            break;
        }
    }
    let way = |header: &Header| judged.get(header).and_then(|judged| judged.as_ref().ok());
    // Where the class of each number stands, the largest first; whoever stands for a class still does.
    let places = [SOURCE, DESTINATION, SOURCE_PORT, DESTINATION_PORT]
        .map(|dimension| (0..).zip(&classes[dimension]).map(|(place, class)| (class.stands, place)).collect::<BTreeMap<u32, usize>>());
    let place = |header: &Header| -> Option<[usize; 4]> {
        let [source, destination, source_port, destination_port] =
            std::array::from_fn(|dimension| places[dimension].get(&header[dimension]).copied());
        Some([source?, destination?, destination_port?, source_port?])
    };
    let standing = || judged.iter().filter_map(|(header, judged)| Some((place(header)?, header, judged)));
    let first = standing().filter(|(_, _, judged)| judged.is_ok()).min_by_key(|(place, ..)| *place).map(|(_, header, _)| header);
    let found = first.and_then(|first| Some((grow(&classes, first, |header| way(header) == way(first)), way(first)?.clone())));
    let mut lost: Vec<(usize, [usize; 4], Header)> =
        standing().filter_map(|(place, header, judged)| Some((*judged.as_ref().err()?, place, *header))).collect();
    lost.sort_by_key(|&(steps, place, _)| (std::cmp::Reverse(steps), place));
    Searched { found, furthest: lost.into_iter().map(|(.., header)| header).take(MOST_TOLD).collect() }
}

/// A class of numbers, and the one that stands for it.
#[derive(Clone, Copy, Debug)]
struct Class {
    range: Range,
    stands: u32,
}

fn split(space: &Headers, lines: &Lines, is_taken: &impl Fn(u32) -> bool) -> [Vec<Class>; 4] {
    std::array::from_fn(|dimension| {
        let mut classes = Vec::new();
        for &(first, last) in &space[dimension] {
            let mut begin = first;
            let inside = lines.0[dimension].range(first..=last).copied().filter(|&line| line > first);
            for end in inside.map(|line| line - 1).chain([last]) {
                classes.push(Class { range: (begin, end), stands: stands_for(dimension, (begin, end), is_taken) });
                begin = end.saturating_add(1);
            }
        }
        classes.sort_by_key(|class| (std::cmp::Reverse(class.range.1 - class.range.0), class.range.0));
        classes
    })
}

fn stands_for(dimension: usize, (first, last): Range, is_taken: &impl Fn(u32) -> bool) -> u32 {
    match dimension {
        SOURCE_PORT if (first..=last).contains(&USUAL_SOURCE_PORT) => USUAL_SOURCE_PORT,
        SOURCE | DESTINATION => (first..=last).take(1 << 13).find(|&address| !is_taken(address)).unwrap_or(first),
        _ => first,
    }
}

fn combinations(classes: &[Vec<Class>; 4]) -> impl Iterator<Item = Header> {
    let [sources, destinations, source_ports, destination_ports] = classes;
    sources.iter().flat_map(move |source| {
        destinations.iter().flat_map(move |destination| {
            destination_ports.iter().flat_map(move |destination_port| {
                source_ports.iter().map(move |source_port| [source.stands, destination.stands, source_port.stands, destination_port.stands])
            })
        })
    })
}

/// As much as can be had around a header: in one dimension after the other, the classes of which every combination with
/// what is had already is just as good.
fn grow(classes: &[Vec<Class>; 4], seed: &Header, is_as_good: impl Fn(&Header) -> bool) -> Headers {
    let mut had: [Vec<Class>; 4] =
        std::array::from_fn(|dimension| classes[dimension].iter().filter(|class| class.stands == seed[dimension]).copied().collect());
    for dimension in [SOURCE_PORT, DESTINATION_PORT, SOURCE, DESTINATION] {
        let good = |class: &&Class| {
            let mut slice = had.clone();
            slice[dimension] = vec![**class];
            combinations(&slice).all(|header| is_as_good(&header))
        };
        had[dimension] = classes[dimension].iter().filter(good).copied().collect();
    }
    had.map(|classes| joined(classes.into_iter().map(|class| class.range).collect()))
}

/// The ranges in order, those that touch made one.
pub(super) fn joined(mut ranges: Vec<Range>) -> Vec<Range> {
    ranges.sort_unstable();
    let mut joined: Vec<Range> = Vec::new();
    for (first, last) in ranges {
        match joined.last_mut() {
            Some(before) if before.1.checked_add(1).is_none_or(|next| first <= next) => before.1 = before.1.max(last),
            _ => joined.push((first, last)),
        }
    }
    joined
}

/// What both have.
pub(super) fn intersection(one: Range, other: Range) -> Option<Range> {
    let both = (one.0.max(other.0), one.1.min(other.1));
    (both.0 <= both.1).then_some(both)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn port_space(ports: Range) -> Headers {
        [vec![(1, 1)], vec![(2, 2)], vec![ports], vec![(0, 65535)]]
    }

    /// A judge with rules that the search does not know: it sees only the lines.
    #[test]
    fn what_gets_through_is_found_to_the_port() {
        let judge = |header: &Header, lines: &mut Lines| {
            lines.around(DESTINATION_PORT, (22, 22));
            lines.around(DESTINATION_PORT, (80, 443));
            let reached = (80..=443).contains(&header[DESTINATION_PORT]) || header[DESTINATION_PORT] == 22;
            // Who answers is looked at only where something arrives.
            if reached {
                lines.around(SOURCE_PORT, (1024, 65535));
            }
            if reached && header[SOURCE_PORT] >= 1024 { Ok(header[DESTINATION_PORT] == 22) } else { Err(usize::from(reached)) }
        };
        let (headers, by_ssh) = search(&port_space((0, 65535)), Lines::default(), |_| false, judge).found.unwrap();
        assert_eq!((headers[SOURCE_PORT].clone(), headers[DESTINATION_PORT].clone()), (vec![(1024, 65535)], vec![(80, 443)]));
        assert!(!by_ssh, "the larger class is told, and what takes another way is none of it");
        let low = search(&port_space((0, 1023)), Lines::default(), |_| false, judge);
        assert!(low.found.is_none() && low.furthest[0][DESTINATION_PORT] == 80, "the nearest miss is told first");
    }

    #[test]
    fn every_combination_that_is_told_gets_through() {
        // Low ports go to the first half only, high ports to both.
        let space = [vec![(0, 99)], vec![(7, 7)], vec![(5, 5)], vec![(0, 9)]];
        let judge = |header: &Header, lines: &mut Lines| {
            lines.around(SOURCE, (0, 49));
            lines.around(DESTINATION_PORT, (0, 4));
            if header[SOURCE] < 50 || header[DESTINATION_PORT] > 4 { Ok(()) } else { Err(0) }
        };
        let (headers, ()) = search(&space, Lines::default(), |_| false, judge).found.unwrap();
        for source in headers[SOURCE].iter().flat_map(|&(first, last)| first..=last) {
            for port in headers[DESTINATION_PORT].iter().flat_map(|&(first, last)| first..=last) {
                assert!(source < 50 || port > 4, "{source} {port}");
            }
        }
    }

    #[test]
    fn ranges_that_touch_become_one() {
        assert_eq!(joined(vec![(5, 9), (0, 4), (20, u32::MAX), (7, 12)]), [(0, 12), (20, u32::MAX)]);
        assert_eq!(intersection((0, 10), (5, 20)), Some((5, 10)));
        assert_eq!(intersection((0, 4), (5, 20)), None);
    }
}
