//! A sanlock of our own, for one node.
//!
//! Source: sanlock(8), of release 3.8.5.

use std::collections::BTreeMap;
use std::io;
use std::path::PathBuf;
use std::process::Stdio;
use std::time::{Duration, Instant};

use model::NodeId;
use tie_breaker::{Host, HostState, Owner, Seen};

use crate::area::Area;
use crate::tool;

/// How long its daemon may take to answer after its start.
const START_MAX: Duration = Duration::from_secs(10);

/// How long letting go may take: a write that hangs holds up all other orders.
const GIVE_BACK_MAX: Duration = Duration::from_secs(10);

/// One node's sanlock.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Sanlock {
    pub(crate) area: Area,
    pub(crate) run: PathBuf,
    /// The node's number, which is its host id, and its name, which must be its alone.
    pub(crate) node: NodeId,
    pub(crate) name: String,
    /// Seconds that a read or a write may take.
    pub(crate) io_timeout: u32,
}

impl Sanlock {
    fn ask(&self, words: &[&str]) -> io::Result<Option<String>> {
        tool::ask(&self.run, words)
    }

    fn done(&self, words: &[&str]) -> io::Result<()> {
        tool::done(&self.run, words)
    }

    /// Who holds the lease. `None` if the disk does not say.
    pub(crate) fn look(&self) -> io::Result<Option<Seen>> {
        let Some(spaces) = self.ask(&["client", "gets", "-h", "1"])? else {
            // It does not run.
            return Ok(Some(Seen::default()));
        };
        let Some(hosts) = joined(&spaces, &self.area.lockspace(self.node.0)) else {
            return Ok(Some(Seen::default()));
        };
        let resource = self.area.resource();
        let Some(status) = self.ask(&["client", "status"])? else { return Ok(None) };
        let Some(leader) = self.ask(&["direct", "read_leader", "-r", &resource])? else {
            return Ok(None);
        };
        let Some(owner) = owner(&leader) else { return Ok(None) };
        Ok(Some(Seen { joined: true, held_here: holds(&status, &resource), owner, hosts }))
    }

    /// Starts the daemon where it does not run, and has it show that this node lives. Returns when it does.
    pub(crate) fn join(&self) -> io::Result<()> {
        if self.ask(&["client", "status"])?.is_none() {
            self.start()?;
        }
        let (space, seconds) = (self.area.lockspace(self.node.0), self.io_timeout.to_string());
        self.done(&["client", "add_lockspace", "-s", &space, "-o", &seconds])
    }

    fn start(&self) -> io::Result<()> {
        std::fs::create_dir_all(&self.run)?;
        // Resources are safe by the cluster's own watchdog and fencing, and the lease is held by no process
        // that would have to be ended; so it needs no watchdog, of which there is one.
        let words = ["daemon", "-w", "0", "-U", "root", "-G", "root", "-e", &self.name];
        let mut command = tool::command(&self.run, &words);
        let status = command.stdout(Stdio::null()).stderr(Stdio::null()).status()?;
        let begun = Instant::now();
        while self.ask(&["client", "status"])?.is_none() {
            if begun.elapsed() > START_MAX {
                return Err(io::Error::other(format!("sanlock does not start ({status})")));
            }
            std::thread::sleep(Duration::from_millis(50));
        }
        Ok(())
    }

    /// Takes the lease for the node: it stays when the process that took it is gone.
    pub(crate) fn take(&self) -> io::Result<()> {
        self.done(&["client", "command", "-r", &self.area.resource(), "-P", "1", "-c", "/bin/true"])
    }

    /// Gives it back: a process takes it over that lets go of it when it ends, which it does.
    pub(crate) fn give_back(&self) -> io::Result<()> {
        let resource = self.area.resource();
        self.done(&["client", "command", "-r", &resource, "-O", "1", "-c", "/bin/true"])?;
        let begun = Instant::now();
        let is_there =
            |status: String| status.lines().any(|line| line.starts_with(&format!("r {resource}:")));
        while self.ask(&["client", "status"])?.is_some_and(is_there) {
            if begun.elapsed() > GIVE_BACK_MAX {
                return Err(io::Error::other("sanlock does not let go of the lease"));
            }
            std::thread::sleep(Duration::from_millis(50));
        }
        Ok(())
    }

    /// Ends the daemon, and with it all that it holds.
    pub(crate) fn leave(&self) -> io::Result<()> {
        self.done(&["client", "shutdown", "-f", "1", "-w", "1"])
    }
}

