//! The first stage: from the document to what it means.
//!
//! **Not here:** any decision. What is found is what is configured and what was recorded.
//!
//! **Always:** total; what cannot be understood is left out and reported.
//!
//! Field word: Pacemaker *unpacking*.

mod blocks;
mod constraints;
mod digest;
mod fail_count;
mod health;
mod lookup;
mod nodes;
mod options;
mod resources;
mod slips;
mod status;
pub(crate) mod types;
pub(crate) mod values;

use std::cell::Cell;
use std::collections::BTreeMap;
use std::sync::Arc;

use cib::{Document, Element, Picker};

use crate::Input;
use crate::by_name::ByName;
use crate::report::{Finding, FindingKind, Severity};
use crate::rules::NextChange;
pub(crate) use digest::{DigestBases, Recorded};
pub use digest::{
    DigestComparison, DigestVerdict, Examined, Fingerprint, Fingerprints, OperationDigests,
};
pub use fail_count::{FailCount, FailCountScope};
use model::Role;
use types::{NodeIx, ParameterCheck, ParameterCheckKind, ResIx, Resolved};

pub use lookup::{ActiveNodes, OnFail};
pub use slips::{Slip, meta_slip};

/// Understands `document` at `input.now`.
pub fn resolve<'a>(document: &'a Document, input: &Input) -> Resolved<'a> {
    let mut next = NextChange::default();
    let resolved = Resolved {
        document,
        now: input.now,
        sanitized: input.sanitized,
        options: options::read(document, input.now, &mut next),
        nodes: Vec::new(),
        resources: Vec::new(),
        top: Vec::new(),
        coordinator: None,
        history: Vec::new(),
        failed: Vec::new(),
        hard_failures: Vec::new(),
        parameter_checks: Vec::new(),
        early: Vec::new(),
        wishes: Vec::new(),
        locations: Vec::new(),
        colocations: Vec::new(),
        orders: Vec::new(),
        tickets: Vec::new(),
        ticket_constraints: Vec::new(),
        tags: BTreeMap::new(),
        next: Cell::default(),
        findings: Vec::new(),
        digest_bases: DigestBases::default(),
        by_id: ByName::default(),
        by_history_id: ByName::default(),
        nodes_by_name: BTreeMap::new(),
        nodes_by_id: BTreeMap::new(),
        vacant: Arc::default(),
    };
    let mut reading = Reading {
        resolved,
        spare_entries: Vec::new(),
        record_attributes: document.picker(status::RECORD_ATTRIBUTES),
        entry_attributes: document.picker(status::ENTRY_ATTRIBUTES),
        next,
        cloned: BTreeMap::new(),
        stop_needed: Vec::new(),
        saved_role: Role::Unknown,
    };
    nodes::read(&mut reading);
    resources::read(&mut reading);
    status::read_forgotten_nodes(&mut reading);
    nodes::sort(&mut reading);
    status::read(&mut reading);
    health::read(&mut reading.resolved);
    constraints::read(&mut reading);
    slips::read(&mut reading);
    reading.miss_fence_devices();
    reading.finish()
}

/// The work of this stage, half done.
struct Reading<'a> {
    resolved: Resolved<'a>,
    /// Room for a record's entries, used for one record after the other.
    spare_entries: Vec<Element<'a>>,
    /// What is read of each record in the history.
    record_attributes: Picker<{ status::RECORD_ATTRIBUTES.len() }>,
    /// What is read of each entry in the history.
    entry_attributes: Picker<{ status::ENTRY_ATTRIBUTES.len() }>,
    next: NextChange,
    /// What each clone set copies.
    cloned: BTreeMap<ResIx, Element<'a>>,
    /// Containers of bundles' failed connections, which stop once it is known where they are.
    stop_needed: Vec<ResIx>,
    /// Role of the resource whose record is being read, before that.
    saved_role: Role,
}

impl<'a> Reading<'a> {
    fn find(
        &mut self,
        severity: Severity,
        element: Element<'_>,
        kind: FindingKind,
        message: impl Into<String>,
    ) {
        let message = message.into();
        self.resolved.findings.push(Finding { severity, line: element.line(), kind, message });
    }

    /// Marks a resource as failed; it must be stopped to recover.
    fn fail(&mut self, resource: ResIx) {
        if let Some(at) = self.resolved.resources.get_mut(resource.at()) {
            at.flags.failed = true;
            at.flags.stop_if_failed = true;
        }
    }

    /// Fencing is wanted and there is nothing to do it with: every resource is left where it is.
    fn miss_fence_devices(&mut self) {
        let resolved = &mut self.resolved;
        let options = &resolved.options;
        if resolved.resources.is_empty() || !options.fencing_enabled || options.fence_device_present
        {
            return;
        }
        resolved.findings.push(Finding {
            severity: Severity::Error,
            line: 0,
            kind: FindingKind::NoFencing,
            message: "there is no fence device: nothing is started or moved, and lost nodes' \
                      resources are not recovered; configure one, or set fencing-enabled=false \
                      where nothing is shared"
                .to_owned(),
        });
    }

    /// Remembers to plan again at `at` at the latest.
    fn recheck(&mut self, at: i64) {
        if at > self.resolved.now {
            self.next.consider(at);
        }
    }

    /// Whether a recorded action had other parameters than it would have now. Where those depend
    /// on where things will run, a later stage is asked to compare.
    fn parameters_changed(&mut self, resource: ResIx, node: NodeIx, element: Element<'a>) -> bool {
        if self.resolved.needs_host_name(resource) {
            let kind = ParameterCheckKind::LastFailure;
            self.resolved.parameter_checks.push(ParameterCheck { resource, node, element, kind });
            return false;
        }
        let record = Recorded { element, reschedule: false };
        let mut bases = std::mem::take(&mut self.resolved.digest_bases);
        let found = self.resolved.compare_digest(resource, node, record, None, &mut bases);
        self.resolved.digest_bases = bases;
        match found.verdict {
            DigestVerdict::Match | DigestVerdict::Unknown => false,
            DigestVerdict::Mismatch | DigestVerdict::Restart => true,
        }
    }

    fn finish(self) -> Resolved<'a> {
        self.resolved.note(self.next);
        self.resolved
    }
}
