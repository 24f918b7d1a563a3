//! Rare situations, and how often a run went through them. One that no seed visits any more is a
//! test that tests nothing: `cargo xtask sim` says so.

use std::collections::{BTreeMap, BTreeSet};

use model::{NodeId, Quorum};
use wire::Message;
use wire::api::{Change, Event, Refused, Reply};
use wire::peer::{Evidence, Sighting};

use crate::fabric::Ring;
use crate::world::World;

/// How often each corner was visited.
pub type Corners = BTreeMap<Corner, u64>;

/// A situation in which clusters break.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Corner {
    Partition,
    RingFormedAnew,
    Flapped,
    Blackout,
    ProcessDied,
    ClockJumped,
    StoodStill,
    ShutDown,
    ColdStart,
    DiskFull,
    DiskDamaged,
    DiskMended,
    RecordCutOff,
    EditWhileFencing,
    SetAside,
    CoordinatorCrashed,
    CoordinatorCrashedWhileFencing,
    CoordinatorCrashedBeforeConfirming,
    ChangedWhileActing,
    ChangedWhileEditing,
    ChangedDuringSnapshot,
    JoinedDuringSnapshot,
    QuorumLostWhileStarting,
    QuorumByRule,
    QuorumTwice,
    FewOfThePrevious,
    QuorumWasOthers,
    EditHeld,
    CopyWasOlder,
    FencedCameBackEarly,
    Sighted,
    ResetByWatchdog,
    BelievedReset,
    LockTaken,
    LockElsewhere,
    LockOutOfReach,
    VoterStalled,
    LockGivenBack,
    FewerVotesExpected,
    LockOfTheDead,
    LockOfAnEarlierLife,
    VoteOfDevice,
    VoteOutlasted,
}

impl Corner {
    /// All of them.
    pub const ALL: [Self; 43] = [
        Self::Partition,
        Self::RingFormedAnew,
        Self::Flapped,
        Self::Blackout,
        Self::ProcessDied,
        Self::ClockJumped,
        Self::StoodStill,
        Self::ShutDown,
        Self::ColdStart,
        Self::DiskFull,
        Self::DiskDamaged,
        Self::DiskMended,
        Self::RecordCutOff,
        Self::EditWhileFencing,
        Self::SetAside,
        Self::CoordinatorCrashed,
        Self::CoordinatorCrashedWhileFencing,
        Self::CoordinatorCrashedBeforeConfirming,
        Self::ChangedWhileActing,
        Self::ChangedWhileEditing,
        Self::ChangedDuringSnapshot,
        Self::JoinedDuringSnapshot,
        Self::QuorumLostWhileStarting,
        Self::QuorumByRule,
        Self::QuorumTwice,
        Self::FewOfThePrevious,
        Self::QuorumWasOthers,
        Self::EditHeld,
        Self::CopyWasOlder,
        Self::FencedCameBackEarly,
        Self::Sighted,
        Self::ResetByWatchdog,
        Self::BelievedReset,
        Self::LockTaken,
        Self::LockElsewhere,
        Self::LockOutOfReach,
        Self::VoterStalled,
        Self::LockGivenBack,
        Self::FewerVotesExpected,
        Self::LockOfTheDead,
        Self::LockOfAnEarlierLife,
        Self::VoteOfDevice,
        Self::VoteOutlasted,
    ];

