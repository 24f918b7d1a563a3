//! A clone set: nodes by what its instances do there, and the instances that need a line.

use std::collections::BTreeMap;

use model::Role;
use scheduler::{CloneSet, NodeIx, ResIx, Resolved};

use super::primitive::failed_probe;
use super::resources::{in_brackets, management, write_resource};
use super::{Shown, is_active, is_disabled, natural_order, node_name, role, target_role};
use crate::exit;
use crate::text::Text;

pub(super) fn write(
    text: &mut Text,
    resolved: &Resolved<'_>,
    at: ResIx,
    set: &CloneSet,
    shown: Shown,
) -> bool {
    text.begin(&header(resolved, at));
    let mut groups = Groups::default();
    for instance in &resolved.resource(at).children {
        match place(resolved, at, *instance, shown) {
            Place::Line => {
                write_resource(text, resolved, *instance, shown);
            }
            Place::Stopped => {
                let id = resolved.resource(*instance).id.to_string();
                groups.stopped.insert(id, "Stopped".to_owned());
            }
            Place::On(node, Role::Promoted) => groups.promoted.push(node),
            Place::On(node, _) => groups.started.push(node),
            Place::Nowhere => {}
        }
    }
    groups.promoted.sort();
    groups.started.sort();
    let list = |nodes: &[NodeIx]| -> String {
        nodes.iter().map(|node| node_name(resolved, *node)).collect::<Vec<_>>().join(" ")
    };
    if !groups.promoted.is_empty() {
        text.item(&format!("Promoted: [ {} ]", list(&groups.promoted)));
    }
    if !groups.started.is_empty() {
        let word = started_word(resolved, at);
        text.item(&format!("{word}: [ {} ]", list(&groups.started)));
    }
    let active = groups.promoted.len() + groups.started.len();
    if !resolved.resource(at).flags.unique && set.max as usize > active {
        groups.stopped = stopped_nodes(resolved, at);
    }
    write_stopped(text, &groups.stopped);
    text.end();
    true
}

/// Instances that need no line of their own.
#[derive(Default)]
struct Groups {
    promoted: Vec<NodeIx>,
    started: Vec<NodeIx>,
    /// What is said, by node or instance.
    stopped: BTreeMap<String, String>,
}

/// Where an instance is shown.
enum Place {
    Line,
    Stopped,
    On(NodeIx, Role),
    Nowhere,
}

fn header(resolved: &Resolved<'_>, at: ResIx) -> String {
    let set = resolved.resource(at);
    let child = set.children.first().map(|child| resolved.resource(*child));
    let child = child.map_or("", |child| &*child.config_id);
    let mut remarks = Vec::new();
    if set.flags.promotable {
        remarks.push("promotable");
    }
    if set.flags.unique {
        remarks.push("unique");
    }
    if is_disabled(resolved, at) {
        remarks.push("disabled");
    }
    remarks.extend(management(set));
    format!("Clone Set: {} [{child}]{}", set.id, in_brackets(&remarks))
}

fn place(resolved: &Resolved<'_>, set: ResIx, at: ResIx, shown: Shown) -> Place {
    let instance = resolved.resource(at);
    let partly = is_active(resolved, at, false);
    if resolved.resource(set).flags.unique {
        let gone = !partly && resolved.resource(set).flags.removed;
        return if gone { Place::Nowhere } else { Place::Line };
    }
    let busy = instance.pending.as_ref().is_some_and(|pending| &*pending.task != "probe");
    if shown.pending && busy {
        return Place::Line;
    }
    if !partly {
        return if instance.flags.removed { Place::Nowhere } else { Place::Stopped };
    }
    let odd = any_part(resolved, at, &|part| {
        part.flags.removed || part.flags.failed || !part.flags.managed
    });
    if odd || !is_active(resolved, at, true) {
        return Place::Line;
    }
    let mut nodes = Vec::new();
    locations(resolved, at, &mut nodes);
    match nodes.as_slice() {
        [node] if resolved.node(*node).online || !resolved.node(*node).unclean => {
            Place::On(*node, role(resolved, at))
        }
        _ => Place::Line,
    }
}

fn any_part(
    resolved: &Resolved<'_>,
    at: ResIx,
    test: &dyn Fn(&scheduler::Resource<'_>) -> bool,
) -> bool {
    let resource = resolved.resource(at);
    test(resource) || resource.children.iter().any(|child| any_part(resolved, *child, test))
}

/// Every node where a part is.
fn locations(resolved: &Resolved<'_>, at: ResIx, nodes: &mut Vec<NodeIx>) {
    let resource = resolved.resource(at);
    if resource.children.is_empty() {
        for node in &resource.active {
            if !nodes.contains(node) {
                nodes.push(*node);
            }
        }
    }
    for child in &resource.children {
        locations(resolved, *child, nodes);
    }
}

fn started_word(resolved: &Resolved<'_>, at: ResIx) -> &'static str {
    match (resolved.resource(at).flags.promotable, configured_role(resolved, at)) {
        (false, _) => "Started",
        (true, Some(Role::Unpromoted)) => "Unpromoted (target-role)",
        (true, _) => "Unpromoted",
    }
}

/// The operator's role for the set, or for its instances.
fn configured_role(resolved: &Resolved<'_>, at: ResIx) -> Option<Role> {
    let set = resolved.resource(at);
    if set.meta("target-role").is_some() {
        return target_role(set);
    }
    set.children.first().and_then(|child| target_role(resolved.resource(*child)))
}

/// What is said of nodes that could run an instance and run none.
fn stopped_nodes(resolved: &Resolved<'_>, at: ResIx) -> BTreeMap<String, String> {
    let set = resolved.resource(at);
    let allowed = || {
        let rows = set.allowed.iter().enumerate();
        rows.filter(|(_, row)| row.is_some()).map(|(at, _)| NodeIx::new(at))
    };
    // In an opt-in cluster nothing is allowed before assignment; then what was probed counts.
    let nodes: Vec<NodeIx> =
        if allowed().next().is_some() { allowed().collect() } else { set.known_on.clone() };
    let disabled = configured_role(resolved, at) == Some(Role::Stopped);
    nodes
        .into_iter()
        .filter(|node| !set.active.contains(node))
        .map(|node| {
            let words = match failed_probe(resolved, at, Some(node)) {
                Some(code) => format!("Stopped ({})", exit::words(code)),
                None if disabled => "Stopped (disabled)".to_owned(),
                None => "Stopped".to_owned(),
            };
            (node_name(resolved, node).to_owned(), words)
        })
        .collect()
}

fn write_stopped(text: &mut Text, stopped: &BTreeMap<String, String>) {
    let mut by_words: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for (name, words) in stopped {
        by_words.entry(words).or_default().push(name);
    }
    for (words, mut names) in by_words {
        names.sort_by(|a, b| natural_order(a, b));
        text.item(&format!("{words}: [ {} ]", names.join(" ")));
    }
}
