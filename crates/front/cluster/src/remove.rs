//! `quorate cluster remove NODE`: another machine goes, whether it can be asked or not.

use corosync::{Conf, Settings};
use wire::door::Ask;

use crate::How;
use crate::ask;
use crate::invite;
use crate::nodes_file;
use crate::own::Own;
use crate::places::Places;
use crate::power::Known;
use crate::say;
use crate::services::{Service, Services};
use crate::steps::{self, Step};
use crate::trouble::{Kind, Trouble};
use crate::words::Remove;

/// `quorate cluster remove NODE`.
pub(crate) fn run(how: &How, words: &Remove) -> Result<(), Trouble> {
    let node = words.node.as_str();
    let places = Places::default();
    let own = Own::read(&places)?;
    let settings = Settings::of(&nodes_file::read(&places)?);
    let services = Services::new(&own, &places, how.socket.as_deref());
    let me = invite::own_name(&settings)?;
    if node == me {
        return Err(Trouble::usage(format!("{node} is this machine"))
            .help("`quorate cluster leave` takes it out."));
    }
    if settings.node(node).is_none() {
        let known = settings.nodes.iter().map(|node| node.called());
        let trouble = Trouble::new(Kind::Unknown, format!("there is no node called `{node}`"));
        return Err(match view::words::nearest(node, known) {
            Some(near) => trouble.help(format!("Did you mean `{near}`?")),
            None => trouble,
        });
    }
    may_shrink(&services, &settings, node)?;
    tell_if_odd(&nodes_file::read(&places)?, node);
    if words.changing.dry_run {
        let steps = [
            Step::Others(format!("ask the door of {node}: move resources away and stop")),
            Step::Others(format!("all members: take {node} out of corosync.conf, then read it")),
            Step::Others(format!("take {node} out of the document")),
            Step::Others(format!("ask the door of {node}: put the cluster's files aside")),
        ];
        steps::show(&steps, &services);
        return Ok(());
    }
    let addresses = nodes_file::addresses(&settings, node);
    let stopped = ask::member(&places, &own, &addresses, &Ask::Stop);
    if let Err(trouble) = &stopped {
        say::talk(&format!("{node} cannot be asked: {}", first_words(trouble)));
    }
    take_out(&services, &places, node)?;
    if stopped.is_ok() {
        if let Err(trouble) = ask::member(&places, &own, &addresses, &Ask::Forget) {
            say::talk(&format!("{node} keeps its files: {}", first_words(&trouble)));
        }
    } else {
        say::talk(&format!(
            "When {node} runs again, `quorate cluster leave` there puts its files aside."
        ));
    }
    say::out(&format!("{node} is no node of the cluster any more."));
    Ok(())
}

/// Refuses where those who stay when this node leaves would have no quorum.
///
/// # Errors
/// So; where the cluster does not run here, or this machine is no member.
pub fn may_leave(node: &str) -> Result<(), Trouble> {
    let known = Known::read(None)?;
    may_shrink(&known.services, &known.settings, node)
}

/// Has machines that were taken out of the cluster put its files aside. `before` is where they are in. Who cannot be
/// asked keeps them; answers who, and what is to be done there.
///
/// # Errors
/// Where this machine's own files cannot be read.
pub fn forget_on(before: &Conf, nodes: &[String]) -> Result<Vec<String>, Trouble> {
    let places = Places::default();
    let (own, settings) = (Own::read(&places)?, Settings::of(before));
    let nodes: Vec<&str> = nodes.iter().map(String::as_str).collect();
    let answers = ask::these(&places, &own, &settings, &nodes, &Ask::Forget);
    let kept = answers.into_iter().filter(|(_, answer)| answer.is_err());
    Ok(kept
        .map(|(node, _)| {
            format!("When {node} runs again, `quorate cluster leave` there puts its files aside.")
        })
        .collect())
}

/// Those who stay must have quorum when the node has stopped: they are to agree on its going.
pub(crate) fn may_shrink(
    services: &Services,
    settings: &Settings,
    node: &str,
) -> Result<(), Trouble> {
    let members = services.client().document()?.cluster.members;
    let staying = members.iter().filter(|member| *member != node).count();
    // Where those who had quorum last are counted, who leaves in peace is not expected any more before the file is read.
    let counts_previous = settings.quorum_by().counts_previous();
    let total = settings.nodes.len().saturating_sub(usize::from(counts_previous));
    if nodes_file::keeps_quorum(settings, staying, total) {
        return Ok(());
    }
    let what = format!("without {node}, {staying} of {total} nodes would have no quorum");
    Err(Trouble::refused(what)
        .help("Start the missing ones first; `quorate cluster status` shows who is missing."))
}

/// Says what becomes of a quorum device that will break no tie any more, when the node is gone.
pub(crate) fn tell_if_odd(conf: &Conf, node: &str) {
    let mut after = conf.clone();
    if after.drop_node(node).is_err() {
        return;
    }
    let settings = Settings::of(&after);
    let Some(what) = settings.odd_with_device() else { return };
    let is_lock = settings.device.is_some_and(|device| device.is_lock());
    say::talk(&format!("Then there is {what}."));
    say::talk(if is_lock {
        "It can be taken out of corosync.conf once no node runs."
    } else {
        "Its algorithm can be another one once no node runs; `quorate cluster check` says which."
    });
}

fn first_words(trouble: &Trouble) -> String {
    match trouble {
        Trouble::Words { what, .. } => what.clone(),
        Trouble::Client(error) => error.to_string(),
    }
}

/// Takes a node that has stopped out of the file and the document.
pub(crate) fn take_out(services: &Services, places: &Places, node: &str) -> Result<(), Trouble> {
    if !services.runs(Service::Daemon) {
        return Err(Trouble::new(Kind::Unavailable, "the cluster does not run here")
            .help("`quorate cluster start` starts it; a quorum must agree on the change."));
    }
    let members = services.client().document()?.cluster.members;
    if members.iter().any(|member| member == node) {
        return Err(Trouble::refused(format!("{node} is still a member"))
            .help(format!("Stop it first: `quorate cluster stop` on {node}.")));
    }
    // Another member may have come so far, and no further.
    if Settings::of(&nodes_file::read(places)?).node(node).is_some() {
        nodes_file::change(services, places, |conf| {
            conf.drop_node(node).map_err(|error| Trouble::refused(error.to_string()))
        })?;
    }
    nodes_file::forget_in_document(services, node)
}
