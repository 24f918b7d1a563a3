//! Why resources do not run, in Pacemaker's words.
//!
//! **Not here:** reasons by score and constraint; `quorate why` has them.

use model::Role;
use scheduler::{ResIx, Resolved};

use super::Asked;
use crate::output::Output;
use crate::xml_out::XmlOut;

pub(super) fn tell(resolved: &Resolved<'_>, asked: &Asked<'_>, said: &mut Output) {
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
                checks(resolved, *at).iter().for_each(|check| out.item(check));
            }
        },
        |xml| {
            xml.begin("reason");
            match (asked.resource, here) {
                (Some(at), Some(node)) => {
                    xml.attr_if("running_on", runs(resolved, at, here).then_some(node));
                    write_checks(xml, resolved, at);
                }
                (Some(at), None) => {
                    xml.flag("running", runs(resolved, at, None));
                    write_checks(xml, resolved, at);
                }
                (None, _) => {
                    xml.begin("resources");
                    for at in &of {
                        xml.begin("resource");
                        xml.attr("id", &resolved.resource(*at).id);
                        xml.flag("running", runs(resolved, *at, here));
                        xml.attr_if("host", here);
                        write_checks(xml, resolved, *at);
                        xml.end();
                    }
                    xml.end();
                }
            }
            xml.end();
        },
    );
}

/// Whether it, or a part of it, is active: anywhere, or on this node.
pub(super) fn runs(resolved: &Resolved<'_>, at: ResIx, node: Option<&str>) -> bool {
    let resource = resolved.resource(at);
    let here = |name: &str| node.is_none_or(|node| node.eq_ignore_ascii_case(name));
    resource.active.iter().any(|node| here(&resolved.node(*node).name))
        || resource.children.iter().any(|child| runs(resolved, *child, node))
}

/// What the operator wants that keeps it from running.
struct Checks<'r> {
    top: &'r str,
    stopped: bool,
    unpromotable: bool,
    unmanaged: bool,
    locked_to: Option<&'r str>,
}

fn check<'r>(resolved: &'r Resolved<'_>, at: ResIx) -> Checks<'r> {
    let resource = resolved.resource(at);
    let top = resolved.resource(resolved.top_of(at, false));
    let role = resource.meta("target-role").and_then(Role::parse);
    Checks {
        top: &top.id,
        stopped: role == Some(Role::Stopped),
        unpromotable: role == Some(Role::Unpromoted) && top.flags.promotable,
        unmanaged: !resource.flags.managed,
        locked_to: resource.shutdown_lock.map(|lock| &*resolved.node(lock.node).name),
    }
}

fn checks(resolved: &Resolved<'_>, at: ResIx) -> Vec<String> {
    let Checks { top, stopped, unpromotable, unmanaged, locked_to } = check(resolved, at);
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
    found
}

/// The same lines, for who asked for something else.
pub(super) fn note(resolved: &Resolved<'_>, at: ResIx, said: &mut Output) {
    let found = checks(resolved, at);
    said.tell(
        |out| found.iter().for_each(|line| out.item(line)),
        |xml| write_checks(xml, resolved, at),
    );
}

fn write_checks(xml: &mut XmlOut, resolved: &Resolved<'_>, at: ResIx) {
    let Checks { top, stopped, unpromotable, unmanaged, locked_to } = check(resolved, at);
    xml.begin("check");
    xml.attr("id", top);
    xml.attr_if("remain_stopped", stopped.then_some("true"));
    xml.attr_if("promotable", unpromotable.then_some("false"));
    xml.attr_if("unmanaged", unmanaged.then_some("true"));
    xml.attr_if("locked-to", locked_to);
    xml.end();
}
