//! Moves, bans, and taking them back: location constraints whose ids begin with `cli-`.

use cib::edit::{self, Edit, Place};
use cib::{Element, Section, escape_attribute};
use model::Role;
use scheduler::{NodeIx, ResIx, Resolved, Variant};

use super::lists;
use super::task::{Asked, Task, change};
use crate::exit::Exit;
use crate::time;
use crate::tool::Trouble;

/// When a constraint ends, if it ends.
fn end(task: &mut Task<'_, '_>) -> Result<Option<String>, Trouble> {
    let Some(lifetime) = task.asked.call.value("lifetime") else { return Ok(None) };
    let Some(end) = time::after(time::now(), lifetime) else {
        return Err(Trouble::usage(format!(
            "Invalid duration specified: {lifetime}\nPlease refer to \
             https://en.wikipedia.org/wiki/ISO_8601#Durations for examples of valid durations"
        )));
    };
    let end = time::calendar(end);
    task.note(&format!("Migration will take effect until: {end}"));
    Ok(Some(end))
}

/// Keeps a resource off a node.
pub(super) fn ban(task: &mut Task<'_, '_>, at: ResIx) -> Result<Exit, Trouble> {
    let node = match task.asked.node {
        Some(node) => node,
        None => only_place(task.resolved, at, &task.asked)?,
    };
    let edit = ban_on(task, node)?;
    change(task.home, &[vec![edit]])?;
    Ok(Exit::Ok)
}

/// The edit that keeps it off a node, and what Pacemaker says of that.
fn ban_on(task: &mut Task<'_, '_>, node: NodeIx) -> Result<Edit, Trouble> {
    let (id, node_name) = (task.asked.given, &*task.resolved.node(node).name);
    let (edit, name) = ban_quietly(task, id, node)?;
    let what = if task.asked.promoted_only { "being promoted" } else { "running" };
    task.note(&format!(
        "WARNING: Creating rsc_location constraint '{name}' with a score of -INFINITY for \
         resource {id} on {node_name}.\n\tThis will prevent {id} from {what} on {node_name} \
         until the constraint is removed using the clear option or by editing the CIB with an \
         appropriate tool.\n\tThis will be the case even if {node_name} is the last node in the \
         cluster"
    ));
    Ok(edit)
}

/// The edit that keeps a resource off a node, and the constraint's id.
pub(super) fn ban_quietly(
    task: &mut Task<'_, '_>,
    id: &str,
    node: NodeIx,
) -> Result<(Edit, String), Trouble> {
    let node = &*task.resolved.node(node).name;
    let end = end(task)?;
    let name = format!("cli-ban-{id}-on-{node}");
    let ids = ["rule", "expr", "lifetime"].map(|part| format!("{name}-{part}"));
    let (score, end) = ("-INFINITY", end.as_deref());
    let wish = Wish { name: &name, resource: id, node, score, end, ids: &ids };
    Ok((location(task.resolved, &task.asked, wish), name))
}

/// What a constraint says.
#[derive(Clone, Copy)]
struct Wish<'w> {
    name: &'w str,
    resource: &'w str,
    node: &'w str,
    score: &'w str,
    end: Option<&'w str>,
    /// Those of a rule and its two expressions, if it ends.
    ids: &'w [String; 3],
}

/// The edit that makes a constraint. Documents of older schemas know the role by its former name.
fn location(resolved: &Resolved<'_>, asked: &Asked<'_>, wish: Wish<'_>) -> Edit {
    if !asked.promoted_only {
        return constraint(wish, "Started");
    }
    let edit = constraint(wish, "Promoted");
    match edit::apply(resolved.document, std::slice::from_ref(&edit)) {
        Ok(_) => edit,
        Err(_refused) => constraint(wish, "Master"),
    }
}

