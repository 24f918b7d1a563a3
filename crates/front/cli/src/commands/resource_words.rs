//! The words of `quorate resource add`. The document's schema takes them as they come: a slip of
//! the pen in one of them would mean nothing, silently.

use scheduler::Slip;
use view::words::nearest;

use crate::trouble::Trouble;

/// What agents are asked to do. Source: OCF's resource agent API, and what Pacemaker adds to it.
const TASKS: [&str; 12] = [
    "monitor",
    "start",
    "stop",
    "promote",
    "demote",
    "notify",
    "migrate_to",
    "migrate_from",
    "reload",
    "reload-agent",
    "validate-all",
    "meta-data",
];

/// Options of operations that are lengths of time.
const TIMES: [&str; 3] = ["interval", "timeout", "start-delay"];

/// The words after the agent, sorted by what they set.
#[derive(Debug, Default)]
pub(super) struct Said {
    pub(super) parameters: Vec<(String, String)>,
    pub(super) meta: Vec<(String, String)>,
    /// Task and options.
    pub(super) operations: Vec<(String, Vec<(String, String)>)>,
}

/// Sorts the words by what they set.
///
/// # Errors
/// For a word that is neither a pair nor says where the next ones belong.
pub(super) fn read(words: &[String]) -> Result<Said, Trouble> {
    enum Into {
        Parameters,
        Meta,
        Operation,
    }
    let mut said = Said::default();
    let mut into = Into::Parameters;
    let mut words = words.iter();
    while let Some(word) = words.next() {
        match word.as_str() {
            "meta" => into = Into::Meta,
            "params" => into = Into::Parameters,
            "op" => {
                let Some(task) = words.next() else {
                    return Err(usage("after `op` comes a task, such as `monitor`"));
                };
                said.operations.push((task.clone(), Vec::new()));
                into = Into::Operation;
            }
            _ => {
                let Some((name, value)) = word.split_once('=') else {
                    return Err(usage(&format!(
                        "`{word}` is not NAME=VALUE, and not `meta` or `op` either"
                    )));
                };
                let pair = (name.to_owned(), value.to_owned());
                match (&into, said.operations.last_mut()) {
                    (Into::Operation, Some((_, options))) => options.push(pair),
                    (Into::Meta, _) => said.meta.push(pair),
                    (Into::Parameters | Into::Operation, _) => said.parameters.push(pair),
                }
            }
        }
    }
    Ok(said)
}

/// Refuses what was probably meant otherwise. Names that are like no known one are the agent's own.
pub(super) fn check(said: &Said) -> Result<(), Trouble> {
    for (task, options) in &said.operations {
        meant("action of agents", task, &TASKS)?;
        for (name, value) in options {
            if TIMES.contains(&name.as_str()) && model::parse_interval(value).is_none() {
                let what = format!("{name}={value} is no time: say 10s, 5min or 1h");
                return Err(Trouble::Usage { what });
            }
        }
    }
    for (name, value) in &said.meta {
        match scheduler::meta_slip(name, value) {
            None => {}
            Some(Slip::Name { near }) => {
                return Err(Trouble::unknown("meta attribute", name, vec![near.to_owned()]));
            }
            Some(Slip::Value { wanted, near }) => {
                let near = near.map(|near| format!("; did you mean {near}?")).unwrap_or_default();
                let what = format!("meta {name}={value}: it must be {wanted}{near}");
                return Err(Trouble::Usage { what });
            }
        }
    }
    Ok(())
}

/// Refuses a word that is nearly, but not, one of the known.
fn meant(noun: &'static str, word: &str, known: &[&str]) -> Result<(), Trouble> {
    match nearest(word, known.iter().copied()) {
        Some(near) if near != word => Err(Trouble::unknown(noun, word, vec![near.to_owned()])),
        Some(_) | None => Ok(()),
    }
}

pub(super) fn usage(what: &str) -> Trouble {
    Trouble::Usage { what: what.to_owned() }
}
