//! What a connection's start and stop say of the node that it leads to.

use cib::Document;
use model::{AgentRef, PrimitiveRef};

use crate::record::{self, NodeRef, node_state};

/// A remote or guest node that comes up tells of itself anew, and one that goes down forgets its
/// passing attributes; otherwise its wish to be shut down, say, would outlive the shutdown. Answers
/// how many elements were removed.
pub(super) fn note_connection(
    document: &mut Document,
    connection: &PrimitiveRef,
    task: &str,
) -> u32 {
    let AgentRef { standard, provider, kind } = &connection.agent;
    if (&**standard, provider.as_deref(), &**kind) != ("ocf", Some("pacemaker"), "remote") {
        return 0;
    }
    let state = node_state(document, &NodeRef { id: &connection.id, name: &connection.id });
    match task {
        "start" => record::remove_observed(document, state),
        "stop" => record::remove_passing(document, state),
        _ => 0,
    }
}
