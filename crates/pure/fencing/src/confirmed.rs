//! The proof that a node is off.

use wire::peer::{Evidence, Fenced};

/// Evidence that a node cannot touch shared state any more.
///
/// Invariant: made only from a fencing that every device of a level confirmed, from the time that
/// the node's watchdog takes, or from an operator's word, as the total order announced it ([`Fenced`]).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Confirmed {
    target: String,
    target_id: String,
    evidence: Evidence,
}

impl Confirmed {
    /// The proof that an announcement carries; `None` if the fencing failed or did not turn the
    /// node off.
    pub fn announced(fenced: &Fenced) -> Option<Self> {
        let turned_off = matches!(fenced.action.as_str(), "off" | "reboot");
        let evidence = fenced.evidence.clone().filter(|_| turned_off)?;
        Some(Self { target: fenced.target.clone(), target_id: fenced.target_id.clone(), evidence })
    }

    /// The node's name.
    pub fn target(&self) -> &str {
        &self.target
    }

    /// The node's id in the document.
    pub fn target_id(&self) -> &str {
        &self.target_id
    }

    /// What shows it.
    pub fn evidence(&self) -> &Evidence {
        &self.evidence
    }
}
