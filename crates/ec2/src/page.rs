//! `MaxResults` and `NextToken`: an answer in pages.
//!
//! A token is the key of the last item that was given, so that a page begins behind it whatever came or went meanwhile.

use std::ops::RangeInclusive;

use serde::Deserialize;

use crate::error::Error;
use crate::wire::form::Form;
use crate::wire::{outline, query};

/// The parameters that are taken here by an operation with pages of these sizes.
pub(crate) fn parameters(sizes: Option<RangeInclusive<u32>>) -> Vec<String> {
    sizes.map_or_else(Vec::new, |_| outline::of::<Parameters>())
}

/// Which page is wanted.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Page {
    after: Option<String>,
    limit: Option<usize>,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
struct Parameters {
    max_results: Option<u32>,
    next_token: Option<String>,
}

impl Page {
    /// Takes the parameters out of a form; `sizes` are the legal ones, none if the operation has no pages.
    pub fn take(form: &mut Form, sizes: Option<RangeInclusive<u32>>) -> Result<Self, Error> {
        let Some(sizes) = sizes else { return Ok(Self::default()) };
        let max_results = query::read::<Parameters>(&form.take("MaxResults"), &[])?.max_results;
        let next_token = query::read::<Parameters>(&form.take("NextToken"), &[])?.next_token;
        if let Some(value) = max_results.filter(|value| !sizes.contains(value)) {
            return Err(Error::InvalidMaxResults { value, least: *sizes.start(), most: *sizes.end() });
        }
        let after = next_token.filter(|token| !token.is_empty()).map(|token| decode(&token).ok_or(Error::InvalidNextToken)).transpose()?;
        Ok(Self { after, limit: max_results.map(|value| value as usize) })
    }

    /// Whether the call says how much it wants.
    pub fn is_limited(&self) -> bool {
        self.limit.is_some()
    }

    /// The items of the page, and the token for the next one.
    pub fn cut<T>(&self, mut items: Vec<T>, key: impl Fn(&T) -> String) -> (Vec<T>, Option<String>) {
        if *self == Self::default() {
            return (items, None);
        }
        items.sort_by_cached_key(&key);
        if let Some(after) = &self.after {
            items.retain(|item| key(item) > *after);
        }
        let limit = self.limit.unwrap_or(usize::MAX);
        let more = items.len() > limit;
        items.truncate(limit);
        let token = items.last().filter(|_| more).map(|last| encode(&key(last)));
        (items, token)
    }
}

fn encode(key: &str) -> String {
    key.bytes().map(|byte| format!("{byte:02x}")).collect()
}

fn decode(token: &str) -> Option<String> {
    let digits: Vec<u32> = token.chars().map(|digit| digit.to_digit(16)).collect::<Option<_>>()?;
    let (pairs, []) = digits.as_chunks::<2>() else { return None };
    String::from_utf8(pairs.iter().map(|[high, low]| (high * 16 + low) as u8).collect()).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn take(source: &str) -> Result<Page, Error> {
        Page::take(&mut Form::parse([source.as_bytes()]).unwrap(), Some(5..=1000))
    }

    #[test]
    fn pages_join_to_the_whole() {
        let all: Vec<String> = (10..22).map(|n| n.to_string()).collect();
        let mut seen = Vec::new();
        let mut token = String::new();
        loop {
            let page = take(&format!("MaxResults=5&NextToken={token}")).unwrap();
            let (items, next) = page.cut(all.iter().rev().cloned().collect(), String::clone);
            assert!(items.len() <= 5);
            seen.extend(items);
            match next {
                Some(next) => token = next,
                None => break,
            }
        }
        assert_eq!(seen, all);
    }

    #[test]
    fn no_page_is_everything_as_it_stands() {
        assert_eq!(take("").unwrap().cut(vec![3, 1, 2], i32::to_string), (vec![3, 1, 2], None));
    }

    #[test]
    fn sizes_and_tokens_are_checked() {
        for (source, code) in [
            ("MaxResults=4", "InvalidParameterValue"),
            ("MaxResults=1001", "InvalidParameterValue"),
            ("MaxResults=-1", "InvalidParameterValue"),
            ("NextToken=xyz", "InvalidNextToken"),
            ("NextToken=abc", "InvalidNextToken"),
            ("NextToken=ff", "InvalidNextToken"),
        ] {
            assert_eq!(take(source).unwrap_err().code(), code, "{source}");
        }
    }
}
