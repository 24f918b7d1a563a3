//! What nodes run when their power comes on: scripts, which the bed starts.

/// Corosync, and Quorate's daemon above it, which is in the bed's `sbin`; what fails is started again as
/// our unit tells systemd to. With clocks of their own the daemons' wall clock is what a file says
/// (libfaketime).
const QUORATE: &str = r#"
corosync || exit
mkdir -p /run/quorate
own_clock=
for faketime in /usr/lib/*/faketime/libfaketime.so.1; do
  if [ -n "@CLOCKS@" ] && [ -e "$faketime" ]; then
    echo +0 > /run/bed-clock
    own_clock="LD_PRELOAD=$faketime FAKETIME_TIMESTAMP_FILE=/run/bed-clock \
      FAKETIME_DONT_FAKE_MONOTONIC=1 FAKETIME_CACHE_DURATION=1"
  fi
done
while :; do
  env $own_clock bash -c 'exec -a pacemaker-controld quorate daemon --config /etc/quorate/quorate.toml'
  case $? in 0 | 78 | 100) exit ;; esac
  sleep 1
  pgrep -x corosync >/dev/null || corosync
done
"#;

/// Corosync, and Pacemaker above it. What the machine's own Pacemaker may have left is not this
/// node's.
const PACEMAKER: &str = r#"
if [ ! -e "$OWN/booted" ]; then
  rm -rf /var/lib/pacemaker/cib/* /var/lib/pacemaker/pengine/*
  touch "$OWN/booted"
fi
mkdir -p /run/crm /var/log/pacemaker
chown hacluster:haclient /run/crm /var/log/pacemaker; chmod 750 /run/crm
corosync || exit
export PCMK_service=pacemakerd
exec pacemakerd -f
"#;

/// For a bed of Quorate's.
pub(super) fn quorate(own_clocks: bool) -> String {
    QUORATE.replace("@CLOCKS@", if own_clocks { "yes" } else { "" })
}

/// For a bed of Pacemaker's.
pub(super) fn pacemaker() -> String {
    PACEMAKER.to_owned()
}
