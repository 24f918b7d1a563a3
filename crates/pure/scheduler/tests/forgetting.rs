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

/// What is planned on a guest that does not run and should have `role`, on which `resource` once failed to do `task`.
fn failed_on_guest(
    role: &str,
    resources: &str,
    resource: &str,
    agent: &str,
    task: &str,
) -> Vec<String> {
    let text = format!(
        r#"<cib validate-with="pacemaker-3.9" have-quorum="1">
<configuration><crm_config/><nodes><node id="1" uname="x"/></nodes>
<resources><primitive id="g" class="ocf" provider="pacemaker" type="Dummy"><meta_attributes id="gm"><nvpair id="gr" name="remote-node" value="guest"/><nvpair id="gt" name="target-role" value="{role}"/></meta_attributes></primitive>{resources}</resources><constraints/></configuration>
<status><node_state id="1" uname="x" in_ccm="true" crmd="online" join="member" expected="member"/>
<node_state id="guest" uname="guest"><lrm id="guest"><lrm_resources><lrm_resource id="{resource}" {agent}>
<lrm_rsc_op id="{resource}_last_failure_0" operation_key="{resource}_{task}_0" operation="{task}" crm_feature_set="3.19.0" transition-key="4:7:0:1-2" transition-magic="4:1;4:7:0:1-2" call-id="4" rc-code="1" op-status="4" interval="0" last-rc-change="1600000000" op-digest="of-what-it-was-given"/>
</lrm_resource></lrm_resources></lrm></node_state></status></cib>"#
    );
    let document = Document::parse(&text).unwrap();
    let input = Input { now: 1_700_000_000, ..Input::default() };
    let on_guest = plan(&document, &input).plan.steps.into_iter();
    let on_guest = on_guest
        .filter(|step| step.action.node.as_ref().is_some_and(|node| node.name.as_str() == "guest"));
    on_guest.map(|step| step.action.key).collect()
}

/// The failure is why the guest must be started anew, and is found to be forgotten before that.
#[test]
fn a_failure_is_forgotten_of_a_guest_that_must_be_started_anew() {
    let agent = r#"class="stonith" type="fence_dummy""#;
    let keys = failed_on_guest("Started", "", "gone", agent, "start");
    assert!(keys.contains(&"gone_clear_failcount_0".to_owned()), "{keys:?}");
}

/// Nothing runs anywhere for it.
#[test]
fn a_failure_is_forgotten_of_a_guest_that_nobody_can_reach() {
    let resources = r#"<primitive id="f" class="stonith" type="fence_dummy"/>
<primitive id="r" class="ocf" provider="pacemaker" type="remote"><instance_attributes id="ri"><nvpair id="rr" name="reconnect_interval" value="60s"/></instance_attributes></primitive>"#;
    let agent = r#"class="ocf" provider="pacemaker" type="remote""#;
    let keys = failed_on_guest("Stopped", resources, "r", agent, "stop");
    assert!(keys.contains(&"r_clear_failcount_0".to_owned()), "{keys:?}");
}
