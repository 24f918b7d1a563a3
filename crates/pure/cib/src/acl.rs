//! Who may read and change what.
//!
//! Roles in the document's `acls` section give users and groups permissions on elements. A
//! permission holds for the element and all inside, until a nearer one says otherwise; on the
//! same element `deny` wins. What no permission speaks of is denied. None of this counts for
//! privileged users, and for nobody unless `enable-acl` is set.
//!
//! **Not here:** finding out who someone is, and in which groups.
//!
//! **Always:** what cannot be decided is denied: a permission whose XPath cannot be read gives
//! nothing, and forbids everything if it is there to forbid.
//!
//! Field word: Pacemaker *ACL*.

mod change;
mod marks;

use std::fmt;

use crate::element::Element;
use crate::sections::Section;
use crate::tree::{Document, Kind, NodeId};
use marks::Marks;

/// Someone who asks.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct User {
    /// The name.
    pub name: String,
    /// The groups that the machine says they are in.
    pub groups: Vec<String>,
}

impl User {
    /// With the groups that the text of `/etc/group` lists them in. As in Pacemaker, a primary group
    /// does not count.
    pub fn listed_in(groups: &str, name: impl Into<String>) -> Self {
        let name = name.into();
        let is_in = |line: &str| {
            let mut fields = line.split(':');
            let group = fields.next()?;
            let members = fields.nth(2)?;
            members.split(',').any(|member| member.trim() == name).then(|| group.to_owned())
        };
        let groups = groups.lines().filter_map(is_in).collect();
        Self { name, groups }
    }
}

/// Users for whom access control does not count: the superuser and the cluster's own.
const PRIVILEGED: [&str; 2] = ["root", "hacluster"];

/// Something that a user may not do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Denied {
    /// The user.
    pub user: String,
    /// What they tried.
    pub act: Act,
    /// On what: the path of the element.
    pub path: String,
}

/// Ways to change an element.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Act {
    /// To make it.
    Create,
    /// To change its attributes.
    Change,
    /// To give its children another order.
    Reorder,
    /// To remove it.
    Remove,
}

impl fmt::Display for Denied {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let act = match self.act {
            Act::Create => "create",
            Act::Change => "change",
            Act::Reorder => "reorder",
            Act::Remove => "remove",
        };
        write!(f, "{} may not {act} {}", self.user, self.path)
    }
}

impl std::error::Error for Denied {}

/// Whether access control counts for this user: if not, they may do everything.
pub fn is_limited(document: &Document, user: &User) -> bool {
    !is_privileged(&user.name) && is_enabled(document)
}

/// What a user may see: the document without what is denied, or nothing.
pub fn readable(document: &Document, user: &User) -> Option<Document> {
    if !is_limited(document, user) {
        return Some(document.clone());
    }
    let marks = Marks::of(document, document, user);
    let mut shown = Document::new(document.root().name());
    let root = shown.root().id();
    show(&mut shown, root, document.root(), &marks, false).then_some(shown)
}

/// What a user may do with an element.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Access {
    /// Not even see it.
    Denied,
    /// See it.
    Readable,
    /// Change it, too.
    Writable,
}

/// What the roles let a user do with each element of the document, whether access control is on or
/// not.
pub fn access<'d>(document: &'d Document, user: &User) -> impl Fn(Element<'d>) -> Access {
    let marks = Marks::of(document, document, user);
    move |element| {
        let readable = std::iter::successors(Some(element), |at| at.parent())
            .find_map(|at| marks.may_read(at));
        match readable {
            Some(true) if marks.may_write(element) => Access::Writable,
            Some(true) => Access::Readable,
            Some(false) | None => Access::Denied,
        }
    }
}

/// Whether someone is a user for whom access control never counts.
pub fn is_privileged(name: &str) -> bool {
    PRIVILEGED.contains(&name)
}

/// Whether a user may make `after` of `before`. The roles of `before` count. What the cluster
/// itself writes on the root (versions, who wrote, quorum) is not looked at.
///
/// # Errors
/// When they may not; the first thing that they may not do is named.
pub fn check_change(before: &Document, after: &Document, user: &User) -> Result<(), Denied> {
    if !is_limited(before, user) {
        return Ok(());
    }
    let old = Marks::of(before, before, user);
    let new = Marks::of(before, after, user);
    change::check(before, after, &old, &new).map_err(|(act, path)| Denied {
        user: user.name.clone(),
        act,
        path,
    })
}

/// Whether `enable-acl` is set. Where several blocks speak of it, the one that counts first
/// decides; one that only holds under a rule counts if it enables.
fn is_enabled(document: &Document) -> bool {
    let Some(options) = document.section(Section::CrmConfig) else { return false };
    let mut sets: Vec<Element<'_>> = options.children_named("cluster_property_set").collect();
    sets.sort_by_key(|set| {
        let first = set.attr("id") == Some("cib-bootstrap-options");
        let score = set.attr("score").unwrap_or("0");
        let score = match score.trim_start_matches('+') {
            "INFINITY" => i64::MAX,
            "-INFINITY" => -i64::MAX,
            number => number.parse().unwrap_or(0),
        };
        (!first, -score)
    });
    for set in sets {
        let set = match set.attr("id-ref").and_then(|id| document.find_id(id)) {
            Some(meant) => meant,
            None => set,
        };
        let pair = set.children().find(|pair| pair.attr("name") == Some("enable-acl"));
        let Some(value) = pair.and_then(|pair| pair.attr("value")) else { continue };
        if is_true(value) || set.child("rule").is_none() {
            return is_true(value);
        }
    }
    false
}

/// Whether a word means yes, as Pacemaker reads it: `true`, `on`, `yes`, `y`, `1`, in any case.
pub fn is_true(text: &str) -> bool {
    ["true", "on", "yes", "y", "1"].iter().any(|word| word.eq_ignore_ascii_case(text))
}

/// Copies what may be read of `from` into `to`; answers whether anything was. Around what is
/// readable deeper inside, only names and ids are shown.
fn show(
    shown: &mut Document,
    to: NodeId,
    from: Element<'_>,
    marks: &Marks,
    inherited: bool,
) -> bool {
    let open = marks.may_read(from).unwrap_or(inherited);
    for (name, value) in from.attrs().filter(|(name, _)| open || *name == "id") {
        shown.set(to, name, value);
    }
    let mut any = open;
    for node in from.nodes() {
        match node.kind() {
            Kind::Element => {
                let made = shown.append(to, node.name());
                if show(shown, made, node, marks, open) {
                    any = true;
                } else {
                    shown.remove(made);
                }
            }
            Kind::Comment | Kind::Text if open => {
                shown.append_copy(to, node);
            }
            Kind::Comment | Kind::Text => {}
        }
    }
    any
}

#[cfg(test)]
mod tests;
