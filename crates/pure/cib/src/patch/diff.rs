//! Finds the changes between two documents.

mod usual;

use std::collections::{BTreeMap, BTreeSet};

use super::{Change, Differs, New, PatchError, Patchset, Path};
use crate::element::Element;
use crate::tree::{Document, Kind};

/// The patchset that makes `new` of `old`.
///
/// It is the one that Pacemaker makes, where that one leads to `new`; else one of our own.
///
/// # Errors
/// When the root elements have different names.
pub fn diff(old: &Document, new: &Document) -> Result<Patchset, PatchError> {
    let (from, to) = (old.root(), new.root());
    if from.name() != to.name() {
        return Err(PatchError::OtherRoot);
    }
    let changes = usual::changes(old, new).unwrap_or_else(|| {
        let mut finding = Finding { deletions: Vec::new(), rest: Vec::new() };
        finding.element(from, to, &Path::root(from.name()));
        let Finding { mut deletions, mut rest } = finding;
        deletions.append(&mut rest);
        deletions
    });
    Ok(Patchset { source: old.version().ok(), target: new.version().ok(), digest: None, changes })
}

struct Finding {
    /// They come before all else.
    deletions: Vec<Change>,
    rest: Vec<Change>,
}

impl Finding {
    fn element(&mut self, old: Element<'_>, new: Element<'_>, path: &Path) {
        let differs = differing_attributes(old, new);
        if !differs.is_empty() {
            let owned = |(name, value): (&str, &str)| (name.to_owned(), value.to_owned());
            let attributes = new.attrs().map(owned).collect();
            self.rest.push(Change::Modify { path: path.clone(), attributes, differs });
        }
        self.children(old, new, path);
    }

    fn children(&mut self, old: Element<'_>, new: Element<'_>, path: &Path) {
        let old: Vec<Element<'_>> = old.nodes().filter(is_counted).collect();
        let new: Vec<Element<'_>> = new.nodes().filter(is_counted).collect();
        if self.children_in_place(&old, &new, path) {
            return;
        }
        let Matched { partner, moved } = match_children(&old, &new);
        let kept: BTreeSet<usize> = partner.iter().flatten().copied().collect();
        self.delete(&old, &kept, path);
        for (position, node) in new.iter().enumerate() {
            match partner.get(position).copied().flatten().and_then(|at| old.get(at)) {
                None => self.create(*node, position, path),
                Some(_) if node.kind() != Kind::Element => {}
                Some(before) => {
                    let inner = path.then(before.name(), before.attr("id"));
                    self.element(*before, *node, &inner);
                    if moved.contains(&position) {
                        self.rest.push(Change::Move { path: inner, position });
                    }
                }
            }
        }
    }

    /// The usual case, and a quick one: the same children in the same order, few of them changed.
    fn children_in_place(&mut self, old: &[Element<'_>], new: &[Element<'_>], path: &Path) -> bool {
        let same = |(a, b): (&Element<'_>, &Element<'_>)| {
            a.kind() == b.kind() && a.name() == b.name() && a.attr("id") == b.attr("id")
        };
        if old.len() != new.len() || !old.iter().zip(new).all(same) {
            return false;
        }
        let changed: Vec<(Element<'_>, Element<'_>)> = old
            .iter()
            .copied()
            .zip(new.iter().copied())
            .filter(|(a, b)| !a.is_copy_of(*b))
            .collect();
        if changed.is_empty() {
            return true;
        }
        let names = Names::of(old);
        if !changed.iter().all(|(a, _)| a.kind() == Kind::Element && names.tells_apart(*a)) {
            return false;
        }
        for (before, after) in changed {
            self.element(before, after, &path.then(before.name(), before.attr("id")));
        }
        true
    }

