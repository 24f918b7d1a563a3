//! What this machine is: its cards, disks and programs, for `cmquerycl` and `cmcheckconf`. Asked by the
//! machine's door for others, and by these commands here. The question comes on standard input.

use std::io::Read;
use std::net::{IpAddr, TcpStream, ToSocketAddrs};
use std::os::unix::fs::PermissionsExt;
use std::process::{Command, ExitCode, Stdio};
use std::time::{Duration, Instant};

use network::{Echo, Surveyed};
use serde::Deserialize;
use wire::machine::{
    Address, Card, Disk, Group, Look, Machine, Polled, PolledSource, Program, ProgramState,
    Unreached,
};

use crate::lock_place;
use crate::ocf::{self, Code, Failure, failed};
use crate::polled_resource::{self, Source};

/// For how long who is asked may be silent.
const ANSWER_MAX: Duration = Duration::from_secs(3);
const AGAIN: Duration = Duration::from_millis(500);

/// A disk that does not answer must not keep who asked waiting: after this the process ends.
const ALL_MAX: Duration = Duration::from_secs(60);

#[expect(clippy::print_stdout, reason = "what was asked for")]
pub(crate) fn main() -> ExitCode {
    std::thread::spawn(|| {
        std::thread::sleep(ALL_MAX);
        let _said = ocf::answer(Err(failed("a disk or a card does not answer")));
        std::process::exit(Code::Generic as i32)
    });
    ocf::answer(question().and_then(|look| {
        let text = serde_json::to_string(&seen(&look)?);
        println!("{}", text.map_err(|error| failed(error.to_string()))?);
        Ok(Code::Ok)
    }))
}

fn question() -> Result<Look, Failure> {
    let mut text = String::new();
    std::io::stdin().read_to_string(&mut text).map_err(|error| failed(error.to_string()))?;
    serde_json::from_str(&text).map_err(|error| failed(format!("not a question: {error}")))
}

fn seen(look: &Look) -> Result<Machine, Failure> {
    let found = network::survey()
        .map_err(|error| failed(format!("the kernel shows no network cards: {error}")))?;
    let mut unseen = Vec::new();
    let mut cards: Vec<Card> = found.iter().map(card).collect();
    if look.wires {
        connect(&found, &mut cards, &mut unseen);
    }
    let (mut groups, mut disks, mut system_id) = (Vec::new(), Vec::new(), None);
    if look.storage {
        groups = volume_groups().unwrap_or_else(|why| note(&mut unseen, "volume groups", &why));
        system_id = said("lvm", &["systemid"]).ok().and_then(|text| system_id_of(&text));
        disks = all_disks().unwrap_or_else(|why| note(&mut unseen, "disks", &why));
    }
    let programs = look.programs.iter().map(|path| program(path)).collect();
    let silent = silent(&look.reach)
        .map_err(|error| failed(format!("nobody can be asked for an answer: {error}")))?;
    let outside = outside(&look.users);
    let reached = |server: &String| {
        let why = connect_to(server).err()?.to_string();
        Some(Unreached { server: server.clone(), why })
    };
    let unreached = look.servers.iter().filter_map(reached).collect();
    let resources = look.resources.iter().map(|name| polled(name)).collect();
    let locks = look.locks.iter().map(|path| lock_place::look(path)).collect();
    Ok(Machine {
        cards,
        groups,
        system_id,
        disks,
        programs,
        outside,
        unreached,
        silent,
        unseen,
        locks,
        resources,
    })
}

fn note<T: Default>(unseen: &mut Vec<String>, what: &str, why: &str) -> T {
    unseen.push(format!("{what}: {why}"));
    T::default()
}

fn card(card: &Surveyed) -> Card {
    let address =
        |at: &lan::Address| Address { ip: at.ip, prefix: at.prefix, network: at.network() };
    Card {
        name: card.name.clone(),
        works: card.works,
        part_of: card.part_of.clone(),
        addresses: card.addresses.iter().map(address).collect(),
        wire: None,
    }
}

/// Numbers the wires of the cards that could be of use.
fn connect(found: &[Surveyed], cards: &mut [Card], unseen: &mut Vec<String>) {
    let is_asked = |card: &&Surveyed| card.works && card.is_ethernet && card.part_of.is_none();
    let asked: Vec<&str> = found.iter().filter(is_asked).map(|card| card.name.as_str()).collect();
    match network::wires(&asked) {
        Ok(wires) => {
            for (name, wire) in asked.iter().zip(wires) {
                let card = cards.iter_mut().find(|card| card.name == *name);
                card.into_iter().for_each(|card| card.wire = Some(wire));
            }
        }
        Err(error) => unseen.push(format!("wires: {error}")),
    }
}

