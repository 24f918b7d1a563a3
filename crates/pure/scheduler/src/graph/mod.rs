//! The last stage: from ordered actions to the plan.
//!
//! [`select`] decides what is in the plan and which orderings are inputs; [`raise`] gives each
//! step its form.
//!
//! **Always:** steps are in the order in which Pacemaker writes them: resource by resource, of
//! each the newest action first, then what belongs to no resource.
//!
//! Field word: Pacemaker *transition graph*.

mod attributes;
mod cycles;
mod loops;
mod raise;
mod select;
mod view;

pub(crate) use cycles::break_all;
pub(crate) use loops::loops;
pub(crate) use raise::raise;
pub(crate) use select::{select, wanted_input};
pub(crate) use view::view;
pub use view::{ActView, InputView};
