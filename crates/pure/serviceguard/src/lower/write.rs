//! Elements of the document, and how those of packages are called.

use cib::{Document, Element, NodeId, Section};

/// What everything that only serves packages begins with.
const OWN: &str = "sg.";

/// How things are called.
pub mod names {
    use super::OWN;

    /// A name as part of an id: what ids do not take becomes `-`.
    pub fn part(text: &str) -> String {
        let letter = |c: char| if c.is_ascii_alphanumeric() || "._-".contains(c) { c } else { '-' };
        text.trim_start_matches('/').chars().map(letter).collect()
    }

    /// A constraint of a package.
    pub fn constraint(package: &str, what: &str) -> String {
        format!("{OWN}{package}.{what}")
    }

    /// The group inside of a package that runs on several nodes.
    pub fn instance(package: &str) -> String {
        format!("{package}-instance")
    }

    /// A node attribute: the package may run on this node although it is switched off.
    pub fn runs(package: &str) -> String {
        format!("sg-run-{package}")
    }

    /// A node attribute: at which site it is.
    pub(in crate::lower) const SITE: &str = "sg-site";

    /// A node attribute: whether a subnet works there.
    pub fn subnet(subnet: &str) -> String {
        format!("sg-subnet-{subnet}")
    }

    /// A node attribute: whether a network card works there.
    pub fn card(card: &str) -> String {
        format!("sg-card-{card}")
    }

    /// What the resources that watch network cards begin with.
    pub(in crate::lower) const LAN: &str = "sg-lan.";

    /// What watches the wire of a node's card.
    pub fn lan(node: &str, card: &str) -> String {
        format!("{LAN}{node}.{}", part(card))
    }

    /// The constraint that keeps it on its node.
    pub(in crate::lower) fn lan_bound(lan: &str) -> String {
        format!("{lan}.node")
    }

    /// A node attribute: what a resource of packages says there.
    pub fn resource(name: &str) -> String {
        format!("sg-resource-{}", part(name))
    }

    /// What the resources that poll others begin with.
    pub(in crate::lower) const POLLED: &str = "sg-resource.";

    /// What polls a resource of packages on a node.
    pub fn polled(node: &str, resource: &str) -> String {
        format!("{POLLED}{node}.{}", part(resource))
    }

    /// A node attribute: a deferred resource counts there from now on.
    pub fn deferred(name: &str) -> String {
        format!("sg-deferred-{}", part(name))
    }

    /// A node attribute: how often a service was run again there.
    pub fn restarts(service: &str) -> String {
        format!("sg-restarts-{service}")
    }

    /// The constraint that switches a package off.
    pub fn switching(package: &str) -> String {
        constraint(package, "switching")
    }

    /// The constraint that keeps a package where it was not halted whole.
    pub fn unhalted(package: &str) -> String {
        constraint(package, "unhalted")
    }

    /// The constraint that keeps a detached package where it was left running.
    pub fn detached(package: &str) -> String {
        constraint(package, "detached")
    }

    /// What the resources that take up detached packages begin with.
    pub(in crate::lower) const ATTACH: &str = "sg-attach.";

    /// A node attribute: the node is about to leave its packages running.
    pub const DETACHING: &str = "sg-detaching";

    /// What takes up a node's detached packages.
    pub fn attach(node: &str) -> String {
        format!("{ATTACH}{node}")
    }

    /// The constraint that keeps it on its node.
    pub(in crate::lower) fn attach_bound(node: &str) -> String {
        format!("{ATTACH}{node}.node")
    }

    /// The constraint that switches a package off for one node.
    pub fn ban(package: &str, node: &str) -> String {
        constraint(package, &format!("off.{node}"))
    }
}

/// Whether a package may start and move by itself, and where.
///
/// Field words: Serviceguard *package switching* (`AUTO_RUN`), *node switching*.
pub mod switching {
    use cib::{Document, NodeId, Section};

    use super::{location, names, rule_expression};

