//! The page of operations: what becomes of every parameter that AWS has.
//!
//! The operations come from the table in `ec2`, AWS's parameters from a file that is made from AWS's own model. A
//! parameter that one knows and the other does not is a mistake.

use std::collections::BTreeMap;
use std::fmt::Write;

use ec2::{Fate, Reference};

/// Where the page is.
pub const PAGE: &str = "docs/operations.md";
/// Where AWS's parameters are: a line for each operation.
pub const PARAMETERS: &str = "clients/aws-parameters.txt";

/// Parameters of a struct that operations share: these refuse them as unknown.
const OF_OTHERS: &[(&str, &str)] = &[
    ("AuthorizeSecurityGroupEgress", "GroupName"),
    ("AuthorizeSecurityGroupEgress", "SecurityGroupRuleId.N"),
    ("AuthorizeSecurityGroupIngress", "SecurityGroupRuleId.N"),
    ("RevokeSecurityGroupEgress", "GroupName"),
];

const HEAD: &str = "# Operations

Everything that AWS's clients can ask of these operations, and what becomes of it. Made from the code by `make operations`.

A parameter that is acted on does what AWS says. One that is refused is answered with `UnsupportedOperation`, naming it; one
that AWS does not have, with `UnknownParameter`. Some are accepted at the one value that asks for nothing, and refused at
any other. An operation that is not here is answered with `UnsupportedOperation` if AWS has it, and else with
`InvalidAction`. `N` stands for the numbers of a list. Filters about what does not exist here are known, and let nothing
through; any other is refused. Every operation of EC2 has `DryRun`, and it is acted on.
";

/// The service and the name of every operation, a line each.
pub fn names() -> String {
    ec2::reference().map(|reference| format!("{} {}\n", reference.service, reference.operation)).collect()
}

/// The page, or what is wrong: a line each.
pub fn page(parameters: &str) -> Result<String, Vec<String>> {
    let aws: BTreeMap<(&str, &str), Vec<&str>> = parameters.lines().filter(|line| !line.starts_with('#')).filter_map(entry).collect();
    let mut page = HEAD.to_owned();
    let mut wrong = Vec::new();
    let mut service = "";
    for reference in ec2::reference() {
        let Some(parameters) = aws.get(&(reference.service, reference.operation)) else {
            wrong.push(format!("AWS's parameters of {} are not in {PARAMETERS}: run `make operations`", reference.operation));
            continue;
        };
        wrong.extend(disagreements(&reference, parameters));
        if reference.service != service {
            service = reference.service;
            page += &format!("\n## {service}\n");
        }
        page += &section(&reference, parameters);
    }
    if wrong.is_empty() { Ok(page) } else { Err(wrong) }
}

fn entry(line: &str) -> Option<((&str, &str), Vec<&str>)> {
    let mut words = line.split(' ');
    Some(((words.next()?, words.next()?), words.collect()))
}

/// Parameters that only one of the two knows.
fn disagreements(reference: &Reference, aws: &[&str]) -> Vec<String> {
    let operation = reference.operation;
    let unknown = aws.iter().filter(|parameter| reference.fate(parameter) == Fate::Unknown);
    let is_ours = |parameter: &str| !aws.contains(&parameter) && !OF_OTHERS.contains(&(operation, parameter));
    let invented = reference.parameters.iter().filter(|parameter| is_ours(parameter));
    let unknown = unknown.map(|parameter| format!("{operation} does not know AWS's parameter {parameter}"));
    unknown.chain(invented.map(|parameter| format!("{operation} has a parameter that AWS does not have, {parameter}"))).collect()
}

fn section(reference: &Reference, aws: &[&str]) -> String {
    // Every operation of EC2 has it.
    let own: Vec<&str> = aws.iter().copied().filter(|parameter| *parameter != "DryRun").collect();
    let with = |fate: Fate| whole(&own.iter().copied().filter(|parameter| reference.fate(parameter) == fate).collect::<Vec<_>>(), &own);
    let harmless = own.iter().filter_map(|parameter| match reference.fate(parameter) {
        Fate::Harmless(values) => Some(values.into_iter().map(move |value| format!("{parameter}={value}"))),
        _ => None,
    });
    let filters = &reference.filters;
    let tags: &[&str] = if filters.tagged { &["tag:…", "tag-key"] } else { &[] };
    let mut section = format!("\n### {}\n\n", reference.operation);
    for (what, names) in [
        ("acted on", with(Fate::Heeded)),
        ("accepted at this value", harmless.flatten().collect()),
        ("accepted, without effect", with(Fate::Ignored)),
        ("refused", with(Fate::Refused)),
        ("filters", filters.known.iter().chain(tags).map(|name| (*name).to_owned()).collect::<Vec<_>>()),
        ("filters about what does not exist", filters.absent.iter().map(|name| (*name).to_owned()).collect()),
    ] {
        if !names.is_empty() {
            let names: Vec<_> = names.iter().map(|name| format!("`{name}`")).collect();
            // Writing to a string does not fail.
            let _ = writeln!(section, "- {what}: {}", names.join(", "));
        }
    }
    if own.is_empty() {
        section += "It has no parameters of its own.\n";
    }
    section
}

/// The parameters, where everything below a name is meant by that name alone.
fn whole(some: &[&str], all: &[&str]) -> Vec<String> {
    let below = |name: &str, parameter: &str| parameter.strip_prefix(name).is_some_and(|rest| rest.is_empty() || rest.starts_with('.'));
    let shortest = |parameter: &str| {
        let ends = parameter.match_indices('.').map(|(at, _)| at).chain([parameter.len()]);
        let mut names = ends.map(|end| &parameter[..end]);
        let name = names.find(|name| all.iter().filter(|other| below(name, other)).all(|other| some.contains(other)));
        name.unwrap_or(parameter).to_owned()
    };
    let mut names: Vec<_> = some.iter().map(|parameter| shortest(parameter)).collect();
    names.dedup();
    names
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_stands_for_all_below_it() {
        let all = ["A.N.X", "A.N.Y", "B.X", "B.Y", "Bb", "C"];
        assert_eq!(whole(&["A.N.X", "A.N.Y", "B.Y", "C"], &all), ["A", "B.Y", "C"]);
    }

    #[test]
    fn what_only_one_knows_is_wrong() {
        let names = names();
        assert!(names.starts_with("ec2 "), "{names}");
        let wrong = page(&names.replace("CreateVpc\n", "CreateVpc CidrBlock TagSpecification.N.Color\n")).unwrap_err();
        for line in [
            "CreateVpc does not know AWS's parameter TagSpecification.N.Color",
            "CreateVpc has a parameter that AWS does not have, TagSpecification.N.Tag.N.Key",
        ] {
            assert!(wrong.iter().any(|wrong| wrong == line), "{wrong:#?}");
        }
        assert_eq!(page("").unwrap_err().len(), names.lines().count());
    }
}
