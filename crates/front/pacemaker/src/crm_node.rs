//! `crm_node`: who the nodes are, and forgetting one that is gone; and what `pacemakerd` says of its
//! version, by which agents decide whether `crm_node` may be asked.

use std::ffi::OsString;
use std::process::ExitCode;

use cib::{Document, Element, Section};
use wire::api::Cluster;

use crate::exit::Exit;
use crate::home::{Found, Home};
use crate::natural_order::natural_order;
use crate::options::Taken;
use crate::outline::Outline;
use crate::output::Output;
use crate::tool::{self, Call, Tool, Trouble, last, switch, valued};

const TAKEN: [Taken; 9] = [
    switch("quiet", Some('Q'), "Accepted; there is nothing else to leave out"),
    switch("name", Some('n'), "The name of this node"),
    switch("cluster-id", Some('i'), "The number of this node"),
    switch("list", Some('l'), "All nodes: number, name and whether each is a member"),
    switch("partition", Some('p'), "The names of the members"),
    switch("quorum", Some('q'), "1 if the members have quorum, else 0"),
    valued("name-for-id", Some('N'), "ID", "The name of the node with this number"),
    valued("remove", Some('R'), "NAME", "Forget a node that is stopped: its entry and its history"),
    switch("force", Some('f'), "Needed to remove a node"),
];

const TOOL: Tool = Tool {
    name: "crm_node",
    purpose: "Tells who the nodes are, and forgets one that is gone.",
    taken: &TAKEN,
    loose: "",
};

const COMMANDS: [&str; 7] =
    ["name", "cluster-id", "list", "partition", "quorum", "name-for-id", "remove"];

const PACEMAKERD: [Taken; 3] = [
    switch("help", Some('?'), "Show this help"),
    switch("version", Some('$'), "Show the version"),
    switch("features", Some('F'), "What is supported"),
];

/// Tells who the nodes are. A document in a file stands for no running cluster: it is not looked at.
pub(crate) fn crm_node(words: Vec<OsString>) -> ExitCode {
    tool::serve(&TOOL, words, act)
}

fn act(call: &Call, said: &mut Output) -> Result<Exit, Trouble> {
    let asked = last(&call.given, &COMMANDS);
    let asked = asked.ok_or_else(|| Trouble::usage("say what to tell, such as --name"))?;
    if call.has("remove") && !call.has("force") {
        return Err(Trouble::usage(
            "The supplied command is considered dangerous.  To prevent accidental destruction of \
             the cluster, the --force flag is required in order to proceed.",
        ));
    }
    let question = match asked.name {
        "name" => Question::Name(None),
        "name-for-id" => {
            // Nobody has the number 0: it stands for this node.
            Question::Name(call.number("name-for-id")?.filter(|number| *number != 0))
        }
        "cluster-id" => Question::Number,
        "list" => Question::List,
        "partition" => Question::Partition,
        "quorum" => Question::Quorum,
        _ => return remove(&asked.value).map(|()| Exit::Ok),
    };
    // An agent is told for which node it works.
    if let (Question::Name(None), Some(node)) = (question, tool::environment(ON_NODE)) {
        tell_name(&node, said);
        return Ok(Exit::Ok);
    }
    let (_client, snapshot, document) = tool::live()?;
    answer(question, &snapshot.cluster, &document, said)?;
    Ok(Exit::Ok)
}

const ON_NODE: &str = "OCF_RESKEY_CRM_meta_on_node";

/// What is to be told.
#[derive(Clone, Copy, Debug)]
enum Question {
    /// The name of this node, or of the one with this number.
    Name(Option<i64>),
    Number,
    List,
    Partition,
    Quorum,
}

/// A node of the cluster itself; remote nodes are known to its members, not to its messages.
#[derive(Clone, Copy, Debug)]
struct Peer<'d> {
    id: &'d str,
    name: &'d str,
    is_member: bool,
}

impl Peer<'_> {
    fn state(&self) -> &'static str {
        if self.is_member { "member" } else { "lost" }
    }
}

fn peers<'d>(cluster: &Cluster, document: &'d Document) -> Vec<Peer<'d>> {
    let nodes = document.section(Section::Nodes).into_iter().flat_map(Element::children);
    let own = nodes.filter(|node| matches!(node.attr("type"), None | Some("member")));
    let mut found: Vec<Peer<'d>> = own
        .filter_map(|node| {
            let (id, name) = (node.attr("id")?, node.attr("uname")?);
            Some(Peer { id, name, is_member: cluster.members.iter().any(|one| one == name) })
        })
        .collect();
    found.sort_by(|a, b| natural_order(a.name, b.name));
    found
}

fn answer(
    question: Question,
    cluster: &Cluster,
    document: &Document,
    said: &mut Output,
) -> Result<(), Trouble> {
    let peers = peers(cluster, document);
    let unknown = || Trouble::new(Exit::NoSuch, "Node is not known to cluster");
    match question {
        Question::Name(None) => tell_name(&cluster.node, said),
        Question::Name(Some(number)) => {
            let number = number.to_string();
            let named = peers.iter().find(|peer| peer.id == number);
            tell_name(named.ok_or_else(unknown)?.name, said);
        }
        Question::Number => {
            let own = peers.iter().find(|peer| peer.name == cluster.node);
            let id = own.ok_or_else(unknown)?.id;
            said.tell(|out| out.line(id), |xml| xml.empty("node-info", &[("nodeid", id)]));
        }
        Question::List => list(&peers, said),
        Question::Partition => partition(&peers, said),
        Question::Quorum => {
            let has = cluster.quorate;
            said.tell(
                |out| out.line(if has { "1" } else { "0" }),
                |xml| {
                    xml.empty("cluster-info", &[("quorum", if has { "true" } else { "false" })]);
                },
            );
        }
    }
    Ok(())
}

