//! The daemon's configuration file: who this node is, who the others are, where things are.
//!
//! ```toml
//! name = "n1"
//! state_dir = "/var/lib/quorate"
//! nodes = [{ name = "n1", id = 1 }, { name = "n2", id = 2 }, { name = "n3", id = 3 }]
//!
//! [fabric]
//! kind = "embedded"
//! socket = "/run/quorate/fabric.sock"
//! ```
//!
//! Between machines, Corosync carries the messages, and its `nodelist` says who is in the cluster:
//!
//! ```toml
//! state_dir = "/var/lib/quorate"
//!
//! [fabric]
//! kind = "corosync"
//! ```
//!
//! With a section `[web]` the API and the console are served to the network, over TLS:
//!
//! ```toml
//! [web]
//! listen = "[::]:7630"                        # as it is without
//! certificate = "/etc/quorate/web.pem"        # without, one is made and kept in the state directory
//! key = "/etc/quorate/web-key.pem"
//! names = ["n1.example.org"]                  # in a certificate that is made
//! ```
//!
//! Its console shows other clusters, too, where it is told how to ask them:
//!
//! ```toml
//! [[web.clusters]]
//! name = "east"
//! urls = ["https://n1.east.example.org:7630", "https://n2.east.example.org:7630"]
//! token = "/etc/quorate/east.token"           # of the role `read`; nobody else may read the file
//! authority = "/etc/quorate/east-authority.pem"
//! ```
//!
//! A program that was built with the feature `traces` sends each failover as a trace, by OTLP over HTTP:
//!
//! ```toml
//! [traces]
//! endpoint = "http://127.0.0.1:4318"
//! ```
//!
//! Relative paths start at the file's directory. The file that the package's unit names need not be there
//! where Corosync is set up: then it is as if it said what stands above, with the socket where clients look. So it
//! is, too, where the file is there and says nothing of the directory, the socket and the fabric.
//!
//! **Always:** an unknown key, a wrong kind of value or a contradiction is refused, with the line.

mod keys;
mod web;

pub(crate) use web::Logins;

use std::collections::BTreeSet;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use std::time::Duration;

#[cfg(feature = "traces")]
use api::Collector;
use api::{OtherCluster, SessionTimes, WebSettings};
use fabric::Votes;
use model::{NodeId, NodeName};
use serde::Deserialize;

/// Shorter, and a busy machine is taken for a lost one.
#[cfg(feature = "corosync")]
const STALL_MIN: Duration = Duration::from_millis(500);

/// What drivers take, and what is of use.
const WATCHDOG_SECONDS: std::ops::RangeInclusive<u64> = 2..=600;

/// The file that need not be there.
pub(crate) const USUAL_FILE: &str = "/etc/quorate/quorate.toml";

/// Where Corosync looks, unless its environment says otherwise.
pub(crate) const COROSYNC_CONF: &str = "/etc/corosync/corosync.conf";

/// What holds where the file says nothing of these two, or is not there: another tool set up Corosync, and knows of no
/// daemon that wants to be told.
const STATE_DIR: &str = "/var/lib/quorate";
const API_SOCKET: &str = "/run/quorate/api.sock";

/// There is none in a program without traces.
#[cfg(not(feature = "traces"))]
type Collector = std::convert::Infallible;

/// What the file says, checked and completed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Config {
    pub(crate) state_dir: PathBuf,
    pub(crate) api_socket: PathBuf,
    /// Agents of our own: a directory with `ocf` and `fence` in it.
    pub(crate) agents: Option<PathBuf>,
    pub(crate) log_level: LogLevel,
    /// In addition to the standard error.
    pub(crate) log_file: Option<PathBuf>,
    pub(crate) fabric: FabricConfig,
    /// A watchdog device, which resets the machine when the loop hangs.
    pub(crate) watchdog: Option<WatchdogConfig>,
    /// sbd's own configuration file, where its disks are to be heeded.
    pub(crate) sbd: Option<PathBuf>,
    /// Whether and where the network is served.
    pub(crate) web: Option<WebSettings>,
    pub(crate) logins: Logins,
    /// Other clusters that are asked how they are.
    pub(crate) others: Vec<OtherCluster>,
    pub(crate) sessions: SessionTimes,
    /// Who is sent each failover as a trace.
    pub(crate) traces: Option<Collector>,
}

