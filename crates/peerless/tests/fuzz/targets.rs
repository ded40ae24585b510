//! What is fuzzed, and what must be so whatever comes in.

use std::cell::RefCell;
use std::hash::{DefaultHasher, Hash, Hasher};

use instance::cloud_init::{Plan, read};
use model::internet::{BEYOND, THRESHOLD};
use model::{NetworkInterface, Snapshot, Timestamp};
use scenario::World;
use services::beyond::{Action, Translator};
use services::dns::{Asker, Carrier};
use services::metadata::{Request, Secret};
use services::{dhcp, dns, metadata};

use crate::fuzz;

const NOW: Timestamp = Timestamp(1_800_000_000_000);

fn shape(of: &impl Hash) -> u64 {
    let mut hasher = DefaultHasher::new();
    of.hash(&mut hasher);
    hasher.finish()
}

/// A VPC with an instance.
fn world() -> Snapshot {
    let mut world = World::default();
    for line in ["vpc blue 10.1.0.0/16", "subnet blue/a 10.1.0.0/24", "instance blue/a/1 10.1.0.10"] {
        world.apply(&line.parse().unwrap()).unwrap();
    }
    world.snapshot().clone()
}

fn interface(snapshot: &Snapshot) -> &NetworkInterface {
    snapshot.all::<NetworkInterface>().next().unwrap()
}

/// Header, name, type and class.
fn query(name: &str, kind: u8) -> Vec<u8> {
    let mut query = b"\0\x07\x01\0\0\x01\0\0\0\0\0\0".to_vec();
    for label in name.split('.') {
        query.push(u8::try_from(label.len()).unwrap());
        query.extend(label.bytes());
    }
    query.extend([0, 0, kind, 0, 1]);
    query
}

#[test]
fn dns_answers_fit_and_are_to_the_question() {
    let snapshot = world();
    let mut seeds: Vec<_> = [("example.com", 1), ("ip-10-1-0-10.ec2.internal", 255), ("10.0.1.10.in-addr.arpa", 12), ("deb.debian.org", 28)]
        .map(|(name, kind)| query(name, kind))
        .into();
    let mut edns = query("example.com", 1);
    edns[11] = 1;
    edns.extend(b"\0\0\x29\x04\xd0\0\0\0\0\0\x04\0\x0a\0\0");
    seeds.push(edns);
    fuzz("DNS", &seeds, &[b"\xc0\x0c", b"\x03com\0", b"\x07in-addr\x04arpa\0", b"\0\0\x29\x10\0\0\0\0\0\0\0"], |bytes| {
        let own = Asker::Interface(interface(&snapshot));
        let replies = [(own, Carrier::Udp), (own, Carrier::Tcp), (Asker::Stranger, Carrier::Udp)].map(|(asker, carrier)| {
            let reply = dns::answer(&snapshot, asker, bytes, carrier);
            if let Some(reply) = &reply {
                assert!(reply.len() >= 12 && reply[..2] == bytes[..2] && reply[2] & 0x80 != 0);
                assert!(carrier == Carrier::Tcp || reply.len() <= 1232);
            }
            reply.map(|reply| (reply.len() / 16, reply[3] & 15, reply[7], reply[9]))
        });
        let beyond = dns::is_beyond(&snapshot, own, bytes);
        let failure = dns::failure(bytes);
        assert!(!beyond || failure.as_ref().is_some_and(|failure| dns::is_about_the_same(bytes, failure)));
        shape(&(replies, beyond, failure.is_some()))
    });
}

#[test]
fn dhcp_answers_the_interface_that_asks() {
    let snapshot = world();
    let mut discover = vec![0; 236];
    discover[..4].copy_from_slice(&[1, 1, 6, 0]);
    discover[28..34].copy_from_slice(&interface(&snapshot).mac.0);
    discover.extend([99, 130, 83, 99]);
    let message = |options: &[u8]| [&discover[..], options, &[255]].concat();
    let seeds = [
        message(&[53, 1, 1]),
        message(&[53, 1, 3, 50, 4, 10, 1, 0, 10, 54, 4, 10, 1, 0, 1]),
        message(&[53, 1, 8, 55, 4, 1, 3, 6, 15, 57, 2, 5, 220]),
    ];
    fuzz("DHCP", &seeds, &[&[53, 1, 3], &[52, 1, 3], &[57, 2, 255, 255], &[61, 255], &[255]], |bytes| {
        let reply = dhcp::answer(&snapshot, interface(&snapshot), bytes);
        if let Some(reply) = &reply {
            assert!(reply[0] == 2 && reply[4..8] == bytes[4..8] && reply[28..34] == interface(&snapshot).mac.0);
            assert!(reply.len() <= 1500 && [[0; 4], [10, 1, 0, 10]].iter().any(|address| reply[16..20] == *address));
        }
        shape(&reply.map(|reply| (reply.len() / 8, reply.get(242).copied(), reply[16])))
    });
}

