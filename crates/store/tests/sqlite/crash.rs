//! A daemon that is killed at any moment loses nothing that it acknowledged.
//!
//! This shows that a transaction is whole and that the lock dies with its holder. That an acknowledged change also
//! outlives the machine rests on `synchronous=FULL`; no test without a power switch shows that.

use std::hash::{BuildHasher, RandomState};
use std::io::{BufRead, BufReader, Lines, Write};
use std::path::Path;
use std::process::{Child, ChildStdout, Command, Stdio};
use std::thread::sleep;
use std::time::Duration;

use store::{SqliteStore, Store};

use crate::history::{Scratch, contents, next, state_of};

/// Tells the child process which folder to fill.
const FOLDER: &str = "PEERLESS_STORE_TEST_FOLDER";
const ACKNOWLEDGED: &str = "acknowledged ";
const ROUNDS: usize = 12;

#[test]
fn every_acknowledged_change_survives_a_kill() {
    let scratch = Scratch::new();
    let random = RandomState::new();
    let mut generation = 0;
    for round in 0..ROUNDS {
        let mut writer = Writer::start(scratch.path());
        assert_eq!(writer.next_acknowledged(), Some(generation + 1), "round {round}");
        sleep(Duration::from_micros(random.hash_one(round) % 40_000));
        writer.kill();
        let acknowledged = writer.last_acknowledged().unwrap_or(generation + 1);

        let survived = SqliteStore::open(scratch.path()).unwrap().load().unwrap();
        generation = survived.generation();
        // The kill may fall between a commit and its acknowledgement.
        assert!((acknowledged..=acknowledged + 1).contains(&generation), "round {round}: {acknowledged} was acknowledged, {generation} survived");
        assert_eq!(contents(&survived), contents(&state_of(generation)), "round {round}");
    }
}

/// Not a test of its own: the process that the test above starts and kills.
#[test]
fn commit_until_killed() {
    let Some(folder) = std::env::var_os(FOLDER) else { return };
    let mut store = SqliteStore::open(folder.as_ref()).unwrap();
    let mut snapshot = store.load().unwrap();
    loop {
        let (after, change) = next(&snapshot);
        store.commit(&change).unwrap();
        println!("{ACKNOWLEDGED}{}", after.generation());
        std::io::stdout().flush().unwrap();
        snapshot = after;
    }
}

/// A process that commits as fast as it can.
struct Writer {
    process: Child,
    lines: Lines<BufReader<ChildStdout>>,
}

impl Writer {
    fn start(folder: &Path) -> Self {
        let mut process = Command::new(std::env::current_exe().unwrap())
            .args(["--exact", "crash::commit_until_killed", "--nocapture"])
            .env(FOLDER, folder)
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let lines = BufReader::new(process.stdout.take().unwrap()).lines();
        Self { process, lines }
    }

    /// Kills as `kill -9` does: the process gets to do nothing more.
    fn kill(&mut self) {
        self.process.kill().unwrap();
        self.process.wait().unwrap();
    }

    fn next_acknowledged(&mut self) -> Option<u64> {
        self.lines.by_ref().find_map(|line| acknowledged(&line.unwrap()))
    }

    /// The last one that reached us, of those not yet read.
    fn last_acknowledged(&mut self) -> Option<u64> {
        self.lines.by_ref().filter_map(|line| acknowledged(&line.unwrap())).last()
    }
}

impl Drop for Writer {
    /// Ends the process also when an assertion failed.
    fn drop(&mut self) {
        drop(self.process.kill());
        drop(self.process.wait());
    }
}

// The harness of the child prints the name of the test before the first line.
fn acknowledged(line: &str) -> Option<u64> {
    let (_, generation) = line.split_once(ACKNOWLEDGED)?;
    generation.parse().ok()
}
