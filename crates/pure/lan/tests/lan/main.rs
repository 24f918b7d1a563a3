//! Cards that fail, on paper: tables, and laws.
#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test may fail loudly")]

mod cards;
mod properties;
mod world;
