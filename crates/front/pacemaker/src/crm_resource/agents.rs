//! Agents that are installed here, and what they say of themselves.

use local_agents::{agents, metadata, ocf_root, providers, standards};

use crate::exit::Exit;
use crate::output::Output;
use crate::tool::Trouble;

/// Answers what is about agents.
pub(super) fn answer(command: &str, value: &str, said: &mut Output) -> Result<Exit, Trouble> {
    match command {
        "list-standards" => {
            let standards = standards();
            let items: Vec<(&str, &str)> = standards.iter().map(|name| ("", *name)).collect();
            said.list("standards", &items);
        }
        "list-ocf-providers" => {
            named(said, ("providers", "provider", "standard", "ocf"), providers())
        }
        "list-ocf-alternatives" => {
            let has = |provider: &String| ocf_root().join(provider).join(value).exists();
            let found: Vec<String> = providers().into_iter().filter(has).collect();
            if found.is_empty() {
                said.error(format!("No OCF providers found for {value}"));
                return Err(Trouble::new(Exit::NoSuch, ""));
            }
            named(said, ("providers", "provider", "for", value), found);
        }
        "list-agents" => list(value, said)?,
        _ => {
            let metadata = metadata(value).ok_or_else(|| {
                let words = format!("Metadata query for {value} failed: No such device or address");
                Trouble::new(Exit::NoSuch, words)
            })?;
            said.quote("metadata", &metadata);
        }
    }
    Ok(Exit::Ok)
}

/// Names as lines, or as elements in one that says what they are of.
fn named(said: &mut Output, names: (&str, &str, &str, &str), found: Vec<String>) {
    let (list, item, key, value) = names;
    said.tell(
        |out| found.iter().for_each(|name| out.item(name)),
        |xml| {
            xml.begin(list);
            xml.attr(key, value);
            found.iter().for_each(|name| xml.text(item, name));
            xml.end();
        },
    );
}

fn list(standard: &str, said: &mut Output) -> Result<(), Trouble> {
    let (class, provider) = match standard.split_once(':') {
        Some((class, provider)) => (class, Some(provider)),
        None => (standard, None),
    };
    let found = agents(class, provider);
    if found.is_empty() {
        said.error(match provider {
            None => format!("No agents found for standard '{class}'"),
            Some(provider) => {
                format!("No agents found for standard '{class}' and provider '{provider}'")
            }
        });
        return Err(Trouble::new(Exit::Error, ""));
    }
    said.tell(
        |out| found.iter().for_each(|name| out.item(name)),
        |xml| {
            xml.begin("agents");
            xml.attr("standard", class);
            xml.attr_if("provider", provider);
            found.iter().for_each(|name| xml.text("agent", name));
            xml.end();
        },
    );
    Ok(())
}