fn constraint(wish: Wish<'_>, role: &str) -> Edit {
    let Wish { name, resource, node, score, end, ids } = wish;
    let [name, resource, node] = [name, resource, node].map(escape_attribute);
    let head = format!("<rsc_location id=\"{name}\" rsc=\"{resource}\" role=\"{role}\"");
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
    let id = asked.given;
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
pub(super) fn prefer(task: &mut Task<'_, '_>, at: ResIx) -> Result<Exit, Trouble> {
    let Some(to) = task.asked.node else { return ban(task, at) };
    let (resolved, id) = (task.resolved, task.asked.given);
    let resource = resolved.resource(at);
    if task.asked.promoted_only && !resource.flags.promotable {
        task.note(&format!("Ignoring --promoted option: {id} is not promotable"));
        task.asked.promoted_only = false;
    }
    let mut places = resource.active.clone();
    let promoted = promoted_on(resolved, at);
    if resource.flags.promotable && (task.asked.promoted_only || !promoted.is_empty()) {
        places = promoted;
    }
    let current = match places.as_slice() {
        [only] => Some(*only),
        [] => None,
        _ if matches!(resource.variant, Variant::CloneSet(_)) => None,
        _ => return Err(Trouble::new(Exit::Multiple, "")),
    };
    let forced = task.asked.is_forced();
    if current == Some(to) && !forced {
        return Err(Trouble::new(Exit::Exists, ""));
    }
    let edits = edits_of_move(task, to, current.filter(|current| forced && *current != to))?;
    if forced && places.len() > 1 {
        say_where_it_is(task, places.len(), to);
    }
    change(task.home, &edits)?;
    Ok(Exit::Ok)
}

/// What a move changes: former moves and what keeps it off are taken back, it is to be on the node,
/// and not on the one that it leaves.
fn edits_of_move(
    task: &mut Task<'_, '_>,
    to: NodeIx,
    leave: Option<NodeIx>,
) -> Result<Vec<Vec<Edit>>, Trouble> {
    let (resolved, id) = (task.resolved, task.asked.given);
    let node = &*resolved.node(to).name;
    let mut edits: Vec<Vec<Edit>> = Vec::new();
    let nodes = resolved.nodes.iter().map(|node| &*node.name);
    edits.extend(nodes.map(|node| remove(&made_for(resolved, &task.asked, node, false))));
    edits.push(remove(&made_for(resolved, &task.asked, node, true)));
    let ids = [
        format!("cli-prefer-rule-{id}"),
        format!("cli-prefer-expr-{id}"),
        format!("cli-prefer-lifetime-end-{id}"),
    ];
    let end = end(task)?;
    let name = format!("cli-prefer-{id}");
    let (score, end) = ("INFINITY", end.as_deref());
    let wish = Wish { name: &name, resource: id, node, score, end, ids: &ids };
    edits.push(vec![location(resolved, &task.asked, wish)]);
    if let Some(leave) = leave {
        edits.push(vec![ban_on(task, leave)?]);
    }
    let mut gone = Vec::new();
    for together in &mut edits {
        together.retain(|edit| !gone.contains(edit));
        gone.extend(together.iter().filter(|edit| matches!(edit, Edit::Delete { .. })).cloned());
    }
    Ok(edits)
}

/// Where there is no one place to leave, that is said.
fn say_where_it_is(task: &mut Task<'_, '_>, count: usize, to: NodeIx) {
    let (id, node) = (task.asked.given, &task.resolved.node(to).name);
    let active = if task.asked.promoted_only { "promoted" } else { "active" };
    task.note(&format!(
        "Resource '{id}' is currently {active} in {count} locations. One may now move to {node}"
    ));
    task.note(&format!(
        "To prevent '{id}' from being {active} at a specific location, specify a node"
    ));
}

/// Constraints of the document that were made for a resource and a node.
fn made_for<'d>(
    resolved: &Resolved<'d>,
    asked: &Asked<'_>,
    node: &str,
    with_bans: bool,
) -> Vec<&'d str> {
    let (id, forced) = (asked.given, asked.is_forced());
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
pub(super) fn clear(task: &mut Task<'_, '_>) -> Result<Exit, Trouble> {
    let (resolved, asked) = (task.resolved, task.asked);
    let asked = &asked;
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
    change(task.home, &changes)?;
    let gone = edits.concat();
    let mut ids: Vec<&str> = constraints(resolved).filter_map(|at| at.attr("id")).collect();
    ids.retain(|id| gone.contains(id));
    ids.sort_unstable();
    for id in ids {
        task.note(&format!("Removing constraint: {id}"));
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
        let of = asked.given.is_empty() || location.attr("rsc") == Some(asked.given);
        let on = node.is_none_or(|node| {
            location.descendants().any(|at| at.is("expression") && at.attr("value") == Some(node))
        });
        let role = matches!(location.attr("role"), Some("Promoted" | "Master"));
        of && on && (role || !asked.promoted_only)
    };
    constraints(resolved)
        .filter(|at| wanted(at) && is_over(at))
        .filter_map(|at| at.attr("id"))
        .filter(|id| id.starts_with("cli-ban-") || id.starts_with("cli-prefer-"))
        .collect()
}
