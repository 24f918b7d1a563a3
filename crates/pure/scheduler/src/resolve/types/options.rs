//! The cluster's options, read and defaulted.

use std::sync::Arc;

use model::Score;

/// `crm_config`, each option with its value for this decision.
#[derive(Clone, Debug)]
pub struct Options {
    /// The cluster has quorum (`have-quorum`).
    pub quorate: bool,
    /// What to do without quorum.
    pub loss_policy: LossPolicy,
    /// Resources may run anywhere unless constraints say otherwise.
    pub symmetric: bool,
    pub maintenance_mode: bool,
    pub fencing_enabled: bool,
    /// `fencing-action`: "reboot" or "off".
    pub fencing_action: Arc<str>,
    pub fencing_timeout_ms: u64,
    /// `priority-fencing-delay`.
    pub priority_fencing_delay_ms: u64,
    pub concurrent_fencing: bool,
    /// Nodes that were never seen are fenced (`startup-fencing`).
    pub startup_fencing: bool,
    /// A fence device is configured, or the watchdog fences (`have-watchdog`).
    pub fence_device_present: bool,
    /// Some fence device provides or some resource requires unfencing.
    pub unfencing_enabled: bool,
    pub fence_remote_without_quorum: bool,
    pub stop_all_resources: bool,
    /// `stop-orphan-resources`.
    pub stop_removed_resources: bool,
    /// `stop-orphan-actions`.
    pub cancel_removed_actions: bool,
    /// `remove-after-stop`.
    pub remove_after_stop: bool,
    pub start_failure_is_fatal: bool,
    /// `enable-startup-probes`.
    pub probes_enabled: bool,
    pub shutdown_lock: bool,
    /// `shutdown-lock-limit`; 0 is none.
    pub shutdown_lock_limit_ms: u64,
    /// `node-pending-timeout`; 0 is none.
    pub node_pending_timeout_ms: u64,
    pub placement: PlacementStrategy,
    pub health: HealthStrategy,
    /// `cluster-delay`, as configured and in milliseconds.
    pub cluster_delay: Arc<str>,
    pub cluster_delay_ms: u64,
    /// `batch-limit` as configured.
    pub batch_limit: Arc<str>,
    /// `migration-limit` as configured.
    pub migration_limit: Arc<str>,
    /// `stonith-timeout` as configured.
    pub fencing_timeout: Arc<str>,
    /// `dc-version`, "" where not recorded.
    pub coordinator_version: Arc<str>,
    /// `cluster-infrastructure`.
    pub infrastructure: Arc<str>,
    /// `cluster-name`.
    pub cluster_name: Arc<str>,
    /// `node-health-base`.
    pub health_base: Score,
}

/// What to do without quorum. Option `no-quorum-policy`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LossPolicy {
    /// Keep what runs, recover nothing.
    Freeze,
    /// Stop everything.
    Stop,
    /// Demote promoted resources, stop the rest.
    Demote,
    /// Fence ourselves.
    Fence,
    /// Carry on.
    Ignore,
}

/// How capacities count. Option `placement-strategy`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PlacementStrategy {
    /// Not at all.
    Default,
    /// As a limit.
    Utilization,
    /// As a limit and for spreading.
    Balanced,
    /// As a limit; few nodes preferred.
    Minimal,
}

/// How health attributes count. Option `node-health-strategy`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum HealthStrategy {
    None,
    MigrateOnRed,
    OnlyGreen,
    Progressive { green: Score, yellow: Score, red: Score, base: Score },
    Custom { green: Score, yellow: Score, red: Score },
}
