//! `quorate cluster leave`: this machine goes.

use corosync::Settings;
use wire::door::Ask;

use crate::How;
use crate::ask;
use crate::invite;
use crate::nodes_file;
use crate::own::Own;
use crate::places::Places;
use crate::power;
use crate::say;
use crate::services::{Service, Services};
use crate::steps::{self, Step};
use crate::trouble::Trouble;
use crate::words::Changing;

/// `quorate cluster leave`.
pub(crate) fn run(how: &How, words: &Changing) -> Result<(), Trouble> {
    let places = Places::default();
    let own = Own::read(&places)?;
    let settings = Settings::of(&nodes_file::read(&places)?);
    let services = Services::new(&own, &places, how.socket.as_deref());
    let me = invite::own_name(&settings)?;
    let others: Vec<String> = settings
        .nodes
        .iter()
        .map(|node| node.called().to_owned())
        .filter(|name| *name != me)
        .collect();
    let aside = put_aside(&places, &services);
    crate::remove::tell_if_odd(&nodes_file::read(&places)?, &me);
    if words.dry_run {
        let mut steps = vec![Step::Stop(Service::Daemon), Step::Stop(Service::Corosync)];
        if !others.is_empty() {
            let others = view::words::list(&others);
            steps.push(Step::Others(format!("ask {others}: take {me} out of corosync.conf")));
        }
        steps.extend(aside);
        steps::show(&steps, &services);
        return Ok(());
    }
    if services.runs(Service::Daemon) && !others.is_empty() {
        crate::remove::may_shrink(&services, &settings, &me)?;
    }
    power::stop_here(&services)?;
    if !others.is_empty() {
        ask_one(&places, &own, &settings, &others, &me)?;
    }
    steps::take(&aside, &services)?;
    say::out(&format!("{me} has left the cluster."));
    Ok(())
}

/// Has one of the others take this node out of the file.
fn ask_one(
    places: &Places,
    own: &Own,
    settings: &Settings,
    others: &[String],
    me: &str,
) -> Result<(), Trouble> {
    let mut last = None;
    for name in others {
        let addresses = nodes_file::addresses(settings, name);
        match ask::member(places, own, &addresses, &Ask::Remove { node: me.to_owned() }) {
            Ok(_) => return Ok(()),
            Err(trouble) => last = Some((name, trouble)),
        }
    }
    let Some((name, trouble)) = last else { return Ok(()) };
    let (what, help) = trouble.into_words();
    let trouble =
        Trouble::refused(format!("{me} has stopped, and nobody took it out of the cluster"))
            .help(format!("{name}: {what}"));
    Err(help.into_iter().fold(trouble, Trouble::help).help(format!(
        "`quorate cluster remove {me}` on a running member does it; then try again here."
    )))
}

/// Nothing starts with the machine any more, and the files that make it a member get other names. The door's
/// key goes last of all: with it, it could still be asked.
pub(crate) fn put_aside(places: &Places, services: &Services) -> Vec<Step> {
    let files = [places.nodes_file(), places.authkey(), places.daemon(), places.store()];
    let files = files.into_iter().chain(places.authority()).chain([places.door_key()]);
    let aside = files.filter(|path| path.exists()).map(Step::SetAside);
    // Not every machine has the program that speaks to a quorum device.
    let device = [Service::Device, Service::Lock].into_iter();
    let device = device.filter(|device| services.is_enabled(*device));
    let begun = [Service::Daemon, Service::Corosync, Service::Door].into_iter().chain(device);
    begun.map(Step::Disable).chain(aside).collect()
}
