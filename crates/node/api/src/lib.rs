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
mod clients;
mod events;
mod serve;

use std::io;
use std::path::{Path, PathBuf};

use tokio::sync::mpsc;
use wire::api::{Caller, Entry, Reply, Request};

use access::Access;
use clients::Clients;

/// What clients want of the node.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum FromClient {
    /// To be answered with [`Api::reply`] and the same number.
    Asked { client: u64, caller: Caller, request: Request },
    /// The client closed its connection; an answer is not wanted any more.
    Gone { client: u64 },
}

/// The socket could not be had.
#[derive(Debug, thiserror::Error)]
pub enum ListenError {
    #[error("cannot listen on `{socket}`")]
    Listen { socket: PathBuf, source: io::Error },
    #[error("cannot set who may use `{socket}`")]
    Permit { socket: PathBuf, source: io::Error },
}

/// The open API. Dropping it closes the socket.
#[derive(Debug)]
pub struct Api {
    wants: mpsc::UnboundedReceiver<FromClient>,
    clients: Clients,
    socket: PathBuf,
    task: tokio::task::JoinHandle<()>,
}

impl Api {
    /// Listens on `socket`; what a former life left there is replaced. The caller makes sure that
    /// no other daemon of this node lives. Must be called in a tokio runtime.
    ///
    /// # Errors
    /// When the socket cannot be made or given to its group.
    pub fn listen(socket: &Path) -> Result<Self, ListenError> {
        let access = Access::of_this_system();
        let listener = serve::bind(socket, &access)?;
        let (sender, wants) = mpsc::unbounded_channel();
        let clients = Clients::new(sender);
        let task = tokio::spawn(serve::accept(listener, access, clients.clone()));
        Ok(Self { wants, clients, socket: socket.to_owned(), task })
    }

    /// What the next client wants. May be dropped before it is ready without losing one.
    pub async fn next(&mut self) -> FromClient {
        match self.wants.recv().await {
            Some(want) => want,
            // Not reached: `self.clients` holds a sender.
            None => std::future::pending().await,
        }
    }

    /// Answers. A client that went away is no error.
    pub fn reply(&self, client: u64, reply: Reply) {
        self.clients.reply(client, reply);
    }

    /// Answers when the answer is there. Must be called in a tokio runtime.
    pub fn reply_later(&self, client: u64, reply: impl Future<Output = Reply> + Send + 'static) {
        let clients = self.clients.clone();
        tokio::spawn(async move { clients.reply(client, reply.await) });
    }

    /// Tells all who follow events.
    pub fn publish(&self, entry: Entry) {
        self.clients.publish(entry);
    }
}

impl Drop for Api {
    fn drop(&mut self) {
        self.task.abort();
        // A socket that stays is replaced at the next start.
        let _stays = std::fs::remove_file(&self.socket);
    }
}
