//! Of which module a parameter of a modular package is, and what scripts are told of a package's parameters.

use crate::outline::Outline;
use crate::table::{Of, Parameter};
use crate::text::Text;

/// Modules, and what they are for.
pub const MODULES: [(&str, &str); 19] = [
    ("sg/all", "every module"),
    ("sg/basic", "what every package has"),
    ("sg/dependency", "other packages that it needs, or must not meet"),
    ("sg/external", "scripts that run before the services"),
    ("sg/external_pre", "scripts that run before everything else"),
    ("sg/failover", "what every package has that runs on one node"),
    ("sg/filesystem", "file systems"),
    ("sg/generic_resource", "resources whose value commands set"),
    ("sg/monitor_subnet", "subnets that it needs"),
    ("sg/multi_node", "what every package has that runs on several nodes"),
    ("sg/package_ip", "addresses that move with it"),
    ("sg/pev", "variables of its scripts"),
    ("sg/pr_cntl", "reserved devices; Linux"),
    ("sg/priority", "its priority"),
    ("sg/resource", "resources that are polled"),
    ("sg/service", "programs that it runs"),
    ("sg/system_multi_node", "what every package has that runs on all nodes"),
    ("sg/volume_group", "volume groups"),
    ("sg/weight", "capacities that it uses"),
];

/// Those whose parameters begin so; the others are of every package.
const BEGINNINGS: [(&str, &str); 20] = [
    ("dependency_", "sg/dependency"),
    ("weight_", "sg/weight"),
    ("monitored_subnet", "sg/monitor_subnet"),
    ("local_lan", "sg/monitor_subnet"),
    ("cluster_interconnect", "sg/monitor_subnet"),
    ("ip_", "sg/package_ip"),
    ("service_", "sg/service"),
    ("resource_", "sg/resource"),
    ("generic_resource_", "sg/generic_resource"),
    ("concurrent_vg", "sg/volume_group"),
    ("enable_threaded", "sg/volume_group"),
    ("vg", "sg/volume_group"),
    ("cvm_", "sg/volume_group"),
    ("vxvm_", "sg/volume_group"),
    ("deactivation_", "sg/volume_group"),
    ("kill_processes", "sg/volume_group"),
    ("concurrent_", "sg/filesystem"),
    ("fs_", "sg/filesystem"),
    ("external_pre_", "sg/external_pre"),
    ("external_", "sg/external"),
];

/// The module of a parameter.
pub fn of(parameter: &Parameter) -> &'static str {
    let name = parameter.name;
    match name {
        "pev_*" => "sg/pev",
        "priority" => "sg/priority",
        "pv" | "pr_cntl" => "sg/pr_cntl",
        "package_name" | "package_description" | "package_type" | "path" => "sg/basic",
        _ => {
            let found = BEGINNINGS.iter().find(|(start, _)| name.starts_with(start));
            found.map_or("sg/basic", |(_, module)| *module)
        }
    }
}

/// Whether a template of these modules has a parameter.
pub fn has(modules: &[&str], parameter: &Parameter) -> bool {
    let all = ["sg/all", "sg/default", "sg/multi_node_all"];
    let own = of(parameter);
    modules.is_empty()
        || own == "sg/basic"
        || modules.iter().any(|module| all.contains(module) || *module == own)
}

/// What a package's file says, as lines that a shell reads: `SG_SERVICE_NAME[0]='web'`, `PEV_COLOUR='red'`. What may be
/// said several times is an array.
pub fn environment(text: &Text) -> String {
    let outline = Outline::of(Of::Package, text);
    let mut lines = String::new();
    let mut counts: std::collections::BTreeMap<&str, usize> = std::collections::BTreeMap::new();
    for entry in &outline.entries {
        let parameter = entry.parameter;
        let value = format!("'{}'", entry.value.replace('\'', r"'\''"));
        if parameter.name == "pev_*" {
            lines.push_str(&format!("{}={value}\n", entry.name.to_uppercase()));
            continue;
        }
        let name = parameter.name.to_uppercase();
        // What belongs to something that may be said several times has its number.
        let outer = counts.get(parameter.below).map(|count| count - 1).filter(|_| !parameter.many);
        let number = match (outer, parameter.many) {
            (Some(number), _) => Some(number),
            (None, true) => Some(counts.get(parameter.name).copied().unwrap_or(0)),
            (None, false) => None,
        };
        *counts.entry(parameter.name).or_default() += 1;
        match number {
            Some(number) => lines.push_str(&format!("SG_{name}[{number}]={value}\n")),
            None => lines.push_str(&format!("SG_{name}={value}\n")),
        }
    }
    lines
}
