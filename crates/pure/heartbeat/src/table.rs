//! Every directive of `ha.cf`: what it takes, its unit and default, where it must stand, what it does.
//!
//! Source: Heartbeat 2.1.3 and 3.0.6, their annotated sample and manual page.

/// One directive.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Directive {
    pub name: &'static str,
    pub takes: Takes,
    /// What counts when it is not there; empty if nothing does.
    pub default: &'static str,
    pub place: Place,
    /// A second line is refused.
    pub once: bool,
    pub words: &'static str,
}

/// What stands behind its name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Takes {
    /// A time above 0: seconds, or with `ms` or `us`.
    Time,
    /// A whole number in these bounds.
    Number {
        min: u64,
        max: u64,
    },
    Boolean,
    /// One of these.
    Word(&'static [&'static str]),
    /// One value.
    One,
    /// One value or more.
    Many,
    /// Device, group, port, hops, loop.
    Multicast,
    /// Device and address.
    Unicast,
    /// A name and addresses.
    PingGroup,
    /// A kind of fence device and the file with its parameters. Field word: *stonith*.
    Device,
    /// A host or `*`, a kind of fence device, its parameters. Field word: *stonith_host*.
    HostsDevice,
    /// A user and a command.
    Child,
    /// A client, and `uid=` or `gid=` lists.
    Client,
    /// `NAME=VALUE`.
    Variable,
}

/// Where a directive must stand, since each takes effect when it is met.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Place {
    Anywhere,
    /// Above all media.
    BeforeMedia,
    /// Carries heartbeats.
    Medium,
    /// Above `crm`.
    BeforeCrm,
    /// `crm` and its other name.
    Crm,
}

/// Most nodes that a cluster may have.
pub const NODES_MAX: usize = 100;
/// Most media.
pub const MEDIA_MAX: usize = 64;
/// Most serial ports.
pub const SERIAL_MAX: usize = 4;
/// A node's name must be shorter.
pub const NAME_MAX: usize = 100;

const BAUD: &[&str] = &["9600", "19200", "38400", "57600", "115200", "230400", "460800"];
/// Values of `crm` that are no booleans.
pub(crate) const CRM: &[&str] = &[
    "false", "off", "no", "n", "0", "true", "on", "yes", "y", "1", "respawn", "minimal", "manual",
    "valgrind", "ccm-only",
];
const FACILITIES: &[&str] = &[
    "none", "auth", "authpriv", "cron", "daemon", "ftp", "kern", "lpr", "mail", "news", "syslog",
    "user", "uucp", "local0", "local1", "local2", "local3", "local4", "local5", "local6", "local7",
];
const COUNT: Takes = Takes::Number { min: 1, max: u32::MAX as u64 };
const BYTE: Takes = Takes::Number { min: 0, max: 255 };

const fn d(
    name: &'static str,
    takes: Takes,
    default: &'static str,
    place: Place,
    words: &'static str,
) -> Directive {
    Directive { name, takes, default, place, once: false, words }
}

impl Directive {
    const fn once(self) -> Self {
        Self { once: true, ..self }
    }
}

use Place::{Anywhere, BeforeCrm, BeforeMedia, Medium};
use Takes::{Boolean, Many, One, Time};

