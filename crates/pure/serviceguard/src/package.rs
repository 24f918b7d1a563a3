//! What the lines of a package's file add up to.

use std::net::IpAddr;

use corosync::Valued;

use crate::cluster::{Policy, amounts, policies};
use crate::outline::{Entry, Outline, lower, read, switch};
use crate::table::Of;
use crate::text::Text;
use crate::up_value::{Bound, bounds, is_well};

/// A package, as its file says it. Times are seconds, as they are there.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Package {
    pub style: Style,
    pub name: Option<Valued<String>>,
    pub kind: Option<Valued<Type>>,
    /// The best first; `*` for every node.
    pub nodes: Vec<Valued<String>>,
    pub auto_run: Option<Valued<bool>>,
    pub node_fail_fast: Option<Valued<bool>>,
    pub run_script: Option<Valued<String>>,
    pub halt_script: Option<Valued<String>>,
    pub run_timeout: Option<Valued<Timeout>>,
    pub halt_timeout: Option<Valued<Timeout>>,
    pub successor_halt_timeout: Option<Valued<Timeout>>,
    pub log_file: Option<Valued<String>>,
    /// In small letters.
    pub failover_policy: Option<Valued<String>>,
    /// `failback_policy automatic`.
    pub failback: Option<Valued<bool>>,
    /// 1 is the highest; nothing is `no_priority`.
    pub priority: Option<Valued<u32>>,
    pub dependencies: Vec<Dependency>,
    pub weights: Vec<(Valued<String>, Option<Valued<f64>>)>,
    pub local_lan_failover: Option<Valued<bool>>,
    pub monitored_subnets: Vec<Valued<IpAddr>>,
    pub addresses: Vec<Address>,
    pub services: Vec<Service>,
    pub resources: Vec<PolledResource>,
    pub generic_resources: Vec<GenericResource>,
    pub vgchange: Option<Valued<String>>,
    pub volume_groups: Vec<Valued<String>>,
    pub file_systems: Vec<FileSystem>,
    /// Names without `pev_`, and values.
    pub variables: Vec<(String, Valued<String>)>,
    pub pre_scripts: Vec<Valued<String>>,
    pub scripts: Vec<Valued<String>>,
    pub policies: Vec<Policy>,
}

/// How a package is written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Style {
    /// With a control script of its own.
    Legacy,
    /// Of modules, without one.
    #[default]
    Modular,
}

/// On how many nodes a package runs.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Type {
    /// On one of its nodes.
    #[default]
    Failover,
    /// On each of its nodes, independently.
    MultiNode,
    /// On all nodes, or the node is no good.
    SystemMultiNode,
}

/// How long to wait.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Timeout {
    Seconds(u64),
    #[default]
    Never,
}

/// What a package needs, or must not meet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Dependency {
    pub name: Valued<String>,
    pub condition: Option<Valued<Condition>>,
    /// In small letters; nothing is `same_node`.
    pub location: Option<Valued<String>>,
}

/// `PACKAGE = UP`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Condition {
    pub package: String,
    /// UP, or else DOWN.
    pub up: bool,
}

/// An address that moves with the package.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Address {
    pub address: Valued<IpAddr>,
    pub subnet: Option<Valued<IpAddr>>,
}

/// A program that the package runs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Service {
    pub name: Valued<String>,
    pub command: Option<Valued<String>>,
    pub restarts: Option<Valued<Restarts>>,
    pub fail_fast: Option<Valued<bool>>,
    pub halt_timeout: Option<Valued<u64>>,
}

/// How often a service is run again before its package fails.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Restarts {
    Times(u32),
    Unlimited,
}

/// Something of the Event Monitoring Service.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PolledResource {
    pub name: Valued<String>,
    pub interval: Option<Valued<u64>>,
    pub deferred: bool,
    pub up_values: Vec<Valued<String>>,
}

/// How often a resource is polled whose file does not say it (s). Source: the manual.
const POLLING_INTERVAL: u64 = 60;

impl PolledResource {
    /// Whether it is well with this value: if any of its `up_values` holds. Only numbers are more or less.
    pub fn is_well(&self, value: Option<&str>) -> bool {
        value.is_some_and(|value| self.up_values.iter().any(|said| is_well(&said.value, value)))
    }

    /// Whether its values are compared as numbers, so that a text is none.
    pub(crate) fn is_number(&self) -> bool {
        let mut bounds = self.up_values.iter().flat_map(|said| bounds(&said.value));
        bounds.any(Bound::is_relative)
    }

    /// The first of its values that is a text.
    pub(crate) fn text(&self) -> Option<&Valued<String>> {
        let is_text = |said: &&Valued<String>| {
            bounds(&said.value).into_iter().any(|bound| bound.number().is_none())
        };
        self.up_values.iter().find(is_text)
    }

    /// How often it is looked at (s).
    pub(crate) fn seconds(&self) -> u64 {
        self.interval.as_ref().map_or(POLLING_INTERVAL, |said| said.value)
    }
}

