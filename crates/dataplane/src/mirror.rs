//! A kernel map that is made equal to a plan.

use std::collections::BTreeMap;

use aya::Pod;
use aya::maps::{HashMap, MapData};

use crate::error::{Result, bpf};

/// A hash map of the kernel's, and what is in it.
pub(crate) struct Mirror<K, V> {
    map: HashMap<MapData, K, V>,
    entries: BTreeMap<K, V>,
}

impl<K: Pod + Ord, V: Pod + PartialEq> Mirror<K, V> {
    /// A mirror of a map that is empty.
    pub fn new(map: HashMap<MapData, K, V>) -> Self {
        Self { map, entries: BTreeMap::new() }
    }

    /// A mirror of a map that an earlier daemon filled.
    pub fn of(map: HashMap<MapData, K, V>) -> Result<Self> {
        let entries = bpf(map.iter().collect(), || "read a map".to_owned())?;
        Ok(Self { map, entries })
    }

    /// What is in the map.
    pub fn entries(&self) -> &BTreeMap<K, V> {
        &self.entries
    }

    /// Makes the map hold what is wanted, by as few changes as that takes. Entries come before others go.
    pub fn become_equal_to(&mut self, wanted: BTreeMap<K, V>) -> Result<()> {
        for (key, value) in &wanted {
            if self.entries.get(key) != Some(value) {
                bpf(self.map.insert(key, value, 0), || "add to a map".to_owned())?;
            }
        }
        for key in self.entries.keys().filter(|key| !wanted.contains_key(key)) {
            bpf(self.map.remove(key), || "remove from a map".to_owned())?;
        }
        self.entries = wanted;
        Ok(())
    }
}
