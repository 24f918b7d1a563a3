//! How the cluster is, in a sentence, and what to do about it.

use scheduler::{LossPolicy, Resolved};
use serde::{Deserialize, Serialize};
use wire::api::Cluster;

use super::{NodeState, ResourceLine, Seen, Shape, Status};
use crate::readiness::{Ability, Proof};
use crate::survival::Loss;
use crate::{moment, survival, words};

/// How the cluster is.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, schemars::JsonSchema)]
pub struct Verdict {
    pub health: Health,
    /// What is so.
    pub sentence: String,
    /// What to do, a sentence each.
    pub advice: Vec<String>,
    /// What would break it, a sentence each; what is broken already is not repeated.
    pub breaks: Vec<String>,
}

/// The head of every page: how the cluster is, and what would break it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, schemars::JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub struct Headline {
    pub level: Health,
    pub words: String,
    /// What to do, a sentence each.
    pub advice: Vec<String>,
    /// What would break it, a sentence each.
    pub breaks: Vec<String>,
}

impl Headline {
    /// Of a status.
    pub fn of(status: &Status) -> Self {
        let Verdict { health, sentence, advice, breaks } = status.verdict.clone();
        Self { level: health, words: sentence, advice, breaks }
    }
}

/// How bad it is; later is worse.
#[derive(
    Clone,
    Copy,
    Debug,
    Default,
    PartialEq,
    Eq,
    PartialOrd,
    Ord,
    Serialize,
    Deserialize,
    schemars::JsonSchema,
)]
#[serde(rename_all = "kebab-case")]
pub enum Health {
    #[default]
    Healthy,
    /// All runs; one more loss may be one too many.
    Weakened,
    /// The cluster is at work on what is not as wanted.
    Working,
    /// Something does not run, or may not be touched, and the cluster will not change that.
    Impaired,
    /// Nothing can be decided.
    Down,
}

/// One thing that is so, and what to do about it.
struct Remark {
    health: Health,
    sentence: String,
    advice: Option<String>,
}

pub(super) fn verdict(status: &Status, resolved: &Resolved<'_>, seen: Seen<'_>) -> Verdict {
    let cluster = seen.cluster;
    let mut remarks = Vec::new();
    membership(status, resolved, cluster, &mut remarks);
    fencing(status, resolved, &mut remarks);
    resources(status, &mut remarks);
    nodes(status, &mut remarks);
    alerts(cluster, &mut remarks);
    redundancy(status, &mut remarks);
    proof(status, seen.now, &mut remarks);
    // The worst first; of equals, as found.
    remarks.sort_by_key(|remark| std::cmp::Reverse(remark.health));
    let health = remarks.first().map_or(Health::Healthy, |remark| remark.health);
    // Where something is wrong, what is merely less than perfect would hide it.
    remarks.retain(|remark| health < Health::Working || remark.health >= Health::Working);
    let mut sentence = first_word(health).to_owned();
    let mut advice: Vec<String> = Vec::new();
    for remark in remarks {
        sentence.push(' ');
        sentence.push_str(&remark.sentence);
        advice.extend(remark.advice.filter(|text| !advice.contains(text)));
    }
    Verdict { health, sentence, advice, breaks: breaks(status) }
}

fn first_word(health: Health) -> &'static str {
    match health {
        Health::Healthy => "Healthy.",
        Health::Weakened => "Running, with less to spare.",
        Health::Working => "Working.",
        Health::Impaired => "Impaired.",
        Health::Down => "Down.",
    }
}

