//! A cluster that is down, changed whole: no daemons agree on anything, so each machine's door is asked.
//!
//! **Always:** nothing changes before every machine has answered that nothing of the cluster runs there.

use corosync::{Conf, Settings};
use wire::door::{Answer, Ask, Running};

use crate::ask;
use crate::catch_up;
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

/// Changes the file of the nodes on every machine of a cluster that is down. Who cannot take it stops it, and the
/// others go back.
///
/// # Errors
/// As [`require_halted`], before anything changes; and where the new file has errors, or is not taken.
pub fn change_halted(edit: impl Fn(&mut Conf)) -> Result<(), Trouble> {
    let known = Known::read(None)?;
    halted(&known)?;
    let Known { places, own, settings: _, services: _, me } = &known;
    // One that was away has an old edition.
    catch_up::run(places, own);
    let before = nodes_file::read(places)?;
    let mut after = before.clone();
    edit(&mut after);
    after.count_up();
    nodes_file::without_errors(&places.nodes_file(), &after.to_string())?;
    let settings = Settings::of(&before);
    let taken = |conf: &Conf, names: &[&str]| {
        ask::these(places, own, &settings, names, &Ask::Take { text: conf.to_string() })
    };
    let all = known.all();
    let others: Vec<&str> = all.iter().map(String::as_str).filter(|name| name != me).collect();
    let mut not: Vec<String> = Vec::new();
    let mut done: Vec<String> = Vec::new();
    for (name, answer) in taken(&after, &others) {
        match answer {
            Ok(_) => done.push(name),
            Err(trouble) => not.push(format!("{name}: {}", trouble.into_words().0)),
        }
    }
    let path = places.nodes_file();
    if not.is_empty()
        && let Err(error) = steps::put(&path, after.to_string().as_bytes(), 0o644)
    {
        not.push(Trouble::write(&path, &error).into_words().0);
    }
    if not.is_empty() {
        return Ok(());
    }
    // An edition above that, so that whoever has it counts as newest.
    let mut back = before;
    back.count_up();
    back.count_up();
    let done: Vec<&str> = done.iter().map(String::as_str).collect();
    for (name, answer) in taken(&back, &done) {
        if answer.is_err() {
            not.push(format!("{name} cannot be told that the old file counts"));
        }
    }
    let trouble = Trouble::new(Kind::Failed, "the nodes' file stays as it was");
    Err(not.into_iter().fold(trouble, Trouble::help))
}

/// Puts another machine's edition of the nodes' file in place, where nothing of the cluster runs.
pub(crate) fn take(places: &Places, services: &Services, text: &str) -> Result<(), Trouble> {
    here(places, services)?;
    let path = places.nodes_file();
    nodes_file::without_errors(&path, text)?;
    let (present, next) =
        (Settings::of(&nodes_file::read(places)?), Settings::of(&Conf::parse(text)));
    let me = invite::own_name(&present)?;
    let name = |settings: &Settings| settings.totem.cluster_name.clone().map(|name| name.value);
    if next.node(&me).is_none() || name(&next) != name(&present) {
        return Err(Trouble::refused(format!("that file is not for {me}")));
    }
    let (old, new) = (present.config_version(), next.config_version());
    if new <= old {
        return Err(Trouble::refused(format!(
            "{me} has edition {old}, which edition {new} is not above"
        )));
    }
    steps::put(&path, text.as_bytes(), 0o644).map_err(|error| Trouble::write(&path, &error))
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
