//! Opens the circles of a plan.
//!
//! Orderings are added strongest first. Where those of one strength close a circle with what is
//! there, the steps of the circle are put in an order that keeps all the stronger ones and, as far
//! as it goes, theirs; what runs backwards is left out. So the work is one pass for each strength,
//! however many circles there are.

use std::collections::{BTreeMap, BTreeSet};

use super::told::{self, Constraints};
use super::{Strength, drop_input, inputs, leave_out, strength};
use crate::Finding;
use crate::act::acting::Acting;
use crate::act::arena::ActIx;
use crate::act::flags::ActFlags;

/// An ordering within a circle: whose input, at which position, of which strength. Steps by their
/// place among those that wait.
#[derive(Clone, Copy, Debug)]
struct Link {
    first: usize,
    then: usize,
    position: usize,
    strength: Strength,
}

/// What is left once everything has run that can, by number.
pub(super) fn without_ready(acting: &Acting<'_, '_>, steps: &[ActIx]) -> Vec<ActIx> {
    let mut left: Vec<ActIx> =
        steps.iter().copied().filter(|act| acting.is(*act, ActFlags::IN_PLAN)).collect();
    left.sort_unstable();
    let mut waits_for = vec![0_usize; left.len()];
    let mut followers: Vec<Vec<usize>> = vec![Vec::new(); left.len()];
    for (at, (act, count)) in left.iter().zip(&mut waits_for).enumerate() {
        for (_, edge) in inputs(acting, *act) {
            let input = left.binary_search(&edge.other).ok();
            if let Some(list) = input.and_then(|input| followers.get_mut(input)) {
                list.push(at);
                *count += 1;
            }
        }
    }
    let ready = waits_for.iter().enumerate().filter(|(_, count)| **count == 0);
    let mut ready: Vec<usize> = ready.map(|(at, _)| at).collect();
    while let Some(done) = ready.pop() {
        for follower in followers.get_mut(done).map(std::mem::take).unwrap_or_default() {
            let Some(count) = waits_for.get_mut(follower) else { continue };
            *count = count.saturating_sub(1);
            if *count == 0 {
                ready.push(follower);
            }
        }
    }
    let waiting = left.into_iter().zip(waits_for).filter(|(_, count)| *count > 0);
    waiting.map(|(act, _)| act).collect()
}

/// Opens every circle among `waiting`, or leaves its steps out of the plan; one finding each.
pub(super) fn open_all(
    acting: &mut Acting<'_, '_>,
    constraints: &Constraints,
    waiting: Vec<ActIx>,
) -> Vec<Finding> {
    let links = links_among(acting, constraints, &waiting);
    let mut findings = Vec::new();
    // Told by the whole circle, opened by strength.
    let circles = circles_of(waiting.len(), &links);
    let mut kept: Vec<Link> =
        links.iter().copied().filter(|link| link.strength == Strength::Safety).collect();
    let mut left_out: BTreeSet<usize> =
        circles_of(waiting.len(), &kept).into_iter().flatten().collect();
    kept.retain(|link| !left_out.contains(&link.first) && !left_out.contains(&link.then));
    let mut dropped: Vec<Link> = Vec::new();
    for level in Strength::BREAKABLE {
        let more = links.iter().copied().filter(|link| {
            link.strength == level
                && !left_out.contains(&link.first)
                && !left_out.contains(&link.then)
        });
        kept.extend(more);
        for circle in circles_of(waiting.len(), &kept) {
            let backwards = backwards_in(&circle, &kept, level);
            dropped.extend(backwards);
        }
        let gone: BTreeSet<(usize, usize)> =
            dropped.iter().map(|link| (link.then, link.position)).collect();
        kept.retain(|link| !gone.contains(&(link.then, link.position)));
    }
    for circle in &circles {
        let acts: Vec<ActIx> = circle.iter().filter_map(|at| waiting.get(*at).copied()).collect();
        let inside = |link: &&Link| circle.binary_search(&link.then).is_ok();
        let named = |link: &Link| Some((*waiting.get(link.first)?, *waiting.get(link.then)?));
        let opened: Vec<(ActIx, ActIx)> = dropped.iter().filter(inside).filter_map(named).collect();
        let out: Vec<ActIx> = circle
            .iter()
            .filter(|at| left_out.contains(at))
            .filter_map(|at| waiting.get(*at).copied())
            .collect();
        findings.push(told::of_circle(acting, constraints, &acts, &opened, &out));
    }
    for link in dropped {
        if let Some(then) = waiting.get(link.then) {
            drop_input(acting, *then, link.position);
        }
    }
    while let Some(at) = left_out.pop_first() {
        if let Some(act) = waiting.get(at) {
            leave_out(acting, *act);
        }
    }
    findings
}

