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
    pub latency_us: Option<u64>,
    /// Lost packets in a million.
    pub loss_ppm: Option<u32>,
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

/// The count of votes: each cluster node has one.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, schemars::JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub struct Quorum {
    pub quorate: bool,
    pub votes: usize,
    pub expected: usize,
    /// A majority. `None` where another rule was seen to count: two nodes, of which one is enough,
    /// or an outside voice.
    pub needed: Option<usize>,
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
                votes: usize::from(is_member),
            }
        })
        .collect();
    let members: Vec<&Point> = nodes.iter().filter(|node| node.votes > 0).collect();
    let expected = members.len();
    let votes = members.iter().filter(|node| node.here).count();
    let majority = expected / 2 + 1;
    let quorate = seen.cluster.map_or(resolved.options.quorate, |cluster| cluster.quorate);
    Topology {
        links: links(&members),
        quorum: Quorum {
            quorate,
            votes,
            expected,
            needed: (quorate == (votes >= majority)).then_some(majority),
        },
        partitions: partitions(&members),
        nodes,
    }
}

fn links(members: &[&Point]) -> Vec<Link> {
    let pairs = members.iter().enumerate().flat_map(|(at, from)| {
        members.iter().skip(at + 1).map(move |to| {
            let state = match (from.here, to.here) {
                (true, true) => LinkState::Up,
                (true, false) | (false, true) => LinkState::Down,
                (false, false) => LinkState::Unknown,
            };
            let (from, to) = (from.name.clone(), to.name.clone());
            Link { from, to, state, latency_us: None, loss_ppm: None }
        })
    });
    pairs.collect()
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
        let quorum = Quorum { quorate: true, votes: 2, expected: 3, needed: Some(2) };
        assert_eq!(found.quorum, quorum);
        assert!(found.nodes.first().is_some_and(|node| node.answers && node.here));
        assert!(found.nodes.last().is_some_and(|node| node.being_fenced));
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
