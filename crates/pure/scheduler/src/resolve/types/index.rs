//! Dense handles: positions in the arenas of [`Resolved`](super::Resolved).

macro_rules! index {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(pub u32);

        impl $name {
            /// The handle of the `position`th entry.
            pub fn new(position: usize) -> Self {
                Self(u32::try_from(position).unwrap_or(u32::MAX))
            }

            /// The position in the arena.
            pub fn at(self) -> usize {
                self.0 as usize
            }
        }
    };
}

index! {
    /// A node. Order: by name, as Pacemaker sorts names (runs of digits as numbers).
    NodeIx
}
index! {
    /// A resource of any variant. Order: as in the document, each parent before its children.
    ResIx
}
index! {
    /// A ticket. Order: by first mention, status before constraints.
    TicketIx
}
index! {
    /// One resource's history on one node. Order: as in the document.
    HistoryIx
}
