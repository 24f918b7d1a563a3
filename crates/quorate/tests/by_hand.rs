//! Agents of this machine, listed, described and run by hand: `quorate agents`, `quorate resource
//! debug-start`, with an agent that is made here.

#![expect(clippy::unwrap_used, reason = "a test may fail loudly")]

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;
use std::process::{Command, Output};

const LAMP: &str = r#"#!/bin/sh
lit="$OCF_RESKEY_lit"
case "$1" in
meta-data) cat <<END
<?xml version="1.0"?><resource-agent name="Lamp" version="1"><version>1.1</version>
<longdesc lang="en">Is lit, or is not.</longdesc><shortdesc lang="en">A lamp</shortdesc>
<parameters><parameter name="lit" required="1"><longdesc lang="en">A file.</longdesc>
<shortdesc lang="en">What says that it is lit</shortdesc><content type="string"/></parameter></parameters>
<actions><action name="start" timeout="20s"/></actions></resource-agent>
END
;;
start) [ "$OCF_RESOURCE_INSTANCE" = lamp ] && [ "$OCF_RESKEY_CRM_meta_timeout" = 35000 ] || exit 1
    touch "$lit"; echo "lit $lit"; exit 0;;
stop) rm -f "$lit";;
monitor) [ -e "$lit" ] || exit 7;;
promote) echo "ocf-exit-reason:lamps have one light" >&2; exit 6;;
demote) exec sleep 300;;
esac
"#;

struct House(PathBuf);

impl House {
    fn new(name: &str, status: &str) -> Self {
        let root = std::env::temp_dir().join(format!("by-hand-{name}-{}", std::process::id()));
        let folder = root.join("resource.d/house");
        fs::create_dir_all(&folder).unwrap();
        fs::write(folder.join("Lamp"), LAMP).unwrap();
        fs::set_permissions(folder.join("Lamp"), fs::Permissions::from_mode(0o755)).unwrap();
        let xml = format!(
            r#"<cib validate-with="pacemaker-4.0" admin_epoch="0" epoch="1" num_updates="0" have-quorum="1">
<configuration><crm_config/><nodes><node id="1" uname="n1"/><node id="2" uname="n2"/></nodes>
<resources><primitive id="lamp" class="ocf" provider="house" type="Lamp">
<instance_attributes id="p"><nvpair id="lit" name="lit" value="{}"/></instance_attributes>
<operations><op id="s" name="start" interval="0" timeout="35s"/></operations></primitive>
<group id="room"><primitive id="other" class="ocf" provider="house" type="Chair"/></group>
</resources><constraints/></configuration><status>{status}</status></cib>"#,
            root.join("lit").display()
        );
        fs::write(root.join("cib.xml"), xml).unwrap();
        Self(root)
    }

    fn quorate(&self, words: &[&str]) -> (String, String, i32) {
        let output = Command::new(env!("CARGO_BIN_EXE_quorate"))
            .args(words)
            .arg("--file")
            .arg(self.0.join("cib.xml"))
            .env("OCF_ROOT", &self.0)
            .output()
            .unwrap();
        let Output { status, stdout, stderr } = output;
        let text = |bytes| String::from_utf8(bytes).unwrap().replace(self.0.to_str().unwrap(), "@");
        (text(stdout), text(stderr), status.code().unwrap())
    }

    fn says(&self, words: &[&str], code: i32, wanted: &str) {
        let (said, why, ended) = self.quorate(words);
        assert_eq!((said.as_str(), ended), (wanted, code), "{words:?}: {why}");
    }

    fn refuses(&self, words: &[&str], code: i32, wanted: &str) {
        let (said, why, ended) = self.quorate(words);
        assert!(why.contains(wanted) && said.is_empty() && ended == code, "{words:?}: {why}{said}");
    }
}

impl Drop for House {
    fn drop(&mut self) {
        let _gone = fs::remove_dir_all(&self.0);
    }
}

