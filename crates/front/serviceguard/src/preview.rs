//! `-t`: what a command would do to packages, tried on a copy of the document.

use cib::Document;
use scheduler::Input;
use serviceguard::Package;
use transition::rehearse::{FaithfulTo, Rehearsing, rehearse};

use crate::call::{Said, Trouble};
use crate::home::Home;
use crate::seen::{World, seconds};

/// So many plans in a row: what one starts may be what the next waits for.
const ROUNDS_MAX: usize = 8;

/// Says which packages would be elsewhere once all is done that follows of what was changed on paper.
pub(crate) fn tell(home: &Home, before: &World, said: &mut Said<'_>) -> Result<(), Trouble> {
    let mut document = World::read(home)?.document;
    for _ in 0..ROUNDS_MAX {
        if !carry_out(&mut document) {
            break;
        }
    }
    home.edit(|paper| *paper = document.clone())?;
    let after = World::read(home)?;
    let mut is_silent = true;
    for package in &before.packages {
        let name = package.called();
        // What is left running is said already.
        if !after.detached(name).is_empty() {
            is_silent = false;
            continue;
        }
        let (was, is) = (nodes(before, package), nodes(&after, package));
        if let Some(what) = words(&was, &is) {
            is_silent = false;
            said.line(format!("Package {name} would {what}"));
        }
    }
    if is_silent {
        said.line("No package would be started, halted or moved.");
    }
    Ok(())
}

/// One plan, every action of which succeeds. Whether there was something to do.
fn carry_out(document: &mut Document) -> bool {
    let input = Input { now: seconds(), ..Input::default() };
    let plan = scheduler::plan(document, &input).plan;
    if plan.steps.is_empty() {
        return false;
    }
    let before = document.clone();
    let resolved = scheduler::resolve(&before, &input);
    let is_known = |name: &str| resolved.find_recorded(name).is_some();
    let how = Rehearsing {
        now: input.now,
        origin: "preview",
        faithful_to: FaithfulTo::Cluster,
        failures: &[],
        is_known: &is_known,
    };
    rehearse(document, &plan, &how);
    true
}

/// Where all of it runs.
fn nodes<'w>(world: &'w World, package: &Package) -> Vec<&'w str> {
    let places = world.places(package.called()).into_iter();
    let mut nodes: Vec<&str> = places.filter(|(_, whole)| *whole).map(|(node, _)| node).collect();
    nodes.sort_unstable();
    nodes
}

fn words(was: &[&str], is: &[&str]) -> Option<String> {
    let gone: Vec<&str> = was.iter().copied().filter(|node| !is.contains(node)).collect();
    let new: Vec<&str> = is.iter().copied().filter(|node| !was.contains(node)).collect();
    let list = |nodes: &[&str]| view::words::list(nodes);
    match (gone.is_empty(), new.is_empty()) {
        (true, true) => None,
        (true, false) => Some(format!("be started on {}", list(&new))),
        (false, true) => Some(format!("be halted on {}", list(&gone))),
        (false, false) => Some(format!("move from {} to {}", list(&gone), list(&new))),
    }
}
