//! What of a status is wanted, and how closely it is looked at.

use std::ops::BitOr;

use scheduler::{NodeIx, ResIx, Resolved, Variant};

use super::{is_active, parts, shown_id};

/// Some of the parts of a status.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Sections(u32);

impl Sections {
    pub(crate) const STACK: Self = Self(1);
    pub(crate) const COORDINATOR: Self = Self(1 << 1);
    pub(crate) const TIMES: Self = Self(1 << 2);
    pub(crate) const COUNTS: Self = Self(1 << 3);
    pub(crate) const OPTIONS: Self = Self(1 << 4);
    pub(crate) const MAINTENANCE: Self = Self(1 << 5);
    pub(crate) const NODES: Self = Self(1 << 6);
    pub(crate) const RESOURCES: Self = Self(1 << 7);
    pub(crate) const ATTRIBUTES: Self = Self(1 << 8);
    pub(crate) const FAIL_COUNTS: Self = Self(1 << 9);
    pub(crate) const OPERATIONS: Self = Self(1 << 10);
    pub(crate) const FAILURES: Self = Self(1 << 11);
    pub(crate) const TICKETS: Self = Self(1 << 12);
    pub(crate) const BANS: Self = Self(1 << 13);
    pub(crate) const FENCING_FAILED: Self = Self(1 << 14);
    pub(crate) const FENCING_PENDING: Self = Self(1 << 15);
    pub(crate) const FENCING_DONE: Self = Self(1 << 16);
    pub(crate) const NONE: Self = Self(0);
    pub(crate) const ALL: Self = Self((1 << 17) - 1);
    pub(crate) const FENCING: Self = Self(7 << 14);
    pub(crate) const SUMMARY: Self = Self(0b10_1111);

    /// Any of `wanted` is among them.
    pub(crate) fn has(self, wanted: Self) -> bool {
        self.0 & wanted.0 != 0
    }

    pub(crate) fn without(self, unwanted: Self) -> Self {
        Self(self.0 & !unwanted.0)
    }

    pub(crate) const fn with(self, more: Self) -> Self {
        Self(self.0 | more.0)
    }

    /// With these if it had none of them, without them if it had any.
    pub(crate) fn toggled(self, some: Self) -> Self {
        if self.has(some) { self.without(some) } else { self.with(some) }
    }
}

impl BitOr for Sections {
    type Output = Self;

    fn bitor(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }
}

/// How closely is looked, and in which order things are listed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Look(u32);

impl Look {
    /// Operations under way, in place of the role they lead to.
    pub(crate) const PENDING: Self = Self(1);
    /// Resources that do not run, too.
    pub(crate) const INACTIVE: Self = Self(1 << 1);
    /// Resources are counted by agent.
    pub(crate) const BRIEF: Self = Self(1 << 2);
    /// Resources are listed with their node.
    pub(crate) const BY_NODE: Self = Self(1 << 3);
    /// How long operations took, and when they ran.
    pub(crate) const TIMING: Self = Self(1 << 4);
    /// What the operator says of resources.
    pub(crate) const DESCRIPTION: Self = Self(1 << 5);
    /// Failures with all that is recorded of them.
    pub(crate) const FAILED_DETAIL: Self = Self(1 << 6);
    /// Nodes' numbers and interfaces, each instance, implied parts of bundles.
    pub(crate) const PARTS: Self = Self(1 << 7);
    /// The node is said already.
    pub(crate) const ON_NODE: Self = Self(1 << 8);
    /// All that there is about anything.
    pub(crate) const DETAILS: Self = Self(0b111 << 5);

    pub(crate) fn has(self, wanted: Self) -> bool {
        self.0 & wanted.0 == wanted.0
    }

    /// With these if it had not all of them, without them if it had.
    pub(crate) fn toggled(self, some: Self) -> Self {
        if self.has(some) { self.without(some) } else { self | some }
    }

    pub(crate) fn any(self, wanted: Self) -> bool {
        self.0 & wanted.0 != 0
    }

    pub(crate) fn without(self, unwanted: Self) -> Self {
        Self(self.0 & !unwanted.0)
    }
}

