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
    let mut failed = false;
    for node in others(&HaCf::parse(&text), local.trim()) {
        out(&format!("Propagating HA configuration files to node {node}.\n"));
        let target = format!("root@{node}:{}/", folder.display());
        failed |= !runs("scp", &[path(&config), path(&keys), &target]);
        out(&format!("Setting HA startup configuration on node {node}.\n"));
        let verb = if is_enabled() { "enable" } else { "disable" };
        failed |= !runs("ssh", &[&format!("root@{node}"), "systemctl", verb, "quorate"]);
    }
    if failed { ExitCode::FAILURE } else { ExitCode::SUCCESS }
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

fn runs(program: &str, words: &[&str]) -> bool {
    match Command::new(program).args(words).status() {
        Ok(status) => status.success(),
        Err(error) => {
            talk(&format!("ha_propagate: {program}: {error}\n"));
            false
        }
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
