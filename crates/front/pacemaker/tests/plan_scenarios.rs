//! Runs `scenarios/plan/*.txt`: documents, changes and what `crm_simulate` says of them.
//!
//! How they are written: `testkit`. Before each run it is checked that its decision can be explained
//! without a hole, after it that carrying the plan out, and planning again, comes to rest.
//!
//! - `document`: the lines after it, inside `<configuration>`, become the document. Elements
//!   without an id get one.
//! - `serviceguard`: the lines after it are a cluster's file and, after lines of `==`, packages' files; what they
//!   are lowered to becomes part of the document.
//! - `switch PACKAGE on|off [NODE]`: a package's global switching, or that of a node; `unhalted NODE`:
//!   its halt script failed there.
//! - `online NAME...`: nodes of the cluster, all of them members and ready.
//! - `option NAME=VALUE...`, `meta RESOURCE NAME=VALUE...`, `attribute NODE NAME=VALUE...`: change
//!   it; an empty value takes the setting away.
//! - `capacity NODE NAME=VALUE...`: the node's utilization.
//! - `remove ID`, `interval RESOURCE INTERVAL`: of the configuration; of its operations.
//! - `record ID NAME=VALUE...`: sets attributes of what is recorded under that id; `_` is a blank.
//! - `leave NODE`: the node asks to be shut down.
//! - `edition`: says the document's `admin_epoch.epoch.num_updates`.
//! - `join NODE pending|member`: how far the node has joined.
//! - `findings`: what operators are told of the plan.
//! - `crm_simulate ...`: runs the tool on the document. With `-S`, what comes of it is the
//!   document from then on.

#![expect(clippy::unwrap_used, reason = "a test may fail loudly")]
#![expect(clippy::indexing_slicing, reason = "a test may fail loudly")]

use std::ffi::OsString;
use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};

use cib::{Document, NodeId};
use model::{ActionKind, PlanStep};
use scheduler::Input;
use scheduler::assign::sum_of;
use scheduler::cause::{Cause, Root};
use transition::rehearse::{Ending, FaithfulTo, Rehearsing, rehearse};

#[test]
fn scenarios_say_what_they_said() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../scenarios/plan");
    testkit::scenarios(&folder, |path| {
        let mut stage = Stage::new(path);
        move |command: &str, body: &[&str]| stage.run(command, &body.join("\n"))
    });
}

struct Stage {
    document: Document,
    folder: PathBuf,
    path: PathBuf,
}

impl Stage {
    fn new(path: &Path) -> Self {
        let name = path.file_stem().unwrap().to_string_lossy().into_owned();
        let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
        fs::create_dir_all(&folder).unwrap();
        Self { document: Document::new("cib"), folder, path: path.to_owned() }
    }

    fn run(&mut self, command: &str, body: &str) -> String {
        let words: Vec<&str> = command.split_whitespace().collect();
        match words[0] {
            "document" => self.load(body),
            "online" => self.online(&words[1..]),
            "option" => words[1..].iter().for_each(|pair| self.option(pair)),
            "meta" => self.settings(words[1], "meta_attributes", &words[2..]),
            "attribute" => self.settings(words[1], "instance_attributes", &words[2..]),
            "serviceguard" => self.serviceguard(body),
            "switch" => self.switch(&words[1..]),
            "capacity" => self.settings(words[1], "utilization", &words[2..]),
            "remove" => {
                let found = self.configured(words[1]);
                self.document.remove(found);
            }
            "interval" => self.interval(words[1], words[2]),
            "record" => self.record(words[1], &words[2..]),
            "leave" => self.leave(words[1]),
            "edition" => return self.document.version().unwrap().to_string(),
            "join" => {
                let state = self.state(words[1]);
                self.document.set(state, "join", words[2]);
            }
            "findings" => return self.findings(),
            "crm_simulate" => return self.simulate(&words[1..]),
            other => panic!("{}: `{other}` is not a command", self.path.display()),
        }
        "ok".to_owned()
    }