/// The machine's watchdog.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct WatchdogConfig {
    pub(crate) device: PathBuf,
    /// After so long without food the machine is reset; the driver's own if not given.
    pub(crate) timeout: Option<Duration>,
}

#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
struct ConfiguredNode {
    name: String,
    id: u32,
    #[serde(default = "one")]
    votes: u32,
}

fn one() -> u32 {
    1
}

/// Who this node is, among whom.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Roster {
    pub(crate) id: NodeId,
    pub(crate) name: NodeName,
    /// All nodes, this one included.
    pub(crate) nodes: Vec<(NodeId, NodeName)>,
    /// Nothing but a majority of votes ever has quorum.
    pub(crate) majority_only: bool,
}

/// What carries messages between nodes, and who they are.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum FabricConfig {
    /// Nodes are processes of this machine.
    Embedded { socket: PathBuf, roster: Roster, votes: Votes },
    /// Corosync's configuration says who they are.
    #[cfg(feature = "corosync")]
    Corosync {
        /// What Corosync must call this machine, if anything is said.
        name: Option<NodeName>,
        /// A member that takes nothing for so long is left out.
        stall: Duration,
    },
}

/// Whom a message in the log is for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum LogLevel {
    /// The cluster was affected.
    Error,
    /// It may be.
    Warn,
    /// Helps after the fact.
    #[default]
    Info,
    /// For who changes the program.
    Debug,
    Trace,
}

/// The file cannot be used.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ConfigError {
    #[error("cannot read the configuration file `{path}`")]
    Read { path: PathBuf, source: io::Error },
    #[error(
        "this machine is in no cluster: there is neither `{path}` nor `{COROSYNC_CONF}`, which \
         `quorate cluster init` or `join` writes, or another tool that sets up Corosync"
    )]
    NotSetUp { path: PathBuf },
    #[error("`{path}` is not a configuration file: {message}")]
    Parse { path: PathBuf, message: String },
    #[error("`{path}`, line {line}: there is no key `{key}`{}", hint(nearest.as_ref()))]
    UnknownKey { path: PathBuf, line: usize, key: String, nearest: Option<String> },
    #[error("`{path}`: {what}")]
    Contradiction { path: PathBuf, what: String },
}

fn hint(nearest: Option<&String>) -> String {
    nearest.map_or_else(String::new, |word| format!("; did you mean `{word}`?"))
}

#[derive(Deserialize)]
struct File {
    name: Option<String>,
    nodes: Option<Vec<ConfiguredNode>>,
    state_dir: Option<PathBuf>,
    api_socket: Option<PathBuf>,
    agents: Option<PathBuf>,
    #[serde(default)]
    log_level: LogLevel,
    log_file: Option<PathBuf>,
    fabric: Option<FabricSection>,
    watchdog: Option<WatchdogSection>,
    sbd: Option<SbdSection>,
    traces: Option<TracesSection>,
    web: Option<web::Section>,
}

#[derive(Deserialize)]
struct SbdSection {
    file: PathBuf,
}

#[derive(Deserialize)]
struct TracesSection {
    #[cfg(feature = "traces")]
    endpoint: String,
}

#[derive(Deserialize)]
#[serde(tag = "kind", rename_all = "lowercase", deny_unknown_fields)]
enum FabricSection {
    Embedded { socket: PathBuf },
    Corosync { stall: Option<f64> },
}

#[derive(Deserialize)]
struct WatchdogSection {
    device: PathBuf,
    timeout: Option<u64>,
}

