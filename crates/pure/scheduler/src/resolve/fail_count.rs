//! How often a resource failed on a node, and when last.
//!
//! The counts are attributes of the node, one for each operation:
//! `fail-count-ID#OPERATION_INTERVAL`, and likewise `last-failure-...`.
//!
//! Field word: Pacemaker *fail count*.

use super::values::parse_score;
use model::Score;

use super::types::{HistoryEntry, NodeIx, ResIx, Resolved, Resource};

/// What counts as a failure.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FailCountScope {
    /// Leave out failures whose `failure-timeout` is over.
    pub effective: bool,
    /// Count the failures of what the resource launches too.
    pub launched: bool,
}

/// Failures on record.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct FailCount {
    /// As a score: [`Score::INFINITY`] for what counts as failed for good.
    pub count: i32,
    /// Seconds since 1970; 0 if not known.
    pub last: i64,
    /// Some operation's failure blocks the resource, so its failures never expire.
    pub blocks: bool,
}

impl Resolved<'_> {
    /// The failures of `resource` on `node`. Whether a failure that blocks is among them is looked
    /// up in `entry` if given, else in all that is recorded there.
    pub fn fail_count(
        &self,
        node: NodeIx,
        resource: ResIx,
        scope: FailCountScope,
        entry: Option<&HistoryEntry<'_>>,
    ) -> FailCount {
        let resolved = self.resource(resource);
        let (mut count, mut last) = self.recorded_failures(node, resolved);
        let expires = count > 0 && resolved.failure_timeout_ms > 0;
        let blocks = expires && self.failure_blocks(node, resolved, entry);
        if scope.effective && expires && !blocks && last > 0 {
            let timeout = i64::try_from(resolved.failure_timeout_ms.div_ceil(1000));
            if self.now > last.saturating_add(timeout.unwrap_or(i64::MAX)) {
                count = 0;
            }
        }
        let in_bundle = self.resource(self.top_of(resource, true)).bundle().is_some();
        if scope.launched && !in_bundle {
            for launched in &resolved.launched {
                let more = self.fail_count(node, *launched, scope, entry);
                count = count.saturating_add(more.count);
                last = last.max(more.last);
            }
        }
        FailCount { count, last: if count > 0 { last } else { 0 }, blocks }
    }

    /// Sum over all operations, and the newest time.
    fn recorded_failures(&self, node: NodeIx, resource: &Resource<'_>) -> (i32, i64) {
        let name = resource.history_name();
        let name = if resource.flags.unique { name } else { without_instance(name) };
        let (mut count, mut last) = (Score::ZERO, 0);
        for (attribute, value) in &self.node(node).attributes {
            if is_about(attribute, "fail-count-", name, resource.flags.unique) {
                count = count.plus(parse_score(value).unwrap_or(Score::ZERO));
            } else if is_about(attribute, "last-failure-", name, resource.flags.unique) {
                last = value.trim().parse().map_or(last, |time: i64| time.max(last));
            }
        }
        (count.value(), last)
    }

    /// Whether a failed operation has `on-fail=block`.
    fn failure_blocks(
        &self,
        node: NodeIx,
        resource: &Resource<'_>,
        entry: Option<&HistoryEntry<'_>>,
    ) -> bool {
        let name = without_instance(&resource.id);
        let blocking = resource.operations.iter().filter(|op| op.attr("on-fail") == Some("block"));
        let failed = |task: &str, interval_ms: u64, entry: &HistoryEntry<'_>| {
            entry.interval_ms == interval_ms
                && entry.task.eq_ignore_ascii_case(task)
                && (entry.id == format!("{name}_last_failure_0")
                    || (entry.id == format!("{name}_{task}_{interval_ms}")
                        && entry.expected != Some(entry.code)))
        };
        blocking.into_iter().any(|op| match entry {
            Some(entry) => failed(&op.name, op.interval_ms, entry),
            None => self
                .history
                .iter()
                .filter(|history| history.node == node && history.id == name)
                .flat_map(|history| &history.entries)
                .any(|entry| failed(&op.name, op.interval_ms, entry)),
        })
    }
}

/// Whether an attribute's name is `PREFIX` `NAME` `#OPERATION_INTERVAL`; any instance's, unless
/// instances differ.
fn is_about(attribute: &str, prefix: &str, name: &str, unique: bool) -> bool {
    let Some((subject, operation)) =
        attribute.strip_prefix(prefix).and_then(|rest| rest.split_once('#'))
    else {
        return false;
    };
    let is_number = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    let operation_named = operation
        .rsplit_once('_')
        .is_some_and(|(task, interval)| !task.is_empty() && is_number(interval));
    let instance = subject.strip_prefix(name);
    operation_named
        && instance.is_some_and(|rest| {
            rest.is_empty() || (!unique && rest.strip_prefix(':').is_some_and(is_number))
        })
}

/// An id without its instance number.
fn without_instance(id: &str) -> &str {
    match id.rsplit_once(':') {
        Some((base, number))
            if !number.is_empty() && number.bytes().all(|byte| byte.is_ascii_digit()) =>
        {
            base
        }
        Some(_) | None => id,
    }
}

#[cfg(test)]
mod tests {
    use super::is_about;

    #[test]
    fn counts_belong_to_their_resource() {
        assert!(is_about("fail-count-db#monitor_10000", "fail-count-", "db", false));
        assert!(is_about("fail-count-db:3#start_0", "fail-count-", "db", false));
        assert!(!is_about("fail-count-db:3#start_0", "fail-count-", "db", true));
        assert!(!is_about("fail-count-db2#start_0", "fail-count-", "db", false));
        assert!(!is_about("fail-count-db", "fail-count-", "db", false));
    }
}
