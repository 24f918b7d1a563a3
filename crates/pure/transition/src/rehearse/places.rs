//! Where histories stand, so that a long plan does not look through a node's records for each of
//! its actions.

use std::collections::BTreeMap;

use cib::{Document, Element, NodeId};

/// By the node's state and the resource's name: the history, `None` where there are several.
#[derive(Debug, Default)]
pub(super) struct Places(BTreeMap<NodeId, BTreeMap<String, Option<NodeId>>>);

impl Places {
    /// The resource's only history below `state`, if that is known.
    pub(super) fn only_history(
        &mut self,
        document: &Document,
        state: NodeId,
        resource: &str,
    ) -> Option<NodeId> {
        let known = self.0.entry(state).or_insert_with(|| of_state(document, state));
        let history = (*known.get(resource)?)?;
        // It may have been forgotten since.
        document.element(history).is_attached().then_some(history)
    }

    /// Takes in what was found or made otherwise.
    pub(super) fn remember(&mut self, state: NodeId, resource: &str, history: NodeId) {
        if let Some(known) = self.0.get_mut(&state) {
            known.insert(resource.to_owned(), Some(history));
        }
    }
}

fn of_state(document: &Document, state: NodeId) -> BTreeMap<String, Option<NodeId>> {
    let mut found = BTreeMap::new();
    let container = document.element(state).path(&["lrm", "lrm_resources"]);
    for history in container.into_iter().flat_map(|list| list.children_named("lrm_resource")) {
        let Some(id) = history.attr("id") else { continue };
        let only = Some(Element::id(history));
        found.entry(id.to_owned()).and_modify(|known| *known = None).or_insert(only);
    }
    found
}
