//! Resources of all shapes, and their operations.

use super::ROLES;
use super::nvset::{
    INSTANCE_OF_OPERATION, INSTANCE_OF_PRIMITIVE, INSTANCE_OF_RESOURCE, META_OF_OPERATION,
    META_OF_PRIMITIVE, META_OF_RESOURCE, UTILIZATION,
};
use crate::schema::kind::{Kind, Target, Word, word};
use crate::schema::table::{
    Attribute, Child, Choice, Rule, at_most_one_of, holding, many, may, maybe, must, one, one_of,
    some, with,
};

pub(super) static RESOURCES: Rule = Rule {
    name: "resources",
    children: &[
        many(&PRIMITIVE),
        many(&TEMPLATE).since(102),
        many(&GROUP),
        many(&CLONE),
        many(&MASTER).until(310),
        many(&BUNDLE).since(208),
    ],
    ..Rule::EMPTY
};

pub(super) static PRIMITIVE: Rule = Rule {
    name: "primitive",
    attributes: &[must("id", Kind::Id), may("description", Kind::Text)],
    choices: &[one_of(&[
        with(&[
            must("class", Kind::Words(&[word("ocf")])),
            must("provider", Kind::Text),
            must("type", Kind::Text),
        ]),
        with(&[must("class", Kind::Words(CLASSES)), must("type", Kind::Text)]),
        with(&[must("template", Kind::IdRef(Target::Template))]).since(102),
    ])],
    children: PRIMITIVE_CHILDREN,
    ..Rule::EMPTY
};

static TEMPLATE: Rule = Rule {
    name: "template",
    attributes: &[must("id", Kind::Id), must("type", Kind::Text), may("description", Kind::Text)],
    choices: &[one_of(&[
        with(&[must("class", Kind::Words(&[word("ocf")])), must("provider", Kind::Text)]),
        with(&[must("class", Kind::Words(TEMPLATE_CLASSES))]),
    ])],
    children: PRIMITIVE_CHILDREN,
    ..Rule::EMPTY
};

const PRIMITIVE_CHILDREN: &[Child] = &[
    many(&META_OF_PRIMITIVE),
    many(&INSTANCE_OF_PRIMITIVE),
    many(&UTILIZATION).since(102),
    maybe(&OPERATIONS),
];

const CLASSES: &[Word] = &[
    word("lsb"),
    word("heartbeat"),
    word("stonith"),
    word("upstart").until(310),
    word("service").since(102),
    word("systemd").since(102),
    word("nagios").since(102).until(310),
];

/// Templates took over the newer classes later than primitives did.
const TEMPLATE_CLASSES: &[Word] = &[
    word("lsb"),
    word("heartbeat"),
    word("stonith"),
    word("upstart").until(310),
    word("service").since(207),
    word("systemd").since(207),
    word("nagios").since(207).until(310),
];

static GROUP: Rule = Rule {
    name: "group",
    attributes: &[must("id", Kind::Id), may("description", Kind::Text)],
    children: &[many(&META_OF_RESOURCE), many(&INSTANCE_OF_RESOURCE), some(&PRIMITIVE)],
    ..Rule::EMPTY
};

static ONE_INSIDE: [Choice; 1] = [one_of(&[holding(&[one(&PRIMITIVE)]), holding(&[one(&GROUP)])])];

static CLONE: Rule = Rule {
    name: "clone",
    attributes: &[must("id", Kind::Id), may("description", Kind::Text)],
    choices: &ONE_INSIDE,
    children: &[many(&META_OF_RESOURCE), many(&INSTANCE_OF_RESOURCE)],
    ..Rule::EMPTY
};

static MASTER: Rule = Rule {
    name: "master",
    attributes: &[must("id", Kind::Id), may("description", Kind::Text)],
    choices: &ONE_INSIDE,
    children: &[many(&META_OF_RESOURCE), many(&INSTANCE_OF_RESOURCE)],
    ..Rule::EMPTY
};

static OPERATIONS: Rule = Rule {
    name: "operations",
    attributes: &[may("id", Kind::Id), may("id-ref", Kind::IdRef(Target::Same))],
    children: &[many(&OP)],
    ..Rule::EMPTY
};

