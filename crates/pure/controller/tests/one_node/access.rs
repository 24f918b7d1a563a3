//! What roles in the document let users do.

use controller::Input;
use wire::api::{Caller, Change, Edit, Refused, Reply, Request};

use crate::node::{ME, Node};

const CONFIGURATION: &str = r#"<configuration>
  <crm_config><cluster_property_set id="o"><nvpair id="o-acl" name="enable-acl" value="true"/>
    <nvpair id="o-delay" name="cluster-delay" value="60s"/></cluster_property_set></crm_config>
  <nodes><node id="1" uname="n1"/></nodes><resources/><constraints/>
  <acls>
    <acl_target id="ann"><role id="operator"/></acl_target>
    <acl_target id="zoe"><role id="keeper"/></acl_target>
    <acl_role id="keeper"><acl_permission id="p5" kind="write" xpath="/cib/configuration/nodes/node"/></acl_role>
    <acl_group id="readers"><role id="reader"/></acl_group>
    <acl_role id="operator">
      <acl_permission id="p1" kind="write" reference="o-delay"/>
      <acl_permission id="p2" kind="write" xpath="/cib/status"/>
      <acl_permission id="p3" kind="read" xpath="/cib"/>
    </acl_role>
    <acl_role id="reader"><acl_permission id="p4" kind="read" object-type="nodes"/></acl_role>
  </acls></configuration>"#;

fn node() -> Node {
    let mut node = Node::new(1);
    node.member_of(1, &[ME], model::Quorum::ByRule);
    node.settle();
    node.configure(CONFIGURATION);
    node
}

fn ask(node: &mut Node, caller: Caller, request: Request) -> Reply {
    node.replies.clear();
    node.step(Input::Asked { client: 9, caller, request });
    node.settle();
    node.replies.pop().expect("there is an answer")
}

fn change(node: &mut Node, caller: Caller, change: Change) -> Reply {
    ask(node, caller, Request::Change { change, force: false, based_on: None })
}

fn limited(name: &str, groups: &[&str]) -> Caller {
    Caller::limited(name, groups.iter().map(ToString::to_string).collect())
}

fn set(id: &str, value: &str) -> Change {
    let name = id.trim_start_matches("o-");
    let name = if name == "acl" { "enable-acl" } else { "cluster-delay" };
    let xml = format!(
        r#"<cluster_property_set id="o"><nvpair id="{id}" name="{name}" value="{value}"/></cluster_property_set>"#
    );
    Change::Edit { edits: vec![Edit::Modify { xml }] }
}

fn is_done(reply: &Reply) -> bool {
    matches!(reply, Reply::Done { .. })
}

const NOT_PERMITTED: Reply = Reply::Refused(Refused::NotPermitted);

#[test]
fn everybody_sees_what_their_roles_show() {
    let mut node = node();
    assert_eq!(ask(&mut node, limited("bob", &["users"]), Request::Document), NOT_PERMITTED);
    let Reply::Document { xml, .. } =
        ask(&mut node, limited("bob", &["users", "readers"]), Request::Document)
    else {
        panic!("readers read");
    };
    assert!(xml.contains("uname=\"n1\"") && !xml.contains("enable-acl"), "{xml}");
    let Reply::Document { xml, .. } = ask(&mut node, Caller::free("root"), Request::Document)
    else {
        panic!("root reads");
    };
    assert!(xml.contains("acl_role"), "{xml}");
}

#[test]
fn everybody_changes_what_their_roles_let_them() {
    let mut node = node();
    let ann = || limited("ann", &[]);
    let reply = change(&mut node, ann(), set("o-delay", "30s"));
    assert!(is_done(&reply), "{reply:?}");
    assert_eq!(change(&mut node, ann(), set("o-acl", "false")), NOT_PERMITTED);
    let bob = limited("bob", &["readers"]);
    assert_eq!(change(&mut node, bob.clone(), set("o-delay", "1s")), NOT_PERMITTED);
    let attribute = |value: &str| Change::Attribute {
        node: "n1".to_owned(),
        name: "a".to_owned(),
        value: Some(value.to_owned()),
        manner: wire::api::Manner::default(),
    };
    assert!(is_done(&change(&mut node, ann(), attribute("1"))));
    assert_eq!(change(&mut node, bob, attribute("2")), NOT_PERMITTED);
    let reply = change(&mut node, Caller::free("root"), set("o-delay", "40s"));
    assert!(is_done(&reply), "{reply:?}");
}

