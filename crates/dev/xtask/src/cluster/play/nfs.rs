//! An NFS server, active on one of two nodes, with its data and its clients' state on a shared disk. The
//! client is a machine with a kernel of its own behind the third node, since the kernel that all nodes
//! share may have no NFS; for the same reason the server is Ganesha, which is a process.

mod client;

use std::time::Instant;

use self::client::Client;
use super::stage::Stage;

pub(super) const NODES: u32 = 3;

/// Packages, and a file of each.
pub(super) const NEEDED: [(&str, &str); 5] = [
    ("nfs-ganesha", "/usr/bin/ganesha.nfsd"),
    ("nfs-ganesha-vfs", "/usr/lib/x86_64-linux-gnu/ganesha/libfsalvfs.so"),
    ("nfs-common", "/sbin/mount.nfs4"),
    ("rpcbind", "/usr/sbin/rpcinfo"),
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
    // Its port, 2049, is the end of such an address.
    let serves = || stage.quietly(3, "rpcinfo -a 10.77.0.100.8.1 -T tcp nfs 4").is_ok();
    stage.wait("the server", serves)?;
    stage.must(holder <= 2, "the group runs on n1 or n2")
}

/// A client writes while the active machine loses its power.
fn under_load(stage: &Stage) -> Result<(), String> {
    let source = stage.bed.root().join("shared/source");
    let bytes = stage.load << 20;
    stage.run(3, &format!("head -c {bytes} /dev/urandom >{}; sync", source.display()))?;
    let start = Instant::now();
    let mut client = Client::boot(stage, &source)?;
    let said = while_it_writes(stage, &mut client, bytes).and_then(|()| client.ended());
    let said = said.map_err(|why| format!("{why}\nthe client's console:\n{}", client.console()))?;
    said.iter().for_each(|line| println!("    {line}"));
    println!("-- the write took {:.1} s, the failover included", start.elapsed().as_secs_f64());
    let sums = stage.run(3, &format!("sha256sum <{}", source.display()))?;
    let there = stage.run(stage.holder()?, "sha256sum </srv/nfs/data/file")?;
    stage.must(sums == there, "the file is whole on the disk")?;
    stage.must(said.contains(&format!("read again {}", sums.trim())), "and as the client reads it")
}

/// The active machine loses its power when the client has written the first tenth.
fn while_it_writes(stage: &Stage, client: &mut Client, bytes: u64) -> Result<(), String> {
    let active = stage.holder()?;
    let mut runs = true;
    stage.wait("a tenth of the file", || {
        runs = client.runs();
        let size = stage.quietly(active, "stat -c %s /srv/nfs/data/file 2>/dev/null || echo 0");
        let size = size.unwrap_or_default().trim().parse::<u64>();
        !runs || size.is_ok_and(|size| size > bytes / 10)
    })?;
    stage.must(runs, "the client still writes")?;
    stage.lose(active).map(drop)
}
