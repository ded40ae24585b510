//! Amazon Time Sync: the time, at 169.254.169.123, by NTP.
//!
//! Instances have the machine's own clock, which nobody inside can set: what is told here is what they know already, so that a client that
//! is configured for EC2 finds its server and is content. Nothing is remembered of anybody, and only what clients ask is answered: neither
//! peers, nor control messages. Whatever follows the header, a signature say, is not looked at.
//!
//! <https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/configure-ec2-ntp.html>, RFC 5905

use std::net::Ipv4Addr;
use std::time::Duration;

/// The header, which is all there is of an answer.
const HEADER: usize = 48;

/// From 1900, where NTP's seconds begin, to 1970.
const EPOCH: u64 = 2_208_988_800;

const CLIENT: u8 = 3;
const SERVER: u8 = 4;

/// As Amazon's: a server of servers.
const STRATUM: u8 = 3;

/// The clock's steps: 2^-20 s, about a microsecond.
const PRECISION: i8 = -20;

/// How far it may be off, in 2^-16 s: about a millisecond.
const DISPERSION: u32 = 66;

/// Whom the server has it from: one beside it.
const REFERENCE: Ipv4Addr = Ipv4Addr::new(169, 254, 169, 122);

/// Answers a question of a client's, of NTP's versions 1 to 4; nothing is said to anything else. `received` is when it came, `sent` when
/// the answer leaves, both since 1970.
pub fn answer(question: &[u8], received: Duration, sent: Duration) -> Option<[u8; HEADER]> {
    let question = question.first_chunk::<HEADER>()?;
    let (version, mode) = (question[0] >> 3 & 0b111, question[0] & 0b111);
    if !(1..=4).contains(&version) || mode != CLIENT {
        return None;
    }
    let poll = question[2];
    let mut answer = [0; HEADER];
    // The first two bits, the leap indicator, say that no leap second is near.
    answer[..4].copy_from_slice(&[version << 3 | SERVER, STRATUM, poll, PRECISION.to_be_bytes()[0]]);
    answer[8..12].copy_from_slice(&DISPERSION.to_be_bytes());
    answer[12..16].copy_from_slice(&REFERENCE.octets());
    // When it was last set right: the machine sees to that all the time.
    answer[16..24].copy_from_slice(&timestamp(Duration::from_secs(received.as_secs())));
    // What the client calls the moment of its question, it is told again.
    answer[24..32].copy_from_slice(&question[40..48]);
    answer[32..40].copy_from_slice(&timestamp(received));
    answer[40..48].copy_from_slice(&timestamp(sent));
    Some(answer)
}

/// Seconds and their 2^32nd parts. In 2036 the seconds begin anew, which clients know (RFC 5905, section 6).
fn timestamp(since_1970: Duration) -> [u8; 8] {
    let fraction = (u64::from(since_1970.subsec_nanos()) << 32) / 1_000_000_000;
    ((since_1970.as_secs().wrapping_add(EPOCH) << 32) | fraction).to_be_bytes()
}
