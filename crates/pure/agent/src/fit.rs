//! Whether what a resource is given is what its agent takes.

use cib::schema::nearest;
use model::parse_interval;

use crate::{Metadata, Parameter, Standard};

/// One parameter that its agent will not understand as it is given.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Misfit {
    /// The agent has no such parameter.
    Unknown { name: String, near: Option<String> },
    /// It cannot do without.
    Missing { name: String },
    /// The value means nothing. It is left out where it may be a secret.
    Value { name: String, value: Option<String>, wanted: String, near: Option<String> },
}

/// Of which sort a value is to be.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Sort {
    Flag,
    Number,
    Length,
    OneOf(Vec<String>),
    Anything,
}

/// What fence devices take besides what their agents do, for each of the agent's actions.
static OF_ACTIONS: [(&str, Sort); 3] =
    [("action", Sort::Anything), ("timeout", Sort::Length), ("retries", Sort::Number)];
const FENCING_ACTIONS: [&str; 7] = ["reboot", "off", "on", "list", "monitor", "status", "poweroff"];

/// What fence devices take besides, once. Source: pacemaker-fenced(7).
static OF_DEVICES: [(&str, Sort); 10] = [
    ("pcmk_host_argument", Sort::Anything),
    ("pcmk_host_map", Sort::Anything),
    ("pcmk_host_list", Sort::Anything),
    ("pcmk_host_check", Sort::OneOf(Vec::new())),
    ("pcmk_delay_max", Sort::Length),
    ("pcmk_delay_base", Sort::Anything),
    ("pcmk_action_limit", Sort::Number),
    ("provides", Sort::Anything),
    ("stonith-timeout", Sort::Length),
    ("priority", Sort::Number),
];

const HOST_CHECKS: [&str; 4] = ["dynamic-list", "static-list", "status", "none"];

/// What every agent of the resource-agents package takes without saying so.
const OF_OCF: [&str; 2] = ["trace_ra", "trace_file"];

/// Given to fence agents by the cluster.
const FILLED_IN: [&str; 4] = ["action", "plug", "port", "nodename"];

/// What is wrong with `given`, in its order, then what is missing.
pub fn misfits(standard: Standard, metadata: &Metadata, given: &[(String, String)]) -> Vec<Misfit> {
    let mut found: Vec<Misfit> =
        given.iter().filter_map(|(name, value)| misfit(standard, metadata, name, value)).collect();
    let missing = missing(standard, metadata, given).map(|name| Misfit::Missing { name });
    found.extend(missing);
    found
}

/// Every name that a resource of this agent may be given, the agent's own first.
pub fn takes(standard: Standard, metadata: &Metadata) -> Vec<String> {
    let own = metadata.parameters.iter().filter(|own| !own.deprecated);
    let own = own
        .map(|own| own.name.clone())
        .filter(|name| standard != Standard::Fence || name != "action");
    let more = OF_DEVICES.iter().map(|(name, _)| (*name).to_owned());
    // The others are for old configurations.
    let more = more.filter(|name| standard == Standard::Fence && name.starts_with("pcmk_"));
    own.chain(more).collect()
}

fn misfit(standard: Standard, metadata: &Metadata, name: &str, value: &str) -> Option<Misfit> {
    // OCF agents look for exactly the name that they say.
    let own = metadata.parameter(name);
    let own = own.filter(|own| standard == Standard::Fence || own.name == name);
    let sort = match own {
        Some(own) if is_default(own, value) => return None,
        Some(own) => sort_of(own),
        None => match known(standard, name) {
            Some(sort) => sort,
            None => {
                let all = takes(standard, metadata);
                let near = nearest(name, all.iter().map(String::as_str)).map(str::to_owned);
                return Some(Misfit::Unknown { name: name.to_owned(), near });
            }
        },
    };
    if sort.takes(value) {
        return None;
    }
    let value = (!metadata.is_secret(name)).then(|| value.to_owned());
    let near = value.as_deref().and_then(|value| sort.nearest(value));
    Some(Misfit::Value { name: name.to_owned(), value, wanted: sort.wanted(), near })
}

/// Agents declare defaults that their own types do not allow.
fn is_default(own: &Parameter, value: &str) -> bool {
    own.default.as_deref().is_some_and(|default| default.trim() == value.trim())
}

