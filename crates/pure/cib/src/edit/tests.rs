use super::*;
use crate::Version;

const TEXT: &str = "<cib validate-with=\"pacemaker-4.0\" admin_epoch=\"0\" epoch=\"5\" num_updates=\"3\">\
    <configuration><crm_config/><nodes/><resources>\
    <primitive id=\"db\" class=\"lsb\" type=\"x\"><meta_attributes id=\"m\">\
    <nvpair id=\"m1\" name=\"a\" value=\"1\"/></meta_attributes></primitive>\
    <primitive id=\"web\" class=\"systemd\" type=\"y\"/></resources><constraints/></configuration>\
    <status><node_state id=\"1\"/></status></cib>";

fn document() -> Document {
    Document::parse(TEXT).unwrap()
}

fn done(edits: &[Edit]) -> Applied {
    apply(&document(), edits).unwrap_or_else(|refused| panic!("{refused}"))
}

fn refused(edit: Edit) -> String {
    let before = document();
    let refused = apply(&before, &[edit]).unwrap_err().to_string();
    assert_eq!(before.to_string(), document().to_string());
    refused
}

fn in_section(section: Section) -> Place {
    Place::Section(section)
}

fn create(section: Section, xml: &str) -> Edit {
    Edit::Create { place: in_section(section), xml: xml.to_owned() }
}

fn modify(xml: &str) -> Edit {
    let place = in_section(Section::Configuration);
    Edit::Modify { place, xml: xml.to_owned(), or_create: false }
}

fn delete(xpath: &str) -> Edit {
    Edit::Delete { xpath: xpath.to_owned(), all: false }
}

const LOCATION: &str = "<rsc_location id=\"l\" rsc=\"web\" node=\"n1\" score=\"5\"/>";

#[test]
fn elements_are_created_where_they_belong() {
    let after = done(&[create(Section::Constraints, LOCATION)]);
    assert_eq!(after.changed, Changed::Configuration);
    let location = after.document.find_id("l").unwrap();
    assert!(location.parent().unwrap().is("constraints"));
    let version = after.document.version().unwrap();
    assert_eq!(version, Version { admin_epoch: 0, epoch: 6, num_updates: 0 });
    // A section that is not there yet is made; the section's own name adds its children.
    let tags = "<tags><tag id=\"t\"><obj_ref id=\"web\"/></tag></tags>";
    let after = done(&[create(Section::Tags, tags)]);
    assert!(after.document.find_id("t").unwrap().parent().unwrap().is("tags"));
    let place = Place::XPath("//primitive[@id='web']".to_owned());
    let xml = "<meta_attributes id=\"w\"/>".to_owned();
    let after = done(&[Edit::Create { place, xml }]);
    assert_eq!(after.document.find_id("w").unwrap().parent().unwrap().attr("id"), Some("web"));
}

#[test]
fn modifying_merges_and_keeps_the_rest() {
    let xml = "<primitive id=\"db\" description=\"d\"><meta_attributes id=\"m\">\
        <nvpair id=\"m1\" value=\"2\"/><nvpair id=\"m2\" name=\"b\" value=\"3\"/></meta_attributes></primitive>";
    let after = done(&[modify(xml)]).document;
    assert_eq!(after.find_id("db").unwrap().attr("type"), Some("x"));
    assert_eq!(after.find_id("db").unwrap().attr("description"), Some("d"));
    assert_eq!(after.find_id("m1").unwrap().attr("name"), Some("a"));
    assert_eq!(after.find_id("m1").unwrap().attr("value"), Some("2"));
    assert!(after.find_id("m2").is_some());
}

#[test]
fn what_is_selected_or_alike_is_deleted() {
    assert!(done(&[delete("//primitive[@id='web']")]).document.find_id("web").is_none());
    let all = Edit::Delete { xpath: "//primitive".to_owned(), all: true };
    assert!(done(&[all]).document.find_id("db").is_none());
    let place = in_section(Section::Resources);
    let like = Edit::DeleteLike { place, xml: "<nvpair name=\"a\"/>".to_owned() };
    assert!(done(&[like]).document.find_id("m1").is_none());
}

#[test]
fn elements_are_replaced_in_place() {
    let place = in_section(Section::Resources);
    let xml = "<primitive id=\"db\" class=\"lsb\" type=\"z\"/>".to_owned();
    let after = done(&[Edit::Replace { place, xml }]).document;
    let resources = after.section(Section::Resources).unwrap();
    let ids: Vec<_> = resources.children().filter_map(|at| at.attr("id")).collect();
    assert_eq!(ids, ["db", "web"]);
    assert!(after.find_id("m").is_none());
}