    /// What happened, for the tally.
    pub fn words(self) -> &'static str {
        match self {
            Self::Partition => "the network fell apart",
            Self::RingFormedAnew => "a ring was formed anew with the same members",
            Self::Flapped => "the network fell apart and healed again and again",
            Self::Blackout => "all machines lost their power",
            Self::ProcessDied => "a process died",
            Self::ClockJumped => "a clock jumped",
            Self::StoodStill => "a daemon stood still",
            Self::ShutDown => "a daemon shut down in peace",
            Self::ColdStart => "all daemons had shut down in peace, and started again",
            Self::DiskFull => "a full disk refused a record",
            Self::DiskDamaged => "a disk was damaged",
            Self::DiskMended => "what was missing on a disk was made good by itself",
            Self::RecordCutOff => "power was lost while a record was on its way to the disk",
            Self::EditWhileFencing => "an edit was asked for while a node was being fenced",
            Self::SetAside => "a configuration was set aside",
            Self::CoordinatorCrashed => "the coordinator crashed",
            Self::CoordinatorCrashedWhileFencing => "... while it used a fence device",
            Self::CoordinatorCrashedBeforeConfirming => {
                "... between a device's success and its word"
            }
            Self::ChangedWhileActing => "the membership changed while agents were at work",
            Self::ChangedWhileEditing => "... while an edit was under way",
            Self::ChangedDuringSnapshot => "... while a snapshot was under way",
            Self::JoinedDuringSnapshot => "... and a node joined",
            Self::QuorumLostWhileStarting => "quorum was lost while something started",
            Self::QuorumByRule => "half or fewer got quorum by a rule",
            Self::QuorumTwice => "... and another side had it, too",
            Self::FewOfThePrevious => "half or fewer had quorum as most of those who had it before",
            Self::QuorumWasOthers => "others had quorum last, whatever was counted",
            Self::EditHeld => "an edit was refused: who is absent may have a newer document",
            Self::CopyWasOlder => "... and has: with an acknowledged change that is missing here",
            Self::FencedCameBackEarly => "a fenced node was back before its fencing was announced",
            Self::Sighted => "only one who met it knew that an absent node had been with a quorum",
            Self::ResetByWatchdog => "a watchdog reset its machine",
            Self::BelievedReset => {
                "a node was taken for off because its watchdog must have reset it"
            }
            Self::LockTaken => "half of the cluster had its lock",
            Self::LockElsewhere => "... and the other half had not",
            Self::LockOutOfReach => "a half did not reach the lock's disk",
            Self::VoterStalled => "a half had no vote because a voter stood still",
            Self::LockGivenBack => "a lock was given back when nobody needed it",
            Self::FewerVotesExpected => "Corosync was told to expect fewer votes beside a lock",
            Self::LockOfTheDead => "a lock was taken from who must have lost it",
            Self::LockOfAnEarlierLife => "... or who had a new life since",
            Self::VoteOfDevice => "half of the cluster had a quorum server's vote",
            Self::VoteOutlasted => {
                "... which the other half had had, and may not know that it lost"
            }
        }
    }
}

/// Looks at what a new membership of `members` cuts through.
pub(crate) fn at_change(world: &mut World, members: &BTreeSet<NodeId>, quorum: Quorum) {
    let acting = |task: &str| {
        let mut runs = members.iter().filter_map(|id| world.machines.get(id));
        runs.any(|machine| machine.runs.values().any(|run| run.task == task))
    };
    let starting = acting("start");
    let mut visited = Vec::new();
    if starting || acting("stop") {
        visited.push(Corner::ChangedWhileActing);
    }
    let was_quorate = members.iter().any(|id| {
        let ring = world.fabric.ring_of(*id);
        ring.is_some_and(|ring| ring.quorum.is_quorate())
    });
    if starting && was_quorate && !quorum.is_quorate() {
        visited.push(Corner::QuorumLostWhileStarting);
    }
    let others = |ring: &Ring| ring.members.is_disjoint(members) && ring.quorum.is_quorate();
    let machines = world.machines.len();
    if matches!(quorum, Quorum::ByRule | Quorum::ByDevice) && members.len() * 2 <= machines {
        visited.push(Corner::QuorumByRule);
        if world.fabric.rings().any(others) {
            visited.push(Corner::QuorumTwice);
        }
    }
    let under_way = world.fabric.under_way(members);
    let any = |is: fn(&Message) -> bool| under_way.iter().any(|message| is(message));
    if any(
        |message| matches!(message, Message::Change(edit) if matches!(edit.change, Change::Edit { .. })),
    ) {
        visited.push(Corner::ChangedWhileEditing);
    }
    if any(|message| matches!(message, Message::Snapshot(_))) {
        visited.push(Corner::ChangedDuringSnapshot);
        let before: BTreeSet<NodeId> = members
            .iter()
            .filter_map(|id| world.fabric.ring_of(*id))
            .flat_map(|ring| ring.members.iter().copied())
            .collect();
        if !members.is_subset(&before) {
            visited.push(Corner::JoinedDuringSnapshot);
        }
    }
    for corner in visited {
        world.visit(corner);
    }
}

