//! Configured operations.

use std::borrow::Cow;

use cib::Element;

/// One `op`: what is to be run, how often, and what its failure means.
#[derive(Clone, Debug)]
pub struct Operation<'a> {
    /// `None` for an operation of an implied resource.
    pub element: Option<Element<'a>>,
    pub id: Cow<'a, str>,
    /// `monitor`, `start`, ...
    pub name: Cow<'a, str>,
    /// 0 for an operation that runs once.
    pub interval_ms: u64,
    /// Every attribute of the element, in order.
    pub attributes: Vec<(Cow<'a, str>, Cow<'a, str>)>,
    /// `enabled` is not false.
    pub enabled: bool,
}

impl Operation<'_> {
    /// The attribute called `name`, as written.
    pub fn attr(&self, name: &str) -> Option<&str> {
        self.attributes.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_ref())
    }

    /// `role` as written.
    pub fn role(&self) -> Option<&str> {
        self.attr("role")
    }
}
