//! Access policies as roles of the document, which counts for who is neither root nor the cluster's own
//! user.

use std::collections::{BTreeMap, BTreeSet};

use cib::{Document, Element, NodeId, Section};

use super::options;
use super::write::{element, names};
use crate::access::{Role, Subject, granted};
use crate::cluster::Cluster;
use crate::package::Package;
use crate::text::Text;

/// What everything of ours in the section of roles begins with.
const OWN: &str = "sg-access";

/// Whose members the daemon lets in at its socket. Field word: Pacemaker's `haclient`.
const GROUP: &str = "haclient";

/// What nobody need see who is not root: a file's passwords are the cluster's.
const SECRETS: &str =
    "//nvpair[contains(@name,'passw') or contains(@name,'secret') or contains(@name,'community')]";

/// What the files that are there grant.
pub fn grants(document: &Document) -> BTreeSet<(Subject, Role)> {
    let cluster = options::cluster_text(document).unwrap_or_default();
    let packages: Vec<Package> = options::package_texts(document)
        .iter()
        .map(|(_, text)| Package::of(&Text::parse(text)))
        .collect();
    let nodelist = options::nodelist(document).unwrap_or_default();
    granted(&Cluster::of(&Text::parse(&cluster)), &packages, &nodelist)
}

/// Writes what the files that are there grant, in place of what they granted before. Where they grant
/// nothing, access control is as somebody else has set it.
pub(super) fn write(document: &mut Document) {
    let old: Vec<NodeId> = document
        .section(Section::Acls)
        .into_iter()
        .flat_map(Element::children)
        .filter(|at| at.attr("id").is_some_and(|id| id.starts_with(OWN)))
        .map(Element::id)
        .collect();
    old.into_iter().for_each(|at| document.remove(at));
    let grants = grants(document);
    options::control_access(document, !grants.is_empty());
    let mut subjects: BTreeMap<&Subject, Vec<&Role>> = BTreeMap::new();
    for (subject, role) in &grants {
        subjects.entry(subject).or_default().push(role);
    }
    for (number, (subject, roles)) in subjects.into_iter().enumerate() {
        write_subject(document, number + 1, subject, &roles);
    }
    if !grants.is_empty() {
        write_roles(document);
    }
}

/// Who it is in the daemon's words: a user; a group; or, from one node, what the daemon there puts each
/// caller into besides their groups: `USER@NODE` and `@NODE`.
fn write_subject(document: &mut Document, number: usize, subject: &Subject, roles: &[&Role]) {
    let Subject { user, host } = subject;
    let (kind, name) = match (user, host) {
        (Some(user), None) => ("acl_target", user.clone()),
        (Some(user), Some(host)) => ("acl_group", format!("{user}@{host}")),
        (None, Some(host)) => ("acl_group", format!("@{host}")),
        (None, None) => ("acl_group", GROUP.to_owned()),
    };
    let section = document.section_or_new(Section::Acls);
    let at = element(document, section, kind, &format!("{OWN}.{number}"));
    document.set(at, "name", &name);
    let mut ids = BTreeSet::new();
    for role in roles {
        match role {
            Role::Monitor => drop(ids.insert(monitor())),
            Role::PackageAdmin(package) => drop(ids.insert(of_package(package))),
            Role::FullAdmin => {
                ids.insert(of_nodes());
                ids.extend(
                    options::package_texts(document).iter().map(|(name, _)| of_package(name)),
                );
            }
        }
    }
    for id in ids {
        element(document, at, "role", &id);
    }
}

fn monitor() -> String {
    format!("{OWN}-monitor")
}

fn of_nodes() -> String {
    format!("{OWN}-nodes")
}

fn of_package(package: &str) -> String {
    format!("{OWN}-package-{package}")
}

fn write_roles(document: &mut Document) {
    write_role(document, &monitor(), &[("read", "/cib".to_owned()), ("deny", SECRETS.to_owned())]);
    // Who may write a node's element may halt the node.
    write_role(document, &of_nodes(), &[("write", "/cib/configuration/nodes/node".to_owned())]);
    let nodes: Vec<String> = document
        .section(Section::Nodes)
        .into_iter()
        .flat_map(Element::children)
        .filter_map(|node| Some(node.attr("uname")?.to_owned()))
        .collect();
    for (package, _) in options::package_texts(document) {
        let permissions = permissions(document, &package, &nodes);
        let permissions: Vec<(&str, String)> =
            permissions.into_iter().map(|xpath| ("write", xpath)).collect();
        write_role(document, &of_package(&package), &permissions);
    }
}

fn write_role(document: &mut Document, id: &str, permissions: &[(&str, String)]) {
    let section = document.section_or_new(Section::Acls);
    let role = element(document, section, "acl_role", id);
    for (number, (kind, xpath)) in permissions.iter().enumerate() {
        let at = element(document, role, "acl_permission", &format!("{id}.{}", number + 1));
        document.set(at, "kind", kind);
        document.set(at, "xpath", xpath);
    }
}

/// What switching, running and halting a package change: its switches, where it may run by hand,
/// its maintenance, and what is remembered of its members' failures.
fn permissions(document: &Document, package: &str, nodes: &[String]) -> Vec<String> {
    let is = |name: &str, value: &str| format!("@{name}='{value}'");
    let bans = nodes.iter().map(|node| names::ban(package, node));
    let own = [names::switching(package), names::unhalted(package)].into_iter().chain(bans);
    let own: Vec<String> = own.map(|id| is("id", &id)).collect();
    let maintenance = format!("{package}-meta-maintenance");
    let pair = "//node_state/transient_attributes/instance_attributes/nvpair";
    let mut found = vec![
        format!("//rsc_location[{}][{}]", is("rsc", package), own.join(" or ")),
        format!("{pair}[{}]", is("name", &names::runs(package))),
        format!(
            "//meta_attributes[{}]/nvpair[{}][@name='maintenance']",
            is("id", &format!("{package}-meta")),
            is("id", &maintenance)
        ),
    ];
    let text = options::package_text(document, package).unwrap_or_default();
    for service in &Package::of(&Text::parse(&text)).services {
        found.push(format!("{pair}[{}]", is("name", &names::restarts(&service.name.value))));
    }
    let resources = document.section(Section::Resources).into_iter().flat_map(Element::children);
    let top = resources.into_iter().find(|at| at.attr("id") == Some(package));
    let members = top.into_iter().flat_map(Element::descendants).filter(|at| at.is("primitive"));
    for member in members.filter_map(|at| at.attr("id")) {
        found.push(format!("//lrm_resource[{} or starts-with(@id,'{member}:')]", is("id", member)));
        let of = ["fail-count", "last-failure"]
            .map(|what| format!("starts-with(@name,'{what}-{member}#')"))
            .join(" or ");
        found.push(format!("{pair}[{of}]"));
    }
    found
}
