//! How Corosync is, for people: votes, the quorum device, and each link with its latency and loss.
//!
//! Knet pings the other end of each link all the time and counts what comes back.
//!
//! **Not here:** whether there is quorum ([`super::session`] hears of that as it happens).
//!
//! Field words: Corosync *votequorum*, *stats map*, *knet link*.

use std::collections::{BTreeMap, VecDeque};
use std::io;

use rust_corosync::CsError;
use rust_corosync::cmap::{self, CmapIterStart, Data, Map};
use rust_corosync::votequorum::NodeInfoFlags;

use super::{calls, counted};

/// Looks that loss is counted over.
const LOOKS_MAX: usize = 13;

/// Fewer pings say nothing about loss.
const PINGS_MIN: u64 = 10;

/// How Corosync is.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Conditions {
    /// Name and votes of each node.
    pub votes: Vec<(String, u32)>,
    pub expected_votes: u32,
    /// How many are quorum now.
    pub needed_votes: u32,
    pub device: Option<Device>,
    /// Of this node, by the links' numbers.
    pub addresses: Vec<String>,
    pub links: Vec<Link>,
}

/// The quorum device.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Device {
    pub model: String,
    pub host: Option<String>,
    pub algorithm: Option<String>,
    pub votes: u32,
    /// Its daemon on this node shows life.
    pub alive: bool,
    /// Its votes are with this node.
    pub ours: bool,
}

/// A link to another node.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Link {
    pub to: String,
    pub to_id: u32,
    pub number: u32,
    pub address: Option<String>,
    pub connected: bool,
    pub latency_us: Option<u64>,
    pub times_down: u64,
    /// Pings that were sent, and answers that came, since Corosync runs.
    pub pings: u64,
    pub pongs: u64,
}

/// Asks Corosync on this machine. While that hangs this is not ready.
///
/// # Errors
/// When Corosync cannot be asked.
pub async fn conditions() -> io::Result<Conditions> {
    calls::apart(|_| ask()).await?.map_err(|error| io::Error::other(error.to_string()))
}

fn ask() -> Result<Conditions, CsError> {
    let map = cmap::initialize(Map::Icmap)?;
    let mut configured = Configured::default();
    for section in ["nodelist.", "quorum.device."] {
        for entry in CmapIterStart::new(&map, section)? {
            configured.take(entry.key_name(), entry.data());
        }
    }
    let stats = cmap::initialize(Map::Stats)?;
    let mut links = BTreeMap::new();
    for entry in CmapIterStart::new(&stats, "stats.knet.")? {
        count(&mut links, entry.key_name(), entry.data());
    }
    let mut conditions = configured.conditions(&links);
    let info = counted::counted(configured.own_id())?;
    conditions.expected_votes = info.highest_expected;
    conditions.needed_votes = info.quorum;
    if let Some(device) = &mut conditions.device {
        device.votes = info.qdevice_votes;
        device.alive = info.flags.contains(NodeInfoFlags::VOTEQUORUM_INFO_QDEVICE_ALIVE);
        device.ours = info.flags.contains(NodeInfoFlags::VOTEQUORUM_INFO_QDEVICE_CAST_VOTE);
    }
    Ok(conditions)
}

/// What the configuration in memory says.
#[derive(Debug, Default)]
struct Configured {
    own_position: u64,
    nodes: BTreeMap<u64, Node>,
    /// Keys and values below `quorum.device`.
    device: BTreeMap<String, String>,
}

#[derive(Debug, Default)]
struct Node {
    id: u32,
    name: Option<String>,
    votes: Option<u32>,
    addresses: BTreeMap<u32, String>,
}

impl Node {
    /// As this cluster calls it.
    fn called(&self) -> String {
        let first = self.addresses.values().next();
        self.name.clone().or_else(|| first.cloned()).unwrap_or_default()
    }
}

impl Configured {
    fn take(&mut self, key: &str, data: &Data) {
        let words: Vec<&str> = key.split('.').collect();
        match words.as_slice() {
            ["nodelist", "local_node_pos"] => self.own_position = number(data).unwrap_or(0),
            ["nodelist", "node", position, key] => {
                let Ok(position) = position.parse() else { return };
                self.nodes.entry(position).or_default().take(key, data);
            }
            ["quorum", "device", rest @ ..] => {
                if let Some(text) = text(data) {
                    self.device.insert(rest.join("."), text);
                }
            }
            _another => {}
        }
    }

