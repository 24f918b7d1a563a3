//! The repository's own agents, run as the executor runs them.
#![expect(clippy::unwrap_used, reason = "a test may fail loudly")]

use std::fs;
use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, AtomicU64, Ordering};
use std::time::{Duration, Instant};

use exec::{ExecConfig, Executor, Finished, OperationToken, Report, RunRequest};
use model::{AgentRef, NodeName, OcfCode, ResourceId};
use process::{Identity, Signal};
use tokio::sync::mpsc::UnboundedReceiver;

/// Longer than anything here takes on a busy machine.
const PATIENCE: Duration = Duration::from_secs(120);

/// A directory for some nodes; what runs below it ends with it.
struct Bed {
    directory: PathBuf,
}

impl Bed {
    fn new() -> Self {
        static NUMBER: AtomicU32 = AtomicU32::new(0);
        let number = NUMBER.fetch_add(1, Ordering::Relaxed);
        let name = format!("quorate-agents-{}-{number}", std::process::id());
        let directory = std::env::temp_dir().join(name);
        fs::create_dir_all(&directory).unwrap();
        Self { directory: fs::canonicalize(directory).unwrap() }
    }

    fn path(&self, name: &str) -> String {
        self.directory.join(name).to_str().unwrap().to_owned()
    }
}

impl Drop for Bed {
    fn drop(&mut self) {
        for entry in fs::read_dir(&self.directory).into_iter().flatten().flatten() {
            let path = entry.path();
            let find = || {
                let marks = [(process::NODE_MARK, path.to_str().unwrap())];
                process::marked(&marks).iter().map(process::Stat::identity).collect()
            };
            let _ = process::end_now(PATIENCE, find);
        }
        let _ = fs::remove_dir_all(&self.directory);
    }
}

/// One node's executor.
struct Node {
    executor: Executor,
    reports: UnboundedReceiver<Report>,
    tokens: AtomicU64,
}

impl Node {
    fn new(bed: &Bed, name: &str) -> Self {
        Self::with(bed, name, &[])
    }

    fn with(bed: &Bed, name: &str, variables: &[(&str, &str)]) -> Self {
        let mut config = Self::config(bed, name);
        let variables = variables.iter().map(|(name, value)| ((*name).into(), (*value).into()));
        config.environment.extend(variables);
        Self::of(config)
    }

    /// One that has a machine of its own, with this directory for what goes with its power.
    fn of_machine(bed: &Bed, name: &str, run: &Path) -> Self {
        let mut config = Self::config(bed, name);
        config.run_dir = Some(run.to_owned());
        Self::of(config)
    }

    fn of(config: ExecConfig) -> Self {
        let (sender, reports) = tokio::sync::mpsc::unbounded_channel();
        Self { executor: Executor::new(config, sender), reports, tokens: AtomicU64::new(1) }
    }

    fn config(bed: &Bed, name: &str) -> ExecConfig {
        let state_dir = bed.directory.join(name);
        fs::create_dir_all(&state_dir).unwrap();
        let agents = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../agents");
        let mut config = ExecConfig::new(NodeName::new(name), state_dir, Some(agents));
        config.environment.retain(|(name, _)| name != "QUORATE_BINARY");
        let binary = env!("CARGO_BIN_EXE_quorate").to_owned();
        config.environment.push(("QUORATE_BINARY".to_owned(), binary));
        config
    }

    async fn act(&mut self, agent: &str, action: &str, parameters: &[(&str, &str)]) -> Finished {
        let token = OperationToken(self.tokens.fetch_add(1, Ordering::Relaxed));
        let is_fencing = agent.starts_with("fence_");
        self.executor.run(RunRequest {
            token,
            resource: ResourceId::new(agent),
            agent: AgentRef {
                standard: Arc::from(if is_fencing { "stonith" } else { "ocf" }),
                provider: (!is_fencing).then(|| Arc::from("quorate")),
                kind: Arc::from(agent),
            },
            action: action.to_owned(),
            parameters: parameters
                .iter()
                .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
                .collect(),
            timeout: PATIENCE,
            delay: Duration::ZERO,
        });
        loop {
            if let Report::Finished(finished) = self.report().await
                && finished.token == token
            {
                return finished;
            }
        }
    }

    async fn report(&mut self) -> Report {
        tokio::time::timeout(PATIENCE, self.reports.recv()).await.unwrap().unwrap()
    }

    async fn expect(
        &mut self,
        code: OcfCode,
        agent: &str,
        action: &str,
        parameters: &[(&str, &str)],
    ) -> Finished {
        let finished = self.act(agent, action, parameters).await;
        assert_eq!(finished.outcome.code, code, "{agent} {action}: {finished:?}");
        finished
    }
}

#[tokio::test]
async fn every_agent_describes_itself() {
    let bed = Bed::new();
    let mut node = Node::new(&bed, "n1");
    let packages = ["package-attach", "package-resources", "package-script", "package-service"];
    let real =
        packages.into_iter().chain(["package-address", "package-site", "polled-resource", "lan"]);
    let others = ["address", "webserver", "lock", "ping", "counter", "fence_quorate"];
    for kind in real.chain(others) {
        let text = node.expect(OcfCode::OK, kind, "meta-data", &[]).await.stdout;
        let data = agent::Metadata::parse(&text).unwrap();
        assert_eq!(data.name, kind);
        assert!(!data.long.is_empty() && data.action("monitor").is_some(), "{kind}");
        if !kind.starts_with("fence_") {
            node.expect(OcfCode::UNIMPLEMENTED, kind, "explode", &[]).await;
        }
    }
}

