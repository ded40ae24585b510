//! Amazon's DNS server, as instances know it, and the one of the simulated internet: a query in, an answer out.
//!
//! What a name means depends on who asks: the module `names` says what. There is nothing beyond the simulated internet, so a name
//! that nobody there has does not exist. Names live for a minute.
//!
//! <https://docs.aws.amazon.com/vpc/latest/userguide/vpc-dns.html>, RFC 1035 (messages), RFC 2308 (negative answers),
//! RFC 6891 (EDNS)

mod names;

use std::fmt::Display;
use std::str::FromStr;

use domain::base::iana::{Class, Opcode, OptRcode, Rcode, Rtype};
use domain::base::message_builder::{AdditionalBuilder, AnswerBuilder, PushError};
use domain::base::{Message, MessageBuilder, Name, Serial, StaticCompressor, Ttl};
use domain::rdata::{A, Ptr, Soa};
use model::{NetworkInterface, Snapshot};

pub use names::{DOMAINS, WEB_SITES};
use names::{Meaning, Zone};

/// Who asks.
#[derive(Clone, Copy, Debug)]
pub enum Asker<'a> {
    /// An interface, the server of its VPC.
    Interface(&'a NetworkInterface),
    /// Anybody, the server of the internet.
    Stranger,
}

/// How a query came: by UDP an answer must fit one packet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Carrier {
    /// In a datagram.
    Udp,
    /// In a stream.
    Tcp,
}

/// How long an answer may be believed, in seconds.
const MINUTE: Ttl = Ttl::from_secs(60);

/// The longest datagram of those who say nothing about it (RFC 1035, section 2.3.4).
const PLAIN_DATAGRAM: u16 = 512;

/// The longest datagram of all: no way cuts it up (RFC 9715).
const LONGEST_DATAGRAM: u16 = 1232;

type Target = StaticCompressor<Vec<u8>>;

/// Answers a query. Nothing is said to what is no query at all.
pub fn answer(snapshot: &Snapshot, asker: Asker<'_>, query: &[u8], carrier: Carrier) -> Option<Vec<u8>> {
    let query = Message::from_octets(query).ok().filter(|message| !message.header().qr())?;
    let opt = query.opt();
    let limit = match (carrier, &opt) {
        (Carrier::Tcp, _) => usize::from(u16::MAX),
        (Carrier::Udp, Some(opt)) => opt.udp_payload_size().clamp(PLAIN_DATAGRAM, LONGEST_DATAGRAM).into(),
        (Carrier::Udp, None) => PLAIN_DATAGRAM.into(),
    };
    let edns = opt.map(|opt| opt.version());
    let whole = reply(snapshot, asker, &query, edns).ok()?;
    if whole.len() <= limit {
        return Some(whole);
    }
    // The client asks again over TCP.
    let mut short = begin(&query, Rcode::NOERROR).ok()?;
    short.header_mut().set_tc(true);
    finish(short.additional(), edns, OptRcode::NOERROR).ok()
}

/// Whether a query is about a name that only the real internet can know; where there is a way to it, it is asked.
pub fn is_beyond(snapshot: &Snapshot, asker: Asker<'_>, query: &[u8]) -> bool {
    let Ok(query) = Message::from_octets(query) else { return false };
    let is_plain = !query.header().qr() && query.header().opcode() == Opcode::QUERY;
    let question = query.sole_question().ok().filter(|question| question.qclass() == Class::IN);
    let question = question.filter(|question| is_plain && !matches!(question.qtype(), Rtype::AXFR | Rtype::IXFR));
    question.is_some_and(|question| names::is_beyond(snapshot, asker, &question.qname().to_string().to_ascii_lowercase()))
}

/// That a query could not be answered just now.
pub fn failure(query: &[u8]) -> Option<Vec<u8>> {
    let query = Message::from_octets(query).ok().filter(|message| !message.header().qr())?;
    let edns = query.opt().map(|opt| opt.version());
    finish(begin(&query, Rcode::SERVFAIL).ok()?.additional(), edns, Rcode::SERVFAIL.into()).ok()
}

