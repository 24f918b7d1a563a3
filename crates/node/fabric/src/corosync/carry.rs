//! Alone until Corosync is reached, in its group until that is lost, and so on.

use std::sync::atomic::Ordering;
use std::time::Duration;

use model::Quorum;
use tokio::sync::mpsc;

use super::Member;
use super::link::{Link, LinkError};
use super::queue::Queue;
use super::session::{Ended, NodeEnds, Session};
use crate::{Ends, Event, Incoming, Outgoing};

/// First and longest wait between attempts to reach Corosync.
const RETRY_FIRST: Duration = Duration::from_millis(20);
const RETRY_LONGEST: Duration = Duration::from_millis(500);

/// The node has let go of its end.
struct NodeGone;

/// Carries messages for as long as the node wants.
pub(super) async fn carry(member: Member, mut ends: Ends) {
    let mut queue = Queue::default();
    let mut last = 0;
    let mut link = Link::open(member.node).await.ok();
    loop {
        match link.take() {
            Some(open) => {
                tracing::info!("Corosync reached");
                let session = Session::new(&open, &mut queue, last, member.stall);
                let Ends { incoming, outbox, pressure } = &mut ends;
                let node = NodeEnds { incoming, outbox, pressure };
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
            }
            None => {
                last += 1;
                match alone(member, last, &mut queue, &mut ends).await {
                    Ok(open) => link = Some(open),
                    Err(NodeGone) => return,
                }
            }
        }
    }
}

/// A membership of this node alone, in which it hears itself, until Corosync is reached.
async fn alone(
    member: Member,
    id: u64,
    queue: &mut Queue,
    ends: &mut Ends,
) -> Result<Link, NodeGone> {
    let event = Event::Membership { id, members: vec![member.node], quorum: Quorum::No };
    tell(&ends.incoming, event).await?;
    for payload in queue.take() {
        deliver(member, payload.as_ref(), ends).await?;
    }
    let opening = open_at_last(member);
    tokio::pin!(opening);
    loop {
        tokio::select! {
            link = &mut opening => return Ok(link),
            outgoing = ends.outbox.recv() => match outgoing {
                Some(Outgoing::Broadcast(payload)) => {
                    deliver(member, payload.as_ref(), ends).await?;
                }
                // For a stay that is over.
                Some(Outgoing::Pong(_)) => {}
                None => return Err(NodeGone),
            },
        }
    }
}

/// Tries until it works.
async fn open_at_last(member: Member) -> Link {
    let mut wait = RETRY_FIRST;
    let mut said = String::new();
    loop {
        match Link::open(member.node).await {
            Ok(link) => return link,
            Err(error) => said = say_once(&error, said),
        }
        tokio::time::sleep(wait).await;
        wait = (wait * 2).min(RETRY_LONGEST);
    }
}

fn say_once(error: &LinkError, said: String) -> String {
    let words = error.to_string();
    if words != said {
        tracing::warn!("no cluster: {words}; trying again");
    }
    words
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
