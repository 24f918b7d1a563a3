//! `quorate resource`.

use cib::{Element, Section};
use model::Role;
use scheduler::{Input, Resolved};
use view::text::Table;
use wire::api::{Change, Edit, Request};

use super::{by_hand, resource_add, resource_set};
use crate::arguments::{Changing, Common, Resource};
use crate::change::{OnMisfits, Wanted, carry_out};
use crate::exit::Exit;
use crate::source::Source;
use crate::trouble::Trouble;
use crate::{edits, find, say};

pub(super) fn run(common: &Common, verb: &Resource) -> Result<Exit, Trouble> {
    match verb {
        Resource::List => list(common),
        Resource::Add { id, agent, words, group, clone, promotable, unchecked, changing } => {
            let kind = match (group, clone, promotable) {
                (Some(group), _, _) => resource_add::Place::Group(group),
                (None, _, true) => resource_add::Place::PromotableClone,
                (None, true, false) => resource_add::Place::Clone,
                (None, false, false) => resource_add::Place::Alone,
            };
            let unchecked = *unchecked;
            let new = resource_add::New { id, agent, words, place: kind, unchecked };
            resource_add::add(common, *changing, &new)
        }
        Resource::Set { resource, words, unchecked, changing } => {
            resource_set::set(common, *changing, resource, words, *unchecked)
        }
        Resource::Remove { resource, changing } => remove(common, *changing, resource),
        Resource::Enable { resource, changing } => enable(common, *changing, resource),
        Resource::Disable { resource, changing } => disable(common, *changing, resource),
        Resource::Move { resource, node, changing } => {
            relocate(common, *changing, resource, node.as_deref())
        }
        Resource::Clear { resource, changing } => clear(common, *changing, resource),
        Resource::Cleanup { resource, node, changing } => {
            cleanup(common, *changing, resource.as_deref(), node.as_deref())
        }
        Resource::DebugStart(words) => by_hand::run(common, "start", words),
        Resource::DebugStop(words) => by_hand::run(common, "stop", words),
        Resource::DebugMonitor(words) => by_hand::run(common, "monitor", words),
        Resource::DebugPromote(words) => by_hand::run(common, "promote", words),
        Resource::DebugDemote(words) => by_hand::run(common, "demote", words),
    }
}

fn list(common: &Common) -> Result<Exit, Trouble> {
    let source = Source::read(common)?;
    let status = view::status(source.seen());
    if common.json {
        say::json(&status.resources);
        return Ok(Exit::Done);
    }
    let mut table = Table::default();
    view::status::rows(&status.resources, &mut table);
    let mut text = String::new();
    table.write(&mut text, 0, source.options());
    say::out(&text);
    Ok(Exit::Done)
}

fn disable(common: &Common, changing: Changing, id: &str) -> Result<Exit, Trouble> {
    let source = Source::read(common)?;
    let resource = find::resource(&source.document, id)?;
    let set_id = format!("{id}-meta_attributes");
    let pair = ("target-role", "Stopped");
    let edit = edits::set_value(&source.document, resource, "meta_attributes", &set_id, pair);
    let wanted = Wanted::edits(&source, changing, format!("Disable {id}"), vec![edit])?;
    carry_out(common, changing, &source, &wanted)
}

fn enable(common: &Common, changing: Changing, id: &str) -> Result<Exit, Trouble> {
    let source = Source::read(common)?;
    let resource = find::resource(&source.document, id)?;
    let edits = edits::unset_value(resource, "meta_attributes", "target-role");
    let disabled_around = around(resource).find(|outer| is_disabled(*outer));
    if edits.is_empty() {
        say::out(&match disabled_around.and_then(|outer| outer.attr("id")) {
            Some(outer) => format!(
                "{id} is not disabled itself, but `{outer}` around it is: `quorate resource \
                 enable {outer}`.\n"
            ),
            None => format!("{id} is not disabled: nothing to change.\n"),
        });
        return Ok(Exit::Done);
    }
    let mut wanted = Wanted::edits(&source, changing, format!("Enable {id}"), edits)?;
    if let Some(outer) = disabled_around.and_then(|outer| outer.attr("id")) {
        wanted = wanted.note(format!("It stays stopped: `{outer}` around it is disabled, too."));
    }
    carry_out(common, changing, &source, &wanted)
}

