//! Heartbeat's files on two nodes, taken over: an address, a file system, and a web server by a script of Heartbeat.

pub(super) const NODES: u32 = 2;

/// Packages, and a file of each.
pub(super) const NEEDED: [(&str, &str); 4] = [
    ("apache2", "/usr/sbin/apache2"),
    ("curl", "/usr/bin/curl"),
    ("openssh-server", "/usr/sbin/sshd"),
    ("systemd", "/lib/systemd/systemd"),
];

/// Our package is there, and no cluster; what was written in an earlier life of the machine stays.
const INSTALLED: &str = r#"
if [ ! -e "$OWN/has-quorate" ]; then
  rm -rf /etc/corosync/* /etc/quorate/*
  for unit in quorate quorate-door; do
    sed 's,/usr/bin/quorate,/usr/sbin/quorate,' "@PACKAGING@/systemd/$unit.service" >/etc/systemd/system/$unit.service
  done
  printf '[web]\nlisten = "0.0.0.0:5560"\n' >/etc/quorate/quorate.toml
  touch "$OWN/has-quorate"
fi
"#;

/// systemd learns of the units; what is enabled it has begun.
const BEGUN: &str = r#"
until systemctl list-units >/dev/null 2>&1; do sleep 0.05; done
systemctl daemon-reload
touch /run/begun
exit 0
"#;

/// What such a pair had in `/etc/ha.d`, the directory with the pages, the way by ssh from the first to the second, and
/// the old port for the console with a user and password of its own. A node that was lost does it again.
const MACHINE: &str = r#"
mkdir -p "$OWN/../../shared/htdocs" /srv/htdocs /run/broken /etc/ha.d/resource.d /var/log/apache2 /run/sshd
mkdir -p -m 700 /run/home/.ssh
mount --bind "$OWN/../../shared/htdocs" /srv/htdocs
echo 'the page on the export' >/srv/htdocs/index.html
cat >/etc/ha.d/ha.cf <<'END'
logfacility local0
keepalive 1
deadtime 5
initdead 20
mcast eth0 225.0.100.19 694 1 0
auto_failback off
node n1
node n2
crm on
respawn root /usr/lib/heartbeat/mgmtd -v
END
cat >/etc/ha.d/haresources <<'END'
n1 10.77.0.100/24/eth0 \
   Filesystem::/srv/htdocs::/var/www/html::none::bind httpd::/etc/apache2/apache2.conf
END
printf 'auth 1\n1 sha1 secret\n' >/etc/ha.d/authkeys
chmod 600 /etc/ha.d/authkeys
cp /etc/ha.d/authkeys /run/broken/
cat >/etc/ha.d/resource.d/httpd <<'END'
#!/bin/sh
. /etc/apache2/envvars
case $2 in
start) mkdir -p "$APACHE_RUN_DIR" "$APACHE_LOCK_DIR" && apache2 -f "$1" -k start ;;
stop) apache2 -f "$1" -k stop; while pgrep -x apache2 >/dev/null; do sleep 0.1; done ;;
status) if pgrep -x apache2 >/dev/null; then echo 'httpd Running OK'; else echo 'httpd stopped'; fi ;;
*) exit 1 ;;
esac
END
chmod 755 /etc/ha.d/resource.d/httpd
cp "@PACKAGING@/heartbeat/heartbeat" /etc/init.d/heartbeat
cp "@PACKAGING@/pam/quorate" /etc/pam.d/quorate
groupadd -f -r haclient
for user in hacluster stranger; do id $user >/dev/null 2>&1 || useradd -r -M $user; echo "$user:old times" | chpasswd; done
usermod -g haclient hacluster
sed -i 's|^root:.*|root:x:0:0:root:/run/home:/bin/sh|' /etc/passwd
usermod -p '*' root
keys="$OWN/../../shared/keys"
mkdir -p -m 700 "$keys" && [ -e "$keys/$NODE.pub" ] || ssh-keygen -q -t ed25519 -N '' -f "$keys/$NODE"
ln -sf "$keys/$NODE" /run/home/.ssh/id_ed25519
/usr/sbin/sshd -f /dev/null -o HostKey="$keys/$NODE" -o AuthorizedKeysFile="$keys/n1.pub" -o StrictModes=no \
    -o PermitRootLogin=yes -o UsePAM=no -o PidFile=none -o Subsystem='sftp internal-sftp'
"#;

pub(super) fn machine() -> String {
    let packaging = xtask::tidy::root().join("packaging");
    [INSTALLED, MACHINE, BEGUN].concat().replace("@PACKAGING@", &packaging.display().to_string())
}
