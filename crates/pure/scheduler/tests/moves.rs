//! What is made of live moves that failed.

#![expect(clippy::unwrap_used, reason = "a test may fail loudly")]

use cib::Document;
use scheduler::{Input, resolve};

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
    let history = |records: &str| {
        format!(
            r#"<lrm_resources><lrm_resource id="a" class="ocf" provider="pacemaker" type="Dummy">{records}</lrm_resource></lrm_resources>"#
        )
    };
    let arrival = history(
        r#"<lrm_rsc_op id="a_last_failure_0" operation_key="a_migrate_from_0" operation="migrate_from" crm_feature_set="3.19.0" transition-key="3:7:0:1-2" transition-magic="4:1;3:7:0:1-2" call-id="3" rc-code="1" op-status="4" interval="0" last-rc-change="1600000000" migrate_source="x" migrate_target="y"/>"#,
    );
    let state = r#"in_ccm="true" crmd="online" join="member" expected="member""#;
    let text = format!(
        r#"<cib validate-with="pacemaker-3.9" have-quorum="1">
<configuration><crm_config><cluster_property_set id="o"><nvpair id="f" name="stonith-enabled" value="false"/></cluster_property_set></crm_config>
<nodes><node id="1" uname="x"/><node id="2" uname="y"/></nodes>
<resources><primitive id="a" class="ocf" provider="pacemaker" type="Dummy"/></resources><constraints/></configuration>
<status><node_state id="1" uname="x" {state}><lrm id="1">{}</lrm></node_state>
<node_state id="2" uname="y" {state}><lrm id="2">{arrival}</lrm></node_state></status></cib>"#,
        history(&records)
    );
    let document = Document::parse(&text).unwrap();
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
