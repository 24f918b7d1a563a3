//! The door: answers other machines, one thread for each who knocks.
//!
//! **Always:** who has no token and no key learns nothing; a wrong token is answered slowly; what a
//! caller can make the door keep in memory is bounded.

use std::collections::BTreeMap;
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use corosync::{Conf, Member, Settings};
use wire::api::Cluster;
use wire::door::{Answer, Ask, Join, Running, Welcome};

use crate::How;
use crate::authority;
use crate::daemon_file::DaemonFile;
use crate::hex::hex;
use crate::invite::{self, NoEntry};
use crate::local;
use crate::nodes_file;
use crate::noise::{Caller, Channel, DoorKey};
use crate::own::Own;
use crate::places::Places;
use crate::say;
use crate::services::{Service, Services};
use crate::steps;
use crate::trouble::{Kind, Trouble};

/// More at once are turned away.
const CALLERS_MAX: usize = 32;
/// For the greeting and the question.
const QUESTION_MAX: Duration = Duration::from_secs(10);
/// For the answer to be taken.
const ANSWER_MAX: Duration = Duration::from_secs(30);
/// How long a wrong token waits for its answer, so that guessing takes longer than anybody lives.
const WRONG_TOKEN: Duration = Duration::from_secs(2);
/// So long is a machine that was let in waited for before the next is.
const JOIN_MAX: Duration = Duration::from_secs(45);
const EVERY: Duration = Duration::from_millis(200);
/// Clocks may differ by so much (s).
const CLOCK_MAX: i64 = 30;

/// What every answer needs.
struct House {
    places: Places,
    own: Own,
    services: Services,
    /// Who was let in lately.
    joining: Mutex<BTreeMap<String, Instant>>,
}

impl House {
    fn new(places: Places, own: Own, services: Services) -> Self {
        Self { places, own, services, joining: Mutex::default() }
    }

    /// The cluster, when those who were let in just now are its members: machines that come at once
    /// come one after the other, so that none costs the others their quorum.
    fn when_others_have_joined(
        &self,
        joining: &mut BTreeMap<String, Instant>,
    ) -> Result<(Conf, Cluster), Trouble> {
        loop {
            let conf = nodes_file::read(&self.places)?;
            let cluster = self.services.client().document()?.cluster;
            let settings = Settings::of(&conf);
            joining.retain(|name, since| {
                let is_under_way = !cluster.members.contains(name) && settings.node(name).is_some();
                is_under_way && since.elapsed() < JOIN_MAX
            });
            if joining.is_empty() {
                return Ok((conf, cluster));
            }
            std::thread::sleep(EVERY);
        }
    }

    /// The key that counts now: a machine may leave one cluster and enter another.
    fn key(&self) -> Result<DoorKey, Trouble> {
        let path = self.places.door_key();
        let text = std::fs::read_to_string(&path).map_err(|error| {
            Trouble::read(&path, error).help("`quorate cluster init` or `join` makes it.")
        })?;
        DoorKey::parse(&text).ok_or_else(|| {
            Trouble::new(Kind::BadData, format!("{} is not a door's key", path.display()))
        })
    }
}

/// `quorate cluster listen`: for ever.
pub(crate) fn listen(how: &How) -> Result<(), Trouble> {
    let places = Places::default();
    let own = Own::read(&places)?;
    let services = Services::new(&own, &places, how.socket.as_deref());
    let house = House::new(places, own, services);
    house.key()?;
    let own = &house.own;
    let listener = bind(own.port)?;
    say::talk(&format!("quorate: the door is open at TCP port {}", own.port));
    serve(&listener, &Arc::new(house));
    Ok(())
}

/// On all addresses of both families, or of the one that there is.
fn bind(port: u16) -> Result<TcpListener, Trouble> {
    let both = SocketAddr::from(([0_u16; 8], port));
    let old = SocketAddr::from(([0, 0, 0, 0], port));
    let bound = match TcpListener::bind(both) {
        Err(error) if error.kind() != std::io::ErrorKind::AddrInUse => TcpListener::bind(old),
        bound => bound,
    };
    bound.map_err(|error| {
        Trouble::new(Kind::Failed, format!("cannot open the door at TCP port {port}: {error}"))
            .help(format!("`ss -tlpn sport = {port}` shows who has the port."))
            .help("Another one: `port` in door.toml, the same on every member.")
    })
}

