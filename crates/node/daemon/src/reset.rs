//! A machine that is to be off at once takes its own power.
//!
//! By the system call, so that in a container it is the container that ends. Only where the node is a
//! machine of its own: nodes of the embedded fabric share one.
//!
//! Field words: sbd *do_reset*, Pacemaker *panic*.

#[cfg(feature = "corosync")]
use rustix::system::{RebootCommand, reboot};

use crate::config::{Config, FabricConfig};

/// What becomes of the machine.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Reset {
    Reboot,
    Off,
}

/// Comes back only if that cannot be.
#[cfg_attr(
    not(feature = "corosync"),
    expect(unused_variables, reason = "without Corosync no node has a machine of its own")
)]
pub(crate) fn machine(config: &Config, reset: Reset) {
    match &config.fabric {
        FabricConfig::Embedded { .. } => {
            tracing::warn!("not resetting a machine that several nodes share");
        }
        #[cfg(feature = "corosync")]
        FabricConfig::Corosync { .. } => {
            tracing::error!(?reset, "resetting this machine");
            let command = match reset {
                Reset::Reboot => RebootCommand::Restart,
                Reset::Off => RebootCommand::PowerOff,
            };
            if let Err(error) = reboot(command) {
                tracing::error!(%error, "this machine cannot be reset from here");
            }
        }
    }
}
