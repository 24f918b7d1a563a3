//! `quorate cluster join TOKEN`: every further machine.

use std::net::IpAddr;
use std::time::{Duration, Instant};

use corosync::{Conf, Settings};
use wire::door::{Answer, Ask, Join as Wish, Welcome};

use crate::How;
use crate::ask;
use crate::authority;
use crate::check;
use crate::daemon_file::{self, Watchdog};
use crate::hex::hex;
use crate::init::key_step;
use crate::local;
use crate::nodes_file;
use crate::noise::DoorKey;
use crate::own::Own;
use crate::places::Places;
use crate::power;
use crate::say;
use crate::services::{Service, Services};
use crate::steps::{self, Step};
use crate::token::Token;
use crate::trouble::{Kind, Trouble};
use crate::words::Join;

/// How long a new member may take to be one.
const MEMBER_MAX: Duration = Duration::from_secs(60);
const EVERY: Duration = Duration::from_millis(100);

/// `quorate cluster join TOKEN`.
pub(crate) fn run(how: &How, words: &Join) -> Result<(), Trouble> {
    let token = Token::decode(&words.token).map_err(Trouble::usage)?;
    let places = Places::default();
    local::has_corosync()?;
    let name = local::name(words.machine.node.as_deref())?;
    let addresses = addresses(&token, &words.machine.addr)?;
    let own = Own { port: token.port, ..Own::read(&places)? };
    let services = Services::new(&own, &places, how.socket.as_deref());
    if services.runs(Service::Corosync) || services.runs(Service::Daemon) {
        return Err(Trouble::refused("a cluster runs on this machine already")
            .help("`quorate cluster leave` takes this machine out of it."));
    }
    let kept = if is_of_same_cluster(&places, &token, &name) {
        vec![places.nodes_file(), places.authkey(), places.door_key(), places.store()]
    } else {
        Vec::new()
    };
    let aside = local::leftovers(&places, &kept, words.machine.force)?;
    if words.machine.changing.dry_run {
        return show(&places, words, &name, &addresses, &token, aside, &services);
    }
    let wish = Wish {
        invitation: hex(&token.id),
        secret: hex(&token.secret),
        name: name.clone(),
        addresses,
        clock: local::clock(),
        version: env!("CARGO_PKG_VERSION").to_owned(),
    };
    let Answer::Welcome(welcome) = ask::by_token(&token, &Ask::Join(wish))? else {
        return Err(Trouble::new(Kind::Failed, "the door answered something else than was asked"));
    };
    let mut steps = aside;
    steps.extend(steps_of(&places, &welcome, words)?);
    steps::take(&steps, &services)?;
    if words.machine.no_start {
        say::talk(&format!("{name} is listed; `quorate cluster start` starts it."));
        return Ok(());
    }
    power::start_here(&services, &places, &Own { port: welcome.port, ..own })?;
    if let Some(finding) = check::of_device(&Settings::of(&Conf::parse(&welcome.file))) {
        say::talk(&finding.to_string());
    }
    become_member(&services, &name)
}

/// Whether the file that is here lists both this node and the one that made the token: Corosync ran
/// between them before Quorate did, or an earlier try to join was interrupted.
fn is_of_same_cluster(places: &Places, token: &Token, name: &str) -> bool {
    let Ok(conf) = nodes_file::read(places) else { return false };
    let settings = Settings::of(&conf);
    let inviting = |node: &corosync::Node| {
        node.addresses.iter().any(|(_, address)| token.addresses.contains(&address.value))
    };
    settings.node(name).is_some() && settings.nodes.iter().any(inviting)
}

