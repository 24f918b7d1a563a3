//! The options that every primitive, and every fence device, has: facts that clients ask for. The
//! words are ours.

use crate::daemons::options::{FENCED, Kind, Parameter};
use crate::exit::Exit;
use crate::option_list::{self, List, Listed};
use crate::output::Output;

/// Whether there is a list called so.
pub(super) fn is_known(list: &str) -> bool {
    ["primitive", "fencing"].contains(&list)
}

/// Shows a list; programs get what is for experts, too.
pub(super) fn show(list: &str, all: bool, said: &mut Output) -> Exit {
    let list = if list == "fencing" { fencing() } else { primitive() };
    option_list::show(&list, all, said);
    Exit::Ok
}

fn fencing() -> List {
    List {
        name: "fence-attributes",
        title: "Fencing resource common parameters",
        purpose: "Parameters that every fence device has: the cluster reads them, not the agent.",
        options: FENCED.iter().map(of_device).collect(),
    }
}

fn of_device(parameter: &Parameter) -> Listed {
    let is_timeout = parameter.name.ends_with("_timeout");
    let (kind, values): (_, &[&str]) = match parameter.kind {
        Kind::Duration if is_timeout => ("timeout", &[]),
        Kind::Duration => ("duration", &[]),
        Kind::Select(values) => ("select", values),
        plain @ (Kind::Boolean | Kind::Integer | Kind::Percentage | Kind::Text) => {
            (plain.word(), &[])
        }
    };
    Listed {
        name: parameter.name,
        kind,
        values,
        default: parameter.default,
        words: parameter.words,
        advanced: parameter.advanced,
        generated: false,
        former: None,
    }
}

fn primitive() -> List {
    List {
        name: "primitive-meta",
        title: "Primitive meta-attributes",
        purpose: "What the cluster can be told about how to treat a primitive resource.",
        options: PRIMITIVE.iter().map(of_primitive).collect(),
    }
}

/// Name, kind, values, default, words.
type Row =
    (&'static str, &'static str, &'static [&'static str], Option<&'static str>, &'static str);

fn of_primitive(row: &Row) -> Listed {
    let (name, kind, values, default, words) = *row;
    Listed { name, kind, values, default, words, advanced: false, generated: false, former: None }
}

const PRIMITIVE: [Row; 18] = [
    ("priority", "score", &[], Some("0"), "Which resources run if not all of them can"),
    (
        "critical",
        "boolean",
        &[],
        Some("true"),
        "Whether what it is colocated with moves for its sake, unless the constraint says",
    ),
    (
        "target-role",
        "select",
        &["Stopped", "Started", "Unpromoted", "Promoted"],
        Some("Started"),
        "What it may be at most",
    ),
    ("is-managed", "boolean", &[], Some("true"), "Whether the cluster starts and stops it"),
    (
        "maintenance",
        "boolean",
        &[],
        Some("false"),
        "Whether the cluster leaves it alone and does not monitor it either",
    ),
    ("resource-stickiness", "score", &[], None, "How much it wants to stay where it is"),
    (
        "requires",
        "select",
        &["nothing", "quorum", "fencing", "unfencing"],
        None,
        "What must hold before it is started",
    ),
    (
        "migration-threshold",
        "score",
        &[],
        Some("INFINITY"),
        "How many failures make a node unfit for it; 0 is no limit",
    ),
    ("failure-timeout", "duration", &[], Some("0"), "After how long a failure is forgotten"),
    (
        "multiple-active",
        "select",
        &["block", "stop_only", "stop_start", "stop_unexpected"],
        Some("stop_start"),
        "What to do if it is found active in more than one place",
    ),
    ("allow-migrate", "boolean", &[], None, "Whether it can be moved without being stopped"),
    (
        "allow-unhealthy-nodes",
        "boolean",
        &[],
        Some("false"),
        "Whether it may run where the node's health forbids it",
    ),
    (
        "container-attribute-target",
        "string",
        &[],
        None,
        "Whose node attributes it looks at inside a container: host for those of the host",
    ),
    ("remote-node", "string", &[], None, "The name of the guest node that it is"),
    ("remote-addr", "string", &[], None, "Where the guest node is reached, if not by its name"),
    ("remote-port", "port", &[], Some("3121"), "The port at which the guest node listens"),
    (
        "remote-connect-timeout",
        "timeout",
        &[],
        Some("60s"),
        "How long connecting to the guest node may take",
    ),
    (
        "remote-allow-migrate",
        "boolean",
        &[],
        Some("true"),
        "Whether the connection to the guest node can be moved without being stopped",
    ),
];
