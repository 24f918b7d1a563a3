//! Moves, bans, and taking them back: location constraints whose ids begin with `cli-`.

use cib::edit::{self, Edit, Place};
use cib::{Element, Section, escape_attribute};
use model::Role;
use scheduler::{NodeIx, ResIx, Resolved, Variant};

use super::{Asked, change, lists};
use crate::exit::Exit;
use crate::home::Home;
use crate::output::Output;
use crate::time;
use crate::tool::Trouble;

/// When a constraint ends, if it ends.
fn end(asked: &Asked<'_>, said: &mut Output) -> Result<Option<String>, Trouble> {
    let Some(lifetime) = asked.call.value("lifetime") else { return Ok(None) };
    let Some(end) = time::after(time::now(), lifetime) else {
        return Err(Trouble::usage(format!(
            "Invalid duration specified: {lifetime}\nPlease refer to \
             https://en.wikipedia.org/wiki/ISO_8601#Durations for examples of valid durations"
        )));
    };
    let end = time::calendar(end);
    asked.note(said, &format!("Migration will take effect until: {end}"));
    Ok(Some(end))
}

fn is_promoted_only(asked: &Asked<'_>) -> bool {
    asked.promoted_only
}

/// Keeps a resource off a node.
pub(super) fn ban(
    home: &Home,
    resolved: &Resolved<'_>,
    at: ResIx,
    asked: &Asked<'_>,
    said: &mut Output,
) -> Result<(), Trouble> {
    let node = match asked.node {
        Some(node) => node,
        None => only_place(resolved, at, asked)?,
    };
    let edit = ban_on(resolved, node, asked, said)?;
    change(home, &[vec![edit]])
}

/// The edit that keeps it off a node, and what Pacemaker says of that.
fn ban_on(
    resolved: &Resolved<'_>,
    node: NodeIx,
    asked: &Asked<'_>,
    said: &mut Output,
) -> Result<Edit, Trouble> {
    let (id, node) = (asked.id, &*resolved.node(node).name);
    let end = end(asked, said)?;
    let name = format!("cli-ban-{id}-on-{node}");
    let what = if is_promoted_only(asked) { "being promoted" } else { "running" };
    asked.note(
        said,
        &format!(
            "WARNING: Creating rsc_location constraint '{name}' with a score of -INFINITY for \
             resource {id} on {node}.\n\tThis will prevent {id} from {what} on {node} until the \
             constraint is removed using the clear option or by editing the CIB with an \
             appropriate tool.\n\tThis will be the case even if {node} is the last node in the \
             cluster"
        ),
    );
    let ids = ["rule", "expr", "lifetime"].map(|part| format!("{name}-{part}"));
    Ok(location(
        resolved,
        asked,
        Wish { name: &name, node, score: "-INFINITY", end: end.as_deref(), ids: &ids },
    ))
}

/// What a constraint says.
#[derive(Clone, Copy)]
struct Wish<'w> {
    name: &'w str,
    node: &'w str,
    score: &'w str,
    end: Option<&'w str>,
    /// Those of a rule and its two expressions, if it ends.
    ids: &'w [String; 3],
}

/// The edit that makes a constraint. Documents of older schemas know the role by its former name.
fn location(resolved: &Resolved<'_>, asked: &Asked<'_>, wish: Wish<'_>) -> Edit {
    if !is_promoted_only(asked) {
        return constraint(asked, wish, "Started");
    }
    let edit = constraint(asked, wish, "Promoted");
    match edit::apply(resolved.document, std::slice::from_ref(&edit)) {
        Ok(_) => edit,
        Err(_refused) => constraint(asked, wish, "Master"),
    }
}