#[test]
fn metadata_is_told_to_who_has_a_token() {
    let mut snapshot = world();
    let mut draft = model::Draft::new(&snapshot);
    let id = interface(&snapshot).attachment.unwrap().instance;
    draft.update(id, |instance| instance.metadata_options.http_tokens = model::HttpTokens::Required);
    snapshot = draft.finish().0;
    let secret = Secret::new([7; 32]);
    let lines = [
        "GET\n/latest/meta-data/\n",
        "PUT\n/latest/api/token\nx-aws-ec2-metadata-token-ttl-seconds: 60",
        "GET\n/latest/user-data\nx-aws-ec2-metadata-token: AAAA",
    ];
    let words: [&[u8]; 6] = [b"/", b"/../", b"network/interfaces/macs/", b"x-forwarded-for: a\n", b"placement/region", b"x-aws-ec2-metadata-token: "];
    fuzz("instance metadata", &lines.map(|line| line.as_bytes().to_vec()), &words, |bytes| {
        // Method, path and headers, as an HTTP server hands them on.
        let text = String::from_utf8_lossy(bytes);
        let mut lines = text.split('\n');
        let (method, path) = (lines.next().unwrap_or_default(), lines.next().unwrap_or_default());
        let headers: Vec<(&str, &str)> = lines.filter_map(|line| line.split_once(": ")).collect();
        let reply = metadata::answer(&snapshot, interface(&snapshot), &Request { method, path, headers: &headers }, NOW, &secret);
        assert!(matches!(reply.status, 200 | 400 | 401 | 403 | 404 | 405), "{reply:?}");
        assert!(reply.status != 200 || reply.session.is_some(), "nobody guesses a token");
        shape(&(reply.status, reply.body.len() / 16))
    });
}

#[test]
fn user_data_stays_within_its_bounds() {
    let config = "#cloud-config\nhostname: a\nusers:\n- default\n- {name: ann, groups: [a, b], sudo: x}\ngroups:\n- a: [b]\nwrite_files:\n\
                  - {path: /a, encoding: b64, content: aGVsbG8=, permissions: '0644'}\nruncmd:\n- [ls, -l]\n- &x echo\n- *x\nbootcmd: [a]\nssh_authorized_keys: [k]\n";
    let archive = format!(
        "MIME-Version: 1.0\nContent-Type: multipart/mixed; boundary=\"b\"\n\n--b\nContent-Type: text/cloud-config\n\n{config}\n--b\n\
         Content-Transfer-Encoding: base64\nContent-Disposition: attachment; filename=\"x\"\n\nIyEvYmluL3NoCg==\n--b\n\
         Content-Transfer-Encoding: quoted-printable\n\n#cloud-boothook=\n\n--b--\n"
    );
    // `#!/bin/sh` by gzip.
    let zipped = b"\x1f\x8b\x08\0\0\0\0\0\x02\x03SV\xd4O\xca\xcc\xd3/\xce\xe0\x02\0\xcd&\x07\x13\x0a\0\0\0".to_vec();
    let seeds = [config.as_bytes().to_vec(), archive.into_bytes(), zipped, b"#!/bin/sh\r\necho\r\n".to_vec(), b"#include\nx\n".to_vec()];
    let words: [&[u8]; 12] = [
        b"\n--b\n",
        b"- ",
        b"{",
        b"[",
        b"&a ",
        b"*a",
        b"!!binary ",
        b": |\n  ",
        b"Content-Type: multipart/mixed; boundary=b\n\n",
        b"\x1f\x8b\x08",
        b"? ",
        b"'",
    ];
    fuzz("user data", &seeds, &words, |bytes| {
        let Plan { remarks, boothooks, files, users, groups, scripts, hostname, keys, passwords, boot_commands } = read(bytes);
        assert!(scripts.iter().chain(&boothooks).all(|script| !script.name.is_empty() && !script.name.contains('/') && script.text.len() < 8 << 20));
        assert!(files.iter().all(|file| file.path.starts_with('/') && file.mode <= 0o7777 && file.content.len() <= 5 << 20));
        let names = users.iter().map(|user| &user.name).chain(groups.iter().map(|group| &group.name));
        assert!(names.into_iter().all(|name| !name.is_empty() && !name.starts_with('-') && !name.contains([':', '\n', '/', ' '])));
        assert!(passwords.iter().all(|password| !password.text.is_empty() && !password.text.contains(['\n', '\0'])));
        assert!(hostname.as_ref().is_none_or(|name| !name.short.is_empty() && name.short.len() <= 64));
        let counts = [remarks.len(), boothooks.len(), files.len(), users.len(), groups.len(), scripts.len(), keys.len(), passwords.len()];
        let first: String = remarks.first().map(|remark| remark.chars().filter(char::is_ascii_lowercase).take(24).collect()).unwrap_or_default();
        shape(&(counts, first, hostname.is_some(), boot_commands.is_some()))
    });
}

