//! What is the matter with a node.

use std::sync::Arc;

use super::{Cause, Finder, Root};
use crate::{EarlyAction, NodeIx, NodeKind};

impl<'r> Finder<'_, 'r, '_> {
    /// Ends the chain with what keeps the node from running things, if anything does.
    pub(super) fn node_out(&mut self, node: NodeIx) -> bool {
        let found = self.acting.node(node);
        let (now, assigned) = (self.acting.node_now(node), self.acting.assigned.node(node));
        let name = self.name(node);
        if found.unclean || now.unclean || assigned.unclean {
            self.node_unclean(node, None);
        } else if found.pending {
            self.root(Root::NodeJoining { node: name });
        } else if !now.online || !assigned.online {
            self.node_offline(node);
        } else if found.standby {
            match self.standby_failure(node) {
                Some(failure) => self.root(failure),
                None => self.root(Root::Standby { node: name }),
            }
        } else if found.maintenance {
            self.root(Root::NodeMaintenance { node: name });
        } else if found.shutdown {
            self.root(Root::NodeLeaving { node: name });
        } else if assigned.shutdown || now.shutdown || now.remote_reset {
            self.node_offline(node);
        } else {
            return false;
        }
        true
    }

    /// Remote and guest nodes are down because of what makes them.
    fn node_offline(&mut self, node: NodeIx) {
        let name = self.name(node);
        let found = self.acting.node(node);
        let made_by = match found.kind {
            NodeKind::Cluster => None,
            NodeKind::Remote { connection } => connection,
            NodeKind::Guest { container, .. } => Some(container),
        };
        match made_by.filter(|made_by| !self.resources.contains(made_by)) {
            Some(made_by) => {
                let resource = self.id(made_by);
                self.push(Cause::NodeOf { node: name, resource });
                self.leaves(made_by);
            }
            None => self.root(Root::NodeOffline { node: name }),
        }
    }

    /// Ends the chain with why the node is to be fenced.
    pub(super) fn node_unclean(&mut self, node: NodeIx, reason: Option<Arc<str>>) {
        let name = self.name(node);
        let given = self.acting.given;
        let tickets = &self.acting.assigned.ticket_fencing;
        if let Some((ticket, _)) = tickets.iter().find(|(_, fenced)| *fenced == node)
            && let Some(ticket) = given.tickets.get(ticket.at())
        {
            return self.root(Root::Ticket { ticket: Arc::from(ticket.id) });
        }
        let early = self.fencing_in_history(node);
        // A failure whose `on-fail` is to fence says so by the resource's name.
        let failed = early.and_then(|reason| {
            let resource = given.find_resource(reason.strip_suffix(" failed there")?)?;
            self.failure(resource, Some(node))
        });
        if let Some(failure) = failed {
            return self.root(Root::Failed(failure));
        }
        if !self.acting.node(node).online {
            let lost = early.is_none_or(|reason| reason == "peer is no longer part of the cluster");
            if lost && !self.acting.node(node).is_remote_or_guest() {
                return self.root(Root::NodeLost { node: name });
            }
        }
        let reason = early.map(Arc::from).or(reason).or_else(|| self.fence_reason(node));
        let reason = reason.unwrap_or_else(|| Arc::from("it is unclean"));
        self.root(Root::NodeUntrusted { node: name, reason });
    }

    /// Why history wants the node fenced.
    pub(super) fn fencing_in_history(&self, node: NodeIx) -> Option<&'r str> {
        self.acting.given.early.iter().find_map(|early| match early {
            EarlyAction::Fence { node: fenced, reason, .. } if *fenced == node => {
                Some(reason.as_str())
            }
            EarlyAction::Fence { .. }
            | EarlyAction::Stop { .. }
            | EarlyAction::Demote { .. }
            | EarlyAction::StopIsOptional { .. }
            | EarlyAction::Recurring { .. }
            | EarlyAction::ClearFailCount { .. }
            | EarlyAction::ForgetHistory { .. } => None,
        })
    }

    /// What the planning of actions found.
    fn fence_reason(&self, node: NodeIx) -> Option<Arc<str>> {
        let action = &self.acting.given.options.fencing_action;
        let act = self.acting.arena.named(&format!("stonith-{}-{action}", self.name(node)))?;
        self.acting.arena[act].reason.as_deref().map(Arc::from)
    }

    /// The failure that put the node on standby (`on-fail=standby`), if one did.
    fn standby_failure(&self, node: NodeIx) -> Option<Root> {
        if !self.acting.node(node).standby_on_fail {
            return None;
        }
        let given = self.acting.given;
        let failed = given.failed.iter().filter(|failed| failed.node == node);
        let failures = failed.filter_map(|failed| self.failure(failed.resource?, Some(node)));
        failures.max_by_key(|failure| failure.at).map(Root::Failed)
    }
}
