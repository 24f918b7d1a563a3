//! Constraints between resources, nodes and tickets.

use super::ROLES;
use super::rules::RULE_OF_CONSTRAINTS;
use crate::schema::kind::{Kind, Target, Word, word};
use crate::schema::table::{
    Attribute, Rule, at_most_one_of, holding, many, may, maybe, must, one, one_of, some, with,
};
use crate::schema::version::Schema;

pub(super) static CONSTRAINTS: Rule = Rule {
    name: "constraints",
    children: &[
        many(&RSC_LOCATION),
        many(&RSC_COLOCATION),
        many(&RSC_ORDER),
        many(&RSC_TICKET).since(102),
    ],
    ..Rule::EMPTY
};

const RSC: Attribute = must("rsc", Kind::IdRef(Target::Resource));

static RSC_LOCATION: Rule = Rule {
    name: "rsc_location",
    attributes: &[
        must("id", Kind::Id),
        may("resource-discovery", Kind::Words(DISCOVERY)).since(202),
    ],
    choices: &[
        one_of(&[
            with(&[RSC, may("role", Kind::Words(ROLES)).since(102)]),
            with(&[must("rsc-pattern", Kind::Text), may("role", Kind::Words(ROLES))]).since(206),
            holding(&[some(&RESOURCE_SET).placed(1)]).since(102),
        ]),
        one_of(&[
            with(&[must("score", Kind::Score), must("node", Kind::Text)]),
            holding(&[some(&RULE_OF_CONSTRAINTS).placed(2)]).until(310),
            holding(&[one(&RULE_OF_CONSTRAINTS).placed(2)]).since(400),
        ]),
    ],
    children: &[maybe(&LIFETIME).placed(3).until(310)],
    ordered_until: Schema::NEWEST,
    ..Rule::EMPTY
};

const DISCOVERY: &[Word] = &[word("always"), word("never"), word("exclusive")];

static LIFETIME: Rule =
    Rule { name: "lifetime", children: &[some(&RULE_OF_CONSTRAINTS)], ..Rule::EMPTY };

/// A set's attributes when it stands for itself.
macro_rules! set_attributes {
    ($($more:expr),*) => {
        &[
            must("id", Kind::Id),
            may("sequential", Kind::Boolean),
            may("require-all", Kind::Boolean).since(102),
            may("ordering", Kind::Words(ORDERING)).since(201),
            may("action", Kind::Words(ACTIONS)),
            may("role", Kind::Words(ROLES)),
            $($more),*
        ]
    };
}

static RESOURCE_SET: Rule = Rule {
    name: "resource_set",
    choices: &[one_of(&[
        with(set_attributes![may("score", Kind::Score)]).and_holding(&[some(&RESOURCE_REF)]),
        with(set_attributes![must("kind", Kind::Words(ORDER_KINDS))])
            .and_holding(&[some(&RESOURCE_REF)])
            .since(300),
        with(&[must("id-ref", Kind::IdRef(Target::Same))]),
    ])],
    ..Rule::EMPTY
};

const ORDERING: &[Word] = &[word("group"), word("listed")];

static RESOURCE_REF: Rule = Rule {
    name: "resource_ref",
    attributes: &[must("id", Kind::IdRef(Target::Resource))],
    ..Rule::EMPTY
};

static RSC_COLOCATION: Rule = Rule {
    name: "rsc_colocation",
    attributes: &[must("id", Kind::Id), may("influence", Kind::Text).since(306)],
    choices: &[
        at_most_one_of(&[
            with(&[must("score", Kind::Score)]),
            with(&[must("score-attribute", Kind::Text)]).until(210),
            with(&[must("score-attribute-mangle", Kind::Text)]).until(210),
        ]),
        one_of(&[
            with(&[
                RSC,
                must("with-rsc", Kind::IdRef(Target::Resource)),
                may("node-attribute", Kind::Text),
                may("rsc-role", Kind::Words(ROLES)),
                may("with-rsc-role", Kind::Words(ROLES)),
            ]),
            holding(&[some(&RESOURCE_SET).placed(1)]),
        ]),
    ],
    children: &[maybe(&LIFETIME).until(310)],
    ordered_until: Schema::NEWEST,
    ..Rule::EMPTY
};

static RSC_ORDER: Rule = Rule {
    name: "rsc_order",
    attributes: &[
        must("id", Kind::Id),
        may("symmetrical", Kind::Boolean),
        may("require-all", Kind::Boolean).since(203),
    ],
    choices: &[
        at_most_one_of(&[
            with(&[must("score", Kind::Score)]),
            with(&[must("kind", Kind::Words(ORDER_KINDS))]),
        ]),
        one_of(&[
            with(&[
                must("first", Kind::IdRef(Target::Resource)),
                must("then", Kind::IdRef(Target::Resource)),
                may("first-action", Kind::Words(ACTIONS)),
                may("then-action", Kind::Words(ACTIONS)),
            ]),
            holding(&[some(&RESOURCE_SET).placed(1)]),
        ]),
    ],
    children: &[maybe(&LIFETIME).until(310)],
    ordered_until: Schema::NEWEST,
    ..Rule::EMPTY
};

const ACTIONS: &[Word] = &[word("start"), word("promote"), word("demote"), word("stop")];

const ORDER_KINDS: &[Word] = &[word("Optional"), word("Mandatory"), word("Serialize")];

static RSC_TICKET: Rule = Rule {
    name: "rsc_ticket",
    attributes: &[
        must("id", Kind::Id),
        must("ticket", Kind::Text),
        may("loss-policy", Kind::Words(LOSS_POLICIES)),
    ],
    choices: &[one_of(&[
        with(&[RSC, may("rsc-role", Kind::Words(ROLES))]),
        holding(&[some(&RESOURCE_SET).placed(1)]),
    ])],
    ..Rule::EMPTY
};

const LOSS_POLICIES: &[Word] = &[word("stop"), word("demote"), word("fence"), word("freeze")];
