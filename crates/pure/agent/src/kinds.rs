//! Which of an agent's parameters the history tells apart: those whose change needs a restart, and
//! those whose values are secret.
//!
//! Source: Pacemaker Explained, "Agent reload"; OCF Resource Agent API 1.1, "reloadable".

use crate::metadata::{Metadata, Parameter, Reload};
use crate::standard::Standard;

/// Parameters by what the history must know of them.
///
/// Both lists are words with a blank before and after each, as they are looked up and recorded.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ParameterKinds {
    /// A change of these needs a restart; empty if of none does. `None`: of any does, since the
    /// agent has no way to take new ones.
    pub restart: Option<String>,
    /// Not for everybody's eyes; `None` if none is secret.
    pub secret: Option<String>,
}

impl ParameterKinds {
    /// As the agent describes itself.
    pub fn of(metadata: &Metadata) -> Self {
        let fixed = |parameter: &Parameter| match metadata.reload() {
            Some(Reload::Agent) => !parameter.reloadable,
            Some(Reload::Legacy) | None => parameter.unique_group.is_some(),
        };
        let restart = metadata.reload().map(|_| words(metadata, fixed).unwrap_or_default());
        let marked = words(metadata, |parameter| parameter.secret);
        let by_name = || words(metadata, |p| SECRET_NAMES.contains(&p.name.as_str()));
        Self { restart, secret: marked.or_else(by_name) }
    }
}

/// Taken for secret where the agent marks nothing.
const SECRET_NAMES: [&str; 3] = ["password", "passwd", "user"];

fn words(metadata: &Metadata, wanted: impl Fn(&Parameter) -> bool) -> Option<String> {
    let mut list = String::new();
    for parameter in metadata.parameters.iter().filter(|parameter| wanted(parameter)) {
        list.push(' ');
        list.push_str(&parameter.name);
    }
    (!list.is_empty()).then(|| list + " ")
}

/// Whether the history of `action` records [`ParameterKinds`]: only where there are parameters,
/// and of what leaves the resource active or looks at it.
pub fn are_recorded(standard: Standard, action: &str) -> bool {
    let has_parameters = match standard {
        Standard::Ocf | Standard::Fence => true,
        // Of Heartbeat's scripts every change needs a restart, and none says which are secret.
        Standard::Lsb | Standard::Service | Standard::Systemd | Standard::Heartbeat => false,
    };
    has_parameters
        && matches!(
            action,
            "start"
                | "monitor"
                | "promote"
                | "demote"
                | "reload"
                | "reload-agent"
                | "migrate_to"
                | "migrate_from"
        )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn kinds(version: &str, reload: &str) -> ParameterKinds {
        let text = format!(
            r#"<resource-agent name="x"><version>{version}</version><parameters>
            <parameter name="dir" unique="1"><content type="string"/></parameter>
            <parameter name="level" reloadable="1"><content type="string"/></parameter>
            <parameter name="key" secret="1"><content type="string"/></parameter>
            </parameters><actions><action name="start"/><action name="{reload}"/></actions>
            </resource-agent>"#
        );
        ParameterKinds::of(&Metadata::parse(&text).unwrap())
    }

    #[test]
    fn a_new_agent_says_which_parameters_it_reloads() {
        let kinds = kinds("1.1", "reload-agent");
        assert_eq!(kinds.restart.as_deref(), Some(" dir key "));
        assert_eq!(kinds.secret.as_deref(), Some(" key "));
    }

    #[test]
    fn an_old_agent_reloads_all_but_unique_parameters() {
        assert_eq!(kinds("1.0", "reload").restart.as_deref(), Some(" dir "));
        // Since 1.1, `reload` is the service's own business.
        assert_eq!(kinds("1.1", "reload").restart, None);
        assert_eq!(kinds("1.0", "reload-agent").restart, None);
    }

    #[test]
    fn well_known_names_are_secret_where_nothing_is_marked() {
        let text = "<resource-agent><parameters><parameter name=\"user\"/><parameter name=\"ip\"/>\
                    </parameters></resource-agent>";
        let kinds = ParameterKinds::of(&Metadata::parse(text).unwrap());
        assert_eq!(kinds.secret.as_deref(), Some(" user "));
    }
}
