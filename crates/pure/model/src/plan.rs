//! What to do, in which order: the scheduler's answer, the transition's orders.

use std::time::Duration;

use crate::names::{AgentRef, NodeName};
use crate::time::parse_interval;

/// What the cluster should do next. An empty plan means that nothing is left to do.
///
/// Field words: Pacemaker *transition graph*; its XML form is raised from this.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Plan {
    pub settings: PlanSettings,
    /// In the order of the graph's numbering.
    pub steps: Vec<PlanStep>,
}

/// Cluster options that the one who carries out a plan must know.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PlanSettings {
    /// `cluster-delay` as configured ("60s"): round trip allowed for an action on another node.
    pub cluster_delay: String,
    /// `fencing-timeout` as configured; `None` where fencing is disabled.
    pub fencing_timeout: Option<String>,
    /// `failed-stop-offset`, "INFINITY" by default.
    pub failed_stop_offset: String,
    /// `failed-start-offset`, "INFINITY" unless start failures are not fatal.
    pub failed_start_offset: String,
    /// `batch-limit` as configured ("0"): most actions at once in the cluster.
    pub batch_limit: String,
    /// `migration-limit` as configured: most live moves at once on a node; `None` is no limit.
    pub migration_limit: Option<String>,
    /// Plan again at this time at the latest (seconds since 1970): a rule or a failure expires.
    pub recheck_at: Option<i64>,
}

/// One step of a [`Plan`]: an action that may run once its inputs are done.
///
/// Field word: Pacemaker *synapse*.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PlanStep {
    /// Higher runs first where not all can run at once; 0 is usual.
    pub priority: i32,
    pub action: Action,
    /// Actions of the same plan that must be done first, in the order written in the graph.
    pub inputs: Vec<ActionId>,
}

/// An action's number in its plan. From 1, as in the graph.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ActionId(pub u32);

/// One run of an agent, one fencing, one bookkeeping act, or a milestone.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Action {
    pub id: ActionId,
    pub kind: ActionKind,
    /// `start`, `stop`, `monitor`, `promote`, `notify`, `stonith`, `clear_failcount`, ...
    pub task: String,
    /// `RESOURCE_TASK_INTERVAL`: the same work has the same key in every plan.
    pub key: String,
    /// The key with the instance's number, where the instance goes by its set's name in `key`.
    /// Graph attribute: `internal_operation_key`.
    pub internal_key: Option<String>,
    /// When the resource was locked to its node by that node's shutdown (seconds since 1970); only
    /// on actions that must keep the lock. Graph attribute: `shutdown-lock`.
    pub shutdown_lock: Option<i64>,
    /// Where; milestones that belong to no node have none.
    pub node: Option<ActionNode>,
    /// `CRM_meta_*` and the agent's parameters, in the order of the graph.
    pub attributes: Vec<(String, String)>,
    /// Node ids that are down once this is done (the graph's `downed` element).
    pub downed: Vec<String>,
    /// `(id, name)`-free list of node ids whose maintenance state changes with this action, with
    /// the wanted value; only `maintenance_nodes` actions have it.
    pub maintenance: Vec<(String, bool)>,
}

/// What sort of work an [`Action`] is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ActionKind {
    /// A resource agent runs on `node`. Graph element: `rsc_op`.
    Resource(PrimitiveRef),
    /// Runs nothing; an ordering point. Graph element: `pseudo_event`. Field word: *pseudo-action*.
    Milestone,
    /// `node` is cut off (or unfenced: see `CRM_meta_stonith_action`). Graph element: `crm_event`
    /// with operation `stonith`.
    Fence,
    /// The cluster's own bookkeeping on `node`, such as `clear_failcount`, `lrm_delete` (of the
    /// document's record only) or `do_shutdown`, and the resource it is about, if any. Graph
    /// element: `crm_event`.
    Bookkeeping(Option<PrimitiveRef>),
}

