//! What is made of live moves that failed.

#![expect(clippy::unwrap_used, reason = "a test may fail loudly")]

use cib::Document;
use scheduler::cause::{Cause, Root, explain};
use scheduler::{Input, assign, resolve};

/// `a` with what is recorded of it at x and y.
fn cluster(at_x: &str, at_y: &str) -> Document {
    let state = |id: u32, name: &str, records: &str| {
        format!(
            r#"<node_state id="{id}" uname="{name}" in_ccm="true" crmd="online" join="member" expected="member"><lrm id="{id}"><lrm_resources><lrm_resource id="a" class="ocf" provider="pacemaker" type="Dummy">{records}</lrm_resource></lrm_resources></lrm></node_state>"#
        )
    };
    let text = format!(
        r#"<cib validate-with="pacemaker-3.9" have-quorum="1">
<configuration><crm_config><cluster_property_set id="o"><nvpair id="f" name="stonith-enabled" value="false"/></cluster_property_set></crm_config>
<nodes><node id="1" uname="x"/><node id="2" uname="y"/></nodes>
<resources><primitive id="a" class="ocf" provider="pacemaker" type="Dummy"/></resources><constraints/></configuration>
<status>{}{}</status></cib>"#,
        state(1, "x", at_x),
        state(2, "y", at_y)
    );
    Document::parse(&text).unwrap()
}

/// Where `a` may be active, after it failed to arrive at y, and monitors found nothing at x.
fn active(monitors: &[u32]) -> usize {
    let records: String = monitors
        .iter()
        .map(|interval| {
            format!(
                r#"<lrm_rsc_op id="a_monitor_{interval}" operation_key="a_monitor_{interval}" operation="monitor" crm_feature_set="3.19.0" transition-key="4:7:7:1-2" transition-magic="0:7;4:7:7:1-2" call-id="4" rc-code="7" op-status="0" interval="{interval}" last-rc-change="1600000009"/>"#
            )
        })
        .collect();
    let arrival = r#"<lrm_rsc_op id="a_last_failure_0" operation_key="a_migrate_from_0" operation="migrate_from" crm_feature_set="3.19.0" transition-key="3:7:0:1-2" transition-magic="4:1;3:7:0:1-2" call-id="3" rc-code="1" op-status="4" interval="0" last-rc-change="1600000000" migrate_source="x" migrate_target="y"/>"#;
    let document = cluster(&records, arrival);
    let resolved = resolve(&document, &Input { now: 1_700_000_000, ..Input::default() });
    let resource = resolved.find_resource("a").unwrap();
    resolved.resource(resource).active.len()
}

#[test]
fn a_monitor_that_found_nothing_tells_that_the_source_is_left() {
    assert_eq!(active(&[0]), 1);
}

/// As Pacemaker has it: of two monitors, neither is looked at.
#[test]
fn two_monitors_tell_nothing_about_the_source() {
    assert_eq!(active(&[0, 25000]), 2);
}

/// The record of the arrival is overwritten by that of another move, which came at the same second.
#[test]
fn a_move_whose_arrival_is_not_on_record_is_why_it_is_restarted() {
    let record = |node: &str, task: &str, call: u32, ends: &str| {
        format!(
            r#"<lrm_rsc_op id="a_{task}_0" operation_key="a_{task}_0" operation="{task}" crm_feature_set="3.19.0" transition-key="{call}:7:0:1-2" transition-magic="0:0;{call}:7:0:1-2" call-id="{call}" on_node="{node}" rc-code="0" op-status="0" interval="0" last-rc-change="1600000000" op-digest="f2317cad3d54cec5d7d7aa7d0bf35cf8" {ends}/>"#
        )
    };
    let to = |source: &str| format!(r#"migrate_source="{source}" migrate_target="y""#);
    let left = record("x", "migrate_to", 1, &to("x")) + &record("x", "stop", 2, "");
    let document = cluster(&left, &record("y", "migrate_from", 5, &to("z")));
    let input = Input { now: 1_700_000_000, ..Input::default() };
    let resolved = resolve(&document, &input);
    let explained = explain(&resolved, &assign(&resolved));
    let chains = explained.plan.steps.iter().zip(&explained.chains);
    let mut of_stop = chains.filter(|(step, _)| step.action.key == "a_stop_0");
    let (_, chain) = of_stop.next().unwrap();
    let root = Cause::Root(Root::HalfMoved { resource: "a".into() });
    assert_eq!(chain.causes.last(), Some(&root));
}
