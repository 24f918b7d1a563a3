//! Corosync's configuration, and its life on a node.

use std::fs;
use std::path::Path;

use crate::plan::{Plan, address};
use crate::run::run;
use crate::{Bed, Result};

/// `corosync.conf` for all nodes.
pub(crate) fn configuration(plan: &Plan) -> String {
    let mut lines = vec!["totem {".to_owned()];
    lines.extend(["version: 2", "cluster_name: bed", "transport: knet"].map(indented));
    lines.extend(["crypto_cipher: none", "crypto_hash: none"].map(indented));
    lines.extend(plan.token_ms.map(|token| indented(&format!("token: {token}"))));
    lines.extend(plan.totem.iter().map(|line| indented(line)));
    lines.push("}\nlogging {".to_owned());
    lines.extend(["to_stderr: no", "to_syslog: no", "to_logfile: yes"].map(indented));
    lines.extend(["logfile: /var/log/corosync/corosync.log", "timestamp: hires"].map(indented));
    lines.push("}\nquorum {".to_owned());
    lines.push(indented("provider: corosync_votequorum"));
    lines.extend(plan.quorum.iter().map(|line| indented(line)));
    lines.push("}\nnodelist {".to_owned());
    for node in plan.numbers() {
        lines.push(indented("node {"));
        lines.push(format!("    name: n{node}\n    nodeid: {node}"));
        let addresses = (0..plan.links).map(|link| (link, address(link, node)));
        lines.extend(addresses.map(|(link, address)| format!("    ring{link}_addr: {address}")));
        lines.push(indented("}"));
    }
    lines.push("}\n".to_owned());
    lines.join("\n")
}

fn indented(line: &str) -> String {
    format!("  {line}")
}

/// Writes what a node's Corosync reads, keeping what it wrote.
pub(crate) fn prepare(plan: &Plan, directory: &Path) -> Result<()> {
    let failed = |error| format!("{}: {error}", directory.display());
    for own in ["etc/corosync/uidgid.d", "var/lib/corosync", "var/log/corosync"] {
        fs::create_dir_all(directory.join(own)).map_err(failed)?;
    }
    let hosts = plan.numbers().map(|node| format!("{} n{node}\n", address(0, node)));
    let hosts = std::iter::once("127.0.0.1 localhost\n".to_owned()).chain(hosts);
    fs::write(directory.join("hosts"), hosts.collect::<String>()).map_err(failed)?;
    fs::write(directory.join("etc/corosync/corosync.conf"), configuration(plan)).map_err(failed)
}

/// One that finds another running says so only in its log, so what counts is whether it serves.
const START: &str = r#"
running() { pid=$(cat /run/corosync.pid 2>/dev/null) && kill -0 "$pid" 2>/dev/null; }
wait_while() {
  tries=0
  while "$@"; do
    tries=$((tries + 1)); [ $tries -le 400 ] || { echo "for too long: $*" >&2; exit 1; }
    sleep 0.05
  done
}
wait_while running
corosync || exit 1
silent() { ! corosync-cmapctl -g runtime.config.totem.token >/dev/null 2>&1; }
wait_while silent
"#;

/// Only where a daemon waits for it: a node that still boots starts its own.
const MEND: &str = r#"
daemon=$(cut -d' ' -f1 /var/lib/quorate/daemon.pid 2>/dev/null)
[ "$(cat /proc/$daemon/comm 2>/dev/null)" = quorate ] || exit 0
pgrep -x corosync >/dev/null || corosync
"#;

impl Bed {
    /// Starts a node's Corosync, if it has died under a daemon that runs.
    ///
    /// # Errors
    /// When the node is off.
    pub fn mend_corosync(&self, node: u32) -> Result<()> {
        run(self.command(node, "sh")?.args(["-c", MEND])).map(drop)
    }

    /// Starts a node's Corosync, after the one before has ended; returns when it serves.
    ///
    /// # Errors
    /// When the node is off, or Corosync does not start.
    pub fn start_corosync(&self, node: u32) -> Result<()> {
        run(self.command(node, "sh")?.args(["-c", START])).map(drop)
    }

    /// Sends a signal to a node's Corosync.
    ///
    /// # Errors
    /// When there is none.
    pub fn signal_corosync(&self, node: u32, signal: &str) -> Result<()> {
        let script = format!("kill -{signal} $(cat /run/corosync.pid)");
        run(self.command(node, "sh")?.args(["-c", &script])).map(drop)
    }
}
