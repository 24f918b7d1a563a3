//! Primitives counted by their agents.

use std::collections::BTreeMap;

use scheduler::{ResIx, Resolved, Variant};

use super::{Shown, shown_id};
use crate::natural_order::natural_order;

/// The primitives of one agent.
#[derive(Clone, Debug, Default)]
pub(crate) struct Brief<'r> {
    pub(crate) agent: String,
    pub(crate) total: usize,
    /// How many are active on which node.
    pub(crate) active: Vec<(&'r str, usize)>,
}

/// Counts those of `resources` that are primitives and wanted; `None` if no resource is wanted.
pub(super) fn read<'r>(
    resolved: &'r Resolved<'_>,
    resources: &[ResIx],
    shown: Shown<'_>,
) -> Option<Vec<Brief<'r>>> {
    let wanted = |at: &&ResIx| {
        let resource = resolved.resource(**at);
        let parent = resource.parent.map(|parent| resolved.resource(parent));
        let mut ids = std::iter::once(resource).chain(parent).map(shown_id);
        ids.any(|id| shown.only.names(id))
    };
    let mut kinds: BTreeMap<String, Brief<'r>> = BTreeMap::new();
    let mut any = false;
    for at in resources.iter().filter(wanted) {
        any = true;
        let resource = resolved.resource(*at);
        let (Variant::Primitive, Some(agent)) = (&resource.variant, &resource.agent) else {
            continue;
        };
        let kind = kinds.entry(agent.to_string()).or_default();
        kind.total += 1;
        for node in resource.active.iter().map(|node| resolved.node(*node)) {
            if !node.unclean && !node.online && resource.flags.managed {
                continue;
            }
            match kind.active.iter_mut().find(|(name, _)| *name == &*node.name) {
                Some((_, count)) => *count += 1,
                None => kind.active.push((&node.name, 1)),
            }
        }
    }
    let counted = kinds.into_iter().map(|(agent, mut kind)| {
        kind.active.sort_by(|(a, _), (b, _)| natural_order(a, b));
        Brief { agent, ..kind }
    });
    any.then(|| counted.collect())
}
