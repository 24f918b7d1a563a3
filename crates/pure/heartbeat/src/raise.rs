//! Back to Heartbeat's files, as far as they can say it.

use std::collections::BTreeMap;

use cib::{Document, Element, Section};
use corosync::Conf;
use corosync::timing::Effective;

use crate::lower::services;

/// What comes of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Raised {
    /// The text of `ha.cf`.
    pub ha: String,
    /// The text of `haresources`.
    pub resources: String,
    /// What these files cannot say, or not exactly.
    pub lost: Vec<String>,
}

/// Raises a configuration. `interfaces` are this machine's interfaces by their addresses.
pub fn raise(
    document: &Document,
    corosync: &Conf,
    interfaces: &BTreeMap<String, String>,
) -> Raised {
    let mut lost = Vec::new();
    let settings = corosync::Settings::of(corosync);
    let nodes: Vec<String> = settings.nodes.iter().map(|node| node.called().to_owned()).collect();
    let mut ha = "# Made of Corosync's configuration and the document.\n".to_owned();
    let facility = corosync.root().all("logging").last().and_then(|at| at.pair("syslog_facility"));
    let facility = facility.map_or("daemon", |pair| pair.value.as_str());
    ha.push_str(&format!("logfacility {facility}\n"));
    ha.push_str(&times(document, &settings));
    ha.push_str(&media(&settings, interfaces, &mut lost));
    ha.push_str(&format!("auto_failback {}\n", auto_failback(document)));
    for node in &nodes {
        ha.push_str(&format!("node {node}\n"));
    }
    ha.push_str(&pings(document));
    if nodes.len() > 2 {
        lost.push(format!("haresources is for two nodes; there are {}", nodes.len()));
    }
    lost.push("authkeys: write it by hand, with a key that both nodes have".to_owned());
    let resources = resources(document, &nodes, &mut lost);
    Raised { ha, resources, lost }
}

/// A value of the configuration, wherever it is set without a rule.
fn option<'d>(document: &'d Document, name: &str) -> Option<&'d str> {
    let configuration = document.section(Section::Configuration)?;
    let sets = ["crm_config", "rsc_defaults"].into_iter().filter_map(|at| configuration.child(at));
    let mut pairs = sets.flat_map(Element::descendants).filter(|at| at.is("nvpair"));
    pairs.find(|pair| pair.attr("name") == Some(name))?.attr("value")
}

/// Seconds of a time such as `20s` or `2min`; `None` for others.
fn seconds(text: &str) -> Option<u64> {
    let end = text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len());
    let (number, unit) = text.split_at_checked(end)?;
    let number: u64 = number.parse().ok()?;
    match unit {
        "" | "s" | "sec" => Some(number),
        "m" | "min" => number.checked_mul(60),
        _ => None,
    }
}

/// Heartbeats five times within the dead time, which is what Corosync needs, rounded up to a tenth of a second.
fn times(document: &Document, settings: &corosync::Settings) -> String {
    let Effective { real_token, consensus, .. } = Effective::of(settings);
    let deadtime = (real_token + consensus).div_ceil(100) * 100;
    let initdead = option(document, "dc-deadtime").and_then(seconds).unwrap_or(20);
    let initdead = initdead.max(deadtime.div_ceil(1000));
    format!("keepalive {}ms\ndeadtime {deadtime}ms\ninitdead {initdead}\n", deadtime / 5)
}

fn media(
    settings: &corosync::Settings,
    interfaces: &BTreeMap<String, String>,
    lost: &mut Vec<String>,
) -> String {
    let mut text = String::new();
    let links = settings.nodes.iter().map(|node| node.addresses.len()).max().unwrap_or(0);
    for link in 0..links {
        let of_link = |node: &corosync::Node| {
            node.addresses.get(link).map(|(_, address)| address.value.clone())
        };
        let addresses: Vec<String> = settings.nodes.iter().filter_map(of_link).collect();
        let own = addresses.iter().find_map(|address| interfaces.get(address));
        let device = own.cloned().unwrap_or_else(|| {
            lost.push(format!(
                "the interface of link {link} is not known here: eth{link} was written"
            ));
            format!("eth{link}")
        });
        for address in addresses {
            text.push_str(&format!("ucast {device} {address}\n"));
        }
    }
    text
}

