//! The stream of events: what is known first, then what happens.

use std::convert::Infallible;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use hyper::body::{Body, Bytes, Frame};
use tokio::sync::broadcast::error::RecvError;
use tokio::sync::mpsc;
use wire::api::{Caller, Entry, Reply, Request};

use crate::clients::Clients;

/// A comment is sent when nothing happened for so long, so that a dead connection shows.
const QUIET_MAX: Duration = Duration::from_secs(10);

/// Pieces that wait for a slow reader.
const PIECES_WAITING_MAX: usize = 64;

/// A body that is written while it is read.
pub(crate) struct EventStream(mpsc::Receiver<Bytes>);

impl Body for EventStream {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        self.0.poll_recv(context).map(|piece| piece.map(|bytes| Ok(Frame::data(bytes))))
    }
}

/// Starts a stream of the events after number `since`, or of all that are known.
pub(crate) fn stream(clients: Clients, caller: Caller, since: Option<u64>) -> EventStream {
    let (pieces, receiver) = mpsc::channel(PIECES_WAITING_MAX);
    tokio::spawn(async move {
        let ended = tell(&clients, caller, since, &pieces).await;
        if let Some(error) = ended.err() {
            tracing::debug!(?error, "a follower of events is gone");
        }
    });
    EventStream(receiver)
}

/// Why a stream ends.
#[derive(Debug)]
enum End {
    /// The reader closed its connection.
    ReaderGone,
    /// The node does not answer any more.
    Stopping,
}

async fn tell(
    clients: &Clients,
    caller: Caller,
    since: Option<u64>,
    pieces: &mpsc::Sender<Bytes>,
) -> Result<(), End> {
    // Followed first and asked then: nothing can fall between.
    let mut live = clients.follow();
    let mut next = since.map_or(0, |since| since.saturating_add(1));
    loop {
        for entry in known(clients, caller.clone(), next, pieces).await? {
            next = entry.number + 1;
            send(pieces, &entry).await?;
        }
        loop {
            let entry = tokio::select! {
                entry = live.recv() => entry,
                () = tokio::time::sleep(QUIET_MAX) => {
                    put(pieces, Bytes::from_static(b":\n\n")).await?;
                    continue;
                }
                () = pieces.closed() => return Err(End::ReaderGone),
            };
            match entry {
                Ok(entry) if entry.number < next => {} // was among the known ones
                // What they may see can have changed with this very event: the node is asked anew.
                Ok(_) if caller.groups.is_some() => break,
                Ok(entry) => {
                    next = entry.number + 1;
                    send(pieces, &entry).await?;
                }
                // Too far behind: what was missed is still in the history.
                Err(RecvError::Lagged(_)) => break,
                Err(RecvError::Closed) => return Err(End::Stopping),
            }
        }
    }
}

async fn known(
    clients: &Clients,
    caller: Caller,
    since: u64,
    pieces: &mpsc::Sender<Bytes>,
) -> Result<Vec<Entry>, End> {
    let answer = clients.ask(caller, Request::History { since });
    let reply = tokio::select! {
        reply = answer.wait() => reply,
        () = pieces.closed() => return Err(End::ReaderGone),
    };
    match reply {
        Some(Reply::History { entries }) => Ok(entries),
        Some(
            Reply::Document { .. }
            | Reply::Earlier { .. }
            | Reply::Done { .. }
            | Reply::Idle
            | Reply::Description(_)
            | Reply::Refused(_),
        )
        | None => Err(End::Stopping),
    }
}

async fn send(pieces: &mpsc::Sender<Bytes>, entry: &Entry) -> Result<(), End> {
    // Entries hold nothing that JSON cannot.
    let json = serde_json::to_string(entry).unwrap_or_default();
    put(pieces, Bytes::from(format!("id: {}\ndata: {json}\n\n", entry.number))).await
}

async fn put(pieces: &mpsc::Sender<Bytes>, piece: Bytes) -> Result<(), End> {
    pieces.send(piece).await.map_err(|_closed| End::ReaderGone)
}