    /// Whether the package is switched off: then it runs only where the attribute
    /// [`names::runs`] is set.
    pub fn is_disabled(document: &Document, package: &str) -> bool {
        document.find_id(&names::switching(package)).is_some()
    }

    /// Switches it off. Where it runs now, set [`names::runs`] before.
    pub fn disable(document: &mut Document, package: &str) {
        if is_disabled(document, package) {
            return;
        }
        let id = names::switching(package);
        let rule = location(document, &id, package, "and");
        rule_expression(document, rule, (&names::runs(package), "not_defined", None));
    }

    /// Switches it on.
    pub fn enable(document: &mut Document, package: &str) {
        let found = document.find_id(&names::switching(package)).map(|at| at.id());
        found.into_iter().for_each(|at| document.remove(at));
    }

    /// Nodes for which it is switched off by hand.
    pub fn banned(document: &Document, package: &str) -> Vec<String> {
        let start = names::ban(package, "");
        let constraints = document.section(Section::Constraints);
        constraints
            .into_iter()
            .flat_map(cib::Element::children)
            .filter(|at| at.attr("rsc") == Some(package))
            .filter_map(|at| Some(at.attr("id")?.strip_prefix(&start)?.to_owned()))
            .collect()
    }

    /// Switches it off for a node. If it runs there, set [`names::runs`] before: it stays.
    pub fn ban(document: &mut Document, package: &str, node: &str) {
        let id = names::ban(package, node);
        if document.find_id(&id).is_some() {
            return;
        }
        let rule = location(document, &id, package, "and");
        rule_expression(document, rule, ("#uname", "eq", Some((node, "string"))));
        rule_expression(document, rule, (&names::runs(package), "not_defined", None));
    }

    /// Where alone it may run since its halt script failed: the node on which that was, then nodes that
    /// were allowed since. Empty if it was halted whole.
    pub fn unhalted(document: &Document, package: &str) -> Vec<String> {
        let Some(at) = document.find_id(&names::unhalted(package)) else { return Vec::new() };
        let expressions = at.descendants().filter(|at| at.is("expression"));
        expressions.filter_map(|at| Some(at.attr("value")?.to_owned())).collect()
    }

    /// Forbids it everywhere but on these nodes, the first of which did not halt it whole; even where
    /// an operator runs it, since what was not halted may still be in use there.
    pub fn hold(document: &mut Document, package: &str, nodes: &[String]) {
        release(document, package);
        if nodes.is_empty() {
            return;
        }
        let rule = location(document, &names::unhalted(package), package, "and");
        for node in nodes {
            rule_expression(document, rule, ("#uname", "ne", Some((node, "string"))));
        }
    }

    /// Somebody has looked: no node is forbidden for what was not halted.
    pub fn release(document: &mut Document, package: &str) {
        let found = document.find_id(&names::unhalted(package)).map(|at| at.id());
        found.into_iter().for_each(|at| document.remove(at));
    }

    /// Whether an operator has put it in maintenance: it is neither watched nor touched.
    pub fn is_maintained(document: &Document, package: &str) -> bool {
        let pair = document.find_id(&maintenance(package));
        pair.and_then(|pair| pair.attr("value")) == Some("true")
    }

    /// The set of meta attributes that a package's file becomes, of which its maintenance is a part. A document that was
    /// edited by hand may lack it, and then the package cannot be left alone.
    pub(in crate::lower) fn own_set(document: &Document, package: &str) -> Option<NodeId> {
        let found = document.find_id(&format!("{package}-meta"));
        found.filter(|at| at.is("meta_attributes")).map(|at| at.id())
    }

    /// Whether the package can be in maintenance, or detached: it has the set of meta attributes that says so.
    pub fn is_maintainable(document: &Document, package: &str) -> bool {
        own_set(document, package).is_some()
    }

