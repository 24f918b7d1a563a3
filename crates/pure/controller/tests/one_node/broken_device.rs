//! A fence device that fails holds up what waits for it, and nothing else.

use model::{OcfCode, Outcome, Quorum};

use crate::node::Node;

const CONFIGURATION: &str = r#"<configuration>
  <crm_config/>
  <nodes>
    <node id="1" uname="n1"/><node id="2" uname="n2"/><node id="3" uname="n3"/>
  </nodes>
  <resources>
    <primitive id="power" class="stonith" type="fence_broken">
      <instance_attributes id="power-a">
        <nvpair id="power-hosts" name="pcmk_host_list" value="n2 n3"/>
      </instance_attributes>
    </primitive>
    <primitive id="web" class="ocf" provider="test" type="web">
      <meta_attributes id="web-m">
        <nvpair id="web-requires" name="requires" value="nothing"/>
      </meta_attributes>
      <operations><op id="web-monitor" name="monitor" interval="10s"/></operations>
    </primitive>
  </resources>
  <constraints/>
</configuration>"#;

fn answer(task: &str) -> Outcome {
    match task {
        "reboot" | "off" => Outcome::done(OcfCode::GENERIC),
        _ => Outcome::done(OcfCode::OK),
    }
}

#[test]
fn a_resource_recovers_while_the_device_rests() {
    let mut node = Node::in_cluster_of(3, Quorum::ByRule);
    node.configure(CONFIGURATION);
    node.run(answer);
    // The others do not come: they are to be fenced, and cannot be.
    node.wait_seconds(21);
    node.run(answer);
    let tried = node.runs.iter().filter(|run| run.task == "reboot").count();
    assert!(tried > 0, "the nodes that never came are to be fenced: {:?}", node.tasks());

    node.runs.clear();
    node.suspect("web");
    let mut dead = true;
    node.run(|task| match task {
        "monitor" if std::mem::take(&mut dead) => Outcome::done(OcfCode::NOT_RUNNING),
        task => answer(task),
    });
    assert!(node.tasks().contains(&"web start".to_owned()), "at once: {:?}", node.tasks());
    assert!(node.tasks().iter().all(|task| !task.ends_with("reboot")), "{:?}", node.tasks());

    node.wait_seconds(6);
    node.run(answer);
    assert!(node.tasks().iter().any(|task| task.ends_with("reboot")), "tried again");
}
