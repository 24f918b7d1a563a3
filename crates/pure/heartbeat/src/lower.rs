//! What Heartbeat's files become: Corosync's file, the document, and what changes in words.
//!
//! Nothing gets an engine of its own: media become Corosync's links, `deadtime` its timing, lines of
//! `haresources` become groups with a preferred node, and what has no counterpart is said.

mod fences;
mod links;
mod pings;
pub(crate) mod plugins;
pub(crate) mod services;
mod words;
mod xml;

use std::collections::{BTreeMap, BTreeSet};

use cib::Document;
use corosync::{Finding, Timing};

use crate::check::Findings;
use crate::keys::Keys;
use crate::manager;
use crate::resources::Resources;
use crate::settings::{AutoFailback, Settings};
use crate::text::HaCf;

pub use words::{File, Kind, Word};

/// Heartbeat's files.
#[derive(Clone, Copy, Debug)]
pub struct Given<'a> {
    pub ha: &'a HaCf,
    pub keys: Option<&'a Keys>,
    /// `None` where there are none, and where `crm on` says that they are not read.
    pub resources: Option<&'a Resources>,
    /// What Heartbeat's own resource manager had, with `crm on`.
    pub document: Option<&'a Document>,
}

/// What the caller knows of the machines.
#[derive(Clone, Debug, Default)]
pub struct Machines {
    /// This one's name, in lower case.
    pub local: Option<String>,
    /// Addresses of this machine, by interface.
    pub interfaces: BTreeMap<String, String>,
    /// What names of nodes resolve to.
    pub resolved: BTreeMap<String, Vec<String>>,
    /// Names of nodes and of ping nodes that were looked for, and have no address.
    pub unresolved: BTreeSet<String>,
    /// What the operator said of a node: its addresses, link by link.
    pub addresses: BTreeMap<String, Vec<String>>,
    /// Names in `resource.d` of Heartbeat's directory.
    pub resource_d: BTreeSet<String>,
    /// Names of init scripts.
    pub init_d: BTreeSet<String>,
    /// What is in those two and cannot be run.
    pub not_executable: BTreeSet<String>,
    /// Names of systemd's services, without `.service`.
    pub units: BTreeSet<String>,
    /// The files that `stonith` names, by path.
    pub files: BTreeMap<String, String>,
}

/// What comes of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Lowered {
    /// The text of `corosync.conf`.
    pub corosync: String,
    /// The document.
    pub document: String,
    /// What changes and why, in the order of the files.
    pub words: Vec<Word>,
    /// What keeps it from being used as it is.
    pub findings: Vec<(File, Finding)>,
}

/// Score of the node that a line of `haresources` names.
const PREFERENCE: &str = "100";
/// Wish to stay with `auto_failback off`: above [`PREFERENCE`], far below what a ping node counts. Not INFINITY,
/// which nothing outweighs: no operator could move a resource then.
const STAY: &str = "1000";

/// Lowers the files.
pub fn lower(given: Given<'_>, machines: &Machines) -> Lowered {
    let settings = Settings::of(given.ha);
    let mut making = Making {
        settings: &settings,
        machines,
        words: Vec::new(),
        findings: Findings::default(),
        of_resources: Findings::default(),
        resources: String::new(),
        constraints: String::new(),
    };
    let corosync = links::file(&mut making, given);
    let counts_itself = given.document.is_some_and(manager::counts_pings);
    let has_pings = !counts_itself && pings::lower(&mut making, given.resources.is_some());
    // A manager had fence devices of its own, and options.
    let is_fenced = given.document.is_none().then(|| fences::lower(&mut making));
    services::lower(&mut making, given.resources, has_pings);
    let options = making.options(is_fenced);
    let defaults = making.defaults(given.resources.is_some(), has_pings);
    words::rest(&mut making, given);
    let Making { mut words, findings, of_resources, resources, constraints, .. } = making;
    let mut document = xml::document(&options, &defaults, &resources, &constraints);
    let mut of_document = Findings::default();
    if let Some(old) = given.document {
        match manager::take_over(old, &settings, &corosync, &document) {
            Ok(taken) => {
                document = taken.document.to_string();
                words.extend(taken.words);
            }
            Err(why) => of_document.error(0, why, "expected: cib.xml of Heartbeat 2.0 or later"),
        }
    }
    words.sort_by_key(|word| (word.file, word.line));
    let of = |file: File, found: Findings| found.sorted().into_iter().map(move |of| (file, of));
    let findings = of(File::HaCf, findings)
        .chain(of(File::Resources, of_resources))
        .chain(of(File::Document, of_document));
    Lowered { corosync, document, words, findings: findings.collect() }
}

