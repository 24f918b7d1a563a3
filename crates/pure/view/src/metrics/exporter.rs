//! The metrics of `ha_cluster_exporter`: its names, labels and meanings.
//!
//! Source: `doc/metrics.md` of ClusterLabs/ha_cluster_exporter 1.4. What it has of DRBD and of sbd's
//! disks is in [`storage`](super::storage). Its counter of the last change is a gauge
//! here: OpenMetrics' counters count, and have another name.

use cib::{Element, Section};
use model::{Role, Score};
use scheduler::{Node, NodeKind, ResIx, Resolved, Resource, Variant};
use wire::api::Carrier;

use super::write::{Kind, Text};
use crate::status::Seen;
use crate::survival::leaves;
use crate::topology::Topology;

pub(super) fn pacemaker(resolved: &Resolved<'_>, seen: Seen<'_>, text: &mut Text) {
    let options = &resolved.options;
    nodes(resolved, text);
    attributes(resolved, text);
    resources(resolved, text);
    let name = "ha_cluster_pacemaker_stonith_enabled";
    text.family(name, Kind::Gauge, "Whether or not stonith is enabled");
    text.flag(&[], options.fencing_enabled);
    let name = "ha_cluster_pacemaker_maintenance_mode_enabled";
    text.family(name, Kind::Gauge, "Whether or not cluster wide maintenance-mode is enabled");
    text.flag(&[], options.maintenance_mode);
    failures(resolved, text);
    constraints(resolved, text);
    let written = seen.document.root().attr("cib-last-written").and_then(model::seconds_of_clock);
    if let Some(at) = written {
        let name = "ha_cluster_pacemaker_config_last_change";
        text.family(name, Kind::Gauge, "The timestamp of the last change of the configuration");
        text.value(&[], at as f64);
    }
}

fn nodes(resolved: &Resolved<'_>, text: &mut Text) {
    let help = "The status of each node; 1 means the node is in that status, 0 otherwise";
    text.family("ha_cluster_pacemaker_nodes", Kind::Gauge, help);
    for node in resolved.node_indices().map(|node| resolved.node(node)) {
        let kind = if node.kind == NodeKind::Cluster { "member" } else { "remote" };
        for (status, holds) in statuses(node) {
            text.flag(&[("node", &node.name), ("type", kind), ("status", status)], holds);
        }
    }
}

fn statuses(node: &Node<'_>) -> [(&'static str, bool); 9] {
    [
        ("online", node.online),
        ("standby", node.standby && !node.standby_on_fail),
        ("standby_onfail", node.standby_on_fail),
        ("maintenance", node.maintenance),
        ("pending", node.pending),
        ("unclean", node.unclean),
        ("shutdown", node.shutdown),
        ("expected_up", node.expected_up),
        ("dc", node.is_coordinator),
    ]
}

/// Attributes that the cluster keeps for itself, as `crm_mon` hides them.
const INTERNAL: [&str; 7] =
    ["fail-count-", "last-failure-", "shutdown", "standby", "terminate", "probe_complete", "#"];

fn attributes(resolved: &Resolved<'_>, text: &mut Text) {
    let help = "Metadata attributes of each node; value is always 1";
    text.family("ha_cluster_pacemaker_node_attributes", Kind::Gauge, help);
    for node in resolved.node_indices().map(|node| resolved.node(node)) {
        for (name, value) in &node.attributes {
            let is_internal = INTERNAL.iter().any(|prefix| name.starts_with(prefix));
            if !is_internal && !agent::is_secret_by_name(name) {
                text.value(&[("node", &node.name), ("name", name), ("value", value)], 1.0);
            }
        }
    }
}

fn resources(resolved: &Resolved<'_>, text: &mut Text) {
    let help = "The status of each resource; 1 means the resource is in that status, 0 otherwise";
    text.family("ha_cluster_pacemaker_resources", Kind::Gauge, help);
    for at in resolved.top.iter().flat_map(|top| leaves(resolved, *top)) {
        let resource = resolved.resource(at);
        let nodes: Vec<&str> =
            resource.active.iter().map(|node| &*resolved.node(*node).name).collect();
        let places = if nodes.is_empty() { vec![""] } else { nodes };
        for node in places {
            of_resource(resolved, at, node, text);
        }
    }
}

