//! The clock that the kernel's programs stamp counters with.

use nix::time::{ClockId, clock_gettime};

/// A moment on `CLOCK_MONOTONIC`, or a span of it.
pub(crate) type Nanoseconds = u64;

/// One second.
pub(crate) const SECOND: Nanoseconds = 1_000_000_000;

/// The moment.
pub(crate) fn now() -> Nanoseconds {
    // The clock is there on every Linux; without it flows would merely never age.
    let time = clock_gettime(ClockId::CLOCK_MONOTONIC).map(std::time::Duration::from).unwrap_or_default();
    u64::try_from(time.as_nanos()).unwrap_or(u64::MAX)
}
