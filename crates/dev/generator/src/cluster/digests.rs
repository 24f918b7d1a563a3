//! What is recorded of an operation's parameters.

use cib::NodeId;

use crate::draft::Draft;

/// Digests of no parameters, of `state` 1, of `state` 2, and of nothing that is drawn.
const DIGESTS: &[&str] = &[
    "f2317cad3d54cec5d7d7aa7d0bf35cf8",
    "f2317cad3d54cec5d7d7aa7d0bf35cf8",
    "ed45cb1d06848c4be31fe154d70e0ebc",
    "7e92a8c8ad3506ffd8f85be68bf1a706",
    "00000000000000000000000000000000",
];

/// The digests of one run, of which all are there, or some, or (mostly) none.
pub(super) fn draw(draft: &mut Draft, entry: NodeId) {
    if !draft.chance.percent(20) {
        return;
    }
    let digest = draft.chance.word(DIGESTS);
    draft.document.set(entry, "op-digest", digest);
    if draft.chance.percent(40) {
        let (digest, names) = (draft.chance.word(DIGESTS), draft.chance.word(NAMES));
        draft.document.set(entry, "op-force-restart", names);
        draft.document.set(entry, "op-restart-digest", digest);
    }
    if draft.chance.percent(30) {
        let (digest, names) = (draft.chance.word(DIGESTS), draft.chance.word(NAMES));
        draft.document.set(entry, "op-secure-params", names);
        draft.document.set(entry, "op-secure-digest", digest);
    }
}

/// Lists of parameters, as records have them.
const NAMES: &[&str] = &[" state ", " op_sleep ", " state  op_sleep ", " passwd "];
