//! Ping nodes: who is pinged stood in ha.cf, and who counted was a resource of the document, a child of Heartbeat, or
//! nobody.

use cib::{Document, Element, NodeId, Section};

use super::Work;
use crate::lower::Kind;
use crate::settings::Settings;

/// Parameters of `pingd` that `ping` does not have.
const GONE: [&str; 3] = ["section", "set", "user"];

/// Resources that count who answers.
pub(super) fn counters(document: &Document) -> impl Iterator<Item = Element<'_>> {
    let is_counter =
        |at: &Element<'_>| at.is("primitive") && matches!(at.attr("type"), Some("pingd" | "ping"));
    document.root().descendants().filter(is_counter)
}

/// Has the document's own counters use the agent of today; without any, takes the clones of `lowered`.
pub(super) fn renew(work: &mut Work, settings: &Settings, lowered: &Document) {
    let counters: Vec<NodeId> = counters(&work.document).map(Element::id).collect();
    if counters.is_empty() {
        let into = work.document.section_or_new(Section::Resources);
        for clone in lowered.section(Section::Resources).into_iter().flat_map(Element::children) {
            work.document.append_copy(into, clone);
        }
    }
    for counter in counters {
        if work.at(counter).attr("type") == Some("pingd") {
            counted(work, settings, counter);
        }
    }
}

fn counted(work: &mut Work, settings: &Settings, counter: NodeId) {
    work.document.set(counter, "provider", "pacemaker");
    work.document.set(counter, "type", "ping");
    let set = work.at(counter).child("instance_attributes").map(Element::id).unwrap_or_else(|| {
        let id = format!("{}-parameters", work.attr(counter, "id").unwrap_or_default());
        let (id, set) = (work.free(&id), work.document.append(counter, "instance_attributes"));
        work.document.set(set, "id", &id);
        set
    });
    let pairs = work.at(set).children_named("nvpair");
    let gone = pairs.filter(|pair| pair.attr("name").is_some_and(|name| GONE.contains(&name)));
    let gone: Vec<NodeId> = gone.map(Element::id).collect();
    for pair in gone {
        work.document.remove(pair);
    }
    let has = |work: &Work, name: &str| {
        work.at(set).children_named("nvpair").any(|pair| pair.attr("name") == Some(name))
    };
    if !has(work, "host_list") {
        let hosts: Vec<&str> =
            settings.pings.iter().flat_map(|ping| &ping.addresses).map(String::as_str).collect();
        work.add_pair(set, "host_list", &hosts.join(" "));
    }
    if !has(work, "name") {
        work.add_pair(set, "name", "pingd");
    }
    let (line, id) = (work.at(counter).line(), work.attr(counter, "id").unwrap_or_default());
    let text =
        format!("{id}: pingd becomes ocf:pacemaker:ping, which pings itself whom ha.cf named");
    work.say(line, Kind::Becomes, text);
}
