//! One cluster asks others how they are, over TLS: real daemons, and servers that mean no good.

use std::fs;
use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::os::fd::OwnedFd;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use rustix::net::{self, AddressFamily, SocketType};
use serde_json::Value;
use tokio_rustls::rustls::pki_types::pem::PemObject;
use tokio_rustls::rustls::pki_types::{CertificateDer, PrivateKeyDer};
use tokio_rustls::rustls::{ServerConfig, ServerConnection, StreamOwned, crypto};

use super::house::{self, Answer, House};

type Tls = StreamOwned<ServerConnection, TcpStream>;

/// A server that has the certificate of somebody who is trusted, and does `with` each connection what it
/// likes. Its URL, and how often it was asked.
fn server(of: &House, with: fn(&mut Tls, &str)) -> (String, Arc<AtomicUsize>) {
    let web = of.root.join("web");
    let chain: Vec<_> = CertificateDer::pem_file_iter(web.join("certificate.pem"))
        .unwrap()
        .map(Result::unwrap)
        .collect();
    let key = PrivateKeyDer::from_pem_file(web.join("key.pem")).unwrap();
    let provider = Arc::new(crypto::ring::default_provider());
    let config = ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(chain, key)
        .unwrap();
    let config = Arc::new(config);
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("https://{}", listener.local_addr().unwrap());
    let asked = Arc::new(AtomicUsize::new(0));
    let counted = Arc::clone(&asked);
    // Ends with the test's process.
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            counted.fetch_add(1, Ordering::SeqCst);
            let connection = ServerConnection::new(Arc::clone(&config)).unwrap();
            let mut tls = StreamOwned::new(connection, stream.unwrap());
            std::thread::spawn(move || {
                let mut head = String::new();
                while !head.ends_with("\r\n\r\n") {
                    let mut byte = [0];
                    match tls.read(&mut byte) {
                        Ok(1) => head.push(char::from(byte[0])),
                        Ok(_) | Err(_) => return,
                    }
                }
                with(&mut tls, &head);
            });
        }
    });
    (url, asked)
}

fn redirect(tls: &mut Tls, _: &str) {
    let head = "HTTP/1.1 302 Found\r\nLocation: /v1/other\r\nContent-Length: 0\r\n\r\n";
    let _gone = tls.write_all(head.as_bytes());
}

fn without_end(tls: &mut Tls, _: &str) {
    let head = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n";
    let _gone = tls.write_all(head.as_bytes());
    let chunk = format!("3e8\r\n{}\r\n", "[".repeat(1000));
    while tls.write_all(chunk.as_bytes()).is_ok() {}
}

/// Answers what it was asked with, in the hope that this is told further.
fn echo(tls: &mut Tls, head: &str) {
    let head = head.replace("\r\n", " ");
    let answer = format!("HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\n{head}", head.len());
    let _gone = tls.write_all(answer.as_bytes());
}

/// Until the other side hangs up.
fn silence(tls: &mut Tls, _: &str) {
    let _gone = tls.read(&mut [0]);
}

fn write(path: &Path, text: &str, mode: u32) {
    fs::write(path, text).unwrap();
    fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
}

fn secret(house: &House) -> String {
    house.token("other", "read").rsplit(' ').next().unwrap().to_owned()
}

/// Clusters to ask: name, URLs, file of the token, file of the authority.
type Listed<'a> = (&'a str, &'a [&'a str], &'a str, &'a str);

