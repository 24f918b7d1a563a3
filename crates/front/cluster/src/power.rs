//! `quorate cluster start` and `stop`, here or everywhere.

use std::path::Path;
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
    // A cluster whose files were carried to the machines has no doors.
    if places.door_key().exists() {
        services.start(Service::Door)?;
    }
    services.start(Service::Corosync)?;
    let device =
        nodes_file::read(places).ok().and_then(|conf| Service::of_device(&Settings::of(&conf)));
    if let Some(device) = device
        && let Err(trouble) = services.start(device)
    {
        // The node can do without that vote, and may have to: it is said, and no reason not to start.
        let (what, help) = trouble.into_words();
        [what].into_iter().chain(help).for_each(|line| say::talk(&line));
    }
    device.into_iter().try_for_each(|device| leave_the_other(services, device))?;
    services.start(Service::Daemon)?;
    meet(services);
    Ok(())
}

/// What asked a device of the other kind, before this one took its place, does not start with the machine any more.
fn leave_the_other(services: &Services, device: Service) -> Result<(), Trouble> {
    let others = [Service::Device, Service::Lock].into_iter().filter(|other| *other != device);
    others.filter(|other| services.is_enabled(*other)).try_for_each(|other| services.disable(other))
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
    services.stop(Service::Lock)?;
    services.stop(Service::Corosync)
}

/// A member, and what became of the order there.
pub type Switched = (String, Result<(), Trouble>);

/// What members are asked to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Order {
    Start,
    /// Resources move away first, if they may.
    Stop,
}

impl Order {
    fn ask(self) -> Ask {
        match self {
            Self::Start => Ask::Start,
            Self::Stop => Ask::Stop,
        }
    }

    fn here(self, services: &Services, places: &Places, own: &Own) -> Result<(), Trouble> {
        match self {
            Self::Start => start_here(services, places, own),
            Self::Stop => stop_here(services),
        }
    }

    fn done(self) -> &'static str {
        match self {
            Self::Start => "runs",
            Self::Stop => "has stopped",
        }
    }

    fn steps(self) -> Vec<Step> {
        match self {
            Self::Start => {
                use Service::{Corosync, Daemon, Device, Door, Lock};
                [Door, Corosync, Device, Lock, Daemon].map(Step::Start).to_vec()
            }
            Self::Stop => {
                use Service::{Corosync, Daemon, Device, Lock};
                [Daemon, Device, Lock, Corosync].map(Step::Stop).to_vec()
            }
        }
    }
}

/// The cluster of this machine, as its files say.
pub(crate) struct Known {
    pub(crate) places: Places,
    pub(crate) own: Own,
    pub(crate) settings: Settings,
    pub(crate) services: Services,
    pub(crate) me: String,
}

impl Known {
    pub(crate) fn read(socket: Option<&Path>) -> Result<Self, Trouble> {
        let places = Places::default();
        let own = Own::read(&places)?;
        let settings = Settings::of(&nodes_file::read(&places)?);
        let services = Services::new(&own, &places, socket);
        let me = invite::own_name(&settings)?;
        Ok(Self { places, own, settings, services, me })
    }

    /// Those who are to do it do so at the same time, and each answers for itself.
    fn carry_out(&self, order: Order, names: &[String]) -> Vec<Switched> {
        let Self { places, own, settings, services, me } = self;
        std::thread::scope(|scope| {
            let am_asked = names.contains(me);
            let mine = am_asked.then(|| scope.spawn(|| order.here(services, places, own)));
            let others: Vec<&str> =
                names.iter().map(String::as_str).filter(|name| name != me).collect();
            let theirs = ask::these(places, own, settings, &others, &order.ask());
            let gone = || Err(Trouble::new(Kind::Failed, "it ended in a panic"));
            let mine = mine.map(|mine| (me.clone(), mine.join().unwrap_or_else(|_| gone())));
            let theirs = theirs.into_iter().map(|(name, answer)| (name, answer.map(drop_done)));
            mine.into_iter().chain(theirs).collect()
        })
    }

    pub(crate) fn all(&self) -> Vec<String> {
        self.settings.nodes.iter().map(|node| node.called().to_owned()).collect()
    }
}

/// Names of the members, as this machine's `corosync.conf` has them, and this machine's.
///
/// # Errors
/// Where it is no member, or a file cannot be read.
pub fn members() -> Result<(Vec<String>, String), Trouble> {
    let known = Known::read(None)?;
    Ok((known.all(), known.me))
}

/// Has members start or stop, at the same time; says what became of each.
///
/// # Errors
/// Where this machine is no member, or one of the names is nobody's: then nothing is done.
pub fn switch(order: Order, names: &[String]) -> Result<Vec<Switched>, Trouble> {
    let known = Known::read(None)?;
    let all = known.all();
    if let Some(stranger) = names.iter().find(|name| !all.contains(name)) {
        let list = view::words::list(&all);
        let trouble = Trouble::new(Kind::Unknown, format!("there is no node `{stranger}`"));
        return Err(trouble.help(format!("The nodes are {list}.")));
    }
    Ok(known.carry_out(order, names))
}

/// `quorate cluster start` and `stop`.
pub(crate) fn run(how: &How, words: Power, order: Order) -> Result<(), Trouble> {
    let known = Known::read(how.socket.as_deref())?;
    if words.changing.dry_run {
        show(&known, words, order);
        return Ok(());
    }
    if !words.all {
        order.here(&known.services, &known.places, &known.own)?;
        say::out(&format!("{} {}", known.me, order.done()));
        return Ok(());
    }
    let mut failed = Vec::new();
    for (name, result) in known.carry_out(order, &known.all()) {
        match result {
            Ok(()) => say::out(&format!("{name} {}", order.done())),
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

/// What would be done.
fn show(known: &Known, words: Power, order: Order) {
    if words.all {
        for name in known.all().into_iter().filter(|name| *name != known.me) {
            say::out(&format!("ask the door of {name} to do the same"));
        }
    }
    let device = Service::of_device(&known.settings);
    let is_of_another = |service: Service| {
        matches!(service, Service::Device | Service::Lock) && Some(service) != device
    };
    let is_there = |step: &Step| match step {
        Step::Start(service) | Step::Stop(service) => !is_of_another(*service),
        Step::Write { .. } | Step::SetAside(_) | Step::Disable(_) | Step::Others(_) => true,
    };
    let steps: Vec<Step> = order.steps().into_iter().filter(is_there).collect();
    steps::show(&steps, &known.services);
}

fn drop_done(_: Answer) {}
