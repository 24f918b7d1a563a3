//! The codes, by number: facts that programs and people look up.

use crate::exit;
use model::OcfCode;

/// Which codes are meant.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// The system's, and Pacemaker's of old.
    Legacy,
    /// What Pacemaker's functions return.
    Return,
    /// What tools end with.
    Exit,
}

type Row = (i32, &'static str, &'static str);

/// All codes of a kind, in ascending order: number, name, meaning.
pub(super) fn all(kind: Kind) -> Vec<(i64, String, String)> {
    let rows = |rows: &[Row]| -> Vec<(i64, String, String)> {
        rows.iter()
            .map(|(code, name, words)| (i64::from(*code), (*name).to_owned(), (*words).to_owned()))
            .collect()
    };
    let system =
        ERRNO.iter().map(|(code, name)| (i64::from(*code), (*name).to_owned(), system(*code)));
    match kind {
        Kind::Exit => EXIT
            .iter()
            .map(|(code, name)| {
                (i64::from(*code), (*name).to_owned(), exit::words(OcfCode(*code)).to_owned())
            })
            .collect(),
        Kind::Return => {
            let fine = (0, "pcmk_rc_ok".to_owned(), "OK".to_owned());
            rows(&RETURN).into_iter().chain([fine]).chain(system).collect()
        }
        Kind::Legacy => {
            let fine = (0, "pcmk_rc_ok".to_owned(), "OK".to_owned());
            [fine].into_iter().chain(system).chain(rows(&LEGACY)).collect()
        }
    }
}

/// The name and meaning of one code.
pub(super) fn explain(kind: Kind, code: i64) -> (String, String) {
    // Both signs were in use.
    let wanted =
        if kind == Kind::Legacy && code != i64::from(i32::MIN) { code.abs() } else { code };
    let found = all(kind).into_iter().find(|(at, ..)| *at == wanted);
    let unknown = || {
        let words = match kind {
            Kind::Legacy if code == i64::from(i32::MIN) => "Error".to_owned(),
            Kind::Legacy => format!("Unknown error {wanted}"),
            Kind::Return => "Error".to_owned(),
            Kind::Exit => i32::try_from(code)
                .map_or("Unknown exit status", |code| exit::words(OcfCode(code)))
                .to_owned(),
        };
        let name = if kind == Kind::Exit { "CRM_EX_UNKNOWN" } else { "Unknown" };
        (name.to_owned(), words)
    };
    found.map_or_else(unknown, |(_, name, words)| (name, words))
}

/// The system's words, without the number that Rust adds.
fn system(code: i32) -> String {
    exit::system_words(&std::io::Error::from_raw_os_error(code))
}

const ERRNO: [(i32, &str); 117] = [
    (1, "EPERM"),
    (2, "ENOENT"),
    (3, "ESRCH"),
    (4, "EINTR"),
    (5, "EIO"),
    (6, "ENXIO"),
    (7, "E2BIG"),
    (8, "ENOEXEC"),
    (9, "EBADF"),
    (10, "ECHILD"),
    (11, "EAGAIN"),
    (12, "ENOMEM"),
    (13, "EACCES"),
    (14, "EFAULT"),
    (15, "ENOTBLK"),
    (16, "EBUSY"),
    (17, "EEXIST"),
    (18, "EXDEV"),
    (19, "ENODEV"),
    (20, "ENOTDIR"),
    (21, "EISDIR"),
    (22, "EINVAL"),
    (23, "ENFILE"),
    (24, "EMFILE"),
    (25, "ENOTTY"),
    (26, "ETXTBSY"),
    (27, "EFBIG"),
    (28, "ENOSPC"),
    (29, "ESPIPE"),
    (30, "EROFS"),
    (31, "EMLINK"),
    (32, "EPIPE"),
    (33, "EDOM"),
    (34, "ERANGE"),
    (35, "EDEADLOCK"),
    (36, "ENAMETOOLONG"),
    (37, "ENOLCK"),
    (38, "ENOSYS"),
    (39, "ENOTEMPTY"),
    (40, "ELOOP"),
    (42, "ENOMSG"),
    (43, "EIDRM"),
    (44, "ECHRNG"),
    (45, "EL2NSYNC"),
    (46, "EL3HLT"),
    (47, "EL3RST"),
    (49, "EUNATCH"),
    (51, "EL2HLT"),
    (52, "EBADE"),
    (53, "EBADR"),
    (54, "EXFULL"),
    (56, "EBADRQC"),
    (57, "EBADSLT"),
    (60, "ENOSTR"),
    (61, "ENODATA"),
    (62, "ETIME"),
    (63, "ENOSR"),
    (64, "ENONET"),
    (65, "ENOPKG"),
    (66, "EREMOTE"),
    (67, "ENOLINK"),
    (70, "ECOMM"),
    (71, "EPROTO"),
    (72, "EMULTIHOP"),
    (74, "EBADMSG"),
    (75, "EOVERFLOW"),
    (76, "ENOTUNIQ"),
    (77, "EBADFD"),
    (78, "EREMCHG"),
    (79, "ELIBACC"),
    (80, "ELIBBAD"),
    (81, "ELIBSCN"),
    (82, "ELIBMAX"),
    (83, "ELIBEXEC"),
    (84, "EILSEQ"),
    (85, "ERESTART"),
    (86, "ESTRPIPE"),
    (87, "EUSERS"),
    (88, "ENOTSOCK"),
    (89, "EDESTADDRREQ"),
    (90, "EMSGSIZE"),
    (91, "EPROTOTYPE"),
    (92, "ENOPROTOOPT"),
    (93, "EPROTONOSUPPORT"),
    (94, "ESOCKTNOSUPPORT"),
    (95, "EOPNOTSUPP"),
    (96, "EPFNOSUPPORT"),
    (97, "EAFNOSUPPORT"),
    (98, "EADDRINUSE"),
    (99, "EADDRNOTAVAIL"),
    (100, "ENETDOWN"),
    (101, "ENETUNREACH"),
    (102, "ENETRESET"),
    (103, "ECONNABORTED"),
    (104, "ECONNRESET"),
    (105, "ENOBUFS"),
    (106, "EISCONN"),
    (107, "ENOTCONN"),
    (108, "ESHUTDOWN"),
    (110, "ETIMEDOUT"),
    (111, "ECONNREFUSED"),
    (112, "EHOSTDOWN"),
    (113, "EHOSTUNREACH"),
    (114, "EALREADY"),
    (115, "EINPROGRESS"),
    (116, "ESTALE"),
    (117, "EUCLEAN"),
    (120, "EISNAM"),
    (121, "EREMOTEIO"),
    (122, "EDQUOT"),
    (123, "ENOMEDIUM"),
    (124, "EMEDIUMTYPE"),
    (125, "ECANCELED"),
    (126, "ENOKEY"),
    (127, "EKEYEXPIRED"),
    (128, "EKEYREVOKED"),
    (129, "EKEYREJECTED"),
];

