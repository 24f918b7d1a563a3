//! Plug-ins of Heartbeat for fence devices, and the agents of today that do what they did.
//!
//! Sources: `stonith -t NAME -n` and `-m` of the cluster-glue package, `fence_NAME -o metadata` of fence-agents; a
//! test of the commands' crate holds the table against both.

use std::collections::BTreeSet;

/// A plug-in that an agent stands for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Plugin {
    /// As `stonith_host` and documents name it: `external/ipmi`.
    pub name: &'static str,
    pub agent: &'static str,
    /// What a line of `stonith_host` must have, in its order.
    pub parameters: &'static [(&'static str, Becomes)],
    /// What may follow there, and what only documents say.
    pub also: &'static [(&'static str, Becomes)],
    /// What the agent needs besides, name and value.
    pub more: &'static [(&'static str, &'static str)],
    /// What nobody but the operator can say; empty if nothing.
    pub to_say: &'static str,
}

/// What a parameter of a plug-in becomes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Becomes {
    /// The agent's parameter of this name.
    Name(&'static str),
    /// This one, with other words for its values.
    Words(&'static str, &'static [(&'static str, &'static str)]),
    /// The nodes that the device can cut off: `pcmk_host_list`, or `pcmk_host_map` where a node is called
    /// otherwise there (`node:domain`).
    Hosts,
    /// `ip`, and `username` where it is an URI.
    Address,
    /// Nothing: the agent does it in one way.
    Nothing,
    /// Nobody knows.
    Unknown,
}

use Becomes::{Address, Hosts, Name, Nothing, Unknown, Words};

const IP: Becomes = Name("ip");
const USER: Becomes = Name("username");
const PASSWORD: Becomes = Name("password");

const BY_KEY: &str = "the plug-in logged in by root's own key of ssh: say identity_file=FILE of it";
const BY_OUTLET: &str =
    "the agent knows outlets by their numbers: say pcmk_host_map=NODE:OUTLET;NODE:OUTLET";

#[rustfmt::skip] // a table: one plug-in a paragraph
const PLUGINS: &[Plugin] = &[
    Plugin {
        name: "ipmilan", agent: "fence_ipmilan",
        parameters: &[
            ("hostname", Hosts), ("ipaddr", IP), ("port", Name("ipport")),
            ("auth", Words("auth", &[("none", "none"), ("md5", "md5"), ("straight", "password"), ("password", "password")])),
            ("priv", Words("privlvl", &[("callback", "callback"), ("user", "user"), ("operator", "operator"), ("admin", "administrator"), ("administrator", "administrator")])),
            ("login", USER), ("password", PASSWORD),
        ],
        also: &[("reset_method", Nothing)], more: &[], to_say: "",
    },
    Plugin {
        name: "external/ipmi", agent: "fence_ipmilan",
        parameters: &[("hostname", Hosts), ("ipaddr", IP), ("userid", USER), ("passwd", PASSWORD)],
        also: &[
            ("interface", Words("lanplus", &[("lan", "0"), ("lanplus", "1")])),
            ("passwd_method", Unknown),
            ("priv", Words("privlvl", &[("CALLBACK", "callback"), ("USER", "user"), ("OPERATOR", "operator"), ("ADMINISTRATOR", "administrator")])),
            ("ipmitool", Name("ipmitool_path")),
        ],
        more: &[], to_say: "",
    },
    Plugin {
        name: "external/drac5", agent: "fence_drac5",
        parameters: &[("hostname", Hosts), ("ipaddr", IP), ("userid", USER)],
        also: &[], more: &[("ssh", "1")], to_say: BY_KEY,
    },
    Plugin {
        name: "external/ibmrsa-telnet", agent: "fence_rsa",
        parameters: &[("nodename", Hosts), ("ip_address", IP), ("username", USER), ("password", PASSWORD)],
        also: &[], more: &[], to_say: "",
    },
    Plugin {
        name: "external/libvirt", agent: "fence_virsh",
        parameters: &[("hostlist", Hosts), ("hypervisor_uri", Address)],
        also: &[("reboot_method", Nothing), ("reset_method", Nothing)], more: &[], to_say: BY_KEY,
    },
    Plugin {
        name: "external/riloe", agent: "fence_ilo",
        parameters: &[("hostlist", Hosts), ("ilo_hostname", IP), ("ilo_user", USER), ("ilo_password", PASSWORD)],
        also: &[
            ("ilo_can_reset", Nothing), ("ilo_protocol", Name("ribcl_version")), ("ilo_powerdown_method", Nothing),
            ("ilo_proxyhost", Unknown), ("ilo_proxyport", Unknown),
        ],
        more: &[("ssl_insecure", "1")], to_say: "",
    },
    Plugin {
        name: "external/rackpdu", agent: "fence_apc_snmp",
        parameters: &[("hostlist", Hosts), ("pduip", IP), ("community", Name("community"))],
        also: &[("oid", Unknown), ("names_oid", Unknown), ("outlet_config", Unknown)], more: &[], to_say: "",
    },
    Plugin {
        name: "apcmaster", agent: "fence_apc",
        parameters: &[("ipaddr", IP), ("login", USER), ("password", PASSWORD)],
        also: &[], more: &[], to_say: BY_OUTLET,
    },
    Plugin {
        name: "apcmastersnmp", agent: "fence_apc_snmp",
        parameters: &[("ipaddr", IP), ("port", Name("ipport")), ("community", Name("community"))],
        also: &[], more: &[], to_say: "",
    },
    Plugin {
        name: "wti_nps", agent: "fence_wti",
        parameters: &[("ipaddr", IP), ("password", PASSWORD)],
        also: &[], more: &[], to_say: BY_OUTLET,
    },
];

