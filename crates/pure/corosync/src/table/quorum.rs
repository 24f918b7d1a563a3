//! `quorum`, its device and the heuristics.

use super::{COUNT, Directive, Kind, ON_OFF, ZERO_ONE, always as d};

const PORT: Kind = Kind::Number { min: 1, max: 65_535 };

#[rustfmt::skip] // a table: one directive a line
pub(super) const DIRECTIVES: &[Directive] = &[
    d("quorum", "provider", Kind::Word(&["corosync_votequorum", "corosync_quorum_ykd"]), "", "who counts votes"),
    d("quorum", "expected_votes", COUNT, "", "all votes there are; counted from the nodelist"),
    d("quorum", "votes", COUNT, "1", "this node's votes; say quorum_votes in the nodelist"),
    d("quorum", "two_node", ZERO_ONE, "0", "one of two nodes is enough").since((1, 99)),
    d("quorum", "wait_for_all", ZERO_ONE, "0", "no quorum before all nodes were seen at once").since((1, 99)),
    d("quorum", "last_man_standing", ZERO_ONE, "0", "counts votes anew when nodes are lost one after another").since((1, 99)),
    d("quorum", "last_man_standing_window", Kind::Number { min: 100, max: u32::MAX as u64 }, "10000", "how long to wait before that (ms)").since((1, 99)),
    d("quorum", "auto_tie_breaker", ZERO_ONE, "0", "one named half keeps quorum in an even split").since((1, 99)),
    d("quorum", "auto_tie_breaker_node", Kind::TieBreaker, "lowest", "which half that is").since((2, 4)),
    d("quorum", "allow_downscale", ZERO_ONE, "0", "nodes that leave in order lower what is expected; not supported").since((1, 99)),
    d("quorum", "expected_votes_tracking", ZERO_ONE, "0", "keeps the most votes ever seen on disk").since((3, 0)),
    d("quorum", "quorumdev_poll", COUNT, "10000", "the device has its own timeout").until((2, 0)),
    d("quorum", "leaving_timeout", COUNT, "10000", "leave it out").until((2, 0)),
    d("quorum", "disallowed", ZERO_ONE, "0", "leave it out").until((2, 0)),
    d("quorum", "quorate", ZERO_ONE, "0", "only for the test provider").until((2, 0)),
    d("quorum.device", "model", Kind::Word(&["net", "sanlock"]), "", "what the outside voice is; sanlock is `quorate lock`").since((2, 4)),
    d("quorum.device", "votes", COUNT, "", "its votes; ffsplit 1, lms all nodes' votes less one").since((2, 0)),
    d("quorum.device", "timeout", Kind::Number { min: 100, max: u32::MAX as u64 }, "10000", "how long it may be silent (ms)").since((2, 0)),
    d("quorum.device", "sync_timeout", Kind::Number { min: 100, max: u32::MAX as u64 }, "30000", "the same while the membership changes (ms)").since((2, 4)),
    d("quorum.device", "master_wins", ZERO_ONE, "0", "the half whose device votes wins at once").since((2, 4)),
    d("quorum.device.net", "host", Kind::Address, "", "where corosync-qnetd runs").since((2, 4)),
    d("quorum.device.net", "port", PORT, "5403", "its port").since((2, 4)),
    d("quorum.device.net", "algorithm", Kind::Word(&["ffsplit", "lms", "2nodelms", "test"]), "ffsplit", "whom it votes for").since((2, 4)),
    d("quorum.device.net", "tie_breaker", Kind::TieBreaker, "lowest", "whom it prefers when sides are equal").since((2, 4)),
    d("quorum.device.net", "keep_active_partition_tie_breaker", ON_OFF, "on", "prefers the side that was active; ffsplit only").since((3, 0)),
    d("quorum.device.net", "tls", Kind::Word(&["off", "on", "required"]), "on", "encrypts the way to it").since((2, 4)),
    d("quorum.device.net", "connect_timeout", COUNT, "", "how long connecting may take (ms); 0.8 times timeout").since((2, 4)),
    d("quorum.device.net", "force_ip_version", Kind::Number { min: 0, max: 6 }, "0", "4 or 6").since((2, 4)),
    d("quorum.device.sanlock", "path", Kind::Text, "", "the disk of the cluster's lock; `quorate lock` reads it").since((2, 4)),
    d("quorum.device.sanlock", "io_timeout", Kind::Number { min: 1, max: 30 }, "5", "how long its reads and writes may take (s); a lost holder's lease ends after 8 times that and 60 s").since((2, 4)),
    d("quorum.device.heuristics", "mode", Kind::Word(&["off", "on", "sync"]), "off", "when the commands run").since((2, 4)),
    d("quorum.device.heuristics", "timeout", COUNT, "", "how long they may take (ms); half the device's").since((2, 4)),
    d("quorum.device.heuristics", "sync_timeout", COUNT, "", "the same while the membership changes (ms)").since((2, 4)),
    d("quorum.device.heuristics", "interval", COUNT, "", "how often they run (ms); three times the device's timeout").since((2, 4)),
    d("quorum.device.heuristics", "exec_*", Kind::Text, "", "a command; all must succeed").since((2, 4)),
];