fn membership(
    status: &Status,
    resolved: &Resolved<'_>,
    cluster: Option<&Cluster>,
    out: &mut Vec<Remark>,
) {
    if cluster.is_some_and(|cluster| !cluster.formed) {
        out.push(Remark {
            health: Health::Working,
            sentence: "The nodes are agreeing on their state; what is shown may be old.".to_owned(),
            advice: None,
        });
    }
    let awaited = cluster.map_or(&[][..], |cluster| &cluster.awaited);
    if let Some(first) = awaited.first().filter(|_| status.quorate) {
        let subject = words::list(awaited);
        out.push(Remark {
            health: Health::Impaired,
            sentence: format!(
                "{subject} may have a newer configuration; until it is known, nothing is edited."
            ),
            advice: Some(format!(
                "Start the daemon there; if its configuration is given up and the machine is off, \
                 `quorate node confirm-off {first}`."
            )),
        });
    }
    disks(cluster, out);
    let unwritten = cluster.map_or(&[][..], |cluster| &cluster.unwritten);
    if !unwritten.is_empty() {
        let of = words::list(unwritten);
        out.push(Remark {
            health: Health::Impaired,
            sentence: format!(
                "The disk of {of} does not take the configuration; until it does, nothing is edited."
            ),
            advice: Some("Make room there; the next edit tries it again.".to_owned()),
        });
    }
    if status.nodes.is_empty() {
        out.push(Remark {
            health: Health::Down,
            sentence: "There is no node.".to_owned(),
            advice: None,
        });
    } else if !status.quorate {
        let policy = match resolved.options.loss_policy {
            LossPolicy::Freeze => "What runs here goes on; nothing is recovered.",
            LossPolicy::Stop => "All resources here are stopped until there is quorum again.",
            LossPolicy::Demote => "Promoted resources are demoted, the others stopped.",
            LossPolicy::Fence => "This side cuts itself off.",
            LossPolicy::Ignore => {
                "By `no-quorum-policy=ignore` the cluster carries on all the same."
            }
        };
        out.push(no_quorum(cluster, status, policy));
    }
}

/// Too few are here, or too few of those who were there last.
fn no_quorum(cluster: Option<&Cluster>, status: &Status, policy: &str) -> Remark {
    let others = cluster.map_or(&[][..], |cluster| &cluster.others_had_quorum);
    let (why, advice) = match others.first() {
        Some(first) => {
            let who = words::list(others);
            let word = format!("or say that it is off: `quorate node confirm-off {first}`");
            (
                format!("{who} had it last, and may have it still"),
                format!("Bring {who} back, {word}."),
            )
        }
        None => {
            let gone = names(status, |state| state != NodeState::Online);
            let advice = format!("Bring {} back.", words::list(&gone));
            ("too few of the nodes are here".to_owned(), advice)
        }
    };
    let sentence = format!("No quorum: {why}. {policy}");
    Remark { health: Health::Down, sentence, advice: Some(advice) }
}

/// Who could not be told.
fn alerts(cluster: Option<&Cluster>, out: &mut Vec<Remark>) {
    for unsent in cluster.iter().flat_map(|cluster| &cluster.unsent) {
        out.push(Remark {
            health: Health::Weakened,
            sentence: format!("People are not told: {unsent}."),
            advice: None,
        });
    }
}

/// Disks that are full, or broken: known since they last refused something.
fn disks(cluster: Option<&Cluster>, out: &mut Vec<Remark>) {
    let Some(cluster) = cluster.filter(|cluster| cluster.unwritten.is_empty()) else { return };
    let Some((_, reason)) = cluster.unwilling.first() else { return };
    let names: Vec<&str> = cluster.unwilling.iter().map(|(name, _)| name.as_str()).collect();
    let (of, disks) = (words::list(&names), if names.len() == 1 { "disk" } else { "disks" });
    let take = if names.len() == 1 { "takes" } else { "take" };
    let willing = cluster.members.len().saturating_sub(names.len());
    let (health, end) = if willing < cluster.disks_needed {
        (Health::Impaired, "changes are refused, what runs goes on")
    } else {
        (Health::Weakened, "the others keep what is changed")
    };
    out.push(Remark {
        health,
        sentence: format!("The {disks} of {of} {take} no configuration ({reason}): {end}."),
        advice: Some("Make room there; it is tried again every few seconds.".to_owned()),
    });
}