fn auto_failback(document: &Document) -> &'static str {
    match option(document, "resource-stickiness") {
        None | Some("0") => "on",
        Some(_) => "off",
    }
}

/// Who is watched from outside; where a constraint reads it, as ipfail did.
fn pings(document: &Document) -> String {
    let mut text = String::new();
    let is_ping = |at: &Element<'_>| at.is("primitive") && at.attr("type") == Some("ping");
    for primitive in document.root().descendants().filter(is_ping) {
        let value = |name: &str| {
            let mut pairs = primitive.descendants().filter(|at| at.is("nvpair"));
            pairs.find(|pair| pair.attr("name") == Some(name)).and_then(|pair| pair.attr("value"))
        };
        let hosts = value("host_list").unwrap_or_default();
        match value("name").and_then(|name| name.strip_prefix("pingd-")) {
            Some(group) => text.push_str(&format!("ping_group {group} {hosts}\n")),
            None => text.push_str(&format!("ping {hosts}\n")),
        }
    }
    let reads = document.section(Section::Constraints).is_some_and(|constraints| {
        let about = |at: Element<'_>| at.attr("attribute").is_some_and(|a| a.starts_with("pingd"));
        constraints.descendants().any(about)
    });
    if reads && !text.is_empty() {
        text.push_str("respawn hacluster /usr/lib/heartbeat/ipfail\n");
    }
    text
}

/// A line for each group and each primitive that is alone.
fn resources(document: &Document, nodes: &[String], lost: &mut Vec<String>) -> String {
    let mut text = String::new();
    let all = document.section(Section::Resources).into_iter().flat_map(Element::children);
    for whole in all {
        let id = whole.attr("id").unwrap_or_default();
        let members: Vec<Element<'_>> = match whole.name() {
            "group" => whole.children_named("primitive").collect(),
            "primitive" if whole.attr("class") == Some("stonith") => {
                lost.push(format!("{id}: write a line with stonith_host by hand"));
                continue;
            }
            "primitive" => vec![whole],
            "clone" if pings(document).lines().count() > 0 && is_ping_clone(whole) => continue,
            other => {
                lost.push(format!("{id}: haresources has no {other}"));
                continue;
            }
        };
        let words: Vec<String> =
            members.iter().filter_map(|at| services::entry(*at, lost)).collect();
        let node = preferred(document, id).or_else(|| {
            lost.push(format!("{id} prefers no node: the first was written"));
            nodes.first().cloned()
        });
        if let (Some(node), false) = (node, words.is_empty()) {
            text.push_str(&format!("{node} {}\n", words.join(" ")));
        }
    }
    text
}

fn is_ping_clone(whole: Element<'_>) -> bool {
    whole.child("primitive").is_some_and(|at| at.attr("type") == Some("ping"))
}

/// The node that a resource's constraints prefer: that with the highest score above 0. What `move` made is no
/// preference.
pub fn preferred(document: &Document, id: &str) -> Option<String> {
    let constraints = document.section(Section::Constraints);
    let of_it = constraints.into_iter().flat_map(Element::children).filter(|constraint| {
        let made = constraint.attr("id").is_some_and(|id| id.starts_with("cli-"));
        constraint.is("rsc_location") && constraint.attr("rsc") == Some(id) && !made
    });
    let mut best: Option<(i64, String)> = None;
    for constraint in of_it {
        let plain = constraint.attr("node").map(|node| (constraint, node));
        let named = constraint.children_named("rule").filter_map(|rule| {
            let by_name = rule.children_named("expression").find(|expression| {
                expression.attr("attribute") == Some("#uname")
                    && expression.attr("operation") == Some("eq")
            });
            Some((rule, by_name?.attr("value")?))
        });
        for (at, node) in plain.into_iter().chain(named) {
            let score = score(at.attr("score"));
            if score > 0 && best.as_ref().is_none_or(|(known, _)| score > *known) {
                best = Some((score, node.to_owned()));
            }
        }
    }
    best.map(|(_, node)| node)
}

