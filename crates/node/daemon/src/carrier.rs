//! How what carries the messages is, looked at now and then beside the loop.

use std::sync::{Arc, Mutex, PoisonError};
#[cfg(feature = "corosync")]
use std::time::Duration;

use wire::api::Carrier;

use crate::config::{FabricConfig, Roster};

/// Between two looks. Corosync measures its links about once in a second.
#[cfg(feature = "corosync")]
const PERIOD: Duration = Duration::from_secs(5);

/// What has no answer for so long is not known any more.
#[cfg(feature = "corosync")]
const PATIENCE: Duration = Duration::from_secs(10);

/// The last look. Clones share it.
#[derive(Clone, Debug, Default)]
pub(crate) struct Carriers(Arc<Mutex<Option<Carrier>>>);

impl Carriers {
    /// Begins to look. Must be called in a tokio runtime.
    pub(crate) fn watch(fabric: &FabricConfig) -> Self {
        let watched = Self::default();
        match fabric {
            FabricConfig::Embedded { roster, votes, .. } => {
                watched.set(Some(embedded(roster, votes)));
            }
            #[cfg(feature = "corosync")]
            FabricConfig::Corosync { .. } => {
                tokio::spawn(look(watched.clone()));
            }
        }
        watched
    }

    /// What was last seen; nothing while Corosync does not answer.
    pub(crate) fn seen(&self) -> Option<Carrier> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn set(&self, carrier: Option<Carrier>) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = carrier;
    }
}

/// Its links are sockets of one machine: there is nothing to measure.
fn embedded(roster: &Roster, votes: &fabric::Votes) -> Carrier {
    let of =
        |(id, name): &(model::NodeId, model::NodeName)| (name.as_str().to_owned(), votes.of(*id));
    let votes: Vec<(String, u32)> = roster.nodes.iter().map(of).collect();
    let all: u32 = votes.iter().map(|(_, votes)| votes).sum();
    Carrier { votes, expected_votes: all, needed_votes: all / 2 + 1, ..Carrier::default() }
}

#[cfg(feature = "corosync")]
async fn look(watched: Carriers) {
    let mut looks = fabric::corosync::Looks::default();
    loop {
        // One that hangs is waited for: another one would hang as well.
        let looking = fabric::corosync::conditions();
        tokio::pin!(looking);
        let found = match tokio::time::timeout(PATIENCE, &mut looking).await {
            Ok(found) => found,
            Err(_elapsed) => {
                watched.set(None);
                looking.await
            }
        };
        watched.set(found.ok().map(|conditions| carrier(conditions, &mut looks)));
        tokio::time::sleep(PERIOD).await;
    }
}

#[cfg(feature = "corosync")]
fn carrier(
    conditions: fabric::corosync::Conditions,
    looks: &mut fabric::corosync::Looks,
) -> Carrier {
    use fabric::corosync::{Conditions, Device};
    use wire::api::{LinkHealth, TieBreaker};

    let losses = looks.losses(&conditions.links);
    let Conditions { votes, expected_votes, needed_votes, device, addresses, links } = conditions;
    let tie_breaker = device.map(|Device { model, host, algorithm, votes, alive, ours }| {
        TieBreaker { model, host, algorithm, votes, alive, ours }
    });
    let links = links.into_iter().zip(losses).map(|(link, loss_ppm)| LinkHealth {
        to: link.to,
        to_id: link.to_id,
        number: link.number,
        address: link.address,
        connected: link.connected,
        latency_us: link.latency_us,
        loss_ppm,
        times_down: link.times_down,
    });
    let links = links.collect();
    Carrier { votes, expected_votes, needed_votes, tie_breaker, addresses, links }
}
