//! What Heartbeat's files mean, and what they become.
//!
//! [`HaCf`] reads `ha.cf` and keeps every line, [`Keys`] reads `authkeys`, [`Resources`] reads
//! `haresources`; each has a `check` that says by line what is wrong and what was expected, and
//! [`table`] has every directive once. [`lower()`] makes Corosync's file and the document of them, and
//! says in words what changes and why; [`raise()`] goes back as far as these files can say it.
//!
//! **Not here:** files, other nodes, Heartbeat itself. The caller brings the texts, and what it knows
//! of the machine ([`Surroundings`]).
//!
//! **Always:** any text is read; what is wrong is reported with its line, and the rest is understood.
//! No secret is in a finding or in a word about what changes.
//!
//! Field words: `ha.cf(5)`, `authkeys(5)`, `haresources`, *R1* (haresources), *R2* (`crm on`).

mod text;

pub mod table;

mod settings;

mod check;
mod keys;
mod lower;
mod manager;
mod raise;
mod resources;

pub use check::{Program, Surroundings, check};
pub use corosync::{Finding, Severity};
pub use keys::{Key, Keys, Method, check_keys};
pub use lower::plugins::{Becomes, Plugin, plugins, plugins_markdown};
pub use lower::{File, Given, Kind, Lowered, Machines, Word, lower};
pub use raise::{Raised, preferred, raise};
pub use resources::{Entry, Group, Resources, check_resources};
pub use settings::{
    AutoFailback, Child, Client, Crm, Device, Medium, MediumKind, OnExit, Parameters, Ping,
    Settings,
};
pub use text::{HaCf, Line, microseconds, truth};
