//! `quorate import` and `quorate export`: configurations of other clusters, in words first.

mod machine;

use std::io::Write;
use std::os::unix::fs::{OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};

use cib::{Document, Element, Section};
use heartbeat::{Finding, Given, HaCf, Keys, Lowered, Resources, Settings, Severity, Surroundings};
use wire::api::{Change, Edit, Request};

use super::config_whole::{based_on, replace};
use crate::arguments::{Common, Export, Import, ImportHeartbeat};
use crate::change::{self, OnMisfits, Wanted};
use crate::exit::Exit;
use crate::source::{self, Source};
use crate::trouble::Trouble;
use crate::{edits, say};

pub(super) fn run(common: &Common, verb: &Import) -> Result<Exit, Trouble> {
    match verb {
        Import::Heartbeat(wanted) => from_heartbeat(common, wanted),
    }
}

/// The configuration as Heartbeat's files, and what these cannot say.
pub(super) fn export(common: &Common, verb: &Export) -> Result<Exit, Trouble> {
    let Export::Heartbeat { out, corosync } = verb;
    let source = Source::read(common)?;
    let conf = corosync::Conf::parse(&source::read_text(corosync)?);
    let devices = machine::interfaces().into_iter().map(|(device, address)| (address, device));
    let raised = heartbeat::raise(&source.document, &conf, &devices.collect());
    let files = [("ha.cf", &raised.ha), ("haresources", &raised.resources)];
    match out {
        Some(folder) => write_files(folder, &files)?,
        None => {
            for (name, text) in files {
                say::out(&format!("==> {name} <==\n{text}"));
            }
        }
    }
    for lost in &raised.lost {
        say::talk(&format!("not there: {lost}\n"));
    }
    Ok(Exit::Done)
}

/// Heartbeat's files, and the permissions of the one with the keys.
struct Files {
    ha: HaCf,
    keys: Option<(Keys, Option<u32>)>,
    resources: Option<Resources>,
}

impl Files {
    fn read(folder: &Path) -> Result<Self, Trouble> {
        let ha = HaCf::parse(&source::read_text(&folder.join("ha.cf"))?);
        let keys = optional(&folder.join("authkeys"))?.map(|text| {
            let about = std::fs::metadata(folder.join("authkeys"));
            (Keys::parse(&text), about.ok().map(|about| about.permissions().mode() & 0o777))
        });
        let resources = optional(&folder.join("haresources"))?;
        Ok(Self { ha, keys, resources: resources.map(|text| Resources::parse(&text)) })
    }

    /// Every finding, with the file that it is of.
    fn findings(&self, around: &Surroundings, settings: &Settings) -> Vec<(&'static str, Finding)> {
        let mut all = Vec::new();
        let mut add = |name: &'static str, found: Vec<Finding>| {
            all.extend(found.into_iter().map(|finding| (name, finding)));
        };
        add("ha.cf", heartbeat::check(&self.ha, around));
        match &self.keys {
            Some((keys, mode)) => add(
                "authkeys",
                heartbeat::check_keys(keys, mode.filter(|_| around.local.is_some())),
            ),
            None => add("authkeys", heartbeat::check_keys(&Keys::default(), None)),
        }
        if let Some(resources) = &self.resources {
            add("haresources", heartbeat::check_resources(resources, &settings.nodes));
        }
        all
    }
}

/// Where Heartbeat's resource manager kept its document.
const MANAGERS: &str = "/var/lib/heartbeat/crm/cib.xml";

/// What Heartbeat's resource manager had, where it was on.
fn managers(wanted: &ImportHeartbeat, settings: &Settings) -> Result<Option<Document>, Trouble> {
    let (text, name) = match &wanted.cib {
        Some(path) => (Some(source::read_text(path)?), path.as_path()),
        None if wanted.elsewhere || !settings.crm.is_on() => return Ok(None),
        None => (optional(Path::new(MANAGERS))?, Path::new(MANAGERS)),
    };
    text.map(|text| source::parse(text, &name.display().to_string())).transpose()
}

