//! A node that is cut off resets itself, and the others wait for exactly as long as that takes.
//!
//! A machine's watchdog resets it unless it is fed. Where the cluster relies on that, a daemon that
//! has been in a quorate membership feeds it only while it is in one, and while the total order
//! brings its own *beats* back to it. So a node that the others lost at a moment `t`
//!
//! - hears itself in the old order until `t` at the latest,
//! - feeds for half the watchdog's time after that, at the latest,
//! - and is reset when the watchdog's whole time has passed since.
//!
//! One and a half times the watchdog's time after `t`, or after the others had the majority if that
//! was later, it is off: that is a proof
//! ([`Evidence::Watchdog`]). It holds for who has beaten, by which it said that it lives by these
//! rules, and where quorum is by majority, or by half and the one vote of a device, which gives it to
//! one side at a time: by any other rule the lost node may have quorum, too.
//!
//! A device may take a side for gone, and give its vote to the other, before that side knows: the vote
//! *outlasts* its end. So a lost node that had the vote may have fed for so much longer after we got it;
//! and when it gets the vote itself, since we are the side that is gone, we hear of it so much later,
//! while it, if it is not reset by then, lives on. Both are waited for: the watchdog's time after the
//! later of the two ways in which the lost node ceases to feed, and once more what a vote outlasts. A device's
//! daemon keeps the time-out that it started with, whatever the nodes' file says later: so each node tells with
//! its beats the longest that it has heard of since its machine started, and the longest of the two counts.
//!
//! While a half waits for the device's vote, Corosync tells it nothing, and the other half may have had it in
//! between. So where a device votes, each membership begins to count anew.
//!
//! The others, too, do not hear themselves until they have formed anew, which takes them token and
//! consensus, and a device's vote. So nobody counts on a watchdog that is not twice as slow as that.
//!
//! A virtual machine's watchdog stands still while the machine does. Who pauses machines needs a
//! fence device.
//!
//! Field words: Pacemaker *stonith-watchdog-timeout*, *have-watchdog*; *sbd* without disks.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use model::{NodeId, NodeName, Quorum, QuorumBy, Tick, parse_interval};
use wire::Message;
use wire::peer::Evidence;

use crate::Controller;
use crate::fabric_file::FabricFile;
use crate::input::Effect;
use crate::timers::Ring;

#[derive(Debug, Default)]
pub(crate) struct SelfFencing {
    /// The others may count on this node's reset. For the rest of this life, since they may not have
    /// heard that an option was taken back; or until the nodes' file has a rule for quorum, and all who
    /// are here have said that they know.
    promised: bool,
    /// The longest that a vote may have been believed in by the files of this life, and of the one that promised.
    outlasts: Duration,
    /// Whom the file named before the rule came: the promise is to be taken back.
    withdrawing: Option<Vec<(NodeId, NodeName)>>,
    /// Members that have spoken of the file with the rule, in this membership.
    know_of_rule: BTreeSet<NodeId>,
    had_quorum: bool,
    /// The next beat is due by a timer.
    beats: bool,
    /// When that was said which the total order last brought back to us.
    heard_myself: Tick,
    /// Of each other node that said that it can be counted on.
    promises: BTreeMap<NodeId, Promise>,
    /// Of the newest membership.
    had_majority: bool,
    /// The members have a device fence this node, and it has not failed yet.
    is_fenced_now: bool,
    /// Since when nodes are absent from the side here that has quorum.
    lost_at: BTreeMap<NodeId, Tick>,
}

impl SelfFencing {
    /// `promised` by an earlier life: what it left running must not live longer for this one.
    pub(crate) fn new(promised: Option<Duration>) -> Self {
        let outlasts = promised.unwrap_or_default();
        let promised = promised.is_some();
        Self { promised, outlasts, had_quorum: promised, ..Self::default() }
    }
}

/// How a node that is cut off ends.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Promise {
    /// What its watchdog takes; nothing where it promises nothing.
    watchdog: Duration,
    /// How long it may believe in a vote that a device has given to others.
    outlasts: Duration,
}

impl Promise {
    pub(crate) fn said(watchdog_ms: u64, outlasts_ms: u64) -> Self {
        let [watchdog, outlasts] = [watchdog_ms, outlasts_ms].map(Duration::from_millis);
        Self { watchdog, outlasts }
    }
}

/// When a node that is cut off is off for certain: the watchdog's time after it fed last, which was before half of
/// that time had passed, or before its vote's end; and before it is sure that it has no other vote.
fn off_after(watchdog: Duration, outlasts: Duration) -> Duration {
    watchdog + outlasts.max(watchdog / 2) + outlasts
}

