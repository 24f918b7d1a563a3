//! The cluster lock on a shared disk: `quorate lock`.
//!
//! Of two halves of a cluster one may go on. Which one, a lease on a disk decides that all nodes reach. The lease is
//! sanlock's; the vote for who holds it is cast through Corosync's interface for quorum devices, as
//! corosync-qdevice's is. `tie_breaker` decides; this asks and does.
//!
//! It has a sanlock of its own, with its own directory in `/run`: how another one is set up, for virtual
//! machines or for LVM, does not matter to the cluster, nor the other way round.
//!
//! **Always:** a lease outlives the process that asked for it, so that its end does not hand the lock over while
//! its last vote stands. One order for the disk is under way at a time, and no vote waits for it: a disk
//! that hangs costs the vote.
//!
//! Field words: Serviceguard *cmlockdiskd*, *cluster lock*; Corosync *qdevice*; Red Hat *qdisk*.

mod area;
mod command;
#[cfg(feature = "corosync")]
mod configuration;
#[cfg(feature = "corosync")]
mod ring;
#[cfg(feature = "corosync")]
mod sanlock;
#[cfg(feature = "corosync")]
mod serve;
mod tool;
#[cfg(feature = "corosync")]
mod votes;

pub use command::main;
pub use tool::whose;
