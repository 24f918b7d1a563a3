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
#[path = "web/town.rs"]
mod town;

use std::io::{Read, Write};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};

use house::{House, until};
use town::Town;

const STREAMS: usize = 200;
const ASKERS: u32 = 20;
const QUESTIONS_A_SECOND: u32 = 500;
const ROUNDS: usize = 41;

/// Without fencing, which would take longer than all the rest.
fn town() -> Town {
    let unfenced = "<cluster_property_set id=\"c\"><nvpair id=\"c-f\" name=\"fencing-enabled\" \
                    value=\"false\"/></cluster_property_set>";
    Town::new("load", "", &[("crm_config", unfenced.to_owned())])
}

/// Kills the node that has the resource; how long it took until another had it.
fn fail_over(town: &mut Town) -> Duration {
    let (before, begun) = (town.started(), Instant::now());
    let here = town.kill_holder();
    while town.started() == before {
        assert!(begun.elapsed() < Duration::from_secs(120), "no failover");
        std::thread::sleep(Duration::from_millis(1));
    }
    let took = begun.elapsed();
    town.start(&here);
    town.wait_for_all();
    took
}

fn median(town: &mut Town) -> Duration {
    let mut all: Vec<Duration> = (0..ROUNDS).map(|_| fail_over(town)).collect();
    all.sort();
    println!("{:?} to {:?}", all.first().unwrap(), all.last().unwrap());
    *all.get(ROUNDS / 2).unwrap()
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
    let mut town = town();
    // A session, for whom the document's access control counts: that costs the most.
    let (token, _proof) = town.house.login();
    let house = town.house.visitor();
    let alone = median(&mut town);
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
        let busy = median(&mut town);
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
