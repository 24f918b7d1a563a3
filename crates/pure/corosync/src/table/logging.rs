//! `logging` and its subsystems.

use super::{Directive, Kind, ON_OFF, YES_NO, always as d};

const PRIORITY: Kind =
    Kind::Word(&["alert", "crit", "debug", "emerg", "err", "info", "notice", "warning"]);
const FACILITY: Kind = Kind::Word(&[
    "daemon", "local0", "local1", "local2", "local3", "local4", "local5", "local6", "local7",
]);
const DEBUG: Kind = Kind::Word(&["on", "off", "trace"]);

#[rustfmt::skip] // a table: one directive a line
pub(super) const DIRECTIVES: &[Directive] = &[
    d("logging", "timestamp", Kind::Word(&["on", "off", "hires"]), "hires", "writes the time into each line"),
    d("logging", "fileline", ON_OFF, "off", "writes the place in the source"),
    d("logging", "function_name", ON_OFF, "off", "writes the function"),
    d("logging", "blackbox", ON_OFF, "on", "keeps a flight recorder").since((3, 1)),
    d("logging", "to_stderr", YES_NO, "yes", "logs to the standard error"),
    d("logging", "to_logfile", YES_NO, "no", "logs to the file"),
    d("logging", "to_syslog", YES_NO, "yes", "logs to the system's log"),
    d("logging", "logfile", Kind::Text, "", "the file"),
    d("logging", "logfile_priority", PRIORITY, "info", "from which priority on into the file"),
    d("logging", "syslog_facility", FACILITY, "daemon", "under which facility"),
    d("logging", "syslog_priority", PRIORITY, "info", "from which priority on into the system's log"),
    d("logging", "debug", DEBUG, "off", "logs everything"),
    d("logging", "tags", Kind::Text, "", "say debug trace").until((2, 0)),
    d("logging.logger_subsys", "subsys", Kind::Text, "", "which part of Corosync this is about"),
    d("logging.logger_subsys", "to_stderr", YES_NO, "yes", "logs to the standard error"),
    d("logging.logger_subsys", "to_logfile", YES_NO, "no", "logs to the file"),
    d("logging.logger_subsys", "to_syslog", YES_NO, "yes", "logs to the system's log"),
    d("logging.logger_subsys", "logfile", Kind::Text, "", "the file"),
    d("logging.logger_subsys", "logfile_priority", PRIORITY, "info", "from which priority on into the file"),
    d("logging.logger_subsys", "syslog_facility", FACILITY, "daemon", "under which facility"),
    d("logging.logger_subsys", "syslog_priority", PRIORITY, "info", "from which priority on into the system's log"),
    d("logging.logger_subsys", "debug", DEBUG, "off", "logs everything"),
    d("logging.logger_subsys", "tags", Kind::Text, "", "say debug trace").until((2, 0)),
    d("logging.logger", "ident", Kind::Text, "", "say a section logger_subsys with subsys").until((1, 1)),
    d("logging.logger", "debug", DEBUG, "off", "say a section logger_subsys").until((1, 1)),
    d("logging.logger", "tags", Kind::Text, "", "say a section logger_subsys").until((1, 1)),
];
