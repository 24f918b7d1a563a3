//! Speaks to a node's daemon: the only way in for command lines and tools.
//!
//! Requests and answers are `wire::api`, as JSON over HTTP on the daemon's Unix socket. Each
//! request has a connection of its own.
//!
//! **Not here:** what is asked, and how answers are shown.
//!
//! **Always:** every wait has a deadline; a daemon that hangs never hangs a tool.

mod certificate;
mod http;
mod socket;

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use wire::api::{Agent, Cluster, Description, Entry, Refused, Reply, Request};

pub use certificate::{Certificate, Named};
pub use socket::{DEFAULT_SOCKET, SOCKET_VARIABLE, socket_path};

/// Why a question has no answer. The cause, where there is one, is the `source`.
#[derive(Debug, thiserror::Error)]
pub enum ClientError {
    #[error("no daemon answers at {path}")]
    Connect { path: PathBuf, source: std::io::Error },
    #[error("the daemon at {path} did not answer within {} s", .after.as_secs_f64())]
    Deadline { path: PathBuf, after: Duration },
    #[error("the connection to the daemon at {path} broke")]
    Broken { path: PathBuf, source: std::io::Error },
    #[error("the daemon at {path} answered something that is not of this version: {what}")]
    Garbled { path: PathBuf, what: String },
    #[error("the daemon refused the request")]
    Refused(Refused),
}

/// A daemon's address, and how long to wait for it.
#[derive(Clone, Debug)]
pub struct Client {
    path: PathBuf,
    patience: Duration,
    acting_for: Option<String>,
}

/// The document and what is around it.
#[derive(Clone, Debug)]
pub struct Snapshot {
    /// The document's text.
    pub xml: String,
    pub cluster: Cluster,
}

impl Client {
    /// Talks to the daemon at `path`; no answer may take longer than `patience`.
    pub fn new(path: impl Into<PathBuf>, patience: Duration) -> Self {
        Self { path: path.into(), patience, acting_for: None }
    }

    /// The same in somebody else's name: what they may counts. Only who may everything can do so.
    #[must_use]
    pub fn acting_for(self, user: impl Into<String>) -> Self {
        Self { acting_for: Some(user.into()), ..self }
    }

    /// The same with another patience.
    #[must_use]
    pub fn within(self, patience: Duration) -> Self {
        Self { patience, ..self }
    }

    /// The socket's path.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Asks one thing.
    ///
    /// # Errors
    /// When there is no daemon, it does not answer in time, or it answers nonsense. A refusal is
    /// an answer.
    pub fn ask(&self, request: &Request) -> Result<Reply, ClientError> {
        self.ask_within(request, self.patience)
    }

    /// Asks one thing, with a patience of its own.
    ///
    /// # Errors
    /// As [`Client::ask`].
    pub fn ask_within(&self, request: &Request, patience: Duration) -> Result<Reply, ClientError> {
        let body = serde_json::to_vec(request).map_err(|error| self.garbled(error))?;
        let text =
            http::post(&self.path, &self.asks("/v1/request"), &body, Instant::now() + patience)
                .map_err(|error| self.explain(error, patience))?;
        serde_json::from_slice(&text).map_err(|error| self.garbled(error))
    }

    /// The document and the state around it.
    ///
    /// # Errors
    /// As [`Client::ask`], or when the daemon refuses.
    pub fn document(&self) -> Result<Snapshot, ClientError> {
        match self.ask(&Request::Document)? {
            Reply::Document { xml, cluster } => Ok(Snapshot { xml, cluster }),
            other @ (Reply::Earlier { .. }
            | Reply::History { .. }
            | Reply::Done { .. }
            | Reply::Idle
            | Reply::Description(_)
            | Reply::Agents { .. }
            | Reply::Refused(_)) => Err(self.unexpected(other)),
        }
    }

    /// The configuration before the last change of it, as a document without status.
    ///
    /// # Errors
    /// As [`Client::ask`], or when there is none.
    pub fn earlier(&self) -> Result<String, ClientError> {
        match self.ask(&Request::Earlier)? {
            Reply::Earlier { xml } => Ok(xml),
            other @ (Reply::Document { .. }
            | Reply::History { .. }
            | Reply::Done { .. }
            | Reply::Idle
            | Reply::Description(_)
            | Reply::Agents { .. }
            | Reply::Refused(_)) => Err(self.unexpected(other)),
        }
    }

    /// What happened from entry number `since` on.
    ///
    /// # Errors
    /// As [`Client::ask`], or when the daemon refuses.
    pub fn history(&self, since: u64) -> Result<Vec<Entry>, ClientError> {
        match self.ask(&Request::History { since })? {
            Reply::History { entries } => Ok(entries),
            other @ (Reply::Document { .. }
            | Reply::Earlier { .. }
            | Reply::Done { .. }
            | Reply::Idle
            | Reply::Description(_)
            | Reply::Agents { .. }
            | Reply::Refused(_)) => Err(self.unexpected(other)),
        }
    }

    /// What an agent says about itself on the daemon's node.
    ///
    /// # Errors
    /// As [`Client::ask`], or when the daemon refuses.
    pub fn describe(&self, agent: &Agent) -> Result<Description, ClientError> {
        match self.ask(&Request::Describe { agent: agent.clone() })? {
            Reply::Description(description) => Ok(description),
            other @ (Reply::Document { .. }
            | Reply::Earlier { .. }
            | Reply::History { .. }
            | Reply::Done { .. }
            | Reply::Idle
            | Reply::Agents { .. }
            | Reply::Refused(_)) => Err(self.unexpected(other)),
        }
    }

