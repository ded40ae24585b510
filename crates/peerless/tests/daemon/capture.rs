//! Captures, read as any reader of pcapng reads them.

use std::process::Stdio;

use crate::api::http_bytes;
use crate::lab::eventually;
use crate::packets::Peered;
use crate::sandbox::with_packets;

/// A packet of a file.
#[derive(Debug)]
struct Packet {
    interface: u32,
    comment: Option<String>,
    bytes: Vec<u8>,
}

impl Packet {
    /// The source's second number, and the type of an ICMP message.
    fn ping(&self) -> Option<(u8, u8)> {
        let is_icmp = self.bytes.get(12..14)? == [8, 0] && *self.bytes.get(23)? == 1;
        is_icmp.then(|| (self.bytes[27], self.bytes[34]))
    }
}

fn word(bytes: &[u8], at: usize) -> usize {
    u32::from_le_bytes(bytes[at..at + 4].try_into().unwrap()) as usize
}

/// The packets of a pcapng file, whose blocks must be whole.
fn packets(mut file: &[u8]) -> Vec<Packet> {
    assert_eq!(file.get(..4), Some(&[0x0a, 0x0d, 0x0d, 0x0a][..]), "it begins with a section");
    let mut packets = Vec::new();
    while !file.is_empty() {
        let length = word(file, 4);
        let (block, rest) = file.split_at(length);
        assert_eq!(word(block, length - 4), length);
        if word(block, 0) == 6 {
            let captured = word(block, 20);
            let mut at = 28 + captured.next_multiple_of(4);
            let mut comment = None;
            while block[at..at + 2] != [0, 0] {
                let (code, length) = (block[at], usize::from(u16::from_le_bytes([block[at + 2], block[at + 3]])));
                if code == 1 {
                    comment = Some(String::from_utf8(block[at + 4..at + 4 + length].to_vec()).unwrap());
                }
                at += 4 + length.next_multiple_of(4);
            }
            packets.push(Packet { interface: word(block, 8) as u32, comment, bytes: block[28..28 + captured].to_vec() });
        }
        file = rest;
    }
    packets
}

#[test]
fn a_dropped_packet_says_by_what() {
    with_packets("capture::a_dropped_packet_says_by_what", || {
        let peered = Peered::new("capture");
        let [one, two] = peered.instances();
        let file = |name: &str| peered.lab.state().with_file_name(name);
        let capture = |who: &str, name: &str, count: &str| {
            let (path, who) = (file(name), who.to_owned());
            let mut command = peered.lab.peerless(&["capture", &who, "--count", count, "--seconds", "60", "-w", path.to_str().unwrap()]);
            let child = command.stderr(Stdio::null()).spawn().unwrap();
            eventually("the capture has begun", || std::fs::metadata(&path).is_ok_and(|file| file.len() > 0));
            (child, path)
        };
        let (mut at_one, first) = capture(one, "one.pcapng", "4");
        let (mut at_two, second) = capture(two, "two.pcapng", "4");
        let mut ping = peered.lab.peerless(&["run", one, "--", "ping", "-i", "0.2", &peered.addresses[1]]);
        let mut ping = ping.stdout(Stdio::null()).spawn().unwrap();
        assert!(at_one.wait().unwrap().success() && at_two.wait().unwrap().success());

        let dropped = |packet: &&Packet| packet.ping() == Some((1, 8));
        let sent = packets(&std::fs::read(first).unwrap());
        let echo = sent.iter().find(dropped).unwrap_or_else(|| panic!("{sent:?}"));
        let comment = echo.comment.as_deref().unwrap_or_default();
        assert!(comment.starts_with("dropped by SG in sg-") && comment.ends_with("(ENI_SG_RULES_MISMATCH)"), "{comment}");
        assert_eq!(echo.interface, 0, "the card sent it");
        // Its receiver never sees it; a capture there shows it all the same, as what it is.
        let lost = packets(&std::fs::read(second).unwrap());
        let echo = lost.iter().find(dropped).unwrap_or_else(|| panic!("{lost:?}"));
        assert_eq!((echo.interface, echo.comment.as_deref()), (1, Some(comment)));

        // As Wireshark is given it: `capture … -w - | wireshark -k -i -`.
        let piped = peered.lab.run(&["capture", one, "--count", "2", "--seconds", "60", "-w", "-"]);
        assert!(piped.status.success() && packets(&piped.stdout).iter().any(|packet| packet.ping() == Some((1, 8))), "{piped:?}");

        let permission = "IpPermissions.1.IpProtocol=icmp&IpPermissions.1.FromPort=-1&IpPermissions.1.ToPort=-1";
        peered.allow(1, &format!("{permission}&IpPermissions.1.IpRanges.1.CidrIp=0.0.0.0/0"));
        let (status, body) = http_bytes(peered.lab.address, &format!("/_peerless/capture?of={two}&packets=6&seconds=60"));
        assert_eq!(status, 200);
        let carried = packets(&body);
        for direction in [(1, 8), (2, 0)] {
            let packet = carried.iter().find(|packet| packet.ping() == Some(direction));
            assert_eq!(packet.map(|packet| (packet.interface, packet.comment.as_deref())), Some((0, None)), "{direction:?}: {carried:?}");
        }
        let refused = |query: &str| http_bytes(peered.lab.address, &format!("/_peerless/capture?{query}")).0;
        assert_eq!((refused("of=nobody"), refused("of=10.9.9.9"), refused("seconds=1")), (400, 400, 400));
        ping.kill().unwrap();
        ping.wait().unwrap();
        let mut lab = peered.lab;
        lab.down(&[]);
    });
}
