//! Our own metrics.

use wire::api::LinkHealth;

use super::counted::{Counted, Detected, Histogram, PHASES};
use super::write::{Kind, Text};
use crate::readiness::Ability;
use crate::status::{Health, Seen, Status};

pub(super) fn of_status(status: &Status, seen: Seen<'_>, text: &mut Text) {
    text.family("quorate_health", Kind::Gauge, "1 for how the cluster is, 0 for how it is not");
    for (health, word) in [
        (Health::Healthy, "healthy"),
        (Health::Weakened, "weakened"),
        (Health::Working, "working"),
        (Health::Impaired, "impaired"),
        (Health::Down, "down"),
    ] {
        text.flag(&[("level", word)], status.verdict.health == health);
    }
    if let Some(survival) = &status.survival {
        let help =
            "Any so many nodes can be lost at once and everything runs again; tried on paper";
        text.family("quorate_survivable_node_losses", Kind::Gauge, help);
        text.value(&[], survival.nodes_to_spare() as f64);
        let help = "Whether everything would run again without the node; tried on paper";
        text.family("quorate_node_loss_survived", Kind::Gauge, help);
        for loss in &survival.nodes {
            text.flag(&[("node", &loss.nodes.join(" "))], loss.is_survived());
        }
    }
    fencing(status, seen.now, text);
    let missing = |shown: &crate::status::ResourceLine| shown.missing;
    let gauges = [
        ("quorate_actions_planned", "Runs of agents left to do", status.planned),
        ("quorate_actions_running", "Runs of agents under way", status.running.len()),
        ("quorate_failed_actions", "Failures that are remembered", status.failures.len()),
        (
            "quorate_configuration_findings",
            "What is odd in the configuration",
            status.findings.len(),
        ),
        (
            "quorate_resources_missing",
            "Resources that should run and do not",
            status.resources.iter().filter(|shown| missing(shown)).count(),
        ),
    ];
    for (name, help, value) in gauges {
        text.family(name, Kind::Gauge, help);
        text.value(&[], value as f64);
    }
    if let Some(carrier) = seen.cluster.and_then(|cluster| cluster.carrier.as_deref()) {
        links(&carrier.links, text);
    }
}

fn links(links: &[LinkHealth], text: &mut Text) {
    let mut each = |name: &'static str, help: &str, value: &dyn Fn(&LinkHealth) -> Option<f64>| {
        text.family(name, Kind::Gauge, help);
        for link in links {
            let number = link.number.to_string();
            if let Some(value) = value(link) {
                text.value(&[("node", &link.to), ("number", &number)], value);
            }
        }
    };
    each("quorate_link_connected", "Whether the link to the node is up", &|link| {
        Some(f64::from(u8::from(link.connected)))
    });
    each("quorate_link_latency_seconds", "To the node and back, on average", &|link| {
        Some(link.latency_us? as f64 / 1e6)
    });
    let help = "Part of the packets to the node that did not come back in the last minute";
    each("quorate_link_loss_ratio", help, &|link| Some(f64::from(link.loss_ppm?) / 1e6));
}

fn fencing(status: &Status, now: i64, text: &mut Text) {
    let nodes = &status.readiness.nodes;
    let help = "Whether something that answers could cut the node off";
    text.family("quorate_fencing_ready", Kind::Gauge, help);
    for row in nodes {
        let ready = match row.ability {
            Ability::Ready | Ability::Watchdog | Ability::Guest => true,
            Ability::Doubtful | Ability::Impossible => false,
        };
        text.flag(&[("node", &row.node)], ready);
    }
    let help = "How long ago it was last seen that the node could be cut off";
    text.family("quorate_fencing_proof_age_seconds", Kind::Gauge, help);
    for row in nodes {
        if let Some(proof) = row.proven {
            let age = now.saturating_sub(proof.at(now)).max(0);
            text.value(&[("node", &row.node)], age as f64);
        }
    }
    text.family("quorate_fencing_wanted", Kind::Gauge, "Nodes that are to be cut off");
    text.value(&[], status.fencing.len() as f64);
}

/// What is measured stands in the help, since no fabric tells when a node died.
fn detection(counted: &Counted, text: &mut Text) {
    let help = "From the last sign of life to the finding that it is over. A node's is the last message \
                that Corosync delivered of it, of which there is one each quarter of `stall` (5 s unless \
                configured): so it lived for up to that longer. With the embedded fabric it is its \
                connection's end, or its last answer. A resource's is the end of a process that is \
                watched; the finding is the monitor's result. What only a monitor notices is not in here";
    text.family("quorate_detection_seconds", Kind::Histogram, help);
    for what in Detected::ALL {
        let none_yet = Histogram::default();
        let histogram = counted.detection.get(&what).unwrap_or(&none_yet);
        text.histogram(&[("of", what.word())], histogram);
    }
}

pub(super) fn of_counted(counted: &Counted, text: &mut Text) {
    let yes = |holds: bool| if holds { "true" } else { "false" };
    let help = "How long runs of agents took, by task and whether they ended as they should";
    text.family("quorate_action_seconds", Kind::Histogram, help);
    for ((task, expected), histogram) in &counted.actions {
        text.histogram(&[("task", task), ("expected", yes(*expected))], histogram);
    }
    detection(counted, text);
    let help =
        "From the moment when a node's loss was known to each phase of what was done about it";
    text.family("quorate_failover_seconds", Kind::Histogram, help);
    for phase in PHASES {
        let none_yet = Histogram::default();
        let histogram = counted.failover.get(phase).unwrap_or(&none_yet);
        text.histogram(&[("phase", phase)], histogram);
    }
    let help = "From the result that told of a failure to nothing left to do";
    text.family("quorate_recovery_seconds", Kind::Histogram, help);
    text.histogram(&[], &counted.recovery);
    let help = "How long the brain took for one step, by whether it decided what to do";
    text.family("quorate_step_seconds", Kind::Histogram, help);
    for (planned, histogram) in &counted.steps {
        text.histogram(&[("decision", yes(*planned))], histogram);
    }
    let help = "From the handing over of a record to its being on the disk";
    text.family("quorate_store_seconds", Kind::Histogram, help);
    text.histogram(&[], &counted.stored);
    text.family("quorate_queue_length", Kind::Gauge, "How many wait there");
    for (queue, length) in &counted.queues {
        text.value(&[("queue", queue)], *length as f64);
    }
    text.family(
        "quorate_fencings",
        Kind::Counter,
        "Fencings that ended, by whether they succeeded",
    );
    for succeeded in [true, false] {
        let count = counted.fencings.get(&succeeded).copied().unwrap_or(0);
        text.count(&[("succeeded", yes(succeeded))], count);
    }
    text.family(
        "quorate_changes",
        Kind::Counter,
        "Changes that were asked for, by whether they were made",
    );
    for made in [true, false] {
        text.count(&[("made", yes(made))], counted.changes.get(&made).copied().unwrap_or(0));
    }
    text.family("quorate_memberships", Kind::Counter, "How often the membership changed");
    text.count(&[], counted.memberships);
}
