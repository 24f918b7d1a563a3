//! A bundle's options, and the containers and addresses that they imply.

use std::borrow::Cow;
use std::fmt::Write as _;
use std::sync::Arc;

use cib::Element;
use model::AgentRef;

use super::super::super::types::{ContainerEngine, Implied};
use super::super::definition::{Definition, Shape};
use super::super::operations::implied;
use super::{count, engine, flag};

/// Where a remote executor listens unless told otherwise.
pub(super) const REMOTE_PORT: &str = "3121";

/// Where the key for remote connections lies, on the host and in the container. Compatibility:
/// part of the containers' parameters, so another path would restart them all.
const REMOTE_KEY: &str = "/etc/pacemaker/authkey";

/// Where the containers' logs are kept on the host; compatibility as above.
const LOG_ROOT: &str = "/var/log/pacemaker/bundles";

/// What runs in a container that has a primitive inside and no command of its own.
const REMOTE_EXECUTOR: &str = "/usr/sbin/pacemaker-remoted";

/// A bundle's options.
pub(super) struct Options<'a> {
    pub(super) prefix: String,
    pub(super) engine: ContainerEngine,
    pub(super) replicas: u32,
    pub(super) per_host: u32,
    pub(super) promoted_max: u32,
    pub(super) image: &'a str,
    pub(super) ip_range_start: Option<&'a str>,
    pub(super) control_port: Option<&'a str>,
    command: Option<&'a str>,
    engine_options: Option<&'a str>,
    network: Option<&'a str>,
    netmask: Option<&'a str>,
    interface: Option<&'a str>,
    add_host: bool,
    ports: Vec<Port<'a>>,
    mounts: Vec<Mount<'a>>,
    /// The address given last.
    last_address: Option<String>,
    /// Host entries for all replicas.
    hosts: String,
}

struct Port<'a> {
    source: &'a str,
    target: &'a str,
}

struct Mount<'a> {
    source: &'a str,
    target: &'a str,
    options: Option<&'a str>,
    /// Each replica has a directory of its own below `source`.
    own_directory: bool,
}

impl<'a> Options<'a> {
    /// Reads `element`, a bundle; `None` if it names no known engine.
    pub(super) fn read(element: Element<'a>, prefix: &str) -> Option<Self> {
        let (engine, container) = engine(element)?;
        let promoted_max = count(container, "promoted-max", 0);
        let replicas = match container.attr("replicas") {
            None if promoted_max > 0 => promoted_max,
            Some(_) | None => count(container, "replicas", 1),
        };
        let network = element.child("network");
        let of_network = |name| network.and_then(|network| network.attr(name));
        Some(Self {
            prefix: prefix.to_owned(),
            engine,
            replicas,
            per_host: count(container, "replicas-per-host", 1),
            promoted_max,
            image: container.attr("image").unwrap_or(""),
            ip_range_start: of_network("ip-range-start"),
            control_port: of_network("control-port"),
            command: container.attr("run-command"),
            engine_options: container.attr("options"),
            network: container.attr("network"),
            netmask: of_network("host-netmask"),
            interface: of_network("host-interface"),
            add_host: network.is_some_and(|network| flag(network, "add-host", true)),
            ports: network.map(ports).unwrap_or_default(),
            mounts: element.child("storage").map(mounts).unwrap_or_default(),
            last_address: None,
            hosts: String::new(),
        })
    }

    /// Whether the cluster can reach into the containers.
    pub(super) fn can_connect(&mut self) -> bool {
        if self.ip_range_start.is_some() {
            return true;
        }
        if self.control_port.is_some() {
            // The host's port can be had once.
            self.per_host = self.per_host.min(1);
            return true;
        }
        false
    }

    /// Adds what a remote executor in the container needs: its key, its log and its port.
    pub(super) fn add_remote_mounts(&mut self) {
        let logs = self.mounts.iter().any(|mount| mount.target == "/var/log");
        self.mounts.push(Mount {
            source: REMOTE_KEY,
            target: REMOTE_KEY,
            options: None,
            own_directory: false,
        });
        if !logs {
            self.mounts.push(Mount {
                source: LOG_ROOT,
                target: "/var/log",
                options: None,
                own_directory: true,
            });
        }
        let port = self.control_port.unwrap_or(REMOTE_PORT);
        self.ports.push(Port { source: port, target: port });
    }

    /// The address of replica `offset`, the next of the range.
    pub(super) fn next_address(&mut self, offset: u32) -> Option<Arc<str>> {
        let start = self.ip_range_start?;
        let address = match &self.last_address {
            None => start.to_owned(),
            Some(last) => following_address(last)?,
        };
        let prefix = &self.prefix;
        let written = if self.add_host {
            write!(self.hosts, " --add-host={prefix}-{offset}:{address}")
        } else {
            write!(self.hosts, " --hosts-entry={address}={prefix}-{offset}")
        };
        debug_assert!(written.is_ok(), "writing to a string does not fail");
        self.last_address = Some(address.clone());
        Some(address.into())
    }

