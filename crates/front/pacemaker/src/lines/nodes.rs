//! The list of nodes.

use super::resources;
use crate::outline::Outline;
use crate::status::{Health, Look, NodeShown, NodeWord};

/// Names of the nodes of which there is nothing else to be said.
#[derive(Default)]
struct Lists<'r> {
    online: Vec<&'r str>,
    offline: Vec<&'r str>,
    remote_online: Vec<&'r str>,
    remote_offline: Vec<&'r str>,
    guest_online: Vec<&'r str>,
}

pub(super) fn write(out: &mut Outline, nodes: &[NodeShown<'_>], look: Look) {
    out.begin("Node List");
    let mut lists = Lists::default();
    let each = look.any(Look::BY_NODE | Look::PARTS);
    for shown in nodes {
        if !each && shown.word() == NodeWord::Plain && shown.health == Health::Green {
            lists.add(shown);
        } else if look.has(Look::BY_NODE) {
            write_running(out, shown, look);
        } else {
            out.item(&describe(shown, look));
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
            out.item(&format!("{title}: [ {} ]", names.join(" ")));
        }
    }
    out.end();
}

impl<'r> Lists<'r> {
    fn add(&mut self, shown: &'r NodeShown<'r>) {
        let node = shown.node;
        let list = match (node.online, node.is_guest(), node.is_remote()) {
            (true, true, _) => &mut self.guest_online,
            (true, false, true) => &mut self.remote_online,
            (true, false, false) => &mut self.online,
            (false, _, true) => &mut self.remote_offline,
            // A guest that is not there is no news.
            (false, true, false) => return,
            (false, false, false) => &mut self.offline,
        };
        list.push(&shown.display);
    }
}

/// A node and what runs there.
fn write_running(out: &mut Outline, shown: &NodeShown<'_>, look: Look) {
    if look.has(Look::BRIEF) && shown.brief.is_none() {
        return;
    }
    out.begin(&describe(shown, look));
    out.begin("Resources");
    match &shown.brief {
        Some(kinds) => {
            resources::write_brief(out, kinds, look.without(Look::INACTIVE) | Look::ON_NODE);
        }
        None => shown.running.iter().for_each(|resource| {
            resources::write_resource(out, resource);
        }),
    }
    out.end();
    out.end();
}

fn describe(shown: &NodeShown<'_>, look: Look) -> String {
    let node = shown.node;
    let kind = match (node.is_guest(), node.is_remote()) {
        (true, _) => "GuestNode",
        (false, true) => "RemoteNode",
        (false, false) => "Node",
    };
    let health = match shown.health {
        Health::Red => " (health is RED)",
        Health::Yellow => " (health is YELLOW)",
        Health::Green => "",
    };
    let features = shown.feature_set.filter(|_| look.has(Look::PARTS));
    let features = features.map(|set| format!(", feature set {set}")).unwrap_or_default();
    format!("{kind} {}: {}{health}{features}", shown.display, state(shown))
}

fn state(shown: &NodeShown<'_>) -> &'static str {
    let node = shown.node;
    match (shown.word(), node.online) {
        (NodeWord::Unclean, true) => "UNCLEAN (online)",
        (NodeWord::Unclean, false) if node.pending => "UNCLEAN (pending)",
        (NodeWord::Unclean, false) => "UNCLEAN (offline)",
        (NodeWord::Pending, _) => "pending",
        (NodeWord::StandbyOnFail, _) => "standby (on-fail)",
        (NodeWord::Standby, false) => "OFFLINE (standby)",
        (NodeWord::Standby, true) if node.active.is_empty() => "standby",
        (NodeWord::Standby, true) => "standby (with active resources)",
        (NodeWord::Maintenance, true) => "maintenance",
        (NodeWord::Maintenance, false) => "OFFLINE (maintenance)",
        (NodeWord::Plain, true) => "online",
        (NodeWord::Plain, false) => "OFFLINE",
    }
}
