//! A package alone: its type, nodes, scripts, services, addresses, resources.

use corosync::Valued;

use super::{Findings, twice};
use crate::address::could_be_on;
use crate::package::{Package, PolledResource, Restarts, Style, Timeout, Type};
use crate::table::SECONDS_MAX;
use crate::up_value;

/// Services of one package. Source: general knowledge.
const SERVICES_MAX: usize = 30;
/// Values for which polled resources of one package are up. Source: the manual.
const UP_VALUES_MAX: usize = 15;
const PRIORITIES: std::ops::RangeInclusive<u64> = 1..=3000;

pub(super) fn check(package: &Package, found: &mut Findings) {
    if package.name.is_none() {
        found.error(0, "there is no package_name", "say it once");
    }
    nodes(package, found);
    kind(package, found);
    scripts(package, found);
    services(package, found);
    addresses(package, found);
    for resource in &package.resources {
        polled(resource, found);
    }
    let mut up_values = package.resources.iter().flat_map(|resource| &resource.up_values);
    if let Some(value) = up_values.nth(UP_VALUES_MAX) {
        found.error(value.line, format!("more than {UP_VALUES_MAX} values"), "");
    }
    for resource in &package.generic_resources {
        let criteria = resource.criteria.as_ref().filter(|said| !is_criteria(&said.value));
        if let Some(said) = criteria {
            let what = format!("`{}` is no generic_resource_up_criteria", said.value);
            found.error(said.line, what, "an operator and a whole number, such as <50");
        }
    }
    for (name, amount) in &package.weights {
        if amount.is_none() {
            let what = format!("the weight {} has no value", name.value);
            found.error(name.line, what, "say weight_value after it");
        }
    }
    repeated_names(package, found);
}

fn nodes(package: &Package, found: &mut Findings) {
    if package.nodes.is_empty() {
        found.error(0, "there is no node_name", "a package needs one node at least, or *");
    }
    let all = package.nodes.iter().map(|node| (node.value.as_str(), node.line));
    for (name, line, first) in twice(all) {
        let what = format!("the node {name} is there twice");
        found.error(line, what, &format!("first in line {first}"));
    }
    let star = package.nodes.iter().find(|node| node.value == "*");
    if let Some(star) = star.filter(|_| package.nodes.len() > 1) {
        found.error(star.line, "every node, and others by name", "* stands alone");
    }
}

/// What goes with which type.
fn kind(package: &Package, found: &mut Findings) {
    let off = |said: &Option<Valued<bool>>, default: bool| {
        !said.as_ref().map_or(default, |said| said.value)
    };
    let line = |said: &Option<Valued<bool>>| {
        let at_type = || package.kind.as_ref().map_or(0, |kind| kind.line);
        said.as_ref().map_or_else(at_type, |said| said.line)
    };
    let is_failover = match package.kind() {
        Type::Failover => true,
        Type::MultiNode => false,
        Type::SystemMultiNode => {
            if off(&package.auto_run, true) {
                found.error(
                    line(&package.auto_run),
                    "auto_run of a system_multi_node package",
                    "say yes",
                );
            }
            if off(&package.node_fail_fast, false) {
                let what = "node_fail_fast_enabled of a system_multi_node package";
                found.error(line(&package.node_fail_fast), what, "say yes");
            }
            false
        }
    };
    if !is_failover {
        let of_one = [
            package.failover_policy.as_ref().map(|said| (said.line, "failover_policy")),
            package.failback.as_ref().map(|said| (said.line, "failback_policy")),
            package.addresses.first().map(|said| (said.address.line, "ip_address")),
        ];
        for (line, name) in of_one.into_iter().flatten() {
            found.error(line, format!("{name} is for failover packages"), "leave it out");
        }
        let lan = package.local_lan_failover.as_ref().filter(|said| said.value);
        if let Some(lan) = lan {
            found.error(lan.line, "local_lan_failover_allowed is for failover packages", "say no");
        }
    }
    priority(package, found);
}

fn priority(package: &Package, found: &mut Findings) {
    let Some(priority) = &package.priority else { return };
    if !PRIORITIES.contains(&u64::from(priority.value)) {
        found.error(
            priority.line,
            format!("priority is {}", priority.value),
            "it takes 1 to 3000, or no_priority",
        );
    }
    if package.kind() == Type::Failover && !package.is_configured_node() {
        let what = "a priority, and failover_policy is not configured_node";
        found.error(priority.line, what, "say no_priority");
    }
}

