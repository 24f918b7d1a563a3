//! Plans with planted faults: each law must see its own.

use std::collections::BTreeMap;

use cib::Document;
use model::{ActionId, ActionNode, NodeName, Plan, PlanStep};
use scheduler::{Finding, FindingKind, Input, Planned, Severity, plan, resolve};

use super::*;

/// `r` moves from n1, which prefers not to have it, to n2; `s` is on n3, which was lost.
fn moving() -> Document {
    let state = |id: u32, crmd: &str, is_in: bool, resource: &str| {
        let key = "1:1:0:11111111-2222-3333-4444-555555555555";
        let history = format!(
            "<lrm id='{id}'><lrm_resources><lrm_resource id='{resource}' class='ocf' \
             provider='pacemaker' type='Dummy'><lrm_rsc_op id='{resource}_last_0' \
             operation_key='{resource}_start_0' operation='start' interval='0' call-id='1' \
             rc-code='0' op-status='0' transition-key='{key}' transition-magic='0:0;{key}'/>\
             </lrm_resource></lrm_resources></lrm>"
        );
        format!(
            "<node_state id='{id}' uname='n{id}' in_ccm='{is_in}' crmd='{crmd}' join='member' \
             expected='member'>{}</node_state>",
            if resource.is_empty() { "" } else { &history }
        )
    };
    let primitive =
        |id: &str| format!("<primitive id='{id}' class='ocf' provider='pacemaker' type='Dummy'/>");
    let text = format!(
        "<cib validate-with='pacemaker-4.0' have-quorum='1' dc-uuid='2'><configuration><crm_config/>\
         <nodes><node id='1' uname='n1'/><node id='2' uname='n2'/><node id='3' uname='n3'/></nodes>\
         <resources><primitive id='f' class='stonith' type='fence_dummy'/>{}{}</resources>\
         <constraints><rsc_location id='l' rsc='r' node='n1' score='-INFINITY'/></constraints>\
         </configuration><status>{}{}{}</status></cib>",
        primitive("r"),
        primitive("s"),
        state(1, "online", true, "r"),
        state(2, "online", true, ""),
        state(3, "offline", false, "s"),
    );
    Document::parse(&text).unwrap()
}

/// The laws that are broken once a fault is planted in the plan.
fn broken_by(fault: impl FnOnce(&mut Planned)) -> Vec<&'static str> {
    let (document, input) = (moving(), Input { now: 1_700_000_000, ..Input::default() });
    let mut planned = plan(&document, &input);
    fault(&mut planned);
    let resolved = resolve(&document, &input);
    let case = Case { document: &document, input: &input, resolved: &resolved, planned: &planned };
    let mut chance = Chance::new(1);
    let mut held = BTreeMap::new();
    held.insert("valid", valid::check(case));
    held.insert("hosts", hosts::check(case).map(|_| ()));
    held.insert("copies", copies::check(case, &mut chance));
    held.insert("deterministic", same::deterministic(case));
    held.insert("order", same::order_does_not_matter(case, &mut chance));
    held.into_iter().filter(|(_, found)| found.is_err()).map(|(law, _)| law).collect()
}

fn step<'a>(plan: &'a mut Plan, key: &str, node: &str) -> &'a mut PlanStep {
    let is_on =
        |step: &PlanStep| step.action.node.as_ref().is_some_and(|on| on.name.as_str() == node);
    plan.steps.iter_mut().find(|step| step.action.key == key && is_on(step)).unwrap()
}

/// As a fault that is planted in the scheduler, the plan for each document has it.
fn laws_of_plan(broken: &[&'static str]) -> Vec<&'static str> {
    broken.iter().copied().filter(|law| !["deterministic", "order"].contains(law)).collect()
}

#[test]
fn nothing_is_broken_without_a_fault() {
    assert_eq!(broken_by(|_| ()), [""; 0]);
}

#[test]
fn a_step_that_waits_for_nothing_known_is_not_valid() {
    let broken = broken_by(|planned| {
        step(&mut planned.plan, "r_start_0", "n2").inputs.push(ActionId(9999));
    });
    assert_eq!(laws_of_plan(&broken), ["valid"]);
}

#[test]
fn steps_that_wait_for_one_another_are_not_valid() {
    let broken = broken_by(|planned| {
        let start = step(&mut planned.plan, "r_start_0", "n2").action.id;
        step(&mut planned.plan, "r_stop_0", "n1").inputs.push(start);
    });
    assert_eq!(laws_of_plan(&broken), ["valid"]);
}

#[test]
fn two_steps_of_one_number_are_not_valid() {
    let broken = broken_by(|planned| {
        let start = step(&mut planned.plan, "r_start_0", "n2").clone();
        planned.plan.steps.push(start);
    });
    assert!(laws_of_plan(&broken).contains(&"valid"), "{broken:?}");
}

#[test]
fn a_start_that_does_not_wait_for_the_stop_makes_too_many_copies() {
    let broken = broken_by(|planned| {
        let stop = step(&mut planned.plan, "r_stop_0", "n1").action.id;
        for step in &mut planned.plan.steps {
            step.inputs.retain(|input| *input != stop);
        }
    });
    assert_eq!(laws_of_plan(&broken), ["copies"]);
}

#[test]
fn an_agent_that_runs_on_a_lost_node_is_not_hosted() {
    let broken = broken_by(|planned| {
        let node = ActionNode { name: NodeName::new("n3"), id: "3".to_owned(), router: None };
        step(&mut planned.plan, "r_start_0", "n2").action.node = Some(node);
    });
    assert_eq!(laws_of_plan(&broken), ["hosts"]);
}

#[test]
fn a_start_before_the_fencing_is_not_hosted() {
    let broken = broken_by(|planned| {
        let fences = |step: &&PlanStep| step.action.task == "stonith";
        let fence = planned.plan.steps.iter().find(fences).unwrap().action.id;
        for step in &mut planned.plan.steps {
            step.inputs.retain(|input| *input != fence);
        }
    });
    assert!(laws_of_plan(&broken).contains(&"hosts"), "{broken:?}");
}

#[test]
fn a_decision_that_is_made_once_only_is_not_the_same() {
    let told = Finding {
        severity: Severity::Warning,
        line: 0,
        kind: FindingKind::UnexpectedlyActive,
        message: "once".to_owned(),
    };
    assert_eq!(broken_by(|planned| planned.findings.push(told)), ["deterministic"]);
    let other = broken_by(|planned| planned.plan.steps.reverse());
    assert_eq!(other, ["deterministic", "order"]);
}