    fn own_id(&self) -> u32 {
        self.nodes.get(&self.own_position).map_or(0, |node| node.id)
    }

    fn conditions(&self, counted: &BTreeMap<(u32, u32), Counted>) -> Conditions {
        let device = self.device.get("model").map(|model| Device {
            model: model.clone(),
            host: self.device.get(&format!("{model}.host")).cloned(),
            algorithm: self.device.get(&format!("{model}.algorithm")).cloned(),
            ..Device::default()
        });
        let own = self.nodes.get(&self.own_position);
        Conditions {
            votes: self
                .nodes
                .values()
                .map(|node| (node.called(), node.votes.unwrap_or(1)))
                .collect(),
            device,
            addresses: own.map_or_else(Vec::new, |own| own.addresses.values().cloned().collect()),
            links: counted
                .iter()
                .filter_map(|(place, counted)| self.link(*place, counted))
                .collect(),
            ..Conditions::default()
        }
    }

    fn link(&self, (to_id, number): (u32, u32), counted: &Counted) -> Option<Link> {
        let node = self.nodes.values().find(|node| node.id == to_id)?;
        let is_real = to_id != self.own_id() && node.addresses.contains_key(&number);
        let Counted { connected, latency, samples, downs, pings, pongs } = *counted;
        is_real.then(|| Link {
            to: node.called(),
            to_id,
            number,
            address: node.addresses.get(&number).cloned(),
            connected,
            latency_us: Some(latency).filter(|_| samples > 0),
            times_down: downs,
            pings,
            pongs,
        })
    }
}

impl Node {
    fn take(&mut self, key: &str, data: &Data) {
        let small = || number(data).and_then(|value| u32::try_from(value).ok());
        match key {
            "nodeid" => self.id = small().unwrap_or(0),
            "name" => self.name = text(data),
            "quorum_votes" => self.votes = small(),
            key => {
                let ring = key.strip_prefix("ring").and_then(|rest| rest.strip_suffix("_addr"));
                let ring = ring.and_then(|ring| ring.parse().ok());
                if let (Some(ring), Some(address)) = (ring, text(data)) {
                    self.addresses.insert(ring, address);
                }
            }
        }
    }
}

/// What knet counts on a link.
#[derive(Clone, Copy, Debug, Default)]
struct Counted {
    connected: bool,
    latency: u64,
    samples: u64,
    downs: u64,
    pings: u64,
    pongs: u64,
}

/// Takes `stats.knet.node2.link0.latency_ave` and the like.
fn count(all: &mut BTreeMap<(u32, u32), Counted>, key: &str, data: &Data) {
    let words: Vec<&str> = key.split('.').collect();
    let &["stats", "knet", node, link, key] = words.as_slice() else { return };
    let place = |word: &str, prefix: &str| word.strip_prefix(prefix)?.parse().ok();
    let (Some(node), Some(link)) = (place(node, "node"), place(link, "link")) else { return };
    let Some(value) = number(data) else { return };
    let counted = all.entry((node, link)).or_default();
    match key {
        "connected" => counted.connected = value != 0,
        "latency_ave" => counted.latency = value,
        "latency_samples" => counted.samples = value,
        "down_count" => counted.downs = value,
        "tx_ping_packets" => counted.pings = value,
        "rx_pong_packets" => counted.pongs = value,
        _another => {}
    }
}

/// Any whole number that is not negative.
fn number(data: &Data) -> Option<u64> {
    match data {
        Data::Int8(value) => u64::try_from(*value).ok(),
        Data::UInt8(value) => Some(u64::from(*value)),
        Data::Int16(value) => u64::try_from(*value).ok(),
        Data::UInt16(value) => Some(u64::from(*value)),
        Data::Int32(value) => u64::try_from(*value).ok(),
        Data::UInt32(value) => Some(u64::from(*value)),
        Data::Int64(value) => u64::try_from(*value).ok(),
        Data::UInt64(value) => Some(*value),
        Data::Float(_) | Data::Double(_) | Data::String(_) | Data::Binary(_) | Data::Unknown => {
            None
        }
    }
}