#[tokio::test]
async fn the_web_server_serves_dies_and_is_seen_to() {
    let bed = Bed::new();
    let mut node = Node::new(&bed, "n1");
    let (ip, port) = testkit::free_port();
    let (ip, port) = (ip.to_string(), port.to_string());
    let parameters = [("ip", ip.as_str()), ("port", port.as_str())];
    node.expect(OcfCode::NOT_RUNNING, "webserver", "monitor", &parameters).await;
    node.expect(OcfCode::OK, "webserver", "start", &parameters).await;
    node.expect(OcfCode::OK, "webserver", "start", &parameters).await;
    node.expect(OcfCode::OK, "webserver", "monitor", &parameters).await;
    let page = fetch(&ip, &port);
    assert!(page.contains("served by node <b>n1</b>"), "{page}");
    node.executor.watch(ResourceId::new("webserver"));
    let server = node.expect(OcfCode::OK, "webserver", "monitor", &parameters).await;
    assert_eq!(server.outcome.reason, "");
    process::send(recorded(&bed, "n1/run/webserver-webserver.pid"), Signal::Kill).unwrap();
    let died = Report::WatchedDied { resource: ResourceId::new("webserver") };
    assert_eq!(node.report().await, died);
    node.expect(OcfCode::NOT_RUNNING, "webserver", "monitor", &parameters).await;
    node.expect(OcfCode::OK, "webserver", "start", &parameters).await;
    node.expect(OcfCode::OK, "webserver", "stop", &parameters).await;
    node.expect(OcfCode::OK, "webserver", "stop", &parameters).await;
    assert!(TcpStream::connect((ip.as_str(), port.parse().unwrap())).is_err());
}

#[tokio::test]
async fn a_port_in_use_is_a_failed_start() {
    let bed = Bed::new();
    let mut node = Node::new(&bed, "n1");
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = taken.local_addr().unwrap().port().to_string();
    let finished =
        node.expect(OcfCode::GENERIC, "webserver", "start", &[("port", port.as_str())]).await;
    assert!(finished.outcome.reason.starts_with("cannot listen on 127.0.0.1:"), "{finished:?}");
    node.expect(OcfCode::NOT_CONFIGURED, "webserver", "start", &[("port", "many")]).await;
}

#[tokio::test]
async fn a_lock_is_held_once_and_the_ledger_says_so() {
    let bed = Bed::new();
    let (mut one, mut two) = (Node::new(&bed, "n1"), Node::new(&bed, "n2"));
    let file = bed.path("lock");
    let parameters = [("file", file.as_str())];
    one.expect(OcfCode::OK, "lock", "start", &parameters).await;
    let busy = two.expect(OcfCode::GENERIC, "lock", "start", &parameters).await;
    assert!(busy.outcome.reason.ends_with("is locked by another process"), "{busy:?}");
    two.expect(OcfCode::NOT_RUNNING, "lock", "monitor", &parameters).await;
    one.expect(OcfCode::OK, "lock", "monitor", &parameters).await;
    one.expect(OcfCode::OK, "lock", "stop", &parameters).await;
    two.expect(OcfCode::OK, "lock", "start", &parameters).await;
    let holder = recorded(&bed, "n2/run/lock-lock.pid");
    process::send(holder, Signal::Kill).unwrap();
    process::wait_end(holder, PATIENCE).unwrap();
    one.expect(OcfCode::OK, "lock", "start", &parameters).await;
    let sum = own_agents::check_ledger(Path::new(&file)).unwrap();
    assert_eq!((sum.acquired, sum.released, sum.lost, sum.refused), (3, 1, 1, 1));
    assert_eq!(sum.violations, Vec::<String>::new());
}

#[tokio::test]
async fn two_holders_of_a_replaced_file_are_caught() {
    let bed = Bed::new();
    let (mut one, mut two) = (Node::new(&bed, "n1"), Node::new(&bed, "n2"));
    let file = bed.path("lock");
    let parameters = [("file", file.as_str())];
    one.expect(OcfCode::OK, "lock", "start", &parameters).await;
    fs::remove_file(&file).unwrap();
    two.expect(OcfCode::OK, "lock", "start", &parameters).await;
    let sum = own_agents::check_ledger(Path::new(&file)).unwrap();
    assert!(!sum.violations.is_empty(), "{sum:?}");
    let check = Command::new(env!("CARGO_BIN_EXE_quorate"))
        .args(["agent-helper", "lock", "check", &file])
        .output()
        .unwrap();
    assert_eq!(check.status.code(), Some(1), "{check:?}");
}