fn scripts(package: &Package, found: &mut Findings) {
    if package.style == Style::Legacy {
        for (script, name) in
            [(&package.run_script, "RUN_SCRIPT"), (&package.halt_script, "HALT_SCRIPT")]
        {
            if script.is_none() {
                let what = format!("a legacy package without {name}");
                found.error(0, what, "say its control script; modular files have module_name");
            }
        }
    }
    let waits: u64 = package
        .services
        .iter()
        .filter_map(|service| service.halt_timeout.as_ref().map(|timeout| timeout.value))
        .sum();
    if let Some(Valued { value: Timeout::Seconds(seconds), line }) = &package.halt_timeout
        && *seconds <= waits
        && waits > 0
        && waits <= SECONDS_MAX.saturating_mul(SERVICES_MAX as u64)
    {
        let what =
            format!("halt_script_timeout ({seconds}) is not longer than its services' {waits}");
        found.warning(*line, what, "services are waited for one after the other");
    }
}

fn services(package: &Package, found: &mut Findings) {
    if let Some(service) = package.services.get(SERVICES_MAX) {
        found.error(service.name.line, format!("more than {SERVICES_MAX} services"), "");
    }
    for service in &package.services {
        let name = &service.name.value;
        if service.command.is_none() && package.style == Style::Modular {
            let what = format!("the service {name} has no service_cmd");
            found.error(service.name.line, what, "what does it run?");
        }
        let unlimited =
            matches!(&service.restarts, Some(said) if said.value == Restarts::Unlimited);
        let fast = service.fail_fast.as_ref().filter(|fast| fast.value);
        if let (Some(fast), true) = (fast, unlimited) {
            let what = format!("{name} is run again for ever, so its node is never reset");
            found.note(fast.line, what, "say service_restart none, or a count");
        }
    }
}

fn addresses(package: &Package, found: &mut Findings) {
    let all: Vec<(String, u32)> = package
        .addresses
        .iter()
        .map(|said| (said.address.value.to_string(), said.address.line))
        .collect();
    for (address, line, first) in twice(all.iter().map(|(a, line)| (a.as_str(), *line))) {
        let what = format!("the address {address} is there twice");
        found.error(line, what, &format!("first in line {first}"));
    }
    for said in &package.addresses {
        let Some(subnet) = &said.subnet else { continue };
        if !could_be_on(subnet.value, said.address.value) {
            let what = format!("{} is not on the subnet {}", said.address.value, subnet.value);
            found.error(
                said.address.line,
                what,
                &format!("the ip_subnet is in line {}", subnet.line),
            );
        }
    }
}

fn polled(resource: &PolledResource, found: &mut Findings) {
    let PolledResource { name, up_values, .. } = resource;
    if up_values.is_empty() {
        let what = format!("the resource {} has no resource_up_value", name.value);
        found.error(name.line, what, "when is it well?");
    }
    let mut is_right = true;
    for said in up_values {
        if let Err(hint) = up_value::check(&said.value) {
            is_right = false;
            let what = format!("`{}` is no resource_up_value", said.value);
            found.error(said.line, what, hint);
        }
    }
    if let Some(text) = resource.text().filter(|_| is_right && resource.is_number()) {
        let what = format!("the resource {} has numbers and texts", name.value);
        found.error(text.line, what, "its values are one or the other");
    }
}

/// Empty, or such as `<50`.
fn is_criteria(text: &str) -> bool {
    let operators = ["<=", ">=", "==", "!=", "<", ">", "="];
    let number = operators.iter().find_map(|operator| text.strip_prefix(operator));
    text.is_empty() || number.is_some_and(|number| number.trim().parse::<i64>().is_ok())
}

/// Names that belong to one thing each.
fn repeated_names(package: &Package, found: &mut Findings) {
    type Names<'a> = Vec<(&'a str, u32)>;
    fn names<'a>(all: impl Iterator<Item = &'a Valued<String>>) -> Names<'a> {
        all.map(|name| (name.value.as_str(), name.line)).collect()
    }
    let lists: [(&str, Names<'_>); 5] = [
        ("service", names(package.services.iter().map(|service| &service.name))),
        ("resource", names(package.resources.iter().map(|resource| &resource.name))),
        ("generic resource", names(package.generic_resources.iter().map(|one| &one.name))),
        ("weight", names(package.weights.iter().map(|(name, _)| name))),
        ("dependency", names(package.dependencies.iter().map(|one| &one.name))),
    ];
    for (kind, names) in lists {
        for (name, line, first) in twice(names) {
            let what = format!("the {kind} {name} is there twice");
            found.error(line, what, &format!("first in line {first}"));
        }
    }
}