fn links_among(acting: &Acting<'_, '_>, constraints: &Constraints, waiting: &[ActIx]) -> Vec<Link> {
    let mut links = Vec::new();
    for (then, act) in waiting.iter().enumerate() {
        for (position, edge) in inputs(acting, *act) {
            if let Ok(first) = waiting.binary_search(&edge.other) {
                let strength = strength(acting, constraints, *act, edge);
                links.push(Link { first, then, position, strength });
            }
        }
    }
    links
}

/// Sets of steps that wait for one another, each sorted. (Two walks: along the orderings, noting
/// when each step is left for good, then against them, the last to be left first.)
fn circles_of(count: usize, links: &[Link]) -> Vec<Vec<usize>> {
    let mut next: BTreeMap<usize, Vec<usize>> = BTreeMap::new();
    let mut previous: BTreeMap<usize, Vec<usize>> = BTreeMap::new();
    for link in links {
        next.entry(link.first).or_default().push(link.then);
        previous.entry(link.then).or_default().push(link.first);
    }
    let mut open = vec![true; count];
    let mut order = Vec::with_capacity(count);
    for from in 0..count {
        order.extend(walk(from, &mut open, &next));
    }
    let mut open = vec![true; count];
    let sets = order.into_iter().rev().map(|from| walk(from, &mut open, &previous));
    let mut circles: Vec<Vec<usize>> = sets.filter(|set| set.len() > 1).collect();
    circles.iter_mut().for_each(|circle| circle.sort_unstable());
    circles.sort_unstable();
    circles
}

/// What `from` leads to among what is open, itself included, each after all that it leads to.
fn walk(from: usize, open: &mut [bool], next: &BTreeMap<usize, Vec<usize>>) -> Vec<usize> {
    let mut close = |at: usize| open.get_mut(at).is_some_and(std::mem::take);
    let mut done = Vec::new();
    if !close(from) {
        return done;
    }
    let leads_to = |at: usize| next.get(&at).map_or(&[][..], Vec::as_slice).iter();
    let mut path = vec![(from, leads_to(from))];
    while let Some((at, rest)) = path.last_mut() {
        match rest.next() {
            Some(other) if close(*other) => path.push((*other, leads_to(*other))),
            Some(_) => {}
            None => {
                done.push(*at);
                path.pop();
            }
        }
    }
    done
}

/// The orderings of strength `level` that run backwards once the circle's steps are put in order:
/// always next is the step with the fewest of them before it, among those that no stronger one
/// holds back.
fn backwards_in(circle: &[usize], kept: &[Link], level: Strength) -> Vec<Link> {
    let place = |step: usize| circle.binary_search(&step).ok();
    let inside: Vec<(usize, usize, Link)> = kept
        .iter()
        .filter_map(|link| Some((place(link.first)?, place(link.then)?, *link)))
        .collect();
    // For each step: how many stronger orderings and how many of this strength are before it.
    let mut before = vec![(0_usize, 0_usize); circle.len()];
    let mut after: Vec<Vec<(usize, bool)>> = vec![Vec::new(); circle.len()];
    for (first, then, link) in &inside {
        let weak = link.strength == level;
        if let Some((strong, same)) = before.get_mut(*then) {
            *(if weak { same } else { strong }) += 1;
        }
        if let Some(list) = after.get_mut(*first) {
            list.push((*then, weak));
        }
    }
    let ready = before.iter().enumerate().filter(|(_, (strong, _))| *strong == 0);
    let mut ready: BTreeSet<(usize, usize)> = ready.map(|(at, (_, same))| (*same, at)).collect();
    let mut position = vec![usize::MAX; circle.len()];
    for turn in 0..circle.len() {
        let Some((_, next)) = ready.pop_first() else { break };
        if let Some(slot) = position.get_mut(next) {
            *slot = turn;
        }
        for (then, weak) in after.get_mut(next).map(std::mem::take).unwrap_or_default() {
            let Some(counts) = before.get_mut(then) else { continue };
            let was_ready = ready.remove(&(counts.1, then));
            *(if weak { &mut counts.1 } else { &mut counts.0 }) -= 1;
            if was_ready || (counts.0 == 0 && position.get(then) == Some(&usize::MAX)) {
                ready.insert((counts.1, then));
            }
        }
    }
    let turn = |at: usize| position.get(at).copied().unwrap_or(usize::MAX);
    let backwards = inside.into_iter().filter(|(first, then, _)| turn(*first) > turn(*then));
    backwards.map(|(_, _, link)| link).collect()
}
