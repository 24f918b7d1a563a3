//! Where a resource may run, and what it runs with.

use std::cmp::{Ordering, Reverse};

use model::Role;
use scheduler::{Colocation, Location, ResIx, Resolved, Variant};

use super::task::Task;
use crate::exit::Exit;
use crate::outline::Outline;
use crate::xml_out::XmlOut;

/// Shows the location and colocation constraints of a resource; with `follow`, or if it is asked
/// for, also those of what it is colocated with.
pub(super) fn show(task: &mut Task<'_, '_>, at: ResIx, follow: bool) -> Exit {
    let follow = follow || task.asked.call.has("recursive");
    let (resolved, at) = (task.resolved, task.whole(at));
    let sides = [Side::Dependents, Side::Primaries];
    task.said.tell(
        |out| {
            write_locations(resolved, at, out);
            for side in sides {
                write_colocations(&mut Walk::new(resolved, side, follow), at, out);
            }
        },
        |xml| {
            xml.begin("constraints");
            location_elements(resolved, at, xml);
            for side in sides {
                colocation_elements(&mut Walk::new(resolved, side, follow), at, xml);
            }
            xml.end();
        },
    );
    Exit::Ok
}

/// The resources that are explicitly to run where `at` does, with the constraint that says so.
pub(super) fn dependents<'r>(
    resolved: &'r Resolved<'_>,
    at: ResIx,
) -> Vec<(ResIx, &'r Colocation)> {
    partners(resolved, Side::Dependents, at)
}

/// Which partners of a resource are looked at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Side {
    /// Those that follow it.
    Dependents,
    /// Those that it follows.
    Primaries,
}

/// One way through the colocations; none is gone through twice.
struct Walk<'r, 'd> {
    resolved: &'r Resolved<'d>,
    side: Side,
    follow: bool,
    seen: Vec<ResIx>,
}

impl<'r, 'd> Walk<'r, 'd> {
    fn new(resolved: &'r Resolved<'d>, side: Side, follow: bool) -> Self {
        Self { resolved, side, follow, seen: Vec::new() }
    }

    /// The partners of a resource that was not looked at yet.
    fn enter(&mut self, at: ResIx) -> Vec<(ResIx, &'r Colocation)> {
        if self.seen.contains(&at) {
            return Vec::new();
        }
        self.seen.push(at);
        partners(self.resolved, self.side, at)
    }
}

/// The partners of a resource, the most important first.
fn partners<'r>(resolved: &'r Resolved<'_>, side: Side, at: ResIx) -> Vec<(ResIx, &'r Colocation)> {
    let partner = |colocation: &'r Colocation| {
        let (own, other) = match side {
            Side::Dependents => (colocation.primary, colocation.dependent),
            Side::Primaries => (colocation.dependent, colocation.primary),
        };
        (own == at && colocation.score != model::Score::ZERO).then_some((other, colocation))
    };
    // Compatibility: of equals, the one that is written last comes first.
    let mut found: Vec<_> = resolved.colocations.iter().rev().filter_map(partner).collect();
    found.sort_by(|(one, _), (other, _)| importance(resolved, *one, *other));
    found
}

/// Priority, then bundles before clone sets before groups before primitives, then the id.
fn importance(resolved: &Resolved<'_>, one: ResIx, other: ResIx) -> Ordering {
    let rank = |at| {
        let resource = resolved.resource(at);
        let variant = match resource.variant {
            Variant::Primitive => (0, false),
            Variant::Group(_) => (1, false),
            Variant::CloneSet(_) => (2, resource.flags.promotable),
            Variant::Bundle(_) => (3, false),
        };
        Reverse((resource.priority, variant))
    };
    let id = |at| &resolved.resource(at).id;
    rank(one).cmp(&rank(other)).then_with(|| id(one).cmp(id(other)))
}

/// The location constraints of one resource. Compatibility: the last one written comes first.
fn locations<'r, 'd>(
    resolved: &'r Resolved<'d>,
    at: ResIx,
) -> impl Iterator<Item = &'r Location<'d>> {
    resolved.locations.iter().rev().filter(move |location| location.resource == at)
}

fn write_locations(resolved: &Resolved<'_>, at: ResIx, out: &mut Outline) {
    let mut begun = false;
    for location in locations(resolved, at) {
        for (node, score) in &location.scores {
            if !std::mem::replace(&mut begun, true) {
                out.begin("Locations");
            }
            out.item(&format!(
                "Node {} (score={score}, id={}, rsc={})",
                resolved.node(*node).name,
                location.id,
                resolved.resource(at).id
            ));
        }
    }
    if begun {
        out.end();
    }
}

fn write_colocations(walk: &mut Walk<'_, '_>, at: ResIx, out: &mut Outline) {
    let resolved = walk.resolved;
    let partners = walk.enter(at);
    let id = &resolved.resource(at).id;
    let (title, role) = match walk.side {
        Side::Dependents => (format!("Resources colocated with {id}"), "needs"),
        Side::Primaries => (format!("Resources {id} is colocated with"), "with"),
    };
    if partners.is_empty() {
        return;
    }
    out.begin(&title);
    for (partner, colocation) in partners {
        let (name, id) = (&resolved.resource(partner).id, &colocation.id);
        if walk.seen.contains(&partner) {
            out.item(&format!("{name} (id={id} - loop)"));
            continue;
        }
        let score = colocation.score;
        out.item(&match special(colocation.primary_role) {
            Some(of) => format!("{name} (score={score}, {role} role={of}, id={id})"),
            None => format!("{name} (score={score}, id={id})"),
        });
        out.nest();
        write_locations(resolved, partner, out);
        if walk.follow {
            write_colocations(walk, partner, out);
        }
        out.end();
    }
    out.end();
}

fn location_elements(resolved: &Resolved<'_>, at: ResIx, xml: &mut XmlOut) {
    for location in locations(resolved, at) {
        for (node, score) in &location.scores {
            xml.begin("rsc_location");
            xml.attr("node", &resolved.node(*node).name);
            xml.attr("rsc", &resolved.resource(at).id);
            xml.attr("id", location.id);
            xml.number("score", score);
            xml.end();
        }
    }
}

fn colocation_elements(walk: &mut Walk<'_, '_>, at: ResIx, xml: &mut XmlOut) {
    let resolved = walk.resolved;
    for (partner, colocation) in walk.enter(at) {
        let id = |at| &*resolved.resource(at).id;
        xml.begin("rsc_colocation");
        xml.attr("id", &colocation.id);
        xml.attr("rsc", id(colocation.dependent));
        xml.attr("with-rsc", id(colocation.primary));
        xml.number("score", colocation.score);
        xml.attr("node-attribute", &colocation.attribute);
        for (name, role) in
            [("rsc-role", colocation.dependent_role), ("with-rsc-role", colocation.primary_role)]
        {
            xml.attr_if(name, special(role).map(|role| role.to_string()).as_deref());
        }
        xml.end();
        if walk.seen.contains(&partner) {
            continue;
        }
        location_elements(resolved, partner, xml);
        if walk.follow {
            colocation_elements(walk, partner, xml);
        }
    }
}

/// A role that says more than that it runs.
fn special(role: Option<Role>) -> Option<Role> {
    role.filter(|role| !matches!(role, Role::Unknown | Role::Started))
}
