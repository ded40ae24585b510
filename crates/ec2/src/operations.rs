//! All operations, in one table. Dispatch and everything that lists operations come from it.

use serde::de::DeserializeOwned;
use serde::ser::{Serialize, SerializeStruct, Serializer};

use crate::call::Ctx;
use crate::client_token::{self, ClientToken};
use crate::describe::{self, Describe};
use crate::edit::Edit;
use crate::error::Error;
use crate::filter::{self, FilterNames, Filters};
use crate::page::{self, Page};
use crate::reply::Service;
use crate::tag_specification::{self, TagSpecifications};
use crate::view::View;
use crate::wire::form::Form;
use crate::wire::{json, outline, query, xml};

/// An operation that only reads.
pub(crate) trait Read: DeserializeOwned + Send + Sync + 'static {
    /// What it answers.
    type Answer: Serialize;
    /// Parameters without effect, as [`query::read`] has them.
    const INERT: &'static [&'static str] = &[];

    /// Answers.
    fn read(&self, view: View<'_>) -> Result<Self::Answer, Error>;
}

/// An operation that reads what is no part of the state.
pub(crate) trait Look: DeserializeOwned + Send + Sync + 'static {
    /// What it answers.
    type Answer: Serialize;

    /// Answers.
    fn look(&self, view: View<'_>, ctx: &Ctx<'_>) -> Result<Self::Answer, Error>;
}

/// An operation that changes something.
pub(crate) trait Change: DeserializeOwned + Send + Sync + 'static {
    /// What it answers.
    type Answer: Serialize;
    /// The kinds of resource that its tag specifications may be for.
    const TAGS: &'static [model::IdKind] = &[];
    /// Parameters without effect, as [`query::read`] has them.
    const INERT: &'static [&'static str] = &[];

    /// Whether it takes a client token: `client_token` has the rest.
    const IDEMPOTENT: bool = false;

    /// Refuses to be repeated under a client token, when what the first call made is no more.
    fn check_repetition(_token: &str, _view: View<'_>) -> Result<(), Error> {
        Ok(())
    }

    /// Changes and answers. What it did before it refuses is forgotten.
    fn apply(&self, edit: &mut Edit<'_, '_>) -> Result<Self::Answer, Error>;
}

/// The answer `<return>true</return>`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Done;

impl Serialize for Done {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut fields = serializer.serialize_struct("Done", 1)?;
        fields.serialize_field("return", &true)?;
        fields.end()
    }
}

/// An operation with its parameters, waiting for a state; it answers with the elements of its reply.
pub(crate) enum Prepared {
    Read(Reading),
    Look(Looking),
    Change(Changing),
}

type Reading = Box<dyn Fn(View<'_>) -> Result<String, Error> + Send + Sync>;
type Looking = Box<dyn Fn(View<'_>, &Ctx<'_>) -> Result<String, Error> + Send + Sync>;
type Changing = Box<dyn Fn(&mut Edit<'_, '_>) -> Result<String, Error> + Send + Sync>;

/// A row of the table.
pub(crate) struct Operation {
    pub name: &'static str,
    pub service: Service,
    pub handler: Handler,
}

/// What makes an operation of a form, and what it takes.
pub(crate) struct Handler {
    pub prepare: Prepare,
    pub parameters: fn() -> Vec<String>,
    pub inert: &'static [&'static str],
    pub filters: fn() -> FilterNames,
}

/// How the parameters of an operation are read: its protocol.
#[derive(Clone, Copy)]
pub(crate) enum Prepare {
    /// Of a form, by the operation's name.
    Query(fn(&str, &mut Form) -> Result<Prepared, Error>),
    Json(fn(&[u8]) -> Result<Prepared, Error>),
}

impl Prepare {
    /// Reads a form.
    pub fn form(self, name: &str, form: &mut Form) -> Result<Prepared, Error> {
        match self {
            Prepare::Query(read) => read(name, form),
            Prepare::Json(_) => Err(Error::Internal),
        }
    }

    /// Reads a body in JSON.
    pub fn json(self, body: &[u8]) -> Result<Prepared, Error> {
        match self {
            Prepare::Query(_) => Err(Error::Internal),
            Prepare::Json(read) => read(body),
        }
    }
}

/// The names of all operations that are there, in alphabetical order within each service.
pub fn operations() -> impl Iterator<Item = &'static str> {
    OPERATIONS.iter().map(|operation| operation.name)
}

/// The operation of that name.
pub(crate) fn find(service: Service, name: &str) -> Option<&'static Operation> {
    OPERATIONS.iter().find(|operation| operation.service == service && operation.name == name)
}

