//! Steps that wait for one another, so that none of them ever begins.
//!
//! The plan keeps them: to run one of them first would break an order that someone asked for.

use std::collections::{BTreeMap, BTreeSet};

use cib::Element;
use model::Score;

use crate::act::acting::Acting;
use crate::act::arena::ActIx;
use crate::act::flags::ActFlags;
use crate::report::{Finding, FindingKind, Severity};
use crate::{Order, ResIx};

/// More names than that help nobody.
const NAMED_AT_MOST: usize = 6;

/// One finding for each set of steps that wait for one another.
pub(crate) fn loops(acting: &Acting<'_, '_>, steps: &[ActIx]) -> Vec<Finding> {
    waiting_for_one_another(acting, steps).iter().map(|found| report(acting, found)).collect()
}

/// The steps that an action waits for.
fn inputs<'a>(acting: &'a Acting<'_, '_>, act: ActIx) -> impl Iterator<Item = ActIx> + 'a {
    let edges = acting.arena[act].before.iter();
    edges
        .filter(|edge| edge.in_plan)
        .map(|edge| edge.other)
        .filter(|input| acting.is(*input, ActFlags::IN_PLAN))
}

/// Each by number. What merely waits for such a set is not in it. (Two walks: along the inputs,
/// noting when each action is left for good, then along the outputs, the last to be left first.)
fn waiting_for_one_another(acting: &Acting<'_, '_>, steps: &[ActIx]) -> Vec<BTreeSet<ActIx>> {
    let mut outputs: BTreeMap<ActIx, Vec<ActIx>> = BTreeMap::new();
    for act in steps {
        for input in inputs(acting, *act) {
            outputs.entry(input).or_default().push(*act);
        }
    }
    let mut left: BTreeSet<ActIx> = steps.iter().copied().collect();
    let mut order = Vec::with_capacity(steps.len());
    for act in steps {
        order.extend(walk(*act, &mut left, |act| inputs(acting, act).collect()));
    }
    let mut left: BTreeSet<ActIx> = steps.iter().copied().collect();
    let outputs_of = |act| outputs.get(&act).cloned().unwrap_or_default();
    let sets = order.into_iter().rev().map(|act| walk(act, &mut left, outputs_of));
    sets.filter(|set| set.len() > 1).map(|set| set.into_iter().collect()).collect()
}

/// Takes out of `left` what `from` leads to inside it, itself included, each after all that it
/// leads to.
fn walk(from: ActIx, left: &mut BTreeSet<ActIx>, next: impl Fn(ActIx) -> Vec<ActIx>) -> Vec<ActIx> {
    let mut done = Vec::new();
    if !left.remove(&from) {
        return done;
    }
    let mut path = vec![(from, next(from))];
    while let Some((act, open)) = path.last_mut() {
        match open.pop() {
            Some(other) if left.remove(&other) => path.push((other, next(other))),
            Some(_) => {}
            None => {
                done.push(*act);
                path.pop();
            }
        }
    }
    done
}

fn report(acting: &Acting<'_, '_>, waiting: &BTreeSet<ActIx>) -> Finding {
    let mut resources: BTreeSet<ResIx> = BTreeSet::new();
    for act in waiting {
        let mut at = acting.arena[*act].resource;
        while let Some(resource) = at
            && resources.insert(resource)
        {
            at = acting.resource(resource).parent;
        }
    }
    let mut constraints: Vec<&str> = orders_among(acting, &resources);
    let apart = acting.given.colocations.iter().filter(|found| {
        found.score == Score::MINUS_INFINITY
            && resources.contains(&found.dependent)
            && resources.contains(&found.primary)
    });
    constraints.extend(apart.map(|found| found.id.as_ref()));
    let mut seen = BTreeSet::new();
    constraints.retain(|id| seen.insert(*id));
    let real = waiting.iter().filter(|act| !acting.is(**act, ActFlags::PSEUDO));
    let names: Vec<String> = real.map(|act| super::view::name_of(acting, *act)).collect();
    let mut message = format!("these wait for one another: {}", some_of(&names));
    if !constraints.is_empty() {
        message.push_str("; see the constraints ");
        message.push_str(&some_of(&constraints));
    }
    let line = constraints.first().map_or(0, |id| line_of(acting, id));
    Finding { severity: Severity::Error, line, kind: FindingKind::Contradiction, message }
}

