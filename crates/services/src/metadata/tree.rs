//! All that an instance is told, as one tree.

use model::dns_name::own_name;
use model::{Instance, NetworkInterface, Snapshot, Switch, TagSetKey, Timestamp};

use super::interfaces;
use super::listing::{Folder, Node};

/// The versions that AWS lists; clients ask for the one that they were written for.
const VERSIONS: &[&str] = &[
    "1.0",
    "2007-01-19",
    "2007-03-01",
    "2007-08-29",
    "2007-10-10",
    "2007-12-15",
    "2008-02-01",
    "2008-09-01",
    "2009-04-04",
    "2011-01-01",
    "2011-05-01",
    "2012-01-12",
    "2014-02-25",
    "2014-11-05",
    "2015-10-20",
    "2016-04-19",
    "2016-06-30",
    "2016-09-02",
    "2018-03-28",
    "2018-08-17",
    "2018-09-24",
    "2019-10-01",
    "2020-10-27",
    "2021-01-03",
    "2021-03-23",
    "2021-07-15",
    "2022-09-24",
    "latest",
];

/// What is behind the path.
pub(super) fn find(path: &[&str], snapshot: &Snapshot, instance: &Instance, now: Timestamp) -> Option<Node> {
    match path {
        [] => Some(Node::Leaf(VERSIONS.join("\n").into_bytes())),
        [version, rest @ ..] if VERSIONS.contains(version) => Node::from(Teller { snapshot, instance, now }.version()).find(rest),
        _ => None,
    }
}

struct Teller<'a> {
    snapshot: &'a Snapshot,
    instance: &'a Instance,
    now: Timestamp,
}

impl<'a> Teller<'a> {
    fn version(&self) -> Folder {
        let folder = Folder::default().entry("dynamic", "dynamic".to_owned(), self.dynamic().into()).entry(
            "meta-data",
            "meta-data".to_owned(),
            self.meta_data().into(),
        );
        match &self.instance.user_data {
            Some(data) => folder.entry("user-data", "user-data".to_owned(), Node::Binary(data.bytes().to_vec())),
            None => folder,
        }
    }

    fn primary(&self) -> Option<&'a NetworkInterface> {
        self.instance.interfaces.first().and_then(|&id| self.snapshot.get(id))
    }

    fn meta_data(&self) -> Folder {
        let (instance, primary) = (self.instance, self.primary());
        let own_name = primary.map(|interface| own_name(self.snapshot, interface));
        Folder::default()
            .text("ami-id", instance.image)
            .text("ami-launch-index", instance.launch_index)
            .maybe("hostname", own_name.as_ref())
            .text("instance-action", "none")
            .text("instance-id", instance.id)
            .text("instance-life-cycle", "on-demand")
            .text("instance-type", instance.instance_type)
            .maybe("local-hostname", own_name.as_ref())
            .maybe("local-ipv4", primary.map(|interface| interface.private_ip))
            .maybe("mac", primary.map(|interface| interface.mac))
            .folder("managed-ssh-keys", Folder::default().folder("active-keys", self.active_keys()))
            .folder("network", Folder::default().folder("interfaces", Folder::default().folder("macs", self.macs())))
            .folder("placement", self.placement())
            .maybe("public-hostname", primary.and_then(|interface| interfaces::public_name(self.snapshot, interface)))
            .maybe("public-ipv4", primary.and_then(NetworkInterface::public_ip))
            .folder("public-keys", self.public_keys())
            .text("reservation-id", instance.reservation)
            .lines("security-groups", primary.into_iter().flat_map(|interface| interfaces::group_names(self.snapshot, interface)))
            .folder("services", Folder::default().text("domain", "amazonaws.com").text("partition", "aws"))
            .folder("tags", Folder::default().folder("instance", self.tags()))
    }

    fn macs(&self) -> Folder {
        let interfaces = self.instance.interfaces.iter().filter_map(|&id| self.snapshot.get(id));
        interfaces.fold(Folder::default(), |macs, interface| macs.folder(&interface.mac.to_string(), interfaces::folder(self.snapshot, interface)))
    }

    fn placement(&self) -> Folder {
        let zone = self.instance.zone;
        Folder::default().text("availability-zone", zone).text("availability-zone-id", zone.id()).text("region", zone.region())
    }

    /// The key pair of the launch, by number; its listing tells its name.
    fn public_keys(&self) -> Folder {
        match &self.instance.key {
            Some(key) => {
                let formats = Folder::default().text("openssh-key", &key.public_key);
                Folder::default().entry("0", format!("0={}", key.name), formats.into())
            }
            None => Folder::default(),
        }
    }

    /// What EC2 Instance Connect pushed, by user, as its agent reads it: the moment is that from which the key is worth
    /// nothing. There are no signatures, for only Amazon could make them.
    fn active_keys(&self) -> Folder {
        let keys = &self.instance.instance_connect_keys;
        let mut users: Vec<&str> = keys.active(self.now).map(|key| key.user.as_str()).collect();
        users.sort_unstable();
        users.dedup();
        users.into_iter().fold(Folder::default(), |folder, user| {
            let blocks = keys.of(user, self.now).map(|key| {
                let (expires, instance) = (key.expires().0 / 1000, self.instance.id);
                format!("#Timestamp={expires}\n#Instance={instance}\n#Request={}\n{}\n", key.request_id, key.public_key.trim_end())
            });
            folder.lines(user, blocks)
        })
    }

    /// AWS lets nobody tag an instance with a key that is no part of a path while they are told.
    fn tags(&self) -> Folder {
        let instance = self.instance;
        if instance.metadata_options.instance_metadata_tags == Switch::Disabled {
            return Folder::default();
        }
        let set = self.snapshot.get(TagSetKey { resource: instance.id.into(), scope: instance.scope });
        let tags = set.into_iter().flat_map(|set| &set.tags).filter(|(key, _)| !key.contains('/') && !key.contains(char::is_whitespace));
        tags.fold(Folder::default(), |folder, (key, value)| folder.text(key, value))
    }

    fn dynamic(&self) -> Folder {
        let folder = Folder::default().text("document", self.identity_document());
        Folder::default().folder("instance-identity", folder)
    }

    /// <https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/instance-identity-documents.html>
    fn identity_document(&self) -> String {
        let instance = self.instance;
        let launched = jiff::Timestamp::from_millisecond(instance.launch_time.0).unwrap_or_default().strftime("%Y-%m-%dT%H:%M:%SZ");
        let text = |value: &dyn std::fmt::Display| format!("\"{value}\"");
        let null = || "null".to_owned();
        let members = [
            ("accountId", text(&instance.scope.account)),
            ("architecture", text(&"x86_64")),
            ("availabilityZone", text(&instance.zone)),
            ("billingProducts", null()),
            ("devpayProductCodes", null()),
            ("marketplaceProductCodes", null()),
            ("imageId", text(&instance.image)),
            ("instanceId", text(&instance.id)),
            ("instanceType", text(&instance.instance_type)),
            ("kernelId", null()),
            ("pendingTime", text(&launched)),
            ("privateIp", self.primary().map_or_else(null, |interface| text(&interface.private_ip))),
            ("ramdiskId", null()),
            ("region", text(&instance.scope.region)),
            ("version", text(&"2017-09-30")),
        ];
        let lines: Vec<String> = members.iter().map(|(name, value)| format!("  \"{name}\" : {value}")).collect();
        format!("{{\n{}\n}}", lines.join(",\n"))
    }
}
