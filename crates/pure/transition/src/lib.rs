//! Carries one plan out: what may run now, what a result changes.
//!
//! Field word: Pacemaker *transition engine*.

mod run;

pub use run::{Progress, Transition};
