//! Who may use the API: root, the daemon's own user, and members of one group.
//!
//! The socket's mode says the same to the kernel; this check holds even where the socket's
//! directory or mode was changed by hand.

use std::fs;

use tokio::net::unix::UCred;

/// Whose members may administer the cluster. Field word: Pacemaker's `haclient`.
const GROUP: &str = "haclient";

/// The rule, with the numbers of this system.
#[derive(Clone, Debug)]
pub(crate) struct Access {
    own: u32,
    /// `None` if this system has no such group.
    pub(crate) group: Option<u32>,
}

impl Access {
    pub(crate) fn of_this_system() -> Self {
        let own = rustix::process::geteuid().as_raw();
        let groups = fs::read_to_string("/etc/group").unwrap_or_default();
        Self { own, group: group_line(&groups).map(|line| line.id) }
    }

    /// The name of the user at the other end, if that user may.
    pub(crate) fn user(&self, peer: &UCred) -> Option<String> {
        let users = fs::read_to_string("/etc/passwd").unwrap_or_default();
        let groups = fs::read_to_string("/etc/group").unwrap_or_default();
        self.decide(peer.uid(), peer.gid(), &users, &groups)
    }

    fn decide(&self, uid: u32, gid: u32, users: &str, groups: &str) -> Option<String> {
        let name = user_name(users, uid);
        let listed = || {
            let line = group_line(groups)?;
            let name = name.as_deref()?;
            Some(self.group == Some(line.id) && line.members.split(',').any(|m| m == name))
        };
        let may =
            uid == 0 || uid == self.own || self.group == Some(gid) || listed().unwrap_or(false);
        may.then(|| name.clone().unwrap_or_else(|| format!("uid {uid}")))
    }
}

struct GroupLine<'a> {
    id: u32,
    members: &'a str,
}

/// The line `haclient:x:189:alice,bob`.
fn group_line(groups: &str) -> Option<GroupLine<'_>> {
    groups.lines().find_map(|line| {
        let mut fields = line.split(':');
        if fields.next() != Some(GROUP) {
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
        Access { own: 189, group: Some(189) }
    }

    #[test]
    fn root_own_user_and_the_group_may() {
        let may = |uid, gid| access().decide(uid, gid, USERS, GROUPS);
        assert_eq!(may(0, 0).as_deref(), Some("root"));
        assert_eq!(may(189, 5).as_deref(), Some("hacluster"));
        assert_eq!(may(1000, 1000).as_deref(), Some("alice"), "listed in the group");
        assert_eq!(may(1001, 189).as_deref(), Some("bob"), "by its primary group");
    }

    #[test]
    fn others_may_not() {
        assert_eq!(access().decide(1001, 1001, USERS, GROUPS), None);
        assert_eq!(access().decide(4242, 4242, USERS, GROUPS), None);
        assert_eq!(access().decide(1000, 1000, USERS, "haclient:x:7:alice"), None, "group changed");
    }

    #[test]
    fn without_the_group_only_root_and_the_own_user_may() {
        let access = Access { own: 1000, group: None };
        assert_eq!(access.decide(1001, 1001, USERS, GROUPS), None);
        assert!(access.decide(1000, 1000, USERS, GROUPS).is_some());
        assert!(access.decide(0, 0, "", "").is_some(), "without a user list");
    }
}
