//! A failover while two hundred follow the events and five hundred questions a second are asked, beside
//! the same failover without anybody: `cargo xtask web-load`.

#![expect(
    clippy::unwrap_used,
    clippy::print_stdout,
    reason = "a test may fail loudly; it tells times"
)]

#[expect(dead_code, reason = "shared with another test program")]
#[expect(clippy::indexing_slicing, reason = "a test may fail loudly")]
#[path = "web/house.rs"]
mod house;

use std::fs;
use std::io::{Read, Write};
use std::os::unix::fs::PermissionsExt;
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};

use house::{House, until};

const STREAMS: usize = 200;
const ASKERS: u32 = 20;
const QUESTIONS_A_SECOND: u32 = 500;
const ROUNDS: usize = 41;

const AGENT: &str = r#"#!/bin/sh
mark="ROOT/mark.$QUORATE_NODE"
case "$1" in
meta-data) echo '<resource-agent name="mark"><version>1.1</version><parameters/><actions/></resource-agent>';;
start) : > "$mark"; echo "$QUORATE_NODE" >> ROOT/started;;
stop) rm -f "$mark";;
monitor) [ -e "$mark" ] || exit 7;;
esac
"#;

/// Two more nodes beside the house's, and a resource that is on one of them.
struct Town {
    house: House,
    daemons: Vec<(String, Child)>,
}

impl Drop for Town {
    fn drop(&mut self) {
        for (_, daemon) in &mut self.daemons {
            let _gone = daemon.kill();
            let _gone = daemon.wait();
        }
    }
}

impl Town {
    fn new() -> Self {
        let house = House::among("load", &["n1", "n2", "n3"]);
        let agent = house.root.join("agents/ocf/test/mark");
        fs::create_dir_all(agent.parent().unwrap()).unwrap();
        let text = AGENT.replace("ROOT", house.root.to_str().unwrap());
        fs::write(&agent, text).unwrap();
        fs::set_permissions(&agent, fs::Permissions::from_mode(0o755)).unwrap();
        fs::write(house.root.join("started"), "").unwrap();
        let mut town = Self { house, daemons: Vec::new() };
        town.start("n2");
        town.start("n3");
        town.wait_for_all();
        let create = |parent: &str, xml: &str| {
            serde_json::json!({ "create": {
                "parent": format!("/cib/configuration/{parent}"), "xml": xml } })
        };
        let edits = [
            create(
                "crm_config",
                "<cluster_property_set id=\"c\"><nvpair id=\"c-f\" name=\"fencing-enabled\" \
                 value=\"false\"/></cluster_property_set>",
            ),
            create(
                "resources",
                "<primitive id=\"mark\" class=\"ocf\" provider=\"test\" type=\"mark\"/>",
            ),
            create(
                "constraints",
                "<rsc_location id=\"l\" rsc=\"mark\" node=\"n1\" score=\"-INFINITY\"/>",
            ),
        ];
        let change = serde_json::json!({ "change": { "change": { "edit": { "edits": edits } } } });
        let answer = town.house.at_socket("POST", "/v1/request", &change.to_string());
        assert!(answer.contains("\"done\""), "{answer}");
        until(|| (town.started() == 1).then_some(()));
        town
    }

    fn start(&mut self, name: &str) {
        let folder = self.house.root.join(name);
        fs::create_dir_all(&folder).unwrap();
        let log = fs::File::options().create(true).append(true).open(folder.join("log")).unwrap();
        let config = self.house.config(name);
        fs::write(folder.join("quorate.toml"), config).unwrap();
        let daemon = Command::new(env!("CARGO_BIN_EXE_quorate"))
            .args(["daemon", "--config", "quorate.toml"])
            .current_dir(&folder)
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(log)
            .spawn()
            .unwrap();
        self.daemons.push((name.to_owned(), daemon));
    }

    fn wait_for_all(&self) {
        until(|| {
            let status = self.house.at_socket("GET", "/v1/status", "");
            let online = status.matches("\"state\":\"online\"").count();
            (online == 3 && status.contains("\"planned\":0")).then_some(())
        });
    }

    fn started(&self) -> usize {
        fs::read_to_string(self.house.root.join("started")).unwrap().lines().count()
    }

    /// Kills the node that has the resource; how long it took until another had it.
    fn fail_over(&mut self) -> Duration {
        let started = fs::read_to_string(self.house.root.join("started")).unwrap();
        let here = started.lines().last().unwrap().to_owned();
        let at = self.daemons.iter().position(|(name, _)| *name == here).unwrap();
        let (_, mut daemon) = self.daemons.remove(at);
        let before = self.started();
        daemon.kill().unwrap();
        let begun = Instant::now();
        fs::remove_file(self.house.root.join(format!("mark.{here}"))).unwrap();
        daemon.wait().unwrap();
        while self.started() == before {
            assert!(begun.elapsed() < Duration::from_secs(120), "no failover");
            std::thread::sleep(Duration::from_millis(1));
        }
        let took = begun.elapsed();
        self.start(&here);
        self.wait_for_all();
        took
    }

