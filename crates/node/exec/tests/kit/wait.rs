//! Waiting for what agents do.

use std::time::Duration;

use crate::kit::PATIENCE;

/// Waits until an agent has written this file.
pub(crate) async fn for_file(path: &str) {
    let written = async {
        while std::fs::read_to_string(path).unwrap_or_default().is_empty() {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    };
    tokio::time::timeout(PATIENCE, written).await.expect("the agent wrote nothing");
}
