//! What happened on each node, resource by resource: failures, or all operations.

use scheduler::{FailCountScope, HistoryEntry, NodeIx, ResIx, Resolved, Variant};

use super::{Sections, Shown, display_name, shown_id};

/// What happened on a node.
#[derive(Clone, Debug)]
pub(crate) struct NodeHistory<'r> {
    pub(crate) node: &'r str,
    /// The node's name as it is shown.
    pub(crate) display: String,
    pub(crate) resources: Vec<ResourceHistory<'r>>,
}

/// What happened to a resource.
#[derive(Clone, Debug)]
pub(crate) struct ResourceHistory<'r> {
    pub(crate) resource: &'r str,
    pub(crate) fail_count: i32,
    pub(crate) threshold: i32,
    /// Seconds since 1970; 0 if not known.
    pub(crate) last_failure: i64,
    /// Only if they are wanted.
    pub(crate) operations: Vec<OperationShown<'r>>,
}

/// One operation that history keeps.
#[derive(Clone, Copy, Debug)]
pub(crate) struct OperationShown<'r> {
    pub(crate) entry: &'r HistoryEntry<'r>,
}

impl<'r> OperationShown<'r> {
    /// An attribute of the record.
    pub(crate) fn attr(&self, name: &str) -> Option<&'r str> {
        self.entry.element.attr(name)
    }

    /// A monitor that is not repeated is a probe.
    pub(crate) fn task(&self) -> &'r str {
        if self.entry.task == "monitor" && self.interval().is_none() {
            "probe"
        } else {
            self.entry.task
        }
    }

    /// In milliseconds, as written; nothing for what is not repeated.
    pub(crate) fn interval(&self) -> Option<&'r str> {
        self.attr("interval").filter(|interval| *interval != "0")
    }

    pub(crate) fn code(&self) -> i32 {
        self.attr("rc-code").and_then(|code| code.parse().ok()).unwrap_or(0)
    }

    /// When the result changed (seconds since 1970), if that was recorded.
    pub(crate) fn changed_at(&self) -> Option<i64> {
        self.attr("last-rc-change")?.parse().ok().filter(|at| *at > 0)
    }

    /// What is worth telling: not that something does not run where it never did.
    fn is_news(&self) -> bool {
        let absent = self.task() == "probe" && self.code() == 7;
        self.entry.task != "notify" && !absent
    }
}

/// For each online node, what happened there; `None` if no node is online.
pub(super) fn read<'r>(
    resolved: &'r Resolved<'_>,
    shown: Shown<'_>,
) -> Option<Vec<NodeHistory<'r>>> {
    let states = resolved.document.root().child("status");
    let states = states.into_iter().flat_map(|status| status.children_named("node_state"));
    let wanted = |node: &NodeIx| {
        let node = resolved.node(*node);
        node.online && shown.only.node(&node.name)
    };
    let nodes: Vec<NodeIx> = states
        .filter_map(|state| {
            let found = resolved.nodes.iter().position(|node| Some(&*node.id) == state.attr("id"));
            found.map(NodeIx::new).filter(wanted)
        })
        .collect();
    if nodes.is_empty() {
        return None;
    }
    let all = nodes.into_iter().map(|at| {
        let node = resolved.node(at);
        NodeHistory {
            node: &node.name,
            display: display_name(resolved, node, shown.look),
            resources: resources(resolved, at, shown),
        }
    });
    Some(all.filter(|node| !node.resources.is_empty()).collect())
}

fn resources<'r>(
    resolved: &'r Resolved<'_>,
    node: NodeIx,
    shown: Shown<'_>,
) -> Vec<ResourceHistory<'r>> {
    let wants_operations = shown.sections.has(Sections::OPERATIONS);
    let there = resolved.history_of(node).iter();
    there
        .filter_map(|history| {
            let resource = resolved.find_recorded(history.id)?;
            if !is_wanted(resolved, resource, shown) {
                return None;
            }
            let entries = history.entries.iter().filter(|_| wants_operations);
            let operations: Vec<OperationShown<'_>> = entries
                .map(|entry| OperationShown { entry })
                .filter(OperationShown::is_news)
                .collect();
            let scope = FailCountScope { effective: false, launched: false };
            let failures = resolved.fail_count(node, resource, scope, None);
            let known = resolved.resource(resource);
            let (id, is_shown) = if wants_operations {
                (shown_id(known), !operations.is_empty())
            } else {
                (history.id, failures.count > 0)
            };
            is_shown.then_some(ResourceHistory {
                resource: id,
                fail_count: failures.count,
                threshold: known.migration_threshold,
                last_failure: failures.last,
                operations,
            })
        })
        .collect()
}

/// Of a group, single members may be wanted.
fn is_wanted(resolved: &Resolved<'_>, at: ResIx, shown: Shown<'_>) -> bool {
    let top = resolved.top_of(at, false);
    match &resolved.resource(top).variant {
        Variant::Group(_) => {
            [at, top].iter().any(|at| shown.only.names(shown_id(resolved.resource(*at))))
        }
        Variant::Primitive | Variant::CloneSet(_) | Variant::Bundle(_) => {
            shown.only.resource(resolved, at, true)
        }
    }
}
