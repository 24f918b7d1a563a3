//! What the lines of `ha.cf` add up to.
//!
//! A value that cannot be read is left out here, as if its line were not there; [`crate::check()`]
//! names it.

use crate::text::{HaCf, Line, microseconds, truth};

/// All that is decided by. Times in microseconds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Settings {
    /// In lower case, in the order of the file, each once.
    pub nodes: Vec<String>,
    pub autojoin: bool,
    pub cluster: String,
    pub keepalive: u64,
    pub deadtime: u64,
    pub warntime: u64,
    pub initdead: u64,
    pub deadping: u64,
    pub udpport: Option<u16>,
    pub media: Vec<Medium>,
    pub pings: Vec<Ping>,
    pub auto_failback: AutoFailback,
    pub devices: Vec<Device>,
    pub watchdog: Option<String>,
    pub children: Vec<Child>,
    pub clients: Vec<Client>,
    pub logfile: Option<String>,
    pub debugfile: Option<String>,
    pub facility: Option<String>,
    pub debug: bool,
    pub compression: Option<String>,
    pub crm: Crm,
}

/// A way for heartbeats.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Medium {
    pub line: u32,
    /// The interface, or the serial line.
    pub device: String,
    pub kind: MediumKind,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum MediumKind {
    Broadcast,
    Multicast {
        group: String,
        port: u16,
    },
    /// To this address.
    Unicast {
        address: String,
    },
    /// Serial lines and others that are no network of addresses.
    Other {
        word: String,
    },
}

/// Somebody outside who tells whether the network works.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ping {
    pub line: u32,
    /// `None` for a single address.
    pub group: Option<String>,
    pub addresses: Vec<String>,
}

/// Whether resources go back to the node that their line names.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AutoFailback {
    On,
    Off,
    /// The oldest protocol: as on.
    Legacy,
}

/// A fence device. Field words: *stonith*, *stonith_host*.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Device {
    pub line: u32,
    /// Who may use it: `None` is any node.
    pub from: Option<String>,
    /// `ipmilan`, `external/libvirt`, ...
    pub kind: String,
    pub parameters: Parameters,
}

/// Where a device's parameters are.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Parameters {
    Here(Vec<String>),
    /// In this file of the node.
    File(String),
}

/// A program that heartbeat keeps running.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Child {
    pub line: u32,
    pub user: String,
    pub program: String,
    pub arguments: Vec<String>,
    pub on_exit: OnExit,
}

impl Child {
    /// Its name without the directory.
    pub fn name(&self) -> &str {
        self.program.rsplit('/').next().unwrap_or_default()
    }

    /// Whether it is a part of Heartbeat that something else stands for.
    pub fn is_heartbeats(&self) -> bool {
        self.program.contains("/heartbeat/")
            && matches!(self.name(), "ipfail" | "pingd" | "dopd" | "mgmtd")
    }
}

/// What the end of a child leads to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OnExit {
    /// It is started again, unless it answered 100.
    Respawn,
    /// The node resets itself.
    Failfast,
}

/// Who may be a client of that name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Client {
    pub line: u32,
    pub name: String,
    pub users: Vec<String>,
    pub groups: Vec<String>,
}

/// Who manages resources.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Crm {
    /// `haresources`.
    Off,
    /// The cluster resource manager; the node resets itself if a part of it dies.
    On,
    /// As on, but a part that dies is started again.
    Respawn,
    /// Only the parts without which nothing goes. Field words: *minimal*, *manual*.
    Minimal,
    /// As respawn, under a memory checker.
    Valgrind,
    /// Only the membership; the resource manager is started by its own script.
    CcmOnly,
}

impl Crm {
    /// Reads the value.
    pub fn parse(text: &str) -> Option<Self> {
        match (truth(text), text.to_ascii_lowercase().as_str()) {
            (Some(true), _) => Some(Self::On),
            (Some(false), _) => Some(Self::Off),
            (None, "respawn") => Some(Self::Respawn),
            (None, "minimal" | "manual") => Some(Self::Minimal),
            (None, "valgrind") => Some(Self::Valgrind),
            (None, "ccm-only") => Some(Self::CcmOnly),
            (None, _) => None,
        }
    }

    /// Whether `haresources` is not read.
    pub fn is_on(self) -> bool {
        self != Self::Off
    }
}

impl AutoFailback {
    /// Reads the value.
    pub fn parse(text: &str) -> Option<Self> {
        if text.eq_ignore_ascii_case("legacy") {
            return Some(Self::Legacy);
        }
        truth(text).map(|on| if on { Self::On } else { Self::Off })
    }
}

impl Settings {
    /// `initdead`, in whole seconds.
    pub(crate) fn initdead_seconds(&self) -> u64 {
        self.initdead.div_ceil(1_000_000)
    }

    /// What the file says.
    pub fn of(conf: &HaCf) -> Self {
        let deadtime = time(conf, "deadtime").unwrap_or(30_000_000);
        Self {
            nodes: nodes(conf),
            autojoin: last(conf, "autojoin").is_some_and(|word| word != "none"),
            cluster: last(conf, "cluster").unwrap_or("linux-ha").to_owned(),
            keepalive: time(conf, "keepalive").unwrap_or(1_000_000),
            deadtime,
            warntime: time(conf, "warntime").unwrap_or(deadtime / 2),
            initdead: time(conf, "initdead").unwrap_or_else(|| initdead(deadtime)),
            deadping: time(conf, "deadping").unwrap_or(deadtime),
            udpport: last(conf, "udpport").and_then(|port| port.parse().ok()),
            media: conf.lines().iter().flat_map(media).collect(),
            pings: conf.lines().iter().flat_map(pings).collect(),
            auto_failback: auto_failback(conf),
            devices: conf.lines().iter().filter_map(device).collect(),
            watchdog: last(conf, "watchdog").map(str::to_owned),
            children: conf.lines().iter().filter_map(child).collect(),
            clients: conf.all("apiauth").filter_map(client).collect(),
            logfile: last(conf, "logfile").map(str::to_owned),
            debugfile: last(conf, "debugfile").map(str::to_owned),
            facility: last(conf, "logfacility").map(str::to_owned),
            debug: last(conf, "debug").is_some_and(|level| level != "0"),
            compression: last(conf, "compression").map(str::to_owned),
            crm: ["crm", "pacemaker"]
                .into_iter()
                .find_map(|word| last(conf, word).and_then(Crm::parse))
                .unwrap_or(Crm::Off),
        }
    }
}

