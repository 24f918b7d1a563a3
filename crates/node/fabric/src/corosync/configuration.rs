//! What Corosync's configuration says, as it has it in memory: who is in the cluster, and how long
//! it takes to notice that somebody is not.
//!
//! Field word: Corosync *cmap*.

use std::collections::BTreeMap;
use std::io;
use std::net::IpAddr;
use std::time::Duration;

use model::NodeId;
use rust_corosync::CsError;
use rust_corosync::cmap::{self, CmapIterStart, Data, Map};
use rust_corosync::votequorum::{NodeInfo, NodeInfoFlags};

use super::agreement::Ring;
use super::calls;
use super::counted::counted;
use super::voter::ring_of_lock;
use crate::Votes;

/// The nodes of `corosync.conf`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Nodelist {
    /// The node that this machine is.
    pub own: NodeId,
    /// Number and name of each, this one included, in the file's order.
    pub nodes: Vec<(NodeId, String)>,
    /// Nothing but a majority of votes ever has quorum: no rule and no device is configured.
    pub majority_only: bool,
}

const TWO_NODE: &str = "quorum.two_node";

const DEVICE: &str = "quorum.device.model";
const DEVICE_VOTES: &str = "quorum.device.votes";

/// The model of the device that is a lock on a disk.
const LOCK_MODEL: &str = "sanlock";

/// What gives quorum to fewer than a majority. Source: votequorum(5), corosync-qdevice(8).
const RULES: [&str; 3] = [TWO_NODE, "quorum.last_man_standing", "quorum.auto_tie_breaker"];

/// There is no list of nodes to be had.
#[derive(Debug, thiserror::Error)]
pub enum NodelistError {
    /// Corosync does not run, or it starts or ends.
    #[error("Corosync does not run or does not answer yet ({0})")]
    NotThere(CsError),
    #[error("cannot ask Corosync")]
    Ask(#[source] io::Error),
    #[error("corosync.conf has no nodelist with this machine in it")]
    NoNodelist,
    #[error(
        "corosync.conf gives {0} no name; write a line `name: ...` into its `node {{ ... }}` section"
    )]
    Nameless(String),
    #[error("corosync.conf gives node `{0}` no nodeid")]
    Numberless(String),
}

impl NodelistError {
    /// Whether asking again later may help without anybody's doing.
    pub fn passes(&self) -> bool {
        match self {
            Self::NotThere(_) => true,
            Self::Ask(_) | Self::NoNodelist | Self::Nameless(_) | Self::Numberless(_) => false,
        }
    }
}

/// Asks Corosync on this machine for its nodes. While that hangs this is not ready.
///
/// # Errors
/// When it does not run, or its list does not say what is needed.
pub async fn nodelist() -> Result<Nodelist, NodelistError> {
    let read = calls::apart(|_| read_nodelist()).await.map_err(NodelistError::Ask)?;
    read.map_err(NodelistError::NotThere)?.check()
}

/// How long Corosync may take to find that a node is lost and to go on without it: its token and
/// consensus timeouts.
pub(super) fn time_to_reform() -> Result<Duration, CsError> {
    let map = cmap::initialize(Map::Icmap)?;
    let milliseconds = |key| {
        let value = number(&cmap::get(&map, key)?);
        value.map(u64::from).ok_or(CsError::CsErrInvalidParam)
    };
    let token = milliseconds("runtime.config.totem.token")?;
    let consensus = milliseconds("runtime.config.totem.consensus")?;
    Ok(Duration::from_millis(token + consensus))
}

/// What tells by what a quorum is one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Counts {
    /// The nodes' votes.
    Votes(Votes),
    /// Who had quorum before, or half of them and the lock on a disk: only the daemons know of whom.
    Previous {
        /// The ring for which the lock's voter here says that it votes on the lease.
        named: Option<Ring>,
        /// Corosync has that vote. It misses the one of a voter that is gone, who cannot take its word back.
        casts: bool,
    },
}

impl Counts {
    /// Who had quorum before, and nothing is known of the lock.
    pub(super) const PREVIOUS: Self = Self::Previous { named: None, casts: false };
}

impl Default for Counts {
    fn default() -> Self {
        Self::Votes(Votes::default())
    }
}