impl BitOr for Look {
    type Output = Self;

    fn bitor(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }
}

/// What is shown.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Shown<'o> {
    pub(crate) sections: Sections,
    pub(crate) look: Look,
    pub(crate) only: Only<'o>,
    /// Bans whose ids begin so.
    pub(crate) bans: &'o str,
}

impl Shown<'_> {
    /// As simulations show it.
    pub(crate) fn simulated(look: Look, attributes: bool, failures: bool) -> Self {
        let mut sections = Sections::NODES | Sections::RESOURCES;
        if attributes {
            sections = sections | Sections::ATTRIBUTES;
        }
        if failures {
            sections = sections | Sections::FAIL_COUNTS | Sections::FAILURES;
        }
        let look = look | Look::INACTIVE | Look::FAILED_DETAIL;
        Self { sections, look, only: Only::default(), bans: "" }
    }

    /// The same in more or less detail.
    pub(super) fn looking(self, look: Look) -> Self {
        Self { look, ..self }
    }

    /// The same, and all resources.
    pub(super) fn of_all(self) -> Self {
        Self { only: Only { resources: None, ..self.only }, ..self }
    }

    pub(super) fn describes(&self, resolved: &Resolved<'_>, at: ResIx) -> Option<String> {
        let wanted = self.look.any(Look::DESCRIPTION | Look::ON_NODE);
        let resource = resolved.resource(at);
        let element = resource.template.unwrap_or(resource.element);
        element
            .attr("description")
            .filter(|_| wanted && resource.implied.is_none())
            .map(str::to_owned)
    }
}

/// The nodes and resources that are shown, by name; all if there is no list.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Only<'o> {
    pub(crate) nodes: Option<&'o [String]>,
    pub(crate) resources: Option<&'o [String]>,
}

impl Only<'_> {
    pub(super) fn node(&self, name: &str) -> bool {
        self.nodes.is_none_or(|names| names.iter().any(|known| known.eq_ignore_ascii_case(name)))
    }

    /// A resource of this id is named.
    pub(super) fn names(&self, id: &str) -> bool {
        self.resources.is_none_or(|names| names.iter().any(|known| known == id))
    }

    /// The resource itself is named.
    pub(super) fn names_whole(&self, resolved: &Resolved<'_>, at: ResIx) -> bool {
        let resource = resolved.resource(at);
        self.names(shown_id(resource)) || resource.id.contains(':') && self.names(&resource.id)
    }

    /// It, or what it is a part of or consists of, is named.
    pub(super) fn resource(&self, resolved: &Resolved<'_>, at: ResIx, with_parent: bool) -> bool {
        let resource = resolved.resource(at);
        if self.resources.is_none() {
            return true;
        }
        let any_part =
            || parts(resource).into_iter().any(|part| self.resource(resolved, part, false));
        match &resource.variant {
            Variant::Primitive => {
                let above = || {
                    let top = resolved.top_of(at, true);
                    resource.parent.is_some() && self.resource(resolved, top, false)
                };
                self.names(shown_id(resource)) || self.names(&resource.id) || with_parent && above()
            }
            Variant::Group(_) => {
                let top = resolved.top_of(at, false);
                with_parent && self.names(shown_id(resolved.resource(top)))
                    || self.names_whole(resolved, at)
                    || any_part()
            }
            Variant::CloneSet(_) => {
                let child = resource.children.first().map(|child| resolved.resource(*child));
                self.names(shown_id(resource))
                    || child.is_some_and(|child| self.names(&child.config_id))
                    || any_part()
            }
            Variant::Bundle(_) => self.names(shown_id(resource)) || any_part(),
        }
    }

    /// It runs, and on no node that is shown.
    pub(super) fn elsewhere(&self, resolved: &Resolved<'_>, at: ResIx) -> bool {
        is_active(resolved, at, false) && !self.runs_here(resolved, at)
    }

    /// It runs on a node that is shown.
    pub(super) fn runs_here(&self, resolved: &Resolved<'_>, at: ResIx) -> bool {
        let here = |node: &NodeIx| self.node(&resolved.node(*node).name);
        resolved.resource(at).active.iter().any(here)
    }
}