    fn load(&mut self, body: &str) {
        let text = format!(
            "<cib crm_feature_set=\"3.20.5\" validate-with=\"pacemaker-4.0\" epoch=\"1\" \
             num_updates=\"0\" admin_epoch=\"0\" have-quorum=\"1\"><configuration>\n{body}\n\
             </configuration><status/></cib>"
        );
        let mut document = Document::parse(&text)
            .unwrap_or_else(|error| panic!("{}: {error}", self.path.display()));
        let nameless: Vec<NodeId> = document
            .root()
            .descendants()
            .filter(|element| element.attr("id").is_none())
            .filter(|element| !matches!(element.name(), "cib" | "configuration" | "status"))
            .filter(|element| !SECTIONS.contains(&element.name()))
            .map(|element| element.id())
            .collect();
        for (number, element) in nameless.into_iter().enumerate() {
            let id = format!("{}-{}", document.element(element).name(), number + 1);
            document.set(element, "id", &id);
        }
        self.document = document;
        // Every document has these four, in this order.
        for name in ["crm_config", "nodes", "resources", "constraints"] {
            let section = section(&mut self.document, name);
            let configuration = self.document.root().child("configuration").unwrap().id();
            self.document.relocate(section, configuration, None);
        }
    }

    fn serviceguard(&mut self, body: &str) {
        use serviceguard::{Cluster, Package, Severity, Text, lower};
        let texts: Vec<Text> = body.split("==\n").map(Text::parse).collect();
        let cluster = Cluster::of(&texts[0]);
        let packages: Vec<Package> = texts[1..].iter().map(Package::of).collect();
        for (number, text) in texts.iter().enumerate() {
            let check =
                if number == 0 { serviceguard::check_cluster } else { serviceguard::check_package };
            let errors = check(&text.to_string())
                .into_iter()
                .chain(serviceguard::check_together(&cluster, &packages).concat())
                .filter(|finding| finding.severity == Severity::Error);
            let errors: Vec<String> = errors.map(|finding| finding.to_string()).collect();
            assert!(errors.is_empty(), "{}: {errors:?}", self.path.display());
        }
        lower::write_cluster(&mut self.document, &texts[0]);
        for text in &texts[1..] {
            lower::write_package(&mut self.document, &cluster, text, &packages);
        }
    }

    fn switch(&mut self, words: &[&str]) {
        use serviceguard::lower::{self, switching};
        let document = &mut self.document;
        match words {
            [package, "on"] => switching::enable(document, package),
            [package, "off"] => switching::disable(document, package),
            [package, "on", node] => switching::allow(document, package, node),
            [package, "off", node] => switching::ban(document, package, node),
            [package, "attached"] => lower::detach::attach(document, package),
            [package, "detached", node] => {
                lower::detach::mark(document, package, &[(*node).to_owned()]);
                lower::detach::wait_for(document, node, &[]);
            }
            [package, "unhalted", node] => {
                switching::disable(document, package);
                switching::hold(document, package, &[(*node).to_owned()]);
            }
            other => panic!("{}: switch {other:?}", self.path.display()),
        }
    }

    fn option(&mut self, pair: &str) {
        let config = section(&mut self.document, "crm_config");
        let set = child(&mut self.document, config, "cluster_property_set", "options");
        put(&mut self.document, set, pair);
    }

    fn online(&mut self, names: &[&str]) {
        let nodes = section(&mut self.document, "nodes");
        let status = self.document.root().child("status").unwrap().id();
        for (number, name) in names.iter().enumerate() {
            let id = (number + 1).to_string();
            let node = self.document.append(nodes, "node");
            let state = self.document.append(status, "node_state");
            for element in [node, state] {
                self.document.set(element, "id", &id);
                self.document.set(element, "uname", name);
            }
            for (key, value) in
                [("in_ccm", "true"), ("crmd", "online"), ("join", "member"), ("expected", "member")]
            {
                self.document.set(state, key, value);
            }
        }
    }

