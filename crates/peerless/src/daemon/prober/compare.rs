//! Computed against counted. The two come from one author, so that they differ is a bug, and there is no second opinion on
//! which of them is right: packets are.

use dataplane::FlowReport;
use model::{InstanceState, Snapshot};
use semantics::{Denial, Explanation, Line, Verdict, describe};

/// In what the computed and the counted disagree. What was not counted, for no packet left, is no disagreement.
pub fn disagreement(
    snapshot: &Snapshot,
    explanation: &Explanation,
    answered: bool,
    there: Option<&FlowReport>,
    back: Option<&FlowReport>,
) -> Option<String> {
    if answered && !explanation.is_reachable() {
        return Some("computed: not reachable; and yet an answer came".to_owned());
    }
    let forward = there.and_then(|flow| differ(snapshot, first_denial(&explanation.forward), flow).map(|how| format!("on the way there, {how}")));
    forward.or_else(|| back.and_then(|flow| differ(snapshot, first_denial(&explanation.reply), flow).map(|how| format!("on the way back, {how}"))))
}

fn first_denial(lines: &[Line]) -> Option<&Denial> {
    lines.iter().find_map(|line| match line {
        Line::Blocked { denial, .. } => Some(denial),
        Line::Passed { .. } => None,
    })
}

fn differ(snapshot: &Snapshot, computed: Option<&Denial>, flow: &FlowReport) -> Option<String> {
    let counted = match &flow.verdict {
        Verdict::Drop(denial) => Some(denial),
        _ => None,
    };
    // The network of an instance that is just coming up may be a moment behind its state.
    if let Some(Denial::NotRunning { instance: Some(instance), .. }) = counted
        && snapshot.get(*instance).is_some_and(|instance| instance.state == InstanceState::Pending)
    {
        return None;
    }
    let words = |denial: Option<&Denial>| {
        denial.map_or_else(
            || "it passes".to_owned(),
            |denial| {
                let line = describe(snapshot, denial, &flow.packet);
                format!("dropped by {} {} ({})", line.stage, line.resource, line.detail)
            },
        )
    };
    (computed != counted).then(|| format!("computed: {}; counted: {}", words(computed), words(counted)))
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use dataplane::Role;
    use scenario::{Statement, World};
    use semantics::{Origin, Question, Service, evaluate, explain};

    use super::*;

    /// A network in which a ping from one to two arrives, or is dropped at two's group.
    fn lab(is_open: bool) -> World {
        let mut world = World::default();
        let rule = if is_open { "allow blue/default ingress icmp 10.1.0.10/32" } else { "" };
        let lines = ["vpc blue 10.1.0.0/16", "subnet blue/a 10.1.0.0/24", "group blue/shut", "instance blue/a/1 10.1.0.10"];
        for line in lines.into_iter().chain(["instance blue/a/2 10.1.0.20 group blue/shut", rule]).filter(|line| !line.is_empty()) {
            world.apply(&line.replace("blue/default ingress", "blue/shut ingress").parse::<Statement>().unwrap()).unwrap();
        }
        world
    }

    /// What is computed in one network, and the flow as the kernel would have it in another.
    fn computed_and_counted(computed: &World, counted: &World) -> (Explanation, FlowReport) {
        let ends = [computed.endpoint("blue/a/1").unwrap(), computed.endpoint("blue/a/2").unwrap()];
        let explanation = explain(computed.snapshot(), &Question { from: ends[0], to: ends[1], service: Service::Icmp }).unwrap();
        let from = Origin::Interface(explanation.ends[0].unwrap());
        let verdict = evaluate(counted.snapshot(), &explanation.request, from, &(), &mut ()).verdict;
        let flow = FlowReport {
            from,
            packet: explanation.request,
            verdict,
            role: Role::Initiator,
            tracked: [true; 2],
            packets: 3,
            bytes: 252,
            is_over: false,
            idle: Duration::ZERO,
            age: Duration::from_secs(1),
        };
        (explanation, flow)
    }

    #[test]
    fn the_same_network_agrees_with_itself() {
        for is_open in [false, true] {
            let world = lab(is_open);
            let (explanation, flow) = computed_and_counted(&world, &world);
            assert_eq!(disagreement(world.snapshot(), &explanation, is_open, Some(&flow), None), None);
            // No packet left: nothing was counted that could disagree.
            assert_eq!(disagreement(world.snapshot(), &explanation, false, None, None), None);
        }
    }

    #[test]
    fn a_kernel_of_another_mind_is_told_with_both_of_them() {
        let (shut, open) = (lab(false), lab(true));
        let (explanation, flow) = computed_and_counted(&shut, &open);
        let said = disagreement(shut.snapshot(), &explanation, false, Some(&flow), None).unwrap();
        assert!(said.starts_with("on the way there, computed: dropped by SG in sg-") && said.ends_with("; counted: it passes"), "{said}");
        let (explanation, flow) = computed_and_counted(&open, &shut);
        let said = disagreement(open.snapshot(), &explanation, false, Some(&flow), None).unwrap();
        assert!(said.starts_with("on the way there, computed: it passes; counted: dropped by SG in sg-"), "{said}");
        let said = disagreement(open.snapshot(), &explanation, false, None, Some(&flow)).unwrap();
        assert!(said.starts_with("on the way back, "), "{said}");
    }

    #[test]
    fn an_answer_from_where_nothing_arrives_disagrees() {
        let shut = lab(false);
        let (explanation, flow) = computed_and_counted(&shut, &shut);
        let said = disagreement(shut.snapshot(), &explanation, true, Some(&flow), None);
        assert_eq!(said.as_deref(), Some("computed: not reachable; and yet an answer came"));
    }
}
