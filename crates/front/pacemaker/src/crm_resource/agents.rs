//! Agents that are installed here, and what they say of themselves.

use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::mpsc;
use std::time::Duration;

use rustix::process::{Pid, Signal, kill_process};

use crate::exit::Exit;
use crate::output::Output;
use crate::tool::{Trouble, environment};

/// An agent that says nothing for so long will not.
const PATIENCE: Duration = Duration::from_secs(30);

/// Answers what is about agents; `false` if something else was asked.
pub(super) fn answer(command: &str, value: &str, said: &mut Output) -> Result<bool, Trouble> {
    match command {
        "list-standards" => {
            let standards = standards();
            let items: Vec<(&str, &str)> = standards.iter().map(|name| ("", *name)).collect();
            said.list("standards", &items);
        }
        "list-ocf-providers" => {
            named(said, ("providers", "provider", "standard", "ocf"), providers())
        }
        "list-ocf-alternatives" => {
            let has = |provider: &String| ocf_root().join(provider).join(value).exists();
            let found: Vec<String> = providers().into_iter().filter(has).collect();
            if found.is_empty() {
                said.error(format!("No OCF providers found for {value}"));
                return Err(Trouble::new(Exit::NoSuch, ""));
            }
            named(said, ("providers", "provider", "for", value), found);
        }
        "list-agents" => list(value, said)?,
        "show-metadata" => {
            let metadata = metadata(value).ok_or_else(|| {
                let words = format!("Metadata query for {value} failed: No such device or address");
                Trouble::new(Exit::NoSuch, words)
            })?;
            said.quote("metadata", &metadata);
        }
        _ => return Ok(false),
    }
    Ok(true)
}

/// Names as lines, or as elements in one that says what they are of.
fn named(said: &mut Output, names: (&str, &str, &str, &str), found: Vec<String>) {
    let (list, item, key, value) = names;
    said.tell(
        |out| found.iter().for_each(|name| out.item(name)),
        |xml| {
            xml.begin(list);
            xml.attr(key, value);
            found.iter().for_each(|name| xml.text(item, name));
            xml.end();
        },
    );
}

fn list(standard: &str, said: &mut Output) -> Result<(), Trouble> {
    let (class, provider) = match standard.split_once(':') {
        Some((class, provider)) => (class, Some(provider)),
        None => (standard, None),
    };
    let found = agents(class, provider);
    if found.is_empty() {
        said.error(match provider {
            None => format!("No agents found for standard '{class}'"),
            Some(provider) => {
                format!("No agents found for standard '{class}' and provider '{provider}'")
            }
        });
        return Err(Trouble::new(Exit::Error, ""));
    }
    said.tell(
        |out| found.iter().for_each(|name| out.item(name)),
        |xml| {
            xml.begin("agents");
            xml.attr("standard", class);
            xml.attr_if("provider", provider);
            found.iter().for_each(|name| xml.text("agent", name));
            xml.end();
        },
    );
    Ok(())
}

fn ocf_root() -> PathBuf {
    let root = environment("OCF_ROOT").unwrap_or_else(|| "/usr/lib/ocf".to_owned());
    PathBuf::from(root).join("resource.d")
}

const INIT_SCRIPTS: &str = "/etc/init.d";
const UNITS: [&str; 3] = ["/etc/systemd/system", "/usr/lib/systemd/system", "/lib/systemd/system"];
const FENCE_AGENTS: &str = "/usr/sbin";

fn standards() -> Vec<&'static str> {
    let is_there = |path: &str| Path::new(path).is_dir();
    let (scripts, units) = (is_there(INIT_SCRIPTS), is_there("/run/systemd/system"));
    let all = [
        (scripts, "lsb"),
        (true, "ocf"),
        (scripts || units, "service"),
        (units, "systemd"),
        (true, "stonith"),
    ];
    all.into_iter().filter(|(there, _)| *there).map(|(_, name)| name).collect()
}

