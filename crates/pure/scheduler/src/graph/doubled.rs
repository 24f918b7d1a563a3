//! No instance is promoted beside another that is promoted.
//!
//! Compatibility: Pacemaker takes an instance that is to be stopped for gone, also where the stop
//! cannot be done yet (its node is only joining, say), and promotes another. Two promoted instances
//! are the worst that can happen to data, so this is the one thing of a plan that could be carried
//! out which is held ([`hold`]). Where the steps between a demotion and a promotion had to be left
//! out, the promotion waits for the demotion itself ([`wait_for_demotions`]).

use std::collections::BTreeSet;

use crate::act::acting::Acting;
use crate::act::arena::ActIx;
use crate::act::flags::{ActFlags, Relation};
use crate::act::task::Task;
use crate::act::update;
use crate::report::{Finding, FindingKind, Severity};
use crate::{NodeIx, ResIx, Variant};

use super::select::is_wanted;

/// What is promoted, and what the plan promotes, of the instances of one primitive.
#[derive(Debug)]
struct Copies {
    allowed: usize,
    promoted: Vec<(ResIx, NodeIx)>,
    /// The last to be planned are the first to give way.
    promotions: Vec<ActIx>,
}

/// Holds the promotions that would make it more than are allowed, with all that follows.
pub(crate) fn hold(acting: &mut Acting<'_, '_>) -> Vec<Finding> {
    let mut held = Vec::new();
    for Copies { allowed, promoted, promotions } in copies(acting, is_wanted) {
        let mut staying = promoted.into_iter().filter(|(instance, node)| {
            !enders(acting, *instance, *node).into_iter().any(|act| is_wanted(acting, act))
        });
        if let Some((beside, on)) = staying.next() {
            let room = allowed.saturating_sub(1 + staying.count());
            held.extend(promotions.into_iter().skip(room).map(|act| (act, beside, on)));
        }
    }
    for (promotion, beside, on) in &held {
        acting.set_runnable(*promotion, false);
        let ends = enders(acting, *beside, *on);
        acting.arena[*promotion].blocked_by =
            ends.into_iter().find(|act| !acting.is(*act, ActFlags::RUNNABLE));
        update::block_dependents(acting, *promotion);
        update::update_after(acting, *promotion);
    }
    held.into_iter().map(|(act, beside, on)| told(acting, act, beside, on)).collect()
}

fn told(acting: &Acting<'_, '_>, promotion: ActIx, beside: ResIx, on: NodeIx) -> Finding {
    let promoted = acting.arena[promotion].resource.map_or("", |it| &*acting.resource(it).id);
    let there = acting.arena[promotion].node.map_or("", |node| &*acting.node(node).name);
    let (beside, node) = (&acting.resource(beside).id, acting.node(on));
    let name = &node.name;
    let why = if node.pending {
        format!("{name} is still joining, so wait until it has joined, or fence it")
    } else if node.unclean || !node.online {
        format!("{name} is lost, so fence it or confirm that it is off")
    } else {
        format!("`quorate why {beside}` tells what keeps it there")
    };
    let message = format!(
        "{promoted} is not promoted on {there} while {beside} is promoted on {name}, where it \
         cannot be demoted now: {why}"
    );
    Finding { severity: Severity::Warning, line: 0, kind: FindingKind::UnexpectedlyActive, message }
}

/// Orders promotions after the demotions that make room for them, where nothing else does. What
/// cannot wait comes back: it must be left out.
pub(super) fn wait_for_demotions(acting: &mut Acting<'_, '_>) -> Vec<(ActIx, Finding)> {
    let mut out = Vec::new();
    for Copies { allowed, promoted, promotions } in copies(acting, is_in_plan) {
        let nodes = promotions.iter().filter_map(|act| acting.arena[*act].node);
        let nodes: BTreeSet<NodeIx> = nodes.chain(promoted.iter().map(|(_, on)| *on)).collect();
        if nodes.len() <= allowed {
            continue;
        }
        let mut staying = 0;
        for (instance, node) in promoted {
            let ends = enders(acting, instance, node);
            let ends = ends.into_iter().find(|act| is_in_plan(acting, *act));
            staying += usize::from(ends.is_none());
            // Where it stays, one promotion less may be; where it ends, each must wait for that.
            let room = if ends.is_none() { allowed.saturating_sub(staying) } else { 0 };
            for promotion in promotions.iter().skip(room) {
                if !ends.is_some_and(|ends| wait_for(acting, *promotion, ends)) {
                    out.push((*promotion, told(acting, *promotion, instance, node)));
                }
            }
        }
    }
    out
}

