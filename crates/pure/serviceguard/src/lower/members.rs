//! A package's resources: in the order in which they start, a group; of one that runs on several
//! nodes, a clone of the group.

use cib::{Document, Element, NodeId, Section};
use corosync::Valued;

use super::options::thousandths;
use super::write::{element, names, pairs};
use crate::package::{FileSystem, Package, Restarts, Service, Style, Timeout, Type};

/// How often each is looked at. The death of a service is noticed at once all the same.
pub(super) const MONITOR: &str = "10s";
/// The same in fail counts' names (ms).
pub(super) const MONITOR_MS: &str = "10000";

/// Longer than a script's own time-out: the agent ends the script and says so, before anybody ends
/// the agent (s).
const BESIDES: u64 = 30;
/// For a script that may take for ever: a week (s).
const FOR_EVER: u64 = 604_800;

/// A member of the group.
pub(super) struct Member {
    pub(super) id: String,
    /// The module that it is of, as `cmrunpkg -m` has it.
    pub(super) module: &'static str,
    provider: &'static str,
    agent: &'static str,
    parameters: Vec<(&'static str, String)>,
    start: u64,
    stop: u64,
    /// Its failure resets the node.
    fail_fast: bool,
    /// So does the failure of its stop; else the package stays where it is until somebody looks.
    stop_fail_fast: bool,
}

/// Everything that the package starts, in order.
pub(super) fn of(package: &Package) -> Vec<Member> {
    let mut members = started(package);
    if package.takes_its_site_along() {
        members.push(site(package));
    }
    members
}

/// What keeps the site of the node where all the rest is up.
fn site(package: &Package) -> Member {
    Member {
        id: format!("{}-site", package.called()),
        module: "sg/service",
        provider: "quorate",
        agent: "package-site",
        parameters: vec![("package", package.called().to_owned())],
        start: 20,
        stop: 20,
        fail_fast: false,
        stop_fail_fast: false,
    }
}

fn started(package: &Package) -> Vec<Member> {
    let mut members = Vec::new();
    let name = package.called();
    if package.style == Style::Legacy {
        let script = |said: &Option<Valued<String>>| {
            said.as_ref().map_or_else(String::new, |script| script.value.clone())
        };
        let scripts = [script(&package.run_script), script(&package.halt_script)];
        let mut control = script_member(package, (format!("{name}-control"), ""), scripts);
        // Its monitor fails for its services alone.
        control.fail_fast = package
            .services
            .iter()
            .any(|service| service.fail_fast.as_ref().is_some_and(|fast| fast.value));
        let halt = |service: &Service| {
            let seconds = service.halt_timeout.as_ref()?.value;
            Some(format!("{}={seconds}", service.name.value))
        };
        let halts: Vec<String> = package.services.iter().filter_map(halt).collect();
        if !halts.is_empty() {
            control.parameters.push(("service_halt_timeouts", halts.join(" ")));
        }
        members.push(control);
        return members;
    }
    for (at, script) in package.pre_scripts.iter().enumerate() {
        let id = (format!("{name}-pre-{}", at + 1), "sg/external_pre");
        members.push(script_member(package, id, [script.value.clone(), script.value.clone()]));
    }
    members.extend(package.volume_groups.iter().map(|group| volume_group(package, &group.value)));
    let systems = package.file_systems.iter().enumerate();
    members.extend(systems.map(|(at, fs)| file_system(package, at + 1, fs)));
    let addresses = package.addresses.iter();
    members.extend(addresses.map(|said| address(package, said.address.value)));
    for (at, script) in package.scripts.iter().enumerate() {
        let id = (format!("{name}-script-{}", at + 1), "sg/external");
        members.push(script_member(package, id, [script.value.clone(), script.value.clone()]));
    }
    members.extend(deferred(package));
    members.extend(package.services.iter().map(|one| service(package, one)));
    if members.is_empty() {
        // A package that only holds a place for others still is somewhere.
        members.push(standard(
            package,
            (format!("{name}-place"), ""),
            ("pacemaker", "Dummy"),
            vec![],
        ));
    }
    members
}

fn is_fast(package: &Package) -> bool {
    package.node_fail_fast.as_ref().is_some_and(|fast| fast.value)
        || package.kind() == Type::SystemMultiNode
}

fn seconds(timeout: &Option<Valued<Timeout>>) -> Option<u64> {
    match timeout.as_ref().map(|timeout| timeout.value) {
        Some(Timeout::Seconds(seconds)) => Some(seconds),
        Some(Timeout::Never) | None => None,
    }
}

/// A control script, or an external script: the same with both actions in one.
fn script_member(
    package: &Package,
    (id, module): (String, &'static str),
    [run, halt]: [String; 2],
) -> Member {
    let (run_for, halt_for) = (seconds(&package.run_timeout), seconds(&package.halt_timeout));
    let mut parameters = vec![("package", package.called().to_owned()), ("run_script", run)];
    parameters.push(("halt_script", halt));
    let limits = [("run_timeout", run_for), ("halt_timeout", halt_for)];
    parameters
        .extend(limits.into_iter().filter_map(|(name, limit)| Some((name, limit?.to_string()))));
    if is_fast(package) {
        parameters.push(("fail_fast", "yes".to_owned()));
    }
    if let Some(log) = &package.log_file {
        parameters.push(("log", log.value.clone()));
    }
    if !package.variables.is_empty() {
        let line = |(name, value): &(String, Valued<String>)| {
            format!("PEV_{}={}\n", name.to_uppercase(), value.value)
        };
        parameters.push(("variables", package.variables.iter().map(line).collect()));
    }
    let limit = |of: Option<u64>| of.map_or(FOR_EVER, |seconds| seconds + BESIDES);
    Member {
        id,
        module,
        provider: "quorate",
        agent: "package-script",
        parameters,
        start: limit(run_for),
        stop: limit(halt_for),
        fail_fast: is_fast(package),
        stop_fail_fast: is_fast(package),
    }
}

/// What has resources count from here on that are deferred.
fn deferred(package: &Package) -> Option<Member> {
    let names = package.resources.iter().filter(|one| one.deferred);
    let names: Vec<&str> = names.map(|one| one.name.value.as_str()).collect();
    if names.is_empty() {
        return None;
    }
    let resources = ("resources", names.join("\n"));
    Some(Member {
        id: format!("{}-resources", package.called()),
        module: "sg/resource",
        provider: "quorate",
        agent: "package-resources",
        parameters: vec![("package", package.called().to_owned()), resources],
        start: 60,
        stop: 60,
        fail_fast: false,
        stop_fail_fast: is_fast(package),
    })
}

fn service(package: &Package, service: &Service) -> Member {
    let Service { name, command, restarts, fail_fast, halt_timeout } = service;
    let halt = halt_timeout.as_ref().map_or(0, |halt| halt.value);
    let restarts = match restarts.as_ref().map(|restarts| restarts.value) {
        Some(Restarts::Unlimited) => "unlimited".to_owned(),
        Some(Restarts::Times(count)) => count.to_string(),
        None => "0".to_owned(),
    };
    let command = command.as_ref().map_or_else(String::new, |command| command.value.clone());
    Member {
        id: format!("{}-service-{}", package.called(), name.value),
        module: "sg/service",
        provider: "quorate",
        agent: "package-service",
        parameters: vec![
            ("service", name.value.clone()),
            ("cmd", command),
            ("restarts", restarts),
            ("halt_timeout", halt.to_string()),
        ],
        start: BESIDES,
        stop: halt + BESIDES,
        fail_fast: fail_fast.as_ref().is_some_and(|fast| fast.value),
        stop_fail_fast: is_fast(package),
    }
}

/// A resource with an agent of the distribution's.
fn standard(
    package: &Package,
    (id, module): (String, &'static str),
    (provider, agent): (&'static str, &'static str),
    parameters: Vec<(&'static str, String)>,
) -> Member {
    Member {
        id,
        module,
        provider,
        agent,
        parameters,
        start: 90,
        stop: 90,
        fail_fast: is_fast(package),
        stop_fail_fast: is_fast(package),
    }
}

fn volume_group(package: &Package, group: &str) -> Member {
    let group = group.strip_prefix("/dev/").unwrap_or(group);
    let id = format!("{}-vg-{}", package.called(), names::part(group));
    let mode = ("vg_access_mode", "system_id".to_owned());
    standard(
        package,
        (id, "sg/volume_group"),
        ("heartbeat", "LVM-activate"),
        vec![("vgname", group.to_owned()), mode],
    )
}

fn file_system(package: &Package, number: usize, fs: &FileSystem) -> Member {
    let id = format!("{}-fs-{number}", package.called());
    let device = match &fs.server {
        Some(server) => format!("{}:{}", server.value, fs.device.value),
        None => fs.device.value.clone(),
    };
    let mut parameters = vec![("device", device)];
    let more = [("directory", &fs.directory), ("fstype", &fs.kind)];
    parameters
        .extend(more.iter().filter_map(|(name, said)| Some((*name, said.as_ref()?.value.clone()))));
    // `-o rw,noatime` there is `rw,noatime` here.
    if let Some(said) = &fs.mount_options {
        let options = said.value.strip_prefix("-o").map_or(said.value.as_str(), str::trim_start);
        parameters.push(("options", options.to_owned()));
    }
    standard(package, (id, "sg/filesystem"), ("heartbeat", "Filesystem"), parameters)
}

fn address(package: &Package, address: std::net::IpAddr) -> Member {
    let id =
        format!("{}-ip-{}", package.called(), names::part(&address.to_string().replace(':', "-")));
    let ip = vec![("ip", address.to_string())];
    standard(package, (id, "sg/package_ip"), ("quorate", "package-address"), ip)
}

/// Writes the resource that the package becomes.
pub(super) fn write(document: &mut Document, package: &Package) {
    let name = package.called();
    let resources = document.section_or_new(Section::Resources);
    let group = match package.kind() {
        Type::Failover => {
            let group = element(document, resources, "group", name);
            meta(document, group, name, package);
            group
        }
        Type::MultiNode | Type::SystemMultiNode => {
            let clone = element(document, resources, "clone", name);
            meta(document, clone, name, package);
            element(document, clone, "group", &names::instance(name))
        }
    };
    write_members(document, group, package, of(package));
}

/// Members of a package, in the place of those that its group had.
pub(super) fn write_members(
    document: &mut Document,
    group: NodeId,
    package: &Package,
    members: Vec<Member>,
) {
    let old = document.element(group).children().filter(|at| at.is("primitive"));
    let old: Vec<NodeId> = old.map(Element::id).collect();
    old.into_iter().for_each(|at| document.remove(at));
    let demands = demands(package);
    for (at, member) in members.into_iter().enumerate() {
        let demands = if at == 0 { demands.as_slice() } else { &[] };
        write_member(document, group, &member, demands);
    }
}

fn meta(document: &mut Document, at: NodeId, name: &str, package: &Package) {
    // One failure, after the service's own restarts, is the package's.
    let mut all = vec![("migration-threshold", "1".to_owned())];
    match package.kind() {
        Type::Failover => {
            let goes_back = package.failback.as_ref().is_some_and(|failback| failback.value);
            let stickiness = if goes_back { "0" } else { "INFINITY" };
            all.push(("resource-stickiness", stickiness.to_owned()));
        }
        Type::MultiNode | Type::SystemMultiNode => {
            all.push(("clone-node-max", "1".to_owned()));
            all.push(("interleave", "true".to_owned()));
        }
    }
    if let Some(priority) = &package.priority {
        // There 1 of 3000 is the highest.
        all.push(("priority", 3001_u32.saturating_sub(priority.value).to_string()));
    }
    pairs(document, at, ("meta_attributes", &format!("{name}-meta")), all);
}

/// Of which capacity the package needs how much.
fn demands(package: &Package) -> Vec<(&str, String)> {
    let demand = |(name, amount): &'_ (Valued<String>, Option<Valued<f64>>)| {
        let amount = amount.as_ref()?;
        Some(thousandths(amount.value, f64::ceil)).filter(|_| !name.value.is_empty())
    };
    let weights = package.weights.iter();
    weights.filter_map(|said| Some((said.0.value.as_str(), demand(said)?))).collect()
}

fn write_member(
    document: &mut Document,
    group: NodeId,
    member: &Member,
    demands: &[(&str, String)],
) {
    let Member {
        id,
        module: _,
        provider,
        agent,
        parameters,
        start,
        stop,
        fail_fast,
        stop_fail_fast,
    } = member;
    let at = element(document, group, "primitive", id);
    for (name, value) in [("class", "ocf"), ("provider", provider), ("type", agent)] {
        document.set(at, name, value);
    }
    let parameters = parameters.iter().cloned();
    pairs(document, at, ("instance_attributes", &format!("{id}-params")), parameters);
    pairs(document, at, ("utilization", &format!("{id}-demand")), demands.iter().cloned());
    let operations = document.append(at, "operations");
    let after_stop = if *stop_fail_fast { "fence" } else { "block" };
    let after_monitor = fail_fast.then_some("fence");
    for (name, interval, timeout, on_fail) in [
        ("start", "0", *start, None),
        ("stop", "0", *stop, Some(after_stop)),
        ("monitor", MONITOR, 60, after_monitor),
    ] {
        let op = element(document, operations, "op", &format!("{id}-{name}"));
        document.set(op, "name", name);
        document.set(op, "interval", interval);
        document.set(op, "timeout", &format!("{timeout}s"));
        if let Some(on_fail) = on_fail {
            document.set(op, "on-fail", on_fail);
        }
    }
}
