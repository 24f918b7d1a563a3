//! The dashboard for Grafana, asked of a real Prometheus that reads a real cluster by token.

use std::fs;
use std::io::{Read, Write};
use std::net::TcpStream;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use serde_json::Value;

use super::house::{House, until};
use super::town::Town;

/// What Grafana makes of its variables. A rate is of all that this test lets happen, however slow the machine is.
const VARIABLES: [(&str, &str); 2] = [("$job", "cluster"), ("$__rate_interval", "10m")];

/// A Prometheus that reads `/metrics` of the house's node.
struct Prometheus {
    server: Child,
    address: (std::net::Ipv4Addr, u16),
}

impl Drop for Prometheus {
    fn drop(&mut self) {
        let _gone = self.server.kill();
        let _gone = self.server.wait();
    }
}

impl Prometheus {
    fn of(house: &House) -> Self {
        let header = house.token("prometheus", "read");
        let token = header.rsplit(' ').next().unwrap();
        let folder = house.root.join("prometheus");
        fs::create_dir(&folder).unwrap();
        let config = format!(
            "scrape_configs:\n- job_name: cluster\n  scheme: https\n  scrape_interval: 2s\n  \
             authorization: {{ credentials: {token} }}\n  tls_config: {{ ca_file: {}, \
             server_name: localhost }}\n  static_configs: [ {{ targets: ['{}'] }} ]\n",
            house.root.join("web/authority.pem").display(),
            house.address
        );
        fs::write(folder.join("prometheus.yml"), config).unwrap();
        let address = testkit::free_port();
        let log = fs::File::create(folder.join("log")).unwrap();
        let server = Command::new("prometheus")
            .arg(format!("--web.listen-address={}:{}", address.0, address.1))
            .args(["--config.file=prometheus.yml", "--storage.tsdb.path=data"])
            .current_dir(&folder)
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(log)
            .spawn()
            .unwrap();
        let made = Self { server, address };
        until(|| made.ask("/-/ready").filter(|answer| answer.starts_with("HTTP/1.0 200")));
        made
    }

    /// The whole answer, if there is one.
    fn ask(&self, path: &str) -> Option<String> {
        let mut stream = TcpStream::connect(self.address).ok()?;
        write!(stream, "GET {path} HTTP/1.0\r\n\r\n").ok()?;
        let mut answer = String::new();
        stream.read_to_string(&mut answer).ok()?;
        Some(answer)
    }

    /// What it found.
    fn data(&self, path: &str) -> Value {
        let answer = self.ask(path).unwrap();
        let answer: Value = serde_json::from_str(answer.split_once("\r\n\r\n").unwrap().1).unwrap();
        assert_eq!(answer["status"], "success", "{path}: {answer}");
        answer["data"].clone()
    }

    /// The labels of each series that has a number now.
    fn series(&self, expression: &str) -> Vec<Value> {
        let found = self.data(&format!("/api/v1/query?query={}", quoted(expression)));
        let is_number = |one: &Value| {
            one["value"][1].as_str().is_some_and(|text| text.parse().is_ok_and(f64::is_finite))
        };
        let found = found["result"].as_array().unwrap().clone();
        found.into_iter().filter(is_number).map(|one| one["metric"].clone()).collect()
    }
}

/// As it may stand in a query.
fn quoted(text: &str) -> String {
    text.bytes().map(|byte| format!("%{byte:02x}")).collect()
}

fn dashboard() -> Value {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../packaging/grafana/quorate.json");
    serde_json::from_str(&fs::read_to_string(file).unwrap()).unwrap()
}

/// Each expression, by the panel that shows it, and how it names its series.
fn expressions() -> Vec<(String, String, String)> {
    let mut all = Vec::new();
    for panel in dashboard()["panels"].as_array().unwrap() {
        for target in panel["targets"].as_array().unwrap() {
            let mut expression = target["expr"].as_str().unwrap().to_owned();
            for (name, value) in VARIABLES {
                expression = expression.replace(name, value);
            }
            let legend = target["legendFormat"].as_str().unwrap_or_default().to_owned();
            all.push((panel["title"].as_str().unwrap().to_owned(), expression, legend));
        }
    }
    all
}