fn is_in_plan(acting: &Acting<'_, '_>, act: ActIx) -> bool {
    acting.is(act, ActFlags::IN_PLAN)
}

/// Lets `then` wait for `first` in the plan. `false` if `first` waits for `then`.
fn wait_for(acting: &mut Acting<'_, '_>, then: ActIx, first: ActIx) -> bool {
    if waits_for(acting, then, first) {
        return true;
    }
    if waits_for(acting, first, then) {
        return false;
    }
    acting.arena.order(first, then, Relation::ORDERED);
    for edge in acting.arena[then].before.iter_mut().filter(|edge| edge.other == first) {
        edge.in_plan = true;
    }
    true
}

/// Whether `then` comes after `first` in the plan.
fn waits_for(acting: &Acting<'_, '_>, then: ActIx, first: ActIx) -> bool {
    let (mut open, mut seen) = (vec![then], BTreeSet::new());
    while let Some(act) = open.pop() {
        if act == first {
            return true;
        }
        if seen.insert(act) {
            let inputs = acting.arena[act].before.iter().filter(|edge| edge.in_plan);
            open.extend(inputs.map(|edge| edge.other));
        }
    }
    false
}

/// The primitives of which something is promoted and something is to be. `counts` says which
/// promotions to look at.
fn copies(acting: &Acting<'_, '_>, counts: impl Fn(&Acting<'_, '_>, ActIx) -> bool) -> Vec<Copies> {
    let promotes = |act: &ActIx| {
        let found = &acting.arena[*act];
        found.task == Task::Promote && !found.is(ActFlags::PSEUDO) && counts(acting, *act)
    };
    let promotions: Vec<ActIx> = acting.arena.all().filter(promotes).collect();
    let of_sets = promotions.iter().filter_map(|act| set_of(acting, acting.arena[*act].resource?));
    let sets: BTreeSet<ResIx> = of_sets.collect();
    sets.into_iter().flat_map(|set| copies_of(acting, &promotions, set)).collect()
}

/// Each member of a cloned group has instances of its own.
fn copies_of(acting: &Acting<'_, '_>, promotions: &[ActIx], set: ResIx) -> Vec<Copies> {
    let Variant::CloneSet(options) = &acting.resource(set).variant else { return Vec::new() };
    let allowed = usize::try_from(options.promoted_max).unwrap_or(usize::MAX);
    let mut members = Vec::new();
    collect_primitives(acting, set, &mut members);
    let name = |member: ResIx| &*acting.resource(member).config_id;
    let names: BTreeSet<&str> = members.iter().map(|member| name(*member)).collect();
    let mut found = Vec::new();
    for wanted in names {
        let alike = members.iter().copied().filter(|member| name(*member) == wanted);
        let promoted: Vec<_> = alike.flat_map(|member| promoted_on(acting, member)).collect();
        let new = promotions.iter().copied().filter(|act| {
            let resource = acting.arena[*act].resource;
            resource.is_some_and(|it| members.contains(&it) && name(it) == wanted)
        });
        let promotions: Vec<ActIx> = new.collect();
        if !promoted.is_empty() && !promotions.is_empty() {
            found.push(Copies { allowed, promoted, promotions });
        }
    }
    found
}

fn collect_primitives(acting: &Acting<'_, '_>, resource: ResIx, found: &mut Vec<ResIx>) {
    if acting.resource(resource).is_primitive() {
        found.push(resource);
    }
    for child in acting.children(resource).iter() {
        collect_primitives(acting, *child, found);
    }
}

/// The clone set that a resource is an instance, or a part of an instance, of.
fn set_of(acting: &Acting<'_, '_>, resource: ResIx) -> Option<ResIx> {
    let mut at = resource;
    loop {
        at = acting.resource(at).parent?;
        if matches!(acting.resource(at).variant, Variant::CloneSet(_)) {
            return Some(at);
        }
    }
}