fn in_ms(time: Duration) -> u64 {
    u64::try_from(time.as_millis()).unwrap_or(u64::MAX)
}

impl Controller {
    /// Whether the machine's watchdog may be fed.
    pub fn may_live(&self, now: Tick) -> bool {
        let Some(watchdog) = self.identity.watchdog else { return true };
        if !(self.self_fencing.promised && self.self_fencing.had_quorum) {
            return true;
        }
        let silent = now.since(self.self_fencing.heard_myself);
        let has_quorum = self.fabric.quorum.is_of_one_side() || self.fabric.goes_on;
        has_quorum && silent <= watchdog / 2
    }

    /// Whether two sides never have quorum at once by the file as it is now. Who promises or believes
    /// must besides have such a quorum by the votes that its fabric has read: one that was not told to
    /// read the file anew has none, by its old rule.
    fn is_one_sided(&self) -> bool {
        self.quorum_by().is_one_sided()
    }

    pub(crate) fn quorum_by(&self) -> QuorumBy {
        let file = self.state.fabric_file.as_ref();
        file.map_or(self.identity.quorum_by, FabricFile::quorum_by)
    }

    /// Nobody else gives these members quorum, or takes it.
    fn has_most(&self) -> bool {
        matches!(self.fabric.quorum, Quorum::Majority | Quorum::OfPrevious)
    }

    fn file_digest(&self) -> u64 {
        self.state.fabric_file.as_ref().map_or(0, FabricFile::digest)
    }

    /// The nodes' file is another. With a rule in it nobody who has heard of it counts on resets any more,
    /// and nobody promises any longer: see [`Self::withdraw_promise`].
    pub(crate) fn reconsider_promise(&mut self, nodes: Vec<(NodeId, NodeName)>) {
        self.self_fencing.know_of_rule.clear();
        self.self_fencing.withdrawing = None;
        if !self.is_one_sided() {
            self.self_fencing.promises.clear();
            self.self_fencing.withdrawing = Some(nodes);
            // Until all have said that they know, nobody feeds: the sooner the better.
            self.beat_now();
        }
    }

    /// Who has quorum by a rule is not reset for it, once nobody counts on that. A member may be cut off
    /// from us before it hears of the rule that we have heard of, and count on for ever. So each must say
    /// that it knows.
    ///
    /// Who is not here has no majority to act with if we have it: one of us would be in it, who knows.
    /// Otherwise all of the nodes must be here, or off, or have left.
    fn withdraw_promise(&mut self) {
        // Before that nobody knows who is lost.
        let may_be_withdrawn = self.self_fencing.promised && self.is_formed();
        if !may_be_withdrawn || self.is_one_sided() {
            return;
        }
        let SelfFencing { withdrawing, know_of_rule, .. } = &self.self_fencing;
        let nodes = withdrawing.as_ref().unwrap_or(&self.identity.nodes);
        let members = &self.fabric.members;
        let is_nobody = |(id, name): &(NodeId, NodeName)| {
            members.contains(id) || !self.state.is_unclean(name.as_str())
        };
        let me = self.identity.id;
        let here_know = members.iter().all(|id| *id == me || know_of_rule.contains(id));
        let nobody_else = self.fabric.quorum == Quorum::Majority || nodes.iter().all(is_nobody);
        if here_know && nobody_else {
            self.self_fencing.promised = false;
            self.self_fencing.withdrawing = None;
            self.effects.push(Effect::WithdrawReset);
        }
    }

    /// Whether nobody fences this node, so that it need not hear whether somebody does. Where a rule
    /// gives quorum, two sides may have it, unless all nodes are here.
    pub fn is_left_alone(&self) -> bool {
        let nobody_outside = match self.fabric.quorum {
            Quorum::Majority => true,
            Quorum::OfPrevious | Quorum::ByRule | Quorum::ByDevice => {
                self.identity.nodes.iter().all(|(id, _)| self.fabric.members.contains(id))
            }
            Quorum::No => false,
        };
        nobody_outside && !self.self_fencing.is_fenced_now
    }

    /// The members use a device on a node. What turns it off or on again may be called anything.
    pub(crate) fn note_fence_run(&mut self, target: &str, action: &str) {
        let only_asks = matches!(action, "on" | "list" | "status" | "monitor" | "metadata");
        if target == self.identity.name.as_str() && !only_asks {
            self.self_fencing.is_fenced_now = true;
        }
    }

