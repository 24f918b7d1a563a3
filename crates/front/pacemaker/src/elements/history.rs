//! What happened on the nodes.

use model::OcfCode;

use crate::status::{Look, NodeHistory, OperationShown, ResourceHistory, Status};
use crate::xml_out::XmlOut;
use crate::{exit, time};

pub(super) fn write(out: &mut XmlOut, nodes: &[NodeHistory<'_>], status: &Status<'_>) {
    out.begin("node_history");
    for node in nodes {
        out.begin("node");
        out.attr("name", node.node);
        for resource in &node.resources {
            write_resource(out, resource, status.look.has(Look::TIMING));
        }
        out.end();
    }
    out.end();
}

fn write_resource(out: &mut XmlOut, shown: &ResourceHistory<'_>, timing: bool) {
    let ResourceHistory { resource, fail_count, threshold, last_failure, operations } = shown;
    out.begin("resource_history");
    out.attr("id", resource);
    out.flag("orphan", false);
    out.flag("removed", false);
    out.number("migration-threshold", threshold);
    if *fail_count > 0 {
        out.number("fail-count", fail_count);
    }
    if *last_failure > 0 {
        out.attr("last-failure", &time::clock(*last_failure));
    }
    for operation in operations {
        write_operation(out, operation, timing);
    }
    out.end();
}

fn write_operation(out: &mut XmlOut, operation: &OperationShown<'_>, timing: bool) {
    let in_ms = |value: &str| format!("{value}ms");
    let code = operation.code();
    out.begin("operation_history");
    out.attr_if("call", operation.attr("call-id"));
    out.attr("task", operation.task());
    out.number("rc", code);
    out.attr("rc_text", exit::words(OcfCode(code)));
    out.attr_if("interval", operation.interval().map(in_ms).as_deref());
    if timing {
        out.attr_if("last-rc-change", operation.changed_at().map(time::clock).as_deref());
        for name in ["exec-time", "queue-time"] {
            out.attr_if(name, operation.attr(name).map(in_ms).as_deref());
        }
    }
    out.end();
}
