//! Agents of the distribution say for themselves how fit for promotion their nodes are.

use std::fs;
use std::path::Path;
use std::process::{Command, Output};

use client::Snapshot;
use wire::api::Reply;

use crate::bed::Bed;

const AGENT: &str = "/usr/lib/ocf/resource.d/heartbeat/Stateful";

/// Without the agent the test is left out, and says so; where nothing may be left out, it fails.
#[expect(clippy::print_stderr, reason = "what a test leaves out must be seen")]
pub fn has(agent: &str) -> bool {
    let is_there = Path::new(agent).exists();
    if !is_there {
        assert!(std::env::var("CI").as_deref() != Ok("true"), "needs {agent}");
        eprintln!("left out: no {agent}");
    }
    is_there
}

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

/// Calls a tool as an agent of `node` would.
fn call(bed: &Bed, node: u32, line: &str) -> Output {
    let mut words = line.split_whitespace();
    let tool = bed.node_dir(node).join("run/bin").join(words.next().unwrap());
    let mut command = Command::new(tool);
    command.args(words).env("QUORATE_SOCKET", bed.node_dir(node).join("api.sock"));
    command.output().unwrap()
}

/// What a tool wrote, which must have succeeded.
fn answer(bed: &Bed, node: u32, line: &str) -> String {
    let output = call(bed, node, line);
    assert!(output.status.success(), "{line}: {output:?}");
    String::from_utf8(output.stdout).unwrap()
}

/// Nothing to do, and nothing under way.
fn is_quiet(seen: &Snapshot) -> bool {
    seen.cluster.idle && seen.cluster.running.is_empty()
}

fn scores(bed: &Bed) -> Vec<String> {
    let ask = |node: u32| format!("crm_attribute -N n{node} -n master-db -l reboot -G -q");
    (1..=3).map(|node| answer(bed, 1, &ask(node)).trim().to_owned()).collect()
}

#[test]
fn an_instance_is_promoted_because_its_agent_said_how_fit_it_is() {
    if !has(AGENT) {
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

#[test]
fn attributes_and_options_are_set_asked_for_and_removed_by_pacemakers_tools() {
    let bed = Bed::start();
    answer(&bed, 1, "attrd_updater -n pingd -B 100 -d 5s");
    assert_eq!(
        answer(&bed, 2, "attrd_updater -n pingd -QA"),
        "name=\"pingd\" host=\"n1\" value=\"100\"\n"
    );
    assert_eq!(call(&bed, 2, "attrd_updater -n pingd -Q").status.code(), Some(78), "not here");
    answer(&bed, 2, "attrd_updater -n pingd -N n1 -D");
    assert_eq!(call(&bed, 1, "attrd_updater -n pingd -Q").status.code(), Some(78), "removed");

    answer(&bed, 3, "crm_attribute -N n2 -n place -v cellar");
    answer(&bed, 3, "crm_attribute -N n2 -n place -v roof");
    assert_eq!(
        answer(&bed, 2, "crm_attribute -N n2 -n place -G"),
        "scope=nodes name=place value=roof\n"
    );
    answer(&bed, 3, "crm_attribute -N n2 -n place -D");
    let missing = "crm_attribute -N n2 -n place -G -q";
    assert_eq!(call(&bed, 2, missing).status.code(), Some(105));
    assert_eq!(answer(&bed, 2, &format!("{missing} -d none")), "none\n");

    answer(&bed, 1, "crm_attribute -n batch-limit -v 7");
    assert_eq!(answer(&bed, 1, "crm_attribute -t crm_config -n batch-limit -G -q"), "7\n");
    assert_eq!(call(&bed, 1, "crm_attribute -N nobody -n a -v 1").status.code(), Some(105));
    assert_eq!(call(&bed, 1, "crm_attribute -p -v 1").status.code(), Some(64), "of no resource");
}
