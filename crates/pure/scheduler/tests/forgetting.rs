//! What happens to the history of a resource whose agent has changed.

#![expect(clippy::unwrap_used, reason = "a test may fail loudly")]

use cib::Document;
use scheduler::{Input, plan};

/// One node, one resource whose agent was another when `probed` there.
fn cluster(probed: &str) -> Document {
    let text = format!(
        r#"<cib validate-with="pacemaker-3.9" have-quorum="1">
<configuration><crm_config><cluster_property_set id="o"><nvpair id="f" name="stonith-enabled" value="false"/></cluster_property_set></crm_config>
<nodes><node id="1" uname="x"/></nodes>
<resources><primitive id="a" class="ocf" provider="pacemaker" type="Dummy"><meta_attributes id="m"><nvpair id="t" name="failure-timeout" value="1s"/></meta_attributes></primitive></resources><constraints/></configuration>
<status><node_state id="1" uname="x" in_ccm="true" crmd="online" join="member" expected="member"><lrm id="1"><lrm_resources>
<lrm_resource id="a" class="ocf" provider="pacemaker" type="ping">{probed}</lrm_resource>
</lrm_resources></lrm></node_state></status></cib>"#
    );
    Document::parse(&text).unwrap()
}

fn record(rc: u8, status: u8) -> String {
    format!(
        r#"<lrm_rsc_op id="a_monitor_0" operation_key="a_monitor_0" operation="monitor" crm_feature_set="3.19.0" transition-key="4:7:7:1-2" transition-magic="{status}:{rc};4:7:7:1-2" call-id="4" rc-code="{rc}" op-status="{status}" interval="0" last-rc-change="1600000000"/>"#
    )
}

fn planned(probed: &str) -> Vec<String> {
    let input = Input { now: 1_700_000_000, ..Input::default() };
    let plan = plan(&cluster(probed), &input).plan;
    plan.steps.iter().map(|step| step.action.key.to_string()).collect()
}

#[test]
fn what_an_earlier_agent_said_is_forgotten() {
    assert!(planned(&record(7, 0)).contains(&"a_delete_0".to_owned()));
}

/// Forgetting after the probe would forget the probe.
#[test]
fn nothing_is_forgotten_on_a_node_that_is_probed_again() {
    let keys = planned(&record(2, 4));
    assert!(keys.contains(&"a_monitor_0".to_owned()), "{keys:?}");
    assert!(!keys.contains(&"a_delete_0".to_owned()), "{keys:?}");
}
