//! An NFS server, active on one of two nodes, with its data and its clients' state on a shared disk. The
//! client is a machine with a kernel of its own behind the third node, since the kernel that all nodes
//! share may have no NFS; for the same reason the server is Ganesha, which is a process.

use std::fs;
use std::time::Instant;

use super::stage::Stage;

pub(super) const NODES: u32 = 3;

/// Packages, and a file of each.
pub(super) const NEEDED: [(&str, &str); 4] = [
    ("nfs-ganesha", "/usr/bin/ganesha.nfsd"),
    ("nfs-ganesha-vfs", "/usr/lib/x86_64-linux-gnu/ganesha/libfsalvfs.so"),
    ("nfs-common", "/sbin/mount.nfs4"),
    ("user-mode-linux", "/usr/bin/linux.uml"),
];

/// The server's configuration is on every machine. The client is behind n3, on a network of its own.
pub(super) const MACHINE: &str = r#"
mkdir -p /run/ganesha /srv/nfs
cat > /etc/ganesha/ganesha.conf <<'END'
NFS_CORE_PARAM { Protocols = 4; Enable_NLM = false; Enable_RQUOTA = false; }
NFSV4 {
  RecoveryBackend = fs;
  RecoveryRoot = /srv/nfs/.recovery;
  Lease_Lifetime = 5;
  Grace_Period = 10;
}
EXPORT {
  Export_Id = 1; Path = /srv/nfs/data; Pseudo = /data;
  Access_Type = RW; Squash = No_Root_Squash; SecType = sys;
  FSAL { Name = VFS; }
}
END
case $NODE in
n3)
  ip tuntap add tap0 mode tap
  ip address add 10.81.0.1/24 dev tap0
  # What the client's kernel gets is cut to size here; it loses some of what is not.
  ip link set tap0 gso_max_segs 1 up
  echo 1 > /proc/sys/net/ipv4/ip_forward
  ;;
*) ip route add 10.81.0.0/24 via 10.77.0.3 ;;
esac
"#;

/// The first process of the client's kernel. Its root is that of n3, and read only; what it has to say
/// stands after `client:`.
const CLIENT: &str = r#"#!/bin/sh
export PATH=/usr/sbin:/usr/bin:/sbin:/bin
mount -t proc proc /proc
mount -t sysfs sysfs /sys
mount -t tmpfs tmpfs /run
mount -t tmpfs tmpfs /mnt
say() { echo "client: $*"; }
modules=/run/root/lib/modules
mkdir -p $modules
ln -s "/usr/lib/uml/modules/$(uname -r)" "$modules/$(uname -r)"
modprobe -d /run/root nfsv4
ip link set lo up
ip address add 10.81.0.2/24 dev vec0
ip link set vec0 up
ip route add default via 10.81.0.1
mount -t nfs4 -o hard 10.77.0.100:/data /mnt && say "Linux $(uname -r), $(grep ' /mnt nfs4' /proc/mounts)"
say "$(@SOURCE@ | dd of=/mnt/file bs=1M iflag=fullblock conv=fsync 2>&1 | tail -1)"
umount /mnt && mount -t nfs4 -o hard 10.77.0.100:/data /mnt
say "read again $(sha256sum </mnt/file)"
halt -f -d
"#;

pub(super) fn play(stage: &Stage) -> Result<(), String> {
    let image = stage.bed.root().join("shared/disk");
    let image = image.display();
    stage.run(1, &format!("truncate -s 2G {image} && mkfs.ext4 -q {image}"))?;
    let words = "d=$(mktemp -d) && mount -o loop";
    stage.run(1, &format!("{words} {image} $d && mkdir $d/data $d/.recovery; umount $d"))?;
    cluster(stage)?;
    under_load(stage)?;
    stage.wait_all()?;
    stage.run(1, "quorate wait")?;
    stage.run(1, "quorate status")?;
    stage.run(1, "quorate fence history").map(drop)
}

