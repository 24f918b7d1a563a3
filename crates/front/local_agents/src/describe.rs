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
            // As with every other action: not all take words.
            let text = said_to(Command::new(program("stonith", kind)?), Some("action=metadata\n"))?;
            Some(without_required_action(&text))
        }
        ["lsb", kind] if agents("lsb", None).iter().any(|name| name == kind) => {
            Some(init_script(kind))
        }
        ["heartbeat", kind] if agents("heartbeat", None).iter().any(|name| name == kind) => {
            Some(agent::heartbeat_metadata(kind))
        }
        ["systemd", kind] if agents("systemd", None).iter().any(|name| name == kind) => {
            Some(unit(kind))
        }
        ["service", kind] => {
            metadata(&format!("systemd:{kind}")).or_else(|| metadata(&format!("lsb:{kind}")))
        }
        _ => None,
    }
}

fn said(command: Command) -> Option<String> {
    said_to(command, None)
}

fn said_to(command: Command, input: Option<&str>) -> Option<String> {
    let ended = child::run(command, input, PATIENCE).ok()?;
    let text = String::from_utf8(ended.output).ok()?;
    (ended.code == Some(0) && !text.trim().is_empty()).then_some(text)
}

/// The cluster says which action it wants; nobody has to configure one.
fn without_required_action(metadata: &str) -> String {
    let said = "<parameter name=\"action\"";
    let Some((before, rest)) = metadata.split_once(said) else { return metadata.to_owned() };
    let Some((attributes, after)) = rest.split_once('>') else { return metadata.to_owned() };
    let attributes = attributes.replace("required=\"1\"", "required=\"0\"");
    format!("{before}{said}{attributes}>{after}")
}

/// What the head of an init script says of it.
fn init_script(name: &str) -> String {
    let text = program("lsb", name).and_then(|path| std::fs::read(path).ok());
    let text = String::from_utf8_lossy(&text.unwrap_or_default()).into_owned();
    let (short, long) = heading(&text);
    let unsaid = || format!("LSB service {name}");
    plain(name, "LSB", &short.unwrap_or_else(unsaid), &long.unwrap_or_else(unsaid))
}

fn unit(name: &str) -> String {
    let words = format!("systemd service {name}");
    plain(name, "systemd", &words, &words)
}

/// The short and the long description among an init script's comments.
fn heading(script: &str) -> (Option<String>, Option<String>) {
    let inside = script.lines().skip_while(|line| !line.starts_with("### BEGIN INIT INFO"));
    let inside = inside.skip(1).take_while(|line| !line.starts_with("### END INIT INFO"));
    let (mut short, mut long) = (None, None);
    let mut goes_on = false;
    for line in inside {
        let field = |name: &str| line.strip_prefix(name).map(|rest| rest.trim().to_owned());
        let more = line.strip_prefix("#  ").or_else(|| line.strip_prefix("#\t"));
        if let Some(words) = field("# Description:") {
            long = Some(words);
            goes_on = true;
        } else if let (true, Some(more), Some(long)) = (goes_on, more, long.as_mut()) {
            long.push(' ');
            long.push_str(more.trim());
        } else {
            goes_on = false;
            short = field("# Short-Description:").or(short);
        }
    }
    (short, long)
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}

/// Init scripts and units have no parameters.
fn plain(name: &str, kind: &str, short: &str, long: &str) -> String {
    let actions: String = [("start", 100), ("stop", 100), ("status", 100), ("monitor", 100)]
        .iter()
        .map(|(action, timeout)| {
            format!("    <action name=\"{action}\" timeout=\"{timeout}s\"/>\n")
        })
        .collect();
    format!(
        "<?xml version=\"1.0\"?>\n<resource-agent name=\"{name}\" version=\"1.1\">\n  \
         <version>1.1</version>\n  <longdesc lang=\"en\">\n    {}\n  \
         </longdesc>\n  <shortdesc lang=\"en\">{}</shortdesc>\n  \
         <parameters/>\n  <actions>\n{actions}    <action name=\"meta-data\" timeout=\"5s\"/>\n  \
         </actions>\n  <special tag=\"{kind}\"/>\n</resource-agent>\n",
        escaped(long),
        escaped(short)
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_init_script_says_in_its_head_what_it_is() {
        let script = "#!/bin/sh\n### BEGIN INIT INFO\n# Provides: web\n# Short-Description: Web\n\
                      # Description: Serves\n#              pages.\n### END INIT INFO\n\
                      # Description: not this\n";
        let (short, long) = heading(script);
        assert_eq!((short.as_deref(), long.as_deref()), (Some("Web"), Some("Serves pages.")));
        assert_eq!(heading("#!/bin/sh\n"), (None, None));
    }
}
