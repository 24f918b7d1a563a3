//! Patchsets as XML.

use std::fmt;

use super::{Change, Differs, New, PatchError, Patchset, Path};
use crate::element::Element;
use crate::tree::{Document, Kind, NodeId};
use crate::version::Version;

impl Patchset {
    /// Reads a patchset's XML.
    ///
    /// # Errors
    /// When it is not XML, or not a patchset of format 2.
    pub fn parse(text: &str) -> Result<Self, PatchError> {
        let document = Document::parse(text).map_err(PatchError::Unreadable)?;
        Self::read(document.root())
    }

    /// Reads a patchset from its `diff` element.
    ///
    /// # Errors
    /// When it is not a patchset of format 2.
    pub fn read(diff: Element<'_>) -> Result<Self, PatchError> {
        if !diff.is("diff") {
            return Err(malformed(diff, format!("<{}> is no patchset", diff.name())));
        }
        match diff.attr("format") {
            Some("2") => {}
            other => {
                let found = other.unwrap_or("1");
                return Err(malformed(diff, format!("format {found}; only 2 is understood")));
            }
        }
        let version = |name: &str| match diff.path(&["version", name]) {
            Some(found) => read_version(found).map(Some),
            None => Ok(None),
        };
        let changes: Result<Vec<Change>, PatchError> = diff
            .children_named("change")
            .filter(|change| change.attr("operation").is_some())
            .map(read_change)
            .collect();
        Ok(Self {
            source: version("source")?,
            target: version("target")?,
            digest: diff.attr("digest").map(str::to_owned),
            changes: changes?,
        })
    }

    /// The patchset's XML.
    pub fn to_document(&self) -> Document {
        let mut out = Document::new("diff");
        let root = out.root().id();
        out.set(root, "format", "2");
        if let Some(digest) = &self.digest {
            out.set(root, "digest", digest);
        }
        if self.source.is_some() || self.target.is_some() {
            let versions = out.append(root, "version");
            for (name, version) in [("source", self.source), ("target", self.target)] {
                if let Some(version) = version {
                    let at = out.append(versions, name);
                    out.set(at, "admin_epoch", &version.admin_epoch.to_string());
                    out.set(at, "epoch", &version.epoch.to_string());
                    out.set(at, "num_updates", &version.num_updates.to_string());
                }
            }
        }
        for change in &self.changes {
            write_change(&mut out, root, change);
        }
        out
    }
}

impl fmt::Display for Patchset {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.to_document().fmt(f)
    }
}

fn malformed(at: Element<'_>, reason: impl Into<String>) -> PatchError {
    PatchError::Malformed { line: at.line(), reason: reason.into() }
}

/// A version that is there must be complete.
fn read_version(at: Element<'_>) -> Result<Version, PatchError> {
    let complete =
        ["admin_epoch", "epoch", "num_updates"].iter().all(|name| at.attr(name).is_some());
    if !complete {
        return Err(malformed(at, format!("<{}> is not a whole version", at.name())));
    }
    Version::of(at).map_err(|error| malformed(at, error.to_string()))
}

fn read_change(change: Element<'_>) -> Result<Change, PatchError> {
    let text = change.attr("path").ok_or_else(|| malformed(change, "the path is missing"))?;
    let path = Path::parse(text)
        .ok_or_else(|| malformed(change, format!("{text} is not a path of names and ids")))?;
    match change.attr("operation") {
        Some("create") => {
            let new = change
                .nodes()
                .find_map(|node| match node.kind() {
                    Kind::Element => Some(New::Element(Document::extract(node))),
                    Kind::Comment => Some(New::Comment(node.own_text().to_owned())),
                    Kind::Text => None,
                })
                .ok_or_else(|| malformed(change, "there is nothing to create"))?;
            Ok(Change::Create { parent: path, position: position(change)?.unwrap_or(0), new })
        }
        Some("modify") => {
            let result = change
                .child("change-result")
                .and_then(|result| result.children().next())
                .ok_or_else(|| malformed(change, "the change-result is missing"))?;
            let owned = |(name, value): (&str, &str)| (name.to_owned(), value.to_owned());
            let attributes = result.attrs().map(owned).collect();
            Ok(Change::Modify { path, attributes, differs: read_list(change) })
        }
        Some("move") => {
            let position =
                position(change)?.ok_or_else(|| malformed(change, "the position is missing"))?;
            Ok(Change::Move { path, position })
        }
        Some("delete") => Ok(Change::Delete { path, position: position(change)? }),
        other => {
            let operation = other.unwrap_or_default();
            Err(malformed(change, format!("there is no operation called {operation}")))
        }
    }
}

fn position(change: Element<'_>) -> Result<Option<usize>, PatchError> {
    let read = |text: &str| {
        text.parse().map_err(|_| malformed(change, format!("position=\"{text}\" is no number")))
    };
    change.attr("position").map(read).transpose()
}

fn read_list(change: Element<'_>) -> Vec<Differs> {
    let each = |at: Element<'_>| {
        let name = at.attr("name")?.to_owned();
        Some(match at.attr("value") {
            Some(value) if at.attr("operation") != Some("unset") => {
                Differs::Set(name, value.to_owned())
            }
            Some(_) | None => Differs::Unset(name),
        })
    };
    change.child("change-list").into_iter().flat_map(Element::children).filter_map(each).collect()
}

fn write_change(out: &mut Document, root: NodeId, change: &Change) {
    let at = out.append(root, "change");
    match change {
        Change::Create { parent, position, new } => {
            out.set(at, "operation", "create");
            out.set(at, "path", &parent.to_string());
            out.set(at, "position", &position.to_string());
            match new {
                New::Element(element) => {
                    out.append_copy(at, element.root());
                }
                New::Comment(text) => {
                    out.append_comment(at, text);
                }
            }
        }
        Change::Modify { path, attributes, differs } => {
            out.set(at, "operation", "modify");
            out.set(at, "path", &path.to_string());
            write_list(out, at, differs);
            let result = out.append(at, "change-result");
            let name = path.steps().last().map_or("", |step| &step.name);
            let element = out.append(result, name);
            for (name, value) in attributes {
                out.set(element, name, value);
            }
        }
        Change::Move { path, position } => {
            out.set(at, "operation", "move");
            out.set(at, "path", &path.to_string());
            out.set(at, "position", &position.to_string());
        }
        Change::Delete { path, position } => {
            out.set(at, "operation", "delete");
            out.set(at, "path", &path.to_string());
            if let Some(position) = position {
                out.set(at, "position", &position.to_string());
            }
        }
    }
}

fn write_list(out: &mut Document, change: NodeId, differs: &[Differs]) {
    let list = out.append(change, "change-list");
    for one in differs {
        let at = out.append(list, "change-attr");
        match one {
            Differs::Set(name, value) => {
                out.set(at, "name", name);
                out.set(at, "operation", "set");
                out.set(at, "value", value);
            }
            Differs::Unset(name) => {
                out.set(at, "name", name);
                out.set(at, "operation", "unset");
            }
        }
    }
}
