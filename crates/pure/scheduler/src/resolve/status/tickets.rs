//! Tickets: permissions from other sites.

use cib::Element;

use super::super::Reading;
use super::super::types::{Ticket, TicketIx};
use super::super::values::{is_true, parse_integer};

/// Reads the `tickets` section.
pub(super) fn read<'a>(reading: &mut Reading<'a>, section: Element<'a>) {
    for element in section.children_named("ticket_state") {
        let Some(id) = element.attr("id").filter(|id| !id.is_empty()) else { continue };
        let ticket = find_or_add(reading, id);
        let Some(ticket) = reading.resolved.tickets.get_mut(ticket.at()) else { continue };
        for (name, value) in element.attrs().filter(|(name, _)| *name != "id") {
            ticket.state.retain(|(known, _)| *known != name);
            ticket.state.push((name, value));
        }
        ticket.granted = is_true(element.attr("granted"));
        ticket.standby = is_true(element.attr("standby"));
        ticket.last_granted =
            element.attr("last-granted").map(|text| parse_integer(text).unwrap_or(0));
    }
}

/// The ticket called `id`, made if it is new.
pub(in super::super) fn find_or_add<'a>(reading: &mut Reading<'a>, id: &'a str) -> TicketIx {
    let tickets = &mut reading.resolved.tickets;
    if let Some(known) = tickets.iter().position(|ticket| ticket.id == id) {
        return TicketIx::new(known);
    }
    tickets.push(Ticket {
        id,
        granted: false,
        standby: false,
        last_granted: None,
        state: Vec::new(),
    });
    TicketIx::new(tickets.len() - 1)
}
