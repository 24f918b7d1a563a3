//! Rules: conditions on nodes, resources, operations and dates.
//!
//! The parts of the document took over newer forms of rules at different times, so there is one
//! table of a rule for each such part.

use crate::schema::kind::{Kind, Target, Word, word};
use crate::schema::table::{Attribute, Rule, many, may, maybe, must, one, one_of, with};

/// Makes the tables of a rule. `source` is since when an expression's value may come from a
/// parameter, `kinds` since when a rule may ask for kinds of resources and operations.
macro_rules! rule {
    ($rule:ident, $expression:ident, source: $source:literal, kinds: $kinds:literal) => {
        pub(in crate::schema::tables) static $rule: Rule = Rule {
            name: "rule",
            choices: &[one_of(&[
                with(&[
                    must("id", Kind::Id),
                    must("score", Kind::Score),
                    may("boolean-op", Kind::Words(AND_OR)),
                    may("role", Kind::Text),
                ])
        .and_some_of(rule!(inner $rule, $expression, $kinds)),
                with(&[
                    must("id", Kind::Id),
                    must("score-attribute", Kind::Text),
                    may("boolean-op", Kind::Words(AND_OR)),
                    may("role", Kind::Text),
                ])
        .and_some_of(rule!(inner $rule, $expression, $kinds)),
                with(&[
                    must("id", Kind::Id),
                    may("boolean-op", Kind::Words(AND_OR)),
                    may("role", Kind::Text),
                ])
        .and_some_of(rule!(inner $rule, $expression, $kinds))
                .since(309),
                with(&[must("id-ref", Kind::IdRef(Target::Same))]),
            ])],
            ..Rule::EMPTY
        };

        static $expression: Rule = Rule {
            name: "expression",
            attributes: &[
                must("id", Kind::Id),
                must("attribute", Kind::Text),
                must("operation", Kind::Words(COMPARISONS)),
                may("value", Kind::Text),
                may("type", Kind::Words(TYPES)),
                may("value-source", Kind::Words(SOURCES)).since($source),
            ],
            ..Rule::EMPTY
        };
    };
    (inner $rule:ident, $expression:ident, $kinds:literal) => {
        &[
            many(&$expression),
            many(&DATE_EXPRESSION),
            many(&RSC_EXPRESSION).since($kinds),
            many(&OP_EXPRESSION).since($kinds),
            many(&$rule),
        ]
    };
}

rule!(RULE_OF_OPTIONS, EXPRESSION_OF_OPTIONS, source: 300, kinds: 304);
rule!(RULE_OF_RESOURCES, EXPRESSION_OF_RESOURCES, source: 209, kinds: 304);
rule!(RULE_OF_CONSTRAINTS, EXPRESSION_OF_CONSTRAINTS, source: 209, kinds: 305);

const AND_OR: &[Word] = &[word("or"), word("and")];

const COMPARISONS: &[Word] = &[
    word("lt"),
    word("gt"),
    word("lte"),
    word("gte"),
    word("eq"),
    word("ne"),
    word("defined"),
    word("not_defined"),
];

const TYPES: &[Word] =
    &[word("string"), word("integer").since(305), word("number"), word("version")];

const SOURCES: &[Word] = &[word("literal"), word("param"), word("meta")];

static DATE_EXPRESSION: Rule = Rule {
    name: "date_expression",
    attributes: &[must("id", Kind::Id)],
    choices: &[one_of(&[
        with(&[operation(&[word("in_range")]), may("start", Kind::Text), must("end", Kind::Text)])
            .until(308),
        with(&[operation(&[word("in_range")]), must("start", Kind::Text)])
            .and_holding(&[one(&DURATION)])
            .until(308),
        with(&[operation(&[word("in_range")]), must("start", Kind::Text), may("end", Kind::Text)])
            .and_holding(&[maybe(&DURATION)])
            .since(309),
        with(&[operation(&[word("in_range")]), must("end", Kind::Text)])
            .and_holding(&[maybe(&DURATION)])
            .since(309),
        with(&[operation(&[word("gt")]), must("start", Kind::Text)]),
        with(&[operation(&[word("lt")]), must("end", Kind::Text)]),
        with(&[operation(&[word("date_spec")])]).and_holding(&[one(&DATE_SPEC)]),
    ])],
    ..Rule::EMPTY
};

const fn operation(words: &'static [Word]) -> Attribute {
    must("operation", Kind::Words(words))
}

static DURATION: Rule = Rule {
    name: "duration",
    attributes: &[
        must("id", Kind::Id),
        may("years", Kind::Text),
        may("months", Kind::Text),
        may("weeks", Kind::Text),
        may("days", Kind::Text).since(309),
        may("hours", Kind::Text),
        may("minutes", Kind::Text).since(309),
        may("seconds", Kind::Text).since(309),
        may("monthdays", Kind::Text),
        may("weekdays", Kind::Text),
        may("yearsdays", Kind::Text),
        may("weekyears", Kind::Text),
        may("moon", Kind::Text),
    ],
    ..Rule::EMPTY
};

static DATE_SPEC: Rule = Rule {
    name: "date_spec",
    attributes: &[
        must("id", Kind::Id),
        may("years", Kind::Text),
        may("months", Kind::Text),
        may("monthdays", Kind::Text),
        may("hours", Kind::Text),
        may("minutes", Kind::Text).since(309),
        may("seconds", Kind::Text).since(309),
        may("yeardays", Kind::Text).since(309),
        may("yearsdays", Kind::Text),
        may("weekyears", Kind::Text),
        may("weeks", Kind::Text),
        may("weekdays", Kind::Text),
        may("moon", Kind::Text).until(310),
    ],
    ..Rule::EMPTY
};

static RSC_EXPRESSION: Rule = Rule {
    name: "rsc_expression",
    attributes: &[
        must("id", Kind::Id),
        may("class", Kind::Text),
        may("provider", Kind::Text),
        may("type", Kind::Text),
    ],
    ..Rule::EMPTY
};

static OP_EXPRESSION: Rule = Rule {
    name: "op_expression",
    attributes: &[must("id", Kind::Id), must("name", Kind::Text), may("interval", Kind::Text)],
    ..Rule::EMPTY
};
