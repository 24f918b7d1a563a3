//! Why resources do not run, in Pacemaker's words.
//!
//! **Not here:** reasons by score and constraint; `quorate why` has them.

use model::Role;
use scheduler::{HealthStrategy, NodeIx, ResIx, Resolved};

use super::task::Task;
use crate::exit::Exit;
use crate::xml_out::XmlOut;

/// Why resources do not run: one, those of a node, or all.
pub(super) fn tell(task: &mut Task<'_, '_>) -> Exit {
    let (resolved, asked, said) = (task.resolved, task.asked, &mut *task.said);
    let node = asked.node;
    let (of, here): (Vec<ResIx>, Option<&str>) = match (asked.resource, asked.node) {
        (None, None) => (resolved.top.clone(), None),
        (Some(resource), node) => (vec![resource], node.map(|node| &*resolved.node(node).name)),
        (None, Some(node)) => {
            let node = resolved.node(node);
            (node.active.clone(), Some(&node.name))
        }
    };
    said.tell(
        |out| {
            for at in &of {
                let not = if runs(resolved, *at, here) { "" } else { "not " };
                let place = here.map(|node| format!(" on host {node}")).unwrap_or_default();
                out.item(&format!("Resource {} is {not}running{place}", resolved.resource(*at).id));
                checks(resolved, *at, node).iter().for_each(|check| out.item(check));
            }
        },
        |xml| {
            xml.begin("reason");
            match (asked.resource, here) {
                (Some(at), Some(name)) => {
                    xml.attr_if("running_on", runs(resolved, at, here).then_some(name));
                    write_checks(xml, resolved, at, node);
                }
                (Some(at), None) => {
                    xml.flag("running", runs(resolved, at, None));
                    write_checks(xml, resolved, at, node);
                }
                (None, _) => {
                    xml.begin("resources");
                    for at in &of {
                        xml.begin("resource");
                        xml.attr("id", &resolved.resource(*at).id);
                        xml.flag("running", runs(resolved, *at, here));
                        xml.attr_if("host", here);
                        write_checks(xml, resolved, *at, node);
                        xml.end();
                    }
                    xml.end();
                }
            }
            xml.end();
        },
    );
    Exit::Ok
}

/// Whether it, or a part of it, is active: anywhere, or on this node.
pub(super) fn runs(resolved: &Resolved<'_>, at: ResIx, node: Option<&str>) -> bool {
    let resource = resolved.resource(at);
    let here = |name: &str| node.is_none_or(|node| node.eq_ignore_ascii_case(name));
    resource.active.iter().any(|node| here(&resolved.node(*node).name))
        || resource.children.iter().any(|child| runs(resolved, *child, node))
}

/// What keeps it from running that configuration says.
struct Checks<'r> {
    top: &'r str,
    stopped: bool,
    unpromotable: bool,
    unmanaged: bool,
    locked_to: Option<&'r str>,
    /// The strategy that forbids unhealthy nodes, where all that count are unhealthy.
    unhealthy: Option<&'static str>,
}

fn check<'r>(resolved: &'r Resolved<'_>, at: ResIx, node: Option<NodeIx>) -> Checks<'r> {
    let resource = resolved.resource(at);
    let top = resolved.resource(resolved.top_of(at, false));
    let role = resource.meta("target-role").and_then(Role::parse);
    let is_true = |text: &str| ["true", "on", "yes", "y", "1"].contains(&&*text.to_lowercase());
    Checks {
        top: &top.id,
        stopped: role == Some(Role::Stopped),
        unpromotable: role == Some(Role::Unpromoted) && top.flags.promotable,
        unmanaged: resource.meta("is-managed").is_some_and(|value| !is_true(value)),
        locked_to: resource.shutdown_lock.map(|lock| &*resolved.node(lock.node).name),
        unhealthy: strategy(resolved).filter(|_| all_unhealthy(resolved, at, node)),
    }
}

/// The strategy that forbids nodes for their health, if one does.
fn strategy(resolved: &Resolved<'_>) -> Option<&'static str> {
    match resolved.options.health {
        HealthStrategy::MigrateOnRed => Some("migrate-on-red"),
        HealthStrategy::OnlyGreen => Some("only-green"),
        HealthStrategy::None
        | HealthStrategy::Progressive { .. }
        | HealthStrategy::Custom { .. } => None,
    }
}

/// Whether the node, or every node where the resource might be, is unhealthy.
fn all_unhealthy(resolved: &Resolved<'_>, at: ResIx, node: Option<NodeIx>) -> bool {
    let is_unhealthy = |node: NodeIx| resolved.node(node).health.forbids();
    if let Some(node) = node {
        return is_unhealthy(node);
    }
    let allowed = &resolved.resource(at).allowed;
    let mut nodes = resolved.node_indices().zip(allowed).filter(|(_, allowed)| allowed.is_some());
    let mut nodes = nodes.by_ref().peekable();
    nodes.peek().is_some() && nodes.all(|(node, _)| is_unhealthy(node))
}

fn checks(resolved: &Resolved<'_>, at: ResIx, node: Option<NodeIx>) -> Vec<String> {
    let checked = check(resolved, at, node);
    let Checks { top, stopped, unpromotable, unmanaged, locked_to, unhealthy } = checked;
    let mut found = Vec::new();
    if stopped {
        found.push(format!("Configuration specifies '{top}' should remain stopped"));
    }
    if unpromotable {
        found.push(format!("Configuration specifies '{top}' should not be promoted"));
    }
    if unmanaged {
        found.push(format!(
            "Configuration prevents cluster from stopping or starting unmanaged '{top}'"
        ));
    }
    if let Some(node) = locked_to {
        found.push(format!("'{top}' is locked to node {node} due to shutdown"));
    }
    if let Some(strategy) = unhealthy {
        found.push(format!(
            "'{top}' cannot run on unhealthy nodes due to node-health-strategy='{strategy}'"
        ));
    }
    found
}

/// The same lines, for who asked for something else.
pub(super) fn note(task: &mut Task<'_, '_>, at: ResIx) {
    let (resolved, node) = (task.resolved, task.asked.node);
    let found = checks(resolved, at, node);
    task.said.tell(
        |out| found.iter().for_each(|line| out.item(line)),
        |xml| write_checks(xml, resolved, at, node),
    );
}

fn write_checks(xml: &mut XmlOut, resolved: &Resolved<'_>, at: ResIx, node: Option<NodeIx>) {
    let checked = check(resolved, at, node);
    let Checks { top, stopped, unpromotable, unmanaged, locked_to, unhealthy } = checked;
    xml.begin("check");
    xml.attr("id", top);
    xml.attr_if("remain_stopped", stopped.then_some("true"));
    xml.attr_if("promotable", unpromotable.then_some("false"));
    xml.attr_if("unmanaged", unmanaged.then_some("true"));
    xml.attr_if("locked-to", locked_to);
    xml.attr_if("unhealthy", unhealthy.map(|_| "true"));
    xml.end();
}
