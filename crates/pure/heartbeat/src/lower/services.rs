//! Lines of `haresources`: primitives and groups, each with a node that it prefers.

use std::collections::{BTreeMap, BTreeSet};

use super::xml::{Primitive, id_of};
use super::{File, Kind, Making, PREFERENCE, pings, xml};
use crate::resources::{Entry, Group, Resources};

/// OCF agents that take over what a script of Heartbeat did: its positional arguments in order, the
/// last of which takes what is left.
struct Known {
    script: &'static str,
    agent: &'static str,
    parameters: &'static [&'static str],
}

#[rustfmt::skip] // a table: one script a line
const KNOWN: &[Known] = &[
    Known { script: "AudibleAlarm", agent: "AudibleAlarm", parameters: &["nodelist"] },
    Known { script: "Delay", agent: "Delay", parameters: &["startdelay", "stopdelay", "mondelay"] },
    Known { script: "Filesystem", agent: "Filesystem", parameters: &["device", "directory", "fstype", "options"] },
    Known { script: "ICP", agent: "ICP", parameters: &["driveid", "device"] },
    Known { script: "IPsrcaddr", agent: "IPsrcaddr", parameters: &["ipaddress"] },
    Known { script: "IPv6addr", agent: "IPv6addr", parameters: &["ipv6addr"] },
    Known { script: "LVM", agent: "LVM-activate", parameters: &["vgname"] },
    Known { script: "LinuxSCSI", agent: "LinuxSCSI", parameters: &["scsi"] },
    Known { script: "MailTo", agent: "MailTo", parameters: &["email", "subject"] },
    Known { script: "Raid1", agent: "mdraid", parameters: &["mdadm_conf", "md_dev"] },
    Known { script: "SendArp", agent: "SendArp", parameters: &["ip", "nic"] },
    Known { script: "ServeRAID", agent: "ServeRAID", parameters: &["serveraid", "mergegroup"] },
    Known { script: "WAS", agent: "WAS", parameters: &["config", "port"] },
    Known { script: "WinPopup", agent: "WinPopup", parameters: &["hostfile"] },
    Known { script: "Xinetd", agent: "Xinetd", parameters: &["service"] },
    Known { script: "apache", agent: "apache", parameters: &["configfile"] },
    Known { script: "db2", agent: "db2", parameters: &["instance", "admin"] },
    Known { script: "portblock", agent: "portblock", parameters: &["protocol", "portno", "action"] },
];

/// Interval and time-out of the monitor of an address, and of anything else.
const ADDRESS_MONITOR: (&str, &str) = ("5s", "20s");
const MONITOR: (&str, &str) = ("120s", "60s");

pub(super) fn lower(making: &mut Making<'_>, resources: Option<&Resources>, has_pings: bool) {
    let Some(resources) = resources.filter(|resources| !resources.groups.is_empty()) else {
        return;
    };
    let mut taken = BTreeSet::new();
    let mut number = 1;
    for group in &resources.groups {
        let id = line(making, group, &mut number, &mut taken);
        let Some(id) = id else { continue };
        prefer(making, &id, &group.node);
        if has_pings {
            pings::prefer(making, &id);
        }
    }
    let text = format!(
        "resources are monitored now, which Heartbeat did not; operations get {} each, where Heartbeat waited \
         for ever",
        xml::TIMEOUT
    );
    making.say(File::Resources, 0, Kind::Differs, text);
    let text = "a start that fails is tried on the other node; a stop that fails has the node fenced or, \
                without a fence device, leaves the resource blocked, where Heartbeat rebooted after ten tries";
    making.say(File::Resources, 0, Kind::Differs, text);
}