fn serve(listener: &TcpListener, house: &Arc<House>) {
    let callers = Arc::new(AtomicUsize::new(0));
    for stream in listener.incoming() {
        let Ok(stream) = stream else { continue };
        if callers.fetch_add(1, Ordering::SeqCst) >= CALLERS_MAX {
            callers.fetch_sub(1, Ordering::SeqCst);
            continue;
        }
        let (house, leaving) = (Arc::clone(house), Arc::clone(&callers));
        let answered = std::thread::Builder::new().spawn(move || {
            answer(&house, stream);
            leaving.fetch_sub(1, Ordering::SeqCst);
        });
        if answered.is_err() {
            callers.fetch_sub(1, Ordering::SeqCst);
        }
    }
}

fn answer(house: &House, stream: TcpStream) {
    let from = stream
        .peer_addr()
        .map_or_else(|_| "somebody".to_owned(), |at| at.ip().to_canonical().to_string());
    let key = match house.key() {
        Ok(key) => key,
        Err(trouble) => {
            return say::talk(&format!("quorate: {from} knocked: {}", trouble.into_words().0));
        }
    };
    let heard = Channel::answer(stream, &key, QUESTION_MAX)
        .and_then(|(mut channel, caller)| Ok((channel.receive::<Ask>()?, channel, caller)));
    let (ask, mut channel, caller) = match heard {
        Ok(heard) => heard,
        Err(error) if error.kind() == std::io::ErrorKind::NotConnected => return,
        Err(error) => return say::talk(&format!("quorate: {from} was not understood: {error}")),
    };
    let answer = match (caller, ask) {
        (_, Ask::Join(join)) => welcome(house, &key, &from, &join),
        (Caller::Member, ask) => for_member(house, &from, &ask),
        (Caller::Stranger, _) => Err(Trouble::refused("only members may ask that")),
    };
    let answer = answer.unwrap_or_else(|trouble| {
        let (what, help) = trouble.into_words();
        say::talk(&format!("quorate: refused to {from}: {what}"));
        Answer::Refused { what, help }
    });
    channel.wait_until(ANSWER_MAX);
    if let Err(error) = channel.send(&answer) {
        say::talk(&format!("quorate: {from} did not take its answer: {error}"));
    }
}

fn for_member(house: &House, from: &str, ask: &Ask) -> Result<Answer, Trouble> {
    let House { places, services, own, .. } = house;
    match ask {
        Ask::Join(_) => Err(Trouble::refused("members need not join")),
        Ask::File => Ok(Answer::File { text: nodes_file::read(places)?.to_string() }),
        Ask::Running => Ok(Answer::Running(running(places, services))),
        Ask::Stored => Ok(Answer::Stored { document: crate::stored::here(places)? }),
        Ask::Look(look) => Ok(Answer::Machine(Box::new(crate::look::here(look)?))),
        Ask::Start => {
            say::talk(&format!("quorate: {from} has the cluster started here"));
            crate::power::start_here(services, places, own)?;
            Ok(Answer::Done)
        }
        Ask::Stop => {
            say::talk(&format!("quorate: {from} has the cluster stopped here"));
            crate::power::stop_here(services)?;
            Ok(Answer::Done)
        }
        Ask::Remove { node } => {
            say::talk(&format!("quorate: {from} has {node} taken out of the cluster"));
            crate::remove::take_out(services, places, node)?;
            Ok(Answer::Done)
        }
        Ask::Forget => {
            say::talk(&format!("quorate: {from} says that this node is no member any more"));
            crate::halted::here(places, services)?;
            steps::take(&crate::leave::put_aside(places, services), services)?;
            Ok(Answer::Done)
        }
        Ask::Take { text } => {
            say::talk(&format!("quorate: {from} has the next edition of the nodes' file"));
            crate::halted::take(places, services, text)?;
            Ok(Answer::Done)
        }
    }
}

/// What runs on this machine.
pub(crate) fn running(places: &Places, services: &Services) -> Running {
    let edition = nodes_file::read(places).map_or(0, |conf| Settings::of(&conf).config_version());
    Running {
        corosync: services.runs(Service::Corosync),
        daemon: services.runs(Service::Daemon),
        edition,
    }
}

