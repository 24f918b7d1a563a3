//! Resources of every variant, as configured and as they are now.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::sync::Arc;

use cib::Element;
use model::{AgentRef, Role, Score};

use super::constraint::ProbeMode;
use super::index::{NodeIx, ResIx};
use super::operation::Operation;

/// Named values in name order: meta attributes, parameters, demand.
pub type Values<'a> = BTreeMap<Cow<'a, str>, Cow<'a, str>>;

/// One resource: a primitive, a group, a clone set, a bundle, or an instance or part of these.
///
/// Each has its own entry; an instance of a clone set is a child of it.
#[derive(Clone, Debug)]
pub struct Resource<'a> {
    /// The full id: an instance has its number (`ping:1`).
    pub id: Arc<str>,
    /// The id in the document, without an instance's number. Implied parts of bundles have the
    /// id that they would have there.
    pub config_id: Arc<str>,
    /// The id that history uses where it differs from `id`: an anonymous instance is recorded
    /// as `ping`.
    pub history_id: Option<Arc<str>>,
    pub variant: Variant,
    pub parent: Option<ResIx>,
    /// Members, instances or parts, in order.
    pub children: Vec<ResIx>,
    /// Only primitives have one.
    pub agent: Option<AgentRef>,
    /// The configuration element; a removed resource's is its `lrm_resource`.
    pub element: Element<'a>,
    /// The template that `element` is completed from.
    pub template: Option<Element<'a>>,
    pub flags: Flags,
    /// Meta attributes with defaults and parents' values folded in.
    pub meta: Values<'a>,
    /// Demand (`utilization`).
    pub demand: Values<'a>,
    /// Configured operations, template's included.
    pub operations: Vec<Operation<'a>>,
    /// What an implied resource (a part of a bundle, a guest's connection) has in place of
    /// elements of its own. `element` is then the element that implies it.
    pub implied: Option<Implied<'a>>,
    pub priority: i32,
    /// Wish to stay.
    pub stickiness: Score,
    /// `failure-timeout` in milliseconds; 0 is never.
    pub failure_timeout_ms: u64,
    /// `migration-threshold`; [`Score::INFINITY`] is none.
    pub migration_threshold: i32,
    /// `multiple-active`.
    pub multiple_active: MultipleActive,
    /// Retry interval of a remote connection in milliseconds.
    pub remote_reconnect_ms: u64,
    /// What launches this: a guest's or bundle's container for a connection, or the configured
    /// `container`. Field word: Pacemaker *launcher*, once *container*.
    pub launcher: Option<ResIx>,
    /// What this launches. Field word: once *fillers*.
    pub launched: Vec<ResIx>,
    /// Role at the start.
    pub role: Role,
    /// Role that configuration (`target-role`) and history ask for before anything is assigned;
    /// [`Role::Unknown`] asks nothing.
    pub next_role: Role,
    /// Where this is, or may be, active at the start, in the order of discovery.
    pub active: Vec<NodeIx>,
    /// Where the state is known from history, in node order, with the node for lookups.
    pub known_on: Vec<NodeIx>,
    /// Operation under way, by history.
    pub pending: Option<Pending>,
    /// Set while its node's clean shutdown holds it (`shutdown-lock`).
    pub shutdown_lock: Option<ShutdownLock>,
    /// A live move that has left its source but not arrived.
    pub partial_move: Option<PartialMove>,
    /// Sources of live moves where a stop is still needed.
    pub dangling_sources: Vec<NodeIx>,
    /// Where this may be placed and with which score, one entry a node, as defaults and history
    /// leave it; constraints are not in it yet. `None`: the node is not even considered.
    pub allowed: Vec<Option<Allowed>>,
}

/// A node in a resource's table of nodes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Allowed {
    pub score: Score,
    pub probes: ProbeMode,
}

/// The configuration that an implied resource would have, were it written down.
#[derive(Clone, Debug, Default)]
pub struct Implied<'a> {
    pub meta: Vec<(Cow<'a, str>, Cow<'a, str>)>,
    pub parameters: Vec<(Cow<'a, str>, Cow<'a, str>)>,
}

/// A resource's shape with what only that shape has.
#[derive(Clone, Debug)]
pub enum Variant {
    Primitive,
    Group(Group),
    CloneSet(CloneSet),
    Bundle(Box<Bundle>),
}

/// What only a group has.
#[derive(Clone, Debug)]
pub struct Group {
    /// Members start one after the other.
    pub ordered: bool,
    /// Members run together.
    pub colocated: bool,
}

/// What only a clone set has.
#[derive(Clone, Debug)]
pub struct CloneSet {
    /// `clone-max`.
    pub max: u32,
    /// `clone-node-max`.
    pub node_max: u32,
    /// `promoted-max`; 0 where not promotable.
    pub promoted_max: u32,
    /// `promoted-node-max`.
    pub promoted_node_max: u32,
    pub interleave: bool,
    pub ordered: bool,
    /// `globally-unique`: instances differ.
    pub unique: bool,
    pub promotable: bool,
    /// The configured id of what is copied.
    pub child_id: Arc<str>,
}

