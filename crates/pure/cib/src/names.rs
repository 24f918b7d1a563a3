//! Element and attribute names, interned per document: comparing two is comparing integers.

use std::collections::BTreeMap;
use std::sync::Arc;

/// An interned element or attribute name. Only meaningful for the document that made it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Name(u32);

#[derive(Clone, Debug, Default)]
pub(crate) struct Names {
    by_text: BTreeMap<Arc<str>, Name>,
    texts: Vec<Arc<str>>,
}

impl Names {
    /// The name's handle, made if new.
    pub(crate) fn intern(&mut self, text: &str) -> Name {
        if let Some(found) = self.by_text.get(text) {
            return *found;
        }
        let name = Name(u32::try_from(self.texts.len()).unwrap_or(u32::MAX));
        let text: Arc<str> = Arc::from(text);
        self.texts.push(Arc::clone(&text));
        self.by_text.insert(text, name);
        name
    }

    /// The name's handle, if this document has ever used it.
    pub(crate) fn find(&self, text: &str) -> Option<Name> {
        self.by_text.get(text).copied()
    }

    pub(crate) fn text(&self, name: Name) -> &str {
        self.texts.get(name.0 as usize).map_or("", |text| text)
    }
}