/// Lets a machine in, or says why not.
fn welcome(house: &House, key: &DoorKey, from: &str, join: &Join) -> Result<Answer, Trouble> {
    let House { places, own, services, .. } = house;
    let now = local::clock();
    let found = invite::find(places, &join.invitation, &join.secret, now);
    let invitation = found.map_err(|why| {
        std::thread::sleep(WRONG_TOKEN);
        no_entry(why)
    })?;
    same_clock(join.clock, now)?;
    let name = local::name(Some(&join.name))?;
    let member = Member { name: name.clone(), id: 0, addresses: join.addresses.clone() };
    // Held until this one is let in: who comes meanwhile waits.
    let mut joining = house.joining.lock().unwrap_or_else(PoisonError::into_inner);
    // An earlier try of the same machine is not waited for.
    joining.remove(&name);
    let (conf, cluster) = house.when_others_have_joined(&mut joining)?;
    let conf = if is_listed(&Settings::of(&conf), &cluster, &member) {
        invitation.take().map_err(no_entry)?;
        say::talk(&format!("quorate: {from} is {name}, which is listed"));
        conf
    } else {
        // Tried on paper first: a token is not spent on a name that is taken.
        grow(&mut conf.clone(), &cluster, &member)?;
        invitation.take().map_err(no_entry)?;
        say::talk(&format!("quorate: {from} joins as {name}"));
        let changed = nodes_file::change(services, places, |conf| {
            grow(conf, &services.client().document()?.cluster, &member)
        });
        changed.inspect_err(|_| invitation.give_back())?
    };
    joining.insert(name, Instant::now());
    drop(joining);
    let authkey = match Settings::of(&conf).needs_key() {
        true => {
            let path = places.authkey();
            let key = std::fs::read(&path).map_err(|error| Trouble::read(&path, error))?;
            Some(hex(&key))
        }
        false => None,
    };
    let daemon = DaemonFile::read(places)?;
    Ok(Answer::Welcome(Box::new(Welcome {
        file: conf.to_string(),
        authkey,
        door_key: key.text(),
        port: own.port,
        daemon: daemon.for_another().text(places),
        watchdog: daemon.watchdog.as_ref().and_then(|watchdog| watchdog.timeout),
        authority: authority::read(places)?,
    })))
}

/// Whether the file has this very node already, and it does not run: it was there before Quorate
/// was, or its joining was interrupted.
fn is_listed(settings: &Settings, cluster: &Cluster, member: &Member) -> bool {
    let is_running = cluster.members.contains(&member.name);
    !is_running && nodes_file::addresses(settings, &member.name) == member.addresses
}

/// A further node, listed now, must not cost the quorum of those who are there until it has started.
fn may_grow(settings: &Settings, cluster: &Cluster) -> Result<(), Trouble> {
    let missing = "`quorate cluster status` on a member shows who is missing.";
    if !cluster.quorate {
        return Err(Trouble::refused("the cluster has no quorum, so nobody can join").help(missing));
    }
    let (present, total) = (cluster.members.len(), settings.nodes.len());
    if nodes_file::keeps_quorum(settings, present, total) {
        return Ok(());
    }
    let what = format!("{present} of {total} nodes would have no quorum until the new one runs");
    Err(Trouble::refused(what).help("Start the missing ones first.").help(missing))
}

fn grow(conf: &mut Conf, cluster: &Cluster, member: &Member) -> Result<(), Trouble> {
    add(conf, member)?;
    may_grow(&Settings::of(conf), cluster)
}

fn add(conf: &mut Conf, member: &Member) -> Result<(), Trouble> {
    conf.add(member).map(drop).map_err(|error| {
        let trouble = Trouble::refused(error.to_string());
        match error {
            corosync::EditError::NameTaken(_) => {
                trouble.help("Say another name with --node; `quorate cluster remove` frees one.")
            }
            corosync::EditError::AddressTaken(_) => {
                trouble.help("Each node has its own; --addr says which. A node that was there before is removed with `quorate cluster remove`.")
            }
            corosync::EditError::Links { .. } => {
                trouble.help("Say --addr once for each link, in the order of the links.")
            }
            corosync::EditError::NotUnderstood(_)
            | corosync::EditError::NoNodelist
            | corosync::EditError::IdTaken(_)
            | corosync::EditError::NoSuchNode(_)
            | corosync::EditError::LastNode(_) => trouble,
        }
    })
}

fn no_entry(why: NoEntry) -> Trouble {
    let (what, help) = match why {
        NoEntry::Unknown => {
            ("the token is not known here", "A token is good at the node that made it.")
        }
        NoEntry::Used => ("the token was used", "Each lets one machine in."),
        NoEntry::Expired { since } => {
            return Trouble::refused(format!("the token expired {since} s ago"))
                .help("`quorate cluster invite` on a member makes another.");
        }
    };
    Trouble::refused(what).help(help).help("`quorate cluster invite` on a member makes another.")
}

fn same_clock(theirs: i64, ours: i64) -> Result<(), Trouble> {
    let ahead = theirs.saturating_sub(ours);
    if ahead.abs() <= CLOCK_MAX {
        return Ok(());
    }
    let which = if ahead > 0 { "ahead of" } else { "behind" };
    let what = format!("this machine's clock is {} s {which} the cluster's", ahead.abs());
    Err(Trouble::refused(what)
        .help("Set it (chrony, timedatectl), then try again: the token is still good."))
}

#[cfg(test)]
mod tests;