#[test]
fn a_whole_configuration_keeps_the_status_and_the_lineage() {
    let xml = Document::empty_cib("3.20.5", "pacemaker-3.9").to_string();
    let after = done(&[Edit::ReplaceConfiguration { xml }]).document;
    assert!(after.find_id("db").is_none());
    assert!(after.section(Section::Status).unwrap().child("node_state").is_some());
    assert_eq!(after.version().unwrap().to_string(), "0.6.0");
    assert_eq!(after.root().attr("validate-with"), Some("pacemaker-3.9"));
    let raised = TEXT.replace("admin_epoch=\"0\"", "admin_epoch=\"2\"").replace("lsb", "systemd");
    let after = done(&[Edit::ReplaceConfiguration { xml: raised }]).document;
    assert_eq!(after.version().unwrap().admin_epoch, 2);
}

#[test]
fn several_edits_count_once_and_nothing_counts_not_at_all() {
    let edits = [create(Section::Constraints, LOCATION), delete("//rsc_location")];
    let after = done(&edits);
    assert_eq!(after.changed, Changed::Nothing);
    assert_eq!(after.document.version().unwrap().to_string(), "0.5.3");
    let status = done(&[delete("//node_state")]);
    assert_eq!(status.changed, Changed::Status);
    assert_eq!(status.document.version().unwrap().to_string(), "0.5.4");
}

#[test]
fn all_or_none() {
    let edits = [create(Section::Constraints, LOCATION), delete("//nothing")];
    assert!(matches!(apply(&document(), &edits), Err(Refused::NotFound { .. })));
}

#[test]
fn refusals_say_what_and_where() {
    for (edit, wanted) in [
        (
            create(
                Section::Constraints,
                "<rsc_location id=\"l\" rsc=\"wbe\" node=\"n\" score=\"1\"/>",
            ),
            "line 1: <rsc_location id=\"l\">: rsc=\"wbe\" is not the id of a resource or tag; did \
             you mean web?",
        ),
        (
            create(
                Section::Constraints,
                "<rsc_location id=\"l\" rsc=\"m1\" node=\"n\" score=\"1\"/>",
            ),
            "line 1: <rsc_location id=\"l\">: rsc=\"m1\" is not the id of a resource or tag",
        ),
        (
            create(Section::Resources, "<primitive id=\"db\" class=\"lsb\" type=\"x\"/>"),
            "<primitive id=\"db\"> exists already",
        ),
        (
            modify("<primitive id=\"wep\"/>"),
            "there is no <primitive id=\"wep\">; did you mean web?",
        ),
        (delete("//primitive["), "expected a path, a value or a function"),
        (delete("/cib"), "the whole document cannot be deleted"),
        (delete("//x"), "nothing is selected by //x"),
        (modify("<a"), "line 1: the end of the text where an attribute, > or /> must stand"),
        (
            Edit::ReplaceConfiguration { xml: "<resources/>".to_owned() },
            "line 1: <resources> where there must be cib or configuration",
        ),
        (
            Edit::Patch { xml: "<diff format=\"1\"/>".to_owned() },
            "line 1: format 1; only 2 is understood",
        ),
    ] {
        let said = refused(edit);
        assert!(said.starts_with(wanted), "wanted {wanted}\ngot    {said}");
    }
}

#[test]
fn patchsets_are_edits_too() {
    let edited = done(&[create(Section::Constraints, LOCATION)]).document;
    let patch = crate::patch::diff(&document(), &edited).unwrap().with_digest_of(&edited);
    let after = done(&[Edit::Patch { xml: patch.to_string() }]).document;
    assert_eq!(after.to_string(), edited.to_string());
    // For any edition, the cluster counts.
    let patch = patch.without_version();
    let unversioned = Edit::Patch { xml: patch.to_string() };
    assert_eq!(done(&[unversioned]).document.version().unwrap().to_string(), "0.6.0");
}

#[test]
fn edits_one_after_another_do_not_pile_up() {
    let mut now = document();
    for number in 0..600 {
        let text = "x".repeat(4000);
        let xml = format!("<primitive id=\"db\" description=\"{number}{text}\"/>");
        now = apply(&now, &[modify(&xml)]).unwrap().document;
    }
    assert!(now.slack() <= 2 * SLACK_MAX);
    assert_eq!(now.version().unwrap().epoch, 605);
}
