//! Why the cluster does not act on a resource.

use std::sync::Arc;

use super::{Finder, Root};
use crate::{NodeIx, ResIx};

impl Finder<'_, '_, '_> {
    /// Ends the chain with what keeps the cluster from acting on the resource.
    pub(super) fn unmanaged(&mut self, resource: ResIx) {
        let root = self.kept_by(resource);
        self.root(root);
    }

    fn kept_by(&self, resource: ResIx) -> Root {
        let found = self.acting.resource(resource);
        let options = &self.acting.given.options;
        let id = self.id(resource);
        if found.flags.blocked {
            if found.active.len() > 1 {
                return Root::MultipleActive { resource: id };
            }
            return self
                .failure(resource, None)
                .map_or(Root::Blocked { resource: id }, Root::Failed);
        }
        if self.acting.assigned.resource(resource).blocked
            && let Some(ticket) = self.missing_ticket(resource)
        {
            return Root::Ticket { ticket };
        }
        if options.maintenance_mode {
            return Root::MaintenanceMode;
        }
        let in_maintenance = |node: &NodeIx| self.acting.node(*node).maintenance;
        if let Some(node) = found.active.iter().copied().find(in_maintenance) {
            return Root::NodeMaintenance { node: self.name(node) };
        }
        if !found.flags.managed {
            return Root::Unmanaged { resource: id };
        }
        if options.fencing_enabled && !options.fence_device_present {
            return Root::NoFenceDevice;
        }
        Root::Blocked { resource: id }
    }

    /// A ticket that the resource, or what is around it, needs and has not.
    fn missing_ticket(&self, resource: ResIx) -> Option<Arc<str>> {
        let given = self.acting.given;
        let about = |of: ResIx| of == resource || self.acting.is_ancestor(of, resource);
        given.ticket_constraints.iter().filter(|found| about(found.resource)).find_map(|found| {
            let ticket = given.tickets.get(found.ticket.at())?;
            (!ticket.granted || ticket.standby).then(|| Arc::from(ticket.id))
        })
    }
}
