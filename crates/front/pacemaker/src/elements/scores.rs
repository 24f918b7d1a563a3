//! Scores, capacities and demands.

use std::collections::BTreeMap;
use std::sync::Arc;

use scheduler::ScoreLine;

use crate::shown::Scores;
use crate::xml_out::XmlOut;

pub(super) fn write(out: &mut XmlOut, scores: Scores<'_>) {
    out.begin(match (scores.scores, scores.utilization) {
        (true, true) => "allocations_utilizations",
        (true, false) => "allocations",
        (false, _) => "utilizations",
    });
    for line in scores.wanted() {
        write_line(out, line);
    }
    out.end();
}

pub(super) fn write_line(out: &mut XmlOut, line: &ScoreLine) {
    match line {
        ScoreLine::Node { step, resource, node, score } => {
            out.begin("node_weight");
            out.attr("function", step.word());
            out.attr("node", node);
            out.number("score", score);
            out.attr("id", resource);
        }
        ScoreLine::Promotion { resource, node, score } => {
            out.begin("promotion_score");
            out.attr("id", resource);
            out.number("score", score);
            out.attr_if("node", node.as_deref());
        }
        ScoreLine::Capacity { before, node, capacity } => {
            out.begin("capacity");
            out.attr("node", node);
            out.attr("comment", if *before { "Original" } else { "Remaining" });
            write_amounts(out, capacity);
        }
        ScoreLine::Demand { resource, node, demand } => {
            out.begin("utilization");
            out.attr("resource", resource);
            out.attr("node", node);
            out.attr("function", "pcmk__assign_resource");
            write_amounts(out, demand);
        }
    }
    out.end();
}

fn write_amounts(out: &mut XmlOut, amounts: &BTreeMap<Arc<str>, i32>) {
    for (name, amount) in amounts {
        out.text(name, &amount.to_string());
    }
}
