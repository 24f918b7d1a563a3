//! What the daemon and the voter on its machine tell each other, as text: who counts, and for which ring the lease is
//! held.
//!
//! ```text
//! quorate.counted              takes 1,2,3,4 1,2
//! /run/quorate-lock/ring       1.2e
//! ```
//!
//! The one is a value of Corosync's map, and is gone with that Corosync. The other is a file, since it must be there before
//! the vote is cast, and while Corosync waits for that it answers nobody who asks for its map; a ring has that name once.
//!
//! Field words: Corosync *cmap*, *ring id*, which `corosync-quorumtool` shows alike.

use std::collections::BTreeSet;
use std::fmt;
use std::str::FromStr;

use model::NodeId;

use crate::{Counted, Ring};

/// The key by which the daemon says who counts ([`Counted`]). Not in `quorum.`, of which votequorum reads everything
/// anew with each change.
pub const COUNTED: &str = "quorate.counted";

/// The directory of the voter and its sanlock.
pub const RUN: &str = "/run/quorate-lock";

/// The file there that names the [`Ring`] for which the voter votes on the lease; not there when for none. It is put in
/// place whole.
pub const RING: &str = "ring";

const TAKES: &str = "takes";
const LEAVES: &str = "leaves";

/// A set of nobody.
const NOBODY: &str = "-";

/// That is not how it is said.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Malformed;

impl fmt::Display for Counted {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(if self.takes_lock { TAKES } else { LEAVES })?;
        self.sets.iter().try_for_each(|set| {
            let nodes: Vec<String> = set.iter().map(|node| node.0.to_string()).collect();
            let nodes = if nodes.is_empty() { NOBODY.to_owned() } else { nodes.join(",") };
            write!(out, " {nodes}")
        })
    }
}

impl FromStr for Counted {
    type Err = Malformed;

    fn from_str(text: &str) -> Result<Self, Malformed> {
        let mut words = text.split(' ');
        let takes_lock = match words.next() {
            Some(TAKES) => true,
            Some(LEAVES) => false,
            _another => return Err(Malformed),
        };
        Ok(Self { sets: words.map(set).collect::<Result<_, _>>()?, takes_lock })
    }
}

fn set(word: &str) -> Result<BTreeSet<NodeId>, Malformed> {
    if word == NOBODY {
        return Ok(BTreeSet::new());
    }
    word.split(',').map(|node| node.parse().map(NodeId).map_err(|_| Malformed)).collect()
}

impl fmt::Display for Ring {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "{}.{:x}", self.node, self.sequence)
    }
}

impl FromStr for Ring {
    type Err = Malformed;

    fn from_str(text: &str) -> Result<Self, Malformed> {
        let (node, sequence) = text.split_once('.').ok_or(Malformed)?;
        let sequence = u64::from_str_radix(sequence, 16).map_err(|_| Malformed)?;
        Ok(Self { node: node.parse().map_err(|_| Malformed)?, sequence })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn counted(takes_lock: bool, sets: &[&[u32]]) -> Counted {
        let set = |nodes: &&[u32]| nodes.iter().copied().map(NodeId).collect();
        Counted { sets: sets.iter().map(set).collect(), takes_lock }
    }

    #[test]
    fn what_is_written_is_read() {
        for (text, meant) in [
            ("takes 1,2,3,4 1,2", counted(true, &[&[1, 2, 3, 4], &[1, 2]])),
            ("leaves 7", counted(false, &[&[7]])),
            ("leaves -", counted(false, &[&[]])),
            ("takes", counted(true, &[])),
        ] {
            assert_eq!(meant.to_string(), text);
            assert_eq!(text.parse(), Ok(meant));
        }
        let ring = Ring { node: 1, sequence: 46 };
        assert_eq!(ring.to_string(), "1.2e");
        assert_eq!("1.2e".parse(), Ok(ring));
    }

    #[test]
    fn what_is_malformed_is_nothing() {
        for text in ["", "1,2", "takes 1,,2", "takes  1", "takes one", "leaves 1 ", "takes 1,-2"] {
            assert_eq!(text.parse::<Counted>(), Err(Malformed), "{text:?}");
        }
        for text in ["", "1", "1.", ".1", "1.g", "-1.4", "1.4.4"] {
            assert_eq!(text.parse::<Ring>(), Err(Malformed), "{text:?}");
        }
    }
}
