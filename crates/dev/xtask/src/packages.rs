//! The distribution's packages that tests with real agents need.

use std::path::Path;
use std::process::{Command, Stdio};

/// Package, and a file that shows that it is there.
const PACKAGES: &[(&str, &str)] = &[
    ("resource-agents", "/usr/lib/ocf/resource.d/heartbeat/IPaddr2"),
    ("fence-agents", "/usr/sbin/fence_virsh"),
    ("cluster-glue", "/usr/sbin/stonith"),
    ("iproute2", "/usr/sbin/ip"),
    ("iputils-arping", "/usr/bin/arping"),
    ("iputils-ping", "/usr/bin/ping"),
    ("pacemaker-resource-agents", "/usr/lib/ocf/resource.d/pacemaker/ping"),
    ("postgresql", "/usr/lib/postgresql"),
    ("apache2", "/usr/sbin/apache2"),
    ("curl", "/usr/bin/curl"),
    ("python3-venv", "/usr/share/doc/python3-venv"),
    ("kmod", "/sbin/modprobe"),
    ("openssh-server", "/usr/sbin/sshd"),
    ("dbus", "/usr/bin/dbus-daemon"),
    ("systemd", "/lib/systemd/systemd"),
    ("corosync", "/usr/sbin/corosync"),
    ("sbd", "/usr/sbin/sbd"),
    ("corosync-qnetd", "/usr/bin/corosync-qnetd"),
    ("corosync-qdevice", "/usr/sbin/corosync-qdevice"),
    ("libnss3-tools", "/usr/bin/certutil"),
    ("sanlock", "/usr/sbin/sanlock"),
    ("openipmi", "/usr/bin/ipmi_sim"),
    ("ipmitool", "/usr/bin/ipmitool"),
    ("libcpg-dev", "/usr/include/corosync/cpg.h"),
    ("libcfg-dev", "/usr/include/corosync/cfg.h"),
    ("libcmap-dev", "/usr/include/corosync/cmap.h"),
    ("libquorum-dev", "/usr/include/corosync/quorum.h"),
    ("libvotequorum-dev", "/usr/include/corosync/votequorum.h"),
    ("util-linux", "/usr/bin/setpriv"),
    ("nftables", "/usr/sbin/nft"),
    ("strace", "/usr/bin/strace"),
    ("libfaketime", "/usr/lib/x86_64-linux-gnu/faketime/libfaketime.so.1"),
    ("procps", "/usr/bin/pgrep"),
    ("libxml2-utils", "/usr/bin/xmllint"),
    ("nodejs", "/usr/bin/node"),
    ("npm", "/usr/bin/npm"),
    ("chromium", "/usr/bin/chromium"),
    ("pacemaker-common", "/usr/share/pacemaker/alerts/alert_file.sh.sample"),
    ("prometheus", "/usr/bin/prometheus"),
    ("crmsh", "/usr/lib/python3/dist-packages/crmsh/pacemaker.py"),
];

/// Whether the Corosync fabric can be built here.
pub(crate) fn has_corosync() -> bool {
    let headers = PACKAGES.iter().filter(|(_, file)| file.starts_with("/usr/include/corosync/"));
    headers.into_iter().all(|(_, file)| Path::new(file).exists())
}

/// As root on Debian, installs what is missing; elsewhere the tests say what they leave out.
pub(crate) fn install() -> Result<(), String> {
    let missing: Vec<&str> = PACKAGES
        .iter()
        .chain(crate::cluster::play::packages())
        .filter(|(_, file)| !Path::new(file).exists())
        .map(|(package, _)| *package)
        .collect();
    let is_root = std::fs::metadata("/proc/self").is_ok_and(|about| {
        use std::os::unix::fs::MetadataExt;
        about.uid() == 0
    });
    if missing.is_empty() || !is_root || !Path::new("/etc/debian_version").exists() {
        return Ok(());
    }
    // Lists that are old, because the network or another one who updates is in the way, may do.
    let updated = apt(&["update"]);
    let mut words = vec!["install", "-y", "--no-install-recommends"];
    words.extend(missing);
    apt(&words).map_err(|why| match updated {
        Ok(()) => why,
        Err(before) => format!("{before}, and then {why}"),
    })
}

fn apt(words: &[&str]) -> Result<(), String> {
    let status = Command::new("apt-get")
        // Patient with others who install, and with a network that loses something.
        .args(["-q", "-o", "DPkg::Lock::Timeout=600", "-o", "Acquire::Retries=3"])
        .args(["-o", "Dpkg::Options::=--force-confold"])
        .args(words)
        .env("DEBIAN_FRONTEND", "noninteractive")
        // Packages bring services; tests start their own.
        .env("RUNLEVEL", "1")
        // Nobody is there to be asked.
        .stdin(Stdio::null())
        .status()
        .map_err(|error| format!("apt-get does not run: {error}"))?;
    if status.success() { Ok(()) } else { Err(format!("apt-get {} failed", words.join(" "))) }
}
