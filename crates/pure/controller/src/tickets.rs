//! What a ticket allows, as edits: it stands in the status, and is kept and ordered as edits are.

use cib::{Document, Element, Section, escape_attribute};
use wire::api::{Change, Edit, Refused, TicketDeed};

use crate::state::invalid;

/// Longer is no name.
const NAME_MAX: usize = 255;

/// The same change as edits of `document`, if it is one of a ticket. `at`: seconds since 1970, the same for
/// all members.
///
/// # Errors
/// When it is no name for a ticket.
pub(crate) fn as_edits(document: &Document, change: Change, at: i64) -> Result<Change, Refused> {
    let Change::Ticket { ticket, deed } = change else { return Ok(change) };
    // It becomes a part of an XPath.
    let is_name = (1..=NAME_MAX).contains(&ticket.len())
        && ticket.chars().all(|c| !c.is_control() && !"'\"<>&".contains(c));
    if !is_name {
        return Err(invalid(0, "that is no name for a ticket"));
    }
    let home = document.section(Section::Status).and_then(|status| status.child("tickets"));
    let mut states = home.into_iter().flat_map(Element::children);
    let known = states.find(|state| state.attr("id") == Some(&ticket));
    let state = state(&ticket, known, deed, at);
    let make = match home {
        Some(_) => Edit::Create { parent: "/cib/status/tickets".to_owned(), xml: state },
        None => {
            let xml = format!("<tickets>{state}</tickets>");
            Edit::Create { parent: "/cib/status".to_owned(), xml }
        }
    };
    let xpath = format!("/cib/status/tickets/ticket_state[@id='{ticket}']");
    let forget = known.map(|_| Edit::Delete { xpath });
    Ok(Change::Edit { edits: forget.into_iter().chain([make]).collect() })
}

/// What is known of the ticket, with what is new.
fn state(ticket: &str, known: Option<Element<'_>>, deed: TicketDeed, at: i64) -> String {
    let at = at.to_string();
    let new: &[(&str, &str)] = match deed {
        TicketDeed::Grant => &[("granted", "true"), ("last-granted", &at)],
        TicketDeed::Revoke => &[("granted", "false")],
        TicketDeed::Standby => &[("standby", "true")],
        TicketDeed::Activate => &[("standby", "false")],
    };
    let is_old =
        |(name, _): &(&str, &str)| *name != "id" && !new.iter().any(|(new, _)| new == name);
    let known: Vec<(&str, &str)> =
        known.into_iter().flat_map(Element::attrs).filter(is_old).collect();
    let pairs = [("id", ticket)].into_iter().chain(known).chain(new.iter().copied());
    let pairs: String =
        pairs.map(|(name, value)| format!(" {name}=\"{}\"", escape_attribute(value))).collect();
    format!("<ticket_state{pairs}/>")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn after(document: &str, ticket: &str, deed: TicketDeed) -> Result<String, Refused> {
        let document = Document::parse(document).unwrap();
        let change = Change::Ticket { ticket: ticket.to_owned(), deed };
        let after = crate::after(&document, &change, 77)?;
        let status = after.section(Section::Status).unwrap();
        Ok(status.child("tickets").map(|home| home.to_string()).unwrap_or_default())
    }

    const EMPTY: &str = "<cib validate-with=\"none\"><configuration><crm_config/><nodes/><resources/>\
                         <constraints/></configuration><status/></cib>";

    #[test]
    fn a_ticket_keeps_what_is_not_changed() {
        let granted = after(EMPTY, "A", TicketDeed::Grant).unwrap();
        assert!(granted.contains("granted=\"true\"") && granted.contains("last-granted=\"77\""));
        let known = "<tickets><ticket_state id=\"A\" granted=\"true\" last-granted=\"5\" owner=\"a&amp;b\"/>\
                     <ticket_state id=\"B\" granted=\"true\"/></tickets>";
        let known = EMPTY.replace("<status/>", &format!("<status>{known}</status>"));
        let revoked = after(&known, "A", TicketDeed::Revoke).unwrap();
        for wanted in ["granted=\"false\"", "last-granted=\"5\"", "owner=\"a&amp;b\"", "id=\"B\""] {
            assert!(revoked.contains(wanted), "{wanted}: {revoked}");
        }
        assert_eq!(revoked.matches("ticket_state").count(), 2, "{revoked}");
        let standby = after(&known, "A", TicketDeed::Standby).unwrap();
        assert!(standby.contains("standby=\"true\"") && standby.contains("granted=\"true\""));
        for wrong in ["", "A']|//*[@id='B", "a\nb", "<x/>", &"a".repeat(300)] {
            assert!(after(&known, wrong, TicketDeed::Grant).is_err(), "{wrong}");
        }
    }
}