#[tokio::test]
async fn ping_and_counter_keep_their_state() {
    let bed = Bed::new();
    let mut node = Node::new(&bed, "n1");
    for (code, agent, action) in [
        (OcfCode::NOT_RUNNING, "ping", "monitor"),
        (OcfCode::OK, "ping", "start"),
        (OcfCode::OK, "ping", "monitor"),
        (OcfCode::OK, "ping", "stop"),
        (OcfCode::NOT_RUNNING, "ping", "monitor"),
        (OcfCode::NOT_RUNNING, "counter", "promote"),
        (OcfCode::OK, "counter", "start"),
        (OcfCode::OK, "counter", "monitor"),
        (OcfCode::OK, "counter", "promote"),
        (OcfCode::RUNNING_PROMOTED, "counter", "monitor"),
        (OcfCode::OK, "counter", "notify"),
        (OcfCode::OK, "counter", "demote"),
        (OcfCode::OK, "counter", "monitor"),
        (OcfCode::OK, "counter", "stop"),
        (OcfCode::NOT_RUNNING, "counter", "monitor"),
    ] {
        node.expect(code, agent, action, &[]).await;
    }
}

#[tokio::test]
async fn a_service_is_run_again_so_many_times_and_then_has_failed() {
    let bed = Bed::new();
    let mut node = Node::new(&bed, "n1");
    let runs = bed.path("runs");
    let end = bed.path("end");
    let command = format!(
        "echo run >> {runs}; sleep 1000 & while [ ! -e {end} ]; do sleep 0.02; done; exit 3"
    );
    let parameters = [("cmd", command.as_str()), ("restarts", "1")];
    let service = "package-service";
    node.expect(OcfCode::NOT_CONFIGURED, service, "start", &[]).await;
    node.expect(OcfCode::NOT_RUNNING, service, "monitor", &parameters).await;
    node.expect(OcfCode::OK, service, "start", &parameters).await;
    node.executor.watch(ResourceId::new(service));
    node.expect(OcfCode::OK, service, "monitor", &parameters).await;
    fs::write(end, "").unwrap();
    while !matches!(node.report().await, Report::WatchedDied { .. }) {}
    // The command's death is told first, and it is run again; in the end the keeper goes.
    appears(&bed.directory.join("n1/run/package-service-package-service.failed")).await;
    let keeper = recorded(&bed, "n1/run/package-service-package-service.pid");
    process::wait_end(keeper, PATIENCE).unwrap();
    let failed = node.expect(OcfCode::GENERIC, service, "monitor", &parameters).await;
    let reason = &failed.outcome.reason;
    assert!(reason.ends_with("after 1 restarts"), "{reason}");
    assert_eq!(fs::read_to_string(&runs).unwrap(), "run\nrun\n");
    // Nor is anything left of what it has started.
    let directory = bed.path("n1");
    let marks = [(process::NODE_MARK, directory.as_str()), (process::RESOURCE_MARK, service)];
    assert!(process::marked(&marks).is_empty());
    node.expect(OcfCode::OK, service, "stop", &parameters).await;
    node.expect(OcfCode::NOT_RUNNING, service, "monitor", &parameters).await;
}

#[tokio::test]
async fn a_service_is_asked_to_end_before_it_is_killed() {
    let bed = Bed::new();
    let mut node = Node::new(&bed, "n1");
    let (ready, told) = (bed.path("ready"), bed.path("told"));
    for (trap, patience, is_told) in [("echo bye", "60", true), (":", "0", false)] {
        let end = if is_told { "exit 0" } else { ":" };
        let command = format!(
            "trap '{trap} > {told}; {end}' TERM; echo > {ready}; while :; do sleep 1000 & wait; done"
        );
        let parameters =
            [("cmd", command.as_str()), ("restarts", "unlimited"), ("halt_timeout", patience)];
        node.expect(OcfCode::OK, "package-service", "start", &parameters).await;
        node.expect(OcfCode::OK, "package-service", "start", &parameters).await;
        appears(Path::new(&ready)).await;
        appears(&bed.directory.join("n1/run/package-service-package-service.command")).await;
        node.expect(OcfCode::OK, "package-service", "monitor", &parameters).await;
        let process = recorded(&bed, "n1/run/package-service-package-service.command");
        node.expect(OcfCode::OK, "package-service", "stop", &parameters).await;
        assert!(!process.is_alive());
        if is_told {
            assert_eq!(fs::read_to_string(&told).unwrap(), "bye\n");
        }
        node.expect(OcfCode::NOT_RUNNING, "package-service", "monitor", &parameters).await;
        fs::remove_file(&ready).unwrap();
    }
}