#[test]
fn a_resource_is_started_asked_and_stopped_by_hand() {
    let house = House::new("runs", "");
    let lit = house.0.join("lit");
    house.says(
        &["resource", "debug-monitor", "lamp"],
        18,
        "monitor of lamp by ocf:house:Lamp: 7, not running\n",
    );
    house.says(
        &["resource", "debug-start", "lamp"],
        0,
        "start of lamp by ocf:house:Lamp: 0, ok\nOn standard output:\n  lit @/lit\n",
    );
    assert!(lit.exists());
    house.says(
        &["resource", "debug-monitor", "lamp"],
        0,
        "monitor of lamp by ocf:house:Lamp: 0, ok\n",
    );
    house.says(
        &["resource", "debug-promote", "lamp"],
        18,
        "promote of lamp by ocf:house:Lamp: 6, not configured\n\
         It says why: lamps have one light\n\
         The cluster would not try again on any node.\n\
         On standard error:\n  ocf-exit-reason:lamps have one light\n",
    );
    house.says(
        &["resource", "debug-demote", "lamp", "--limit", "1"],
        18,
        "demote of lamp by ocf:house:Lamp: it was ended after 1 s, its time\n",
    );
    house.says(&["resource", "debug-stop", "lamp"], 0, "stop of lamp by ocf:house:Lamp: 0, ok\n");
    assert!(!lit.exists());
    let (said, _, _) = house.quorate(&["resource", "debug-monitor", "lamp", "--json"]);
    assert!(said.contains("\"code\": 7") && said.contains("\"words\": \"not running\""), "{said}");
    house.refuses(&["resource", "debug-start", "room"], 64, "room is no single resource");
    house.refuses(&["resource", "debug-start", "lmap"], 4, "Did you mean `lamp`?");
    let words = ["resource", "debug-start", "other"];
    house.refuses(&words, 64, "ocf:house:Chair is not installed on this machine");
}

#[test]
fn what_is_active_on_another_node_is_not_started_here() {
    let house = House::new(
        "elsewhere",
        r#"<node_state id="2" uname="n2" in_ccm="1" crmd="1" join="member" expected="member">
<lrm id="2"><lrm_resources><lrm_resource id="lamp" class="ocf" provider="house" type="Lamp">
<lrm_rsc_op id="lamp_last_0" operation_key="lamp_start_0" operation="start" transition-magic="0:0;1:0:0:x" call-id="1" rc-code="0" op-status="0" interval="0"/>
</lrm_resource></lrm_resources></lrm></node_state>"#,
    );
    house.refuses(
        &["resource", "debug-start", "lamp"],
        17,
        "refused: lamp is active on n2; start would make it active twice",
    );
    assert!(!house.0.join("lit").exists());
    let (_, _, ended) = house.quorate(&["resource", "debug-start", "lamp", "--force"]);
    assert!(ended == 0 && house.0.join("lit").exists());
}

#[test]
fn agents_are_listed_and_described() {
    let house = House::new("lists", "");
    let (said, _, _) = house.quorate(&["agents"]);
    assert!(said.lines().any(|line| line == "ocf:house  1 agent"), "{said}");
    house.says(&["agents", "ocf:house"], 0, "ocf:house:Lamp  A lamp\n");
    house.says(&["agents", "ocf"], 0, "ocf:house:Lamp  A lamp\n");
    house.says(
        &["agents", "ocf:house:Lamp"],
        0,
        "ocf:house:Lamp: A lamp\n\nIs lit, or is not.\n\nParameters:\n  \
         lit  string  required  What says that it is lit\n",
    );
    house.refuses(&["agents", "ocf:house:Lmap"], 4, "Did you mean `ocf:house:Lamp`?");
    house.refuses(&["agents", "ocf:hose"], 4, "Did you mean `house`?");
    house.refuses(&["agents", "oct"], 4, "Did you mean `ocf`?");
    let (said, _, _) = house.quorate(&["agents", "ocf:house:Lamp", "--json"]);
    assert!(said.contains("\"required\": true"), "{said}");
}
