//! The ids that a check has met.

use crate::element::Element;
use crate::ids::hash;

/// Elements by their ids: a table with open addressing, at most half full.
#[derive(Debug, Default)]
pub(super) struct Ids<'d> {
    entries: Vec<(&'d str, Element<'d>)>,
    /// Positions among the entries, from 1; 0 is free. A power of two in length.
    slots: Vec<u32>,
}

impl<'d> Ids<'d> {
    pub(super) fn get(&self, id: &str) -> Option<Element<'d>> {
        self.find(id).ok()
    }

    /// Takes an element in, unless one with that id is here: that one comes back.
    pub(super) fn insert(&mut self, id: &'d str, element: Element<'d>) -> Option<Element<'d>> {
        if self.slots.len() <= 2 * self.entries.len() {
            self.grow();
        }
        match self.find(id) {
            Ok(known) => Some(known),
            Err(free) => {
                self.entries.push((id, element));
                self.take(free, self.entries.len());
                None
            }
        }
    }

    /// All of them, by id.
    pub(super) fn sorted(&self) -> Vec<(&'d str, Element<'d>)> {
        let mut all = self.entries.clone();
        all.sort_by_key(|(id, _)| *id);
        all
    }

    /// The element with that id, or the slot where it would go.
    fn find(&self, id: &str) -> Result<Element<'d>, usize> {
        let mask = self.slots.len().wrapping_sub(1);
        let mut at = hash(id) as usize & mask;
        loop {
            let taken = self.slots.get(at).copied().unwrap_or(0);
            match self.entries.get((taken as usize).wrapping_sub(1)) {
                Some((known, element)) if *known == id => return Ok(*element),
                Some(_) => at = (at + 1) & mask,
                None => return Err(at),
            }
        }
    }

    fn grow(&mut self) {
        let slots = (4 * self.entries.len()).next_power_of_two().max(64);
        self.slots = vec![0; slots];
        for position in 0..self.entries.len() {
            let Some((id, _)) = self.entries.get(position) else { continue };
            if let Err(free) = self.find(id) {
                self.take(free, position + 1);
            }
        }
    }

    fn take(&mut self, slot: usize, position: usize) {
        if let Some(at) = self.slots.get_mut(slot) {
            *at = u32::try_from(position).unwrap_or(0);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Ids;
    use crate::Document;

    #[test]
    fn each_id_is_taken_once_and_found_again() {
        let document = Document::parse("<a><b/><c/></a>").unwrap();
        let [b, c] = ["b", "c"].map(|name| document.root().child(name).unwrap());
        let names: Vec<String> = (0..1000).map(|number| format!("id{number}")).collect();
        let mut ids = Ids::default();
        assert_eq!(ids.get("id0"), None);
        for name in &names {
            assert_eq!(ids.insert(name, b), None);
        }
        for name in &names {
            assert_eq!(ids.insert(name, c), Some(b));
            assert_eq!(ids.get(name), Some(b));
        }
        assert_eq!(ids.get("id1000"), None);
        let sorted: Vec<&str> = ids.sorted().into_iter().map(|(id, _)| id).collect();
        assert!(sorted.is_sorted() && sorted.len() == 1000);
    }
}
