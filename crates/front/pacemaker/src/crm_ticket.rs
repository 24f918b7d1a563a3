//! `crm_ticket`: permissions from other sites: which there are, granting and revoking them.

use std::ffi::OsString;
use std::process::ExitCode;

use cib::edit::{self, Edit, Place};
use cib::{Document, Element, Section as Part, escape_attribute};
use scheduler::{Input, Resolved, Ticket};

use crate::exit::Exit;
use crate::home::Home;
use crate::options::Taken;
use crate::output::Output;
use crate::shown::Section;
use crate::status::{self, Look, Sections, Shown};
use crate::time;
use crate::tool::{self, Call, Tool, Trouble, last, switch, valued};

const TAKEN: [Taken; 20] = [
    switch("quiet", Some('Q'), "Accepted"),
    switch("info", Some('l'), "Show tickets"),
    switch("details", Some('L'), "Show tickets and all that is known of them"),
    switch("raw", Some('w'), "Show the ids of tickets"),
    switch("query-xml", Some('q'), "Show a ticket as it is written"),
    switch("constraints", Some('c'), "Show what depends on tickets"),
    switch("grant", Some('g'), "This site has the ticket"),
    switch("revoke", Some('r'), "This site has it no more"),
    switch("standby", Some('s'), "Stop what depends on it"),
    switch("activate", Some('a'), "Run what depends on it again"),
    valued("get-attr", Some('G'), "NAME", "Show a value"),
    valued("set-attr", Some('S'), "NAME", "Set a value, which --attr-value gives"),
    valued("delete-attr", Some('D'), "NAME", "Remove a value"),
    switch("cleanup", Some('C'), "Forget a ticket"),
    valued("attr-value", Some('v'), "VALUE", "The value to set"),
    valued("default", Some('d'), "VALUE", "What to show if there is no value"),
    switch("force", Some('f'), "Do also what is dangerous"),
    valued("ticket", Some('t'), "ID", "The ticket"),
    valued("set-name", Some('n'), "ID", "Accepted"),
    valued("nvpair", Some('i'), "ID", "Accepted"),
];

const TOOL: Tool = Tool {
    name: "crm_ticket",
    purpose: "Shows and changes the permissions that come from other sites.",
    taken: &TAKEN,
    loose: "",
};

/// Shows or changes tickets.
pub(crate) fn crm_ticket(words: Vec<OsString>) -> ExitCode {
    tool::serve(&TOOL, words, act)
}

const COMMANDS: [&str; 13] = [
    "info",
    "details",
    "raw",
    "query-xml",
    "constraints",
    "grant",
    "revoke",
    "standby",
    "activate",
    "get-attr",
    "set-attr",
    "delete-attr",
    "cleanup",
];

fn act(call: &Call, said: &mut Output) -> Result<Exit, Trouble> {
    said.be_bare();
    let Some(asked) = last(&call.given, &COMMANDS) else {
        return Err(Trouble::usage("Must supply a command"));
    };
    let (command, value) = (asked.name, asked.value.as_str());
    let home = Home::find();
    let found = home.open("Could not connect to the CIB: ")?;
    let resolved =
        scheduler::resolve(&found.document, &Input { now: time::now(), sanitized: false });
    let id = call.value("ticket");
    match (command, id) {
        ("info" | "details" | "raw", id) => show(&resolved, command, id, said),
        ("constraints", id) => {
            constraints(&found.document, id, said);
            Ok(Exit::Ok)
        }
        (_, None) => Err(Trouble::usage("Must supply ticket ID with -t")),
        ("query-xml", Some(id)) => {
            let state = state(&found.document, id).ok_or_else(|| missing(id))?;
            tell_state(state, said);
            Ok(Exit::Ok)
        }
        ("get-attr", Some(id)) => get(&found.document, id, value, call, said),
        (_, Some(id)) => change(&home, &found.document, id, (command, value), call, said),
    }
}

/// A ticket's state as it is written; for programs as a ticket.
fn tell_state(state: Element<'_>, said: &mut Output) {
    let text = state.to_string();
    said.tell(
        |out| {
            out.line("State XML:\n");
            out.line(text.strip_suffix('\n').unwrap_or(&text));
        },
        |xml| {
            xml.begin("tickets");
            xml.begin("ticket");
            state.attrs().for_each(|(name, value)| xml.attr(name, value));
            xml.end();
            xml.end();
        },
    );
}

