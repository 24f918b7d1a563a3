//! Carries one plan out: what may run now, what a result changes, how the document records it.
//!
//! **Not here:** running agents (`exec`), deciding what is wanted (`scheduler`).
//!
//! Field word: Pacemaker *transition engine*.

mod run;

pub mod record;
pub mod rehearse;

pub use run::{Progress, Transition};
