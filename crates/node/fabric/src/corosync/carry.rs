//! Alone until Corosync is reached, in its group until that is lost, and so on.

use std::pin::Pin;
use std::sync::atomic::Ordering;
use std::time::Duration;

use model::Quorum;
use tokio::sync::mpsc;
use tokio::time::timeout;

use super::Member;
use super::link::Link;
use super::queue::Queue;
use super::reloads::Reloads;
use super::session::{Ended, NodeEnds, Session};
use super::voter::Voter;
use crate::{Ends, Event, Incoming, Outgoing};

/// First and longest wait between attempts to reach Corosync.
const RETRY_FIRST: Duration = Duration::from_millis(20);
const RETRY_LONGEST: Duration = Duration::from_millis(500);

/// A Corosync that runs answers sooner; if none does, the node begins its life alone.
const FIRST_MAX: Duration = Duration::from_secs(1);

/// Longer, and there is something to be said about it.
const ANSWER_MAX: Duration = Duration::from_secs(10);

/// The node has let go of its end.
struct NodeGone;

/// Carries messages for as long as the node wants.
pub(super) async fn carry(member: Member, mut ends: Ends) {
    let mut queue = Queue::default();
    let mut last = 0;
    let mut reloads = Reloads::follow()
        .inspect_err(|error| tracing::error!(%error, "votes that change go unnoticed at first"))
        .ok();
    let mut voter = Voter::follow()
        .inspect_err(|error| tracing::error!(%error, "the lock's voter is told nothing"))
        .ok();
    let mut opening = open_at_last(member);
    let mut link = timeout(FIRST_MAX, &mut opening).await.ok();
    loop {
        match link.take() {
            Some(mut open) => {
                tracing::info!("Corosync reached");
                let session = Session::new(&mut open, &mut queue, last, member.stall);
                let Ends { incoming, outbox, pressure, heard } = &mut ends;
                let (reloads, voter) = (reloads.as_mut(), voter.as_mut());
                let node = NodeEnds { incoming, outbox, pressure, reloads, voter, heard };
                let (reached, ended) = session.live(node).await;
                last = reached;
                // Leaving waits for Corosync's answer, which may be what it does not give.
                let _detached = std::thread::spawn(move || drop(open));
                match ended {
                    Ended::Closed => return,
                    Ended::Corosync(_)
                    | Ended::Silent
                    | Ended::LeftOut
                    | Ended::Stalled
                    | Ended::Overflow => tracing::error!("out of the cluster: {ended}"),
                }
                opening = open_at_last(member);
            }
            None => {
                last += 1;
                let alone = Alone { member, id: last, voter: voter.as_mut() };
                match alone.live(&mut queue, &mut ends, &mut opening).await {
                    Ok(open) => link = Some(open),
                    Err(NodeGone) => return,
                }
            }
        }
    }
}

/// A membership of this node alone, in which it hears itself, until Corosync is reached, and the node
/// has taken what there was: one that takes nothing would hold the others up each time it came back.
struct Alone<'a> {
    member: Member,
    id: u64,
    voter: Option<&'a mut Voter>,
}

impl Alone<'_> {
    async fn live(
        self,
        queue: &mut Queue,
        ends: &mut Ends,
        opening: &mut Opening,
    ) -> Result<Link, NodeGone> {
        let Self { member, id, mut voter } = self;
        let event = Event::Membership { id, members: vec![member.node], quorum: Quorum::No };
        tell(&ends.incoming, event).await?;
        for payload in queue.take() {
            deliver(member, payload.as_ref(), ends).await?;
        }
        let mut is_behind = true;
        loop {
            tokio::select! {
                () = taken(&ends.incoming), if is_behind => is_behind = false,
                link = &mut *opening, if !is_behind => return Ok(link),
                outgoing = ends.outbox.recv() => match outgoing {
                    Some(Outgoing::Broadcast(payload)) => {
                        deliver(member, payload.as_ref(), ends).await?;
                    }
                    Some(Outgoing::Count(counted)) => {
                        voter.iter_mut().for_each(|voter| voter.count(counted.clone()));
                    }
                    // For a stay that is over.
                    Some(Outgoing::Pong(_) | Outgoing::Expect(_)) => {}
                    None => return Err(NodeGone),
                },
            }
        }
    }
}

/// Ready when the node has taken all that it was told, or takes nothing ever more.
async fn taken(incoming: &mpsc::Sender<Incoming>) {
    let _all_places_are_free = incoming.reserve_many(incoming.max_capacity()).await;
}

/// Ready when Corosync is reached.
type Opening = Pin<Box<dyn Future<Output = Link> + Send>>;

/// Tries until it works, one try after the other: one that hangs is waited for.
fn open_at_last(member: Member) -> Opening {
    Box::pin(async move {
        let mut wait = RETRY_FIRST;
        let mut said = String::new();
        loop {
            let opened = Link::open(member.node);
            tokio::pin!(opened);
            let opened = loop {
                match timeout(ANSWER_MAX, &mut opened).await {
                    Ok(opened) => break opened,
                    Err(_elapsed) => said = say_once("Corosync does not answer", said),
                }
            };
            match opened {
                Ok(link) => return link,
                Err(error) => said = say_once(&error.to_string(), said),
            }
            tokio::time::sleep(wait).await;
            wait = (wait * 2).min(RETRY_LONGEST);
        }
    })
}

fn say_once(words: &str, said: String) -> String {
    if words == said {
        return said;
    }
    tracing::warn!("no cluster: {words}; trying again");
    words.to_owned()
}

/// A payload leaves the outbox by being delivered to the node itself.
async fn deliver(member: Member, payload: &[u8], ends: &Ends) -> Result<(), NodeGone> {
    ends.pressure.bytes.fetch_sub(payload.len(), Ordering::Relaxed);
    let payload = payload.to_vec();
    tell(&ends.incoming, Event::Delivered { from: member.node, payload }).await
}

async fn tell(incoming: &mpsc::Sender<Incoming>, event: Event) -> Result<(), NodeGone> {
    incoming.send(Incoming::Event(event)).await.map_err(|_closed| NodeGone)
}
