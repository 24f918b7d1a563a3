//! Element and attribute names, interned per document: comparing two is comparing integers.

use std::collections::BTreeMap;
use std::sync::Arc;

/// An interned element or attribute name. Only meaningful for the document that made it and its
/// clones.
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

/// What the reader has seen lately: most of a document's names come from a few dozen, so a small
/// direct-mapped table answers nearly all look-ups. The ordered map behind it bounds the cost of
/// names chosen to collide.
#[derive(Debug)]
pub(crate) struct RecentNames<'s> {
    slots: Vec<Option<(&'s str, Name)>>,
}

const SLOTS: usize = 512;

impl<'s> RecentNames<'s> {
    pub(crate) fn new() -> Self {
        Self { slots: vec![None; SLOTS] }
    }

    pub(crate) fn intern(&mut self, names: &mut Names, text: &'s str) -> Name {
        let Some(slot) = self.slots.get_mut(slot_of(text)) else { return names.intern(text) };
        if let Some((known, name)) = slot
            && *known == text
        {
            return *name;
        }
        let name = names.intern(text);
        *slot = Some((text, name));
        name
    }
}

/// Length and three bytes tell the CIB's names apart well enough.
fn slot_of(text: &str) -> usize {
    let bytes = text.as_bytes();
    let byte = |at: usize| u64::from(bytes.get(at).copied().unwrap_or(0));
    let middle = byte(bytes.len() / 2) << 8;
    let last = byte(bytes.len().wrapping_sub(1)) << 16;
    let key = byte(0) | middle | last | (bytes.len() as u64) << 24;
    // Fibonacci hashing: the product's high bits depend on all of the key.
    (key.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 55) as usize % SLOTS
}

impl Name {
    /// Position among the document's names: for tables by name.
    pub(crate) fn index(self) -> usize {
        self.0 as usize
    }
}
