//! `quorate cluster init`: the first machine.

use std::path::PathBuf;
use std::time::Duration;

use corosync::timing::Effective;
use corosync::{Conf, Fencing, Member, NewCluster, Settings, Timing, Wish, fresh};

use crate::How;
use crate::authkey;
use crate::authority;
use crate::daemon_file::{DaemonFile, Watchdog};
use crate::hex::hex;
use crate::invite;
use crate::local;
use crate::nodes_file;
use crate::noise::DoorKey;
use crate::own::Own;
use crate::places::Places;
use crate::power;
use crate::property;
use crate::say;
use crate::services::{Service, Services};
use crate::steps::{self, Step};
use crate::trouble::{Kind, Trouble};
use crate::words::Init;

/// How long the token is good that `init` prints.
const TOKEN_GOOD: Duration = Duration::from_secs(3600);
/// Corosync's port, which knet uses for link 0 and counts up from for others.
const COROSYNC_PORT: u16 = 5405;

/// `quorate cluster init NAME`.
pub(crate) fn run(how: &How, words: &Init) -> Result<(), Trouble> {
    let places = Places::default();
    let own = Own { port: words.port, ..Own::read(&places)? };
    let services = Services::new(&own, &places, how.socket.as_deref());
    let wish = Wish {
        failover: words.failover_time.unwrap_or(corosync::timing::FAILOVER_DEFAULT),
        nodes: 2,
        fencing: fencing(&words.fencing),
    };
    if wish.fencing == Fencing::Watchdog && words.machine.watchdog.is_none() {
        return Err(Trouble::usage("nodes that reset themselves need a watchdog each").help(
            "Say `--watchdog /dev/watchdog`; `modprobe softdog` makes one of the kernel's.",
        ));
    }
    let timing = derive(wish)?;
    local::has_corosync()?;
    let existing = existing(&places)?;
    let (text, kept) = match &existing {
        Some(conf) => {
            (keep(&places, conf, words, &timing)?, vec![places.nodes_file(), places.authkey()])
        }
        None => (new(words, timing)?, Vec::new()),
    };
    let addresses = own_addresses(&text)?;
    if !services.runs(Service::Corosync) {
        for (link, address) in addresses.iter().enumerate() {
            let port = COROSYNC_PORT.saturating_add(u16::try_from(link).unwrap_or(u16::MAX));
            local::port_is_free(address, port)?;
        }
    }
    // Another's file keeps its times, unless new ones were wished for.
    let given = (existing.is_none() || words.failover_time.is_some()).then_some(&timing);
    let told = Told::of(given, &text, wish.fencing);
    let steps = steps_of(&places, words, &kept, text, &told)?;
    if words.machine.changing.dry_run {
        show(&steps, &services, words, given, &told);
        return Ok(());
    }
    steps::take(&steps, &services)?;
    if !words.machine.no_start {
        power::start_here(&services, &places, &own)?;
    }
    if !how.json {
        say::talk(&format!("The cluster {} has its first node.", words.name));
    }
    told.tell(&services, !words.machine.no_start);
    let token = invite::make(&places, &own, addresses, TOKEN_GOOD)?;
    invite::tell(how, &token, TOKEN_GOOD);
    Ok(())
}

/// What a word of the command line means.
pub(crate) fn fencing(word: &str) -> Fencing {
    if word == "watchdog" { Fencing::Watchdog } else { Fencing::Device }
}

/// The waiting times, or the sum that shows why not.
pub(crate) fn derive(wish: Wish) -> Result<Timing, Trouble> {
    Timing::derive(wish).map_err(|no| {
        let trouble = Trouble::usage(format!("a failover time of {no}"));
        no.why.iter().fold(trouble, |trouble, line| trouble.help(line.clone()))
    })
}

/// A file that is somebody's, not only the package's example.
fn existing(places: &Places) -> Result<Option<Conf>, Trouble> {
    let path = places.nodes_file();
    if !path.exists() || local::is_example(&path) {
        return Ok(None);
    }
    nodes_file::read(places).map(Some)
}

/// The file of a cluster that is there already: only what is missing is added.
fn keep(places: &Places, conf: &Conf, words: &Init, timing: &Timing) -> Result<String, Trouble> {
    let path = places.nodes_file();
    nodes_file::without_errors(&path, &conf.to_string())?;
    for finding in corosync::check(&conf.to_string()) {
        say::talk(&format!("{}: {finding}", path.display()));
    }
    let settings = Settings::of(conf);
    let nameless = settings.nodes.iter().any(|node| node.name.is_none() || node.id.is_none());
    if settings.nodes.is_empty() || nameless {
        let what = format!("{} does not name all its nodes", path.display());
        return Err(Trouble::new(Kind::BadData, what)
            .help("Each node needs a section in the nodelist, with name, nodeid and ring0_addr."));
    }
    if settings.needs_key() && !places.authkey().exists() {
        let what = format!(
            "{} wants a key, and there is no {}",
            path.display(),
            places.authkey().display()
        );
        return Err(
            Trouble::new(Kind::BadData, what).help("Copy it from another node of the cluster.")
        );
    }
    let name = settings.totem.cluster_name.as_ref();
    if let Some(name) = name.filter(|name| name.value != words.name) {
        let what = format!("{} is of the cluster `{}`", path.display(), name.value);
        return Err(Trouble::refused(what).help("Say that name, or leave that cluster first."));
    }
    let mut kept = conf.clone();
    if name.is_none() {
        kept.set(&["totem"], "cluster_name", &words.name);
    }
    if words.failover_time.is_some() {
        crate::timing::write(&mut kept, timing);
    }
    if kept != *conf || settings.config_version() == 0 {
        kept.count_up();
    }
    Ok(kept.to_string())
}