/// A program, and what it says.
pub(crate) fn said(program: &str, words: &[&str]) -> Result<String, String> {
    let output = Command::new(program).args(words).stdin(Stdio::null()).output();
    let output = output.map_err(|error| format!("cannot run {program}: {error}"))?;
    if output.status.success() {
        return Ok(String::from_utf8_lossy(&output.stdout).into_owned());
    }
    let why = String::from_utf8_lossy(&output.stderr);
    Err(format!("{program} failed: {}", why.lines().next().unwrap_or("it did not say why")))
}

/// Those that another node owns, too. Source: vgs(8).
fn volume_groups() -> Result<Vec<Group>, String> {
    let all = ["--foreign", "--shared", "--noheadings", "--separator", "|"];
    let columns = ["-o", "vg_name,vg_uuid,vg_systemid,pv_name"];
    Ok(groups_of(&said("vgs", &[&all[..], &columns].concat())?))
}

/// Source: lvmsystemid(7).
fn system_id_of(text: &str) -> Option<String> {
    let (_, id) = text.split_once(':')?;
    Some(id.trim().to_owned()).filter(|id| !id.is_empty())
}

/// A line for each physical volume of a group.
fn groups_of(text: &str) -> Vec<Group> {
    let mut groups: Vec<Group> = Vec::new();
    for line in text.lines() {
        let [name, uuid, owner, device] = line.trim().splitn(4, '|').collect::<Vec<_>>()[..] else {
            continue;
        };
        match groups.iter_mut().find(|group| group.uuid == uuid) {
            Some(group) => group.devices.push(device.to_owned()),
            None => groups.push(Group {
                name: name.to_owned(),
                uuid: uuid.to_owned(),
                system_id: Some(owner.to_owned()).filter(|owner| !owner.is_empty()),
                devices: vec![device.to_owned()],
            }),
        }
    }
    groups
}

/// What `lsblk --json` says. Source: lsblk(8).
#[derive(Deserialize)]
struct Blocks {
    blockdevices: Vec<Block>,
}

#[derive(Deserialize)]
struct Block {
    path: String,
    #[serde(rename = "type")]
    kind: String,
    size: u64,
    serial: Option<String>,
    wwn: Option<String>,
    fstype: Option<String>,
}

fn all_disks() -> Result<Vec<Disk>, String> {
    let words = ["--json", "--bytes", "--nodeps", "-o", "PATH,TYPE,SIZE,SERIAL,WWN,FSTYPE"];
    let blocks: Blocks =
        serde_json::from_str(&said("lsblk", &words)?).map_err(|error| format!("lsblk: {error}"))?;
    let disk = |block: Block| Disk {
        path: block.path,
        size: block.size,
        serial: block.wwn.or(block.serial),
        holds: block.fstype,
    };
    let is_disk = |block: &Block| block.kind == "disk" || block.kind == "mpath";
    Ok(blocks.blockdevices.into_iter().filter(is_disk).map(disk).collect())
}

fn program(path: &str) -> Program {
    let state = match std::fs::metadata(path) {
        Ok(meta) if meta.is_file() && meta.permissions().mode() & 0o111 != 0 => {
            ProgramState::Runnable
        }
        Ok(_) => ProgramState::NotExecutable,
        Err(error) => ProgramState::Missing { why: error.to_string() },
    };
    Program { path: path.to_owned(), state }
}

/// A program is not run for that: what it does is its own business.
fn polled(name: &str) -> Polled {
    let source = match polled_resource::source(polled::PROGRAMS, name) {
        Source::Program(_) => PolledSource::Program,
        Source::NotExecutable(_) => PolledSource::NotExecutable,
        Source::Native(native) => match polled_resource::known(native) {
            Ok(_) => PolledSource::Native,
            Err(why) => PolledSource::Unknown { why },
        },
        Source::None => PolledSource::None,
    };
    Polled { name: name.to_owned(), source }
}

/// Makes a connection, to one of the server's addresses, and ends it.
fn connect_to(server: &str) -> std::io::Result<()> {
    let mut trouble = std::io::Error::other("its name has no address");
    for address in server.to_socket_addrs()? {
        match TcpStream::connect_timeout(&address, ANSWER_MAX) {
            Ok(_) => return Ok(()),
            Err(error) => trouble = error,
        }
    }
    Err(trouble)
}

