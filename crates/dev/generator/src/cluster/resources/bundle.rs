//! Bundles.

use cib::NodeId;

use crate::draft::{Agent, Copies, Draft};

pub(super) fn draw(draft: &mut Draft, parent: NodeId, id: &str) -> NodeId {
    let element = draft.add(parent, "bundle", &[("id", id)]);
    super::meta(draft, element, super::META);
    let engine = draft.chance.word(&["docker", "podman"]);
    let replicas = 1 + draft.chance.below(3);
    let count = replicas.to_string();
    let container = draft.add(element, engine, &[("image", "web:1"), ("replicas", &count)]);
    let shared = draft.chance.percent(20);
    if shared {
        draft.document.set(container, "replicas-per-host", "2");
    }
    for (name, percent, value) in
        [("network", 8, "host"), ("run-command", 10, "/bin/serve"), ("options", 8, "--user=web")]
    {
        if draft.chance.percent(percent) {
            draft.document.set(container, name, value);
        }
    }
    let promotable = draft.chance.percent(40);
    if promotable {
        draft.document.set(container, "promoted-max", "1");
    }
    let inside = draft.chance.percent(75);
    if inside || draft.chance.percent(50) {
        let attributes = [("ip-range-start", "192.0.2.10"), ("control-port", "3121")];
        let network = draft.add(element, "network", &attributes);
        if draft.chance.percent(25) {
            draft.add_new(network, "port-mapping", &[("port", "80")]);
        }
    }
    if draft.chance.percent(25) {
        let storage = draft.add(element, "storage", &[]);
        let source = draft.chance.word(&["source-dir", "source-dir-root"]);
        let attributes = [(source, "/srv/data"), ("target-dir", "/data"), ("options", "rw")];
        draft.add_new(storage, "storage-mapping", &attributes);
    }
    for replica in 0..replicas {
        draft.primitives.push(Agent {
            id: format!("{id}-{engine}-{replica}"),
            class: "ocf",
            provider: Some("heartbeat"),
            kind: engine,
            copies: Copies::ONE,
            bundle: None,
            makes_node: true,
        });
        draft.remotes.push(format!("{id}-{replica}"));
    }
    if inside {
        let copies = Copies { instances: replicas, unique: shared, promotable };
        super::primitive(draft, element, &format!("{id}i"), copies);
        if let Some(agent) = draft.primitives.last_mut() {
            agent.bundle = Some(id.to_owned());
        }
    }
    element
}
