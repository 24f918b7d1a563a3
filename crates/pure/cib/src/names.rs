//! Element and attribute names, interned per document: comparing two is comparing integers.

use std::collections::BTreeMap;
use std::sync::Arc;

/// An interned element or attribute name. Only meaningful for the document that made it and its
/// clones.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Name(u32);

/// Most of a document's names come from a few dozen, so a small direct-mapped table answers
/// nearly all look-ups. The ordered map behind it, of names whose slot was taken, bounds the cost of
/// names chosen to collide.
#[derive(Clone, Debug, Default)]
pub(crate) struct Names {
    displaced: BTreeMap<Arc<str>, Name>,
    texts: Vec<Arc<str>>,
    /// For each slot, the first name that fell there; none while there are few names.
    slots: Vec<u32>,
}

const SLOTS: usize = 1024;
const EMPTY: u32 = u32::MAX;

/// So many names need no table: a large change is many small documents, and each had one.
const FEW: usize = 16;

impl Names {
    /// The name's handle, made if new.
    pub(crate) fn intern(&mut self, text: &str) -> Name {
        if let Some(found) = self.find(text) {
            return found;
        }
        self.texts.push(Arc::from(text));
        let last = self.texts.len() - 1;
        if self.slots.is_empty() && self.texts.len() > FEW {
            self.slots = vec![EMPTY; SLOTS];
            (0..last).for_each(|at| self.place(at));
        }
        if !self.slots.is_empty() {
            self.place(last);
        }
        Name::at(last)
    }

    fn place(&mut self, at: usize) {
        let Some(text) = self.texts.get(at) else { return };
        let name = Name::at(at);
        match self.slots.get_mut(slot_of(text)).filter(|slot| **slot == EMPTY) {
            Some(slot) => *slot = name.0,
            None => {
                self.displaced.insert(Arc::clone(text), name);
            }
        }
    }

    /// The name's handle, if this document has ever used it.
    #[inline]
    pub(crate) fn find(&self, text: &str) -> Option<Name> {
        self.find_in(slot_of(text), text)
    }

    /// As [`Self::find`], where the slot is known already.
    #[inline]
    pub(crate) fn find_in(&self, slot: usize, text: &str) -> Option<Name> {
        let Some(first) = self.slots.get(slot).copied() else {
            return self.texts.iter().position(|known| **known == *text).map(Name::at);
        };
        if first == EMPTY {
            return None;
        }
        let first = Name(first);
        if self.text(first) == text {
            return Some(first);
        }
        self.displaced.get(text).copied()
    }

    #[inline]
    pub(crate) fn text(&self, name: Name) -> &str {
        self.texts.get(name.0 as usize).map_or("", |text| text)
    }
}

/// Where a name stands in the table. Length, the first and the last four bytes tell the CIB's
/// names apart well enough. Inlined so that for a name in the program's text it is a constant.
#[inline]
pub(crate) fn slot_of(text: &str) -> usize {
    let bytes = text.as_bytes();
    let key = match (bytes.first_chunk(), bytes.last_chunk()) {
        (Some(first), Some(last)) => {
            u64::from(u32::from_le_bytes(*first)) | u64::from(u32::from_le_bytes(*last)) << 32
        }
        (_, _) => bytes.iter().fold(0, |key, byte| key << 8 | u64::from(*byte)),
    };
    // Fibonacci hashing: the product's high bits depend on all of the key.
    let key = key ^ (bytes.len() as u64) << 24;
    (key.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 54) as usize % SLOTS
}

impl Name {
    fn at(index: usize) -> Self {
        Self(u32::try_from(index).unwrap_or(u32::MAX))
    }

    /// Position among the document's names: for tables by name.
    pub(crate) fn index(self) -> usize {
        self.0 as usize
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_found_however_many_there_are() {
        let mut names = Names::default();
        let texts: Vec<String> = (0..3000).map(|number| format!("name-{number}")).collect();
        for (at, text) in texts.iter().enumerate() {
            assert_eq!(names.find(text), None);
            let name = names.intern(text);
            assert_eq!((name.index(), names.text(name)), (at, text.as_str()));
            assert_eq!(names.slots.is_empty(), at < FEW);
            if [0, FEW - 1, FEW, FEW + 1, texts.len() - 1].contains(&at) {
                let known = texts[..=at].iter().enumerate();
                assert!(known.into_iter().all(|(at, text)| {
                    names.find(text).map(Name::index) == Some(at)
                        && names.intern(text).index() == at
                }));
            }
        }
    }
}