const LEGACY: [Row; 16] = [
    (201, "pcmk_err_generic", "Error"),
    (202, "pcmk_err_no_quorum", "Operation requires quorum"),
    (203, "pcmk_err_schema_validation", "Update does not conform to the configured schema"),
    (204, "pcmk_err_transform_failed", "Schema transform failed"),
    (205, "pcmk_err_old_data", "Update was older than existing configuration"),
    (206, "pcmk_err_diff_failed", "Application of update diff failed"),
    (207, "pcmk_err_diff_resync", "Application of update diff failed, requesting full refresh"),
    (208, "pcmk_err_cib_modified", "On-disk configuration was manually modified"),
    (209, "pcmk_err_cib_backup", "Could not archive previous configuration"),
    (210, "pcmk_err_cib_save", "Could not save new configuration to disk"),
    (212, "pcmk_err_cib_corrupt", "Could not parse on-disk configuration"),
    (213, "pcmk_err_multiple", "Resource active on multiple nodes"),
    (214, "pcmk_err_node_unknown", "Node not found"),
    (215, "pcmk_err_already", "Already in requested state"),
    (216, "pcmk_err_bad_nvpair", "Bad name/value pair given"),
    (217, "pcmk_err_unknown_format", "Unknown output format"),
];

const RETURN: [Row; 43] = [
    (-1043, "pcmk_rc_digest_mismatch", "Digest does not match expected value"),
    (-1042, "pcmk_rc_cs_internal", "Internal corosync error"),
    (-1041, "pcmk_rc_ipc_more", "More IPC message fragments to send"),
    (-1040, "pcmk_rc_no_dc", "DC is not yet elected"),
    (-1039, "pcmk_rc_compression", "Compression/decompression error"),
    (-1038, "pcmk_rc_ns_resolution", "Nameserver resolution error"),
    (-1037, "pcmk_rc_no_transaction", "No active transaction found"),
    (-1036, "pcmk_rc_bad_xml_patch", "Bad XML patch format"),
    (-1035, "pcmk_rc_bad_input", "Bad input value provided"),
    (-1034, "pcmk_rc_disabled", "Disabled"),
    (-1033, "pcmk_rc_duplicate_id", "Two or more XML elements have the same ID"),
    (-1032, "pcmk_rc_unpack_error", "Unable to parse CIB XML"),
    (-1031, "pcmk_rc_invalid_transition", "Cluster simulation produced invalid transition"),
    (-1030, "pcmk_rc_graph_error", "Error writing graph file"),
    (-1029, "pcmk_rc_dot_error", "Error writing dot(1) file"),
    (-1028, "pcmk_rc_underflow", "Value too small to be stored in data type"),
    (-1027, "pcmk_rc_no_input", "Input file not available"),
    (-1026, "pcmk_rc_no_output", "Output message produced no output"),
    (-1025, "pcmk_rc_after_range", "Result occurs after given range"),
    (-1024, "pcmk_rc_within_range", "Result occurs within given range"),
    (-1023, "pcmk_rc_before_range", "Result occurs before given range"),
    (-1022, "pcmk_rc_undetermined", "Result undetermined"),
    (-1021, "pcmk_rc_op_unsatisfied", "Not applicable under current conditions"),
    (-1020, "pcmk_rc_ipc_pid_only", "IPC server process is active but not accepting connections"),
    (-1019, "pcmk_rc_ipc_unresponsive", "IPC server is unresponsive"),
    (-1018, "pcmk_rc_ipc_unauthorized", "IPC server is blocked by unauthorized process"),
    (-1017, "pcmk_rc_no_quorum", "Operation requires quorum"),
    (-1016, "pcmk_rc_schema_validation", "Update does not conform to the configured schema"),
    (-1015, "pcmk_rc_schema_unchanged", "Schema is already the latest available"),
    (-1014, "pcmk_rc_transform_failed", "Schema transform failed"),
    (-1013, "pcmk_rc_old_data", "Update was older than existing configuration"),
    (-1012, "pcmk_rc_diff_failed", "Application of update diff failed"),
    (-1011, "pcmk_rc_diff_resync", "Application of update diff failed, requesting full refresh"),
    (-1010, "pcmk_rc_cib_modified", "On-disk configuration was manually modified"),
    (-1009, "pcmk_rc_cib_backup", "Could not archive previous configuration"),
    (-1008, "pcmk_rc_cib_save", "Could not save new configuration to disk"),
    (-1007, "pcmk_rc_cib_corrupt", "Could not parse on-disk configuration"),
    (-1006, "pcmk_rc_multiple", "Resource active on multiple nodes"),
    (-1005, "pcmk_rc_node_unknown", "Node not found"),
    (-1004, "pcmk_rc_already", "Already in requested state"),
    (-1003, "pcmk_rc_bad_nvpair", "Bad name/value pair given"),
    (-1002, "pcmk_rc_unknown_format", "Unknown output format"),
    (-1001, "pcmk_rc_error", "Error"),
];

