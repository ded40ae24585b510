//! Why somebody is not connected: what AWS's page says, and under it what it does not say.

use std::net::IpAddr;

use model::internet::{LAPTOP, instance_connect, instance_connect_address};
use model::{Direction, Image, Instance, InstanceState, NetworkInterface, RouteTarget, SecurityGroupRule, Snapshot, Switch};
use semantics::{Endpoint, Explanation, Packet, Question, Service, Target, Transport, explain, routes};

use super::SSH;
use crate::control::{NotConnected, Via};

/// Why there is no session.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Failure {
    /// It could not even be tried.
    Unavailable(String),
    /// The instance is not up.
    NotRunning(InstanceState),
    /// Nobody on the internet can call it.
    NoPublicAddress,
    /// Its VPC has no endpoint.
    NoEndpoint,
    /// The API did not take the key.
    KeyRefused {
        /// AWS's code.
        code: &'static str,
        /// AWS's sentence.
        message: String,
    },
    /// Nothing came back.
    Silence,
    /// Nothing listens there.
    Refused,
    /// Whatever listens there does not speak SSH as it should.
    Broken(String),
    /// The SSH server did not let the user in.
    NotAdmitted {
        /// Whom.
        user: String,
    },
}

const NO_ADDRESS: &[&str] = &["No public IPv4 address assigned", "With no public IPv4 address, you can't use EC2 Instance Connect."];
const NOT_PUBLIC: &[&str] = &[
    "Instance is not in public subnet",
    "EC2 Instance Connect is unable to connect to your instance. Ensure your instance network settings are configured correctly for EC2 \
     Instance Connect.",
];
/// As the AWS CLI has it.
const NO_ENDPOINT: &[&str] = &["There are no available instance connect endpoints."];
const NO_CONNECTION: &[&str] = &["Failed to connect to your instance", "Error establishing SSH connection to your instance. Try again later."];

impl Failure {
    /// The words for it. `is_user` says whether there is such a user in the instance, if that is known.
    pub fn tell(&self, snapshot: &Snapshot, instance: &Instance, via: Via, is_user: Option<bool>) -> NotConnected {
        let primary = instance.interfaces.first().map(|&primary| snapshot.resolve(primary));
        let caller = primary.and_then(|primary| caller(snapshot, instance, primary, via));
        let explained = primary.zip(caller).and_then(|(primary, caller)| explained(snapshot, primary, caller));
        let rendered = || explained.as_ref().map(|explanation| Box::new(explanation.render(snapshot).into()));
        let said = |lines: &[&str]| lines.iter().map(|&line| line.to_owned()).collect();
        match self {
            Failure::Unavailable(reason) => NotConnected { said: Vec::new(), cause: reason.clone(), explanation: None },
            Failure::NotRunning(state) => {
                let remedy = match state {
                    InstanceState::Stopped => ": start it, and connect again",
                    InstanceState::Pending => ": try again when it is running",
                    _ => "",
                };
                NotConnected { said: said(NO_CONNECTION), cause: format!("{} is {state}{remedy}", instance.id), explanation: None }
            }
            Failure::NoPublicAddress => {
                let cause = format!(
                    "{} was launched with auto-assign public IP off: associate an Elastic IP with it, or launch another one with it on \
                     (without the network: peerless connect --via console)",
                    instance.id
                );
                NotConnected { said: said(NO_ADDRESS), cause, explanation: rendered() }
            }
            Failure::NoEndpoint => {
                let cause = primary.map_or_else(String::new, |primary| {
                    format!(
                        "{} has no EC2 Instance Connect Endpoint: aws ec2 create-instance-connect-endpoint --subnet-id {}",
                        primary.vpc, primary.subnet
                    )
                });
                NotConnected { said: said(NO_ENDPOINT), cause, explanation: None }
            }
            Failure::KeyRefused { code, message } => NotConnected {
                said: vec![format!("An error occurred ({code}): {message}")],
                cause: "the key was not pushed".to_owned(),
                explanation: None,
            },
            Failure::Silence => {
                let is_public = primary.is_some_and(|primary| is_public(snapshot, primary, instance_connect_address(instance.scope.region).into()));
                let obstacle = |explanation: &Explanation| match via {
                    Via::InstanceConnect => obstacle(snapshot, instance, explanation),
                    Via::Endpoint => obstacle_to_endpoint(snapshot, explanation),
                };
                let cause = explained
                    .as_ref()
                    .and_then(obstacle)
                    .unwrap_or_else(|| "the network lets it pass, and nothing inside answers: a firewall of the instance's own?".to_owned());
                NotConnected {
                    said: said(if is_public || via == Via::Endpoint { NO_CONNECTION } else { NOT_PUBLIC }),
                    cause,
                    explanation: rendered(),
                }
            }
            Failure::Refused => {
                let cause = format!("{} was reached, and nothing listens on its port {SSH}: its SSH server does not run", instance.id);
                NotConnected { said: said(NO_CONNECTION), cause, explanation: None }
            }
            Failure::Broken(reason) => {
                NotConnected { said: said(NO_CONNECTION), cause: format!("{} was reached: {reason}", instance.id), explanation: None }
            }
            Failure::NotAdmitted { user } => {
                let login = Image::login_of(snapshot, instance);
                let cause = match is_user {
                    Some(false) => format!("there is no user '{user}' in {}: people log in to its image as '{login}'", instance.id),
                    _ if instance.metadata_options.http_endpoint == Switch::Disabled => format!(
                        "the metadata of {} is turned off (HttpEndpoint=disabled), where its SSH server looks for the key that was pushed",
                        instance.id
                    ),
                    _ => format!("the SSH server of {} did not take the key that was pushed for '{user}'", instance.id),
                };
                NotConnected { said: said(NO_CONNECTION), cause, explanation: None }
            }
        }
    }
}

