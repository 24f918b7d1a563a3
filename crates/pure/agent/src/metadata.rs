//! What an agent says about itself: the answer to `meta-data` (OCF) or `metadata` (fence agents).
//!
//! Source: OCF Resource Agent API 1.1, section 4; the Fence Agent API. Real agents are looser
//! than both: what is not understood is left out, and only text that is no XML is refused.

use std::time::Duration;

use cib::{Document, Element};
use model::{Role, parse_interval};

/// An agent's description.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Metadata {
    pub name: String,
    /// The agent's own version, as it writes it.
    pub version: String,
    /// Version of the API that it follows (`1.0`, `1.1`); empty where it does not say.
    pub api_version: String,
    pub short: String,
    pub long: String,
    pub parameters: Vec<Parameter>,
    pub actions: Vec<AgentAction>,
}

/// One thing that a user may or must set.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[expect(clippy::struct_excessive_bools, reason = "mirrors the switches of OCF metadata")]
pub struct Parameter {
    pub name: String,
    pub required: bool,
    /// No two resources may have the same values of all parameters of one group. Metadata of API
    /// 1.0 says only `unique="1"`: then the group is the parameter's own name.
    pub unique_group: Option<String>,
    /// A change of it needs no restart: the agent's `reload` (or `reload-agent`) takes it.
    pub reloadable: bool,
    /// Its value is not for logs, for command lines or for other users' eyes.
    pub secret: bool,
    pub deprecated: bool,
    /// Names that it had before; who gives one of those gives this.
    pub formerly: Vec<String>,
    /// `string`, `integer`, `boolean`, `select`, ...
    pub kind: String,
    pub default: Option<String>,
    /// The words that a `select` allows.
    pub options: Vec<String>,
    pub short: String,
    pub long: String,
}

/// Something that the agent can be told to do, with the times that its author advises.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct AgentAction {
    pub name: String,
    pub timeout: Option<Duration>,
    pub interval: Option<Duration>,
    pub depth: Option<String>,
    pub role: Option<Role>,
    /// Fence agents: run by the cluster without being asked, as unfencing is.
    pub automatic: bool,
    /// Fence agents: to be run on the target itself.
    pub on_target: bool,
}

/// How an agent takes changed parameters without a restart.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reload {
    /// By `reload-agent`, since API 1.1.
    Agent,
    /// By `reload`, before that.
    Legacy,
}

impl Reload {
    /// The action's name.
    pub fn action(self) -> &'static str {
        match self {
            Self::Agent => "reload-agent",
            Self::Legacy => "reload",
        }
    }
}

/// Text that is not an agent's description.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum MetadataError {
    /// No XML.
    #[error("the metadata is not well formed")]
    NotXml(#[source] cib::ParseError),
    /// XML of another kind.
    #[error("the metadata's outermost element is `{0}`, not `resource-agent`")]
    OtherRoot(String),
}

impl Metadata {
    /// Reads the text that the agent printed. What stands before the XML (agents print warnings
    /// there) is passed over.
    ///
    /// # Errors
    /// When there is no well-formed `resource-agent` element.
    pub fn parse(text: &str) -> Result<Self, MetadataError> {
        let document = Document::parse(without_preamble(text)).map_err(MetadataError::NotXml)?;
        let root = document.root();
        if root.name() != "resource-agent" {
            return Err(MetadataError::OtherRoot(root.name().to_owned()));
        }
        let words = |name: &str| root.child(name).map(text_of).unwrap_or_default();
        let mut made = Self {
            name: attribute(root, "name"),
            version: attribute(root, "version"),
            api_version: words("version"),
            short: words("shortdesc"),
            long: words("longdesc"),
            parameters: with_former_names(
                elements(root, "parameters", "parameter").map(parameter).collect(),
                elements(root, "parameters", "parameter"),
            ),
            actions: elements(root, "actions", "action").map(action).collect(),
        };
        if made.short.is_empty() {
            made.short = attribute(root, "shortdesc");
        }
        Ok(made)
    }

    /// The parameter called `name`. Dashes and underscores are the same to fence agents, so
    /// they are the same here.
    pub fn parameter(&self, name: &str) -> Option<&Parameter> {
        let same = |other: &str| {
            other.len() == name.len()
                && other.bytes().zip(name.bytes()).all(|(a, b)| dash_less(a) == dash_less(b))
        };
        self.parameters.iter().find(|parameter| same(&parameter.name))
    }

    /// The first action called `name`.
    pub fn action(&self, name: &str) -> Option<&AgentAction> {
        self.actions.iter().find(|action| action.name == name)
    }