#[test]
fn what_no_role_speaks_of_is_for_the_free_alone() {
    let mut node = node();
    let fence = || Change::Fence { node: "n1".to_owned(), action: "off".to_owned() };
    let ann = || limited("ann", &[]);
    assert_eq!(change(&mut node, ann(), fence()), NOT_PERMITTED);
    let confirm = Change::ConfirmOff { node: "n1".to_owned() };
    assert_eq!(change(&mut node, ann(), confirm), NOT_PERMITTED);
    let forget = Change::ForgetFencings { node: None };
    assert_eq!(change(&mut node, ann(), forget), NOT_PERMITTED);
    let stop = Change::Shutdown { node: "n1".to_owned() };
    assert_eq!(change(&mut node, ann(), stop), NOT_PERMITTED);
    let undo = Request::Undo { force: false, based_on: None };
    for request in [Request::History { since: 0 }, Request::Earlier, undo] {
        assert_eq!(ask(&mut node, ann(), request), NOT_PERMITTED);
    }
    // Without the option, who is let in may everything.
    let reply = change(&mut node, Caller::free("root"), set("o-acl", "false"));
    assert!(is_done(&reply), "{reply:?}");
    assert!(is_done(&change(&mut node, limited("bob", &[]), set("o-delay", "9s"))));
    let reply = ask(&mut node, ann(), Request::History { since: 0 });
    assert!(matches!(reply, Reply::History { .. }), "{reply:?}");
}

#[test]
fn a_node_is_stopped_by_who_may_write_it() {
    let mut node = node();
    let stop = |name: &str| Change::Shutdown { node: name.to_owned() };
    assert_eq!(change(&mut node, limited("ann", &[]), stop("n1")), NOT_PERMITTED);
    assert_eq!(change(&mut node, limited("bob", &["readers"]), stop("n1")), NOT_PERMITTED);
    let zoe = || limited("zoe", &[]);
    assert_eq!(change(&mut node, zoe(), stop("n9")), NOT_PERMITTED, "there is none to write");
    let reply = change(&mut node, zoe(), stop("n1"));
    assert!(is_done(&reply), "{reply:?}");
}

#[test]
fn edits_are_no_questions_about_what_is_not_shown() {
    let mut node = node();
    let bob = || limited("bob", &["readers"]);
    let edit = |edit: Edit| Change::Edit { edits: vec![edit] };
    let delete = |xpath: &str| edit(Edit::Delete { xpath: xpath.to_owned() });
    for value in ["60s", "61s"] {
        let xpath = format!("//nvpair[@name='cluster-delay' and @value='{value}']");
        assert_eq!(change(&mut node, bob(), delete(&xpath)), NOT_PERMITTED);
        let parent = format!("//nodes[//nvpair[@value='{value}']]");
        let create = Edit::Create { parent, xml: "<node id=\"2\" uname=\"n2\"/>".to_owned() };
        assert_eq!(change(&mut node, bob(), edit(create)), NOT_PERMITTED);
    }
    let xml = "<diff format=\"2\" digest=\"0\"><version><source admin_epoch=\"0\" epoch=\"1\" \
               num_updates=\"0\"/></version></diff>";
    let patch = Edit::Patch { xml: xml.to_owned() };
    assert_eq!(change(&mut node, bob(), edit(patch)), NOT_PERMITTED);
    let ann = limited("ann", &[]);
    let reply = change(&mut node, ann, delete("/cib/configuration//nvpair[@id='o-delay']"));
    assert_ne!(reply, NOT_PERMITTED, "it may, but a permission names it");
}

#[test]
fn why_an_edit_is_refused_names_nothing_that_is_not_shown() {
    let mut node = node();
    let edit = |edit: Edit| Change::Edit { edits: vec![edit] };
    let reader = || limited("bob", &["readers"]);
    // Somebody who sees it is told of the likely mistake.
    let likely = || edit(Edit::Modify { xml: r#"<acl_role id="operatr"/>"#.to_owned() });
    let reply = format!("{:?}", change(&mut node, Caller::free("root"), likely()));
    assert!(reply.contains("did you mean operator?"), "{reply}");
    let reply = format!("{:?}", change(&mut node, reader(), likely()));
    assert!(reply.contains("there is no <acl_role id=") && !reply.contains("operator"), "{reply}");
    // What would apply, were it not for what is hidden, says nothing at all.
    let taken = Edit::Create {
        parent: "/cib/configuration/nodes".to_owned(),
        xml: r#"<node id="operator" uname="n2"/>"#.to_owned(),
    };
    assert_eq!(change(&mut node, reader(), edit(taken)), NOT_PERMITTED);
}
