//! Boxes and lines, in characters.

use std::collections::BTreeMap;

/// Where lines leave a cell.
const UP: u8 = 1;
const DOWN: u8 = 2;
const LEFT: u8 = 4;
const RIGHT: u8 = 8;

#[derive(Clone, Copy, Default)]
struct Cell {
    letter: Option<char>,
    /// Where lines leave, and whether they meet or only cross.
    ways: u8,
    is_met: bool,
    is_dotted: bool,
}

#[derive(Default)]
pub struct Canvas {
    cells: BTreeMap<(usize, usize), Cell>,
}

impl Canvas {
    /// Writes a text from there on.
    pub fn write(&mut self, x: usize, y: usize, text: &str) {
        for (at, letter) in text.chars().enumerate() {
            self.cells.entry((y, x + at)).or_default().letter = Some(letter);
        }
    }

    /// A frame, so wide and high on its outside. What is written stays: lines end on it.
    pub fn frame(&mut self, x: usize, y: usize, width: usize, height: usize) {
        let (right, bottom) = (x + width - 1, y + height - 1);
        let mut edge = |x, y, letter| {
            self.cells.entry((y, x)).or_default().letter.get_or_insert(letter);
        };
        for (row, left, across, end) in [(y, '┌', '─', '┐'), (bottom, '└', '─', '┘')] {
            edge(x, row, left);
            (x + 1..right).for_each(|x| edge(x, row, across));
            edge(right, row, end);
        }
        for row in y + 1..bottom {
            edge(x, row, '│');
            edge(right, row, '│');
        }
    }

    /// A line along a row, both ends included.
    pub fn across(&mut self, y: usize, from: usize, to: usize, is_dotted: bool) {
        for x in from..=to {
            let ways = if x > from { LEFT } else { 0 } | if x < to { RIGHT } else { 0 };
            self.run(x, y, ways, is_dotted);
        }
    }

    /// A line along a column, both ends included.
    pub fn down(&mut self, x: usize, from: usize, to: usize, is_dotted: bool) {
        for y in from..=to {
            let ways = if y > from { UP } else { 0 } | if y < to { DOWN } else { 0 };
            self.run(x, y, ways, is_dotted);
        }
    }

    /// Lines meet there; elsewhere the one across passes over the other.
    pub fn meet(&mut self, x: usize, y: usize) {
        self.cells.entry((y, x)).or_default().is_met = true;
    }

    fn run(&mut self, x: usize, y: usize, ways: u8, is_dotted: bool) {
        let cell = self.cells.entry((y, x)).or_default();
        let is_only_crossed = cell.ways & (LEFT | RIGHT) != 0 && ways & (UP | DOWN) != 0;
        if !is_only_crossed || cell.ways == 0 {
            cell.is_dotted = is_dotted;
        }
        cell.ways |= ways;
    }

    /// All of it, line by line, without spaces at the ends.
    pub fn lines(&self) -> Vec<String> {
        let height = self.cells.keys().map(|&(y, _)| y + 1).max().unwrap_or_default();
        let mut lines = vec![String::new(); height];
        let mut at = vec![0; height];
        for (&(y, x), cell) in &self.cells {
            if let (Some(line), Some(at)) = (lines.get_mut(y), at.get_mut(y)) {
                line.extend(std::iter::repeat_n(' ', x - *at));
                line.push(cell.letter.unwrap_or_else(|| cell.drawn()));
                *at = x + 1;
            }
        }
        lines.iter().map(|line| line.trim_end().to_owned()).collect()
    }
}

impl Cell {
    fn drawn(self) -> char {
        let across = self.ways & (LEFT | RIGHT);
        let ways = if self.is_met || across == 0 { self.ways } else { across };
        match ways {
            UP | DOWN | 3 => ['│', '┊'][usize::from(self.is_dotted)],
            LEFT | RIGHT | 12 => ['─', '┄'][usize::from(self.is_dotted)],
            5 => '┘',
            6 => '┐',
            7 => '┤',
            9 => '└',
            10 => '┌',
            11 => '├',
            13 => '┴',
            14 => '┬',
            15 => '┼',
            _ => ' ',
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_meet_where_it_is_said_and_cross_elsewhere() {
        let mut canvas = Canvas::default();
        canvas.across(0, 0, 2, false);
        canvas.down(2, 0, 2, false);
        canvas.across(2, 2, 4, false);
        canvas.across(1, 0, 4, true);
        canvas.meet(2, 0);
        canvas.meet(2, 2);
        assert_eq!(canvas.lines(), ["──┐", "┄┄┄┄┄", "  └──"]);
        canvas.meet(2, 1);
        assert_eq!(canvas.lines(), ["──┐", "┄┄┼┄┄", "  └──"]);
    }

    #[test]
    fn a_frame_holds_its_text() {
        let mut canvas = Canvas::default();
        canvas.frame(1, 0, 5, 3);
        canvas.write(3, 1, "a");
        assert_eq!(canvas.lines(), [" ┌───┐", " │ a │", " └───┘"]);
    }
}
