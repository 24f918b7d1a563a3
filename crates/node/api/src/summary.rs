//! How the cluster is, in a few numbers: what one cluster asks another for.

use serde::{Deserialize, Serialize};
use view::{Health, NodeState, ResourceLine, Status};

/// The cluster on one line.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub(crate) struct Summary {
    /// The option `cluster-name`.
    pub(crate) cluster_name: Option<String>,
    /// The node that answered.
    pub(crate) seen_by: Option<String>,
    /// By that node's clock, in seconds since 1970.
    pub(crate) at: i64,
    pub(crate) level: Health,
    /// The verdict.
    pub(crate) words: String,
    /// What to do, a sentence each.
    pub(crate) advice: Vec<String>,
    pub(crate) quorate: bool,
    pub(crate) nodes: Nodes,
    pub(crate) resources: Resources,
    pub(crate) problems: Problems,
}

/// How many nodes.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub(crate) struct Nodes {
    pub(crate) all: usize,
    pub(crate) online: usize,
    /// Lost, may still run things.
    pub(crate) unclean: usize,
    pub(crate) standby: usize,
    pub(crate) maintenance: usize,
}

/// How many resources, each group, clone or bundle counted once.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub(crate) struct Resources {
    pub(crate) all: usize,
    /// Wanted, managed, and active nowhere.
    pub(crate) missing: usize,
    /// With a failure that counts.
    pub(crate) failed: usize,
}

/// How much is to be looked at.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub(crate) struct Problems {
    /// All of them together.
    pub(crate) all: usize,
    /// Failed actions.
    pub(crate) failures: usize,
    /// Nodes that are to be cut off.
    pub(crate) fencing: usize,
    /// What is wrong with the configuration; notices and warnings are not counted.
    pub(crate) findings: usize,
}

impl Summary {
    /// Of a status at that time.
    pub(crate) fn of(status: Status, at: i64) -> Self {
        let nodes = nodes(&status);
        let resources = resources(&status.resources);
        let findings = status.findings.iter();
        let findings = findings.filter(|one| matches!(one.severity, "error" | "bug")).count();
        let (failures, fencing) = (status.failures.len(), status.fencing.len());
        let all = failures + fencing + findings + resources.missing;
        let problems = Problems { all, failures, fencing, findings };
        Self {
            cluster_name: status.cluster_name,
            seen_by: status.seen_by,
            at,
            level: status.verdict.health,
            words: status.verdict.sentence,
            advice: status.verdict.advice,
            quorate: status.quorate,
            nodes,
            resources,
            problems,
        }
    }
}

fn nodes(status: &Status) -> Nodes {
    let count = |wanted: fn(&view::NodeLine) -> bool| {
        status.nodes.iter().filter(|node| wanted(node)).count()
    };
    Nodes {
        all: status.nodes.len(),
        online: count(|node| node.state == NodeState::Online),
        unclean: count(|node| node.state == NodeState::Unclean),
        standby: count(|node| node.standby),
        maintenance: count(|node| node.maintenance),
    }
}

fn resources(lines: &[ResourceLine]) -> Resources {
    let count =
        |wanted: fn(&ResourceLine) -> bool| lines.iter().filter(|line| wanted(line)).count();
    Resources {
        all: lines.len(),
        missing: count(|line| line.missing),
        failed: count(|line| line.failed),
    }
}
