//! The kernel does what the model says: random worlds, random changes, random packets, and of each packet the place
//! where it arrives, every byte of it there, or else the reason why it does not.
//!
//! What is expected is [`evaluate`] with a table of connections that this test keeps by itself, in the order in which
//! the packets are sent. Packets go in volleys: none of a volley belongs to the conversation of another, so it does not
//! matter which of them is judged first. Guests are bare cards that answer nothing. That nothing arrived is never waited
//! for: every packet is counted, with its verdict.
//!
//! The worlds are the same in every run. `PEERLESS_PACKETS` is how many packets are sent at least; where it is given, the
//! first world is chance, unless `PEERLESS_SEED` says which.

mod shot;
pub mod wire;
mod worlds;

use std::collections::{BTreeMap, BTreeSet};
use std::thread;
use std::time::{Duration, Instant, SystemTime};

use dataplane::{Discard, FlowReport};
use model::NetworkInterface;
use semantics::{ConnectionKey, Origin, Packet, Tracking, Verdict, evaluate};

use crate::lab::{Lab, PATIENCE, is_root};
use shot::{Conversation, Shot, conversation, fate};
use wire::{ACK, Mac, SYN, Wire, frame};
use worlds::{Chance, INSTANCES, LAB};

/// Of a world.
const ROUNDS: usize = 8;
/// Of a round.
const PACKETS: usize = 40;
/// How old a world may become: long before a flow is forgotten because it is silent.
const LIFETIME: Duration = Duration::from_secs(2);
/// And at most, or it says nothing: flows that are dropped are forgotten after five seconds of silence, and what they held
/// open with them, which the model keeps. So old it becomes only if the machine has stopped for seconds.
const OLDEST: Duration = Duration::from_secs(4);

#[test]
fn what_arrives_is_what_the_model_says() {
    if !is_root() {
        return;
    }
    let number = |name| std::env::var(name).ok().map(|number| number.parse::<u64>().unwrap());
    let now = || SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap().as_secs();
    let (wanted, first) = number("PEERLESS_PACKETS").map_or((2000, 1), |wanted| (wanted, now()));
    let mut seed = number("PEERLESS_SEED").unwrap_or(first);
    let mut tally = Tally::new();
    while tally.values().sum::<u64>() < wanted {
        // A thread of its own, because a lab changes the namespaces of the thread that it is made on.
        let played = thread::spawn(move || Game::new(seed).play()).join();
        match played.unwrap_or_else(|_| Err("what is said above".to_owned())) {
            Ok(played) => played.into_iter().for_each(|(fate, count)| *tally.entry(fate).or_default() += count),
            Err(difference) => panic!("PEERLESS_SEED={seed}\n{difference}"),
        }
        seed += 1;
    }
    println!("{tally:#?}");
    assert!(tally.len() > 5, "the packets meet too few fates: {tally:?}");
}

/// How often each fate was met.
type Tally = BTreeMap<&'static str, u64>;

/// A world, those who send in it, and what they have sent.
struct Game {
    chance: Chance,
    lab: Lab,
    wires: BTreeMap<Origin, Wire>,
    connections: BTreeMap<ConnectionKey, Tracking>,
    /// What was seen of each flow by the last volley.
    flows: BTreeMap<(Origin, Packet), FlowReport>,
    recent: Vec<Shot>,
    last_number: u32,
    /// What happened; what belongs to a conversation is of interest to that only.
    story: Vec<(Option<Conversation>, String)>,
    tally: Tally,
}

impl Game {
    fn new(seed: u64) -> Self {
        let mut chance = Chance(seed);
        let mut lab = Lab::new();
        lab.change(LAB);
        let story: Vec<_> = chance.beginning().into_iter().filter(|line| lab.world.apply(&line.parse().unwrap()).is_ok()).collect();
        let senders = INSTANCES.iter().map(|instance| lab.origin(instance)).chain([Origin::Internet, Origin::Services]);
        let wires = senders.map(|origin| (origin, Wire::new(lab.guest_of(origin).unwrap()))).collect();
        Self {
            story: story.into_iter().map(|line| (None, line.to_owned())).collect(),
            chance,
            lab,
            wires,
            connections: BTreeMap::new(),
            flows: BTreeMap::new(),
            recent: Vec::new(),
            last_number: 0,
            tally: Tally::new(),
        }
    }