fn of_resource(resolved: &Resolved<'_>, at: ResIx, node: &str, text: &mut Text) {
    let resource = resolved.resource(at);
    let flags = &resource.flags;
    let agent = resource.agent.as_ref().map(ToString::to_string).unwrap_or_default();
    let is_group = |variant: &Variant| matches!(variant, Variant::Group(_));
    let is_clone = |variant: &Variant| matches!(variant, Variant::CloneSet(_));
    let (group, clone) = (around(resolved, at, is_group), around(resolved, at, is_clone));
    let id = if flags.unique { &resource.id } else { &resource.config_id };
    let managed = if flags.managed { "true" } else { "false" };
    let active = !node.is_empty();
    for (status, holds) in [
        ("active", active),
        ("orphaned", flags.removed),
        ("blocked", flags.blocked),
        ("failed", flags.failed),
        ("failure_ignored", flags.ignore_failure),
    ] {
        let labels = [
            ("node", node),
            ("resource", id),
            ("role", role(resource, active)),
            ("managed", managed),
            ("status", status),
            ("agent", &agent),
            ("group", group),
            ("clone", clone),
        ];
        text.flag(&labels, holds);
    }
}

/// The id of the nearest such thing around it.
fn around<'r>(
    resolved: &'r Resolved<'_>,
    at: ResIx,
    is_wanted: impl Fn(&Variant) -> bool,
) -> &'r str {
    let parents =
        std::iter::successors(resolved.resource(at).parent, |at| resolved.resource(*at).parent);
    let mut found =
        parents.map(|at| resolved.resource(at)).filter(|found| is_wanted(&found.variant));
    found.next().map_or("", |found| &*found.config_id)
}

