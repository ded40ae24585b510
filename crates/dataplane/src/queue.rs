//! What the kernel asked and has not been answered yet: everybody's turn comes, however much others ask.
//!
//! The kernel lets each interface ask so often and no more (`ASK_INTERVAL`, `ASK_BURST` in `ebpf/fabric.h`). What comes
//! through waits here, interface by interface, and one packet of each is answered in turn: a flood waits behind itself.

use std::collections::VecDeque;

use crate::hash::HashMap;
use crate::tap::Frame;

/// How many packets of an interface may wait: as many as the kernel lets through at once.
const LONGEST: usize = 4096;
/// How many bytes of all interfaces may wait. Each may have one packet waiting, all the same.
const HEAVIEST: usize = 64 << 20;

/// Packets that wait, by the serial of the interface that they come from.
#[derive(Default)]
pub(crate) struct Queue {
    waiting: HashMap<u32, VecDeque<Box<[u8]>>>,
    /// Interfaces that have packets waiting, in the order of their turns.
    turns: VecDeque<u32>,
    bytes: usize,
}

impl Queue {
    /// Takes a frame in; false if there is no room for it.
    pub fn push(&mut self, serial: u32, frame: &Frame) -> bool {
        let waiting = self.waiting.entry(serial).or_default();
        let frame = frame.bytes();
        if waiting.is_empty() {
            self.turns.push_back(serial);
        } else if waiting.len() >= LONGEST || self.bytes + frame.len() > HEAVIEST {
            return false;
        }
        self.bytes += frame.len();
        waiting.push_back(frame.into());
        true
    }

    /// Puts the next frame in the place of what is there; false if none waits.
    pub fn pop(&mut self, frame: &mut Frame) -> bool {
        let Some(serial) = self.turns.pop_front() else { return false };
        let Some(waiting) = self.waiting.get_mut(&serial) else { return false };
        let Some(next) = waiting.pop_front() else { return false };
        if waiting.is_empty() {
            self.waiting.remove(&serial);
        } else {
            self.turns.push_back(serial);
        }
        self.bytes -= next.len();
        frame.fill(&next);
        true
    }

    /// How many interfaces have packets waiting.
    pub fn interfaces(&self) -> usize {
        self.turns.len()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn frame(content: &[u8]) -> Frame {
        let mut frame = Frame::new();
        frame.fill(content);
        frame
    }

    #[test]
    fn a_flood_waits_behind_itself() {
        let mut queue = Queue::default();
        for number in 0..100 {
            assert!(queue.push(1, &frame(&[1, number])));
        }
        assert!(queue.push(2, &frame(&[2, 0])));
        assert!(queue.push(2, &frame(&[2, 1])));
        let mut next = Frame::new();
        let mut order = Vec::new();
        while queue.pop(&mut next) {
            order.push((next.bytes()[0], next.bytes()[1]));
        }
        assert_eq!(order[..6], [(1, 0), (2, 0), (1, 1), (2, 1), (1, 2), (1, 3)]);
        assert_eq!((order.len(), queue.interfaces(), queue.bytes), (102, 0, 0));
    }

    #[test]
    fn nobody_fills_it_for_others() {
        let mut queue = Queue::default();
        let pushed = (0..LONGEST + 10).filter(|_| queue.push(1, &frame(b"syn"))).count();
        assert_eq!(pushed, LONGEST);
        let heavy = vec![0; 65_000];
        while queue.push(2, &frame(&heavy)) {}
        assert!(queue.bytes <= HEAVIEST);
        assert!(queue.push(3, &frame(&heavy)), "everybody may have one");
        assert!(!queue.push(3, &frame(&heavy)));
    }
}
