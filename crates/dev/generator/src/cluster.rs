//! Random clusters: documents that follow their schema, with every kind of thing that the
//! scheduler knows, in states that a cluster could be in and some that it could not.
//!
//! **Always:** the same seed draws the same document, and the schema accepts it.

mod constraints;
mod devices;
mod digests;
mod nodes;
mod operations;
mod options;
mod resources;
mod rules;
mod status;

use cib::Document;

use crate::chance::Chance;
use crate::draft::Draft;

/// How large a cluster is drawn.
#[derive(Clone, Copy, Debug)]
pub struct Size {
    pub nodes: usize,
    pub resources: usize,
    pub constraints: usize,
}

impl Size {
    /// A size for `chance` to choose: mostly small, as small clusters already have all there is
    /// and say best what is wrong with them.
    pub fn draw(chance: &mut Chance) -> Self {
        if chance.percent(20) {
            let nodes = 1 + chance.below(9);
            return Self { nodes, resources: 1 + chance.below(25), constraints: chance.below(30) };
        }
        let nodes = 1 + chance.below(4);
        Self { nodes, resources: 1 + chance.below(6), constraints: chance.below(9) }
    }
}

/// The cluster of `seed`.
pub fn cluster(seed: u64) -> Document {
    let mut chance = Chance::new(seed);
    let size = Size::draw(&mut chance);
    sized_cluster(chance, size)
}

/// A cluster of a given size.
pub fn sized_cluster(chance: Chance, size: Size) -> Document {
    let mut draft = Draft::new(chance);
    let root = draft.document.root().id();
    let schema = draft.chance.word(&["pacemaker-3.9", "pacemaker-3.10", "pacemaker-4.0"]);
    draft.before_4 = schema != "pacemaker-4.0";
    let quorum = draft.chance.word(&["1", "1", "1", "1", "0"]);
    for (name, value) in [
        ("crm_feature_set", "3.20.1"),
        ("validate-with", schema),
        ("admin_epoch", "0"),
        ("epoch", "1"),
        ("num_updates", "0"),
        ("have-quorum", quorum),
        ("execution-date", "1700000000"),
    ] {
        draft.document.set(root, name, value);
    }
    if draft.chance.percent(60) {
        draft.document.set(root, "dc-uuid", "1");
    }
    let configuration = draft.add(root, "configuration", &[]);
    options::draw(&mut draft, configuration);
    nodes::draw(&mut draft, configuration, size.nodes);
    resources::draw(&mut draft, configuration, size.resources);
    nodes::draw_remotes(&mut draft);
    constraints::draw(&mut draft, configuration, size.constraints);
    devices::draw_topology(&mut draft, configuration);
    status::draw(&mut draft, root);
    draft.document
}
