//! Hash maps for what packets are looked up by.
//!
//! A packet is looked up some thirty times until its flow is installed, and a change looks up every flow: the standard
//! library's hash would be half of the work. Guests choose the keys, so the hash has a secret of this process.

use foldhash::quality::RandomState;

/// A hash map with it.
pub(crate) type HashMap<K, V> = std::collections::HashMap<K, V, RandomState>;