macro_rules! operations {
    ($($service:ident { $($kind:ident $module:ident::$name:ident;)* })*) => {
        pub(crate) const OPERATIONS: &[Operation] = &[
            $($(Operation { name: stringify!($name), service: Service::$service, handler: $kind::<crate::$module::$name>() },)*)*
        ];
    };
}

operations! {
    Ec2 {
        change vpc_peering_connection::AcceptVpcPeeringConnection;
        change elastic_ip::AllocateAddress;
        change address_association::AssociateAddress;
        change dhcp_options::AssociateDhcpOptions;
        change route_table_association::AssociateRouteTable;
        change vpc_cidr_block::AssociateVpcCidrBlock;
        change internet_gateway::AttachInternetGateway;
        change security_group_rule::AuthorizeSecurityGroupEgress;
        change security_group_rule::AuthorizeSecurityGroupIngress;
        change default_vpc::CreateDefaultSubnet;
        change default_vpc::CreateDefaultVpc;
        change dhcp_options::CreateDhcpOptions;
        change instance_connect_endpoint::CreateInstanceConnectEndpoint;
        change internet_gateway::CreateInternetGateway;
        change key_pair::CreateKeyPair;
        change network_acl::CreateNetworkAcl;
        change network_acl_entry::CreateNetworkAclEntry;
        change network_insights_path::CreateNetworkInsightsPath;
        change route::CreateRoute;
        change route_table::CreateRouteTable;
        change security_group::CreateSecurityGroup;
        change subnet::CreateSubnet;
        change tag::CreateTags;
        change vpc::CreateVpc;
        change vpc_peering_connection::CreateVpcPeeringConnection;
        change dhcp_options::DeleteDhcpOptions;
        change instance_connect_endpoint::DeleteInstanceConnectEndpoint;
        change internet_gateway::DeleteInternetGateway;
        change key_pair::DeleteKeyPair;
        change network_acl::DeleteNetworkAcl;
        change network_acl_entry::DeleteNetworkAclEntry;
        change network_insights_analysis::DeleteNetworkInsightsAnalysis;
        change network_insights_path::DeleteNetworkInsightsPath;
        change route::DeleteRoute;
        change route_table::DeleteRouteTable;
        change security_group::DeleteSecurityGroup;
        change subnet::DeleteSubnet;
        change tag::DeleteTags;
        change vpc::DeleteVpc;
        change vpc_peering_connection::DeleteVpcPeeringConnection;
        change image::DeregisterImage;
        read account_attribute::DescribeAccountAttributes;
        describe elastic_ip::DescribeAddresses;
        read elastic_ip::DescribeAddressesAttribute;
        describe place::DescribeAvailabilityZones;
        describe dhcp_options::DescribeDhcpOptions;
        describe iam_instance_profile::DescribeIamInstanceProfileAssociations;
        describe image::DescribeImages;
        read instance_attribute::DescribeInstanceAttribute;
        describe instance_connect_endpoint::DescribeInstanceConnectEndpoints;
        describe credit_specification::DescribeInstanceCreditSpecifications;
        describe instance_status::DescribeInstanceStatus;
        describe instance_type::DescribeInstanceTypeOfferings;
        describe instance_type::DescribeInstanceTypes;
        describe instance::DescribeInstances;
        describe internet_gateway::DescribeInternetGateways;
        describe key_pair::DescribeKeyPairs;
        describe launch_template::DescribeLaunchTemplates;
        describe network_acl::DescribeNetworkAcls;
        describe network_insights_analysis::DescribeNetworkInsightsAnalyses;
        describe network_insights_path::DescribeNetworkInsightsPaths;
        read network_interface_attribute::DescribeNetworkInterfaceAttribute;
        describe network_interface::DescribeNetworkInterfaces;
        describe place::DescribeRegions;
        describe route_table::DescribeRouteTables;
        read security_group_reference::DescribeSecurityGroupReferences;
        describe security_group_rule::DescribeSecurityGroupRules;
        describe security_group::DescribeSecurityGroups;
        describe security_group_reference::DescribeStaleSecurityGroups;
        describe subnet::DescribeSubnets;
        describe tag::DescribeTags;
        describe volume::DescribeVolumes;
        read vpc::DescribeVpcAttribute;
        describe vpc_peering_connection::DescribeVpcPeeringConnections;
        describe vpc::DescribeVpcs;
        change internet_gateway::DetachInternetGateway;
        change serial_console::DisableSerialConsoleAccess;
        change address_association::DisassociateAddress;
        change route_table_association::DisassociateRouteTable;
        change vpc_cidr_block::DisassociateVpcCidrBlock;
        change serial_console::EnableSerialConsoleAccess;
        look console_output::GetConsoleOutput;
        read credit_specification::GetDefaultCreditSpecification;
        describe security_group_for_vpc::GetSecurityGroupsForVpc;
        read serial_console::GetSerialConsoleAccessStatus;
        change key_pair::ImportKeyPair;
        change instance_attribute::ModifyInstanceAttribute;
        change metadata_options::ModifyInstanceMetadataOptions;
        change network_interface_attribute::ModifyNetworkInterfaceAttribute;
        change security_group_rule_update::ModifySecurityGroupRules;
        change subnet::ModifySubnetAttribute;
        change vpc::ModifyVpcAttribute;
        change vpc_peering_connection_options::ModifyVpcPeeringConnectionOptions;
        change instance::RebootInstances;
        change vpc_peering_connection::RejectVpcPeeringConnection;
        change elastic_ip::ReleaseAddress;
        change network_acl_association::ReplaceNetworkAclAssociation;
        change network_acl_entry::ReplaceNetworkAclEntry;
        change route::ReplaceRoute;
        change route_table_association::ReplaceRouteTableAssociation;
        change security_group_rule::RevokeSecurityGroupEgress;
        change security_group_rule::RevokeSecurityGroupIngress;
        change run_instances::RunInstances;
        change instance::StartInstances;
        change network_insights_analysis::StartNetworkInsightsAnalysis;
        change instance::StopInstances;
        change instance::TerminateInstances;
        change security_group_rule_update::UpdateSecurityGroupRuleDescriptionsEgress;
        change security_group_rule_update::UpdateSecurityGroupRuleDescriptionsIngress;
    }
    InstanceConnect {
        change_json instance_connect::SendSSHPublicKey;
    }
    Sts {
        read sts::GetCallerIdentity;
    }
}

