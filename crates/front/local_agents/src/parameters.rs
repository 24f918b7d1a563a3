//! What the cluster would give to an agent on this node.

use std::time::Duration;

use scheduler::{NodeIx, ResIx, Resolved};
use transition::record::FEATURE_SET;

/// What Pacemaker allows an action that has no timeout.
const TIMEOUT: Duration = Duration::from_secs(20);

/// How long the cluster gives an action.
pub fn timeout(resolved: &Resolved<'_>, resource: ResIx, task: &str) -> Duration {
    let found = resolved.resource(resource);
    let operation = found.operation(task, 0, true);
    let meta = resolved.action_meta(resource, None, task, 0, operation);
    let said = meta.get("timeout").and_then(|timeout| timeout.parse().ok());
    said.filter(|timeout| *timeout > 0).map_or(TIMEOUT, Duration::from_millis)
}

/// The parameters of a resource on a node, and what else agents are told.
pub fn parameters(
    resolved: &Resolved<'_>,
    resource: ResIx,
    node: Option<NodeIx>,
    timeout: Duration,
) -> Vec<(String, String)> {
    let own = resolved.parameters(resource, node);
    let own = own.iter().map(|(name, value)| (name.to_string(), value.to_string()));
    let meta = resolved.resource(resource).meta.iter();
    let meta = meta.map(|(name, value)| (format!("CRM_meta_{name}"), value.to_string()));
    let told = [
        ("CRM_meta_timeout".to_owned(), timeout.as_millis().to_string()),
        ("crm_feature_set".to_owned(), FEATURE_SET.to_owned()),
    ];
    own.chain(meta).chain(told).collect()
}