    fn median(&mut self) -> Duration {
        let mut all: Vec<Duration> = (0..ROUNDS).map(|_| self.fail_over()).collect();
        all.sort();
        println!("{:?} to {:?}", all.first().unwrap(), all.last().unwrap());
        *all.get(ROUNDS / 2).unwrap()
    }
}

/// Follows the events until it is over; how many came.
fn follow(house: &House, token: &str, over: &AtomicBool, ready: &AtomicU64, heard: &AtomicU64) {
    let mut stream = house.connect();
    stream.sock.set_read_timeout(Some(Duration::from_secs(1))).unwrap();
    let request = format!("GET /v1/events HTTP/1.1\r\nHost: x\r\n{token}\r\n\r\n");
    stream.write_all(request.as_bytes()).unwrap();
    stream.flush().unwrap();
    let mut piece = [0; 4096];
    let mut is_first = true;
    while !over.load(Ordering::Relaxed) {
        // Nothing within a second is no end.
        let Ok(length) = stream.read(&mut piece) else { continue };
        assert!(length > 0, "a stream ended");
        let text = piece.get(..length).unwrap();
        if std::mem::take(&mut is_first) {
            assert!(text.starts_with(b"HTTP/1.1 200"));
            ready.fetch_add(1, Ordering::Relaxed);
        }
        let events = text.windows(4).filter(|window| window == b"id: ").count();
        heard.fetch_add(u64::try_from(events).unwrap(), Ordering::Relaxed);
    }
}

/// Asks in turn for what a page shows, over a connection that is kept.
fn ask(house: &House, token: &str, over: &AtomicBool, asked: &AtomicU64) {
    let mut stream = house.connect();
    let pause = Duration::from_secs(1) * ASKERS / QUESTIONS_A_SECOND;
    let mut due = Instant::now();
    for path in ["status", "grid", "verdict", "history?since=1000000"].iter().cycle() {
        if over.load(Ordering::Relaxed) {
            return;
        }
        let request = format!("GET /v1/{path} HTTP/1.1\r\nHost: x\r\n{token}\r\n\r\n");
        stream.write_all(request.as_bytes()).unwrap();
        stream.flush().unwrap();
        let mut text = Vec::new();
        let mut piece = [0; 16384];
        loop {
            let length = stream.read(&mut piece).unwrap();
            assert!(length > 0, "hung up on");
            text.extend_from_slice(piece.get(..length).unwrap());
            let text = String::from_utf8_lossy(&text);
            let Some((head, body)) = text.split_once("\r\n\r\n") else { continue };
            assert!(head.starts_with("HTTP/1.1 200"), "{text}");
            let size = head.lines().find_map(|line| line.strip_prefix("content-length: "));
            if body.len() >= size.unwrap().parse().unwrap() {
                break;
            }
        }
        asked.fetch_add(1, Ordering::Relaxed);
        due += pause;
        std::thread::sleep(due.saturating_duration_since(Instant::now()));
    }
}

#[test]
#[ignore = "measures; `cargo xtask web-load`"]
fn a_failover_is_no_slower_while_many_look_on() {
    let mut town = Town::new();
    // A session, for whom the document's access control counts: that costs the most.
    let (token, _proof) = town.house.login();
    let house = town.house.visitor();
    let alone = town.median();
    let (over, ready) = (AtomicBool::new(false), AtomicU64::new(0));
    let (heard, asked) = (AtomicU64::new(0), AtomicU64::new(0));
    let (busy, rate) = std::thread::scope(|scope| {
        for _ in 0..STREAMS {
            scope.spawn(|| follow(&house, &token, &over, &ready, &heard));
        }
        until(|| (ready.load(Ordering::Relaxed) == STREAMS as u64).then_some(()));
        for _ in 0..ASKERS {
            scope.spawn(|| ask(&house, &token, &over, &asked));
        }
        let (begun, before) = (Instant::now(), asked.load(Ordering::Relaxed));
        let busy = town.median();
        let rate = (asked.load(Ordering::Relaxed) - before) as f64 / begun.elapsed().as_secs_f64();
        over.store(true, Ordering::Relaxed);
        (busy, rate)
    });
    let ratio = busy.as_secs_f64() / alone.as_secs_f64();
    println!(
        "failover, median of {ROUNDS}: alone {alone:?}; with {STREAMS} streams, {} events heard, and \
         {rate:.0} answers a second: {busy:?}; ratio {ratio:.2}",
        heard.load(Ordering::Relaxed)
    );
    assert!(ratio < 1.5, "slower");
}
