//! The nouns that every crate shares: names, numbers with rules, and the plan.
//!
//! **Not here:** behaviour. A type here knows how to be compared, added and written, no more.

mod action_name;
mod moment;
mod names;
mod outcome;
mod plan;
mod quorum;
mod role;
mod score;
mod time;

pub use action_name::ActionName;
pub use moment::{clock, date_of, seconds_of_clock};
pub use names::{AgentRef, NodeId, NodeName, ResourceId};
pub use outcome::{ExecStatus, OcfCode, Outcome};
pub use plan::{
    Action, ActionId, ActionKind, ActionNode, Plan, PlanSettings, PlanStep, PrimitiveRef,
};
pub use quorum::{Quorum, QuorumBy};
pub use role::Role;
pub use score::Score;
pub use time::{Tick, parse_interval, parse_timeout};
