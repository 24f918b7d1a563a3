//! The changes that are tried, and how each is said.

use model::Score;

use super::WhatIf;

/// A change that could matter.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::why) enum Change {
    /// `target-role` no longer keeps the resource down.
    Enable {
        resource: String,
    },
    /// Failures are forgotten; history may know the resource by another name.
    Cleanup {
        resource: String,
        history_name: String,
        node: String,
    },
    Grant {
        ticket: String,
    },
    EndStandby {
        node: String,
    },
    EndMaintenance {
        node: String,
    },
    /// An absent node comes back, healthy and with nothing running.
    NodeBack {
        node: String,
    },
    /// The node's health attributes say nothing bad.
    Healthy {
        node: String,
    },
    Quorum,
    /// A cluster option goes back to its default.
    UnsetOption {
        name: &'static str,
    },
    /// The cluster may act on the resource.
    Manage {
        resource: String,
    },
    /// There is a fence device.
    FenceDevice,
    /// A constraint is removed.
    Without {
        constraint: String,
        kind: &'static str,
    },
    /// A number is another one.
    Number {
        what: Number,
        was: i32,
    },
}

/// What a number says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::why) enum Number {
    /// An existing location constraint's score.
    Location { constraint: String, rises: bool },
    /// A new location constraint's score.
    NewLocation { resource: String, node: String, promoted: bool },
    /// `resource-stickiness` of all primitives of a resource.
    Stickiness { resource: String },
    /// A promotion score, as agents set it.
    PromotionScore { resource: String, history_name: String, node: String },
    /// A node's capacity.
    Capacity { node: String, name: String },
    /// What a resource takes of a capacity.
    Demand { resource: String, name: String },
    /// `clone-max` and the like.
    Limit { resource: String, name: &'static str },
}

/// Which way a number has to go, and how far is tried.
#[derive(Clone, Copy, Debug)]
pub(super) struct Range {
    pub(super) rises: bool,
    /// The smallest difference that is a change.
    pub(super) least: i32,
    pub(super) most: i32,
}

/// What operators would rather do comes first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Nearness {
    /// Something is not as it usually is: put it right.
    State,
    /// A score is another one, by this much.
    Score(i32),
    /// The configuration says something else.
    Removal,
    Limit,
}

impl Number {
    pub(super) fn range(&self, was: i32) -> Range {
        let top = Score::INFINITY.value();
        let up = |most: i32| Range { rises: true, least: 1, most: most.max(1) };
        match self {
            Self::Location { rises: true, .. } | Self::PromotionScore { .. } => {
                up(top.saturating_sub(was))
            }
            // Where a resource must opt in, a constraint without a score is one, too.
            Self::NewLocation { .. } => Range { rises: true, least: 0, most: top },
            Self::Location { rises: false, .. } => {
                Range { rises: false, least: 1, most: was.saturating_add(top) }
            }
            Self::Stickiness { .. } | Self::Demand { .. } => {
                Range { rises: false, least: 1, most: was.max(1) }
            }
            Self::Capacity { .. } => up(top),
            Self::Limit { .. } => up(64),
        }
    }
}

impl Change {
    pub(super) fn nearness(&self, value: Option<i32>) -> Nearness {
        match self {
            Self::Enable { .. }
            | Self::Cleanup { .. }
            | Self::Grant { .. }
            | Self::EndStandby { .. }
            | Self::EndMaintenance { .. }
            | Self::NodeBack { .. }
            | Self::Healthy { .. }
            | Self::Quorum
            | Self::UnsetOption { .. }
            | Self::Manage { .. }
            | Self::FenceDevice => Nearness::State,
            Self::Without { .. } => Nearness::Removal,
            Self::Number { what, was } => match what {
                Number::Location { .. }
                | Number::NewLocation { .. }
                | Number::Stickiness { .. }
                | Number::PromotionScore { .. } => {
                    Nearness::Score(value.unwrap_or(*was).saturating_sub(*was).saturating_abs())
                }
                Number::Capacity { .. } | Number::Demand { .. } | Number::Limit { .. } => {
                    Nearness::Limit
                }
            },
        }
    }

    /// The constraint that would be gone.
    pub(super) fn removed(&self) -> Option<&str> {
        if let Self::Without { constraint, .. } = self { Some(constraint) } else { None }
    }

    /// The node that a new constraint speaks for.
    pub(super) fn sends_to(&self) -> Option<&str> {
        if let Self::Number { what: Number::NewLocation { node, .. }, .. } = self {
            Some(node)
        } else {
            None
        }
    }

    /// The constraint that would have another score.
    pub(super) fn rescored(&self) -> Option<&str> {
        if let Self::Number { what: Number::Location { constraint, .. }, .. } = self {
            Some(constraint)
        } else {
            None
        }
    }

    /// As it is told, with the number that is enough.
    pub(super) fn told(&self, value: Option<i32>) -> WhatIf {
        let (kind, text) = self.words(value);
        let command = self.command();
        let text = match &command {
            Some(command) => format!("{text} (`{command}`)"),
            None => text,
        };
        let (resource, node, id) = self.names();
        let was = if let Self::Number { what, was } = self {
            let is_new = matches!(what, Number::NewLocation { .. });
            (!is_new).then_some(*was)
        } else {
            None
        };
        WhatIf { kind, text, resource, node, id, value, was, command }
    }

