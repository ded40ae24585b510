//! The next snapshot in the making: the one way to change anything.

use std::collections::BTreeMap;
use std::ops::Deref;
use std::sync::Arc;

use crate::snapshot::{Counters, CountersKey};
use crate::{Key, Resource, ResourceId, Snapshot, TagSet};

/// A snapshot with changes that nobody else has seen yet. Cloning one is cheap: a call works on a clone, and a
/// refusal drops it.
#[derive(Clone, Debug)]
pub struct Draft {
    next: Snapshot,
    changes: BTreeMap<(&'static str, String), Option<String>>,
}

/// What a draft changed, as rows to be stored.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Change {
    /// The generation of the snapshot that it leads to.
    pub generation: u64,
    /// The rows, each once.
    pub rows: Vec<Row>,
}

/// One row of the store.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Row {
    /// The table it is in.
    pub table: String,
    /// Its key there.
    pub key: String,
    /// The resource as JSON; `None` removes the row.
    pub body: Option<String>,
}

impl Draft {
    /// A draft that so far is this snapshot.
    pub fn new(base: &Snapshot) -> Self {
        Self { next: base.clone(), changes: BTreeMap::new() }
    }

    /// Whether anything was put or removed.
    pub fn is_changed(&self) -> bool {
        !self.changes.is_empty()
    }

    /// Adds a resource, or replaces the one of the same key.
    pub fn put<R: Resource>(&mut self, resource: R) {
        let body = match serde_json::to_string(&resource) {
            Ok(body) => body,
            Err(error) => unreachable!("{resource:?} has no JSON form: {error}"),
        };
        self.changes.insert((R::TABLE, resource.key().to_string()), Some(body));
        self.next.insert(resource);
    }

    /// Changes the resource of that key, if it exists.
    pub fn update<K: Key>(&mut self, key: K, change: impl FnOnce(&mut K::Resource)) {
        if let Some(resource) = self.next.get(key) {
            let mut resource = resource.clone();
            change(&mut resource);
            self.put(resource);
        }
    }

    /// Removes the resource of that key, and what hangs on it alone: its tags.
    pub fn remove<K: Key + Into<ResourceId>>(&mut self, key: K) {
        let id = key.into();
        let tagged: Vec<_> = self.next.all::<TagSet>().filter(|set| set.resource == id).map(Resource::key).collect();
        for key in tagged {
            self.remove_row(key);
        }
        self.remove_row(key);
    }

    /// Removes a tag set.
    pub fn remove_tags(&mut self, key: crate::TagSetKey) {
        self.remove_row(key);
    }

    /// Forgets a client token.
    pub fn forget(&mut self, key: crate::ClientTokenKey) {
        self.remove_row(key);
    }

    fn remove_row<K: Key>(&mut self, key: K) {
        if let Some(before) = K::Resource::table_mut(&mut self.next).remove(&key) {
            K::Resource::reindex(&mut self.next, Some(&before), None);
            self.changes.insert((K::Resource::TABLE, key.to_string()), None);
        }
    }

    /// A serial for a new network interface.
    pub fn next_interface_serial(&mut self) -> u32 {
        let mut counters = self.next.get(CountersKey).cloned().unwrap_or_default();
        counters.last_interface_serial += 1;
        let serial = counters.last_interface_serial;
        self.put::<Counters>(counters);
        serial
    }

    /// The finished snapshot, one generation on, and what it takes to store it.
    pub fn finish(mut self) -> (Snapshot, Change) {
        self.next.generation += 1;
        let rows = self.changes.into_iter().map(|((table, key), body)| Row { table: table.to_owned(), key, body }).collect();
        let change = Change { generation: self.next.generation, rows };
        (self.next, change)
    }
}

impl Deref for Draft {
    type Target = Snapshot;

    /// The state with the changes so far.
    fn deref(&self) -> &Snapshot {
        &self.next
    }
}

impl Snapshot {
    fn insert<R: Resource>(&mut self, resource: R) {
        let after = Arc::new(resource);
        let before = R::table_mut(self).insert(after.key(), Arc::clone(&after));
        R::reindex(self, before.as_deref(), Some(&after));
    }

    /// The snapshot that these rows are. Fails on a row that cannot be read, naming it: guessing would lose state.
    pub fn from_rows(generation: u64, rows: impl IntoIterator<Item = Row>) -> Result<Snapshot, UnreadableRow> {
        let mut snapshot = Snapshot { generation, ..Snapshot::default() };
        for row in rows {
            snapshot.insert_row(&row).map_err(|reason| UnreadableRow { table: row.table.clone(), key: row.key.clone(), reason })?;
        }
        Ok(snapshot)
    }

    fn insert_row(&mut self, row: &Row) -> Result<(), String> {
        fn read<R: Resource>(snapshot: &mut Snapshot, body: &str) -> Result<(), String> {
            snapshot.insert(serde_json::from_str::<R>(body).map_err(|error| error.to_string())?);
            Ok(())
        }
        let body = row.body.as_deref().ok_or("it has no body")?;
        macro_rules! read_as {
            ($($resource:ty),*) => {
                match row.table.as_str() {
                    $(<$resource>::TABLE => read::<$resource>(self, body),)*
                    _ => Err("there is no such table".to_owned()),
                }
            };
        }
        read_as!(
            crate::Vpc,
            crate::Subnet,
            crate::DhcpOptions,
            crate::InternetGateway,
            crate::RouteTable,
            crate::NetworkAcl,
            crate::SecurityGroup,
            crate::VpcPeeringConnection,
            crate::NetworkInterface,
            crate::Instance,
            crate::InstanceConnectEndpoint,
            crate::NetworkInsightsPath,
            crate::NetworkInsightsAnalysis,
            crate::ElasticIp,
            crate::KeyPair,
            crate::ImportedImage,
            crate::AccountRegion,
            crate::ClientToken,
            TagSet,
            Counters
        )
    }
}

/// A stored row that is no resource.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UnreadableRow {
    /// Its table.
    pub table: String,
    /// Its key.
    pub key: String,
    /// Why not.
    pub reason: String,
}

impl std::fmt::Display for UnreadableRow {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "row {} of table {} cannot be read: {}", self.key, self.table, self.reason)
    }
}

impl std::error::Error for UnreadableRow {}
