//! `quorate cluster start` and `stop`, here or everywhere.

use std::time::{Duration, Instant};

use corosync::Settings;
use wire::door::{Answer, Ask};

use crate::How;
use crate::ask;
use crate::catch_up;
use crate::invite;
use crate::nodes_file;
use crate::own::Own;
use crate::places::Places;
use crate::say;
use crate::services::{Service, Services};
use crate::steps::{self, Step};
use crate::trouble::{Kind, Trouble};
use crate::words::Power;

/// How long a node that starts may look for the others.
const MEET_MAX: Duration = Duration::from_secs(20);
const EVERY: Duration = Duration::from_millis(100);

/// Starts what makes this machine a member, with the newest file of the nodes.
pub(crate) fn start_here(services: &Services, places: &Places, own: &Own) -> Result<(), Trouble> {
    if !services.runs(Service::Corosync) {
        catch_up::run(places, own);
        let path = places.nodes_file();
        nodes_file::without_errors(&path, &nodes_file::read(places)?.to_string())?;
    }
    services.start(Service::Door)?;
    services.start(Service::Corosync)?;
    if nodes_file::read(places).is_ok_and(|conf| Settings::of(&conf).device.is_some())
        && let Err(trouble) = services.start(Service::Device)
    {
        // The node can do without that vote, and may have to: it is said, and no reason not to start.
        let (what, help) = trouble.into_words();
        [what].into_iter().chain(help).for_each(|line| say::talk(&line));
    }
    services.start(Service::Daemon)?;
    meet(services);
    Ok(())
}

/// Gives the node time to find the others. That it finds too few is no fault of its start.
fn meet(services: &Services) {
    let deadline = Instant::now() + MEET_MAX;
    loop {
        match services.client().document() {
            Ok(seen) if seen.cluster.formed && seen.cluster.quorate => return,
            Ok(_) | Err(_) if Instant::now() < deadline => std::thread::sleep(EVERY),
            Ok(_) | Err(_) => return say::talk("There is no quorum yet: too few nodes run."),
        }
    }
}

/// The daemon first: it moves its resources away. The door stays open.
pub(crate) fn stop_here(services: &Services) -> Result<(), Trouble> {
    services.stop(Service::Daemon)?;
    services.stop(Service::Device)?;
    services.stop(Service::Corosync)
}

/// `quorate cluster start`.
pub(crate) fn start(how: &How, words: Power) -> Result<(), Trouble> {
    let steps = [Service::Door, Service::Corosync, Service::Device, Service::Daemon];
    let steps = steps.map(Step::Start);
    everywhere(how, words, &steps, &Ask::Start, start_here, "runs")
}

/// `quorate cluster stop`.
pub(crate) fn stop(how: &How, words: Power) -> Result<(), Trouble> {
    let steps = [Service::Daemon, Service::Device, Service::Corosync].map(Step::Stop);
    let here = |services: &Services, _: &Places, _: &Own| stop_here(services);
    everywhere(how, words, &steps, &Ask::Stop, here, "has stopped")
}

fn everywhere(
    how: &How,
    words: Power,
    steps: &[Step],
    ask: &Ask,
    here: impl Fn(&Services, &Places, &Own) -> Result<(), Trouble> + Sync,
    done: &str,
) -> Result<(), Trouble> {
    let places = Places::default();
    let own = Own::read(&places)?;
    let settings = Settings::of(&nodes_file::read(&places)?);
    let services = Services::new(&own, &places, how.socket.as_deref());
    let me = invite::own_name(&settings)?;
    if words.changing.dry_run {
        let others = settings.nodes.iter().map(|node| node.called()).filter(|name| *name != me);
        if words.all {
            for name in others {
                say::out(&format!("ask the door of {name} to do the same"));
            }
        }
        let is_there = |step: &&Step| {
            settings.device.is_some()
                || !matches!(step, Step::Start(Service::Device) | Step::Stop(Service::Device))
        };
        let steps: Vec<Step> = steps.iter().filter(is_there).cloned().collect();
        steps::show(&steps, &services);
        return Ok(());
    }
    if !words.all {
        here(&services, &places, &own)?;
        say::out(&format!("{me} {done}"));
        return Ok(());
    }
    let (mine, theirs) = std::thread::scope(|scope| {
        let mine = scope.spawn(|| here(&services, &places, &own));
        let theirs = ask::all(&places, &own, &settings, &me, ask);
        let gone = || Err(Trouble::new(Kind::Failed, "it ended in a panic"));
        (mine.join().unwrap_or_else(|_| gone()), theirs)
    });
    let mut failed = Vec::new();
    let theirs = theirs.into_iter().map(|(name, answer)| (name, answer.map(drop_done)));
    for (name, result) in std::iter::once((me, mine)).chain(theirs) {
        match result {
            Ok(()) => say::out(&format!("{name} {done}")),
            Err(trouble) => {
                let (what, help) = trouble.into_words();
                failed.push((name, what, help));
            }
        }
    }
    let Some((_, _, _)) = failed.first() else { return Ok(()) };
    let count = view::words::count(failed.len(), "node");
    let mut trouble = Trouble::new(Kind::Failed, format!("{count} did not do it"));
    for (name, what, help) in failed {
        trouble = trouble.help(format!("{name}: {what}"));
        trouble = help.into_iter().fold(trouble, |trouble, line| trouble.help(format!("  {line}")));
    }
    Err(trouble)
}

fn drop_done(_: Answer) {}
