//! A daemon that is absent, hangs, breaks off or talks nonsense never hangs a tool.
#![expect(clippy::unwrap_used, reason = "a test may fail loudly")]

use std::io::{Read, Write};
use std::os::unix::net::UnixListener;
use std::path::PathBuf;
use std::time::{Duration, Instant};

use client::{Client, ClientError};

/// Longer than anything takes here; reached only when a test fails.
const PATIENCE: Duration = Duration::from_secs(60);

/// A socket at which every caller gets `answer`, and then silence or the end.
fn serve(name: &str, answer: &'static str, then_hang: bool) -> (PathBuf, Client) {
    let folder = std::env::temp_dir().join(format!("quorate-client-{name}-{}", std::process::id()));
    std::fs::create_dir_all(&folder).unwrap();
    let path = folder.join(name);
    let _ = std::fs::remove_file(&path);
    let listener = UnixListener::bind(&path).unwrap();
    std::thread::spawn(move || {
        let mut kept = Vec::new();
        for socket in listener.incoming() {
            let mut socket = socket.unwrap();
            let mut asked = [0; 4096];
            let _ = socket.read(&mut asked);
            let _ = socket.write_all(answer.as_bytes());
            if then_hang {
                kept.push(socket);
            }
        }
    });
    let client = Client::new(&path, PATIENCE);
    (path, client)
}

#[test]
fn no_daemon_is_said() {
    let client = Client::new("/nonexistent/api.sock", Duration::from_secs(1));
    let error = client.document().unwrap_err();
    assert!(matches!(error, ClientError::Connect { .. }), "{error}");
}

#[test]
fn a_hanging_daemon_is_given_up() {
    let (path, _) = serve("hang", "HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n{", true);
    let client = Client::new(&path, Duration::from_millis(200));
    let begun = Instant::now();
    let error = client.document().unwrap_err();
    assert!(matches!(error, ClientError::Deadline { .. }), "{error}");
    assert!(begun.elapsed() < PATIENCE);
    std::fs::remove_dir_all(path.parent().unwrap()).unwrap();
}

#[test]
fn a_broken_answer_is_said() {
    let (path, client) = serve("broken", "HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n{", false);
    let error = client.document().unwrap_err();
    assert!(matches!(error, ClientError::Broken { .. }), "{error}");
    std::fs::remove_dir_all(path.parent().unwrap()).unwrap();
}

#[test]
fn nonsense_is_said() {
    let (path, client) = serve("nonsense", "220 mail.example ESMTP\r\n", false);
    let error = client.document().unwrap_err();
    assert!(matches!(error, ClientError::Garbled { .. }), "{error}");
    std::fs::remove_dir_all(path.parent().unwrap()).unwrap();
}

#[test]
fn chunks_and_lengths_read_alike() {
    let (one, plain) = serve("plain", "HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\n\"idle\"", true);
    plain.wait_idle(PATIENCE).unwrap();
    let chunks =
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\n\"id\r\n3\r\nle\"\r\n0\r\n\r\n";
    let (two, chunked) = serve("chunked", chunks, true);
    chunked.wait_idle(PATIENCE).unwrap();
    std::fs::remove_dir_all(one.parent().unwrap()).unwrap();
    std::fs::remove_dir_all(two.parent().unwrap()).unwrap();
}

#[test]
fn events_come_one_by_one() {
    let stream = "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n\r\n:\n\n\
                  id: 4\ndata: {\"number\":4,\"at\":7,\"event\":{\"kind\":\"idle\"}}\n\n";
    let (path, client) = serve("events", stream, true);
    let mut events = client.events(0).unwrap();
    let entry = events.next(PATIENCE).unwrap().unwrap();
    assert_eq!((entry.number, entry.at), (4, 7));
    assert!(events.next(Duration::from_millis(50)).unwrap().is_none());
    std::fs::remove_dir_all(path.parent().unwrap()).unwrap();
}
