//! Blocks of name-value pairs. They differ in what their rules may ask and in which names their
//! pairs must not have: options that once had a meaning, so that nobody believes they still do.

use crate::schema::kind::{Kind, Target, Word, word};
use crate::schema::table::{Alternative, Rule, many, may, maybe, must, one_of, with};
use crate::schema::tables::rules::{RULE_OF_CONSTRAINTS, RULE_OF_OPTIONS, RULE_OF_RESOURCES};

/// Makes a block's table: its element's name, the table of its rule, since when its pairs may
/// refer to another, and the names that its pairs must not have.
macro_rules! block {
    ($block:ident, $pair:ident, $name:literal, $rule:ident, refer: $refer:literal, $refused:expr) => {
        pub(in crate::schema::tables) static $block: Rule = Rule {
            name: $name,
            choices: &[one_of(&[
                with(&[must("id", Kind::Id), may("score", Kind::Score)])
                    .and_holding(&[maybe(&$rule), many(&$pair)]),
                with(&[must("id-ref", Kind::IdRef(Target::Same))]),
            ])],
            ..Rule::EMPTY
        };

        static $pair: Rule = Rule {
            name: "nvpair",
            choices: &[one_of(&[
                with(&[
                    must("id", Kind::Id),
                    must("name", Kind::Except($refused)),
                    may("value", Kind::Text),
                ])
                .until(310),
                with(&[
                    must("id", Kind::Id),
                    must("name", Kind::Except($refused)),
                    must("value", Kind::Text),
                ])
                .since(400),
                SPECIAL_INFRASTRUCTURE,
                SPECIAL_ACTION,
                with(&[
                    must("id-ref", Kind::IdRef(Target::Same)),
                    may("name", Kind::Text).until(310),
                ])
                .since($refer),
            ])],
            ..Rule::EMPTY
        };
    };
}

/// Pairs whose value decides. Only the cluster's options refuse these names otherwise, so
/// elsewhere these alternatives add nothing.
const SPECIAL_INFRASTRUCTURE: Alternative = with(&[
    must("id", Kind::Id),
    must("name", Kind::Words(&[word("cluster-infrastructure")])),
    must("value", Kind::Except(OLD_INFRASTRUCTURES)),
])
.since(300)
.until(310);

const SPECIAL_ACTION: Alternative = with(&[
    must("id", Kind::Id),
    must("name", Kind::Words(&[word("stonith-action")])),
    must("value", Kind::Except(&[word("poweroff")])),
])
.since(400);

block!(CLUSTER_PROPERTY_SET, PROPERTY, "cluster_property_set", RULE_OF_OPTIONS, refer: 300,
    OF_CLUSTER);
block!(META_OF_RSC_DEFAULTS, PAIR_OF_RSC_DEFAULTS, "meta_attributes", RULE_OF_OPTIONS, refer: 300,
    OF_RESOURCE_META);
block!(META_OF_OP_DEFAULTS, PAIR_OF_OP_DEFAULTS, "meta_attributes", RULE_OF_OPTIONS, refer: 300,
    OF_OPERATION_DEFAULTS);
block!(META_OF_PRIMITIVE, PAIR_OF_PRIMITIVE_META, "meta_attributes", RULE_OF_RESOURCES, refer: 103,
    OF_PRIMITIVE_META);
block!(INSTANCE_OF_PRIMITIVE, PAIR_OF_PRIMITIVE, "instance_attributes", RULE_OF_RESOURCES,
    refer: 103, OF_PRIMITIVE);
block!(META_OF_RESOURCE, PAIR_OF_RESOURCE_META, "meta_attributes", RULE_OF_RESOURCES, refer: 103,
    OF_RESOURCE_META);
block!(INSTANCE_OF_RESOURCE, PAIR_OF_RESOURCE, "instance_attributes", RULE_OF_RESOURCES,
    refer: 103, NONE);
block!(META_OF_OPERATION, PAIR_OF_OPERATION_META, "meta_attributes", RULE_OF_RESOURCES, refer: 103,
    OF_OPERATION_META);
