//! Holds the schema files that are written for other programs against our own check: what one
//! accepts or refuses, the other does, for drawn clusters, for a document with a little of
//! everything, and for what comes of breaking them, in every schema.
//!
//! `QUORATE_CORPUS` names a folder with more documents (`*.xml`).

#![expect(clippy::unwrap_used, reason = "a test says by panicking what is wrong")]

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::process::Command;

use cib::schema::{self, Schema};
use cib::{Document, NodeId};
use generator::{Chance, cluster};

const XMLLINT: &str = "/usr/bin/xmllint";

/// A little of what drawn clusters have not.
const EVERYTHING: &str = include_str!("schema_files/everything.xml");

#[test]
fn the_schema_files_say_what_our_check_says() {
    if !testkit::has(&[XMLLINT]) {
        return;
    }
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("schema-files");
    std::fs::create_dir_all(&folder).unwrap();
    let mut chance = Chance::new(5);
    let mut whole: Vec<Document> = (0..20).map(cluster).collect();
    whole.extend((0..60).map(|_| Document::parse(EVERYTHING).unwrap()));
    whole.extend(corpus().into_iter().filter_map(|path| {
        let document = Document::parse(&std::fs::read_to_string(path).unwrap()).ok()?;
        own_schema(&document).is_some().then_some(document)
    }));
    let schemas: Vec<Schema> = Schema::all().collect();
    let mut by_schema: BTreeMap<Schema, Vec<(String, bool)>> = BTreeMap::new();
    for (number, document) in whole.iter().enumerate() {
        let own = own_schema(document).unwrap();
        for variant in 0..6 {
            let mut changed = document.clone();
            let schema = match variant {
                0 => own,
                1 => *chance.pick(&schemas).unwrap(),
                _ => {
                    break_it(&mut changed, &mut chance);
                    if chance.percent(50) { own } else { *chance.pick(&schemas).unwrap() }
                }
            };
            let is_valid = schema::check_as(&changed, schema).is_valid();
            let name = format!("{number}-{variant}.xml");
            std::fs::write(folder.join(&name), changed.to_string()).unwrap();
            by_schema.entry(schema).or_default().push((name, is_valid));
        }
    }
    let (mut differ, mut valid, mut invalid) = (String::new(), 0, 0);
    for (schema, documents) in by_schema {
        let file = folder.join(format!("{schema}.rng"));
        std::fs::write(&file, schema::grammar(schema).to_xml()).unwrap();
        for (name, is_valid) in documents {
            let (accepted, said) = xmllint(&file, &folder.join(&name));
            *(if is_valid { &mut valid } else { &mut invalid }) += 1;
            if accepted != is_valid {
                let text = std::fs::read_to_string(folder.join(&name)).unwrap();
                let document = Document::parse(&text).unwrap();
                let ours = schema::check_as(&document, schema).violations;
                let ours: Vec<String> = ours.iter().map(ToString::to_string).collect();
                writeln!(differ, "{name} by {schema}: {ours:?}, and the file: {said}").unwrap();
            }
        }
    }
    assert!(differ.is_empty(), "{differ}");
    assert!(valid > 100 && invalid > 100, "{valid} valid ones, {invalid} others");
    std::fs::remove_dir_all(&folder).unwrap();
}

#[test]
fn what_tools_say_as_xml_follows_the_schema_of_results() {
    if !testkit::has(&[XMLLINT]) {
        return;
    }
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("schema-of-results");
    std::fs::create_dir_all(&folder).unwrap();
    let files = pacemaker::schema_files();
    let (_, text) = files.iter().find(|(name, _)| name == "api/api-result.rng").unwrap();
    let schema = folder.join("api-result.rng");
    std::fs::write(&schema, text).unwrap();
    let scenarios = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../scenarios/tools");
    let (mut checked, result) = (0, folder.join("result.xml"));
    for entry in std::fs::read_dir(scenarios).unwrap() {
        let text = std::fs::read_to_string(entry.unwrap().path()).unwrap();
        for begun in text.split("<pacemaker-result").skip(1) {
            let end = begun.find("</pacemaker-result>").unwrap();
            let answer = format!("<pacemaker-result{}</pacemaker-result>", &begun[..end]);
            std::fs::write(&result, &answer).unwrap();
            let (accepted, said) = xmllint(&schema, &result);
            assert!(accepted, "{answer}\n{said}");
            checked += 1;
        }
    }
    assert!(checked > 2, "{checked} answers");
    let wrong = "<pacemaker-result api-version=\"2\" request=\"crm_mon\"><resources><resource \
                 id=\"a\"/></resources><status code=\"0\" message=\"OK\"/></pacemaker-result>";
    std::fs::write(&result, wrong).unwrap();
    assert!(!xmllint(&schema, &result).0, "a resource without anything said of it is accepted");
    std::fs::remove_dir_all(&folder).unwrap();
}

