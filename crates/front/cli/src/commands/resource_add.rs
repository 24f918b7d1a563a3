//! `quorate resource add`: from words to a primitive.

use cib::{Section, escape_attribute};
use wire::api::Edit;

use super::resource_words::{Said, check, read, usage};
use crate::arguments::{Changing, Common};
use crate::change::{Wanted, carry_out};
use crate::edits;
use crate::exit::Exit;
use crate::find;
use crate::source::Source;
use crate::trouble::Trouble;

/// What is to be added.
pub(super) struct New<'w> {
    pub(super) id: &'w str,
    pub(super) agent: &'w str,
    pub(super) words: &'w [String],
    pub(super) place: Place<'w>,
    /// Also if its agent does not take that.
    pub(super) unchecked: bool,
}

/// Where it goes.
pub(super) enum Place<'w> {
    Alone,
    Group(&'w str),
    Clone,
    PromotableClone,
}

pub(super) fn add(common: &Common, changing: Changing, new: &New<'_>) -> Result<Exit, Trouble> {
    let source = Source::read(common)?;
    let New { id, agent, words, place, unchecked } = new;
    if source.document.root().descendants().any(|at| at.attr("id") == Some(*id)) {
        return Err(Trouble::Usage { what: format!("there is something called `{id}` already") });
    }
    let said = read(words)?;
    check(&said)?;
    let primitive = primitive(id, agent, &said)?;
    let edit = match place {
        Place::Alone => edits::create_in(Section::Resources, primitive),
        Place::Clone => edits::create_in(Section::Resources, clone(id, &primitive, false)),
        Place::PromotableClone => edits::create_in(Section::Resources, clone(id, &primitive, true)),
        Place::Group(group) => match find::resource(&source.document, group) {
            Ok(found) if found.is("group") => {
                Edit::Create { parent: format!("//group[@id='{group}']"), xml: primitive }
            }
            Ok(found) => {
                return Err(Trouble::Usage {
                    what: format!("`{group}` is a {}, not a group", found.name()),
                });
            }
            Err(_) => edits::create_in(
                Section::Resources,
                format!("<group id=\"{group}\">{primitive}</group>"),
            ),
        },
    };
    let wanted =
        Wanted::edits(&source, changing, format!("Add {id}"), vec![edit])?.checked(*unchecked);
    carry_out(common, changing, &source, &wanted)
}

fn primitive(id: &str, agent: &str, said: &Said) -> Result<String, Trouble> {
    let parts: Vec<&str> = agent.split(':').collect();
    let (standard, provider, kind) = match parts.as_slice() {
        ["ocf", provider, kind] => ("ocf", Some(*provider), *kind),
        [standard, kind] if *standard != "ocf" => (*standard, None, *kind),
        _ => {
            return Err(usage(&format!(
                "`{agent}` is no agent: say ocf:PROVIDER:TYPE, or STANDARD:TYPE such as \
                 systemd:nginx"
            )));
        }
    };
    // What Pacemaker's documents call fence agents' standard.
    let standard = if standard == "fence" { "stonith" } else { standard };
    let mut attributes = format!("id=\"{id}\" class=\"{}\"", escape_attribute(standard));
    if let Some(provider) = provider {
        attributes.push_str(&format!(" provider=\"{}\"", escape_attribute(provider)));
    }
    attributes.push_str(&format!(" type=\"{}\"", escape_attribute(kind)));
    let mut xml = format!("<primitive {attributes}>");
    xml.push_str(&set("instance_attributes", id, &said.parameters));
    xml.push_str(&set("meta_attributes", id, &said.meta));
    if !said.operations.is_empty() {
        xml.push_str("<operations>");
        for (task, options) in &said.operations {
            xml.push_str(&operation(id, task, options));
        }
        xml.push_str("</operations>");
    }
    xml.push_str("</primitive>");
    Ok(xml)
}

fn set(kind: &str, id: &str, pairs: &[(String, String)]) -> String {
    if pairs.is_empty() {
        return String::new();
    }
    let mut xml = format!("<{kind} id=\"{id}-{kind}\">");
    for (name, value) in pairs {
        let (name, value) = (escape_attribute(name), escape_attribute(value));
        let pair = format!("<nvpair id=\"{id}-{kind}-{name}\" name=\"{name}\" value=\"{value}\"/>");
        xml.push_str(&pair);
    }
    xml.push_str(&format!("</{kind}>"));
    xml
}

fn operation(id: &str, task: &str, options: &[(String, String)]) -> String {
    let interval = options.iter().find(|(name, _)| name == "interval");
    let interval = interval.map_or("0s", |(_, value)| value.as_str());
    let (task, interval) = (escape_attribute(task), escape_attribute(interval));
    let mut xml =
        format!("<op id=\"{id}-{task}-{interval}\" name=\"{task}\" interval=\"{interval}\"");
    for (name, value) in options.iter().filter(|(name, _)| name != "interval") {
        xml.push_str(&format!(" {}=\"{}\"", escape_attribute(name), escape_attribute(value)));
    }
    xml.push_str("/>");
    xml
}

fn clone(id: &str, primitive: &str, promotable: bool) -> String {
    let meta = if promotable {
        format!(
            "<meta_attributes id=\"{id}-clone-meta_attributes\"><nvpair \
             id=\"{id}-clone-meta_attributes-promotable\" name=\"promotable\" value=\"true\"/>\
             </meta_attributes>"
        )
    } else {
        String::new()
    };
    format!("<clone id=\"{id}-clone\">{meta}{primitive}</clone>")
}
