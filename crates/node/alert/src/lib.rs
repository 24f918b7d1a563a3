//! Tells people what happened: Pacemaker's alert agents, webhooks and e-mail, as the document's
//! section `alerts` says ([decision](../../../../docs/decisions/alerts-by-programs.md)).
//!
//! Each target (an alert and a recipient) has a queue and a task of its own, so that one that hangs
//! delays nobody else. Everything is sent by a program with a deadline: an alert agent, `curl`,
//! `sendmail`. What waits is kept in files until it is told, so that the daemon's next life tells it.
//!
//! **Not here:** which events there are (`wire`), what they mean in words (`view`).
//!
//! **Always:** [`Alerts::hear`] never waits. A queue is bounded; what does not fit, or cannot be
//! sent, is told by [`Alerts::unsent`]. Secrets are read from files and reach neither arguments nor
//! logs.
//!
//! Field words: Pacemaker *alerts*, *alert agent*, *recipient*.

mod attributes;
mod backlog;
mod configured;
mod kept;
mod notice;
mod program;
mod send;

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::SystemTime;

use cib::{Document, Section};
use tokio::sync::mpsc;
use wire::api::{Entry, Event};

use attributes::Attributes;
use backlog::Backlog;
use configured::{Target, Way, targets};
use kept::{Kept, Record};
use notice::{Kind, Notice};

/// What waits for one target at most.
const QUEUE_MAX: usize = 100;

/// Why targets do not have what they should, by their names.
pub(crate) type Troubles = Arc<Mutex<BTreeMap<String, String>>>;

/// What waits for a target. Dropped, nothing more is sent to it, nor is it complained of.
#[derive(Debug)]
struct Queue {
    notices: mpsc::Sender<Notice>,
    task: tokio::task::JoinHandle<()>,
    name: String,
    troubles: Troubles,
    backlog: Backlog,
}

impl Drop for Queue {
    fn drop(&mut self) {
        self.task.abort();
        self.troubles.lock().unwrap_or_else(PoisonError::into_inner).remove(&self.name);
    }
}

/// All targets of this node.
#[derive(Debug)]
pub struct Alerts {
    node: String,
    members: BTreeSet<String>,
    attributes: Attributes,
    queues: BTreeMap<Target, Queue>,
    troubles: Troubles,
    sequence: u64,
    kept: Kept,
    /// Of a former life, until it is seen whose they are.
    left: Vec<Record>,
}

impl Alerts {
    /// Of the node of this name. What waits is kept in this directory, which is made.
    pub fn new(node: &str, directory: PathBuf) -> Self {
        let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
        let now = i64::try_from(now.as_secs()).unwrap_or(i64::MAX);
        let (kept, left) = Kept::open(directory, now);
        Self {
            node: node.to_owned(),
            members: BTreeSet::new(),
            attributes: Attributes::default(),
            queues: BTreeMap::new(),
            troubles: Troubles::default(),
            // Numbers that are in use are not given again.
            sequence: left.iter().map(|record| record.notice.sequence).max().unwrap_or(0),
            kept,
            left,
        }
    }

    /// Something happened. Agents are told by each node what it sees, as Pacemaker does; webhooks
    /// and e-mail by the coordinator alone, once, and of attributes all. Must be called in a tokio runtime.
    pub fn hear(&mut self, entry: &Entry, document: &Document, is_coordinator: bool) {
        let before = self.members.clone();
        if let Event::Membership { members, .. } = &entry.event {
            self.members = members.iter().cloned().collect();
        }
        if document.section(Section::Alerts).is_none_or(|alerts| alerts.children().next().is_none())
        {
            self.drop_unwanted(&BTreeSet::new());
            self.attributes.forget();
            return;
        }
        let wanted = targets(document);
        self.take_up(&wanted);
        let mut notices = notice::notices(entry, &before, document);
        notices.extend(self.of_attributes(entry, document, &wanted));
        if notices.is_empty() {
            return;
        }
        let micros = micros(entry.at, SystemTime::now());
        self.drop_unwanted(&wanted);
        for notice in notices {
            for target in &wanted {
                let is_ours_to_tell = match target.way {
                    Way::Agent if notice.kind == Kind::Attribute => is_coordinator,
                    Way::Agent => notice.is_told_by(&self.node),
                    Way::Webhook | Way::Mail => is_coordinator,
                };
                if is_ours_to_tell && target.wants(&notice) {
                    self.queue(target, &Notice { micros, ..notice.clone() });
                }
            }
        }
    }

