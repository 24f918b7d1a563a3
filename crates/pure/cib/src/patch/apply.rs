//! Carries a patchset out.
//!
//! Deletions and modifications come at once, in order. What is created or moved takes its place
//! at the end, from the first position to the last: then all that stands before it is there.

use super::{Change, New, PatchError, Patchset, Path};
use crate::element::Element;
use crate::tree::{Document, Kind, NodeId};

impl Patchset {
    /// The document after the changes.
    ///
    /// # Errors
    /// When the document is of another edition, has no element that a change names, or the
    /// result is not what the digest says.
    pub fn apply(&self, before: &Document) -> Result<Document, PatchError> {
        self.check_version(before)?;
        let mut document = before.clone();
        let mut late: Vec<(usize, Late<'_>)> = Vec::new();
        for change in &self.changes {
            late.extend(at_once(&mut document, change)?);
        }
        late.sort_by_key(|(position, _)| *position);
        for (position, late) in late {
            place(&mut document, position, late);
        }
        match &self.digest {
            Some(expected) if !document.digest().eq_ignore_ascii_case(expected) => {
                let found = document.digest();
                Err(PatchError::OtherDigest { expected: expected.clone(), found })
            }
            Some(_) | None => Ok(document),
        }
    }

    fn check_version(&self, before: &Document) -> Result<(), PatchError> {
        let current = before.version().unwrap_or_default();
        let source = self.source.unwrap_or(current);
        if source != current {
            return Err(PatchError::OtherSource { current, source });
        }
        match self.target {
            Some(target) if target <= source => Err(PatchError::NotNewer { source, target }),
            Some(_) | None => Ok(()),
        }
    }
}

enum Late<'p> {
    Create { parent: NodeId, new: &'p New },
    Move(NodeId),
}

fn at_once<'p>(
    document: &mut Document,
    change: &'p Change,
) -> Result<Option<(usize, Late<'p>)>, PatchError> {
    match change {
        Change::Delete { path, position } => {
            // What is gone already need not go.
            if let Some(found) = find(document, path, *position) {
                document.remove(found);
            }
            Ok(None)
        }
        Change::Modify { path, attributes, .. } => {
            let found = existing(document, path)?;
            let names: Vec<String> =
                document.element(found).attrs().map(|(name, _)| name.to_owned()).collect();
            for name in names {
                document.unset(found, &name);
            }
            for (name, value) in attributes {
                document.set(found, name, value);
            }
            Ok(None)
        }
        Change::Create { parent, position, new } => {
            let parent = existing(document, parent)?;
            Ok(Some((*position, Late::Create { parent, new })))
        }
        Change::Move { path, position } => {
            let found = existing(document, path)?;
            if let Some(parent) = document.element(found).parent().map(Element::id) {
                document.relocate(found, parent, None);
            }
            Ok(Some((*position, Late::Move(found))))
        }
    }
}

fn place(document: &mut Document, position: usize, late: Late<'_>) {
    let at = |document: &Document, parent: NodeId| {
        let counted = |node: &Element<'_>| node.kind() != Kind::Text;
        document.element(parent).nodes().filter(counted).nth(position).map(Element::id)
    };
    match late {
        Late::Create { parent, new } => {
            let sibling = at(document, parent);
            match new {
                New::Element(element) => match sibling {
                    Some(sibling) => document.insert_copy_before(sibling, element.root()),
                    None => document.append_copy(parent, element.root()),
                },
                New::Comment(text) => {
                    let made = document.append_comment(parent, text);
                    if sibling.is_some() {
                        document.relocate(made, parent, sibling);
                    }
                    made
                }
            };
        }
        Late::Move(node) => {
            let Some(parent) = document.element(node).parent().map(Element::id) else { return };
            // It stands last until it is placed, so it is not counted before its place.
            match at(document, parent) {
                Some(sibling) if sibling != node => {
                    document.relocate(node, parent, Some(sibling));
                }
                Some(_) | None => {}
            }
        }
    }
}

fn existing(document: &Document, path: &Path) -> Result<NodeId, PatchError> {
    find(document, path, None).ok_or_else(|| PatchError::NotFound { path: path.to_string() })
}

fn find(document: &Document, path: &Path, position: Option<usize>) -> Option<NodeId> {
    let (first, rest) = path.steps().split_first()?;
    let mut at = Some(document.root()).filter(|root| first.fits(*root))?;
    let (last, inner) = match rest.split_last() {
        None => return Some(at.id()),
        Some(found) => found,
    };
    for step in inner {
        at = at.children().find(|child| step.fits(*child))?;
    }
    match position {
        // Comments have no name; patchsets call them so.
        Some(position) if last.name == "comment" && last.id.is_none() => {
            let counted = at.nodes().filter(|node| node.kind() != Kind::Text);
            let found = counted
                .enumerate()
                .find(|(place, node)| node.kind() == Kind::Comment && *place == position);
            found.map(|(_, node)| node.id())
        }
        Some(_) | None => at.children().find(|child| last.fits(*child)).map(Element::id),
    }
}
