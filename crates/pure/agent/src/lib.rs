//! What agents mean: their metadata, what one run of them looks like, what their answers say.
//!
//! [`Invocation::of`] turns "start `ocf:heartbeat:IPaddr2`" into a program, its arguments, its
//! environment and its standard input, or into a systemd job. [`codes`] turns exit codes of every
//! standard into OCF's. [`Metadata`] reads what an agent says about itself.
//!
//! **Not here:** running anything (`exec`), when to run it (`controller`, `transition`), which
//! device fences which node (`fencing`).
//!
//! **Always:** parameters of fence agents travel on standard input, those of OCF agents in the
//! environment; no parameter is ever an argument, where every user of the machine could read it. The one
//! exception is the class `heartbeat`, whose scripts know nothing else.
//!
//! Field words: Pacemaker *services library*, *resource agent*, *fence agent*.

pub mod codes;
pub mod digest;
pub mod fence;
mod fit;
mod invocation;
mod kinds;
mod metadata;
mod plain_scripts;
mod standard;

pub use fit::{Misfit, misfits, takes};
pub use invocation::{Invocation, Program, Run, UnitJob};
pub use kinds::{ParameterKinds, are_recorded};
pub use metadata::{AgentAction, Metadata, MetadataError, Parameter, Reload, is_secret_by_name};
pub use plain_scripts::heartbeat_metadata;
pub use standard::Standard;
