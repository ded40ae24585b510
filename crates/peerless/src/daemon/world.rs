//! The clock and the dice: all that is not a function of its input.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use model::Timestamp;

/// The time.
pub fn now() -> Timestamp {
    Timestamp(i64::try_from(since_1970().as_millis()).unwrap_or(i64::MAX))
}

/// The same, as exactly as the clock has it.
pub fn since_1970() -> Duration {
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default()
}

/// 64 random bits, from the kernel.
pub fn random() -> u64 {
    match getrandom::u64() {
        Ok(bits) => bits,
        // Linux has had the call since 3.17, and it cannot fail once the machine has booted.
        Err(error) => unreachable!("the kernel gives no random numbers: {error}"),
    }
}
