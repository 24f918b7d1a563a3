//! What actions do, and the keys that tell them apart within a resource.

use std::fmt;
use std::sync::Arc;

/// What an action does. The words are those of the plan's `operation`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Task {
    Monitor,
    Stop,
    /// Milestone: all stops are done.
    Stopped,
    Start,
    /// Milestone: all starts are done.
    Running,
    Notify,
    Notified,
    Promote,
    Promoted,
    Demote,
    Demoted,
    Shutdown,
    /// Cuts a node off, or lets it back.
    Fence,
    MigrateTo,
    MigrateFrom,
    Cancel,
    /// Removes a resource's history on a node through its executor.
    Delete,
    /// Removes a resource's history on a node from the document.
    LrmDelete,
    ClearFailcount,
    ReloadAgent,
    MaintenanceNodes,
    /// An operation of the agent's own, or a milestone with a name of its own.
    Other(Arc<str>),
}

impl Task {
    /// The word.
    pub(crate) fn word(&self) -> &str {
        match self {
            Self::Monitor => "monitor",
            Self::Stop => "stop",
            Self::Stopped => "stopped",
            Self::Start => "start",
            Self::Running => "running",
            Self::Notify => "notify",
            Self::Notified => "notified",
            Self::Promote => "promote",
            Self::Promoted => "promoted",
            Self::Demote => "demote",
            Self::Demoted => "demoted",
            Self::Shutdown => "do_shutdown",
            Self::Fence => "stonith",
            Self::MigrateTo => "migrate_to",
            Self::MigrateFrom => "migrate_from",
            Self::Cancel => "cancel",
            Self::Delete => "delete",
            Self::LrmDelete => "lrm_delete",
            Self::ClearFailcount => "clear_failcount",
            Self::ReloadAgent => "reload-agent",
            Self::MaintenanceNodes => "maintenance_nodes",
            Self::Other(word) => word,
        }
    }

    /// Reads the word.
    pub(crate) fn parse(word: &str) -> Self {
        match word {
            "monitor" => Self::Monitor,
            "stop" => Self::Stop,
            "stopped" => Self::Stopped,
            "start" => Self::Start,
            "running" => Self::Running,
            "notify" => Self::Notify,
            "notified" => Self::Notified,
            "promote" => Self::Promote,
            "promoted" => Self::Promoted,
            "demote" => Self::Demote,
            "demoted" => Self::Demoted,
            "do_shutdown" => Self::Shutdown,
            "stonith" => Self::Fence,
            "migrate_to" => Self::MigrateTo,
            "migrate_from" => Self::MigrateFrom,
            "cancel" => Self::Cancel,
            "delete" => Self::Delete,
            "lrm_delete" => Self::LrmDelete,
            "clear_failcount" => Self::ClearFailcount,
            "reload-agent" => Self::ReloadAgent,
            "maintenance_nodes" => Self::MaintenanceNodes,
            other => Self::Other(Arc::from(other)),
        }
    }

    /// The milestone that says that all of this task is done.
    pub(crate) fn completed(&self) -> Option<Self> {
        PAIRS.iter().find(|(task, _)| task == self).map(|(_, done)| done.clone())
    }

    /// The task of whose completion this is the milestone; itself if it is none. Notifications
    /// have no atomic half: an instance's are actions in their own right.
    #[must_use]
    pub(crate) fn atomic(&self) -> Self {
        if *self == Self::Notified {
            return Self::Notified;
        }
        PAIRS
            .iter()
            .find(|(_, done)| done == self)
            .map_or_else(|| self.clone(), |(task, _)| task.clone())
    }

    /// Whether this raises a resource's role.
    pub(crate) fn is_up(&self) -> bool {
        matches!(self, Self::Start | Self::Promote | Self::MigrateFrom)
    }

    /// The opposite task, for an ordering's inverse.
    pub(crate) fn inverse(&self) -> Option<Self> {
        INVERSES.iter().find_map(|(up, down)| {
            if up == self {
                Some(down.clone())
            } else if down == self {
                Some(up.clone())
            } else {
                None
            }
        })
    }
}

/// Each task with the milestone that completes it.
const PAIRS: [(Task, Task); 5] = [
    (Task::Stop, Task::Stopped),
    (Task::Start, Task::Running),
    (Task::Notify, Task::Notified),
    (Task::Promote, Task::Promoted),
    (Task::Demote, Task::Demoted),
];

/// Tasks that undo each other.
const INVERSES: [(Task, Task); 4] = [
    (Task::Start, Task::Stop),
    (Task::Promote, Task::Demote),
    (Task::Promoted, Task::Demoted),
    (Task::Running, Task::Stopped),
];

impl fmt::Display for Task {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.word())
    }
}

/// Whether `task` is the milestone that completes another.
pub(crate) fn is_completion(task: &Task) -> bool {
    PAIRS.iter().any(|(_, done)| done == task)
}

/// Which of a resource's notifications: before or after the work, and whether it is the milestone
/// that confirms it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum NotifyKind {
    Pre,
    ConfirmedPre,
    Post,
    ConfirmedPost,
}

impl NotifyKind {
    /// The word in keys and attributes.
    pub(crate) fn word(self) -> &'static str {
        match self {
            Self::Pre => "pre",
            Self::ConfirmedPre => "confirmed-pre",
            Self::Post => "post",
            Self::ConfirmedPost => "confirmed-post",
        }
    }
}

/// What tells an action from the others of its resource (and from those of no resource).
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Key {
    /// `RESOURCE_TASK_INTERVAL`.
    Operation { task: Task, interval_ms: u64 },
    /// `RESOURCE_KIND_notify_TASK_0`.
    Notify { kind: NotifyKind, of: Task },
    /// An action of no resource is called by its name.
    Name(Arc<str>),
}

impl Key {
    /// The key of `task` without an interval.
    pub(crate) fn once(task: Task) -> Self {
        Self::Operation { task, interval_ms: 0 }
    }

    /// Whether this is `task` done once, or a notification about it.
    pub(crate) fn is_about(&self, task: &Task) -> bool {
        match self {
            Self::Operation { .. } => self.is_once(task),
            Self::Notify { of, .. } => of == task,
            Self::Name(_) => false,
        }
    }

    /// Whether this is the key of `task` without an interval.
    pub(crate) fn is_once(&self, task: &Task) -> bool {
        matches!(self, Self::Operation { task: own, interval_ms: 0 } if own == task)
    }

    /// The interval; 0 if there is none.
    pub(crate) fn interval_ms(&self) -> u64 {
        match self {
            Self::Operation { interval_ms, .. } => *interval_ms,
            Self::Notify { .. } | Self::Name(_) => 0,
        }
    }

    /// The key as text, for a resource called `resource`.
    pub(crate) fn text(&self, resource: &str) -> String {
        match self {
            Self::Operation { task, interval_ms } => format!("{resource}_{task}_{interval_ms}"),
            Self::Notify { kind, of } => format!("{resource}_{}_notify_{of}_0", kind.word()),
            Self::Name(name) => String::from(&**name),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_read_back() {
        for word in ["monitor", "stop", "running", "stonith", "reload-agent", "clone-one-or-more:x"]
        {
            assert_eq!(Task::parse(word).word(), word);
        }
    }

    #[test]
    fn keys_name_the_resource() {
        assert_eq!(Key::once(Task::Start).text("db"), "db_start_0");
        let key = Key::Notify { kind: NotifyKind::ConfirmedPost, of: Task::Running };
        assert_eq!(key.text("c"), "c_confirmed-post_notify_running_0");
    }
}
