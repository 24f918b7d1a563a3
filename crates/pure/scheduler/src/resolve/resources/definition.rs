//! One resource of any shape, from its definition.

use std::collections::BTreeMap;
use std::sync::Arc;

use cib::Element;
use model::{AgentRef, Role, Score};

use super::super::types::{
    Flags, Group, Implied, LossPolicy, MultipleActive, Operation, ResIx, Resolved, Resource,
    Values, Variant,
};
use super::super::values::{is_any_of, is_true, milliseconds, parse_integer, parse_score};
use super::super::{Reading, blocks};
use super::{bundle, clone_set, group, meta, operations, scores};
use crate::report::{FindingKind, Severity};
use crate::rules::RuleInput;

/// What a resource is made from: an element, or what another element implies.
pub(in super::super) struct Definition<'a> {
    pub(super) id: Arc<str>,
    pub(super) shape: Shape,
    /// The element that defines or implies it.
    pub(super) element: Element<'a>,
    pub(super) template: Option<Element<'a>>,
    pub(super) agent: Option<AgentRef>,
    pub(super) parent: Option<ResIx>,
    /// Number in a clone set, also for members of a cloned group.
    pub(super) instance: Option<u32>,
    /// In place of the element's own configuration.
    pub(super) implied: Option<Implied<'a>>,
    /// Only for what is implied.
    pub(super) operations: Vec<Operation<'a>>,
    /// What an implied clone set copies.
    pub(super) cloned: Option<Element<'a>>,
}

/// The shape that an element's name stands for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in super::super) enum Shape {
    Primitive,
    Group,
    CloneSet,
    Bundle,
}

impl Shape {
    pub(in super::super) fn of(element: Element<'_>) -> Option<Self> {
        Some(match element.name() {
            "primitive" => Self::Primitive,
            "group" => Self::Group,
            "clone" | "master" => Self::CloneSet,
            "bundle" => Self::Bundle,
            _ => return None,
        })
    }
}

impl<'a> Definition<'a> {
    /// A resource as `element` writes it down.
    pub(in super::super) fn configured(element: Element<'a>, id: &str, shape: Shape) -> Self {
        Self {
            id: Arc::from(id),
            shape,
            element,
            template: None,
            agent: None,
            parent: None,
            instance: None,
            implied: None,
            operations: Vec::new(),
            cloned: None,
        }
    }

    /// The elements with its blocks, the template first.
    pub(super) fn parents(&self) -> Vec<Element<'a>> {
        self.template.into_iter().chain([self.element]).collect()
    }
}

/// Whether an element's agent connects to a remote node.
pub(in super::super) fn is_remote_agent(element: Element<'_>) -> bool {
    // The type tells most others apart, so it is asked first.
    [("type", "remote"), ("provider", "pacemaker"), ("class", "ocf")].into_iter().all(
        |(name, word)| element.attr(name).is_some_and(|found| found.eq_ignore_ascii_case(word)),
    )
}

fn connects_to_remote(agent: Option<&AgentRef>) -> bool {
    agent.is_some_and(|agent| {
        agent.standard.eq_ignore_ascii_case("ocf")
            && agent.provider.as_deref().is_some_and(|name| name.eq_ignore_ascii_case("pacemaker"))
            && agent.kind.eq_ignore_ascii_case("remote")
    })
}

