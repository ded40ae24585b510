//! A history of changes that is the same every time it is told, and a folder to keep it in.

use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU32, Ordering};

use model::{Change, Draft, Id, IdDigits, InternetGateway, InternetGatewayId, Region, Scope, Snapshot, TagSet};

/// What the generation after this one is. Every step adds two records, and replaces or removes older ones, so that
/// half a step is recognised.
pub fn next(snapshot: &Snapshot) -> (Snapshot, Change) {
    let generation = snapshot.generation() + 1;
    let scope = Scope { account: Default::default(), region: Region::us_east_1() };
    let mut draft = Draft::new(snapshot);
    draft.put(InternetGateway { id: gateway(generation), scope, attachment: None });
    let tags = [("Name".to_owned(), format!("gateway {generation} – \"ünï\"\n"))].into();
    draft.put(TagSet { resource: gateway(generation).into(), scope, tags });
    draft.next_interface_serial();
    if let Some(old) = generation.checked_sub(5) {
        draft.remove(gateway(old));
    }
    draft.finish()
}

/// The state of a generation, by replaying all that led to it.
pub fn state_of(generation: u64) -> Snapshot {
    (0..generation).fold(Snapshot::default(), |snapshot, _| next(&snapshot).0)
}

/// Everything that a snapshot holds, derived tables included.
pub fn contents(snapshot: &Snapshot) -> String {
    format!("{snapshot:#?}")
}

pub fn gateway(number: u64) -> InternetGatewayId {
    Id::from_digits(IdDigits::from_random(number))
}

/// The path of a folder that does not exist yet, and is gone after the test.
pub struct Scratch(PathBuf);

impl Scratch {
    pub fn new() -> Self {
        static COUNT: AtomicU32 = AtomicU32::new(0);
        let name = format!("{}-{}", std::process::id(), COUNT.fetch_add(1, Ordering::Relaxed));
        Self(Path::new(env!("CARGO_TARGET_TMPDIR")).join(name))
    }

    pub fn path(&self) -> &Path {
        &self.0
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        if let Err(error) = std::fs::remove_dir_all(&self.0) {
            eprintln!("{} stays behind: {error}", self.0.display());
        }
    }
}
