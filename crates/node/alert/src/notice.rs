//! What is told of an event: variables for agents, JSON and words for others.
//!
//! Source: Pacemaker Administration, "Alert agents". A probe that finds what was expected is told to
//! nobody. What an event does not carry, the code that was wanted of a failed action, is the one that
//! such an action is usually wanted to have.

use std::collections::BTreeSet;

use cib::{Document, Element, Section};
use model::{ActionName, ExecStatus, OcfCode};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use wire::api::{Entry, Event};

use crate::attributes::Changed;

/// What an event is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Kind {
    Node,
    Fencing,
    Resource,
    Attribute,
}

impl Kind {
    pub(crate) fn word(self) -> &'static str {
        match self {
            Self::Node => "node",
            Self::Fencing => "fencing",
            Self::Resource => "resource",
            Self::Attribute => "attribute",
        }
    }
}

/// One thing that is told.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Notice {
    pub(crate) sequence: u64,
    pub(crate) kind: Kind,
    pub(crate) node: String,
    pub(crate) resource: Option<String>,
    pub(crate) attribute: Option<String>,
    pub(crate) is_trouble: bool,
    /// Seconds since 1970.
    pub(crate) at: i64,
    /// And millionths of one.
    pub(crate) micros: u32,
    /// A sentence.
    pub(crate) words: String,
    /// `CRM_alert_*`, but for those that are each target's own.
    pub(crate) variables: Vec<(String, String)>,
    /// For programs elsewhere: what happened, as the API tells it.
    pub(crate) data: Value,
}

impl Notice {
    /// A resource's action is told where it ran, a loss or a fencing everywhere.
    pub(crate) fn is_told_by(&self, node: &str) -> bool {
        match self.kind {
            Kind::Node | Kind::Fencing | Kind::Attribute => true,
            Kind::Resource => self.node == node,
        }
    }
}

/// What is told of an entry; `before` are the members until now.
pub(crate) fn notices(
    entry: &Entry,
    before: &BTreeSet<String>,
    document: &Document,
) -> Vec<Notice> {
    let mut notices = match &entry.event {
        Event::Membership { members, lost, .. } => {
            let joined = members.iter().filter(|node| !before.contains(*node));
            let joined = joined.map(|node| of_node(document, node, "member", "joined"));
            let lost = lost.iter().map(|node| of_node(document, node, "lost", "was lost"));
            joined.chain(lost).collect()
        }
        Event::Fenced { target, action, succeeded, .. } => {
            vec![of_fencing(&entry.event, target, action, *succeeded)]
        }
        Event::Finished { action, node, code, status, ms, expected, .. } => {
            let ended = Ended { code: OcfCode(*code), status, ms: *ms, expected: *expected };
            let parts = ActionName::parse(action).filter(|parts| !(parts.is_probe() && *expected));
            parts.map(|parts| of_action(&entry.event, &parts, node, &ended)).into_iter().collect()
        }
        Event::Coordinator { .. }
        | Event::Changed { .. }
        | Event::Refused { .. }
        | Event::Planned { .. }
        | Event::Started { .. }
        | Event::Fencing { .. }
        | Event::QuorumIsOthers { .. }
        | Event::MayBeOlder { .. }
        | Event::SetAside { .. }
        | Event::Idle => Vec::new(),
    };
    for notice in &mut notices {
        notice.at = entry.at;
        notice.data = json!({ "cluster": cluster(document), "entry": entry });
    }
    notices
}

