//! The paths that code names, whether it imports them or spells them out.

/// A path as `std::fs::File`, with the line it stands on.
#[derive(Debug, PartialEq, Eq)]
pub struct Path {
    /// Counted from 1.
    pub line: usize,
    /// Its segments; an imported glob ends in `*`.
    pub segments: Vec<String>,
}

impl Path {
    /// Whether these segments stand in it, one after the other.
    pub fn passes(&self, segments: &[&str]) -> bool {
        self.segments.windows(segments.len()).any(|window| window == segments)
    }
}

/// All paths of a text without comments and strings. The lists of `use a::{b, c}` are spread out.
pub fn paths(code: &str) -> Vec<Path> {
    let tokens = tokens(code);
    let mut reader = Reader { tokens: &tokens, found: Vec::new() };
    while let Some((_, token)) = reader.tokens.first() {
        match token {
            Token::Word("use") => {
                reader.skip();
                reader.tree(&[]);
            }
            Token::Word(_) => reader.plain(),
            _ => reader.skip(),
        }
    }
    reader.found
}

#[derive(Clone, Copy, Debug, PartialEq)]
enum Token<'a> {
    Word(&'a str),
    Separator,
    Other(char),
}

fn tokens(code: &str) -> Vec<(usize, Token<'_>)> {
    let mut tokens = Vec::new();
    for (line, text) in (1..).zip(code.lines()) {
        let mut rest = text.trim_start();
        while let Some(first) = rest.chars().next() {
            let word = rest.find(|c: char| !c.is_alphanumeric() && c != '_').unwrap_or(rest.len());
            let (token, length) = match rest {
                _ if word > 0 => (Token::Word(&rest[..word]), word),
                _ if rest.starts_with("::") => (Token::Separator, 2),
                _ => (Token::Other(first), first.len_utf8()),
            };
            tokens.push((line, token));
            rest = rest[length..].trim_start();
        }
    }
    tokens
}

struct Reader<'a> {
    tokens: &'a [(usize, Token<'a>)],
    found: Vec<Path>,
}

impl<'a> Reader<'a> {
    fn skip(&mut self) {
        self.tokens = self.tokens.get(1..).unwrap_or_default();
    }

    fn take(&mut self, wanted: Token<'_>) -> bool {
        let found = self.tokens.first().is_some_and(|&(_, token)| token == wanted);
        if found {
            self.skip();
        }
        found
    }

    fn word(&mut self) -> Option<(usize, &'a str)> {
        match self.tokens.first() {
            Some(&(line, Token::Word(word))) => {
                self.skip();
                Some((line, word))
            }
            _ => None,
        }
    }

    /// `a::b::c` in the midst of code.
    fn plain(&mut self) {
        let mut segments = Vec::new();
        let mut at = 0;
        while let Some((line, word)) = self.word() {
            at = line;
            segments.push(word.to_owned());
            if !self.take(Token::Separator) {
                break;
            }
        }
        self.found.push(Path { line: at, segments });
    }

    /// What follows `use`, or stands between the commas of its list.
    fn tree(&mut self, prefix: &[String]) {
        let mut segments = prefix.to_vec();
        self.take(Token::Separator);
        while let Some((line, word)) = self.word() {
            segments.push(word.to_owned());
            if !self.take(Token::Separator) {
                self.found.push(Path { line, segments });
                if self.take(Token::Word("as")) {
                    self.skip();
                }
                return;
            }
        }
        match self.tokens.first() {
            Some(&(line, Token::Other('*'))) => {
                self.skip();
                segments.push("*".to_owned());
                self.found.push(Path { line, segments });
            }
            Some((_, Token::Other('{'))) => {
                self.skip();
                while !self.tokens.is_empty() && !self.take(Token::Other('}')) {
                    let before = self.tokens.len();
                    self.tree(&segments);
                    self.take(Token::Other(','));
                    if self.tokens.len() == before {
                        return;
                    }
                }
            }
            _ => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn spelled(code: &str) -> Vec<String> {
        paths(code).into_iter().map(|path| format!("{}:{}", path.line, path.segments.join("::"))).collect()
    }

    #[test]
    fn imports_are_spread_out() {
        let code = "use std::{fs, io::{self, Write},\n collections::*};\nuse ::a::b as c;";
        assert_eq!(spelled(code), ["1:std::fs", "1:std::io::self", "1:std::io::Write", "2:std::collections::*", "3:a::b"]);
    }

    #[test]
    fn paths_in_code_are_found() {
        assert_eq!(spelled("x(std::env::var)"), ["1:x", "1:std::env::var"]);
        assert_eq!(spelled("impl A + use<'a, T>"), ["1:impl", "1:A", "1:a", "1:T"]);
    }

    #[test]
    fn an_open_end_is_no_trouble() {
        for code in ["use", "use a::", "use a::{", "use a::{b", "use {;}", "a::", "::", "use a as"] {
            paths(code);
        }
    }
}
