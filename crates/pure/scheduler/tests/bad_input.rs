//! Whatever is in the file: a clear finding, a plan for the rest, no panic, and not all night.

#![expect(clippy::unwrap_used, reason = "a test says by panicking what is wrong")]

use std::fmt::Write;

use cib::Document;
use scheduler::{Input, Planned, plan};

/// A cluster of two nodes with `resources` and `constraints`.
fn planned(resources: &str, constraints: &str) -> Planned {
    let node = |id, name| {
        format!(
            "<node_state id='{id}' uname='{name}' in_ccm='true' crmd='online' join='member' \
             expected='member'/>"
        )
    };
    let text = format!(
        "<cib validate-with='pacemaker-4.0' have-quorum='true'><configuration><crm_config>\
         <cluster_property_set id='o'><nvpair id='f' name='fencing-enabled' value='false'/>\
         </cluster_property_set></crm_config><nodes><node id='1' uname='n1'/>\
         <node id='2' uname='n2'/></nodes><resources>{resources}{}</resources>\
         <constraints>{constraints}</constraints></configuration><status>{}{}</status></cib>",
        primitive("good"),
        node("1", "n1"),
        node("2", "n2"),
    );
    plan(&Document::parse(&text).unwrap(), &Input { now: 1_700_000_000, ..Input::default() })
}

fn primitive(id: &str) -> String {
    format!("<primitive id='{id}' class='ocf' provider='p' type='D'/>")
}

fn starts(planned: &Planned, resource: &str) -> bool {
    let key = format!("{resource}_start_0");
    planned.plan.steps.iter().any(|step| step.action.key == key)
}

/// The finding that says all of `words`.
#[track_caller]
fn says(planned: &Planned, words: &[&str]) {
    let found: Vec<String> = planned.findings.iter().map(ToString::to_string).collect();
    let said = found.iter().any(|text| words.iter().all(|word| text.contains(word)));
    assert!(said, "no finding says {words:?}: {found:#?}");
    assert!(starts(planned, "good"), "the rest is not planned");
}

#[test]
fn unknown_elements_are_passed_over() {
    let found = planned(
        "<gadget id='x'/><primitive id='a' class='ocf' provider='p' type='D'><widget/></primitive>",
        "<rsc_wish id='w'/>",
    );
    assert!(starts(&found, "a"));
    says(&found, &["<gadget>", "left out"]);
    says(&found, &["rsc_wish", "left out"]);
}

#[test]
fn dangling_references_are_reported() {
    says(&planned("", "<rsc_colocation id='c' rsc='good' with-rsc='gone' score='1'/>"), &["gone"]);
    says(&planned("", "<rsc_order id='o' first='gone' then='good'/>"), &["gone"]);
    says(&planned("", "<rsc_location id='l' rsc='gone' node='n1' score='1'/>"), &["gone"]);
    let templated = "<primitive id='t' template='gone'/>";
    says(&planned(templated, ""), &["t"]);
}

#[test]
fn impossible_scores_are_reported() {
    says(&planned("", "<rsc_location id='l' rsc='good' node='n1' score='very much'/>"), &["l"]);
}

#[test]
fn dates_that_do_not_exist_never_apply() {
    let found = planned(
        "",
        "<rsc_location id='l' rsc='good'><rule id='r' score='-INFINITY'>\
         <date_expression id='e' operation='gt' start='2024-02-30'/></rule></rsc_location>",
    );
    assert!(starts(&found, "good"));
}

#[test]
fn groups_within_groups_are_no_end() {
    let inner = format!("<group id='inner'>{}<group id='inmost'/></group>", primitive("m"));
    says(&planned(&format!("<group id='outer'>{inner}</group>"), ""), &["outer", "left out"]);
}

#[test]
fn templates_that_follow_one_another_end() {
    let templates = "<template id='a' template='b'/><template id='b' template='a'/>\
                     <primitive id='t' template='a'/>";
    assert!(starts(&planned(templates, ""), "good"));
}

#[test]
fn a_million_characters_are_a_value() {
    let value = "x".repeat(1_000_000);
    let resource = format!(
        "<primitive id='a' class='ocf' provider='p' type='D'><instance_attributes id='i'>\
         <nvpair id='n' name='v' value='{value}'/></instance_attributes></primitive>"
    );
    assert!(starts(&planned(&resource, ""), "a"));
}

#[test]
fn ten_thousand_constraints_on_one_resource_are_planned_for() {
    let mut constraints = String::new();
    for number in 0..10_000 {
        let node = if number % 2 == 0 { "n1" } else { "n2" };
        write!(constraints, "<rsc_location id='l{number}' rsc='good' node='{node}' score='1'/>")
            .unwrap();
    }
    assert!(starts(&planned("", &constraints), "good"));
}

/// Each link of a chain follows from the one before it; the stack of a thread of a test is small.
#[test]
fn long_chains_need_no_stack() {
    let count = 5_000;
    let resources: String = (0..count).map(|number| primitive(&format!("r{number}"))).collect();
    let chain = |link: &dyn Fn(usize) -> String| (1..count).map(link).collect::<String>();
    let orders = chain(&|to| format!("<rsc_order id='o{to}' first='r{}' then='r{to}'/>", to - 1));
    let colocations = chain(&|to| {
        format!("<rsc_colocation id='c{to}' rsc='r{}' with-rsc='r{to}' score='INFINITY'/>", to - 1)
    });
    for constraints in [orders, colocations] {
        let found = planned(&resources, &constraints);
        assert!(starts(&found, "good") && starts(&found, &format!("r{}", count - 1)));
    }
}

#[test]
fn a_circle_of_a_thousand_is_reported_and_the_rest_runs() {
    let count = 1_000;
    let resources: String = (0..count).map(|number| primitive(&format!("r{number}"))).collect();
    let circle: String = (0..count)
        .map(|to| format!("<rsc_order id='o{to}' first='r{to}' then='r{}'/>", (to + 1) % count))
        .collect();
    says(&planned(&resources, &circle), &["these wait for one another", "see the constraints"]);
}
