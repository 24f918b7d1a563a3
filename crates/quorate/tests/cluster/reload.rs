//! A changed parameter restarts a resource only if its agent cannot take the change as it runs.

use std::fs;

use wire::api::{Event, Reply};

use crate::bed::Bed;
use crate::tools::answer;

const AGENT: &str = "/usr/lib/ocf/resource.d/heartbeat/Dummy";

fn configuration(bed: &Bed, state: &str, fake: &str) -> String {
    format!(
        r#"<configuration>
  <crm_config>
    <cluster_property_set id="options">
      <nvpair id="option-fencing" name="stonith-enabled" value="false"/>
    </cluster_property_set>
  </crm_config>
  <nodes/>
  <resources>
    <primitive id="thing" class="ocf" provider="heartbeat" type="Dummy">
      <instance_attributes id="thing-parameters">
        <nvpair id="thing-state" name="state" value="{dir}/n1/{state}"/>
        <nvpair id="thing-fake" name="fake" value="{fake}"/>
      </instance_attributes>
      <operations><op id="thing-monitor" name="monitor" interval="30s" timeout="20s"/></operations>
    </primitive>
  </resources>
  <constraints>
    <rsc_location id="here" rsc="thing" node="n1" score="100"/>
  </constraints>
</configuration>"#,
        dir = bed.dir.display()
    )
}

/// What was done to the resource for an edit, monitors left out.
fn done_for(bed: &Bed, configuration: String) -> Vec<String> {
    let number = || bed.client(1).history(0).unwrap().last().map_or(0, |entry| entry.number);
    let before = number();
    let reply = bed.replace(1, configuration);
    assert!(matches!(reply, Reply::Done { .. }), "{reply:?}");
    bed.wait_idle(1);
    let entries = bed.client(1).history(before).unwrap().into_iter();
    let actions = entries.filter_map(|entry| {
        let Event::Finished { action, expected, .. } = entry.event else { return None };
        Some((action, expected))
    });
    let actions = actions.filter(|(action, _)| !action.contains("_monitor_"));
    actions.map(|(action, expected)| format!("{action} {expected}")).collect()
}

#[test]
fn what_an_agent_can_take_as_it_runs_does_not_restart_the_resource() {
    if !testkit::has(&[AGENT]) {
        return;
    }
    let bed = Bed::start();
    assert_eq!(done_for(&bed, configuration(&bed, "first", "a")), ["thing_start_0 true"]);
    let seen = bed.see(2).xml;
    assert!(seen.contains("op-force-restart=\" state \""), "{seen}");

    let done = done_for(&bed, configuration(&bed, "first", "b"));
    assert_eq!(done, ["thing_reload-agent_0 true"], "{}", bed.see(1).xml);
    assert!(fs::exists(bed.node_dir(1).join("first")).unwrap());

    let done = done_for(&bed, configuration(&bed, "second", "b"));
    assert_eq!(done, ["thing_stop_0 true", "thing_start_0 true"]);
    assert!(fs::exists(bed.node_dir(1).join("second")).unwrap());
    assert_eq!(done_for(&bed, configuration(&bed, "second", "b")), Vec::<String>::new());
}

fn with_password(bed: &Bed, dir: &str, level: &str, password: &str) -> String {
    configuration(bed, "", "")
        .replace("provider=\"heartbeat\" type=\"Dummy\"", "provider=\"testkit\" type=\"reloads\"")
        .replace("name=\"state\"", "name=\"dir\"")
        .replace("/n1/\"", &format!("/{dir}\""))
        .replace("name=\"fake\" value=\"\"", &format!("name=\"level\" value=\"{level}\""))
        .replace(
            "</instance_attributes>",
            &format!(
                "<nvpair id=\"thing-word\" name=\"password\" value=\"{password}\"/>\
                 </instance_attributes>"
            ),
        )
}

#[test]
fn a_secret_is_reloaded_like_others_and_its_history_can_be_checked_without_it() {
    let bed = Bed::start();
    for dir in ["one", "two"] {
        fs::create_dir(bed.dir.join(dir)).unwrap();
    }
    let steps = [
        ("one", "1", "first-secret", &["thing_start_0 true"][..]),
        ("one", "2", "first-secret", &["thing_reload-agent_0 true"]),
        ("one", "2", "second-secret", &["thing_reload-agent_0 true"]),
        ("two", "2", "second-secret", &["thing_stop_0 true", "thing_start_0 true"]),
        ("two", "2", "second-secret", &[]),
    ];
    for (dir, level, password, wanted) in steps {
        let done = done_for(&bed, with_password(&bed, dir, level, password));
        assert_eq!(done, wanted, "{dir} {level} {password}: {}", bed.see(1).xml);
    }
    let did = fs::read_to_string(bed.dir.join("one/did")).unwrap();
    let wanted =
        "start 1 first-secret\nreload-agent 2 first-secret\nreload-agent 2 second-secret\n";
    assert!(did.starts_with(wanted), "{did}");

    let xml = bed.see(2).xml;
    let (configuration, status) = xml.split_once("<status").unwrap();
    assert!(configuration.contains("second-secret") && !status.contains("secret\""), "{status}");
    assert!(status.contains("op-secure-params=\" password \""), "{status}");
    assert!(status.contains("op-force-restart=\" dir \""), "{status}");
    for node in 1..=3 {
        assert!(!bed.log(node).contains("-secret"), "{}", bed.log(node));
    }
    // Whoever gets the document without the secret sees that all is as it should be.
    let file = bed.dir.join("cib.xml");
    let plan = |xml: &str| {
        fs::write(&file, xml).unwrap();
        let plan = answer(&bed, 1, &format!("crm_simulate -x {} -S", file.display()));
        let (_, after) = plan.split_once("Transition Summary:\n").unwrap();
        after.split_once("Revised Cluster Status:").unwrap().0.to_owned()
    };
    let without = xml.replace("second-secret", "");
    assert_eq!(plan(&without).trim(), "Executing Cluster Transition:");
    let changed = without.replace("name=\"level\" value=\"2\"", "name=\"level\" value=\"3\"");
    assert!(plan(&changed).contains("* Reload     thing"), "{}", plan(&changed));
}
