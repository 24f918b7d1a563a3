//! A failure's time is over: it is forgotten, and nothing else is.

use model::{OcfCode, Outcome, Quorum};

use crate::node::Node;

/// One resource, which may fail once.
fn configuration(role: &str) -> String {
    format!(
        r#"<configuration>
  <crm_config><cluster_property_set id="o">
    <nvpair id="o-f" name="stonith-enabled" value="false"/>
  </cluster_property_set></crm_config>
  <nodes><node id="1" uname="n1"/></nodes>
  <resources><primitive id="a" class="ocf" provider="test" type="a">
    <meta_attributes id="a-m">
      <nvpair id="a-m-r" name="target-role" value="{role}"/>
      <nvpair id="a-m-t" name="migration-threshold" value="1"/>
      <nvpair id="a-m-e" name="failure-timeout" value="30s"/>
    </meta_attributes>
    <operations><op id="a-monitor" name="monitor" interval="10s"/></operations>
  </primitive></resources>
  <constraints/>
</configuration>"#
    )
}

#[test]
fn forgetting_a_failure_does_not_hide_the_stop_after_it() {
    let mut node = Node::in_cluster_of(1, Quorum::Majority);
    let mut is_running = false;
    let mut answer = move |task: &str| match task {
        "monitor" if !is_running => Outcome::done(OcfCode::NOT_RUNNING),
        task => {
            is_running = task == "start";
            Outcome::done(OcfCode::OK)
        }
    };
    node.configure(&configuration("Started"));
    node.run(&mut answer);
    assert_eq!(node.tasks().last().map(String::as_str), Some("a monitor"));
    node.suspect("a");
    node.run(|task| match task {
        "monitor" => Outcome::done(OcfCode::NOT_RUNNING),
        _ => Outcome::done(OcfCode::OK),
    });
    assert_eq!(node.tasks().last().map(String::as_str), Some("a stop"));
    node.configure(&configuration("Stopped"));
    node.run(&mut answer);
    let before = node.tasks().len();
    for _ in 0..4 {
        node.wait_seconds(10);
        node.run(&mut answer);
    }
    let cleared = node.events.iter().any(|event| format!("{event:?}").contains("clear_failcount"));
    assert!(cleared, "{:?}", node.events);
    assert_eq!(node.tasks()[before..], [] as [&str; 0], "it is stopped, and known to be");
}
