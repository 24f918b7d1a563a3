//! The changes that Pacemaker finds between two documents, in its order.
//!
//! Elements are the same by name and id, comments by place and text. Deletions come first, as a walk
//! through the old document meets them; then, as one through the new document does, what is made,
//! changed and moved. What counts as moved follows from places that leave out what was deleted, made,
//! or moved before: a rule that now and then moves too little, above all around comments.
//!
//! **Always:** what is answered leads from the old document to the new one.

use std::collections::{BTreeMap, VecDeque};

use super::{Change, Differs, Names, New, Patchset, Path, differing_attributes, is_counted};
use crate::element::Element;
use crate::tree::{Document, Kind};

/// The changes; none if these are not enough, or if paths do not tell elements apart.
pub(super) fn changes(old: &Document, new: &Document) -> Option<Vec<Change>> {
    let mut walk = Walk { deletions: Vec::new(), is_clear: true, is_simple: true };
    let (from, to) = (old.root(), new.root());
    let mut rest = walk.element(from, to, &Path::root(from.name()));
    let Walk { deletions: mut changes, is_clear, is_simple } = walk;
    changes.append(&mut rest);
    if !is_clear {
        return None;
    }
    if is_simple {
        return Some(changes);
    }
    let patch = Patchset { source: None, target: None, digest: None, changes };
    let reached = patch.apply(old).ok()?;
    reached.root().is_copy_of(to).then_some(patch.changes)
}

struct Walk {
    deletions: Vec<Change>,
    /// Every element that is touched can be told by its path.
    is_clear: bool,
    /// Nothing was moved, and no comment is near.
    is_simple: bool,
}

impl Walk {
    /// What becomes of an element, but for deletions.
    fn element(&mut self, old: Element<'_>, new: Element<'_>, path: &Path) -> Vec<Change> {
        let mut found = Vec::new();
        let differs: Vec<Differs> = differing_attributes(old, new);
        if !differs.is_empty() {
            let owned = |(name, value): (&str, &str)| (name.to_owned(), value.to_owned());
            let attributes = new.attrs().map(owned).collect();
            found.push(Change::Modify { path: path.clone(), attributes, differs });
        }
        let old: Vec<Element<'_>> = old.nodes().filter(is_counted).collect();
        let new: Vec<Element<'_>> = new.nodes().filter(is_counted).collect();
        if old.len() != new.len() || !old.iter().zip(&new).all(|(a, b)| a.is_copy_of(*b)) {
            self.children(&old, &new, path, &mut found);
        }
        found
    }

    fn children(
        &mut self,
        old: &[Element<'_>],
        new: &[Element<'_>],
        path: &Path,
        found: &mut Vec<Change>,
    ) {
        let partner = partners(old, new);
        let names = Names::of(old);
        let mut left = Places::of(old.len());
        let mut inner: BTreeMap<usize, Vec<Change>> = BTreeMap::new();
        let mut matched: BTreeMap<usize, usize> = BTreeMap::new();
        for (at, node) in old.iter().enumerate() {
            let Some(to) = partner.get(at).copied().flatten() else {
                self.delete(*node, left.before(at), &names, path);
                left.skip(at);
                continue;
            };
            matched.insert(to, at);
            let Some(after) = new.get(to).filter(|_| node.kind() == Kind::Element) else {
                continue;
            };
            if !node.is_copy_of(*after) {
                self.is_clear &= names.tells_apart(*node);
                let path = path.then(node.name(), node.attr("id"));
                inner.insert(to, self.element(*node, *after, &path));
            }
        }
        let mut count = 0;
        for (position, node) in new.iter().enumerate() {
            let Some(at) = matched.get(&position).copied() else {
                self.create(*node, position, path, found);
                continue;
            };
            found.extend(inner.remove(&position).unwrap_or_default());
            let was = left.before(at);
            if was != count {
                self.is_simple = false;
                self.is_clear &= node.kind() == Kind::Comment || names.tells_apart(*node);
                if node.kind() == Kind::Element {
                    let path = path.then(node.name(), node.attr("id"));
                    found.push(Change::Move { path, position });
                }
            }
            // Compatibility: what moved is left out where it stood later.
            if was > count {
                left.skip(at);
            }
            count += usize::from(was >= count);
        }
    }

    fn delete(&mut self, node: Element<'_>, place: usize, names: &Names<'_>, path: &Path) {
        let change = if node.kind() == Kind::Comment {
            self.is_simple = false;
            Change::Delete { path: path.then("comment", None), position: Some(place) }
        } else {
            self.is_clear &= names.tells_apart(node);
            Change::Delete { path: path.then(node.name(), node.attr("id")), position: None }
        };
        self.deletions.push(change);
    }

    fn create(&mut self, node: Element<'_>, position: usize, path: &Path, found: &mut Vec<Change>) {
        let new = match node.kind() {
            Kind::Element => New::Element(Document::extract(node)),
            Kind::Comment | Kind::Text => {
                self.is_simple = false;
                New::Comment(node.own_text().to_owned())
            }
        };
        found.push(Change::Create { parent: path.clone(), position, new });
    }
}

/// For each old node the new one that it becomes.
fn partners<'d>(old: &[Element<'d>], new: &[Element<'d>]) -> Vec<Option<usize>> {
    let mut waiting: BTreeMap<(&'d str, Option<&'d str>), VecDeque<usize>> = BTreeMap::new();
    for (at, node) in new.iter().enumerate().filter(|(_, node)| node.kind() == Kind::Element) {
        waiting.entry((node.name(), node.attr("id"))).or_default().push_back(at);
    }
    let mut partners = Vec::with_capacity(old.len());
    for (at, node) in old.iter().enumerate() {
        partners.push(match node.kind() {
            Kind::Element => {
                let alike = waiting.get_mut(&(node.name(), node.attr("id")));
                alike.and_then(VecDeque::pop_front)
            }
            Kind::Comment => {
                let there = new.get(at).filter(|there| there.kind() == Kind::Comment);
                there.filter(|there| there.own_text() == node.own_text()).map(|_| at)
            }
            Kind::Text => None,
        });
    }
    partners
}

/// Counts the places before one, those left out that are to be: sums over powers of two, so that long
/// lists take no longer than they must. Field word: *Fenwick tree*.
struct Places {
    sums: Vec<usize>,
}

impl Places {
    fn of(count: usize) -> Self {
        // Each sum is over as many places as its number's lowest bit says.
        Self { sums: (0..=count).map(|at| at & at.wrapping_neg()).collect() }
    }

    fn before(&self, place: usize) -> usize {
        let (mut at, mut sum) = (place, 0);
        while at > 0 {
            sum += self.sums.get(at).copied().unwrap_or(0);
            at &= at - 1;
        }
        sum
    }

    fn skip(&mut self, place: usize) {
        let mut at = place + 1;
        while let Some(sum) = self.sums.get_mut(at) {
            *sum -= 1;
            at += at & at.wrapping_neg();
        }
    }
}
