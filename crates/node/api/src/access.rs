//! Who may use the API: root, the daemon's own user, and members of one group.
//!
//! The socket's mode says the same to the kernel; this check holds even where the socket's
//! directory or mode was changed by hand.

use std::fs;

use cib::acl::User;
use tokio::net::unix::UCred;
use wire::api::Caller;

/// Whose members may administer the cluster. Field word: Pacemaker's `haclient`.
const GROUP: &str = "haclient";

/// The rule, with the numbers of this system.
#[derive(Clone, Debug)]
pub(crate) struct Access {
    own: u32,
    /// This machine's name without its domain; empty if nobody knows.
    host: String,
    /// `None` if this system has no such group.
    pub(crate) group: Option<u32>,
}

impl Access {
    pub(crate) fn of_this_system() -> Self {
        let own = rustix::process::geteuid().as_raw();
        let groups = fs::read_to_string("/etc/group").unwrap_or_default();
        let host = fs::read_to_string("/proc/sys/kernel/hostname").unwrap_or_default();
        let host = host.trim().split('.').next().unwrap_or_default().to_owned();
        Self { own, host, group: group_line(&groups).map(|line| line.id) }
    }

    /// Who is at the other end, if they may. They may act for somebody else if they may everything
    /// themselves.
    pub(crate) fn caller(&self, peer: Peer, acting_for: Option<&str>) -> Option<Caller> {
        let users = fs::read_to_string("/etc/passwd").unwrap_or_default();
        let groups = fs::read_to_string("/etc/group").unwrap_or_default();
        let own = self.decide(peer, &users, &groups)?;
        let caller = match acting_for {
            None => Some(own),
            Some(name) if name == own.name => Some(own),
            Some(name) => own.groups.is_none().then(|| limited(name.to_owned(), &groups)),
        };
        caller.map(|caller| self.placed(caller))
    }

    /// Roles may be given to who asks on this machine: `USER@HOST` and `@HOST` are as groups of theirs.
    fn placed(&self, mut caller: Caller) -> Caller {
        let Self { host, .. } = self;
        if let Some(groups) = caller.groups.as_mut().filter(|_| !host.is_empty()) {
            groups.extend([format!("{}@{host}", caller.name), format!("@{host}")]);
        }
        caller
    }

    fn decide(&self, Peer { uid, gid }: Peer, users: &str, groups: &str) -> Option<Caller> {
        let name = user_name(users, uid);
        let listed = || {
            let line = group_line(groups)?;
            let name = name.as_deref()?;
            Some(self.group == Some(line.id) && line.members.split(',').any(|m| m == name))
        };
        let may =
            uid == 0 || uid == self.own || self.group == Some(gid) || listed().unwrap_or(false);
        may.then(|| {
            let name = name.clone().unwrap_or_else(|| format!("uid {uid}"));
            let is_free = uid == 0 || uid == self.own;
            if is_free { Caller::free(name) } else { limited(name, groups) }
        })
    }
}

/// Who may log in from the network: the members of one group.
#[derive(Clone, Debug)]
pub(crate) struct Members(String);

impl Members {
    /// Of `group`, or of the usual one.
    pub(crate) fn of(group: Option<String>) -> Self {
        Self(group.unwrap_or_else(|| GROUP.to_owned()))
    }

    /// One who proved to be of that name, if the group lets them in. They may what the document lets
    /// them, whoever they are.
    pub(crate) fn named(&self, name: &str) -> Option<Caller> {
        let users = fs::read_to_string("/etc/passwd").unwrap_or_default();
        let groups = fs::read_to_string("/etc/group").unwrap_or_default();
        named_in(&self.0, name, &users, &groups)
    }
}

/// The numbers of who is at the other end.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Peer {
    pub(crate) uid: u32,
    pub(crate) gid: u32,
}

impl From<UCred> for Peer {
    fn from(peer: UCred) -> Self {
        Self { uid: peer.uid(), gid: peer.gid() }
    }
}

fn limited(name: String, groups: &str) -> Caller {
    let User { name, groups } = User::listed_in(groups, name);
    Caller::limited(name, groups)
}

fn named_in(group: &str, name: &str, users: &str, groups: &str) -> Option<Caller> {
    let line = line_of(group, groups)?;
    let is_listed = line.members.split(',').any(|member| member == name);
    let primary = users.lines().find_map(|user| {
        let rest = user.strip_prefix(name)?.strip_prefix(':')?;
        rest.split(':').nth(2)?.parse::<u32>().ok()
    });
    let may = !name.is_empty() && (is_listed || primary == Some(line.id));
    may.then(|| limited(name.to_owned(), groups))
}

