//! What user data means, and that nothing makes it mean too much.

use std::io::Write;

use flate2::{Compression, write::GzEncoder};
use proptest::prelude::*;

use super::*;

fn gzip(data: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
    encoder.write_all(data).unwrap();
    encoder.finish().unwrap()
}

fn config(text: &str) -> Plan {
    read(format!("#cloud-config\n{text}").as_bytes())
}

#[test]
fn a_script_is_run_as_it_is() {
    let plan = read(b"#!/bin/sh\necho\n");
    assert_eq!(plan, Plan { scripts: vec![Script { name: "part-001".into(), text: b"#!/bin/sh\necho\n".into() }], ..Plan::default() });
    assert_eq!(read(&gzip(b"#!/bin/sh\necho\n")), plan);
    assert_eq!(read(b"#!/bin/sh\r\necho\r\n"), plan);
    assert_eq!(read(b" \n"), Plan::default());
}

#[test]
fn commands_become_scripts() {
    let plan = config("runcmd:\n- echo $HOME\n- [ls, -l, \"it's\"]\nbootcmd: [date]\n");
    assert_eq!(plan.scripts[0].text, b"#!/bin/sh\necho $HOME\n'ls' '-l' 'it'\\''s'\n");
    assert_eq!(plan.boot_commands.unwrap().text, b"#!/bin/sh\ndate\n");
    assert_eq!(plan.remarks, [""; 0]);
}

#[test]
fn files_are_decoded() {
    use base64ct::{Base64, Encoding};
    let zipped = Base64::encode_string(&gzip(b"zipped"));
    let text = format!(
        "write_files:\n- {{path: /a, content: plain}}\n- {{path: /b, encoding: b64, content: aGVsbG8=, permissions: '0755', owner: 'nobody:nogroup', append: true}}\n\
         - {{path: /c, encoding: gz+b64, content: {zipped}, permissions: 0600, defer: true}}\n- {{path: /d, content: !!binary aGVsbG8=, permissions: 420}}\n"
    );
    let plan = config(&text);
    let contents: Vec<_> = plan.files.iter().map(|file| (file.path.as_str(), &file.content[..], file.mode)).collect();
    assert_eq!(contents, [("/a", &b"plain"[..], 0o644), ("/b", b"hello", 0o755), ("/c", b"zipped", 0o600), ("/d", b"hello", 0o644)]);
    assert_eq!((plan.files[1].owner.as_str(), plan.files[1].append, plan.files[2].late), ("nobody:nogroup", true, true));
    assert_eq!(plan.remarks, [""; 0]);
}

#[test]
fn names_are_the_short_and_the_long_one() {
    let name = |text: &str| config(text).hostname.map(|name| (name.short, name.qualified));
    let both = Some(("web".to_owned(), Some("web.example.org".to_owned())));
    assert_eq!(name("hostname: web"), Some(("web".to_owned(), None)));
    for text in ["hostname: web.example.org", "fqdn: web.example.org", "hostname: web\nfqdn: web.example.org"] {
        assert_eq!(name(text), both, "{text}");
    }
    assert_eq!(name("hostname: web\npreserve_hostname: true"), None);
    assert_eq!(name("hostname: 'a b'"), None);
}

#[test]
fn users_and_groups() {
    let text = "groups:\n- admins: [ann]\n- readers\nusers:\n- default\n- bob\n- name: ann\n  gecos: Ann A.\n  groups: wheel, docker\n  sudo: ALL=(ALL) NOPASSWD:ALL\n  \
                ssh_authorized_keys: [ssh-ed25519 AAAA ann]\n  shell: /bin/sh\n  uid: '2000'\n  lock_passwd: true\n  passwd: secret\n";
    let plan = config(text);
    assert_eq!(plan.groups, [Group { name: "admins".into(), members: vec!["ann".into()] }, Group { name: "readers".into(), members: vec![] }]);
    let ann = User {
        name: "ann".into(),
        comment: Some("Ann A.".into()),
        groups: vec!["wheel".into(), "docker".into()],
        shell: Some("/bin/sh".into()),
        id: Some(2000),
        sudo: vec!["ALL=(ALL) NOPASSWD:ALL".into()],
        keys: vec!["ssh-ed25519 AAAA ann".into()],
        ..User::default()
    };
    assert_eq!(plan.users, [User { name: "bob".into(), ..User::default() }, ann]);
    assert_eq!(plan.remarks.len(), 1, "{:?}", plan.remarks);
    assert_eq!(plan.passwords, []);
}

