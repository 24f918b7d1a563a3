//! Other clusters, whose APIs are asked how they are, so that one page can show several.
//!
//! A browser's page may ask its own server only, and what lets one read another cluster is not for
//! browsers: so the node asks.
//!
//! **Always:** it is asked on a thread of its own, never on the daemon's loop; one asking serves all
//! who want to know, and the next few seconds; what is read and how long it takes is bounded, and
//! redirects are not followed. The token is in no answer, error or log.

mod address;
mod fetch;
mod files;

use std::path::PathBuf;
use std::sync::Arc;
use std::thread;
use std::time::Duration;

use serde::Serialize;
use tokio::runtime::Handle;
use tokio::sync::{Mutex, oneshot};
use tokio::time::Instant;

pub use address::{Address, WrongAddress};

use crate::Shared;
use crate::answer::{self, Outcome, Wrong, problem};
use crate::past;
use crate::snapshot::now;
use crate::summary::Summary;
use crate::who::Who;

/// What was told is told again for so long, also that nothing was.
const KEPT: Duration = Duration::from_secs(5);

/// Names that are looked up at a time: the system's resolver may hang.
const BLOCKING_MAX: usize = 4;

/// Another cluster, and what lets us ask it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OtherCluster {
    /// As it is called here.
    pub name: String,
    /// Where its API is, on one or several of its nodes.
    pub addresses: Vec<Address>,
    /// The file that holds a token of the role `read`, and nothing else.
    pub token: PathBuf,
    /// The file with the certificates, as PEM, of who may have signed its own.
    pub authority: PathBuf,
}

/// What is known of another cluster.
#[derive(Clone, Debug, Serialize, schemars::JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub(crate) struct Told {
    /// As it is called here.
    name: String,
    /// Where its consoles are.
    urls: Vec<String>,
    /// Which of them told the summary.
    from: Option<String>,
    /// How it is; nothing if it has told nothing since this daemon started.
    summary: Option<Summary>,
    /// When it told that, in seconds since 1970 by the clock of the node that answers.
    as_of: Option<i64>,
    /// It was asked since, and did not tell: the summary may not hold any more.
    stale: bool,
    /// Why the last asking failed.
    trouble: Option<Trouble>,
}

/// Why it could not be had.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, schemars::JsonSchema)]
#[serde(rename_all = "kebab-case")]
struct Trouble {
    kind: Kind,
    /// For people.
    words: String,
}

/// The same for programs. Where several nodes were asked, the last of these that was met.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, schemars::JsonSchema)]
#[serde(rename_all = "kebab-case")]
enum Kind {
    /// No connection.
    Unreachable,
    /// No answer in time.
    Slow,
    /// What was answered is no summary: a redirect, an error, too much, something else.
    NotUnderstood,
    /// It does not take the token.
    Refused,
    /// Its certificate is not by the authority, or not for the name that was asked.
    NotTrusted,
    /// The file of the token or of the authority, on the node that answers, cannot be used.
    Setup,
}

/// All others.
#[derive(Debug, Default)]
pub(crate) struct Others {
    all: Vec<Arc<Other>>,
    /// The thread that asks; none where there is nobody to ask.
    asking: Option<Asking>,
}

/// The thread ends when this is dropped.
#[derive(Debug)]
struct Asking {
    runtime: Handle,
    _stop: oneshot::Sender<()>,
}

#[derive(Debug)]
struct Other {
    settings: OtherCluster,
    known: Mutex<Known>,
}

/// What the last askings gave.
#[derive(Debug, Default)]
struct Known {
    tried: Option<Instant>,
    trouble: Option<Trouble>,
    last: Option<Had>,
}

#[derive(Clone, Debug)]
struct Had {
    /// Which of the addresses.
    from: usize,
    summary: Summary,
    as_of: i64,
}

impl Others {
    /// Nobody is asked before somebody wants to know.
    pub(crate) fn new(settings: Vec<OtherCluster>) -> Self {
        if settings.is_empty() {
            return Self::default();
        }
        let asking = Asking::start(settings.clone());
        let asking = asking.inspect_err(|error| {
            tracing::error!(%error, "cannot ask other clusters");
        });
        let all = settings.into_iter().map(|settings| Other { settings, known: Mutex::default() });
        Self { all: all.map(Arc::new).collect(), asking: asking.ok() }
    }
}

impl Asking {
    fn start(settings: Vec<OtherCluster>) -> std::io::Result<Self> {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .max_blocking_threads(BLOCKING_MAX)
            .thread_name("quorate-others")
            .build()?;
        let handle = runtime.handle().clone();
        let (stop, stopped) = oneshot::channel::<()>();
        let ask = move || {
            crate::web::be_less_urgent();
            // Also the files are read here: one that is on a server which hangs delays nobody else.
            for OtherCluster { name, token, authority, .. } in &settings {
                if let Err(error) = files::read(token, authority) {
                    tracing::error!(cluster = name, %error, "cannot ask another cluster");
                }
            }
            let _stopped = runtime.block_on(stopped);
            runtime.shutdown_background();
        };
        thread::Builder::new().name("quorate-others".to_owned()).spawn(ask)?;
        Ok(Self { runtime: handle, _stop: stop })
    }
}

/// How all the others are.
pub(crate) async fn list(shared: &Shared, who: &Who) -> Outcome {
    past::may_know(shared, who).await?;
    let Others { all, asking } = shared.others.as_ref();
    let unavailable = || problem(Wrong::Unavailable, "other clusters cannot be asked");
    let asked = match asking {
        Some(Asking { runtime, .. }) => {
            all.iter().map(|other| runtime.spawn(look(Arc::clone(other)))).collect()
        }
        None if all.is_empty() => Vec::new(),
        None => return Err(unavailable()),
    };
    let mut told = Vec::new();
    for one in asked {
        // It panicked, which was logged; or all is ending.
        told.push(one.await.map_err(|_| unavailable())?);
    }
    Ok(answer::ok(&told))
}

/// A task of its own: it goes on when who asked goes away, and the next one has its answer.
async fn look(other: Arc<Other>) -> Told {
    // All who ask meanwhile wait here for the one that is under way.
    let mut known = other.known.lock().await;
    if known.tried.is_none_or(|at| at.elapsed() >= KEPT) {
        let first = known.last.as_ref().map_or(0, |last| last.from);
        let found = fetch::summary(&other.settings, first).await;
        known.note(&other.settings.name, found);
    }
    known.told(&other.settings)
}

impl Known {
    fn note(&mut self, name: &str, found: Result<(usize, Summary), Trouble>) {
        self.tried = Some(Instant::now());
        let trouble = match found {
            Ok((from, summary)) => {
                self.last = Some(Had { from, summary, as_of: now() });
                None
            }
            Err(trouble) => Some(trouble),
        };
        if self.trouble != trouble {
            match &trouble {
                Some(Trouble { words, .. }) => {
                    tracing::warn!(cluster = name, why = words, "another cluster does not answer");
                }
                None => tracing::info!(cluster = name, "another cluster answers again"),
            }
        }
        self.trouble = trouble;
    }

    fn told(&self, settings: &OtherCluster) -> Told {
        let OtherCluster { name, addresses, .. } = settings;
        let urls: Vec<String> = addresses.iter().map(ToString::to_string).collect();
        let last = self.last.as_ref();
        Told {
            name: name.clone(),
            from: last.and_then(|last| urls.get(last.from).cloned()),
            urls,
            summary: last.map(|last| last.summary.clone()),
            as_of: last.map(|last| last.as_of),
            stale: last.is_some() && self.trouble.is_some(),
            trouble: self.trouble.clone(),
        }
    }
}
