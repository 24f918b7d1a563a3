use crate::Document;

#[test]
fn order_comments_and_escapes_survive() {
    let text = "<cib a=\"1\" b=\"&lt;&amp;&quot;&#x0A;\">\n  <!-- why -->\n  <x id=\"é\"/>\n  <y>\n    <z/>\n  </y>\n</cib>\n";
    let document = Document::parse(text).unwrap();
    assert_eq!(document.to_string(), text);
    assert_eq!(document.root().attr("b"), Some("<&\"\n"));
    assert_eq!(document.find_id("é").unwrap().line(), 3);
}

#[test]
fn broken_text_names_its_line() {
    for (text, line) in [
        ("<a>\n<b>\n</a>", 3),
        ("", 1),
        ("<a/>\n<b/>", 2),
        ("<a x=1/>", 1),
        ("<a>\n", 2),
        ("<a x='1' x='2'/>", 1),
        ("<a x='1'y='2'/>", 1),
        ("<a x='<'/>", 1),
        ("<a>\n&nbsp;</a>", 2),
        ("<a x='&#0;'/>", 1),
        ("<a x='\u{1}'/>", 1),
        ("<a><!-- -- --></a>", 1),
        ("<a><!-- ", 1),
        ("<a><![CDATA[x]]</a>", 1),
        ("<a></b>", 1),
        ("</a>", 1),
        ("text<a/>", 1),
        ("<a/>text", 1),
        ("<1/>", 1),
        ("<a\n x='1'\n y/>", 3),
        ("<!DOCTYPE a [<!ENTITY x 'y'>]><a>&x;</a>", 1),
        ("<a>]]></a>", 1),
        ("<?xml version='1.0'", 1),
        ("<a/><!DOCTYPE a>", 1),
    ] {
        let error = Document::parse(text).unwrap_err();
        assert_eq!(error.line, line, "{text:?}: {error}");
    }
}

#[test]
fn whatever_xml_allows_around_and_inside_is_read() {
    let text = "\u{feff}<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<!DOCTYPE cib [ <!ENTITY a '>'> ]>\n<!-- head -->\n<cib  a = '1\"'\tb=\"\ttwo\r\nlines\"\n><?skip it?>text &#x26; <![CDATA[<more>]]>&lt;</cib >\n<!-- tail -->";
    let document = Document::parse(text).unwrap();
    let root = document.root();
    assert_eq!(root.attr("a"), Some("1\""));
    assert_eq!(root.attr("b"), Some(" two lines"));
    assert_eq!(root.text(), "text & <more><");
    assert_eq!(root.line(), 4);
}

#[test]
fn deep_nesting_is_refused_not_overflowed() {
    assert!(Document::parse(&format!("{}{}", "<a>".repeat(256), "</a>".repeat(256))).is_ok());
    let error = Document::parse(&"<a>".repeat(100_000)).unwrap_err();
    assert!(error.reason.contains("nested too deeply"));
}

#[test]
fn attributes_grow_and_shrink() {
    let mut document = Document::parse("<a x=\"1\" y=\"2\"><b z=\"3\"/></a>").unwrap();
    let before = document.clone();
    let root = document.root().id();
    document.set(root, "w", "4");
    document.set(root, "y", "5");
    assert!(document.unset(root, "x"));
    assert!(!document.unset(root, "x"));
    assert_eq!(document.to_string(), "<a y=\"5\" w=\"4\">\n  <b z=\"3\"/>\n</a>\n");
    assert_eq!(before.to_string(), "<a x=\"1\" y=\"2\">\n  <b z=\"3\"/>\n</a>\n");
}

#[test]
fn nodes_move_copy_and_go() {
    let mut document = Document::parse("<a><b/><c/><d><e/></d></a>").unwrap();
    let root = document.root();
    let (b, c, d) = (root.child("b").unwrap(), root.child("c").unwrap(), root.child("d").unwrap());
    let (root, b, c, d) = (root.id(), b.id(), c.id(), d.id());
    document.relocate(b, root, None);
    let snapshot = document.clone();
    document.insert_copy_before(c, snapshot.element(d));
    document.remove(d);
    let names: Vec<_> = document.root().descendants().map(|e| e.name()).collect();
    assert_eq!(names, ["a", "d", "e", "c", "b"]);
    assert!(!document.element(d).is_attached());
}