#[test]
fn what_is_not_followed_is_told_and_the_rest_is_done() {
    let plan = config("packages: [httpd]\npackage_update: true\nruncmd: [true]\nwrite_files:\n- {content: x}\n- {path: /a, source: {uri: x}}\n");
    assert_eq!(
        plan.remarks,
        [
            "cloud-config: write_files, item 1: there is no path that begins with /, and no file is written",
            "/a: source is not supported, and is left out",
            "cloud-config: package_update is not supported, and is left out",
            "cloud-config: packages is not supported, and is left out",
        ]
    );
    assert_eq!((plan.scripts.len(), plan.files.len()), (1, 1));
    for (data, words) in [
        (&b"#cloud-config\na: [\n"[..], "cannot be read"),
        (b"#cloud-config\n- a\n", "no mapping"),
        (b"#include\nhttp://x/\n", "a list of things to include, which is not supported"),
        (b"hello", "of an unknown kind"),
        (b"Content-Type: multipart/mixed\n\n", "boundary"),
        (b"\x1f\x8bxxxxxxxxxx", "cannot be read"),
    ] {
        let plan = read(data);
        assert!(plan.remarks.len() == 1 && plan.remarks[0].contains(words), "{plan:?}");
    }
}

#[test]
fn an_archive_has_parts_of_all_kinds() {
    let archive = "MIME-Version: 1.0\nContent-Type: multipart/mixed; boundary=b\n\n--b\nContent-Type: text/x-shellscript\nContent-Disposition: attachment; \
                   filename=\"../z.sh\"\n\n#!/bin/sh\n--b\nContent-Type: text/cloud-config\n\nruncmd: [one]\nhostname: a\n--b\nContent-Type: text/cloud-config\n\n\
                   #cloud-config\nruncmd: [two]\n--b\nContent-Type: text/plain\n\n#!/bin/true\n--b\nContent-Type: text/cloud-boothook\n\n\
                   #cloud-boothook\n#!/bin/sh\n--b\nContent-Type: text/x-shellscript-per-boot\n\n#!/bin/sh\n--b--\n";
    let plan = read(archive.as_bytes());
    let names: Vec<_> = plan.scripts.iter().map(|script| script.name.as_str()).collect();
    assert_eq!(names, [".._z.sh", "part-004", "runcmd"]);
    assert_eq!(plan.scripts[2].text, b"#!/bin/sh\ntwo\n");
    assert_eq!(plan.hostname.map(|name| name.short).as_deref(), Some("a"));
    assert_eq!(plan.boothooks, [Script { name: "part-005".into(), text: b"#!/bin/sh".into() }]);
    assert_eq!(plan.remarks, ["user data is of the kind text/x-shellscript-per-boot, which is not supported and left out"]);
}

#[test]
fn nothing_becomes_too_much() {
    let bomb = gzip(&vec![b'#'; 15 << 20]);
    assert!(bomb.len() < 16 * 1024);
    assert!(read(&bomb).remarks[0].contains("more than 1048576 bytes"));
    let onion = (0..20).fold(b"#!/bin/sh\n".to_vec(), |data, _| gzip(&data));
    assert!(read(&onion).remarks[0].contains("again and again"));
    let nested: String = (0..300).map(|n| format!("Content-Type: multipart/mixed; boundary=b{n}\n\n--b{n}\n")).collect();
    assert!(read(nested.as_bytes()).remarks.iter().any(|remark| remark.contains("nested too deeply")));
    let many = format!("Content-Type: multipart/mixed; boundary=b\n\n{}", "--b\n\n#!\n".repeat(1000));
    assert_eq!(read(many.as_bytes()).scripts.len(), 256);
}

proptest! {
    #[test]
    fn any_bytes_are_read(data in prop::collection::vec(any::<u8>(), 0..2000)) {
        read(&data);
    }

    #[test]
    fn any_text_is_read(
        beginning in prop::sample::select(vec!["#cloud-config\n", "#!", "MIME-Version: 1.0\n", "Content-Type: multipart/mixed; boundary=b\n\n--b\n", ""]),
        text in "([a-z]{1,9}: |[-&*!?|>{}\\[\\],'\"# \n\t~0-9]|runcmd:|users:|write_files:|groups:|path: /a|name: a|--b|\n- |\n  )*",
    ) {
        let plan = read(format!("{beginning}{text}").as_bytes());
        prop_assert!(plan.files.iter().all(|file| file.path.starts_with('/')));
        prop_assert!(plan.users.iter().all(|user| !user.name.starts_with('-')));
        prop_assert!(plan.scripts.iter().all(|script| !script.name.contains('/')));
    }
}
