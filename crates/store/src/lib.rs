//! Durability: load a snapshot, commit a change.