    /// `Err` is how kernel and model differ.
    fn play(mut self) -> Result<Tally, String> {
        let began = Instant::now();
        for _ in 0..ROUNDS {
            self.lab.settle().map_err(|error| error.to_string())?;
            let mut left = PACKETS;
            let mut next = self.next_packet();
            while left > 0 {
                let mut volley = Vec::new();
                let mut conversations = BTreeSet::new();
                while left > 0 && conversations.insert(conversation(&next.1)) {
                    volley.push(next);
                    next = self.next_packet();
                    left -= 1;
                }
                if !self.fire(volley, began)? {
                    println!("a world that became too old is not counted");
                    return Ok(Tally::new());
                }
            }
            if began.elapsed() > LIFETIME {
                break;
            }
            for _ in 0..=self.chance.below(3) {
                self.change();
            }
        }
        Ok(self.tally)
    }

    fn change(&mut self) {
        let line = self.chance.change();
        if self.lab.world.apply(&line.parse().unwrap_or_else(|error| panic!("{line}: {error}"))).is_ok() {
            self.story.push((None, line));
        }
    }

    fn next_packet(&mut self) -> (Origin, Packet) {
        loop {
            let (from, packet) = if self.recent.is_empty() || self.chance.percent(40) { self.fresh() } else { self.follow() };
            // An instance sends itself nothing over the wire.
            if packet.destination != packet.source {
                return (from, packet);
            }
        }
    }

    fn fresh(&mut self) -> (Origin, Packet) {
        let is_internet = self.chance.percent(20);
        let destination = self.chance.destination(is_internet);
        let (from, source) = if is_internet {
            (Origin::Internet, self.chance.stranger())
        } else {
            let from = self.lab.world.interface(self.chance.pick(&INSTANCES)).unwrap();
            let own = self.lab.world.snapshot().resolve(from).private_ip.into();
            (from.into(), if self.chance.percent(3) { self.chance.lie() } else { own })
        };
        (from, Packet::new(source, destination, self.chance.transport()))
    }

    /// The same again, or the answer by the one whom it reached or should have reached.
    fn follow(&mut self) -> (Origin, Packet) {
        let back = self.chance.below(self.recent.len().min(30));
        let shot = &self.recent[self.recent.len() - 1 - back];
        let again = (shot.from, shot.packet);
        if self.chance.percent(35) {
            return again;
        }
        let mut interfaces = self.lab.world.snapshot().all::<NetworkInterface>();
        let meant = || {
            let found = interfaces.find(|interface| shot.packet.destination == interface.private_ip)?;
            Some((found.id.into(), shot.packet))
        };
        let answer = shot.arrival.or_else(meant).and_then(|(by, packet)| Some((by, packet.reply()?)));
        answer.unwrap_or(again)
    }

    /// Sends packets, none of which matters to another, and compares. False if the world is too old for that.
    fn fire(&mut self, volley: Vec<(Origin, Packet)>, beginning: Instant) -> Result<bool, String> {
        let began = Instant::now();
        let spoofed = self.lab.discarded(Discard::SourceAddress);
        let shots: Vec<_> = volley.into_iter().map(|(from, packet)| self.shoot(from, packet)).collect();
        if beginning.elapsed() > OLDEST {
            return Ok(false);
        }
        let expected: BTreeSet<_> = shots.iter().filter_map(|shot| Some((shot.arrival?.0, shot.arriving.clone()?))).collect();
        let lies = shots.iter().filter(|shot| shot.is_lie()).count() as u64;
        let mut arrived = BTreeSet::new();
        let mut doubled = Vec::new();
        let mut found = BTreeMap::new();
        let before = std::mem::take(&mut self.flows);
        loop {
            self.flows = self.lab.data_plane.flows().unwrap().into_iter().map(|flow| ((flow.from, flow.packet), flow)).collect();
            for shot in shots.iter().filter(|shot| !found.contains_key(&shot.number)).collect::<Vec<_>>() {
                found.extend(self.verdict(shot, &before, began).map(|verdict| (shot.number, verdict)));
            }
            for (&at, wire) in &self.wires {
                let frames = std::iter::from_fn(|| wire.receive());
                doubled.extend(frames.map(|frame| (at, frame)).filter(|frame| !arrived.insert(frame.clone())));
            }
            let differs = shots.iter().any(|shot| found.get(&shot.number).is_some_and(|found| *found != shot.expected));
            let is_counted = found.len() as u64 + lies == shots.len() as u64 && self.lab.discarded(Discard::SourceAddress) - spoofed >= lies;
            if differs || is_counted && arrived.len() >= expected.len() || began.elapsed() > PATIENCE {
                break;
            }
        }
        self.compare(&shots, &found)?;
        if let Some((at, frame)) = arrived.symmetric_difference(&expected).chain(&doubled).next() {
            let number = frame.last_chunk().map(|number| u32::from_be_bytes(*number));
            let shot = shots.iter().chain(&self.recent).find(|shot| Some(shot.number) == number);
            let story = self.story_of(shot.map(|shot| conversation(&shot.packet)));
            let which = if expected.contains(&(*at, frame.clone())) { "does not arrive, or twice" } else { "arrives" };
            return Err(format!("{story}\nThis {which} at {at:?}: {frame:02x?}\nIt is {number:?}, {:?}", shot.map(|shot| &shot.arriving)));
        }
        if self.lab.discarded(Discard::SourceAddress) - spoofed != lies {
            return Err(format!("{lies} were spoofed: {:?}", self.lab.data_plane.statistics()));
        }
        self.recent.extend(shots);
        Ok(true)
    }

