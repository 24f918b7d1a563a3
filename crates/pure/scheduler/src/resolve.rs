//! The first stage: from the document to what it means.
//!
//! **Not here:** any decision. What is found is what is configured and what was recorded.
//!
//! **Always:** total; what cannot be understood is left out and reported.
//!
//! Field word: Pacemaker *unpacking*.

mod fail_count;
mod nodes;
mod options;
mod resources;
pub(crate) mod types;
mod values;

use std::collections::BTreeMap;

use cib::Document;

use crate::Input;
pub use fail_count::{FailCount, FailCountScope};
use types::Resolved;

/// Understands `document` at `input.now`.
pub fn resolve<'a>(document: &'a Document, input: &Input) -> Resolved<'a> {
    let mut resolved = Resolved {
        document,
        now: input.now,
        options: options::read(document),
        nodes: Vec::new(),
        resources: Vec::new(),
        top: Vec::new(),
        coordinator: None,
        history: Vec::new(),
        failed: Vec::new(),
        parameter_checks: Vec::new(),
        early: Vec::new(),
        wishes: Vec::new(),
        locations: Vec::new(),
        colocations: Vec::new(),
        orders: Vec::new(),
        tickets: Vec::new(),
        ticket_constraints: Vec::new(),
        tags: BTreeMap::new(),
        recheck_at: None,
        findings: Vec::new(),
        by_id: BTreeMap::new(),
        nodes_by_name: BTreeMap::new(),
        nodes_by_id: BTreeMap::new(),
    };
    nodes::read(&mut resolved);
    resources::read(&mut resolved);
    resolved
}