/// As the file says it, and the lock's voter. A quorum device's votes are not counted, but one that votes for this
/// side is named. Where one of two nodes is enough, votes prove nothing, and there are none.
pub(super) fn counts() -> Result<Counts, CsError> {
    let votes_of = |node: &RawNode| Some((NodeId(node.id?), node.votes.unwrap_or(1)));
    let map = cmap::initialize(Map::Icmap)?;
    if cmap::get(&map, TWO_NODE).is_ok_and(|data| is_set(&data)) {
        return Ok(Counts::Votes(Votes::default()));
    }
    let raw = read_nodelist()?;
    if raw.counts_previous() {
        let named = ring_of_lock();
        let casts = named.is_some() && device_casts(&own_info(&raw)?);
        return Ok(Counts::Previous { named, casts });
    }
    let votes = Votes::new(raw.nodes.values().filter_map(votes_of));
    let by_device = raw.has_device && !raw.has_rule && raw.device_votes == Some(1);
    let decides = by_device && device_decides(&raw, votes.sum())?;
    Ok(Counts::Votes(if decides { votes.with_device() } else { votes }))
}

/// Whether half of the nodes' votes are enough by the device's, and not since somebody lowered what is expected
/// (`corosync-quorumtool -e`).
fn device_decides(raw: &Raw, sum: u64) -> Result<bool, CsError> {
    let info = own_info(raw)?;
    Ok(device_casts(&info) && u64::from(info.highest_expected) > sum)
}

fn own_info(raw: &Raw) -> Result<NodeInfo, CsError> {
    let own = raw.own_position.and_then(|own| raw.nodes.get(&own)?.id);
    counted(own.ok_or(CsError::CsErrInvalidParam)?)
}

fn device_casts(info: &NodeInfo) -> bool {
    info.flags.contains(NodeInfoFlags::VOTEQUORUM_INFO_QDEVICE_CAST_VOTE)
}

/// What the nodelist section says, not yet checked.
#[derive(Debug, Default)]
struct Raw {
    own_position: Option<u32>,
    nodes: BTreeMap<u32, RawNode>,
    /// Other than a device's votes.
    has_rule: bool,
    has_device: bool,
    /// The device is the lock on a disk.
    has_lock: bool,
    /// As the file says it.
    device_votes: Option<u32>,
}

#[derive(Debug, Default)]
struct RawNode {
    id: Option<u32>,
    name: Option<String>,
    address: Option<String>,
    votes: Option<u32>,
}

fn read_nodelist() -> Result<Raw, CsError> {
    let map = cmap::initialize(Map::Icmap)?;
    let mut raw = Raw::default();
    for entry in CmapIterStart::new(&map, "nodelist.")? {
        raw.take(entry.key_name(), entry.data());
    }
    for entry in CmapIterStart::new(&map, "quorum.")? {
        raw.take_rule(entry.key_name(), entry.data());
    }
    Ok(raw)
}

impl Raw {
    fn take(&mut self, key: &str, data: &Data) {
        if key == "nodelist.local_node_pos" {
            self.own_position = number(data);
            return;
        }
        let words: Vec<&str> = key.split('.').collect();
        let &["nodelist", "node", position, key] = words.as_slice() else { return };
        let Ok(position) = position.parse() else { return };
        let node = self.nodes.entry(position).or_default();
        match key {
            "nodeid" => node.id = number(data),
            "name" => node.name = text(data),
            "quorum_votes" => node.votes = number(data),
            "ring0_addr" => node.address = text(data),
            _another => {}
        }
    }

    fn take_rule(&mut self, key: &str, data: &Data) {
        match key {
            DEVICE => {
                self.has_device = is_set(data);
                self.has_lock = text(data).is_some_and(|model| model == LOCK_MODEL);
            }
            DEVICE_VOTES => self.device_votes = number(data),
            key => self.has_rule |= RULES.contains(&key) && is_set(data),
        }
    }

    /// Of two nodes each is half of all and of those who had quorum before: those are counted by their votes.
    fn counts_previous(&self) -> bool {
        self.has_lock && !self.has_rule && self.nodes.len() > 2
    }

    fn check(self) -> Result<Nodelist, NodelistError> {
        let own_position = self.own_position.ok_or(NodelistError::NoNodelist)?;
        let mut own = None;
        let mut nodes = Vec::new();
        for (position, node) in self.nodes {
            let (id, name) = node.check()?;
            if position == own_position {
                own = Some(id);
            }
            nodes.push((id, name));
        }
        let own = own.ok_or(NodelistError::NoNodelist)?;
        Ok(Nodelist { own, nodes, majority_only: !self.has_rule && !self.has_device })
    }
}

