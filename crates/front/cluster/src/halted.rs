//! A cluster that is down, changed whole: no daemons agree on anything, so each machine's door is asked.
//!
//! **Always:** nothing changes before every machine has answered that nothing of the cluster runs there.

use corosync::Settings;
use wire::door::{Answer, Ask, Running};

use crate::ask;
use crate::invite;
use crate::leave::put_aside;
use crate::nodes_file;
use crate::places::Places;
use crate::power::Known;
use crate::services::{Service, Services};
use crate::steps;
use crate::trouble::{Kind, Trouble};

/// Refuses unless the cluster of this machine is down, on every machine that its file names.
///
/// # Errors
/// Where a machine cannot be asked, or runs any of it; and where this one is no member.
pub fn require_halted() -> Result<(), Trouble> {
    halted(&Known::read(None)?)
}

/// Takes a cluster's configuration away on all of its machines, this one last. Files get other names. Answers
/// the machines.
///
/// # Errors
/// As [`require_halted`], before anything changes; and where a machine fails meanwhile: then this one
/// keeps its part.
pub fn delete() -> Result<Vec<String>, Trouble> {
    let known = Known::read(None)?;
    halted(&known)?;
    let Known { places, own, settings, services, me } = &known;
    let mut kept = Vec::new();
    for (name, answer) in ask::all(places, own, settings, me, &Ask::Forget) {
        if let Err(trouble) = answer {
            kept.push(format!("{name}: {}", trouble.into_words().0));
        }
    }
    if !kept.is_empty() {
        let what = format!("the configuration is left on {me} and {}", count(kept.len()));
        let trouble = kept.into_iter().fold(Trouble::new(Kind::Failed, what), Trouble::help);
        return Err(trouble.help(
            "`quorate cluster init` and `join` with --force put aside what is left on a machine.",
        ));
    }
    steps::take(&put_aside(places, services), services)?;
    Ok(known.all())
}

/// Refuses while anything of the cluster runs on this machine, be it that it hangs.
pub(crate) fn here(places: &Places, services: &Services) -> Result<(), Trouble> {
    let is_there = |service| services.is_there(service) || services.runs(service);
    if !is_there(Service::Daemon) && !is_there(Service::Corosync) {
        return Ok(());
    }
    let settings = Settings::of(&nodes_file::read(places)?);
    let me = invite::own_name(&settings).unwrap_or_default();
    Err(Trouble::refused(format!("the cluster runs on {me}")))
}

fn halted(known: &Known) -> Result<(), Trouble> {
    let Known { places, own, settings, services, me } = known;
    here(places, services).map_err(|trouble| trouble.help("Halt it first."))?;
    let answers = ask::all(places, own, settings, me, &Ask::Running);
    let mut silent = Vec::new();
    let mut busy = Vec::new();
    for (name, answer) in answers {
        match answer {
            Ok(Answer::Running(Running { corosync: false, daemon: false, edition: _ })) => {}
            Ok(_) => busy.push(name),
            Err(trouble) => silent.push((name, trouble.into_words().0)),
        }
    }
    if !busy.is_empty() {
        let what = format!("the cluster is running on {}", view::words::list(&busy));
        return Err(Trouble::refused(what).help("Halt it there first."));
    }
    if silent.is_empty() {
        return Ok(());
    }
    let names: Vec<&str> = silent.iter().map(|(name, _)| name.as_str()).collect();
    let what = format!("{} cannot be asked, and nothing was changed", view::words::list(&names));
    let why = silent.iter().map(|(name, why)| format!("{name}: {why}"));
    Err(why.fold(Trouble::new(Kind::Unavailable, what), Trouble::help))
}

fn count(others: usize) -> String {
    view::words::count(others, "other machine")
}
