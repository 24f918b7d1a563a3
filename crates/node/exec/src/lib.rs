//! Runs agents, one operation at a time, and notices when what they started dies.
//!
//! [`Executor`] takes [`RunRequest`]s and answers each with one [`Finished`]. Operations of one
//! resource wait for each other, those of different resources run side by side. A program gets
//! its own session, a deadline, a bounded place for its output and, when the deadline passes, the
//! staged kill of all that stayed in its session. Units of systemd are asked over D-Bus.
//! [`reap_previous_life`] ends what a former daemon left behind, so that no agent runs twice.
//!
//! **Not here:** what codes mean (`agent`), when a monitor is due (`controller`). The executor
//! has no opinion: everything it needs is in the request.
//!
//! A process with an executor adopts what its agents leave running, and buries it: an agent that
//! waits for its service to vanish waits for that.
//!
//! **Always:** every request is answered exactly once. An agent cannot hold an answer back by
//! flooding its output, by leaving a process that holds its output open, or by not dying.
//! Parameters reach neither arguments, nor logs, nor the runtime directory.
//!
//! Field words: Pacemaker *executor*, *execd*, *lrmd*, *services library*.

mod capture;
mod carry;
mod config;
mod describe;
mod device;
mod executor;
mod kill;
mod locate;
mod operation;
mod orphans;
mod record;
mod request;
mod unit;
mod units;
mod watch;

pub use config::{ExecConfig, inherited_environment};
pub use describe::Described;
pub use executor::Executor;
pub use record::{Leftover, reap_previous_life};
pub use request::{Exit, Finished, OperationToken, Report, RunRequest};
