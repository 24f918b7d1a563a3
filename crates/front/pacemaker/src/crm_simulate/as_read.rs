//! The document as Pacemaker has it once it has read it: marked, and with what it only implies.
//!
//! Compatibility: this is what `--save-input` saves.

use std::borrow::Cow;

use cib::{Document, NodeId};
use scheduler::{Resolved, Resource};
use transition::record::id_of_words;

/// A copy of the document, with the marks.
pub(super) fn as_read(resolved: &Resolved<'_>) -> Document {
    let mut document = resolved.document.clone();
    for failed in &resolved.failed {
        let entry = failed.element.id();
        document.set(entry, "uname", &resolved.node(failed.node).name);
        if let Some(resource) = failed.resource {
            document.set(entry, "rsc-id", &resolved.resource(resource).id);
        }
    }
    for resource in &resolved.resources {
        write_connection(&mut document, resource);
    }
    document
}

/// Writes a guest's connection, if `resource` is one, as if it were configured.
fn write_connection(document: &mut Document, resource: &Resource<'_>) {
    let Some(implied) = &resource.implied else { return };
    let is_internal = implied.meta.iter().any(|(name, _)| name == "internal_rsc");
    // Those of bundles are not written.
    if !is_internal || !resource.element.is("primitive") {
        return;
    }
    let Some(resources) = document.root().path(&["configuration", "resources"]) else { return };
    let name = &*resource.id;
    let connection = document.append(resources.id(), "primitive");
    for (key, value) in
        [("id", name), ("class", "ocf"), ("provider", "pacemaker"), ("type", "remote")]
    {
        document.set(connection, key, value);
    }
    write_pairs(document, connection, name, "meta_attributes", &implied.meta);
    if !implied.parameters.is_empty() {
        write_pairs(document, connection, name, "instance_attributes", &implied.parameters);
    }
    let operations = document.append(connection, "operations");
    for operation in &resource.operations {
        let made = document.append(operations, "op");
        for (key, value) in &operation.attributes {
            let value = if key == "id" { id_of_words(value) } else { value.to_string() };
            document.set(made, key, &value);
        }
    }
}

fn write_pairs(
    document: &mut Document,
    parent: NodeId,
    owner: &str,
    kind: &str,
    pairs: &[(Cow<'_, str>, Cow<'_, str>)],
) {
    let id = id_of_words(&format!("{owner}-{kind}"));
    let set = document.append(parent, kind);
    document.set(set, "id", &id);
    for (name, value) in pairs {
        let pair = document.append(set, "nvpair");
        document.set(pair, "id", &id_of_words(&format!("{id}-{name}")));
        document.set(pair, "name", name);
        document.set(pair, "value", value);
    }
}
