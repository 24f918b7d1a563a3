//! `quorate agents`: what is installed on this machine, and what it takes.

use std::collections::BTreeMap;
use std::sync::Mutex;
use std::sync::PoisonError;
use std::thread;

use agent::{Metadata, Parameter};
use local_agents as installed;
use serde::Serialize;
use view::text::{Table, Tone};

use crate::arguments::Common;
use crate::exit::Exit;
use crate::say;
use crate::source;
use crate::trouble::Trouble;

/// Agents that are asked at once what they are: most of them are shell scripts, and slow.
const ASKED_AT_ONCE: usize = 8;

/// A standard, or who provides agents of one.
#[derive(Debug, Serialize)]
struct Class {
    name: String,
    agents: usize,
}

#[derive(Debug, Serialize)]
struct Listed {
    agent: String,
    short: String,
}

#[derive(Debug, Serialize)]
struct Described {
    agent: String,
    short: String,
    long: String,
    parameters: Vec<Taken>,
    actions: Vec<String>,
}

#[derive(Debug, Serialize)]
struct Taken {
    name: String,
    required: bool,
    kind: String,
    default: Option<String>,
    short: String,
}

/// Lists standards, or the agents of one, or describes an agent.
pub(super) fn run(common: &Common, what: Option<&str>) -> Result<Exit, Trouble> {
    match what {
        None => classes(common),
        Some(what) => match what.split(':').collect::<Vec<&str>>().as_slice() {
            ["ocf"] => list(common, "ocf", &installed::providers()),
            ["ocf", provider] => list(common, "ocf", &[(*provider).to_owned()]),
            [standard] => list(common, standard, &[]),
            _ => describe(common, what),
        },
    }
}

fn classes(common: &Common) -> Result<Exit, Trouble> {
    let mut all = Vec::new();
    for standard in installed::standards() {
        if standard == "ocf" {
            for provider in installed::providers() {
                let agents = installed::agents("ocf", Some(&provider)).len();
                all.push(Class { name: format!("ocf:{provider}"), agents });
            }
        } else {
            let agents = installed::agents(standard, None).len();
            all.push(Class { name: standard.to_owned(), agents });
        }
    }
    if common.json {
        say::json(&all);
        return Ok(Exit::Done);
    }
    let row = |class: &Class| vec![class.name.clone(), view::words::count(class.agents, "agent")];
    table(common, all.iter().map(row));
    Ok(Exit::Done)
}

fn table(common: &Common, rows: impl Iterator<Item = Vec<String>>) {
    let mut table = Table::default();
    for row in rows {
        table.row(row.into_iter().map(|cell| (Tone::Plain, cell)).collect());
    }
    let options = view::RenderOptions { colour: say::colour(), now: source::now(common) };
    let mut text = String::new();
    table.write(&mut text, 0, options);
    say::out(&text);
}

fn list(common: &Common, standard: &str, providers: &[String]) -> Result<Exit, Trouble> {
    let known = installed::standards();
    if !known.contains(&standard) {
        let known = known.into_iter().map(str::to_owned).collect();
        return Err(Trouble::unknown("standard", standard, known));
    }
    let mut names = Vec::new();
    if standard == "ocf" {
        let all = installed::providers();
        if let Some(unknown) = providers.iter().find(|provider| !all.contains(provider)) {
            return Err(Trouble::unknown("provider of OCF agents", unknown, all));
        }
        for provider in providers {
            let of_it = installed::agents("ocf", Some(provider)).into_iter();
            names.extend(of_it.map(|kind| format!("ocf:{provider}:{kind}")));
        }
    } else {
        let of_it = installed::agents(standard, None).into_iter();
        names.extend(of_it.map(|kind| format!("{standard}:{kind}")));
    }
    let speaks = matches!(standard, "ocf" | "stonith");
    let said = if speaks { said_by(&names) } else { BTreeMap::new() };
    let short = |agent: &String| said.get(agent).cloned().unwrap_or_default();
    let all: Vec<Listed> =
        names.iter().map(|agent| Listed { agent: agent.clone(), short: short(agent) }).collect();
    if common.json {
        say::json(&all);
    } else {
        table(common, all.into_iter().map(|one| vec![one.agent, one.short]));
    }
    Ok(Exit::Done)
}

