//! The cluster's options and the defaults of resources and operations.

use cib::NodeId;

use super::rules;
use crate::draft::Draft;

/// Options with the values to draw from, and in how many of a hundred documents they stand.
const OPTIONS: &[(&str, usize, &[&str])] = &[
    ("no-quorum-policy", 40, &["stop", "freeze", "ignore", "demote", "suicide", "fence"]),
    ("symmetric-cluster", 15, &["true", "false", "false"]),
    ("placement-strategy", 25, &["default", "utilization", "balanced", "minimal"]),
    ("stop-all-resources", 6, &["true", "false"]),
    ("stop-orphan-resources", 15, &["true", "false"]),
    ("stop-orphan-actions", 15, &["true", "false"]),
    ("start-failure-is-fatal", 20, &["true", "false"]),
    ("enable-startup-probes", 10, &["true", "false"]),
    ("concurrent-fencing", 15, &["true", "false"]),
    ("startup-fencing", 15, &["true", "false"]),
    ("maintenance-mode", 5, &["true", "false"]),
    ("shutdown-lock", 15, &["true", "false"]),
    ("shutdown-lock-limit", 10, &["0", "5min", "1000d"]),
    ("priority-fencing-delay", 10, &["0", "15s"]),
    (
        "node-health-strategy",
        12,
        &["none", "migrate-on-red", "only-green", "progressive", "custom"],
    ),
    ("have-watchdog", 15, &["true", "false"]),
    ("stonith-watchdog-timeout", 8, &["10s", "0", "-1"]),
    ("fence-reaction", 8, &["stop", "panic"]),
    ("batch-limit", 8, &["0", "1", "30"]),
    ("migration-limit", 8, &["-1", "0", "2"]),
    ("cluster-delay", 5, &["60s", "2min"]),
    ("fence-remote-without-quorum", 8, &["true", "false"]),
    ("stonith-action", 10, &["reboot", "off"]),
    ("stonith-timeout", 5, &["60s", "2min"]),
    ("node-health-base", 4, &["0", "10", "-5"]),
    ("node-health-green", 4, &["0", "10", "red"]),
    ("node-health-yellow", 4, &["-10", "5"]),
    ("node-health-red", 4, &["-INFINITY", "-100"]),
];

pub(super) fn draw(draft: &mut Draft, configuration: NodeId) {
    let section = draft.add(configuration, "crm_config", &[]);
    let block = draft.add_new(section, "cluster_property_set", &[]);
    let fencing = draft.chance.word(&["true", "true", "false"]);
    draft.pair(block, "stonith-enabled", fencing);
    for (name, percent, values) in OPTIONS {
        if draft.chance.percent(*percent) {
            let value = draft.chance.word(values);
            draft.pair(block, name, value);
        }
    }
    if draft.before_4 && draft.chance.percent(3) {
        draft.pair(block, "remove-after-stop", "true");
    }
    if draft.chance.percent(30) {
        let section = draft.add(configuration, "rsc_defaults", &[]);
        let score = draft.chance.word(&["0", "10", "INFINITY"]);
        let block = draft.add_new(section, "meta_attributes", &[("score", score)]);
        if draft.chance.percent(30) {
            rules::of_options(draft, block);
        }
        let stickiness = draft.chance.word(&["0", "1", "100", "INFINITY", "-5"]);
        draft.pair(block, "resource-stickiness", stickiness);
        if draft.chance.percent(30) {
            let threshold = draft.chance.word(&["0", "1", "3", "INFINITY"]);
            draft.pair(block, "migration-threshold", threshold);
        }
    }
    if draft.chance.percent(20) {
        let section = draft.add(configuration, "op_defaults", &[]);
        let block = draft.add_new(section, "meta_attributes", &[]);
        if draft.chance.percent(30) {
            rules::of_options(draft, block);
        }
        draft.pair(block, "timeout", "30s");
        if draft.chance.percent(30) {
            let policy = draft.chance.word(&["ignore", "block", "stop", "restart", "fence"]);
            draft.pair(block, "on-fail", policy);
        }
    }
}