/// Whose members the daemon lets in at its socket. Field word: Pacemaker's `haclient`.
const GROUP: &str = "haclient";

/// Who of these is not in that group.
fn outside(users: &[String]) -> Vec<String> {
    let read = |path| std::fs::read_to_string(path).unwrap_or_default();
    let (passwd, groups) = (read("/etc/passwd"), read("/etc/group"));
    users.iter().filter(|user| !is_member(user, &passwd, &groups)).cloned().collect()
}

/// As a member that is listed, or by their primary group. Source: passwd(5), group(5).
fn is_member(user: &str, passwd: &str, groups: &str) -> bool {
    let fields = |line: &'_ str| line.split(':').map(str::to_owned).collect::<Vec<_>>();
    let of = |text: &str, name: &str| {
        text.lines().map(fields).find(|fields| fields.first().is_some_and(|first| first == name))
    };
    let Some(group) = of(groups, GROUP) else { return false };
    let is_listed = group.get(3).is_some_and(|list| list.split(',').any(|one| one.trim() == user));
    let primary = of(passwd, user).and_then(|user| user.get(3).cloned());
    is_listed || (primary.is_some() && primary.as_ref() == group.get(2))
}

/// Who of these does not answer. Asked again meanwhile, since questions may be lost.
fn silent(reach: &[IpAddr]) -> std::io::Result<Vec<IpAddr>> {
    let mut left = reach.to_vec();
    if left.is_empty() {
        return Ok(left);
    }
    let mut echo = Echo::new()?;
    let begun = Instant::now();
    while !left.is_empty() && begun.elapsed() < ANSWER_MAX {
        for address in &left {
            // That there is no way to it is one way to be silent.
            let _ = echo.ask(*address);
        }
        let asked = Instant::now();
        while !left.is_empty() && asked.elapsed() < AGAIN {
            let answers = echo.answers();
            left.retain(|address| !answers.contains(address));
            std::thread::sleep(Duration::from_millis(10));
        }
    }
    Ok(left)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn programs_are_told_apart() {
        let state = |path| program(path).state;
        assert_eq!(state("/bin/sh"), ProgramState::Runnable);
        assert_eq!(state("/etc/passwd"), ProgramState::NotExecutable);
        assert_eq!(state("/"), ProgramState::NotExecutable);
        assert!(matches!(state("/nowhere"), ProgramState::Missing { .. }));
    }

    #[test]
    fn members_are_listed_or_have_the_group_as_their_own() {
        let passwd = "ann:x:1:1::/:/bin/sh\nbob:x:2:189::/:/bin/sh\nannie:x:3:3::";
        let groups = "staff:x:1:ann\nhaclient:x:189:joe,ann";
        let found =
            ["ann", "bob", "annie", "joe", "eve"].map(|user| is_member(user, passwd, groups));
        assert_eq!(found, [true, true, false, true, false]);
        assert!(!is_member("ann", passwd, "staff:x:1:ann"));
    }

    #[test]
    fn servers_are_reached_or_it_is_said_why_not() {
        let (ip, port) = testkit::free_port();
        let why = connect_to(&format!("{ip}:{port}")).unwrap_err().to_string();
        assert!(why.contains("refused"), "{why}");
        let _server = std::net::TcpListener::bind((ip, port)).unwrap();
        connect_to(&format!("{ip}:{port}")).unwrap();
        assert!(connect_to("no port").is_err());
    }

    #[test]
    fn volume_groups_are_read_as_vgs_tells_them() {
        // Of lvm2 2.03.16.
        let text = "  vgshop|nxSc6f-UnaQ-5EXm-o92d-XUFG-pSs2-QJdd68|n2|/dev/sdb\n  \
                    vgshop|nxSc6f-UnaQ-5EXm-o92d-XUFG-pSs2-QJdd68|n2|/dev/sdc\n  vgroot|a-b||/dev/sda2\n";
        let found: Vec<String> = groups_of(text)
            .into_iter()
            .map(|group| {
                format!("{} {:?} {}", group.name, group.system_id, group.devices.join(" "))
            })
            .collect();
        let wanted = ["vgshop Some(\"n2\") /dev/sdb /dev/sdc", "vgroot None /dev/sda2"];
        assert_eq!(found, wanted);
        assert_eq!(system_id_of("  system ID: n2\n").as_deref(), Some("n2"));
        assert_eq!(system_id_of("  system ID: \n"), None);
    }

    #[test]
    fn disks_are_read_as_lsblk_tells_them() {
        if testkit::has(&["/usr/bin/lsblk"]) {
            all_disks().unwrap();
        }
    }
}
