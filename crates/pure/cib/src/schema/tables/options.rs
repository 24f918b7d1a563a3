//! Options of the cluster, defaults, and nodes.

use super::nvset::{
    CLUSTER_PROPERTY_SET, INSTANCE_OF_RESOURCE, META_OF_OP_DEFAULTS, META_OF_RSC_DEFAULTS,
    UTILIZATION,
};
use crate::schema::kind::{Kind, Word, word};
use crate::schema::table::{Rule, many, may, must};

pub(super) static CRM_CONFIG: Rule =
    Rule { name: "crm_config", children: &[many(&CLUSTER_PROPERTY_SET)], ..Rule::EMPTY };

pub(super) static RSC_DEFAULTS: Rule =
    Rule { name: "rsc_defaults", children: &[many(&META_OF_RSC_DEFAULTS)], ..Rule::EMPTY };

pub(super) static OP_DEFAULTS: Rule =
    Rule { name: "op_defaults", children: &[many(&META_OF_OP_DEFAULTS)], ..Rule::EMPTY };

pub(super) static NODES: Rule = Rule { name: "nodes", children: &[many(&NODE)], ..Rule::EMPTY };

static NODE: Rule = Rule {
    name: "node",
    attributes: &[
        must("id", Kind::Text),
        must("uname", Kind::Text),
        must("type", Kind::Words(NODE_TYPES)).until(100),
        may("type", Kind::Words(NODE_TYPES)).since(102),
        may("description", Kind::Text),
        may("score", Kind::Score).since(102),
    ],
    children: &[many(&INSTANCE_OF_RESOURCE), many(&UTILIZATION).since(102)],
    ..Rule::EMPTY
};

const NODE_TYPES: &[Word] = &[
    word("normal").until(210),
    word("member"),
    word("ping").until(310),
    word("remote").since(103),
];