    fn words(&self, value: Option<i32>) -> (&'static str, String) {
        match self {
            Self::Enable { resource } => {
                ("target-role", format!("`target-role` of {resource} did not keep it down"))
            }
            Self::Cleanup { resource, node, .. } => {
                ("cleanup", format!("the failures of {resource} on {node} were forgotten"))
            }
            Self::Grant { ticket } => ("ticket", format!("ticket `{ticket}` were granted")),
            Self::EndStandby { node } => ("standby", format!("{node} were not on standby")),
            Self::EndMaintenance { node } => {
                ("maintenance", format!("{node} were not in maintenance"))
            }
            Self::NodeBack { node } => ("node-back", format!("{node} were back and online")),
            Self::Healthy { node } => ("health", format!("the health of {node} were good")),
            Self::Quorum => ("quorum", "the cluster had quorum".to_owned()),
            Self::UnsetOption { name } => ("option", format!("`{name}` were not set")),
            Self::Manage { resource } => ("manage", format!("{resource} were managed")),
            Self::FenceDevice => ("fence-device", "a fence device were configured".to_owned()),
            Self::Without { constraint, kind } => {
                ("without", format!("there were no {kind} `{constraint}`"))
            }
            Self::Number { what, was } => what.words(*was, value.unwrap_or(*was)),
        }
    }

    fn command(&self) -> Option<String> {
        match self {
            Self::Enable { resource } => Some(format!("quorate resource enable {resource}")),
            Self::Cleanup { resource, node, .. } => {
                Some(format!("quorate resource cleanup {resource} {node}"))
            }
            Self::EndStandby { node } => Some(format!("quorate node unstandby {node}")),
            Self::EndMaintenance { node } => Some(format!("quorate node unmaintenance {node}")),
            Self::Grant { .. }
            | Self::NodeBack { .. }
            | Self::Healthy { .. }
            | Self::Quorum
            | Self::UnsetOption { .. }
            | Self::Manage { .. }
            | Self::FenceDevice
            | Self::Without { .. }
            | Self::Number { .. } => None,
        }
    }

    /// The resource, the node, and what else has a name.
    fn names(&self) -> (Option<String>, Option<String>, Option<String>) {
        let some = |text: &String| Some(text.clone());
        match self {
            Self::Enable { resource } | Self::Manage { resource } => (some(resource), None, None),
            Self::Cleanup { resource, node, .. } => (some(resource), some(node), None),
            Self::Grant { ticket: id } | Self::Without { constraint: id, .. } => {
                (None, None, some(id))
            }
            Self::EndStandby { node }
            | Self::EndMaintenance { node }
            | Self::NodeBack { node }
            | Self::Healthy { node } => (None, some(node), None),
            Self::UnsetOption { name } => (None, None, Some((*name).to_owned())),
            Self::Quorum | Self::FenceDevice => (None, None, None),
            Self::Number { what, was: _ } => what.names(),
        }
    }
}

impl Number {
    fn words(&self, was: i32, value: i32) -> (&'static str, String) {
        let (value, was) = (score(value), score(was));
        match self {
            Self::Location { constraint, rises: true } => {
                ("location", format!("location `{constraint}` were at least {value} (it is {was})"))
            }
            Self::Location { constraint, rises: false } => {
                ("location", format!("location `{constraint}` were at most {value} (it is {was})"))
            }
            Self::NewLocation { resource, node, promoted } => {
                let role = if *promoted { " in the promoted role" } else { "" };
                let text = format!(
                    "a location constraint gave {resource}{role} at least {value} on {node}"
                );
                ("new-location", text)
            }
            Self::Stickiness { resource } => (
                "stickiness",
                format!("`resource-stickiness` of {resource} were at most {value} (it is {was})"),
            ),
            Self::PromotionScore { resource, node, .. } => (
                "promotion-score",
                format!(
                    "the agent gave {resource} a promotion score of at least {value} on {node} \
                     (it is {was})"
                ),
            ),
            Self::Capacity { node, name } => {
                ("capacity", format!("{node} had at least {value} of `{name}` (it has {was})"))
            }
            Self::Demand { resource, name } => {
                ("demand", format!("{resource} took at most {value} of `{name}` (it takes {was})"))
            }
            Self::Limit { resource, name } => {
                ("limit", format!("`{name}` of {resource} were at least {value} (it is {was})"))
            }
        }
    }

    fn names(&self) -> (Option<String>, Option<String>, Option<String>) {
        let some = |text: &String| Some(text.clone());
        match self {
            Self::Location { constraint, .. } => (None, None, some(constraint)),
            Self::NewLocation { resource, node, .. }
            | Self::PromotionScore { resource, node, .. } => (some(resource), some(node), None),
            Self::Stickiness { resource } => (some(resource), None, None),
            Self::Capacity { node, name } => (None, some(node), some(name)),
            Self::Demand { resource, name } => (some(resource), None, some(name)),
            Self::Limit { resource, name } => (some(resource), None, Some((*name).to_owned())),
        }
    }
}

fn score(value: i32) -> String {
    Score::new(i64::from(value)).to_string()
}
