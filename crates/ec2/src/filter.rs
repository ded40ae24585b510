//! `Filter.N`: which of the resources a Describe lists.
//!
//! Filters are ANDed, the values of one filter are ORed; `*` and `?` are wildcards, `\` takes their meaning away.
//! <https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/Using_Filtering.html>
//!
//! An unknown name is refused: a script whose filter was ignored would act on everything.

use std::fmt::Display;

use serde::Deserialize;

use crate::error::Error;
use crate::quota;
use crate::wire::form::Form;
use crate::wire::{outline, query};

/// What a filter can look at: its name, and the values of an item that it compares with. One is enough to match.
pub(crate) type FilterName<T> = (&'static str, fn(&T) -> Vec<String>);

/// The values as text; an `Option` is a list of at most one.
pub(crate) fn values<T: Display>(values: impl IntoIterator<Item = T>) -> Vec<String> {
    values.into_iter().map(|value| value.to_string()).collect()
}

/// What can be filtered by its tags.
pub(crate) trait Tagged {
    /// Keys and values.
    fn tags(&self) -> Vec<(&str, &str)>;
}

/// The names of the filters of an operation.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct FilterNames {
    /// Those that compare with something.
    pub known: Vec<&'static str>,
    /// Those about what nothing here has: they let nothing through.
    pub absent: &'static [&'static str],
    /// Whether `tag:…` and `tag-key` are known as well.
    pub tagged: bool,
}

impl FilterNames {
    pub(crate) fn new<T>(names: &[FilterName<T>], absent: &'static [&'static str], tagged: bool) -> Self {
        Self { known: names.iter().map(|(name, _)| *name).collect(), absent, tagged }
    }
}

/// The parameters that are taken here.
pub(crate) fn parameters(filtered: bool) -> Vec<String> {
    if filtered { outline::of::<Parameters>() } else { Vec::new() }
}

/// The filters of one call.
pub(crate) struct Filters<T: 'static>(Vec<Filter<T>>);

struct Filter<T> {
    subject: Subject<T>,
    patterns: Vec<String>,
}

enum Subject<T> {
    Value(fn(&T) -> Vec<String>),
    Tag(String),
    TagKey,
    Nothing,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
struct Parameters {
    filter: Vec<FilterParameter>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct FilterParameter {
    name: String,
    #[serde(default)]
    value: Vec<String>,
}

impl<T: Tagged> Filters<T> {
    /// Takes the filters out of a form: those of these names, those about what is absent here, and, if it is `tagged`,
    /// `tag:…` and `tag-key`.
    pub fn take(form: &mut Form, names: &[FilterName<T>], absent: &[&str], tagged: bool) -> Result<Self, Error> {
        let parameters: Parameters = query::read(&form.take("Filter"), &[])?;
        quota::FILTER_VALUES.admit(parameters.filter.iter().map(|filter| filter.value.len()).sum())?;
        let filter = |FilterParameter { name, value }: FilterParameter| {
            if value.is_empty() {
                return Err(Error::EmptyFilter { name });
            }
            let subject = match (name.strip_prefix("tag:"), name.as_str()) {
                (Some(key), _) if tagged => Subject::Tag(key.to_owned()),
                (_, "tag-key") if tagged => Subject::TagKey,
                _ => match names.iter().find(|(known, _)| *known == name) {
                    Some((_, values)) => Subject::Value(*values),
                    None if absent.contains(&name.as_str()) => Subject::Nothing,
                    None => return Err(Error::InvalidFilter { name }),
                },
            };
            Ok(Filter { subject, patterns: value })
        };
        parameters.filter.into_iter().map(filter).collect::<Result<_, _>>().map(Self)
    }

    /// No filters: everything gets through.
    pub fn none() -> Self {
        Self(Vec::new())
    }

    /// Whether all of them let the item through.
    pub fn admit(&self, item: &T) -> bool {
        self.0.iter().all(|filter| filter.admits(item))
    }
}

impl<T: Tagged> Filter<T> {
    fn admits(&self, item: &T) -> bool {
        match &self.subject {
            Subject::Value(values) => values(item).iter().any(|value| self.accepts(value)),
            Subject::Tag(wanted) => item.tags().iter().any(|(key, value)| key == wanted && self.accepts(value)),
            Subject::Nothing => false,
            Subject::TagKey => item.tags().iter().any(|(key, _)| self.accepts(key)),
        }
    }

