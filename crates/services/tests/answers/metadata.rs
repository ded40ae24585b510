//! Instance metadata: who is told what, and when nobody is told anything. Rules 9.6.1 to 9.6.6, 12.3.2 and 12.3.3.

use model::{
    DhcpOptions, Draft, HttpTokens, Id, IdDigits, Instance, InstanceConnectKey, InstanceId, LaunchKey, NetworkInterface, Snapshot, Switch, TagSet,
    Timestamp, UserData,
};
use proptest::prelude::*;
use scenario::World;
use services::metadata::{Reply, Request, Secret, answer};

const NOW: Timestamp = Timestamp(1_800_000_000_000);

struct Lab {
    snapshot: Snapshot,
    secret: Secret,
    now: Timestamp,
}

fn lab() -> Lab {
    let mut world = World::default();
    for line in ["vpc blue 10.1.0.0/16", "subnet blue/a 10.1.0.0/24", "instance blue/a/1 10.1.0.10", "instance blue/a/2 10.1.0.11"] {
        world.apply(&line.parse().unwrap()).unwrap();
    }
    Lab { snapshot: world.snapshot().clone(), secret: Secret::new([7; 32]), now: NOW }
}

impl Lab {
    fn interface(&self, last: u8) -> &NetworkInterface {
        self.snapshot.all::<NetworkInterface>().find(|interface| interface.private_ip.octets()[3] == last).unwrap()
    }

    fn instance(&self) -> InstanceId {
        self.interface(10).attachment.unwrap().instance
    }

    fn change(&mut self, change: impl FnOnce(&mut Draft, InstanceId)) {
        let (mut draft, instance) = (Draft::new(&self.snapshot), self.instance());
        change(&mut draft, instance);
        self.snapshot = draft.finish().0;
    }

    fn options(&mut self, change: impl FnOnce(&mut Instance)) {
        self.change(|draft, id| draft.update(id, change));
    }

    fn ask(&self, from: u8, method: &str, path: &str, headers: &[(&str, &str)]) -> Reply {
        answer(&self.snapshot, self.interface(from), &Request { method, path, headers }, self.now, &self.secret)
    }

    /// What instance 10 reads there, without a token.
    fn read(&self, path: &str) -> (u16, String) {
        let reply = self.ask(10, "GET", path, &[]);
        (reply.status, String::from_utf8(reply.body).unwrap())
    }

    fn value(&self, path: &str) -> String {
        let (status, body) = self.read(&format!("/latest/meta-data/{path}"));
        assert_eq!(status, 200, "{path}");
        body
    }

    fn token(&self, seconds: &str) -> Reply {
        self.ask(10, "PUT", "/latest/api/token", &[("x-aws-ec2-metadata-token-ttl-seconds", seconds)])
    }

    fn status_with(&self, from: u8, token: &str) -> u16 {
        self.ask(from, "GET", "/latest/meta-data/", &[("x-aws-ec2-metadata-token", token)]).status
    }
}

#[test]
fn folders_list_what_they_hold() {
    let lab = lab();
    for path in ["/latest", "/latest/", "//latest//"] {
        assert_eq!(lab.read(path), (200, "dynamic\nmeta-data".to_owned()), "{path}");
    }
    assert!(lab.read("/").1.starts_with("1.0\n2007-01-19\n") && lab.read("/").1.ends_with("\nlatest"));
    let listing = lab.value("");
    assert!(listing.starts_with("ami-id\nami-launch-index\nhostname\n") && listing.contains("\nplacement/\n"), "{listing}");
    assert!(!listing.contains("public") && !listing.contains("tags") && !listing.contains("iam"), "{listing}");
    for path in listing.lines().filter(|line| !line.ends_with('/')) {
        assert!(!lab.value(path).is_empty(), "{path}");
        assert_eq!(lab.read(&format!("/2021-03-23/meta-data/{path}/")), lab.read(&format!("/latest/meta-data/{path}")));
    }
    assert_eq!(lab.value("placement"), "availability-zone\navailability-zone-id\nregion");
    for path in ["/", "/x", "/latest/x", "/latest/meta-data/iam/", "/latest/meta-data/public-keys/", "/latest/user-data", "/1999-01-01/meta-data"] {
        assert_eq!(lab.read(path).0, if path == "/" { 200 } else { 404 }, "{path}");
    }
}

