//! Packages as they are: what their files say, and what the cluster makes of them.

use std::time::{SystemTime, UNIX_EPOCH};

use cib::{Document, Element, Section};
use serviceguard::lower::{self, detach, names, switching};
use serviceguard::{Cluster, GenericResource, Package, PolledResource, Text, Type};
use view::status::{NodeLine, NodeState, Place, ResourceLine, Seen, Status, status};

use crate::call::Trouble;
use crate::home::{Found, Home};

/// What a *not configured* start means here: the run script said that no node is any good.
const NOWHERE: i32 = 6;

/// The cluster as it is now.
pub(crate) struct World {
    pub(crate) document: Document,
    pub(crate) status: Status,
    pub(crate) cluster: Cluster,
    pub(crate) packages: Vec<Package>,
    /// The node that was asked.
    pub(crate) here: Option<String>,
    /// Whether anything is under way.
    pub(crate) is_busy: bool,
}

impl World {
    pub(crate) fn read(home: &Home) -> Result<Self, Trouble> {
        let Found { document, cluster } = home.read()?;
        let now = seconds();
        let status = status(Seen { document: &document, cluster: cluster.as_ref(), now });
        let text = lower::cluster_text(&document).unwrap_or_default();
        let packages = lower::package_texts(&document);
        let packages = packages.iter().map(|(_, text)| Package::of(&Text::parse(text))).collect();
        let here = cluster.as_ref().map(|cluster| cluster.node.clone());
        let is_busy = cluster.as_ref().is_some_and(|cluster| !cluster.idle);
        Ok(Self {
            cluster: Cluster::of(&Text::parse(&text)),
            document,
            status,
            packages,
            here,
            is_busy,
        })
    }

    pub(crate) fn package(&self, name: &str) -> Result<&Package, Trouble> {
        let found = self.packages.iter().find(|package| package.called() == name);
        found.ok_or_else(|| Trouble::new(format!("Unable to find package {name} in the cluster")))
    }

    pub(crate) fn node(&self, name: &str) -> Result<&NodeLine, Trouble> {
        let found = self.status.nodes.iter().find(|node| node.name == name);
        found.ok_or_else(|| Trouble::new(format!("Node {name} is not configured in the cluster")))
    }

    /// Names of nodes that are up.
    pub(crate) fn up(&self) -> impl Iterator<Item = &str> {
        let up = self.status.nodes.iter().filter(|node| node.state == NodeState::Online);
        up.map(|node| node.name.as_str())
    }

    /// The package's nodes in its order.
    pub(crate) fn nodes_of<'w>(&'w self, package: &'w Package) -> Vec<&'w str> {
        if package.nodes.iter().any(|node| node.value == "*") {
            return self.status.nodes.iter().map(|node| node.name.as_str()).collect();
        }
        package.nodes.iter().map(|node| node.value.as_str()).collect()
    }

    fn line(&self, package: &str) -> Option<&ResourceLine> {
        self.status.resources.iter().find(|line| line.id == package)
    }

    /// Where it is active: node, and whether all of it is there. What just starts or stops is not yet, or no more.
    pub(crate) fn places(&self, package: &str) -> Vec<(&str, bool)> {
        let places = self.line(package).map(|line| line.places.as_slice()).unwrap_or_default();
        let members = self.members(package);
        let is_whole = |place: &Place| {
            !place.partly && !self.records(&place.node, &members).any(|at| is_under_way(&at))
        };
        places.iter().map(|place| (place.node.as_str(), is_whole(place))).collect()
    }

    /// Whether it may start and move by itself.
    pub(crate) fn is_switched_on(&self, package: &str) -> bool {
        !switching::is_disabled(&self.document, package)
    }