fn new(words: &Init, timing: Timing) -> Result<String, Trouble> {
    let addresses = match words.machine.addr.as_slice() {
        [] => vec![local::only_address()?],
        given => given.to_vec(),
    };
    for address in &addresses {
        local::is_own(address)?;
    }
    let name = local::name(words.machine.node.as_deref())?;
    local::name(Some(&words.name))
        .map_err(|_| Trouble::usage(format!("`{}` is no name for a cluster", words.name)))?;
    let members = vec![Member { name, id: 1, addresses }];
    Ok(fresh(&NewCluster { name: words.name.clone(), members, timing }))
}

fn own_addresses(text: &str) -> Result<Vec<String>, Trouble> {
    let settings = Settings::of(&Conf::parse(text));
    let me = invite::own_name(&settings)?;
    Ok(nodes_file::addresses(&settings, &me))
}

fn steps_of(
    places: &Places,
    words: &Init,
    kept: &[PathBuf],
    text: String,
    told: &Told,
) -> Result<Vec<Step>, Trouble> {
    let random = |error| Trouble::new(Kind::Failed, format!("no random numbers: {error}"));
    let mut steps = local::leftovers(places, kept, words.machine.force)?;
    steps.push(Step::file(places.nodes_file(), text));
    if kept.is_empty() {
        steps.push(Step::secret(places.authkey(), 0o400, authkey::generate().map_err(random)?));
    }
    let key = DoorKey::generate().map_err(random)?;
    steps.push(Step::secret(places.door_key(), 0o600, key.text().into_bytes()));
    steps.extend(authority::new(places, &words.name)?);
    steps.push(Step::file(places.own(), Own::text(words.port)));
    let device = words.machine.watchdog.clone();
    let watchdog = device.map(|device| Watchdog { device, timeout: told.watchdog });
    let daemon = DaemonFile::new(told.stall, watchdog).text(places);
    steps.push(Step::file(places.daemon(), daemon));
    Ok(steps)
}

fn show(steps: &[Step], services: &Services, words: &Init, given: Option<&Timing>, told: &Told) {
    let mut steps = steps.to_vec();
    if !words.machine.no_start {
        steps.extend([Service::Door, Service::Corosync, Service::Daemon].map(Step::Start));
    }
    let property = told.property().filter(|_| !words.machine.no_start);
    steps.extend(property.map(|(name, value)| Step::Others(format!("set {name} to {value}"))));
    steps::show(&steps, services);
    if let Some(timing) = given {
        say::out("\nwaiting times, when there are two nodes:");
        for line in timing.lines() {
            say::out(&line);
        }
    }
}

/// What the waiting times are for the daemons and the document.
struct Told {
    /// In milliseconds.
    stall: Option<u64>,
    /// The watchdog's time-out in seconds, and how long it is waited for in milliseconds.
    watchdog: Option<u64>,
    wait: Option<u64>,
}

impl Told {
    /// From what was derived, or from a file that is kept as it is.
    fn of(given: Option<&Timing>, text: &str, fencing: Fencing) -> Self {
        let is_counted_on = |_: &u64| fencing == Fencing::Watchdog;
        match given {
            Some(timing) => Self {
                stall: Some(timing.stall),
                watchdog: Some(timing.watchdog).filter(is_counted_on),
                wait: Some(timing.self_fencing_wait).filter(is_counted_on),
            },
            None => {
                let times = Effective::of(&Settings::of(&Conf::parse(text)));
                let watchdog = Some(times.watchdog()).filter(is_counted_on);
                Self { stall: None, watchdog, wait: watchdog.map(|seconds| seconds * 2_000) }
            }
        }
    }

    fn property(&self) -> Option<(&'static str, String)> {
        self.wait.map(crate::timing::property)
    }

    /// Has the document say it.
    fn tell(&self, services: &Services, is_started: bool) {
        let Some((name, value)) = self.property() else { return };
        let refused = is_started.then(|| property::set(services, name, &value).err());
        match refused {
            Some(None) => say::talk(&format!("The property {name} is {value}.")),
            Some(Some(_)) | None => {
                say::talk(&format!("Set the property {name} to {value} when there is quorum."));
            }
        }
    }
}

/// Corosync's key as a new member gets it.
pub(crate) fn key_step(places: &Places, text: Option<&str>) -> Result<Option<Step>, Trouble> {
    let Some(text) = text else { return Ok(None) };
    let key = crate::hex::unhex(text)
        .filter(|key| hex(key) == text.to_ascii_lowercase())
        .ok_or_else(|| Trouble::new(Kind::BadData, "the key that was sent is damaged"))?;
    Ok(Some(Step::secret(places.authkey(), 0o400, key)))
}
