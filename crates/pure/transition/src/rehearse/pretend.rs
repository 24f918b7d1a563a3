//! What `crm_simulate` writes of things that did not happen: failures and results on paper.
//!
//! It does so on a copy of the node's state, and the copy is then merged into the document. What this
//! makes different from a cluster's own records is here.

use cib::{Document, Element, NodeId};
use model::{AgentRef, OcfCode, Outcome};

use super::next_call;
use super::places::Places;
use crate::record::{
    Failure, failure_names, find_history, merge_repeated, new_history, pair_id, passing_set,
};

/// Counts a failure in a node's passing attributes. Answers the attributes that say so.
///
/// A count that is no number begins anew, also one that is infinite.
pub fn pretend_failure(
    document: &mut Document,
    state: NodeId,
    failure: &Failure<'_>,
) -> [(String, String); 2] {
    let [count_name, last_name] = failure_names(failure);
    let before = attribute(document, state, &count_name).and_then(|text| text.parse::<i32>().ok());
    let count = match failure.fatal {
        true => "INFINITY".to_owned(),
        false => before.unwrap_or(0).saturating_add(1).to_string(),
    };
    let id = document.element(state).attr("id").unwrap_or_default().to_owned();
    let set = passing_set(document, state, &id);
    let last = failure.at.to_string();
    for (name, value) in [(&count_name, &count), (&last_name, &last)] {
        write(document, set, name, value);
    }
    [(count_name, count), (last_name, last)]
}

/// The value of a passing attribute; `None` also if there are several.
fn attribute<'d>(document: &'d Document, state: NodeId, name: &str) -> Option<&'d str> {
    let sets = document.element(state).children_named("transient_attributes");
    let pairs = sets.flat_map(Element::descendants).filter(|pair| pair.is("nvpair"));
    let mut found = pairs.filter(|pair| pair.attr("name") == Some(name));
    let only = found.next().filter(|_| found.next().is_none());
    only.and_then(|pair| pair.attr("value"))
}

/// Pairs are the same if their ids are, whatever they are called.
fn write(document: &mut Document, set: NodeId, name: &str, value: &str) {
    let id = pair_id(document, set, name);
    let pairs = document.element(set).children_named("nvpair");
    let known = pairs.filter(|pair| pair.attr("id") == Some(&id)).map(Element::id).next();
    let pair = known.unwrap_or_else(|| document.append(set, "nvpair"));
    for (key, text) in [("id", id.as_str()), ("name", name), ("value", value)] {
        document.set(pair, key, text);
    }
}

/// What a run came to that did not happen. For the halves of a live move, Pacemaker keeps no reason.
pub fn pretended_outcome(task: &str, code: OcfCode, reason: &str) -> Outcome {
    let reason = if matches!(task, "migrate_to" | "migrate_from") { "" } else { reason };
    Outcome { reason: reason.to_owned(), ..Outcome::done(code) }
}

/// The history of a resource below a node's state, made if it is not there, and the number of the
/// next run in it.
pub fn pretended_history(
    document: &mut Document,
    state: NodeId,
    resource: &str,
    agent: &AgentRef,
) -> (NodeId, u64) {
    let mut places = Places::default();
    let repeated = take_repeated_along(document, state, &mut places);
    let found = find_history(document, state, resource);
    let history = found.unwrap_or_else(|| new_history(document, state, resource, agent));
    // Where history is ambiguous, it counts from the beginning.
    let is_ambiguous = repeated.iter().any(|name| name == resource);
    (history, if is_ambiguous { 1 } else { next_call(document, history) })
}

/// What is recorded twice below a node's state is merged whenever a copy of that is written back.
pub fn merge_as_written_back(document: &mut Document, state: NodeId) {
    take_repeated_along(document, state, &mut Places::default());
}

/// Does so, and answers which resources' records that were. What stands later wins, each time.
pub(super) fn take_repeated_along<'p>(
    document: &mut Document,
    state: NodeId,
    places: &'p mut Places,
) -> &'p [String] {
    let repeated = places.repeated(document, state);
    for name in repeated {
        merge_repeated(document, state, name);
    }
    repeated
}
