//! From 3.x: what had been on its way out for years is gone.
//!
//! References to blocks are resolved first, so that each block can be judged where it takes
//! effect, and become references again at the end.

mod blocks;
mod constraints;
mod references;
mod resources;

use super::{all, attr, parent_is};
use crate::element::Element;
use crate::tree::{Document, NodeId};

/// Ids made here begin with this, as those of Pacemaker's own migration do.
const PREFIX: &str = "pcmk__3_10_upgrade-";

pub(super) fn migrate(document: &mut Document) -> Vec<String> {
    let mut dropped = Vec::new();
    let originals = references::resolve(document);
    blocks::sort(document);
    blocks::drop_pairs_without_value(document);
    properties(document, &mut dropped);
    topology_and_dates(document, &mut dropped);
    blocks::drop_repeated_pairs(document);
    let banned = resources::rewrite(document);
    constraints::split_locations(document);
    constraints::ban_all(document, &banned);
    constraints::end_lifetimes(document, originals, &mut dropped);
    resources::drop_unsupported(document, &mut dropped);
    references::restore(document, originals);
    references::mend_permissions(document);
    dropped
}

fn properties(document: &mut Document, dropped: &mut Vec<String>) {
    for pair in all(document, |at| at.is("nvpair") && parent_is(at, &["cluster_property_set"])) {
        let name = attr(document, pair, "name").unwrap_or_default();
        match name.as_str() {
            "crmd-finalization-timeout" => document.set(pair, "name", "join-finalization-timeout"),
            "crmd-integration-timeout" => document.set(pair, "name", "join-integration-timeout"),
            "crmd-transition-delay" => document.set(pair, "name", "transition-delay"),
            "remove-after-stop" => {
                dropped.push("the cluster option remove-after-stop has no meaning any more".into());
                document.remove(pair);
            }
            "stonith-action" if document.element(pair).attr("value") == Some("poweroff") => {
                document.set(pair, "value", "off");
            }
            _ => {}
        }
    }
}

fn topology_and_dates(document: &mut Document, dropped: &mut Vec<String>) {
    for spec in all(document, |at| at.is("date_spec") && at.attr("moon").is_some()) {
        let id = attr(document, spec, "id").unwrap_or_default();
        dropped.push(format!("the moon's phase in the date {id} is not looked at any more"));
        document.unset(spec, "moon");
    }
    let too_high = |at: Element<'_>| {
        let index = at.attr("index").and_then(|text| text.trim().parse::<i64>().ok());
        at.is("fencing-level") && index.is_some_and(|index| index > 9)
    };
    for level in all(document, too_high) {
        let id = attr(document, level, "id").unwrap_or_default();
        dropped.push(format!("the fencing level {id}: levels end at 9"));
        document.remove(level);
    }
}

/// A new element with an id, where `before` stands or last.
fn make(document: &mut Document, parent: NodeId, name: &str, id: &str) -> NodeId {
    let made = document.append(parent, name);
    document.set(made, "id", id);
    made
}
