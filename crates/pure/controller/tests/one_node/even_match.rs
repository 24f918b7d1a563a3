//! Of two nodes that fence each other, the one with less to lose waits.

use std::time::Duration;

use cib::Document;
use controller::Restored;
use model::{OcfCode, Outcome, Quorum};

use crate::node::{ME, Node};

/// One of two nodes, which can run `a` without the other being off, and knows of the other that
/// it ran `b` if it is `busy`.
fn pair(busy: bool, options: &str, device: &str) -> Node {
    let service = |id: &str, meta: &str| {
        format!(
            r#"<primitive id="{id}" class="ocf" provider="test" type="web">
                 <meta_attributes id="{id}-m"><nvpair id="{id}-r" name="requires" value="{meta}"/></meta_attributes>
               </primitive>"#
        )
    };
    let history = r#"<lrm id="2"><lrm_resources><lrm_resource id="b" class="ocf" provider="test" type="web">
        <lrm_rsc_op id="b_last_0" operation_key="b_start_0" operation="start" interval="0" call-id="3"
          transition-key="3:1:0:00000000-0000-0000-0000-000000000000" transition-magic="0:0;3:1:0:00000000-0000-0000-0000-000000000000"
          rc-code="0" op-status="0" on_node="n2"/></lrm_resource></lrm_resources></lrm>"#;
    let document = format!(
        r#"<cib validate-with="pacemaker-4.0" epoch="1"><configuration>
             <crm_config><cluster_property_set id="o">{options}</cluster_property_set></crm_config>
             <nodes><node id="1" uname="n1"/><node id="2" uname="n2"/></nodes>
             <resources>
               <primitive id="power" class="stonith" type="fence_test">
                 <instance_attributes id="power-a">
                   <nvpair id="power-hosts" name="pcmk_host_list" value="n2"/>{device}
                 </instance_attributes>
               </primitive>
               {}{}
             </resources>
             <constraints><rsc_location id="l" rsc="b" node="n1" score="-INFINITY"/></constraints>
           </configuration>
           <status><node_state id="2" uname="n2" in_ccm="true" crmd="online" join="member" expected="member">{}</node_state></status></cib>"#,
        service("a", "nothing"),
        service("b", "fencing"),
        if busy { history } else { "" },
    );
    let configuration = Some(Document::parse(&document).expect("it is a document"));
    let mut node = Node::restored(2, Restored { configuration, ..Restored::default() });
    node.member_of(1, &[ME], Quorum::ByRule);
    node.settle();
    // As long as a cold start waits for the other one.
    node.wait_seconds(21);
    node
}

/// The fence agent fails each time; how long it was told to wait before each plan's first try.
fn delays(mut node: Node, plans: usize) -> Vec<Duration> {
    for _ in 0..plans {
        node.run(|task| match task {
            "reboot" => Outcome::done(OcfCode::GENERIC),
            "monitor" => Outcome::done(OcfCode::NOT_RUNNING),
            _ => Outcome::done(OcfCode::OK),
        });
        node.wait_seconds(6);
    }
    let fencings = node.runs.iter().filter(|run| run.task == "reboot");
    fencings.step_by(2).map(|run| run.delay).collect()
}

const MOMENT: Duration = Duration::from_secs(1);

#[test]
fn who_has_less_to_lose_waits() {
    assert_eq!(delays(pair(true, "", ""), 1), [MOMENT]);
    assert_eq!(
        delays(pair(false, "", ""), 1),
        [Duration::ZERO],
        "nothing there, and a higher number"
    );
}

#[test]
fn who_runs_as_much_and_has_the_lower_number_does_not_wait() {
    // Once `a` runs here, both run one.
    assert_eq!(delays(pair(true, "", ""), 2), [MOMENT, Duration::ZERO]);
}

#[test]
fn what_is_configured_stands() {
    let none = r#"<nvpair id="o-p" name="priority-fencing-delay" value="0"/>"#;
    assert_eq!(delays(pair(true, none, ""), 1), [Duration::ZERO]);
    let base = r#"<nvpair id="power-d" name="pcmk_delay_base" value="3s"/>"#;
    assert_eq!(delays(pair(true, "", base), 1), [3 * MOMENT]);
}
