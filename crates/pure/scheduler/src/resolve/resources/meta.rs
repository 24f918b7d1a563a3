//! Meta attributes: a resource's own, its parents', and the defaults.

use std::borrow::Cow;

use cib::Element;

use super::super::types::{ResIx, Values};
use super::super::{Reading, blocks};
use super::definition::Definition;
use crate::rules::{AgentParts, NextChange, RuleInput};

/// Meta attributes of what is being defined. First come the element's own attributes, then its
/// blocks, then the blocks of its parents (the nearest first), then the defaults, then whatever
/// else the parent ended up with.
pub(super) fn read<'a>(reading: &mut Reading<'a>, definition: &Definition<'a>) -> Values<'a> {
    let mut meta = Values::new();
    own_attributes(definition, &mut meta);
    let agent = definition.agent.as_ref();
    let input = RuleInput {
        now: reading.resolved.now,
        agent: AgentParts {
            standard: agent.map(|agent| &*agent.standard),
            provider: agent.and_then(|agent| agent.provider.as_deref()),
            kind: agent.map(|agent| &*agent.kind),
        },
        ..RuleInput::default()
    };
    match &definition.implied {
        Some(implied) => add_missing(&mut meta, &implied.meta),
        None => read_blocks(&definition.parents(), &input, &mut meta, &mut reading.next),
    }
    let mut inherited = Values::new();
    let mut above = definition.parent;
    while let Some(parent) = above {
        read_configured(reading, parent, &input, &mut inherited);
        above = reading.resolved.resource(parent).parent;
    }
    add_missing(&mut meta, &inherited.into_iter().collect::<Vec<_>>());
    let root = reading.resolved.document.root();
    if let Some(defaults) = root.path(&["configuration", "rsc_defaults"]) {
        read_blocks(&[defaults], &input, &mut meta, &mut reading.next);
    }
    if let Some(parent) = definition.parent {
        let parent = &reading.resolved.resource(parent).meta;
        for (name, value) in parent {
            meta.entry(name.clone()).or_insert_with(|| value.clone());
        }
    }
    meta
}

fn read_blocks<'a>(
    elements: &[Element<'a>],
    input: &RuleInput<'_, '_>,
    into: &mut Values<'a>,
    next: &mut NextChange,
) {
    blocks::unpack(elements, "meta_attributes", None, input, into, next);
}

/// What is configured at `resource` itself.
fn read_configured<'a>(
    reading: &mut Reading<'a>,
    resource: ResIx,
    input: &RuleInput<'_, '_>,
    into: &mut Values<'a>,
) {
    let Some(found) = reading.resolved.resources.get(resource.at()) else { return };
    match &found.implied {
        Some(implied) => add_missing(into, &implied.meta),
        None => {
            let elements: Vec<_> = found.template.into_iter().chain([found.element]).collect();
            read_blocks(&elements, input, into, &mut reading.next);
        }
    }
}

fn add_missing<'a>(into: &mut Values<'a>, pairs: &[(Cow<'a, str>, Cow<'a, str>)]) {
    for (name, value) in pairs {
        into.entry(name.clone()).or_insert_with(|| value.clone());
    }
}

/// The attributes of the element that defines the resource count as meta attributes. A
/// template's stand in for those of the resource that uses it, but for the id.
fn own_attributes<'a>(definition: &Definition<'a>, meta: &mut Values<'a>) {
    if let Some(instance) = definition.instance {
        meta.insert("clone".into(), instance.to_string().into());
    }
    meta.insert("id".into(), definition.id.to_string().into());
    if definition.implied.is_none() {
        let element = definition.template.unwrap_or(definition.element);
        for (name, value) in element.attrs().filter(|(name, _)| *name != "id") {
            if !value.eq_ignore_ascii_case("#default") {
                meta.insert(name.into(), value.into());
            }
        }
    } else if let Some(agent) = &definition.agent {
        meta.insert("class".into(), agent.standard.to_string().into());
        meta.insert("type".into(), agent.kind.to_string().into());
        if let Some(provider) = &agent.provider {
            meta.insert("provider".into(), provider.to_string().into());
        }
    }
}
