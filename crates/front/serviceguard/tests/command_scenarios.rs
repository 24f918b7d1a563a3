//! Runs `scenarios/cm/*.txt`: what Serviceguard's commands do with a document in a file.
//!
//! `nodes NAME...` begins a document with members; `file NAME` makes the lines after it a file; `script NAME` the
//! same, as one that may be run; `settle` carries out on paper what is to be done; `fail KEY@NODE=CODE` does so after
//! an outcome; `down NODE` and `lose NODE` after a node has left or failed; `without ID` takes an element out of the
//! document; `attribute NODE NAME VALUE` sets one of a node that is up; `acls` shows who may do what. What a command
//! says ends with its exit code if that is not 0. How files are written: `testkit`.
//!
//! This program is also each of the commands, when [`TOOL`] names one.

#![expect(clippy::unwrap_used, reason = "a test may fail loudly")]

use std::ffi::OsString;
use std::fmt::Write as _;
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode, Stdio};

/// Names the command that this process is.
const TOOL: &str = "QUORATE_TOOL_UNDER_TEST";
const NOON: i64 = 1_767_268_800;

fn main() -> ExitCode {
    if let Ok(name) = std::env::var(TOOL) {
        let tools = serviceguard_commands::TOOLS;
        let tool = tools.iter().find(|(known, _)| *known == name).unwrap().1;
        return tool(std::env::args_os().skip(1).collect());
    }
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../scenarios/cm");
    testkit::scenarios(&folder, |path| {
        let folder = begin_in(path);
        move |line: &str, body: &[&str]| {
            run(&folder, line, body).replace(&format!("{}/", folder.display()), "")
        }
    });
    ExitCode::SUCCESS
}

/// Where a scenario's files are.
fn begin_in(path: &Path) -> PathBuf {
    let name = path.file_stem().unwrap().to_string_lossy().into_owned();
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("cm-{name}"));
    let _none_left = fs::remove_dir_all(&folder);
    fs::create_dir_all(&folder).unwrap();
    folder
}

fn run(folder: &Path, line: &str, body: &[&str]) -> String {
    let words: Vec<&str> = line.split_whitespace().collect();
    let document = folder.join("cib.xml");
    let (first, rest) = words.split_first().unwrap();
    match (*first, rest) {
        ("nodes", names) => fs::write(document, begin(names)).unwrap(),
        ("file" | "script", [name]) => {
            let file = folder.join(name);
            let text: String = body.iter().map(|line| format!("{line}\n")).collect();
            fs::write(&file, text.replace("FOLDER", folder.to_str().unwrap())).unwrap();
            let mode = if *first == "script" { 0o755 } else { 0o644 };
            fs::set_permissions(&file, fs::Permissions::from_mode(mode)).unwrap();
        }
        ("acls", []) => return roles(&document),
        ("settle", []) => return settle(&document, &[]),
        ("fail", [what]) => return settle(&document, &["-i", what]),
        ("down", [node]) => return settle(&document, &["-d", node]),
        ("lose", [node]) => return settle(&document, &["-f", node]),
        ("without", [id]) => without(&document, id),
        ("attribute", [node, name, value]) => attribute(&document, node, (name, value)),
        ("cat", [name]) => return fs::read_to_string(folder.join(name)).unwrap(),
        (name, words) => return command(folder, name, words),
    }
    String::new()
}