/// As XML the number is 0, whoever it is: who asks for names does not ask for numbers.
fn tell_name(name: &str, said: &mut Output) {
    said.tell(
        |out| out.line(name),
        |xml| xml.empty("node-info", &[("nodeid", "0"), ("uname", name)]),
    );
}

fn list(peers: &[Peer<'_>], said: &mut Output) {
    let line = |peer: &Peer<'_>| format!("{} {} {}", peer.id, peer.name, peer.state());
    tell_peers(peers, |out| peers.iter().for_each(|peer| out.line(&line(peer))), said);
}

fn partition(peers: &[Peer<'_>], said: &mut Output) {
    let members: Vec<Peer<'_>> = peers.iter().copied().filter(|peer| peer.is_member).collect();
    let names: Vec<&str> = members.iter().map(|peer| peer.name).collect();
    tell_peers(&members, |out| out.line(&names.join(" ")), said);
}

fn tell_peers(peers: &[Peer<'_>], lines: impl FnOnce(&mut Outline), said: &mut Output) {
    said.tell(lines, |xml| {
        xml.begin("nodes");
        for peer in peers {
            let state = peer.state();
            xml.empty("node", &[("id", peer.id), ("name", peer.name), ("state", state)]);
        }
        xml.end();
    });
}

/// Takes a node out of the configuration and the status. That one is not there is no trouble: it is as
/// wanted.
fn remove(named: &str) -> Result<(), Trouble> {
    Home::running().change("Could not connect to the CIB: ", |found| without(found, named))
}

/// The document without a node, which a number or else a name names.
fn without(found: &Found, named: &str) -> Result<(Document, ()), Trouble> {
    let has_number = named.parse::<i64>().is_ok_and(|number| number > 0);
    let key = if has_number { "id" } else { "uname" };
    let places = [(Section::Nodes, "node"), (Section::Status, "node_state")];
    let gone: Vec<Element<'_>> = places
        .into_iter()
        .flat_map(|(section, kind)| {
            let all = found.document.section(section).into_iter().flat_map(Element::children);
            all.filter(move |at| at.is(kind) && at.attr(key) == Some(named))
        })
        .collect();
    let members = found.cluster.as_ref().map(|cluster| cluster.members.as_slice());
    for name in gone.iter().filter_map(|at| at.attr("uname")) {
        if members.unwrap_or_default().iter().any(|member| member == name) {
            let words = format!("Could not remove node {name}: it is a member; stop it first");
            return Err(Trouble::new(Exit::Unsafe, words));
        }
    }
    let mut after = found.document.clone();
    gone.iter().for_each(|at| after.remove(at.id()));
    Ok((after, ()))
}

/// Says which version this is; `quorate daemon` does the rest.
pub(crate) fn pacemakerd(words: Vec<OsString>) -> ExitCode {
    tool::run("pacemakerd", words, |words| {
        let given = tool::given(&PACEMAKERD, words)?;
        if last(&given, &["features"]).is_some() {
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::output::Format;

    const NODES: &str = "<cib><configuration><nodes><node id='7' uname='n10'/>\
        <node id='1' uname='n2'/><node id='far' uname='far' type='remote'/></nodes></configuration>\
        <status><node_state id='1' uname='n2'/><node_state id='7' uname='n10'/></status></cib>";

    fn found() -> Found {
        let cluster = Cluster {
            node: "n10".to_owned(),
            members: vec!["n10".to_owned()],
            quorate: true,
            ..Cluster::default()
        };
        Found { document: Document::parse(NODES).unwrap(), cluster: Some(cluster) }
    }

    fn told(question: Question, format: Format) -> Result<String, Exit> {
        let Found { document, cluster } = found();
        let mut said = Output::new(format, "crm_node", false);
        answer(question, &cluster.unwrap(), &document, &mut said)
            .map_err(|trouble| trouble.exit)?;
        let mut out = Vec::new();
        said.finish(Exit::Ok, &mut out, &mut Vec::new());
        Ok(String::from_utf8(out).unwrap())
    }

    #[test]
    fn nodes_are_told_as_scripts_read_them() {
        for (question, text, xml) in [
            (Question::Name(None), "n10\n", "<node-info nodeid=\"0\" uname=\"n10\"/>"),
            (Question::Name(Some(1)), "n2\n", "<node-info nodeid=\"0\" uname=\"n2\"/>"),
            (Question::Number, "7\n", "<node-info nodeid=\"7\"/>"),
            (Question::Partition, "n10\n", "<node id=\"7\" name=\"n10\" state=\"member\"/>"),
            (Question::Quorum, "1\n", "<cluster-info quorum=\"true\"/>"),
            (
                Question::List,
                "1 n2 lost\n7 n10 member\n",
                "<node id=\"1\" name=\"n2\" state=\"lost\"/>",
            ),
        ] {
            assert_eq!(told(question, Format::Text).as_deref(), Ok(text), "{question:?}");
            assert!(told(question, Format::Xml).unwrap().contains(xml), "{question:?}");
        }
        assert_eq!(told(Question::Name(Some(9)), Format::Text), Err(Exit::NoSuch));
    }

    #[test]
    fn who_is_gone_is_forgotten_and_who_is_a_member_is_not() {
        for named in ["n2", "1"] {
            let (after, ()) = without(&found(), named).unwrap();
            let left = after.to_string();
            assert!(!left.contains("n2") && left.contains("<node_state id=\"7\""), "{left}");
        }
        for named in ["n10", "7"] {
            assert_eq!(without(&found(), named).unwrap_err().exit, Exit::Unsafe);
        }
        let (after, ()) = without(&found(), "nobody").unwrap();
        assert_eq!(after.to_string(), found().document.to_string());
    }
}