impl RawNode {
    /// The name is, as in Pacemaker, what is called so, or else a first address that is a name.
    fn check(self) -> Result<(NodeId, String), NodelistError> {
        let Self { id, name, address, votes: _ } = self;
        let spoken = address.clone().filter(|address| address.parse::<IpAddr>().is_err());
        let name = name.or(spoken);
        match (id, name) {
            (Some(id), Some(name)) => Ok((NodeId(id), name)),
            (None, name) => Err(NodelistError::Numberless(name.or(address).unwrap_or_default())),
            (Some(id), None) => Err(NodelistError::Nameless(format!("node {id}"))),
        }
    }
}

fn number(data: &Data) -> Option<u32> {
    if let Data::UInt32(value) = data { Some(*value) } else { None }
}

fn is_set(data: &Data) -> bool {
    if let Data::UInt8(value) = data {
        *value != 0
    } else if let Some(value) = number(data) {
        value != 0
    } else {
        text(data).is_some_and(|value| !matches!(value.as_str(), "" | "0" | "no"))
    }
}

fn text(data: &Data) -> Option<String> {
    if let Data::String(value) = data { Some(value.clone()) } else { None }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn raw(own: u32, entries: &[(&str, Data)]) -> Raw {
        let mut raw = Raw::default();
        raw.take("nodelist.local_node_pos", &Data::UInt32(own));
        for (key, data) in entries {
            raw.take(&format!("nodelist.node.{key}"), data);
        }
        raw
    }

    fn said(text: &str) -> Data {
        Data::String(text.to_owned())
    }

    #[test]
    fn names_are_given_or_those_of_addresses() {
        let entries = [
            ("0.nodeid", Data::UInt32(7)),
            ("0.name", said("alpha")),
            ("0.ring0_addr", said("10.0.0.1")),
            ("1.nodeid", Data::UInt32(4)),
            ("1.ring0_addr", said("beta.example")),
            ("1.ring1_addr", said("10.1.0.2")),
        ];
        let nodes = vec![(NodeId(7), "alpha".to_owned()), (NodeId(4), "beta.example".to_owned())];
        let nodelist = Nodelist { own: NodeId(4), nodes, majority_only: true };
        assert_eq!(raw(1, &entries).check().unwrap(), nodelist);
    }

    #[test]
    fn those_who_had_quorum_before_are_counted_by_three_nodes_and_more_with_a_lock() {
        let counts_previous = |nodes: u32, rules: &[(&str, Data)]| {
            let mut raw = Raw::default();
            for position in 0..nodes {
                raw.take(&format!("nodelist.node.{position}.nodeid"), &Data::UInt32(position + 1));
            }
            rules.iter().for_each(|(key, data)| raw.take_rule(key, data));
            raw.counts_previous()
        };
        let lock = [(DEVICE, said("sanlock")), (DEVICE_VOTES, Data::UInt32(1))];
        assert!(counts_previous(3, &lock) && counts_previous(4, &lock));
        assert!(!counts_previous(2, &lock));
        assert!(!counts_previous(4, &[(DEVICE, said("net"))]));
        assert!(!counts_previous(4, &[]));
        let [device, votes] = lock;
        let rule = ("quorum.auto_tie_breaker", Data::UInt8(1));
        assert!(!counts_previous(4, &[device, votes, rule]));
    }

    #[test]
    fn what_is_missing_is_said() {
        let missing = |own, entries: &[(&str, Data)]| raw(own, entries).check().unwrap_err();
        let nameless = [("0.nodeid", Data::UInt32(7)), ("0.ring0_addr", said("10.0.0.1"))];
        let said_of_nameless = missing(0, &nameless).to_string();
        assert!(said_of_nameless.contains("gives node 7 no name"), "{said_of_nameless}");
        let numberless = missing(0, &[("0.name", said("alpha"))]);
        assert_eq!(numberless.to_string(), "corosync.conf gives node `alpha` no nodeid");
        let other = [("0.nodeid", Data::UInt32(7)), ("0.name", said("alpha"))];
        assert!(matches!(missing(1, &other), NodelistError::NoNodelist));
        assert!(matches!(Raw::default().check(), Err(NodelistError::NoNodelist)));
    }
}
