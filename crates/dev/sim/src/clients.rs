//! Simulated operators: they edit, and remember what was acknowledged.

use std::collections::{BTreeMap, BTreeSet};

use wire::api::{Change, Edit, Reply, Request};

#[derive(Debug, Default)]
pub(crate) struct Clients {
    next: u64,
    /// Edits by the request's number.
    asked: BTreeMap<u64, u64>,
    /// Edits that the cluster promised to keep.
    pub(crate) acknowledged: BTreeSet<u64>,
    pub(crate) refused: u64,
}

impl Clients {
    /// A new edit: its request's number, and the request.
    pub(crate) fn edit(&mut self) -> (u64, Request) {
        self.next += 1;
        let number = self.next;
        self.asked.insert(number, number);
        let xml = format!("<nvpair id=\"edit-{number}\" name=\"edit-{number}\" value=\"1\"/>");
        let parent = "//cluster_property_set[@id='opts']".to_owned();
        let edits = vec![Edit::Create { parent, xml }];
        (number, Request::Change { change: Change::Edit { edits }, force: false, based_on: None })
    }

    /// A request that the oracle does not follow.
    pub(crate) fn number(&mut self) -> u64 {
        self.next += 1;
        self.next
    }

    pub(crate) fn answered(&mut self, client: u64, reply: &Reply) {
        let Some(edit) = self.asked.remove(&client) else { return };
        match reply {
            Reply::Done { .. } => {
                self.acknowledged.insert(edit);
            }
            Reply::Refused(_) => self.refused += 1,
            Reply::Document { .. }
            | Reply::Earlier { .. }
            | Reply::History { .. }
            | Reply::Idle
            | Reply::Description(_)
            | Reply::Agents { .. } => {}
        }
    }
}
