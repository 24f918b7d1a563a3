use super::*;

/// A document with these parts of its configuration.
fn document(schema: &str, options: &str, resources: &str, constraints: &str) -> Document {
    Document::parse(&format!(
        "<cib validate-with=\"{schema}\" admin_epoch=\"0\" epoch=\"1\" num_updates=\"0\">\
         <configuration><crm_config>{options}</crm_config><nodes/><resources>{resources}</resources>\
         <constraints>{constraints}</constraints></configuration><status/></cib>"
    ))
    .unwrap()
}

fn upgraded(mut before: Document) -> (Document, Upgraded) {
    let done = upgrade(&mut before).unwrap();
    assert!(crate::schema::check(&before).is_valid());
    assert_eq!(before.root().attr("validate-with"), Some("pacemaker-4.0"));
    (before, done)
}

fn found<'d>(document: &'d Document, id: &str) -> Element<'d> {
    document.find_id(id).unwrap_or_else(|| panic!("no {id} in\n{document}"))
}

#[test]
fn a_document_that_is_valid_as_it_is_only_names_the_newest_schema() {
    let primitive = "<primitive id=\"p\" class=\"systemd\" type=\"x\"/>";
    let before = document("pacemaker-3.0", "", primitive, "");
    let (after, done) = upgraded(before.clone());
    assert_eq!(after.to_string(), before.to_string().replace("3.0", "4.0"));
    assert_eq!(done.dropped, Vec::<String>::new());
    assert_eq!(done.from.to_string(), "pacemaker-3.0");
}

#[test]
fn promotable_clones_get_their_new_form() {
    let master = "<master id=\"m\"><meta_attributes id=\"a\"><nvpair id=\"b\" name=\"interleave\" \
                  value=\"true\"/></meta_attributes><primitive id=\"p\" class=\"lsb\" type=\"x\"/></master>";
    let (after, _) = upgraded(document("pacemaker-2.5", "", master, ""));
    let clone = found(&after, "m");
    assert!(clone.is("clone"));
    let first = clone.child("meta_attributes").unwrap();
    assert_eq!(first.attr("score"), Some("INFINITY"));
    assert_eq!(first.child("nvpair").unwrap().attr("name"), Some("promotable"));
}

#[test]
fn old_options_find_their_places() {
    let options = "<cluster_property_set id=\"o\"><nvpair id=\"o1\" name=\"no_quorum_policy\" \
        value=\"stop\"/><nvpair id=\"o2\" name=\"default-resource-stickiness\" value=\"7\"/>\
        <nvpair id=\"o3\" name=\"expected-quorum-votes\" value=\"2\"/></cluster_property_set>";
    let (after, done) = upgraded(document("pacemaker-1.2", options, "", ""));
    assert_eq!(found(&after, "o1").attr("name"), Some("no-quorum-policy"));
    let moved = found(&after, "o2");
    assert_eq!(moved.attr("name"), Some("resource-stickiness"));
    assert!(moved.parent().unwrap().parent().unwrap().is("rsc_defaults"));
    assert_eq!(done.dropped, ["the cluster option expected-quorum-votes has no meaning any more"]);
}

#[test]
fn what_an_operation_requires_moves_to_its_resource() {
    let primitive = "<primitive id=\"p\" class=\"lsb\" type=\"x\"><operations>\
        <op id=\"s\" name=\"start\" interval=\"0\" requires=\"quorum\"/>\
        <op id=\"m\" name=\"monitor\" interval=\"9\" requires=\"nothing\"/></operations></primitive>";
    let (after, _) = upgraded(document("pacemaker-2.10", "", primitive, ""));
    let block = found(&after, "p").child("meta_attributes").unwrap();
    assert_eq!(block.child("nvpair").unwrap().attr("value"), Some("quorum"));
    assert_eq!(found(&after, "m").attr("requires"), None);
}

#[test]
fn shared_blocks_are_shared_again_afterwards() {
    let resources = "<primitive id=\"p\" class=\"lsb\" type=\"x\"><meta_attributes id=\"a\">\
        <nvpair id=\"a1\" name=\"x\" value=\"1\"/></meta_attributes></primitive>\
        <master id=\"m\"><meta_attributes id-ref=\"a\"/>\
        <primitive id=\"q\" class=\"lsb\" type=\"x\"/></master>";
    let (after, _) = upgraded(document("pacemaker-3.5", "", resources, ""));
    let blocks: Vec<_> = found(&after, "m").children_named("meta_attributes").collect();
    assert_eq!(blocks.len(), 2);
    assert_eq!(blocks.last().unwrap().attr("id-ref"), Some("a"));
}

