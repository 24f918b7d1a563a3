//! A patchset as lines that people read.

use cib::{Document, Element};

/// What a patchset changes, a line for each change, and one for each element that it adds.
pub(super) fn lines(patchset: &Document) -> Vec<String> {
    let root = patchset.root();
    let mut lines = Vec::new();
    if let (Some(source), Some(target)) =
        (root.path(&["version", "source"]), root.path(&["version", "target"]))
    {
        let format = root.attr("format").unwrap_or("(no format)");
        let digest = root.attr("digest").unwrap_or("(no digest)");
        lines.push(format!("Diff: --- {} {format}", version(source)));
        lines.push(format!("Diff: +++ {} {digest}", version(target)));
    }
    for change in root.children_named("change") {
        let path = change.attr("path").unwrap_or_default();
        match change.attr("operation") {
            Some("create") => created(change, path, &mut lines),
            Some("move") => {
                let position = change.attr("position").unwrap_or_default();
                lines.push(format!("+~ {path} moved to offset {position}"));
            }
            Some("modify") => modified(change, path, &mut lines),
            Some("delete") => lines.push(match change.attr("position") {
                Some(position) => format!("-- {path} ({position})"),
                None => format!("-- {path}"),
            }),
            Some(_) | None => {}
        }
    }
    lines
}

fn version(of: Element<'_>) -> String {
    ["admin_epoch", "epoch", "num_updates"].map(|name| of.attr(name).unwrap_or("0")).join(".")
}

/// Only the first line of an element says where it was added.
fn created(change: Element<'_>, path: &str, lines: &mut Vec<String>) {
    let mut prefix = format!("++ {path}: ");
    for element in change.children() {
        for line in element.to_string().lines() {
            lines.push(format!("{prefix} {line}"));
            prefix = format!("++{}", " ".repeat(prefix.chars().count() - 2));
        }
    }
}

fn modified(change: Element<'_>, path: &str, lines: &mut Vec<String>) {
    let (mut set, mut unset) = (Vec::new(), Vec::new());
    let list = change.child("change-list").into_iter();
    for attribute in list.flat_map(|list| list.children_named("change-attr")) {
        let name = attribute.attr("name").unwrap_or_default();
        match attribute.attr("operation") {
            Some("set") => {
                set.push(format!("@{name}={}", attribute.attr("value").unwrap_or_default()));
            }
            Some("unset") => unset.push(format!("@{name}")),
            Some(_) | None => {}
        }
    }
    if !set.is_empty() {
        lines.push(format!("+  {path}:  {}", set.join(", ")));
    }
    if !unset.is_empty() {
        lines.push(format!("-- {path}:  {}", unset.join(", ")));
    }
}
