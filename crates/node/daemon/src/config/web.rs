//! The section `[web]`: what is served to the network, and as whom.

use std::net::{IpAddr, Ipv6Addr, SocketAddr};
use std::path::{Path, PathBuf};

use api::{Address, OtherCluster, WebSettings};
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
    at: &impl Fn(&Path) -> PathBuf,
) -> Result<WebSettings, String> {
    let Section { listen, certificate, key, names, .. } = section;
    let listen = listen.unwrap_or(SocketAddr::new(IpAddr::V6(Ipv6Addr::UNSPECIFIED), PORT));
    let given = match (certificate, key) {
        (Some(certificate), Some(key)) => Some((at(&certificate), at(&key))),
        (None, None) => None,
        (Some(_), None) => return Err("`web` has a `certificate` and no `key`".to_owned()),
        (None, Some(_)) => return Err("`web` has a `key` and no `certificate`".to_owned()),
    };
    let names = names.unwrap_or_else(|| own_names(node, listen.ip()));
    Ok(WebSettings { listen, given, directory: state_dir.join("web"), names })
}

/// What this machine may be called in a browser.
fn own_names(node: Option<&str>, listen: IpAddr) -> Vec<String> {
    let host = std::fs::read_to_string("/proc/sys/kernel/hostname").unwrap_or_default();
    let mut names: Vec<String> = Vec::new();
    let fixed = ["localhost".to_owned(), "127.0.0.1".to_owned(), "::1".to_owned()];
    let own = node.map(str::to_owned).into_iter().chain([host.trim().to_owned()]);
    let address = (!listen.is_unspecified()).then(|| listen.to_string());
    for name in own.chain(address).chain(fixed) {
        if !name.is_empty() && !names.contains(&name) {
            names.push(name);
        }
    }
    names
}
