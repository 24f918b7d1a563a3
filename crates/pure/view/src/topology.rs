//! Who sees whom, as the node that answers knows it.
//!
//! Two nodes of one membership hear each other: their link is up. What a node outside of it hears,
//! nobody here knows. Latency and loss are told where the fabric tells them.
//!
//! **Always:** each pair of cluster nodes has one link; [`Topology::partitions`] has each cluster
//! node once, the answering node's first.
//!
//! Field words: Corosync *membership*, *knet links*.

use scheduler::{Input, Resolved};
use serde::Serialize;
use wire::api::{Carrier, LinkHealth, TieBreaker};

use crate::status::{NodeState, Seen, Status, status};

/// Nodes, links, quorum and partitions.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, schemars::JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub struct Topology {
    pub nodes: Vec<Point>,
    pub links: Vec<Link>,
    pub quorum: Quorum,
    /// Groups of nodes that see each other. Those that are not here are taken one by one: whether
    /// they see each other is not known.
    pub partitions: Vec<Vec<String>>,
}

/// One node.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, schemars::JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub struct Point {
    pub name: String,
    pub state: NodeState,
    /// `cluster`, `remote` or `guest`.
    pub kind: &'static str,
    /// It is in the membership, or connected.
    pub here: bool,
    pub coordinator: bool,
    /// It is the one that answers.
    pub answers: bool,
    pub being_fenced: bool,
    /// How many primitives are active there.
    pub active: usize,
    pub votes: usize,
}

/// What lies between two cluster nodes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, schemars::JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub struct Link {
    pub from: String,
    pub to: String,
    pub state: LinkState,
    /// There and back, on the best path; only between the node that answers and another.
    pub latency_us: Option<u64>,
    /// Lost packets in a million, on the best path.
    pub loss_ppm: Option<u32>,
    /// All paths of the node that answers to the other one; none where the fabric has none, or between two
    /// others.
    pub paths: Vec<LinkHealth>,
}

/// Whether two nodes hear each other.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, schemars::JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum LinkState {
    Up,
    Down,
    /// Neither is here to say.
    Unknown,
}

/// The count of votes: each cluster node has one, where the fabric does not say otherwise.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, schemars::JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub struct Quorum {
    pub quorate: bool,
    pub votes: usize,
    pub expected: usize,
    /// A majority. `None` where another rule was seen to count: two nodes, of which one is enough,
    /// or an outside voice.
    pub needed: Option<usize>,
    /// The outside voice, where there is one.
    pub tie_breaker: Option<TieBreaker>,
}

/// Looks at the membership.
pub fn topology(seen: Seen<'_>) -> Topology {
    let input = Input { now: seen.now, ..Input::default() };
    of_status(&status(seen), &scheduler::resolve(seen.document, &input), seen)
}

fn of_status(status: &Status, resolved: &Resolved<'_>, seen: Seen<'_>) -> Topology {
    let is_here = |name: &str, state: NodeState| match seen.cluster {
        Some(cluster) => cluster.members.iter().any(|member| member == name),
        None => matches!(state, NodeState::Online | NodeState::Pending),
    };
    let carrier = seen.cluster.and_then(|cluster| cluster.carrier.as_deref());
    let nodes: Vec<Point> = status
        .nodes
        .iter()
        .map(|line| {
            let is_member = line.kind == "cluster";
            let connected = line.state == NodeState::Online;
            Point {
                here: if is_member { is_here(&line.name, line.state) } else { connected },
                name: line.name.clone(),
                state: line.state,
                kind: line.kind,
                coordinator: line.coordinator,
                answers: status.seen_by.as_ref() == Some(&line.name),
                being_fenced: status.fencing.iter().any(|fencing| fencing.node == line.name),
                active: line.active,
                votes: if is_member { votes_of(carrier, &line.name) } else { 0 },
            }
        })
        .collect();
    let members: Vec<&Point> = nodes.iter().filter(|node| node.kind == "cluster").collect();
    let quorate = seen.cluster.map_or(resolved.options.quorate, |cluster| cluster.quorate);
    Topology {
        links: links(&members, carrier),
        quorum: quorum(&members, quorate, carrier),
        partitions: partitions(&members),
        nodes,
    }
}

pub(crate) fn votes_of(carrier: Option<&Carrier>, node: &str) -> usize {
    let mut told = carrier.into_iter().flat_map(|carrier| &carrier.votes);
    told.find(|(name, _)| name == node).map_or(1, |(_, votes)| size(*votes))
}

pub(crate) fn size(votes: u32) -> usize {
    usize::try_from(votes).unwrap_or(usize::MAX)
}

fn quorum(members: &[&Point], quorate: bool, carrier: Option<&Carrier>) -> Quorum {
    let here = members.iter().filter(|node| node.here);
    let here: usize = here.map(|node| node.votes).sum();
    let all: usize = members.iter().map(|node| node.votes).sum();
    let Some(carrier) = carrier else {
        let majority = all / 2 + 1;
        let needed = (quorate == (here >= majority)).then_some(majority);
        return Quorum { quorate, votes: here, expected: all, needed, tie_breaker: None };
    };
    let ours = carrier.tie_breaker.as_ref().filter(|breaker| breaker.ours);
    Quorum {
        quorate,
        votes: here + ours.map_or(0, |breaker| size(breaker.votes)),
        expected: size(carrier.expected_votes),
        needed: Some(size(carrier.needed_votes)).filter(|needed| *needed > 0),
        tie_breaker: carrier.tie_breaker.clone(),
    }
}