const fn read<R: Read>() -> Handler {
    Handler {
        prepare: Prepare::Query(|_, form| {
            let operation: R = query::read(form, R::INERT)?;
            Ok(Prepared::Read(Box::new(move |view| Ok(xml::content(&operation.read(view)?)))))
        }),
        parameters: outline::of::<R>,
        inert: R::INERT,
        filters: FilterNames::default,
    }
}

const fn look<L: Look>() -> Handler {
    Handler {
        prepare: Prepare::Query(|_, form| {
            let operation: L = query::read(form, &[])?;
            Ok(Prepared::Look(Box::new(move |view, ctx| Ok(xml::content(&operation.look(view, ctx)?)))))
        }),
        parameters: outline::of::<L>,
        inert: &[],
        filters: FilterNames::default,
    }
}

const fn describe<D: Describe>() -> Handler {
    Handler {
        prepare: Prepare::Query(|_, form| {
            let filters = if D::FILTERED { Filters::take(form, D::FILTERS, D::ABSENT, D::TAGGED)? } else { Filters::none() };
            let page = Page::take(form, D::PAGES)?;
            let operation: D = query::read(form, D::INERT)?;
            operation.check(&page)?;
            Ok(Prepared::Read(Box::new(move |view| Ok(xml::content(&describe::list(&operation, &filters, &page, view)?)))))
        }),
        parameters: || [outline::of::<D>(), filter::parameters(D::FILTERED), page::parameters(D::PAGES)].concat(),
        inert: D::INERT,
        filters: || FilterNames::new(D::FILTERS, D::ABSENT, D::TAGGED),
    }
}

const fn change<C: Change>() -> Handler {
    Handler {
        prepare: Prepare::Query(|name, form| {
            let token = if C::IDEMPOTENT { ClientToken::take(name, form)? } else { None };
            let tags = TagSpecifications::take(form, C::TAGS)?;
            let operation: C = query::read(form, C::INERT)?;
            Ok(Prepared::Change(Box::new(move |edit| {
                let Some(token) = &token else {
                    edit.tags = tags.clone();
                    return Ok(xml::content(&operation.apply(edit)?));
                };
                if let Some(answer) = token.earlier(edit.view())? {
                    C::check_repetition(&token.text, edit.view())?;
                    return Ok(answer.to_owned());
                }
                (edit.tags, edit.client_token) = (tags.clone(), Some(token.text.clone()));
                let answer = xml::content(&operation.apply(edit)?);
                token.remember(&answer, edit);
                Ok(answer)
            })))
        }),
        parameters: || [outline::of::<C>(), tag_specification::parameters(C::TAGS), client_token::parameters(C::IDEMPOTENT)].concat(),
        inert: C::INERT,
        filters: FilterNames::default,
    }
}

const fn change_json<C: Change>() -> Handler {
    Handler {
        prepare: Prepare::Json(|body| {
            let operation: C = json::read(body)?;
            Ok(Prepared::Change(Box::new(move |edit| json::content(&operation.apply(edit)?))))
        }),
        parameters: outline::of::<C>,
        inert: C::INERT,
        filters: FilterNames::default,
    }
}
