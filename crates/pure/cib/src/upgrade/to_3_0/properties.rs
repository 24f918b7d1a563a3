//! The cluster's options: new spellings, defaults that move to where defaults are, and options
//! whose time is over.

use super::{attr, block_without_rule, pairs_of};
use crate::element::Element;
use crate::sections::Section;
use crate::tree::{Document, NodeId};

enum Place {
    /// Among the cluster's options, by this name.
    Here(&'static str),
    Defaults(Section, &'static str, Option<&'static str>),
    Nowhere,
}

pub(super) fn migrate(document: &mut Document, dropped: &mut Vec<String>) {
    let sets: Vec<NodeId> = document
        .section(Section::CrmConfig)
        .into_iter()
        .flat_map(Element::children)
        .filter(|at| at.is("cluster_property_set"))
        .map(Element::id)
        .collect();
    for set in sets {
        let pairs = pairs_of(document, set);
        for pair in &pairs {
            migrate_pair(document, set, *pair, dropped);
        }
        if !pairs.is_empty() && pairs_of(document, set).is_empty() {
            document.remove(set);
        }
    }
}

fn migrate_pair(document: &mut Document, set: NodeId, pair: NodeId, dropped: &mut Vec<String>) {
    let name = attr(document, pair, "name").unwrap_or_default();
    let value = attr(document, pair, "value").unwrap_or_default();
    match place_of(&name, &value) {
        None => {}
        Some(Place::Here(new)) => document.set(pair, "name", new),
        Some(Place::Nowhere) => {
            dropped.push(format!("the cluster option {name} has no meaning any more"));
            document.remove(pair);
        }
        Some(Place::Defaults(section, new, value)) => {
            document.set(pair, "name", new);
            if let Some(value) = value {
                document.set(pair, "value", value);
            }
            move_to_defaults(document, set, pair, section, new);
        }
    }
}

fn place_of(name: &str, value: &str) -> Option<Place> {
    let defaults = |name| Place::Defaults(Section::RscDefaults, name, None);
    Some(match name {
        "cluster-infrastructure" => match value {
            "heartbeat"
            | "openais"
            | "classic openais"
            | "classic openais (with plugin)"
            | "cman" => Place::Nowhere,
            _ => return None,
        },
        "cluster_recheck_interval" => Place::Here("cluster-recheck-interval"),
        "dc_deadtime" => Place::Here("dc-deadtime"),
        "election_timeout" => Place::Here("election-timeout"),
        "no_quorum_policy" => Place::Here("no-quorum-policy"),
        "remove_after_stop" => Place::Here("remove-after-stop"),
        "shutdown_escalation" => Place::Here("shutdown-escalation"),
        "startup_fencing" => Place::Here("startup-fencing"),
        "stonith_action" => Place::Here("stonith-action"),
        "stonith_enabled" => Place::Here("stonith-enabled"),
        "stop_orphan_actions" => Place::Here("stop-orphan-actions"),
        "stop_orphan_resources" => Place::Here("stop-orphan-resources"),
        "symmetric_cluster" => Place::Here("symmetric-cluster"),
        "transition_idle_timeout" => Place::Here("cluster-delay"),
        "default-action-timeout" | "default_action_timeout" => {
            Place::Defaults(Section::OpDefaults, "timeout", None)
        }
        "default-resource-stickiness" | "default_resource_stickiness" => {
            defaults("resource-stickiness")
        }
        "is-managed-default" | "is_managed_default" => defaults("is-managed"),
        "default-resource-failure-stickiness" | "default_resource_failure_stickiness"
            if value == "-INFINITY" =>
        {
            Place::Defaults(Section::RscDefaults, "migration-threshold", Some("1"))
        }
        "default-resource-failure-stickiness"
        | "default_resource_failure_stickiness"
        | "default-migration-threshold"
        | "default_migration_threshold"
        | "expected-quorum-votes"
        | "notification-agent"
        | "notification-recipient" => Place::Nowhere,
        _ => return None,
    })
}

/// What the defaults say already wins. What only holds under a rule gets a block with that rule.
fn move_to_defaults(
    document: &mut Document,
    set: NodeId,
    pair: NodeId,
    section: Section,
    name: &str,
) {
    let parent = document.section_or_new(section);
    let rule = document.element(set).child("rule").and_then(|rule| rule.attr("id"));
    let block = match rule.map(str::to_owned) {
        None => {
            let id = format!("_2TO3_-{}", section.name().replace('_', "-"));
            block_without_rule(document, parent, &id)
        }
        Some(rule) => {
            let set_id = attr(document, set, "id").unwrap_or_default();
            let id = format!("_2TO3_{section}-{set_id}");
            let same = |at: &Element<'_>| at.attr("id") == Some(&id);
            match document.element(parent).children().find(same).map(Element::id) {
                Some(found) => found,
                None => {
                    let made = document.append(parent, "meta_attributes");
                    document.set(made, "id", &id);
                    let reference = document.append(made, "rule");
                    document.set(reference, "id-ref", &rule);
                    made
                }
            }
        }
    };
    let known = document.element(block).children().any(|at| at.attr("name") == Some(name));
    if known {
        document.remove(pair);
    } else {
        document.relocate(pair, block, None);
    }
}
