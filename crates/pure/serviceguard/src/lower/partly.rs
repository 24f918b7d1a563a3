//! Packages of which some modules run, while somebody works on the others: their group has only the members
//! that run. The file says what is missing.
//!
//! Field words: Serviceguard *partial-startup maintenance mode*, `cmrunpkg -m`, `-e`.

use std::collections::BTreeSet;

use cib::{Document, Element, NodeId};

use super::members::{self, Member};
use crate::package::{Package, Style, Type};
use crate::text::Text;

/// What packages start, in the order in which they do.
pub const MODULES: [&str; 7] = [
    "sg/external_pre",
    "sg/volume_group",
    "sg/filesystem",
    "sg/package_ip",
    "sg/external",
    "sg/resource",
    "sg/service",
];

/// How much of a package is started.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Extent {
    /// Modules up to this one and with it; nothing is all of them.
    pub up_to: Option<&'static str>,
    pub without: Vec<&'static str>,
}

impl Extent {
    fn has(&self, module: &str) -> bool {
        let place = |name: &str| MODULES.iter().position(|known| *known == name);
        // What is of no module is there to hold a place.
        let Some(at) = place(module) else { return true };
        self.up_to.is_none_or(|last| place(last).is_some_and(|last| at <= last))
            && !self.without.contains(&module)
    }
}

/// A module by its name; also by the plural that some manuals have, and without `sg/`.
pub fn module(name: &str) -> Option<&'static str> {
    let name = name.strip_prefix("sg/").unwrap_or(name);
    let bare = |known: &&&str| known.strip_prefix("sg/") == Some(name);
    let plural = || {
        name.strip_suffix('s')
            .and_then(|one| MODULES.iter().find(|known| known.strip_prefix("sg/") == Some(one)))
    };
    MODULES.iter().find(bare).or_else(plural).copied()
}

/// Whether a package can be in maintenance: modular ones that run on one node can.
pub fn is_maintainable(package: &Package) -> bool {
    package.kind() == Type::Failover && package.style == Style::Modular
}

/// Has a package that is down start only so much. Answers with the members that it then has; none if nothing
/// of it is of these modules: then nothing was changed.
pub fn write(document: &mut Document, name: &str, extent: &Extent) -> Vec<String> {
    let (Some(group), Some(package)) = (group(document, name), package(document, name)) else {
        return Vec::new();
    };
    let chosen = |member: &Member| extent.has(member.module);
    let members: Vec<Member> = members::of(&package).into_iter().filter(chosen).collect();
    let ids: Vec<String> = members.iter().map(|member| member.id.clone()).collect();
    if !members.is_empty() {
        members::write_members(document, group, &package, members);
    }
    ids
}

/// Members that a package's file names and its group does not have.
pub fn missing(document: &Document, name: &str) -> Vec<String> {
    let (Some(group), Some(package)) = (group(document, name), package(document, name)) else {
        return Vec::new();
    };
    let there: BTreeSet<&str> =
        document.element(group).children().filter_map(|at| at.attr("id")).collect();
    let all = members::of(&package).into_iter().map(|member| member.id);
    all.filter(|id| !there.contains(id.as_str())).collect()
}

fn group(document: &Document, name: &str) -> Option<NodeId> {
    document.find_id(name).filter(|at| at.is("group")).map(Element::id)
}

fn package(document: &Document, name: &str) -> Option<Package> {
    super::package_text(document, name).map(|text| Package::of(&Text::parse(&text)))
}
