//! Fence devices: what `stonith` and `stonith_host` name, as agents of today.

use super::xml::Primitive;
use super::{File, Kind, Making};
use crate::settings::{Device, Parameters};

/// A kind of device: the names of its parameters in Heartbeat's order, and the agent for it with its
/// names for them. A parameter without a name there is left out.
pub(crate) struct Known {
    kind: &'static str,
    pub(crate) agent: &'static str,
    pub(crate) parameters: &'static [(&'static str, &'static str)],
    /// What the agent needs besides.
    pub(crate) more: &'static [(&'static str, &'static str)],
}

const HOSTS: &str = "pcmk_host_list";

#[rustfmt::skip] // a table: one kind a line
const KNOWN: &[Known] = &[
    Known { kind: "ipmilan", agent: "fence_ipmilan", parameters: &[("hostname", HOSTS), ("ipaddr", "ip"), ("port", "ipport"), ("auth", "auth"), ("priv", "privlvl"), ("login", "username"), ("password", "password")], more: &[] },
    Known { kind: "external/ipmi", agent: "fence_ipmilan", parameters: &[("hostname", HOSTS), ("ipaddr", "ip"), ("userid", "username"), ("passwd", "password"), ("interface", "")], more: &[("lanplus", "1")] },
    Known { kind: "external/drac5", agent: "fence_drac5", parameters: &[("hostname", HOSTS), ("ipaddr", "ip"), ("userid", "username"), ("passwd", "password")], more: &[("ssh", "1")] },
    Known { kind: "external/libvirt", agent: "fence_virsh", parameters: &[("hostlist", HOSTS), ("hypervisor_uri", "")], more: &[] },
    Known { kind: "apcmaster", agent: "fence_apc", parameters: &[("ipaddr", "ip"), ("login", "username"), ("password", "password")], more: &[] },
    Known { kind: "apcmastersnmp", agent: "fence_apc_snmp", parameters: &[("ipaddr", "ip"), ("port", "udpport"), ("community", "community")], more: &[] },
    Known { kind: "wti_nps", agent: "fence_wti", parameters: &[("ipaddr", "ip"), ("password", "password")], more: &[] },
];

/// Kinds that no agent stands for, and what to do.
const NONE: &[(&str, &str)] = &[
    ("meatware", "say `quorate node confirm-off NODE` when you have switched the node off"),
    ("meatclient", "say `quorate node confirm-off NODE` when you have switched the node off"),
    ("ssh", "it cannot fence a node that does not answer: use a real device"),
    ("external/ssh", "it cannot fence a node that does not answer: use a real device"),
    ("suicide", "a node that stops itself needs a watchdog: [watchdog] in quorate.toml"),
    ("null", "it fences nothing: use a real device"),
];

/// The agent of today for a kind of device; what to do where there is none.
pub(crate) fn of_today(kind: &str) -> Result<&'static Known, &'static str> {
    let why = NONE.iter().find(|(none, _)| *none == kind).map_or(
        "no agent is known for it: `quorate agents stonith` lists those of this machine",
        |(_, why)| *why,
    );
    KNOWN.iter().find(|known| known.kind == kind).ok_or(why)
}

/// Makes the devices; whether there is one.
pub(super) fn lower(making: &mut Making<'_>) -> bool {
    let devices = &making.settings.devices;
    let mut made = 0;
    for (number, device) in (1..).zip(devices) {
        if one(making, number, device) {
            made += 1;
        }
    }
    if made == 0 && !devices.is_empty() {
        let text = "none of the fence devices could be taken over: the cluster does not fence until you add \
                    one";
        making.say(File::HaCf, 0, Kind::ToDo, text);
    }
    made > 0
}

fn one(making: &mut Making<'_>, number: u32, device: &Device) -> bool {
    let Device { line, from, kind, parameters } = device;
    let known = match of_today(kind) {
        Ok(known) => known,
        Err(why) => {
            making.say(File::HaCf, *line, Kind::ToDo, format!("the fence device {kind}: {why}"));
            return false;
        }
    };
    let Some(values) = values(making, device, parameters) else { return false };
    let mut named: Vec<(String, String)> = Vec::new();
    for ((_, name), value) in known.parameters.iter().zip(&values) {
        if !name.is_empty() && !value.is_empty() {
            named.push(((*name).to_owned(), value.replace(',', " ")));
        }
    }
    for (name, value) in known.more {
        named.push(((*name).to_owned(), (*value).to_owned()));
    }
    if let Some((_, hosts)) = named.iter_mut().find(|(name, _)| name == HOSTS) {
        *hosts = hosts.to_lowercase();
    }
    if values.len() != known.parameters.len() {
        let expected: Vec<&str> = known.parameters.iter().map(|(name, _)| *name).collect();
        let what = format!("{kind} has {} parameters", values.len());
        making.findings.warning(*line, what, &format!("expected: {}", expected.join(" ")));
    }
    let id = format!("stonith_{number}");
    let primitive = Primitive {
        id: &id,
        agent: ("stonith", None, known.agent),
        parameters: &named,
        monitor: ("60s", "60s"),
    };
    making.resources.push_str(&primitive.to_string());
    if let Some(from) = from {
        making.constraints.push_str(&format!(
            "<rsc_location id=\"rsc_location_{id}\" rsc=\"{id}\"><rule id=\"rsc_location_{id}_rule\" \
             score=\"-INFINITY\"><expression id=\"rsc_location_{id}_expr\" attribute=\"#uname\" \
             operation=\"ne\" value=\"{from}\"/></rule></rsc_location>"
        ));
    }
    let who = from.as_ref().map_or("any node".to_owned(), |from| format!("{from} only"));
    let text = format!("the fence device {kind} becomes {id} ({}), used by {who}", known.agent);
    making.say(File::HaCf, *line, Kind::Becomes, text);
    true
}

/// The parameters' values; of a file, the words of its first line that says something.
fn values(
    making: &mut Making<'_>,
    device: &Device,
    parameters: &Parameters,
) -> Option<Vec<String>> {
    match parameters {
        Parameters::Here(values) => Some(values.clone()),
        Parameters::File(path) => {
            let text = making.machines.files.get(path);
            let line = text.into_iter().flat_map(|text| text.lines()).map(str::trim);
            let said = line.into_iter().find(|line| !line.is_empty() && !line.starts_with('#'));
            if said.is_none() {
                let what = format!(
                    "the parameters of {} are in {path}, which cannot be read",
                    device.kind
                );
                making.findings.error(device.line, what, "expected: a file with one line");
            }
            Some(said?.split_whitespace().map(str::to_owned).collect())
        }
    }
}