/// The labels that a panel's legend takes from its series.
fn labels_of(legend: &str) -> impl Iterator<Item = &str> {
    legend.split("{{").skip(1).filter_map(|rest| Some(rest.split_once("}}")?.0.trim()))
}

/// Whether an expression shows something now, with what its legend wants.
fn shows(prometheus: &Prometheus, (panel, expression, legend): &(String, String, String)) -> bool {
    let found = prometheus.series(expression);
    for label in labels_of(legend) {
        let have_all = found.iter().all(|series| series[label].is_string());
        assert!(have_all, "{panel}: its series have no label {label}: {found:?}");
    }
    !found.is_empty()
}

/// With a power switch, and a monitor that soon notices what was taken away.
fn town() -> Town {
    let folder = std::env::temp_dir();
    let folder = folder.join(format!("quorate-web-dashboard-{}", std::process::id()));
    let power = format!(
        "<primitive id=\"power\" class=\"stonith\" type=\"fence_quorate\"><instance_attributes \
         id=\"p-i\"><nvpair id=\"p-d\" name=\"state_dir\" value=\"{}\"/></instance_attributes>\
         <operations><op id=\"p-m\" name=\"monitor\" interval=\"60s\"/></operations></primitive>",
        folder.display()
    );
    let operations = "<operations><op id=\"m-m\" name=\"monitor\" interval=\"1s\"/></operations>";
    Town::new("dashboard", operations, &[("resources", power)])
}

#[test]
fn each_panel_shows_a_failure_and_the_first_failover() {
    if !testkit::has(&["/usr/bin/prometheus", "/usr/bin/promtool"]) {
        return;
    }
    let mut town = town();
    let prometheus = Prometheus::of(&town.house);
    // Histograms are compared with what they were: there has to be something before.
    let before = "count_over_time(quorate_health[10m]) > 1";
    until(|| (!prometheus.series(before).is_empty()).then_some(()));
    town.kill_holder();
    let done = "quorate_failover_seconds_count{phase=\"done\"} > 0";
    until(|| (!prometheus.series(done).is_empty()).then_some(()));
    // A failure before the failover would be forgotten with its node's fencing.
    town.take_away();
    until(|| (town.started() == 3).then_some(()));
    let begun = Instant::now();
    // Each of them once: a reading that came too late leaves a gap in all.
    let mut empty = expressions();
    loop {
        empty.retain(|one| !shows(&prometheus, one));
        let Some((panel, expression, _)) = empty.first() else { break };
        let log = || town.house.log();
        assert!(begun.elapsed() < Duration::from_secs(120), "{panel}: {expression}: {}", log());
        std::thread::sleep(Duration::from_millis(200));
    }
    let jobs = prometheus.data("/api/v1/label/job/values?match[]=quorate_health");
    assert_eq!(jobs, serde_json::json!(["cluster"]), "the dashboard's variable");
}

/// The exporter's name, which dashboards ask for.
const ODD: &str =
    "ha_cluster_pacemaker_fail_count non-histogram and non-summary metrics should not have";

#[test]
fn promtool_finds_nothing_odd_but_one_name_of_the_exporter() {
    if !testkit::has(&["/usr/bin/promtool"]) {
        return;
    }
    let house = House::new("promtool");
    let token = house.token("t", "read");
    let answer = house.ask("GET", "/metrics", &[&token, "Accept: text/plain;version=0.0.4"], "");
    assert!(answer.header("content-type").unwrap().starts_with("text/plain"), "{answer:?}");
    assert!(answer.body.contains("ha_cluster_pacemaker_nodes{"), "{answer:?}");
    let mut promtool = Command::new("promtool");
    promtool.args(["check", "metrics"]).stdin(Stdio::piped()).stderr(Stdio::piped());
    let mut promtool = promtool.spawn().unwrap();
    promtool.stdin.take().unwrap().write_all(answer.body.as_bytes()).unwrap();
    let said = promtool.wait_with_output().unwrap();
    let odd = String::from_utf8_lossy(&said.stderr).into_owned();
    assert!(odd.lines().all(|line| line.starts_with(ODD)), "{odd}");
    assert!(said.status.code().is_some_and(|code| code == 0 || code == 3), "{said:?}");
}
