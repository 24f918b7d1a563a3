//! The file that names the nodes and how they reach each other: one edition for all.
//!
//! A new edition travels in the total order; every member takes it or refuses it alike, puts it on
//! its disk and says so. The client is answered when every member has answered, and hears that it is
//! done if the disks of a majority have it. A member that was away finds the newer edition in the
//! snapshot that it adopts; one that was down is brought it before its fabric starts.
//!
//! **Not here:** making the fabric read it, which is the client's next step.
//!
//! Field word: `corosync.conf`, its `config_version`.

use std::collections::BTreeMap;

use corosync::timing::Effective;
use corosync::{Conf, Settings, Severity};
use model::{NodeId, NodeName, QuorumBy};
use wire::api::{Refused, Reply, Violation};

use crate::Controller;
use crate::input::Effect;
use crate::state::invalid;

/// The file, with its edition.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct FabricFile {
    edition: u64,
    times: Effective,
    quorum_by: QuorumBy,
    text: String,
}

impl FabricFile {
    pub(crate) fn new(text: String) -> Self {
        let settings = Settings::of(&Conf::parse(&text));
        Self {
            edition: settings.config_version(),
            times: Effective::of(&settings),
            quorum_by: settings.quorum_by(),
            text,
        }
    }

    /// Tells it from any other (FNV-1a over the text).
    pub(crate) fn digest(&self) -> u64 {
        crate::state::fnv(self.text.bytes())
    }

    pub(crate) fn quorum_by(&self) -> QuorumBy {
        self.quorum_by
    }

    pub(crate) fn edition(&self) -> u64 {
        self.edition
    }

    /// The waiting times that it leads to.
    pub(crate) fn times(&self) -> &Effective {
        &self.times
    }

    pub(crate) fn text(&self) -> &str {
        &self.text
    }
}

/// Editions that this node's clients wait for.
#[derive(Debug, Default)]
pub(crate) struct FileWrites {
    waiting: BTreeMap<u64, FileWrite>,
    /// How many disks the newest edition needs: a majority of those whom the one before it names.
    needed: usize,
}

#[derive(Debug)]
struct FileWrite {
    client: u64,
    needed: usize,
    /// What each member's disk said: nothing wrong, or why not.
    answers: BTreeMap<NodeId, Option<String>>,
}

impl Controller {
    /// Every member does this alike.
    pub(crate) fn change_fabric_file(&mut self, text: &str, force: bool) -> Result<(), Refused> {
        let Some(present) = &self.state.fabric_file else {
            return Err(invalid(0, "the nodes are not named by a file that members share"));
        };
        if !self.fabric.is_quorate() && !force {
            return Err(Refused::NoQuorum);
        }
        let file = FabricFile::new(text.to_owned());
        if file.edition <= present.edition {
            let (yours, current) = (file.edition.to_string(), present.edition.to_string());
            return Err(Refused::Stale { yours, current });
        }
        let nodes = nodes(text);
        self.check_fabric_file(text, &nodes)?;
        self.take_fabric_file(file, nodes);
        Ok(())
    }

    /// Refuses what is no good, and what leaves out a node that may be running something.
    pub(crate) fn check_fabric_file(
        &self,
        text: &str,
        nodes: &[(NodeId, NodeName)],
    ) -> Result<(), Refused> {
        let errors: Vec<Violation> = corosync::check(text)
            .into_iter()
            .filter(|finding| finding.severity == Severity::Error)
            .map(|finding| Violation { line: finding.line, what: finding.what, hint: finding.hint })
            .collect();
        if !errors.is_empty() {
            return Err(Refused::Invalid { violations: errors });
        }
        let names = |id: &NodeId| nodes.iter().any(|(of, _)| of == id);
        if let Some(member) = self.fabric.members.iter().find(|id| !names(id)) {
            return Err(Refused::StillMember { node: self.name_of(*member) });
        }
        let mut left_out = self.identity.nodes.iter().filter(|(id, _)| !names(id));
        let unclean = left_out.find(|(_, name)| self.state.is_unclean(name.as_str()));
        if let Some((_, name)) = unclean.filter(|_| !self.is_fencing_off()) {
            let what = format!("{name} is left out, and it is lost and not proven off");
            let hint = Some(format!("`quorate node fence {name}`, or `confirm-off` if it is off"));
            return Err(Refused::Invalid { violations: vec![Violation { line: 0, what, hint }] });
        }
        Ok(())
    }