    fn settings(&mut self, owner: &str, set: &str, pairs: &[&str]) {
        let found = self.configured(owner);
        let set = child(&mut self.document, found, set, &format!("{owner}-{set}"));
        for pair in pairs {
            put(&mut self.document, set, pair);
        }
    }

    /// The element of the configuration that has that id or node name.
    fn configured(&self, name: &str) -> NodeId {
        let configuration = self.document.root().child("configuration").unwrap();
        let found = configuration
            .descendants()
            .find(|element| [element.attr("id"), element.attr("uname")].contains(&Some(name)));
        found.unwrap_or_else(|| panic!("there is no `{name}`")).id()
    }

    fn interval(&mut self, resource: &str, interval: &str) {
        let resource = self.document.element(self.configured(resource));
        let operations: Vec<NodeId> = resource
            .descendants()
            .filter(|element| element.is("op") && element.attr("interval").is_some())
            .map(|element| element.id())
            .collect();
        for operation in operations {
            self.document.set(operation, "interval", interval);
        }
    }

    fn record(&mut self, id: &str, pairs: &[&str]) {
        let found = self.document.find_id(id).unwrap_or_else(|| panic!("there is no `{id}`")).id();
        for pair in pairs {
            let (name, value) = pair.split_once('=').unwrap();
            self.document.set(found, name, &value.replace('_', " "));
        }
    }

    fn state(&self, node: &str) -> NodeId {
        let states = self.document.root().child("status").unwrap();
        states.children().find(|state| state.attr("uname") == Some(node)).unwrap().id()
    }

    fn findings(&self) -> String {
        let planned = scheduler::plan(&self.document, &Input { now: NOON, ..Input::default() });
        let lines: Vec<String> = planned.findings.iter().map(ToString::to_string).collect();
        if lines.is_empty() { "none".to_owned() } else { lines.join("\n") }
    }

    fn leave(&mut self, node: &str) {
        let state = self.state(node);
        let attributes = child(&mut self.document, state, "transient_attributes", node);
        let set = child(&mut self.document, attributes, "instance_attributes", "status");
        put(&mut self.document, set, "shutdown=1767268000");
    }

    fn simulate(&mut self, words: &[&str]) -> String {
        let (before, after) = (self.folder.join("before.xml"), self.folder.join("after.xml"));
        fs::write(&before, self.document.to_string()).unwrap();
        self.is_explained();
        let mut arguments: Vec<OsString> = words.iter().map(OsString::from).collect();
        arguments.extend(["-t", "2026-01-01 12:00:00Z", "-x"].map(OsString::from));
        arguments.extend([before.into(), "-O".into(), after.clone().into()]);
        let (mut output, mut errors) = (Vec::new(), Vec::new());
        let name = "crm_simulate";
        let code = pacemaker::crm_simulate_to(name, arguments, NOON, &mut output, &mut errors);
        let mut said = String::from_utf8(output).unwrap();
        said = said.replace("Setting effective cluster time: 2026-01-01 12:00:00Z\n", "");
        // As XML, the request is told, with the files.
        said = said.replace(&format!("{}/", self.folder.display()), "");
        if !errors.is_empty() {
            write!(said, "stderr: {}", String::from_utf8(errors).unwrap()).unwrap();
        }
        if code == 0 {
            self.document = Document::parse(&fs::read_to_string(&after).unwrap()).unwrap();
            self.comes_to_rest();
        } else {
            writeln!(said, "exit {code}").unwrap();
        }
        // Blanks at line ends would be lost in most editors.
        said.lines().map(str::trim_end).collect::<Vec<_>>().join("\n")
    }
}