fn orders_among<'a>(acting: &Acting<'a, '_>, resources: &BTreeSet<ResIx>) -> Vec<&'a str> {
    let mut ids = Vec::new();
    for order in &acting.given.orders {
        let (id, concerned) = match order {
            Order::Pair(pair) => {
                (pair.id, resources.contains(&pair.first) && resources.contains(&pair.then))
            }
            Order::Sets(sets) => {
                let members = sets.sets.iter().flat_map(|set| &set.resources);
                (sets.id, members.filter(|member| resources.contains(member)).count() > 1)
            }
        };
        if concerned {
            ids.push(id);
        }
    }
    ids
}

fn some_of<T: AsRef<str>>(names: &[T]) -> String {
    let shown: Vec<&str> = names.iter().take(NAMED_AT_MOST).map(AsRef::as_ref).collect();
    let more = names.len().saturating_sub(shown.len());
    match more {
        0 => shown.join(", "),
        _ => format!("{} and {more} more", shown.join(", ")),
    }
}

fn line_of(acting: &Acting<'_, '_>, id: &str) -> u32 {
    let configuration = acting.given.document.root().child("configuration");
    let constraints = configuration.and_then(|found| found.child("constraints"));
    let mut all = constraints.into_iter().flat_map(Element::children);
    all.find(|element| element.attr("id") == Some(id)).map_or(0, |element| element.line())
}

#[cfg(test)]
mod tests {
    use cib::Document;

    use crate::{FindingKind, Input, plan};

    fn contradictions(constraints: &str) -> Vec<String> {
        let primitive = |id| format!("<primitive id='{id}' class='ocf' provider='p' type='D'/>");
        let text = format!(
            "<cib validate-with='pacemaker-4.0' have-quorum='1' dc-uuid='1'><configuration>\
             <crm_config><cluster_property_set id='o'>\
             <nvpair id='f' name='fencing-enabled' value='false'/></cluster_property_set>\
             </crm_config><nodes><node id='1' uname='n1'/></nodes>\
             <resources>{}{}{}</resources>\n<constraints>{constraints}</constraints>\
             </configuration><status><node_state id='1' uname='n1' in_ccm='true' crmd='online' \
             join='member' expected='member'/></status></cib>",
            primitive("a"),
            primitive("b"),
            primitive("c"),
        );
        let document = Document::parse(&text).expect("the test writes XML");
        let planned = plan(&document, &Input { now: 1_700_000_000, sanitized: false });
        let found = planned.findings.iter().filter(|f| f.kind == FindingKind::Contradiction);
        found.map(ToString::to_string).collect()
    }

    #[test]
    fn a_circle_of_orders_is_reported_with_its_constraints() {
        let found = contradictions(
            "<rsc_order id='ab' first='a' then='b'/><rsc_order id='ba' first='b' then='a'/>\
             <rsc_order id='bc' first='b' then='c'/>",
        );
        assert_eq!(
            found,
            [
                "line 2: these wait for one another: a_start_0 n1, b_start_0 n1; see the \
                 constraints ab, ba",
                "constraints ask for a circle of actions: b_start_0 will not wait for a_start_0",
            ]
        );
    }

    #[test]
    fn a_chain_of_orders_is_no_circle() {
        let chain =
            "<rsc_order id='ab' first='a' then='b'/><rsc_order id='bc' first='b' then='c'/>";
        assert!(contradictions(chain).is_empty());
    }
}