/// Whether two messages have one and the same question.
pub fn is_about_the_same(one: &[u8], other: &[u8]) -> bool {
    let (Ok(one), Ok(other)) = (Message::from_octets(one), Message::from_octets(other)) else { return false };
    matches!((one.sole_question(), other.sole_question()), (Ok(one), Ok(other)) if one == other)
}

fn reply(snapshot: &Snapshot, asker: Asker<'_>, query: &Message<&[u8]>, edns: Option<u8>) -> Result<Vec<u8>, PushError> {
    let refuse = |rcode: Rcode| finish(begin(query, rcode)?.additional(), edns, rcode.into());
    if query.header().opcode() != Opcode::QUERY {
        return refuse(Rcode::NOTIMP);
    }
    let Ok(question) = query.sole_question() else { return refuse(Rcode::FORMERR) };
    if edns.is_some_and(|version| version > 0) {
        return finish(begin(query, Rcode::NOERROR)?.additional(), edns, OptRcode::BADVERS);
    }
    if question.qclass() != Class::IN || matches!(question.qtype(), Rtype::AXFR | Rtype::IXFR) {
        return refuse(Rcode::REFUSED);
    }
    let (name, wanted) = (question.qname(), question.qtype());
    let asked = name.to_string().to_ascii_lowercase();
    let meaning = names::look_up(snapshot, asker, &asked);
    let rcode = if meaning.is_some() { Rcode::NOERROR } else { Rcode::NXDOMAIN };
    let mut answer = begin(query, rcode)?;
    let of = |kind| wanted == kind || wanted == Rtype::ANY;
    match meaning {
        Some(Meaning::Address(address)) if of(Rtype::A) => answer.push((name, Class::IN, MINUTE, A::new(address)))?,
        Some(Meaning::Name(target)) if of(Rtype::PTR) => match text(&target) {
            Some(target) => answer.push((name, Class::IN, MINUTE, Ptr::new(target)))?,
            None => unreachable!("{target} is a name"),
        },
        _ => return deny(answer, names::zone_of(&asked), edns, rcode),
    }
    finish(answer.additional(), edns, rcode.into())
}

/// What is asked for is not there: the zone says so, and for how long that may be believed.
fn deny(answer: AnswerBuilder<Target>, zone: Zone, edns: Option<u8>, rcode: Rcode) -> Result<Vec<u8>, PushError> {
    let mut authority = answer.authority();
    if let (Some(owner), Some(server), Some(mailbox)) = (text(&zone.name), text(&zone.server), text(&zone.mailbox)) {
        let hour = Ttl::from_secs(3600);
        authority.push((owner, Class::IN, MINUTE, Soa::new(server, mailbox, Serial(2_012_103_100), hour, hour, hour, MINUTE)))?;
    }
    finish(authority.additional(), edns, rcode.into())
}

/// The question again, and that the server does what clients ask resolvers for. A question that cannot be read is not
/// repeated.
fn begin(query: &Message<&[u8]>, rcode: Rcode) -> Result<AnswerBuilder<Target>, PushError> {
    let builder = || match MessageBuilder::from_target(StaticCompressor::new(Vec::new())) {
        Ok(builder) => builder,
        Err(_) => unreachable!("a vector takes what it is given"),
    };
    let mut answer = match query.sole_question() {
        Ok(_) => builder().start_answer(query, rcode)?,
        Err(_) => {
            let mut builder = builder();
            let header = builder.header_mut();
            header.set_id(query.header().id());
            header.set_opcode(query.header().opcode());
            header.set_rd(query.header().rd());
            header.set_qr(true);
            header.set_rcode(rcode);
            builder.question().answer()
        }
    };
    answer.header_mut().set_ra(true);
    Ok(answer)
}

/// Who speaks EDNS is spoken to in EDNS.
fn finish(mut additional: AdditionalBuilder<Target>, edns: Option<u8>, rcode: OptRcode) -> Result<Vec<u8>, PushError> {
    if edns.is_some() {
        additional.opt(|opt| {
            opt.set_udp_payload_size(LONGEST_DATAGRAM);
            opt.set_rcode(rcode);
            Ok(())
        })?;
    }
    Ok(additional.finish().into_target())
}

fn text(name: &impl Display) -> Option<Name<Vec<u8>>> {
    Name::from_str(&name.to_string()).ok()
}