/// The resource that an action is about.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PrimitiveRef {
    /// Id in the document.
    pub id: String,
    /// The instance's id where that differs (`ping:1`). Field word: *long-id*.
    pub long_id: Option<String>,
    pub agent: AgentRef,
}

/// Where an action runs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ActionNode {
    pub name: NodeName,
    /// The node's `id` in the document (Corosync's number as text, or an old uuid).
    pub id: String,
    /// The cluster node that runs it on behalf of a remote or guest node.
    pub router: Option<NodeName>,
}

impl Action {
    /// The attribute called `name`.
    pub fn attribute(&self, name: &str) -> Option<&str> {
        self.attributes.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str())
    }

    /// The `CRM_meta_` attribute called `name` (without the prefix).
    pub fn meta(&self, name: &str) -> Option<&str> {
        self.attributes
            .iter()
            .find(|(key, _)| key.strip_prefix("CRM_meta_") == Some(name))
            .map(|(_, value)| value.as_str())
    }

    /// What the agent gets: attributes that are not `CRM_meta_*`.
    pub fn parameters(&self) -> impl Iterator<Item = (&str, &str)> {
        self.attributes
            .iter()
            .filter(|(key, _)| !key.starts_with("CRM_meta_"))
            .map(|(key, value)| (key.as_str(), value.as_str()))
    }

    /// How long the agent may run; `None` if the plan sets no limit.
    pub fn timeout(&self) -> Option<Duration> {
        self.milliseconds("timeout")
    }

    /// Zero for an action that runs once.
    pub fn interval(&self) -> Duration {
        self.milliseconds("interval").unwrap_or_default()
    }

    /// The exit code that the scheduler expects; 0 unless it says otherwise.
    pub fn expected_code(&self) -> i32 {
        self.meta("op_target_rc").and_then(|text| text.parse().ok()).unwrap_or(0)
    }

    /// Whether the transition goes on if this fails.
    pub fn can_fail(&self) -> bool {
        self.meta("can_fail").is_some_and(|text| text == "true")
    }

    /// The resource that the action is about.
    pub fn primitive(&self) -> Option<&PrimitiveRef> {
        match &self.kind {
            ActionKind::Resource(primitive) | ActionKind::Bookkeeping(Some(primitive)) => {
                Some(primitive)
            }
            ActionKind::Milestone | ActionKind::Fence | ActionKind::Bookkeeping(None) => None,
        }
    }

    /// The resource's id as the action's key names it: the instance's, if there is one.
    pub fn resource(&self) -> Option<&str> {
        self.primitive().map(|primitive| primitive.long_id.as_deref().unwrap_or(&primitive.id))
    }

    /// The resource as the node's agents know it: an anonymous instance goes without its number,
    /// since nothing on the node tells one such instance from another.
    pub fn agent_resource(&self) -> Option<&str> {
        let id = self.primitive()?.id.as_str();
        if self.meta("globally_unique") != Some("false") {
            return Some(id);
        }
        match id.rsplit_once(':') {
            Some((base, number)) if number.bytes().all(|byte| byte.is_ascii_digit()) => Some(base),
            _ => Some(id),
        }
    }

    /// Names the work on its node: the same in every plan, whichever number an anonymous instance
    /// has in it.
    pub fn work_key(&self) -> String {
        match (self.agent_resource(), self.primitive()) {
            (Some(short), Some(primitive)) if short != primitive.id => {
                let rest = self.key.strip_prefix(&primitive.id).unwrap_or(&self.key);
                format!("{short}{rest}")
            }
            _ => self.key.clone(),
        }
    }

    /// Whether this only looks whether the resource is there: a monitor that runs once.
    pub fn is_probe(&self) -> bool {
        self.task == "monitor" && self.interval().is_zero() && self.primitive().is_some()
    }

    /// Meta times are whole milliseconds without a unit.
    fn milliseconds(&self, name: &str) -> Option<Duration> {
        let text = self.meta(name)?;
        match text.parse() {
            Ok(number) => Some(Duration::from_millis(number)),
            Err(_) => parse_interval(text),
        }
    }
}
