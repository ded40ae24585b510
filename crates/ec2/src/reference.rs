//! What the table of operations says of itself, for those who write or check a reference: names, parameters, filters.

use crate::filter::FilterNames;
use crate::operations::{OPERATIONS, Operation};
use crate::reply::Service;
use crate::wire::query;

/// An operation, and what it takes.
#[derive(Debug)]
pub struct Reference {
    /// The service, as AWS's clients name it: `ec2`.
    pub service: &'static str,
    /// The operation, as AWS names it.
    pub operation: &'static str,
    /// The parameters that are acted on, as paths with `N` for numbers: `Filter.N.Value.N`.
    pub parameters: Vec<String>,
    /// Its filters.
    pub filters: FilterNames,
    inert: &'static [&'static str],
}

/// What becomes of a parameter.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Fate {
    /// It is acted on.
    Heeded,
    /// Refused as unsupported, but for these values, which ask for nothing that is missing here.
    Harmless(Vec<&'static str>),
    /// Whatever it says is accepted, for it could change nothing here.
    Ignored,
    /// Refused as unsupported.
    Refused,
    /// Refused as unknown.
    Unknown,
}

impl Reference {
    /// What becomes of a parameter, a path with `N` for numbers.
    pub fn fate(&self, parameter: &str) -> Fate {
        if parameter == "DryRun" || self.parameters.iter().any(|heeded| heeded == parameter) {
            return Fate::Heeded;
        }
        match query::harmless_values(self.inert, parameter) {
            None => Fate::Unknown,
            Some(values) if values.is_empty() => Fate::Refused,
            Some(values) if values.contains(&"*") => Fate::Ignored,
            Some(values) => Fate::Harmless(values),
        }
    }
}

/// All operations that are there, in alphabetical order within each service.
pub fn reference() -> impl Iterator<Item = Reference> {
    OPERATIONS.iter().map(|Operation { name, service, handler }| Reference {
        service: match service {
            Service::Ec2 => "ec2",
            Service::Sts => "sts",
            Service::InstanceConnect => "ec2-instance-connect",
        },
        operation: name,
        parameters: (handler.parameters)(),
        filters: (handler.filters)(),
        inert: handler.inert,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_parameter_has_a_fate() {
        let create = reference().find(|reference| reference.operation == "CreateVpc").unwrap();
        for (parameter, fate) in [
            ("CidrBlock", Fate::Heeded),
            ("TagSpecification.N.Tag.N.Key", Fate::Heeded),
            ("DryRun", Fate::Heeded),
            ("InstanceTenancy", Fate::Harmless(vec!["default"])),
            ("Ipv6CidrBlock", Fate::Refused),
            ("Color", Fate::Unknown),
        ] {
            assert_eq!(create.fate(parameter), fate, "{parameter}");
        }
        let describe = reference().find(|reference| reference.operation == "DescribeVpcs").unwrap();
        assert_eq!(describe.fate("Filter.N.Value.N"), Fate::Heeded);
        assert!(describe.filters.known.contains(&"vpc-id"));
    }
}