/// Plug-ins that no agent stands for, and what to do.
const NONE: &[(&str, &str)] = &[
    ("meatware", "say `quorate node confirm-off NODE` when you have switched the node off"),
    ("meatclient", "say `quorate node confirm-off NODE` when you have switched the node off"),
    ("ssh", "it cannot fence a node that does not answer: use a real device"),
    ("external/ssh", "it cannot fence a node that does not answer: use a real device"),
    ("suicide", "a node that stops itself needs a watchdog: [watchdog] in quorate.toml"),
    ("null", "it fences nothing: use a real device"),
    (
        "external/sbd",
        "[watchdog] and fence_sbd, whose `devices` are its sbd_device, with commas between them",
    ),
    (
        "external/vcenter",
        "fence_vmware_soap, which logs in by username and password: they are in the credential store",
    ),
    ("external/kdumpcheck", "fence_kdump, on a level before the device that cuts the power"),
];

/// Every plug-in that an agent stands for.
pub fn plugins() -> impl Iterator<Item = &'static Plugin> {
    PLUGINS.iter()
}

/// The plug-ins for people, as Markdown: the end of `docs/reference/ha-cf.md`.
pub fn plugins_markdown() -> String {
    let mut text = "\n## Plug-ins for fence devices\n\n| Plug-in | Becomes | To say besides |\n|---|---|---|\n".to_owned();
    for Plugin { name, agent, to_say, .. } in plugins() {
        text.push_str(&format!("| `{name}` | `{agent}` | {to_say} |\n"));
    }
    for (name, why) in NONE {
        text.push_str(&format!("| `{name}` | | {why} |\n"));
    }
    text
}

/// The plug-in of that name; what to do where no agent stands for it.
pub(crate) fn plugin(name: &str) -> Result<&'static Plugin, &'static str> {
    let why = NONE.iter().find(|(none, _)| *none == name).map_or(
        "no agent is known for it: `quorate agents stonith` lists those of this machine",
        |(_, why)| *why,
    );
    PLUGINS.iter().find(|known| known.name == name).ok_or(why)
}

impl Plugin {
    /// All of its parameters, in the order of a line of `stonith_host`.
    pub fn all(&self) -> impl Iterator<Item = &'static (&'static str, Becomes)> {
        self.parameters.iter().chain(self.also)
    }

    /// What the agent is told for a parameter; nothing for an empty value.
    ///
    /// # Errors
    /// What to ask the operator. No secret is in it.
    pub fn told(&self, name: &str, value: &str) -> Result<Vec<(&'static str, String)>, String> {
        let unknown = || format!("what is {name} to {}?", self.agent);
        let becomes = self.all().find(|(own, _)| *own == name).map(|(_, becomes)| *becomes);
        match becomes.unwrap_or(Unknown) {
            _ if value.is_empty() => Ok(Vec::new()),
            Name(new) => Ok(vec![(new, value.to_owned())]),
            Words(new, words) => match words.iter().find(|(old, _)| *old == value) {
                Some((_, word)) => Ok(vec![(new, (*word).to_owned())]),
                None => Err(format!("what is {name}={value} to {}?", self.agent)),
            },
            Hosts => Ok(hosts(value).into_iter().collect()),
            Address => address(value),
            Nothing => Ok(Vec::new()),
            Unknown => Err(unknown()),
        }
    }

    /// What the agent will be told, and what to ask the operator.
    pub fn tell(&self, said: &[(String, String)]) -> (Vec<(&'static str, String)>, Vec<String>) {
        let (mut named, mut asked) = (Vec::new(), Vec::new());
        for (name, value) in said {
            match self.told(name, value) {
                Ok(told) => named.extend(told),
                Err(ask) => asked.push(ask),
            }
        }
        named.extend(self.more.iter().map(|(name, value)| (*name, (*value).to_owned())));
        if !self.to_say.is_empty() {
            asked.push(self.to_say.to_owned());
        }
        (named, asked)
    }
}

