//! The last stage: from ordered actions to the plan.
//!
//! [`hold`] keeps what would be promoted once too often from running; [`select`] decides what is in the plan and which orderings are inputs; [`untangle`] takes out what
//! could never be carried out; [`raise`] gives each step its form.
//!
//! **Always:** steps are in the order in which Pacemaker writes them: resource by resource, of
//! each the newest action first, then what belongs to no resource.
//!
//! Field word: Pacemaker *transition graph*.

mod attributes;
mod doubled;
mod raise;
mod select;
mod view;
mod waits;

pub(crate) use doubled::hold;
pub(crate) use raise::raise;
pub(crate) use select::{select, wanted_input};
pub(crate) use view::view;
pub use view::{ActView, InputView};
pub(crate) use waits::untangle;
