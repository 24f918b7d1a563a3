//! Two active/passive pairs as Cloudera Manager's, with crmsh: the server by an init script, the management
//! service's agent by an OCF agent of its own, each pair a cluster of two behind an HAProxy of its own. The
//! services are stand-ins that answer at their ports: what counts here is who runs them where.
//!
//! n1 and n2 are the server's machines, n3 and n4 the agent's, n5 and n6 have their balancers. The state is in
//! directories that both machines of a pair see, as the mounted exports would be: the kernel of the nodes may
//! have no client for NFS.

pub(super) const NODES: u32 = 6;

/// Packages, and a file of each.
pub(super) const NEEDED: [(&str, &str); 3] =
    [("crmsh", "/usr/sbin/crm"), ("haproxy", "/usr/sbin/haproxy"), ("curl", "/usr/bin/curl")];

/// What a machine is depends on its number; the boot of a balancer's ends here.
pub(super) const MACHINE: &str = r#"
server_ports="7180 7182 7183"
agent_ports="8087 9087 9998 9999 10101 7184 7185 8084 8091 9091 9994 9995 8086 9086 9996 9997 9000 5678 8083 7186 7187 8089"
case $NODE in
n1 | n2 | n5) cluster=cmf first=1 ports=$server_ports state=cloudera-scm-server ;;
*) cluster=mgmt first=3 ports=$agent_ports state=cloudera-scm-agent ;;
esac
second=$((first + 1))
mkdir -p /run/cm
# The active one of a pair is known by the balancer's name.
printf '10.77.0.5 cmf\n10.77.0.6 mgmt\n' >>/etc/hosts
case $NODE in
n5 | n6)
  {
    printf 'defaults\n  timeout connect 5s\n  timeout client 30s\n  timeout server 30s\n'
    for port in $ports; do
      printf 'listen port-%s\n  bind :%s\n  mode tcp\n  option tcplog\n' "$port" "$port"
      for n in $first $second; do
        printf '  server n%s 10.77.0.%s:%s check inter 500ms\n' "$n" "$n" "$port"
      done
    done
  } >/etc/haproxy/haproxy.cfg
  haproxy -D -f /etc/haproxy/haproxy.cfg
  exit 0 ;;
esac
useradd --uid 7180 --user-group --no-create-home cloudera-scm
mkdir -p "$OWN/../../shared/$state" "/var/lib/$state"
chown cloudera-scm: "$OWN/../../shared/$state"
mount --bind "$OWN/../../shared/$state" "/var/lib/$state"
cat >/etc/corosync/corosync.conf <<END
totem {
  version: 2
  secauth: off
  cluster_name: $cluster
  transport: udpu
}
nodelist {
  node {
    ring0_addr: n$first
    nodeid: 1
  }
  node {
    ring0_addr: n$second
    nodeid: 2
  }
}
quorum {
  provider: corosync_votequorum
  two_node: 1
}
logging {
  to_syslog: no
  to_logfile: yes
  logfile: /var/log/corosync/corosync.log
}
END
# Answers at its ports, and adds a line to the state that the other machine goes on with.
cat >/run/cm/serve <<'END'
import os, sys, threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
state, node, ports = sys.argv[1], sys.argv[2], sys.argv[3:]
class Page(BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200)
        self.end_headers()
        self.wfile.write(f"served by {node}\n".encode())
    def log_message(self, *words):
        pass
servers = [ThreadingHTTPServer(("", int(port)), Page) for port in ports]
with open(f"{state}/served", "a") as served:
    served.write(f"{node}\n")
for server in servers[1:]:
    threading.Thread(target=server.serve_forever).start()
servers[0].serve_forever()
END
cat >/run/cm/functions <<END
pid=/run/cm/service.pid
runs() { [ -e \$pid ] && kill -0 "\$(cat \$pid)" 2>/dev/null; }
begin() {
  setsid setpriv --reuid cloudera-scm --regid cloudera-scm --clear-groups \
    /usr/bin/python3 /run/cm/serve /var/lib/$state $NODE $ports >/dev/null 2>&1 </dev/null &
  echo \$! >\$pid
  until curl -sf http://127.0.0.1:${ports%% *}/ >/dev/null; do runs || return 1; done
}
finish() { runs && kill "\$(cat \$pid)"; while runs; do :; done; rm -f \$pid; }
END
cat >/etc/init.d/cloudera-scm-server <<'END'
#!/bin/sh
### BEGIN INIT INFO
# Provides: cloudera-scm-server
# Short-Description: Manager of a cluster of another kind
### END INIT INFO
. /run/cm/functions
case $1 in
  start) runs || begin ;;
  stop) finish ;;
  restart) finish; begin ;;
  status) if runs; then exit 0; elif [ -e $pid ]; then exit 1; else exit 3; fi ;;
  *) exit 2 ;;
esac
END
mkdir -p /run/resource.d/cm
cat >/run/resource.d/cm/agent <<'END'
#!/bin/sh
. /run/cm/functions
case $1 in
  start) runs || begin ;;
  stop) finish ;;
  monitor) if runs; then exit 0; elif [ -e $pid ]; then exit 1; else exit 7; fi ;;
  validate-all) ;;
  meta-data)
    cat <<'XML'
<?xml version="1.0"?>
<resource-agent name="agent" version="1.0">
<version>1.0</version>
<longdesc lang="en">The agent of a management service.</longdesc>
<shortdesc lang="en">The agent of a management service</shortdesc>
<parameters/>
<actions>
<action name="start" timeout="20s"/>
<action name="stop" timeout="20s"/>
<action name="monitor" timeout="20s" interval="10s" depth="0"/>
<action name="validate-all" timeout="5s"/>
<action name="meta-data" timeout="5s"/>
</actions>
</resource-agent>
XML
    ;;
  *) exit 3 ;;
esac
END
case $cluster in
cmf) chmod 755 /etc/init.d/cloudera-scm-server ;;
mgmt) rm /etc/init.d/cloudera-scm-server; chmod 755 /run/resource.d/cm/agent ;;
esac
mount -t overlay overlay -o lowerdir=/run/resource.d:/usr/lib/ocf/resource.d /usr/lib/ocf/resource.d
"#;
