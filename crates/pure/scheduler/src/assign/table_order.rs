//! The order of Pacemaker's tables, for the few answers that depend on it.
//!
//! Compatibility: where several nodes have equally much room, Pacemaker prefers the one that its
//! hash table of nodes happens to give first; and where it shows parameters, it shows them as their
//! table gives them. The same document always gives the same answer, and people see it, so the
//! table is rebuilt here: GLib's open addressing over a hash of the key. Only the order matters;
//! nothing is ever looked up.

/// Prime that the hash is taken modulo of, for tables of 2^3, 2^4, ... places.
const PRIMES: [u32; 14] =
    [7, 13, 31, 61, 127, 251, 509, 1021, 2039, 4093, 8191, 16_381, 32_749, 65_521];

const PLACES_MIN: usize = 8;

/// Sorts entries as the table would give them, if they are entered in the order given, each under
/// its key.
pub(crate) fn sort<'i, T: Clone>(entries: impl IntoIterator<Item = (T, &'i str)>) -> Vec<T> {
    let mut table = Table::with_places(PLACES_MIN);
    for (entry, key) in entries {
        table.enter((entry, hash(key)));
        let used = table.used;
        // The table grows when it is full but for a sixteenth.
        if table.places.len() <= used + used / 16 {
            table = table.grown();
        }
    }
    table.places.into_iter().flatten().map(|(entry, _)| entry).collect()
}

struct Table<T> {
    places: Vec<Option<(T, u32)>>,
    used: usize,
}

impl<T: Clone> Table<T> {
    fn with_places(places: usize) -> Self {
        Self { places: vec![None; places], used: 0 }
    }

    /// Probes in growing steps from where the hash points to.
    fn enter(&mut self, entry: (T, u32)) {
        let size = self.places.len();
        let kind = size.trailing_zeros().saturating_sub(3) as usize;
        let prime = PRIMES.get(kind).copied().unwrap_or(65_521);
        let mut at = (entry.1.wrapping_mul(11) % prime) as usize;
        for step in 1..=size {
            match self.places.get_mut(at) {
                Some(place @ None) => {
                    *place = Some(entry);
                    self.used += 1;
                    return;
                }
                Some(Some(_)) | None => at = (at + step) & (size - 1),
            }
        }
    }

    /// Half as big again as its entries need, as a power of two.
    fn grown(self) -> Self {
        let wanted = self.used * 1333 / 1000;
        let mut grown = Self::with_places((wanted + 1).next_power_of_two().max(PLACES_MIN));
        for entry in self.places.into_iter().flatten() {
            grown.enter(entry);
        }
        grown
    }
}

/// Bytes count as signed.
fn hash(key: &str) -> u32 {
    let sum = |hash: u32, byte: u8| {
        let signed = i32::from(byte.cast_signed());
        hash.wrapping_mul(31).wrapping_add_signed(signed)
    };
    // 0 and 1 mark places that are free.
    key.bytes().fold(0, sum).max(2)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::resolve::types::NodeIx;

    #[test]
    fn every_node_comes_once() {
        for count in [0, 1, 7, 8, 9, 40, 500] {
            let ids: Vec<String> = (0..count).map(|number| format!("node{number}")).collect();
            let nodes = ids.iter().enumerate().map(|(at, id)| (NodeIx::new(at), id.as_str()));
            let mut sorted = sort(nodes);
            assert_eq!(sorted.len(), count);
            sorted.sort();
            sorted.dedup();
            assert_eq!(sorted.len(), count);
        }
    }

    #[test]
    fn small_numbers_come_by_their_hash() {
        // '1' is 49: 49 * 11 % 7 = 0; '2' 4; '3' 1.
        let nodes = [(NodeIx(0), "1"), (NodeIx(1), "2"), (NodeIx(2), "3")];
        assert_eq!(sort(nodes), [NodeIx(0), NodeIx(2), NodeIx(1)]);
    }
}
