//! `ha_propagate`: ha.cf and authkeys to every other node, by ssh.

use std::ffi::OsString;
use std::path::Path;
use std::process::{Command, ExitCode};

use heartbeat::HaCf;

use crate::{folder, out, talk};

pub(crate) fn ha_propagate(_words: Vec<OsString>) -> ExitCode {
    let folder = folder();
    let (config, keys) = (folder.join("ha.cf"), folder.join("authkeys"));
    let text = std::fs::read_to_string(&config);
    let (Ok(text), true) = (text, keys.exists()) else {
        talk("HA Linux not configured on this node.  Can not propagate.\n");
        return ExitCode::FAILURE;
    };
    let local = std::fs::read_to_string("/proc/sys/kernel/hostname").unwrap_or_default();
    let verb = if is_enabled() { "enable" } else { "disable" };
    let mut left_out = Vec::new();
    for node in others(&HaCf::parse(&text), local.trim()) {
        if let Err(why) = serve(&node, &folder, [path(&config), path(&keys)], verb) {
            talk(&format!("ha_propagate: node {node}: {why}\n"));
            left_out.push(node);
        }
    }
    if left_out.is_empty() {
        return ExitCode::SUCCESS;
    }
    talk(&format!("ha_propagate: not done on {}\n", left_out.join(", ")));
    ExitCode::FAILURE
}

/// A node that is down does not keep the others waiting, and who may log in by a password is asked for it.
const PATIENCE: [&str; 6] =
    ["-o", "ConnectTimeout=10", "-o", "ServerAliveInterval=5", "-o", "ServerAliveCountMax=3"];

/// Copies the files to a node, and sets whether the cluster begins with the machine there.
fn serve(node: &str, folder: &Path, files: [&str; 2], verb: &str) -> Result<(), String> {
    out(&format!("Propagating HA configuration files to node {node}.\n"));
    let target = format!("root@{node}:{}/", folder.display());
    let [config, keys] = files;
    runs("scp", &[config, keys, &target])
        .map_err(|why| format!("ha.cf and authkeys are not copied: {why}"))?;
    out(&format!("Setting HA startup configuration on node {node}.\n"));
    runs("ssh", &[&format!("root@{node}"), "systemctl", verb, "quorate"])
        .map_err(|why| format!("`systemctl {verb} quorate` was not done: {why}"))
}

fn path(path: &Path) -> &str {
    path.to_str().unwrap_or_default()
}

/// Nodes of lines with exactly one name, as the original reads them, without this one.
fn others(conf: &HaCf, local: &str) -> Vec<String> {
    let single = conf.all("node").filter_map(|line| match line.words().as_slice() {
        [one] => Some((*one).to_owned()),
        _ => None,
    });
    single.filter(|node| !node.eq_ignore_ascii_case(local)).collect()
}

/// Whether the cluster begins with the machine here.
fn is_enabled() -> bool {
    let asked = Command::new("systemctl").args(["is-enabled", "--quiet", "quorate"]).status();
    asked.is_ok_and(|status| status.success())
}

/// What the program itself says has been seen by then.
fn runs(program: &str, words: &[&str]) -> Result<(), String> {
    match Command::new(program).args(PATIENCE).args(words).status() {
        Ok(status) if status.success() => Ok(()),
        Ok(status) => Err(format!("{program}: {status}")),
        Err(error) => Err(format!("{program}: {error}")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_with_one_name_are_heeded() {
        let conf = HaCf::parse("node N1\nnode n2 # two\nnode n3 n4\nnode n5\n");
        assert_eq!(others(&conf, "n1"), ["n2", "n5"]);
    }
}
