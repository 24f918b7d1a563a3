//! How long who is waited for.

use super::Findings;
use crate::cluster::Cluster;

/// A second, in the file's microseconds.
const SECOND: u64 = 1_000_000;

pub(super) fn check(cluster: &Cluster, found: &mut Findings) {
    old(cluster, found);
    member(cluster, found);
    optimized(cluster, found);
    let polling = cluster.network_polling_interval.as_ref();
    if let Some(polling) = polling.filter(|polling| polling.value > 15 * SECOND) {
        let what = format!("network cards are looked at every {} s only", polling.value / SECOND);
        found.warning(polling.line, what, "15 s at most is recommended");
    }
}

/// The two times that there were before A.11.19.
fn old(cluster: &Cluster, found: &mut Findings) {
    let interval = cluster.heartbeat_interval.as_ref();
    let timeout = cluster.node_timeout.as_ref();
    if let (Some(old), Some(new)) = (timeout.or(interval), &cluster.member_timeout) {
        let what = "times of two releases: this one is from before MEMBER_TIMEOUT";
        found.error(old.line, what, &format!("MEMBER_TIMEOUT is in line {}", new.line));
    }
    let effective = (
        interval.map_or(SECOND, |interval| interval.value),
        timeout.map_or(2 * SECOND, |timeout| timeout.value),
    );
    if let (interval_is, timeout_is) = effective
        && (interval.is_some() || timeout.is_some())
        && timeout_is < interval_is.saturating_mul(2)
    {
        let line = timeout.or(interval).map_or(0, |said| said.line);
        let what = format!("NODE_TIMEOUT ({timeout_is}) is less than twice HEARTBEAT_INTERVAL");
        found.error(line, what, &format!("{} at least", interval_is.saturating_mul(2)));
    }
    if let Some(interval) = interval.filter(|interval| interval.value > 15 * SECOND) {
        found.warning(interval.line, "a heartbeat every 15 s at least is recommended", "");
    }
    if let Some(timeout) = timeout.filter(|timeout| timeout.value > 30 * SECOND) {
        found.warning(timeout.line, "a NODE_TIMEOUT of 30 s at most is recommended", "");
    }
}

fn member(cluster: &Cluster, found: &mut Findings) {
    let Some(timeout) = &cluster.member_timeout else { return };
    if cluster.heartbeats() == 1 && timeout.value < 14 * SECOND {
        let what = format!("MEMBER_TIMEOUT is {} with one heartbeat subnet", timeout.value);
        found.error(timeout.line, what, "14000000 at least, or a second heartbeat subnet");
    }
    if timeout.value > 60 * SECOND {
        let what = format!("a lost node is waited for {} s", timeout.value / SECOND);
        found.note(timeout.line, what, "60 s at most is usual");
    }
}

fn optimized(cluster: &Cluster, found: &mut Findings) {
    let Some(said) = cluster.optimized.as_ref().filter(|said| said.value) else { return };
    let needs = [
        (cluster.lock.server.is_some(), "a quorum server"),
        (cluster.nodes.len() <= 2, "at most two nodes"),
        (cluster.heartbeats() >= 2, "at least two heartbeat subnets"),
    ];
    for (_, needed) in needs.iter().filter(|(is_there, _)| !is_there) {
        found.error(said.line, format!("FAILOVER_OPTIMIZATION needs {needed}"), "say NONE");
    }
}
