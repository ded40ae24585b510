//! Amazon Time Sync: what a client's packet is answered with. RFC 5905, section 7.3.

use std::time::Duration;

use proptest::prelude::*;
use services::time::answer;

/// What `chronyd` sends: version 4, mode 3, poll 6, precision 2^32 s, and a random number for the moment.
const QUESTION: &str = "230006200000000000000000000000000000000000000000000000000000000000000000000000009d2c1f6b7a58e340";

fn bytes(hexadecimal: &str) -> Vec<u8> {
    (0..hexadecimal.len()).step_by(2).map(|at| u8::from_str_radix(&hexadecimal[at..at + 2], 16).unwrap()).collect()
}

fn asked(question: &[u8]) -> Option<Vec<u8>> {
    // 2026-11-23 12:00:00.5 and a quarter of a second later.
    let second = Duration::from_secs(1_795_435_200);
    answer(question, second + Duration::from_millis(500), second + Duration::from_millis(750)).map(Vec::from)
}

#[test]
fn a_client_is_told_the_time() {
    let expected = [
        "240306ec",         // no leap second, version 4, server; stratum 3; poll 6; 2^-20 s
        "00000000",         // root delay
        "00000042",         // root dispersion
        "a9fea97a",         // 169.254.169.122
        "eeaea94000000000", // the reference: 1795435200 + 2208988800
        "9d2c1f6b7a58e340", // the question's moment
        "eeaea94080000000", // received half a second later
        "eeaea940c0000000", // sent
    ];
    assert_eq!(asked(&bytes(QUESTION)).unwrap(), bytes(&expected.concat()));
}

#[test]
fn older_clients_are_answered_in_their_version() {
    for (version, first) in [(1, 0x0c), (2, 0x14), (3, 0x1c), (4, 0x24)] {
        let mut question = bytes(QUESTION);
        // "The clock is not synchronised", which is what a client says that has just begun.
        question[0] = 0b1100_0000 | version << 3 | 3;
        assert_eq!(asked(&question).unwrap()[0], first, "version {version}");
    }
}

#[test]
fn what_follows_the_header_is_not_looked_at() {
    let mut question = bytes(QUESTION);
    question.extend([0xff; 20]);
    assert_eq!(asked(&question), asked(&bytes(QUESTION)));
}

#[test]
fn the_seconds_of_2036_begin_anew() {
    let moment = Duration::from_secs((1 << 32) - 2_208_988_800 + 7);
    let told = answer(&bytes(QUESTION), moment, moment).unwrap();
    assert_eq!(told[40..48], [0, 0, 0, 7, 0, 0, 0, 0]);
}

proptest! {
    #[test]
    fn only_clients_are_answered(question in prop::collection::vec(any::<u8>(), 0..96)) {
        let is_client = question.len() >= 48 && question[0] & 7 == 3 && (1..=4).contains(&(question[0] >> 3 & 7));
        let told = asked(&question);
        prop_assert_eq!(told.is_some(), is_client);
        prop_assert!(told.is_none_or(|told| told.len() == 48 && told[24..32] == question[40..48]));
    }
}