/// What is being made.
struct Making<'a> {
    settings: &'a Settings,
    machines: &'a Machines,
    words: Vec<Word>,
    /// With lines of `ha.cf`, and of `haresources`.
    findings: Findings,
    of_resources: Findings,
    resources: String,
    constraints: String,
}

impl Making<'_> {
    fn say(&mut self, file: File, line: u32, kind: Kind, text: impl Into<String>) {
        self.words.push(Word { file, line, kind, text: text.into() });
    }

    /// The cluster's options; none where a manager had its own.
    fn options(&mut self, is_fenced: Option<bool>) -> Vec<(&'static str, String)> {
        let initdead = self.settings.initdead_seconds();
        self.say(
            File::HaCf,
            0,
            Kind::Becomes,
            format!(
                "initdead becomes dc-deadtime={initdead}s: so long the first nodes wait for the others"
            ),
        );
        let Some(is_fenced) = is_fenced else { return Vec::new() };
        let mut options = vec![
            ("no-quorum-policy", "stop".to_owned()),
            ("dc-deadtime", format!("{initdead}s")),
            ("stonith-enabled", is_fenced.to_string()),
        ];
        if is_fenced {
            options.push(("stonith-action", "reboot".to_owned()));
        } else {
            self.say(
                File::HaCf,
                0,
                Kind::ToDo,
                "no fence device: as with Heartbeat, a lost node's resources start elsewhere without proof \
                 that it is off (stonith-enabled=false). Shared disks are not protected: add a device",
            );
        }
        options
    }

    /// What counts for resources and operations that say nothing else.
    fn defaults(&mut self, has_resources: bool, has_pings: bool) -> xml::Defaults {
        let (stickiness, why) = match (self.settings.auto_failback, has_pings) {
            (AutoFailback::On, _) => ("0", "on: resources go back to the node of their line"),
            (AutoFailback::Legacy, _) => ("0", "legacy: resources go back, as with on"),
            (AutoFailback::Off, false) => (STAY, "off: resources stay where they are"),
            (AutoFailback::Off, true) => {
                (STAY, "off: resources stay where they are, unless ping nodes say otherwise")
            }
        };
        if has_resources {
            let text = format!("auto_failback {why}: resource-stickiness={stickiness}");
            self.say(File::HaCf, 0, Kind::Becomes, text);
        }
        xml::Defaults { stickiness: has_resources.then_some(stickiness), timeout: has_resources }
    }

    /// The timing that comes nearest to `deadtime`.
    fn timing(&mut self, nodes: u64) -> Option<Timing> {
        use corosync::timing::{Fencing, Wish};
        let failover = std::time::Duration::from_micros(self.settings.deadtime);
        let wish = Wish { failover, nodes, fencing: Fencing::Device };
        match Timing::derive(wish) {
            Ok(timing) => Some(timing),
            Err(impossible) => {
                let bound = impossible.bound.as_millis();
                let text = format!("deadtime cannot be had; the nearest is {bound} ms");
                self.say(File::HaCf, 0, Kind::Differs, text);
                Timing::derive(Wish { failover: impossible.bound, ..wish }).ok()
            }
        }
    }
}

#[cfg(test)]
mod tests;