fn constraint(asked: &Asked<'_>, wish: Wish<'_>, role: &str) -> Edit {
    let Wish { name, node, score, end, ids } = wish;
    let (name, node) = (escape_attribute(name), escape_attribute(node));
    let head = format!("<rsc_location id=\"{name}\" rsc=\"{}\" role=\"{role}\"", asked.id);
    let xml = match end {
        None => format!("{head} node=\"{node}\" score=\"{score}\"/>"),
        Some(end) => {
            let [rule, expression, lifetime] = ids;
            format!(
                "{head}><rule id=\"{rule}\" score=\"{score}\" boolean-op=\"and\"><expression \
                 id=\"{expression}\" attribute=\"#uname\" operation=\"eq\" value=\"{node}\" \
                 type=\"string\"/><date_expression id=\"{lifetime}\" operation=\"lt\" \
                 end=\"{end}\"/></rule></rsc_location>"
            )
        }
    };
    let xml = format!("<constraints>{xml}</constraints>");
    Edit::Modify { place: Place::Section(Section::Constraints), xml, or_create: false }
}

/// The nodes where the resource's promoted instances are.
fn promoted_on(resolved: &Resolved<'_>, at: ResIx) -> Vec<NodeIx> {
    let children = resolved.resource(at).children.iter();
    let promoted = children.filter(|child| lists::role(resolved, **child) == Role::Promoted);
    promoted.filter_map(|child| resolved.resource(*child).active.first().copied()).collect()
}

/// The one node where a resource is, or is promoted.
fn only_place(resolved: &Resolved<'_>, at: ResIx, asked: &Asked<'_>) -> Result<NodeIx, Trouble> {
    let resource = resolved.resource(at);
    let count = resource.active.len();
    if let [node] = resource.active.as_slice() {
        return Ok(*node);
    }
    let id = asked.id;
    if !resource.flags.promotable {
        return Err(Trouble::usage(format!(
            "Resource '{id}' not moved: active in {count} locations.\nTo prevent '{id}' from \
             running on a specific location, specify a node."
        )));
    }
    match promoted_on(resolved, at).as_slice() {
        [node] => Ok(*node),
        promoted => Err(Trouble::usage(format!(
            "Resource '{id}' not moved: active in {count} locations (promoted in {}).\nTo prevent \
             '{id}' from running on a specific location, specify a node.To prevent '{id}' from \
             being promoted at a specific location, specify a node and the --promoted option.",
            promoted.len()
        ))),
    }
}

/// Moves a resource: to a node, or away from the one where it is.
pub(super) fn prefer(
    home: &Home,
    resolved: &Resolved<'_>,
    at: ResIx,
    asked: &Asked<'_>,
    said: &mut Output,
) -> Result<(), Trouble> {
    let Some(to) = asked.node else { return ban(home, resolved, at, asked, said) };
    let resource = resolved.resource(at);
    let may_be = asked.promoted_only && resource.flags.promotable;
    if asked.promoted_only != may_be {
        let words = format!("Ignoring --promoted option: {} is not promotable", asked.id);
        asked.note(said, &words);
    }
    let asked = &Asked { promoted_only: may_be, ..*asked };
    let mut places = resource.active.clone();
    let promoted = promoted_on(resolved, at);
    if resource.flags.promotable && (is_promoted_only(asked) || !promoted.is_empty()) {
        places = promoted;
    }
    let current = match places.as_slice() {
        [only] => Some(*only),
        [] => None,
        _ if matches!(resource.variant, Variant::CloneSet(_)) => None,
        _ => return Err(Trouble::new(Exit::Multiple, "")),
    };
    if current == Some(to) && !asked.is_forced() {
        return Err(Trouble::new(Exit::Exists, ""));
    }
    let node = &*resolved.node(to).name;
    let mut edits: Vec<Vec<Edit>> = Vec::new();
    let nodes = resolved.nodes.iter().map(|node| &*node.name);
    edits.extend(nodes.map(|node| remove(&made_for(resolved, asked, node, false))));
    edits.push(remove(&made_for(resolved, asked, node, true)));
    let id = asked.id;
    let ids = [
        format!("cli-prefer-rule-{id}"),
        format!("cli-prefer-expr-{id}"),
        format!("cli-prefer-lifetime-end-{id}"),
    ];
    let end = end(asked, said)?;
    let name = format!("cli-prefer-{id}");
    edits.push(vec![location(
        resolved,
        asked,
        Wish { name: &name, node, score: "INFINITY", end: end.as_deref(), ids: &ids },
    )]);
    if let Some(current) = current.filter(|current| asked.is_forced() && *current != to) {
        edits.push(vec![ban_on(resolved, current, asked, said)?]);
    }
    let mut gone = Vec::new();
    for together in &mut edits {
        together.retain(|edit| !gone.contains(edit));
        gone.extend(together.iter().filter(|edit| matches!(edit, Edit::Delete { .. })).cloned());
    }
    change(home, &edits)
}

