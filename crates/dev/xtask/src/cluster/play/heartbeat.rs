//! Heartbeat's files on two nodes, taken over: an address, a file system, and a web server by a script of Heartbeat.

pub(super) const NODES: u32 = 2;

/// Packages, and a file of each.
pub(super) const NEEDED: [(&str, &str); 2] =
    [("apache2", "/usr/sbin/apache2"), ("curl", "/usr/bin/curl")];

/// What such a pair had in `/etc/ha.d`, and the directory with the pages. The names of the commands are in the
/// agents' own directory and not on the operator's path.
const MACHINE: &str = r#"
mkdir -p "$OWN/../../shared/htdocs" /srv/htdocs /run/broken /etc/ha.d/resource.d /var/log/apache2
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
"#;

pub(super) fn machine() -> String {
    let packaging = xtask::tidy::root().join("packaging");
    MACHINE.replace("@PACKAGING@", &packaging.display().to_string())
}