/// A file's text; nothing if it is not there.
fn optional(path: &Path) -> Result<Option<String>, Trouble> {
    match source::read_text(path) {
        Ok(text) => Ok(Some(text)),
        Err(Trouble::Read { source, .. }) if source.kind() == std::io::ErrorKind::NotFound => {
            Ok(None)
        }
        Err(trouble) => Err(trouble),
    }
}

fn from_heartbeat(common: &Common, wanted: &ImportHeartbeat) -> Result<Exit, Trouble> {
    let files = Files::read(&wanted.folder)?;
    let settings = Settings::of(&files.ha);
    let machines = machine::look(&wanted.folder, &settings, &wanted.address, !wanted.elsewhere)?;
    let around = if wanted.elsewhere {
        Surroundings::default()
    } else {
        machine::around(&settings, &machines)
    };
    let around =
        Surroundings { has_resources: files.resources.is_some() && !wanted.resources, ..around };
    let mut findings = files.findings(&around, &settings);
    let is_read = wanted.resources || !settings.crm.is_on();
    let document = managers(wanted, &settings)?;
    let given = Given {
        ha: &files.ha,
        keys: files.keys.as_ref().map(|(keys, _)| keys),
        resources: files.resources.as_ref().filter(|_| is_read),
        document: document.as_ref(),
    };
    let lowered = heartbeat::lower(given, &machines);
    findings.extend(lowered.findings.iter().map(|(file, found)| (file.name(), found.clone())));
    let errors = tell(common, &lowered, &findings);
    if errors > 0 {
        let errors = view::words::count(errors, "error");
        say::talk(&format!("{}: {errors}; nothing was changed\n", wanted.folder.display()));
        return Ok(Exit::Different);
    }
    match &wanted.out {
        Some(folder) => write(folder, &lowered),
        None => apply(common, wanted, &settings, &lowered),
    }
}