#[test]
fn an_instance_is_told_about_itself() {
    let lab = lab();
    let mac = lab.interface(10).mac;
    for (path, value) in [
        ("instance-id", lab.instance().to_string().as_str()),
        ("local-ipv4", "10.1.0.10"),
        ("hostname", "ip-10-1-0-10.ec2.internal"),
        ("placement/region", "us-east-1"),
        ("placement/availability-zone-id", "use1-az1"),
        ("security-groups", "default"),
        ("services/domain", "amazonaws.com"),
        ("mac", &mac.to_string()),
        (&format!("network/interfaces/macs/{mac}/subnet-ipv4-cidr-block"), "10.1.0.0/24"),
        (&format!("network/interfaces/macs/{mac}/vpc-ipv4-cidr-blocks"), "10.1.0.0/16"),
        (&format!("network/interfaces/macs/{mac}/device-number"), "0"),
    ] {
        assert_eq!(lab.value(path), value, "{path}");
    }
    let other = lab.ask(11, "GET", "/latest/meta-data/local-ipv4", &[]);
    assert_eq!(other.body, b"10.1.0.11", "the other one, about itself");
    let (_, document) = lab.read("/latest/dynamic/instance-identity/document");
    assert!(document.contains("\"privateIp\" : \"10.1.0.10\",\n") && document.ends_with("\"version\" : \"2017-09-30\"\n}"), "{document}");
    assert!(document.contains("\"pendingTime\" : \"1970-01-01T00:00:00Z\""), "{document}");
}

#[test]
fn its_name_is_in_the_domain_of_the_dhcp_options() {
    let mut lab = lab();
    let mac = lab.interface(10).mac;
    for (domains, expected) in [
        (&["corp.example"][..], "ip-10-1-0-10.corp.example"),
        (&["corp.example", "ec2.internal"], "ip-10-1-0-10.corp.example ec2.internal"),
        (&[], "ip-10-1-0-10.ec2.internal"),
    ] {
        let vpc = lab.snapshot.resolve(lab.interface(10).vpc).clone();
        lab.change(|draft, _| {
            let id = Id::from_digits(IdDigits::from_random(1));
            draft.put(DhcpOptions {
                id,
                scope: vpc.scope,
                domain_names: domains.iter().map(|domain| domain.parse().unwrap()).collect(),
                domain_name_servers: Vec::new(),
                ntp_servers: Vec::new(),
                netbios_name_servers: Vec::new(),
                netbios_node_type: None,
            });
            draft.update(vpc.id, |vpc| vpc.dhcp_options = Some(id));
        });
        for path in ["hostname", "local-hostname", &format!("network/interfaces/macs/{mac}/local-hostname")] {
            assert_eq!(lab.value(path), expected, "{path}");
        }
    }
    let vpc = lab.interface(10).vpc;
    lab.change(|draft, _| draft.update(vpc, |vpc| vpc.dhcp_options = None));
    assert_eq!(lab.value("hostname"), "ip-10-1-0-10.ec2.internal", "a VPC without options");
}

#[test]
fn what_was_given_at_launch_is_there() {
    let mut lab = lab();
    lab.options(|instance| {
        instance.user_data = Some(UserData::new(*b"\0#!/bin/sh\n").unwrap());
        instance.key = Some(LaunchKey { name: "mine".to_owned(), public_key: "ssh-ed25519 AAAA mine".to_owned() });
    });
    let data = lab.ask(10, "GET", "/latest/user-data", &[]);
    assert_eq!((data.content_type, data.body.as_slice()), ("application/octet-stream", b"\0#!/bin/sh\n".as_slice()));
    assert_eq!(lab.read("/latest/").1, "dynamic\nmeta-data\nuser-data");
    assert_eq!((lab.value("public-keys/"), lab.value("public-keys/0/")), ("0=mine".to_owned(), "openssh-key".to_owned()));
    assert_eq!(lab.value("public-keys/0/openssh-key"), "ssh-ed25519 AAAA mine");
}

/// 9.6.6: an association is there as soon as it is published, and gone with it.
#[test]
fn a_public_address_comes_and_goes() {
    let mut lab = lab();
    assert_eq!(lab.read("/latest/meta-data/public-ipv4").0, 404);
    let interface = lab.interface(10).id;
    let public_ip = "198.18.0.9".parse().unwrap();
    lab.change(|draft, _| draft.update(interface, |eni| eni.association = Some(model::Association { public_ip, elastic: None })));
    let mac = lab.interface(10).mac;
    assert_eq!(lab.value("public-ipv4"), "198.18.0.9");
    assert_eq!(lab.value(&format!("network/interfaces/macs/{mac}/ipv4-associations/198.18.0.9")), "10.1.0.10");
    assert_eq!(lab.read("/latest/meta-data/public-hostname").0, 404, "the VPC gives no names");
    let vpc = lab.interface(10).vpc;
    lab.change(|draft, _| draft.update(vpc, |vpc| vpc.enable_dns_hostnames = true));
    assert_eq!(lab.value("public-hostname"), "ec2-198-18-0-9.compute-1.amazonaws.com");
    lab.change(|draft, _| draft.update(interface, |eni| eni.association = None));
    assert_eq!(lab.read("/latest/meta-data/public-ipv4").0, 404);
}

#[test]
fn tags_are_told_if_they_may_be() {
    let mut lab = lab();
    lab.change(|draft, id| {
        let tags = [("Name", "web"), ("a/b", "no path")].map(|(key, value)| (key.to_owned(), value.to_owned())).into();
        let scope = draft.resolve(id).scope;
        draft.put(TagSet { resource: id.into(), scope, tags });
    });
    assert_eq!(lab.read("/latest/meta-data/tags/instance/").0, 404);
    lab.options(|instance| instance.metadata_options.instance_metadata_tags = Switch::Enabled);
    assert_eq!((lab.value("tags/instance"), lab.value("tags/instance/Name")), ("Name".to_owned(), "web".to_owned()));
}