block!(INSTANCE_OF_OPERATION, PAIR_OF_OPERATION, "instance_attributes", RULE_OF_RESOURCES,
    refer: 103, OF_OPERATION);
block!(UTILIZATION, PAIR_OF_UTILIZATION, "utilization", RULE_OF_RESOURCES, refer: 103, NONE);
block!(META_OF_ALERT, PAIR_OF_ALERT_META, "meta_attributes", RULE_OF_CONSTRAINTS, refer: 103, NONE);
block!(INSTANCE_OF_ALERT, PAIR_OF_ALERT, "instance_attributes", RULE_OF_CONSTRAINTS, refer: 103,
    NONE);

const NONE: &[Word] = &[];

const OLD_INFRASTRUCTURES: &[Word] = &[
    word("heartbeat"),
    word("openais"),
    word("classic openais"),
    word("classic openais (with plugin)"),
    word("cman"),
];

const OF_CLUSTER: &[Word] = &[
    word("cluster-infrastructure").since(300).until(310),
    word("cluster_recheck_interval").since(300).until(310),
    word("dc_deadtime").since(300).until(310),
    word("default-action-timeout").since(300).until(310),
    word("default_action_timeout").since(300).until(310),
    word("default-migration-threshold").since(300).until(310),
    word("default_migration_threshold").since(300).until(310),
    word("default-resource-failure-stickiness").since(300).until(310),
    word("default_resource_failure_stickiness").since(300).until(310),
    word("default-resource-stickiness").since(300).until(310),
    word("default_resource_stickiness").since(300).until(310),
    word("election_timeout").since(300).until(310),
    word("expected-quorum-votes").since(300).until(310),
    word("is-managed-default").since(300).until(310),
    word("is_managed_default").since(300).until(310),
    word("no_quorum_policy").since(300).until(310),
    word("notification-agent").since(300).until(310),
    word("notification-recipient").since(300).until(310),
    word("remove_after_stop").since(300).until(310),
    word("shutdown_escalation").since(300).until(310),
    word("startup_fencing").since(300).until(310),
    word("stonith_action").since(300).until(310),
    word("stonith_enabled").since(300).until(310),
    word("stop_orphan_actions").since(300).until(310),
    word("stop_orphan_resources").since(300).until(310),
    word("symmetric_cluster").since(300).until(310),
    word("transition_idle_timeout").since(300).until(310),
    word("crmd-finalization-timeout").since(400),
    word("crmd-integration-timeout").since(400),
    word("crmd-transition-delay").since(400),
    word("remove-after-stop").since(400),
    word("stonith-action").since(400),
];

const OF_RESOURCE_META: &[Word] = &[word("restart-type").since(400)];

const OF_PRIMITIVE_META: &[Word] = &[
    word("isolation").since(300).until(310),
    word("isolation-host").since(300).until(310),
    word("isolation-instance").since(300).until(310),
    word("isolation-wrapper").since(300).until(310),
    word("restart-type").since(400),
];

const OF_PRIMITIVE: &[Word] = &[
    word("pcmk_arg_map").since(300).until(300),
    word("pcmk_list_cmd").since(300).until(300),
    word("pcmk_monitor_cmd").since(300).until(300),
    word("pcmk_off_cmd").since(300).until(300),
    word("pcmk_on_cmd").since(300).until(300),
    word("pcmk_reboot_cmd").since(300).until(300),
    word("pcmk_status_cmd").since(300).until(300),
];

const OF_OPERATION_DEFAULTS: &[Word] =
    &[word("can_fail").since(400), word("role_after_failure").since(400)];

const OF_OPERATION_META: &[Word] = &[
    word("requires").since(300).until(310),
    word("can_fail").since(400),
    word("role_after_failure").since(400),
];

const OF_OPERATION: &[Word] = &[
    word("interval-origin").since(300).until(300),
    word("start-delay").since(300).until(300),
    word("enabled").since(300).until(300),
    word("on-fail").since(300).until(300),
    word("record-pending").since(300).until(300),
    word("role").since(300).until(300),
    word("timeout").since(300).until(300),
    word("requires").since(300).until(300),
];