    /// Comments first and from the last on, so that each one's position still holds.
    fn delete(&mut self, old: &[Element<'_>], kept: &BTreeSet<usize>, path: &Path) {
        let going = old.iter().enumerate().filter(|(at, _)| !kept.contains(at));
        let (comments, elements): (Vec<_>, Vec<_>) =
            going.partition(|(_, node)| node.kind() == Kind::Comment);
        for (position, _) in comments.into_iter().rev() {
            let path = path.then("comment", None);
            self.deletions.push(Change::Delete { path, position: Some(position) });
        }
        let names = Names::of(old);
        for (_, element) in elements {
            let id = if names.tells_apart(*element) { element.attr("id") } else { None };
            let path = path.then(element.name(), id);
            self.deletions.push(Change::Delete { path, position: None });
        }
    }

    fn create(&mut self, node: Element<'_>, position: usize, path: &Path) {
        let new = match node.kind() {
            Kind::Element => New::Element(Document::extract(node)),
            Kind::Comment | Kind::Text => New::Comment(node.own_text().to_owned()),
        };
        self.rest.push(Change::Create { parent: path.clone(), position, new });
    }
}

fn is_counted(node: &Element<'_>) -> bool {
    node.kind() != Kind::Text
}

/// What an attribute list lacks of being the other, in order too: as it is said of it afterwards,
/// in the new order, and then what is gone. Whoever is at another place than before is set, too.
fn differing_attributes(old: Element<'_>, new: Element<'_>) -> Vec<Differs> {
    let mut before: Vec<(&str, Skipped)> = old.attrs().map(|(name, _)| (name, false)).collect();
    let mut after: Vec<(&str, Skipped)> = new.attrs().map(|(name, _)| (name, false)).collect();
    let mut set: BTreeSet<&str> = new.attrs().map(|(name, _)| name).collect();
    let mut gone = Vec::new();
    for (at, (name, value)) in old.attrs().enumerate() {
        let Some(now) = new.attr(name) else {
            gone.push(Differs::Unset(name.to_owned()));
            continue;
        };
        let to = after.iter().position(|(known, _)| *known == name).unwrap_or_default();
        let (was, is) = (counted(&before, at), counted(&after, to));
        if now != value {
            continue;
        }
        if was == is {
            set.remove(name);
            continue;
        }
        // Compatibility: it is left out where it stood later, so that others are not taken for moved.
        let (list, place) = if was > is { (&mut before, at) } else { (&mut after, to) };
        if let Some((_, skipped)) = list.get_mut(place) {
            *skipped = true;
        }
    }
    let set = new.attrs().filter(|(name, _)| set.contains(name));
    let set = set.map(|(name, value)| Differs::Set(name.to_owned(), value.to_owned()));
    set.chain(gone).collect()
}

/// Whether it is left out when places are counted.
type Skipped = bool;

fn counted(list: &[(&str, Skipped)], place: usize) -> usize {
    list.iter().take(place).filter(|(_, skipped)| !skipped).count()
}

/// Which siblings a path can tell apart.
struct Names<'d> {
    /// Names whose elements have to be treated together: some have no id, or the same.
    alike: BTreeSet<&'d str>,
}

