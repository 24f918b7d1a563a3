//! Live moves: two actions on two nodes, of which either may be missing.
//!
//! A complete move is `migrate_to` on the source, `migrate_from` on the target, `stop` on the
//! source. Without the second it is partial, without the third its source dangles.

use cib::Element;
use model::Role;

use super::super::Reading;
use super::super::types::{NodeIx, PartialMove};
use super::super::values::parse_integer;
use super::activity::add_active;
use super::entry::{Event, set_role};
use super::history::compare;
use super::records;

/// Names of source and target. `None` if they are missing or the record is on another node.
fn ends<'a>(
    reading: &Reading<'a>,
    event: &Event<'a>,
    on_source: bool,
) -> Option<(&'a str, &'a str)> {
    let source = event.element.attr("migrate_source")?;
    let target = event.element.attr("migrate_target")?;
    let here = if on_source { source } else { target };
    here.eq_ignore_ascii_case(&reading.resolved.node(event.node).name).then_some((source, target))
}

/// `migrate_to` succeeded.
pub(super) fn succeeded<'a>(reading: &mut Reading<'a>, event: &Event<'a>) {
    let Some((source, target)) = ends(reading, event, true) else { return };
    let element = event.element;
    let source_newer = changed_after(reading, event, source, element);
    let arrival = find(reading, event, target, "migrate_from", Some(("migrate_source", source)));
    if arrival.is_some() && source_newer {
        return;
    }
    let result = arrival.map(|arrival| (number(arrival, "rc-code"), number(arrival, "op-status")));
    let target_newer = newer_state(reading, event, target, Some(element), arrival);
    if source_newer && target_newer {
        return;
    }
    if result == Some((Some(0), Some(0))) {
        set_role(reading, event.resource, Role::Stopped);
        dangle(reading, event);
        return;
    }
    set_role(reading, event.resource, Role::Started);
    let target_node = reading.resolved.find_node(target);
    let online = target_node.filter(|node| reading.resolved.node(*node).online);
    let active = online.filter(|_| !target_newer);
    let failed = result.is_some_and(|(_, status)| status != Some(-1));
    if failed {
        match active {
            Some(node) => add_active(reading, event.resource, node, true),
            None => fail_for_good(reading, event),
        }
        return;
    }
    // A target without any history was cleaned, and will be probed.
    if online.is_some() && is_unknown(reading, event, target) {
        return;
    }
    match active {
        Some(node) => arrive(reading, event, node, source),
        None if !source_newer => fail_for_good(reading, event),
        None => {}
    }
}

/// The move has left its source and may go on.
fn arrive(reading: &mut Reading<'_>, event: &Event<'_>, target: NodeIx, source: &str) {
    add_active(reading, event.resource, target, false);
    let source = reading.resolved.find_node(source);
    let Some(source) = source.filter(|node| reading.resolved.node(*node).online) else { return };
    if let Some(at) = reading.resolved.resources.get_mut(event.resource.at()) {
        at.partial_move = Some(PartialMove { source, target });
    }
}

fn dangle(reading: &mut Reading<'_>, event: &Event<'_>) {
    if let Some(at) = reading.resolved.resources.get_mut(event.resource.at()) {
        at.dangling_sources.insert(0, event.node);
    }
}

/// Failed, to be recovered by stopping and starting.
fn fail_for_good(reading: &mut Reading<'_>, event: &Event<'_>) {
    reading.fail(event.resource);
    if let Some(at) = reading.resolved.resources.get_mut(event.resource.at()) {
        at.flags.migratable = false;
    }
}

/// `migrate_to` failed: it may be on either node.
pub(super) fn departure_failed<'a>(reading: &mut Reading<'a>, event: &Event<'a>) {
    let Some((source, target)) = ends(reading, event, true) else { return };
    set_role(reading, event.resource, Role::Started);
    let arrival = find(reading, event, target, "migrate_from", Some(("migrate_source", source)));
    let arrival = arrival.filter(|arrival| worked(*arrival));
    let element = event.element;
    if !is_unknown(reading, event, target)
        && !newer_state(reading, event, target, Some(element), arrival)
    {
        let node = reading.resolved.find_node(target);
        if let Some(node) = node.filter(|node| reading.resolved.node(*node).online) {
            add_active(reading, event.resource, node, false);
        }
    } else if !changed_after(reading, event, source, element) {
        dangle(reading, event);
    }
}

