//! What there is: resources, where they run, what was done with them, how they are configured.

use cib::Document;
use model::Role;
use scheduler::{History, ResIx, Resolved, Variant};

use super::task::Task;
use crate::exit::Exit;
use crate::lines;
use crate::shown::Section;
use crate::status::{self, Look, Sections, Shown};
use crate::time;
use crate::tool::Trouble;

/// All resources, without where they run.
pub(super) fn resources(task: &mut Task<'_, '_>) -> Result<Exit, Trouble> {
    let look = Look::INACTIVE | Look::ON_NODE | Look::PENDING;
    let shown = Shown { sections: Sections::RESOURCES, ..Shown::simulated(look, false, false) };
    let listed = status::read(task.resolved, shown);
    let any = listed.resources.as_ref().is_some_and(|list| list.begun);
    task.said.show(&Section::Plain(listed));
    if any { Ok(Exit::Ok) } else { Err(Trouble::new(Exit::NoSuch, "")) }
}

/// The ids of primitives, each instance its own.
pub(super) fn ids(task: &mut Task<'_, '_>) -> Result<Exit, Trouble> {
    let (resolved, said) = (task.resolved, &mut *task.said);
    let mut ids = Vec::new();
    resolved.top.iter().for_each(|at| leaves(resolved, *at, &mut ids));
    if ids.is_empty() {
        said.error("NO resources configured\n".to_owned());
        return Err(Trouble::new(Exit::NoSuch, ""));
    }
    let items: Vec<(&str, &str)> = ids.iter().map(|id| ("resource", *id)).collect();
    said.list("resource names", &items);
    Ok(Exit::Ok)
}

fn leaves<'r>(resolved: &'r Resolved<'_>, at: ResIx, ids: &mut Vec<&'r str>) {
    let resource = resolved.resource(at);
    if resource.children.is_empty() {
        ids.push(&resource.id);
    }
    resource.children.iter().for_each(|child| leaves(resolved, *child, ids));
}

/// The nodes where it runs.
pub(super) fn places(task: &mut Task<'_, '_>, at: ResIx) -> Exit {
    let (resolved, asked, said) = (task.resolved, task.asked, &mut *task.said);
    let given = asked.given;
    let places = nodes(resolved, at, given);
    if places.is_empty() && !asked.is_quiet() {
        let words = format!("resource {given} is NOT running");
        said.tell_people(&words);
    }
    said.tell(
        |out| {
            for (node, promoted) in &places {
                let role = if *promoted { " Promoted" } else { "" };
                out.item(&if asked.is_quiet() {
                    format!("{node}{role}")
                } else {
                    format!("resource {given} is running on: {node}{role}")
                });
            }
        },
        |xml| {
            xml.begin("nodes");
            xml.attr("resource", given);
            for (node, promoted) in &places {
                xml.text_with("node", promoted.then_some(("state", "promoted")), node);
            }
            xml.end();
        },
    );
    Exit::Ok
}

/// Where a resource runs, and whether it is promoted there; of any instance of a set.
pub(super) fn nodes<'r>(
    resolved: &'r Resolved<'_>,
    at: ResIx,
    given: &str,
) -> Vec<(&'r str, bool)> {
    let resource = resolved.resource(at);
    let top = resolved.top_of(at, false);
    let by_common_id = &*resource.id != given && resource.history_id.as_deref() == Some(given);
    let is_set = |at| matches!(resolved.resource(at).variant, Variant::CloneSet(_));
    let of = match () {
        () if is_set(at) => resource.children.clone(),
        () if is_set(top) && by_common_id => resolved.resource(top).children.clone(),
        () => vec![at],
    };
    let mut places = Vec::new();
    for at in of {
        let promoted = role(resolved, at) == Role::Promoted;
        let names = resolved.resource(at).active.iter().map(|node| &*resolved.node(*node).name);
        places.extend(names.map(|name| (name, promoted)));
    }
    places.reverse();
    places
}

/// The highest role of its parts.
pub(super) fn role(resolved: &Resolved<'_>, at: ResIx) -> Role {
    let resource = resolved.resource(at);
    let parts = resource.children.iter().map(|child| role(resolved, *child));
    parts.max().unwrap_or(resource.role)
}

/// A resource's configuration, after what it does.
pub(super) fn configuration(task: &mut Task<'_, '_>, at: ResIx, expanded: bool) -> Exit {
    let (resolved, said) = (task.resolved, &mut *task.said);
    let look = Look::PENDING | Look::INACTIVE;
    let shown = Shown::simulated(look, false, false);
    let resource = resolved.resource(at);
    let mut written = Document::extract(resource.element);
    if let Some(template) = resource.template.filter(|_| expanded) {
        let root = written.root().id();
        written.unset(root, "template");
        for (name, value) in template.attrs() {
            if written.root().attr(name).is_none() {
                written.set(root, name, value);
            }
        }
        template.children().for_each(|child| {
            written.append_copy(root, child);
        });
    }
    let text = written.to_string();
    let listed = status::one(resolved, at, shown);
    said.tell(
        |out| {
            if let Some(listed) = &listed {
                lines::write_resource(out, listed);
            }
            out.line("Resource XML:");
            out.line(text.strip_suffix('\n').unwrap_or(&text));
        },
        |xml| {
            xml.begin("resource_config");
            if let Some(listed) = &listed {
                crate::elements::write_resource(xml, listed);
            }
            xml.verbatim("xml", &text);
            xml.end();
        },
    );
    Exit::Ok
}