struct GroupLine<'a> {
    id: u32,
    members: &'a str,
}

/// The line `haclient:x:189:alice,bob`.
fn group_line(groups: &str) -> Option<GroupLine<'_>> {
    line_of(GROUP, groups)
}

fn line_of<'g>(group: &str, groups: &'g str) -> Option<GroupLine<'g>> {
    groups.lines().find_map(|line| {
        let mut fields = line.split(':');
        if fields.next() != Some(group) {
            return None;
        }
        let id = fields.nth(1)?.parse().ok()?;
        Some(GroupLine { id, members: fields.next().unwrap_or("").trim() })
    })
}

/// From lines such as `alice:x:1000:1000:...`.
fn user_name(users: &str, uid: u32) -> Option<String> {
    users.lines().find_map(|line| {
        let mut fields = line.split(':');
        let name = fields.next()?;
        let id: u32 = fields.nth(1)?.parse().ok()?;
        (id == uid).then(|| name.to_owned())
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const USERS: &str = "root:x:0:0::/root:/bin/sh\nalice:x:1000:1000::/:/bin/sh\nbob:x:1001:1001::\nbroken\nhacluster:x:189:189::";
    const GROUPS: &str = "root:x:0:\nhaclient:x:189:carol,alice\nbroken:";

    fn access() -> Access {
        Access { own: 189, host: String::new(), group: Some(189) }
    }

    #[test]
    fn root_own_user_and_the_group_may() {
        let may = |uid, gid| access().decide(Peer { uid, gid }, USERS, GROUPS);
        assert_eq!(may(0, 0), Some(Caller::free("root")));
        assert_eq!(may(189, 5), Some(Caller::free("hacluster")));
        let alice = Caller::limited("alice", vec!["haclient".to_owned()]);
        assert_eq!(may(1000, 1000), Some(alice), "listed in the group");
        assert_eq!(may(1001, 189), Some(Caller::limited("bob", vec![])), "by its primary group");
    }

    #[test]
    fn only_who_may_everything_acts_for_others() {
        let access = Access { own: 189, host: String::new(), group: Some(7) };
        let root = Peer { uid: 0, gid: 0 };
        let other = Peer { uid: 60_001, gid: 7 };
        let name_of_root = access.caller(root, None).unwrap().name;
        assert_eq!(access.caller(root, Some(&name_of_root)), access.caller(root, None));
        let acting = access.caller(root, Some("no such user")).unwrap();
        assert_eq!(acting, Caller::limited("no such user", vec![]));
        assert!(access.caller(other, None).unwrap().groups.is_some());
        assert_eq!(access.caller(other, Some("root")), None);
    }

    #[test]
    fn who_asks_here_is_known_to_be_here() {
        let access = Access { host: "n1".to_owned(), ..access() };
        let here = access.placed(Caller::limited("ann", vec!["staff".to_owned()]));
        let groups = ["staff", "ann@n1", "@n1"].map(str::to_owned).to_vec();
        assert_eq!(here.groups, Some(groups));
        assert_eq!(access.placed(Caller::free("root")).groups, None);
    }

    #[test]
    fn others_may_not() {
        assert_eq!(access().decide(Peer { uid: 1001, gid: 1001 }, USERS, GROUPS), None);
        assert_eq!(access().decide(Peer { uid: 4242, gid: 4242 }, USERS, GROUPS), None);
        assert_eq!(
            access().decide(Peer { uid: 1000, gid: 1000 }, USERS, "haclient:x:7:alice"),
            None,
            "group changed"
        );
    }

    #[test]
    fn a_name_gets_in_by_the_group_only() {
        let named = |name| named_in(GROUP, name, USERS, GROUPS);
        assert!(named("alice").is_some() && named("carol").is_some(), "listed");
        assert!(named("hacluster").is_some(), "by its primary group");
        for other in ["root", "bob", "", "alic", "alice:x", "nobody"] {
            assert_eq!(named(other), None, "{other}");
        }
        assert_eq!(named_in(GROUP, "alice", USERS, "wheel:x:1:alice"), None, "no such group");
    }

    #[test]
    fn without_the_group_only_root_and_the_own_user_may() {
        let access = Access { own: 1000, host: String::new(), group: None };
        assert_eq!(access.decide(Peer { uid: 1001, gid: 1001 }, USERS, GROUPS), None);
        assert!(access.decide(Peer { uid: 1000, gid: 1000 }, USERS, GROUPS).is_some());
        assert!(access.decide(Peer { uid: 0, gid: 0 }, "", "").is_some(), "without a user list");
    }
}