/// One line: a primitive, or a group of them; its id.
fn line(
    making: &mut Making<'_>,
    group: &Group,
    number: &mut u32,
    taken: &mut BTreeSet<String>,
) -> Option<String> {
    let mut ids = Vec::new();
    let mut xml = String::new();
    for entry in &group.entries {
        let Some(made) = agent_of(making, entry, group.line) else { continue };
        let id = free(&made.id, taken);
        let Made { class, provider, kind, parameters, monitor, .. } = &made;
        let agent = (*class, *provider, kind.as_str());
        let primitive = Primitive { id: &id, agent, parameters, monitor: *monitor };
        xml.push_str(&primitive.to_string());
        ids.push(id);
    }
    let words = group.entries.iter().map(ToString::to_string).collect::<Vec<_>>().join(" ");
    match ids.as_slice() {
        [] => None,
        [only] => {
            making.resources.push_str(&xml);
            let text = format!("{words} becomes {only}, which prefers {}", group.node);
            making.say(File::Resources, group.line, Kind::Becomes, text);
            Some(only.clone())
        }
        [..] => {
            let id = free(&format!("group_{number}"), taken);
            *number += 1;
            making.resources.push_str(&format!("<group id=\"{id}\">{xml}</group>"));
            let text =
                format!("the line becomes {id} ({}), which prefers {}", ids.join(", "), group.node);
            making.say(File::Resources, group.line, Kind::Becomes, text);
            Some(id)
        }
    }
}

/// The word of `haresources` for a primitive; what has none is said.
pub(crate) fn entry(primitive: cib::Element<'_>, lost: &mut Vec<String>) -> Option<String> {
    let id = primitive.attr("id").unwrap_or_default();
    let of = |name: &str| primitive.attr(name).unwrap_or_default();
    let (class, kind) = (of("class"), of("type"));
    let given: BTreeMap<&str, &str> = primitive
        .children_named("instance_attributes")
        .flat_map(cib::Element::children)
        .filter_map(|pair| Some((pair.attr("name")?, pair.attr("value")?)))
        .collect();
    let value = |name: &str| given.get(name).copied();
    if class == "ocf" && matches!(kind, "IPaddr" | "IPaddr2") {
        let parts = ["cidr_netmask", "nic", "broadcast"].into_iter().filter_map(value);
        let parts: Vec<&str> = value("ip").into_iter().chain(parts).collect();
        return Some(parts.join("/"));
    }
    let (script, names): (&str, Vec<String>) = match class {
        "heartbeat" => {
            let mut numbers: Vec<u32> = given.keys().filter_map(|name| name.parse().ok()).collect();
            numbers.sort_unstable();
            (kind, numbers.iter().map(ToString::to_string).collect())
        }
        "lsb" | "systemd" | "service" => (kind, Vec::new()),
        _ => {
            let known = KNOWN.iter().find(|known| class == "ocf" && known.agent == kind);
            let Some(known) = known else {
                lost.push(format!("{id}: Heartbeat has no script {kind}"));
                return None;
            };
            (known.script, known.parameters.iter().map(|&name| name.to_owned()).collect())
        }
    };
    let mut word = script.to_owned();
    let values: Vec<&str> = names.iter().map_while(|name| value(name)).collect();
    values.iter().for_each(|value| word.push_str(&format!("::{value}")));
    let said = |name: &&&str| names.iter().take(values.len()).any(|known| known == **name);
    // What the lowering adds by itself is no loss.
    let unsaid = given.keys().filter(|name| !said(name) && **name != "vg_access_mode");
    let unsaid: Vec<&str> = unsaid.copied().collect();
    if !unsaid.is_empty() {
        lost.push(format!("{id}: the script takes no {}", unsaid.join(", ")));
    }
    if values.iter().any(|value| value.contains(char::is_whitespace)) {
        lost.push(format!("{id}: a value with blanks is no word of haresources"));
    }
    Some(word)
}

/// An agent for an entry.
struct Made {
    id: String,
    class: &'static str,
    provider: Option<&'static str>,
    kind: String,
    parameters: Vec<(String, String)>,
    monitor: (&'static str, &'static str),
}

/// What the agent of today goes by. Source: lvmsystemid(7).
fn owned_group(entry: &Entry) -> String {
    let group = entry.arguments.first().map_or("", String::as_str);
    let group = group.trim_start_matches("/dev/");
    format!(
        "LVM: the volume group {group} is one node's at a time by its system ID: `system_id_source = \"uname\"` in \
         lvm.conf on each node, and once, where it is, `vgchange --systemid $(uname -n) {group}`"
    )
}

