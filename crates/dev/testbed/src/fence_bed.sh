#!/bin/sh
# Fence agent: switches nodes of a test bed off and on. Parameters as key=value lines on standard
# input: action, plug (a node's name; also port or nodename), bed (the bed's directory).
action=reboot
while IFS='=' read -r key value; do
  case $key in
    action) action=$value ;;
    plug | port) plug=$value ;;
    nodename) node=$value ;;
    bed) bed=$value ;;
  esac
done
plug=${plug:-$node}

# What the bed answers: "done", "on", "off", or what is wrong.
ask() {
  reply=$(mktemp -u "$bed/run/reply.XXXXXX") && mkfifo -m 600 "$reply" || exit 1
  trap 'rm -f "$reply"' EXIT
  # Open before it is asked for, or the answer may come and go unheard.
  exec 3<>"$reply"
  echo "$1 $plug $reply" >"$bed/power"
  read -r answer <&3
}

case $action in
  metadata)
    cat <<'XML'
<?xml version="1.0"?>
<resource-agent name="fence_bed" shortdesc="Power strip of a test bed">
  <longdesc>Switches nodes that are namespaces off and on.</longdesc>
  <parameters>
    <parameter name="action" required="1"><content type="string" default="reboot"/></parameter>
    <parameter name="bed" required="1"><content type="string"/><shortdesc lang="en">The bed's directory</shortdesc></parameter>
    <parameter name="plug" required="0"><content type="string"/><shortdesc lang="en">The node's name</shortdesc></parameter>
  </parameters>
  <actions>
    <action name="on"/><action name="off"/><action name="reboot"/><action name="status"/>
    <action name="list"/><action name="monitor"/><action name="metadata"/>
  </actions>
</resource-agent>
XML
    ;;
  list)
    for node in "$bed"/nodes/*; do echo "${node##*/},"; done
    ;;
  monitor)
    [ -p "$bed/power" ]
    ;;
  status)
    ask status
    case $answer in
      on) exit 0 ;;
      off) exit 2 ;;
      *) echo "$answer" >&2; exit 1 ;;
    esac
    ;;
  on | off | reboot)
    ask "$action"
    [ "$answer" = done ] || { echo "$answer" >&2; exit 1; }
    ;;
  *)
    echo "no such action: $action" >&2
    exit 1
    ;;
esac