/// The given addresses, or those by which this machine reaches the inviting node's.
fn addresses(token: &Token, given: &[String]) -> Result<Vec<String>, Trouble> {
    if !given.is_empty() {
        given.iter().try_for_each(|address| local::is_own(address))?;
        return Ok(given.to_vec());
    }
    let towards = |theirs: &String| {
        let found = theirs.parse::<IpAddr>().ok().and_then(local::address_towards);
        found.map(|address| address.to_string()).ok_or_else(|| {
            Trouble::usage(format!("this machine has no address in a network of {theirs}"))
                .help("Say its own with --addr, once for each link.")
        })
    };
    token.addresses.iter().map(towards).collect()
}

fn steps_of(places: &Places, welcome: &Welcome, words: &Join) -> Result<Vec<Step>, Trouble> {
    let Welcome { file, authkey, door_key, port, daemon, watchdog, authority } = welcome;
    nodes_file::without_errors(&places.nodes_file(), file)?;
    if DoorKey::parse(door_key).is_none() {
        return Err(Trouble::new(Kind::BadData, "the door's key that was sent is damaged"));
    }
    let own_watchdog = words.machine.watchdog.as_ref().map(|device| {
        daemon_file::section(&Watchdog { device: device.clone(), timeout: *watchdog })
    });
    if let (Some(timeout), None) = (watchdog, &own_watchdog) {
        say::talk(&format!(
            "The others have watchdogs, of {timeout} s, and this machine is given none (--watchdog)."
        ));
    }
    let daemon = format!("{daemon}{}", own_watchdog.unwrap_or_default());
    let mut steps = vec![Step::file(places.nodes_file(), file.clone())];
    steps.extend(key_step(places, authkey.as_deref())?);
    steps.push(Step::secret(places.door_key(), 0o600, door_key.clone().into_bytes()));
    steps.extend(authority::take(places, authority.as_ref())?);
    steps.push(Step::file(places.own(), Own::text(*port)));
    steps.push(Step::file(places.daemon(), daemon));
    Ok(steps)
}

fn show(
    places: &Places,
    words: &Join,
    name: &str,
    addresses: &[String],
    token: &Token,
    aside: Vec<Step>,
    services: &Services,
) -> Result<(), Trouble> {
    let mut steps = aside;
    let others = |words: String| Step::Others(words);
    steps.push(others(format!(
        "ask the door at {} port {} to let {name} in, at {}",
        token.addresses.join(" or "),
        token.port,
        addresses.join(" and ")
    )));
    steps.push(others(
        "all members: put the next edition of corosync.conf on disk, then read it".to_owned(),
    ));
    let sent = [places.nodes_file(), places.authkey(), places.door_key(), places.own()];
    for path in sent.into_iter().chain(places.authority()) {
        steps.push(others(format!("write {} as the door sends it", path.display())));
    }
    let with = words.machine.watchdog.as_ref();
    let with = with.map(|device| format!(", with the watchdog {}", device.display()));
    let with = with.unwrap_or_default();
    steps.push(others(format!("write {} as the door sends it{with}", places.daemon().display())));
    if !words.machine.no_start {
        steps.extend([Service::Door, Service::Corosync, Service::Daemon].map(Step::Start));
    }
    steps::show(&steps, services);
    Ok(())
}

/// Waits until the others have this node in their midst.
fn become_member(services: &Services, name: &str) -> Result<(), Trouble> {
    let deadline = Instant::now() + MEMBER_MAX;
    loop {
        let seen = services.client().document()?.cluster;
        if seen.formed && seen.quorate && seen.members.len() > 1 {
            say::out(&format!("{name} is a member, with {}.", others(&seen.members, name)));
            return Ok(());
        }
        if Instant::now() > deadline {
            return Err(Trouble::new(Kind::Unavailable, format!("{name} runs and meets nobody"))
                .help("Corosync's UDP ports, from 5405 on, must be open between the nodes.")
                .help("`quorate cluster link status` shows which links are up."));
        }
        std::thread::sleep(EVERY);
    }
}

fn others(members: &[String], me: &str) -> String {
    let others: Vec<&str> =
        members.iter().map(String::as_str).filter(|member| *member != me).collect();
    view::words::list(&others)
}
