//! Clusters of machines: real Corosync, real daemons, real agents, and power that is really cut.

#![cfg(feature = "corosync")]
#![expect(
    clippy::unwrap_used,
    unreachable_pub,
    reason = "a test may fail loudly, and its modules have no outside"
)]

#[path = "machines/all.rs"]
mod machines;