#[test]
fn pushed_keys_are_there_for_a_minute() {
    let mut lab = lab();
    assert_eq!(lab.read("/latest/meta-data/managed-ssh-keys/active-keys/ec2-user/").0, 404);
    lab.options(|instance| {
        for (public_key, pushed) in [("ssh-rsa ONE", NOW), ("ssh-rsa TWO", NOW.plus_millis(30_000))] {
            let (user, request_id) = ("ec2-user".to_owned(), "r-1".to_owned());
            instance.instance_connect_keys.push(InstanceConnectKey { user, public_key: public_key.to_owned(), pushed, request_id });
        }
    });
    let id = lab.instance();
    let block = |expires, key| format!("#Timestamp={expires}\n#Instance={id}\n#Request=r-1\n{key}\n");
    let path = "managed-ssh-keys/active-keys/ec2-user/";
    assert_eq!(lab.value(path), format!("{}\n{}", block(1_800_000_060, "ssh-rsa ONE"), block(1_800_000_090, "ssh-rsa TWO")));
    assert_eq!(lab.value("managed-ssh-keys/active-keys"), "ec2-user");
    lab.now = NOW.plus_millis(60_000);
    assert_eq!(lab.value(path), block(1_800_000_090, "ssh-rsa TWO"));
    lab.now = NOW.plus_millis(90_000);
    assert_eq!(lab.read(&format!("/latest/meta-data/{path}")).0, 404);
}

/// Rule 9.6.1, in its order.
#[test]
fn a_session_needs_a_ttl_and_no_proxy() {
    let lab = lab();
    let ttl = "x-aws-ec2-metadata-token-ttl-seconds";
    for (headers, status) in [
        (vec![], 400),
        (vec![(ttl, "")], 400),
        (vec![(ttl, "0")], 400),
        (vec![(ttl, "-1")], 400),
        (vec![(ttl, "21601")], 400),
        (vec![(ttl, "a minute")], 400),
        (vec![(ttl, "1")], 200),
        (vec![(ttl, "21600")], 200),
        (vec![(ttl, "60"), ("x-forwarded-for", "10.0.0.1")], 403),
    ] {
        assert_eq!(lab.ask(10, "PUT", "/latest/api/token", &headers).status, status, "{headers:?}");
    }
    let session = lab.token("60").session.unwrap();
    assert_eq!((session.seconds, session.hop_limit), (60, 1));
    assert_eq!(lab.ask(10, "GET", "/latest/api/token", &[]).status, 405);
    assert_eq!(lab.ask(10, "PUT", "/latest/meta-data/", &[(ttl, "60")]).status, 405);
    assert_eq!(lab.ask(10, "POST", "/latest/meta-data/", &[]).status, 405);
    assert_eq!(lab.ask(10, "HEAD", "/latest/meta-data/", &[]).status, 200);
}

#[test]
fn a_token_lets_its_instance_in_while_it_lasts() {
    let mut lab = lab();
    let token = String::from_utf8(lab.token("60").body).unwrap();
    for tokens in [HttpTokens::Optional, HttpTokens::Required] {
        lab.options(|instance| instance.metadata_options.http_tokens = tokens);
        assert_eq!(lab.status_with(10, &token), 200);
        assert_eq!(lab.status_with(10, "nonsense"), 401);
        assert_eq!(lab.status_with(11, &token), 401, "it is another's");
        assert_eq!(lab.read("/latest/meta-data/").0, if tokens == HttpTokens::Required { 401 } else { 200 });
    }
    lab.now = NOW.plus_millis(60_000);
    assert_eq!(lab.status_with(10, &token), 401);
}

#[test]
fn a_disabled_service_tells_nothing() {
    let mut lab = lab();
    let token = String::from_utf8(lab.token("60").body).unwrap();
    lab.options(|instance| instance.metadata_options.http_endpoint = Switch::Disabled);
    assert_eq!((lab.read("/latest/").0, lab.token("60").status, lab.status_with(10, &token)), (403, 403, 403));
}

proptest! {
    /// Guests send what they like.
    #[test]
    fn any_request_is_answered(method in "[A-Z]{0,5}|GET|PUT", path in "(/(latest|meta-data|network|[^/]{0,8})){0,6}/?", value in "\\PC{0,80}") {
        let headers = [("x-aws-ec2-metadata-token", value.as_str()), ("x-aws-ec2-metadata-token-ttl-seconds", value.as_str())];
        let lab = lab();
        for headers in [&headers[..], &headers[1..]] {
            let status = lab.ask(10, &method, &path, headers).status;
            prop_assert!([200, 400, 401, 404, 405].contains(&status), "{}", status);
        }
    }
}