impl Stage {
    /// Each score is the sum of its terms, and each action has a chain that ends in a root.
    fn is_explained(&self) {
        let input = Input { now: NOON, ..Input::default() };
        let resolved = scheduler::resolve(&self.document, &input);
        let assigned = scheduler::assign(&resolved);
        let path = self.path.display();
        for resource in resolved.resource_indices() {
            for (node, cell) in assigned.resource(resource).scores.listed() {
                let terms = assigned.terms(resource, node);
                let id = &resolved.resource(resource).id;
                assert_eq!(sum_of(&terms), cell.score(), "{path}: {id}: {terms:?}");
            }
        }
        let explained = scheduler::explain(&resolved, &assigned);
        let chains = explained.chains.iter().map(|chain| &chain.causes);
        for causes in chains.chain(explained.blocked.iter().map(|blocked| &blocked.causes)) {
            let last = causes.last();
            let is_root = last.is_some_and(Cause::is_root);
            let is_known = !matches!(last, Some(Cause::Root(Root::Unexplained { .. })));
            assert!(is_root && is_known, "{path}: {causes:?}");
        }
    }

    /// The law of every planner: what is carried out leaves nothing to do. A second plan may be
    /// needed where the first one only finds out what is there.
    fn comes_to_rest(&self) {
        let mut document = self.document.clone();
        for round in 0..4 {
            let input = Input { now: NOON, ..Input::default() };
            let plan = scheduler::plan(&document, &input).plan;
            let work = |step: &&PlanStep| !matches!(step.action.kind, ActionKind::Milestone);
            let Some(left) = plan.steps.iter().find(work) else { return };
            assert!(round < 3, "{}: no rest: {}", self.path.display(), left.action.key);
            let mut next = document.clone();
            let resolved = scheduler::resolve(&document, &input);
            let is_known = |name: &str| resolved.find_recorded(name).is_some();
            let how = Rehearsing {
                now: NOON,
                origin: "law",
                faithful_to: FaithfulTo::Cluster,
                failures: &[],
                is_known: &is_known,
            };
            let rehearsed = rehearse(&mut next, &plan, &how);
            assert_eq!(rehearsed.ending, Ending::Complete, "{}", self.path.display());
            document = next;
        }
    }
}

/// 2026-01-01 12:00:00Z, when every scenario plays.
const NOON: i64 = 1_767_268_800;

const SECTIONS: [&str; 12] = [
    "crm_config",
    "nodes",
    "resources",
    "constraints",
    "rsc_defaults",
    "op_defaults",
    "tags",
    "fencing-topology",
    "obj_ref",
    "docker",
    "podman",
    "network",
];

fn section(document: &mut Document, name: &str) -> NodeId {
    let configuration = document.root().child("configuration").unwrap().id();
    let found = document.element(configuration).child(name).map(|element| element.id());
    found.unwrap_or_else(|| document.append(configuration, name))
}

fn child(document: &mut Document, parent: NodeId, name: &str, id: &str) -> NodeId {
    let found = document.element(parent).child(name).map(|element| element.id());
    found.unwrap_or_else(|| {
        let made = document.append(parent, name);
        document.set(made, "id", id);
        made
    })
}

/// Sets `NAME=VALUE` in a set of pairs, or takes it away.
fn put(document: &mut Document, set: NodeId, pair: &str) {
    let (name, value) = pair.split_once('=').unwrap();
    let found = document
        .element(set)
        .children()
        .find(|pair| pair.attr("name") == Some(name))
        .map(|pair| pair.id());
    match (found, value) {
        (Some(pair), "") => document.remove(pair),
        (None, "") => {}
        (found, value) => {
            let pair = found.unwrap_or_else(|| document.append(set, "nvpair"));
            let id =
                format!("{}-{}", document.element(set).attr("id").unwrap(), name.replace('#', ""));
            for (key, text) in [("id", id.as_str()), ("name", name), ("value", value)] {
                document.set(pair, key, text);
            }
        }
    }
}