    /// How changed parameters are taken without a restart, if at all.
    pub fn reload(&self) -> Option<Reload> {
        let version = self.api_version.split_once('.').unwrap_or((&self.api_version, ""));
        let number = |text: &str| text.trim().parse::<u32>().unwrap_or(0);
        let kind = if (number(version.0), number(version.1)) >= (1, 1) {
            Reload::Agent
        } else {
            Reload::Legacy
        };
        self.action(kind.action()).map(|_| kind)
    }

    /// Fence agents: the parameter that names the target, where the device does not say which.
    pub fn target_parameter(&self) -> Option<&'static str> {
        let is_own = |name: &&str| self.parameters.iter().any(|own| own.name == **name);
        ["plug", "port"].iter().find(|name| is_own(name)).copied()
    }

    /// Whether values of this parameter must be hidden: it is marked so, or no metadata marks
    /// anything (API 1.0) and its name is one that agents use for secrets.
    pub fn is_secret(&self, name: &str) -> bool {
        match self.parameter(name) {
            Some(parameter) if parameter.secret => true,
            _ => is_secret_by_name(name),
        }
    }
}

/// Parts of names, in small letters, whose values are not shown.
const SECRET_PARTS: [&str; 8] =
    ["passw", "passphrase", "secret", "token", "community", "private_key", "api_key", "credential"];

/// And whole names.
const SECRET_WHOLE: [&str; 4] = ["pass", "pwd", "key", "authkey"];

/// Ends of names that say where a secret is to be had, or how long that may take: those are none.
const ABOUT_SECRETS: [&str; 4] = ["_script", "_file", "_path", "_timeout"];

/// Whether a parameter or attribute of this name is taken for a secret although no metadata says so.
/// The one list of such names: what is hidden from logs is hidden from readers, metrics and history.
pub fn is_secret_by_name(name: &str) -> bool {
    let name = name.to_ascii_lowercase().replace('-', "_");
    let is_about = ABOUT_SECRETS.iter().any(|end| name.ends_with(end));
    let is_named = SECRET_PARTS.iter().any(|part| name.contains(part))
        || SECRET_WHOLE.contains(&name.as_str());
    is_named && !is_about
}

fn without_preamble(text: &str) -> &str {
    let start = text.find("<?xml").or_else(|| text.find("<resource-agent"));
    start.and_then(|at| text.get(at..)).unwrap_or(text).trim_end()
}

fn parameter(element: Element<'_>) -> Parameter {
    let name = attribute(element, "name");
    let content = element.child("content");
    let of_content = |key: &str| content.and_then(|e| e.attr(key)).unwrap_or("").to_owned();
    let kind = of_content("type");
    let unique_group = match element.attr("unique-group") {
        Some(group) => Some(group.to_owned()),
        None => is_true(element, "unique").then(|| name.clone()),
    };
    Parameter {
        required: is_true(element, "required"),
        unique_group,
        reloadable: is_true(element, "reloadable"),
        secret: is_true(element, "secret") || is_true(element, "private") || kind == "password",
        deprecated: is_true(element, "deprecated") || element.child("deprecated").is_some(),
        formerly: element.attr("obsoletes").map(str::to_owned).into_iter().collect(),
        default: content.and_then(|e| e.attr("default")).map(str::to_owned),
        options: content
            .into_iter()
            .flat_map(|e| e.children())
            .filter(|e| e.name() == "option")
            .map(|e| attribute(e, "value"))
            .collect(),
        short: element.child("shortdesc").map(text_of).unwrap_or_default(),
        long: element.child("longdesc").map(text_of).unwrap_or_default(),
        kind,
        name,
    }
}

/// OCF says at the old name what the new one is, fence agents at the new one what the old was.
fn with_former_names<'a>(
    mut parameters: Vec<Parameter>,
    elements: impl Iterator<Item = Element<'a>>,
) -> Vec<Parameter> {
    for old in elements {
        let replaced =
            old.child("deprecated").and_then(|deprecated| deprecated.child("replaced-with"));
        let new = replaced.and_then(|replaced| replaced.attr("name"));
        if let Some(own) = parameters.iter_mut().find(|own| Some(own.name.as_str()) == new) {
            own.formerly.push(attribute(old, "name"));
        }
    }
    parameters
}

fn action(element: Element<'_>) -> AgentAction {
    let time = |name: &str| element.attr(name).and_then(parse_interval);
    AgentAction {
        name: attribute(element, "name"),
        timeout: time("timeout"),
        interval: time("interval"),
        depth: element.attr("depth").map(str::to_owned),
        role: element.attr("role").and_then(Role::parse),
        automatic: is_true(element, "automatic"),
        on_target: is_true(element, "on_target"),
    }
}

