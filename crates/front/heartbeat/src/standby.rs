//! `hb_standby` and `hb_takeover`: one of two nodes hands its resources to the other.
//!
//! They stay there until something else says so: a constraint as `crm_resource --move` makes it, which the next
//! call replaces and `quorate resource clear` removes.

use std::ffi::OsString;
use std::process::ExitCode;

use cib::{Document, Element, Section, escape_attribute};
use wire::api::{Change, Edit, Request};

use crate::seen::{self, Held, Seen};
use crate::{out, talk, texts};

/// Which resources.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Scope {
    All,
    /// Those that prefer this node.
    Local,
    /// Those that prefer the other.
    Foreign,
}

pub(crate) fn hb_standby(words: Vec<OsString>) -> ExitCode {
    run("hb_standby", &texts(words))
}

pub(crate) fn hb_takeover(words: Vec<OsString>) -> ExitCode {
    run("hb_takeover", &texts(words))
}

fn run(name: &str, words: &[String]) -> ExitCode {
    let usage = format!("usage:\n{name} [all|foreign|local|failback]\n");
    let word = match words {
        [] => "all",
        [help] if matches!(help.as_str(), "-h" | "--help") => {
            out(&usage);
            return ExitCode::SUCCESS;
        }
        [word] => word,
        [..] => {
            talk(&usage);
            return ExitCode::FAILURE;
        }
    };
    let gives = name == "hb_standby";
    let scope = match (word, gives) {
        ("all", _) => Scope::All,
        ("local", _) => Scope::Local,
        ("foreign", _) | ("failback", true) => Scope::Foreign,
        // What fails back to a node is what prefers it.
        ("failback", false) => Scope::Local,
        (other, _) => {
            talk(&format!("{name}: wrong resources({other}).\n{usage}"));
            return ExitCode::FAILURE;
        }
    };
    match hand_over(gives, scope, word) {
        Ok(()) => ExitCode::SUCCESS,
        Err(why) => {
            talk(&format!("{name}: {why}\n"));
            ExitCode::FAILURE
        }
    }
}

fn hand_over(gives: bool, scope: Scope, word: &str) -> Result<(), String> {
    let seen = Seen::look()?.ok_or("Heartbeat is not running here: no daemon answers")?;
    let here = seen.cluster.node.as_str();
    let nodes = seen.nodes();
    let others: Vec<&str> = nodes.into_iter().filter(|node| *node != here).collect();
    let [peer] = others.as_slice() else {
        return Err(format!(
            "that is for two nodes; there are {}. `quorate node standby {here}` empties this one",
            others.len() + 1
        ));
    };
    let (giver, taker) = if gives { (here, *peer) } else { (*peer, here) };
    if !seen.is_member(taker) {
        return Err(format!("{taker} is not there to take resources"));
    }
    let resolved = seen.resolved();
    let wanted: Vec<Held> = seen::held(&seen.document, &resolved)
        .into_iter()
        .filter(|held| held.on.iter().any(|node| node == giver) && is_in(held, scope, here))
        .collect();
    if wanted.is_empty() {
        out(&format!("{giver} has no such resources [{word}]\n"));
        return Ok(());
    }
    let edits = wanted.iter().flat_map(|held| edits(&seen.document, &held.id, taker)).collect();
    let change = Change::Edit { edits };
    let request = Request::Change { change, force: false, based_on: None };
    seen::client().change(&request).map_err(|error| error.to_string())?;
    let names: Vec<&str> = wanted.iter().map(|held| held.id.as_str()).collect();
    out(&format!("{giver} wants to go standby [{word}]\n{taker} takes {}\n", names.join(" ")));
    Ok(())
}

fn is_in(held: &Held, scope: Scope, here: &str) -> bool {
    let is_local = held.preferred.as_deref() == Some(here);
    match scope {
        Scope::All => true,
        Scope::Local => is_local,
        Scope::Foreign => !is_local,
    }
}

/// The resource's way to `taker`, in place of what was said before.
fn edits(document: &Document, id: &str, taker: &str) -> Vec<Edit> {
    let prefer = format!("cli-prefer-{id}");
    let ban = format!("cli-ban-{id}-on-");
    let constraints = document.section(Section::Constraints);
    let made = constraints.into_iter().flat_map(Element::children).filter_map(|at| at.attr("id"));
    let before = made.filter(|made| *made == prefer || made.starts_with(&ban));
    let removed = before.map(|id| Edit::Delete { xpath: format!("//rsc_location[@id='{id}']") });
    let xml = format!(
        "<rsc_location id=\"{prefer}\" rsc=\"{id}\" role=\"Started\" node=\"{}\" score=\"INFINITY\"/>",
        escape_attribute(taker)
    );
    let parent = format!("/cib/configuration/{}", Section::Constraints.name());
    removed.chain([Edit::Create { parent, xml }]).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_said_before_is_replaced() {
        let document = Document::parse(seen::tests::DOCUMENT).unwrap();
        let [Edit::Delete { xpath }, Edit::Create { xml, .. }] =
            &edits(&document, "mail", "n2")[..]
        else {
            panic!("one goes, one comes")
        };
        assert_eq!(xpath, "//rsc_location[@id='cli-prefer-mail']");
        assert!(xml.contains("node=\"n2\""), "{xml}");
        assert_eq!(edits(&document, "web", "n2").len(), 1);
    }

    #[test]
    fn local_and_foreign_are_by_the_preferred_node() {
        let held = |preferred: Option<&str>| Held {
            id: "x".to_owned(),
            preferred: preferred.map(str::to_owned),
            on: Vec::new(),
        };
        for (preferred, local) in [(Some("n1"), true), (Some("n2"), false), (None, false)] {
            assert_eq!(is_in(&held(preferred), Scope::Local, "n1"), local);
            assert_eq!(is_in(&held(preferred), Scope::Foreign, "n1"), !local);
            assert!(is_in(&held(preferred), Scope::All, "n1"));
        }
    }
}