fn score(text: Option<&str>) -> i64 {
    match text {
        Some("INFINITY" | "+INFINITY") => 1_000_000,
        Some(number) => number.parse().unwrap_or(0),
        None => 0,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Given, HaCf, Machines, Resources, check, check_resources, lower};

    const HA: &str = "logfacility local0
keepalive 2
deadtime 10
initdead 20
ucast eth0 10.0.0.1
ucast eth0 10.0.0.2
auto_failback off
node n1
node n2
ping 10.0.0.254
ping_group routers 10.1.0.1 10.1.0.2
respawn hacluster /usr/lib/heartbeat/ipfail
";
    const RESOURCES: &str = "n1 10.0.0.9/24/eth0 Filesystem::/dev/sdb1::/srv::ext3 backup::daily::/srv\n\
                             n2 apache::/etc/apache2.conf\n";

    #[test]
    fn there_and_back_again() {
        let machines = Machines {
            local: Some("n1".to_owned()),
            interfaces: [("eth0".to_owned(), "10.0.0.1".to_owned())].into(),
            resource_d: ["backup".to_owned()].into(),
            ..Machines::default()
        };
        let (ha, resources) = (HaCf::parse(HA), Resources::parse(RESOURCES));
        let there = lower(
            Given { ha: &ha, keys: None, resources: Some(&resources), document: None },
            &machines,
        );
        assert_eq!(there.findings, []);
        let document = Document::parse(&there.document).unwrap();
        let interfaces = [("10.0.0.1".to_owned(), "eth0".to_owned())].into();
        let back = raise(&document, &Conf::parse(&there.corosync), &interfaces);
        assert_eq!(back.resources, RESOURCES);
        let again = HaCf::parse(&back.ha);
        assert_eq!(check(&again, &crate::Surroundings::default()), [], "{}", back.ha);
        let nodes = ["n1".to_owned(), "n2".to_owned()];
        assert_eq!(check_resources(&Resources::parse(&back.resources), &nodes), []);
        for line in HA.lines().filter(|line| !line.contains("time") && !line.starts_with("keep")) {
            if !line.starts_with("deadtime") {
                assert!(back.ha.contains(line), "{line}\n{}", back.ha);
            }
        }
        assert!(back.ha.contains("deadtime 9800ms\n"), "{}", back.ha);
        assert_eq!(back.lost.len(), 1, "only the keys: {:?}", back.lost);
    }

    #[test]
    fn what_cannot_be_said_is_named() {
        let document = Document::parse(
            "<cib><configuration><resources><clone id=\"c\"><primitive id=\"x\" class=\"ocf\" \
             provider=\"heartbeat\" type=\"Dummy\"/></clone><primitive id=\"d\" class=\"ocf\" \
             provider=\"heartbeat\" type=\"Dummy\"/><primitive id=\"web\" class=\"systemd\" type=\"httpd\"/>\
             </resources><constraints/></configuration></cib>",
        )
        .unwrap();
        let conf = Conf::parse("nodelist {\nnode {\nring0_addr: a\nname: n1\n}\n}\n");
        let back = raise(&document, &conf, &BTreeMap::new());
        assert_eq!(back.resources, "n1 httpd\n");
        let said = back.lost.join("\n");
        for part in ["link 0", "c: haresources has no clone", "d: ", "web prefers no node"] {
            assert!(said.contains(part), "{part}\n{said}");
        }
    }
}
