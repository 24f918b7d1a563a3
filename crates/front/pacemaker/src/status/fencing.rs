//! Fencing: what is under way, and what came of it.

use wire::api::{Cluster, Fencing};

use super::wanted::Sections;

/// How a fencing stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum FencingState {
    Pending,
    Failed,
    Done,
}

/// One fencing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct FencingShown<'r> {
    pub(crate) target: &'r str,
    pub(crate) action: &'r str,
    pub(crate) state: FencingState,
    /// Who did it, as far as it was done.
    pub(crate) delegate: Option<&'r str>,
    /// The node that it was asked for by.
    pub(crate) origin: &'r str,
    /// Why it failed.
    pub(crate) reason: &'r str,
    /// Seconds since 1970.
    pub(crate) at: i64,
    /// It failed, and who did it succeeded later.
    pub(crate) mended_by: Option<&'r str>,
}

/// What is shown of fencing, newest first.
#[derive(Clone, Debug, Default)]
pub(crate) struct FencingList<'r> {
    pub(crate) events: Vec<FencingShown<'r>>,
    pub(crate) sections: Sections,
    /// All of it, not only the last of each kind.
    pub(crate) full: bool,
}

impl<'r> FencingList<'r> {
    /// What a running cluster remembers, of the nodes that are wanted.
    pub(crate) fn read(
        cluster: &'r Cluster,
        sections: Sections,
        full: bool,
        only: Option<&[String]>,
    ) -> Self {
        let origin = cluster.coordinator.as_deref().unwrap_or(&cluster.node);
        let under_way = cluster.fencing.iter().map(|target| FencingShown {
            target,
            action: "reboot",
            state: FencingState::Pending,
            delegate: None,
            origin,
            reason: "",
            at: 0,
            mended_by: None,
        });
        let past = cluster.fencings.iter().enumerate().rev();
        let past = past.map(|(at, fencing)| shown(cluster, at, fencing, origin));
        let mut events: Vec<FencingShown<'_>> = under_way.chain(past).collect();
        let wanted = |target: &str| {
            only.is_none_or(|only| only.iter().any(|name| name.eq_ignore_ascii_case(target)))
        };
        events.retain(|event| wanted(event.target));
        if !full {
            reduce(&mut events);
        }
        Self { events, sections, full }
    }

    /// Those that failed, where they are wanted.
    pub(crate) fn failed(&self) -> Vec<&FencingShown<'r>> {
        self.chosen(Sections::FENCING_FAILED, |state| state == FencingState::Failed)
    }

    /// Those that did not, where they are wanted.
    pub(crate) fn not_failed(&self) -> Vec<&FencingShown<'r>> {
        self.chosen(Sections::FENCING_DONE, |state| state != FencingState::Failed)
    }

    /// Those that are under way, where they are wanted and are not among the others.
    pub(crate) fn pending(&self) -> Vec<&FencingShown<'r>> {
        if self.sections.has(Sections::FENCING_DONE) {
            return Vec::new();
        }
        self.chosen(Sections::FENCING_PENDING, |state| state == FencingState::Pending)
    }

    fn chosen(
        &self,
        section: Sections,
        fits: impl Fn(FencingState) -> bool,
    ) -> Vec<&FencingShown<'r>> {
        let wanted = self.sections.has(section);
        self.events.iter().filter(|event| wanted && fits(event.state)).collect()
    }
}

fn shown<'r>(
    cluster: &'r Cluster,
    at: usize,
    fencing: &'r Fencing,
    origin: &'r str,
) -> FencingShown<'r> {
    let later = cluster.fencings.iter().skip(at + 1);
    let mut mended = later.filter(|later| {
        later.succeeded && later.target == fencing.target && later.action == fencing.action
    });
    let mended_by = mended.next().filter(|_| !fencing.succeeded).map(|later| by(&later.by));
    FencingShown {
        target: &fencing.target,
        action: &fencing.action,
        state: if fencing.succeeded { FencingState::Done } else { FencingState::Failed },
        delegate: Some(by(&fencing.by)).filter(|by| !by.is_empty()),
        origin,
        reason: &fencing.reason,
        at: fencing.at,
        mended_by,
    }
}

/// The node, where a device was used by one.
fn by(words: &str) -> &str {
    words.rsplit_once(" by ").map_or(words, |(_, node)| node)
}

/// Keeps of fencings that are alike the newest.
fn reduce(events: &mut Vec<FencingShown<'_>>) {
    let mut seen = Vec::new();
    events.retain(|event| {
        let kind = (event.target, event.action, event.state, event.delegate, event.origin);
        let kind = (kind, event.reason);
        let is_new = event.state == FencingState::Pending || !seen.contains(&kind);
        seen.push(kind);
        is_new
    });
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fencing(target: &str, succeeded: bool, at: i64) -> Fencing {
        let (target, action) = (target.to_owned(), "reboot".to_owned());
        let reason = if succeeded { "" } else { "no answer" };
        let by = "switch by n1".to_owned();
        Fencing { target, action, succeeded, by, reason: reason.to_owned(), at }
    }

    #[test]
    fn the_last_of_each_kind_and_whether_a_later_one_helped() {
        let fencings = vec![
            fencing("n2", false, 1),
            fencing("n2", false, 2),
            fencing("n2", true, 3),
            fencing("n3", false, 4),
        ];
        let cluster = Cluster { fencings, fencing: vec!["n3".to_owned()], ..Cluster::default() };
        let all = Sections::FENCING;
        let reduced = FencingList::read(&cluster, all, false, None);
        let seen: Vec<_> = reduced.events.iter().map(|event| (event.target, event.at)).collect();
        assert_eq!(seen, [("n3", 0), ("n3", 4), ("n2", 3), ("n2", 2)]);
        let failed = reduced.failed();
        assert_eq!(
            failed.iter().map(|event| event.mended_by).collect::<Vec<_>>(),
            [None, Some("n1")]
        );
        assert_eq!(reduced.not_failed().len(), 2);
        assert!(reduced.pending().is_empty());
        assert_eq!(FencingList::read(&cluster, all, true, None).events.len(), 5);
        let some = FencingList::read(&cluster, Sections::FENCING_PENDING, true, None);
        assert_eq!((some.pending().len(), some.failed().len()), (1, 0));
        let of_n2 = FencingList::read(&cluster, all, true, Some(&["N2".to_owned()]));
        assert_eq!(of_n2.events.len(), 3);
    }
}