fn providers() -> Vec<String> {
    entries(&ocf_root(), Path::is_dir)
}

/// Names in a folder, sorted; hidden ones are not told.
fn entries(folder: &Path, wanted: impl Fn(&Path) -> bool) -> Vec<String> {
    let Ok(found) = std::fs::read_dir(folder) else { return Vec::new() };
    let mut names: Vec<String> = found
        .filter_map(Result::ok)
        .filter(|entry| wanted(&entry.path()))
        .map(|entry| entry.file_name().to_string_lossy().into_owned())
        .filter(|name| !name.starts_with('.'))
        .collect();
    names.sort();
    names
}

fn is_program(path: &Path) -> bool {
    let about = std::fs::metadata(path);
    about.is_ok_and(|about| about.is_file() && about.permissions().mode() & 0o111 != 0)
}

fn agents(class: &str, provider: Option<&str>) -> Vec<String> {
    match class {
        "ocf" => {
            // Compatibility: without a provider, only this one's are told.
            entries(&ocf_root().join(provider.unwrap_or("heartbeat")), is_program)
        }
        "stonith" => {
            let mut found = entries(Path::new(FENCE_AGENTS), is_program);
            found.retain(|name| {
                name.starts_with("fence_") && !["fence_node", "fence_tool"].contains(&name.as_str())
            });
            found
        }
        "lsb" => entries(Path::new(INIT_SCRIPTS), is_program),
        "systemd" if Path::new("/run/systemd/system").is_dir() => units(),
        "service" => {
            let mut found = agents("lsb", None);
            found.extend(agents("systemd", None));
            found.sort();
            found.dedup();
            found
        }
        _ => Vec::new(),
    }
}

fn units() -> Vec<String> {
    let all = UNITS.iter().flat_map(|folder| entries(Path::new(folder), |_path| true));
    let mut names: Vec<String> =
        all.filter_map(|name| name.strip_suffix(".service").map(str::to_owned)).collect();
    names.sort();
    names.dedup();
    names
}

/// What an agent says of itself; nothing if it is not there or says nothing.
fn metadata(spec: &str) -> Option<String> {
    let parts: Vec<&str> = spec.splitn(3, ':').collect();
    match parts.as_slice() {
        ["ocf", provider, kind] => {
            let program = ocf_root().join(provider).join(kind);
            let root = ocf_root().parent()?.to_owned();
            let mut command = Command::new(program);
            command.arg("meta-data").env("OCF_ROOT", root).env("OCF_RESOURCE_INSTANCE", kind);
            run(&mut command)
        }
        ["stonith", kind] => {
            run(Command::new(Path::new(FENCE_AGENTS).join(kind)).args(["-o", "metadata"]))
        }
        ["lsb", kind] if agents("lsb", None).iter().any(|name| name == kind) => {
            Some(plain_metadata(kind, "LSB"))
        }
        ["systemd", kind] if agents("systemd", None).iter().any(|name| name == kind) => {
            Some(plain_metadata(kind, "systemd"))
        }
        ["service", kind] => {
            metadata(&format!("systemd:{kind}")).or_else(|| metadata(&format!("lsb:{kind}")))
        }
        _ => None,
    }
}

/// Init scripts and units have no parameters.
fn plain_metadata(name: &str, kind: &str) -> String {
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

/// What a program writes, if it ends well and in time.
fn run(command: &mut Command) -> Option<String> {
    let child = command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::null()).spawn();
    let child = child.ok()?;
    let number = i32::try_from(child.id()).ok().and_then(Pid::from_raw)?;
    let (tell, told) = mpsc::channel();
    std::thread::spawn(move || tell.send(child.wait_with_output()));
    let Ok(done) = told.recv_timeout(PATIENCE) else {
        // It may have ended this moment.
        let _gone = kill_process(number, Signal::KILL);
        return None;
    };
    let done = done.ok().filter(|done| done.status.success())?;
    String::from_utf8(done.stdout).ok().filter(|text| !text.trim().is_empty())
}
