//! Two packages of which one must be down: what the scheduler makes of what is written.

#![expect(clippy::unwrap_used, reason = "a test may fail loudly")]

use std::collections::BTreeSet;

use cib::Document;
use model::ActionId;
use scheduler::Input;
use serviceguard::{Cluster, Package, Text, lower};

const CLUSTER: &str = "CLUSTER_NAME web\nNODE_NAME n1\nNODE_NAME n2\n";

/// Any moment after those of the document.
fn at() -> Input {
    Input { now: 1_795_223_471, ..Input::default() }
}

/// `high` has the higher priority.
fn package(name: &str, place: &str) -> String {
    let (other, priority) = if name == "high" { ("low", 10) } else { ("high", 20) };
    format!(
        "package_name {name}\nmodule_name sg/all\nnode_name n1\nnode_name n2\npriority {priority}\n\
         service_name {name}\nservice_cmd /opt/{name}\ndependency_name apart\n\
         dependency_condition {other} = DOWN\ndependency_location {place}\n"
    )
}

/// Both packages on two nodes, where `low` runs already on the second if that is said.
fn document(place: &str, low_runs: bool) -> Document {
    let history = "<lrm_resource id='low-service-low' class='ocf' provider='quorate' type='package-service'>\
        <lrm_rsc_op id='o' operation='start' operation_key='low-service-low_start_0' call-id='2' rc-code='0' \
        op-status='0' interval='0' transition-key='1:1:0:x' transition-magic='0:0;1:1:0:x'/></lrm_resource>";
    let state = |id: u32, history: &str| {
        format!(
            "<node_state id='{id}' uname='n{id}' in_ccm='true' crmd='online' join='member' expected='member'>\
             <lrm id='{id}'><lrm_resources>{history}</lrm_resources></lrm></node_state>"
        )
    };
    let states = state(1, "") + &state(2, if low_runs { history } else { "" });
    let mut document = Document::parse(&format!(
        "<cib validate-with='pacemaker-4.0' epoch='1' num_updates='0' admin_epoch='0' have-quorum='1'>\
         <configuration><crm_config/><nodes><node id='1' uname='n1'/><node id='2' uname='n2'/></nodes>\
         <resources/><constraints/></configuration><status>{states}</status></cib>"
    ))
    .unwrap();
    let cluster = Text::parse(CLUSTER);
    lower::write_cluster(&mut document, &cluster);
    let texts = ["high", "low"].map(|name| Text::parse(&package(name, place)));
    let packages: Vec<Package> = texts.iter().map(Package::of).collect();
    for text in &texts {
        lower::write_package(&mut document, &Cluster::of(&cluster), text, &packages);
    }
    // Without a fence device nothing would start.
    let fencing = document.find_id("serviceguard-stonith-enabled").unwrap().id();
    document.set(fencing, "value", "false");
    document
}

fn place(document: &Document, package: &str) -> Option<String> {
    let resolved = scheduler::resolve(document, &at());
    let assigned = scheduler::assign(&resolved);
    let service = resolved.find_resource(&format!("{package}-service-{package}")).unwrap();
    Some(resolved.node(assigned.resource(service).node?).name.as_ref().to_owned())
}

#[test]
fn of_two_that_exclude_each_other_one_runs() {
    let both = document("all_nodes", false);
    assert_eq!(place(&both, "high").as_deref(), Some("n1"));
    assert_eq!(place(&both, "low"), None);
    let mut one = both.clone();
    lower::switching::disable(&mut one, "high");
    assert_eq!(place(&one, "high"), None);
    assert_eq!(place(&one, "low").as_deref(), Some("n1"));
    // On the same node only.
    let apart = document("same_node", false);
    assert_eq!(place(&apart, "high").as_deref(), Some("n1"));
    assert_eq!(place(&apart, "low").as_deref(), Some("n2"));
}

#[test]
fn who_gives_way_is_down_before_the_other_runs() {
    let planned = scheduler::plan(&document("all_nodes", true), &at());
    let steps = &planned.plan.steps;
    let find = |operation: &str, member: &str| {
        let is = |text: &str| text.contains(operation) && text.contains(member);
        let found = steps.iter().find(|step| is(&format!("{:?}", step.action)));
        found.unwrap_or_else(|| panic!("no {operation} of {member} in {steps:#?}"))
    };
    let (stop, start) = (find("low-service-low_stop_0", ""), find("high-service-high_start_0", ""));
    let mut before: BTreeSet<ActionId> = start.inputs.iter().copied().collect();
    let mut left: Vec<ActionId> = start.inputs.clone();
    while let Some(id) = left.pop() {
        let step = steps.iter().find(|step| step.action.id == id);
        left.extend(
            step.into_iter().flat_map(|step| &step.inputs).filter(|id| before.insert(**id)),
        );
    }
    assert!(before.contains(&stop.action.id), "{steps:#?}");
}
