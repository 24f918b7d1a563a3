//! HTTP over the Unix socket: typed requests in, typed answers and a stream of events out.
//!
//! - `POST /v1/request`: a [`wire::api::Request`] as JSON; the answer is a [`Reply`] as JSON, also
//!   where the cluster says no. What cannot be read is answered with status 400 and words.
//! - `GET /v1/events?since=N`: server-sent events, one [`Entry`] each; first those after number
//!   `N` that are still known, then each as it happens.
//!
//! **Not here:** what a request does. It is handed to whoever calls [`Api::next`], who answers
//! with [`Api::reply`] when there is an answer.
//!
//! **Always:** only root, the daemon's own user and members of the group `haclient` get in; who
//! may not, is told so before anything is read. Only the first two are free of the document's access
//! control, and may ask in somebody else's name ([`wire::api::ACTING_FOR`]). A client that goes away is reported once.

mod access;
mod agents;
mod answer;
mod audit;
mod certificate;
mod clients;
mod dispatch;
mod drbd;
mod events;
mod gate;
mod histories;
mod meter;
mod moments;
mod openapi;
mod others;
mod pam;
mod past;
mod plans;
mod query;
mod reading;
mod role;
mod routes;
mod scheduled;
mod secrets;
mod serve;
mod snapshot;
mod summary;
#[cfg(feature = "traces")]
mod traces;
mod web;
mod who;

use std::io;
use std::path::PathBuf;
use std::sync::Arc;

use tokio::sync::{Semaphore, mpsc};
use wire::api::{Caller, Entry, Reply, Request};

use access::{Access, Members};
use audit::Audit;
use clients::Clients;
use gate::{Gate, Tokens};
use moments::Moments;
use others::Others;
use pam::Pam;
use plans::Plans;
use scheduled::Schedule;
use snapshot::Snapshots;

pub use gate::SessionTimes;
pub use meter::Meter;
pub use others::{Address, OtherCluster, WrongAddress};
pub use pam::{PamSettings, pam_check};
#[cfg(feature = "traces")]
pub use traces::{Collector, TraceSettings, WrongCollector};
pub use view::metrics::SbdDisk;
pub use web::{CertificateError, Web, WebError, WebSettings};

/// Who follow the events from the network, at a time.
const STREAMS_MAX: usize = 256;

/// What clients want of the node.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum FromClient {
    /// To be answered with [`Api::reply`] and the same number.
    Asked { client: u64, caller: Caller, request: Request },
    /// The client closed its connection; an answer is not wanted any more.
    Gone { client: u64 },
}

/// What all that serve share. Clones share the same.
#[derive(Clone, Debug)]
struct Shared {
    clients: Clients,
    snapshots: Snapshots,
    gate: Arc<Gate>,
    plans: Arc<Plans>,
    schedule: Arc<Schedule>,
    audit: Arc<Audit>,
    moments: Arc<Moments>,
    others: Arc<Others>,
    web: Arc<certificate::Served>,
    /// Seats for those on the network who follow the events.
    streams: Arc<Semaphore>,
    meter: Meter,
    drbd: Arc<drbd::Asking>,
}

/// The socket could not be had.
#[derive(Debug, thiserror::Error)]
pub enum ListenError {
    #[error("cannot listen on `{socket}`")]
    Listen { socket: PathBuf, source: io::Error },
    #[error("cannot set who may use `{socket}`")]
    Permit { socket: PathBuf, source: io::Error },
}

/// Where the API is, and what it keeps.
#[derive(Clone, Debug)]
pub struct ApiSettings {
    pub socket: PathBuf,
    /// Tokens, the audit log, scheduled plans and moments of the past are kept here; it is made where there is none.
    pub directory: PathBuf,
    pub pam: PamSettings,
    /// Whose members may log in from the network; without it `haclient`'s.
    pub group: Option<String>,
    /// Other clusters that are asked how they are.
    pub others: Vec<OtherCluster>,
    pub sessions: SessionTimes,
}

