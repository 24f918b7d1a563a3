//! What a name on the command line means, among all that the cluster knows: configured resources,
//! instances, parts of bundles, tags; members, remote and guest nodes.

use std::collections::BTreeSet;

use scheduler::{NodeIx, ResIx, Resolved};

/// A name of something that is not there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unknown {
    /// What it should have been.
    pub noun: &'static str,
    pub name: String,
    /// The names that there are.
    pub known: Vec<String>,
}

/// The names of a document.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Known<'k, 'a> {
    pub(crate) resolved: &'k Resolved<'a>,
}

impl Known<'_, '_> {
    /// The resource of that id; for the configured id of a clone's child, all its instances.
    pub(crate) fn resource(self, name: &str) -> Result<Vec<ResIx>, Unknown> {
        let resolved = self.resolved;
        if let Some(found) = resolved.find_resource(name) {
            return Ok(vec![found]);
        }
        let named: Vec<ResIx> = resolved
            .resource_indices()
            .filter(|at| resolved.resource(*at).config_id.as_ref() == name)
            .collect();
        if !named.is_empty() {
            return Ok(named);
        }
        // As people wrote them, in their order; instances go without saying.
        let ids = resolved.resource_indices().map(|at| &resolved.resource(at).config_id);
        let mut seen = BTreeSet::new();
        let known = ids.map(|id| id.as_ref().to_owned()).filter(|id| seen.insert(id.clone()));
        let known = known.collect();
        Err(Unknown { noun: "resource", name: name.to_owned(), known })
    }

    /// The node of that name.
    pub(crate) fn node(self, name: &str) -> Result<NodeIx, Unknown> {
        let found = self.resolved.find_node(name);
        found.ok_or_else(|| {
            let nodes = self.resolved.node_indices();
            let known = nodes.map(|node| self.resolved.node(node).name.as_ref().to_owned());
            Unknown { noun: "node", name: name.to_owned(), known: known.collect() }
        })
    }
}