    /// Puts it in maintenance if it [can be](is_maintainable), or ends that.
    pub fn maintain(document: &mut Document, package: &str, on: bool) {
        let id = maintenance(package);
        let pair = document.find_id(&id).map(|at| at.id());
        if !on {
            pair.into_iter().for_each(|pair| document.remove(pair));
            return;
        }
        let Some(set) = own_set(document, package) else { return };
        let pair = pair.unwrap_or_else(|| document.append(set, "nvpair"));
        for (key, value) in [("id", id.as_str()), ("name", "maintenance"), ("value", "true")] {
            document.set(pair, key, value);
        }
    }

    fn maintenance(package: &str) -> String {
        format!("{package}-meta-maintenance")
    }

    /// Switches it on for a node, also if another one did not halt it whole.
    pub fn allow(document: &mut Document, package: &str, node: &str) {
        let mut held = unhalted(document, package);
        if !held.is_empty() && !held.iter().any(|one| one == node) {
            held.push(node.to_owned());
            hold(document, package, &held);
        }
        let found = document.find_id(&names::ban(package, node)).map(|at| at.id());
        found.into_iter().for_each(|at| document.remove(at));
    }
}

/// Everything in the document that is of this package: its resource, and constraints of ours that are
/// on it.
pub(super) fn of_package(document: &Document, package: &str) -> Vec<NodeId> {
    let top = |section| document.section(section).into_iter().flat_map(Element::children);
    let resource = top(Section::Resources).filter(|at| at.attr("id") == Some(package));
    let is_own = |at: &Element<'_>| at.attr("id").is_some_and(|id| id.starts_with(OWN));
    let is_on =
        |at: &Element<'_>| ["rsc", "then"].iter().any(|name| at.attr(name) == Some(package));
    let constraints = top(Section::Constraints).filter(is_own).filter(is_on);
    resource.chain(constraints).map(Element::id).collect()
}

/// An element with an id, as the last child.
pub(super) fn element(document: &mut Document, parent: NodeId, kind: &str, id: &str) -> NodeId {
    let at = document.append(parent, kind);
    document.set(at, "id", id);
    at
}

/// A set of names and values.
pub(super) fn pairs<'p>(
    document: &mut Document,
    parent: NodeId,
    (kind, id): (&str, &str),
    pairs: impl IntoIterator<Item = (&'p str, String)>,
) {
    let mut set = None;
    for (name, value) in pairs {
        let set = *set.get_or_insert_with(|| element(document, parent, kind, id));
        let at = element(document, set, "nvpair", &format!("{id}-{name}"));
        document.set(at, "name", name);
        document.set(at, "value", &value);
    }
}

pub(super) fn constraint(document: &mut Document, kind: &str, id: &str) -> NodeId {
    let section = document.section_or_new(Section::Constraints);
    element(document, section, kind, id)
}

/// A rule by which a package may not run on a node.
pub(super) fn location(document: &mut Document, id: &str, package: &str, joined: &str) -> NodeId {
    let at = constraint(document, "rsc_location", id);
    document.set(at, "rsc", package);
    let rule = element(document, at, "rule", &format!("{id}.rule"));
    document.set(rule, "score", "-INFINITY");
    document.set(rule, "boolean-op", joined);
    rule
}

/// A rule inside of a rule.
pub(super) fn inner_rule(document: &mut Document, rule: NodeId, joined: &str) -> NodeId {
    let id = next_id(document, rule);
    let at = element(document, rule, "rule", &id);
    document.set(at, "boolean-op", joined);
    at
}

/// What the next part of a rule is called.
fn next_id(document: &Document, rule: NodeId) -> String {
    let outer = document.element(rule);
    let number = outer.children().count() + 1;
    format!("{}.{number}", outer.attr("id").unwrap_or_default())
}

/// One expression of a rule: attribute, operation, and value with its type.
pub(super) fn rule_expression(
    document: &mut Document,
    rule: NodeId,
    (attribute, operation, value): (&str, &str, Option<(&str, &str)>),
) {
    let id = next_id(document, rule);
    let at = element(document, rule, "expression", &id);
    document.set(at, "attribute", attribute);
    document.set(at, "operation", operation);
    if let Some((value, kind)) = value {
        document.set(at, "value", value);
        document.set(at, "type", kind);
    }
}