/// Where an instance is promoted.
fn promoted_on(acting: &Acting<'_, '_>, member: ResIx) -> Vec<(ResIx, NodeIx)> {
    let resource = acting.resource(member);
    // What the cluster may not touch does not keep it from having the others.
    let out_of_hand = resource.flags.blocked || !resource.flags.managed;
    if resource.role != model::Role::Promoted || out_of_hand {
        return Vec::new();
    }
    let is_believed = acting.given.options.fencing_enabled && resource.flags.needs_fencing;
    let counts = |node: &NodeIx| {
        let found = acting.node(*node);
        // Without fencing, or for what needs none, a lost node's word is as good as nothing.
        !found.is_guest() && (is_believed || found.pending || (found.online && !found.unclean))
    };
    resource.active.iter().copied().filter(counts).map(|node| (member, node)).collect()
}

/// What would end that an instance is promoted on `node`: its demotion, its stop, the node's fencing.
fn enders(acting: &Acting<'_, '_>, instance: ResIx, node: NodeIx) -> Vec<ActIx> {
    let own = acting.arena.of(instance).iter().copied();
    let demotes = own.clone().filter(|act| acting.arena[*act].task == Task::Demote);
    let stops = own.filter(|act| acting.arena[*act].task == Task::Stop);
    let fences = acting.arena.all().filter(|act| acting.arena[*act].task == Task::Fence);
    let ends = demotes.chain(stops).chain(fences);
    ends.filter(|act| acting.arena[*act].node == Some(node)).collect()
}

#[cfg(test)]
mod tests {
    use cib::Document;

    use crate::{Input, Planned, plan};

    /// Two instances, of which the one on n1 is promoted and the agent prefers the one on n2. `join`
    /// is how far n1 has joined.
    fn planned(join: &str) -> Planned {
        let text = format!(
            "<cib validate-with='pacemaker-4.0' have-quorum='1' dc-uuid='2'><configuration>\
             <crm_config/><nodes><node id='1' uname='n1'/><node id='2' uname='n2'/></nodes>\
             <resources><primitive id='f' class='stonith' type='t'/>\
             <clone id='pg'><primitive id='db' class='ocf' provider='p' type='S'/>\
             <meta_attributes id='m'><nvpair id='mp' name='promotable' value='true'/>\
             </meta_attributes></clone></resources><constraints/></configuration><status>\
             <node_state id='1' uname='n1' in_ccm='true' crmd='online' join='{join}' \
             expected='member'><lrm id='1'><lrm_resources><lrm_resource id='db' class='ocf' \
             provider='p' type='S'><lrm_rsc_op id='o' operation='monitor' interval='0' call-id='1' \
             operation_key='db_monitor_0' rc-code='8' op-status='0' \
             transition-key='1:1:7:11111111-2222-3333-4444-555555555555' \
             transition-magic='0:8;1:1:7:11111111-2222-3333-4444-555555555555'/></lrm_resource>\
             </lrm_resources></lrm></node_state><node_state id='2' uname='n2' in_ccm='true' \
             crmd='online' join='member' expected='member'><transient_attributes id='2'>\
             <instance_attributes id='a'><nvpair id='ap' name='master-db' value='5'/>\
             </instance_attributes></transient_attributes></node_state></status></cib>"
        );
        let document = Document::parse(&text).expect("the test writes XML");
        plan(&document, &Input { now: 1_700_000_000, sanitized: false })
    }

    fn promotes(planned: &Planned) -> bool {
        let mut steps = planned.plan.steps.iter();
        steps.any(|step| step.action.task == "promote" && step.action.resource() == Some("db:1"))
    }

    #[test]
    fn nothing_is_promoted_beside_what_is_promoted_on_a_joining_node() {
        let held = planned("pending");
        assert!(!promotes(&held));
        let told = held.findings.iter().any(|found| {
            found.message
                == "db:1 is not promoted on n2 while db:0 is promoted on n1, where it cannot be \
                    demoted now: n1 is still joining, so wait until it has joined, or fence it"
        });
        assert!(told, "{:?}", held.findings);
    }

    #[test]
    fn once_it_can_be_demoted_the_other_is_promoted() {
        let moved = planned("member");
        assert!(promotes(&moved), "{:?}", moved.plan.steps);
    }
}