    fn accepts(&self, value: &str) -> bool {
        self.patterns.iter().any(|pattern| matches(pattern, value))
    }
}

/// Whether a pattern describes the whole value.
fn matches(pattern: &str, value: &str) -> bool {
    let pattern = parse(pattern);
    let value: Vec<char> = value.chars().collect();
    let (mut at, mut reached) = (0, 0);
    // Where to go on if the rest does not fit: behind the last `*`, which then takes one character more.
    let mut retry = None;
    while reached < value.len() {
        match pattern.get(at) {
            Some(Part::Any) => {
                retry = Some((at + 1, reached + 1));
                at += 1;
            }
            Some(part) if part.is(value[reached]) => {
                at += 1;
                reached += 1;
            }
            _ => match retry {
                Some((behind, next)) => {
                    retry = Some((behind, next + 1));
                    (at, reached) = (behind, next);
                }
                None => return false,
            },
        }
    }
    pattern[at..].iter().all(|part| matches!(part, Part::Any))
}

enum Part {
    Any,
    One,
    Char(char),
}

impl Part {
    fn is(&self, c: char) -> bool {
        match self {
            Part::Any => false,
            Part::One => true,
            Part::Char(wanted) => *wanted == c,
        }
    }
}

fn parse(pattern: &str) -> Vec<Part> {
    let mut chars = pattern.chars();
    let mut parts = Vec::new();
    while let Some(c) = chars.next() {
        parts.push(match c {
            '*' => Part::Any,
            '?' => Part::One,
            '\\' => Part::Char(chars.next().unwrap_or('\\')),
            _ => Part::Char(c),
        });
    }
    parts
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn wildcards_match() {
        for (pattern, value, wanted) in [
            ("vpc", "vpc", true),
            ("vpc", "VPC", false),
            ("", "", true),
            ("", "a", false),
            ("*", "", true),
            ("*", "anything", true),
            ("a*c", "abbbc", true),
            ("a*c", "abbbcd", false),
            ("*a*b*", "xxaxxbxx", true),
            ("*ab", "aab", true),
            ("?", "é", true),
            ("?", "", false),
            ("a?c", "abc", true),
            ("a\\*c", "a*c", true),
            ("a\\*c", "abc", false),
            ("a\\", "a\\", true),
            ("**?*", "a", true),
        ] {
            assert_eq!(matches(pattern, value), wanted, "{pattern} against {value}");
        }
    }

    /// A pattern of many stars takes time in proportion to pattern times value, not more.
    #[test]
    fn many_stars_are_no_trouble() {
        let pattern = "*a".repeat(100) + "b";
        assert!(!matches(&pattern, &"a".repeat(10_000)));
    }

    struct Thing {
        colors: Vec<&'static str>,
        tags: Vec<(&'static str, &'static str)>,
    }

    impl Tagged for Thing {
        fn tags(&self) -> Vec<(&str, &str)> {
            self.tags.clone()
        }
    }

    const NAMES: &[FilterName<Thing>] = &[("color", |thing| values(&thing.colors))];

    #[test]
    fn filters_are_anded_and_values_are_ored() {
        let thing = Thing { colors: vec!["red", "green"], tags: vec![("Name", "a"), ("empty", "")] };
        for (source, wanted) in [
            ("", true),
            ("Filter.1.Name=color&Filter.1.Value.1=red", true),
            ("Filter.1.Name=color&Filter.1.Value.1=blue&Filter.1.Value.2=gr*", true),
            ("Filter.1.Name=color&Filter.1.Value.1=blue", false),
            ("Filter.1.Name=color&Filter.1.Value.1=red&Filter.2.Name=color&Filter.2.Value.1=green", true),
            ("Filter.1.Name=color&Filter.1.Value.1=red&Filter.2.Name=smell&Filter.2.Value.1=*", false),
            ("Filter.1.Name=tag:Name&Filter.1.Value.1=a", true),
            ("Filter.1.Name=tag:empty&Filter.1.Value.1=", true),
            ("Filter.1.Name=tag:name&Filter.1.Value.1=a", false),
            ("Filter.1.Name=tag-key&Filter.1.Value.1=Name", true),
        ] {
            let mut form = Form::parse([source.as_bytes()]).unwrap();
            assert_eq!(Filters::take(&mut form, NAMES, &["smell"], true).unwrap_or_else(|error| panic!("{error}")).admit(&thing), wanted, "{source}");
        }
    }

    #[test]
    fn unknown_filters_are_refused() {
        for (source, tagged, code) in [
            ("Filter.1.Name=taste&Filter.1.Value.1=sweet", true, "InvalidParameterValue"),
            ("Filter.1.Name=tag:a&Filter.1.Value.1=sweet", false, "InvalidParameterValue"),
            ("Filter.1.Name=color", true, "InvalidParameterValue"),
            ("Filter.1.Value.1=red", true, "MissingParameter"),
        ] {
            let mut form = Form::parse([source.as_bytes()]).unwrap();
            assert_eq!(Filters::take(&mut form, NAMES, &["smell"], tagged).err().map(|error| error.code()), Some(code), "{source}");
        }
    }
}