/// Adds a resource and all below it; `None`, and nothing added, if its definition cannot work.
pub(in super::super) fn add<'a>(
    reading: &mut Reading<'a>,
    mut definition: Definition<'a>,
) -> Option<ResIx> {
    complete(reading, &mut definition)?;
    let meta = meta::read(reading, &definition);
    let added = ResIx::new(reading.resolved.resources.len());
    let resource = base(&mut definition, meta);
    // A removed resource may be called as one that is there; that one comes first.
    reading.resolved.by_id.get_or_insert(Arc::clone(&resource.id), added);
    reading.resolved.resources.push(resource);
    read_options(reading, added);
    let works = match definition.shape {
        Shape::Primitive => read_primitive(reading, added),
        Shape::Group => group::read(reading, added, &definition),
        Shape::CloneSet => clone_set::read(reading, added, &definition),
        Shape::Bundle => bundle::read(reading, added),
    };
    if !works {
        undo(reading, added);
        return None;
    }
    let symmetric = reading.resolved.options.symmetric;
    let resource = reading.resolved.resource(added);
    let is_guest = resource.flags.remote_connection && resource.meta("container").is_some();
    if symmetric {
        scores::allow_by_default(reading, added);
    } else if is_guest {
        scores::allow_connection(reading, added);
    }
    let input = RuleInput { now: reading.resolved.now, ..RuleInput::default() };
    if definition.implied.is_none()
        && let Some(resource) = reading.resolved.resources.get_mut(added.at())
    {
        let demand = &mut resource.demand;
        let parents = definition.parents();
        blocks::unpack(&parents, "utilization", None, &input, demand, &mut reading.next);
    }
    Some(added)
}

/// Finds the template and the agent.
fn complete<'a>(reading: &mut Reading<'a>, definition: &mut Definition<'a>) -> Option<()> {
    if definition.implied.is_some() {
        return Some(());
    }
    let element = definition.element;
    if let Some(name) = element.attr("template") {
        let root = reading.resolved.document.root();
        let resources = root.path(&["configuration", "resources"]);
        let templates = resources.into_iter().flat_map(|section| section.children());
        let found = templates
            .filter(|child| child.is("template"))
            .find(|template| template.attr("id") == Some(name));
        if found.is_none() {
            let message = format!("{} uses an unknown template {name}", definition.id);
            reading.find(Severity::Error, element, FindingKind::DanglingReference, message);
            return None;
        }
        definition.template = found;
    }
    let source = definition.template.unwrap_or(element);
    definition.agent = source.attr("class").map(|standard| AgentRef {
        standard: Arc::from(standard),
        provider: source.attr("provider").map(Arc::from),
        kind: Arc::from(source.attr("type").unwrap_or("")),
    });
    Some(())
}

/// The resource before any option is read.
fn base<'a>(definition: &mut Definition<'a>, meta: Values<'a>) -> Resource<'a> {
    let id = match definition.instance {
        Some(number) => format!("{}:{number}", definition.id).into(),
        None => Arc::clone(&definition.id),
    };
    let operations = if definition.implied.is_some() {
        std::mem::take(&mut definition.operations)
    } else {
        operations::read(definition.element, definition.template)
    };
    Resource {
        id,
        config_id: Arc::clone(&definition.id),
        history_id: None,
        variant: match definition.shape {
            Shape::Primitive => Variant::Primitive,
            // Replaced once the options are known.
            Shape::Group | Shape::CloneSet | Shape::Bundle => {
                Variant::Group(Group { ordered: true, colocated: true })
            }
        },
        parent: definition.parent,
        children: Vec::new(),
        agent: definition.agent.clone(),
        element: definition.element,
        template: definition.template,
        flags: Flags::default(),
        meta,
        demand: BTreeMap::new(),
        operations,
        implied: definition.implied.clone(),
        priority: 0,
        stickiness: Score::ZERO,
        failure_timeout_ms: 0,
        migration_threshold: Score::INFINITY.value(),
        multiple_active: MultipleActive::Restart,
        remote_reconnect_ms: 0,
        launcher: None,
        launched: Vec::new(),
        role: Role::Stopped,
        next_role: Role::Unknown,
        active: Vec::new(),
        known_on: Vec::new(),
        pending: None,
        shutdown_lock: None,
        partial_move: None,
        dangling_sources: Vec::new(),
        allowed: Vec::new(),
    }
}

/// Takes back `added` and all that was made for it.
fn undo(reading: &mut Reading<'_>, added: ResIx) {
    let resolved = &mut reading.resolved;
    resolved.resources.truncate(added.at());
    resolved.by_id.retain(|resource| *resource < added);
    resolved.wishes.retain(|wish| wish.resource < added);
    reading.cloned.retain(|set, _| *set < added);
}