#[test]
fn packets_that_go_beyond_go_nowhere_else() {
    let packet = |protocol: u8, from: [u8; 4], to: [u8; 4], content: &[u8]| {
        let length = u16::try_from(20 + content.len()).unwrap().to_be_bytes();
        [&[0x45, 0][..], &length, &[0, 0, 0x40, 0, 64, protocol, 0, 0], &from, &to, content].concat()
    };
    let (guest, remote) = ([198, 18, 0, 9], [9, 9, 9, 9]);
    let tcp = |flags: u8| [&[0x9c, 0x40, 1, 0xbb, 0, 0, 0, 7, 0, 0, 0, 0, 0x50, flags, 0xff, 0xff, 0, 0, 0, 0][..], b"data"].concat();
    let answer = [&[0, 1, 4, 0, 0, 0, 0, 7, 0, 0, 0, 8, 0x50, 0x12, 0xff, 0xff, 0, 0, 0, 0][..]].concat();
    let seeds = [
        packet(6, guest, remote, &tcp(0x02)),
        packet(6, guest, remote, &tcp(0x10)),
        packet(6, THRESHOLD.octets(), BEYOND.octets(), &answer),
        packet(17, guest, remote, &[0x9c, 0x40, 0, 53, 0, 12, 0, 0, 1, 2, 3, 4]),
        packet(1, guest, remote, &[8, 0, 0, 0, 0, 1, 0, 2, 1, 2, 3, 4]),
    ];
    let translator = RefCell::new(Translator::default());
    fuzz("packets beyond", &seeds, &[&guest, &remote, &[127, 0, 0, 1], &[10, 0, 0, 1], &THRESHOLD.octets(), &BEYOND.octets()], |bytes| {
        let mut translator = translator.borrow_mut();
        match translator.take(bytes, NOW) {
            Action::Ignore => 0,
            Action::Write(packet) => {
                let to_guest = packet[16] == 198 && packet[17] & 0xfe == 18;
                assert!(to_guest || (packet[12..16] == BEYOND.octets() && packet[16..20] == THRESHOLD.octets()), "{packet:?}");
                shape(&(1, to_guest, packet.get(33)))
            }
            Action::Connect(port, flow) => {
                assert!(model::internet::is_beyond(*flow.remote.ip()));
                let first = if port % 2 == 0 { translator.accepted(port) } else { translator.refused(port) };
                translator.ended(port, Timestamp(0));
                shape(&(2, first.is_some()))
            }
            Action::Send(flow, payload) => {
                assert!(model::internet::is_beyond(*flow.remote.ip()));
                shape(&(3, services::beyond::datagram(&flow, &payload).is_some(), payload.len() / 8))
            }
            Action::Echo(echo) => {
                assert!(model::internet::is_beyond(echo.remote));
                shape(&(4, services::beyond::echo_reply(&echo).is_some(), echo.payload.len() / 8))
            }
        }
    });
}