    /// A fencing ended without a proof: nothing happened to its target.
    pub(crate) fn note_fencing_failed(&mut self, target: &str) {
        if target == self.identity.name.as_str() {
            self.self_fencing.is_fenced_now = false;
        }
    }

    /// How long to wait for a reset, by configuration; `None` where nobody is to count on it.
    /// Source: `stonith-watchdog-timeout` in Pacemaker Explained; negative is twice the watchdog's.
    fn configured_wait(&self, watchdog: Duration) -> Option<Duration> {
        let wait = self.wanted_wait(watchdog)?;
        let may_be = self.is_one_sided() && self.is_too_fast(watchdog).is_none();
        Some(wait).filter(|_| may_be)
    }

    fn wanted_wait(&self, watchdog: Duration) -> Option<Duration> {
        let names = ["fencing-watchdog-timeout", "stonith-watchdog-timeout"];
        let value = names.into_iter().find_map(|name| self.state.option(name))?.trim();
        let wait = if value.starts_with('-') { watchdog * 2 } else { parse_interval(value)? };
        Some(wait).filter(|wait| !wait.is_zero())
    }

    /// Why healthy nodes would be reset, too, when another is lost.
    fn is_too_fast(&self, watchdog: Duration) -> Option<String> {
        let times = self.state.fabric_file.as_ref()?.times();
        times.too_short_to_count_on(watchdog)
    }

    /// Why the members do not count on each other's resets though the document says so; for people.
    pub(crate) fn why_nobody_counts(&self) -> Option<String> {
        let watchdog = self.identity.watchdog.unwrap_or_default();
        self.wanted_wait(watchdog)?;
        let why = if !self.all_have_watchdogs {
            "not every member has a watchdog".to_owned()
        } else if !self.is_one_sided() {
            "a rule, or a device with several votes, may give quorum to two sides".to_owned()
        } else {
            self.is_too_fast(watchdog)?
        };
        Some(format!("fencing-watchdog-timeout is set, and nobody counts on resets: {why}"))
    }

    /// Begins to beat where the cluster relies on it. Called at the end of every step. Who never had
    /// quorum does not: it lives on when it is cut off, so nobody may count on its reset.
    pub(crate) fn tend_watchdog(&mut self) {
        self.note_what_a_vote_outlasts();
        let Some(watchdog) = self.identity.watchdog else { return };
        if !self.self_fencing.had_quorum {
            return;
        }
        self.withdraw_promise();
        // The only node there is promises nothing: nobody else could act on it, and the next machine to
        // join makes them two, of which none may count on the other's.
        let is_heard = self.identity.nodes.len() > 1 && self.has_most();
        let promises = is_heard && self.configured_wait(watchdog).is_some();
        if promises && !self.self_fencing.promised {
            self.self_fencing.promised = true;
            self.self_fencing.heard_myself = self.now.tick;
            self.remember_promise();
        }
        if self.self_fencing.promised && !self.self_fencing.beats {
            self.self_fencing.beats = true;
            self.beat();
        }
    }

    /// A file that says less than one before does not make the device's daemon quicker.
    fn note_what_a_vote_outlasts(&mut self) {
        let QuorumBy::Device { outlasts } = self.quorum_by() else { return };
        if outlasts > self.self_fencing.outlasts {
            self.self_fencing.outlasts = outlasts;
            if self.self_fencing.promised {
                self.remember_promise();
            }
        }
    }

    fn remember_promise(&mut self) {
        let outlasts = self.self_fencing.outlasts;
        self.effects.push(Effect::PromiseReset { outlasts });
    }

    /// Eight beats a watchdog's time: one that is late does no harm.
    pub(crate) fn beat(&mut self) {
        let Some(watchdog) = self.identity.watchdog else { return };
        if !self.self_fencing.promised {
            self.self_fencing.beats = false;
            return;
        }
        self.say_beat(in_ms(watchdog));
        self.set_timer(self.now.tick.after(watchdog / 8), Ring::Beat);
    }

    /// Besides those that are due by the timer.
    fn beat_now(&mut self) {
        if let Some(watchdog) = self.identity.watchdog.filter(|_| self.self_fencing.promised) {
            self.say_beat(in_ms(watchdog));
        }
    }

    fn say_beat(&mut self, watchdog_ms: u64) {
        let outlasts_ms = in_ms(self.self_fencing.outlasts);
        let (file, sent_us) = (self.file_digest(), self.now.tick.0);
        self.broadcast(Message::Beat { watchdog_ms, outlasts_ms, file, sent_us });
    }

