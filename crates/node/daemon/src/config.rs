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
//! Relative paths start at the file's directory.
//!
//! **Always:** an unknown key, a wrong kind of value or a contradiction is refused, with the line.

mod keys;

use std::collections::BTreeSet;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use model::{NodeId, NodeName};
use serde::Deserialize;

/// What the file says, checked and completed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Config {
    pub(crate) id: NodeId,
    pub(crate) name: NodeName,
    pub(crate) nodes: Vec<ConfiguredNode>,
    pub(crate) state_dir: PathBuf,
    pub(crate) api_socket: PathBuf,
    /// Agents of our own: a directory with `ocf` and `fence` in it.
    pub(crate) agents: Option<PathBuf>,
    pub(crate) log_level: LogLevel,
    /// In addition to the standard error.
    pub(crate) log_file: Option<PathBuf>,
    pub(crate) fabric: FabricConfig,
    /// A watchdog device, which resets the machine when the loop hangs.
    pub(crate) watchdog: Option<PathBuf>,
}

#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub(crate) struct ConfiguredNode {
    pub(crate) name: String,
    pub(crate) id: u32,
    #[serde(default = "one")]
    pub(crate) votes: u32,
}

fn one() -> u32 {
    1
}

/// What carries messages between nodes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum FabricConfig {
    /// Nodes are processes of this machine.
    Embedded { socket: PathBuf },
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
    name: String,
    nodes: Vec<ConfiguredNode>,
    state_dir: PathBuf,
    api_socket: Option<PathBuf>,
    agents: Option<PathBuf>,
    #[serde(default)]
    log_level: LogLevel,
    log_file: Option<PathBuf>,
    fabric: FabricSection,
    watchdog: Option<WatchdogSection>,
}

#[derive(Deserialize)]
#[serde(tag = "kind", rename_all = "lowercase")]
enum FabricSection {
    Embedded { socket: PathBuf },
}

#[derive(Deserialize)]
struct WatchdogSection {
    device: PathBuf,
}

/// Reads and checks the file.
pub(crate) fn read(path: &Path) -> Result<Config, ConfigError> {
    let unreadable = |source| ConfigError::Read { path: path.to_owned(), source };
    let text = fs::read_to_string(path).map_err(unreadable)?;
    let path = std::path::absolute(path).map_err(unreadable)?;
    check(&path, &text)
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
    check_nodes(&file.nodes).map_err(wrong)?;
    let Some(own) = file.nodes.iter().find(|node| node.name == file.name) else {
        let names = file.nodes.iter().map(|node| node.name.as_str());
        let nearest = view::words::nearest(&file.name, names).map(str::to_owned);
        let hint = hint(nearest.as_ref());
        return Err(wrong(format!("this node, `{}`, is not among the nodes{hint}", file.name)));
    };
    let base = path.parent().unwrap_or(Path::new("/"));
    let at = |path: &Path| plain(&base.join(path));
    let state_dir = at(&file.state_dir);
    Ok(Config {
        id: NodeId(own.id),
        name: NodeName::new(&own.name),
        api_socket: file.api_socket.map_or(state_dir.join("api.sock"), |path| at(&path)),
        state_dir,
        agents: file.agents.map(|path| at(&path)),
        log_level: file.log_level,
        log_file: file.log_file.map(|path| at(&path)),
        fabric: match file.fabric {
            FabricSection::Embedded { socket } => FabricConfig::Embedded { socket: at(&socket) },
        },
        watchdog: file.watchdog.map(|section| at(&section.device)),
        nodes: file.nodes,
    })
}

/// Without `.` and doubled slashes: the state directory's path marks the processes of the node, and
/// others look for it as they were told it.
fn plain(path: &Path) -> PathBuf {
    path.components().collect()
}

fn check_nodes(nodes: &[ConfiguredNode]) -> Result<(), String> {
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
