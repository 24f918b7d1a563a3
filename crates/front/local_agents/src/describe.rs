//! What an agent says of itself.

use std::process::Command;
use std::time::Duration;

use crate::child;
use crate::installed::{agents, ocf_root, program};

/// An agent that says nothing for so long will not.
const PATIENCE: Duration = Duration::from_secs(30);

/// What the agent `STANDARD:[PROVIDER:]TYPE` says of itself, as XML; nothing if it is not there or says
/// nothing. Init scripts and units are described for them.
pub fn metadata(spec: &str) -> Option<String> {
    let parts: Vec<&str> = spec.splitn(3, ':').collect();
    match parts.as_slice() {
        ["ocf", provider, kind] => {
            let root = ocf_root().parent()?.to_owned();
            let mut command = Command::new(program("ocf", &format!("{provider}/{kind}"))?);
            command.arg("meta-data").env("OCF_ROOT", root).env("OCF_RESOURCE_INSTANCE", kind);
            said(command)
        }
        ["stonith", kind] => {
            let mut command = Command::new(program("stonith", kind)?);
            command.args(["-o", "metadata"]);
            said(command)
        }
        ["lsb", kind] if agents("lsb", None).iter().any(|name| name == kind) => {
            Some(plain(kind, "LSB"))
        }
        ["systemd", kind] if agents("systemd", None).iter().any(|name| name == kind) => {
            Some(plain(kind, "systemd"))
        }
        ["service", kind] => {
            metadata(&format!("systemd:{kind}")).or_else(|| metadata(&format!("lsb:{kind}")))
        }
        _ => None,
    }
}

fn said(command: Command) -> Option<String> {
    let ended = child::run(command, None, PATIENCE).ok()?;
    let text = String::from_utf8(ended.output).ok()?;
    (ended.code == Some(0) && !text.trim().is_empty()).then_some(text)
}

/// Init scripts and units have no parameters.
fn plain(name: &str, kind: &str) -> String {
    let actions: String = [("start", 100), ("stop", 100), ("status", 100), ("monitor", 100)]
        .iter()
        .map(|(action, timeout)| {
            format!("    <action name=\"{action}\" timeout=\"{timeout}s\"/>\n")
        })
        .collect();
    format!(
        "<?xml version=\"1.0\"?>\n<resource-agent name=\"{name}\" version=\"1.1\">\n  \
         <version>1.1</version>\n  <longdesc lang=\"en\">\n    {kind} service {name}\n  \
         </longdesc>\n  <shortdesc lang=\"en\">{kind} service {name}</shortdesc>\n  \
         <parameters/>\n  <actions>\n{actions}    <action name=\"meta-data\" timeout=\"5s\"/>\n  \
         </actions>\n  <special tag=\"{kind}\"/>\n</resource-agent>\n"
    )
}
