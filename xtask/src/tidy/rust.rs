//! Rust text, taken apart into code and comments.

/// A source text twice, at the same places: once only what runs, once only what is said about it.
#[derive(Debug)]
pub struct Rust {
    /// The text with comments and the insides of literals blanked.
    pub code: String,
    /// The text with everything but comments blanked.
    pub comments: String,
}

#[derive(Clone, Copy, PartialEq)]
enum Kind {
    Code,
    Comment,
    Literal,
}

impl Rust {
    /// Takes a text apart.
    pub fn split(text: &str) -> Self {
        let mut split = Self { code: String::with_capacity(text.len()), comments: String::with_capacity(text.len()) };
        let mut rest = text;
        let mut before = ' ';
        while !rest.is_empty() {
            let (kind, length) = piece(rest, before);
            let (piece, after) = rest.split_at(length);
            before = piece.chars().next_back().unwrap_or(' ');
            split.push(kind, piece);
            rest = after;
        }
        split
    }

    fn push(&mut self, kind: Kind, piece: &str) {
        let blank = |c: char| if c == '\n' { '\n' } else { ' ' };
        for c in piece.chars() {
            self.code.push(if kind == Kind::Code { c } else { blank(c) });
            self.comments.push(if kind == Kind::Comment { c } else { blank(c) });
        }
    }
}

/// What the text begins with, and how long it is in bytes.
fn piece(text: &str, before: char) -> (Kind, usize) {
    let first = text.chars().next().map_or(0, char::len_utf8);
    if text.starts_with("//") {
        return (Kind::Comment, text.find('\n').unwrap_or(text.len()));
    }
    if text.starts_with("/*") {
        return (Kind::Comment, block_comment(text));
    }
    if text.starts_with('"') {
        return (Kind::Literal, escaped(text, '"'));
    }
    if text.starts_with('\'') {
        return character(text).map_or((Kind::Code, 1), |length| (Kind::Literal, length));
    }
    if let Some(length) = raw_string(text).filter(|_| !is_word(before) || "bc".contains(before)) {
        return (Kind::Literal, length);
    }
    (Kind::Code, first)
}

fn block_comment(text: &str) -> usize {
    let mut depth = 0;
    let mut at = 0;
    while at < text.len() {
        let rest = &text.as_bytes()[at..];
        match rest {
            [b'/', b'*', ..] => (depth, at) = (depth + 1, at + 2),
            [b'*', b'/', ..] => (depth, at) = (depth - 1, at + 2),
            _ => at += 1,
        }
        if depth == 0 {
            return at;
        }
    }
    text.len()
}

/// The length of a literal that ends with this quote, backslashes taking the next character with them.
fn escaped(text: &str, quote: char) -> usize {
    let mut characters = text.char_indices().skip(1);
    while let Some((at, c)) = characters.next() {
        match c {
            '\\' => drop(characters.next()),
            _ if c == quote => return at + 1,
            _ => {}
        }
    }
    text.len()
}

/// The length of a character literal; `None` for a lifetime.
fn character(text: &str) -> Option<usize> {
    let mut characters = text.char_indices().skip(1);
    match characters.next()? {
        (_, '\\') => Some(escaped(text, '\'')),
        _ => characters.next().filter(|&(_, c)| c == '\'').map(|(at, _)| at + 1),
    }
}

fn raw_string(text: &str) -> Option<usize> {
    let hashes = text.strip_prefix('r')?;
    let count = hashes.bytes().take_while(|&b| b == b'#').count();
    let body = hashes[count..].strip_prefix('"')?;
    let end = format!("\"{}", "#".repeat(count));
    let length = body.find(&end).map_or(body.len(), |at| at + end.len());
    Some(text.len() - body.len() + length)
}

fn is_word(c: char) -> bool {
    c.is_alphanumeric() || c == '_'
}

/// The lines, counted from 1, on which the pattern stands and is not part of longer words.
pub fn lines_with<'a>(text: &'a str, pattern: &'a str) -> impl Iterator<Item = usize> + 'a {
    text.lines().enumerate().filter(move |(_, line)| contains_word(line, pattern)).map(|(at, _)| at + 1)
}

fn contains_word(line: &str, pattern: &str) -> bool {
    let joins = |a: Option<char>, b: Option<char>| a.is_some_and(is_word) && b.is_some_and(is_word);
    line.match_indices(pattern).any(|(at, _)| {
        let (before, after) = (&line[..at], &line[at + pattern.len()..]);
        !joins(before.chars().next_back(), pattern.chars().next()) && !joins(pattern.chars().next_back(), after.chars().next())
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn code_comments_and_literals_are_told_apart() {
        let text = concat!(
            "let a = \"// no \\\" comment\"; // one\n",
            "/* two /* nested */ lines\n still */ let b = 'x'; let c: &'static str = r#\"raw \" text\"#;\n",
            "let d = '\\''; let e = br\"bytes\"; let for_ = b'\"'; done",
        );
        let split = Rust::split(text);
        for word in ["let a", "let b = ", "let c: &'static str =", "let d", "let e", "done"] {
            assert!(split.code.contains(word), "{word}: {}", split.code);
        }
        for word in ["no", "one", "two", "still", "raw", "text", "bytes", "x"] {
            assert_eq!(lines_with(&split.code, word).count(), 0, "{word}: {}", split.code);
        }
        for word in ["// one", "/* two", "still */"] {
            assert!(split.comments.contains(word), "{word}: {}", split.comments);
        }
        assert_eq!(split.code.lines().count(), text.lines().count());
    }

    #[test]
    fn an_open_end_is_no_trouble() {
        for text in ["\"", "'", "/*", "r#\"", "\\", "'\\", "\"\\", "r", "'ü"] {
            Rust::split(text);
        }
    }

    #[test]
    fn words_are_found_whole() {
        assert_eq!(lines_with("unsafe_code\nunsafe {\nnot_unsafe\n(unsafe)", "unsafe").collect::<Vec<_>>(), [2, 4]);
    }
}