/// Nodes are known in lower case. `AUTO`: the device itself says whom it cuts off.
fn hosts(value: &str) -> Option<(&'static str, String)> {
    let words = value.split([',', ' ', '\t']).filter(|word| !word.is_empty());
    let nodes: Vec<(String, Option<&str>)> = words
        .map(|word| match word.split_once(':') {
            Some((node, there)) => (node.to_lowercase(), Some(there)),
            None => (word.to_lowercase(), None),
        })
        .collect();
    if value == "AUTO" || nodes.is_empty() {
        return None;
    }
    if nodes.iter().all(|(_, there)| there.is_none()) {
        let names: BTreeSet<&str> = nodes.iter().map(|(node, _)| node.as_str()).collect();
        return Some(("pcmk_host_list", names.into_iter().collect::<Vec<_>>().join(" ")));
    }
    let pairs = nodes.iter().map(|(node, there)| format!("{node}:{}", there.unwrap_or(node)));
    Some(("pcmk_host_map", pairs.collect::<Vec<_>>().join(";")))
}

/// Host and user of an URI such as `qemu+ssh://root@host/system`; root where it names nobody.
fn address(uri: &str) -> Result<Vec<(&'static str, String)>, String> {
    let (_, rest) = uri.split_once("://").unwrap_or(("", uri));
    let place = rest.split('/').next().unwrap_or_default();
    let (user, host) = place.rsplit_once('@').unwrap_or(("root", place));
    let (host, port) = match host.rsplit_once(':') {
        Some((host, port)) if port.parse::<u16>().is_ok() => (host, Some(port)),
        _ => (host, None),
    };
    if host.is_empty() {
        return Err(format!(
            "{uri} names no host: say ip=HOST and username=USER of the hypervisor"
        ));
    }
    let mut told = vec![("ip", host.to_owned()), ("username", user.to_owned())];
    told.extend(port.map(|port| ("ipport", port.to_owned())));
    Ok(told)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(name: &str, parameter: &str, value: &str) -> Result<String, String> {
        let told = plugin(name).unwrap().told(parameter, value)?;
        Ok(told.iter().map(|(name, value)| format!("{name}={value} ")).collect())
    }

    #[test]
    fn values_have_the_words_of_today() {
        for (name, parameter, value, wanted) in [
            ("ipmilan", "priv", "admin", "privlvl=administrator "),
            ("ipmilan", "auth", "straight", "auth=password "),
            ("ipmilan", "reset_method", "power_cycle", ""),
            ("external/ipmi", "interface", "lanplus", "lanplus=1 "),
            ("external/ipmi", "passwd", "a,b c", "password=a,b c "),
            ("external/ipmi", "interface", "", ""),
            ("external/libvirt", "hostlist", "N1,n2", "pcmk_host_list=n1 n2 "),
            ("external/libvirt", "hostlist", "N1:vm1, n2", "pcmk_host_map=n1:vm1;n2:n2 "),
            ("external/libvirt", "hypervisor_uri", "qemu+ssh://h/system", "ip=h username=root "),
            ("external/libvirt", "hypervisor_uri", "xen+ssh://u@h:2/", "ip=h username=u ipport=2 "),
            ("external/rackpdu", "hostlist", "AUTO", ""),
        ] {
            assert_eq!(told(name, parameter, value).as_deref(), Ok(wanted), "{name} {parameter}");
        }
    }

    #[test]
    fn what_nobody_knows_is_asked() {
        for (name, parameter, value, wanted) in [
            ("ipmilan", "auth", "md2", "what is auth=md2 to fence_ipmilan?"),
            ("external/ipmi", "passwd_method", "file", "what is passwd_method to fence_ipmilan?"),
            ("wti_nps", "colour", "hush", "what is colour to fence_wti?"),
            (
                "external/libvirt",
                "hypervisor_uri",
                "qemu:///system",
                "qemu:///system names no host: say ip=HOST and username=USER of the hypervisor",
            ),
        ] {
            assert_eq!(told(name, parameter, value), Err(wanted.to_owned()));
        }
    }
}