    pub(crate) fn take_fabric_file(&mut self, file: FabricFile, nodes: Vec<(NodeId, NodeName)>) {
        let FabricFile { edition, text, times: _, quorum_by } = file.clone();
        // For the rest of this life: somebody may still have quorum by a rule that was taken out.
        self.identity.quorum_by = self.identity.quorum_by.max(quorum_by);
        self.file_writes.needed = self.disks_needed();
        self.effects.push(Effect::WriteFabricFile { edition, text });
        self.state.fabric_file = Some(file);
        let before = std::mem::replace(&mut self.identity.nodes, nodes);
        self.reconsider_promise(before);
    }

    /// What the members agreed on while this node was away.
    pub(crate) fn adopt_fabric_file(&mut self, text: Option<&str>) {
        let Some(text) = text else { return };
        let theirs = FabricFile::new(text.to_owned());
        let mine = self.state.fabric_file.as_ref().map(FabricFile::edition);
        if mine.is_some_and(|mine| mine < theirs.edition) {
            self.take_fabric_file(theirs, nodes(text));
        } else if mine.is_some() {
            // One that is newer here was put here by hand, and stays on this disk.
            self.state.fabric_file = Some(theirs);
            self.reconsider_promise(self.identity.nodes.clone());
        }
    }

    /// A client waits for the edition that was just taken.
    pub(crate) fn await_file_writes(&mut self, client: Option<u64>) {
        let edition = self.state.fabric_file.as_ref().map(FabricFile::edition);
        if let (Some(client), Some(edition)) = (client, edition) {
            let write =
                FileWrite { client, needed: self.file_writes.needed, answers: BTreeMap::new() };
            self.file_writes.waiting.insert(edition, write);
        }
    }

    pub(crate) fn fabric_file_stored(
        &mut self,
        from: NodeId,
        edition: u64,
        refused: Option<String>,
    ) {
        if let Some(write) = self.file_writes.waiting.get_mut(&edition) {
            write.answers.insert(from, refused);
            self.answer_file_writes();
        }
    }

    /// Answers those whose edition every member has spoken of; who left is not waited for.
    pub(crate) fn answer_file_writes(&mut self) {
        let members = &self.fabric.members;
        let spoke = |write: &FileWrite| members.iter().all(|id| write.answers.contains_key(id));
        let (done, waiting) = std::mem::take(&mut self.file_writes.waiting)
            .into_iter()
            .partition::<BTreeMap<_, _>, _>(|(_, write)| spoke(write));
        self.file_writes.waiting = waiting;
        for (edition, FileWrite { client, needed, answers }) in done {
            let stored = answers.values().filter(|refused| refused.is_none()).count();
            let reply = if stored >= needed {
                Reply::Done { version: edition.to_string() }
            } else {
                let reason = answers.into_values().flatten().next().unwrap_or_default();
                Reply::Refused(Refused::NotStored { reason })
            };
            self.reply(client, reply);
        }
    }
}

/// Who the file says there is.
pub(crate) fn nodes(text: &str) -> Vec<(NodeId, NodeName)> {
    let settings = Settings::of(&Conf::parse(text));
    let named = |node: &corosync::Node| {
        Some((NodeId(node.id.as_ref()?.value), NodeName::new(node.called())))
    };
    settings.nodes.iter().filter_map(named).collect()
}