/// Reads the options that every shape has.
fn read_options(reading: &mut Reading<'_>, added: ResIx) {
    let resolved = &mut reading.resolved;
    let flags = flags(resolved, added);
    if flags.fence_device {
        resolved.options.fence_device_present = true;
    }
    let Some(resource) = resolved.resources.get_mut(added.at()) else { return };
    resource.flags = flags;
    let score = |name| resource.meta(name).and_then(parse_score);
    let priority = score("priority").unwrap_or_default().value();
    let stickiness = score("resource-stickiness").unwrap_or_default();
    let threshold = score("migration-threshold").map_or(-1, Score::value);
    resource.multiple_active = match resource.meta("multiple-active") {
        Some(word) if word.eq_ignore_ascii_case("stop_only") => MultipleActive::Stop,
        Some(word) if word.eq_ignore_ascii_case("block") => MultipleActive::Block,
        Some(word) if word.eq_ignore_ascii_case("stop_unexpected") => {
            MultipleActive::StopUnexpected
        }
        Some(_) | None => MultipleActive::Restart,
    };
    resource.failure_timeout_ms = milliseconds(resource.meta("failure-timeout"));
    resource.priority = priority;
    resource.stickiness = stickiness;
    if threshold >= 0 {
        resource.migration_threshold = threshold;
    }
    if flags.remote_connection && resource.meta("container").is_none() {
        read_reconnect(reading, added);
    }
    let next_role = target_role(&reading.resolved, added).unwrap_or(Role::Unknown);
    let disabled = is_disabled(&reading.resolved, added);
    if let Some(resource) = reading.resolved.resources.get_mut(added.at()) {
        resource.next_role = next_role;
        resource.flags.disabled = disabled;
    }
}

/// The reconnect interval of a remote node's connection stands in for its failure timeout.
fn read_reconnect(reading: &mut Reading<'_>, added: ResIx) {
    let parameters = reading.resolved.parameters(added, None);
    let Some(text) = parameters.get("reconnect_interval") else { return };
    let interval = milliseconds(Some(text));
    if let Some(resource) = reading.resolved.resources.get_mut(added.at()) {
        resource.remote_reconnect_ms = interval;
        resource.failure_timeout_ms = interval;
    }
}

fn flags(resolved: &Resolved<'_>, added: ResIx) -> Flags {
    let resource = resolved.resource(added);
    let options = &resolved.options;
    let remote_connection = connects_to_remote(resource.agent.as_ref());
    let is_remote = remote_connection && resource.meta("container").is_none();
    let fence_device =
        resource.agent.as_ref().is_some_and(|agent| agent.standard.eq_ignore_ascii_case("stonith"));
    let mut flags = Flags {
        managed: !options.maintenance_mode,
        critical: resource.meta("critical").is_none_or(|text| is_true(Some(text))),
        notify: is_true(resource.meta("notify")),
        remote_connection,
        // A remote node's connection moves live unless it is told not to.
        migratable: resource.meta("allow-migrate").map_or(is_remote, |text| is_true(Some(text))),
        fence_device,
        provides_unfencing: fence_device && resource.meta("provides") == Some("unfencing"),
        ..Flags::default()
    };
    if let Some(text) = resource.meta("is-managed").filter(|text| !is_any_of(text, &["default"])) {
        flags.managed = is_true(Some(text));
    }
    if is_true(resource.meta("maintenance")) || options.maintenance_mode {
        flags.managed = false;
        flags.maintenance = true;
    }
    let top = resolved.top_of(added, false);
    if is_clone_shaped(resolved, top) {
        flags.unique = is_unique(resource);
        flags.promotable = is_true(resource.meta("promotable"));
    } else {
        flags.unique = true;
    }
    set_requires(resolved, resource, &mut flags);
    flags
}

/// Whether `resource` is a clone set, finished or not.
fn is_clone_shaped(resolved: &Resolved<'_>, resource: ResIx) -> bool {
    let resource = resolved.resource(resource);
    match &resource.implied {
        Some(implied) => implied.meta.iter().any(|(name, _)| name == "clone-max"),
        None => Shape::of(resource.element) == Some(Shape::CloneSet),
    }
}