fn fencing(status: &Status, resolved: &Resolved<'_>, out: &mut Vec<Remark>) {
    let options = &resolved.options;
    for pending in &status.fencing {
        let node = &pending.node;
        let (health, end) = match &pending.failed {
            Some(reason) if !reason.is_empty() => {
                (Health::Impaired, format!(" It failed: {reason}."))
            }
            Some(_) => (Health::Impaired, " It failed and is tried again.".to_owned()),
            None => (Health::Working, String::new()),
        };
        let advice = pending.failed.is_some().then(|| {
            format!(
                "Mend the fence device, or switch {node} off by hand and then say so with \
                 `quorate node confirm-off {node}`."
            )
        });
        out.push(Remark {
            health,
            sentence: format!(
                "{node} must be cut off before what it ran is started elsewhere.{end}"
            ),
            advice,
        });
    }
    let unclean = names(status, |state| state == NodeState::Unclean);
    if !unclean.is_empty() && !options.fence_device_present && options.fencing_enabled {
        let node = unclean.first().map_or("", |name| name);
        out.push(Remark {
            health: Health::Impaired,
            sentence: format!(
                "Without a fence device nothing proves that {} is off.",
                words::list(&unclean)
            ),
            advice: Some(format!(
                "Switch {node} off by hand and then say so with `quorate node confirm-off {node}`."
            )),
        });
    }
    if !options.fencing_enabled && status.nodes.len() > 1 {
        out.push(Remark {
            health: Health::Weakened,
            sentence: "Fencing is disabled: a lost node's resources may run twice.".to_owned(),
            advice: Some("Configure a fence device and set `fencing-enabled` to true.".to_owned()),
        });
    } else if options.fencing_enabled
        && !options.fence_device_present
        && !status.resources.is_empty()
    {
        out.push(Remark {
            health: Health::Impaired,
            sentence: "There is no fence device: nothing is started or moved, and a lost node's \
                       resources are not recovered."
                .to_owned(),
            advice: Some("Configure a fence device.".to_owned()),
        });
    }
}

fn resources(status: &Status, out: &mut Vec<Remark>) {
    if status.planned > 0 || !status.running.is_empty() {
        let count = status.planned.max(status.running.len());
        out.push(Remark {
            health: Health::Working,
            sentence: format!("{} to go.", words::count(count, "action")),
            advice: None,
        });
    }
    let flat = flat(&status.resources);
    let missing: Vec<&str> = flat
        .iter()
        .filter(|line| line.missing && line.children.is_empty())
        .map(|line| line.id.as_str())
        .collect();
    if !missing.is_empty() {
        let verb = if missing.len() == 1 { "does" } else { "do" };
        let health = if status.planned > 0 { Health::Working } else { Health::Impaired };
        let first = missing.first().copied().unwrap_or_default();
        out.push(Remark {
            health,
            sentence: format!("{} {verb} not run.", words::some(&missing)),
            advice: (health == Health::Impaired)
                .then(|| format!("`quorate why {first}` tells what keeps it from running.")),
        });
    }
    let blocked: Vec<&str> = flat
        .iter()
        .filter(|line| line.remarks.iter().any(|remark| remark.starts_with("blocked")))
        .map(|line| line.id.as_str())
        .collect();
    if let Some(first) = blocked.first() {
        out.push(Remark {
            health: Health::Impaired,
            sentence: format!("{} must not be touched after its failure.", words::some(&blocked)),
            advice: Some(format!(
                "Look after it by hand, then `quorate resource cleanup {first}`."
            )),
        });
    }
    for failure in &status.failures {
        out.push(Remark {
            health: Health::Weakened,
            sentence: format!("{} failed on {}: {}.", failure.resource, failure.node, failure.what),
            advice: Some(format!("When the cause of that is mended: `{}`.", failure.command)),
        });
    }
}

fn nodes(status: &Status, out: &mut Vec<Remark>) {
    let mut tell = |list: Vec<&str>, what: &str, advice: Option<&str>| {
        if list.is_empty() {
            return;
        }
        let verb = if list.len() == 1 { "is" } else { "are" };
        let first = list.first().copied().unwrap_or_default();
        out.push(Remark {
            health: Health::Weakened,
            sentence: format!("{} {verb} {what}.", words::some(&list)),
            advice: advice.map(|verb| format!("`quorate node {verb} {first}` ends that.")),
        });
    };
    tell(names(status, |state| state == NodeState::Offline), "offline", None);
    tell(names(status, |state| state == NodeState::Pending), "joining", None);
    let with = |wanted: fn(&super::NodeLine) -> bool| {
        let nodes = status.nodes.iter().filter(|node| node.state == NodeState::Online);
        nodes.filter(|node| wanted(node)).map(|node| node.name.as_str()).collect::<Vec<_>>()
    };
    tell(with(|node| node.standby), "in standby", Some("unstandby"));
    tell(with(|node| node.maintenance), "in maintenance", Some("unmaintenance"));
    tell(with(|node| node.leaving), "about to leave", None);
}

