//! The section `[web]`: what is served to the network, and as whom.

use std::net::{IpAddr, Ipv6Addr, SocketAddr};
use std::ops::RangeInclusive;
use std::path::{Path, PathBuf};
use std::time::Duration;

use api::{Address, OtherCluster, SessionTimes, WebSettings};
use serde::Deserialize;

/// Field word: the port of Hawk, whose place this takes.
const PORT: u16 = 7630;

/// The file in `/etc/pam.d` that the packages bring.
const PAM_SERVICE: &str = "quorate";

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Section {
    listen: Option<SocketAddr>,
    certificate: Option<PathBuf>,
    key: Option<PathBuf>,
    names: Option<Vec<String>>,
    pam_service: Option<String>,
    pam_rules: Option<PathBuf>,
    group: Option<String>,
    clusters: Option<Vec<Cluster>>,
    session_idle: Option<u64>,
    session_length: Option<u64>,
    untaken: Option<u64>,
}

/// In seconds: shorter, and nobody can read a page to its end; a day unused is forgotten.
const IDLE_SECONDS: RangeInclusive<u64> = 5..=86_400;

/// In seconds: up to a month.
const LENGTH_SECONDS: RangeInclusive<u64> = 5..=30 * 86_400;

/// In seconds: shorter, and a moment without network ends what is read.
const UNTAKEN_SECONDS: RangeInclusive<u64> = 2..=600;
const UNTAKEN_DEFAULT: u64 = 30;

fn seconds(
    name: &str,
    given: Option<u64>,
    range: &RangeInclusive<u64>,
) -> Result<Option<Duration>, String> {
    match given {
        Some(given) if !range.contains(&given) => {
            let (least, most) = (range.start(), range.end());
            Err(format!("`{name}` of `web` is {given}; it may be {least} to {most} seconds"))
        }
        given => Ok(given.map(Duration::from_secs)),
    }
}

/// What it says of how long sessions last.
pub(super) fn sessions(section: Option<&Section>) -> Result<SessionTimes, String> {
    let usual = SessionTimes::default();
    let Some(Section { session_idle, session_length, .. }) = section else { return Ok(usual) };
    let idle = seconds("session_idle", *session_idle, &IDLE_SECONDS)?;
    let length = seconds("session_length", *session_length, &LENGTH_SECONDS)?;
    Ok(SessionTimes { idle: idle.unwrap_or(usual.idle), length: length.unwrap_or(usual.length) })
}

/// Another cluster, in `[[web.clusters]]`.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Cluster {
    name: String,
    urls: Vec<String>,
    token: PathBuf,
    authority: PathBuf,
}

/// Each of them is asked by each node whose console is open.
const CLUSTERS_MAX: usize = 32;

/// Of one cluster.
const URLS_MAX: usize = 8;

/// Who may log in, and who looks at their passwords.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Logins {
    /// The file of PAM's rules.
    pub(crate) service: String,
    /// The directory where it is instead of the usual one.
    pub(crate) rules: Option<PathBuf>,
    pub(crate) group: Option<String>,
}

/// What the section says of logins.
pub(super) fn logins(section: Option<&Section>, at: &impl Fn(&Path) -> PathBuf) -> Logins {
    let service = section.and_then(|section| section.pam_service.clone());
    Logins {
        service: service.unwrap_or_else(|| PAM_SERVICE.to_owned()),
        rules: section.and_then(|section| section.pam_rules.as_deref()).map(at),
        group: section.and_then(|section| section.group.clone()),
    }
}

/// What it says of other clusters. Their files are looked at when they are needed: whatever is wrong
/// with those, this node's own cluster runs.
pub(super) fn clusters(
    section: Option<&Section>,
    at: &impl Fn(&Path) -> PathBuf,
) -> Result<Vec<OtherCluster>, String> {
    let all = section.and_then(|section| section.clusters.as_deref()).unwrap_or_default();
    if all.len() > CLUSTERS_MAX {
        return Err(format!("`web` has {} `clusters`; {CLUSTERS_MAX} are possible", all.len()));
    }
    let mut others: Vec<OtherCluster> = Vec::new();
    for Cluster { name, urls, token, authority } in all {
        if name.is_empty() || name.chars().any(char::is_control) {
            return Err("one of `web.clusters` has no `name`".to_owned());
        }
        if others.iter().any(|other| other.name == *name) {
            return Err(format!("two of `web.clusters` are called `{name}`"));
        }
        if urls.is_empty() || urls.len() > URLS_MAX {
            return Err(format!(
                "the cluster `{name}` has {} `urls`; 1 to {URLS_MAX} are possible",
                urls.len()
            ));
        }
        let address = |url: &String| {
            url.parse::<Address>()
                .map_err(|error| format!("the cluster `{name}`: `{url}`: {error}"))
        };
        let addresses = urls.iter().map(address).collect::<Result<_, _>>()?;
        let (token, authority) = (at(token), at(authority));
        others.push(OtherCluster { name: name.clone(), addresses, token, authority });
    }
    Ok(others)
}

