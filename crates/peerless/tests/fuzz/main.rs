//! Odd bytes for whatever reads bytes of guests: DNS, DHCP, instance metadata, user data, and packets that go beyond.
//!
//! Each target is given mutations of good input, for `PEERLESS_FUZZ_SECONDS` seconds (one, unless it is said), beginning with the same
//! ones each time. What makes a target answer in a way that was not seen yet is mutated further: no coverage is measured, which
//! would take another compiler, but an answer of another shape has mostly come another way. A failure prints its input.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

mod targets;

use std::collections::HashSet;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::time::{Duration, Instant};

/// The longest input that is made.
const LONGEST: usize = 16 * 1024;

/// How many inputs are kept to be mutated further.
const KEPT: usize = 2000;

/// Runs a target, which returns the shape of its answer.
fn fuzz(name: &str, seeds: &[Vec<u8>], words: &[&[u8]], target: impl Fn(&[u8]) -> u64) {
    let seconds = std::env::var("PEERLESS_FUZZ_SECONDS").ok().and_then(|text| text.parse().ok()).unwrap_or(1);
    let end = Instant::now() + Duration::from_secs(seconds);
    let mut dice = Dice(0x9e37_79b9_7f4a_7c15);
    let mut kept = seeds.to_vec();
    let mut shapes = HashSet::new();
    let mut count = 0u64;
    // A slow machine tries each seed, and some more, in any case.
    while count < 200 || Instant::now() < end {
        let input = match usize::try_from(count).ok().and_then(|at| seeds.get(at)) {
            Some(seed) => seed.clone(),
            None => mutate(&kept, words, &mut dice),
        };
        let shape = catch_unwind(AssertUnwindSafe(|| target(&input))).unwrap_or_else(|panic| {
            eprintln!("{name} failed at input {count}:\n{}", input.escape_ascii());
            resume_unwind(panic)
        });
        count += 1;
        if shapes.insert(shape) && kept.len() < KEPT {
            kept.push(input);
        }
    }
    println!("{name}: {count} inputs, {} shapes of answers", shapes.len());
}

/// One of the inputs, changed in one to eight ways.
fn mutate(kept: &[Vec<u8>], words: &[&[u8]], dice: &mut Dice) -> Vec<u8> {
    let mut input = kept[dice.below(kept.len())].clone();
    for _ in 0..=dice.below(8) {
        let at = dice.below(input.len() + 1);
        let until = (at + 1 + dice.below(16)).min(input.len());
        match dice.below(8) {
            0 if at < input.len() => input[at] ^= 1 << dice.below(8),
            1 if at < input.len() => input[at] = [0, 1, 0x7f, 0x80, 0xc0, 0xff, b'\n', b' '][dice.below(8)],
            2 => drop(input.drain(at.min(until)..until)),
            3 => input.truncate(at),
            4 if !words.is_empty() => drop(input.splice(at..at, words[dice.below(words.len())].iter().copied())),
            5 => {
                let copy = input[at.min(until)..until].to_vec();
                input.splice(at..at, copy);
            }
            6 => {
                let other = &kept[dice.below(kept.len())];
                let tail = other[dice.below(other.len() + 1)..].to_vec();
                input.truncate(at);
                input.extend(tail);
            }
            _ => input.insert(at, u8::try_from(dice.below(256)).unwrap()),
        }
    }
    input.truncate(LONGEST);
    input
}

/// Numbers by chance, the same each time (xorshift64).
struct Dice(u64);

impl Dice {
    fn below(&mut self, limit: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        usize::try_from(self.0 % u64::try_from(limit.max(1)).unwrap()).unwrap()
    }
}
