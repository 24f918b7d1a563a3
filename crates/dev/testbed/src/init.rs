//! A node whose first process is systemd: a machine as the distribution has it, with no unit enabled.
//!
//! **Not here:** what every node has ([`crate::machine`]).
//!
//! **Always:** nothing of systemd's reaches the machine outside: units that would set up devices, the
//! kernel, or `/tmp` are not there, nor are generators, which would enable what the machine enables.

use std::fs;
use std::path::{Path, PathBuf};

use crate::Result;

/// What a node needs of the machine for it.
pub(crate) const SYSTEMD: &str = "/lib/systemd/systemd";

/// The end of a node's first script, with the same words: the node's name, its directory, the bed's.
/// A group of processes of its own is all that this kernel shows it.
pub(crate) const SCRIPT: &str = r#"
mount -t cgroup2 cgroup2 /sys/fs/cgroup
for empty in system/sysinit.target.wants system/multi-user.target.wants \
             system/sockets.target.wants system/timers.target.wants \
             system/local-fs.target.wants system-generators; do
  mount -t tmpfs tmpfs "/usr/lib/systemd/$empty"
done
mount -t tmpfs tmpfs /usr/lib/tmpfiles.d
units=/etc/systemd/system
if [ ! -e "$2/installed" ]; then
  rm -rf "$units"/*.wants "$units"/*.requires
  : > /etc/fstab
  printf '%s' "$2" | md5sum | cut -c1-32 > /etc/machine-id
  mkdir -p "$units/sockets.target.wants" "$units/network-online.target.wants" "$units/service.d"
  ln -s /usr/lib/systemd/system/dbus.socket "$units/sockets.target.wants/"
  # The directory for temporary files is everybody's.
  printf '[Service]\nPrivateTmp=no\n' > "$units/service.d/bed.conf"
  cat > "$units/bed-cables.service" <<'END'
[Unit]
DefaultDependencies=no
Before=network-online.target
[Service]
Type=oneshot
ExecStart=/bin/sh -c 'until [ -e /run/connected ]; do sleep 0.05; done'
END
  ln -s ../bed-cables.service "$units/network-online.target.wants/"
  touch "$2/installed"
fi
echo ready
exec env -i container=other PATH=/usr/sbin:/usr/bin:/sbin:/bin /lib/systemd/systemd --system \
  --unit=multi-user.target --show-status=0 --log-target=null >/dev/null 2>&1
"#;

/// Where the machine's control groups are.
fn groups() -> Option<PathBuf> {
    let mounts = fs::read_to_string("/proc/self/mounts").ok()?;
    mounts.lines().find_map(|line| {
        let mut words = line.split(' ').skip(1);
        let at = words.next()?;
        (words.next() == Some("cgroup2")).then(|| PathBuf::from(at))
    })
}

/// Whether a group can be made here.
pub(crate) fn has_groups() -> bool {
    let probe = |groups: PathBuf| groups.join(format!("bed-probe-{}", std::process::id()));
    groups()
        .map(probe)
        .is_some_and(|probe| fs::create_dir(&probe).is_ok() && fs::remove_dir(&probe).is_ok())
}

/// Makes the group of processes that a node's systemd will be in; what an earlier life left goes.
pub(crate) fn make_group(root: &Path, name: &str) -> Result<PathBuf> {
    let groups = groups().ok_or("a node with systemd needs cgroups of version 2")?;
    let bed = root.display().to_string().replace('/', "-");
    let group = groups.join(format!("bed{bed}-{name}"));
    remove_group(&group);
    let failed = |error| format!("{}: {error}", group.display());
    fs::create_dir_all(&group).map_err(failed)?;
    Ok(group)
}

/// Takes it away with all below it, as far as nothing runs there.
fn remove_group(group: &Path) {
    for below in fs::read_dir(group).into_iter().flatten().filter_map(std::result::Result::ok) {
        if below.path().is_dir() {
            remove_group(&below.path());
        }
    }
    let _in_use = fs::remove_dir(group);
}

/// Takes away the groups of a bed whose nodes are off.
pub(crate) fn remove_groups(root: &Path, nodes: impl Iterator<Item = u32>) {
    for node in nodes {
        if let Ok(group) = make_group(root, &format!("n{node}")) {
            remove_group(&group);
        }
    }
}