/// Something whose value commands set.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GenericResource {
    pub name: Valued<String>,
    pub before_start: bool,
    pub criteria: Option<Valued<String>>,
}

impl GenericResource {
    /// Its comparison and what it compares with, if it is well by a number.
    pub(crate) fn comparison(&self) -> (&str, &str) {
        let criteria = self.criteria.as_ref().map_or("", |said| said.value.as_str());
        let end = criteria.find(|c: char| !"<>=!".contains(c)).unwrap_or(criteria.len());
        let (operator, value) = criteria.split_at(end);
        (operator, value.trim())
    }

    /// Whether it is well by a number, and not by being up.
    pub fn is_compared(&self) -> bool {
        !self.comparison().0.is_empty()
    }

    /// Whether it is well with this value. Unset is not well.
    pub fn is_well(&self, value: Option<&str>) -> bool {
        let (operator, wanted) = self.comparison();
        let Some(value) = value else { return false };
        let (Ok(number), Ok(wanted)) = (value.parse::<i64>(), wanted.parse::<i64>()) else {
            return operator.is_empty() && value == "up";
        };
        match operator {
            "=" | "==" => number == wanted,
            "!=" => number != wanted,
            "<" => number < wanted,
            "<=" => number <= wanted,
            ">" => number > wanted,
            ">=" => number >= wanted,
            _ => false,
        }
    }
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FileSystem {
    pub device: Valued<String>,
    pub server: Option<Valued<String>>,
    pub directory: Option<Valued<String>>,
    pub kind: Option<Valued<String>>,
    pub mount_options: Option<Valued<String>>,
}

impl Package {
    /// What a text adds up to.
    pub fn of(text: &Text) -> Self {
        Self::read(&Outline::of(Of::Package, text))
    }

    pub(crate) fn read(outline: &Outline) -> Self {
        let one = |name| outline.one(name);
        Self {
            style: style(outline),
            name: one("package_name"),
            kind: lower(one("package_type")).and_then(kind),
            nodes: outline.all("node_name"),
            auto_run: switch(one("auto_run")),
            node_fail_fast: switch(one("node_fail_fast_enabled")),
            run_script: one("run_script"),
            halt_script: one("halt_script"),
            run_timeout: read(one("run_script_timeout")),
            halt_timeout: read(one("halt_script_timeout")),
            successor_halt_timeout: read(one("successor_halt_timeout")),
            log_file: one("script_log_file"),
            failover_policy: lower(one("failover_policy")),
            failback: lower(one("failback_policy"))
                .map(|said| Valued { value: said.value == "automatic", line: said.line }),
            priority: read(one("priority")),
            dependencies: dependencies(outline),
            weights: amounts(outline, None, "weight_name", "weight_value"),
            local_lan_failover: switch(one("local_lan_failover_allowed")),
            monitored_subnets: outline
                .each("monitored_subnet")
                .filter_map(|(_, entry)| read(Some(entry.valued())))
                .collect(),
            addresses: addresses(outline),
            services: services(outline),
            resources: resources(outline),
            generic_resources: generic_resources(outline),
            vgchange: one("vgchange_cmd"),
            volume_groups: outline.all("vg"),
            file_systems: file_systems(outline),
            variables: variables(outline),
            pre_scripts: outline.all("external_pre_script"),
            scripts: outline.all("external_script"),
            policies: policies(outline, ["user_name", "user_host", "user_role"]),
        }
    }

    /// On how many nodes it runs.
    pub fn kind(&self) -> Type {
        self.kind.as_ref().map(|kind| kind.value).unwrap_or_default()
    }

    /// Its name, or nothing.
    pub fn called(&self) -> &str {
        self.name.as_ref().map_or("", |name| name.value.as_str())
    }

    /// Whether its nodes are in order of preference, instead of the one with the fewest packages.
    pub fn is_configured_node(&self) -> bool {
        self.failover_policy.as_ref().is_none_or(|policy| policy.value == "configured_node")
    }

    /// Whether the node with the fewest packages is best.
    pub fn is_min_package_node(&self) -> bool {
        self.failover_policy.as_ref().is_some_and(|policy| policy.value == "min_package_node")
    }

    /// Whether nodes of its site are better than others.
    pub fn goes_by_site(&self) -> bool {
        let by_site = ["site_preferred", "site_preferred_manual"];
        self.failover_policy.as_ref().is_some_and(|said| by_site.contains(&said.value.as_str()))
    }

    /// Whether the site where it ran last is its own from then on, also where it went by itself. With an automatic failback
    /// it is at home where its first node is.
    pub fn takes_its_site_along(&self) -> bool {
        let goes_back = self.failback.as_ref().is_some_and(|failback| failback.value);
        self.goes_by_site() && !self.stays_at_site() && !goes_back
    }