/// What each kind has in common; the rest is filled in.
fn notice(kind: Kind, node: &str, words: String, variables: Vec<(&'static str, String)>) -> Notice {
    Notice {
        sequence: 0,
        kind,
        node: node.to_owned(),
        resource: None,
        attribute: None,
        is_trouble: false,
        at: 0,
        micros: 0,
        words,
        variables: variables.into_iter().map(|(name, value)| (name.to_owned(), value)).collect(),
        data: Value::Null,
    }
}

fn of_node(document: &Document, node: &str, state: &str, word: &str) -> Notice {
    let variables = vec![
        ("CRM_alert_node", node.to_owned()),
        ("CRM_alert_nodeid", id_of(document, node)),
        ("CRM_alert_desc", state.to_owned()),
    ];
    let plain = notice(Kind::Node, node, format!("{node} {word}"), variables);
    Notice { is_trouble: state == "lost", ..plain }
}

/// What is told of an attribute; one that was removed has no value.
pub(crate) fn of_attribute(changed: &Changed, at: i64, document: &Document) -> Notice {
    let Changed { node, name, value } = changed;
    let mut variables = vec![
        ("CRM_alert_node", node.clone()),
        ("CRM_alert_nodeid", id_of(document, node)),
        ("CRM_alert_attribute_name", name.clone()),
    ];
    variables.extend(value.clone().map(|value| ("CRM_alert_attribute_value", value)));
    let words = match value {
        Some(value) => format!("{name} of {node} is {value}"),
        None => format!("{name} of {node} is gone"),
    };
    let told = json!({ "node": node, "name": name, "value": value });
    let data = json!({ "cluster": cluster(document), "attribute": told });
    let plain = notice(Kind::Attribute, node, words, variables);
    Notice { attribute: Some(name.clone()), at, data, ..plain }
}

fn of_fencing(event: &Event, target: &str, action: &str, succeeded: bool) -> Notice {
    let (_, words) = view::history::describe(event);
    let variables = vec![
        ("CRM_alert_node", target.to_owned()),
        ("CRM_alert_task", action.to_owned()),
        ("CRM_alert_desc", words.clone()),
        ("CRM_alert_rc", if succeeded { "0" } else { "1" }.to_owned()),
    ];
    Notice { is_trouble: true, ..notice(Kind::Fencing, target, words, variables) }
}

/// How an action ended.
struct Ended<'a> {
    code: OcfCode,
    status: &'a str,
    ms: u64,
    expected: bool,
}

fn of_action(event: &Event, parts: &ActionName<'_>, node: &str, ended: &Ended<'_>) -> Notice {
    let Ended { code, status, ms, expected } = *ended;
    let (_, words) = view::history::describe(event);
    let wanted = match (expected, parts.is_probe()) {
        (true, _) => code.0,
        (false, true) => 7,
        (false, false) => 0,
    };
    let mut numbers = -1..=11;
    let number = numbers
        .find(|number| ExecStatus::from_number(*number).words().eq_ignore_ascii_case(status))
        .unwrap_or(0);
    let told = if number == 0 { code.words() } else { status };
    let variables = vec![
        ("CRM_alert_node", node.to_owned()),
        ("CRM_alert_rsc", parts.resource.to_owned()),
        ("CRM_alert_task", parts.task.to_owned()),
        ("CRM_alert_interval", parts.interval.to_owned()),
        ("CRM_alert_target_rc", wanted.to_string()),
        ("CRM_alert_status", number.to_string()),
        ("CRM_alert_rc", code.0.to_string()),
        ("CRM_alert_exec_time", ms.to_string()),
        ("CRM_alert_desc", told.to_owned()),
    ];
    let plain = notice(Kind::Resource, node, words, variables);
    Notice { resource: Some(parts.resource.to_owned()), is_trouble: !expected, ..plain }
}

fn id_of(document: &Document, name: &str) -> String {
    let nodes = document.section(Section::Nodes).into_iter().flat_map(Element::children);
    let mut named = nodes.filter(|node| node.attr("uname") == Some(name));
    named.next().and_then(|node| node.attr("id")).unwrap_or("0").to_owned()
}

/// The cluster's name, if it has one.
fn cluster(document: &Document) -> Option<&str> {
    let options = document.root().path(&["configuration", "crm_config"])?;
    let mut pairs = options.descendants().filter(|pair| pair.attr("name") == Some("cluster-name"));
    pairs.find_map(|pair| pair.attr("value"))
}
