//! What the tools say as XML, as a grammar. What `crm_mon` says is described element by element,
//! since clients hold it against this; what the others say may be anything else.

use cib::relax_ng::{Grammar, Pattern};

/// One element of `crm_mon`'s: its attributes, the optional ones with `?`, then a kind other than text
/// after `:`; and which elements may be in it. After a dot stands where an element of that name is not
/// what it is elsewhere.
///
/// What is always there is not optional, also for speed: a validator may look at each optional
/// attribute twice, and at those of one element in all combinations.
struct Shown {
    name: &'static str,
    attributes: &'static str,
    inside: &'static str,
}

const fn shown(name: &'static str, attributes: &'static str, inside: &'static str) -> Shown {
    Shown { name, attributes, inside }
}

/// The sections, in any order: which of them there are is for the options to say.
const SECTIONS: &str = "pacemakerd summary nodes resources node_attributes node_history failures fence_history tickets \
     bans";

const ELEMENTS: &[Shown] = &[
    shown("pacemakerd", "sys_from? state last_updated?", ""),
    shown(
        "summary",
        "",
        "stack current_dc last_update last_change nodes_configured resources_configured \
         cluster_options",
    ),
    shown("stack", "type pacemakerd-state?", ""),
    shown(
        "current_dc",
        "present:flag version? name? id? with_quorum?:flag mixed_version?:flag",
        "",
    ),
    shown("last_update", "time origin?", ""),
    shown("last_change", "time user? client? origin?", ""),
    shown("nodes_configured", "number:count", ""),
    shown("resources_configured", "number:count disabled:count blocked:count", ""),
    shown(
        "cluster_options",
        "fencing-enabled:flag fencing-timeout-ms:count symmetric-cluster:flag no-quorum-policy \
         maintenance-mode:flag stop-all-resources:flag priority-fencing-delay-ms:count \
         stonith-enabled:flag stonith-timeout-ms:count",
        "",
    ),
    shown("nodes", "", "node"),
    shown(
        "node",
        "name id online:flag standby:flag standby_onfail:flag maintenance:flag pending:flag \
         unclean:flag health feature_set? shutdown:flag expected_up:flag is_dc:flag \
         resources_running:count type id_as_resource?",
        "attribute resource",
    ),
    shown("attribute", "name value expected?", ""),
    shown("resources", "", "bundle clone group resource"),
    shown(
        "bundle",
        "id type image unique:flag maintenance:flag description? managed:flag failed:flag",
        "replica",
    ),
    shown("replica", "id:count", "resource"),
    shown(
        "clone",
        "id multi_state:flag unique:flag maintenance:flag managed:flag disabled:flag failed:flag \
         failure_ignored:flag target_role? description?",
        "group resource",
    ),
    shown(
        "group",
        "id number_resources:count maintenance:flag managed:flag disabled:flag description?",
        "resource",
    ),
    shown(
        "resource",
        "id resource_agent role target_role? active:flag orphaned:flag removed:flag blocked:flag \
         maintenance:flag description? managed:flag failed:flag failure_ignored:flag \
         nodes_running_on:count pending? locked_to?",
        "node.resource",
    ),
    shown("node.resource", "name id cached:flag", ""),
    shown("node_attributes", "", "node.attributes"),
    shown("node.attributes", "name", "attribute"),
    shown("node_history", "", "node.history"),
    shown("node.history", "name", "resource_history"),
    shown(
        "resource_history",
        "id orphan:flag removed:flag migration-threshold fail-count? last-failure?",
        "operation_history",
    ),
    shown(
        "operation_history",
        "call? task rc rc_text interval? last-rc-change? last-run? exec-time? queue-time?",
        "",
    ),
    shown("failures", "", "failure"),
    shown(
        "failure",
        "op_key? id? node exitstatus exitreason? exitcode:number call?:number status? \
         last-rc-change? queued? exec? interval? task?",
        "",
    ),
    shown("fence_history", "status?:number", "fence_event"),
    shown(
        "fence_event",
        "status extended-status? exit-reason? delegate? action target client origin completed?",
        "",
    ),
    // A ticket has whatever attributes somebody gave it.
    shown("tickets", "", ANYTHING),
    shown("bans", "", "ban"),
    shown("ban", "id resource node weight:number promoted-only?:flag master_only?:flag", ""),
];

/// Whatever elements.
const ANYTHING: &str = "*";

/// What every answer is.
pub(super) fn grammar() -> Grammar {
    let sections: Vec<String> = words(SECTIONS).map(str::to_owned).collect();
    let any_section = sections.iter().map(|name| Pattern::Ref(name.clone()).optional());
    let other = Pattern::AnyElementBut([sections.clone(), vec!["status".to_owned()]].concat());
    // Lists of nodes and tickets have the names of sections, and other things in them.
    let anything = Pattern::AnyElementBut(Vec::new()).any_number();
    let resource = Pattern::attribute("resource", Pattern::Text).optional();
    let nodes = Pattern::Element("nodes".to_owned(), vec![resource, anything.clone()]);
    let tickets = Pattern::Element("tickets".to_owned(), vec![anything]);
    let constraints = Pattern::AnyElementBut(vec!["status".to_owned()]).any_number();
    let lists = vec![nodes, Pattern::Group(vec![tickets, constraints])];
    let start = Pattern::Element(
        "pacemaker-result".to_owned(),
        vec![
            Pattern::attribute("api-version", Pattern::Text),
            Pattern::attribute("request", Pattern::Text),
            Pattern::Choice(vec![
                Pattern::Interleave(any_section.collect()),
                Pattern::Choice(lists),
                other.at_least_one(),
            ]),
            Pattern::Ref("status".to_owned()),
        ],
    );
    let mut definitions: Vec<(String, Pattern)> =
        ELEMENTS.iter().map(|shown| (shown.name.to_owned(), element(shown))).collect();
    definitions.push(("status".to_owned(), status()));
    Grammar { start, definitions }
}

fn words(text: &'static str) -> impl Iterator<Item = &'static str> {
    text.split_whitespace()
}

fn element(shown: &Shown) -> Pattern {
    let name = shown.name.split('.').next().unwrap_or_default();
    let mut all: Vec<Pattern> = words(shown.attributes).map(attribute).collect();
    if shown.inside == ANYTHING {
        all.push(Pattern::AnyElementBut(Vec::new()).any_number());
        return Pattern::Element(name.to_owned(), all);
    }
    let inside: Vec<Pattern> =
        words(shown.inside).map(|name| Pattern::Ref(name.to_owned())).collect();
    if !inside.is_empty() {
        all.push(Pattern::one_of(inside).any_number());
    }
    Pattern::Element(name.to_owned(), all)
}

fn attribute(written: &str) -> Pattern {
    let (name, kind) = written.split_once(':').unwrap_or((written, ""));
    let value = match kind {
        "flag" => Pattern::data("boolean"),
        "count" => Pattern::data("nonNegativeInteger"),
        "number" => Pattern::data("integer"),
        _ => Pattern::Text,
    };
    match name.strip_suffix('?') {
        Some(name) => Pattern::attribute(name, value).optional(),
        None => Pattern::attribute(name, value),
    }
}

/// How it went: at the end of every answer.
fn status() -> Pattern {
    let error = Pattern::Element("error".to_owned(), vec![Pattern::Text]);
    let errors = Pattern::Element("errors".to_owned(), vec![error.any_number()]);
    Pattern::Element(
        "status".to_owned(),
        vec![
            Pattern::attribute("code", Pattern::data("integer")),
            Pattern::attribute("message", Pattern::Text),
            errors.optional(),
        ],
    )
}
