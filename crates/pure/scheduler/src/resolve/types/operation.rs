//! Configured operations.

use cib::Element;

/// One `op`: what is to be run, how often, and what its failure means.
#[derive(Clone, Copy, Debug)]
pub struct Operation<'a> {
    pub element: Element<'a>,
    /// `monitor`, `start`, ...
    pub name: &'a str,
    /// 0 for an operation that runs once.
    pub interval_ms: u64,
    /// `role` as written.
    pub role: Option<&'a str>,
    /// `enabled` is not false.
    pub enabled: bool,
}
