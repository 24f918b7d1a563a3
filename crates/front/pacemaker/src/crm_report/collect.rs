//! What one node tells.

use std::fs::File;
use std::io::{Read, Seek, SeekFrom};
use std::path::Path;
use std::process::{Command, Stdio};

use wire::api::Cluster;

use super::folder::{self, Folder};
use super::masks::Masks;
use super::others;
use super::period::Period;
use crate::exit::Exit;
use crate::home::{Found, Home};
use crate::tool::{self, Trouble};

/// Of a log so much is read, from its end.
const LOG_MAX: u64 = 64 << 20;

/// Lines of logs that tell of trouble. Field words: Pacemaker's patterns.
const TROUBLE: [&str; 2] = ["CRIT:", "ERROR:"];

/// So many of them are told in the analysis.
const TROUBLE_MAX: usize = 100;

/// What is asked for.
#[derive(Debug)]
pub(super) struct Wanted<'c> {
    pub(super) period: Period,
    /// Files that are looked through.
    pub(super) logs: Vec<&'c str>,
    /// The journal is looked through.
    pub(super) searches: bool,
    pub(super) looks_for: Vec<&'c str>,
}

/// The node's part, while it is written.
struct Part<'a> {
    folder: &'a mut Folder,
    path: std::path::PathBuf,
}

impl Part<'_> {
    /// Writes what was masked already.
    fn keep(&mut self, name: &str, masked: &str) {
        match folder::write(&self.path.join(name), masked) {
            Ok(()) => self.folder.say(&format!("{name}: {} bytes", masked.len())),
            Err(error) => self.folder.find_wrong(&format!("{name} cannot be written: {error}")),
        }
    }
}

/// Collects what this node knows; returns its name, and those of the nodes that it knows of.
pub(super) fn this_node(
    folder: &mut Folder,
    wanted: &Wanted<'_>,
    masks: &mut Masks,
) -> Result<(String, Vec<String>), Trouble> {
    let found = Home::find().read();
    let machine = std::fs::read_to_string("/proc/sys/kernel/hostname").unwrap_or_default();
    let cluster = found.as_ref().ok().and_then(|found| found.cluster.clone());
    let name = match &cluster {
        Some(cluster) => cluster.node.clone(),
        None if machine.trim().is_empty() => "localhost".to_owned(),
        None => machine.trim().to_owned(),
    };
    let known = nodes(found.as_ref().ok());
    let path = folder.part(&name)?;
    let mut part = Part { folder, path };
    match found {
        Ok(mut found) => {
            masks.document(&mut found.document);
            part.keep("cib.xml", &masks.text(&found.document.to_string()));
        }
        Err(unreadable) => {
            let words = format!("The cluster does not answer on {name}: {}", unreadable.why);
            part.folder.find_wrong(&masks.text(&words));
        }
    }
    if let Some(cluster) = &cluster {
        judge(part.folder, cluster);
        part.keep("members.txt", &masks.text(&members(cluster)));
    }
    commands(&mut part, masks);
    history(&mut part, wanted.period, masks);
    fabric_file(&mut part, masks);
    logs(&mut part, wanted, masks);
    Ok((name, known))
}

/// The cluster's nodes: those that run a daemon, as the document or, without one, the fabric's file has
/// them.
fn nodes(found: Option<&Found>) -> Vec<String> {
    let from_document = found.map(|found| {
        let nodes = found.document.section(cib::Section::Nodes);
        let nodes = nodes.into_iter().flat_map(cib::Element::children);
        let nodes = nodes.filter(|node| node.attr("type") != Some("remote"));
        let named = nodes.filter_map(|node| node.attr("uname")).map(str::to_owned);
        let members = found.cluster.iter().flat_map(|cluster| cluster.members.clone());
        named.chain(members).collect::<Vec<String>>()
    });
    let from_file = || {
        let text = read(&fabric_file_path()).unwrap_or_default();
        let settings = corosync::Settings::of(&corosync::Conf::parse(&text));
        settings.nodes.iter().map(|node| node.called().to_owned()).collect()
    };
    let mut known = from_document.filter(|nodes| !nodes.is_empty()).unwrap_or_else(from_file);
    known.retain(|name| others::is_name(name));
    known.sort();
    known.dedup();
    known
}

