use super::*;

fn parse(text: &str) -> Document {
    Document::parse(text).unwrap()
}

const OLD: &str = "<cib admin_epoch=\"0\" epoch=\"1\" num_updates=\"0\"><r><!-- hey -->\
    <p id=\"1\" a=\"x\"/><p id=\"2\"/><p id=\"3\"/></r><s/></cib>";
const NEW: &str = "<cib admin_epoch=\"0\" epoch=\"2\" num_updates=\"0\"><r>\
    <p id=\"3\"/><!-- new --><p id=\"1\" b=\"y\"/><q><w/></q></r><s/></cib>";

#[test]
fn a_patchset_is_written_as_others_read_it() {
    let patch = diff(&parse(OLD), &parse(NEW)).unwrap();
    let wanted = "<diff format=\"2\">\n  <version>\n    \
        <source admin_epoch=\"0\" epoch=\"1\" num_updates=\"0\"/>\n    \
        <target admin_epoch=\"0\" epoch=\"2\" num_updates=\"0\"/>\n  </version>\n  \
        <change operation=\"delete\" path=\"/cib/r/comment\" position=\"0\"/>\n  \
        <change operation=\"delete\" path=\"/cib/r/p[@id='2']\"/>\n  \
        <change operation=\"modify\" path=\"/cib\">\n    <change-list>\n      \
        <change-attr name=\"epoch\" operation=\"set\" value=\"2\"/>\n    </change-list>\n    \
        <change-result>\n      <cib admin_epoch=\"0\" epoch=\"2\" num_updates=\"0\"/>\n    \
        </change-result>\n  </change>\n  \
        <change operation=\"move\" path=\"/cib/r/p[@id='3']\" position=\"0\"/>\n  \
        <change operation=\"create\" path=\"/cib/r\" position=\"1\">\n    <!-- new -->\n  </change>\n  \
        <change operation=\"modify\" path=\"/cib/r/p[@id='1']\">\n    <change-list>\n      \
        <change-attr name=\"b\" operation=\"set\" value=\"y\"/>\n      \
        <change-attr name=\"a\" operation=\"unset\"/>\n    </change-list>\n    <change-result>\n      \
        <p id=\"1\" b=\"y\"/>\n    </change-result>\n  </change>\n  \
        <change operation=\"move\" path=\"/cib/r/p[@id='1']\" position=\"2\"/>\n  \
        <change operation=\"create\" path=\"/cib/r\" position=\"3\">\n    <q>\n      <w/>\n    </q>\n  \
        </change>\n</diff>\n";
    assert_eq!(patch.to_string(), wanted);
    let read = Patchset::parse(wanted).unwrap();
    assert_eq!(read.to_string(), wanted);
    assert_eq!(read.apply(&parse(OLD)).unwrap().to_string(), parse(NEW).to_string());
}

#[test]
fn places_are_counted_as_pacemaker_counts_them() {
    let paths = |old: &str, new: &str| -> Vec<String> {
        let patch = diff(&parse(old), &parse(new)).unwrap().without_version();
        assert_eq!(patch.apply(&parse(old)).unwrap().to_string(), parse(new).to_string());
        let changes = patch.to_document();
        let what = |change: crate::Element<'_>| {
            let of = |name| change.attr(name).unwrap_or("-").to_owned();
            format!("{} {} {}", of("operation"), of("path"), of("position"))
        };
        changes.root().children().filter(|at| at.is("change")).map(what).collect()
    };
    // Both neighbours that change places have moved.
    assert_eq!(
        paths("<a><b id='1'/><b id='2'/></a>", "<a><b id='2'/><b id='1'/></a>"),
        ["move /a/b[@id='2'] 0", "move /a/b[@id='1'] 1"]
    );
    // Deletions come in the old document's order, those inside before those that follow; a comment
    // at another place is another one.
    assert_eq!(
        paths(
            "<a><!--x--><b id='1'><c id='i'/></b><b id='2'/><!--y--></a>",
            "<a><b id='1'/><!--y--></a>"
        ),
        [
            "delete /a/comment 0",
            "delete /a/b[@id='1']/c[@id='i'] -",
            "delete /a/b[@id='2'] -",
            "delete /a/comment 1",
            "create /a 1",
        ]
    );
    // An attribute that is at another place than it was is set, too.
    let patch = diff(&parse("<a x='1' y='2' z='3'/>"), &parse("<a x='1' z='3'/>")).unwrap();
    let text = patch.to_string();
    assert!(text.contains("name=\"z\" operation=\"set\"") && !text.contains("name=\"x\" op"));
}

