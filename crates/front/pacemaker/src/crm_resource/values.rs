//! Parameters, options and needs of resources.

use cib::edit::{Edit, Place};
use cib::{Element, Section, escape_attribute};
use scheduler::{ResIx, Resolved, Variant};

use super::{Asked, change};
use crate::exit::Exit;
use crate::home::Home;
use crate::output::Output;
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
pub(super) fn get(
    resolved: &Resolved<'_>,
    at: ResIx,
    name: &str,
    asked: &Asked<'_>,
    said: &mut Output,
) -> Result<(), Trouble> {
    let resource = resolved.resource(at);
    let several = resource.active.len() > 1;
    if several {
        said.error(format!(
            "{} is active on more than one node, returning the default value for {name}",
            resource.id
        ));
    }
    let node = resource.active.first().copied().filter(|_| !several);
    let value = match kind(asked) {
        Some("meta_attributes") => resource.meta(name).map(str::to_owned),
        Some("utilization") => resource.demand.get(name).map(ToString::to_string),
        Some(_) => resolved.parameters(at, node).get(name).map(ToString::to_string),
        None => resource.element.attr(name).map(str::to_owned),
    };
    let Some(value) = value else {
        said.error(format!("Attribute '{name}' not found for '{}'", resource.id));
        return Err(Trouble::new(Exit::NoSuch, ""));
    };
    said.list("attributes", &[(name, &value)]);
    Ok(())
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
    resolved: &Resolved<'d>,
    id: &str,
    kind: &str,
    name: &str,
    asked: &Asked<'_>,
) -> Result<Option<Element<'d>>, Trouble> {
    let found = pairs(resolved, id, kind, name, asked);
    if found.len() < 2 {
        return Ok(found.first().copied());
    }
    let mut words = format!("Multiple attributes match name={name}");
    for pair in found {
        let (value, id) = (pair.attr("value").unwrap_or_default(), pair.attr("id"));
        words.push_str(&format!("\n  Value: {value} \t(id={})", id.unwrap_or_default()));
    }
    Err(Trouble::new(Exit::Multiple, words))
}

