//! What a person sees: status, consequences of a plan, explanations, history; as values, and as
//! text.
//!
//! Each kind has a type that says it (and goes out as JSON) and a `render` that writes it for
//! people.
//!
//! **Not here:** terminals, clocks, sockets. The caller brings the document, the time and whether
//! colour may be used.
//!
//! **Always:** colour is never the only carrier; nothing is shown that the scheduler did not say.
//!
//! Field words: Pacemaker *crm_mon*, *crm_resource --why*.

pub mod because;
pub mod compare;
pub mod consequences;
pub mod diff;
pub mod grid;
pub mod history;
mod known;
pub mod metrics;
pub mod moment;
pub mod readiness;
pub mod status;
pub mod survival;
pub mod text;
pub mod topology;
pub mod why;
pub mod words;

pub use because::{Asked, because};
pub use compare::{Compared, compare};
pub use consequences::{Consequences, as_it_is, consequences};
pub use grid::{Grid, grid};
pub use known::Unknown;
pub use readiness::{Readiness, readiness};
pub use status::{
    Headline, Health, NodeLine, NodeState, ResourceLine, Seen, Status, status, verdict,
};
pub use text::RenderOptions;
pub use topology::{Topology, topology};
pub use why::{Why, why};
