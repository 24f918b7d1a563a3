//! What weighs most of what happened.

use serde::{Deserialize, Serialize};
use wire::api::{Entry, Event};

/// Sorts moments; later weighs more.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, schemars::JsonSchema, Deserialize,
)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Kind {
    /// Nothing is left to do.
    Idle,
    /// An action ended as it should.
    Action,
    /// The cluster decided to do something.
    Plan,
    /// Another coordinator.
    Coordinator,
    /// Somebody changed something.
    Changed,
    /// A node joined or left.
    Membership,
    /// An action failed, or a fencing.
    Failure,
    /// A node is proven off.
    Fenced,
    /// A node was lost, or quorum.
    Lost,
}

/// What kind of moment an event makes. `None` where nothing is different after it, or was told by the
/// plan that began it.
pub(super) fn kind(event: &Event) -> Option<Kind> {
    Some(match event {
        Event::Membership { lost, quorate, .. } if !lost.is_empty() || !quorate => Kind::Lost,
        Event::Membership { .. } => Kind::Membership,
        Event::Coordinator { .. } => Kind::Coordinator,
        Event::Changed { .. } | Event::SetAside { .. } => Kind::Changed,
        Event::Planned { actions, .. } if actions.is_empty() => return None,
        Event::Planned { .. } => Kind::Plan,
        Event::Finished { expected: false, .. } | Event::Fenced { succeeded: false, .. } => {
            Kind::Failure
        }
        Event::Finished { .. } => Kind::Action,
        Event::Fenced { .. } => Kind::Fenced,
        Event::Idle => Kind::Idle,
        Event::Refused { .. }
        | Event::Started { .. }
        | Event::Fencing { .. }
        | Event::QuorumIsOthers { .. }
        | Event::MayBeOlder { .. } => return None,
    })
}

/// The kind and the words of the weightiest; of equals, of the last.
pub(super) fn weightiest(entries: &[Entry]) -> Option<(Kind, String)> {
    let kinds = entries.iter().filter_map(|entry| Some((kind(&entry.event)?, entry)));
    let (kind, entry) = kinds.max_by_key(|(kind, _)| *kind)?;
    Some((kind, view::history::describe(&entry.event).1))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_matters_is_the_cause() {
        let entry = |number, event| Entry { number, at: 7, event };
        let lost = Event::Membership {
            members: vec!["n1".to_owned()],
            lost: vec!["n2".to_owned()],
            quorate: true,
        };
        let all = [
            entry(1, lost),
            entry(2, Event::Coordinator { node: "n1".to_owned() }),
            entry(3, Event::Idle),
        ];
        let (kind, words) = weightiest(&all).unwrap();
        assert_eq!((kind, words.as_str()), (Kind::Lost, "members: n1; lost: n2"));
        let begun = Event::Started { action: "x".to_owned(), node: "n1".to_owned() };
        assert!(weightiest(&[entry(1, begun)]).is_none());
    }
}
