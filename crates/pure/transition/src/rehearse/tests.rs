use super::*;
use model::{AgentRef, NodeName};

fn step(id: u32, task: &str, node: &str, inputs: &[u32]) -> PlanStep {
    let agent = AgentRef { standard: "ocf".into(), provider: Some("x".into()), kind: "y".into() };
    let primitive = PrimitiveRef { id: "db".to_owned(), long_id: None, agent };
    let kind = match task {
        "stonith" => ActionKind::Fence,
        _ => ActionKind::Resource(primitive),
    };
    PlanStep {
        priority: 0,
        action: Action {
            id: ActionId(id),
            kind,
            task: task.to_owned(),
            key: format!("db_{task}_0"),
            internal_key: None,
            shutdown_lock: None,
            node: Some(ActionNode { name: NodeName::new(node), id: node.to_owned(), router: None }),
            attributes: Vec::new(),
            downed: Vec::new(),
            maintenance: Vec::new(),
        },
        inputs: inputs.iter().copied().map(ActionId).collect(),
    }
}

fn carry_out(plan: &Plan, failures: &[PretendedFailure]) -> (Document, Vec<u32>, Ending) {
    let mut document = Document::parse(
        "<cib><status><node_state id='b' uname='b'><lrm id='b'/></node_state></status></cib>",
    )
    .unwrap();
    let how = Rehearsing {
        now: 1_600_000_000,
        origin: "test",
        faithful_to: FaithfulTo::Cluster,
        failures,
        is_known: &|_| true,
    };
    let rehearsed = rehearse(&mut document, plan, &how);
    let order = rehearsed.done.iter().map(|done| done.action.0).collect();
    (document, order, rehearsed.ending)
}

#[test]
fn steps_run_in_the_plans_order_as_soon_as_their_inputs_are_done() {
    let steps = vec![
        step(4, "start", "a", &[3]),
        step(3, "stop", "b", &[1]),
        step(1, "stonith", "b", &[]),
        step(2, "monitor", "a", &[]),
    ];
    let (document, order, ending) = carry_out(&Plan { steps, ..Plan::default() }, &[]);
    assert_eq!((order, ending), (vec![1, 2, 3, 4], Ending::Complete));
    let state = document.root().path(&["status", "node_state"]).unwrap();
    assert_eq!(state.attr("crmd"), Some("offline"));
}

#[test]
fn a_failure_stops_what_follows() {
    let steps = vec![step(1, "start", "a", &[]), step(2, "monitor", "a", &[1])];
    let failure =
        PretendedFailure { key: "DB_start_0".to_owned(), node: "A".to_owned(), code: Some(1) };
    let (document, order, ending) = carry_out(&Plan { steps, ..Plan::default() }, &[failure]);
    assert_eq!((order, ending), (vec![1], Ending::Stopped));
    assert!(document.find_id("db_last_failure_0").is_some());
    let count = document.find_id("status-a-fail-count-db.start_0").unwrap();
    assert_eq!(count.attr("value"), Some("INFINITY"));
}

#[test]
fn a_circle_is_stuck() {
    let steps = vec![step(1, "start", "a", &[2]), step(2, "monitor", "a", &[1])];
    let (_, order, ending) = carry_out(&Plan { steps, ..Plan::default() }, &[]);
    assert_eq!((order, ending), (vec![], Ending::Stuck));
}

#[test]
fn history_that_stands_twice_is_brought_together() {
    let mut document = Document::parse(
        "<cib><status><node_state id='a' uname='a'><lrm id='a'><lrm_resources>
        <lrm_resource id='db'><lrm_rsc_op id='one' operation='notify' call-id='3'/></lrm_resource>
        <lrm_resource id='db'><lrm_rsc_op id='two' operation='notify' call-id='4'/></lrm_resource>
        </lrm_resources></lrm></node_state></status></cib>",
    )
    .unwrap();
    let plan = Plan { steps: vec![step(1, "stop", "a", &[])], ..Plan::default() };
    let how = Rehearsing {
        now: 0,
        origin: "test",
        faithful_to: FaithfulTo::Cluster,
        failures: &[],
        is_known: &|_| true,
    };
    rehearse(&mut document, &plan, &how);
    let first = document.root().descendants().find(|each| each.is("lrm_resource")).unwrap();
    let ids: Vec<_> = first.children().map(|entry| entry.attr("id").unwrap()).collect();
    assert_eq!(ids, ["one", "two", "db_last_0"]);
    assert_eq!(document.find_id("db_last_0").unwrap().attr("call-id"), Some("5"));
}

/// What a guest node says of itself after its connection was stopped or started.
fn guest_after(task: &str, kind: &str, faithful_to: FaithfulTo) -> Vec<String> {
    let mut document = Document::parse(
        "<cib><status><node_state id='db' uname='db'><lrm id='db'/><transient_attributes id='db'/>\
         </node_state></status></cib>",
    )
    .unwrap();
    let mut step = step(1, task, "a", &[]);
    let provider = Some("pacemaker".into());
    let agent = AgentRef { standard: "ocf".into(), provider, kind: kind.into() };
    let primitive = PrimitiveRef { id: "db".to_owned(), long_id: None, agent };
    step.action.kind = ActionKind::Resource(primitive);
    let how = Rehearsing {
        now: 1_600_000_000,
        origin: "test",
        faithful_to,
        failures: &[],
        is_known: &|_| true,
    };
    let plan = Plan { steps: vec![step], ..Plan::default() };
    assert_eq!(rehearse(&mut document, &plan, &how).ending, Ending::Complete);
    let state = document.root().path(&["status", "node_state"]).unwrap();
    state.children().map(|child| child.name().to_owned()).collect()
}

#[test]
fn a_guest_that_stops_forgets_its_attributes_and_one_that_starts_everything() {
    assert_eq!(guest_after("stop", "remote", FaithfulTo::Cluster), ["lrm"]);
    assert_eq!(guest_after("start", "remote", FaithfulTo::Cluster), [""; 0]);
    // A live move of the connection does not touch the node.
    let both = ["lrm", "transient_attributes"];
    assert_eq!(guest_after("migrate_from", "remote", FaithfulTo::Cluster), both);
    assert_eq!(guest_after("stop", "Dummy", FaithfulTo::Cluster), both);
    assert_eq!(guest_after("start", "remote", FaithfulTo::CrmSimulate), both);
}

#[test]
fn the_document_of_a_cluster_changes_once_for_each_action_and_each_thing_removed() {
    let steps = vec![
        step(1, "stonith", "b", &[]),
        step(2, "monitor", "a", &[1]),
        step(3, "start", "a", &[2]),
        step(4, "meta-data", "a", &[3]),
    ];
    let plan = Plan { steps, ..Plan::default() };
    let mut document = Document::parse(
        "<cib><status><node_state id='b' uname='b'><lrm id='b'/><transient_attributes id='b'/>
        </node_state></status></cib>",
    )
    .unwrap();
    let how = Rehearsing {
        now: 0,
        origin: "test",
        faithful_to: FaithfulTo::CrmSimulate,
        failures: &[],
        is_known: &|_| true,
    };
    let rehearsed = rehearse(&mut document, &plan, &how);
    let edits: Vec<_> = rehearsed.done.iter().map(|done| done.edits).collect();
    // The first one on `a` makes its state, too.
    assert_eq!(edits, [3, 2, 1, 0]);
}
