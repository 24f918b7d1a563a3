//! Cluster options: `crm_config` read into [`Options`].

use std::sync::Arc;

use cib::{Document, Element};
use model::{Score, parse_interval};

use super::blocks;
use super::types::{HealthStrategy, LossPolicy, Options, PlacementStrategy, Values};
use super::values::{is_true, parse_bool, parse_integer, parse_score};
use crate::rules::{NextChange, RuleInput};

/// The options as configured, rules applied.
struct Configured<'a>(Values<'a>);

impl Configured<'_> {
    /// The value under any of `names` (current spelling first).
    fn text(&self, names: &[&str]) -> Option<&str> {
        names.iter().find_map(|name| self.0.get(*name)).map(AsRef::as_ref)
    }

    fn flag(&self, names: &[&str], default: bool) -> bool {
        self.text(names).and_then(parse_bool).unwrap_or(default)
    }

    fn milliseconds(&self, names: &[&str], default: u64) -> u64 {
        let Some(found) = self.text(names).and_then(parse_interval) else { return default };
        u64::try_from(found.as_millis()).unwrap_or(u64::MAX)
    }

    fn score(&self, names: &[&str], default: Score) -> Score {
        self.text(names).and_then(parse_score).unwrap_or(default)
    }

    /// A whole number, infinity included, as it is written.
    fn limit(&self, names: &[&str], default: &str) -> Arc<str> {
        let is_limit = |text: &&str| parse_score(text).is_some();
        Arc::from(self.text(names).filter(is_limit).unwrap_or(default))
    }

    /// A length of time as it is written.
    fn length(&self, names: &[&str], default: &str) -> Arc<str> {
        let is_length = |text: &&str| parse_interval(text).is_some();
        Arc::from(self.text(names).filter(is_length).unwrap_or(default))
    }

    fn shared(&self, names: &[&str], default: &str) -> Arc<str> {
        Arc::from(self.text(names).unwrap_or(default))
    }
}

/// Reads all options of `document` as they are at `now`.
pub(super) fn read(document: &Document, now: i64, next: &mut NextChange) -> Options {
    let mut values = Values::new();
    if let Some(section) = document.root().path(&["configuration", "crm_config"]) {
        let input = RuleInput { now, ..RuleInput::default() };
        let first = Some("cib-bootstrap-options");
        blocks::unpack(&[section], "cluster_property_set", first, &input, &mut values, next);
    }
    let configured = Configured(values);
    let fencing_enabled = configured.flag(&["fencing-enabled", "stonith-enabled"], true);
    let quorate = is_true(document.root().attr("have-quorum"));
    // A cluster that never had quorum does not fence itself for lack of it.
    let panics = document.root().attr("no-quorum-panic").and_then(parse_integer);
    let may_fence_all = quorate || panics.is_some_and(|number| number != 0);
    Options {
        quorate,
        loss_policy: loss_policy(&configured, fencing_enabled && may_fence_all),
        symmetric: configured.flag(&["symmetric-cluster"], true),
        maintenance_mode: configured.flag(&["maintenance-mode"], false),
        fencing_enabled,
        fencing_action: fencing_action(&configured),
        fencing_timeout_ms: configured
            .milliseconds(&["fencing-timeout", "stonith-timeout"], 60_000),
        priority_fencing_delay_ms: configured.milliseconds(&["priority-fencing-delay"], 0),
        concurrent_fencing: configured.flag(&["concurrent-fencing"], true),
        startup_fencing: fencing_enabled && configured.flag(&["startup-fencing"], true),
        fence_device_present: configured.flag(&["have-watchdog"], false),
        unfencing_enabled: unfencing(document),
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
        cluster_delay: configured.length(&["cluster-delay"], "60s"),
        cluster_delay_ms: configured.milliseconds(&["cluster-delay"], 60_000),
        batch_limit: configured.limit(&["batch-limit"], "0"),
        migration_limit: configured.limit(&["migration-limit"], "-1"),
        fencing_timeout: configured.length(&["fencing-timeout", "stonith-timeout"], "60s"),
        coordinator_version: configured.shared(&["dc-version"], ""),
        infrastructure: configured.shared(&["cluster-infrastructure"], ""),
        cluster_name: configured.shared(&["cluster-name"], ""),
        health_base: configured.score(&["node-health-base"], Score::ZERO),
    }
}

/// Whether any meta attribute of a resource or of the defaults speaks of unfencing. Looked for
/// without rules and references, before resources are understood, as their defaults depend on it.
fn unfencing(document: &Document) -> bool {
    let Some(configuration) = document.root().child("configuration") else { return false };
    let is_unfencing = |pair: &Element<'_>| {
        matches!(pair.attr("name"), Some("provides" | "requires"))
            && pair.attr("value") == Some("unfencing")
    };
    let in_meta = |element: Element<'_>| {
        element.is("meta_attributes") && element.children_named("nvpair").any(|p| is_unfencing(&p))
    };
    let resources = configuration.child("resources");
    let defaults = configuration.child("rsc_defaults");
    resources.into_iter().flat_map(Element::descendants).any(in_meta)
        || defaults.into_iter().flat_map(Element::children).any(in_meta)
}

fn fencing_action(configured: &Configured<'_>) -> Arc<str> {
    match (configured.text(&["fencing-action"]), configured.text(&["stonith-action"])) {
        (Some("off"), _) => Arc::from("off"),
        // The other word for it goes with the other name only.
        (None, Some("off" | "poweroff")) => Arc::from("off"),
        (Some(_), _) | (None, Some(_) | None) => Arc::from("reboot"),
    }
}

fn loss_policy(configured: &Configured<'_>, may_fence: bool) -> LossPolicy {
    match configured.text(&["no-quorum-policy"]).map(str::to_ascii_lowercase).as_deref() {
        Some("ignore") => LossPolicy::Ignore,
        Some("freeze") => LossPolicy::Freeze,
        Some("demote") => LossPolicy::Demote,
        Some("fence" | "suicide") if may_fence => LossPolicy::Fence,
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