fn missing(id: &str) -> Trouble {
    Trouble::new(Exit::NoSuch, format!("No such ticket '{id}'"))
}

/// What is recorded of a ticket.
fn state<'d>(document: &'d Document, id: &str) -> Option<Element<'d>> {
    let tickets = document.section(Part::Status)?.child("tickets")?;
    tickets.children_named("ticket_state").find(|state| state.attr("id") == Some(id))
}

fn show(
    resolved: &Resolved<'_>,
    command: &str,
    id: Option<&str>,
    said: &mut Output,
) -> Result<Exit, Trouble> {
    let shown = Shown::simulated(Look::default(), false, false);
    let mut listed = status::read(resolved, Shown { sections: Sections::TICKETS, ..shown });
    listed.tickets.retain(|ticket| id.is_none_or(|id| ticket.id == id));
    if let (Some(id), true) = (id, listed.tickets.is_empty()) {
        return Err(missing(id));
    }
    if command == "info" {
        said.show(&Section::Plain(listed));
        return Ok(Exit::Ok);
    }
    let line = |ticket: &&Ticket<'_>| match command {
        "raw" => ticket.id.to_owned(),
        _ => details(ticket),
    };
    let lines: Vec<String> = listed.tickets.iter().map(line).collect();
    said.tell(
        |out| lines.iter().for_each(|line| out.item(line)),
        |xml| crate::elements::write(xml, &Section::Plain(listed)),
    );
    Ok(Exit::Ok)
}

fn details(ticket: &Ticket<'_>) -> String {
    let state = if ticket.granted { "granted" } else { "revoked" };
    let standby = if ticket.standby { " [standby]" } else { "" };
    let value = |name: &str, value: &str| match value.parse() {
        Ok(at) if ["last-granted", "expires"].contains(&name) => time::clock(at),
        _ => value.to_owned(),
    };
    let known = ticket.state.iter().filter(|(name, _)| *name != "id");
    let known: Vec<String> =
        known.map(|(name, text)| format!("{name}={}", value(name, text))).collect();
    let gap = if ticket.last_granted.is_some_and(|at| at > -1) { " " } else { "" };
    let known =
        if known.is_empty() { String::new() } else { format!("{gap}\t({})", known.join(", ")) };
    format!("{}\t{state}{standby}{known}", ticket.id)
}

/// What depends on a ticket, or on any.
fn constraints(document: &Document, id: Option<&str>, said: &mut Output) {
    let all = document.section(Part::Constraints).into_iter();
    let all: Vec<Element<'_>> = all
        .flat_map(|section| section.children_named("rsc_ticket"))
        .filter(|at| id.is_none_or(|id| at.attr("ticket") == Some(id)))
        .collect();
    said.tell(
        |out| {
            out.line("Constraints XML:\n");
            for constraint in &all {
                let text = constraint.to_string();
                out.line(text.strip_suffix('\n').unwrap_or(&text));
            }
        },
        |xml| {
            xml.begin("tickets");
            for constraint in &all {
                xml.begin("ticket");
                xml.attr_if("id", constraint.attr("ticket"));
                xml.begin("constraints");
                let pairs: Vec<(&str, &str)> = constraint.attrs().collect();
                xml.empty("rsc_ticket", &pairs);
                xml.end();
                xml.end();
            }
            xml.end();
            xml.begin("resources");
            for id in all.iter().filter_map(|constraint| constraint.attr("rsc")) {
                xml.empty("resource", &[("id", id)]);
            }
            xml.end();
        },
    );
}

fn get(
    document: &Document,
    id: &str,
    name: &str,
    call: &Call,
    said: &mut Output,
) -> Result<Exit, Trouble> {
    let value = state(document, id).and_then(|state| state.attr(name));
    let Some(value) = value.or(call.value("default")) else {
        return Err(Trouble::new(Exit::NoSuch, ""));
    };
    said.tell(
        |out| out.item(value),
        |xml| {
            xml.begin("tickets");
            xml.begin("ticket");
            xml.attr("id", id);
            xml.empty("attribute", &[("name", name), ("value", value)]);
            xml.end();
            xml.end();
        },
    );
    Ok(Exit::Ok)
}

