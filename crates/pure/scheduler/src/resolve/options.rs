//! Cluster options: `crm_config` read into [`Options`].

use std::sync::Arc;

use cib::Document;
use model::{Score, parse_interval};

use super::types::{HealthStrategy, LossPolicy, Options, PlacementStrategy};

/// An option as configured: the first `cluster_property_set` that has it wins.
struct Configured<'a>(&'a Document);

impl<'a> Configured<'a> {
    /// The value under any of `names` (current spelling first).
    fn text(&self, names: &[&str]) -> Option<&'a str> {
        let config = self.0.root().path(&["configuration", "crm_config"])?;
        names.iter().find_map(|name| {
            config
                .children_named("cluster_property_set")
                .flat_map(|set| set.children_named("nvpair"))
                .find(|pair| pair.attr("name") == Some(name))
                .and_then(|pair| pair.attr("value"))
        })
    }

    fn flag(&self, names: &[&str], default: bool) -> bool {
        self.text(names).and_then(super::values::parse_bool).unwrap_or(default)
    }

    fn milliseconds(&self, names: &[&str], default: u64) -> u64 {
        let Some(found) = self.text(names).and_then(parse_interval) else { return default };
        u64::try_from(found.as_millis()).unwrap_or(u64::MAX)
    }

    fn score(&self, names: &[&str], default: Score) -> Score {
        self.text(names).and_then(Score::parse).unwrap_or(default)
    }

    fn shared(&self, names: &[&str], default: &str) -> Arc<str> {
        Arc::from(self.text(names).unwrap_or(default))
    }
}

/// Reads all options of `document`.
pub(super) fn read(document: &Document) -> Options {
    let configured = Configured(document);
    let fencing_enabled = configured.flag(&["fencing-enabled", "stonith-enabled"], true);
    let quorate = document.root().attr("have-quorum").and_then(super::values::parse_bool);
    Options {
        quorate: quorate.unwrap_or(false),
        loss_policy: loss_policy(&configured, fencing_enabled),
        symmetric: configured.flag(&["symmetric-cluster"], true),
        maintenance_mode: configured.flag(&["maintenance-mode"], false),
        fencing_enabled,
        fencing_action: fencing_action(&configured),
        fencing_timeout_ms: configured
            .milliseconds(&["fencing-timeout", "stonith-timeout"], 60_000),
        priority_fencing_delay_ms: configured.milliseconds(&["priority-fencing-delay"], 0),
        concurrent_fencing: configured.flag(&["concurrent-fencing"], true),
        startup_fencing: configured.flag(&["startup-fencing"], true),
        fence_device_present: configured.flag(&["have-watchdog"], false),
        unfencing_enabled: false,
        fence_remote_without_quorum: configured.flag(&["fence-remote-without-quorum"], false),
        stop_all_resources: configured.flag(&["stop-all-resources"], false),
        stop_removed_resources: configured
            .flag(&["stop-removed-resources", "stop-orphan-resources"], true),
        cancel_removed_actions: configured
            .flag(&["cancel-removed-actions", "stop-orphan-actions"], true),
        remove_after_stop: configured.flag(&["remove-after-stop"], false),
        start_failure_is_fatal: configured.flag(&["start-failure-is-fatal"], true),
        probes_enabled: configured.flag(&["enable-startup-probes"], true),
        shutdown_lock: configured.flag(&["shutdown-lock"], false),
        shutdown_lock_limit_ms: configured.milliseconds(&["shutdown-lock-limit"], 0),
        node_pending_timeout_ms: configured.milliseconds(&["node-pending-timeout"], 0),
        placement: placement(&configured),
        health: health(&configured),
        cluster_delay: configured.shared(&["cluster-delay"], "60s"),
        cluster_delay_ms: configured.milliseconds(&["cluster-delay"], 60_000),
        batch_limit: configured.text(&["batch-limit"]).and_then(|t| t.parse().ok()).unwrap_or(0),
        migration_limit: configured.text(&["migration-limit"]).and_then(|t| t.parse().ok()),
        fencing_timeout: configured.shared(&["fencing-timeout", "stonith-timeout"], "60s"),
        coordinator_version: configured.shared(&["dc-version"], ""),
        infrastructure: configured.shared(&["cluster-infrastructure"], ""),
        cluster_name: configured.shared(&["cluster-name"], ""),
        health_base: configured.score(&["node-health-base"], Score::ZERO),
    }
}

fn fencing_action(configured: &Configured<'_>) -> Arc<str> {
    match configured.text(&["fencing-action", "stonith-action"]) {
        Some("off" | "poweroff") => Arc::from("off"),
        Some(_) | None => Arc::from("reboot"),
    }
}

fn loss_policy(configured: &Configured<'_>, fencing_enabled: bool) -> LossPolicy {
    match configured.text(&["no-quorum-policy"]).map(str::to_ascii_lowercase).as_deref() {
        Some("ignore") => LossPolicy::Ignore,
        Some("freeze") => LossPolicy::Freeze,
        Some("demote") => LossPolicy::Demote,
        Some("fence" | "suicide") if fencing_enabled => LossPolicy::Fence,
        // Without fencing there is nothing to fence with.
        Some(_) | None => LossPolicy::Stop,
    }
}

fn placement(configured: &Configured<'_>) -> PlacementStrategy {
    match configured.text(&["placement-strategy"]) {
        Some("utilization") => PlacementStrategy::Utilization,
        Some("balanced") => PlacementStrategy::Balanced,
        Some("minimal") => PlacementStrategy::Minimal,
        Some(_) | None => PlacementStrategy::Default,
    }
}

fn health(configured: &Configured<'_>) -> HealthStrategy {
    let green = configured.score(&["node-health-green"], Score::ZERO);
    let yellow = configured.score(&["node-health-yellow"], Score::ZERO);
    let red = configured.score(&["node-health-red"], Score::MINUS_INFINITY);
    let base = configured.score(&["node-health-base"], Score::ZERO);
    match configured.text(&["node-health-strategy"]) {
        Some("migrate-on-red") => HealthStrategy::MigrateOnRed,
        Some("only-green") => HealthStrategy::OnlyGreen,
        Some("progressive") => HealthStrategy::Progressive { green, yellow, red, base },
        Some("custom") => HealthStrategy::Custom { green, yellow, red },
        Some(_) | None => HealthStrategy::None,
    }
}
