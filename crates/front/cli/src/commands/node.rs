//! `quorate node`.

use client::ClientError;
use view::text::{Table, Tone};
use wire::api::{Change, Refused};

use super::attribute::kept_value;
use crate::arguments::{Changing, Common, Node};
use crate::change::{Wanted, carry_out};
use crate::edits;
use crate::exit::Exit;
use crate::source::Source;
use crate::trouble::Trouble;
use crate::{find, say};

pub(super) fn run(common: &Common, verb: &Node) -> Result<Exit, Trouble> {
    match verb {
        Node::List => list(common),
        Node::Standby { node, changing } => mark(common, *changing, node, ("standby", true)),
        Node::Unstandby { node, changing } => mark(common, *changing, node, ("standby", false)),
        Node::Maintenance { node, changing } => {
            mark(common, *changing, node, ("maintenance", true))
        }
        Node::Unmaintenance { node, changing } => {
            mark(common, *changing, node, ("maintenance", false))
        }
        Node::Fence { node, action, changing } => fence(common, *changing, node, action),
        Node::ConfirmOff { node, changing } => confirm_off(common, *changing, node),
        Node::Shutdown { node, changing } => shutdown(common, *changing, node),
    }
}

fn list(common: &Common) -> Result<Exit, Trouble> {
    let source = Source::read(common)?;
    let status = view::status(source.seen());
    if common.json {
        say::json(&status.nodes);
        return Ok(Exit::Done);
    }
    let mut table = Table::default();
    for node in &status.nodes {
        let mut state = node.state.words().to_owned();
        for (holds, word) in [
            (node.standby, ", standby"),
            (node.maintenance, ", maintenance"),
            (node.leaving, ", leaving"),
            (node.coordinator, ", coordinator"),
        ] {
            if holds {
                state.push_str(word);
            }
        }
        let active = view::words::count(node.active, "active resource");
        table.row(vec![
            (Tone::Plain, node.name.clone()),
            (Tone::Plain, state),
            (Tone::Faint, active),
        ]);
    }
    let mut text = String::new();
    table.write(&mut text, 0, source.options());
    say::out(&text);
    Ok(Exit::Done)
}

/// Sets or removes `standby` or `maintenance` for good.
fn mark(
    common: &Common,
    changing: Changing,
    node: &str,
    (name, on): (&str, bool),
) -> Result<Exit, Trouble> {
    let source = Source::read(common)?;
    let element = find::node(&source.document, node)?;
    let (what, edits) = if on {
        (format!("Put {node} into {name}"), vec![kept_value(&source, element, (name, "on"))])
    } else {
        let edits = edits::unset_value(element, "instance_attributes", name);
        (format!("End {name} of {node}"), edits)
    };
    if edits.is_empty() {
        say::out(&format!("{node} is not in {name}: nothing to change.\n"));
        return Ok(Exit::Done);
    }
    let mut wanted = Wanted::edits(&source, changing, what, edits)?;
    if (name, on) == ("maintenance", true) {
        let running = running_on(&source, node);
        wanted.notes.extend((!running.is_empty()).then(|| {
            let running = view::words::list(&running);
            format!("As long as it lasts, nothing that fails there is noticed: {running}.")
        }));
    }
    carry_out(common, changing, &source, &wanted)
}

fn fence(common: &Common, changing: Changing, node: &str, action: &str) -> Result<Exit, Trouble> {
    let source = Source::read(common)?;
    find::node(&source.document, node)?;
    let mut note = None;
    if action != "on" {
        let running = running_on(&source, node);
        if !running.is_empty() {
            note = Some(format!("It runs {} now.", view::words::list(&running)));
        }
    }
    let change = Change::Fence { node: node.to_owned(), action: action.to_owned() };
    let after = edits::after(&source.document, &change, source.now)?;
    let what = match action {
        "on" => format!("Switch {node} on"),
        "off" => format!("Cut {node} off hard, and leave it off"),
        _ => format!("Cut {node} off hard, and switch it on again"),
    };
    let mut changing = changing;
    changing.no_wait |= action != "on" && ends_who_answers(&source, node);
    let mut wanted = Wanted::change(what, changing, change, after);
    wanted.notes.extend(note);
    carry_out(common, changing, &source, &wanted)
}

fn confirm_off(common: &Common, changing: Changing, node: &str) -> Result<Exit, Trouble> {
    let source = Source::read(common)?;
    find::node(&source.document, node)?;
    let mut members = source.cluster.iter().flat_map(|cluster| &cluster.members);
    if members.any(|member| member == node) {
        let refused = Refused::StillMember { node: node.to_owned() };
        return Err(Trouble::Client(ClientError::Refused(refused)));
    }
    let change = Change::ConfirmOff { node: node.to_owned() };
    let after = edits::after(&source.document, &change, source.now)?;
    let what = format!("Give your word that {node} is switched off");
    let wanted = Wanted::change(what, changing, change, after).note(format!(
        "If {node} still runs, what it runs will run twice, and data may be destroyed. Look at the \
         machine, not at the network."
    ));
    carry_out(common, changing, &source, &wanted)
}

fn shutdown(common: &Common, changing: Changing, node: &str) -> Result<Exit, Trouble> {
    let source = Source::read(common)?;
    find::node(&source.document, node)?;
    let change = Change::Shutdown { node: node.to_owned() };
    let after = edits::after(&source.document, &change, source.now)?;
    let what = format!("Shut {node} down");
    let mut changing = changing;
    changing.no_wait |= ends_who_answers(&source, node);
    let wanted = Wanted::change(what, changing, change, after);
    carry_out(common, changing, &source, &wanted)
}

/// The daemon that answers cannot say that all is done when it is the one that ends.
fn ends_who_answers(source: &Source, node: &str) -> bool {
    source.cluster.as_ref().is_some_and(|cluster| cluster.node == node)
}

/// Ids of what is active on a node.
fn running_on(source: &Source, node: &str) -> Vec<String> {
    let input = scheduler::Input { now: source.now, ..scheduler::Input::default() };
    let resolved = scheduler::resolve(&source.document, &input);
    let node = resolved.find_node(node).map(|node| resolved.node(node));
    let active = node.into_iter().flat_map(|node| &node.active);
    active.map(|at| resolved.resource(*at).config_id.as_ref().to_owned()).collect()
}