    /// The resource that runs replica `offset`'s container.
    pub(super) fn container(
        &self,
        element: Element<'a>,
        offset: u32,
        address: Option<&str>,
        has_child: bool,
    ) -> Definition<'a> {
        let kind = match self.engine {
            ContainerEngine::Docker => "docker",
            ContainerEngine::Podman => "podman",
        };
        let id = sanitized(&format!("{}-{kind}-{offset}", self.prefix));
        let command = match self.command {
            Some(command) => Some(command),
            None => has_child.then_some(REMOTE_EXECUTOR),
        };
        let mut parameters: Vec<(Cow<'a, str>, Cow<'a, str>)> = vec![
            ("image".into(), self.image.into()),
            ("allow_pull".into(), "true".into()),
            ("force_kill".into(), "false".into()),
            ("reuse".into(), "false".into()),
            ("run_opts".into(), self.run_options(offset, address).into()),
            ("mount_points".into(), self.mount_points(offset).into()),
        ];
        parameters.extend(command.map(|command| ("run_cmd".into(), command.into())));
        parameters.push(("monitor_cmd".into(), "/bin/true".into()));
        part(element, &id, kind, parameters)
    }

    /// The resource that brings up replica's address.
    pub(super) fn address(&self, element: Element<'a>, address: &str) -> Definition<'a> {
        let id = sanitized(&format!("{}-ip-{address}", self.prefix));
        let mut parameters: Vec<(Cow<'a, str>, Cow<'a, str>)> =
            vec![("ip".into(), address.to_owned().into())];
        parameters.extend(self.interface.map(|name| ("nic".into(), name.into())));
        parameters.push(("cidr_netmask".into(), self.netmask.unwrap_or("32").into()));
        part(element, &id, "IPaddr2", parameters)
    }

    /// The engine's command line. Compatibility: any other spelling restarts the containers.
    fn run_options(&self, offset: u32, address: Option<&str>) -> String {
        let mut text = String::new();
        let prefix = &self.prefix;
        if self.engine == ContainerEngine::Docker {
            text.push_str(" --restart=no");
        }
        if self.ip_range_start.is_some() {
            text.push_str(&format!(" -h {prefix}-{offset}"));
        }
        text.push_str(" -e PCMK_stderr=1");
        if let Some(network) = self.network {
            text.push_str(&format!(" --net={network}"));
        }
        let port = self.control_port.unwrap_or(REMOTE_PORT);
        text.push_str(&format!(" -e PCMK_remote_port={port}"));
        for mount in &self.mounts {
            let own = mount.own_directory.then(|| format!("{}/{prefix}-{offset}", mount.source));
            let source = own.as_deref().unwrap_or(mount.source);
            text.push_str(&format!(" -v {source}:{}", mount.target));
            if let Some(options) = mount.options {
                text.push_str(&format!(":{options}"));
            }
        }
        for Port { source, target } in &self.ports {
            match address {
                Some(address) => text.push_str(&format!(" -p {address}:{source}:{target}")),
                None if self.network == Some("host") => {}
                None => text.push_str(&format!(" -p {source}:{target}")),
            }
        }
        if let Some(options) = self.engine_options {
            text.push_str(&format!(" {options}"));
        }
        text.push_str(&format!(" {}", self.hosts));
        text
    }

    /// Directories that the agent must make before it starts the container.
    fn mount_points(&self, offset: u32) -> String {
        let own = self.mounts.iter().filter(|mount| mount.own_directory);
        let points: Vec<String> =
            own.map(|mount| format!("{}/{}-{offset}", mount.source, self.prefix)).collect();
        points.join(",")
    }
}

fn part<'a>(
    element: Element<'a>,
    id: &str,
    kind: &str,
    parameters: Vec<(Cow<'a, str>, Cow<'a, str>)>,
) -> Definition<'a> {
    Definition {
        agent: Some(AgentRef {
            standard: Arc::from("ocf"),
            provider: Some(Arc::from("heartbeat")),
            kind: Arc::from(kind),
        }),
        implied: Some(Implied { meta: Vec::new(), parameters }),
        operations: vec![implied(id, "monitor", "60s", None)],
        ..Definition::configured(element, id, Shape::Primitive)
    }
}

fn ports<'a>(network: Element<'a>) -> Vec<Port<'a>> {
    let mappings = network.children_named("port-mapping");
    mappings
        .filter_map(|mapping| {
            let (source, target) = match mapping.attr("port") {
                Some(port) => (port, mapping.attr("internal-port")),
                None => (mapping.attr("range")?, None),
            };
            let target = target.unwrap_or(source);
            (!source.is_empty()).then_some(Port { source, target })
        })
        .collect()
}

fn mounts<'a>(storage: Element<'a>) -> Vec<Mount<'a>> {
    let mappings = storage.children_named("storage-mapping");
    mappings
        .filter_map(|mapping| {
            let plain = mapping.attr("source-dir");
            Some(Mount {
                source: plain.or_else(|| mapping.attr("source-dir-root"))?,
                target: mapping.attr("target-dir")?,
                options: mapping.attr("options"),
                own_directory: plain.is_none(),
            })
        })
        .collect()
}

/// The address after `last`; the range of a network of hosts ends at 253.
fn following_address(last: &str) -> Option<String> {
    let mut octets = [0u32; 4];
    let mut parts = last.split('.');
    for octet in &mut octets {
        *octet = parts.next()?.parse().ok()?;
    }
    let [first, second, third, fourth] = octets;
    match (third, fourth) {
        (254.., _) => None,
        (_, 254..) => Some(format!("{first}.{second}.{}.1", third + 1)),
        (_, _) => Some(format!("{first}.{second}.{third}.{}", fourth + 1)),
    }
}

/// An id that XML allows: what it does not allow becomes a dot.
fn sanitized(id: &str) -> String {
    let allowed = |c: char| c.is_alphanumeric() || matches!(c, '_' | '-' | '.');
    id.chars()
        .enumerate()
        .map(|(at, c)| match (at, c) {
            (0, c) if !(c.is_alphabetic() || c == '_') => '_',
            (_, c) if allowed(c) => c,
            _ => '.',
        })
        .collect()
}
