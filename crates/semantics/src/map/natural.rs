//! The order in which people expect names: 2 before 10, and capitals beside small letters.

use std::cmp::Ordering;

/// A name, as one sorts it.
#[derive(PartialEq, Eq)]
pub struct Name(pub String);

impl Ord for Name {
    fn cmp(&self, other: &Self) -> Ordering {
        pieces(&self.0).cmp(pieces(&other.0)).then_with(|| self.0.cmp(&other.0))
    }
}

impl PartialOrd for Name {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

/// A number or a letter; numbers come first.
#[derive(PartialEq, Eq, PartialOrd, Ord)]
enum Piece {
    Sign(char),
    Number(u128),
    Letter(String),
}

fn pieces(text: &str) -> impl Iterator<Item = Piece> + '_ {
    let mut rest = text;
    std::iter::from_fn(move || {
        let digits = rest.len() - rest.trim_start_matches(|letter: char| letter.is_ascii_digit()).len();
        if let Some(Ok(number)) = (digits > 0).then(|| rest[..digits].parse()) {
            rest = &rest[digits..];
            return Some(Piece::Number(number));
        }
        let letter = rest.chars().next()?;
        rest = &rest[letter.len_utf8()..];
        Some(if letter.is_alphanumeric() { Piece::Letter(letter.to_lowercase().collect()) } else { Piece::Sign(letter) })
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_count_as_numbers() {
        let mut names = ["b", "subnet-10", "Subnet-9", "subnet-2", "B", "a b", "a", "10", "9", "-"].map(|name| Name(name.to_owned()));
        names.sort();
        let sorted: Vec<&str> = names.iter().map(|name| name.0.as_str()).collect();
        assert_eq!(sorted, ["-", "9", "10", "a", "a b", "B", "b", "subnet-2", "Subnet-9", "subnet-10"]);
        // More digits than a number holds are letters.
        let long = "1".repeat(60);
        assert!(Name(long.clone()) < Name(format!("{long}2")));
    }
}