/// Operations, all or those since the last start.
pub(super) fn operations(task: &mut Task<'_, '_>, active: bool) -> Exit {
    let (resolved, asked, said) = (task.resolved, task.asked, &mut *task.said);
    let wanted = asked.call.value("resource");
    let mut lines = Vec::new();
    let mut entries = Vec::new();
    for history in &resolved.history {
        let node = resolved.node(history.node);
        let there = asked.node.is_none_or(|node| node == history.node);
        let named = wanted.is_none_or(|id| id == history.id);
        if !(there && named && (node.online || resolved.options.fencing_enabled)) {
            continue;
        }
        for entry in history.entries.iter().skip(first(history, active)) {
            lines.push(line(resolved, history, entry));
            entries.push((history, entry));
        }
    }
    said.tell(
        |out| lines.iter().for_each(|line| out.item(line)),
        |xml| {
            if entries.is_empty() {
                return;
            }
            xml.begin("operations");
            for (history, entry) in entries {
                xml.begin("operation");
                xml.attr("op", entry.element.attr("operation_key").unwrap_or(entry.id));
                xml.attr("node", &resolved.node(history.node).name);
                xml.attr_if("call", entry.element.attr("call-id"));
                xml.attr_if("rc", entry.element.attr("rc-code"));
                xml.attr("status", entry.status.words());
                if let Some(at) = resolved.find_recorded(history.id) {
                    let resource = resolved.resource(at);
                    xml.attr("rsc", status::shown_id(resource));
                    let agent = resource.agent.as_ref().map(|agent| {
                        let provider = agent.provider.as_deref().unwrap_or_default();
                        format!("{}:{provider}:{}", agent.standard, agent.kind)
                    });
                    xml.attr_if("agent", agent.as_deref());
                }
                if let Some(at) = changed_at(entry) {
                    xml.attr("last-rc-change", &time::clock(at));
                    xml.attr_if("exec-time", entry.element.attr("exec-time"));
                }
                xml.end();
            }
            xml.end();
        },
    );
    Exit::Ok
}

/// Resources and colocations, a line each, as Pacemaker's tests of running clusters read them.
pub(super) fn for_tests(task: &mut Task<'_, '_>) -> Exit {
    let mut lines = Vec::new();
    for at in &task.resolved.top {
        lines_for_tests(task.resolved, *at, &mut lines);
    }
    let constraints = task.resolved.document.section(cib::Section::Constraints);
    let constraints = constraints.into_iter().flat_map(cib::Element::children);
    for colocation in constraints.filter(|element| element.is("rsc_colocation")) {
        let words = ["id", "rsc", "with-rsc", "score", "rsc-role", "with-rsc-role"];
        let words = words.map(|name| colocation.attr(name).unwrap_or("NA"));
        lines.push(format!("Constraint rsc_colocation {}", words.join(" ")));
    }
    lines.iter().for_each(|line| task.said.note(line));
    Exit::Ok
}

/// A resource's line, and those of its parts.
fn lines_for_tests(resolved: &Resolved<'_>, at: ResIx, lines: &mut Vec<String>) {
    let resource = resolved.resource(at);
    let parent = resource.parent.map_or("NA", |parent| &*resolved.resource(parent).id);
    let agent = resource.agent.as_ref();
    let provider = agent.and_then(|agent| agent.provider.as_deref()).unwrap_or("NA");
    let standard = agent.map_or("(null)", |agent| &*agent.standard);
    let kind = agent.map_or("(null)", |agent| &*agent.kind);
    let host = resource.active.first().map_or("NA", |node| &*resolved.node(*node).name);
    let flags = bits_for_tests(resolved, at);
    lines.push(format!(
        "Resource: {} {} {} {parent} {provider} {standard} {kind} {host} {} {flags} {flags:#018x}",
        resource.element.name(),
        resource.id,
        resource.history_name(),
        u8::from(!resource.flags.fence_device),
    ));
    resource.children.iter().for_each(|child| lines_for_tests(resolved, *child, lines));
}

/// Those bits of Pacemaker's flags that its tests look at: removed, managed, unique.
fn bits_for_tests(resolved: &Resolved<'_>, at: ResIx) -> u64 {
    let flags = resolved.resource(at).flags;
    let bits = [(flags.removed, 0), (flags.managed, 1), (flags.unique, 5)];
    bits.iter().filter(|(set, _)| *set).map(|(_, bit)| 1_u64 << bit).sum()
}

/// Position of the first operation that is wanted.
fn first(history: &History<'_>, active: bool) -> usize {
    match (history.start, history.stop) {
        _ if !active => 0,
        (start, Some(stop)) if start.is_none_or(|start| start < stop) => usize::MAX,
        (start, _) => start.unwrap_or(0),
    }
}

fn changed_at(entry: &scheduler::HistoryEntry<'_>) -> Option<i64> {
    entry.element.attr("last-rc-change")?.parse().ok()
}

fn line(
    resolved: &Resolved<'_>,
    history: &History<'_>,
    entry: &scheduler::HistoryEntry<'_>,
) -> String {
    let attr = |name| entry.element.attr(name).unwrap_or("(null)");
    let shown = Shown::simulated(Look::PENDING | Look::ON_NODE, false, false);
    let resource = resolved.find_recorded(history.id);
    let resource =
        resource.and_then(|at| lines::primitive_line(&status::one(resolved, at, shown)?));
    let resource = resource.unwrap_or_else(|| format!("Unknown resource {}", history.id));
    let changed = changed_at(entry)
        .map(|at| format!(", last-rc-change='{}', exec={}ms", time::clock(at), attr("exec-time")));
    format!(
        "{resource}: {} (node={}, call={}, rc={}{}): {}",
        entry.element.attr("operation_key").unwrap_or(entry.id),
        resolved.node(history.node).name,
        attr("call-id"),
        attr("rc-code"),
        changed.unwrap_or_default(),
        entry.status.words(),
    )
}
