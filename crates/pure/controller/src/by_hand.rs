//! The file that names the nodes, edited by hand: the fabric was told to read it again, and has.
//!
//! Whoever finds on its disk what no daemon wrote offers it to all, and it becomes everybody's edition
//! in the total order, as a client's does. Who edits by hand need not count editions: so the offer
//! names the file that it is to replace, and of two that replace the same one the first is taken.
//!
//! A file without a node that is a member, or that is lost and may still run anything, waits: it is
//! offered again after each change of the membership and each fencing. What is wrong is said once.

use model::NodeId;
use wire::Message;
use wire::api::{Event, Refused};

use crate::Controller;
use crate::changes::why_refused;
use crate::fabric_file::{FabricFile, nodes};

/// See the module.
#[derive(Debug, Default)]
pub(crate) struct ByHand {
    /// The file as this node last read or wrote it.
    on_disk: Option<String>,
    /// Not everybody's yet, with the digest of the file that was everybody's when it was read.
    offered: Option<(u64, String)>,
    /// Why the last offer was refused.
    said: String,
}

impl ByHand {
    pub(crate) fn new(on_disk: Option<String>) -> Self {
        Self { on_disk, ..Self::default() }
    }
}

impl Controller {
    pub(crate) fn fabric_file_read(&mut self, text: String) {
        let Some(present) = &self.state.fabric_file else { return };
        if self.by_hand.on_disk.as_ref() == Some(&text) {
            return;
        }
        self.by_hand.on_disk = Some(text.clone());
        self.by_hand.offered = Some((present.digest(), text));
        self.offer_file();
    }

    pub(crate) fn fabric_file_written(&mut self, edition: u64, is_there: bool) {
        let present = self.state.fabric_file.as_ref().filter(|file| file.edition() == edition);
        if let Some(file) = present.filter(|_| is_there) {
            self.by_hand.on_disk = Some(file.text().to_owned());
        }
    }

    /// What was read here and is not everybody's yet.
    pub(crate) fn offer_file(&mut self) {
        let Some(present) = &self.state.fabric_file else { return };
        self.by_hand.offered.take_if(|(_, text)| text == present.text());
        if let Some((replaces, text)) = self.by_hand.offered.clone().filter(|_| self.is_formed()) {
            self.broadcast(Message::FabricFileEdited { replaces, text, at: self.now.wall });
        }
    }

    /// Every member does this alike.
    pub(crate) fn fabric_file_edited(&mut self, from: NodeId, replaces: u64, text: &str, at: i64) {
        let Some(present) = &self.state.fabric_file else { return };
        if present.text() == text {
            return; // another member was first
        }
        let user = format!("who edited corosync.conf on {}", self.name_of(from));
        match self.take_edited(replaces, text) {
            Ok(change) => {
                self.by_hand.said.clear();
                let version = self.state.version_text();
                self.report(at, Event::Changed { user, change: change.clone(), version });
                self.think_again(change);
            }
            Err(refused) => {
                // It was made for a file that is no more. Others may come to be taken.
                if from == self.identity.id && matches!(refused, Refused::Stale { .. }) {
                    self.by_hand.offered = None;
                }
                let reason = why_refused(&refused);
                if self.by_hand.said != reason {
                    self.by_hand.said.clone_from(&reason);
                    let change = "nodes and links changed by hand".to_owned();
                    self.report(at, Event::Refused { user, change, reason });
                }
            }
        }
    }

    fn take_edited(&mut self, replaces: u64, text: &str) -> Result<String, Refused> {
        let file = FabricFile::new(text.to_owned());
        let (theirs, present) = (&file, self.state.fabric_file.as_ref());
        let is_stale = present.is_none_or(|present| {
            (present.digest() != replaces && theirs.edition() <= present.edition())
                || theirs.edition() < present.edition()
        });
        if is_stale {
            let (yours, current) = (file.edition(), present.map_or(0, FabricFile::edition));
            return Err(Refused::Stale { yours: yours.to_string(), current: current.to_string() });
        }
        if !self.fabric.is_quorate() {
            return Err(Refused::NoQuorum);
        }
        let named = nodes(text);
        self.check_fabric_file(text, &named)?;
        let words = self.words_of_nodes(&named);
        self.take_fabric_file(file, named);
        Ok(words)
    }

    fn words_of_nodes(&self, named: &[(NodeId, model::NodeName)]) -> String {
        let known = &self.identity.nodes;
        let added = named.iter().filter(|(id, _)| !known.iter().any(|(of, _)| of == id));
        let gone = known.iter().filter(|(id, _)| !named.iter().any(|(of, _)| of == id));
        let added = added.map(|(_, name)| format!("{name} added"));
        let words: Vec<String> =
            added.chain(gone.map(|(_, name)| format!("{name} removed"))).collect();
        if words.is_empty() {
            "links changed by hand".to_owned()
        } else {
            format!("{} by hand", words.join(", "))
        }
    }
}
