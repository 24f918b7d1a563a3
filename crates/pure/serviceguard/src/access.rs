//! Who may do what: access policies of the cluster's and of packages' files, and `cmclnodelist` where
//! there are none.

use std::collections::BTreeSet;

use crate::cluster::{Cluster, Policy};
use crate::package::Package;

/// What a user may, from one place. Each includes looking.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Role {
    Monitor,
    /// Run, halt and switch this package.
    PackageAdmin(String),
    /// All packages and nodes, and not the configuration.
    FullAdmin,
}

/// Who.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Subject {
    /// `None`: any user.
    pub user: Option<String>,
    /// On which node they give the command. `None`: on any.
    pub host: Option<String>,
}

impl Subject {
    /// Whether it is this user on this node.
    pub fn is(&self, user: &str, host: &str) -> bool {
        self.user.as_ref().is_none_or(|name| name == user)
            && self.host.as_ref().is_none_or(|name| name == host)
    }
}

/// Everything that the files grant. `nodelist` is the text of `cmclnodelist`; it counts where the
/// cluster's file has no policy.
pub fn granted(
    cluster: &Cluster,
    packages: &[Package],
    nodelist: &str,
) -> BTreeSet<(Subject, Role)> {
    let mut found = BTreeSet::new();
    let names: Vec<&str> = packages.iter().map(Package::called).collect();
    for policy in &cluster.policies {
        let role = policy.role.as_ref().map(|role| role.value.as_str());
        let everywhere = is_anywhere(policy);
        let roles = match role {
            Some("package_admin") if !everywhere => {
                names.iter().map(|name| Role::PackageAdmin((*name).to_owned())).collect()
            }
            Some("full_admin") if !everywhere => vec![Role::FullAdmin],
            Some(_) => vec![Role::Monitor],
            None => Vec::new(),
        };
        // A cluster without packages has administrators of packages all the same: they look.
        let looks = (!roles.is_empty() || role.is_some()).then_some(Role::Monitor);
        for role in roles.into_iter().chain(looks) {
            found.extend(subjects(policy).map(|subject| (subject, role.clone())));
        }
    }
    for package in packages {
        for policy in package.policies.iter().filter(|policy| !is_anywhere(policy)) {
            let admin = Role::PackageAdmin(package.called().to_owned());
            for role in [admin, Role::Monitor] {
                found.extend(subjects(policy).map(|subject| (subject, role.clone())));
            }
        }
    }
    if cluster.policies.is_empty() {
        found.extend(listed(nodelist).map(|subject| (subject, Role::Monitor)));
    }
    found
}

/// Who comes from anywhere may only look. Source: the manual.
fn is_anywhere(policy: &Policy) -> bool {
    let host = policy.host.as_ref();
    host.is_some_and(|host| host.value.eq_ignore_ascii_case("ANY_SERVICEGUARD_NODE"))
}

/// Those whom a policy is about. One without a host is refused before it comes here.
fn subjects(policy: &Policy) -> impl Iterator<Item = Subject> {
    let any = ["ANY_SERVICEGUARD_NODE", "CLUSTER_MEMBER_NODE"];
    let host = policy.host.as_ref().map(|host| host.value.as_str());
    let is_any = host.is_some_and(|host| any.iter().any(|word| word.eq_ignore_ascii_case(host)));
    let host = if is_any { None } else { host.map(str::to_owned) };
    policy.users.value.split_whitespace().map(move |user| Subject {
        user: (!user.eq_ignore_ascii_case("ANY_USER")).then(|| user.to_owned()),
        host: host.clone(),
    })
}

/// Users of a `cmclnodelist`: `NODE USER`, `+` for any node, and comments. Root needs no line.
fn listed(text: &str) -> impl Iterator<Item = Subject> {
    let words = |line: &str| {
        let line = line.split('#').next().unwrap_or_default();
        let mut words = line.split_whitespace().map(str::to_owned);
        Some((words.next()?, words.next()?))
    };
    let found: Vec<(String, String)> = text.lines().filter_map(words).collect();
    found.into_iter().filter(|(_, user)| user != "root").map(|(host, user)| Subject {
        user: (user != "+").then_some(user),
        host: (host != "+").then_some(host),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::text::Text;

    fn what(cluster: &str, packages: &[&str], nodelist: &str, user: &str, host: &str) -> Vec<Role> {
        let cluster = Cluster::of(&Text::parse(cluster));
        let packages: Vec<Package> =
            packages.iter().map(|text| Package::of(&Text::parse(text))).collect();
        let all = granted(&cluster, &packages, nodelist).into_iter();
        let roles: BTreeSet<Role> =
            all.filter(|(who, _)| who.is(user, host)).map(|(_, role)| role).collect();
        roles.into_iter().collect()
    }

    const MAIL: &str = "package_name mail\nuser_name ann\nuser_host n1\nuser_role package_admin\n";
    const SHOP: &str = "package_name shop\n";

    fn policy(user: &str, host: &str, role: &str) -> String {
        format!("USER_NAME {user}\nUSER_HOST {host}\nUSER_ROLE {role}\n")
    }

    #[test]
    fn policies_name_users_hosts_and_roles() {
        let admin = |name: &str| Role::PackageAdmin(name.to_owned());
        let of = |cluster: &str, user: &str| what(cluster, &[MAIL, SHOP], "+ eve", user, "n1");
        let any = policy("ANY_USER", "ANY_SERVICEGUARD_NODE", "MONITOR");
        assert_eq!(of(&any, "bob"), [Role::Monitor]);
        assert_eq!(of(&any, "ann"), [Role::Monitor, admin("mail")], "by the package's file");
        let two = policy("bob joe", "CLUSTER_MEMBER_NODE", "PACKAGE_ADMIN");
        assert_eq!(of(&two, "joe"), [Role::Monitor, admin("mail"), admin("shop")]);
        assert_eq!(of(&two, "eve"), [], "the node list does not count any more");
        let full = policy("bob", "n2", "FULL_ADMIN");
        assert_eq!(of(&full, "bob"), [], "that is another node");
        assert_eq!(what(&full, &[], "", "bob", "n2"), [Role::Monitor, Role::FullAdmin]);
        let far = policy("bob", "ANY_SERVICEGUARD_NODE", "FULL_ADMIN");
        assert_eq!(of(&far, "bob"), [Role::Monitor], "from anywhere one only looks");
    }

    #[test]
    fn the_node_list_counts_until_there_is_a_policy() {
        let list = "n1 root\nn1 ann # on duty\n+ bob\n# n1 eve\n";
        let of = |user, host| what("", &[SHOP], list, user, host);
        assert_eq!(of("ann", "n1"), [Role::Monitor]);
        assert_eq!(of("ann", "n2"), []);
        assert_eq!(of("bob", "n2"), [Role::Monitor]);
        assert_eq!(of("eve", "n1"), []);
        let policy = policy("eve", "n1", "MONITOR");
        assert_eq!(what(&policy, &[], list, "bob", "n1"), []);
    }
}