/// Reads and checks the file.
pub(crate) fn read(path: &Path) -> Result<Config, ConfigError> {
    let unreadable = |source| ConfigError::Read { path: path.to_owned(), source };
    let text = match fs::read_to_string(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound && path == USUAL_FILE => {
            without_file(path, Path::new(COROSYNC_CONF).exists())?;
            String::new()
        }
        read => read.map_err(unreadable)?,
    };
    let path = std::path::absolute(path).map_err(unreadable)?;
    check(&path, &text)
}

/// The file need not be there where Corosync is set up.
fn without_file(path: &Path, has_corosync: bool) -> Result<(), ConfigError> {
    if has_corosync { Ok(()) } else { Err(ConfigError::NotSetUp { path: path.to_owned() }) }
}

fn check(path: &Path, text: &str) -> Result<Config, ConfigError> {
    if let Some((line, key, nearest)) = keys::first_unknown(text) {
        return Err(ConfigError::UnknownKey { path: path.to_owned(), line, key, nearest });
    }
    let file: File = toml::from_str(text).map_err(|error| ConfigError::Parse {
        path: path.to_owned(),
        message: error.to_string().trim_end().to_owned(),
    })?;
    let wrong = |what: String| ConfigError::Contradiction { path: path.to_owned(), what };
    let base = path.parent().unwrap_or(Path::new("/"));
    let at = |path: &Path| plain(&base.join(path));
    let state_dir = at(file.state_dir.as_deref().unwrap_or(Path::new(STATE_DIR)));
    let api_socket = match (&file.api_socket, &file.state_dir) {
        (Some(socket), _) => at(socket),
        (None, Some(_)) => state_dir.join("api.sock"),
        (None, None) => API_SOCKET.into(),
    };
    let file_name = file.name.clone();
    let fabric = file.fabric.unwrap_or(FabricSection::Corosync { stall: None });
    let is_between_machines = matches!(fabric, FabricSection::Corosync { .. });
    let fabric = match fabric {
        FabricSection::Embedded { socket } => {
            let nodes = file.nodes.unwrap_or_default();
            embedded(at(&socket), file.name, &nodes).map_err(wrong)?
        }
        FabricSection::Corosync { stall } => {
            corosync(file.name, stall, file.nodes.as_deref()).map_err(wrong)?
        }
    };
    let watchdog =
        file.watchdog.map(|section| watchdog(&section, &at)).transpose().map_err(wrong)?;
    let logins = web::logins(file.web.as_ref(), &at);
    let others = web::clusters(file.web.as_ref(), &at).map_err(wrong)?;
    let sessions = web::sessions(file.web.as_ref()).map_err(wrong)?;
    let web = file.web.map(|section| {
        web::settings(section, file_name.as_deref(), &state_dir, is_between_machines, &at)
    });
    let traces = file.traces.as_ref().map(collector).transpose().map_err(wrong)?;
    Ok(Config {
        traces,
        web: web.transpose().map_err(wrong)?,
        logins,
        others,
        sessions,
        api_socket,
        state_dir,
        agents: file.agents.map(|path| at(&path)),
        log_level: file.log_level,
        log_file: file.log_file.map(|path| at(&path)),
        fabric,
        watchdog,
        sbd: file.sbd.map(|section| at(&section.file)),
    })
}

fn watchdog(
    section: &WatchdogSection,
    at: &impl Fn(&Path) -> PathBuf,
) -> Result<WatchdogConfig, String> {
    let WatchdogSection { device, timeout } = section;
    match timeout {
        Some(seconds) if !WATCHDOG_SECONDS.contains(seconds) => Err(format!(
            "the watchdog's `timeout` is {seconds}; it may be {} to {} seconds",
            WATCHDOG_SECONDS.start(),
            WATCHDOG_SECONDS.end()
        )),
        Some(_) | None => {
            Ok(WatchdogConfig { device: at(device), timeout: timeout.map(Duration::from_secs) })
        }
    }
}

