//! Parameters, options and needs of resources.

use cib::edit::{Edit, Place};
use cib::{Element, Section, escape_attribute};
use model::Score;
use scheduler::{ResIx, Resolved, Variant};

use super::colocated;
use super::task::{Asked, Task, change};
use crate::exit::Exit;
use crate::tool::{Trouble, last};

/// Which kind of value is meant; none for an attribute of the element itself.
fn kind(asked: &Asked<'_>) -> Option<&'static str> {
    match last(&asked.call.given, &["meta", "utilization", "element"]).map(|given| given.name) {
        Some("meta") => Some("meta_attributes"),
        Some("utilization") => Some("utilization"),
        Some(_) => None,
        None => Some("instance_attributes"),
    }
}

/// Shows a value.
pub(super) fn get(task: &mut Task<'_, '_>, at: ResIx, name: &str) -> Exit {
    let (resolved, resource) = (task.resolved, task.resolved.resource(at));
    let several = resource.active.len() > 1;
    if several {
        task.said.error(format!(
            "{} is active on more than one node, returning the default value for {name}",
            resource.id
        ));
    }
    let node = resource.active.first().copied().filter(|_| !several);
    let value = match kind(&task.asked) {
        Some("meta_attributes") => resource.meta(name).map(str::to_owned),
        Some("utilization") => resource.demand.get(name).map(ToString::to_string),
        Some(_) => resolved.parameters(at, node).get(name).map(ToString::to_string),
        None => resource.element.attr(name).map(str::to_owned),
    };
    match value {
        Some(value) => task.said.list("attributes", &[(name, &value)]),
        // Compatibility: to have no value is no error.
        None => task.said.error(format!("Attribute '{name}' not found for '{}'", resource.id)),
    }
    Exit::Ok
}

/// The resource's element in the document.
fn element<'d>(resolved: &Resolved<'d>, id: &str) -> Option<Element<'d>> {
    let resources = resolved.document.section(Section::Resources)?;
    resources.descendants().find(|at| at.attr("id") == Some(id) && !at.is("nvpair"))
}

/// Values that fit, in a resource's own sets.
fn pairs<'d>(
    resolved: &Resolved<'d>,
    id: &str,
    kind: &str,
    name: &str,
    asked: &Asked<'_>,
) -> Vec<Element<'d>> {
    let (set, pair) = (asked.call.value("set-name"), asked.call.value("nvpair"));
    let sets = element(resolved, id).into_iter().flat_map(|at| {
        let sets: Vec<Element<'d>> = at.children_named(kind).collect();
        sets
    });
    sets.filter(|at| set.is_none_or(|set| at.attr("id") == Some(set)))
        .flat_map(|at| at.children_named("nvpair"))
        .filter(|at| pair.is_none_or(|pair| at.attr("id") == Some(pair)))
        .filter(|at| at.attr("name") == Some(name))
        .collect()
}

/// The one value that fits; an error if there are several.
fn pair<'d>(
    task: &mut Task<'_, 'd>,
    owner: &str,
    (kind, name): (&str, &str),
) -> Result<Option<Element<'d>>, Trouble> {
    let found = pairs(task.resolved, owner, kind, name, &task.asked);
    if found.len() < 2 {
        return Ok(found.first().copied());
    }
    tell_several(task, name, &found);
    Err(Trouble::new(Exit::Multiple, ""))
}