#[rustfmt::skip] // a table: one directive a line
pub(crate) const DIRECTIVES: &[Directive] = &[
    d("node", Many, "", Anywhere, "members; each must be what `uname -n` says there"),
    d("autojoin", Takes::Word(&["none", "other", "any"]), "none", Anywhere, "who may join without being listed"),
    d("cluster", One, "linux-ha", Anywhere, "the cluster's name"),
    d("keepalive", Time, "1", Anywhere, "time between heartbeats"),
    d("deadtime", Time, "30", Anywhere, "a node is dead after this silence; more than twice keepalive"),
    d("warntime", Time, "", Anywhere, "a heartbeat is called late after this; half of deadtime without"),
    d("initdead", Time, "", Anywhere, "the dead time right after the start; made of deadtime without"),
    d("deadping", Time, "", Anywhere, "a ping node is dead after this silence; deadtime without"),
    d("udpport", Takes::Number { min: 1, max: 65_535 }, "694", BeforeMedia, "the port of bcast and ucast"),
    d("baud", Takes::Word(BAUD), "19200", BeforeMedia, "the speed of serial links").once(),
    d("hopfudge", BYTE, "1", Anywhere, "more hops than nodes that a packet may take on a serial ring"),
    d("bcast", Many, "", Medium, "interfaces with UDP broadcast"),
    d("udp", Many, "", Medium, "says bcast today"),
    d("mcast", Takes::Multicast, "", Medium, "multicast: device, group, port, ttl, loop"),
    d("mcast6", Takes::Multicast, "", Medium, "IPv6 multicast: device, group, port, hops, loop"),
    d("ucast", Takes::Unicast, "", Medium, "UDP to one address; a line with an own address is passed over"),
    d("ucast6", Takes::Unicast, "", Medium, "UDP to one IPv6 address"),
    d("serial", Many, "", Medium, "serial lines, in a ring"),
    d("rds", Many, "", Medium, "reliable datagrams over InfiniBand"),
    d("tipc", Many, "", Medium, "TIPC"),
    d("ping", Many, "", Anywhere, "addresses outside of the cluster, each a node of its own kind"),
    d("ping6", Many, "", Anywhere, "IPv6 addresses outside of the cluster"),
    d("ping_group", Takes::PingGroup, "", Anywhere, "a name and addresses; reached if any answers"),
    d("hbaping", Many, "", Anywhere, "Fibre Channel cards as ping nodes; never fully supported"),
    d("auto_failback", One, "legacy", Anywhere, "whether resources go back to the node that their line names: on, off, legacy"),
    d("nice_failback", Boolean, "", Anywhere, "says auto_failback today: on is off there"),
    d("stonith", Takes::Device, "", Anywhere, "a fence device of this node, its parameters in a file"),
    d("stonith_host", Takes::HostsDevice, "", Anywhere, "who may use it, the kind of fence device, its parameters"),
    d("watchdog", One, "", Anywhere, "a device that resets the machine if heartbeat does not run").once(),
    d("respawn", Takes::Child, "", Anywhere, "a program to keep running; 100 ends it"),
    d("failfast", Takes::Child, "", Anywhere, "a program without which the node resets itself"),
    d("apiauth", Takes::Client, "", Anywhere, "which users and groups may be that client"),
    d("use_logd", Boolean, "", BeforeMedia, "log by the daemon of its own; yes if nothing is said about logs"),
    d("logfile", One, "", BeforeMedia, "where messages go"),
    d("debugfile", One, "", BeforeMedia, "where debugging messages go"),
    d("logfacility", Takes::Word(FACILITIES), "", BeforeMedia, "the facility for syslog"),
    d("conn_logd_time", Time, "60", Anywhere, "time between tries to reach the log daemon"),
    d("debug", BYTE, "0", BeforeMedia, "how much is logged"),
    d("syslogmsgfmt", Boolean, "true", Anywhere, "files look as syslog's do"),
    d("log_badpack", Boolean, "true", Anywhere, "packets that are not understood are logged"),
    d("msgfmt", Takes::Word(&["classic", "netstring"]), "classic", Anywhere, "how messages look on the wire"),
    d("compression", Takes::Word(&["zlib", "bz2"]), "", Anywhere, "compresses messages"),
    d("compression_threshold", COUNT, "2", Anywhere, "smaller messages are not compressed (KB)"),
    d("traditional_compression", Boolean, "no", Anywhere, "compresses whole messages"),
    d("coredumps", Boolean, "true", Anywhere, "whether a crash leaves a core"),
    d("coreroot", One, "", Anywhere, "where cores go"),
    d("realtime", Boolean, "on", Anywhere, "runs before other programs, and stays in memory"),
    d("rtprio", Takes::Number { min: 1, max: 99 }, "", Anywhere, "how far before them"),
    d("hbgenmethod", Takes::Word(&["file", "time"]), "file", Anywhere, "where the number of a node's life comes from"),
    d("uuidfrom", Takes::Word(&["file", "nodename"]), "file", Anywhere, "where a node's identity comes from"),
    d("crm", Takes::Word(CRM), "off", Place::Crm, "whether the cluster resource manager decides instead of haresources").once(),
    d("pacemaker", Takes::Word(CRM), "off", Place::Crm, "the other name of crm").once(),
    d("crm_daemon_dir", One, "", BeforeCrm, "where the resource manager's programs are"),
    d("crmd_spawns_pengine", Boolean, "true", BeforeCrm, "which program starts the one that plans"),
    d("env", Takes::Variable, "", Anywhere, "given to children as HA_NAME"),
    d("max_rexmit_delay", COUNT, "250", Anywhere, "before a packet is asked for again (ms)"),
    d("memreserve", COUNT, "6500", Anywhere, "memory taken beforehand (KB)"),
    d("record_config_changes", Boolean, "on", Anywhere, "with crm: log changes"),
    d("record_pengine_inputs", Boolean, "on", Anywhere, "with crm: keep what plans were made of"),
    d("enable_config_writes", Boolean, "on", Anywhere, "with crm: write the configuration to the disk"),
    d("quorum_server", One, "", Anywhere, "who breaks ties between sites"),
    d("use_apphbd", Boolean, "", Anywhere, "let the application heartbeat daemon watch heartbeat"),
    d("normalpoll", Boolean, "true", Anywhere, "how it waits"),
];

