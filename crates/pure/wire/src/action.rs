//! Actions and outcomes as they travel.

use model::{
    ActionId, ActionKind, ActionNode, AgentRef, ExecStatus, NodeName, OcfCode, PrimitiveRef,
};
use serde::{Deserialize, Serialize};

/// [`model::Action`] on the wire.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Action {
    pub id: u32,
    pub kind: Kind,
    pub task: String,
    pub key: String,
    pub internal_key: Option<String>,
    pub shutdown_lock: Option<i64>,
    pub node: Option<Node>,
    pub attributes: Vec<(String, String)>,
    pub downed: Vec<String>,
    pub maintenance: Vec<(String, bool)>,
}

/// [`model::ActionKind`] on the wire.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Kind {
    Resource(Primitive),
    Milestone,
    Fence,
    Bookkeeping(Option<Primitive>),
}

/// [`model::PrimitiveRef`] on the wire.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Primitive {
    pub id: String,
    pub long_id: Option<String>,
    pub standard: String,
    pub provider: Option<String>,
    pub agent: String,
}

/// [`model::ActionNode`] on the wire.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Node {
    pub name: String,
    pub id: String,
    pub router: Option<String>,
}

/// [`model::Outcome`] on the wire.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Outcome {
    pub code: i32,
    pub status: i32,
    pub reason: String,
    pub exec_ms: u64,
    pub queue_ms: u64,
}

impl From<&model::Action> for Action {
    fn from(action: &model::Action) -> Self {
        let model::Action {
            id,
            kind,
            task,
            key,
            internal_key,
            shutdown_lock,
            node,
            attributes,
            downed,
            maintenance,
        } = action;
        Self {
            id: id.0,
            kind: Kind::from(kind),
            task: task.clone(),
            key: key.clone(),
            internal_key: internal_key.clone(),
            shutdown_lock: *shutdown_lock,
            node: node.as_ref().map(Node::from),
            attributes: attributes.clone(),
            downed: downed.clone(),
            maintenance: maintenance.clone(),
        }
    }
}

impl From<Action> for model::Action {
    fn from(action: Action) -> Self {
        let Action {
            id,
            kind,
            task,
            key,
            internal_key,
            shutdown_lock,
            node,
            attributes,
            downed,
            maintenance,
        } = action;
        Self {
            id: ActionId(id),
            kind: kind.into(),
            task,
            key,
            internal_key,
            shutdown_lock,
            node: node.map(ActionNode::from),
            attributes,
            downed,
            maintenance,
        }
    }
}

impl From<&ActionKind> for Kind {
    fn from(kind: &ActionKind) -> Self {
        match kind {
            ActionKind::Resource(primitive) => Self::Resource(primitive.into()),
            ActionKind::Milestone => Self::Milestone,
            ActionKind::Fence => Self::Fence,
            ActionKind::Bookkeeping(primitive) => {
                Self::Bookkeeping(primitive.as_ref().map(Primitive::from))
            }
        }
    }
}

impl From<Kind> for ActionKind {
    fn from(kind: Kind) -> Self {
        match kind {
            Kind::Resource(primitive) => Self::Resource(primitive.into()),
            Kind::Milestone => Self::Milestone,
            Kind::Fence => Self::Fence,
            Kind::Bookkeeping(primitive) => Self::Bookkeeping(primitive.map(PrimitiveRef::from)),
        }
    }
}

impl From<&PrimitiveRef> for Primitive {
    fn from(primitive: &PrimitiveRef) -> Self {
        let PrimitiveRef { id, long_id, agent: AgentRef { standard, provider, kind } } = primitive;
        Self {
            id: id.clone(),
            long_id: long_id.clone(),
            standard: standard.as_ref().to_owned(),
            provider: provider.as_ref().map(|text| text.as_ref().to_owned()),
            agent: kind.as_ref().to_owned(),
        }
    }
}

impl From<Primitive> for PrimitiveRef {
    fn from(primitive: Primitive) -> Self {
        let Primitive { id, long_id, standard, provider, agent } = primitive;
        let agent = AgentRef {
            standard: standard.into(),
            provider: provider.map(Into::into),
            kind: agent.into(),
        };
        Self { id, long_id, agent }
    }
}

impl From<&ActionNode> for Node {
    fn from(node: &ActionNode) -> Self {
        let ActionNode { name, id, router } = node;
        Self {
            name: name.as_str().to_owned(),
            id: id.clone(),
            router: router.as_ref().map(|name| name.as_str().to_owned()),
        }
    }
}

impl From<Node> for ActionNode {
    fn from(node: Node) -> Self {
        let Node { name, id, router } = node;
        Self { name: NodeName::new(name), id, router: router.map(NodeName::new) }
    }
}

impl From<&model::Outcome> for Outcome {
    fn from(outcome: &model::Outcome) -> Self {
        let model::Outcome { code, status, reason, exec_ms, queue_ms } = outcome;
        Self {
            code: code.0,
            status: *status as i32,
            reason: reason.clone(),
            exec_ms: *exec_ms,
            queue_ms: *queue_ms,
        }
    }
}

impl From<Outcome> for model::Outcome {
    fn from(outcome: Outcome) -> Self {
        let Outcome { code, status, reason, exec_ms, queue_ms } = outcome;
        Self {
            code: OcfCode(code),
            status: ExecStatus::from_number(status),
            reason,
            exec_ms,
            queue_ms,
        }
    }
}
