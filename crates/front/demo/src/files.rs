//! The files that the demo needs: agents, configurations, the document.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;

use cib::Document;

use crate::NODES;
use crate::directory::{Directory, file};
use crate::network::Network;
use crate::trouble::Trouble;

/// Our agents, as in the source tree.
const AGENTS: [(&str, &str); 6] = [
    ("fence/fence_quorate", include_str!("../../../../agents/fence/fence_quorate")),
    ("ocf/quorate/address", include_str!("../../../../agents/ocf/quorate/address")),
    ("ocf/quorate/counter", include_str!("../../../../agents/ocf/quorate/counter")),
    ("ocf/quorate/lock", include_str!("../../../../agents/ocf/quorate/lock")),
    ("ocf/quorate/ping", include_str!("../../../../agents/ocf/quorate/ping")),
    ("ocf/quorate/webserver", include_str!("../../../../agents/ocf/quorate/webserver")),
];

/// The configuration.
const DOCUMENT: &str = include_str!("../../../../examples/web/cib.xml");

/// Writes agents and each node's configuration.
pub(crate) fn fill(directory: &Directory, network: &Network) -> Result<(), Trouble> {
    for (name, text) in AGENTS {
        let path = directory.path().join("agents").join(name);
        directory.write(&path, text)?;
        fs::set_permissions(&path, fs::Permissions::from_mode(0o755))
            .map_err(|source| file("change", &path, source))?;
    }
    directory.make_folder(&directory.path().join("shared"))?;
    directory.write(&directory.path().join("pam/quorate"), PAM_RULES)?;
    for name in NODES {
        directory.write(
            &directory.node(name).join("quorate.toml"),
            &configuration(directory, network, name),
        )?;
        if let Some(namespace) = network.namespace(name) {
            directory.write(&directory.node(name).join("netns"), &format!("{namespace}\n"))?;
        }
    }
    Ok(())
}

/// Who may log in to the nodes' consoles, if the machine has no rules of its own for that.
const PAM_RULES: &str = include_str!("../../../../packaging/pam/quorate");

fn configuration(directory: &Directory, network: &Network, name: &str) -> String {
    let path = |path: PathBuf| format!("\"{}\"", path.display());
    let (ip, port) = network.console(name);
    let nodes: Vec<String> =
        (1..).zip(NODES).map(|(id, name)| format!("{{ name = \"{name}\", id = {id} }}")).collect();
    format!(
        "name = \"{name}\"\nstate_dir = {}\napi_socket = {}\nagents = {}\nlog_level = \
         \"info\"\nnodes = [{}]\n\n[fabric]\nkind = \"embedded\"\nsocket = {}\n\n[web]\nlisten = \
         \"{ip}:{port}\"\npam_rules = {}\n",
        path(directory.node(name)),
        path(directory.socket(name)),
        path(directory.path().join("agents")),
        nodes.join(", "),
        path(directory.path().join("fabric.sock")),
        path(directory.path().join("pam")),
    )
}

/// The example's document with this demo's paths, address and port; kept as `web.xml`.
pub(crate) fn document(directory: &Directory, network: &Network) -> Result<String, Trouble> {
    let example = |error: &dyn std::fmt::Display| Trouble::Example(error.to_string());
    let mut document = Document::parse(DOCUMENT).map_err(|error| example(&error))?;
    let text = |path: PathBuf| path.display().to_string();
    let (ip, port) = network.service();
    for (resource, name, value) in [
        ("power", "state_dir", text(directory.path().to_owned())),
        ("lock", "file", text(directory.lock_file())),
        ("address", "ip", ip.to_string()),
        ("server", "ip", ip.to_string()),
        ("server", "port", port.to_string()),
    ] {
        let found = document
            .find_id(resource)
            .into_iter()
            .flat_map(cib::Element::descendants)
            .find(|pair| pair.is("nvpair") && pair.attr("name") == Some(name))
            .map(cib::Element::id);
        let found = found.ok_or_else(|| example(&format!("{resource} has no {name}")))?;
        document.set(found, "value", &value);
    }
    let text = document.to_string();
    directory.write(&directory.path().join("web.xml"), &text)?;
    Ok(text)
}
