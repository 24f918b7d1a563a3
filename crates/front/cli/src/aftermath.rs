//! What went wrong while the cluster carried a change out.

use wire::api::Fencing;

use crate::source::Source;

/// Actions and fencings that failed between two looks at the cluster, a line each.
pub(crate) fn failures(before: &Source, after: &Source) -> Vec<String> {
    let known = view::status(before.seen()).failures;
    let found = view::status(after.seen()).failures;
    let is_known = |failure: &view::status::Failure| {
        known.iter().any(|known| {
            (known.at, known.count) == (failure.at, failure.count)
                && (&known.resource, &known.node) == (&failure.resource, &failure.node)
                && (&known.task, known.interval_ms) == (&failure.task, failure.interval_ms)
        })
    };
    let fencings = new_fencings(before, after).filter(|fencing| !fencing.succeeded);
    let fencings = fencings.map(|Fencing { action, target, reason, .. }| {
        let reason = if reason.is_empty() { String::new() } else { format!(": {reason}") };
        format!("{target} could not be fenced ({action}){reason}")
    });
    let actions = found.iter().filter(|failure| !is_known(failure));
    actions.map(|failure| failure.words(after.now)).chain(fencings).collect()
}

fn new_fencings<'a>(before: &'a Source, after: &'a Source) -> impl Iterator<Item = &'a Fencing> {
    let all = |source: &'a Source| source.cluster.iter().flat_map(|cluster| &cluster.fencings);
    all(after).filter(move |fencing| !all(before).any(|known| known == *fencing))
}
