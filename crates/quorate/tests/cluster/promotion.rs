//! Agents of the distribution say for themselves how fit for promotion their nodes are.

use std::fs;

use client::Snapshot;
use wire::api::Reply;

use crate::bed::Bed;
use crate::tools::answer;

const AGENT: &str = "/usr/lib/ocf/resource.d/heartbeat/Stateful";

const CONFIGURATION: &str = r#"<configuration>
  <crm_config>
    <cluster_property_set id="options">
      <nvpair id="option-fencing" name="stonith-enabled" value="false"/>
    </cluster_property_set>
  </crm_config>
  <nodes/>
  <resources>
    <clone id="dbs">
      <meta_attributes id="dbs-meta">
        <nvpair id="dbs-promotable" name="promotable" value="true"/>
      </meta_attributes>
      <primitive id="db" class="ocf" provider="heartbeat" type="Stateful"/>
    </clone>
  </resources>
  <constraints/>
</configuration>"#;

/// What each node's instance believes itself to be, as the agent wrote it.
fn roles(bed: &Bed) -> Vec<String> {
    let file = |node: u32| {
        let path = bed.node_dir(node).join("run/resource-agents/Stateful-db.state");
        fs::read_to_string(path).unwrap_or_default().trim().to_owned()
    };
    (1..=3).map(file).collect()
}

/// Nothing to do, and nothing under way.
pub fn is_quiet(seen: &Snapshot) -> bool {
    seen.cluster.idle && seen.cluster.running.is_empty()
}

fn scores(bed: &Bed) -> Vec<String> {
    let ask = |node: u32| format!("crm_attribute -N n{node} -n master-db -l reboot -G -q");
    (1..=3).map(|node| answer(bed, 1, &ask(node)).trim().to_owned()).collect()
}

#[test]
fn an_instance_is_promoted_because_its_agent_said_how_fit_it_is() {
    if !testkit::has(&[AGENT]) {
        return;
    }
    let bed = Bed::start();
    let reply = bed.replace(1, CONFIGURATION.to_owned());
    assert!(matches!(reply, Reply::Done { .. }), "{reply:?}");
    bed.wait(1, "a promotion", |seen| {
        is_quiet(seen) && roles(&bed).iter().any(|role| role == "master")
    });
    let promoted: Vec<usize> = (0..3).filter(|at| roles(&bed)[*at] == "master").collect();
    let [promoted] = promoted[..] else { panic!("{:?}\n{}", roles(&bed), bed.see(1).xml) };
    // The agent gives 5 when it starts and 10 when it is promoted.
    let mut wanted = ["5"; 3];
    wanted[promoted] = "10";
    assert_eq!(scores(&bed), wanted);

    // Another node becomes fitter.
    let other = (promoted + 1) % 3;
    answer(&bed, 1, &format!("crm_attribute -N n{} -n master-db -l reboot -v 100", other + 1));
    bed.wait(1, "the other's promotion", |seen| is_quiet(seen) && roles(&bed)[other] == "master");
    assert_eq!(roles(&bed).iter().filter(|role| *role == "master").count(), 1);

    // A resource that is stopped takes its scores along.
    let stopped = r#"<nvpair id="role" name="target-role" value="Stopped"/></meta_attributes>"#;
    let reply = bed.replace(1, CONFIGURATION.replace("</meta_attributes>", stopped));
    assert!(matches!(reply, Reply::Done { .. }), "{reply:?}");
    bed.wait(1, "the end", |seen| is_quiet(seen) && roles(&bed) == ["", "", ""]);
    assert!(!bed.see(1).xml.contains("master-db"), "{}", bed.see(1).xml);
}