fn elements<'a>(
    root: Element<'a>,
    list: &str,
    name: &'static str,
) -> impl Iterator<Item = Element<'a>> + use<'a> {
    root.child(list)
        .into_iter()
        .flat_map(|list| list.children())
        .filter(move |element| element.name() == name)
}

fn attribute(element: Element<'_>, name: &str) -> String {
    element.attr(name).unwrap_or("").to_owned()
}

fn is_true(element: Element<'_>, name: &str) -> bool {
    matches!(element.attr(name), Some("1" | "true" | "yes"))
}

fn text_of(element: Element<'_>) -> String {
    element.text().trim().to_owned()
}

fn dash_less(byte: u8) -> u8 {
    if byte == b'-' { b'_' } else { byte }
}

#[cfg(test)]
mod tests {
    use super::*;

    const OCF: &str = r#"some warning
<?xml version="1.0"?>
<!DOCTYPE resource-agent SYSTEM "ra-api-1.dtd">
<resource-agent name="db" version="0.3">
<version>1.1</version>
<longdesc lang="en">Runs it &amp; watches it.</longdesc>
<shortdesc lang="en">A database</shortdesc>
<parameters>
<parameter name="dir" unique-group="place" required="1"><content type="string"/></parameter>
<parameter name="port" unique="1"><content type="integer" default="1"/></parameter>
<parameter name="key" secret="1" reloadable="1"><shortdesc>k</shortdesc><content type="string"/></parameter>
<parameter name="mode"><content type="select"><option value="a"/><option value="b"/></content></parameter>
</parameters>
<actions>
<action name="start" timeout="1min"/>
<action name="monitor" depth="0" timeout="20s" interval="10" role="Master"/>
</actions>
</resource-agent>"#;

    #[test]
    fn an_ocf_description_reads() {
        let data = Metadata::parse(OCF).unwrap();
        assert_eq!((data.name.as_str(), data.api_version.as_str()), ("db", "1.1"));
        assert_eq!(data.long, "Runs it & watches it.");
        let dir = data.parameter("dir").unwrap();
        assert!(dir.required);
        assert_eq!(dir.unique_group.as_deref(), Some("place"));
        assert_eq!(data.parameter("port").unwrap().unique_group.as_deref(), Some("port"));
        assert!(data.parameter("key").unwrap().reloadable && data.is_secret("key"));
        assert_eq!(data.parameter("mode").unwrap().options, ["a", "b"]);
        let monitor = data.action("monitor").unwrap();
        assert_eq!(monitor.interval, Some(Duration::from_secs(10)));
        assert_eq!(monitor.role, Some(Role::Promoted));
        assert_eq!(data.action("start").unwrap().timeout, Some(Duration::from_secs(60)));
    }

    #[test]
    fn a_fence_agents_description_reads() {
        let text = r#"<resource-agent name="fence_x" shortdesc="Fences x">
<parameters>
<parameter name="plug" obsoletes="port"><content type="string"/></parameter>
<parameter name="port" deprecated="1"><content type="string"/></parameter>
<parameter name="ssl_secure" unique="0" required="0"><content type="boolean"/></parameter>
</parameters>
<actions><action name="on" automatic="1" on_target="1"/><action name="list"/></actions>
</resource-agent>"#;
        let data = Metadata::parse(text).unwrap();
        assert_eq!(data.short, "Fences x");
        assert!(data.parameter("ssl-secure").is_some());
        assert!(data.parameter("port").unwrap().deprecated);
        let on = data.action("on").unwrap();
        assert!(on.automatic && on.on_target);
    }

    #[test]
    fn other_text_is_refused() {
        assert!(matches!(Metadata::parse("usage: db start"), Err(MetadataError::NotXml(_))));
        assert!(matches!(Metadata::parse("<cib/>"), Err(MetadataError::OtherRoot(_))));
        assert!(Metadata::parse("").is_err());
    }

    #[test]
    fn old_metadata_does_not_unhide_a_password() {
        let text = "<resource-agent><parameters><parameter name=\"passwd\"/></parameters></resource-agent>";
        assert!(Metadata::parse(text).unwrap().is_secret("passwd"));
        assert!(!Metadata::parse(text).unwrap().is_secret("user"));
    }

    #[test]
    fn names_tell() {
        for name in [
            "passwd",
            "password",
            "db_PASSWORD",
            "db-password",
            "pass",
            "api_key",
            "api-key",
            "token",
            "secretkey",
            "snmp_community",
        ] {
            assert!(is_secret_by_name(name), "{name}");
        }
        for name in ["ip", "keyfile_path", "passwd_file", "passwd_script", "monitor", "key_path"] {
            assert!(!is_secret_by_name(name), "{name}");
        }
    }
}
