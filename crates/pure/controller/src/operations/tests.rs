use model::{ActionId, ActionKind, ActionNode, AgentRef, NodeName, PrimitiveRef};

use super::*;

/// What `web`'s agent is to do on this node.
fn order(task: &str, interval_ms: u32) -> Order {
    let agent = AgentRef { standard: "ocf".into(), provider: None, kind: "web".into() };
    let web = PrimitiveRef { id: "web".to_owned(), long_id: None, agent };
    let action = Action {
        id: ActionId(1),
        kind: ActionKind::Resource(web),
        task: task.to_owned(),
        key: format!("web_{task}_{interval_ms}"),
        internal_key: None,
        shutdown_lock: None,
        node: Some(ActionNode { name: NodeName::new("n1"), id: "1".to_owned(), router: None }),
        attributes: vec![("CRM_meta_interval".to_owned(), interval_ms.to_string())],
        downed: Vec::new(),
        maintenance: Vec::new(),
    };
    let transition_key = "1:1:0:life".to_owned();
    Order { membership: 1, to: 1, transition_key, action: (&action).into(), at: 0 }
}

/// The runs that these acts begin: what, and by which token it ends.
fn begun(acts: &[Act]) -> Vec<(String, RunToken)> {
    let run = |act: &Act| {
        let Act::Run(run) = act else { return None };
        Some((run.task.clone(), run.run))
    };
    acts.iter().filter_map(run).collect()
}

fn ends(operations: &mut Operations, run: RunToken, code: OcfCode) -> Vec<Act> {
    operations.done(Now::default(), run, Outcome::done(code), ParameterKinds::default())
}

/// A monitored resource whose second monitor runs, with that run.
fn being_monitored() -> (Operations, RunToken) {
    let mut operations = Operations::default();
    let acts = operations.order(Tick::default(), order("monitor", 10_000), 0);
    let (_, first) = begun(&acts).pop().expect("the first monitor");
    ends(&mut operations, first, OcfCode::OK);
    let acts = operations.suspect(Tick::default(), "web");
    let (_, second) = begun(&acts).pop().expect("a hint starts a monitor at once");
    (operations, second)
}

#[test]
fn a_death_during_a_monitor_is_looked_at_after_it() {
    let (mut operations, running) = being_monitored();
    assert!(begun(&operations.suspect(Tick::default(), "web")).is_empty(), "one at a time");
    let acts = ends(&mut operations, running, OcfCode::OK);
    let (task, again) = begun(&acts).pop().expect("it had looked before the death");
    assert_eq!(task, "monitor");
    let acts = ends(&mut operations, again, OcfCode::NOT_RUNNING);
    assert!(acts.iter().any(|act| matches!(act, Act::Report(_))), "the death is reported");
}

#[test]
fn hints_do_not_pile_up() {
    let (mut operations, running) = being_monitored();
    for _ in 0..5 {
        operations.suspect(Tick::default(), "web");
    }
    let (_, again) = begun(&ends(&mut operations, running, OcfCode::OK)).pop().expect("one more");
    assert!(begun(&ends(&mut operations, again, OcfCode::OK)).is_empty());
    assert!(operations.is_quiet());
}

#[test]
fn a_stop_needs_no_look() {
    let (mut operations, running) = being_monitored();
    let acts = operations.order(Tick::default(), order("stop", 0), 0);
    assert!(acts.iter().any(|act| matches!(act, Act::Kill(run) if *run == running)));
    operations.suspect(Tick::default(), "web");
    let acts = ends(&mut operations, running, OcfCode::GENERIC);
    let (task, stop) = begun(&acts).pop().expect("the stop");
    assert_eq!(task, "stop");
    assert!(begun(&ends(&mut operations, stop, OcfCode::OK)).is_empty());
}

/// Whether these acts begin a watch.
fn watches(acts: &[Act]) -> bool {
    acts.iter().any(|act| matches!(act, Act::Watch(resource) if resource == "web"))
}

#[test]
fn a_death_that_the_agent_thinks_nothing_of_does_not_end_the_watch() {
    let mut operations = Operations::default();
    let acts = operations.order(Tick::default(), order("monitor", 10_000), 0);
    let (_, first) = begun(&acts).pop().expect("the first monitor");
    assert!(watches(&ends(&mut operations, first, OcfCode::OK)));
    assert!(watches(&operations.suspect(Tick::default(), "web")), "the next death is seen as well");
}

#[test]
fn what_dies_all_the_time_is_watched_again_when_it_has_calmed_down() {
    let (mut operations, running) = being_monitored();
    let soon = Tick::default().after(Duration::from_millis(500));
    assert!(!watches(&operations.suspect(soon, "web")), "no monitor after the other");
    let (_, again) = begun(&ends(&mut operations, running, OcfCode::OK)).pop().expect("one more");
    assert!(!watches(&ends(&mut operations, again, OcfCode::OK)));
    let later = Tick::default().after(Duration::from_secs(10));
    let acts = operations.due(later, "web", "web_monitor_10000");
    let (_, due) = begun(&acts).pop().expect("its turn");
    let now = Now { tick: later, ..Now::default() };
    let acts = operations.done(now, due, Outcome::done(OcfCode::OK), ParameterKinds::default());
    assert!(watches(&acts));
}