/// Starts the node anew with these.
fn list(home: &mut House, token: &str, all: &[Listed<'_>]) {
    home.restart(|root| {
        write(&root.join("token"), &format!("{token}\n"), 0o600);
        write(&root.join("open"), token, 0o604);
        write(&root.join("forged"), &format!("quorate_{}", "0".repeat(64)), 0o600);
        write(&root.join("two"), &format!("{token}\n{token}\n"), 0o600);
        write(&root.join("empty.pem"), "", 0o644);
        let mut config = fs::read_to_string(root.join("quorate.toml")).unwrap();
        for (name, urls, token, authority) in all {
            config.push_str(&format!(
                "[[web.clusters]]\nname = \"{name}\"\nurls = {urls:?}\ntoken = \"{token}\"\n\
                 authority = \"{authority}\"\n"
            ));
        }
        fs::write(root.join("quorate.toml"), config).unwrap();
    });
}

/// Name, kind, and some of the words.
const TROUBLES: [(&str, &str, &str); 11] = [
    ("dead", "unreachable", "refused"),
    ("stranger", "not-trusted", "certificate"),
    ("forged", "refused", "does not know the token"),
    ("redirect", "not-understood", "redirects are not followed"),
    ("endless", "not-understood", "more than a summary"),
    ("echo", "not-understood", "no summary of a cluster"),
    ("silent", "slow", "no answer in 4 seconds"),
    ("open", "setup", "open` holds a token and is open to everybody"),
    ("two", "setup", "two` holds no token"),
    ("missing", "setup", "cannot read `"),
    ("empty", "setup", "empty.pem` holds no certificate"),
];

/// Nobody listens there, and nobody else gets the port while this is held.
fn nobody() -> (String, OwnedFd) {
    let socket = hold(SocketAddr::from(([127, 0, 0, 1], 0)));
    let address: SocketAddr = net::getsockname(&socket).unwrap().try_into().unwrap();
    (format!("https://{address}"), socket)
}

/// Takes an address, and listens to nobody. What is left of connections there is no hindrance.
fn hold(address: SocketAddr) -> OwnedFd {
    let socket = net::socket(AddressFamily::INET, SocketType::STREAM, None).unwrap();
    net::sockopt::set_socket_reuseaddr(&socket, true).unwrap();
    net::bind(&socket, &address).unwrap();
    socket
}

/// It did not answer in time.
fn is_slow(one: &Value) -> bool {
    one["trouble"]["kind"] == "slow"
}

/// What is told of all once none but the silent one is slow. All that is asked of one has a few seconds, which
/// a busy machine may need for itself: then it is asked again, after what was told has been kept for its time.
fn told_in_time(clusters: impl Fn() -> Answer) -> Value {
    house::until(|| {
        let told = clusters().json();
        let is_late = |one: &Value| is_slow(one) && one["name"] != "silent";
        (!told.as_array()?.iter().any(is_late)).then_some(told)
    })
}

/// It told how it is, just now.
fn assert_told(one: &Value, by: &str) {
    assert_eq!((&one["trouble"], &one["stale"]), (&Value::Null, &false.into()));
    assert_eq!(one["from"], by);
    let summary = &one["summary"];
    assert_eq!((&summary["seen-by"], &summary["nodes"]["online"]), (&"n1".into(), &1.into()));
    assert!(summary["words"].as_str().unwrap().len() > 5, "{one}");
    assert!(summary["problems"]["all"].is_u64() && one["as-of"].is_i64(), "{one}");
}

#[test]
fn other_clusters_say_how_they_are_or_why_not() {
    let mut east = House::new("east");
    let mut home = House::new("home");
    let token = secret(&east);
    let [authority, own] =
        [&east, &home].map(|house| house.root.join("web/authority.pem").display().to_string());
    let real = format!("https://{}", east.address);
    let (dead, _held) = nobody();
    let servers = [redirect, without_end, echo, silence].map(|with| server(&east, with));
    let [redirects, endless, echoes, silent] = &servers;
    list(
        &mut home,
        &token,
        &[
            ("east", &[&dead, &real], "token", &authority),
            ("past-silence", &[&silent.0, &real], "token", &authority),
            ("dead", &[&dead], "token", &authority),
            ("stranger", &[&real], "token", &own),
            ("forged", &[&real], "forged", &authority),
            ("redirect", &[&redirects.0], "token", &authority),
            ("endless", &[&endless.0], "token", &authority),
            ("echo", &[&echoes.0], "token", &authority),
            ("silent", &[&silent.0], "token", &authority),
            ("open", &[&real], "open", &authority),
            ("two", &[&real], "two", &authority),
            ("missing", &[&real], "no-such-token", &authority),
            ("empty", &[&real], "token", "empty.pem"),
        ],
    );
    let reader = home.token("reader", "read");
    let clusters = || home.ask("GET", "/v1/clusters", &[&reader], "");
    // Those who ask at once share what is asked, and the cluster's own tools wait for none of it.
    let answers: Vec<_> = std::thread::scope(|scope| {
        let asking: Vec<_> = (0..3).map(|_| scope.spawn(clusters)).collect();
        house::until(|| (silent.1.load(Ordering::SeqCst) > 0).then_some(()));
        assert!(home.at_socket("GET", "/v1/status", "").contains("200 OK"));
        asking.into_iter().map(|one| one.join().unwrap()).collect()
    });
    // Once for each of the two that name it.
    assert_eq!(silent.1.load(Ordering::SeqCst), 2);
    assert_eq!(redirects.1.load(Ordering::SeqCst), 1, "not followed, and asked once");
    for answer in &answers {
        assert_eq!((answer.status, &answer.body), (200, &answers[0].body));
    }
    let told = told_in_time(clusters);
    let one = |name: &str| told.as_array().unwrap().iter().find(|one| one["name"] == name).unwrap();
    for name in ["east", "past-silence"] {
        assert_told(one(name), &real);
    }
    for (name, kind, words) in TROUBLES {
        let one = one(name);
        assert_eq!(one["trouble"]["kind"], kind, "{one}");
        assert!(one["trouble"]["words"].as_str().unwrap().contains(words), "{one}");
        assert!(one["summary"].is_null() && one["stale"] == false, "{one}");
    }
    // It is kept for some seconds, and what was told is told further when nothing new is.
    let address = east.address;
    east.restart(|_| {
        let _held = hold(address);
        let stale = house::until(|| {
            let told = clusters().json();
            let east = told.as_array()?.iter().find(|one| one["name"] == "east")?.clone();
            (east["stale"] == true && !is_slow(&east)).then_some(east)
        });
        assert_eq!(stale["trouble"]["kind"], "unreachable", "{stale}");
        assert_eq!(stale["summary"]["seen-by"], "n1", "{stale}");
        assert_eq!(stale["as-of"], one("east")["as-of"], "{stale}");
    });
    let secret = token.trim_start_matches("quorate_");
    let log = home.log();
    assert!(!answers[0].body.contains(secret) && !log.contains(secret), "{log}");
}
