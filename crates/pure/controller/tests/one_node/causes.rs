//! What is said of why the cluster planned anew.

use model::{OcfCode, Outcome, Quorum};
use wire::api::Event;

use crate::node::Node;

const CONFIGURATION: &str = r#"<configuration>
  <crm_config><cluster_property_set id="o">
    <nvpair id="o-f" name="stonith-enabled" value="false"/>
  </cluster_property_set></crm_config>
  <nodes><node id="1" uname="n1"/></nodes>
  <resources><primitive id="web" class="ocf" provider="test" type="web">
    <operations><op id="web-monitor" name="monitor" interval="10s"/></operations>
  </primitive></resources>
  <constraints/>
</configuration>"#;

/// The causes of all plans of a node whose agent answers so.
fn causes(answer: impl FnMut(&str) -> Outcome) -> Vec<String> {
    let mut node = Node::in_cluster_of(1, Quorum::Majority);
    node.configure(CONFIGURATION);
    node.run(answer);
    let events = node.events.into_iter();
    events
        .filter_map(|event| {
            let Event::Planned { cause, .. } = event else { return None };
            Some(cause)
        })
        .collect()
}

#[test]
fn a_probe_that_finds_something_has_not_failed() {
    let said = causes(|_| Outcome::done(OcfCode::OK));
    assert_eq!(said.last().map(String::as_str), Some("a probe found web running on n1"));
}

#[test]
fn a_failure_is_told_with_what_the_agent_said() {
    let mut first = true;
    let said = causes(|task| match task {
        "monitor" => Outcome::done(OcfCode::NOT_RUNNING),
        "start" if std::mem::take(&mut first) => {
            Outcome { reason: "no such file".to_owned(), ..Outcome::done(OcfCode::GENERIC) }
        }
        _ => Outcome::done(OcfCode::OK),
    });
    let failure = "web_start_0 failed on n1: error, no such file";
    assert!(said.iter().any(|cause| cause == failure), "{said:?}");
}