/// The group, clone or bundle around a resource, from the inside out.
fn around(resource: Element<'_>) -> impl Iterator<Item = Element<'_>> {
    std::iter::successors(resource.parent(), |at| at.parent())
        .take_while(|at| find::RESOURCE_TAGS.iter().any(|tag| at.is(tag)))
}

fn is_disabled(resource: Element<'_>) -> bool {
    resource
        .children_named("meta_attributes")
        .flat_map(Element::children)
        .filter(|pair| pair.attr("name") == Some("target-role"))
        .any(|pair| pair.attr("value").and_then(Role::parse) == Some(Role::Stopped))
}

fn remove(common: &Common, changing: Changing, id: &str) -> Result<Exit, Trouble> {
    let source = Source::read(common)?;
    let mut gone = find::resource(&source.document, id)?;
    // A clone or bundle without what it copies, and an empty group, mean nothing.
    while let Some(outer) = gone.parent().filter(|outer| is_left_empty(*outer)) {
        gone = outer;
    }
    let ids: Vec<&str> = gone
        .descendants()
        .filter(|at| find::RESOURCE_TAGS.iter().any(|tag| at.is(tag)))
        .filter_map(|at| at.attr("id"))
        .collect();
    let constraints: Vec<Element<'_>> = source
        .document
        .section(Section::Constraints)
        .into_iter()
        .flat_map(Element::children)
        .filter(|constraint| names_any(*constraint, &ids))
        .collect();
    let mut edits: Vec<Edit> = constraints.iter().filter_map(|at| edits::delete(*at)).collect();
    edits.extend(edits::delete(gone));
    let mut wanted = Wanted::edits(&source, changing, format!("Remove {id}"), edits)?;
    if !constraints.is_empty() {
        let names: Vec<&str> = constraints.iter().filter_map(|at| at.attr("id")).collect();
        let names = view::words::list(&names);
        wanted = wanted.note(format!("Constraints that name it go, too: {names}."));
    }
    if gone.is("group") && active_members(&source, &ids) > 1 {
        wanted = wanted.note(format!(
            "With the group its order goes, too: the members stop as they like. `quorate resource \
             disable {id}` first stops them in order."
        ));
    }
    carry_out(common, changing, &source, &wanted)
}

/// How many of these primitives are active somewhere.
fn active_members(source: &Source, ids: &[&str]) -> usize {
    let input = Input { now: source.now, ..Input::default() };
    let resolved = scheduler::resolve(&source.document, &input);
    let all = resolved.resource_indices().map(|at| resolved.resource(at));
    let is_one = |id: &str| ids.contains(&id);
    all.filter(|at| at.is_primitive() && is_one(&at.config_id) && !at.active.is_empty()).count()
}

/// Whether `outer` is a resource that has only one part.
fn is_left_empty(outer: Element<'_>) -> bool {
    let parts = outer.children().filter(|at| find::RESOURCE_TAGS.iter().any(|tag| at.is(tag)));
    find::RESOURCE_TAGS.iter().any(|tag| outer.is(tag)) && parts.count() == 1
}

/// Whether a constraint names one of the resources, itself or in a set.
fn names_any(constraint: Element<'_>, ids: &[&str]) -> bool {
    let named =
        |at: Element<'_>, attribute: &str| at.attr(attribute).is_some_and(|id| ids.contains(&id));
    ["rsc", "with-rsc", "first", "then"].iter().any(|name| named(constraint, name))
        || constraint.descendants().any(|at| at.is("resource_ref") && named(at, "id"))
}

fn relocate(
    common: &Common,
    changing: Changing,
    id: &str,
    node: Option<&str>,
) -> Result<Exit, Trouble> {
    let source = Source::read(common)?;
    let named = find::resource(&source.document, id)?;
    // What is inside goes where the whole goes.
    let whole = around(named).last().unwrap_or(named);
    let id = whole.attr("id").unwrap_or(id);
    let promotable = is_promotable(whole);
    if (whole.is("clone") || whole.is("master")) && !promotable {
        return Err(Trouble::Usage {
            what: format!("{id} runs on every node; `quorate node standby` empties one"),
        });
    }
    let role = if promotable { "Promoted" } else { "Started" };
    let input = Input { now: source.now, ..Input::default() };
    let resolved = scheduler::resolve(&source.document, &input);
    let here = active_on(&resolved, id, promotable);
    let mut edits = cleared(&source, id);
    let (what, constraint, undo) = match node {
        Some(node) => {
            find::node(&source.document, node)?;
            let name = format!("cli-prefer-{id}");
            let xml = location(&name, id, role, node, "INFINITY");
            (format!("Move {id} to {node}"), xml, name)
        }
        None => {
            let [here] = here.as_slice() else {
                return Err(Trouble::Usage {
                    what: format!("{id} is not on one node; say to which it should go"),
                });
            };
            let name = format!("cli-ban-{id}-on-{here}");
            let xml = location(&name, id, role, here, "-INFINITY");
            (format!("Move {id} away from {here}"), xml, name)
        }
    };
    edits.push(edits::create_in(Section::Constraints, constraint));
    let wanted = Wanted::edits(&source, changing, what, edits)?
        .note(format!("The constraint `{undo}` stays until `quorate resource clear {id}`."));
    carry_out(common, changing, &source, &wanted)
}

fn is_promotable(whole: Element<'_>) -> bool {
    whole.is("master")
        || whole.children_named("meta_attributes").flat_map(Element::children).any(|pair| {
            pair.attr("name") == Some("promotable")
                && pair.attr("value").is_some_and(|value| {
                    matches!(value.to_lowercase().as_str(), "true" | "on" | "yes" | "y" | "1")
                })
        })
}

fn location(id: &str, resource: &str, role: &str, node: &str, score: &str) -> String {
    let node = cib::escape_attribute(node);
    format!(
        "<rsc_location id=\"{id}\" rsc=\"{resource}\" role=\"{role}\" node=\"{node}\" \
         score=\"{score}\"/>"
    )
}

/// Names of the nodes where a resource (as promoted) is.
fn active_on(resolved: &Resolved<'_>, id: &str, promoted: bool) -> Vec<String> {
    let Some(at) = resolved.find_resource(id) else { return Vec::new() };
    let mut names: Vec<String> = view::survival::leaves(resolved, at)
        .into_iter()
        .map(|leaf| resolved.resource(leaf))
        .filter(|leaf| !promoted || leaf.role == Role::Promoted)
        .flat_map(|leaf| &leaf.active)
        .map(|node| resolved.node(*node).name.as_ref().to_owned())
        .collect();
    names.sort();
    names.dedup();
    names
}

/// Edits that remove what `move` made for a resource, named as Pacemaker's tools name it.
fn cleared(source: &Source, id: &str) -> Vec<Edit> {
    let made = |constraint: &Element<'_>| {
        let name = constraint.attr("id").unwrap_or_default();
        let ban = format!("cli-ban-{id}-on-");
        constraint.is("rsc_location")
            && (name == format!("cli-prefer-{id}") || name.starts_with(&ban))
    };
    let constraints = source.document.section(Section::Constraints);
    let constraints = constraints.into_iter().flat_map(Element::children);
    constraints.filter(made).filter_map(edits::delete).collect()
}