/// Looks at what the crash of a coordinator cuts through.
pub(crate) fn at_report(world: &mut World, event: &Event) {
    if matches!(event, Event::QuorumIsOthers { .. }) {
        world.visit(Corner::QuorumWasOthers);
    }
    let Event::Membership { members, quorate: true, .. } = event else { return };
    if world.votequorum.counts_previous() && members.len() * 2 <= world.machines.len() {
        world.visit(Corner::FewOfThePrevious);
    }
}

pub(crate) fn at_coordinators_crash(world: &mut World, node: NodeId) {
    world.visit(Corner::CoordinatorCrashed);
    let uses_device = world
        .machines
        .get(&node)
        .is_some_and(|machine| machine.runs.values().any(|run| &*run.agent.standard == "stonith"));
    if uses_device {
        world.visit(Corner::CoordinatorCrashedWhileFencing);
    }
    if world.fabric.fencings_of(node).iter().any(|fencing| fencing.device_succeeded) {
        world.visit(Corner::CoordinatorCrashedBeforeConfirming);
    }
}

/// Looks at what a member says.
pub(crate) fn at_broadcast(world: &mut World, node: NodeId, message: &Message) {
    let members = || world.fabric.ring_of(node).map(|ring| &ring.members);
    let is_absent = |node: u32| members().is_some_and(|members| !members.contains(&NodeId(node)));
    let is_open = |seen: &Sighting| seen.promised.is_none() && is_absent(seen.node);
    if let Message::Hello(hello) = message
        && hello.sightings.iter().any(is_open)
    {
        world.visit(Corner::Sighted);
    }
    if let Message::Fenced(fenced) = message
        && matches!(fenced.evidence, Some(Evidence::Watchdog { .. }))
    {
        world.visit(Corner::BelievedReset);
    }
}

/// Looks at what goes on when a client asks for an edit.
pub(crate) fn at_edit(world: &mut World) {
    let fences = |run: &controller::AgentRun| {
        &*run.agent.standard == "stonith" && matches!(run.task.as_str(), "off" | "reboot")
    };
    if world.machines.values().any(|machine| machine.runs.values().any(fences)) {
        world.visit(Corner::EditWhileFencing);
    }
}

/// Looks at what a client is answered.
pub(crate) fn at_reply(world: &mut World, node: NodeId, reply: &Reply) {
    if !matches!(reply, Reply::Refused(Refused::MayBeOlder { .. })) {
        return;
    }
    world.visit(Corner::EditHeld);
    let daemon = world.machines.get(&node).and_then(|machine| machine.daemon.as_ref());
    let lacks = |edit: &u64| {
        daemon.is_some_and(|daemon| daemon.document().find_id(&format!("edit-{edit}")).is_none())
    };
    if world.clients.acknowledged.iter().any(lacks) {
        world.visit(Corner::CopyWasOlder);
    }
}

/// Looks at what a daemon that starts finds of its own fencing.
pub(crate) fn at_start(world: &mut World, node: NodeId) {
    let Some(machine) = world.machines.get_mut(&node) else { return };
    let (was_fenced, name) = (std::mem::take(&mut machine.was_fenced), machine.name.clone());
    let mut fencings = world.machines.keys().flat_map(|other| world.fabric.fencings_of(*other));
    if was_fenced && fencings.any(|fencing| fencing.target == name) {
        world.visit(Corner::FencedCameBackEarly);
    }
}