/// What only a bundle has.
#[derive(Clone, Debug)]
pub struct Bundle {
    pub engine: ContainerEngine,
    pub replicas_max: u32,
    pub replicas_per_host: u32,
    pub promoted_max: u32,
    /// The bundled primitive's clone set.
    pub child: Option<ResIx>,
    pub replicas: Vec<Replica>,
    /// The first address of the range (`ip-range-start`).
    pub ip_range_start: Option<Arc<str>>,
    /// Container image.
    pub image: Arc<str>,
    /// Whether the bundled primitive's instances differ.
    pub unique: bool,
    pub promotable: bool,
}

/// One copy of a bundle.
#[derive(Clone, Debug)]
pub struct Replica {
    /// From 0.
    pub offset: u32,
    pub address: Option<Arc<str>>,
    /// The guest node that this copy is.
    pub node: Option<NodeIx>,
    pub ip: Option<ResIx>,
    pub child: Option<ResIx>,
    pub container: ResIx,
    pub remote: Option<ResIx>,
}

/// The program that runs a bundle's containers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ContainerEngine {
    Docker,
    Podman,
}

/// What holds or does not hold for a resource.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[expect(clippy::struct_excessive_bools, reason = "each is independent of the others")]
pub struct Flags {
    /// In history, not in the configuration. Field word: *orphan*.
    pub removed: bool,
    /// Removed, and was launched by a container.
    pub removed_launched: bool,
    /// The cluster acts on it.
    pub managed: bool,
    /// A failure forbids any act.
    pub blocked: bool,
    /// Clone notifications.
    pub notify: bool,
    /// Not an anonymous instance.
    pub unique: bool,
    pub fence_device: bool,
    pub promotable: bool,
    /// Has a failure that counts.
    pub failed: bool,
    /// A failure that is to be ignored.
    pub ignore_failure: bool,
    /// Must be stopped, not demoted, if failed.
    pub stop_if_failed: bool,
    pub critical: bool,
    /// May run on a remote node although it is itself a connection.
    pub remote_nesting: bool,
    /// Is a connection to a remote or guest node.
    pub remote_connection: bool,
    pub start_pending: bool,
    /// Probed only where a location constraint says so.
    pub exclusive_probes: bool,
    /// Active too often, and only unexpected copies are to stop.
    pub stop_unexpected: bool,
    /// `allow-migrate`.
    pub migratable: bool,
    /// Is the implied container of a bundle's replica.
    pub replica_container: bool,
    /// It, its node or the cluster is in maintenance.
    pub maintenance: bool,
    pub needs_quorum: bool,
    pub needs_fencing: bool,
    pub needs_unfencing: bool,
    /// Fence devices: `provides=unfencing`.
    pub provides_unfencing: bool,
    /// `target-role` forbids what it is.
    pub disabled: bool,
}

/// What to do with a resource that is active too often. Option `multiple-active`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MultipleActive {
    /// Stop everywhere, start where wanted.
    Restart,
    /// Stop everywhere and leave it.
    Stop,
    /// Touch nothing.
    Block,
    /// Stop the unexpected copies only.
    StopUnexpected,
}

/// An operation that history has no result of yet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pending {
    pub task: Arc<str>,
    pub node: Option<NodeIx>,
}

/// A resource kept where it was while its node is down.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ShutdownLock {
    pub node: NodeIx,
    /// Seconds since 1970.
    pub since: i64,
}

/// A live move under way.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PartialMove {
    pub source: NodeIx,
    pub target: NodeIx,
}

impl Resource<'_> {
    /// Is a primitive, on its own or as a member, instance or part.
    pub fn is_primitive(&self) -> bool {
        matches!(self.variant, Variant::Primitive)
    }

    /// The clone set's options, if this is one.
    pub fn clone_set(&self) -> Option<&CloneSet> {
        match &self.variant {
            Variant::CloneSet(options) => Some(options),
            Variant::Primitive | Variant::Group(_) | Variant::Bundle(_) => None,
        }
    }

    /// The group's options, if this is one.
    pub fn group(&self) -> Option<&Group> {
        match &self.variant {
            Variant::Group(options) => Some(options),
            Variant::Primitive | Variant::CloneSet(_) | Variant::Bundle(_) => None,
        }
    }

    /// The bundle's options, if this is one.
    pub fn bundle(&self) -> Option<&Bundle> {
        match &self.variant {
            Variant::Bundle(options) => Some(options),
            Variant::Primitive | Variant::Group(_) | Variant::CloneSet(_) => None,
        }
    }

    /// The meta attribute called `name`.
    pub fn meta(&self, name: &str) -> Option<&str> {
        self.meta.get(name).map(AsRef::as_ref)
    }

    /// The id that history uses.
    pub fn history_name(&self) -> &str {
        self.history_id.as_deref().unwrap_or(&self.id)
    }
}