/// `migrate_from` failed: it may be on either node.
pub(super) fn arrival_failed<'a>(reading: &mut Reading<'a>, event: &Event<'a>) {
    let Some((source, target)) = ends(reading, event, false) else { return };
    set_role(reading, event.resource, Role::Started);
    let departure = find(reading, event, source, "migrate_to", Some(("migrate_target", target)));
    let departure = departure.filter(|departure| worked(*departure));
    if !is_unknown(reading, event, source)
        && !newer_state(reading, event, source, departure, Some(event.element))
    {
        let node = reading.resolved.find_node(source);
        if let Some(node) = node.filter(|node| reading.resolved.node(*node).online) {
            add_active(reading, event.resource, node, true);
        }
    }
}

fn number(element: Element<'_>, name: &str) -> Option<i64> {
    element.attr(name).and_then(parse_integer)
}

fn worked(entry: Element<'_>) -> bool {
    number(entry, "rc-code") == Some(0) && number(entry, "op-status") == Some(0)
}

/// All entries of the resource on a node.
fn entries<'a>(
    reading: &Reading<'a>,
    event: &Event<'a>,
    node: &str,
) -> impl Iterator<Item = Element<'a>> {
    let id = reading.resolved.resource(event.resource).id.clone();
    let node = node.to_owned();
    let status = reading.resolved.document.root().child("status");
    let states = status.into_iter().flat_map(|status| status.children());
    states
        .filter(move |state| state.is("node_state") && state.attr("uname") == Some(&node))
        .flat_map(records)
        .filter(move |record| record.attr("id") == Some(&id))
        .flat_map(|record| record.children().filter(|child| child.is("lrm_rsc_op")))
}

/// The entry of a task, with a certain attribute if given.
///
/// *Compatibility:* where there are several, as of monitors with different intervals, none is.
fn find<'a>(
    reading: &Reading<'a>,
    event: &Event<'a>,
    node: &str,
    task: &str,
    with: Option<(&str, &str)>,
) -> Option<Element<'a>> {
    let mut found = entries(reading, event, node).filter(|entry| {
        entry.attr("operation") == Some(task)
            && with.is_none_or(|(name, value)| entry.attr(name) == Some(value))
    });
    let first = found.next();
    if found.next().is_none() { first } else { None }
}

/// Whether nothing but operations under way is recorded there.
fn is_unknown<'a>(reading: &Reading<'a>, event: &Event<'a>, node: &str) -> bool {
    entries(reading, event, node).all(|entry| {
        let code = entry.attr("rc-code");
        code.is_none() || code.and_then(parse_integer) == Some(193)
    })
}

/// Whether the resource was started, stopped or moved there after `than`.
fn changed_after<'a>(
    reading: &Reading<'a>,
    event: &Event<'a>,
    node: &str,
    than: Element<'a>,
) -> bool {
    entries(reading, event, node).filter(|entry| *entry != than).any(|entry| {
        let task = entry.attr("operation").unwrap_or("");
        matches!(task, "start" | "stop" | "migrate_to" | "migrate_from")
            && compare(entry, than).is_gt()
    })
}

/// Whether something there is newer than the move: a change, or a monitor that found nothing.
fn newer_state<'a>(
    reading: &Reading<'a>,
    event: &Event<'a>,
    node: &str,
    departure: Option<Element<'a>>,
    arrival: Option<Element<'a>>,
) -> bool {
    let Some(mut than) = arrival.or(departure) else { return false };
    // Call ids tell more than times, and they count on one node.
    let source = than.attr("migrate_source");
    if let (Some(departure), Some(_)) = (departure, arrival)
        && source.is_some_and(|source| source.eq_ignore_ascii_case(node))
    {
        than = departure;
    }
    let monitor = find(reading, event, node, "monitor", None).filter(|monitor| {
        number(*monitor, "rc-code") == Some(7) && number(*monitor, "op-status") == Some(0)
    });
    changed_after(reading, event, node, than)
        || monitor.is_some_and(|monitor| compare(monitor, than).is_gt())
}