/// The directive of that name.
pub fn directive(name: &str) -> Option<&'static Directive> {
    DIRECTIVES.iter().find(|known| known.name == name)
}

/// Every directive.
pub fn directives() -> impl Iterator<Item = &'static Directive> {
    DIRECTIVES.iter()
}

/// What a line of the directive looks like behind its name.
pub fn usage(takes: Takes) -> String {
    match takes {
        Time => "a time above 0, in seconds or with ms or us".to_owned(),
        Takes::Number { min, max } if max >= u64::from(u32::MAX) => {
            format!("a whole number from {min} on")
        }
        Takes::Number { min, max } => format!("{min} to {max}"),
        Boolean => "on, off, yes, no, true, false, 1 or 0".to_owned(),
        Takes::Word(words) => words.join(", "),
        One => "one value".to_owned(),
        Many => "one value or more".to_owned(),
        Takes::Multicast => {
            "DEVICE GROUP PORT TTL LOOP, such as `eth0 225.0.0.1 694 1 0`".to_owned()
        }
        Takes::Unicast => "DEVICE ADDRESS".to_owned(),
        Takes::PingGroup => "NAME ADDRESS...".to_owned(),
        Takes::Device => "TYPE FILE".to_owned(),
        Takes::HostsDevice => "HOST TYPE PARAMETER..., where * is any host".to_owned(),
        Takes::Child => "USER /PROGRAM [ARGUMENT...]".to_owned(),
        Takes::Client => "CLIENT [uid=USER,...] [gid=GROUP,...]".to_owned(),
        Takes::Variable => "NAME=VALUE".to_owned(),
    }
}

/// The table for people, as Markdown: what `docs/reference/ha-cf.md` has.
pub fn markdown() -> String {
    let mut text =
        "\n| Directive | Takes | Default | Place | |\n|---|---|---|---|---|\n".to_owned();
    for known in directives() {
        let Directive { name, takes, default, place, once, words } = known;
        let place = match place {
            Anywhere => "",
            BeforeMedia => "above media",
            Medium => "medium",
            BeforeCrm => "above crm",
            Place::Crm => "with or without crm",
        };
        let once = if *once { "; once" } else { "" };
        let takes = usage(*takes);
        text.push_str(&format!("| `{name}` | {takes} | {default} | {place}{once} | {words} |\n"));
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_directive_is_there_once_and_makes_sense() {
        let mut seen = std::collections::BTreeSet::new();
        for known in directives() {
            assert!(seen.insert(known.name), "{known:?} is there twice");
            assert!(!known.words.is_empty(), "{known:?}");
            if let Takes::Word(words) = known.takes {
                assert!(known.default.is_empty() || words.contains(&known.default), "{known:?}");
            }
            if let (Takes::Number { min, max }, Ok(default)) = (known.takes, known.default.parse())
            {
                assert!((min..=max).contains(&default), "{known:?}");
            }
        }
        assert!(seen.len() > 60);
    }
}