/// Fencing, and the group, which runs on n1 or n2.
fn cluster(stage: &Stage) -> Result<(), String> {
    let image = stage.bed.root().join("shared/disk");
    let group = "--group nfs --yes";
    stage.run(
        1,
        "quorate resource add power stonith:fence_bed 'pcmk_host_list=n1 n2 n3' \
         op monitor interval=60s --yes",
    )?;
    stage.run(
        1,
        &format!(
            "quorate resource add disk ocf:heartbeat:Filesystem device={} directory=/srv/nfs \
             fstype=ext4 options=loop meta target-role=Stopped op monitor interval=30s {group}",
            image.display()
        ),
    )?;
    // Before it runs: nowhere else may it be, not even for a moment.
    stage.never_on("nfs", &[3])?;
    stage.run(
        1,
        &format!(
            "quorate resource add server ocf:heartbeat:anything binfile=/usr/bin/ganesha.nfsd \
             'cmdline_options=-F -L /var/log/ganesha/ganesha.log' pidfile=/run/nfsd.pid \
             op monitor interval=10s {group}"
        ),
    )?;
    stage.run(
        1,
        &format!(
            "quorate resource add vip ocf:heartbeat:IPaddr2 ip=10.77.0.100 cidr_netmask=24 nic=eth0 \
             op monitor interval=30s {group}"
        ),
    )?;
    stage.stay()?;
    stage.run(1, "quorate resource enable disk --yes")?;
    stage.run(1, "quorate status")?;
    let holder = stage.holder()?;
    stage.run(holder, "grep /srv/nfs /proc/mounts; pgrep -a ganesha")?;
    let serves = || stage.quietly(holder, "ss -ltn | grep -q :2049").is_ok();
    stage.wait("the server", serves)?;
    stage.must(holder <= 2, "the group runs on n1 or n2")
}

/// A client writes while the active machine loses its power.
fn under_load(stage: &Stage) -> Result<(), String> {
    let shared = stage.bed.root().join("shared");
    let (source, client) = (shared.join("source"), shared.join("client.sh"));
    fs::write(&client, CLIENT.replace("@SOURCE@", &stage.slowly(&source)))
        .map_err(|error| error.to_string())?;
    let bytes = stage.load << 20;
    let (source, client) = (source.display(), client.display());
    stage.run(3, &format!("chmod 755 {client}; head -c {bytes} /dev/urandom >{source}; sync"))?;
    let start = Instant::now();
    // With less memory than the file has bytes, so that it must be sent while it is written.
    let kernel = format!(
        "timeout -s KILL 900 linux.uml mem=128M root=/dev/root rootfstype=hostfs rootflags=/ ro \
         uml_dir=/run vec0:transport=tap,ifname=tap0,depth=64 init={client} con=null con0=null,fd:1 \
         quiet </dev/null"
    );
    let mut write = stage.begin(3, &kernel)?;
    let active = stage.holder()?;
    stage.wait("a tenth of the file", || {
        let size = stage.quietly(active, "stat -c %s /srv/nfs/data/file 2>/dev/null || echo 0");
        size.unwrap_or_default().trim().parse::<u64>().is_ok_and(|size| size > bytes / 10)
    })?;
    stage.must(write.try_wait().is_ok_and(|ended| ended.is_none()), "the client still writes")?;
    stage.lose(active)?;
    let said = write.wait_with_output().map_err(|error| error.to_string())?;
    let said = String::from_utf8_lossy(&said.stdout).into_owned();
    let said: Vec<&str> =
        said.lines().filter_map(|line| line.split_once("client: ")).map(|(_, said)| said).collect();
    said.iter().for_each(|line| println!("    {line}"));
    println!("-- the write took {:.1} s, the failover included", start.elapsed().as_secs_f64());
    let sums = stage.run(3, &format!("sha256sum <{source}"))?;
    let there = stage.run(stage.holder()?, "sha256sum </srv/nfs/data/file")?;
    stage.must(sums == there, "the file is whole on the disk")?;
    let read = format!("read again {}", sums.trim());
    stage.must(said.contains(&read.as_str()), "and as the client reads it")
}
