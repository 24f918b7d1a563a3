//! MooseFS's master on a shared disk, one of two nodes; two others hold the data, one of them is a
//! client, too. All that an administrator does is a text, in pcs; where systemd cannot be in a node, and so
//! neither pcs's daemon nor the master's unit, it is done here in Quorate's own commands.

use std::time::Instant;

use super::stage::Stage;
use super::{pcs_web, script};
use crate::cluster::storm::audit::holders;

pub(super) const NODES: u32 = 4;

/// Packages, and a file of each.
pub(super) const NEEDED: [(&str, &str); 5] = [
    ("moosefs-master", "/usr/sbin/mfsmaster"),
    ("moosefs-chunkserver", "/usr/sbin/mfschunkserver"),
    ("moosefs-client", "/usr/bin/mfsmount"),
    ("pcs", "/usr/sbin/pcsd"),
    ("xfsprogs", "/usr/sbin/mkfs.xfs"),
];

/// A bare machine where that can be, else one with the bed's cluster.
pub(super) fn machine() -> String {
    if testbed::has_systemd() { pcs_web::bare(MACHINE) } else { MACHINE.to_owned() }
}

/// Everything's configuration is on every machine; what runs there is decided later. The client sees
/// the file system at `/mnt`, and writes `slowly`: the end of a file only when it is told to. The power switch
/// is reached by the network, as a host of virtual machines is: who is cut off cannot win the race to it.
const MACHINE: &str = r#"
mkdir -p /etc/mfs /var/lib/mfs "$OWN/chunks" "$OWN/chunkserver" /run/client
mount -t tmpfs tmpfs /mnt
ln -sfn "$OWN/../../shared" /run/shared
ln -sfn "$OWN/../../shared/disk" /run/array
cat > /run/client/slowly <<'END'
first=$((MEGABYTES * 786432))
head -c $first "$1"
until [ -e "$2" ]; do sleep 0.1; done
tail -c +$((first + 1)) "$1"
END
{
  printf '#!/bin/sh\nping -c 1 -W 2 10.77.0.3 >/dev/null 2>&1 || exit 1\n'
  cat /usr/sbin/fence_bed
} > /run/client/fence_bed
chmod 755 /run/client/fence_bed
mount --bind /run/client/fence_bed /usr/sbin/fence_bed
echo '* / rw,alldirs,maproot=0' > /etc/mfs/mfsexports.cfg
: > /etc/mfs/mfstopology.cfg
printf 'WORKING_USER = mfs\nWORKING_GROUP = mfs\nDATA_PATH = /var/lib/mfs\n' > /etc/mfs/mfsmaster.cfg
echo "$OWN/chunks" > /etc/mfs/mfshdd.cfg
chown mfs: "$OWN/chunks" "$OWN/chunkserver"
cat > /etc/mfs/mfschunkserver.cfg <<END
WORKING_USER = mfs
WORKING_GROUP = mfs
DATA_PATH = $OWN/chunkserver
HDD_CONF_FILENAME = /etc/mfs/mfshdd.cfg
HDD_LEAVE_SPACE_DEFAULT = 64MiB
MASTER_HOST = 10.77.0.100
END
mkdir -p /etc/systemd/system/moosefs-master.service.d
cat > /etc/systemd/system/moosefs-master.service.d/recover.conf <<'END'
[Service]
ExecStart=
ExecStart=/usr/sbin/mfsmaster -c ${CFGFILE} -a -f start
END
"#;

/// The master as a resource where systemd cannot be in a node: by an agent that keeps any process.
const PROCESS: &str = "ocf:heartbeat:anything binfile=/usr/sbin/mfsmaster \
                       'cmdline_options=-a -f' pidfile=/run/mfsd.pid op monitor interval=60s";

pub(super) fn play(stage: &Stage) -> Result<(), String> {
    disk(stage)?;
    if stage.has_systemd() {
        return script::play(stage, "moosefs-pcs.txt");
    }
    cluster(stage)?;
    for node in [3, 4] {
        stage.run(node, "mfschunkserver start 2>&1 | tail -1")?;
    }
    let all_there = || {
        let said = stage.quietly(4, "df -B1 --output=size /mnt 2>/dev/null | tail -1");
        said.is_ok_and(|size| size.trim().parse::<u64>().is_ok_and(|size| size > 2_000_000_000))
    };
    stage.wait("a mount", || stage.quietly(4, "mfsmount -H 10.77.0.100 /mnt").is_ok())?;
    stage.wait("both chunk servers", all_there)?;
    stage.run(4, "mfssetgoal 2 /mnt; df -hT /mnt | tail -1")?;
    stopped(stage)?;
    under_load(stage)?;
    stage.wait_all()?;
    stage.run(1, "quorate wait")?;
    let active = stage.holder()?;
    stage.cut_off(active)?;
    stage.wait_all()?;
    stage.must(stage.holder()? != active, "it stays when the other is back")?;
    stage.run(1, "quorate wait")?;
    stage.run(1, "quorate status")?;
    stage.run(1, "quorate fence history").map(drop)
}

