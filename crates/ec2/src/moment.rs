//! A moment as replies have it: `2026-01-31T12:00:00.000Z`.

use model::Timestamp;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// A moment that serialises as replies have it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Moment(pub Timestamp);

impl Moment {
    fn format(self, pattern: &str) -> String {
        let moment = jiff::Timestamp::from_millisecond(self.0.0).unwrap_or_default();
        moment.strftime(pattern).to_string()
    }

    /// `2026-01-31 12:00:00 GMT`, as in an instance's `reason`.
    pub fn in_words(self) -> String {
        self.format("%Y-%m-%d %H:%M:%S GMT")
    }
}

impl std::fmt::Display for Moment {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.format("%Y-%m-%dT%H:%M:%S%.3fZ"))
    }
}

impl std::str::FromStr for Moment {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let moment = text.parse::<jiff::Timestamp>().map_err(|_| "It is no moment as in 2026-01-31T12:00:00Z")?;
        Ok(Self(Timestamp(moment.as_millisecond())))
    }
}

impl<'de> Deserialize<'de> for Moment {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        model::text::deserialize("Moment", deserializer)
    }
}

impl Serialize for Moment {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn milliseconds_are_always_written() {
        assert_eq!(Moment(Timestamp(1_769_860_800_000)).to_string(), "2026-01-31T12:00:00.000Z");
        assert_eq!(Moment(Timestamp(1_769_860_800_000)).in_words(), "2026-01-31 12:00:00 GMT");
    }
}