const EXIT: [(i32, &str); 44] = [
    (0, "CRM_EX_OK"),
    (1, "CRM_EX_ERROR"),
    (2, "CRM_EX_INVALID_PARAM"),
    (3, "CRM_EX_UNIMPLEMENT_FEATURE"),
    (4, "CRM_EX_INSUFFICIENT_PRIV"),
    (5, "CRM_EX_NOT_INSTALLED"),
    (6, "CRM_EX_NOT_CONFIGURED"),
    (7, "CRM_EX_NOT_RUNNING"),
    (8, "CRM_EX_PROMOTED"),
    (9, "CRM_EX_FAILED_PROMOTED"),
    (64, "CRM_EX_USAGE"),
    (65, "CRM_EX_DATAERR"),
    (66, "CRM_EX_NOINPUT"),
    (67, "CRM_EX_NOUSER"),
    (68, "CRM_EX_NOHOST"),
    (69, "CRM_EX_UNAVAILABLE"),
    (70, "CRM_EX_SOFTWARE"),
    (71, "CRM_EX_OSERR"),
    (72, "CRM_EX_OSFILE"),
    (73, "CRM_EX_CANTCREAT"),
    (74, "CRM_EX_IOERR"),
    (75, "CRM_EX_TEMPFAIL"),
    (76, "CRM_EX_PROTOCOL"),
    (77, "CRM_EX_NOPERM"),
    (78, "CRM_EX_CONFIG"),
    (100, "CRM_EX_FATAL"),
    (101, "CRM_EX_PANIC"),
    (102, "CRM_EX_DISCONNECT"),
    (103, "CRM_EX_OLD"),
    (104, "CRM_EX_DIGEST"),
    (105, "CRM_EX_NOSUCH"),
    (106, "CRM_EX_QUORUM"),
    (107, "CRM_EX_UNSAFE"),
    (108, "CRM_EX_EXISTS"),
    (109, "CRM_EX_MULTIPLE"),
    (110, "CRM_EX_EXPIRED"),
    (111, "CRM_EX_NOT_YET_IN_EFFECT"),
    (112, "CRM_EX_INDETERMINATE"),
    (113, "CRM_EX_UNSATISFIED"),
    (114, "CRM_EX_NO_DC"),
    (124, "CRM_EX_TIMEOUT"),
    (190, "CRM_EX_DEGRADED"),
    (191, "CRM_EX_DEGRADED_PROMOTED"),
    (193, "CRM_EX_NONE"),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_mean_what_they_mean_for_pacemaker() {
        for (kind, code, name, words) in [
            (Kind::Legacy, 5, "EIO", "Input/output error"),
            (Kind::Legacy, -5, "EIO", "Input/output error"),
            (
                Kind::Legacy,
                203,
                "pcmk_err_schema_validation",
                "Update does not conform to the configured schema",
            ),
            (Kind::Legacy, 99_999, "Unknown", "Unknown error 99999"),
            (Kind::Return, -1005, "pcmk_rc_node_unknown", "Node not found"),
            (Kind::Return, 7777, "Unknown", "Error"),
            (Kind::Exit, 64, "CRM_EX_USAGE", "Incorrect usage"),
            (Kind::Exit, 999, "CRM_EX_UNKNOWN", "Unknown exit status"),
        ] {
            assert_eq!(explain(kind, code), (name.to_owned(), words.to_owned()), "{kind:?} {code}");
        }
    }
}