/// Says what was found and what changes; how many errors there are.
fn tell(common: &Common, lowered: &Lowered, findings: &[(&'static str, Finding)]) -> usize {
    let errors = findings.iter().filter(|(_, found)| found.severity == Severity::Error).count();
    if common.json {
        let words = lowered.words.iter().map(|word| {
            serde_json::json!({
                "file": word.file.name(), "line": word.line, "kind": word.kind.word(), "text": word.text,
            })
        });
        let found = findings.iter().map(|(file, finding)| {
            serde_json::json!({
                "file": file, "line": finding.line, "severity": finding.severity.word(),
                "what": finding.what, "hint": finding.hint,
            })
        });
        say::json(&serde_json::json!({
            "findings": found.collect::<Vec<_>>(), "words": words.collect::<Vec<_>>(),
            "corosync": lowered.corosync, "document": lowered.document,
        }));
    } else {
        for (file, finding) in findings {
            say::out(&format!("{file}: {finding}\n"));
        }
        for word in lowered.words.iter().filter(|_| errors == 0) {
            say::out(&format!("{word}\n"));
        }
    }
    errors
}

/// Writes what the cluster is to be made of, and says how.
fn write(folder: &Path, lowered: &Lowered) -> Result<Exit, Trouble> {
    let files = [("corosync.conf", &lowered.corosync), ("cib.xml", &lowered.document)];
    write_files(folder, &files)?;
    say::talk(&format!(
        "Give each node corosync.conf and an authkey (corosync-keygen) in /etc/corosync, start the cluster, \
         then: quorate config apply {}\n",
        folder.join("cib.xml").display()
    ));
    Ok(Exit::Done)
}

/// Writes files that are not there yet.
fn write_files(folder: &Path, files: &[(&str, &String)]) -> Result<(), Trouble> {
    let failed = |path: &Path| {
        let path: PathBuf = path.to_owned();
        move |source| Trouble::Write { path, source }
    };
    std::fs::create_dir_all(folder).map_err(failed(folder))?;
    for (name, text) in files {
        let path = folder.join(name);
        // Parameters of fence devices are secret.
        let mut file = std::fs::OpenOptions::new()
            .write(true)
            .create_new(true)
            .mode(0o600)
            .open(&path)
            .map_err(failed(&path))?;
        file.write_all(text.as_bytes()).map_err(failed(&path))?;
        say::talk(&format!("wrote {}\n", path.display()));
    }
    Ok(())
}

/// What the cluster would do with it; then the cluster is asked to.
fn apply(
    common: &Common,
    wanted: &ImportHeartbeat,
    settings: &Settings,
    lowered: &Lowered,
) -> Result<Exit, Trouble> {
    let changing = wanted.changing;
    if changing.dry_run && common.file.is_none() && client_is_away(common) {
        let source =
            Source { document: on_paper(lowered)?, cluster: None, now: source::now(common) };
        let edits = [Edit::Replace { xml: lowered.document.clone() }];
        let after = edits::apply(&source.document, &edits)?;
        let would = view::consequences(&source.document, &after, source.now);
        let note = "No daemon answers: this is what nodes without resources would do.".to_owned();
        change::show(common, source.options(), &would, &[note]);
        return Ok(Exit::Done);
    }
    let source = Source::read(common)?;
    let edits = vec![Edit::Replace { xml: with_nodes(lowered, &source.document, settings)? }];
    let after = edits::apply(&source.document, &edits)?;
    let request = Request::Change {
        change: Change::Edit { edits },
        force: changing.force,
        based_on: based_on(&source.document),
    };
    let wanted = Wanted {
        what: format!("Make what {} says the configuration", wanted.folder.display()),
        requests: vec![request],
        after,
        notes: Vec::new(),
        misfits: OnMisfits::Tell,
    };
    replace(common, changing, &source, wanted)
}

/// What the files become, with the nodes that they name as the cluster has them: also one that is off, which nobody would
/// put back.
fn with_nodes(
    lowered: &Lowered,
    present: &Document,
    settings: &Settings,
) -> Result<String, Trouble> {
    let mut document = source::parse(lowered.document.clone(), "what the files become")?;
    let known: Vec<String> = nodes(&document).into_iter().map(|(name, _)| name).collect();
    let at = document.section_or_new(Section::Nodes);
    for (name, node) in nodes(present) {
        if settings.nodes.contains(&name) && !known.contains(&name) {
            document.append_copy(at, node);
        }
    }
    Ok(document.to_string())
}

/// Nodes by their names, as Heartbeat compared them.
fn nodes(document: &Document) -> Vec<(String, Element<'_>)> {
    let all = document.section(Section::Nodes).into_iter().flat_map(Element::children);
    all.filter_map(|node| Some((node.attr("uname")?.to_lowercase(), node))).collect()
}

fn client_is_away(common: &Common) -> bool {
    matches!(
        source::client(common).document(),
        Err(client::ClientError::Connect { .. } | client::ClientError::Broken { .. })
    )
}

/// The cluster as it would be before: its nodes online, and nothing configured.
fn on_paper(lowered: &Lowered) -> Result<Document, Trouble> {
    let conf = corosync::Conf::parse(&lowered.corosync);
    let mut nodes = String::new();
    let mut states = String::new();
    for node in corosync::Settings::of(&conf).nodes {
        let (id, name) = (node.id.as_ref().map_or(0, |id| id.value), node.called().to_owned());
        let name = cib::escape_attribute(&name);
        nodes.push_str(&format!("<node id=\"{id}\" uname=\"{name}\"/>"));
        states.push_str(&format!(
            "<node_state id=\"{id}\" uname=\"{name}\" in_ccm=\"true\" crmd=\"online\" join=\"member\" \
             expected=\"member\"/>"
        ));
    }
    let xml = format!(
        "<cib validate-with=\"pacemaker-3.9\" have-quorum=\"1\" admin_epoch=\"0\" epoch=\"1\" \
         num_updates=\"0\"><configuration><crm_config/><nodes>{nodes}</nodes><resources/><constraints/>\
         </configuration><status>{states}</status></cib>"
    );
    source::parse(xml, "the cluster on paper")
}