fn agent_of(making: &mut Making<'_>, entry: &Entry, line: u32) -> Option<Made> {
    let script = entry.script.as_str();
    if matches!(script, "IPaddr" | "IPaddr2") {
        return Some(address(entry));
    }
    let id = id_of(&format!("{script}_1"));
    if let Some(known) = KNOWN.iter().find(|known| known.script == script) {
        let parameters = named(known.parameters, &entry.arguments);
        let parameters = match known.agent {
            "LVM-activate" => {
                making.say(File::Resources, line, Kind::ToDo, owned_group(entry));
                with(parameters, "vg_access_mode", "system_id")
            }
            _ => parameters,
        };
        return Some(Made {
            id,
            class: "ocf",
            provider: Some("heartbeat"),
            kind: known.agent.to_owned(),
            parameters,
            monitor: MONITOR,
        });
    }
    let machines = making.machines;
    let is_plain = entry.arguments.is_empty();
    let class = if machines.resource_d.contains(script) {
        "heartbeat"
    } else if machines.init_d.contains(script) && is_plain {
        "lsb"
    } else if machines.units.contains(script) && is_plain {
        "systemd"
    } else {
        let what = format!("Cannot locate resource script {script}");
        let hint = if machines.not_executable.contains(script) {
            "it is there, and cannot be run: chmod 755"
        } else {
            "expected: in resource.d or init.d, or a service of systemd, of this machine"
        };
        making.of_resources.error(line, what, hint);
        return None;
    };
    let numbered = (1..).zip(&entry.arguments);
    let parameters = numbered.map(|(n, value): (u32, _)| (n.to_string(), value.clone())).collect();
    if class == "systemd" {
        let text = format!(
            "{script} is a service of systemd today: disable it there, the cluster starts it"
        );
        making.say(File::Resources, line, Kind::Differs, text);
    }
    Some(Made { id, class, provider: None, kind: script.to_owned(), parameters, monitor: MONITOR })
}

/// The last name takes all arguments that are left.
fn named(names: &[&str], arguments: &[String]) -> Vec<(String, String)> {
    let mut found = Vec::new();
    for (at, name) in names.iter().enumerate() {
        let rest = arguments.get(at..).unwrap_or_default();
        let value = match rest {
            [] => break,
            [first, ..] if at + 1 < names.len() => first.clone(),
            [..] => rest.join(" "),
        };
        if !value.is_empty() {
            found.push(((*name).to_owned(), value));
        }
    }
    found
}

fn with(mut parameters: Vec<(String, String)>, name: &str, value: &str) -> Vec<(String, String)> {
    parameters.push((name.to_owned(), value.to_owned()));
    parameters
}

/// `IP[/bits[/interface][/broadcast]]`, for the agent that Linux has today.
fn address(entry: &Entry) -> Made {
    let said = entry.arguments.first().map_or("", String::as_str);
    let mut parts = said.split('/');
    let ip = parts.next().unwrap_or_default();
    let mut parameters = vec![("ip".to_owned(), ip.to_owned())];
    for part in parts.filter(|part| !part.is_empty()) {
        let name = if part.bytes().all(|b| b.is_ascii_digit()) {
            "cidr_netmask"
        } else if part.parse::<std::net::Ipv4Addr>().is_ok() {
            "broadcast"
        } else {
            "nic"
        };
        parameters.push((name.to_owned(), part.to_owned()));
    }
    Made {
        id: id_of(&format!("IPaddr_{}", ip.replace('.', "_"))),
        class: "ocf",
        provider: Some("heartbeat"),
        kind: "IPaddr2".to_owned(),
        parameters,
        monitor: ADDRESS_MONITOR,
    }
}

/// The id, or the next one of its kind that is free.
fn free(wanted: &str, taken: &mut BTreeSet<String>) -> String {
    let base = wanted.strip_suffix("_1").unwrap_or(wanted);
    let next = (2_u32..).map(|number| format!("{base}_{number}"));
    let id = std::iter::once(wanted.to_owned()).chain(next).find(|id| !taken.contains(id));
    let id = id.unwrap_or_default();
    taken.insert(id.clone());
    id
}

fn prefer(making: &mut Making<'_>, id: &str, node: &str) {
    making.constraints.push_str(&format!(
        "<rsc_location id=\"rsc_location_{id}\" rsc=\"{id}\"><rule id=\"prefered_location_{id}\" \
         score=\"{PREFERENCE}\"><expression id=\"prefered_location_{id}_expr\" attribute=\"#uname\" \
         operation=\"eq\" value=\"{}\"/></rule></rsc_location>",
        cib::escape_attribute(node)
    ));
}