/// What an array would be: an image that all machines see, with XFS, owned by mfs.
fn disk(stage: &Stage) -> Result<(), String> {
    let image = stage.bed.root().join("shared/disk");
    let image = image.display();
    stage.wait("the first machine", || stage.quietly(1, "true").is_ok())?;
    stage.run(1, &format!("truncate -s 512M {image} && mkfs.xfs -q {image}"))?;
    let fill = "cp -p /var/lib/mfs/metadata.mfs.empty $d/metadata.mfs && chown mfs: $d $d/*";
    let words =
        format!("d=$(mktemp -d) && mount -o loop {image} $d && {fill}; umount $d && rmdir $d");
    stage.run(1, &words).map(drop)
}

/// Fencing, and the group, which runs on n1 or n2.
fn cluster(stage: &Stage) -> Result<(), String> {
    let image = stage.bed.root().join("shared/disk");
    let group = "--group mfsgroup --yes";
    stage.run(1, "quorate cluster status; quorate cluster link status")?;
    stage.run(
        1,
        &format!(
            "quorate resource add vip ocf:heartbeat:IPaddr2 ip=10.77.0.100 cidr_netmask=24 nic=eth0 \
             op monitor interval=30s {group}"
        ),
    )?;
    stage.run(1, "quorate status || true")?;
    let checked = stage.run(1, "quorate config check || true")?;
    stage.must(checked.contains("there is no fence device"), "a check says what is missing")?;
    let nowhere = holders(&stage.bed).is_empty();
    stage.must(nowhere, "without fencing, though it is enabled, nothing starts")?;
    stage.unfenced()?;
    stage.wait("the address, for now without fencing", || stage.holder().is_ok())?;
    stage.run(1, "quorate config undo --yes")?;
    stage.run(
        1,
        "quorate resource add power stonith:fence_bed 'pcmk_host_list=n1 n2 n3 n4' \
         op monitor interval=60s --yes",
    )?;
    // Before the disk: nowhere else may it be, not even for a moment.
    stage.never_on("mfsgroup", &[3, 4])?;
    stage.run(
        1,
        &format!(
            "quorate resource add mfsdata ocf:heartbeat:Filesystem device={} \
             directory=/var/lib/mfs fstype=xfs options=loop op monitor interval=30s {group}",
            image.display()
        ),
    )?;
    stage.run(1, &format!("quorate resource add mfsd {PROCESS} {group}"))?;
    stage.stay()?;
    stage.run(1, "quorate config check")?;
    stage.run(1, "quorate status")?;
    let holder = stage.holder()?;
    // A unit of the simple type is active before its program has begun.
    stage.wait("the master", || stage.quietly(holder, "pgrep mfsmaster").is_ok())?;
    stage.run(holder, "grep /var/lib/mfs /proc/mounts; pgrep -a mfsmaster")?;
    stage.must(holder <= 2, "the group runs on n1 or n2")
}

/// One of the two is stopped by its operator, and begins again: the group moves, and stays there.
fn stopped(stage: &Stage) -> Result<(), String> {
    let active = stage.holder()?;
    let other = 3 - active;
    stage.run(other, &format!("quorate node shutdown n{active} --yes"))?;
    stage.must(stage.holder()? == other, "the group moved")?;
    stage.run(other, "quorate status")?;
    let ended = || stage.quietly(active, "! pgrep -x quorate").is_ok();
    stage.wait("the daemon's end", ended)?;
    let start =
        "setsid quorate daemon --config /etc/quorate/quorate.toml >>\"$0\" 2>&1 </dev/null &";
    let log = stage.bed.node_dir(&format!("n{active}")).join("boot.log");
    stage.run(active, &format!("sh -c '{start}' {}", log.display()))?;
    stage.wait_all()?;
    stage.run(other, "quorate wait")?;
    stage.must(stage.holder()? == other, "it stays when the other is back")
}

/// A client writes while the active machine loses its power.
fn under_load(stage: &Stage) -> Result<(), String> {
    let source = stage.bed.root().join("shared/source");
    let slowly = stage.slowly(&source);
    let source = source.display();
    let bytes = stage.load << 20;
    stage.run(4, &format!("head -c {bytes} /dev/urandom >{source}; sync"))?;
    let start = Instant::now();
    let mut write = stage.begin(
        4,
        &format!("{slowly} | dd of=/mnt/file bs=1M iflag=fullblock conv=fsync 2>&1 | tail -1"),
    )?;
    stage.wait("a tenth of the file", || {
        let size =
            stage.quietly(4, "stat -c %s /mnt/file 2>/dev/null || echo 0").unwrap_or_default();
        size.trim().parse::<u64>().is_ok_and(|size| size > bytes / 10)
    })?;
    let active = stage.holder()?;
    stage.must(write.try_wait().is_ok_and(|ended| ended.is_none()), "the client still writes")?;
    stage.lose(active)?;
    let said = write.wait_with_output().map_err(|error| error.to_string())?;
    stage.must(said.status.success(), "the client's write succeeds")?;
    println!("    {}", String::from_utf8_lossy(&said.stdout).trim());
    println!("-- the write took {:.1} s, the failover included", start.elapsed().as_secs_f64());
    let sums = stage.run(4, &format!("sha256sum <{source}; sha256sum </mnt/file"))?;
    let sums: Vec<&str> = sums.lines().collect();
    stage.must(matches!(sums[..], [one, other] if one == other), "the file is whole")
}
