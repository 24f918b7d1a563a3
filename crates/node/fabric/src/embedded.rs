//! The fabric for nodes that are processes of one machine.
//!
//! One process, the sequencer, puts every message into one order and sends the same stream to all
//! members over a Unix socket. So it is **for one machine only**: demonstrations, tests, and an
//! installation on a single machine. It protects against the death of processes, not of the
//! machine, and the sequencer is needed for quorum. Between machines, Corosync does this work.
//!
//! While the sequencer is away each member is alone: it goes through a membership of itself, so
//! that no two members claim to have stayed together although each may have received a different
//! part of the stream.

mod client;
mod connection;
mod control;
mod frame;
mod health;
mod sequencer;

use std::io;
use std::path::PathBuf;
use std::time::Duration;

use model::NodeId;

use crate::{Fabric, Votes};

pub use control::{ControlError, Verb, control};
pub use sequencer::serve;

/// A member that takes nothing for so long is dropped, unless the sequencer is told otherwise.
pub const STALL_DEFAULT: Duration = Duration::from_secs(5);

/// How a member finds the others.
#[derive(Clone, Debug)]
pub struct Member {
    pub node: NodeId,
    pub votes: Votes,
    /// The sequencer's socket.
    pub socket: PathBuf,
}

/// How the sequencer serves.
#[derive(Clone, Debug)]
pub struct Sequencer {
    pub socket: PathBuf,
    /// A member that takes nothing for so long is dropped.
    pub stall: Duration,
}

/// The sequencer could not start.
#[derive(Debug, thiserror::Error)]
pub enum ServeError {
    #[error("another sequencer serves `{socket}`")]
    InUse { socket: PathBuf },
    #[error("cannot lock `{path}`")]
    Lock { path: PathBuf, source: io::Error },
    #[error("cannot listen on `{socket}`")]
    Listen { socket: PathBuf, source: io::Error },
    #[error("cannot accept connections on `{socket}`")]
    Accept { socket: PathBuf, source: io::Error },
}

/// Joins, and keeps trying for as long as the [`Fabric`] lives. Must be called in a tokio runtime.
pub fn join(member: Member) -> Fabric {
    Fabric::start(|ends| client::carry(member, ends))
}
