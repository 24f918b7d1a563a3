//! What happened on the nodes.

use super::write_list;
use crate::outline::Outline;
use crate::status::{Look, NodeHistory, OperationShown, ResourceHistory, Status};
use crate::{exit, time};

pub(super) fn write(out: &mut Outline, nodes: &[NodeHistory<'_>], status: &Status<'_>) {
    out.begin(if status.operations { "Operations" } else { "Migration Summary" });
    for node in nodes {
        out.begin(&format!("Node: {}", node.display));
        for resource in &node.resources {
            let line = line(resource);
            if status.operations {
                let timing = status.look.has(Look::TIMING);
                let lines = resource.operations.iter().map(|operation| told(operation, timing));
                write_list(out, &line, lines);
            } else {
                out.item(&line);
            }
        }
        out.end();
    }
    out.end();
}

fn line(shown: &ResourceHistory<'_>) -> String {
    let ResourceHistory { resource, fail_count, threshold, last_failure, .. } = shown;
    let mut line = format!("{resource}: migration-threshold={threshold}");
    if *fail_count > 0 {
        line.push_str(&format!(" fail-count={fail_count}"));
    }
    if *last_failure > 0 {
        line.push_str(&format!(" last-failure='{}'", time::clock(*last_failure)));
    }
    line
}

fn told(operation: &OperationShown<'_>, timing: bool) -> String {
    let task = operation.task();
    let call = operation.attr("call-id").unwrap_or("(null)");
    let interval = operation.interval().map(|interval| format!(" interval=\"{interval}ms\""));
    if !timing {
        let interval = interval.map(|interval| format!(":{interval}")).unwrap_or_default();
        return format!("({call}) {task}{interval}");
    }
    let mut line = format!("({call}) {task}:{}", interval.unwrap_or_default());
    if let Some(at) = operation.changed_at() {
        line.push_str(&format!(" last-rc-change=\"{}\"", time::clock(at)));
    }
    for name in ["exec-time", "queue-time"] {
        if let Some(took) = operation.attr(name) {
            line.push_str(&format!(" {name}=\"{took}ms\""));
        }
    }
    let code = operation.code();
    line.push_str(&format!(" rc={code} ({})", exit::words(model::OcfCode(code))));
    line
}