#[cfg(feature = "traces")]
fn collector(section: &TracesSection) -> Result<Collector, String> {
    let TracesSection { endpoint } = section;
    // It is not repeated: there may be a password in it.
    endpoint.parse().map_err(|error| format!("`endpoint` of `[traces]`: {error}"))
}

#[cfg(not(feature = "traces"))]
fn collector(_section: &TracesSection) -> Result<Collector, String> {
    let why = "this program was built without traces: leave `[traces]` out, or build it with `--features traces`";
    Err(why.to_owned())
}

fn embedded(
    socket: PathBuf,
    name: Option<String>,
    nodes: &[ConfiguredNode],
) -> Result<FabricConfig, String> {
    check_nodes(nodes)?;
    let Some(name) = name else {
        return Err("say which of the nodes this is: `name = \"...\"`".to_owned());
    };
    let named = nodes.iter().map(|node| (NodeId(node.id), NodeName::new(&node.name)));
    let votes = Votes::new(nodes.iter().map(|node| (NodeId(node.id), node.votes)));
    let roster = named_among(&name, named.collect())
        .map_err(|hint| format!("this node, `{name}`, is not among the nodes{hint}"))?;
    Ok(FabricConfig::Embedded { socket, roster, votes })
}

/// The place of the node that is called so; or a word about the name that was meant.
fn named_among(name: &str, nodes: Vec<(NodeId, NodeName)>) -> Result<Roster, String> {
    if let Some((id, name)) = nodes.iter().find(|(_, known)| known.as_str() == name).cloned() {
        return Ok(Roster { id, name, nodes, majority_only: true });
    }
    let names = nodes.iter().map(|(_, name)| name.as_str());
    Err(hint(view::words::nearest(name, names).map(str::to_owned).as_ref()))
}

#[cfg(feature = "corosync")]
fn corosync(
    name: Option<String>,
    stall: Option<f64>,
    nodes: Option<&[ConfiguredNode]>,
) -> Result<FabricConfig, String> {
    if nodes.is_some() {
        let why = "with Corosync, corosync.conf says who the nodes are: leave `nodes` out";
        return Err(why.to_owned());
    }
    let stall = match stall.map(Duration::try_from_secs_f64) {
        None => fabric::corosync::STALL_DEFAULT,
        Some(Ok(stall)) if stall >= STALL_MIN => stall,
        Some(_) => return Err(format!("`stall`: expected at least {STALL_MIN:?}, in seconds")),
    };
    Ok(FabricConfig::Corosync { name: name.map(NodeName::new), stall })
}

#[cfg(not(feature = "corosync"))]
fn corosync(
    _name: Option<String>,
    _stall: Option<f64>,
    _nodes: Option<&[ConfiguredNode]>,
) -> Result<FabricConfig, String> {
    let why = "this program was built without Corosync; build it with `--features corosync`, or \
               take the package";
    Err(why.to_owned())
}

/// Without `.` and doubled slashes: the state directory's path marks the processes of the node, and
/// others look for it as they were told it.
fn plain(path: &Path) -> PathBuf {
    path.components().collect()
}

fn check_nodes(nodes: &[ConfiguredNode]) -> Result<(), String> {
    if nodes.is_empty() {
        return Err("there are no nodes: `nodes = [{ name = \"...\", id = 1 }, ...]`".to_owned());
    }
    let (mut ids, mut names) = (BTreeSet::new(), BTreeSet::new());
    for ConfiguredNode { name, id, votes: _ } in nodes {
        if name.is_empty() {
            return Err(format!("the node with id {id} has no name"));
        }
        if *id == 0 {
            return Err(format!("node `{name}` has id 0; ids start at 1"));
        }
        if !ids.insert(*id) {
            return Err(format!("two nodes have id {id}"));
        }
        if !names.insert(name) {
            return Err(format!("two nodes are called `{name}`"));
        }
    }
    if nodes.iter().all(|node| node.votes == 0) {
        return Err("no node has a vote, so there would never be a quorum".to_owned());
    }
    Ok(())
}

#[cfg(test)]
mod tests;