#[test]
fn what_ids_do_not_tell_apart_is_replaced_together() {
    for (old, new) in [
        ("<a><b/><b x='1'/></a>", "<a><b x='1'/><b/></a>"),
        ("<a><b/><c/><b x='1'/></a>", "<a><c/><b/><b x='1'/></a>"),
        ("<a><b id='1'/><b id='1'><d/></b></a>", "<a><b id='1'><d/></b></a>"),
        ("<a><b/></a>", "<a><b id='1'/></a>"),
        ("<a><b id='1'/><b/></a>", "<a><b/><b id='1'/></a>"),
        ("<a><b id='it\"&apos;s'/><b/></a>", "<a><b/></a>"),
        ("<a><b id='x/y'/><b id='z'/></a>", "<a><b id='z'/><b id='x/y' q=''/></a>"),
        ("<a><!--x--><b/><!--x--><!--y--></a>", "<a><!--y--><!--x--><b/></a>"),
        ("<a x='1' y='2'/>", "<a y='2' x='1'/>"),
    ] {
        let (old, new) = (parse(old), parse(new));
        let patch = diff(&old, &new).unwrap().without_version();
        let read = Patchset::parse(&patch.to_string()).unwrap();
        assert_eq!(read.apply(&old).unwrap().to_string(), new.to_string(), "{patch}");
    }
}

#[test]
fn other_editions_and_other_results_are_refused() {
    let (old, new) = (parse(OLD), parse(NEW));
    let patch = diff(&old, &new).unwrap();
    assert!(matches!(patch.apply(&new), Err(PatchError::OtherSource { .. })));
    let backwards = diff(&new, &old).unwrap();
    assert!(matches!(backwards.apply(&new), Err(PatchError::NotNewer { .. })));
    assert!(backwards.without_version().apply(&new).is_ok());

    let lacking = parse(&OLD.replace("<p id=\"1\" a=\"x\"/>", ""));
    let error = patch.apply(&lacking).unwrap_err();
    assert_eq!(error.to_string(), "there is no /cib/r/p[@id='1'] to change");

    let sealed = patch.clone().with_digest_of(&new);
    assert!(sealed.apply(&old).is_ok());
    let strange = parse(&OLD.replace("<s/>", "<s x=\"1\"/>"));
    assert!(matches!(sealed.apply(&strange), Err(PatchError::OtherDigest { .. })));
    assert_eq!(diff(&parse("<a/>"), &parse("<b/>")).unwrap_err(), PatchError::OtherRoot);
}

#[test]
fn nothing_changed_is_an_empty_patchset() {
    let patch = diff(&parse(OLD), &parse(OLD)).unwrap();
    assert!(patch.is_empty());
}

#[test]
fn malformed_patchsets_name_their_line() {
    for (text, wanted) in [
        ("<cib/>", "line 1: <cib> is no patchset"),
        ("<diff/>", "line 1: format 1; only 2 is understood"),
        ("<diff format='2'>\n<change operation='delete'/></diff>", "line 2: the path is missing"),
        (
            "<diff format='2'>\n<change operation='delete' path='//x'/></diff>",
            "line 2: //x is not a path of names and ids",
        ),
        (
            "<diff format='2'>\n<change operation='burn' path='/x'/></diff>",
            "line 2: there is no operation called burn",
        ),
        (
            "<diff format='2'>\n<change operation='create' path='/x' position='1'/></diff>",
            "line 2: there is nothing to create",
        ),
        (
            "<diff format='2'><version>\n<source epoch='1'/></version></diff>",
            "line 2: <source> is not a whole version",
        ),
        ("<diff", "line 1: the end of the text where an attribute, > or /> must stand"),
    ] {
        assert_eq!(Patchset::parse(text).unwrap_err().to_string(), wanted, "{text}");
    }
}
