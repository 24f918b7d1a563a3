//! Where each part of a score comes from, in words.

use scheduler::assign::{ColocationIx, ScoreChange, ScoreSource, ScoreTerm};
use scheduler::{Assigned, Resolved, TicketIx, WishSource};

use super::Term;

pub(super) fn term(resolved: &Resolved<'_>, assigned: &Assigned, term: &ScoreTerm) -> Term {
    let value = match term.change {
        ScoreChange::Add if term.value.value() >= 0 => format!("+{}", term.value),
        ScoreChange::Add => term.value.to_string(),
        ScoreChange::Set => format!("= {}", term.value),
    };
    Term { value, from: from(resolved, assigned, term.source) }
}

fn from(resolved: &Resolved<'_>, assigned: &Assigned, source: ScoreSource) -> String {
    let colocation = |at: ColocationIx| match assigned.colocation(at) {
        Some(found) if found.explicit => format!("by colocation `{}`", found.id),
        Some(_) => "inside its group or container".to_owned(),
        None => "by a colocation".to_owned(),
    };
    let ticket = |at: TicketIx| resolved.tickets.get(at.at()).map_or("?", |ticket| ticket.id);
    match source {
        ScoreSource::Found(wish) => found(wish).to_owned(),
        ScoreSource::Location(at) => match resolved.locations.get(at.at()) {
            Some(location) => format!("location `{}`", location.id),
            None => "a location constraint".to_owned(),
        },
        ScoreSource::Health => "the node's health".to_owned(),
        ScoreSource::Stickiness => "stickiness: it is there".to_owned(),
        ScoreSource::FailLimit => "failed there as often as `migration-threshold`".to_owned(),
        ScoreSource::ExclusiveDiscovery => {
            "another location has `resource-discovery=exclusive`".to_owned()
        }
        ScoreSource::ShutdownLock => "waits for the node that was shut down".to_owned(),
        ScoreSource::Ticket(at) => format!("ticket `{}` is not granted", ticket(at)),
        ScoreSource::Node => "the node's own score".to_owned(),
        ScoreSource::TargetRole => "it is to be stopped".to_owned(),
        ScoreSource::Capacity => "the node has no room for it".to_owned(),
        ScoreSource::InstanceLimit => "the node has its share of copies".to_owned(),
        ScoreSource::CollectiveLimit => "all copies are placed".to_owned(),
        ScoreSource::Promotion => "promotion score set by its agent".to_owned(),
        ScoreSource::WithPrimary(at) => format!("what it follows, {}", colocation(at)),
        ScoreSource::OfDependent(at) => {
            format!("wishes of what follows it, {}", colocation(at))
        }
        ScoreSource::NotOnRemoteNode => "cannot run on a remote node".to_owned(),
        ScoreSource::InsideContainer => "runs with its container only".to_owned(),
    }
}

fn found(wish: WishSource) -> &'static str {
    match wish {
        WishSource::Unmanaged => "unmanaged: it stays",
        WishSource::StopFailure => "it failed to stop",
        WishSource::HardError => "an error that cannot go away on this node",
        WishSource::FatalError => "an error that cannot go away on any node",
        WishSource::MaskedProbe => "its probe failed there",
        WishSource::Ban => "a failure banned it from there (`on-fail=ban`)",
        WishSource::FailureStops => "a failure stopped it (`on-fail=stop`)",
        WishSource::MultipleActive => "active on more nodes than it may be",
        WishSource::Bundle => "placed by its bundle",
        WishSource::Removed => "removed from the configuration",
    }
}
