//! What each element may hold, by section of the document.

mod access;
mod constraints;
mod nvset;
mod options;
mod resources;
mod rules;

use super::kind::{Kind, Word, word};
use super::table::{Content, Rule, may, maybe, must, one};
use super::version::Schema;
use access::{ACLS, ALERTS, FENCING_TOPOLOGY, TAGS};
use constraints::CONSTRAINTS;
use options::{CRM_CONFIG, NODES, OP_DEFAULTS, RSC_DEFAULTS};
use resources::RESOURCES;

/// The root.
pub(super) static CIB: Rule = Rule {
    name: "cib",
    attributes: &[
        // Checked before the rest, as it says which rules hold.
        must("validate-with", Kind::Text),
        must("admin_epoch", Kind::Count),
        must("epoch", Kind::Count),
        must("num_updates", Kind::Count),
        may("crm_feature_set", Kind::Text),
        may("remote-tls-port", Kind::Count),
        may("remote-clear-port", Kind::Count),
        may("have-quorum", Kind::Boolean),
        may("dc-uuid", Kind::Text),
        may("cib-last-written", Kind::Text),
        may("no-quorum-panic", Kind::Boolean),
        may("update-origin", Kind::Text).since(102),
        may("update-client", Kind::Text).since(102),
        may("update-user", Kind::Text).since(102),
        may("execution-date", Kind::Text).since(102),
    ],
    children: &[one(&CONFIGURATION), maybe(&STATUS).placed(1)],
    ordered_until: Schema::NEWEST,
    ..Rule::EMPTY
};

static CONFIGURATION: Rule = Rule {
    name: "configuration",
    children: &[
        one(&CRM_CONFIG),
        maybe(&RSC_DEFAULTS),
        maybe(&OP_DEFAULTS),
        one(&NODES),
        one(&RESOURCES),
        one(&CONSTRAINTS),
        maybe(&FENCING_TOPOLOGY).since(102),
        maybe(&ACLS).since(102),
        maybe(&TAGS).since(103),
        maybe(&ALERTS).since(205),
    ],
    ..Rule::EMPTY
};

static STATUS: Rule = Rule { name: "status", content: Content::Anything, ..Rule::EMPTY };

/// Roles, in words of both ages.
const ROLES: &[Word] = &[
    word("Stopped"),
    word("Started"),
    word("Promoted").since(307),
    word("Unpromoted").since(307),
    word("Master"),
    word("Slave"),
];