/// What crmsh finds in a schema file, by its own reader.
const CRMSH: &str = "
import sys
sys.path.insert(0, '/usr/lib/python3/dist-packages')
from lxml import etree
from crmsh.pacemaker import RngSchema
schema = RngSchema(etree.fromstring('<cib validate-with=\"pacemaker-3.9\"/>'), sys.argv[1])
for name, some in (('op', 'r'), ('op', 'o'), ('resources', 'a'), ('primitive', 'o')):
    print(*sorted(schema.get_elem_attrs(name, some) + schema.get_sub_elems(name, some)))
print(*[schema.get_attr_values(found) for found in schema.get_elem_attr_objs('rsc_order')
        if schema.get_obj_name(found) == 'kind'])
";

#[test]
fn crmsh_learns_from_the_schema_files_what_there_is() {
    let (python, crmsh) = ("/usr/bin/python3", "/usr/lib/python3/dist-packages/crmsh/pacemaker.py");
    if !testkit::has(&[python, crmsh]) {
        return;
    }
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("schema-files-of-crmsh");
    std::fs::create_dir_all(&folder).unwrap();
    let schema: Schema = "pacemaker-3.9".parse().unwrap();
    std::fs::write(folder.join("pacemaker-3.9.rng"), schema::grammar(schema).to_xml()).unwrap();
    let done = Command::new(python).args(["-c", CRMSH]).arg(&folder).output().unwrap();
    assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
    assert_eq!(
        String::from_utf8(done.stdout).unwrap(),
        "id interval name\n\
         description enabled instance_attributes interval-origin meta_attributes on-fail \
         record-pending role start-delay timeout\n\
         bundle clone group master primitive template\n\
         description instance_attributes meta_attributes operations utilization\n\
         ['Optional', 'Mandatory', 'Serialize']\n"
    );
    std::fs::remove_dir_all(&folder).unwrap();
}

fn own_schema(document: &Document) -> Option<Schema> {
    document.root().attr("validate-with")?.parse().ok()
}

fn corpus() -> Vec<PathBuf> {
    let Some(folder) = std::env::var_os("QUORATE_CORPUS") else { return Vec::new() };
    let all = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    all.filter(|path| path.extension().is_some_and(|extension| extension == "xml")).collect()
}

/// Whether the file accepts the document, and what was said of it.
fn xmllint(schema: &Path, document: &Path) -> (bool, String) {
    let mut command = Command::new(XMLLINT);
    let done = command.args(["--noout", "--relaxng"]).arg(schema).arg(document).output().unwrap();
    let said = String::from_utf8_lossy(&done.stderr).into_owned();
    // 3 is a document that is not valid; anything else a schema that is none.
    assert!(matches!(done.status.code(), Some(0 | 3)), "{:?}: {said}", done.status);
    (done.status.success(), said)
}

/// Changes one thing somewhere in the configuration.
fn break_it(document: &mut Document, chance: &mut Chance) {
    let configuration = document.root().child("configuration").unwrap();
    let all: Vec<NodeId> = configuration.descendants().map(|element| element.id()).collect();
    let element = document.element(*chance.pick(&all).unwrap());
    let (id, name) = (element.id(), element.name().to_owned());
    let attributes: Vec<(String, String)> =
        element.attrs().map(|(name, value)| (name.to_owned(), value.to_owned())).collect();
    let other = document.element(*chance.pick(&all).unwrap());
    let (other, other_name) = (other.id(), other.name().to_owned());
    match chance.below(8) {
        0 => document.remove(id),
        1 => document.rename(id, &other_name),
        2 => {
            let copy = Document::extract(document.element(id));
            document.append_copy(other, copy.root());
        }
        3 => {
            document.append(id, &other_name);
        }
        4 => document.set(id, "score", chance.word(&["5", "much", "-INFINITY", ""])),
        kind => {
            let Some((attribute, value)) = chance.pick(&attributes) else { return };
            match kind {
                5 => {
                    document.unset(id, attribute);
                }
                6 => document.set(id, attribute, chance.word(&["", " x", "a b", "0", "-1", "d,"])),
                _ => document.set(id, &format!("{attribute}-{name}"), value),
            }
        }
    }
}
