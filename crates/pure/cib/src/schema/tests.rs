use super::*;

/// A small valid document with `inside` in place of one resource and one constraint.
fn with(schema: &str, resource: &str, constraint: &str) -> Document {
    Document::parse(&format!(
        "<cib validate-with=\"{schema}\" admin_epoch=\"0\" epoch=\"1\" num_updates=\"0\">\n\
         <configuration><crm_config/><nodes/>\n\
         <resources><primitive id=\"db\" class=\"ocf\" provider=\"heartbeat\" type=\"x\"/>\n\
         {resource}\n</resources>\n\
         <constraints>\n{constraint}\n</constraints></configuration><status><any thing=\"\"/></status></cib>"
    ))
    .unwrap()
}

fn said(document: &Document) -> Vec<String> {
    check(document).violations.iter().map(ToString::to_string).collect()
}

#[test]
fn mistakes_are_named_with_their_line_and_the_likely_word() {
    for (resource, constraint, message) in [
        (
            "<primitve id=\"web\"/>",
            "",
            "line 4: <primitve id=\"web\">: may not stand in <resources>; did you mean primitive?",
        ),
        (
            "<primitive id=\"web\" class=\"ofc\" provider=\"x\" type=\"y\"/>",
            "",
            "line 4: <primitive id=\"web\">: class=\"ofc\" must be one of ocf, lsb, heartbeat, \
             stonith, service, systemd; did you mean ocf?",
        ),
        (
            "<primitive id=\"web\" class=\"systemd\" typ=\"nginx\"/>",
            "",
            "line 4: <primitive id=\"web\">: the attribute typ is not known here; did you mean type?",
        ),
        (
            "<primitive id=\"web\" class=\"ocf\" type=\"nginx\"/>",
            "",
            "line 4: <primitive id=\"web\">: the attribute provider is missing",
        ),
        ("<clone id=\"c\"/>", "", "line 4: <clone id=\"c\">: <primitive> or <group> is missing"),
        (
            "",
            "<rsc_location id=\"l\" rsc=\"bd\" node=\"n1\" score=\"5\"/>",
            "line 7: <rsc_location id=\"l\">: rsc=\"bd\" is not the id of a resource or tag; did you \
             mean db?",
        ),
        (
            "",
            "<rsc_location id=\"l\" rsc=\"db\" node=\"n1\" score=\"much\"/>",
            "line 7: <rsc_location id=\"l\">: score=\"much\" must be a whole number, INFINITY or \
             -INFINITY",
        ),
        (
            "",
            "<rsc_location id=\"db\" rsc=\"db\" node=\"n1\" score=\"5\"/>",
            "line 7: <rsc_location id=\"db\">: the id db was used before, in line 3",
        ),
        (
            "",
            "<rsc_location id=\"l\" rsc=\"db\"/>",
            "line 7: <rsc_location id=\"l\">: the attribute score is missing",
        ),
        ("", "stray", "line 6: <constraints>: text where none may be: \"stray\""),
    ] {
        let said = said(&with("pacemaker-4.0", resource, constraint));
        assert!(said.iter().any(|text| text == message), "wanted {message}\ngot {said:#?}");
    }
}

#[test]
fn what_came_and_went_depends_on_the_schema() {
    let master = "<master id=\"m\"><primitive id=\"p\" class=\"lsb\" type=\"x\"/></master>";
    assert_eq!(said(&with("pacemaker-3.10", master, "")), Vec::<String>::new());
    let now = said(&with("pacemaker-4.0", master, ""));
    assert!(now.concat().contains("it is part of schemas up to pacemaker-3.10"), "{now:?}");

    let bundle = "<bundle id=\"b\"><podman image=\"i\"/></bundle>";
    assert_eq!(said(&with("pacemaker-3.2", bundle, "")), Vec::<String>::new());
    assert!(!said(&with("pacemaker-3.1", bundle, "")).is_empty());
    let then = said(&with("pacemaker-2.7", bundle, ""));
    assert!(then.concat().contains("it is part of pacemaker-2.8 and later"), "{then:?}");
}

#[test]
fn a_schema_must_be_named_and_known() {
    assert!(said(&with("pacemaker-3.11", "", "")).concat().contains("did you mean pacemaker-3.1"));
    assert_eq!(said(&with("none", "<nonsense/>", "")), Vec::<String>::new());
    let mut document = with("pacemaker-4.0", "", "");
    document.unset(document.root().id(), "validate-with");
    assert_eq!(said(&document), ["line 1: <cib>: the attribute validate-with is missing"]);
}

#[test]
fn a_reference_to_the_wrong_kind_is_told_apart() {
    let operation = "<primitive id=\"web\" class=\"lsb\" type=\"x\"><operations>\
                     <op id=\"o\" name=\"monitor\" interval=\"3s\"/></operations></primitive>";
    let constraint = "<rsc_location id=\"l\" rsc=\"o\" node=\"n1\" score=\"5\"/>";
    let checked = check(&with("pacemaker-4.0", operation, constraint));
    assert!(checked.is_valid());
    let said: Vec<_> = checked.misdirected.iter().map(ToString::to_string).collect();
    assert_eq!(
        said,
        ["line 7: <rsc_location id=\"l\">: rsc=\"o\" is not the id of a resource or tag"]
    );
}

#[test]
fn the_empty_cib_is_valid_in_every_schema() {
    for schema in Schema::all() {
        let document = Document::empty_cib("3.20.5", &schema.to_string());
        assert_eq!(said(&document), Vec::<String>::new(), "{schema}");
    }
}

#[test]
fn other_roots_are_refused() {
    let document = Document::parse("<configuration validate-with=\"pacemaker-4.0\"/>").unwrap();
    assert_eq!(said(&document), ["line 1: <configuration>: <cib> is missing"]);
}

#[test]
fn a_thousand_mistakes_take_no_longer_than_a_person_reads() {
    let primitives: String = (0..5000)
        .map(|n| format!("<primitive id=\"p{n}\" class=\"lsb\" type=\"x\" wrong=\"1\"/>"))
        .collect();
    let locations: String = (0..5000)
        .map(|n| format!("<rsc_location id=\"l{n}\" rsc=\"q{n}\" node=\"n\" score=\"1\"/>"))
        .collect();
    let checked = check(&with("pacemaker-4.0", &primitives, &locations));
    assert_eq!(checked.violations.len(), 1000);
    let checked = check(&with("pacemaker-4.0", "", &locations));
    assert_eq!(checked.violations.len(), 1000);
}