pub(super) fn settings(
    section: Section,
    node: Option<&str>,
    state_dir: &Path,
    has_corosync: bool,
    at: &impl Fn(&Path) -> PathBuf,
) -> Result<WebSettings, String> {
    let Section { listen, certificate, key, names, untaken, .. } = section;
    let untaken = seconds("untaken", untaken, &UNTAKEN_SECONDS)?;
    let untaken = untaken.unwrap_or(Duration::from_secs(UNTAKEN_DEFAULT));
    let listen = listen.unwrap_or(SocketAddr::new(IpAddr::V6(Ipv6Addr::UNSPECIFIED), PORT));
    let given = match (certificate, key) {
        (Some(certificate), Some(key)) => Some((at(&certificate), at(&key))),
        (None, None) => None,
        (Some(_), None) => return Err("`web` has a `certificate` and no `key`".to_owned()),
        (None, Some(_)) => return Err("`web` has a `key` and no `certificate`".to_owned()),
    };
    let listed = || {
        let conf = std::fs::read_to_string(super::COROSYNC_CONF).unwrap_or_default();
        if has_corosync { listed_names(&conf, is_own) } else { Vec::new() }
    };
    let names = names.unwrap_or_else(|| own_names(node, listen.ip(), listed()));
    Ok(WebSettings { listen, given, directory: state_dir.join("web"), names, untaken })
}

/// What this machine may be called in a browser.
fn own_names(node: Option<&str>, listen: IpAddr, listed: Vec<String>) -> Vec<String> {
    let host = std::fs::read_to_string("/proc/sys/kernel/hostname").unwrap_or_default();
    let mut names: Vec<String> = Vec::new();
    let fixed = ["localhost".to_owned(), "127.0.0.1".to_owned(), "::1".to_owned()];
    let own = node.map(str::to_owned).into_iter().chain([host.trim().to_owned()]);
    let address = (!listen.is_unspecified()).then(|| listen.to_string());
    for name in own.chain(address).chain(listed).chain(fixed) {
        if !name.is_empty() && !names.contains(&name) {
            names.push(name);
        }
    }
    names
}

/// What Corosync's file calls this machine, and its addresses there. Those that move between machines are
/// none of them.
fn listed_names(conf: &str, is_own: impl Fn(IpAddr) -> bool) -> Vec<String> {
    let settings = corosync::Settings::of(&corosync::Conf::parse(conf));
    let addresses = |node: &corosync::Node| -> Vec<IpAddr> {
        node.addresses.iter().filter_map(|(_, address)| address.value.parse().ok()).collect()
    };
    let here = settings.nodes.iter().find(|node| addresses(node).into_iter().any(&is_own));
    here.into_iter()
        .flat_map(|node| {
            let addresses = addresses(node).into_iter().map(|address| address.to_string());
            [node.called().to_owned()].into_iter().chain(addresses)
        })
        .collect()
}

/// Whether this machine has the address: only then can something listen there.
fn is_own(address: IpAddr) -> bool {
    std::net::UdpSocket::bind((address, 0)).is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_machine_has_its_listed_name_and_addresses() {
        let conf = "nodelist {\n node {\n name: n1\n nodeid: 1\n ring0_addr: 10.0.0.1\n }\n node {\n \
                    name: n2\n nodeid: 2\n ring0_addr: 10.0.0.2\n ring1_addr: 10.1.0.2\n }\n}\n";
        let is_second = |address: IpAddr| address.to_string() == "10.1.0.2";
        assert_eq!(listed_names(conf, is_second), ["n2", "10.0.0.2", "10.1.0.2"]);
        assert!(listed_names(conf, |_| false).is_empty());
        let names =
            own_names(Some("n2"), "10.0.0.2".parse().unwrap(), listed_names(conf, is_second));
        assert_eq!(names.iter().filter(|name| *name == "10.0.0.2").count(), 1);
        assert!(names.contains(&"10.1.0.2".to_owned()) && names.contains(&"localhost".to_owned()));
    }
}