/// Constraints of the document that were made for a resource and a node.
fn made_for<'d>(
    resolved: &Resolved<'d>,
    asked: &Asked<'_>,
    node: &str,
    with_bans: bool,
) -> Vec<&'d str> {
    let (id, forced) = (asked.id, asked.is_forced());
    let prefer = format!("cli-prefer-{id}");
    let ban = format!("cli-ban-{id}-on-{node}");
    let names_node = |location: Element<'_>| {
        location.attr("node") == Some(node)
            || location.descendants().any(|at| {
                at.is("expression")
                    && at.attr("attribute") == Some("#uname")
                    && at.attr("value") == Some(node)
            })
    };
    constraints(resolved)
        .filter(|location| match location.attr("id") {
            Some(name) if name == prefer => forced || names_node(*location),
            Some(name) => with_bans && name == ban,
            None => false,
        })
        .filter_map(|location| location.attr("id"))
        .collect()
}

fn constraints<'d>(resolved: &Resolved<'d>) -> impl Iterator<Item = Element<'d>> {
    let section = resolved.document.section(Section::Constraints);
    section.into_iter().flat_map(|section| section.children_named("rsc_location"))
}

fn remove(ids: &[&str]) -> Vec<Edit> {
    let edit =
        |id: &&str| Edit::Delete { xpath: format!("//rsc_location[@id='{id}']"), all: false };
    ids.iter().map(edit).collect()
}

/// Takes moves and bans back.
pub(super) fn clear(
    home: &Home,
    resolved: &Resolved<'_>,
    asked: &Asked<'_>,
    said: &mut Output,
) -> Result<Exit, Trouble> {
    let mut edits: Vec<Vec<&str>> = Vec::new();
    if asked.call.has("expired") {
        edits.extend(expired(resolved, asked).into_iter().map(|id| vec![id]));
    } else {
        let only = asked.node.map(|node| vec![&*resolved.node(node).name]);
        let all = || resolved.nodes.iter().map(|node| &*node.name).collect();
        for node in only.unwrap_or_else(all) {
            let mut ids = made_for(resolved, asked, node, true);
            ids.retain(|id| !edits.concat().contains(id));
            edits.push(ids);
        }
    }
    let changes: Vec<Vec<Edit>> = edits.iter().map(|ids| remove(ids)).collect();
    change(home, &changes)?;
    let gone = edits.concat();
    for id in constraints(resolved).filter_map(|at| at.attr("id")).filter(|id| gone.contains(id)) {
        asked.note(said, &format!("Removing constraint: {id}"));
    }
    Ok(Exit::Ok)
}

/// Constraints whose time is over.
fn expired<'d>(resolved: &Resolved<'d>, asked: &Asked<'_>) -> Vec<&'d str> {
    let node = asked.node.map(|node| &*resolved.node(node).name);
    let is_over = |location: &Element<'_>| {
        let mut ends = location.descendants().filter(|at| at.is("date_expression"));
        ends.any(|at| at.attr("end").and_then(time::parse).is_some_and(|end| end < resolved.now))
    };
    let wanted = |location: &Element<'_>| {
        let of = asked.id.is_empty() || location.attr("rsc") == Some(asked.id);
        let on = node.is_none_or(|node| {
            location.descendants().any(|at| at.is("expression") && at.attr("value") == Some(node))
        });
        let role = matches!(location.attr("role"), Some("Promoted" | "Master"));
        of && on && (role || !is_promoted_only(asked))
    };
    constraints(resolved)
        .filter(|at| wanted(at) && is_over(at))
        .filter_map(|at| at.attr("id"))
        .filter(|id| id.starts_with("cli-ban-") || id.starts_with("cli-prefer-"))
        .collect()
}
