//! Whether what the configuration gives to agents is what they take: asked of the agents
//! themselves, on the node that answers.

use std::collections::BTreeMap;

use agent::{Metadata, Misfit, Standard, misfits, takes};
use cib::{Document, Element, Section};
use view::words::nearest;
use wire::api::{Agent, Description};

use crate::arguments::Common;
use crate::source::{self, Source};
use crate::trouble::Trouble;

/// What a primitive is given, and by what it is run.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Given {
    agent: Agent,
    parameters: Vec<(String, String)>,
}

/// What agents do not take.
#[derive(Debug, Default)]
pub(crate) struct Misfits {
    /// A sentence each.
    pub(crate) what: Vec<String>,
    /// What would be right.
    pub(crate) help: Vec<String>,
}

/// What the agents of resources that a change makes, or gives other parameters, say to that.
/// Documents in files have no agents to ask.
///
/// # Errors
/// When the daemon does not answer.
pub(crate) fn misfits_of(
    common: &Common,
    source: &Source,
    after: &Document,
) -> Result<Misfits, Trouble> {
    let mut found = Misfits::default();
    let Some(cluster) = &source.cluster else { return Ok(found) };
    let before = primitives(&source.document);
    let client = source::client(common);
    let mut described: BTreeMap<Agent, Description> = BTreeMap::new();
    for (id, given) in primitives(after) {
        if before.get(&id) == Some(&given) {
            continue;
        }
        let description = match described.get(&given.agent) {
            Some(known) => known,
            None => {
                let asked = client.describe(&given.agent)?;
                described.entry(given.agent.clone()).or_insert(asked)
            }
        };
        found.judge(&id, &given, description, &cluster.node);
    }
    Ok(found)
}

impl Misfits {
    fn judge(&mut self, id: &str, given: &Given, description: &Description, node: &str) {
        let name = name(&given.agent);
        match description {
            Description::Metadata { xml } => self.compare(id, given, xml),
            Description::Plain => {
                for (parameter, _) in &given.parameters {
                    let what = format!("{id}: {name} takes no parameters, and not `{parameter}`");
                    self.what.push(what);
                }
            }
            Description::NotInstalled { others } => {
                let others: Vec<String> = others.iter().map(self::name).collect();
                let near = nearest(&name, others.iter().map(String::as_str));
                let near = near.map(|near| format!("; did you mean {near}?")).unwrap_or_default();
                self.what.push(format!("{id}: {name} is not installed on {node}{near}"));
            }
            Description::Speechless { reason } => {
                let what = format!("{id}: {name} does not say what it takes: {reason}");
                self.what.push(what);
            }
        }
    }

    fn compare(&mut self, id: &str, given: &Given, xml: &str) {
        // The daemon has read it already.
        let (Some(standard), Ok(metadata)) =
            (Standard::parse(&given.agent.standard), Metadata::parse(xml))
        else {
            return;
        };
        let name = name(&given.agent);
        let found = misfits(standard, &metadata, &given.parameters);
        let mut is_any_unknown = false;
        for misfit in found {
            is_any_unknown |= matches!(misfit, Misfit::Unknown { near: None, .. });
            self.what.push(format!("{id}: {}", words(&misfit, &name)));
        }
        if is_any_unknown {
            let all = takes(standard, &metadata).join(", ");
            self.help.push(format!("{name} takes {all}."));
        }
    }
}

fn words(misfit: &Misfit, agent: &str) -> String {
    let meant = |near: &Option<String>| match near {
        Some(near) => format!("; did you mean {near}?"),
        None => String::new(),
    };
    match misfit {
        Misfit::Unknown { name, near } => {
            format!("`{name}` is no parameter of {agent}{}", meant(near))
        }
        Misfit::Missing { name } => format!("{agent} needs `{name}`"),
        Misfit::Value { name, value, wanted, near } => {
            let value = value.as_deref().map(|value| format!("={value}")).unwrap_or_default();
            format!("{name}{value}: it must be {wanted}{}", meant(near))
        }
    }
}

/// The agent as people write it.
fn name(agent: &Agent) -> String {
    let Agent { standard, provider, kind } = agent;
    match provider {
        Some(provider) => format!("{standard}:{provider}:{kind}"),
        None => format!("{standard}:{kind}"),
    }
}

/// All primitives of a document, by their ids.
fn primitives(document: &Document) -> BTreeMap<String, Given> {
    let resources = document.section(Section::Resources);
    let all = resources.into_iter().flat_map(Element::descendants);
    all.filter(|at| at.is("primitive"))
        .filter_map(|primitive| {
            Some((primitive.attr("id")?.to_owned(), given(document, primitive)?))
        })
        .collect()
}

fn given(document: &Document, primitive: Element<'_>) -> Option<Given> {
    let template = primitive.attr("template").and_then(|id| document.find_id(id));
    let said = |name: &str| {
        let own = primitive.attr(name);
        own.or_else(|| template.and_then(|template| template.attr(name))).map(str::to_owned)
    };
    let agent = Agent { standard: said("class")?, provider: said("provider"), kind: said("type")? };
    let mut parameters: Vec<(String, String)> = Vec::new();
    for owner in template.into_iter().chain([primitive]) {
        let sets = owner.children().filter(|set| set.is("instance_attributes"));
        let set = |set: Element<'_>| set.attr("id-ref").map(str::to_owned);
        for at in sets {
            let at = set(at).and_then(|id| document.find_id(&id)).unwrap_or(at);
            for pair in at.children().filter(|pair| pair.is("nvpair")) {
                let referred = pair.attr("id-ref").and_then(|id| document.find_id(id));
                let pair_name = pair.attr("name").or_else(|| referred?.attr("name"));
                let value = pair.attr("value").or_else(|| referred?.attr("value"));
                let Some(name) = pair_name else { continue };
                parameters.push((name.to_owned(), value.unwrap_or_default().to_owned()));
            }
        }
    }
    Some(Given { agent, parameters })
}