/// Whether instances differ: as configured, or because a node may have more than one.
fn is_unique(resource: &Resource<'_>) -> bool {
    match resource.meta("globally-unique") {
        Some(text) => is_true(Some(text)),
        None => {
            let number = resource.meta("clone-node-max").and_then(parse_integer);
            number.is_some_and(|number| (2..=i64::from(i32::MAX)).contains(&number))
        }
    }
}

/// What must be before this may start. Option `requires`.
fn set_requires(resolved: &Resolved<'_>, resource: &Resource<'_>, flags: &mut Flags) {
    let options = &resolved.options;
    let configured = resource.meta("requires").map(str::to_ascii_lowercase);
    let valid = configured
        .as_deref()
        .filter(|word| is_any_of(word, &["nothing", "quorum", "fencing", "unfencing"]));
    let is_primitive = matches!(resource.variant, Variant::Primitive);
    let word = match valid {
        Some(word) => word,
        None if flags.fence_device => "quorum",
        None if is_primitive && flags.remote_connection => "quorum",
        None if options.unfencing_enabled => "unfencing",
        None if options.fencing_enabled => "fencing",
        None if options.loss_policy == LossPolicy::Ignore => "nothing",
        None => "quorum",
    };
    match word {
        "quorum" => flags.needs_quorum = true,
        "fencing" => flags.needs_fencing = true,
        // Fence devices cannot wait for unfencing, and without fencing nothing can.
        "unfencing" if flags.fence_device || !options.fencing_enabled => flags.needs_quorum = true,
        "unfencing" => {
            flags.needs_fencing = true;
            flags.needs_unfencing = true;
        }
        _ => {}
    }
}

/// The role that `target-role` asks for, if that is less than what would be done anyway.
pub(in super::super) fn target_role(resolved: &Resolved<'_>, resource: ResIx) -> Option<Role> {
    let text = resolved.resource(resource).meta("target-role")?;
    if is_any_of(text, &["started", "default"]) {
        return None;
    }
    let role = Role::parse(text)?;
    let top = resolved.resource(resolved.top_of(resource, false));
    match role {
        Role::Stopped => Some(role),
        Role::Unpromoted => top.flags.promotable.then_some(role),
        Role::Started | Role::Promoted | Role::Unknown => None,
    }
}

fn is_disabled(resolved: &Resolved<'_>, resource: ResIx) -> bool {
    let role = resolved.resource(resource).meta("target-role").and_then(Role::parse);
    match role {
        Some(Role::Stopped) => true,
        Some(Role::Unpromoted) => {
            resolved.resource(resolved.top_of(resource, false)).flags.promotable
        }
        Some(Role::Started | Role::Promoted | Role::Unknown) | None => false,
    }
}

/// What only primitives need to be asked: whether their agent can do what a clone set wants.
fn read_primitive(reading: &mut Reading<'_>, added: ResIx) -> bool {
    let resolved = &reading.resolved;
    let resource = resolved.resource(added);
    let standard = resource.agent.as_ref().map_or("", |agent| &*agent.standard);
    let can_be_unique = is_any_of(standard, &["ocf", "stonith"]);
    let can_be_promoted = is_any_of(standard, &["ocf"]);
    let top = resolved.top_of(added, false);
    if !can_be_promoted && resolved.resource(top).flags.promotable {
        let message =
            format!("{} cannot be promoted: {standard} agents know no roles", resource.id);
        let element = resource.element;
        reading.find(Severity::Error, element, FindingKind::Contradiction, message);
        return false;
    }
    if !can_be_unique && resource.flags.unique && is_clone_shaped(resolved, top) {
        let message =
            format!("{} is cloned anonymously: {standard} agents know no instances", resource.id);
        let element = resource.element;
        reading.find(Severity::Warning, element, FindingKind::Contradiction, message);
        clone_set::force_anonymous(reading, top);
        clone_set::clear_unique(reading, added);
    }
    true
}
