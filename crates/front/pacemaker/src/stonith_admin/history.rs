//! What was fenced, as every node knows it.

use cib::{Element, Section};
use wire::api::{Change, Fencing};

use crate::exit::Exit;
use crate::home::Home;
use crate::output::Output;
use crate::time;
use crate::tool::{self, Call, Trouble};
use crate::xml_out::XmlOut;

const NOT_REACHED: &str = "Could not connect to fencer: ";

/// So many of something, as Pacemaker's lists end.
pub(super) fn count(number: usize, noun: &str) -> String {
    format!("{number} {noun}{} found", if number == 1 { "" } else { "s" })
}

/// Shows the last fencing of a node, or all of them.
pub(super) fn show(node: &str, call: &Call, said: &mut Output) -> Result<Exit, Trouble> {
    if call.has("cleanup") {
        said.note(&format!("cleaning up fencing-history for node {node}"));
    }
    if call.has("broadcast") {
        said.note("gather fencing-history from all nodes");
    }
    if call.has("cleanup") {
        return forget(node);
    }
    let found = Home::running().open(NOT_REACHED)?;
    let cluster = found.cluster.unwrap_or_default();
    let is_meant = |past: &&Fencing| node == "*" || past.target == node;
    let all: Vec<&Fencing> = cluster.fencings.iter().filter(is_meant).collect();
    let latest = all.iter().rfind(|past| past.succeeded).copied();
    if call.has("quiet") && call.format.can_be_quiet() {
        if let Some(latest) = latest {
            said.note(&latest.at.to_string());
        }
        return Ok(Exit::Ok);
    }
    let full = call.count("verbose") > 0;
    let shown: Vec<&Fencing> = if full { all.clone() } else { latest.into_iter().collect() };
    let lines: Vec<String> = shown.iter().map(|past| describe(past, &all, full)).collect();
    said.tell(
        |out| {
            lines.iter().for_each(|line| out.line(line));
            out.line(&count(lines.len(), "event"));
        },
        |xml| {
            xml.begin("list");
            xml.attr("name", "Fencing history");
            xml.number("count", shown.len());
            shown.iter().for_each(|past| write(xml, past));
            xml.end();
        },
    );
    Ok(Exit::Ok)
}

/// Every member tells no more of it.
fn forget(node: &str) -> Result<Exit, Trouble> {
    let (client, ..) = tool::live()?;
    let node = (node != "*").then(|| node.to_owned());
    tool::change(&client, Change::ForgetFencings { node })?;
    Ok(Exit::Ok)
}

/// Shows when a node was fenced last.
pub(super) fn last(node: &str, call: &Call, said: &mut Output) -> Result<Exit, Trouble> {
    let found = Home::running().open(NOT_REACHED)?;
    let nodes = found.document.section(Section::Nodes).into_iter().flat_map(Element::children);
    let mut numbered = nodes.filter(|element| element.attr("id") == Some(node));
    let by_number = call.has("as-node-id").then(|| numbered.next()?.attr("uname")).flatten();
    let name = by_number.unwrap_or(node);
    let fencings = found.cluster.as_ref().map_or(&[][..], |cluster| cluster.fencings.as_slice());
    let cut_off = |past: &&Fencing| past.succeeded && past.target == name && past.action != "on";
    let when = fencings.iter().rfind(cut_off).map(|past| past.at);
    said.tell(
        |out| match when {
            Some(at) => out.line(&format!("Node {node} last fenced at: {}", time::clock(at))),
            None => out.line(&format!("Node {node} has never been fenced")),
        },
        |xml| {
            if let Some(at) = when {
                xml.empty("last-fenced", &[("target", node), ("when", &time::calendar(at))]);
            }
        },
    );
    Ok(Exit::Ok)
}

/// Who carried it out: devices are asked by a node.
fn delegate(past: &Fencing) -> Option<&str> {
    let by = past.by.as_str();
    Some(by.rsplit_once(" by ").map_or(by, |(_, node)| node)).filter(|by| !by.is_empty())
}

/// Who wanted it is the cluster.
const CLIENT: &str = "quorate";

fn completed(past: &Fencing) -> String {
    let at = time::calendar(past.at);
    format!("{}.000000Z", at.trim_end_matches('Z'))
}

fn describe(past: &Fencing, all: &[&Fencing], full: bool) -> String {
    let Fencing { target, action, succeeded, reason, .. } = past;
    let what = match action.as_str() {
        "on" => "unfencing",
        "off" => "turning off",
        other => other,
    };
    let how = if *succeeded { "successful" } else { "failed" };
    let why = match reason.as_str() {
        why if *succeeded || why.is_empty() => String::new(),
        why => format!(" ({why})"),
    };
    let delegate = delegate(past);
    let by = delegate.map(|by| format!("delegate={by}, ")).unwrap_or_default();
    let at = completed(past);
    let ended = match (full, succeeded) {
        (true, _) => "completed",
        (false, true) => "last-successful",
        (false, false) => "last-failed",
    };
    let origin = delegate.unwrap_or("the cluster");
    let later = all.iter().find(|other| {
        !succeeded
            && other.succeeded
            && other.at >= past.at
            && (&other.target, &other.action) == (target, action)
    });
    let later = match later.and_then(|other| self::delegate(other)) {
        Some(by) => format!(" (a later attempt from {by} succeeded)"),
        None => String::new(),
    };
    format!(
        "{what} of {target} {how}{why}: {by}client={CLIENT}, origin={origin}, {ended}='{at}'{later}"
    )
}

fn write(xml: &mut XmlOut, past: &Fencing) {
    let Fencing { target, action, succeeded, reason, .. } = past;
    xml.begin("fence_event");
    xml.attr("action", action);
    xml.attr("target", target);
    xml.attr("client", CLIENT);
    xml.attr("origin", delegate(past).unwrap_or_default());
    xml.attr("status", if *succeeded { "success" } else { "failed" });
    if !succeeded {
        xml.attr("exit-reason", reason);
    }
    xml.attr_if("delegate", delegate(past));
    xml.attr("completed", &completed(past));
    xml.end();
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_fencing_reads_as_pacemakers_does() {
        let past = |succeeded, at| Fencing {
            target: "n2".to_owned(),
            action: "reboot".to_owned(),
            succeeded,
            by: "apc+ipmi by n1".to_owned(),
            reason: if succeeded { "" } else { "no answer" }.to_owned(),
            at,
        };
        let (first, second) = (past(false, 0), past(true, 60));
        let all = [&first, &second];
        assert_eq!(
            describe(&first, &all, true),
            "reboot of n2 failed (no answer): delegate=n1, client=quorate, origin=n1, \
             completed='1970-01-01 00:00:00.000000Z' (a later attempt from n1 succeeded)"
        );
        assert_eq!(
            describe(&second, &all, false),
            "reboot of n2 successful: delegate=n1, client=quorate, origin=n1, \
             last-successful='1970-01-01 00:01:00.000000Z'"
        );
    }
}