/// What a command writes into the ticket's state; an empty value removes.
fn values(command: &str, value: &str, call: &Call) -> Result<Vec<(String, String)>, Trouble> {
    let pair = |name: &str, value: &str| (name.to_owned(), value.to_owned());
    Ok(match command {
        "grant" => {
            vec![pair("granted", "true"), pair("last-granted", &time::now().to_string())]
        }
        "revoke" => vec![pair("granted", "false")],
        "standby" => vec![pair("standby", "true")],
        "activate" => vec![pair("standby", "false")],
        "delete-attr" => vec![pair(value, "")],
        _ => {
            let Some(given) = call.value("attr-value").filter(|given| !given.is_empty()) else {
                let words = format!("Must supply attribute value with -v to set '{value}'");
                return Err(Trouble::usage(words));
            };
            vec![pair(value, given)]
        }
    })
}

fn change(
    home: &Home,
    document: &Document,
    id: &str,
    (command, value): (&str, &str),
    call: &Call,
    said: &mut Output,
) -> Result<Exit, Trouble> {
    let state = state(document, id);
    if command == "cleanup" {
        if state.is_none() {
            return Err(missing(id));
        }
        let granted = state.and_then(|state| state.attr("granted")) == Some("true");
        if granted && !call.has("force") {
            return Err(refuse("revoke", id, said));
        }
        let xpath = format!("//ticket_state[@id='{id}']");
        make(home, Edit::Delete { xpath, all: false })?;
        said.note(&format!("Cleaned up {id}"));
        return Ok(Exit::Ok);
    }
    let values = values(command, value, call)?;
    let of_grant = |word| values.iter().any(|(name, value)| name == "granted" && value == word);
    if !call.has("force") && (of_grant("true") || of_grant("false")) {
        return Err(refuse(if of_grant("true") { "grant" } else { "revoke" }, id, said));
    }
    let attributes: String = values
        .iter()
        .filter(|(_, value)| !value.is_empty())
        .map(|(name, value)| format!(" {name}=\"{}\"", escape_attribute(value)))
        .collect();
    let id = escape_attribute(id);
    let place = Place::Section(Part::Status);
    let removed = values.iter().find(|(_, value)| value.is_empty());
    let edit = match (removed, state) {
        (Some((name, _)), Some(state)) => {
            let mut changed = Document::extract(state);
            let root = changed.root().id();
            changed.unset(root, name);
            Edit::Replace { place, xml: changed.to_string() }
        }
        (Some(_), None) => return Ok(Exit::Ok),
        (None, _) => {
            let xml = format!("<tickets><ticket_state id=\"{id}\"{attributes}/></tickets>");
            Edit::Modify { place, xml, or_create: true }
        }
    };
    make(home, edit)?;
    Ok(Exit::Ok)
}

/// Granting and revoking are the business of who knows what other sites have.
fn refuse(deed: &str, id: &str, said: &mut Output) -> Trouble {
    said.tell_people(&if deed == "grant" {
        format!(
            "This command cannot help you verify whether '{id}' has been already granted \
             elsewhere.\nIf you really want to grant '{id}' to this site now, and you know what \
             you are doing,\nplease specify --force."
        )
    } else {
        format!(
            "Revoking '{id}' can trigger the specified 'loss-policy'(s) relating to '{id}'.\n\nYou \
             can check that with:\ncrm_ticket --ticket {id} --constraints\n\nOtherwise before \
             revoking '{id}', you may want to make '{id}'standby with:\ncrm_ticket --ticket {id} \
             --standby\n\nIf you really want to revoke '{id}' from this site now, and you know \
             what you are doing,\nplease specify --force."
        )
    });
    Trouble::new(Exit::Unsafe, "Ticket modification not allowed without --force")
}

fn make(home: &Home, edit: Edit) -> Result<(), Trouble> {
    home.change("Could not connect to the CIB: ", |found| {
        let applied = edit::apply(&found.document, std::slice::from_ref(&edit));
        let applied = applied.map_err(|refused| Trouble::new(Exit::Config, refused.to_string()))?;
        Ok((applied.document, ()))
    })
}
