//! The options that every primitive, and every fence device, has: facts that clients ask for. The
//! words are ours.

use crate::daemons::options::{FENCED, Kind, Parameter};
use crate::exit::Exit;
use crate::outline::Outline;
use crate::output::Output;
use crate::xml_out::XmlOut;

/// One option of the cluster's for a resource.
struct Listed {
    name: &'static str,
    kind: &'static str,
    /// What it may be, if it is one of few.
    values: &'static [&'static str],
    default: Option<&'static str>,
    words: &'static str,
    advanced: bool,
}

/// A list of options.
struct List {
    /// As what would be an agent's name.
    name: &'static str,
    title: &'static str,
    purpose: &'static str,
    options: Vec<Listed>,
}

/// Whether there is a list called so.
pub(super) fn is_known(list: &str) -> bool {
    ["primitive", "fencing"].contains(&list)
}

/// Shows a list; programs get what is for experts, too.
pub(super) fn show(list: &str, all: bool, said: &mut Output) -> Exit {
    let list = if list == "fencing" { fencing() } else { primitive() };
    said.tell(|out| write(&list, all, out), |xml| write_elements(&list, xml));
    Exit::Ok
}

fn write(list: &List, all: bool, out: &mut Outline) {
    out.line(list.title);
    out.space();
    out.line(list.purpose);
    out.nest();
    for option in list.options.iter().filter(|option| !option.advanced) {
        write_one(option, out);
    }
    let advanced: Vec<&Listed> =
        list.options.iter().filter(|option| option.advanced && all).collect();
    if !advanced.is_empty() {
        out.space();
        out.begin("ADVANCED OPTIONS");
        advanced.iter().for_each(|option| write_one(option, out));
        out.end();
    }
    out.end();
}

fn write_one(option: &Listed, out: &mut Outline) {
    let Listed { name, kind, values, default, words, .. } = option;
    out.space();
    out.item(&format!("{name}: {words}"));
    out.nest();
    let possible = match (values, default) {
        ([], Some(default)) => format!("{kind} (default: \"{default}\")"),
        ([], None) => format!("{kind} (no default)"),
        (values, default) => {
            let value = |value: &&str| {
                let mark = if Some(*value) == *default { " (default)" } else { "" };
                format!("\"{value}\"{mark}")
            };
            values.iter().map(value).collect::<Vec<_>>().join(", ")
        }
    };
    out.item(&format!("Possible values: {possible}"));
    out.end();
}

fn write_elements(list: &List, xml: &mut XmlOut) {
    xml.begin("resource-agent");
    xml.attr("name", list.name);
    xml.attr("version", "3.0.2");
    xml.text("version", "1.1");
    xml.text_with("longdesc", Some(("lang", "en")), list.purpose);
    xml.text_with("shortdesc", Some(("lang", "en")), list.title);
    xml.begin("parameters");
    for option in &list.options {
        xml.begin("parameter");
        xml.attr("name", option.name);
        xml.number("advanced", u8::from(option.advanced));
        xml.attr("generated", "0");
        xml.text_with("longdesc", Some(("lang", "en")), option.words);
        xml.text_with("shortdesc", Some(("lang", "en")), option.words);
        xml.begin("content");
        xml.attr("type", option.kind);
        xml.attr_if("default", option.default);
        option.values.iter().for_each(|value| xml.empty("option", &[("value", value)]));
        xml.end();
        xml.end();
    }
    xml.end();
    xml.end();
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
    // The default of these two depends on the device.
    let depends = ["pcmk_host_check", "pcmk_host_argument"].contains(&parameter.name);
    Listed {
        name: parameter.name,
        kind,
        values,
        default: parameter.default.filter(|default| !default.is_empty() && !depends),
        words: parameter.words,
        advanced: parameter.advanced,
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
    Listed { name, kind, values, default, words, advanced: false }
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
