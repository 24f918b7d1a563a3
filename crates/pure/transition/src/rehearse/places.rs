//! Where histories stand, so that a long plan does not look through a node's records for each of
//! its actions.

use std::collections::BTreeMap;

use cib::{Document, Element, NodeId};

/// What is known of a resource's history on a node.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Place {
    /// The only one.
    At(NodeId),
    /// There is none.
    Nowhere,
    /// There were several, or it was forgotten: look again.
    Unknown,
}

/// By the node's state: its histories.
///
/// **Always:** histories are made only by the rehearsal, which tells [`Places::remember`]; so what
/// is not here is not there.
#[derive(Debug, Default)]
pub(super) struct Places(BTreeMap<NodeId, Histories>);

#[derive(Debug, Default)]
struct Histories {
    /// By the resource's name; `None` where there are several.
    by_name: BTreeMap<String, Option<NodeId>>,
    /// Of which resources there were several.
    repeated: Vec<String>,
}

impl Places {
    /// Where the resource's history below `state` is.
    pub(super) fn history(&mut self, document: &Document, state: NodeId, resource: &str) -> Place {
        match self.histories(document, state).by_name.get(resource) {
            Some(Some(history)) if document.element(*history).is_attached() => Place::At(*history),
            Some(_) => Place::Unknown,
            None => Place::Nowhere,
        }
    }

    /// Of which resources there were several histories below `state`.
    pub(super) fn repeated(&mut self, document: &Document, state: NodeId) -> &[String] {
        &self.histories(document, state).repeated
    }

    fn histories(&mut self, document: &Document, state: NodeId) -> &Histories {
        self.0.entry(state).or_insert_with(|| of_state(document, state))
    }

    /// Takes in what may be new; what is known of the resource already holds on.
    pub(super) fn remember_new(&mut self, state: NodeId, resource: &str, history: NodeId) {
        if let Some(known) = self.0.get_mut(&state) {
            known.by_name.entry(resource.to_owned()).or_insert(Some(history));
        }
    }

    /// Takes in what was found or made otherwise.
    pub(super) fn remember(&mut self, state: NodeId, resource: &str, history: NodeId) {
        if let Some(known) = self.0.get_mut(&state) {
            known.by_name.insert(resource.to_owned(), Some(history));
        }
    }
}

fn of_state(document: &Document, state: NodeId) -> Histories {
    let mut found = BTreeMap::new();
    let container = document.element(state).path(&["lrm", "lrm_resources"]);
    for history in container.into_iter().flat_map(|list| list.children_named("lrm_resource")) {
        let Some(id) = history.attr("id") else { continue };
        let only = Some(Element::id(history));
        found.entry(id.to_owned()).and_modify(|known| *known = None).or_insert(only);
    }
    let several = found.iter().filter(|(_, only)| only.is_none());
    let repeated = several.map(|(name, _)| name.clone()).collect();
    Histories { by_name: found, repeated }
}