fn begin(names: &[&str]) -> String {
    let (mut nodes, mut states) = (String::new(), String::new());
    for (at, name) in names.iter().enumerate() {
        let id = at + 1;
        write!(nodes, r#"<node id="{id}" uname="{name}"/>"#).unwrap();
        write!(states, r#"<node_state id="{id}" uname="{name}" in_ccm="true" crmd="online" join="member" expected="member"/>"#).unwrap();
    }
    format!(
        r#"<cib validate-with="pacemaker-4.0" epoch="1" num_updates="0" admin_epoch="0" have-quorum="1"><configuration><crm_config/><nodes>{nodes}</nodes><resources><primitive id="fence" class="stonith" type="fence_dummy"/></resources><constraints/></configuration><status>{states}</status></cib>"#
    )
}

/// Who may do what by the document.
fn roles(path: &Path) -> String {
    let document = cib::Document::parse(&fs::read_to_string(path).unwrap()).unwrap();
    let options = document.section(cib::Section::CrmConfig).unwrap();
    let is_on = |pair: &cib::Element<'_>| pair.attr("name") == Some("enable-acl");
    let mut out = format!("enabled: {}\n", options.descendants().any(|pair| is_on(&pair)));
    let acls = document.section(cib::Section::Acls);
    for at in acls.into_iter().flat_map(cib::Element::children) {
        let name = at.attr("name").or(at.attr("id")).unwrap();
        writeln!(out, "{} {name}", at.name()).unwrap();
        for inner in at.children() {
            let of = |key| inner.attr(key).unwrap_or_default();
            let words = if inner.is("role") {
                of("id").to_owned()
            } else {
                format!("{} {}", of("kind"), of("xpath"))
            };
            writeln!(out, "  {words}").unwrap();
        }
    }
    out
}

/// Sets a node's passing attribute, as an agent does.
fn attribute(path: &Path, node: &str, (name, value): (&str, &str)) {
    let mut document = cib::Document::parse(&fs::read_to_string(path).unwrap()).unwrap();
    let status = document.section(cib::Section::Status).unwrap();
    let state = status.children().find(|state| state.attr("uname") == Some(node)).unwrap();
    let set = state.path(&["transient_attributes", "instance_attributes"]);
    let pairs = set.into_iter().flat_map(cib::Element::children);
    let old = pairs.into_iter().find(|pair| pair.attr("name") == Some(name)).map(|pair| pair.id());
    let (state, set) = (state.id(), set.map(|set| set.id()));
    let set = set.unwrap_or_else(|| {
        let outer = document.append(state, "transient_attributes");
        document.set(outer, "id", node);
        let set = document.append(outer, "instance_attributes");
        document.set(set, "id", &format!("status-{node}"));
        set
    });
    let pair = old.unwrap_or_else(|| document.append(set, "nvpair"));
    let id = format!("status-{node}-{name}");
    for (key, value) in [("id", id.as_str()), ("name", name), ("value", value)] {
        document.set(pair, key, value);
    }
    fs::write(path, document.to_string()).unwrap();
}

/// As if an older version had not known of something.
fn without(path: &Path, id: &str) {
    let mut document = cib::Document::parse(&fs::read_to_string(path).unwrap()).unwrap();
    let gone = document.find_id(id).unwrap().id();
    document.remove(gone);
    fs::write(path, document.to_string()).unwrap();
}

/// Carries out what is to be done, and says where packages are.
fn settle(document: &Path, more: &[&str]) -> String {
    let mut words: Vec<OsString> = more.iter().map(OsString::from).collect();
    words.extend(["-S", "-Q", "-t", "2026-01-01 12:00:00Z", "-x"].map(OsString::from));
    words.extend([document.into(), "-O".into(), document.into()]);
    let (mut out, mut errors) = (Vec::new(), Vec::new());
    let code = pacemaker::crm_simulate_to("crm_simulate", words, NOON, &mut out, &mut errors);
    assert_eq!(code, 0, "{}", String::from_utf8_lossy(&errors));
    String::new()
}

fn command(folder: &Path, name: &str, words: &[&str]) -> String {
    let output = Command::new(std::env::current_exe().unwrap())
        .args(words)
        .current_dir(folder)
        .env(TOOL, name)
        .env("CIB_file", folder.join("cib.xml"))
        .stdin(Stdio::null())
        .output()
        .unwrap();
    let mut said = String::from_utf8(output.stdout).unwrap();
    said.push_str(&String::from_utf8(output.stderr).unwrap());
    if !output.status.success() {
        writeln!(said, "exit {}", output.status.code().unwrap()).unwrap();
    }
    said
}