fn tell_several(task: &mut Task<'_, '_>, name: &str, found: &[Element<'_>]) {
    task.note(&format!("Multiple attributes match name={name}"));
    for pair in found {
        let attr = |name| pair.attr(name).unwrap_or_default();
        task.note(&format!("  Value: {} \t(id={})", attr("value"), attr("id")));
    }
    if !task.asked.is_quiet() {
        task.said.space();
    }
}

/// Tells of all values of that name in the resource or the collective one that it is a part of, if
/// there are several: who does not say which may have meant another.
fn warn(task: &mut Task<'_, '_>, at: ResIx, name: &str) {
    if task.asked.call.has("nvpair") || task.asked.is_forced() {
        return;
    }
    let top = &task.resolved.resource(task.resolved.top_of(at, false)).config_id;
    let within = element(task.resolved, top).into_iter().flat_map(|at| at.descendants());
    let is_meant = |at: &Element<'_>| at.is("nvpair") && at.attr("name") == Some(name);
    let found: Vec<Element<'_>> = within.filter(is_meant).collect();
    if found.len() > 1 {
        tell_several(task, name, &found);
    }
}

/// The ids of the resources whose value is to be changed: of a set of instances and its child, the
/// one that has it; of a group, all members that have it, and the group.
fn owners(
    task: &mut Task<'_, '_>,
    at: ResIx,
    (kind, name): (&str, &str),
    deed: &str,
) -> Vec<String> {
    let (resolved, asked) = (task.resolved, task.asked);
    let resource = resolved.resource(at);
    let own = || vec![resource.config_id.to_string()];
    let has = |id: &str| !pairs(resolved, id, kind, name, &asked).is_empty();
    let is_set = |at| matches!(resolved.resource(at).variant, Variant::CloneSet(_));
    if asked.is_forced() {
        return own();
    }
    if let Some(parent) = resource.parent.filter(|parent| is_set(*parent)) {
        if has(&resource.config_id) {
            return own();
        }
        let parent = &resolved.resource(parent).id;
        task.note(&format!(
            "Performing {deed} of '{name}' on '{parent}', the parent of '{}'",
            resource.config_id
        ));
        return vec![parent.to_string()];
    }
    let child = resource.children.first().map(|child| resolved.resource(*child));
    match (&resource.variant, child) {
        (Variant::CloneSet(_), Some(child)) if child.children.is_empty() => {
            if !has(&child.config_id) {
                return own();
            }
            task.note(&format!(
                "A value for '{name}' already exists in child '{}', performing {deed} on that \
                 instead of '{}'",
                child.config_id, resource.config_id
            ));
            vec![child.config_id.to_string()]
        }
        (Variant::Group(_), _) => {
            let members = resource.children.iter().map(|at| resolved.resource(*at));
            let members = members.map(|member| member.config_id.to_string());
            members.filter(|id| has(id)).chain(own()).collect()
        }
        _ => own(),
    }
}

/// One value that is set.
struct Setting<'d> {
    /// The owner's element.
    tag: &'d str,
    owner: String,
    /// The set, where it was not known from the value that was there.
    set: Option<String>,
    id: String,
}

/// Sets a value.
pub(super) fn set(task: &mut Task<'_, '_>, at: ResIx, name: &str) -> Result<Exit, Trouble> {
    let value = task.asked.call.value("parameter-value").unwrap_or_default();
    if value.is_empty() {
        return Err(Trouble::usage("You need to supply a value with the -v option"));
    }
    let Some(kind) = kind(&task.asked) else {
        set_attribute(task, at, (name, Some(value)))?;
        task.note(&format!("Set attribute: name={name} value={value}"));
        return Ok(Exit::Ok);
    };
    let (mut edits, mut settings, mut seen) = (Vec::new(), Vec::new(), Vec::new());
    let follow = task.asked.call.has("recursive") && kind == "meta_attributes";
    let mut open = vec![at];
    // Depth first, in the order of importance: what follows the resource is set, too.
    while let Some(at) = open.pop() {
        if seen.contains(&at) {
            continue;
        }
        seen.push(at);
        set_one(task, at, (kind, name, value), &mut edits, &mut settings)?;
        if follow {
            let dependents = colocated::dependents(task.resolved, at).into_iter().rev();
            let follows = dependents.filter(|(_, colocation)| colocation.score > Score::ZERO);
            open.extend(follows.map(|(dependent, _)| dependent));
        }
    }
    change(task.home, &edits)?;
    tell_set(task, &settings, kind, (name, value));
    Ok(Exit::Ok)
}

fn set_one<'d>(
    task: &mut Task<'_, 'd>,
    at: ResIx,
    (kind, name, value): (&str, &str, &str),
    edits: &mut Vec<Vec<Edit>>,
    settings: &mut Vec<Setting<'d>>,
) -> Result<(), Trouble> {
    warn(task, at, name);
    let mut owners = if kind == "instance_attributes" {
        refuse_meta(task, at, name)?;
        vec![task.resolved.resource(at).config_id.to_string()]
    } else {
        owners(task, at, (kind, name), "update")
    };
    let call = task.asked.call;
    if call.has("set-name") || call.has("nvpair") {
        owners = owners.split_off(owners.len().saturating_sub(1));
    }
    for owner in owners {
        let found = pair(task, &owner, (kind, name))?;
        let given = call.value("set-name").map(str::to_owned);
        let fresh = || format!("{owner}-{kind}");
        let known = found.and_then(|pair| pair.parent()?.attr("id").map(str::to_owned));
        let set = given.clone().or_else(|| known.clone()).unwrap_or_else(fresh);
        let id = found.and_then(|pair| pair.attr("id")).or(call.value("nvpair"));
        let id = id.map_or_else(|| format!("{set}-{name}"), str::to_owned);
        let tag = element(task.resolved, &owner).map_or("primitive", Element::name);
        let [id_, name_, value_] = [&id, name, value].map(escape_attribute);
        let xml = format!(
            "<{tag} id=\"{owner}\"><{kind} id=\"{set}\"><nvpair id=\"{id_}\" name=\"{name_}\" \
             value=\"{value_}\"/></{kind}></{tag}>"
        );
        let place = Place::Section(Section::Resources);
        edits.push(vec![Edit::Modify { place, xml, or_create: false }]);
        let set = if known.is_some() { given } else { Some(set) };
        settings.push(Setting { tag, owner, set, id });
    }
    Ok(())
}

