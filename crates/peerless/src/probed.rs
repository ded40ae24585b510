//! What became of packets that were sent to find out, beside what was computed for the very same packets.

use serde::{Deserialize, Serialize};

use crate::control::{Explanation, Line};

/// Computed and counted, side by side.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Probed {
    /// What was sent, in words.
    pub sent: String,
    /// What came back, in words.
    pub outcome: String,
    /// Whether anything did.
    pub answered: bool,
    /// What is computed for these very packets.
    pub computed: Explanation,
    /// What the kernel counted of those that went there; nothing if none left.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub request: Option<Counted>,
    /// What it counted of those that came back.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reply: Option<Counted>,
    /// In what the two disagree: a bug of Peerless.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub disagreement: Option<String>,
    /// Why they cannot be compared this time.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub incomparable: Option<String>,
}

/// What the kernel did with the packets of one direction.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Counted {
    /// How many there were.
    pub packets: u64,
    /// `accept` or `drop`.
    pub verdict: String,
    /// Where they were dropped, and why.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub dropped: Option<Line>,
}
