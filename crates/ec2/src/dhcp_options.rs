//! DHCP option set: what the DHCP server of a VPC tells guests besides their addresses.
//!
//! A set is never changed, and a VPC has one or none. VPCs are born with the default set of their account and region, which
//! may be deleted as any other once no VPC has it: the next VPC brings a new one.
//! <https://docs.aws.amazon.com/vpc/latest/userguide/DHCPOptionSetConcepts.html>,
//! <https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_CreateDhcpOptions.html>

use std::fmt::{self, Display};
use std::net::{Ipv4Addr, Ipv6Addr};

use model::{AccountId, AccountRegion, DhcpOptionsId, Draft, Id, IdDigits, IdKind, NameServer, NetbiosNodeType, Scope, VpcId, dns_name};
use serde::{Deserialize, Serialize};

use crate::describe::Describe;
use crate::digest::fnv1a;
use crate::edit::Edit;
use crate::error::Error;
use crate::filter::{FilterName, Tagged, values};
use crate::operations::{Change, Done};
use crate::quota;
use crate::tag::{Tag, pairs};
use crate::view::View;

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct CreateDhcpOptions {
    dhcp_configuration: Vec<NewConfiguration>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct NewConfiguration {
    key: String,
    value: Vec<String>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct CreateDhcpOptionsAnswer {
    dhcp_options: DhcpOptions,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct AssociateDhcpOptions {
    dhcp_options_id: String,
    vpc_id: VpcId,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct DescribeDhcpOptions {
    #[serde(default)]
    dhcp_options_id: Vec<DhcpOptionsId>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct DeleteDhcpOptions {
    dhcp_options_id: DhcpOptionsId,
}

impl Change for CreateDhcpOptions {
    type Answer = CreateDhcpOptionsAnswer;
    const TAGS: &'static [IdKind] = &[IdKind::DhcpOptionsId];

    fn apply(&self, edit: &mut Edit<'_, '_>) -> Result<Self::Answer, Error> {
        let mut options = none(edit.scope, edit.new_id());
        for (at, configuration) in self.dhcp_configuration.iter().enumerate() {
            if self.dhcp_configuration[..at].iter().any(|earlier| earlier.key == configuration.key) {
                return Err(Error::value("dhcpConfiguration", &configuration.key, "The option appears more than once."));
            }
            configuration.add_to(&mut options)?;
        }
        quota::DHCP_OPTIONS.admit(edit.view().all::<model::DhcpOptions>().count() + 1)?;
        edit.create(options.clone());
        Ok(CreateDhcpOptionsAnswer { dhcp_options: DhcpOptions::new(&options, edit.view()) })
    }
}

impl Change for AssociateDhcpOptions {
    type Answer = Done;

    fn apply(&self, edit: &mut Edit<'_, '_>) -> Result<Done, Error> {
        let options = match self.dhcp_options_id.as_str() {
            NONE => None,
            id => {
                let id: DhcpOptionsId = id.parse().map_err(|_| Error::malformed_id(IdKind::DhcpOptionsId, id.to_owned()))?;
                Some(edit.find(id)?.id)
            }
        };
        let vpc = edit.find(self.vpc_id)?.id;
        edit.draft.update(vpc, |vpc| vpc.dhcp_options = options);
        Ok(Done)
    }
}

impl Describe for DescribeDhcpOptions {
    type Item = DhcpOptions;
    const SET: &'static str = "dhcpOptionsSet";
    const FILTERS: &'static [FilterName<DhcpOptions>] = FILTERS;

    fn items(&self, view: View<'_>) -> Result<Vec<DhcpOptions>, Error> {
        Ok(view.named(&self.dhcp_options_id)?.into_iter().map(|options| DhcpOptions::new(options, view)).collect())
    }

    fn key(options: &DhcpOptions) -> String {
        options.dhcp_options_id.to_string()
    }
}

impl Change for DeleteDhcpOptions {
    type Answer = Done;

    fn apply(&self, edit: &mut Edit<'_, '_>) -> Result<Done, Error> {
        let options = edit.find(self.dhcp_options_id)?.id;
        if edit.view().all::<model::Vpc>().any(|vpc| vpc.dhcp_options == Some(options)) {
            return Err(Error::dependencies(options));
        }
        edit.draft.remove(options);
        Ok(Done)
    }
}

const FILTERS: &[FilterName<DhcpOptions>] = &[
    ("dhcp-options-id", |options| values([options.dhcp_options_id])),
    ("key", |options| values(options.dhcp_configuration_set.iter().map(|configuration| configuration.key))),
    ("owner-id", |options| values([options.owner_id])),
    ("value", |options| values(options.dhcp_configuration_set.iter().flat_map(|configuration| &configuration.value_set).map(|item| &item.value))),
];

/// A DHCP option set as answers have it.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct DhcpOptions {
    dhcp_options_id: DhcpOptionsId,
    owner_id: AccountId,
    dhcp_configuration_set: Vec<Configuration>,
    tag_set: Vec<Tag>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Configuration {
    key: &'static str,
    value_set: Vec<Value>,
}

#[derive(Serialize)]
struct Value {
    value: String,
}

impl DhcpOptions {
    fn new(options: &model::DhcpOptions, view: View<'_>) -> Self {
        // Several domains are one value with spaces.
        let domains = options.domain_names.iter().map(|name| name.as_str()).collect::<Vec<_>>().join(" ");
        let domain_name = if domains.is_empty() { Vec::new() } else { vec![domains] };
        let dhcp_configuration_set = [
            (DOMAIN_NAME, domain_name),
            (DOMAIN_NAME_SERVERS, values(&options.domain_name_servers)),
            (NETBIOS_NAME_SERVERS, values(&options.netbios_name_servers)),
            (NETBIOS_NODE_TYPE, values(options.netbios_node_type.map(NetbiosNodeType::number))),
            (NTP_SERVERS, values(&options.ntp_servers)),
        ];
        let given = dhcp_configuration_set.into_iter().filter(|(_, values)| !values.is_empty());
        let configuration =
            |(key, values): (_, Vec<String>)| Configuration { key, value_set: values.into_iter().map(|value| Value { value }).collect() };
        Self {
            dhcp_options_id: options.id,
            owner_id: options.scope.account,
            dhcp_configuration_set: given.map(configuration).collect(),
            tag_set: view.tags(options.id),
        }
    }
}

impl Tagged for DhcpOptions {
    fn tags(&self) -> Vec<(&str, &str)> {
        pairs(&self.tag_set)
    }
}

/// What a VPC without options has for their id, and is given for one to have none.
const NONE: &str = "default";

/// The options of a VPC, as it tells them.
#[derive(Clone, Copy)]
pub(crate) struct Associated(pub Option<DhcpOptionsId>);

impl Display for Associated {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            Some(options) => options.fmt(f),
            None => f.write_str(NONE),
        }
    }
}

impl Serialize for Associated {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

const DOMAIN_NAME: &str = "domain-name";
const DOMAIN_NAME_SERVERS: &str = "domain-name-servers";
const NETBIOS_NAME_SERVERS: &str = "netbios-name-servers";
const NETBIOS_NODE_TYPE: &str = "netbios-node-type";
const NTP_SERVERS: &str = "ntp-servers";
/// AWS's for subnets with IPv6.
const IPV6_LEASE_TIME: &str = "ipv6-address-preferred-lease-time";

/// How many servers of a kind there may be.
const SERVERS: usize = 4;

impl NewConfiguration {
    fn add_to(&self, options: &mut model::DhcpOptions) -> Result<(), Error> {
        match self.key.as_str() {
            DOMAIN_NAME => {
                let names: Result<_, _> = self.sole()?.split(' ').filter(|name| !name.is_empty()).map(str::parse).collect();
                options.domain_names = names.map_err(|error| self.refuse(error))?;
                // What DHCP can carry (RFC 2132, section 2).
                if options.domain_names.is_empty() || self.sole()?.len() > 255 {
                    return Err(self.refuse("It is not a domain name."));
                }
            }
            DOMAIN_NAME_SERVERS => options.domain_name_servers = self.servers::<NameServer>()?,
            NETBIOS_NAME_SERVERS => options.netbios_name_servers = self.servers::<Ipv4Addr>()?,
            NETBIOS_NODE_TYPE => {
                let kind = self.sole()?.parse::<u8>().ok().and_then(|number| NetbiosNodeType::try_from(number).ok());
                options.netbios_node_type = Some(kind.ok_or_else(|| self.refuse("It is one of 1, 2, 4 and 8."))?);
            }
            NTP_SERVERS => options.ntp_servers = self.servers::<Ipv4Addr>()?,
            IPV6_LEASE_TIME => return Err(self.unsupported(self.sole()?)),
            _ => return Err(Error::value("dhcpConfiguration", &self.key, "Unknown DHCP option.")),
        }
        Ok(())
    }

    fn sole(&self) -> Result<&str, Error> {
        match self.value.as_slice() {
            [value] => Ok(value),
            _ => Err(self.refuse("The option has one value.")),
        }
    }

    fn servers<T: std::str::FromStr>(&self) -> Result<Vec<T>, Error> {
        if self.value.len() > SERVERS {
            return Err(self.refuse("The option has up to four values."));
        }
        if let Some(address) = self.value.iter().find(|value| value.parse::<Ipv6Addr>().is_ok()) {
            return Err(self.unsupported(address));
        }
        let parsed = self.value.iter().map(|value| value.parse().map_err(|_| Error::value(&self.key, value, "It is not an IP address.")));
        parsed.collect()
    }

    fn refuse(&self, reason: impl Display) -> Error {
        Error::value(&self.key, self.value.join(","), &reason.to_string())
    }

    fn unsupported(&self, value: &str) -> Error {
        Error::UnsupportedParameter { parameter: self.key.clone(), value: value.to_owned() }
    }
}

/// The set that a new VPC is born with, which is made if it is not there.
pub(crate) fn of_new_vpc(edit: &mut Edit<'_, '_>) -> DhcpOptionsId {
    let newest = edit.draft.get(edit.scope).and_then(|region| region.default_dhcp_options);
    match newest {
        Some(id) if edit.draft.get(id).is_some() => id,
        Some(_) => {
            let id = edit.new_id();
            put_default(edit.scope, id, &mut edit.draft)
        }
        None => put_default(edit.scope, first_default(edit.scope), &mut edit.draft),
    }
}

/// Gives the VPCs of states of before there were option sets the default ones.
pub(crate) fn give_defaults(draft: &mut Draft) {
    let without = |region: &&AccountRegion| region.default_dhcp_options.is_none();
    let scopes: Vec<Scope> = draft.all::<AccountRegion>().filter(without).map(|region| region.scope).collect();
    for scope in scopes {
        let options = put_default(scope, first_default(scope), draft);
        let vpcs: Vec<VpcId> = draft.in_scope::<model::Vpc>(scope).filter(|vpc| vpc.dhcp_options.is_none()).map(|vpc| vpc.id).collect();
        for vpc in vpcs {
            draft.update(vpc, |vpc| vpc.dhcp_options = Some(options));
        }
    }
}

/// The id of the first one. It is made from where it is: everybody who looks must see the same, although nothing is stored yet.
fn first_default(scope: Scope) -> DhcpOptionsId {
    DhcpOptionsId::from_digits(IdDigits::from_random(fnv1a(&scope.to_string())))
}

fn put_default(scope: Scope, id: DhcpOptionsId, draft: &mut Draft) -> DhcpOptionsId {
    let domain = dns_name::private_domain(scope.region).parse().into_iter().collect();
    draft.put(model::DhcpOptions { domain_names: domain, domain_name_servers: vec![NameServer::AmazonProvided], ..none(scope, id) });
    let region = draft.get(scope).cloned().unwrap_or_else(|| AccountRegion::new(scope));
    draft.put(AccountRegion { default_dhcp_options: Some(id), ..region });
    id
}

fn none(scope: Scope, id: DhcpOptionsId) -> model::DhcpOptions {
    model::DhcpOptions {
        id,
        scope,
        domain_names: Vec::new(),
        domain_name_servers: Vec::new(),
        ntp_servers: Vec::new(),
        netbios_name_servers: Vec::new(),
        netbios_node_type: None,
    }
}
