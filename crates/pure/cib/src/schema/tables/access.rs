//! Fence levels, access control, tags and alerts.

use super::nvset::{INSTANCE_OF_ALERT, META_OF_ALERT};
use crate::schema::kind::{Kind, Target, Word, word};
use crate::schema::table::{
    Attribute, Choice, Rule, at_most_one_of, holding, many, may, maybe, must, one_of, some, with,
};
use crate::schema::version::Schema;

pub(super) static FENCING_TOPOLOGY: Rule =
    Rule { name: "fencing-topology", children: &[many(&FENCING_LEVEL)], ..Rule::EMPTY };

static FENCING_LEVEL: Rule = Rule {
    name: "fencing-level",
    attributes: &[
        must("id", Kind::Id),
        must("index", Kind::Positive(u64::MAX)).until(310),
        must("index", Kind::Positive(9)).since(400),
        must("devices", Kind::Devices),
    ],
    choices: &[one_of(&[
        with(&[must("target", Kind::Text)]),
        with(&[must("target-pattern", Kind::Text)]),
        with(&[must("target-attribute", Kind::Text), must("target-value", Kind::Text)]).since(204),
    ])],
    ..Rule::EMPTY
};

pub(super) static ACLS: Rule = Rule {
    name: "acls",
    children: &[
        many(&ACL_USER).until(103),
        many(&ACL_ROLE),
        many(&ACL_TARGET).since(200),
        many(&ACL_GROUP).since(200),
    ],
    ..Rule::EMPTY
};

static ACL_USER: Rule = Rule {
    name: "acl_user",
    attributes: &[must("id", Kind::Id)],
    choices: &[at_most_one_of(&[
        holding(&[many(&ROLE_REF)]),
        holding(&[many(&READ), many(&WRITE), many(&DENY)]),
    ])],
    ..Rule::EMPTY
};

static ROLE_REF: Rule =
    Rule { name: "role_ref", attributes: &[must("id", Kind::IdRef(Target::Role))], ..Rule::EMPTY };

static ACL_ROLE: Rule = Rule {
    name: "acl_role",
    attributes: &[must("id", Kind::Id), may("description", Kind::Text).since(200)],
    children: &[
        many(&READ).until(103),
        many(&WRITE).until(103),
        many(&DENY).until(103),
        many(&ACL_PERMISSION).since(200),
    ],
    ..Rule::EMPTY
};

static READ: Rule =
    Rule { name: "read", attributes: OLD_PERMISSION, choices: OLD_CHOICES, ..Rule::EMPTY };
static WRITE: Rule =
    Rule { name: "write", attributes: OLD_PERMISSION, choices: OLD_CHOICES, ..Rule::EMPTY };
static DENY: Rule =
    Rule { name: "deny", attributes: OLD_PERMISSION, choices: OLD_CHOICES, ..Rule::EMPTY };

const OLD_PERMISSION: &[Attribute] = &[must("id", Kind::Id), may("attribute", Kind::Text)];

const OLD_CHOICES: &[Choice] = &[one_of(&[
    with(&[must("xpath", Kind::Text)]),
    with(&[must("tag", Kind::Text), may("ref", Kind::IdRef(Target::Anything))]),
    with(&[must("ref", Kind::IdRef(Target::Anything))]),
])];

static ACL_TARGET: Rule = Rule {
    name: "acl_target",
    attributes: &[must("id", Kind::Text), may("name", Kind::Text).since(308)],
    children: &[many(&ROLE)],
    ..Rule::EMPTY
};

static ACL_GROUP: Rule = Rule {
    name: "acl_group",
    attributes: &[must("id", Kind::Id), may("name", Kind::Text).since(308)],
    children: &[many(&ROLE)],
    ..Rule::EMPTY
};

static ROLE: Rule =
    Rule { name: "role", attributes: &[must("id", Kind::IdRef(Target::Role))], ..Rule::EMPTY };

static ACL_PERMISSION: Rule = Rule {
    name: "acl_permission",
    attributes: &[
        must("id", Kind::Id),
        must("kind", Kind::Words(PERMISSIONS)),
        may("description", Kind::Text),
    ],
    choices: &[one_of(&[
        with(&[must("xpath", Kind::Text)]),
        with(&[must("reference", Kind::IdRef(Target::Anything))]),
        with(&[must("object-type", Kind::Text), may("attribute", Kind::Text)]),
    ])],
    ..Rule::EMPTY
};

const PERMISSIONS: &[Word] = &[word("read"), word("write"), word("deny")];

pub(super) static TAGS: Rule = Rule { name: "tags", children: &[many(&TAG)], ..Rule::EMPTY };

static TAG: Rule = Rule {
    name: "tag",
    attributes: &[must("id", Kind::Id)],
    children: &[some(&OBJ_REF)],
    ..Rule::EMPTY
};

static OBJ_REF: Rule = Rule {
    name: "obj_ref",
    attributes: &[
        must("id", Kind::IdRef(Target::Anything)).until(302),
        must("id", Kind::Text).since(303),
    ],
    ..Rule::EMPTY
};

pub(super) static ALERTS: Rule = Rule { name: "alerts", children: &[many(&ALERT)], ..Rule::EMPTY };

static ALERT: Rule = Rule {
    name: "alert",
    attributes: &[must("id", Kind::Id), must("path", Kind::Text), may("description", Kind::Text)],
    children: &[
        many(&META_OF_ALERT),
        many(&INSTANCE_OF_ALERT),
        maybe(&SELECT).since(210),
        many(&RECIPIENT).placed(1),
    ],
    ordered_until: Schema::number(209),
    ..Rule::EMPTY
};

static RECIPIENT: Rule = Rule {
    name: "recipient",
    attributes: &[must("id", Kind::Id), must("value", Kind::Text), may("description", Kind::Text)],
    children: &[many(&META_OF_ALERT), many(&INSTANCE_OF_ALERT)],
    ..Rule::EMPTY
};

static SELECT: Rule = Rule {
    name: "select",
    children: &[
        maybe(&SELECT_ATTRIBUTES),
        maybe(&SELECT_FENCING),
        maybe(&SELECT_NODES),
        maybe(&SELECT_RESOURCES),
    ],
    ..Rule::EMPTY
};

static SELECT_ATTRIBUTES: Rule =
    Rule { name: "select_attributes", children: &[many(&ATTRIBUTE)], ..Rule::EMPTY };

static ATTRIBUTE: Rule = Rule {
    name: "attribute",
    attributes: &[must("id", Kind::Id), must("name", Kind::Text)],
    ..Rule::EMPTY
};

static SELECT_FENCING: Rule = Rule { name: "select_fencing", ..Rule::EMPTY };
static SELECT_NODES: Rule = Rule { name: "select_nodes", ..Rule::EMPTY };
static SELECT_RESOURCES: Rule = Rule { name: "select_resources", ..Rule::EMPTY };
