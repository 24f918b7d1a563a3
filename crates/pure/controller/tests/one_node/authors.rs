//! Whose the configuration is stands on the document.

use controller::{Input, Restored};
use wire::api::{Caller, Change, Edit, Reply, Request};

use crate::node::{ME, Node};

const NAMES: [&str; 4] = ["cib-last-written", "update-origin", "update-client", "update-user"];

fn root() -> Caller {
    Caller::free("root").by("cibadmin")
}

fn document(node: &mut Node) -> cib::Document {
    node.replies.clear();
    node.step(Input::Asked { client: 9, caller: root(), request: Request::Document });
    let Some(Reply::Document { xml, .. }) = node.replies.pop() else { panic!("root reads") };
    cib::Document::parse(&xml).expect("it is a document")
}

fn signature(document: &cib::Document) -> Vec<Option<String>> {
    let root = document.root();
    NAMES.iter().map(|name| root.attr(name).map(str::to_owned)).collect()
}

fn change(node: &mut Node, caller: Caller, change: Change) {
    let request = Request::Change { change, force: false, based_on: None };
    node.step(Input::Asked { client: 9, caller, request });
    node.settle();
}

fn add(id: &str) -> Change {
    let xml = format!("<primitive id=\"{id}\" class=\"lsb\" type=\"x\"/>");
    Change::Edit { edits: vec![Edit::Create { parent: "//resources".to_owned(), xml }] }
}

fn signed(words: [&str; 4]) -> Vec<Option<String>> {
    words.iter().map(|word| (!word.is_empty()).then(|| (*word).to_owned())).collect()
}

#[test]
fn each_change_of_the_configuration_is_signed_and_no_other() {
    let mut node = Node::new(1);
    node.member_of(1, &[ME], model::Quorum::ByRule);
    node.settle();
    assert_eq!(signature(&document(&mut node)), signed(["", "", "", ""]), "nobody changed it yet");
    node.configure(
        "<configuration><crm_config/><nodes/><resources/><constraints/></configuration>",
    );
    change(&mut node, root(), add("a"));
    let first = signed(["Tue Nov 14 22:13:20 2023", "n1", "cibadmin", "root"]);
    assert_eq!(signature(&document(&mut node)), first);
    // A minute later the status changes; then somebody changes the configuration who does not say by
    // what.
    node.wait_seconds(60);
    let value = Some("1".to_owned());
    let (of, name) = ("n1".to_owned(), "x".to_owned());
    change(
        &mut node,
        root(),
        Change::Attribute { node: of, name, value, manner: wire::api::Manner::default() },
    );
    assert_eq!(signature(&document(&mut node)), first);
    change(&mut node, Caller::free("hacluster"), add("b"));
    let second = signed(["Tue Nov 14 22:14:20 2023", "n1", "", "hacluster"]);
    assert_eq!(signature(&document(&mut node)), second);
    // What the disk kept says the same.
    let (restored, damage) = Restored::from_records(node.records.clone());
    assert_eq!(damage, Vec::<String>::new());
    assert_eq!(signature(&restored.configuration.expect("there is one")), second);
    assert_eq!(signature(&restored.earlier.expect("there is one")), first);
}

#[test]
fn old_schemas_have_room_for_the_time_alone() {
    let mut node = Node::new(1);
    node.member_of(1, &[ME], model::Quorum::ByRule);
    node.settle();
    let xml = "<cib validate-with=\"pacemaker-1.0\"><configuration><crm_config/><nodes><node id='1' uname='n1' \
               type='normal'/></nodes><resources/><constraints/></configuration><status/></cib>";
    let edits = vec![Edit::Replace { xml: xml.to_owned() }];
    change(&mut node, root(), Change::Edit { edits });
    let found = signature(&document(&mut node));
    assert_eq!(found, signed(["Tue Nov 14 22:13:20 2023", "", "", ""]));
}
