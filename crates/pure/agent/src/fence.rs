//! What a fence agent is told, and which of a device's parameters are for the cluster instead.
//!
//! **Not here:** which node is meant and what the device calls it (`fencing`).
//!
//! Source: the Fence Agent API of the fence-agents project; Pacemaker Explained, "Special Options
//! for Fencing Resources".

/// Whether the cluster keeps this parameter of a device to itself.
pub fn is_for_the_cluster(parameter: &str) -> bool {
    const KEPT: [&str; 9] = [
        "provides",
        "crm_feature_set",
        "pcmk_action_limit",
        "pcmk_delay_base",
        "pcmk_delay_max",
        "pcmk_host_argument",
        "pcmk_host_check",
        "pcmk_host_list",
        "pcmk_host_map",
    ];
    KEPT.contains(&parameter)
        || parameter.starts_with("CRM_meta_")
        || parameter.strip_prefix("pcmk_").is_some_and(|rest| {
            ["_action", "_timeout", "_retries"].iter().any(|end| rest.ends_with(end))
        })
}

/// The lines for the agent's standard input: what to do, then the parameters except those for the
/// cluster.
///
/// A parameter `action` is the device's alias for an action on a node, put there by the fencing
/// logic; one that somebody configured must not turn a monitor into a reboot.
pub fn standard_input(action: &str, parameters: &[(String, String)]) -> String {
    let alias = parameters.iter().find(|(name, _)| name == "action").map(|(_, value)| value);
    let told = match action {
        "on" | "off" | "reboot" | "status" | "list" => alias.map_or(action, String::as_str),
        _ => action,
    };
    let mut text = line("action", told);
    for (name, value) in parameters {
        if name != "action" && name != "option" && !is_for_the_cluster(name) {
            text.push_str(&line(name, value));
        }
    }
    text
}

/// A line break in a value would be a line of its own to the agent: another parameter.
fn line(name: &str, value: &str) -> String {
    format!("{}={}\n", name.replace(['\n', '\r'], " "), value.replace(['\n', '\r'], " "))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pairs(list: &[(&str, &str)]) -> Vec<(String, String)> {
        list.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
    }

    #[test]
    fn the_agent_gets_its_own_parameters() {
        let device = pairs(&[
            ("ip", "192.0.2.1"),
            ("port", "7"),
            ("pcmk_host_map", "n1:7"),
            ("pcmk_host_list", "n1 n2"),
            ("pcmk_off_timeout", "5s"),
            ("pcmk_monitor_retries", "9"),
            ("CRM_meta_timeout", "20000"),
            ("crm_feature_set", "3.20.0"),
        ]);
        assert_eq!(standard_input("off", &device), "action=off\nip=192.0.2.1\nport=7\n");
    }

    #[test]
    fn an_alias_counts_for_fencing_and_not_for_monitors() {
        let device = pairs(&[("action", "off"), ("ip", "x")]);
        assert_eq!(standard_input("reboot", &device), "action=off\nip=x\n");
        assert_eq!(standard_input("monitor", &device), "action=monitor\nip=x\n");
    }

    #[test]
    fn a_value_cannot_smuggle_a_second_parameter() {
        let text = standard_input("off", &pairs(&[("ip", "a\nport=9")]));
        assert_eq!(text, "action=off\nip=a port=9\n");
    }
}