/// The open API. Dropping it closes the socket.
#[derive(Debug)]
pub struct Api {
    wants: mpsc::UnboundedReceiver<FromClient>,
    shared: Shared,
    socket: PathBuf,
    tasks: [tokio::task::JoinHandle<()>; 3],
}

impl Api {
    /// Listens on the socket; what a former life left there is replaced. The caller makes sure that
    /// no other daemon of this node lives. Must be called in a tokio runtime.
    ///
    /// # Errors
    /// When the socket cannot be made or given to its group.
    pub fn listen(settings: ApiSettings) -> Result<Self, ListenError> {
        let ApiSettings { socket, directory, pam, group, others, sessions } = settings;
        if let Err(error) = std::fs::create_dir_all(&directory) {
            tracing::error!(%error, path = %directory.display(), "no token is kept");
        }
        let access = Access::of_this_system();
        let listener = serve::bind(&socket, &access)?;
        let (sender, wants) = mpsc::unbounded_channel();
        let clients = Clients::new(sender);
        let shared = Shared {
            snapshots: Snapshots::new(clients.clone()),
            clients,
            gate: Arc::new(Gate::new(
                Members::of(group),
                Pam::new(pam),
                Tokens::open(directory.join("tokens.json")),
                sessions,
            )),
            plans: Arc::default(),
            schedule: Arc::new(Schedule::open(directory.join("scheduled.json"))),
            audit: Audit::open(&directory),
            moments: Arc::new(Moments::open(directory.join("moments"))),
            others: Arc::new(Others::new(others)),
            web: Arc::default(),
            streams: Arc::new(Semaphore::new(STREAMS_MAX)),
            meter: Meter::default(),
            drbd: Arc::default(),
        };
        let record = moments::record(Arc::clone(&shared.moments), shared.clients.clone());
        let accept = serve::accept(listener, access, shared.clone());
        let apply = scheduled::watch(shared.clone());
        let tasks = [tokio::spawn(accept), tokio::spawn(record), tokio::spawn(apply)];
        Ok(Self { wants, shared, socket, tasks })
    }

    /// Serves the same to the network, until what comes back is dropped.
    ///
    /// # Errors
    /// When there is no certificate, or somebody else has the port.
    pub fn serve_web(&self, settings: &WebSettings) -> Result<Web, WebError> {
        web::start(self.shared.clone(), settings)
    }

    /// What the next client wants. May be dropped before it is ready without losing one.
    pub async fn next(&mut self) -> FromClient {
        match self.wants.recv().await {
            Some(want) => want,
            // Not reached: `self.shared` holds a sender.
            None => std::future::pending().await,
        }
    }

    /// Answers. A client that went away is no error.
    pub fn reply(&self, client: u64, reply: Reply) {
        self.shared.clients.reply(client, reply);
    }

    /// Answers when the answer is there. Must be called in a tokio runtime.
    pub fn reply_later(&self, client: u64, reply: impl Future<Output = Reply> + Send + 'static) {
        let clients = self.shared.clients.clone();
        tokio::spawn(async move { clients.reply(client, reply.await) });
    }

    /// What is measured on this node, for `/metrics`.
    pub fn meter(&self) -> Meter {
        self.shared.meter.clone()
    }

    /// Has each failover sent to a collector of traces, from now on.
    ///
    /// # Errors
    /// When there is no thread for it.
    #[cfg(feature = "traces")]
    pub fn trace(&self, settings: TraceSettings) -> io::Result<()> {
        self.shared.meter.trace_with(traces::Traces::start(settings)?);
        Ok(())
    }

    /// Tells all who follow events.
    pub fn publish(&self, entry: Entry) {
        self.shared.meter.note(&entry.event);
        self.shared.clients.publish(entry);
    }
}

impl Drop for Api {
    fn drop(&mut self) {
        self.tasks.iter().for_each(tokio::task::JoinHandle::abort);
        // A socket that stays is replaced at the next start.
        let _stays = std::fs::remove_file(&self.socket);
    }
}