fn text(data: &Data) -> Option<String> {
    if let Data::String(value) = data { Some(value.clone()) } else { None }
}

/// Past looks at the links, for what got lost meanwhile.
#[derive(Debug, Default)]
pub struct Looks(VecDeque<BTreeMap<(u32, u32), (u64, u64)>>);

impl Looks {
    /// Lost packets in a million on each of the links, since the oldest look that is known.
    pub fn losses(&mut self, links: &[Link]) -> Vec<Option<u32>> {
        let now = links.iter().map(|link| ((link.to_id, link.number), (link.pings, link.pongs)));
        self.0.push_back(now.collect());
        if self.0.len() > LOOKS_MAX {
            self.0.pop_front();
        }
        links.iter().map(|link| self.loss(link)).collect()
    }

    fn loss(&self, link: &Link) -> Option<u32> {
        let place = (link.to_id, link.number);
        let (pings, pongs) = self.0.iter().find_map(|look| look.get(&place))?;
        // A Corosync that began anew counts from nothing.
        let (sent, came) = (link.pings.checked_sub(*pings)?, link.pongs.checked_sub(*pongs)?);
        if sent < PINGS_MIN {
            return None;
        }
        // The last one may be under way.
        let lost = sent.saturating_sub(came).saturating_sub(1);
        u32::try_from(lost.saturating_mul(1_000_000) / sent).ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn said(text: &str) -> Data {
        Data::String(text.to_owned())
    }

    #[test]
    fn links_are_those_of_the_configuration_to_others() {
        let mut configured = Configured::default();
        for (key, data) in [
            ("nodelist.local_node_pos", Data::UInt32(0)),
            ("nodelist.node.0.nodeid", Data::UInt32(7)),
            ("nodelist.node.0.name", said("n1")),
            ("nodelist.node.0.ring0_addr", said("10.0.0.1")),
            ("nodelist.node.1.nodeid", Data::UInt32(8)),
            ("nodelist.node.1.ring0_addr", said("10.0.0.2")),
            ("nodelist.node.1.quorum_votes", Data::UInt32(3)),
            ("quorum.device.model", said("net")),
            ("quorum.device.net.host", said("10.0.0.9")),
        ] {
            configured.take(key, &data);
        }
        let mut links = BTreeMap::new();
        for (key, data) in [
            ("stats.knet.node7.link0.connected", Data::UInt8(1)),
            ("stats.knet.node8.link0.connected", Data::UInt8(1)),
            ("stats.knet.node8.link0.latency_ave", Data::UInt32(250)),
            ("stats.knet.node8.link0.latency_samples", Data::UInt32(9)),
            ("stats.knet.node8.link1.connected", Data::UInt8(0)),
            ("stats.knet.handle.rx_data", Data::UInt64(0)),
        ] {
            count(&mut links, key, &data);
        }
        let found = configured.conditions(&links);
        assert_eq!(found.votes, [("n1".to_owned(), 1), ("10.0.0.2".to_owned(), 3)]);
        assert_eq!(found.device.unwrap().host.as_deref(), Some("10.0.0.9"));
        let [link] = found.links.as_slice() else { panic!("{:?}", found.links) };
        assert_eq!((link.to_id, link.connected, link.latency_us), (8, true, Some(250)));
    }

    #[test]
    fn loss_is_what_did_not_come_back_lately() {
        let mut looks = Looks::default();
        let mut loss = |pings, pongs| {
            looks.losses(&[Link { pings, pongs, ..Link::default() }]).into_iter().next().flatten()
        };
        assert_eq!(loss(100, 50), None, "what was before nobody looked");
        assert_eq!(loss(105, 55), None, "too few");
        assert_eq!(loss(200, 149), Some(0), "one is under way");
        assert_eq!(loss(300, 239), Some(50_000), "200 were sent and 189 came");
        assert_eq!(loss(5, 5), None, "it began anew");
    }
}