fn role(resource: &Resource<'_>, active: bool) -> &'static str {
    let is_promotable = resource.flags.promotable;
    match resource.role {
        _ if !active => "stopped",
        Role::Promoted => "promoted",
        Role::Unpromoted => "unpromoted",
        Role::Started | Role::Unknown if is_promotable => "unpromoted",
        Role::Started | Role::Unknown => "started",
        Role::Stopped => "stopped",
    }
}

fn failures(resolved: &Resolved<'_>, text: &mut Text) {
    let known = || {
        resolved.node_indices().flat_map(|node| {
            let history = resolved.history_of(node).iter();
            let resources = history.filter_map(|history| history.resource.zip(Some(history.id)));
            resources.map(move |(resource, id)| (node, resource, id))
        })
    };
    let help = "The Fail count number per node and resource id";
    text.family("ha_cluster_pacemaker_fail_count", Kind::Gauge, help);
    for (node, _, id) in known() {
        let node = resolved.node(node);
        let prefix = format!("fail-count-{id}#");
        let own = format!("fail-count-{id}");
        let counts =
            node.attributes.iter().filter(|(name, _)| **name == *own || name.starts_with(&prefix));
        let sum =
            counts.filter_map(|(_, value)| Score::parse(value)).fold(Score::ZERO, Score::plus);
        text.value(&[("node", &node.name), ("resource", id)], as_score(sum));
    }
    let help = "The migration_threshold number per node and resource id";
    text.family("ha_cluster_pacemaker_migration_threshold", Kind::Gauge, help);
    for (node, resource, id) in known() {
        let threshold = f64::from(resolved.resource(resource).migration_threshold);
        text.value(&[("node", &resolved.node(node).name), ("resource", id)], threshold);
    }
}

fn constraints(resolved: &Resolved<'_>, text: &mut Text) {
    let help = "Resource location constraints. The value indicates the score.";
    text.family("ha_cluster_pacemaker_location_constraints", Kind::Gauge, help);
    let all = resolved.document.section(Section::Constraints);
    let all = all.into_iter().flat_map(Element::children);
    for constraint in all.filter(|constraint| constraint.is("rsc_location")) {
        let attr = |name: &str| constraint.attr(name).unwrap_or_default();
        let Some(score) = constraint.attr("score").and_then(Score::parse) else { continue };
        let role = attr("role").to_lowercase();
        let labels = [
            ("constraint", attr("id")),
            ("node", attr("node")),
            ("resource", attr("rsc")),
            ("role", &*role),
        ];
        text.value(&labels, as_score(score));
    }
}

/// A million stands for infinity.
fn as_score(score: Score) -> f64 {
    match score {
        Score::INFINITY => f64::INFINITY,
        Score::MINUS_INFINITY => f64::NEG_INFINITY,
        score => f64::from(score.value()),
    }
}

/// What it asks of Corosync: votes, and how the links of this node are.
pub(super) fn corosync(seen: Seen<'_>, text: &mut Text) {
    let topology = crate::topology(seen);
    let quorum = &topology.quorum;
    text.family(
        "ha_cluster_corosync_quorate",
        Kind::Gauge,
        "Whether or not the cluster is quorate",
    );
    text.flag(&[], quorum.quorate);
    text.family("ha_cluster_corosync_quorum_votes", Kind::Gauge, "Cluster quorum votes");
    let (votes, expected) = (quorum.votes as f64, quorum.expected as f64);
    text.value(&[("type", "expected_votes")], expected);
    text.value(&[("type", "highest_expected")], expected);
    text.value(&[("type", "total_votes")], votes);
    let needed = quorum.needed.unwrap_or(if quorum.quorate { 1 } else { quorum.expected / 2 + 1 });
    text.value(&[("type", "quorum")], needed as f64);
    let help = "How many votes each member node has contributed with to the current quorum";
    text.family("ha_cluster_corosync_member_votes", Kind::Gauge, help);
    let nodes = seen.document.root().path(&["configuration", "nodes"]);
    let id_of = |name: &str| {
        let mut named = nodes.iter().flat_map(|nodes| nodes.children());
        let node = named.find(|node| node.attr("uname") == Some(name));
        node.and_then(|node| node.attr("id")).unwrap_or_default()
    };
    for point in topology.nodes.iter().filter(|point| point.here && point.votes > 0) {
        let id = id_of(&point.name);
        let local = if point.answers { "true" } else { "false" };
        let labels = [("node_id", id), ("node", &*point.name), ("local", local)];
        text.value(&labels, point.votes as f64);
    }
    if let Some(carrier) = seen.cluster.and_then(|cluster| cluster.carrier.as_deref()) {
        let own = topology.nodes.iter().find(|point| point.answers);
        rings(carrier, own.map_or("", |own| id_of(&own.name)), &topology, text);
    }
}

/// The rings of this node. One that does not reach a member is faulty. The exporter's label `ring_id`
/// is left out: it is another one in each membership.
fn rings(carrier: &Carrier, own_id: &str, topology: &Topology, text: &mut Text) {
    let is_member = |name: &str| topology.nodes.iter().any(|node| node.here && node.name == name);
    let is_faulty = |number: usize| {
        let mut on = carrier.links.iter().filter(|link| usize::try_from(link.number) == Ok(number));
        on.any(|link| !link.connected && is_member(&link.to))
    };
    let faulty = (0..carrier.addresses.len()).filter(|number| is_faulty(*number)).count();
    let name = "ha_cluster_corosync_ring_errors";
    text.family(name, Kind::Gauge, "The total number of faulty corosync rings");
    text.value(&[], faulty as f64);
    let help = "The status of each Corosync ring; 1 means healthy, 0 means faulty";
    text.family("ha_cluster_corosync_rings", Kind::Gauge, help);
    for (number, address) in carrier.addresses.iter().enumerate() {
        let text_of = number.to_string();
        let labels = [("node_id", own_id), ("number", &*text_of), ("address", &**address)];
        text.flag(&labels, !is_faulty(number));
    }
}