fn tell_set(
    task: &mut Task<'_, '_>,
    settings: &[Setting<'_>],
    kind: &str,
    (name, value): (&str, &str),
) {
    let quiet = task.asked.is_quiet();
    task.said.tell(
        |out| {
            for Setting { owner, set, id, .. } in settings.iter().filter(|_| !quiet) {
                let set = set.as_ref().map(|set| format!(" set={set}")).unwrap_or_default();
                out.line(&format!("Set '{owner}' option: id={id}{set} name={name} value={value}"));
            }
        },
        |xml| {
            xml.begin("resource-settings");
            for Setting { tag, owner, set, id } in settings {
                xml.begin(tag);
                xml.attr("id", owner);
                xml.begin(kind);
                xml.attr_if("id", set.as_deref());
                xml.empty("nvpair", &[("id", id), ("value", value), ("name", name)]);
                xml.end();
                xml.end();
            }
            xml.end();
        },
    );
}

/// Who sets a parameter that is called as an option is may have meant the option.
fn refuse_meta(task: &mut Task<'_, '_>, at: ResIx, name: &str) -> Result<(), Trouble> {
    let top = &task.resolved.resource(task.resolved.top_of(at, false)).id;
    let found = pairs(task.resolved, top, "meta_attributes", name, &task.asked);
    let Some(id) = found.first().and_then(|pair| pair.attr("id")) else { return Ok(()) };
    if task.asked.is_forced() {
        return Ok(());
    }
    if !task.asked.is_quiet() {
        task.said.error(format!(
            "WARNING: There is already a meta attribute for '{top}' called '{name}' (id={id})"
        ));
        let words = format!("         Delete '{id}' first or use the force option to override");
        task.said.error(words);
    }
    Err(Trouble::new(Exit::Multiple, ""))
}

/// Sets or removes an attribute of the element itself.
fn set_attribute(
    task: &Task<'_, '_>,
    at: ResIx,
    (name, value): (&str, Option<&str>),
) -> Result<(), Trouble> {
    let id = &task.resolved.resource(at).config_id;
    let Some(element) = element(task.resolved, id) else {
        return Err(Trouble::new(Exit::NoSuch, ""));
    };
    let mut changed = cib::Document::extract(element);
    let root = changed.root().id();
    match value {
        Some(value) => changed.set(root, name, value),
        None => {
            changed.unset(root, name);
        }
    }
    let place = Place::Section(Section::Resources);
    change(task.home, &[vec![Edit::Replace { place, xml: changed.to_string() }]])
}

/// Removes a value.
pub(super) fn delete(task: &mut Task<'_, '_>, at: ResIx, name: &str) -> Result<Exit, Trouble> {
    warn(task, at, name);
    let Some(kind) = kind(&task.asked) else {
        set_attribute(task, at, (name, None))?;
        task.note(&format!("Deleted attribute: {name}"));
        return Ok(Exit::Ok);
    };
    let owners = if kind == "meta_attributes" {
        owners(task, at, (kind, name), "delete")
    } else {
        vec![task.resolved.resource(at).config_id.to_string()]
    };
    let (mut edits, mut told) = (Vec::new(), Vec::new());
    for owner in &owners {
        let found = pair(task, owner, (kind, name))?;
        let Some(id) = found.and_then(|pair| pair.attr("id")) else { continue };
        edits.push(vec![Edit::Delete { xpath: format!("//nvpair[@id='{id}']"), all: false }]);
        let set = task.asked.call.value("set-name").map(|set| format!(" set={set}"));
        let set = set.unwrap_or_default();
        told.push(format!("Deleted '{owner}' option: id={id}{set} name={name}"));
    }
    if edits.is_empty() {
        return Err(Trouble::new(Exit::NoSuch, ""));
    }
    change(task.home, &edits)?;
    told.iter().for_each(|line| task.note(line));
    Ok(Exit::Ok)
}