    /// The package's members that failed on a node, and how.
    pub(crate) fn failures<'w>(
        &'w self,
        package: &'w str,
        node: &'w str,
    ) -> impl Iterator<Item = (&'w str, i32)> {
        let members = self.members(package);
        self.status
            .failures
            .iter()
            .filter(move |failure| failure.node == node && members.contains(&failure.resource))
            .map(|failure| (failure.resource.as_str(), failure.code))
    }

    /// Whether a package's member is active, for all that is known.
    pub(crate) fn runs(&self, package: &str, member: &str) -> bool {
        let members = self.line(package).into_iter().flat_map(|line| &line.children);
        members.into_iter().any(|line| line.id == member && !line.places.is_empty())
    }

    /// The resources that it consists of.
    pub(crate) fn members(&self, package: &str) -> Vec<String> {
        let resource = self.document.section(Section::Resources).into_iter();
        let top = resource.flat_map(Element::children).find(|at| at.attr("id") == Some(package));
        let all = top.into_iter().flat_map(Element::descendants);
        all.filter(|at| at.is("primitive"))
            .filter_map(|at| Some(at.attr("id")?.to_owned()))
            .collect()
    }

    /// Whether a node may take the package.
    pub(crate) fn is_allowed(&self, package: &str, node: &str) -> bool {
        let banned = switching::banned(&self.document, package);
        let failed = self.failures(package, node).any(|(_, code)| code != NOWHERE);
        !failed && !banned.iter().any(|banned| banned == node) && self.held(package, node).is_none()
    }

    /// The node on which the package was not halted whole, if that forbids it on this one.
    pub(crate) fn held(&self, package: &str, node: &str) -> Option<String> {
        let held = switching::unhalted(&self.document, package);
        if held.iter().any(|one| one == node) { None } else { held.into_iter().next() }
    }

    /// Whether it is in maintenance.
    pub(crate) fn is_maintained(&self, package: &str) -> bool {
        switching::is_maintained(&self.document, package)
    }

    /// Where it was left running by a node that left the cluster.
    pub(crate) fn detached(&self, package: &str) -> Vec<String> {
        detach::nodes(&self.document, package)
    }

    /// Status and state of a package, in Serviceguard's words.
    pub(crate) fn state(&self, package: &Package) -> (&'static str, &'static str) {
        let name = package.called();
        let places = self.places(name);
        let is_whole = places.iter().any(|(_, whole)| *whole);
        // Who was halted by hand is halted, whatever failed before.
        let is_on = self.is_switched_on(name);
        let has_failed =
            self.status.nodes.iter().any(|node| {
                self.failures(name, &node.name).any(|(_, code)| is_on || code == NOWHERE)
            });
        if !self.detached(name).is_empty() {
            return ("detached", "detached");
        }
        if self.is_maintained(name) {
            return (if is_whole { "up" } else { "down" }, "maintenance");
        }
        match (is_whole, places.is_empty()) {
            (true, _) => ("up", "running"),
            (false, false) if !self.is_busy => ("down", "failed"),
            (false, false) if self.may_run(name) && !self.is_halting(name) => {
                ("starting", "starting")
            }
            (false, false) => ("halting", "halting"),
            (false, true) if has_failed => ("down", "failed"),
            (false, true) => ("down", "halted"),
        }
    }

    /// Whether its services are up; of those that nobody watches nobody knows.
    pub(crate) fn service(&self, package: &Package) -> &'static str {
        match self.state(package).0 {
            "up" => "up",
            "detached" => "unknown",
            _ => "down",
        }
    }

    /// Whether it is to run somewhere, be it that an operator alone says so.
    fn may_run(&self, package: &str) -> bool {
        self.is_switched_on(package) || !self.runs_by_hand(package).is_empty()
    }

    /// Whether what was done last on a node where it is in part was to stop some of it, or all of it is to leave.
    fn is_halting(&self, package: &str) -> bool {
        let members = self.members(package);
        self.places(package).iter().any(|(node, _)| {
            let leaves = self.status.nodes.iter().any(|one| one.name == *node && one.leaving);
            let last = self.records(node, &members).max_by_key(|at| {
                let number = at.attr("call-id").and_then(|id| id.parse::<i64>().ok());
                (is_under_way(at), number)
            });
            leaves || last.is_some_and(|at| at.attr("operation") == Some("stop"))
        })
    }

    /// Starts and stops that are on record of resources on a node.
    fn records<'w>(
        &'w self,
        node: &str,
        resources: &[String],
    ) -> impl Iterator<Item = Element<'w>> {
        let states = self.document.section(Section::Status).into_iter().flat_map(Element::children);
        let own = states.filter(|state| state.attr("uname") == Some(node));
        // Copies may have numbers behind their names.
        let is_of = |at: &Element<'_>| {
            let id = at.attr("id").and_then(|id| id.split(':').next());
            id.is_some_and(|id| resources.iter().any(|one| one == id))
        };
        let found: Vec<Element<'w>> = own
            .flat_map(Element::descendants)
            .filter(|at| at.is("lrm_resource") && is_of(at))
            .flat_map(Element::children)
            .filter(|at| matches!(at.attr("operation"), Some("start" | "stop")))
            .collect();
        found.into_iter()
    }

    /// The same of one node's part in it.
    pub(crate) fn state_on(&self, package: &Package, node: &str) -> (&'static str, &'static str) {
        let name = package.called();
        if self.detached(name).iter().any(|one| one == node) {
            return ("detached", "detached");
        }
        match self.places(name).contains(&(node, true)) {
            true => ("up", "running"),
            false => ("down", "halted"),
        }
    }

    /// Whether failures of a resource are counted on a node.
    pub(crate) fn has_count(&self, node: &str, resource: &str) -> bool {
        let start = format!("fail-count-{resource}#");
        self.attributes(node).any(|(name, _)| name.starts_with(&start))
    }

    /// A passing attribute of a node.
    pub(crate) fn attribute(&self, node: &str, name: &str) -> Option<&str> {
        self.attributes(node).find(|(known, _)| *known == name).map(|(_, value)| value)
    }

    /// All passing attributes of a node.
    fn attributes<'w, 'n>(
        &'w self,
        node: &'n str,
    ) -> impl Iterator<Item = (&'w str, &'w str)> + use<'w, 'n> {
        let states = self.document.section(Section::Status).into_iter().flat_map(Element::children);
        let own = states.filter(move |state| state.attr("uname") == Some(node));
        let set = |state: Element<'w>| state.path(&["transient_attributes", "instance_attributes"]);
        let pairs = own.filter_map(set).flat_map(Element::children);
        pairs.filter_map(|pair| Some((pair.attr("name")?, pair.attr("value")?)))
    }

    /// Whether a subnet works on a node: `up`, `down`, or `unknown` if nobody says.
    pub(crate) fn subnet(&self, node: &str, subnet: &str) -> &str {
        if !self.up().any(|up| up == node) {
            return "unknown";
        }
        self.attribute(node, &names::subnet(subnet)).unwrap_or("unknown")
    }

    /// Whether a generic resource is well on a node: `up`, `down`, or `unknown` where nobody says.
    pub(crate) fn resource(&self, node: Option<&str>, resource: &GenericResource) -> &'static str {
        let Some(node) = node.filter(|node| self.up().any(|up| up == *node)) else {
            return "unknown";
        };
        let value = self.attribute(node, &names::resource(&resource.name.value));
        if resource.is_well(value) { "up" } else { "down" }
    }

    /// The same of a resource that is polled, whether or not it counts there yet.
    pub(crate) fn polled(&self, node: Option<&str>, resource: &PolledResource) -> &'static str {
        let Some(node) = node.filter(|node| self.up().any(|up| up == *node)) else {
            return "unknown";
        };
        let value = self.attribute(node, &names::resource(&resource.name.value));
        if resource.is_well(value) { "up" } else { "down" }
    }

    /// Whether a node's card works: `up`, `down`, or `unknown` where nobody watches it.
    pub(crate) fn card(&self, node: &str, card: &str) -> &str {
        if !self.up().any(|up| up == node) {
            return "down";
        }
        if let Some(said) = self.attribute(node, &names::card(card)) {
            return said;
        }
        // Of a subnet that is lost no card works; of one that works not more than one need to.
        let wires = lower::watched_wires(&self.document, node);
        let wire = wires.iter().find(|wire| wire.cards.iter().any(|one| one == card));
        let Some(wire) = wire else { return "unknown" };
        let said = wire.subnets.first().map_or("unknown", |subnet| self.subnet(node, subnet));
        if said == "up" && wire.cards.len() > 1 { "unknown" } else { said }
    }

    /// Packages that need this one to be up, and are.
    pub(crate) fn dependents<'w>(&'w self, package: &'w str) -> impl Iterator<Item = &'w str> {
        let needs = move |other: &&Package| {
            other
                .dependencies
                .iter()
                .filter_map(|one| one.condition.as_ref())
                .any(|condition| condition.value.up && condition.value.package == package)
        };
        let running = |other: &&Package| !self.places(other.called()).is_empty();
        self.packages.iter().filter(needs).filter(running).map(Package::called)
    }

    /// Which node attribute lets a package run that is switched off.
    pub(crate) fn runs_by_hand(&self, package: &str) -> Vec<String> {
        let name = names::runs(package);
        let nodes = self.status.nodes.iter().map(|node| node.name.clone());
        nodes.filter(|node| self.attribute(node, &name).is_some()).collect()
    }
}

/// Whether an action on record has been begun, and not ended.
fn is_under_way(action: &Element<'_>) -> bool {
    action.attr("op-status") == Some("-1")
}

/// Since 1970, by the wall clock.
pub(crate) fn seconds() -> i64 {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    i64::try_from(now.as_secs()).unwrap_or(i64::MAX)
}

/// Whether it runs on several nodes.
pub(crate) fn is_multi(package: &Package) -> bool {
    match package.kind() {
        Type::Failover => false,
        Type::MultiNode | Type::SystemMultiNode => true,
    }
}