/// What the membership says without words.
fn judge(folder: &mut Folder, cluster: &Cluster) {
    if !cluster.quorate {
        folder.find_wrong("There is no quorum");
    }
    for node in &cluster.fencing {
        folder.find_wrong(&format!("{node} is being fenced"));
    }
    for (node, why) in &cluster.unwilling {
        folder.find_wrong(&format!("The disk of {node} takes nothing: {why}"));
    }
}

fn members(cluster: &Cluster) -> String {
    let mut text = format!(
        "asked: {}\nquorate: {}\ncoordinator: {}\n",
        cluster.node,
        cluster.quorate,
        cluster.coordinator.as_deref().unwrap_or("none"),
    );
    for member in &cluster.members {
        text.push_str(&format!("member: {member}\n"));
    }
    for past in &cluster.fencings {
        let (at, done) = (crate::time::calendar(past.at), past.succeeded);
        let (target, action, by) = (&past.target, &past.action, &past.by);
        text.push_str(&format!("fenced: {target} ({action}) by {by}, {at}, success: {done}\n"));
    }
    text
}

/// What programs say.
fn commands(part: &mut Part<'_>, masks: &Masks) {
    let own = std::env::current_exe().unwrap_or_else(|_| "quorate".into());
    let own = own.to_string_lossy();
    let status = run(&[&own, "status"]);
    let status = masks.text(&status);
    part.keep("status.txt", &status);
    part.folder.judge(&status);
    part.folder.explain("The cluster's status:", &status);
    let checked = run(&[&own, "crm_verify", "-L", "-V"]);
    part.keep("crm_verify.txt", &masks.text(&checked));
    part.folder.explain("What the configuration's check says:", &masks.text(&checked));
    let versions = [
        run(&[&own, "--version"]),
        run(&["corosync", "-v"]),
        run(&[
            "dpkg-query",
            "-W",
            "quorate",
            "corosync",
            "pacemaker",
            "resource-agents*",
            "fence-agents*",
            "pcs",
            "crmsh",
        ]),
        run(&[
            "rpm",
            "-q",
            "quorate",
            "corosync",
            "pacemaker",
            "resource-agents",
            "fence-agents-all",
        ]),
    ];
    let system = [
        run(&["uname", "-a"]),
        std::fs::read_to_string("/etc/os-release").unwrap_or_default(),
        run(&["uptime"]),
        run(&["free", "-m"]),
        run(&["df", "-h"]),
        run(&["ip", "-br", "address"]),
    ];
    let places =
        ["/etc/corosync", "/etc/quorate", "/var/lib/quorate", "/var/lib/pacemaker", "/run/quorate"];
    let listed: Vec<&str> = ["ls", "-lan", "--"]
        .into_iter()
        .chain(places.into_iter().filter(|at| Path::new(at).exists()))
        .collect();
    for (name, text) in [
        ("crm_mon.txt", run(&[&own, "crm_mon", "-1rf"])),
        ("versions.txt", versions.join("\n")),
        ("sysinfo.txt", system.join("\n")),
        ("permissions.txt", run(&listed)),
    ] {
        part.keep(name, &masks.text(&text));
    }
}

/// From the first thing on that happened in the time.
fn history(part: &mut Part<'_>, period: Period, masks: &Masks) {
    let client = client::Client::new(client::socket_path(None), tool::PATIENCE);
    let Ok(entries) = client.history(0) else { return };
    let Some(first) = entries.iter().find(|entry| period.has(entry.at)) else { return };
    let own = std::env::current_exe().unwrap_or_else(|_| "quorate".into());
    let text = run(&[&own.to_string_lossy(), "history", "--since", &first.number.to_string()]);
    part.keep("history.txt", &masks.text(&text));
}