    /// Whether only an operator takes it to another site.
    pub fn stays_at_site(&self) -> bool {
        self.failover_policy.as_ref().is_some_and(|said| said.value == "site_preferred_manual")
    }
}

/// Who names a module, or begins its names with small letters, is modular.
fn style(outline: &Outline) -> Style {
    let is_modular = outline.each("module_name").next().is_some();
    let name = outline.each("package_name").next();
    let is_lower = name.is_some_and(|(_, entry)| entry.name.starts_with(char::is_lowercase));
    let is_legacy = outline.each("run_script").next().is_some() && !is_modular && !is_lower;
    if is_legacy || !(is_modular || is_lower) { Style::Legacy } else { Style::Modular }
}

fn kind(said: Valued<String>) -> Option<Valued<Type>> {
    let value = match said.value.as_str() {
        "failover" => Type::Failover,
        "multi_node" => Type::MultiNode,
        "system_multi_node" => Type::SystemMultiNode,
        _ => return None,
    };
    Some(Valued { value, line: said.line })
}

impl std::str::FromStr for Timeout {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        if text.eq_ignore_ascii_case("no_timeout") {
            return Ok(Self::Never);
        }
        text.parse().map(Self::Seconds).map_err(|_| ())
    }
}

impl std::str::FromStr for Restarts {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        match text.to_ascii_lowercase().as_str() {
            "none" | "" => Ok(Self::Times(0)),
            "unlimited" | "-r" => Ok(Self::Unlimited),
            count => count.parse().map(Self::Times).map_err(|_| ()),
        }
    }
}

impl std::str::FromStr for Condition {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        let (package, state) = text.split_once('=').ok_or(())?;
        let up = match state.trim().to_ascii_lowercase().as_str() {
            "up" => true,
            "down" => false,
            _ => return Err(()),
        };
        let package = package.trim();
        if package.is_empty() || package.contains(char::is_whitespace) {
            return Err(());
        }
        Ok(Self { package: package.to_owned(), up })
    }
}

fn dependencies(outline: &Outline) -> Vec<Dependency> {
    let dependency = |(at, entry): (usize, &Entry)| Dependency {
        name: entry.valued(),
        condition: read(outline.one_below(at, "dependency_condition")),
        location: lower(outline.one_below(at, "dependency_location")),
    };
    outline.each("dependency_name").map(dependency).collect()
}

fn addresses(outline: &Outline) -> Vec<Address> {
    let address = |(_, entry): (usize, &Entry)| {
        let subnet = match entry.place {
            crate::outline::Place::Below(at) => {
                outline.entries.get(at).and_then(|subnet| read(Some(subnet.valued())))
            }
            crate::outline::Place::File | crate::outline::Place::Nowhere => None,
        };
        Some(Address { address: read(Some(entry.valued()))?, subnet })
    };
    outline.each("ip_address").filter_map(address).collect()
}

fn services(outline: &Outline) -> Vec<Service> {
    let service = |(at, entry): (usize, &Entry)| Service {
        name: entry.valued(),
        command: outline.one_below(at, "service_cmd"),
        restarts: read(outline.one_below(at, "service_restart")),
        fail_fast: switch(outline.one_below(at, "service_fail_fast_enabled")),
        halt_timeout: read(outline.one_below(at, "service_halt_timeout")),
    };
    outline.each("service_name").map(service).collect()
}

fn resources(outline: &Outline) -> Vec<PolledResource> {
    let resource = |(at, entry): (usize, &Entry)| PolledResource {
        name: entry.valued(),
        interval: read(outline.one_below(at, "resource_polling_interval")),
        deferred: is_word(outline, at, "resource_start", "deferred"),
        up_values: outline
            .below(at, "resource_up_value")
            .map(|(_, value)| value.valued())
            .collect(),
    };
    outline.each("resource_name").map(resource).collect()
}

fn generic_resources(outline: &Outline) -> Vec<GenericResource> {
    let resource = |(at, entry): (usize, &Entry)| GenericResource {
        name: entry.valued(),
        before_start: is_word(
            outline,
            at,
            "generic_resource_evaluation_type",
            "before_package_start",
        ),
        criteria: outline.one_below(at, "generic_resource_up_criteria"),
    };
    outline.each("generic_resource_name").map(resource).collect()
}

fn is_word(outline: &Outline, outer: usize, name: &'static str, word: &str) -> bool {
    outline.one_below(outer, name).is_some_and(|said| said.value.eq_ignore_ascii_case(word))
}

fn file_systems(outline: &Outline) -> Vec<FileSystem> {
    let file_system = |(at, entry): (usize, &Entry)| FileSystem {
        device: entry.valued(),
        server: outline.one_below(at, "fs_server"),
        directory: outline.one_below(at, "fs_directory"),
        kind: outline.one_below(at, "fs_type"),
        mount_options: outline.one_below(at, "fs_mount_opt"),
    };
    outline.each("fs_name").map(file_system).collect()
}

fn variables(outline: &Outline) -> Vec<(String, Valued<String>)> {
    let variable = |(_, entry): (usize, &Entry)| {
        let name = entry.name.get(4..).unwrap_or_default().to_owned();
        (name, entry.valued())
    };
    outline.each("pev_*").map(variable).collect()
}