fn redundancy(status: &Status, out: &mut Vec<Remark>) {
    let Some(survival) = &status.survival else { return };
    if let Some(sentence) = survival::words(survival) {
        out.push(Remark { health: Health::Healthy, sentence, advice: None });
    }
    // With one node, everything is lost with it, and everybody knows.
    let lost = survival.nodes.iter().filter(|loss| !loss.is_survived());
    for loss in lost.filter(|_| survival.nodes.len() > 1) {
        out.push(Remark { health: Health::Weakened, sentence: loss.words(), advice: None });
    }
}

/// What shows that fencing would work.
fn proof(status: &Status, now: i64, out: &mut Vec<Remark>) {
    let readiness = &status.readiness;
    let matters = |name: &str| {
        let mut nodes = status.nodes.iter();
        nodes.any(|node| {
            node.name == name && node.kind == "cluster" && node.state == NodeState::Online
        })
    };
    let rows: Vec<_> = readiness.nodes.iter().filter(|row| matters(&row.node)).collect();
    if !readiness.enabled || readiness.devices.is_empty() || rows.len() < 2 {
        return;
    }
    let bad: Vec<&str> = rows
        .iter()
        .filter(|row| row.ability == Ability::Impossible)
        .map(|row| row.node.as_str())
        .collect();
    if !bad.is_empty() && status.survival.is_none() {
        let sentence = format!("Nothing can cut off {}.", words::list(&bad));
        out.push(Remark { health: Health::Weakened, sentence, advice: None });
    }
    let unproven = rows.iter().any(|row| row.proven.is_none());
    if unproven {
        return;
    }
    let proofs = rows.iter().filter_map(|row| row.proven);
    let Some(weakest) = proofs.min_by_key(|proof| proof.at(now)) else { return };
    let sentence = match weakest {
        Proof::Checked { every_ms, .. } => {
            format!("Fencing is checked every {}.", moment::length(every_ms))
        }
        Proof::Answered { at } | Proof::Used { at } => {
            format!("Fencing proven {}.", moment::ago(at, now))
        }
    };
    out.push(Remark { health: Health::Healthy, sentence, advice: None });
}

/// What the next misfortune would do.
fn breaks(status: &Status) -> Vec<String> {
    let mut breaks: Vec<String> = Vec::new();
    if let Some(survival) = status.survival.as_ref().filter(|survival| survival.nodes.len() > 1) {
        let singles = survival.nodes.iter().filter(|loss| !loss.is_survived());
        breaks.extend(singles.map(Loss::words));
        let pairs = survival.pairs.iter().flatten();
        let lost: Vec<&Loss> = pairs.filter(|loss| !loss.is_survived()).collect();
        let all = survival.pairs.as_ref().map_or(0, Vec::len);
        if lost.len() > 1 && lost.len() == all && lost.iter().all(|loss| loss.quorum) {
            breaks.push("The loss of any two nodes at once would leave no quorum.".to_owned());
        } else {
            breaks.extend(lost.into_iter().map(Loss::words));
        }
    }
    breaks.extend(lone_device(status));
    breaks
}

/// A device without which nothing could be cut off.
fn lone_device(status: &Status) -> Option<String> {
    use crate::readiness::Can;
    let readiness = &status.readiness;
    let mut able = readiness.nodes.iter().flat_map(|row| &row.cells);
    let [only] = readiness.devices.as_slice() else { return None };
    let is_used = able.any(|cell| matches!(cell.can, Can::Yes | Can::AskedThen));
    (readiness.enabled && is_used && status.nodes.len() > 1)
        .then(|| format!("If {} does not answer, nothing that is lost is recovered.", only.id))
}

fn names(status: &Status, wanted: impl Fn(NodeState) -> bool) -> Vec<&str> {
    let nodes = status.nodes.iter().filter(|node| wanted(node.state));
    nodes.map(|node| node.name.as_str()).collect()
}

/// All lines of the tree; fence devices last, since services matter first.
fn flat(lines: &[ResourceLine]) -> Vec<&ResourceLine> {
    let mut all: Vec<&ResourceLine> = Vec::new();
    for line in lines {
        all.push(line);
        all.extend(flat(&line.children));
    }
    all.sort_by_key(|line| line.shape == Shape::FenceDevice);
    all
}
