#!/bin/sh
# Resource agent: a process of its own that does nothing, and whose environment says nothing of who
# started it, as after `su -`.
pid=$(pgrep -f "^sleep 7777$")
case $1 in
  start) [ -n "$pid" ] || env -i /usr/bin/setsid sleep 7777 >/dev/null 2>&1 </dev/null & ;;
  stop) [ -z "$pid" ] || kill "$pid" ;;
  monitor) [ -n "$pid" ] || exit 7 ;;
  meta-data)
    cat <<'XML'
<?xml version="1.0"?>
<resource-agent name="sleeper" version="1"><version>1.0</version><longdesc lang="en">sleeps</longdesc>
<shortdesc lang="en">sleeps</shortdesc><parameters/><actions><action name="start" timeout="20s"/>
<action name="stop" timeout="20s"/><action name="monitor" timeout="20s" interval="10s"/>
<action name="meta-data" timeout="5s"/></actions></resource-agent>
XML
    ;;
  *) exit 3 ;;
esac