    /// What comes back of our own counts from when it was said: a machine that stood still finds what
    /// waited for it meanwhile, of an order that the others have left long since.
    ///
    /// A beat from before the present file may be of a promise that was taken back meanwhile. One that was
    /// made under a rule says only that its sender knows of the rule, and asks who else does.
    pub(crate) fn beaten(&mut self, from: NodeId, promise: Promise, file: u64, sent: Tick) {
        if from == self.identity.id {
            if self.fabric.goes_on {
                return;
            }
            // An earlier life's clock may have been ahead.
            let heard = sent.min(self.now.tick);
            self.self_fencing.heard_myself = self.self_fencing.heard_myself.max(heard);
            return;
        }
        if file != self.file_digest() {
            return;
        }
        let is_promise = !promise.watchdog.is_zero();
        if !self.is_one_sided() {
            self.self_fencing.know_of_rule.insert(from);
            // Who has promised beats, and needs no other word.
            if is_promise && !self.self_fencing.promised {
                self.say_beat(0);
            }
        } else if is_promise {
            self.self_fencing.promises.insert(from, promise);
        }
    }

    pub(crate) fn note_who_is_absent(&mut self) {
        self.self_fencing.know_of_rule.clear();
        if self.fabric.is_quorate() {
            self.self_fencing.had_quorum = true;
            self.self_fencing.heard_myself = self.now.tick;
        }
        // A node that is absent may have had quorum as long as we had none.
        let has_majority = self.has_most();
        let had_majority = std::mem::replace(&mut self.self_fencing.had_majority, has_majority);
        if !had_majority || self.quorum_by() != QuorumBy::Majority {
            self.self_fencing.lost_at.clear();
        }
        for (id, _) in &self.identity.nodes {
            if self.fabric.members.contains(id) {
                self.self_fencing.lost_at.remove(id);
            } else {
                self.self_fencing.lost_at.entry(*id).or_insert(self.now.tick);
            }
        }
    }

    /// Whether all members' machines have one that may be counted on; alike on all of them.
    pub(crate) fn has_watchdogs(&self) -> bool {
        self.all_have_watchdogs && self.is_one_sided()
    }

    /// The life of a node's daemon that promised is over.
    pub(crate) fn forget_promise(&mut self, node: NodeId) {
        self.self_fencing.promises.remove(&node);
    }

    /// When `target` has reset itself, and how long that is after its loss. `None` if it cannot be
    /// counted on.
    pub(crate) fn resets_itself(&self, target: &str) -> Option<(Tick, Duration)> {
        let id = self.id_of(target)?;
        let Promise { watchdog, outlasts } = *self.self_fencing.promises.get(&id)?;
        let lost_at = *self.self_fencing.lost_at.get(&id)?;
        let outlasts = match (self.fabric.quorum, self.quorum_by()) {
            (Quorum::Majority, _)
            | (Quorum::OfPrevious, QuorumBy::Previous | QuorumBy::PreviousOrLock) => Duration::ZERO,
            (Quorum::ByDevice, QuorumBy::Device { .. } | QuorumBy::PreviousOrLock) => {
                outlasts.max(self.self_fencing.outlasts)
            }
            (Quorum::No | Quorum::OfPrevious | Quorum::ByRule | Quorum::ByDevice, _) => {
                return None;
            }
        };
        let wait = self.configured_wait(watchdog)?.max(off_after(watchdog, outlasts));
        Some((lost_at.after(wait), wait))
    }

    /// No device could fence it: what is left is its own watchdog.
    pub(crate) fn await_reset(&mut self, target: &str) -> bool {
        let Some((at, _)) = self.resets_itself(target) else { return false };
        self.set_timer(at, Ring::ResetDue { target: target.to_owned() });
        true
    }

    pub(crate) fn reset_due(&mut self, target: &str) {
        match self.resets_itself(target) {
            Some((at, wait)) if at <= self.now.tick => {
                let waited_ms = in_ms(wait);
                let by = self.identity.name.as_str().to_owned();
                let evidence = Evidence::Watchdog { waited_ms, by };
                self.announce_fenced(target, Some(evidence), String::new());
            }
            // Lost again meanwhile: its time began anew.
            Some(_) => {
                self.await_reset(target);
            }
            None => {
                let reason = "its watchdog cannot be counted on any more".to_owned();
                self.announce_fenced(target, None, reason);
            }
        }
    }
}
