//! Tickets and what depends on them.

use std::collections::BTreeMap;

use cib::Element;
use model::Role;

use super::super::Reading;
use super::super::status::tickets::find_or_add;
use super::super::types::{ResIx, TicketConstraint, TicketIx, TicketLossPolicy};
use super::references::{self, Set, Target};
use super::{id_of, report_unknown};
use crate::report::{FindingKind, Severity};

/// Reads one constraint.
pub(super) fn read_constraint<'a>(reading: &mut Reading<'a>, element: Element<'a>) {
    let Some(name) = element.attr("ticket") else {
        let message = format!("constraint {} is left out: it names no ticket", id_of(element));
        reading.find(Severity::Error, element, FindingKind::Incomplete, message);
        return;
    };
    let ticket = find_or_add(reading, name);
    let sets = references::sets(&reading.resolved, element);
    if sets.is_empty() {
        read_simple(reading, element, ticket);
        return;
    }
    for set in sets {
        for resource in set.resources() {
            depend(reading, element, ticket, resource, set.id, set.attr("role"));
        }
        if let Some(missing) = set.missing() {
            return report_unknown(reading, element, missing);
        }
    }
}

fn read_simple<'a>(reading: &mut Reading<'a>, element: Element<'a>, ticket: TicketIx) {
    let name = element.attr("rsc").unwrap_or("");
    let role = element.attr("rsc-role");
    match references::target(&reading.resolved, name) {
        Some(Target::Resource(resource)) => {
            depend(reading, element, ticket, resource, id_of(element), role);
        }
        Some(Target::Several(names)) => {
            for resource in Set::tagged(&reading.resolved, name, &names).resources() {
                depend(reading, element, ticket, resource, name, role);
            }
        }
        None => report_unknown(reading, element, name),
    }
}

fn depend<'a>(
    reading: &mut Reading<'a>,
    element: Element<'a>,
    ticket: TicketIx,
    resource: ResIx,
    id: &'a str,
    role: Option<&str>,
) {
    let role = match role.map(Role::parse) {
        None | Some(Some(Role::Started | Role::Unknown)) => None,
        Some(Some(role @ (Role::Stopped | Role::Unpromoted | Role::Promoted))) => Some(role),
        Some(None) => {
            let message = format!("constraint {} is left out: bad role", id_of(element));
            reading.find(Severity::Error, element, FindingKind::BadValue, message);
            return;
        }
    };
    let words: BTreeMap<&str, TicketLossPolicy> = BTreeMap::from([
        ("fence", TicketLossPolicy::Fence),
        ("freeze", TicketLossPolicy::Freeze),
        ("demote", TicketLossPolicy::Demote),
        ("stop", TicketLossPolicy::Stop),
    ]);
    let written = element.attr("loss-policy").unwrap_or("").to_ascii_lowercase();
    let loss_policy = match (words.get(written.as_str()), role) {
        (Some(TicketLossPolicy::Fence), _) if !reading.resolved.options.fencing_enabled => {
            let message =
                format!("constraint {} stops instead: fencing is disabled", id_of(element));
            reading.find(Severity::Error, element, FindingKind::Contradiction, message);
            TicketLossPolicy::Stop
        }
        (Some(policy), _) => *policy,
        (None, Some(Role::Promoted)) => TicketLossPolicy::Demote,
        (None, None | Some(Role::Unknown | Role::Stopped | Role::Started | Role::Unpromoted)) => {
            TicketLossPolicy::Stop
        }
    };
    let constraint = TicketConstraint { id, ticket, resource, role, loss_policy };
    reading.resolved.ticket_constraints.push(constraint);
}
