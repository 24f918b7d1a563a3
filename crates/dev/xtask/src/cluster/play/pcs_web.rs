//! A floating address and Apache on two nodes, and a third that comes and goes, begun on bare machines: pcs authenticates them to each other,
//! writes Corosync's configuration, and starts what is called pacemaker.

pub(super) const NODES: u32 = 3;

/// Packages, and a file of each.
pub(super) const NEEDED: [(&str, &str); 3] =
    [("apache2", "/usr/sbin/apache2"), ("curl", "/usr/bin/curl"), ("pcs", "/usr/sbin/pcsd")];

/// A machine on which our package and pcs were installed, and nothing else was done: no cluster is
/// configured. What is enabled is begun by systemd.
const EQUIPPED: &str = r#"
units=/etc/systemd/system
if [ ! -e "$OWN/equipped" ]; then
  rm -rf /etc/corosync/corosync.conf /etc/quorate/* /var/lib/pcsd/* /etc/pacemaker/*
  mkdir -p /etc/pacemaker /var/lib/pcsd
  for unit in quorate pacemaker; do
    sed 's,/usr/bin/quorate,/usr/sbin/quorate,' "@UNITS@/$unit.service" >$units/$unit.service
  done
  echo hacluster:secret | chpasswd
  mkdir -p $units/multi-user.target.wants
  ln -sf /usr/lib/systemd/system/pcsd.service $units/multi-user.target.wants/
  touch "$OWN/equipped"
fi
"#;

/// Its words end the boot here.
const BEGUN: &str = r#"
until systemctl list-units >/dev/null 2>&1; do sleep 0.05; done
systemctl daemon-reload
systemctl start --no-block pcsd
exit 0
"#;

const WEB: &str = r#"
mount -t tmpfs tmpfs /var/www/html; echo "served by $NODE" > /var/www/html/index.html
ln -sf ../mods-available/status.load ../mods-available/status.conf /etc/apache2/mods-enabled/
mkdir -p /var/log/apache2
"#;

pub(super) fn machine() -> String {
    bare(WEB)
}

/// A bare machine with these words for what it has of its own.
pub(super) fn bare(own: &str) -> String {
    let units = xtask::tidy::root().join("packaging/systemd");
    format!("{}{own}{BEGUN}", EQUIPPED.replace("@UNITS@", &units.display().to_string()))
}
