//! The list of nodes.

use std::cmp::Ordering;

use model::Score;
use scheduler::{HealthStrategy, Node, Resolved};

use crate::text::Text;

/// Nodes by what is to be said of them.
#[derive(Default)]
struct Lists<'r> {
    online: Vec<&'r str>,
    offline: Vec<&'r str>,
    remote_online: Vec<&'r str>,
    remote_offline: Vec<&'r str>,
    guest_online: Vec<&'r str>,
}

/// Writes the list; `false` if there are no nodes.
pub(super) fn write(text: &mut Text, resolved: &Resolved<'_>) -> bool {
    if resolved.nodes.is_empty() {
        return false;
    }
    text.begin("Node List");
    let mut lists = Lists::default();
    for node in &resolved.nodes {
        let health = health(resolved, node);
        if is_plain(node) && health == Health::Green {
            lists.add(node);
        } else {
            text.item(&describe(node, health));
        }
    }
    for (title, names) in [
        ("Online", lists.online),
        ("OFFLINE", lists.offline),
        ("RemoteOnline", lists.remote_online),
        ("RemoteOFFLINE", lists.remote_offline),
        ("GuestOnline", lists.guest_online),
    ] {
        if !names.is_empty() {
            text.item(&format!("{title}: [ {} ]", names.join(" ")));
        }
    }
    text.end();
    true
}

impl<'r> Lists<'r> {
    fn add(&mut self, node: &'r Node<'_>) {
        let list = match (node.online, node.is_guest(), node.is_remote()) {
            (true, true, _) => &mut self.guest_online,
            (true, false, true) => &mut self.remote_online,
            (true, false, false) => &mut self.online,
            (false, _, true) => &mut self.remote_offline,
            // A guest that is not there is no news.
            (false, true, false) => return,
            (false, false, false) => &mut self.offline,
        };
        list.push(&node.name);
    }
}

/// Nothing is to be said of the node but whether it is online.
fn is_plain(node: &Node<'_>) -> bool {
    !(node.unclean
        || node.pending
        || (node.standby_on_fail && node.online)
        || node.standby
        || node.maintenance)
}

fn describe(node: &Node<'_>, health: Health) -> String {
    let kind = match (node.is_guest(), node.is_remote()) {
        (true, _) => "GuestNode",
        (false, true) => "RemoteNode",
        (false, false) => "Node",
    };
    let health = match health {
        Health::Red => " (health is RED)",
        Health::Yellow => " (health is YELLOW)",
        Health::Green => "",
    };
    format!("{kind} {}: {}{health}", node.name, state(node))
}

fn state(node: &Node<'_>) -> &'static str {
    if node.unclean {
        return match (node.online, node.pending) {
            (true, _) => "UNCLEAN (online)",
            (false, true) => "UNCLEAN (pending)",
            (false, false) => "UNCLEAN (offline)",
        };
    }
    if node.pending {
        return "pending";
    }
    if node.standby_on_fail && node.online {
        return "standby (on-fail)";
    }
    match (node.standby, node.online, node.maintenance) {
        (true, false, _) => "OFFLINE (standby)",
        (true, true, _) if node.active.is_empty() => "standby",
        (true, true, _) => "standby (with active resources)",
        (false, true, true) => "maintenance",
        (false, false, true) => "OFFLINE (maintenance)",
        (false, true, false) => "online",
        (false, false, false) => "OFFLINE",
    }
}

/// A node's health as one colour, the worst last.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Health {
    Green,
    Yellow,
    Red,
}

/// The worst of the node's health attributes.
fn health(resolved: &Resolved<'_>, node: &Node<'_>) -> Health {
    let never = Score::MINUS_INFINITY;
    let (green, yellow, red) = match resolved.options.health {
        HealthStrategy::None => return Health::Green,
        HealthStrategy::MigrateOnRed => (Score::ZERO, Score::ZERO, never),
        HealthStrategy::OnlyGreen => (Score::ZERO, never, never),
        HealthStrategy::Progressive { green, yellow, red, .. }
        | HealthStrategy::Custom { green, yellow, red } => (green, yellow, red),
    };
    let mut worst = Health::Green;
    for (_, value) in node.attributes.iter().filter(|(name, _)| name.starts_with("#health")) {
        // The words come first: two colours may have the same score.
        let colour = match value.to_ascii_lowercase().as_str() {
            "red" => Health::Red,
            "yellow" => Health::Yellow,
            text => match Score::parse(text) {
                Some(score) if score <= red => Health::Red,
                Some(score) if score <= yellow && yellow != green => Health::Yellow,
                Some(_) | None => Health::Green,
            },
        };
        worst = worst.max(colour);
    }
    worst
}

/// Order of names in which runs of digits count as numbers and case does not.
pub(crate) fn natural_order(a: &str, b: &str) -> Ordering {
    let (mut a, mut b) = (a.as_bytes(), b.as_bytes());
    loop {
        let (Some(first_a), Some(first_b)) = (a.first(), b.first()) else {
            return a.len().cmp(&b.len());
        };
        if first_a.is_ascii_digit() && first_b.is_ascii_digit() {
            let (run_a, rest_a) = digits(a);
            let (run_b, rest_b) = digits(b);
            // Of equal numbers the one with fewer leading zeros comes first.
            let order = significant(run_a)
                .len()
                .cmp(&significant(run_b).len())
                .then_with(|| significant(run_a).cmp(significant(run_b)))
                .then_with(|| run_a.len().cmp(&run_b.len()));
            if order != Ordering::Equal {
                return order;
            }
            (a, b) = (rest_a, rest_b);
        } else {
            let order = first_a.to_ascii_lowercase().cmp(&first_b.to_ascii_lowercase());
            if order != Ordering::Equal {
                return order;
            }
            (a, b) = (a.get(1..).unwrap_or_default(), b.get(1..).unwrap_or_default());
        }
    }
}

fn digits(text: &[u8]) -> (&[u8], &[u8]) {
    let end = text.iter().position(|byte| !byte.is_ascii_digit()).unwrap_or(text.len());
    text.split_at(end)
}

fn significant(run: &[u8]) -> &[u8] {
    let start = run.iter().position(|byte| *byte != b'0').unwrap_or(run.len());
    run.get(start..).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::natural_order;

    #[test]
    fn numbers_in_names_count() {
        let mut names = ["node10", "Node9", "node2", "node02", "db", "node"];
        names.sort_by(|a, b| natural_order(a, b));
        assert_eq!(names, ["db", "node", "node2", "node02", "Node9", "node10"]);
    }
}
