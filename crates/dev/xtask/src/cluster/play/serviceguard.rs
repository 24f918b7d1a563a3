//! A Serviceguard cluster of two nodes, as its operators had it: its files, a lock, two packages. The third machine is
//! the quorum server.

pub(super) const NODES: u32 = 3;
/// On the wire of the packages' addresses.
pub(super) const STANDBY_CARDS: u32 = 1;

/// Packages, and a file of each.
pub(super) const NEEDED: [(&str, &str); 5] = [
    ("corosync-qnetd", "/usr/bin/corosync-qnetd"),
    ("corosync-qdevice", "/usr/sbin/corosync-qdevice"),
    ("curl", "/usr/bin/curl"),
    ("python3", "/usr/bin/python3"),
    ("tcpdump", "/usr/bin/tcpdump"),
];

/// Nothing of a cluster is there at first but the packages' and the cluster's files; a node that boots again starts
/// its part of the cluster, as `AUTOSTART_CMCLD=1` had it.
const MACHINE: &str = r#"
if [ ! -e "$OWN/equipped" ]; then
  rm -rf /etc/corosync/corosync.conf /etc/quorate/*
  touch "$OWN/equipped"
fi
mkdir -p /run/shared /run/resource.d /var/lib/web /etc/cmcluster/web /etc/cmcluster/mail
mount --bind "$OWN/../../shared" /run/shared
ln -s "$OWN/../../agents/ocf/quorate" /run/resource.d/quorate
mount -t overlay overlay -o lowerdir=/run/resource.d:/usr/lib/ocf/resource.d /usr/lib/ocf/resource.d
for card in all default; do
  echo 1 >/proc/sys/net/ipv4/conf/$card/arp_ignore
  echo 2 >/proc/sys/net/ipv4/conf/$card/arp_announce
done
ip link set eth2 up
case $NODE in
n3) mkdir -p /run/corosync-qnetd; corosync-qnetd -s off ;;
*)
  cp "@FILES@/cluster.ascii" /etc/cmcluster/cmclconf.ascii
  cp "@FILES@/web.ascii" /etc/cmcluster/web/
  cp "@FILES@/mail.ascii" "@FILES@/mail.cntl" /etc/cmcluster/mail/
  printf 'SGCONF=/etc/cmcluster\nSGSBIN=/usr/sbin\n' >/etc/cmcluster.conf
  mkdir -p /etc/cmcluster/resources/example
  printf '#!/bin/sh\ncat /run/float\n' >/etc/cmcluster/resources/example/float
  chmod +x /etc/cmcluster/resources/example/float
  echo UP >/run/float
  printf 'n1 root\nn2 root\n' >/etc/cmcluster/cmclnodelist
  if [ -e /etc/corosync/corosync.conf ]; then quorate cluster start; fi
  ;;
esac
exit 0
"#;

pub(super) fn machine() -> String {
    let files = xtask::tidy::root().join("examples/serviceguard");
    MACHINE.replace("@FILES@", &files.display().to_string())
}