fn sort_of(own: &Parameter) -> Sort {
    match own.kind.as_str() {
        "boolean" => Sort::Flag,
        "integer" => Sort::Number,
        "second" | "time" | "timeout" | "duration" => Sort::Length,
        "select" if !own.options.is_empty() => Sort::OneOf(own.options.clone()),
        _ => Sort::Anything,
    }
}

/// What is taken although the agent does not say so.
fn known(standard: Standard, name: &str) -> Option<Sort> {
    match standard {
        Standard::Ocf => OF_OCF.contains(&name).then_some(Sort::Anything),
        Standard::Fence => of_device(name),
        Standard::Heartbeat => {
            name.parse::<u32>().is_ok_and(|number| number > 0).then_some(Sort::Anything)
        }
        Standard::Lsb | Standard::Service | Standard::Systemd => None,
    }
}

fn of_device(name: &str) -> Option<Sort> {
    if name == "pcmk_host_check" {
        return Some(Sort::OneOf(HOST_CHECKS.map(str::to_owned).to_vec()));
    }
    if FILLED_IN.contains(&name) {
        return Some(Sort::Anything);
    }
    let once = OF_DEVICES.iter().find(|(known, _)| *known == name);
    let of_action = || {
        let (action, what) = name.strip_prefix("pcmk_")?.rsplit_once('_')?;
        let known = OF_ACTIONS.iter().find(|(known, _)| *known == what);
        known.filter(|_| FENCING_ACTIONS.contains(&action))
    };
    once.or_else(of_action).map(|(_, sort)| sort.clone())
}

/// Required, without a default, and given neither by this name nor by one that it had before.
fn missing(
    standard: Standard,
    metadata: &Metadata,
    given: &[(String, String)],
) -> impl Iterator<Item = String> {
    let plain = |name: &str| match standard {
        Standard::Fence => name.replace('-', "_"),
        Standard::Ocf
        | Standard::Lsb
        | Standard::Service
        | Standard::Systemd
        | Standard::Heartbeat => name.to_owned(),
    };
    let has = |name: &str| given.iter().any(|(key, _)| plain(key) == plain(name));
    let argument = given.iter().find(|(name, _)| name == "pcmk_host_argument");
    let is_filled_in = |name: &str| {
        standard == Standard::Fence
            && (FILLED_IN.contains(&name) || argument.is_some_and(|(_, value)| value == name))
    };
    let needed = metadata.parameters.iter().filter(|own| {
        own.required && !own.deprecated && own.default.is_none() && !is_filled_in(&own.name)
    });
    let lacks = needed.filter(|own| !has(&own.name) && !own.formerly.iter().any(|old| has(old)));
    lacks.map(|own| own.name.clone()).collect::<Vec<_>>().into_iter()
}

impl Sort {
    fn takes(&self, value: &str) -> bool {
        let value = value.trim();
        match self {
            Self::Flag => FLAGS.iter().any(|flag| flag.eq_ignore_ascii_case(value)),
            Self::Number => value.parse::<i64>().is_ok(),
            Self::Length => parse_interval(value).is_some(),
            Self::OneOf(words) => words.iter().any(|word| word.eq_ignore_ascii_case(value)),
            Self::Anything => true,
        }
    }

    fn wanted(&self) -> String {
        match self {
            Self::Flag => "true or false".to_owned(),
            Self::Number => "a whole number".to_owned(),
            Self::Length => "a length of time, such as 10s or 5min".to_owned(),
            Self::OneOf(words) => format!("one of {}", words.join(", ")),
            Self::Anything => String::new(),
        }
    }

    fn nearest(&self, value: &str) -> Option<String> {
        match self {
            Self::Flag => nearest(value, ["true", "false"]).map(str::to_owned),
            Self::OneOf(words) => {
                nearest(value, words.iter().map(String::as_str)).map(str::to_owned)
            }
            Self::Number | Self::Length | Self::Anything => None,
        }
    }
}

/// What OCF's shell library and the fence agents' take for yes or no, in any case.
const FLAGS: [&str; 11] = ["true", "false", "yes", "no", "on", "off", "1", "0", "y", "n", "ja"];