fn fabric_file(part: &mut Part<'_>, masks: &Masks) {
    let path = fabric_file_path();
    match read(&path) {
        Ok(text) => part.keep("corosync.conf", &masks.fabric_file(&text)),
        Err(why) => part.folder.say(&format!("{path}: {why}")),
    }
}

/// Corosync's own word for where its file is.
fn fabric_file_path() -> String {
    let path = tool::environment("COROSYNC_MAIN_CONFIG_FILE");
    path.unwrap_or_else(|| "/etc/corosync/corosync.conf".to_owned())
}

fn logs(part: &mut Part<'_>, wanted: &Wanted<'_>, masks: &Masks) {
    let mut trouble = Vec::new();
    let mut look = |text: &str| {
        let marks: Vec<&str> =
            TROUBLE.into_iter().chain(wanted.looks_for.iter().copied()).collect();
        let tells = |line: &&str| marks.iter().any(|mark| line.contains(mark));
        trouble.extend(text.lines().filter(tells).map(str::to_owned));
    };
    if wanted.searches {
        let [since, until] = wanted.period.bounds();
        let text = run(&["journalctl", "--no-pager", "-o", "short-iso", &since, &until]);
        let text = masks.text(&text);
        look(&text);
        part.keep("journal.log", &text);
    }
    for (at, path) in wanted.logs.iter().enumerate() {
        match read(path) {
            Ok(text) => {
                let text = masks.text(&wanted.period.lines(&text));
                look(&text);
                let name = Path::new(path).file_name().unwrap_or_default().to_string_lossy();
                part.keep(&format!("log{}-{name}", at + 1), &text);
            }
            Err(why) => {
                part.folder.find_wrong(&format!("{path} is not part of this report: {why}"))
            }
        }
    }
    let more = trouble.len().saturating_sub(TROUBLE_MAX);
    trouble.truncate(TROUBLE_MAX);
    if more > 0 {
        trouble.push(format!("and {more} more"));
    }
    part.folder.explain("Lines of logs that tell of trouble:", &trouble.join("\n"));
}

/// The end of a file that may be told.
fn read(path: &str) -> Result<String, String> {
    let real = std::fs::canonicalize(path).map_err(|error| error.to_string())?;
    if is_key(Path::new(path)) || is_key(&real) {
        return Err("keys and certificates are not read".to_owned());
    }
    let mut file = File::open(&real).map_err(|error| error.to_string())?;
    let about = file.metadata().map_err(|error| error.to_string())?;
    if !about.is_file() {
        return Err("it is no plain file".to_owned());
    }
    let mut bytes = Vec::new();
    let skipped = about.len().saturating_sub(LOG_MAX);
    file.seek(SeekFrom::Start(skipped)).map_err(|error| error.to_string())?;
    file.take(LOG_MAX).read_to_end(&mut bytes).map_err(|error| error.to_string())?;
    Ok(String::from_utf8_lossy(&bytes).into_owned())
}

fn is_key(path: &Path) -> bool {
    let name = path.file_name().unwrap_or_default().to_string_lossy().to_lowercase();
    name.contains("authkey")
        || [".key", ".pem", ".crt", ".p12", ".cert"].iter().any(|end| name.ends_with(end))
}

/// What a program says, within half a minute; of one that is not there, nothing.
fn run(words: &[&str]) -> String {
    let mut command = Command::new("timeout");
    let done = command.args(["-k", "5", "30"]).args(words).stdin(Stdio::null()).output();
    let Ok(done) = done else { return String::new() };
    if done.status.code() == Some(i32::from(NOT_THERE)) {
        return String::new();
    }
    let slow =
        if done.status.code() == Some(Exit::Timeout as i32) { "(it took too long)\n" } else { "" };
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    format!("{}{}{slow}", text(&done.stdout), text(&done.stderr))
}

/// What `timeout` ends with if there is no such program.
const NOT_THERE: u8 = 127;
