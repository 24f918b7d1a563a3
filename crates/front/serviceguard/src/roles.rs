//! Who gives a command, and whether they may: said in words before anything is changed. The daemon holds
//! everybody to it all the same.

use std::collections::BTreeSet;

use cib::acl::{self, User};
use cib::{Document, Element, Section};
use serviceguard::access::Role;
use serviceguard::lower;

use crate::call::Trouble;

/// What a command takes.
pub(crate) enum Needs<'p> {
    /// To run, halt and switch this package.
    Package(&'p str),
    /// To halt nodes.
    Nodes,
}

/// Refuses who is neither root nor named by a policy for that.
pub(crate) fn needs(document: &Document, needs: &Needs<'_>) -> Result<(), Trouble> {
    let user = user();
    let known = User { name: user.clone(), groups: Vec::new() };
    // Where somebody else has written roles, only the daemon knows.
    if is_root() || !acl::is_limited(document, &known) || has_other_roles(document) {
        return Ok(());
    }
    let host = host();
    let all = lower::grants(document).into_iter();
    let roles: BTreeSet<Role> =
        all.filter(|(who, _)| who.is(&user, &host)).map(|(_, role)| role).collect();
    let (may, wanted, what) = match needs {
        Needs::Package(package) => (
            roles.contains(&Role::PackageAdmin((*package).to_owned())),
            "PACKAGE_ADMIN",
            format!("package {package}"),
        ),
        Needs::Nodes => (false, "FULL_ADMIN", "nodes".to_owned()),
    };
    if may || roles.contains(&Role::FullAdmin) {
        return Ok(());
    }
    let has: Vec<String> = roles.iter().map(in_words).collect();
    let has = if has.is_empty() { "none".to_owned() } else { view::words::list(&has) };
    Err(Trouble(format!(
        "Permission denied: {what} takes the role {wanted}, and {user} has {has} on node {host}"
    )))
}

fn has_other_roles(document: &Document) -> bool {
    let acls = document.section(Section::Acls).into_iter().flat_map(Element::children);
    acls.into_iter().any(|at| at.attr("id").is_none_or(|id| !id.starts_with("sg-access")))
}

fn in_words(role: &Role) -> String {
    match role {
        Role::Monitor => "MONITOR".to_owned(),
        Role::PackageAdmin(package) => format!("PACKAGE_ADMIN of {package}"),
        Role::FullAdmin => "FULL_ADMIN".to_owned(),
    }
}

/// Refuses who is not root.
pub(crate) fn needs_root(what: &str) -> Result<(), Trouble> {
    if is_root() {
        return Ok(());
    }
    Err(Trouble(format!("Permission denied: {what} takes root, and not {}", user())))
}

pub(crate) fn is_root() -> bool {
    rustix::process::geteuid().is_root()
}

/// Who gives the command.
pub(crate) fn user() -> String {
    let id = rustix::process::geteuid().as_raw();
    let users = std::fs::read_to_string("/etc/passwd").unwrap_or_default();
    let name = users.lines().find_map(|line| {
        let mut fields = line.split(':');
        let name = fields.next()?;
        (fields.nth(1)?.parse() == Ok(id)).then(|| name.to_owned())
    });
    name.unwrap_or_else(|| format!("uid {id}"))
}

/// This machine's name without its domain, as policies have it.
fn host() -> String {
    let name = std::fs::read_to_string("/proc/sys/kernel/hostname").unwrap_or_default();
    name.trim().split('.').next().unwrap_or_default().to_owned()
}
