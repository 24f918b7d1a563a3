//! What changes and why, in words.

use super::{Given, Making};
use crate::check::span;
use crate::keys::Method;
use crate::settings::{Child, Crm, OnExit};

/// Where `mgmtd` listened, by TCP, unless it was told otherwise.
const GUI_PORT: &str = "5560";

/// Where something was said.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum File {
    HaCf,
    AuthKeys,
    Resources,
    /// Of Heartbeat's own resource manager.
    Document,
}

/// What becomes of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// It goes on under another name.
    Becomes,
    /// It goes on, and is not quite what it was.
    Differs,
    /// Nothing stands for it.
    Gone,
    /// Somebody must do something.
    ToDo,
}

/// One thing that changes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Word {
    pub file: File,
    /// 0 is the file as a whole.
    pub line: u32,
    pub kind: Kind,
    pub text: String,
}

impl File {
    /// Its name.
    pub fn name(self) -> &'static str {
        match self {
            Self::HaCf => "ha.cf",
            Self::AuthKeys => "authkeys",
            Self::Resources => "haresources",
            Self::Document => "cib.xml",
        }
    }
}

impl Kind {
    /// In a list.
    pub fn word(self) -> &'static str {
        match self {
            Self::Becomes => "becomes",
            Self::Differs => "differs",
            Self::Gone => "gone",
            Self::ToDo => "to do",
        }
    }
}

impl std::fmt::Display for Word {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{:<7}  {}", self.kind.word(), self.file.name())?;
        if self.line > 0 {
            write!(f, ":{}", self.line)?;
        }
        write!(f, ": {}", self.text)
    }
}

/// Directives without a counterpart, and what to say of them.
const GONE: &[(&str, &str)] = &[
    ("baud", "there are no serial links"),
    ("hopfudge", "there are no serial links"),
    ("msgfmt", "how messages look is Corosync's business"),
    ("traditional_compression", "how messages look is Corosync's business"),
    ("compression_threshold", "knet_compression_threshold is its counterpart, in bytes"),
    ("hbgenmethod", "each life of a daemon has a number of its own"),
    ("uuidfrom", "a node is known by its number in corosync.conf and its name"),
    ("coredumps", "the service manager says that (LimitCORE)"),
    ("coreroot", "the kernel says where cores go (kernel.core_pattern)"),
    ("realtime", "Corosync runs before other programs by itself"),
    ("rtprio", "Corosync runs before other programs by itself"),
    ("memreserve", "Corosync keeps its memory by itself"),
    ("max_rexmit_delay", "totem asks again by its own rules"),
    ("crm_daemon_dir", "there is one program"),
    ("crmd_spawns_pengine", "there is one program"),
    ("record_config_changes", "`quorate history` has all changes"),
    ("record_pengine_inputs", "`quorate why --action` says why, and plans can be made again"),
    ("enable_config_writes", "the configuration is always on the disks of a majority"),
    ("use_apphbd", "what an agent started is watched, whatever it is"),
    ("normalpoll", "there is nothing to choose"),
    ("log_badpack", "Corosync logs what it does not understand"),
    ("syslogmsgfmt", "Corosync writes its own format"),
    ("conn_logd_time", "there is no log daemon"),
    ("env", "set it in the service's unit"),
];

/// All that no other part of the lowering has said.
pub(super) fn rest(making: &mut Making<'_>, given: Given<'_>) {
    for line in given.ha.lines() {
        if let Some((name, why)) = GONE.iter().find(|(name, _)| line.directive == *name) {
            making.say(File::HaCf, line.number, Kind::Gone, format!("{name}: {why}"));
        }
    }
    let settings = making.settings;
    let at = |name: &str| given.ha.all(name).last().map_or(0, |line| line.number);
    if at("warntime") > 0 {
        let text = format!(
            "warntime {}: Corosync logs a token that takes longer than 75 % of its time (token_warning)",
            span(settings.warntime)
        );
        making.say(File::HaCf, at("warntime"), Kind::Differs, text);
    }
    if let Some(device) = &settings.watchdog {
        let text = format!(
            "watchdog {device}: say it under [watchdog] in quorate.toml; with fencing-watchdog-timeout the \
             others may count on it"
        );
        making.say(File::HaCf, at("watchdog"), Kind::ToDo, text);
    }
    if at("quorum_server") > 0 {
        let text = "quorum_server: a quorum device (corosync-qdevice, corosync-qnetd) breaks ties";
        making.say(File::HaCf, at("quorum_server"), Kind::ToDo, text);
    }
    if settings.autojoin {
        let text = "autojoin: who joins needs a token (`quorate cluster join`)";
        making.say(File::HaCf, at("autojoin"), Kind::Differs, text);
    }
    logs(making, at("use_logd"));
    children(making);
    clients(making);
    manager(making, at("crm").max(at("pacemaker")), given.document.is_some());
    keys(making, given);
}

