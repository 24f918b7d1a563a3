//! An active/passive pair as Cloudera Manager's, with crmsh: an init script and an OCF agent of its own, and
//! HAProxy before them. The services are stand-ins: what counts here is who runs them where.

pub(super) const NODES: u32 = 2;

/// Packages, and a file of each.
pub(super) const NEEDED: [(&str, &str); 3] =
    [("crmsh", "/usr/sbin/crm"), ("haproxy", "/usr/sbin/haproxy"), ("curl", "/usr/bin/curl")];

/// The init script, the agent and the balancer of each machine.
pub(super) const MACHINE: &str = r#"
mkdir -p /run/cm/site /run/resource.d/cm
echo "served by $NODE" >/run/cm/site/index.html
cat >/etc/init.d/cloudera-scm-server <<'END'
#!/bin/sh
### BEGIN INIT INFO
# Provides: cloudera-scm-server
# Short-Description: Manager of a cluster of another kind
### END INIT INFO
pid=/run/cm/server.pid
runs() { [ -e $pid ] && kill -0 "$(cat $pid)" 2>/dev/null; }
case $1 in
  start)
    runs && exit 0
    cd /run/cm/site || exit 1
    setsid python3 -m http.server 7180 >/dev/null 2>&1 </dev/null &
    echo $! >$pid
    until curl -sf http://127.0.0.1:7180/ >/dev/null; do runs || exit 1; done ;;
  stop) runs && kill "$(cat $pid)"; while runs; do :; done; rm -f $pid ;;
  restart) "$0" stop && "$0" start ;;
  status) if runs; then exit 0; elif [ -e $pid ]; then exit 1; else exit 3; fi ;;
  *) exit 2 ;;
esac
END
cat >/run/resource.d/cm/agent <<'END'
#!/bin/sh
pid=/run/cm/agent.pid
runs() { [ -e $pid ] && kill -0 "$(cat $pid)" 2>/dev/null; }
case $1 in
  start)
    runs && exit 0
    setsid /run/cm/cm-agent-process infinity >/dev/null 2>&1 </dev/null &
    echo $! >$pid
    until runs; do :; done ;;
  stop) runs && kill "$(cat $pid)"; while runs; do :; done; rm -f $pid ;;
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
ln -s /usr/bin/sleep /run/cm/cm-agent-process
chmod 755 /etc/init.d/cloudera-scm-server /run/resource.d/cm/agent
mount -t overlay overlay -o lowerdir=/run/resource.d:/usr/lib/ocf/resource.d /usr/lib/ocf/resource.d
cat >/etc/haproxy/cloudera.cfg <<'END'
defaults
  mode tcp
  timeout connect 5s
  timeout client 30s
  timeout server 30s
listen server
  bind :8180
  option tcplog
  server n1 10.77.0.1:7180 check inter 500ms
  server n2 10.77.0.2:7180 check inter 500ms
END
haproxy -D -f /etc/haproxy/cloudera.cfg
"#;