    /// Makes a change; answers the document's new version.
    ///
    /// # Errors
    /// As [`Client::ask`], or when the daemon refuses.
    pub fn change(&self, request: &Request) -> Result<String, ClientError> {
        match self.ask(request)? {
            Reply::Done { version } => Ok(version),
            other @ (Reply::Document { .. }
            | Reply::Earlier { .. }
            | Reply::History { .. }
            | Reply::Idle
            | Reply::Description(_)
            | Reply::Agents { .. }
            | Reply::Refused(_)) => Err(self.unexpected(other)),
        }
    }

    /// Waits until nothing is left to do.
    ///
    /// # Errors
    /// As [`Client::ask`]; [`ClientError::Deadline`] if there is still work after `patience`.
    pub fn wait_idle(&self, patience: Duration) -> Result<(), ClientError> {
        match self.ask_within(&Request::WaitIdle, patience)? {
            Reply::Idle => Ok(()),
            other @ (Reply::Document { .. }
            | Reply::Earlier { .. }
            | Reply::History { .. }
            | Reply::Done { .. }
            | Reply::Description(_)
            | Reply::Agents { .. }
            | Reply::Refused(_)) => Err(self.unexpected(other)),
        }
    }

    /// Follows what happens, from the entry after number `since` on.
    ///
    /// # Errors
    /// When there is no daemon, or it does not know events.
    pub fn events(&self, since: u64) -> Result<Events, ClientError> {
        let target = format!("/v1/events?since={since}");
        let stream =
            http::get_stream(&self.path, &self.asks(&target), Instant::now() + self.patience)
                .map_err(|error| self.explain(error, self.patience))?;
        Ok(Events { path: self.path.clone(), stream, data: String::new(), is_entry: true })
    }

    /// The certificate that the network is shown, as `/v1/certificate/shown` tells it; `None` where nothing is
    /// served to the network.
    ///
    /// # Errors
    /// As [`Client::ask`].
    pub fn certificate(&self) -> Result<Option<Certificate>, ClientError> {
        let target = self.asks("/v1/certificate/shown");
        match http::get(&self.path, &target, Instant::now() + self.patience) {
            Ok(text) => {
                serde_json::from_slice(&text).map(Some).map_err(|error| self.garbled(error))
            }
            Err(http::HttpError::Status(404, _)) => Ok(None),
            Err(error) => Err(self.explain(error, self.patience)),
        }
    }

    fn asks<'a>(&'a self, target: &'a str) -> http::Target<'a> {
        http::Target { path: target, acting_for: self.acting_for.as_deref() }
    }

    fn unexpected(&self, reply: Reply) -> ClientError {
        match reply {
            Reply::Refused(refused) => ClientError::Refused(refused),
            Reply::Document { .. } => self.garbled("a document that was not asked for"),
            Reply::Earlier { .. } => self.garbled("a configuration that was not asked for"),
            Reply::History { .. } => self.garbled("a history that was not asked for"),
            Reply::Done { .. } => self.garbled("`done` where something else was asked"),
            Reply::Idle => self.garbled("`idle` where something else was asked"),
            Reply::Description(_) => self.garbled("an agent that was not asked for"),
            Reply::Agents { .. } => self.garbled("agents that were not asked for"),
        }
    }

    fn garbled(&self, what: impl ToString) -> ClientError {
        ClientError::Garbled { path: self.path.clone(), what: what.to_string() }
    }

    fn explain(&self, error: http::HttpError, after: Duration) -> ClientError {
        explain(&self.path, error, after)
    }
}

fn explain(path: &Path, error: http::HttpError, after: Duration) -> ClientError {
    let path = path.to_owned();
    match error {
        http::HttpError::Connect(source) => ClientError::Connect { path, source },
        http::HttpError::Deadline => ClientError::Deadline { path, after },
        http::HttpError::Broken(source) => ClientError::Broken { path, source },
        http::HttpError::Garbled(what) => ClientError::Garbled { path, what },
        http::HttpError::Status(code, text) => {
            ClientError::Garbled { path, what: format!("status {code}, {}", text.trim()) }
        }
    }
}

/// What happens, as it happens.
#[derive(Debug)]
pub struct Events {
    path: PathBuf,
    stream: http::Stream,
    data: String,
    /// The event whose lines are read is an entry of the history.
    is_entry: bool,
}

impl Events {
    /// The number of the process that answers: another one is another life of the daemon, whose
    /// entries count anew. `None` if the system does not tell.
    pub fn daemon(&self) -> Option<i32> {
        self.stream.peer()
    }

    /// The next event; `None` if none came within `patience`.
    ///
    /// # Errors
    /// When the connection ended or carried nonsense.
    pub fn next(&mut self, patience: Duration) -> Result<Option<Entry>, ClientError> {
        let deadline = Instant::now() + patience;
        loop {
            let line = match self.stream.line(deadline) {
                Ok(line) => line,
                Err(http::HttpError::Deadline) => return Ok(None),
                Err(error) => return Err(explain(&self.path, error, patience)),
            };
            if let Some(kind) = line.strip_prefix("event:") {
                // Told to those who keep a picture of their own, which they must draw anew.
                self.is_entry = kind.trim() == "message";
            } else if let Some(data) = line.strip_prefix("data:") {
                self.data.push_str(data.trim_start());
            } else if line.is_empty() && !self.data.is_empty() {
                let data = std::mem::take(&mut self.data);
                if !std::mem::replace(&mut self.is_entry, true) {
                    continue;
                }
                return serde_json::from_str(&data).map(Some).map_err(|error| {
                    ClientError::Garbled { path: self.path.clone(), what: error.to_string() }
                });
            }
        }
    }
}
