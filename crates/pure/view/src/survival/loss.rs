//! What the loss of nodes would mean, in words.

use serde::Serialize;

use crate::words::{list, number};

/// What each loss would mean.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, schemars::JsonSchema)]
pub struct Survival {
    /// One a node that is online.
    pub nodes: Vec<Loss>,
    /// One a pair of them, both lost at once; `None` where that was not tried.
    pub pairs: Option<Vec<Loss>>,
}

/// What would be lost with nodes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, schemars::JsonSchema)]
pub struct Loss {
    pub nodes: Vec<String>,
    /// The others would have no quorum.
    pub quorum: bool,
    /// Those of the nodes that nothing could cut off, so that nothing would be recovered.
    pub cannot_be_fenced: Vec<String>,
    /// Resources that run now and would not run again.
    pub resources: Vec<String>,
}

impl Survival {
    /// Any so many nodes may be lost and everything goes on.
    pub fn nodes_to_spare(&self) -> usize {
        if !self.nodes.iter().all(Loss::is_survived) || self.nodes.len() < 2 {
            return 0;
        }
        let pairs = self.pairs.as_ref();
        if pairs.is_some_and(|pairs| pairs.iter().all(Loss::is_survived)) { 2 } else { 1 }
    }
}

impl Loss {
    /// Whether everything would go on.
    pub fn is_survived(&self) -> bool {
        !self.quorum && self.cannot_be_fenced.is_empty() && self.resources.is_empty()
    }

    /// It in a sentence.
    pub fn words(&self) -> String {
        let lost = match self.nodes.len() {
            0 | 1 => list(&self.nodes),
            _ => format!("{} at once", list(&self.nodes)),
        };
        let what = if self.quorum {
            "would leave no quorum".to_owned()
        } else if !self.cannot_be_fenced.is_empty() {
            let them = if self.nodes.len() == 1 { "it" } else { &list(&self.cannot_be_fenced) };
            let stop = match self.resources.as_slice() {
                [] => "nothing would be recovered".to_owned(),
                stopped => format!("{} would stay down", list(stopped)),
            };
            format!("could not be made safe: nothing can cut {them} off, so {stop}")
        } else if self.resources.is_empty() {
            "would be survived".to_owned()
        } else {
            format!("would leave no place for {}", list(&self.resources))
        };
        format!("The loss of {lost} {what}.")
    }
}

/// Writes what every loss would mean, a line each.
pub fn render(survival: &Survival) -> String {
    let mut out = String::new();
    let all = survival.nodes.iter().chain(survival.pairs.iter().flatten());
    for loss in all {
        out.push_str(&loss.words());
        out.push('\n');
    }
    out
}

/// What all that is survived comes to; nothing where one node is all there is.
pub(crate) fn words(survival: &Survival) -> Option<String> {
    let nodes = survival.nodes.len();
    match survival.nodes_to_spare() {
        0 => None,
        1 if nodes == 2 => Some("Survives the loss of either of two nodes.".to_owned()),
        spare => {
            Some(format!("Survives the loss of any {} of {} nodes.", number(spare), number(nodes)))
        }
    }
}
