//! `RESOURCE_TASK_INTERVAL@NODE=CODE`: a result that no agent gave.

use transition::rehearse::PretendedFailure;

/// `RESOURCE_TASK_INTERVAL@NODE=CODE`, taken apart.
pub(super) struct Spec<'s> {
    pub(super) resource: &'s str,
    pub(super) task: &'s str,
    pub(super) interval_ms: u64,
    pub(super) node: &'s str,
    pub(super) code: i32,
}

/// Answers Pacemaker's words if the spec is none.
pub(super) fn read(spec: &str) -> Result<Spec<'_>, String> {
    let too_few =
        |fields: i32| Err(format!("Invalid operation spec: {spec}.  Only found {fields} fields"));
    let (key, rest) = spec.split_once('@').unwrap_or((spec, ""));
    let (node, code) = rest.split_once('=').unwrap_or((rest, ""));
    let code = leading_number(code.trim_start());
    let code = match (key.is_empty(), node.is_empty(), code) {
        (true, _, _) => return too_few(if spec.is_empty() { -1 } else { 0 }),
        (false, true, _) => return too_few(1),
        (false, false, None) => return too_few(2),
        (false, false, Some(code)) => code,
    };
    let unknown = || format!("Invalid resource name: {key}");
    let (rest, interval) = key.rsplit_once('_').ok_or_else(unknown)?;
    let (resource, task) = ["migrate_to", "migrate_from"]
        .into_iter()
        .find_map(|task| Some((rest.strip_suffix(task)?.strip_suffix('_')?, task)))
        .or_else(|| rest.rsplit_once('_'))
        .ok_or_else(unknown)?;
    // What is no number is no interval: done once.
    let interval_ms = interval.parse().unwrap_or(0);
    Ok(Spec { resource, task, interval_ms, node, code })
}

/// The number that `text` begins with.
fn leading_number(text: &str) -> Option<i32> {
    let digits = text.strip_prefix(['+', '-']).unwrap_or(text);
    let count = digits.bytes().take_while(u8::is_ascii_digit).count();
    text.get(..text.len() - digits.len() + count)?.parse().ok()
}

/// `RESOURCE_TASK_INTERVAL@NODE=CODE` as a failure to be pretended.
pub(in crate::crm_simulate) fn read_failure(spec: &str) -> PretendedFailure {
    let (place, code) = spec.split_once('=').unwrap_or((spec, ""));
    let (key, node) = place.split_once('@').unwrap_or((place, ""));
    PretendedFailure {
        key: key.to_owned(),
        node: node.to_owned(),
        code: leading_number(code.trim_start()),
    }
}