fn clear(common: &Common, changing: Changing, id: &str) -> Result<Exit, Trouble> {
    let source = Source::read(common)?;
    let named = find::resource(&source.document, id)?;
    let edits: Vec<Edit> = std::iter::once(named)
        .chain(around(named))
        .filter_map(|at| at.attr("id"))
        .flat_map(|id| cleared(&source, id))
        .collect();
    if edits.is_empty() {
        say::out(&format!("`move` made no constraint for {id}: nothing to change.\n"));
        return Ok(Exit::Done);
    }
    let what = format!("Remove the constraints that `move` made for {id}");
    let wanted = Wanted::edits(&source, changing, what, edits)?;
    carry_out(common, changing, &source, &wanted)
}

fn cleanup(
    common: &Common,
    changing: Changing,
    id: Option<&str>,
    node: Option<&str>,
) -> Result<Exit, Trouble> {
    let source = Source::read(common)?;
    if let Some(node) = node {
        find::node(&source.document, node)?;
    }
    // History is kept of primitives.
    let primitives: Vec<Option<String>> = match id {
        None => vec![None],
        Some(id) => find::resource(&source.document, id)?
            .descendants()
            .filter(|at| at.is("primitive"))
            .filter_map(|at| at.attr("id"))
            .map(|id| Some(id.to_owned()))
            .collect(),
    };
    let requests = primitives
        .into_iter()
        .map(|resource| Change::Cleanup { resource, node: node.map(str::to_owned) })
        .map(|change| Request::Change { change, force: changing.force, based_on: None })
        .collect();
    let wanted = Wanted {
        what: format!(
            "Forget the failures of {} on {} and look again",
            id.unwrap_or("all resources"),
            node.unwrap_or("all nodes")
        ),
        requests,
        // What follows depends on what is found.
        after: source.document.clone(),
        notes: vec!["The cluster looks first: what it finds running it leaves running.".to_owned()],
        misfits: OnMisfits::Tell,
    };
    carry_out(common, changing, &source, &wanted)
}