/// The hosts of a lockspace that was joined and is not being left.
fn joined(said: &str, lockspace: &str) -> Option<BTreeMap<NodeId, Host>> {
    let mut lines = said.lines().skip_while(|line| {
        let words: Vec<&str> = line.split_whitespace().collect();
        words != ["s", lockspace]
    });
    lines.next()?;
    Some(lines.take_while(|line| !line.starts_with("s ")).filter_map(host).collect())
}

/// Such as `h 2 gen 1 timestamp 25027 LIVE`.
fn host(line: &str) -> Option<(NodeId, Host)> {
    let words: Vec<&str> = line.split_whitespace().collect();
    let ["h", id, "gen", generation, "timestamp", _, state] = words.as_slice() else { return None };
    let state = match *state {
        "LIVE" => HostState::Live,
        "FAIL" => HostState::Fail,
        "DEAD" => HostState::Dead,
        "FREE" => HostState::Free,
        _unknown => HostState::Unknown,
    };
    Some((NodeId(id.parse().ok()?), Host { generation: generation.parse().ok()?, state }))
}

/// Whether a line such as `r NAME:lock:PATH:OFFSET:VERSION p 39 ORPHAN` says so.
fn holds(status: &str, resource: &str) -> bool {
    status.lines().any(|line| {
        let words: Vec<&str> = line.split_whitespace().collect();
        let ["r", said, "p", _pid, rest @ ..] = words.as_slice() else { return false };
        let is_it = said.rsplit_once(':').is_some_and(|(said, _version)| said == resource);
        is_it && matches!(rest, [] | ["ORPHAN"])
    })
}

/// The owner that a leader record names; the inner `None` when it was released.
#[expect(clippy::option_option, reason = "unreadable and free are not the same")]
fn owner(leader: &str) -> Option<Option<Owner>> {
    let value = |key: &str| -> Option<u64> {
        leader.lines().find_map(|line| line.strip_prefix(key)?.trim().parse().ok())
    };
    let node = NodeId(u32::try_from(value("owner_id ")?).ok()?);
    let generation = value("owner_generation ")?;
    let is_free = value("timestamp ")? == 0;
    Some((!is_free).then_some(Owner { node, generation }))
}

#[cfg(test)]
mod tests {
    use super::*;

    const LIVE: Host = Host { generation: 1, state: HostState::Live };

    #[test]
    fn hosts_of_a_lockspace() {
        let said = "s other:1:/dev/x:0 \nh 1 gen 3 timestamp 4 DEAD\ns bed:1:/dev/y:0 \nh 1 gen 1 timestamp 25027 LIVE\nh 2 gen 4 timestamp 0 FREE\n";
        let hosts = joined(said, "bed:1:/dev/y:0").unwrap();
        let free = Host { generation: 4, state: HostState::Free };
        assert_eq!(hosts, BTreeMap::from([(NodeId(1), LIVE), (NodeId(2), free)]));
        assert_eq!(joined(said, "bed:2:/dev/y:0"), None);
        assert_eq!(joined("s bed:1:/dev/y:0 ADD\n", "bed:1:/dev/y:0"), None);
        assert_eq!(
            joined("s bed:1:/dev/y:0 \nhosts not ready\n", "bed:1:/dev/y:0"),
            Some(BTreeMap::new())
        );
    }

    #[test]
    fn a_lease_that_is_about_to_go_is_not_held() {
        let resource = "bed:lock:/dev/y:1048576";
        let line = |end: &str| format!("daemon n1\nr {resource}:1 p 18{end}\n");
        assert!(holds(&line(" ORPHAN"), resource));
        assert!(holds(&line(""), resource));
        assert!(!holds(&line(" REM"), resource));
        assert!(!holds(&line(""), "bed:lock:/dev/z:1048576"));
    }

    #[test]
    fn owners_of_records() {
        let record = |timestamp| {
            format!(
                "read_leader done 0\nowner_id 2\nowner_generation 7\ntimestamp {timestamp}\nwrite_timestamp 3\n"
            )
        };
        let owner_2 = Owner { node: NodeId(2), generation: 7 };
        assert_eq!(owner(&record(25030)), Some(Some(owner_2)));
        assert_eq!(owner(&record(0)), Some(None));
        assert_eq!(owner("read_leader done -5\n"), None);
    }
}
