//! Sessions end by themselves, and with them what was begun in them.

use std::fs;
use std::io::Write;
use std::time::{Duration, Instant};

use super::house::{self, House};

/// Begins to follow the events.
fn follow(house: &House, header: &str) -> house::Tls {
    let mut stream = house.connect();
    let request = format!("GET /v1/events HTTP/1.1\r\nHost: x\r\n{header}\r\n\r\n");
    stream.write_all(request.as_bytes()).unwrap();
    stream
}

/// Starts the node anew with more in its section `[web]`.
fn with(house: &mut House, settings: &str) {
    house.restart(|root| {
        let path = root.join("quorate.toml");
        let config = fs::read_to_string(&path).unwrap();
        fs::write(&path, format!("{config}{settings}")).unwrap();
    });
}

/// To whom everything is refused, as to a stranger.
fn assert_stranger(house: &House, cookie: &str, proof: &str) {
    let stranger = house.ask("GET", "/v1/session", &[], "");
    for (method, path) in [
        ("GET", "/v1/session"),
        ("GET", "/v1/document"),
        ("GET", "/v1/events"),
        ("POST", "/v1/undo"),
        ("POST", "/v1/logout"),
    ] {
        let json = "Content-Type: application/json";
        let answer = house.ask(method, path, &[cookie, proof, json], "");
        // Not even that it once was good.
        assert_eq!((answer.status, &answer.body), (401, &stranger.body), "{path} {answer:?}");
    }
}

#[test]
fn a_session_that_nobody_uses_ends_with_its_streams() {
    let mut house = House::new("idle");
    with(&mut house, "session_idle = 9\n");
    let begun = Instant::now();
    let (cookie, proof) = house.login();
    // To follow events is no use of it: a page that is left open does not keep it.
    let told = house::read(&mut follow(&house, &cookie));
    assert_eq!(told.status, 200, "{told:?}");
    assert!(begun.elapsed() >= Duration::from_secs(9), "{:?}", begun.elapsed());
    assert_stranger(&house, &cookie, &proof);
}

#[test]
fn a_session_ends_at_last_though_it_is_used_and_a_stream_with_its_token() {
    let mut house = House::new("length");
    with(&mut house, "session_length = 5\n");
    let begun = Instant::now();
    let (cookie, proof) = house.login();
    house::until(|| (house.ask("GET", "/v1/session", &[&cookie], "").status == 401).then_some(()));
    assert!(begun.elapsed() >= Duration::from_secs(5), "{:?}", begun.elapsed());
    assert_stranger(&house, &cookie, &proof);
    let token = house.token("follower", "read");
    let mut stream = follow(&house, &token);
    assert!(house.at_socket("DELETE", "/v1/tokens/follower", "").contains("200 OK"));
    let told = house::read(&mut stream);
    assert_eq!(house.ask("GET", "/v1/session", &[&token], "").status, 401, "{told:?}");
}