/// What counts right after the start if nothing is said. Source: Heartbeat's own rule.
fn initdead(deadtime: u64) -> u64 {
    match deadtime {
        10_000_001.. => deadtime,
        0..6_000_000 => 12_000_000,
        6_000_000..=10_000_000 => 2 * deadtime,
    }
}

/// The first value of the last line.
fn last<'a>(conf: &'a HaCf, directive: &str) -> Option<&'a str> {
    let line = conf.lines().iter().rev().find(|line| line.directive == directive)?;
    line.words().first().copied()
}

fn time(conf: &HaCf, directive: &str) -> Option<u64> {
    last(conf, directive).and_then(microseconds).filter(|time| *time > 0)
}

fn nodes(conf: &HaCf) -> Vec<String> {
    let mut found: Vec<String> = Vec::new();
    for line in conf.all("node") {
        for word in line.words() {
            let name = word.to_lowercase();
            if !found.contains(&name) {
                found.push(name);
            }
        }
    }
    found
}

/// `nice_failback` is the older word, with the opposite sense.
fn auto_failback(conf: &HaCf) -> AutoFailback {
    let nice = || last(conf, "nice_failback").and_then(truth).filter(|nice| *nice);
    last(conf, "auto_failback")
        .and_then(AutoFailback::parse)
        .or_else(|| nice().map(|_| AutoFailback::Off))
        .unwrap_or(AutoFailback::Legacy)
}

fn media(line: &Line) -> Vec<Medium> {
    let words = line.words();
    let each = |kind: MediumKind| -> Vec<Medium> {
        let of = |device: &&str| Medium {
            line: line.number,
            device: (*device).to_owned(),
            kind: kind.clone(),
        };
        words.iter().map(of).collect()
    };
    let one = |device: &str, kind: MediumKind| {
        vec![Medium { line: line.number, device: device.to_owned(), kind }]
    };
    match (line.directive.as_str(), words.as_slice()) {
        ("bcast" | "udp", _) => each(MediumKind::Broadcast),
        ("mcast" | "mcast6", [device, group, port, ..]) => match port.parse() {
            Ok(port) => one(device, MediumKind::Multicast { group: (*group).to_owned(), port }),
            Err(_) => Vec::new(),
        },
        ("ucast" | "ucast6", [device, address]) => {
            one(device, MediumKind::Unicast { address: (*address).to_owned() })
        }
        ("serial" | "rds" | "tipc", _) => each(MediumKind::Other { word: line.directive.clone() }),
        _ => Vec::new(),
    }
}

fn pings(line: &Line) -> Vec<Ping> {
    let words = line.words();
    let number = line.number;
    match (line.directive.as_str(), words.as_slice()) {
        ("ping" | "ping6", _) => words
            .iter()
            .map(|at| Ping { line: number, group: None, addresses: vec![(*at).to_owned()] })
            .collect(),
        ("ping_group", [name, addresses @ ..]) if !addresses.is_empty() => vec![Ping {
            line: number,
            group: Some((*name).to_owned()),
            addresses: addresses.iter().map(|at| (*at).to_owned()).collect(),
        }],
        _ => Vec::new(),
    }
}

fn device(line: &Line) -> Option<Device> {
    let parts = line.parts();
    let number = line.number;
    match (line.directive.as_str(), parts.as_slice()) {
        ("stonith", [kind, file]) => Some(Device {
            line: number,
            from: None,
            kind: (*kind).to_owned(),
            parameters: Parameters::File((*file).to_owned()),
        }),
        ("stonith_host", [from, kind, parameters @ ..]) => Some(Device {
            line: number,
            from: (*from != "*").then(|| from.to_lowercase()),
            kind: (*kind).to_owned(),
            parameters: Parameters::Here(parameters.iter().map(|&p| p.to_owned()).collect()),
        }),
        _ => None,
    }
}

fn child(line: &Line) -> Option<Child> {
    let on_exit = match line.directive.as_str() {
        "respawn" => OnExit::Respawn,
        "failfast" => OnExit::Failfast,
        _ => return None,
    };
    let parts = line.parts();
    let [user, program, arguments @ ..] = parts.as_slice() else { return None };
    Some(Child {
        line: line.number,
        user: (*user).to_owned(),
        program: (*program).to_owned(),
        arguments: arguments.iter().map(|&argument| argument.to_owned()).collect(),
        on_exit,
    })
}

fn client(line: &Line) -> Option<Client> {
    let parts = line.parts();
    let (name, lists) = parts.split_first()?;
    let of = |key: &str| -> Vec<String> {
        let said = lists.iter().filter_map(|list| list.strip_prefix(key));
        said.flat_map(|names| names.split(',')).map(str::to_owned).collect()
    };
    Some(Client {
        line: line.number,
        name: (*name).to_owned(),
        users: of("uid="),
        groups: of("gid="),
    })
}
