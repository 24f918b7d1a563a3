//! `quorate cluster status`: who there is, and what runs where.

use corosync::Settings;
use serde::Serialize;
use wire::door::{Answer, Ask, Running};

use crate::How;
use crate::ask;
use crate::door::running;
use crate::invite;
use crate::nodes_file;
use crate::own::Own;
use crate::places::Places;
use crate::say;
use crate::services::Services;
use crate::trouble::Trouble;

#[derive(Serialize)]
struct Status {
    cluster: String,
    edition: u64,
    /// As the daemon here knows it; nothing if it does not run.
    quorate: Option<bool>,
    coordinator: Option<String>,
    nodes: Vec<Node>,
}

#[derive(Serialize)]
struct Node {
    name: String,
    addresses: Vec<String>,
    /// Its door answers.
    reachable: bool,
    corosync: bool,
    daemon: bool,
    edition: Option<u64>,
    member: Option<bool>,
    here: bool,
}

/// `quorate cluster status`.
pub(crate) fn run(how: &How) -> Result<(), Trouble> {
    let places = Places::default();
    let own = Own::read(&places)?;
    let settings = Settings::of(&nodes_file::read(&places)?);
    let services = Services::new(&own, &places, how.socket.as_deref());
    let me = invite::own_name(&settings)?;
    let key = std::fs::File::open(places.door_key()).map_err(|error| error.kind());
    if key.is_err_and(|kind| kind == std::io::ErrorKind::PermissionDenied) {
        say::talk("Only root can ask the other machines' doors.");
    }
    let seen = services.client().document().ok().map(|snapshot| snapshot.cluster);
    let mut answers = ask::all(&places, &own, &settings, &me, &Ask::Running);
    answers.push((me.clone(), Ok(Answer::Running(running(&places, &services)))));
    let nodes = settings.nodes.iter().map(|node| {
        let name = node.called().to_owned();
        let answer = answers.iter().find(|(of, _)| *of == name).map(|(_, answer)| answer);
        let said = match answer {
            Some(Ok(Answer::Running(said))) => Some(said.clone()),
            Some(_) | None => None,
        };
        let Running { corosync, daemon, edition } =
            said.clone().unwrap_or(Running { corosync: false, daemon: false, edition: 0 });
        Node {
            addresses: nodes_file::addresses(&settings, &name),
            reachable: said.is_some(),
            corosync,
            daemon,
            edition: said.map(|_| edition),
            member: seen.as_ref().map(|seen| seen.members.contains(&name)),
            here: name == me,
            name,
        }
    });
    let status = Status {
        cluster: settings
            .totem
            .cluster_name
            .as_ref()
            .map_or_else(String::new, |name| name.value.clone()),
        edition: settings.config_version(),
        quorate: seen.as_ref().map(|seen| seen.quorate),
        coordinator: seen.as_ref().and_then(|seen| seen.coordinator.clone()),
        nodes: nodes.collect(),
    };
    if how.json {
        say::json(&status);
    } else {
        for line in lines(&status) {
            say::out(&line);
        }
    }
    Ok(())
}

fn lines(status: &Status) -> Vec<String> {
    let Status { cluster, edition, quorate, coordinator, nodes } = status;
    let quorum = match quorate {
        Some(true) => "has quorum",
        Some(false) => "has no quorum",
        None => "does not run here",
    };
    let mut lines =
        vec![format!("Cluster {cluster}, edition {edition} of its nodes' file: {quorum}.")];
    let width = nodes.iter().map(|node| node.name.len()).max().unwrap_or(0);
    for node in nodes {
        let state = match (node.reachable, node.corosync, node.daemon, node.member) {
            (_, _, _, Some(true)) => "member",
            (true, true, true, _) => "runs, no member",
            (true, true, false, _) => "Corosync runs, the daemon does not",
            (true, false, true, _) => "the daemon runs, Corosync does not",
            (true, false, false, _) => "stopped",
            (false, _, _, _) => "does not answer",
        };
        let mut notes = Vec::new();
        if Some(&node.name) == coordinator.as_ref() {
            notes.push("coordinator".to_owned());
        }
        if !node.reachable && node.member == Some(true) {
            notes.push("its door is closed".to_owned());
        }
        if let Some(other) = node.edition.filter(|other| other != edition) {
            notes.push(format!("has edition {other}"));
        }
        if node.here {
            notes.push("this machine".to_owned());
        }
        let notes =
            if notes.is_empty() { String::new() } else { format!(" ({})", notes.join(", ")) };
        lines.push(format!(
            "  {:<width$}  {}  {state}{notes}",
            node.name,
            node.addresses.join(" ")
        ));
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_node_is_a_line() {
        let node = |name: &str, reachable, daemon, member| Node {
            name: name.to_owned(),
            addresses: vec![format!("10.0.0.{}", name.len())],
            reachable,
            corosync: daemon,
            daemon,
            edition: reachable.then_some(if daemon { 4 } else { 3 }),
            member,
            here: name == "n1",
        };
        let status = Status {
            cluster: "web".to_owned(),
            edition: 4,
            quorate: Some(true),
            coordinator: Some("n1".to_owned()),
            nodes: vec![
                node("n1", true, true, Some(true)),
                node("node2", true, false, Some(false)),
                node("n3", false, false, Some(false)),
            ],
        };
        let expected = [
            "Cluster web, edition 4 of its nodes' file: has quorum.",
            "  n1     10.0.0.2  member (coordinator, this machine)",
            "  node2  10.0.0.5  stopped (has edition 3)",
            "  n3     10.0.0.2  does not answer",
        ];
        assert_eq!(lines(&status), expected);
    }
}