    fn shoot(&mut self, from: Origin, packet: Packet) -> Shot {
        self.last_number += 1;
        let number = self.last_number;
        let snapshot = self.lab.world.snapshot();
        let decision = evaluate(snapshot, &packet, from, &self.connections, &mut ());
        for opened in [decision.opened_at_source, decision.opened_at_destination].into_iter().flatten() {
            self.connections.insert(opened.key, opened.tracking);
        }
        let arrival = match decision.verdict {
            Verdict::Deliver(delivery) => Some((delivery.to.into(), delivery.rewrite.apply(&packet), delivery.source_mac.0)),
            Verdict::Leave(departure) => Some((Origin::Internet, departure.rewrite.apply(&packet), self.router(Origin::Internet))),
            Verdict::Serve(served) => Some((Origin::Services, served.rewrite.apply(&packet), self.router(Origin::Services))),
            Verdict::Drop(_) => None,
        };
        let flags = self.chance.pick(&[SYN, ACK, SYN | ACK]);
        let arriving = arrival.map(|(at, packet, source)| frame(self.wires[&at].mac(), source, &packet, flags, number));
        let wire = &self.wires[&from];
        wire.send(&frame(self.router(from), wire.mac(), &packet, flags, number));
        let line = format!("{number}: {packet:?} from {from:?}\n        {decision:?}");
        self.story.push((Some(conversation(&packet)), line));
        *self.tally.entry(fate(&decision.verdict)).or_default() += 1;
        Shot { number, packet, from, expected: decision.verdict, arrival: arrival.map(|(at, packet, _)| (at, packet)), arriving }
    }

    /// Whom a sender's frames are for.
    fn router(&self, of: Origin) -> Mac {
        let snapshot = self.lab.world.snapshot();
        match of {
            Origin::Interface(interface) => snapshot.resolve(snapshot.resolve(interface).subnet).router_mac().0,
            Origin::Internet => [6, 0, 0, 0, 0, 1],
            Origin::Services => [6, 0, 0, 0, 0, 4],
        }
    }

    /// What the kernel did with the packet, as soon as it did.
    fn verdict(&self, shot: &Shot, before: &BTreeMap<(Origin, Packet), FlowReport>, since: Instant) -> Option<Verdict> {
        let key = (shot.from, shot.packet);
        let counted = before.get(&key).map_or(0, |flow| flow.packets);
        let news = |flow: &&FlowReport| flow.packets > 0 && (flow.packets > counted || flow.age < since.elapsed());
        self.flows.get(&key).filter(news).map(|flow| flow.verdict)
    }

    fn compare(&self, shots: &[Shot], found: &BTreeMap<u32, Verdict>) -> Result<(), String> {
        match shots.iter().find(|shot| !shot.is_lie() && found.get(&shot.number) != Some(&shot.expected)) {
            Some(shot) => {
                let story = self.story_of(Some(conversation(&shot.packet)));
                let (expected, found) = (shot.expected, found.get(&shot.number));
                let flow = self.flows.get(&(shot.from, shot.packet));
                let statistics = self.lab.data_plane.statistics();
                Err(format!("{story}\n{}: expected {expected:?}\nfound {found:?}\n{flow:?}\n{statistics:?}", shot.number))
            }
            None => Ok(()),
        }
    }

    /// All that can matter to a conversation.
    fn story_of(&self, conversation: Option<Conversation>) -> String {
        let names = INSTANCES.iter().map(|name| format!("{name} is {:?}", self.lab.origin(name)));
        let lines = self.story.iter().filter(|(of, _)| of.is_none() || *of == conversation).map(|(_, line)| line.clone());
        names.chain(lines).collect::<Vec<_>>().join("\n")
    }
}
