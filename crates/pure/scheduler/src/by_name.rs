//! A table by name for look-ups that there are very many of.
//!
//! Open addressing, at most half full, with a hash that is the same in every run. It is never
//! walked, so no order can come of it.

use std::borrow::Borrow;

/// Values by name.
#[derive(Clone, Debug)]
pub(crate) struct ByName<K, V> {
    entries: Vec<(K, V)>,
    /// Positions among the entries, from 1; 0 is free. A power of two in length, or nothing yet.
    slots: Vec<u32>,
}

impl<K, V> Default for ByName<K, V> {
    fn default() -> Self {
        Self { entries: Vec::new(), slots: Vec::new() }
    }
}

impl<K: Borrow<str>, V> ByName<K, V> {
    /// The value under that name.
    pub(crate) fn get(&self, name: &str) -> Option<&V> {
        let position = self.find(name).ok()?;
        self.entries.get(position).map(|(_, value)| value)
    }

    /// The value under that name; `value` if there was none.
    pub(crate) fn get_or_insert(&mut self, name: K, value: V) -> Option<&mut V> {
        if self.slots.len() <= 2 * self.entries.len() {
            self.index(4 * (self.entries.len() + 8));
        }
        let position = match self.find(name.borrow()) {
            Ok(known) => known,
            Err(free) => {
                let position = self.entries.len();
                self.entries.push((name, value));
                self.take(free, position);
                position
            }
        };
        self.entries.get_mut(position).map(|(_, value)| value)
    }

    /// Forgets all but those.
    pub(crate) fn retain(&mut self, mut keep: impl FnMut(&V) -> bool) {
        self.entries.retain(|(_, value)| keep(value));
        self.index(4 * self.entries.len());
    }

    /// The position of that name's entry, or the slot where it would be told.
    fn find(&self, name: &str) -> Result<usize, usize> {
        let mask = self.slots.len().wrapping_sub(1);
        let mut at = hash(name) as usize & mask;
        loop {
            let told = self.slots.get(at).copied().unwrap_or(0) as usize;
            let position = told.wrapping_sub(1);
            match self.entries.get(position) {
                Some((known, _)) if known.borrow() == name => return Ok(position),
                Some(_) => at = (at + 1) & mask,
                None => return Err(at),
            }
        }
    }

    fn index(&mut self, slots: usize) {
        self.slots.clear();
        self.slots.resize(slots.next_power_of_two(), 0);
        for position in 0..self.entries.len() {
            let Some((name, _)) = self.entries.get(position) else { continue };
            if let Err(free) = self.find(name.borrow()) {
                self.take(free, position);
            }
        }
    }

    fn take(&mut self, slot: usize, position: usize) {
        if let Some(at) = self.slots.get_mut(slot) {
            *at = u32::try_from(position + 1).unwrap_or(0);
        }
    }
}

/// FNV-1a. Entries are compared in full, so a collision costs time, not truth.
fn hash(name: &str) -> u64 {
    name.bytes().fold(0xcbf2_9ce4_8422_2325, |sum, byte| {
        (sum ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3)
    })
}

#[cfg(test)]
mod tests {
    use super::ByName;

    #[test]
    fn the_first_value_stays_until_it_is_forgotten() {
        let mut table: ByName<String, usize> = ByName::default();
        assert_eq!(table.get("0"), None);
        for number in 0..1000 {
            assert_eq!(table.get_or_insert(number.to_string(), number).copied(), Some(number));
            assert_eq!(table.get_or_insert(number.to_string(), 7).copied(), Some(number));
        }
        table.retain(|number| *number % 3 == 0);
        for number in 0..1000 {
            let kept = (number % 3 == 0).then_some(number);
            assert_eq!(table.get(&number.to_string()).copied(), kept);
        }
        table.retain(|_| false);
        assert_eq!(table.get("0"), None);
        assert_eq!(table.get_or_insert("0".to_owned(), 1).copied(), Some(1));
    }
}
