//! Laws of the document: reading, patchsets, identities, edits and access hold for every tree.

#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test may fail loudly")]

use std::fmt::Write;

use cib::acl::{User, check_change, readable};
use cib::edit::{Edit, Place, apply};
use cib::patch::{Patchset, diff};
use cib::{Document, Element, NodeId, Section, escape_attribute};
use proptest::prelude::*;

/// Few names and ids, so that siblings collide often.
fn name() -> impl Strategy<Value = &'static str> {
    prop::sample::select(vec!["a", "b", "c", "rule", "comment"])
}

fn id() -> impl Strategy<Value = Option<String>> {
    prop::option::weighted(
        0.7,
        prop_oneof![
            8 => prop::sample::select(vec!["x", "y", "z", "w"]).prop_map(str::to_owned),
            1 => prop::sample::select(vec!["it's", "a/b", "q\"", "'\"", "é]", ""]).prop_map(str::to_owned),
        ],
    )
}

fn value() -> impl Strategy<Value = String> {
    prop_oneof![
        4 => "[a-z0-9]{0,4}",
        1 => prop::sample::select(vec!["<&>\"'", " lines\n\ttabs\r", "é\u{1F600}"]).prop_map(str::to_owned),
    ]
}

#[derive(Clone, Debug)]
enum Tree {
    Element {
        name: &'static str,
        id: Option<String>,
        attributes: Vec<(&'static str, String)>,
        inner: Vec<Tree>,
    },
    Comment(String),
}

fn attributes() -> impl Strategy<Value = Vec<(&'static str, String)>> {
    prop::collection::vec((prop::sample::select(vec!["k", "l", "m"]), value()), 0..3)
}

fn tree() -> impl Strategy<Value = Tree> {
    let leaf = prop_oneof![
        5 => (name(), id(), attributes())
            .prop_map(|(name, id, attributes)| Tree::Element { name, id, attributes, inner: Vec::new() }),
        1 => "[ a-z]{0,6}".prop_map(Tree::Comment),
    ];
    leaf.prop_recursive(4, 40, 6, |inner| {
        (name(), id(), attributes(), prop::collection::vec(inner, 0..6))
            .prop_map(|(name, id, attributes, inner)| Tree::Element { name, id, attributes, inner })
    })
}

fn document() -> impl Strategy<Value = Document> {
    prop::collection::vec(tree(), 0..6).prop_map(|trees| {
        let mut text = String::from("<root>");
        trees.iter().for_each(|tree| write_tree(&mut text, tree));
        text.push_str("</root>");
        Document::parse(&text).unwrap()
    })
}

fn write_tree(out: &mut String, tree: &Tree) {
    match tree {
        Tree::Comment(text) => write!(out, "<!--{text}-->").unwrap(),
        Tree::Element { name, id, attributes, inner } => {
            write!(out, "<{name}").unwrap();
            if let Some(id) = id {
                write!(out, " id=\"{}\"", escape_attribute(id)).unwrap();
            }
            let mut seen: Vec<&str> = Vec::new();
            for (name, value) in attributes {
                if !seen.contains(name) {
                    write!(out, " {name}=\"{}\"", escape_attribute(value)).unwrap();
                    seen.push(name);
                }
            }
            out.push('>');
            inner.iter().for_each(|tree| write_tree(out, tree));
            write!(out, "</{name}>").unwrap();
        }
    }
}

/// One change of the tree; numbers choose among what is there.
#[derive(Clone, Debug)]
enum Step {
    Append(usize, &'static str),
    Insert(usize, &'static str),
    Set(usize, &'static str, String),
    SetId(usize, String),
    Unset(usize, &'static str),
    Remove(usize),
    Move(usize, usize),
    Copy(usize, usize),
}

fn step() -> impl Strategy<Value = Step> {
    let at = || 0_usize..64;
    prop_oneof![
        (at(), name()).prop_map(|(at, name)| Step::Append(at, name)),
        (at(), name()).prop_map(|(at, name)| Step::Insert(at, name)),
        (at(), prop::sample::select(vec!["k", "n"]), value())
            .prop_map(|(at, n, v)| Step::Set(at, n, v)),
        (at(), prop::sample::select(vec!["x", "y", "v"]))
            .prop_map(|(at, id)| Step::SetId(at, id.to_owned())),
        (at(), prop::sample::select(vec!["k", "id"])).prop_map(|(at, name)| Step::Unset(at, name)),
        at().prop_map(Step::Remove),
        (at(), at()).prop_map(|(a, b)| Step::Move(a, b)),
        (at(), at()).prop_map(|(a, b)| Step::Copy(a, b)),
    ]
}

fn take(document: &mut Document, step: &Step) {
    let all: Vec<NodeId> = document.root().descendants().map(Element::id).collect();
    let pick = |at: usize| all[at % all.len()];
    let root = document.root().id();
    match step {
        Step::Append(at, name) => {
            document.append(pick(*at), name);
        }
        Step::Insert(at, name) if pick(*at) != root => {
            document.insert_before(pick(*at), name);
        }
        Step::Set(at, name, value) => document.set(pick(*at), name, value),
        Step::SetId(at, id) => document.set(pick(*at), "id", id),
        Step::Unset(at, name) => {
            document.unset(pick(*at), name);
        }
        Step::Remove(at) => document.remove(pick(*at)),
        Step::Move(a, b) => {
            let (moving, to) = (pick(*a), pick(*b));
            let around: Vec<NodeId> =
                std::iter::successors(Some(document.element(to)), |at| at.parent())
                    .map(Element::id)
                    .collect();
            if !around.contains(&moving) {
                document.relocate(moving, to, None);
            }
        }
        Step::Copy(a, b) => {
            let source = document.clone();
            document.append_copy(pick(*a), source.element(pick(*b)));
        }
        Step::Insert(..) => {}
    }
}

/// `PROPTEST_CASES` asks for more.
fn cases() -> ProptestConfig {
    let asked = ProptestConfig::default();
    ProptestConfig { cases: asked.cases.max(400), ..asked }
}

proptest! {
    #![proptest_config(cases())]

    /// What is printed reads back as the same.
    #[test]
    fn print_then_parse_is_identity(document in document()) {
        let again = Document::parse(&document.to_string()).unwrap();
        prop_assert!(again.root().same_as(document.root()));
        prop_assert_eq!(again.to_string(), document.to_string());
        prop_assert_eq!(again.digest(), document.digest());
    }

    /// Any text is read or refused, with a line that it has.
    #[test]
    fn any_text_is_read_or_refused(text in "[<>/&;!?'\"=a-c \n\\[\\]#x-]{0,60}") {
        match Document::parse(&text) {
            Ok(document) => {
                let again = Document::parse(&document.to_string()).unwrap();
                prop_assert_eq!(again.to_string(), document.to_string());
            }
            Err(error) => prop_assert!((1..=1 + text.matches('\n').count() as u32).contains(&error.line)),
        }
    }

    /// A patchset makes of the old document the new one, as it is and through its XML.
    #[test]
    fn a_difference_applied_gives_the_new_document(old in document(), new in document()) {
        check_patch(&old, &new)?;
    }

    /// The same for documents that are alike.
    #[test]
    fn small_differences_too(old in document(), steps in prop::collection::vec(step(), 1..8)) {
        let mut new = old.clone();
        steps.iter().for_each(|step| take(&mut new, step));
        check_patch(&old, &new)?;
    }

    /// The index of ids says what a walk would, whatever was edited in between.
    #[test]
    fn the_id_index_stays_true(
        mut document in document(),
        steps in prop::collection::vec(step(), 1..80),
    ) {
        for step in &steps {
            for id in ["x", "y", "v", "none"] {
                let walked = document.root().descendants().find(|at| at.attr("id") == Some(id));
                prop_assert_eq!(document.find_id(id).map(Element::id), walked.map(Element::id));
                let selected = document.select(&format!("//a[@id='{id}']")).unwrap();
                let all = document.root().descendants().filter(|at| at.is("a") && at.attr("id") == Some(id));
                prop_assert_eq!(selected, all.collect::<Vec<_>>());
            }
            take(&mut document, step);
        }
    }

    /// A clone is a snapshot: what becomes of the other does not show in it.
    #[test]
    fn clones_do_not_feel_each_other(document in document(), steps in prop::collection::vec(step(), 1..8)) {
        let before = document.to_string();
        let mut other = document.clone();
        steps.iter().for_each(|step| take(&mut other, step));
        prop_assert_eq!(document.to_string(), before);
        let copied = Document::extract(other.root());
        prop_assert_eq!(copied.to_string(), other.to_string());
    }

    /// Any expression is read or refused with a place inside it, and evaluated or given up.
    #[test]
    fn any_expression_is_understood_or_refused(
        text in "(/|//|a|b|\\*|@|id|\\[|\\]|\\(|\\)|=|'x'|[0-9]|\\.\\.|::|parent|count|not|and| |\\||<){0,14}",
        document in document(),
    ) {
        match cib::xpath::XPath::parse(&text) {
            Ok(expression) => drop(expression.evaluate(&document)),
            Err(error) => prop_assert!(error.at <= text.len()),
        }
    }
}

fn check_patch(old: &Document, new: &Document) -> Result<(), TestCaseError> {
    let patch = diff(old, new).unwrap().without_version().with_digest_of(new);
    let applied = patch.apply(old);
    prop_assert!(applied.is_ok(), "{:?}\n{patch}", applied.err());
    prop_assert_eq!(applied.unwrap().to_string(), new.to_string(), "{}", patch);
    let read = Patchset::parse(&patch.to_string()).unwrap();
    prop_assert_eq!(read.apply(old).unwrap().to_string(), new.to_string(), "{}", patch);
    prop_assert_eq!(patch.is_empty(), old.to_string() == new.to_string());
    Ok(())
}

// ---- edits of valid documents ---------------------------------------------------------------

const CIB: &str = "<cib validate-with=\"pacemaker-4.0\" admin_epoch=\"0\" epoch=\"1\" num_updates=\"4\">\
<configuration><crm_config><cluster_property_set id=\"o\"><nvpair id=\"acl\" name=\"enable-acl\" value=\"true\"/>\
</cluster_property_set></crm_config><nodes><node id=\"1\" uname=\"n1\"/></nodes><resources>\
<primitive id=\"p1\" class=\"lsb\" type=\"x\"/><primitive id=\"p2\" class=\"lsb\" type=\"x\"/></resources>\
<constraints><rsc_location id=\"l\" rsc=\"p1\" node=\"n1\" score=\"1\"/></constraints><acls>\
<acl_target id=\"u\"><role id=\"r\"/></acl_target><acl_role id=\"r\">\
<acl_permission id=\"r1\" kind=\"write\" xpath=\"//resources\"/></acl_role></acls></configuration>\
<status><node_state id=\"1\"/></status></cib>";

fn edit() -> impl Strategy<Value = Edit> {
    let rsc = prop::sample::select(vec!["p1", "p2", "p3", "p9"]);
    let section =
        prop::sample::select(vec![Section::Resources, Section::Constraints, Section::Tags]);
    prop_oneof![
        (rsc.clone(), section.clone()).prop_map(|(id, section)| Edit::Create {
            place: Place::Section(section),
            xml: format!("<primitive id=\"{id}\" class=\"systemd\" type=\"y\"/>"),
        }),
        (rsc.clone(), rsc.clone()).prop_map(|(id, rsc)| Edit::Create {
            place: Place::Section(Section::Constraints),
            xml: format!("<rsc_location id=\"l-{id}\" rsc=\"{rsc}\" node=\"n1\" score=\"5\"/>"),
        }),
        (rsc.clone(), any::<bool>()).prop_map(|(id, or_create)| Edit::Modify {
            place: Place::Section(Section::Resources),
            xml: format!("<primitive id=\"{id}\" type=\"z\"/>"),
            or_create,
        }),
        rsc.prop_map(|id| Edit::Delete { xpath: format!("//*[@id='{id}']"), all: true }),
        Just(Edit::Delete { xpath: "//rsc_location".to_owned(), all: false }),
        Just(Edit::Delete { xpath: "//node_state".to_owned(), all: false }),
    ]
}

proptest! {
    #![proptest_config(cases())]

    /// Whatever is applied, the document stays valid, its version never goes back, and the same
    /// edits make the same bytes; what is refused changes nothing.
    #[test]
    fn edits_keep_the_document_valid(groups in prop::collection::vec(prop::collection::vec(edit(), 1..4), 1..8)) {
        let mut document = Document::parse(CIB).unwrap();
        for edits in groups {
            let before = document.clone();
            let version = before.version().unwrap();
            match apply(&document, &edits) {
                Ok(applied) => {
                    prop_assert!(cib::schema::check(&applied.document).is_valid());
                    let same = before.root().same_as(applied.document.root());
                    prop_assert_eq!(same, applied.document.version().unwrap() == version);
                    prop_assert!(applied.document.version().unwrap() >= version);
                    let again = apply(&before, &edits).unwrap().document;
                    prop_assert_eq!(again.to_string(), applied.document.to_string());
                    document = applied.document;
                }
                Err(_) => prop_assert_eq!(document.to_string(), before.to_string()),
            }
        }
    }

    /// Who may only write resources never changes anything else but empty sections, and who has
    /// no role changes nothing else either.
    #[test]
    fn access_is_held_against_every_change(edits in prop::collection::vec(edit(), 1..4)) {
        let before = Document::parse(CIB).unwrap();
        let Ok(applied) = apply(&before, &edits) else { return Ok(()) };
        let after = &applied.document;
        for (user, may) in [("u", &[Section::Resources][..]), ("nobody", &[])] {
            let user = User { name: user.to_owned(), groups: Vec::new() };
            let same = protected(&before, may) == protected(after, may);
            prop_assert_eq!(check_change(&before, after, &user).is_ok(), same, "{}", after);
        }
        let nobody = User { name: "nobody".to_owned(), groups: Vec::new() };
        prop_assert!(readable(after, &nobody).is_none());
    }
}

/// What someone who may write these sections must not change.
fn protected(document: &Document, may: &[Section]) -> String {
    let mut rest = document.clone();
    for section in may {
        let section = rest.section_or_new(*section);
        rest.clear(section);
    }
    if let Some(empty) = rest.section(Section::Tags).filter(|tags| tags.children().next().is_none())
    {
        let empty = empty.id();
        rest.remove(empty);
    }
    rest.set_version(Document::parse(CIB).unwrap().version().unwrap());
    rest.to_string()
}