fn logs(making: &mut Making<'_>, use_logd: u32) {
    let settings = making.settings;
    if settings.logfile.is_some() || settings.facility.is_some() {
        let text = "logfile, debugfile, logfacility become `logging` in corosync.conf; Quorate's own log goes \
                    to the journal";
        making.say(File::HaCf, 0, Kind::Becomes, text);
    } else if use_logd > 0 {
        let text =
            "use_logd: there is no log daemon; Corosync logs to /var/log/corosync and syslog";
        making.say(File::HaCf, use_logd, Kind::Gone, text);
    }
}

fn children(making: &mut Making<'_>) {
    for child in &making.settings.children {
        let words = std::iter::once(&child.program).chain(&child.arguments);
        let command = words.map(String::as_str).collect::<Vec<_>>().join(" ");
        let (kind, text) = match (child.name(), child.on_exit) {
            // Said where ping nodes are.
            ("ipfail" | "pingd", _) => continue,
            ("dopd", _) => (
                Kind::ToDo,
                "dopd: name crm-fence-peer.9.sh and crm-unfence-peer.9.sh as handlers in DRBD's own \
                 configuration"
                    .to_owned(),
            ),
            ("mgmtd", _) => (Kind::ToDo, console(child)),
            (_, OnExit::Respawn) => (
                Kind::ToDo,
                format!(
                    "respawn: `{command}` as {} was kept running on each node; make it a service of systemd, \
                     or a clone of ocf:heartbeat:anything",
                    child.user
                ),
            ),
            (_, OnExit::Failfast) => (
                Kind::ToDo,
                format!(
                    "failfast: the node reset itself when `{command}` died; make it a clone with \
                     on-fail=fence"
                ),
            ),
        };
        making.say(File::HaCf, child.line, kind, text);
    }
}

/// Where what `hb_gui` talked to is now.
fn console(child: &Child) -> String {
    let words = &child.arguments;
    let after = |at: usize| words.get(at + 1).filter(|port| port.parse::<u16>().is_ok());
    let port = words.iter().position(|word| word == "-p").and_then(after);
    let port = port.map_or(GUI_PORT, String::as_str);
    format!(
        "mgmtd: the console takes hb_gui's place: say listen = \"ADDRESS:{port}\" under [web] in quorate.toml \
         for its port"
    )
}

fn clients(making: &mut Making<'_>) {
    for client in &making.settings.clients {
        let text = format!(
            "apiauth {}: members of the group haclient may use the cluster; roles (`acls`) say what",
            client.name
        );
        making.say(File::HaCf, client.line, Kind::Differs, text);
    }
}

fn manager(making: &mut Making<'_>, line: u32, is_given: bool) {
    let text = match making.settings.crm {
        Crm::Off => return,
        Crm::On | Crm::Minimal => {
            "crm: it is always on. If the daemon dies, the others fence the node, which does not reset \
             itself"
        }
        Crm::Respawn | Crm::Valgrind | Crm::CcmOnly => {
            "crm: it is always on, and systemd starts the daemon again"
        }
    };
    making.say(File::HaCf, line, Kind::Becomes, text);
    if !is_given {
        let text = "the configuration of the resource manager is a node's /var/lib/heartbeat/crm/cib.xml: give it \
                    by --cib";
        making.say(File::HaCf, line, Kind::ToDo, text);
    }
}

fn keys(making: &mut Making<'_>, given: Given<'_>) {
    let Some(key) = given.keys.and_then(|keys| keys.signing()) else { return };
    let how = match key.method {
        Method::Crc => "nothing was signed before",
        Method::Md5 | Method::Sha1 => "the old key is a word, and too short",
    };
    let text = format!(
        "{}: Corosync encrypts (aes256) and signs (sha256) with a new key in /etc/corosync/authkey; {how}",
        key.method.word()
    );
    making.say(File::AuthKeys, key.line, Kind::Becomes, text);
}
