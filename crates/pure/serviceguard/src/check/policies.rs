//! Who may do what: trios of user, host and role.

use super::Findings;
use crate::cluster::Policy;

/// Names in one policy. Source: the manual.
const USERS_MAX: usize = 8;
/// Policies of a cluster. Source: general knowledge.
const POLICIES_MAX: usize = 200;

pub(super) fn check(policies: &[Policy], found: &mut Findings) {
    if let Some(policy) = policies.get(POLICIES_MAX) {
        found.error(policy.users.line, format!("more than {POLICIES_MAX} access policies"), "");
    }
    let mut seen: Vec<(&str, &str, u32)> = Vec::new();
    for policy in policies {
        let Policy { users, host, role } = policy;
        if host.is_none() {
            found.error(users.line, "an access policy without USER_HOST", "from where?");
        }
        if role.is_none() {
            found.error(users.line, "an access policy without USER_ROLE", "what may they do?");
        }
        let names: Vec<&str> = users.value.split_whitespace().collect();
        if names.is_empty() {
            found.error(users.line, "USER_NAME names nobody", "ANY_USER, or names");
        } else if names.len() > USERS_MAX {
            let what = format!("more than {USERS_MAX} names in one USER_NAME");
            found.error(users.line, what, "say a second policy");
        }
        let Some(host) = host else { continue };
        let is_anywhere = host.value.eq_ignore_ascii_case("ANY_SERVICEGUARD_NODE");
        let looks_only = role.as_ref().is_none_or(|role| role.value == "monitor");
        if is_anywhere && !looks_only {
            let what = "who comes from ANY_SERVICEGUARD_NODE may only look";
            found.warning(host.line, what, "say USER_ROLE MONITOR");
        }
        for name in names {
            let before = seen.iter().find(|(user, from, _)| (*user, *from) == (name, &host.value));
            if let Some((_, _, line)) = before {
                let what = format!("a second policy for {name} from {}", host.value);
                found.error(users.line, what, &format!("first in line {line}"));
            }
            seen.push((name, &host.value, users.line));
        }
    }
}