/// What each of the agents is, in its own words; nothing of those that say nothing.
fn said_by(names: &[String]) -> BTreeMap<String, String> {
    let left = Mutex::new(names.iter());
    let said = Mutex::new(BTreeMap::new());
    let next = || left.lock().unwrap_or_else(PoisonError::into_inner).next();
    let ask = || {
        while let Some(name) = next() {
            let metadata = installed::metadata(name).and_then(|xml| Metadata::parse(&xml).ok());
            let short = metadata.map(|metadata| one_line(&metadata.short)).unwrap_or_default();
            said.lock().unwrap_or_else(PoisonError::into_inner).insert(name.clone(), short);
        }
    };
    thread::scope(|scope| {
        for _ in 0..ASKED_AT_ONCE {
            scope.spawn(ask);
        }
    });
    said.into_inner().unwrap_or_else(PoisonError::into_inner)
}

fn one_line(text: &str) -> String {
    text.split_whitespace().collect::<Vec<&str>>().join(" ")
}

fn describe(common: &Common, name: &str) -> Result<Exit, Trouble> {
    let Some(xml) = installed::metadata(name) else { return Err(not_there(name)) };
    let metadata = Metadata::parse(&xml).map_err(|error| Trouble::Usage {
        what: format!("{name} says of itself what cannot be read: {error}"),
    })?;
    let described = Described {
        agent: name.to_owned(),
        short: one_line(&metadata.short),
        long: metadata.long.trim().to_owned(),
        parameters: metadata.parameters.iter().map(taken).collect(),
        actions: metadata.actions.into_iter().map(|action| action.name).collect(),
    };
    if common.json {
        say::json(&described);
        return Ok(Exit::Done);
    }
    say::out(&format!("{name}: {}\n", described.short));
    if !described.long.is_empty() {
        say::out(&format!("\n{}\n", described.long));
    }
    if described.parameters.is_empty() {
        say::out("\nIt takes no parameters.\n");
        return Ok(Exit::Done);
    }
    say::out("\nParameters:\n");
    table(common, described.parameters.into_iter().map(row));
    Ok(Exit::Done)
}

fn taken(parameter: &Parameter) -> Taken {
    let options = parameter.options.join("|");
    Taken {
        name: parameter.name.clone(),
        required: parameter.required,
        kind: if options.is_empty() { parameter.kind.clone() } else { options },
        // Compatibility: many agents write an empty default where there is none.
        default: parameter.default.clone().filter(|value| !value.is_empty()),
        short: one_line(&parameter.short),
    }
}

fn row(taken: Taken) -> Vec<String> {
    let filled_in = match (taken.required, taken.default) {
        (_, Some(value)) => format!("={value}"),
        (true, None) => "required".to_owned(),
        (false, None) => String::new(),
    };
    vec![format!("  {}", taken.name), taken.kind, filled_in, taken.short]
}

fn not_there(name: &str) -> Trouble {
    let parts: Vec<&str> = name.split(':').collect();
    let (kinds, kind) = match parts.as_slice() {
        ["ocf", provider, kind] => (installed::agents("ocf", Some(provider)), kind),
        [standard, kind] => (installed::agents(standard, None), kind),
        _ => (Vec::new(), &name),
    };
    if kinds.iter().any(|known| known == kind) {
        return Trouble::Usage { what: format!("{name} does not say what it takes") };
    }
    let prefix = name.strip_suffix(kind).unwrap_or_default();
    let known = kinds.into_iter().map(|known| format!("{prefix}{known}")).collect();
    Trouble::unknown("agent", name, known)
}
