//! The stream of events: what is known first, then what happens.

use std::convert::Infallible;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use hyper::body::{Body, Bytes, Frame};
use tokio::sync::broadcast::error::RecvError;
use tokio::sync::mpsc;
use wire::api::{Caller, Entry};

use crate::clients::Clients;

/// A comment is sent when nothing happened for so long, so that a dead connection shows.
const QUIET_MAX: Duration = Duration::from_secs(10);

/// A reader for whom this many pieces wait, and that takes nothing for so long, is told no more.
const UNTAKEN_MAX: Duration = Duration::from_secs(30);

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

/// After which entry a follower goes on: `17`, or `17-LIFE` as each event's id says, where the life is
/// the daemon's that numbered it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct After {
    number: u64,
    life: Option<String>,
}

impl After {
    pub(crate) fn parse(text: &str) -> Option<Self> {
        let (number, life) = match text.split_once('-') {
            Some((number, life)) => (number, Some(life.to_owned())),
            None => (text, None),
        };
        let is_number = number.bytes().all(|digit| digit.is_ascii_digit());
        let number = number.parse().ok().filter(|_| is_number)?;
        Some(Self { number, life })
    }
}

/// Starts a stream of the events after that one, or of all that are known. What was taken for it, such
/// as a seat, is given back when it ends. It ends, too, when who reads may not stay.
pub(crate) fn stream(
    clients: Clients,
    caller: Caller,
    after: Option<After>,
    may_stay: impl Fn() -> bool + Send + Sync + 'static,
    seat: impl Send + 'static,
) -> EventStream {
    let (pieces, receiver) = mpsc::channel(PIECES_WAITING_MAX);
    tokio::spawn(async move {
        let ended = tell(&clients, caller, after, (&pieces, &may_stay)).await;
        if let Some(error) = ended.err() {
            tracing::debug!(?error, "a follower of events is gone");
        }
        drop(seat);
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
    /// Who reads has no session or token any more.
    NotAnyMore,
}

async fn tell(
    clients: &Clients,
    caller: Caller,
    after: Option<After>,
    (pieces, may_stay): (&mpsc::Sender<Bytes>, &(impl Fn() -> bool + Sync)),
) -> Result<(), End> {
    // Followed first and asked then: nothing can fall between.
    let mut live = clients.follow();
    let life = clients.life();
    let is_other = |after: &After| after.life.as_deref().is_some_and(|other| other != life);
    let restarted = after.as_ref().is_some_and(is_other);
    let mut next = match after {
        Some(after) if !restarted => after.number.saturating_add(1),
        Some(_) | None => 0,
    };
    // Who begins misses nothing, however much is forgotten.
    let mut is_resumed = next > 0 || restarted;
    loop {
        let asked = next;
        let known = known(clients, &caller, next, pieces).await?;
        // Others of the same user may have asked for earlier ones.
        let first = known.iter().map(|entry| entry.number).find(|number| *number >= next);
        if is_resumed && (restarted && next == 0 || first.is_some_and(|first| first > next)) {
            tell_gap(pieces, next, first).await?;
        }
        is_resumed = true;
        for entry in known.iter().filter(|entry| entry.number >= asked) {
            next = entry.number + 1;
            send(pieces, entry, life).await?;
        }
        loop {
            let entry = tokio::select! {
                entry = live.recv() => entry,
                () = tokio::time::sleep(QUIET_MAX) => {
                    if !may_stay() {
                        return Err(End::NotAnyMore);
                    }
                    put(pieces, Bytes::from_static(b":\n\n")).await?;
                    continue;
                }
                () = pieces.closed() => return Err(End::ReaderGone),
            };
            // A session or a token ends while somebody follows.
            if !may_stay() {
                return Err(End::NotAnyMore);
            }
            match entry {
                Ok(entry) if entry.number < next => {} // was among the known ones
                // What they may see can have changed with this very event: the node is asked anew.
                Ok(_) if caller.groups.is_some() => break,
                Ok(entry) => {
                    next = entry.number + 1;
                    send(pieces, &entry, life).await?;
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
    caller: &Caller,
    since: u64,
    pieces: &mpsc::Sender<Bytes>,
) -> Result<Arc<Vec<Entry>>, End> {
    tokio::select! {
        known = clients.histories().since(clients, caller, since) => known.ok_or(End::Stopping),
        () = pieces.closed() => Err(End::ReaderGone),
    }
}

/// Says that what happened from `next` on, up to the first that follows, is not known any more: what the
/// follower knows of the cluster must be read anew.
async fn tell_gap(pieces: &mpsc::Sender<Bytes>, next: u64, first: Option<u64>) -> Result<(), End> {
    let gap = serde_json::json!({ "from": next, "known-from": first });
    put(pieces, Bytes::from(format!("event: gap\ndata: {gap}\n\n"))).await
}

async fn send(pieces: &mpsc::Sender<Bytes>, entry: &Entry, life: &str) -> Result<(), End> {
    // Entries hold nothing that JSON cannot.
    let json = serde_json::to_string(entry).unwrap_or_default();
    put(pieces, Bytes::from(format!("id: {}-{life}\ndata: {json}\n\n", entry.number))).await
}

async fn put(pieces: &mpsc::Sender<Bytes>, piece: Bytes) -> Result<(), End> {
    // Who takes nothing for so long is not there.
    let sent = tokio::time::timeout(UNTAKEN_MAX, pieces.send(piece)).await;
    sent.map_err(|_| End::ReaderGone)?.map_err(|_closed| End::ReaderGone)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_in_the_stream_is_read() {
        let after = |number, life: Option<&str>| After { number, life: life.map(str::to_owned) };
        assert_eq!(After::parse("17"), Some(after(17, None)));
        assert_eq!(After::parse("17-a0"), Some(after(17, Some("a0"))));
        for wrong in ["", "x", "-1", "+1", "-", "1e3", "99999999999999999999"] {
            assert_eq!(After::parse(wrong), None, "{wrong}");
        }
    }
}
