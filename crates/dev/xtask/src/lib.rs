//! Rules that no lint can hold, as functions that list what breaks them.

pub mod tidy;