static OP: Rule = Rule {
    name: "op",
    attributes: &[
        must("id", Kind::Id),
        must("name", Kind::Text),
        must("interval", Kind::Text),
        may("description", Kind::Text),
        may("timeout", Kind::Text),
        may("enabled", Kind::Boolean),
        may("record-pending", Kind::Boolean),
        may("role", Kind::Words(ROLES)),
        may("requires", Kind::Words(REQUIRES)).until(210),
        may("on-fail", Kind::Words(ON_FAIL)),
    ],
    choices: &[at_most_one_of(&[
        with(&[must("start-delay", Kind::Text)]),
        with(&[must("interval-origin", Kind::Text)]),
    ])],
    children: &[many(&META_OF_OPERATION), many(&INSTANCE_OF_OPERATION)],
    ..Rule::EMPTY
};

const REQUIRES: &[Word] =
    &[word("nothing"), word("quorum"), word("fencing"), word("unfencing").since(103)];

const ON_FAIL: &[Word] = &[
    word("ignore"),
    word("block"),
    word("demote").since(304),
    word("stop"),
    word("restart"),
    word("standby"),
    word("fence"),
    word("restart-container").since(102),
];

static BUNDLE: Rule = Rule {
    name: "bundle",
    attributes: &[must("id", Kind::Id), may("description", Kind::Text)],
    choices: &[one_of(&[
        holding(&[one(&DOCKER)]),
        holding(&[one(&PODMAN)]).since(302),
        holding(&[one(&RKT)]).since(210).until(310),
    ])],
    children: &[
        many(&META_OF_RESOURCE),
        many(&INSTANCE_OF_RESOURCE),
        maybe(&NETWORK),
        maybe(&STORAGE),
        maybe(&PRIMITIVE),
    ],
    ..Rule::EMPTY
};

static DOCKER: Rule = Rule {
    name: "docker",
    attributes: CONTAINER_ATTRIBUTES,
    choices: CONTAINER_CHOICES,
    ..Rule::EMPTY
};

static PODMAN: Rule = Rule {
    name: "podman",
    attributes: CONTAINER_ATTRIBUTES,
    choices: CONTAINER_CHOICES,
    ..Rule::EMPTY
};

static RKT: Rule = Rule {
    name: "rkt",
    attributes: CONTAINER_ATTRIBUTES,
    choices: CONTAINER_CHOICES,
    ..Rule::EMPTY
};

const CONTAINER_ATTRIBUTES: &[Attribute] = &[
    must("image", Kind::Text),
    may("replicas", Kind::Integer),
    may("replicas-per-host", Kind::Integer),
    may("run-command", Kind::Text),
    may("network", Kind::Text),
    may("options", Kind::Text),
];

const CONTAINER_CHOICES: &[Choice] = &[at_most_one_of(&[
    with(&[must("promoted-max", Kind::Integer)]).since(300),
    with(&[must("masters", Kind::Integer)]).until(310),
])];

static NETWORK: Rule = Rule {
    name: "network",
    attributes: &[
        may("ip-range-start", Kind::Text),
        may("control-port", Kind::Integer),
        may("host-interface", Kind::Text),
        may("host-netmask", Kind::Integer),
        may("add-host", Kind::Boolean).since(300),
    ],
    children: &[many(&PORT_MAPPING)],
    ..Rule::EMPTY
};

static PORT_MAPPING: Rule = Rule {
    name: "port-mapping",
    attributes: &[must("id", Kind::Id)],
    choices: &[one_of(&[
        with(&[must("port", Kind::Integer), may("internal-port", Kind::Integer)]),
        with(&[must("range", Kind::Ports)]),
    ])],
    ..Rule::EMPTY
};

static STORAGE: Rule = Rule { name: "storage", children: &[many(&STORAGE_MAPPING)], ..Rule::EMPTY };

static STORAGE_MAPPING: Rule = Rule {
    name: "storage-mapping",
    attributes: &[must("id", Kind::Id), must("target-dir", Kind::Text), may("options", Kind::Text)],
    choices: &[one_of(&[
        with(&[must("source-dir", Kind::Text)]),
        with(&[must("source-dir-root", Kind::Text)]),
    ])],
    ..Rule::EMPTY
};
