//! Two more nodes beside the house's, and a resource that is on one of them.

use std::fs;
use std::path::Path;
use std::process::{Child, Command, Stdio};

use serde_json::{Value, json};

use super::house::{House, until};

const AGENT: &str = r#"#!/bin/sh
mark="ROOT/mark.$QUORATE_NODE"
case "$1" in
meta-data) echo '<resource-agent name="mark"><version>1.1</version><parameters/><actions/></resource-agent>';;
start) : > "$mark"; echo "$QUORATE_NODE" >> ROOT/started;;
stop) rm -f "$mark";;
monitor) [ -e "$mark" ] || exit 7;;
esac
"#;

/// Three nodes, `n1` of which is the house.
pub(crate) struct Town {
    pub(crate) house: House,
    daemons: Vec<(String, Child)>,
}

impl Drop for Town {
    fn drop(&mut self) {
        for (_, daemon) in &mut self.daemons {
            let _gone = daemon.kill();
            let _gone = daemon.wait();
        }
    }
}

impl Town {
    /// `operations` are the resource's; `more` is in the configuration, too, each below its section.
    pub(crate) fn new(name: &str, operations: &str, more: &[(&str, String)]) -> Self {
        let house = House::among(name, &["n1", "n2", "n3"]);
        let agent = house.root.join("agents/ocf/test/mark");
        fs::create_dir_all(agent.parent().unwrap()).unwrap();
        let fence = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../agents/fence");
        std::os::unix::fs::symlink(fence, house.root.join("agents/fence")).unwrap();
        let text = AGENT.replace("ROOT", house.root.to_str().unwrap());
        testkit::write_program(&agent, &text);
        fs::write(house.root.join("started"), "").unwrap();
        let mut town = Self { house, daemons: Vec::new() };
        town.start("n2");
        town.start("n3");
        town.wait_for_all();
        let create = |parent: &str, xml: &str| -> Value {
            json!({ "create": { "parent": format!("/cib/configuration/{parent}"), "xml": xml } })
        };
        let mark = format!(
            "<primitive id=\"mark\" class=\"ocf\" provider=\"test\" type=\"mark\">{operations}\
             </primitive>"
        );
        let never = "<rsc_location id=\"l\" rsc=\"mark\" node=\"n1\" score=\"-INFINITY\"/>";
        let mut edits: Vec<Value> = more.iter().map(|(parent, xml)| create(parent, xml)).collect();
        edits.extend([create("resources", &mark), create("constraints", never)]);
        let change = json!({ "change": { "change": { "edit": { "edits": edits } } } });
        let answer = town.house.at_socket("POST", "/v1/request", &change.to_string());
        assert!(answer.contains("\"done\""), "{answer}");
        until(|| (town.started() == 1).then_some(()));
        town
    }

    pub(crate) fn start(&mut self, name: &str) {
        let folder = self.house.root.join(name);
        fs::create_dir_all(&folder).unwrap();
        let log = fs::File::options().create(true).append(true).open(folder.join("log")).unwrap();
        let config = self.house.config(name);
        fs::write(folder.join("quorate.toml"), config).unwrap();
        let daemon = Command::new(env!("CARGO_BIN_EXE_quorate"))
            .args(["daemon", "--config", "quorate.toml"])
            .current_dir(&folder)
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(log)
            .spawn()
            .unwrap();
        self.daemons.push((name.to_owned(), daemon));
    }

    pub(crate) fn wait_for_all(&self) {
        until(|| {
            let status = self.house.at_socket("GET", "/v1/status", "");
            let online = status.matches("\"state\":\"online\"").count();
            (online == 3 && status.contains("\"planned\":0")).then_some(())
        });
    }

    /// How often the resource was started.
    pub(crate) fn started(&self) -> usize {
        fs::read_to_string(self.house.root.join("started")).unwrap().lines().count()
    }

    /// The node that has the resource.
    pub(crate) fn holder(&self) -> String {
        let started = fs::read_to_string(self.house.root.join("started")).unwrap();
        started.lines().last().unwrap().to_owned()
    }

    /// Takes the resource from its node, behind the cluster's back.
    pub(crate) fn take_away(&self) {
        let mark = format!("mark.{}", self.holder());
        fs::remove_file(self.house.root.join(mark)).unwrap();
    }

    /// Kills the node that has the resource.
    pub(crate) fn kill_holder(&mut self) -> String {
        let here = self.holder();
        let at = self.daemons.iter().position(|(name, _)| *name == here).unwrap();
        let (_, mut daemon) = self.daemons.remove(at);
        daemon.kill().unwrap();
        self.take_away();
        daemon.wait().unwrap();
        here
    }
}
