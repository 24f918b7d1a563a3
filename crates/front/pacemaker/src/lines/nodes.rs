//! The list of nodes.

use crate::outline::Outline;
use crate::status::{Health, NodeShown, NodeWord};

/// Names of the nodes of which there is nothing else to be said.
#[derive(Default)]
struct Lists<'r> {
    online: Vec<&'r str>,
    offline: Vec<&'r str>,
    remote_online: Vec<&'r str>,
    remote_offline: Vec<&'r str>,
    guest_online: Vec<&'r str>,
}

pub(super) fn write(out: &mut Outline, nodes: &[NodeShown<'_>]) {
    out.begin("Node List");
    let mut lists = Lists::default();
    for shown in nodes {
        if shown.word() == NodeWord::Plain && shown.health == Health::Green {
            lists.add(shown);
        } else {
            out.item(&describe(shown));
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
    fn add(&mut self, shown: &NodeShown<'r>) {
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
        list.push(&node.name);
    }
}

fn describe(shown: &NodeShown<'_>) -> String {
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
    format!("{kind} {}: {}{health}", node.name, state(shown))
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
