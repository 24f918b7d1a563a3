//! The two bit sets that ordering works on: what is known of an action, and what an ordering means.
//!
//! **Not here:** what follows from them (`update`).

use std::fmt;
use std::ops::{BitOr, BitOrAssign};

macro_rules! bit_set {
    ($(#[$doc:meta])* $name:ident { $($(#[$bit_doc:meta])* $bit:ident = $shift:expr;)* }) => {
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, Default)]
        pub(crate) struct $name(u32);

        impl $name {
            $($(#[$bit_doc])* pub(crate) const $bit: Self = Self(1 << $shift);)*

            /// Whether every bit of `other` is set.
            pub(crate) const fn has(self, other: Self) -> bool {
                self.0 & other.0 == other.0
            }

            /// Whether any bit of `other` is set.
            pub(crate) const fn any(self, other: Self) -> bool {
                self.0 & other.0 != 0
            }

            /// Both sets together.
            #[must_use]
            pub(crate) const fn with(self, other: Self) -> Self {
                Self(self.0 | other.0)
            }

            /// The bits that both have.
            #[must_use]
            pub(crate) const fn only(self, other: Self) -> Self {
                Self(self.0 & other.0)
            }

            /// Adds the bits of `other`.
            pub(crate) fn set(&mut self, other: Self) {
                self.0 |= other.0;
            }

            /// Takes the bits of `other` away.
            pub(crate) fn clear(&mut self, other: Self) {
                self.0 &= !other.0;
            }
        }

        impl BitOr for $name {
            type Output = Self;
            fn bitor(self, other: Self) -> Self {
                self.with(other)
            }
        }

        impl BitOrAssign for $name {
            fn bitor_assign(&mut self, other: Self) {
                self.set(other);
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                let mut rest = *self;
                let mut words = f.debug_set();
                $(if rest.has(Self::$bit) {
                    words.entry(&stringify!($bit));
                    rest.clear(Self::$bit);
                })*
                words.finish()
            }
        }
    };
}

bit_set! {
    /// What is known of an action.
    ActFlags {
        /// Runs no agent: a milestone, or implied by something else.
        PSEUDO = 0;
        /// Could run, as far as is known.
        RUNNABLE = 1;
        /// Need not run.
        OPTIONAL = 2;
        /// Belongs in the plan even if optional.
        ALWAYS_IN_PLAN = 3;
        /// The operation's own parameters have been looked up.
        PARAMETERS_KNOWN = 4;
        /// Asked for because the resource's definition is not what it was started with.
        DEFINITION_CHANGED = 5;
        /// Can be a part of a live move.
        MIGRATABLE = 7;
        /// Has become a step of the plan.
        IN_PLAN = 8;
        /// A stop that ends a live move which was left half done.
        MIGRATION_ABORT = 11;
        /// A recurring operation that must start afresh, because its parameters changed.
        RESCHEDULE = 13;
        /// Being visited by a walk over the orderings.
        VISITING = 14;
        /// Its inputs are sorted and each is there once.
        INPUTS_MERGED = 15;
        /// The coordinator may carry it out in the node's stead.
        ON_COORDINATOR = 16;
    }
}

bit_set! {
    /// What an ordering *first, then* means beyond the order.
    Relation {
        /// Only the order, where both run.
        ORDERED = 0;
        /// Only if *first* cannot be part of a live move.
        IF_FIRST_UNMIGRATABLE = 1;
        /// *Then* required makes *first* required.
        THEN_IMPLIES_FIRST = 4;
        /// *First* required makes *then* required.
        FIRST_IMPLIES_THEN = 5;
        /// As `THEN_IMPLIES_FIRST`, where *then* is about a promoted instance.
        PROMOTED_THEN_IMPLIES_FIRST = 6;
        /// *First* is runnable only if *then* is runnable and migratable.
        UNMIGRATABLE_THEN_BLOCKS = 7;
        /// *Then* is runnable only if *first* is.
        UNRUNNABLE_FIRST_BLOCKS = 8;
        /// Where *first* cannot run, *then* becomes a real action.
        FIRST_ELSE_THEN = 9;
        /// As `FIRST_IMPLIES_THEN`, for *then* on the node of *first*.
        FIRST_IMPLIES_SAME_NODE_THEN = 10;
        /// A container's start before the probe of the connection into it.
        NESTED_REMOTE_PROBE = 11;
        /// *First* is the stop half of a restart.
        INTERMEDIATE_STOP = 12;
        /// One after the other, in either order.
        SERIALIZE = 14;
        /// Only if both are on the same node.
        IF_ON_SAME_NODE = 15;
        /// *Then* required puts *first* into the plan.
        THEN_IMPLIES_FIRST_IN_PLAN = 16;
        /// *First* required puts *then* into the plan.
        FIRST_IMPLIES_THEN_IN_PLAN = 17;
        /// The user's ordering that has no inverse.
        ASYMMETRIC = 20;
        /// Only if on the same node, or the live move's target.
        IF_ON_SAME_NODE_OR_TARGET = 21;
        /// *Then* needs a number of runnable *first*.
        MIN_RUNNABLE = 22;
        /// Only if *first* is required and on the same node.
        IF_REQUIRED_ON_SAME_NODE = 23;
        /// Made by the cluster: may order a guest's resource and the guest.
        GUEST_ALLOWED = 24;
        /// *Then* required makes *first* optional.
        THEN_CANCELS_FIRST = 25;
    }
}

impl Relation {
    /// No relation: an ordering that was taken out.
    pub(crate) const NONE: Self = Self(0);

    /// This set without the bits of `other`.
    #[must_use]
    pub(crate) const fn without(self, other: Self) -> Self {
        Self(self.0 & !other.0)
    }
}

/// Which ends of an ordering an update changed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Changed {
    pub(crate) first: bool,
    pub(crate) then: bool,
}

impl Changed {
    /// Neither.
    pub(crate) const NONE: Self = Self { first: false, then: false };
    /// The first action.
    pub(crate) const FIRST: Self = Self { first: true, then: false };
    /// The second action.
    pub(crate) const THEN: Self = Self { first: false, then: true };
    /// Both.
    pub(crate) const BOTH: Self = Self { first: true, then: true };

    /// Adds what `other` says.
    pub(crate) fn set(&mut self, other: Self) {
        self.first |= other.first;
        self.then |= other.then;
    }
}