/// The ids of the resources whose value is to be changed: of a set of instances and its child, the
/// one that has it; of a group, all members that have it, and the group.
fn owners(
    resolved: &Resolved<'_>,
    at: ResIx,
    (kind, name): (&str, &str),
    deed: &str,
    asked: &Asked<'_>,
    said: &mut Output,
) -> Vec<String> {
    let resource = resolved.resource(at);
    let own = || vec![resource.config_id.to_string()];
    let has = |id: &str| !pairs(resolved, id, kind, name, asked).is_empty();
    let is_set = |at| matches!(resolved.resource(at).variant, Variant::CloneSet(_));
    if asked.is_forced() {
        return own();
    }
    if let Some(parent) = resource.parent.filter(|parent| is_set(*parent)) {
        if has(&resource.config_id) {
            return own();
        }
        let parent = &resolved.resource(parent).id;
        let words = format!(
            "Performing {deed} of '{name}' on '{parent}', the parent of '{}'",
            resource.config_id
        );
        asked.note(said, &words);
        return vec![parent.to_string()];
    }
    let child = resource.children.first().map(|child| resolved.resource(*child));
    match (&resource.variant, child) {
        (Variant::CloneSet(_), Some(child)) if child.children.is_empty() => {
            if !has(&child.config_id) {
                return own();
            }
            let words = format!(
                "A value for '{name}' already exists in child '{}', performing {deed} on that \
                 instead of '{}'",
                child.config_id, asked.id
            );
            asked.note(said, &words);
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

/// Sets a value.
pub(super) fn set(
    home: &Home,
    resolved: &Resolved<'_>,
    at: ResIx,
    name: &str,
    asked: &Asked<'_>,
    said: &mut Output,
) -> Result<(), Trouble> {
    let value = asked.call.value("parameter-value").unwrap_or_default();
    if value.is_empty() {
        return Err(Trouble::usage("You need to supply a value with the -v option"));
    }
    let Some(kind) = kind(asked) else {
        set_attribute(home, resolved, at, (name, Some(value)))?;
        asked.note(said, &format!("Set attribute: name={name} value={value}"));
        return Ok(());
    };
    let mut owners = if kind == "instance_attributes" {
        refuse_meta(resolved, at, name, asked, said)?;
        vec![resolved.resource(at).config_id.to_string()]
    } else {
        owners(resolved, at, (kind, name), "update", asked, said)
    };
    if asked.call.has("set-name") || asked.call.has("nvpair") {
        owners = owners.split_off(owners.len().saturating_sub(1));
    }
    let (mut edits, mut told) = (Vec::new(), Vec::new());
    for owner in &owners {
        let found = pair(resolved, owner, kind, name, asked)?;
        let set = asked.call.value("set-name").map(str::to_owned);
        let set = set.or_else(|| found?.parent()?.attr("id").map(str::to_owned));
        let set = set.unwrap_or_else(|| format!("{owner}-{kind}"));
        let id = found.and_then(|pair| pair.attr("id")).or(asked.call.value("nvpair"));
        let id = id.map_or_else(|| format!("{set}-{name}"), str::to_owned);
        let tag = element(resolved, owner).map_or("primitive", Element::name);
        let [id_, name_, value_] = [&id, name, value].map(escape_attribute);
        let xml = format!(
            "<{tag} id=\"{owner}\"><{kind} id=\"{set}\"><nvpair id=\"{id_}\" name=\"{name_}\" \
             value=\"{value_}\"/></{kind}></{tag}>"
        );
        let place = Place::Section(Section::Resources);
        edits.push(vec![Edit::Modify { place, xml, or_create: false }]);
        told.push((tag, owner, set, id));
    }
    change(home, &edits)?;
    tell_set(&told, kind, (name, value), asked, said);
    Ok(())
}

fn tell_set(
    told: &[(&str, &String, String, String)],
    kind: &str,
    (name, value): (&str, &str),
    asked: &Asked<'_>,
    said: &mut Output,
) {
    said.tell(
        |out| {
            for (_, owner, set, id) in told.iter().filter(|_| !asked.is_quiet()) {
                out.line(&format!(
                    "Set '{owner}' option: id={id} set={set} name={name} value={value}"
                ));
            }
        },
        |xml| {
            xml.begin("resource-settings");
            for (tag, owner, set, id) in told {
                xml.begin(tag);
                xml.attr("id", owner);
                xml.begin(kind);
                xml.attr("id", set);
                xml.empty("nvpair", &[("id", id), ("value", value), ("name", name)]);
                xml.end();
                xml.end();
            }
            xml.end();
        },
    );
}

/// Who sets a parameter that is called as an option is may have meant the option.
fn refuse_meta(
    resolved: &Resolved<'_>,
    at: ResIx,
    name: &str,
    asked: &Asked<'_>,
    said: &mut Output,
) -> Result<(), Trouble> {
    let top = &resolved.resource(resolved.top_of(at, false)).id;
    let found = pairs(resolved, top, "meta_attributes", name, asked);
    let Some(id) = found.first().and_then(|pair| pair.attr("id")) else { return Ok(()) };
    if asked.is_forced() {
        return Ok(());
    }
    if !asked.is_quiet() {
        said.error(format!(
            "WARNING: There is already a meta attribute for '{top}' called '{name}' (id={id})"
        ));
        said.error(format!("         Delete '{id}' first or use the force option to override"));
    }
    Err(Trouble::new(Exit::Multiple, ""))
}

/// Sets or removes an attribute of the element itself.
fn set_attribute(
    home: &Home,
    resolved: &Resolved<'_>,
    at: ResIx,
    (name, value): (&str, Option<&str>),
) -> Result<(), Trouble> {
    let id = &resolved.resource(at).config_id;
    let Some(element) = element(resolved, id) else { return Err(Trouble::new(Exit::NoSuch, "")) };
    let mut changed = cib::Document::extract(element);
    let root = changed.root().id();
    match value {
        Some(value) => changed.set(root, name, value),
        None => {
            changed.unset(root, name);
        }
    }
    let place = Place::Section(Section::Resources);
    change(home, &[vec![Edit::Replace { place, xml: changed.to_string() }]])
}

/// Removes a value.
pub(super) fn delete(
    home: &Home,
    resolved: &Resolved<'_>,
    at: ResIx,
    name: &str,
    asked: &Asked<'_>,
    said: &mut Output,
) -> Result<(), Trouble> {
    let Some(kind) = kind(asked) else {
        set_attribute(home, resolved, at, (name, None))?;
        asked.note(said, &format!("Deleted attribute: {name}"));
        return Ok(());
    };
    let owners = if kind == "meta_attributes" {
        owners(resolved, at, (kind, name), "delete", asked, said)
    } else {
        vec![resolved.resource(at).config_id.to_string()]
    };
    let (mut edits, mut told) = (Vec::new(), Vec::new());
    for owner in &owners {
        let found = pair(resolved, owner, kind, name, asked)?;
        let Some(id) = found.and_then(|pair| pair.attr("id")) else { continue };
        edits.push(vec![Edit::Delete { xpath: format!("//nvpair[@id='{id}']"), all: false }]);
        let set = asked.call.value("set-name").map(|set| format!(" set={set}"));
        let set = set.unwrap_or_default();
        told.push(format!("Deleted '{owner}' option: id={id}{set} name={name}"));
    }
    if edits.is_empty() {
        return Err(Trouble::new(Exit::NoSuch, ""));
    }
    change(home, &edits)?;
    told.iter().for_each(|line| asked.note(said, line));
    Ok(())
}
