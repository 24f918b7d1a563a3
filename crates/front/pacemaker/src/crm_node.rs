//! `crm_node`: who the nodes are; and what `pacemakerd` says of its version, by which agents decide
//! whether `crm_node` may be asked.

use std::ffi::OsString;
use std::process::ExitCode;

use cib::{Document, Element, Section};
use wire::api::Cluster;

use crate::exit::Exit;
use crate::options::Taken;
use crate::tool::{self, Trouble, switch, valued};

const TAKEN: [Taken; 10] = [
    switch("help", Some('?'), "Show this help"),
    switch("version", Some('$'), "Show the version"),
    switch("verbose", Some('V'), "Accepted; nothing more is said"),
    switch("quiet", Some('Q'), "Accepted; there is nothing else to leave out"),
    switch("name", Some('n'), "The name of this node"),
    switch("cluster-id", Some('i'), "The number of this node"),
    switch("list", Some('l'), "All nodes: number, name and whether each is a member"),
    switch("partition", Some('p'), "The names of the members"),
    switch("quorum", Some('q'), "1 if the members have quorum, else 0"),
    valued("name-for-id", Some('N'), "ID", "The name of the node with this number"),
];

const PACEMAKERD: [Taken; 3] =
    [TAKEN[0], TAKEN[1], switch("features", Some('F'), "What is supported")];

/// Tells who the nodes are.
pub(crate) fn crm_node(words: Vec<OsString>) -> ExitCode {
    tool::run("crm_node", words, |words| {
        let given = tool::given(&TAKEN, words)?;
        if let Some(text) = tool::about(&given, "crm_node", &TAKEN) {
            return Ok(text);
        }
        let asked = ["name", "cluster-id", "list", "partition", "quorum", "name-for-id"];
        let asked = tool::last(&given, &asked);
        let asked = asked.ok_or_else(|| Trouble::usage("say what to tell, such as --name"))?;
        // An agent is told for which node it works.
        if let ("name", Some(node)) = (asked.name, tool::environment(ON_NODE)) {
            return Ok(format!("{node}\n"));
        }
        let (_client, snapshot, document) = tool::live()?;
        answer(asked.name, &asked.value, &snapshot.cluster, &document)
    })
}

/// Says which version this is; `quorate daemon` does the rest.
pub(crate) fn pacemakerd(words: Vec<OsString>) -> ExitCode {
    tool::run("pacemakerd", words, |words| {
        let given = tool::given(&PACEMAKERD, words)?;
        if tool::last(&given, &["features"]).is_some() {
            return Ok(features());
        }
        let about = tool::about(&given, "pacemakerd", &PACEMAKERD);
        about.ok_or_else(|| Trouble::usage("start a node with `quorate daemon --config FILE`"))
    })
}

/// As clients read it: the version, that of the feature set, and what there is.
fn features() -> String {
    let set = transition::record::FEATURE_SET;
    format!(
        "Pacemaker 3.0.2 (Build: quorate)\n Supporting v{set}: corosync-ge-2 monotonic systemd\n"
    )
}

const ON_NODE: &str = "OCF_RESKEY_CRM_meta_on_node";

fn answer(
    asked: &str,
    value: &str,
    cluster: &Cluster,
    document: &Document,
) -> Result<String, Trouble> {
    let nodes = || {
        let nodes = document.section(Section::Nodes).into_iter().flat_map(Element::children);
        nodes.filter_map(|node| Some((node.attr("id")?, node.attr("uname")?)))
    };
    let found = match asked {
        "name" => Some(cluster.node.clone()),
        "cluster-id" => {
            nodes().find(|(_, name)| *name == cluster.node).map(|(id, _)| id.to_owned())
        }
        "name-for-id" => nodes().find(|(id, _)| *id == value).map(|(_, name)| name.to_owned()),
        "partition" => Some(cluster.members.join(" ")),
        "quorum" => Some(i32::from(cluster.quorate).to_string()),
        _ => {
            let line = |(id, name): (&str, &str)| {
                let is_member = cluster.members.iter().any(|member| member == name);
                format!("{id} {name} {}", if is_member { "member" } else { "lost" })
            };
            Some(nodes().map(line).collect::<Vec<_>>().join("\n"))
        }
    };
    let missing = || Trouble::new(Exit::NoSuch, "Node is not known to cluster");
    found.map(|text| format!("{text}\n")).ok_or_else(missing)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nodes_are_told_as_scripts_read_them() {
        let document = Document::parse(
            "<cib><configuration><nodes><node id='1' uname='n1'/><node id='7' uname='n2'/></nodes>\
             </configuration></cib>",
        )
        .unwrap();
        let cluster = Cluster {
            node: "n2".to_owned(),
            members: vec!["n2".to_owned()],
            quorate: true,
            ..Cluster::default()
        };
        let told = |asked: &str, value: &str| answer(asked, value, &cluster, &document);
        for (asked, value, text) in [
            ("name", "", "n2\n"),
            ("cluster-id", "", "7\n"),
            ("name-for-id", "1", "n1\n"),
            ("partition", "", "n2\n"),
            ("quorum", "", "1\n"),
            ("list", "", "1 n1 lost\n7 n2 member\n"),
        ] {
            assert_eq!(told(asked, value).as_deref(), Ok(text), "{asked}");
        }
        assert_eq!(told("name-for-id", "9").unwrap_err().exit, Exit::NoSuch);
    }
}
