//! What the `status` section says: which nodes are there, and what was done on them.

use cib::Element;
use model::OcfCode;

/// What the scheduler expected of a recorded action, from its transition key; `None` where it has
/// none.
pub(super) fn expected_code(entry: Element<'_>) -> Option<OcfCode> {
    let key = entry.attr("transition-key")?;
    let number = key.split(':').nth(2).and_then(|text| text.trim().parse().ok());
    Some(OcfCode(number.unwrap_or(-1)))
}