impl<'d> Names<'d> {
    fn of(siblings: &[Element<'d>]) -> Self {
        let mut by_name: BTreeMap<&'d str, Vec<Option<&'d str>>> = BTreeMap::new();
        for element in siblings.iter().filter(|node| node.kind() == Kind::Element) {
            by_name.entry(element.name()).or_default().push(element.attr("id"));
        }
        let mut alike = BTreeSet::new();
        for (name, ids) in by_name {
            // A path cannot quote an id that holds both kinds of quotes.
            let plain =
                |id: &Option<&str>| id.is_some_and(|id| !(id.contains('\'') && id.contains('"')));
            let distinct: BTreeSet<&Option<&str>> = ids.iter().collect();
            let usable = ids.iter().all(plain) && distinct.len() == ids.len();
            let single = ids.len() == 1 && ids.iter().all(Option::is_none);
            if !usable && !single {
                alike.insert(name);
            }
        }
        Self { alike }
    }

    fn tells_apart(&self, element: Element<'_>) -> bool {
        !self.alike.contains(element.name())
    }
}

/// Which children of two elements are the same.
pub(crate) struct Matched {
    /// For each new node, the old one that it was.
    pub(crate) partner: Vec<Option<usize>>,
    /// New places of those that have to move.
    pub(crate) moved: BTreeSet<usize>,
}

/// Matches children by name and id.
pub(crate) fn match_children(old: &[Element<'_>], new: &[Element<'_>]) -> Matched {
    let names = Names::of(old);
    let mut given_up: BTreeSet<&str> = BTreeSet::new();
    loop {
        let mut partner = partners(old, new, &names, &given_up);
        let go = out_of_order(&partner);
        // Comments, and elements that no path tells apart, cannot be told to move: they are
        // deleted and created again, the latter with all that are like them.
        let stuck: Vec<&str> = go
            .iter()
            .filter_map(|at| partner.get(*at).copied().flatten())
            .filter_map(|at| old.get(at))
            .filter(|node| node.kind() == Kind::Element && !names.tells_apart(**node))
            .map(|node| node.name())
            .collect();
        if stuck.is_empty() {
            let mut moved = BTreeSet::new();
            for at in go {
                match new.get(at).map(|node| node.kind()) {
                    Some(Kind::Element) => {
                        moved.insert(at);
                    }
                    Some(Kind::Comment | Kind::Text) | None => {
                        if let Some(slot) = partner.get_mut(at) {
                            *slot = None;
                        }
                    }
                }
            }
            return Matched { partner, moved };
        }
        given_up.extend(stuck);
    }
}

fn partners(
    old: &[Element<'_>],
    new: &[Element<'_>],
    names: &Names<'_>,
    given_up: &BTreeSet<&str>,
) -> Vec<Option<usize>> {
    let mut waiting: BTreeMap<(&str, Option<&str>), Vec<usize>> = BTreeMap::new();
    let mut comments: BTreeMap<&str, Vec<usize>> = BTreeMap::new();
    for (at, node) in old.iter().enumerate().rev() {
        match node.kind() {
            Kind::Comment => comments.entry(node.own_text()).or_default().push(at),
            Kind::Text => {}
            Kind::Element if names.tells_apart(*node) => {
                waiting.entry((node.name(), node.attr("id"))).or_default().push(at);
            }
            Kind::Element => {}
        }
    }
    let mut partner: Vec<Option<usize>> = new
        .iter()
        .map(|node| match node.kind() {
            Kind::Comment => comments.get_mut(node.own_text()).and_then(Vec::pop),
            Kind::Text => None,
            Kind::Element => waiting.get_mut(&(node.name(), node.attr("id"))).and_then(Vec::pop),
        })
        .collect();
    for name in names.alike.iter().filter(|name| !given_up.contains(*name)) {
        pair_alike(old, new, name, &mut partner);
    }
    partner
}

/// Elements that no path tells apart stay as they are if all of them do.
fn pair_alike(old: &[Element<'_>], new: &[Element<'_>], name: &str, partner: &mut [Option<usize>]) {
    let places = |nodes: &[Element<'_>]| -> Vec<usize> {
        let named = |(at, node): (usize, &Element<'_>)| {
            (node.kind() == Kind::Element && node.is(name)).then_some(at)
        };
        nodes.iter().enumerate().filter_map(named).collect()
    };
    let (before, after) = (places(old), places(new));
    let same = before.len() == after.len()
        && before.iter().zip(&after).all(|(a, b)| match (old.get(*a), new.get(*b)) {
            (Some(a), Some(b)) => a.is_copy_of(*b),
            _ => false,
        });
    if same {
        for (a, b) in before.into_iter().zip(after) {
            if let Some(slot) = partner.get_mut(b) {
                *slot = Some(a);
            }
        }
    }
}

/// As few new places as possible, so that the old places of the others rise.
fn out_of_order(partner: &[Option<usize>]) -> Vec<usize> {
    let matched: Vec<(usize, usize)> =
        partner.iter().enumerate().filter_map(|(at, old)| Some((at, (*old)?))).collect();
    // The longest rising sequence, by patience sorting: `tails` holds, for each length, where the
    // sequence of that length with the lowest end ends.
    let old_at = |index: usize| matched.get(index).map_or(0, |(_, old)| *old);
    let mut tails: Vec<usize> = Vec::new();
    let mut before: Vec<Option<usize>> = Vec::with_capacity(matched.len());
    for index in 0..matched.len() {
        let length = tails.partition_point(|tail| old_at(*tail) < old_at(index));
        before.push(length.checked_sub(1).and_then(|shorter| tails.get(shorter)).copied());
        match tails.get_mut(length) {
            Some(tail) => *tail = index,
            None => tails.push(index),
        }
    }
    let chain = std::iter::successors(tails.last().copied(), |at| before.get(*at).copied()?);
    let staying: BTreeSet<usize> = chain.collect();
    let moving =
        |(index, (at, _)): (usize, &(usize, usize))| (!staying.contains(&index)).then_some(*at);
    matched.iter().enumerate().filter_map(moving).collect()
}