#[cfg(test)]
mod tests {
    use super::*;

    const ADDRESS: &str = r#"<resource-agent name="Address"><parameters>
<parameter name="ip" required="1"><content type="string"/></parameter>
<parameter name="cidr_netmask"><content type="string" default=""/></parameter>
<parameter name="arp_count"><content type="integer" default="5"/></parameter>
<parameter name="arp_bg"><content type="boolean" default="true"/></parameter>
<parameter name="wait"><content type="time" default="forever"/></parameter>
<parameter name="side"><content type="select"><option value="left"/><option value="right"/></content></parameter>
<parameter name="pin" secret="1"><content type="integer"/></parameter>
</parameters><actions/></resource-agent>"#;

    const FENCE: &str = r#"<resource-agent name="fence_x"><parameters>
<parameter name="action" required="1"><content type="string"/></parameter>
<parameter name="ip" required="1" obsoletes="ipaddr"><content type="string"/></parameter>
<parameter name="ipaddr" required="1" deprecated="1"><content type="string"/></parameter>
<parameter name="plug" required="1" obsoletes="port"><content type="string"/></parameter>
<parameter name="ssl_insecure"><content type="boolean"/></parameter>
</parameters><actions/></resource-agent>"#;

    fn said(standard: Standard, metadata: &str, given: &[(&str, &str)]) -> Vec<String> {
        let metadata = Metadata::parse(metadata).unwrap();
        let given: Vec<(String, String)> =
            given.iter().map(|(a, b)| ((*a).to_owned(), (*b).to_owned())).collect();
        let words = |misfit: Misfit| match misfit {
            Misfit::Unknown { name, near } => format!("{name}? {}", near.unwrap_or_default()),
            Misfit::Missing { name } => format!("{name} is missing"),
            Misfit::Value { name, value, wanted, near } => {
                format!("{name}={value:?}: {wanted} {}", near.unwrap_or_default())
            }
        };
        misfits(standard, &metadata, &given).into_iter().map(words).collect()
    }

    #[test]
    fn what_the_agent_takes_fits() {
        let given = [
            ("ip", "10.0.0.7"),
            ("arp_count", "-1"),
            ("arp_bg", "No"),
            ("wait", "forever"),
            ("side", "LEFT"),
            ("trace_ra", "1"),
        ];
        assert_eq!(said(Standard::Ocf, ADDRESS, &given), [] as [&str; 0]);
    }

    #[test]
    fn each_misfit_names_what_would_be_right() {
        let given = [
            ("cidr_netmsk", "24"),
            ("arp-bg", "1"),
            ("arp_count", "five"),
            ("arp_bg", "flase"),
            ("wait", "soon"),
            ("side", "rigt"),
            ("pin", "abc"),
        ];
        assert_eq!(
            said(Standard::Ocf, ADDRESS, &given),
            [
                "cidr_netmsk? cidr_netmask",
                "arp-bg? arp_bg",
                "arp_count=Some(\"five\"): a whole number ",
                "arp_bg=Some(\"flase\"): true or false false",
                "wait=Some(\"soon\"): a length of time, such as 10s or 5min ",
                "side=Some(\"rigt\"): one of left, right right",
                "pin=None: a whole number ",
                "ip is missing",
            ]
        );
    }

    #[test]
    fn fence_devices_take_more_than_their_agents_and_need_less() {
        let given = [
            ("ipaddr", "10.0.0.7"),
            ("pcmk_host_list", "n1"),
            ("pcmk_off_timeout", "90"),
            ("pcmk_reboot_retries", "3"),
            ("pcmk_host_check", "static-list"),
            ("ssl-insecure", "1"),
        ];
        assert_eq!(said(Standard::Fence, FENCE, &given), [] as [&str; 0]);
        let given = [("pcmk_host_lst", "n1"), ("pcmk_host_check", "static"), ("trace_ra", "1")];
        assert_eq!(
            said(Standard::Fence, FENCE, &given),
            [
                "pcmk_host_lst? pcmk_host_list",
                "pcmk_host_check=Some(\"static\"): one of dynamic-list, static-list, status, none status",
                "trace_ra? ",
                "ip is missing",
            ]
        );
    }
}