    /// Attributes that changed, if anybody asks for them: who does not pays nothing for it.
    fn of_attributes(
        &mut self,
        entry: &Entry,
        document: &Document,
        wanted: &BTreeSet<Target>,
    ) -> Vec<Notice> {
        if !wanted.iter().any(|target| target.kinds.contains(&Kind::Attribute)) {
            self.attributes.forget();
            return Vec::new();
        }
        let changed = self.attributes.look(document, &self.members);
        changed.iter().map(|changed| notice::of_attribute(changed, entry.at, document)).collect()
    }

    /// What could not be sent, a sentence a target.
    pub fn unsent(&self) -> Vec<String> {
        let troubles = self.troubles.lock().unwrap_or_else(PoisonError::into_inner);
        troubles.iter().map(|(target, why)| format!("{target}: {why}")).collect()
    }

    /// What a former life could not tell any more is told now, to who has the same id.
    fn take_up(&mut self, wanted: &BTreeSet<Target>) {
        for Record { target, notice } in std::mem::take(&mut self.left) {
            match wanted.iter().find(|one| one.id == target) {
                Some(target) => self.hand_over(target, notice),
                None => self.kept.forget(notice.sequence),
            }
        }
    }

    fn drop_unwanted(&mut self, wanted: &BTreeSet<Target>) {
        self.queues.retain(|target, queue| {
            let is_wanted = wanted.contains(target);
            if !is_wanted {
                queue.backlog.give_up();
            }
            is_wanted
        });
    }

    fn queue(&mut self, target: &Target, notice: &Notice) {
        self.sequence += 1;
        let notice = Notice { sequence: self.sequence, ..notice.clone() };
        self.kept.keep(target, &notice);
        self.hand_over(target, notice);
    }

    fn hand_over(&mut self, target: &Target, notice: Notice) {
        let sequence = notice.sequence;
        let queue = self.queues.entry(target.clone()).or_insert_with(|| {
            let (notices, waiting) = mpsc::channel(QUEUE_MAX);
            let troubles = Arc::clone(&self.troubles);
            let backlog = Backlog::new(self.kept.clone());
            let (of_task, told) = (Arc::clone(&troubles), backlog.clone());
            let serving = send::serve(target.clone(), waiting, of_task, told);
            let (task, name) = (tokio::spawn(serving), send::name(target));
            Queue { notices, task, name, troubles, backlog }
        });
        queue.backlog.wait(sequence);
        if queue.notices.try_send(notice).is_err() {
            queue.backlog.done(sequence);
            send::trouble(&self.troubles, target, "it does not keep up; some was dropped");
        }
    }
}

/// The part of a second at which an event happened, which has whole seconds itself: it is heard of at once,
/// in the same second. Nothing for one that is heard of later.
fn micros(at: i64, now: SystemTime) -> u32 {
    let since = now.duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
    if i64::try_from(since.as_secs()) == Ok(at) { since.subsec_micros() } else { 0 }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn what_is_heard_of_at_once_has_its_part_of_the_second() {
        let now = SystemTime::UNIX_EPOCH + Duration::from_micros(7_000_042);
        assert_eq!(micros(7, now), 42);
        assert_eq!(micros(6, now), 0);
        assert_eq!(micros(-1, now), 0);
    }
}
