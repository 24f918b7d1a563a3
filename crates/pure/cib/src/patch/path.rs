//! The way to an element, as patchsets write it: `/cib/configuration/nodes/node[@id='1']`.

use std::fmt;
use std::sync::Arc;

use crate::element::Element;

/// The way from the root to an element: a name at each step, and an id where there is one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Path {
    /// Shared: many changes have one parent.
    steps: Arc<[Step]>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Step {
    pub(super) name: String,
    pub(super) id: Option<String>,
}

impl Path {
    pub(super) fn root(name: &str) -> Self {
        Self { steps: Arc::new([Step { name: name.to_owned(), id: None }]) }
    }

    pub(super) fn then(&self, name: &str, id: Option<&str>) -> Self {
        let last = Step { name: name.to_owned(), id: id.map(str::to_owned) };
        Self { steps: self.steps.iter().cloned().chain([last]).collect() }
    }

    pub(super) fn steps(&self) -> &[Step] {
        &self.steps
    }

    /// Reads a path; `None` if it is more than names and ids.
    pub(super) fn parse(text: &str) -> Option<Self> {
        let mut steps = Vec::new();
        let mut rest = text;
        while !rest.is_empty() {
            let step = rest.strip_prefix('/')?;
            let end = step.find(['/', '[']).unwrap_or(step.len());
            let (name, after) = step.split_at(end);
            if name.is_empty() {
                return None;
            }
            let mut id = None;
            rest = after;
            if let Some(predicate) = after.strip_prefix("[@id=") {
                let quote = predicate.chars().next().filter(|c| matches!(c, '\'' | '"'))?;
                let (value, after) = predicate.get(1..)?.split_once(quote)?;
                id = Some(value.to_owned());
                rest = after.strip_prefix(']')?;
            }
            steps.push(Step { name: name.to_owned(), id });
        }
        (!steps.is_empty()).then(|| Self { steps: steps.into() })
    }
}

impl Step {
    pub(super) fn fits(&self, element: Element<'_>) -> bool {
        element.is(&self.name) && self.id.as_deref().is_none_or(|id| element.attr("id") == Some(id))
    }
}

impl fmt::Display for Path {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for Step { name, id } in self.steps.iter() {
            write!(f, "/{name}")?;
            match id {
                Some(id) if id.contains('\'') => write!(f, "[@id=\"{id}\"]")?,
                Some(id) => write!(f, "[@id='{id}']")?,
                None => {}
            }
        }
        Ok(())
    }
}