#[tokio::test]
async fn a_resource_that_nobody_can_say_the_value_of_is_no_failure() {
    let bed = Bed::new();
    let mut node = Node::new(&bed, "n1");
    let agent = "polled-resource";
    let directory = bed.path("resources");
    let monitor = [
        ("resource", "/lines"),
        ("attribute", "lines"),
        ("number", "yes"),
        ("directory", directory.as_str()),
        ("CRM_meta_interval", "1000"),
        ("CRM_meta_timeout", "70000"),
    ];
    let probe = &monitor[..4];
    node.expect(OcfCode::NOT_CONFIGURED, agent, "start", &monitor[..1]).await;
    node.expect(OcfCode::NOT_RUNNING, agent, "monitor", probe).await;
    node.expect(OcfCode::OK, agent, "start", probe).await;
    node.expect(OcfCode::OK, agent, "monitor", probe).await;
    let kept = bed.path("n1/run/polled-resource-polled-resource");
    let why = || fs::read_to_string(&kept).unwrap();
    assert_eq!(why(), "lines\nnobody says its value\n");
    fs::create_dir_all(&directory).unwrap();
    let program = bed.path("resources/lines");
    for (does, wanted) in [
        ("echo $1; exit 1", "it ended with 1"),
        ("echo 4 lines", "`4 lines` is no number"),
        (":", "it prints no value"),
        ("kill -9 $$", "it was killed"),
        ("sleep 1000 & exec sleep 1001", "it takes longer than 1 s"),
        ("echo 4; sleep 1000 &", ""),
        ("echo 5; exec yes | head -1000000", ""),
    ] {
        testkit::write_program(Path::new(&program), &format!("#!/bin/sh\n{does}\n"));
        let mut monitor = monitor;
        // One that is to be too late has little time.
        monitor[5].1 = if does.contains("1001") { "11000" } else { "70000" };
        node.expect(OcfCode::OK, agent, "monitor", &monitor).await;
        let wanted = if wanted.is_empty() { String::new() } else { format!("{program}: {wanted}") };
        assert_eq!(why(), format!("lines\n{wanted}\n"), "{does}");
    }
    // Nothing is left of what they have started.
    let mark = bed.path("n1");
    let marks = [(process::NODE_MARK, mark.as_str()), (process::RESOURCE_MARK, agent)];
    let begun = Instant::now();
    while !process::marked(&marks).is_empty() {
        assert!(begun.elapsed() < PATIENCE, "{:?}", process::marked(&marks));
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    fs::remove_file(&program).unwrap();
    fs::write(&program, "").unwrap();
    node.expect(OcfCode::OK, agent, "monitor", &monitor).await;
    assert!(why().contains("is not executable"), "{}", why());
    // Also where the configuration has forgotten what it was.
    node.expect(OcfCode::OK, agent, "stop", &[]).await;
    node.expect(OcfCode::OK, agent, "stop", &[]).await;
    node.expect(OcfCode::NOT_RUNNING, agent, "monitor", probe).await;
}

/// Waits until there is something in the file.
async fn appears(path: &Path) {
    let begun = Instant::now();
    while !fs::metadata(path).is_ok_and(|meta| meta.len() > 0) {
        assert!(begun.elapsed() < PATIENCE, "{} does not appear", path.display());
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}

/// A document in which the package `shop` is; whether it is switched off there, and whether it is kept
/// on the node that did not halt it.
fn document_of_shop(bed: &Bed) -> (String, impl Fn() -> (bool, bool)) {
    let path = bed.path("cib.xml");
    let text = "<cib validate-with='pacemaker-4.0' epoch='1' num_updates='0' admin_epoch='0'>\
        <configuration><crm_config><cluster_property_set id='serviceguard'><nvpair \
        id='serviceguard-shop' name='serviceguard-package-shop' value='package_name shop'/>\
        </cluster_property_set></crm_config><nodes><node id='1' uname='n1'/></nodes><resources/><constraints/></configuration>\
        <status/></cib>";
    fs::write(&path, text).unwrap();
    let read = path.clone();
    (path, move || {
        let said = fs::read_to_string(&read).unwrap();
        fs::write(&read, text).unwrap();
        (said.contains("sg.shop.switching"), said.contains("sg.shop.unhalted"))
    })
}

#[tokio::test]
async fn deferred_resources_count_from_when_on_all_of_them_are_up() {
    let bed = Bed::new();
    let document = bed.path("cib.xml");
    let write = |load: &str| {
        let text = format!(
            "<cib validate-with='pacemaker-4.0' epoch='1' num_updates='0' admin_epoch='0'>\
             <configuration><crm_config><cluster_property_set id='serviceguard'><nvpair \
             id='serviceguard-shop' name='serviceguard-package-shop' value='package_name shop&#10;\
             resource_name /a&#10;resource_start deferred&#10;resource_up_value = UP&#10;\
             resource_name /b&#10;resource_start deferred&#10;resource_up_value &lt; 5&#10;'/>\
             </cluster_property_set></crm_config><nodes><node id='1' uname='n1'/></nodes><resources/>\
             <constraints/></configuration><status><node_state id='1' uname='n1' in_ccm='true' \
             crmd='online' join='member' expected='member'><transient_attributes id='1'>\
             <instance_attributes id='s'><nvpair id='s-a' name='sg-resource-a' value='UP'/><nvpair \
             id='s-b' name='sg-resource-b' value='{load}'/></instance_attributes>\
             </transient_attributes></node_state></status></cib>"
        );
        fs::write(&document, text).unwrap();
    };
    let counting = || fs::read_to_string(&document).unwrap().matches("sg-deferred-").count();
    write("7");
    let mut node = Node::with(&bed, "n1", &[("CIB_file", document.as_str())]);
    let parameters = [("package", "shop"), ("resources", "/a\n/b")];
    let agent = "package-resources";
    node.expect(OcfCode::NOT_RUNNING, agent, "monitor", &parameters).await;
    let failed = node.expect(OcfCode::GENERIC, agent, "start", &parameters).await;
    let reason = &failed.outcome.reason;
    assert!(reason.contains("Resource /b is not up on node n1"), "{reason}");
    assert_eq!(counting(), 0);
    node.expect(OcfCode::OK, agent, "stop", &parameters).await;

    write("4");
    node.expect(OcfCode::OK, agent, "start", &parameters).await;
    assert!(counting() > 0);
    node.expect(OcfCode::OK, agent, "monitor", &parameters).await;
    node.expect(OcfCode::OK, agent, "stop", &parameters).await;
    assert_eq!(counting(), 0);
    node.expect(OcfCode::NOT_RUNNING, agent, "monitor", &parameters).await;
}

#[tokio::test]
async fn what_a_control_script_says_is_done() {
    let bed = Bed::new();
    let (document, is_switched_off) = document_of_shop(&bed);
    let mut node = Node::with(&bed, "n1", &[("CIB_file", document.as_str())]);
    let said = bed.path("said");
    for (run, halt, started, stopped, lines) in [
        ("exit 0", "exit 0", OcfCode::OK, OcfCode::OK, "start shop\nstop shop\n"),
        // The halt script of what did not run is not run.
        ("exit 2", "exit 0", OcfCode::GENERIC, OcfCode::OK, "start shop\n"),
        ("exit 1", "exit 0", OcfCode::NOT_CONFIGURED, OcfCode::OK, "start shop\n"),
        ("sleep 1000", "exit 0", OcfCode::NOT_CONFIGURED, OcfCode::OK, "start shop\n"),
        ("exit 0", "exit 1", OcfCode::OK, OcfCode::OK, "start shop\nstop shop\n"),
        ("exit 0", "sleep 1000", OcfCode::OK, OcfCode::OK, "start shop\nstop shop\n"),
    ] {
        let script = bed.path("control.sh");
        let text = format!(
            "#!/bin/sh\necho $1 $SG_PACKAGE >> {said}\ncase $1 in start) {run};; stop) {halt};; esac\n"
        );
        testkit::write_program(Path::new(&script), &text);
        let parameters = [
            ("package", "shop"),
            ("run_script", script.as_str()),
            ("halt_script", script.as_str()),
            // Long enough that the script has written before.
            ("run_timeout", if run.starts_with("sleep") { "5" } else { "600" }),
            ("halt_timeout", if halt.starts_with("sleep") { "5" } else { "600" }),
        ];
        let agent = "package-script";
        node.expect(OcfCode::NOT_RUNNING, agent, "monitor", &parameters).await;
        node.expect(started, agent, "start", &parameters).await;
        assert_eq!(is_switched_off(), (started == OcfCode::NOT_CONFIGURED, false), "{run}");
        let there = if started == OcfCode::OK { OcfCode::OK } else { OcfCode::NOT_RUNNING };
        node.expect(there, agent, "monitor", &parameters).await;
        node.expect(stopped, agent, "stop", &parameters).await;
        let is_left = halt != "exit 0";
        assert_eq!(is_switched_off(), (is_left, is_left), "{halt}");
        node.expect(OcfCode::NOT_RUNNING, agent, "monitor", &parameters).await;
        assert_eq!(fs::read_to_string(&said).unwrap(), lines, "{run} {halt}");
        fs::remove_file(&said).unwrap();
    }
}

#[tokio::test]
async fn a_control_script_does_not_outlive_the_halt_when_its_agent_was_killed() {
    let bed = Bed::new();
    let mut node = Node::new(&bed, "n1");
    let script = bed.path("control.sh");
    let left = "n1/run/package-script-package-script.script";
    let text =
        "#!/bin/sh\nuntil [ -s \"$LEFT\" ]; do sleep 0.01; done\nkill -9 $PPID\nexec sleep 1000\n";
    testkit::write_program(Path::new(&script), text);
    let variables = format!("LEFT={}", bed.path(left));
    let parameters = [
        ("package", "shop"),
        ("run_script", script.as_str()),
        ("halt_script", script.as_str()),
        ("variables", variables.as_str()),
    ];
    let agent = "package-script";
    let unreset = "this node must be reset before the package runs elsewhere";
    for (fail_fast, stopped, why) in [("no", OcfCode::OK, ""), ("yes", OcfCode::GENERIC, unreset)] {
        let parameters = [&parameters[..], &[("fail_fast", fail_fast)]].concat();
        node.expect(OcfCode::GENERIC, agent, "start", &parameters).await;
        let script = recorded(&bed, left);
        assert!(script.is_alive());
        let seen = node.expect(OcfCode::GENERIC, agent, "monitor", &parameters).await;
        assert_eq!(seen.outcome.reason, "a script of it still runs");
        let finished = node.expect(stopped, agent, "stop", &parameters).await;
        assert_eq!(finished.outcome.reason, why);
        assert!(!script.is_alive());
        fs::remove_file(bed.directory.join(left)).unwrap();
    }
    let seen = node.expect(OcfCode::GENERIC, agent, "monitor", &parameters).await;
    assert_eq!(seen.outcome.reason, unreset);
}

/// A package with this control script, whose node is reset when it fails.
fn fail_fast(script: &str) -> [(&str, &str); 4] {
    [("package", "shop"), ("run_script", script), ("halt_script", script), ("fail_fast", "yes")]
}

#[tokio::test]
async fn a_script_that_cannot_run_has_no_node_reset() {
    let bed = Bed::new();
    let mut node = Node::new(&bed, "n1");
    let script = bed.path("control.sh");
    fs::write(&script, "#!/bin/sh\n").unwrap();
    let parameters = fail_fast(&script);
    let agent = "package-script";
    let finished = node.expect(OcfCode::GENERIC, agent, "start", &parameters).await;
    let reason = &finished.outcome.reason;
    assert!(reason.contains("cannot run") && reason.contains("Permission denied"), "{reason}");
    node.expect(OcfCode::NOT_RUNNING, agent, "monitor", &parameters).await;
    node.expect(OcfCode::OK, agent, "stop", &parameters).await;
}

/// Else the node would be taken for one on which the package failed, and it would be moved from where it runs.
#[tokio::test]
async fn after_the_machine_s_start_nothing_is_left_of_what_a_script_ran_before() {
    let bed = Bed::new();
    let script = bed.path("control.sh");
    let words = format!(
        "#!/bin/sh\n[ $1 = stop ] || {} cmrunserv cook 'sleep 1000'\n",
        env!("CARGO_BIN_EXE_quorate")
    );
    testkit::write_program(Path::new(&script), &words);
    let parameters =
        [("package", "shop"), ("run_script", script.as_str()), ("halt_script", script.as_str())];
    let agent = "package-script";
    let [before, after] = ["before", "after"].map(|life| bed.directory.join(life));
    let mut node = Node::of_machine(&bed, "n1", &before);
    node.expect(OcfCode::OK, agent, "start", &parameters).await;
    node.expect(OcfCode::OK, agent, "monitor", &parameters).await;
    let keeper = recorded(&bed, "before/package-service-shop:cook.pid");
    process::send(keeper, Signal::Kill).unwrap();
    process::wait_end(keeper, PATIENCE).unwrap();
    node.expect(OcfCode::GENERIC, agent, "monitor", &parameters).await;
    let mut node = Node::of_machine(&bed, "n1", &after);
    node.expect(OcfCode::NOT_RUNNING, agent, "monitor", &parameters).await;
}

#[tokio::test]
async fn where_nobody_hears_that_the_node_shall_be_reset_the_halt_fails_for_that() {
    let bed = Bed::new();
    let missing = bed.path("no-such-document");
    let mut node = Node::with(&bed, "n1", &[("CIB_file", missing.as_str())]);
    let script = bed.path("control.sh");
    testkit::write_program(Path::new(&script), "#!/bin/sh\nexit 2\n");
    let parameters = fail_fast(&script);
    let agent = "package-script";
    let finished = node.expect(OcfCode::GENERIC, agent, "start", &parameters).await;
    let reason = &finished.outcome.reason;
    assert!(reason.contains("this node cannot be given up"), "{reason}");
    for _try in 0..2 {
        let finished = node.expect(OcfCode::GENERIC, agent, "stop", &parameters).await;
        let reason = finished.outcome.reason;
        assert_eq!(reason, "this node must be reset before the package runs elsewhere");
    }
}

#[tokio::test]
async fn a_control_scripts_services_are_looked_after_and_ended() {
    let bed = Bed::new();
    let mut node = Node::new(&bed, "n1");
    let script = bed.path("control.sh");
    let text = "#!/bin/sh\ncase $1 in\nstart) $QUORATE_BINARY cmrunserv mail 'exec sleep 1000' &&\n\
        $QUORATE_BINARY cmrunserv -R news 'exec sleep 1001';;\n\
        stop) $QUORATE_BINARY cmhaltserv mail;;\nesac\n";
    testkit::write_program(Path::new(&script), text);
    let parameters =
        [("package", "shop"), ("run_script", script.as_str()), ("halt_script", script.as_str())];
    let agent = "package-script";
    node.expect(OcfCode::OK, agent, "start", &parameters).await;
    let file = |name: &str| format!("n1/run/package-service-shop:{name}.command");
    for name in ["mail", "news"] {
        appears(&bed.directory.join(file(name))).await;
    }
    let [mail, news] = ["mail", "news"].map(|name| recorded(&bed, &file(name)));
    node.executor.watch(ResourceId::new(agent));
    node.expect(OcfCode::OK, agent, "monitor", &parameters).await;
    process::send(mail, Signal::Kill).unwrap();
    while !matches!(node.report().await, Report::WatchedDied { .. }) {}
    let keeper = recorded(&bed, "n1/run/package-service-shop:mail.pid");
    process::wait_end(keeper, PATIENCE).unwrap();
    let failed = node.expect(OcfCode::GENERIC, agent, "monitor", &parameters).await;
    assert_eq!(failed.outcome.reason, "the service shop:mail has failed");
    // The script forgets one of them.
    assert!(news.is_alive());
    node.expect(OcfCode::OK, agent, "stop", &parameters).await;
    assert!(!news.is_alive());
    node.expect(OcfCode::NOT_RUNNING, agent, "monitor", &parameters).await;
}

#[tokio::test]
async fn a_script_whose_package_cannot_be_switched_off_has_failed_here_only() {
    let bed = Bed::new();
    let missing = bed.path("no-such-document");
    let mut node = Node::with(&bed, "n1", &[("CIB_file", missing.as_str())]);
    let script = bed.path("control.sh");
    testkit::write_program(Path::new(&script), "#!/bin/sh\nexit 1\n");
    let parameters =
        [("package", "shop"), ("run_script", script.as_str()), ("halt_script", script.as_str())];
    let finished = node.expect(OcfCode::GENERIC, "package-script", "start", &parameters).await;
    let reason = &finished.outcome.reason;
    assert!(reason.contains("the package cannot be switched off"), "{reason}");
}

#[tokio::test]
async fn an_address_is_recorded_without_an_interface() {
    let bed = Bed::new();
    let mut node = Node::new(&bed, "n1");
    let parameters = [("ip", "192.0.2.9"), ("mode", "record")];
    node.expect(OcfCode::NOT_CONFIGURED, "address", "start", &[]).await;
    node.expect(OcfCode::NOT_RUNNING, "address", "monitor", &parameters).await;
    node.expect(OcfCode::OK, "address", "start", &parameters).await;
    node.expect(OcfCode::OK, "address", "monitor", &parameters).await;
    node.expect(OcfCode::OK, "address", "stop", &parameters).await;
    node.expect(OcfCode::NOT_RUNNING, "address", "monitor", &parameters).await;
}

#[tokio::test]
async fn fencing_ends_everything_of_a_node_and_nothing_else() {
    let bed = Bed::new();
    let (mut one, mut two) = (Node::new(&bed, "n1"), Node::new(&bed, "n2"));
    let (ip, port) = testkit::free_port();
    let (ip, port) = (ip.to_string(), port.to_string());
    let web = [("ip", ip.as_str()), ("port", port.as_str())];
    let file = bed.path("lock");
    let lock = [("file", file.as_str())];
    two.expect(OcfCode::OK, "webserver", "start", &web).await;
    two.expect(OcfCode::OK, "lock", "start", &lock).await;
    two.expect(OcfCode::OK, "ping", "start", &[]).await;
    one.expect(OcfCode::OK, "ping", "start", &[]).await;
    let directory = bed.path("");
    let device = [("state_dir", directory.as_str()), ("nodename", "n2"), ("port", "n2")];

    // The daemons are stood for by processes without a mark, as real ones have none.
    let mut daemons =
        [daemon(&bed, "n1", "exec sleep 1000"), daemon(&bed, "n2", "sleep 1000 & wait")];
    let agent = "fence_quorate";
    one.expect(OcfCode::OK, agent, "start", &device[..1]).await;
    let listed = one.expect(OcfCode::OK, agent, "list", &device[..1]).await;
    assert_eq!(listed.stdout, "n1,\nn2,\n");
    let status = one.expect(OcfCode::OK, agent, "status", &device).await;
    assert_eq!(status.stdout, "Status: ON\n");

    let survivor = Identity::of(daemons[0].id()).unwrap();
    let victim = Identity::of(daemons[1].id()).unwrap();
    let services =
        [recorded(&bed, "n2/run/webserver-webserver.pid"), recorded(&bed, "n2/run/lock-lock.pid")];
    one.expect(OcfCode::OK, agent, "off", &device).await;
    assert!(survivor.is_alive() && !victim.is_alive());
    assert!(services.iter().all(|service| !service.is_alive()));
    let status = one.act(agent, "status", &device).await;
    assert_eq!((status.stdout.as_str(), status.exit), ("Status: OFF\n", exec::Exit::Code(2)));
    let switch = bed.directory.join("n2/power");
    assert_eq!(fs::read_to_string(&switch).unwrap(), "off\n");
    assert_eq!(started_daemon(&bed, "n2"), Some(100), "a daemon came up behind the agent's back");

    // What the node remembered is gone with its power, and its lock is free.
    two.expect(OcfCode::NOT_RUNNING, "ping", "monitor", &[]).await;
    one.expect(OcfCode::OK, "ping", "monitor", &[]).await;
    one.expect(OcfCode::OK, "lock", "start", &lock).await;
    assert!(own_agents::check_ledger(Path::new(&file)).unwrap().violations.is_empty());

    one.expect(OcfCode::OK, agent, "on", &device).await;
    assert_eq!(fs::read_to_string(&switch).unwrap(), "on\n");
    for daemon in &mut daemons {
        let _ = daemon.kill();
        daemon.wait().unwrap();
    }
}

#[tokio::test]
async fn fencing_never_kills_a_reused_number() {
    let bed = Bed::new();
    let mut one = Node::new(&bed, "n1");
    fs::create_dir_all(bed.directory.join("n2")).unwrap();
    let mut bystander = Command::new("sleep").arg("1000").spawn().unwrap();
    let identity = Identity::of(bystander.id()).unwrap();
    let stale = Identity { started: identity.started - 1, ..identity };
    fs::write(bed.directory.join("n2/daemon.pid"), format!("{stale}\n")).unwrap();
    let directory = bed.path("");
    let device = [("state_dir", directory.as_str()), ("port", "n2")];
    one.expect(OcfCode::OK, "fence_quorate", "off", &device).await;
    assert!(identity.is_alive());
    bystander.kill().unwrap();
    bystander.wait().unwrap();
}

#[tokio::test]
async fn fencing_refuses_what_it_cannot_prove() {
    let bed = Bed::new();
    let mut one = Node::new(&bed, "n1");
    let directory = bed.path("");
    for device in [
        &[("state_dir", directory.as_str()), ("port", "n9")][..],
        &[("state_dir", directory.as_str())],
        &[("port", "n1")],
    ] {
        let finished = one.expect(OcfCode::GENERIC, "fence_quorate", "off", device).await;
        assert!(!finished.outcome.reason.is_empty());
    }
}

/// Set inside the namespaces of [`an_address_is_announced_and_lost_with_the_power`].
const INSIDE: &str = "QUORATE_TEST_INSIDE";

/// A node's namespace, with a link to the test's own, which takes every announcement.
const NETWORK: &str = "set -e
mount -t tmpfs tmpfs /run
ip netns add node
ip link add qa type veth peer name qr0 netns node
ip link set qa up; ip addr add 192.0.2.1/24 dev qa
ip -n node link set qr0 up; ip -n node addr add 192.0.2.2/24 dev qr0
mount -t proc proc /proc
echo 1 > /proc/sys/net/ipv4/conf/qa/arp_accept
until ip -n node link show qr0 | grep -q 'state UP'; do sleep 0.01; done
exec \"$@\"";

#[tokio::test]
async fn an_address_is_announced_and_lost_with_the_power() {
    if std::env::var_os(INSIDE).is_none() {
        return in_a_network_of_its_own("an_address_is_announced_and_lost_with_the_power");
    }
    let bed = Bed::new();
    let mut one = Node::new(&bed, "n1");
    let state_dir = bed.path("n2");
    fs::create_dir_all(&state_dir).unwrap();
    fs::write(bed.directory.join("n2/netns"), "node\n").unwrap();
    let address = |action: &str| {
        let agent = concat!(env!("CARGO_MANIFEST_DIR"), "/../../agents/ocf/quorate/address");
        Command::new("ip")
            .args(["netns", "exec", "node", agent, action])
            .env("OCF_RESOURCE_INSTANCE", "address")
            .env("OCF_RESKEY_ip", "192.0.2.9")
            .env("QUORATE_BINARY", env!("CARGO_BIN_EXE_quorate"))
            .env(process::NODE_MARK, &state_dir)
            .status()
            .unwrap()
            .code()
    };
    assert_eq!(address("monitor"), Some(7));
    assert_eq!(address("start"), Some(0));
    assert_eq!(address("monitor"), Some(0));
    // Nobody asked for it: only the announcement can have told this side.
    let begun = Instant::now();
    while !ip(&["neigh", "show", "192.0.2.9", "dev", "qa"]).contains("lladdr") {
        assert!(begun.elapsed() < PATIENCE, "{}", ip(&["neigh"]));
        std::thread::sleep(Duration::from_millis(5));
    }
    let directory = bed.path("");
    let device = [("state_dir", directory.as_str()), ("nodename", "n2")];
    one.expect(OcfCode::OK, "fence_quorate", "off", &device).await;
    let link = ip(&["-n", "node", "addr", "show", "dev", "qr0"]);
    assert!(link.contains("state DOWN") && !link.contains("192.0.2."), "{link}");
    assert_eq!(address("monitor"), Some(7));
    ip(&["-n", "node", "link", "set", "qr0", "up"]);
    assert_eq!(address("start"), Some(0));
    assert_eq!(address("stop"), Some(0));
    assert!(!ip(&["-n", "node", "addr"]).contains("192.0.2.9"));
}

fn ip(words: &[&str]) -> String {
    let output = Command::new("ip").args(words).output().unwrap();
    assert!(output.status.success(), "{output:?}");
    String::from_utf8(output.stdout).unwrap()
}

fn in_a_network_of_its_own(test: &str) {
    if !testkit::is_root() || !testkit::has(&["/usr/sbin/ip"]) {
        return;
    }
    let output = Command::new("unshare")
        .args(["--mount", "--net", "sh", "-c", NETWORK, "sh"])
        .arg(std::env::current_exe().unwrap())
        .args(["--exact", test, "--nocapture"])
        .env(INSIDE, "1")
        .output()
        .unwrap();
    assert!(output.status.success(), "{output:?}");
}

/// Stands for a node's daemon: runs `script`.
fn daemon(bed: &Bed, node: &str, script: &str) -> std::process::Child {
    let child = Command::new("sh")
        .args(["-c", script])
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let identity = Identity::of(child.id()).unwrap();
    fs::write(bed.directory.join(node).join("daemon.pid"), format!("{identity}\n")).unwrap();
    child
}

/// Starts a real daemon for the node, and waits for it to leave.
fn started_daemon(bed: &Bed, node: &str) -> Option<i32> {
    let config = bed.path("daemon.toml");
    let text = format!(
        "name = \"{node}\"\nstate_dir = \"{}\"\nnodes = [ {{ name = \"{node}\", id = 1 }} ]\n\
         [fabric]\nkind = \"embedded\"\nsocket = \"{}\"\n",
        bed.path(node),
        bed.path("fabric.sock"),
    );
    fs::write(&config, text).unwrap();
    let mut daemon = Command::new(env!("CARGO_BIN_EXE_quorate"))
        .args(["daemon", "--config", &config])
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let identity = Identity::of(daemon.id()).unwrap();
    if !process::wait_end(identity, PATIENCE).unwrap() {
        daemon.kill().unwrap();
    }
    daemon.wait().unwrap().code()
}

fn recorded(bed: &Bed, file: &str) -> Identity {
    fs::read_to_string(bed.directory.join(file)).unwrap().trim().parse().unwrap()
}

fn fetch(ip: &str, port: &str) -> String {
    let mut stream = TcpStream::connect((ip, port.parse().unwrap())).unwrap();
    stream.write_all(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n").unwrap();
    let mut page = String::new();
    stream.read_to_string(&mut page).unwrap();
    page
}