/// What AWS notes beside the button: that port 22 is open to everybody, if it is.
pub fn note(snapshot: &Snapshot, instance: &Instance, via: Via) -> Option<String> {
    if via == Via::Endpoint {
        return None;
    }
    let primary = snapshot.resolve(*instance.interfaces.first()?);
    let knock = knock(LAPTOP.into(), primary.private_ip.into());
    let to_all = |rule: &SecurityGroupRule| {
        matches!(rule.peer, model::RulePeer::Cidr(cidr) if cidr == model::Cidr::ALL_IPV4) && semantics::matches(&rule.traffic, &knock)
    };
    let range = instance_connect(instance.scope.region);
    let open = primary.groups.iter().any(|&group| snapshot.resolve(group).rules(Direction::Ingress).any(to_all));
    open.then(|| {
        format!(
            "Port 22 (SSH) is open to all IPv4 addresses. Consider restricting access to only the EC2 Instance Connect service IP addresses \
             for your Region: {range}"
        )
    })
}

fn knock(from: IpAddr, to: IpAddr) -> Packet {
    Packet::new(from, to, Transport::Tcp { source_port: 0, destination_port: SSH })
}

fn explained(snapshot: &Snapshot, primary: &NetworkInterface, from: Endpoint) -> Option<Explanation> {
    explain(snapshot, &Question { from, to: Endpoint::Interface(primary.id), service: Service::Tcp(SSH) }).ok()
}

/// Who calls it on that way.
fn caller(snapshot: &Snapshot, instance: &Instance, primary: &NetworkInterface, via: Via) -> Option<Endpoint> {
    match via {
        Via::InstanceConnect => Some(Endpoint::Address(instance_connect_address(instance.scope.region).into())),
        Via::Endpoint => {
            let endpoint = super::endpoint(snapshot, instance.scope, primary)?;
            Some(Endpoint::Interface(endpoint.interface))
        }
    }
}

/// Whether its subnet's table has a route to an internet gateway for that address.
fn is_public(snapshot: &Snapshot, primary: &NetworkInterface, address: IpAddr) -> bool {
    let table = snapshot.route_table_of(snapshot.resolve(primary.subnet));
    let to_gateway =
        |route: &semantics::Route| matches!(route.target, Target::Beyond(RouteTarget::InternetGateway(_))) && route.destination.contains(address);
    routes(snapshot, table).any(|route| to_gateway(&route))
}

/// The first thing in the way, in a sentence.
fn obstacle(snapshot: &Snapshot, instance: &Instance, explanation: &Explanation) -> Option<String> {
    use semantics::Denial;
    let primary = snapshot.resolve(*instance.interfaces.first()?);
    let from = instance_connect_address(instance.scope.region);
    let denial = explanation.denials().next()?;
    let rendered = explanation.render(snapshot);
    let line = rendered.legs.iter().flat_map(|leg| &leg.lines).find(|line| line.mark == semantics::Mark::Blocked)?;
    // Which rule came near is told below.
    let (resource, detail) = (&line.resource, line.detail.split("; ").next().unwrap_or_default());
    Some(match denial {
        Denial::SecurityGroup { .. } => {
            let own = explained(snapshot, primary, Endpoint::Address(LAPTOP.into())).is_some_and(|from_laptop| from_laptop.is_reachable());
            let range = instance_connect(instance.scope.region);
            let trap = if own {
                format!(". My IP ({LAPTOP}) is let in, but EC2 Instance Connect calls from AWS's {range}, not from you")
            } else {
                String::new()
            };
            format!("inbound TCP {SSH} from {from} is dropped by {resource}: {detail}{trap}")
        }
        Denial::NetworkAcl { direction: Direction::Ingress, .. } => format!("inbound TCP {SSH} from {from} is dropped by {resource}: {detail}"),
        Denial::NetworkAcl { direction: Direction::Egress, .. } => {
            format!("the answer to {from}, at an ephemeral port, is dropped by {resource}, which keeps no state: {detail}")
        }
        Denial::NoRoute { table, .. } | Denial::Blackhole { table, .. } => {
            let explicit = snapshot.resolve(primary.subnet).route_table.is_some_and(|own| own.table == *table);
            let why = if explicit { "with which the subnet is associated" } else { "the VPC's main one, since the subnet is associated with none" };
            format!("the answer to {from} finds no way out by {resource}, {why}: {detail}")
        }
        _ => format!("{resource} {detail}"),
    })
}

/// The first thing in the way of an endpoint, in a sentence.
fn obstacle_to_endpoint(snapshot: &Snapshot, explanation: &Explanation) -> Option<String> {
    let rendered = explanation.render(snapshot);
    let mut lines = rendered.legs.iter().flat_map(|leg| leg.lines.iter().map(move |line| (leg.title, line)));
    let (leg, line) = lines.find(|(_, line)| line.mark == semantics::Mark::Blocked)?;
    let (from, to) = (explanation.request.source, explanation.request.destination);
    let what =
        if leg == "forward" { format!("TCP {SSH} from the endpoint, {from}, to {to}") } else { format!("the answer to the endpoint, {from},") };
    Some(format!("{what} is dropped by {} ({}): {}", line.resource, line.stage, line.detail))
}