fn links(members: &[&Point], carrier: Option<&Carrier>) -> Vec<Link> {
    let pairs = members.iter().enumerate().flat_map(|(at, from)| {
        members.iter().skip(at + 1).map(move |to| {
            let state = match (from.here, to.here) {
                (true, true) => LinkState::Up,
                (true, false) | (false, true) => LinkState::Down,
                (false, false) => LinkState::Unknown,
            };
            let paths = paths(from, to, carrier);
            let best = paths.iter().filter(|path| path.connected);
            let best = best.min_by_key(|path| (path.loss_ppm, path.latency_us));
            Link {
                state,
                latency_us: best.and_then(|path| path.latency_us),
                loss_ppm: best.and_then(|path| path.loss_ppm),
                paths,
                from: from.name.clone(),
                to: to.name.clone(),
            }
        })
    });
    pairs.collect()
}

/// What lies between the node that answers and the other of the two.
fn paths(from: &Point, to: &Point, carrier: Option<&Carrier>) -> Vec<LinkHealth> {
    let other = match (from.answers, to.answers) {
        (true, _) => to,
        (false, true) => from,
        (false, false) => return Vec::new(),
    };
    let links = carrier.into_iter().flat_map(|carrier| &carrier.links);
    links.filter(|link| link.to == other.name).cloned().collect()
}

fn partitions(members: &[&Point]) -> Vec<Vec<String>> {
    let name = |node: &&&Point| node.name.clone();
    let here: Vec<String> =
        members.iter().filter(|node| node.here).map(|node| name(&node)).collect();
    let gone = members.iter().filter(|node| !node.here).map(|node| vec![name(&node)]);
    Some(here).filter(|here| !here.is_empty()).into_iter().chain(gone).collect()
}

#[cfg(test)]
mod tests {
    use cib::Document;
    use wire::api::Cluster;

    use super::*;

    const THREE: &str = r#"<cib admin_epoch="0" epoch="1" num_updates="0" have-quorum="1"><configuration><crm_config/>
        <nodes><node id="1" uname="n1"/><node id="2" uname="n2"/><node id="3" uname="n3"/></nodes>
        <resources/><constraints/></configuration><status>
        <node_state id="1" uname="n1" in_ccm="true" crmd="online" join="member" expected="member"/>
        <node_state id="2" uname="n2" in_ccm="true" crmd="online" join="member" expected="member"/>
        <node_state id="3" uname="n3" in_ccm="false" crmd="offline" join="down" expected="member"/>
        </status></cib>"#;

    fn seen(members: &[&str], quorate: bool) -> Topology {
        let document = Document::parse(THREE).unwrap();
        let fencing = vec!["n3".to_owned()];
        let members = members.iter().map(|name| (*name).to_owned()).collect();
        let cluster =
            Cluster { node: "n1".to_owned(), members, quorate, fencing, ..Cluster::default() };
        topology(Seen { document: &document, cluster: Some(&cluster), now: 0 })
    }

    #[test]
    fn who_is_away_is_a_partition_of_its_own() {
        let found = seen(&["n1", "n2"], true);
        assert_eq!(
            found.partitions,
            [vec!["n1".to_owned(), "n2".to_owned()], vec!["n3".to_owned()]]
        );
        let states: Vec<LinkState> = found.links.iter().map(|link| link.state).collect();
        assert_eq!(states, [LinkState::Up, LinkState::Down, LinkState::Down]);
        let quorum =
            Quorum { quorate: true, votes: 2, expected: 3, needed: Some(2), tie_breaker: None };
        assert_eq!(found.quorum, quorum);
        assert!(found.nodes.first().is_some_and(|node| node.answers && node.here));
        assert!(found.nodes.last().is_some_and(|node| node.being_fenced));
    }

    #[test]
    fn what_the_fabric_says_of_itself_counts() {
        let link = |to: &str, number: u32, connected: bool, latency_us: u64| LinkHealth {
            to: to.to_owned(),
            number,
            connected,
            latency_us: Some(latency_us),
            loss_ppm: Some(0),
            ..LinkHealth::default()
        };
        let breaker = TieBreaker { votes: 2, ours: true, alive: true, ..TieBreaker::default() };
        let carrier = Carrier {
            votes: vec![("n1".to_owned(), 1), ("n2".to_owned(), 3), ("n3".to_owned(), 0)],
            expected_votes: 6,
            needed_votes: 4,
            tie_breaker: Some(breaker.clone()),
            addresses: Vec::new(),
            links: vec![link("n2", 0, false, 100), link("n2", 1, true, 400)],
        };
        let document = Document::parse(THREE).unwrap();
        let cluster = Cluster {
            node: "n1".to_owned(),
            members: vec!["n1".to_owned(), "n2".to_owned()],
            quorate: true,
            carrier: Some(Box::new(carrier)),
            ..Cluster::default()
        };
        let found = topology(Seen { document: &document, cluster: Some(&cluster), now: 0 });
        let quorum = Quorum {
            quorate: true,
            votes: 6,
            expected: 6,
            needed: Some(4),
            tie_breaker: Some(breaker),
        };
        assert_eq!(found.quorum, quorum);
        let told: Vec<(Option<u64>, usize)> =
            found.links.iter().map(|link| (link.latency_us, link.paths.len())).collect();
        assert_eq!(told, [(Some(400), 2), (None, 0), (None, 0)], "the best that is connected");
        assert_eq!(found.partitions.len(), 2, "who has no vote is a node all the same");
    }

    #[test]
    fn what_two_absent_nodes_hear_is_not_known() {
        let found = seen(&["n1"], false);
        assert_eq!(found.links.last().map(|link| link.state), Some(LinkState::Unknown));
        assert_eq!(found.quorum.needed, Some(2));
        assert_eq!(found.partitions.len(), 3);
    }

    #[test]
    fn another_rule_than_the_majority_is_not_made_up() {
        assert_eq!(seen(&["n1"], true).quorum.needed, None);
    }
}
