//! Readers of the stream of events that never read: they are hung up on, cost little, and disturb nobody.

#![expect(clippy::unwrap_used, reason = "a test may fail loudly")]

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

use api::{Api, ApiSettings, FromClient, PamSettings, SessionTimes, WebSettings};
use tokio_rustls::rustls::pki_types::pem::PemObject;
use tokio_rustls::rustls::pki_types::{CertificateDer, ServerName};
use tokio_rustls::rustls::{ClientConfig, ClientConnection, RootCertStore, StreamOwned, crypto};
use wire::api::{Entry, Event, Reply, Request};

const SLOW: usize = 20;

/// Together more than all buffers between the two, by far.
const EVENTS: u64 = 6000;
const EVENT_BYTES: usize = 4000;

/// All that waits for all of them, in kilobytes; if each had what it has not taken, it were 480,000.
const GROWTH_MAX: u64 = 120_000;

type Tls = StreamOwned<ClientConnection, TcpStream>;

fn entry(number: u64) -> Entry {
    let change = "x".repeat(EVENT_BYTES);
    let event = Event::Changed { user: "root".to_owned(), change, version: "0.1.0".to_owned() };
    Entry { number, at: 7, event }
}

/// Begins to follow.
fn follow(address: SocketAddr, authority: &Path, token: &str) -> Tls {
    let mut roots = RootCertStore::empty();
    roots.add(CertificateDer::from_pem_file(authority).unwrap()).unwrap();
    let provider = Arc::new(crypto::ring::default_provider());
    let config = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_root_certificates(roots)
        .with_no_client_auth();
    let stream = TcpStream::connect(address).unwrap();
    stream.set_read_timeout(Some(Duration::from_secs(120))).unwrap();
    let name = ServerName::try_from("localhost").unwrap();
    let connection = ClientConnection::new(Arc::new(config), name).unwrap();
    let mut tls = StreamOwned::new(connection, stream);
    let head = format!(
        "GET /v1/events HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer {token}\r\n\r\n"
    );
    tls.write_all(head.as_bytes()).unwrap();
    let mut status = [0; 12];
    tls.read_exact(&mut status).unwrap();
    assert_eq!(&status, b"HTTP/1.1 200");
    tls
}

/// Reads until this event has come; how many came.
fn read_to(tls: Tls, last: u64) -> usize {
    let mut count = 0;
    for line in BufReader::new(tls).lines() {
        let line = line.unwrap();
        count += usize::from(line.starts_with("id: "));
        if line.starts_with(&format!("id: {last}-")) {
            return count;
        }
    }
    panic!("the stream ended after {count} events");
}

/// How many connections the server has. Who does not read is not told by the kernel that it was hung up on.
fn served(server: SocketAddr) -> usize {
    // Source: proc(5): own address and port as hexadecimal digits, then the other's, then the state.
    let table = std::fs::read_to_string("/proc/self/net/tcp").unwrap();
    let port = format!("0100007F:{:04X}", server.port());
    let is_open = |line: &&str| {
        let words: Vec<&str> = line.split_whitespace().collect();
        words.get(1) == Some(&port.as_str()) && words.get(3) == Some(&"01")
    };
    table.lines().filter(is_open).count()
}

fn wait_hung_up(server: SocketAddr) {
    let begun = Instant::now();
    while served(server) > 0 {
        assert!(begun.elapsed() < Duration::from_secs(120), "{} are still served", served(server));
        std::thread::sleep(Duration::from_millis(50));
    }
}

/// What this process has in memory, in kilobytes.
fn resident() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).unwrap();
    line.trim().trim_end_matches(" kB").parse().unwrap()
}

/// A new token, made at the socket.
fn token(socket: &Path) -> String {
    let mut stream = std::os::unix::net::UnixStream::connect(socket).unwrap();
    let body = r#"{"name":"t","role":"read"}"#;
    let head = "POST /v1/tokens HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Type: application/json";
    write!(stream, "{head}\r\nContent-Length: {}\r\n\r\n{body}", body.len()).unwrap();
    let mut text = String::new();
    stream.read_to_string(&mut text).unwrap();
    let (_, token) = text.split_once(r#""token":""#).unwrap_or_else(|| panic!("{text}"));
    token.split('"').next().unwrap().to_owned()
}

fn listen(root: &Path) -> Api {
    let pam = PamSettings { program: PathBuf::new(), service: String::new(), rules: None };
    Api::listen(ApiSettings {
        socket: root.join("api.sock"),
        directory: root.join("web"),
        pam,
        group: None,
        others: Vec::new(),
        sessions: SessionTimes::default(),
    })
    .unwrap()
}

/// Answers as a node would, until `work` is done.
async fn meanwhile<T: Send + 'static>(
    api: &mut Api,
    known: u64,
    work: impl FnOnce() -> T + Send + 'static,
) -> T {
    let mut work = tokio::task::spawn_blocking(work);
    loop {
        tokio::select! {
            done = &mut work => return done.unwrap(),
            want = api.next() => {
                let FromClient::Asked { client, request, .. } = want else { continue };
                let Request::History { since } = request else { continue };
                let entries = (since.max(1)..=known).map(entry).collect();
                api.reply(client, Reply::History { entries });
            }
        }
    }
}

#[tokio::test]
async fn who_never_reads_is_hung_up_on_and_costs_little() {
    let root = std::env::temp_dir().join(format!("quorate-slow-{}", std::process::id()));
    let _not_there = std::fs::remove_dir_all(&root);
    std::fs::create_dir_all(&root).unwrap();
    let mut api = listen(&root);
    let settings = WebSettings {
        listen: SocketAddr::from(([127, 0, 0, 1], 0)),
        given: None,
        directory: root.join("web"),
        names: vec!["localhost".to_owned()],
        untaken: Duration::from_secs(10),
    };
    let web = api.serve_web(&settings).unwrap();
    let (address, authority) = (web.address(), root.join("web/authority.pem"));
    let socket = root.join("api.sock");
    let token = meanwhile(&mut api, 0, move || token(&socket)).await;
    let open = move || follow(address, &authority, &token);
    let begin = open.clone();
    let slow: Vec<Tls> = meanwhile(&mut api, 0, move || (0..SLOW).map(|_| begin()).collect()).await;
    assert_eq!(served(address), SLOW);
    let before = resident();
    for number in 1..=EVENTS {
        api.publish(entry(number));
        // Whoever reads has a turn; who lags asks for the history.
        tokio::task::yield_now().await;
    }
    // Somebody else begins, and has all that happened.
    let read = meanwhile(&mut api, EVENTS, move || read_to(open(), EVENTS)).await;
    assert_eq!(u64::try_from(read).unwrap(), EVENTS);
    let grown = resident().saturating_sub(before);
    assert!(grown < GROWTH_MAX, "{grown} kB");
    meanwhile(&mut api, EVENTS, move || wait_hung_up(address)).await;
    drop(slow);
    drop(web);
    std::fs::remove_dir_all(&root).unwrap();
}
