//! The document as text.

use cib::escape_attribute;

/// The schema of new documents.
const SCHEMA: &str = "pacemaker-3.9";

/// Defaults of resources and operations.
#[derive(Clone, Copy, Debug)]
pub(super) struct Defaults {
    pub(super) stickiness: Option<&'static str>,
    /// Whether operations get a longer time-out than the cluster's own.
    pub(super) timeout: bool,
}

/// Heartbeat waited for its scripts for ever; most services are done in so long.
pub(super) const TIMEOUT: &str = "120s";

pub(super) fn document(
    options: &[(&str, String)],
    defaults: &Defaults,
    resources: &str,
    constraints: &str,
) -> String {
    let pairs: Vec<(&str, &str)> = options.iter().map(|(name, value)| (*name, &**value)).collect();
    let options = set("cluster_property_set", "cib-bootstrap-options", &pairs);
    let mut more = String::new();
    if let Some(stickiness) = defaults.stickiness {
        let set = set("meta_attributes", "rsc-options", &[("resource-stickiness", stickiness)]);
        more.push_str(&format!("<rsc_defaults>{set}</rsc_defaults>"));
    }
    if defaults.timeout {
        let set = set("meta_attributes", "op-options", &[("timeout", TIMEOUT)]);
        more.push_str(&format!("<op_defaults>{set}</op_defaults>"));
    }
    format!(
        "<cib validate-with=\"{SCHEMA}\" admin_epoch=\"0\" epoch=\"1\" num_updates=\"0\">\
         <configuration><crm_config>{options}</crm_config><nodes/><resources>{resources}</resources>\
         <constraints>{constraints}</constraints>{more}</configuration><status/></cib>"
    )
}

/// A set of named values; nothing if there are none.
pub(super) fn set(tag: &str, id: &str, pairs: &[(&str, &str)]) -> String {
    if pairs.is_empty() {
        return String::new();
    }
    let mut text = format!("<{tag} id=\"{id}\">");
    for (name, value) in pairs {
        text.push_str(&format!(
            "<nvpair id=\"{id}-{}\" name=\"{}\" value=\"{}\"/>",
            id_of(name),
            escape_attribute(name),
            escape_attribute(value)
        ));
    }
    text.push_str(&format!("</{tag}>"));
    text
}

/// A primitive, by its class, provider and type.
pub(super) struct Primitive<'a> {
    pub(super) id: &'a str,
    pub(super) agent: (&'a str, Option<&'a str>, &'a str),
    pub(super) parameters: &'a [(String, String)],
    /// Interval and time-out of its monitor.
    pub(super) monitor: (&'a str, &'a str),
}

impl std::fmt::Display for Primitive<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self { id, agent: (class, provider, kind), parameters, monitor: (interval, timeout) } =
            self;
        let provider = provider.map(|name| format!(" provider=\"{name}\"")).unwrap_or_default();
        let pairs: Vec<(&str, &str)> = parameters.iter().map(|(n, v)| (&**n, &**v)).collect();
        write!(
            f,
            "<primitive id=\"{id}\" class=\"{class}\"{provider} type=\"{}\">{}<operations>\
             <op id=\"{id}_mon\" name=\"monitor\" interval=\"{interval}\" timeout=\"{timeout}\"/>\
             </operations></primitive>",
            escape_attribute(kind),
            set("instance_attributes", &format!("{id}_inst_attr"), &pairs)
        )
    }
}

/// What may stand in an id of what was said.
pub(super) fn id_of(text: &str) -> String {
    let fits = |c: char| if c.is_ascii_alphanumeric() || "-._".contains(c) { c } else { '_' };
    let id: String = text.chars().map(fits).collect();
    if id.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_') {
        id
    } else {
        format!("_{id}")
    }
}
