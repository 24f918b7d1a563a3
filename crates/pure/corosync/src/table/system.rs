//! The process itself, and what 1.x had besides.

use super::{COUNT, Directive, Kind, YES_NO, always as d};

const IPC: Kind = Kind::Word(&["native", "shm", "socket"]);

#[rustfmt::skip] // a table: one directive a line
pub(super) const DIRECTIVES: &[Directive] = &[
    d("system", "qb_ipc_type", IPC, "native", "how programs reach Corosync").since((3, 0)),
    d("system", "sched_rr", YES_NO, "yes", "runs with realtime priority").since((3, 0)),
    d("system", "priority", Kind::Text, "", "the priority without realtime").since((3, 0)),
    d("system", "move_to_root_cgroup", Kind::Word(&["yes", "no", "auto"]), "auto", "leaves its control group for realtime priority").since((3, 0)),
    d("system", "allow_knet_handle_fallback", YES_NO, "no", "goes on without the right to lock memory").since((3, 1)),
    d("system", "state_dir", Kind::Text, "/var/lib/corosync", "where it keeps its state").since((3, 0)),
    d("qb", "ipc_type", IPC, "native", "say qb_ipc_type in the section system").since((2, 0)).until((3, 0)),
    d("resources", "watchdog_device", Kind::Text, "off", "the watchdog that Corosync holds open itself").since((2, 0)),
    d("nozzle", "name", Kind::Text, "", "the device's name").since((3, 0)),
    d("nozzle", "ipaddr", Kind::NetworkAddress, "", "addresses are made of it and the node's number").since((3, 0)),
    d("nozzle", "ipprefix", Kind::Number { min: 1, max: 128 }, "", "the network's length").since((3, 0)),
    d("nozzle", "macaddr", Kind::Text, "", "the first bytes of its hardware address").since((3, 0)),
    d("uidgid", "uid", Kind::Text, "", "a user that may talk to Corosync"),
    d("uidgid", "gid", Kind::Text, "", "a group that may talk to Corosync"),
    d("", "compatibility", Kind::Word(&["none", "whitetank"]), "none", "nothing speaks the old protocol").until((2, 0)),
    d("aisexec", "user", Kind::Text, "root", "Corosync runs as root").until((2, 0)),
    d("aisexec", "group", Kind::Text, "root", "Corosync runs as root").until((2, 0)),
    d("service", "name", Kind::Text, "", "what was started so is a service of its own").until((2, 0)),
    d("service", "ver", COUNT, "0", "what was started so is a service of its own").until((2, 0)),
    d("service", "use_mgmtd", Kind::Text, "", "leave it out").until((2, 0)),
    d("service", "use_logd", Kind::Text, "", "leave it out").until((2, 0)),
];