#[test]
fn copies_of_blocks_have_the_names_that_pacemaker_gives_them() {
    // What stays with the operation is shared again; what moved away from there is a copy.
    let operation = |id: &str, name: &str| {
        format!(
            "<op id=\"m{id}\" name=\"monitor\" interval=\"{id}\"><instance_attributes id=\"b{id}\">\
             <nvpair id=\"n{id}\" name=\"{name}\" value=\"1\"/></instance_attributes></op>"
        )
    };
    let resources = format!(
        "<primitive id=\"p\" class=\"lsb\" type=\"x\"><operations>{}{}</operations>\
         <instance_attributes id-ref=\"b1\"/><instance_attributes id-ref=\"b2\"/></primitive>\
         <primitive id=\"q\" class=\"lsb\" type=\"x\"><instance_attributes id-ref=\"b2\"/></primitive>",
        operation("1", "own"),
        operation("2", "requires")
    );
    let (after, _) = upgraded(document("pacemaker-2.10", "", &resources, ""));
    let blocks = |id: &str| -> Vec<String> {
        let blocks = found(&after, id).children_named("instance_attributes");
        blocks.map(|block| block.to_string().replace(['\n', ' '], "")).collect()
    };
    let copy = |of: &str, inner: &str| {
        format!(
            "<instance_attributesid=\"{of}\"><nvpairid=\"{inner}\"name=\"requires\"value=\"1\"/>\
             </instance_attributes>"
        )
    };
    assert_eq!(
        blocks("p"),
        ["<instance_attributesid-ref=\"b1\"/>".to_owned(), copy("_cibtr-2_b2", "__cibtr-2_b2__n2")]
    );
    // An id is given once.
    assert_eq!(blocks("q"), [copy("_2TO3_q-b2", "_2TO3_q-n2")]);
}

#[test]
fn resources_that_nothing_runs_go_with_all_that_points_at_them() {
    let resources = "<primitive id=\"u\" class=\"upstart\" type=\"x\"/>\
                     <primitive id=\"p\" class=\"lsb\" type=\"x\"/>";
    let constraints = "<rsc_location id=\"l\" rsc=\"u\" node=\"n\" score=\"1\"/>\
        <rsc_order id=\"o\"><resource_set id=\"s\"><resource_ref id=\"u\"/><resource_ref id=\"p\"/>\
        </resource_set></rsc_order>";
    let (after, done) = upgraded(document("pacemaker-3.10", "", resources, constraints));
    assert!(after.find_id("l").is_none());
    assert_eq!(found(&after, "s").children().count(), 1);
    assert_eq!(done.dropped, ["the primitive u: its kind of agent cannot be run any more"]);
}

#[test]
fn locations_with_several_rules_are_split_in_order() {
    let rule = |n: u8| {
        format!(
            "<rule id=\"r{n}\" score=\"{n}\"><expression id=\"e{n}\" attribute=\"a\" \
             operation=\"defined\"/></rule>"
        )
    };
    let location = format!(
        "<rsc_location id=\"l\" rsc=\"p\">{}{}{}</rsc_location>",
        rule(1),
        rule(2),
        rule(3)
    );
    let primitive = "<primitive id=\"p\" class=\"lsb\" type=\"x\"/>";
    let (after, _) = upgraded(document("pacemaker-3.7", "", primitive, &location));
    let ids: Vec<_> = after
        .section(crate::Section::Constraints)
        .unwrap()
        .children()
        .filter_map(|at| Some((at.attr("id")?, at.child("rule")?.attr("id")?)))
        .collect();
    assert_eq!(
        ids,
        [
            ("pcmk__3_10_upgrade-l-1", "r1"),
            ("pcmk__3_10_upgrade-l-2", "r2"),
            ("pcmk__3_10_upgrade-l-3", "r3")
        ]
    );
}

#[test]
fn users_of_old_become_targets_with_roles() {
    let mut before = document("pacemaker-1.2", "", "", "");
    let configuration = before.section(crate::Section::Configuration).unwrap().id();
    let acls = Document::parse(
        "<acls><acl_user id=\"joe\"><read id=\"r\" xpath=\"//nodes\" attribute=\"id\"/></acl_user></acls>",
    )
    .unwrap();
    before.append_copy(configuration, acls.root());
    let (after, _) = upgraded(before);
    assert_eq!(found(&after, "joe").child("role").unwrap().attr("id"), Some("auto-joe"));
    let permission = found(&after, "r");
    assert_eq!(permission.attr("xpath"), Some("//nodes[@id]"));
    assert_eq!(permission.parent().unwrap().attr("id"), Some("auto-joe"));
}

#[test]
fn what_cannot_be_upgraded_is_left_as_it_was() {
    let mut wrong = document("pacemaker-2.3", "", "<nonsense/>", "");
    let before = wrong.to_string();
    let error = upgrade(&mut wrong).unwrap_err();
    assert!(error.to_string().starts_with(
        "the document follows no schema from pacemaker-2.3 to pacemaker-4.0: line 1: <nonsense>"
    ));
    assert_eq!(wrong.to_string(), before);
    let mut unknown = document("pacemaker-9.9", "", "", "");
    assert!(matches!(upgrade(&mut unknown), Err(NotUpgraded::UnknownSchema(Some(_)))));
    let mut none = document("none", "", "<nonsense/>", "");
    assert!(upgrade(&mut none).is_ok());
}

#[test]
fn references_in_a_circle_end() {
    let resources = "<primitive id=\"p\" class=\"lsb\" type=\"x\"><meta_attributes id=\"a\">\
        <rule id=\"r\" score=\"1\"><rule id-ref=\"r\"/></rule></meta_attributes></primitive>\
        <master id=\"m\"><primitive id=\"q\" class=\"lsb\" type=\"x\"/></master>";
    let mut before = document("pacemaker-3.10", "", resources, "");
    // Whatever becomes of it, it becomes of it soon.
    let _ = upgrade(&mut before);
}
