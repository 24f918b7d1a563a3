//! Alerts to real receivers on this machine: agents, HTTP and SMTP; also such as hang, refuse and
//! answer nonsense.

#![expect(clippy::unwrap_used, reason = "a test may fail loudly")]

use std::fs::{self, Permissions};
use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpListener;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::mpsc::{self, Receiver};
use std::time::{Duration, Instant};

use alert::Alerts;
use cib::Document;
use rcgen::{BasicConstraints, CertificateParams, DnType, IsCa, Issuer, KeyPair};
use ring::hmac;
use tokio_rustls::rustls::pki_types::PrivateKeyDer;
use tokio_rustls::rustls::{ServerConfig, ServerConnection, StreamOwned, crypto};
use wire::api::{Entry, Event};

/// Longer than anything here takes on a busy machine; reached only when a test fails.
const PATIENCE: Duration = Duration::from_secs(60);

fn document(alerts: &str) -> Document {
    Document::parse(&xml(alerts)).unwrap()
}

fn xml(alerts: &str) -> String {
    format!(
        "<cib><configuration><crm_config><cluster_property_set id=\"o\"><nvpair id=\"o1\" \
         name=\"cluster-name\" value=\"c1\"/></cluster_property_set></crm_config><nodes>\
         <node id=\"7\" uname=\"n2\"/></nodes><resources/><constraints/><alerts>{alerts}</alerts>\
         </configuration><status/></cib>"
    )
}

fn entry(event: Event) -> Entry {
    Entry { number: 1, at: 1_795_223_471, event }
}

fn failed(resource: &str) -> Entry {
    entry(Event::Finished {
        action: format!("{resource}_monitor_10000"),
        node: "n1".to_owned(),
        code: 7,
        status: "Done".to_owned(),
        reason: "nobody \"answers\"\n".to_owned(),
        ms: 12,
        expected: false,
    })
}

fn lost(node: &str) -> Entry {
    entry(Event::Membership {
        members: vec!["n1".to_owned()],
        lost: vec![node.to_owned()],
        quorate: true,
    })
}

/// A directory that everybody may use.
fn directory(name: &str) -> PathBuf {
    let path = std::env::temp_dir().join(format!("quorate-alert-{name}-{}", std::process::id()));
    fs::create_dir_all(&path).unwrap();
    fs::set_permissions(&path, Permissions::from_mode(0o777)).unwrap();
    path
}

/// Where what waits is kept; empty at first, and gone in the end.
struct Kept(PathBuf);

impl Kept {
    fn new(name: &str) -> Self {
        let name = format!("kept-{name}-{}", std::process::id());
        let path = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
        let _not_there = fs::remove_dir_all(&path);
        Self(path)
    }

    fn alerts(&self) -> Alerts {
        Alerts::new("n1", self.0.clone())
    }
}

impl Drop for Kept {
    fn drop(&mut self) {
        let begun = Instant::now();
        // A thread may still be writing there what was ordered.
        while fs::remove_dir_all(&self.0).is_err() && self.0.exists() && begun.elapsed() < PATIENCE
        {
            std::thread::sleep(Duration::from_millis(10));
        }
    }
}

async fn until<T>(what: &str, mut found: impl FnMut() -> Option<T>) -> T {
    let begun = Instant::now();
    loop {
        if let Some(found) = found() {
            return found;
        }
        assert!(begun.elapsed() < PATIENCE, "{what} does not come");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

/// What an HTTP receiver was sent: its headers, in small letters, and its body.
struct Posted {
    headers: String,
    body: String,
}

/// Nothing from who hangs up before all is said.
fn read_request(stream: impl Read) -> Option<Posted> {
    let mut reader = BufReader::new(stream);
    let mut headers = String::new();
    while !headers.ends_with("\r\n\r\n") {
        if reader.read_line(&mut headers).ok()? == 0 {
            return None;
        }
    }
    let headers = headers.to_lowercase();
    let length = headers.split("content-length: ").nth(1).unwrap().lines().next().unwrap();
    let mut body = vec![0; length.trim().parse().unwrap()];
    reader.read_exact(&mut body).ok()?;
    Some(Posted { headers, body: String::from_utf8(body).unwrap() })
}

/// Answers each request with the next of the codes, then with 200.
fn receiver(codes: &'static [u32]) -> (String, Receiver<Posted>) {
    receiver_at(TcpListener::bind("127.0.0.1:0").unwrap(), codes)
}

fn receiver_at(listener: TcpListener, codes: &'static [u32]) -> (String, Receiver<Posted>) {
    let url = format!("http://{}/hook", listener.local_addr().unwrap());
    let (sender, posted) = mpsc::channel();
    std::thread::spawn(move || {
        let mut codes = codes.iter().copied();
        while let Ok((mut stream, _)) = listener.accept() {
            let Some(request) = read_request(&stream) else { continue };
            let code = codes.next().unwrap_or(200);
            let _ = write!(stream, "HTTP/1.1 {code} X\r\nContent-Length: 0\r\n\r\n");
            let _ = sender.send(request);
        }
    });
    (url, posted)
}

/// The same over TLS; with the certificate of who vouches for it.
fn tls_receiver(authority_name: &str) -> (String, String, Receiver<Posted>) {
    let mut authority = CertificateParams::default();
    authority.distinguished_name.push(DnType::CommonName, authority_name);
    authority.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let key = KeyPair::generate().unwrap();
    let vouches = authority.self_signed(&key).unwrap().pem();
    let authority = Issuer::new(authority, key);
    let key = KeyPair::generate().unwrap();
    let own = CertificateParams::new(["127.0.0.1".to_owned()]).unwrap();
    let own = own.signed_by(&key, &authority).unwrap();
    let provider = Arc::new(crypto::ring::default_provider());
    let config = ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(vec![own.der().clone()], PrivateKeyDer::Pkcs8(key.serialize_der().into()))
        .unwrap();
    let config = Arc::new(config);
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("https://{}/hook", listener.local_addr().unwrap());
    let (sender, posted) = mpsc::channel();
    std::thread::spawn(move || {
        while let Ok((stream, _)) = listener.accept() {
            let connection = ServerConnection::new(Arc::clone(&config)).unwrap();
            let mut stream = StreamOwned::new(connection, stream);
            // Who does not trust it hangs up before there is a request.
            while stream.conn.is_handshaking() && stream.conn.complete_io(&mut stream.sock).is_ok()
            {
            }
            let mut first = [0];
            if stream.conn.is_handshaking() || !matches!(stream.read(&mut first), Ok(1)) {
                continue;
            }
            let Some(request) = read_request(first.as_slice().chain(&mut stream)) else { continue };
            let _ = write!(stream, "HTTP/1.1 200 X\r\nContent-Length: 0\r\n\r\n");
            stream.conn.send_close_notify();
            let _ = stream.flush();
            let _ = sender.send(request);
        }
    });
    (url, vouches, posted)
}

/// As a timeout: longer than a program takes on a busy machine.
const PATIENT: &str = "60s";

fn webhook(id: &str, url: &str, timeout: &str, attributes: &str) -> String {
    format!(
        "<alert id=\"{id}\" path=\"quorate:webhook\"><meta_attributes id=\"{id}-m\"><nvpair \
         id=\"{id}-t\" name=\"timeout\" value=\"{timeout}\"/></meta_attributes><instance_attributes \
         id=\"{id}-a\">{attributes}</instance_attributes><recipient id=\"{id}-r\" value=\"{url}\"/>\
         </alert>"
    )
}

#[tokio::test]
async fn agents_of_pacemaker_are_told_as_it_tells_them() {
    let dir = directory("agent");
    let program = dir.join("agent.sh");
    let told = dir.join("told");
    testkit::write_program(
        &program,
        "#!/bin/sh\nenv | grep -E '^(CRM_alert|debug)' | sort > \"$CRM_alert_recipient.new\"\n\
         mv \"$CRM_alert_recipient.new\" \"$CRM_alert_recipient\"\n",
    );
    let alert = format!(
        "<alert id=\"a\" path=\"{}\"><meta_attributes id=\"m\"><nvpair id=\"m1\" \
         name=\"timestamp-format\" value=\"%s/%3N\"/></meta_attributes><instance_attributes \
         id=\"i\"><nvpair id=\"i1\" name=\"debug\" value=\"yes\"/></instance_attributes><recipient \
         id=\"r\" value=\"{}\"/></alert>",
        program.display(),
        told.display()
    );
    let kept = Kept::new("agent");
    let mut alerts = kept.alerts();
    alerts.hear(&failed("my_db"), &document(&alert), false);
    let text = until("the agent", || fs::read_to_string(&told).ok()).await;
    for line in [
        "CRM_alert_kind=resource",
        "CRM_alert_node=n1",
        "CRM_alert_rsc=my_db",
        "CRM_alert_task=monitor",
        "CRM_alert_interval=10000",
        "CRM_alert_rc=7",
        "CRM_alert_target_rc=0",
        "CRM_alert_status=0",
        "CRM_alert_exec_time=12",
        "CRM_alert_desc=not running",
        "CRM_alert_timestamp=1795223471/000",
        "CRM_alert_timestamp_epoch=1795223471",
        "CRM_alert_node_sequence=1",
        "debug=yes",
    ] {
        assert!(text.lines().any(|found| found == line), "{line} is not in\n{text}");
    }
    fs::remove_file(&told).unwrap();
    // What ran on another node is that node's to tell; that one was lost, everybody's.
    let other = entry(Event::Finished {
        action: "x_start_0".to_owned(),
        node: "n3".to_owned(),
        code: 0,
        status: "Done".to_owned(),
        reason: String::new(),
        ms: 1,
        expected: true,
    });
    alerts.hear(&other, &document(&alert), false);
    alerts.hear(&lost("n2"), &document(&alert), false);
    let text = until("the loss", || {
        fs::read_to_string(&told).ok().filter(|text| text.contains("CRM_alert_desc=lost"))
    })
    .await;
    assert!(text.contains("CRM_alert_nodeid=7\n"), "{text}");
    assert!(text.contains("CRM_alert_node_sequence=3\n"), "n1 joined is the second: {text}");
    fs::remove_dir_all(dir).unwrap();
}

#[tokio::test]
async fn a_webhook_is_signed_and_tried_again() {
    if !testkit::has(&["/usr/bin/curl"]) {
        return;
    }
    let dir = directory("webhook");
    let secret = dir.join("secret");
    fs::write(&secret, "a key\n").unwrap();
    let (url, posted) = receiver(&[500, 503]);
    let attribute =
        format!("<nvpair id=\"s\" name=\"secret-file\" value=\"{}\"/>", secret.display());
    let document = document(&webhook("w", &url, PATIENT, &attribute));
    let kept = Kept::new("webhook");
    let mut alerts = kept.alerts();
    alerts.hear(&failed("db"), &document, false);
    assert!(alerts.unsent().is_empty(), "the coordinator tells it");
    alerts.hear(&failed("db"), &document, true);
    let mut all = Vec::new();
    for _ in 0..3 {
        all.push(until("a try", || posted.try_recv().ok()).await);
    }
    until("that it is told", || alerts.unsent().is_empty().then_some(())).await;
    let key = hmac::Key::new(hmac::HMAC_SHA256, b"a key");
    for Posted { headers, body } in &all {
        let signature = headers.split("quorate-signature: sha256=").nth(1).unwrap();
        let signature = signature.lines().next().unwrap();
        let expected = hmac::sign(&key, body.as_bytes());
        let expected: String = expected.as_ref().iter().map(|byte| format!("{byte:02x}")).collect();
        assert_eq!(signature, expected);
        let value: serde_json::Value = serde_json::from_str(body).unwrap();
        assert_eq!(value["resource"], "db");
        assert_eq!(value["severity"], "trouble");
        assert_eq!(value["data"]["cluster"], "c1");
        assert_eq!(value["data"]["entry"]["event"]["reason"], "nobody \"answers\"\n");
    }
    fs::remove_dir_all(dir).unwrap();
}

#[tokio::test]
async fn a_webhook_goes_over_tls_to_whom_its_authority_vouches_for() {
    if !testkit::has(&["/usr/bin/curl"]) {
        return;
    }
    let dir = directory("tls");
    let (url, vouches, posted) = tls_receiver("ours");
    let (other, _, nothing) = tls_receiver("theirs");
    let trusting = |name: &str, text: &str| {
        fs::write(dir.join(name), text).unwrap();
        let path = dir.join(name);
        format!("<nvpair id=\"{name}\" name=\"ca-file\" value=\"{}\"/>", path.display())
    };
    let trusts = trusting("right", &vouches);
    let document = document(&format!(
        "{}{}{}",
        webhook("known", &url, PATIENT, &trusts),
        webhook("stranger", &other, PATIENT, &trusts),
        webhook("nobody", &other, PATIENT, ""),
    ));
    let kept = Kept::new("tls");
    let mut alerts = kept.alerts();
    let begun = Instant::now();
    for _ in 0..150 {
        alerts.hear(&failed("db"), &document, true);
    }
    assert!(begun.elapsed() < PATIENCE, "it waited for somebody");
    let told = until("the one that is known", || posted.try_recv().ok()).await;
    assert!(told.body.contains("db_monitor_10000"), "{}", told.body);
    until("both refusals", || {
        let unsent = alerts.unsent();
        let is_said = |name: &str| {
            unsent.iter().any(|text| text.starts_with(name) && text.contains("certificate"))
        };
        (is_said("alert `stranger-r`") && is_said("alert `nobody-r`")).then_some(())
    })
    .await;
    assert!(nothing.try_recv().is_err(), "nothing is said to who is not trusted");
    fs::remove_dir_all(dir).unwrap();
}

#[tokio::test]
async fn who_hangs_or_refuses_delays_nobody_and_is_told_of() {
    if !testkit::has(&["/usr/bin/curl"]) {
        return;
    }
    // It accepts, and says nothing.
    let silent = TcpListener::bind("127.0.0.1:0").unwrap();
    let hangs = format!("http://{}/", silent.local_addr().unwrap());
    let (address, port) = testkit::free_port();
    let refuses = format!("http://{address}:{port}/");
    let (works, posted) = receiver(&[]);
    let trouble_only = "<nvpair id=\"sv\" name=\"severity\" value=\"trouble\"/>";
    let document = document(&format!(
        "{}{}{}{}",
        webhook("hangs", &hangs, "2s", ""),
        webhook("hangs-long", &hangs, "600s", ""),
        webhook("refuses", &refuses, PATIENT, ""),
        webhook("works", &works, PATIENT, trouble_only)
    ));
    let kept = Kept::new("slow");
    let mut alerts = kept.alerts();
    let begun = Instant::now();
    for _ in 0..150 {
        alerts.hear(&failed("db"), &document, true);
    }
    assert!(begun.elapsed() < PATIENCE, "it waited for somebody");
    let first = until("the one that works", || posted.try_recv().ok()).await;
    assert!(first.body.contains("db_monitor_10000"), "{}", first.body);
    until("both troubles", || {
        let unsent = alerts.unsent();
        let has = |name: &str| unsent.iter().any(|text| text.starts_with(name));
        (has("alert `hangs-r`") && has("alert `refuses-r`")).then_some(())
    })
    .await;
    // Targets that are gone are not complained of.
    alerts.hear(&failed("db"), &self::document(""), true);
    until("silence", || alerts.unsent().is_empty().then_some(())).await;
}

/// Takes one mail as a server does; answers what it was told.
fn mail_server() -> (String, Receiver<String>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap().to_string();
    let (sender, mails) = mpsc::channel();
    std::thread::spawn(move || {
        let (mut stream, _) = listener.accept().unwrap();
        let mut reader = BufReader::new(stream.try_clone().unwrap());
        let mut said = String::new();
        let mut is_data = false;
        stream.write_all(b"220 here\r\n").unwrap();
        loop {
            let mut line = String::new();
            if reader.read_line(&mut line).unwrap() == 0 {
                break;
            }
            said.push_str(&line);
            let answer = match (is_data, line.trim_end()) {
                (true, ".") => {
                    is_data = false;
                    "250 taken\r\n"
                }
                (true, _) => continue,
                (false, "DATA") => {
                    is_data = true;
                    "354 go on\r\n"
                }
                (false, "QUIT") => {
                    let _ = stream.write_all(b"221 bye\r\n");
                    break;
                }
                (false, _) => "250 yes\r\n",
            };
            stream.write_all(answer.as_bytes()).unwrap();
        }
        let _ = sender.send(said);
    });
    (address, mails)
}

#[tokio::test]
async fn mail_goes_to_the_server_that_is_named() {
    if !testkit::has(&["/usr/bin/curl"]) {
        return;
    }
    let (server, mails) = mail_server();
    let alert = format!(
        "<alert id=\"m\" path=\"quorate:mail\"><instance_attributes id=\"ma\"><nvpair id=\"m1\" \
         name=\"server\" value=\"{server}\"/><nvpair id=\"m2\" name=\"from\" \
         value=\"cluster@example.org\"/></instance_attributes><recipient id=\"mr\" \
         value=\"ops@example.org\"/></alert>"
    );
    let kept = Kept::new("mail");
    let mut alerts = kept.alerts();
    alerts.hear(&failed("db"), &document(&alert), true);
    let said = until("the mail", || mails.try_recv().ok()).await;
    assert!(said.contains("MAIL FROM:<cluster@example.org>"), "{said}");
    assert!(said.contains("RCPT TO:<ops@example.org>"), "{said}");
    let subject = said.lines().find(|line| line.starts_with("Subject: ")).unwrap();
    assert!(subject.contains("db_monitor_10000"), "{said}");
    // A line break in what an agent said makes no header.
    let headers = said.split("\r\n\r\n").next().unwrap();
    assert!(!headers.lines().any(|line| line.starts_with(", after")), "{said}");
}

/// With these passing attributes of n1.
fn with_attributes(alerts: &str, attributes: &[(&str, &str)]) -> Document {
    let pairs: String = attributes
        .iter()
        .map(|(name, value)| format!("<nvpair id=\"s-{name}\" name=\"{name}\" value=\"{value}\"/>"))
        .collect();
    let status = format!(
        "<status><node_state id=\"1\" uname=\"n1\"><transient_attributes id=\"1\">\
         <instance_attributes id=\"s\">{pairs}</instance_attributes></transient_attributes>\
         </node_state></status>"
    );
    Document::parse(&xml(alerts).replace("<status/>", &status)).unwrap()
}

const SAMPLE: &str = "/usr/share/pacemaker/alerts/alert_file.sh.sample";

#[tokio::test]
async fn pacemakers_sample_agent_writes_of_all_kinds() {
    if !testkit::has(&[SAMPLE]) {
        return;
    }
    let dir = directory("sample");
    let told = dir.join("told");
    let alert = format!(
        "<alert id=\"a\" path=\"{SAMPLE}\"><select><select_nodes/><select_fencing/>\
         <select_resources/><select_attributes><attribute id=\"s1\" name=\"pingd\"/>\
         </select_attributes></select><meta_attributes id=\"m\"><nvpair id=\"m1\" \
         name=\"timestamp-format\" value=\"@\"/></meta_attributes><recipient id=\"r\" value=\"{}\"/></alert>",
        told.display()
    );
    let kept = Kept::new("sample");
    let mut alerts = kept.alerts();
    let at = |attributes: &[(&str, &str)]| with_attributes(&alert, attributes);
    let fenced = Event::Fenced {
        target: "n2".to_owned(),
        action: "off".to_owned(),
        succeeded: true,
        by: "n1".to_owned(),
        reason: String::new(),
    };
    alerts.hear(&lost("n2"), &at(&[("pingd", "100"), ("load", "1")]), true);
    alerts.hear(&entry(fenced), &at(&[("pingd", "100"), ("load", "2")]), true);
    alerts.hear(&failed("db"), &at(&[("pingd", "0"), ("load", "3"), ("password", "x")]), true);
    // Only who coordinates tells of attributes.
    alerts.hear(&entry(Event::Idle), &at(&[("pingd", "50")]), false);
    alerts.hear(&entry(Event::Idle), &at(&[]), true);
    let text = until("all of it", || {
        fs::read_to_string(&told).ok().filter(|text| text.lines().count() >= 6)
    })
    .await;
    let lines: Vec<&str> = text.lines().collect();
    assert_eq!(lines[0], "@: Node 'n1' is now 'member'");
    assert_eq!(lines[1], "@: Node 'n2' is now 'lost'");
    assert!(lines[2].starts_with("@: Fencing "), "{text}");
    assert!(
        lines[3].starts_with("@: Resource operation 'monitor (10000)' for 'db' on 'n1': not"),
        "{text}"
    );
    assert_eq!(lines[4], "@: Attribute 'pingd' on node 'n1' was updated to '0'");
    assert_eq!(lines[5], "@: Attribute 'pingd' on node 'n1' was updated to ''");
    assert_eq!(lines.len(), 6, "{text}");
    fs::remove_dir_all(dir).unwrap();
}

#[tokio::test]
async fn what_waits_is_told_by_the_next_life_and_what_was_told_is_not() {
    if !testkit::has(&["/usr/bin/curl"]) {
        return;
    }
    let kept = Kept::new("lives");
    // But for the one that is just being written.
    let names = || {
        let entries = fs::read_dir(&kept.0).unwrap().map(|file| file.unwrap().path());
        entries.filter(|path| !path.ends_with("new")).collect::<Vec<_>>()
    };
    let files = || names().len();
    let at = testkit::free_port();
    let url = format!("http://{}:{}/hook", at.0, at.1);
    let both = document(&format!(
        "{}{}",
        webhook("one", &url, PATIENT, ""),
        webhook("two", &url, PATIENT, "")
    ));
    let now = |event: Entry| {
        let since = std::time::SystemTime::UNIX_EPOCH.elapsed().unwrap();
        Entry { at: i64::try_from(since.as_secs()).unwrap(), ..event }
    };
    let mut first = kept.alerts();
    first.hear(&now(failed("db")), &both, true);
    first.hear(&now(failed("web")), &both, true);
    until("four files", || (files() == 4).then_some(())).await;
    until("a try", || (first.unsent().len() == 2).then_some(())).await;
    drop(first);
    // What it was just sending ends with its tasks, which they do at their next turn.
    for _ in 0..10 {
        tokio::task::yield_now().await;
    }
    assert_eq!(files(), 4, "they are there for the next life");
    for file in names() {
        assert_eq!(fs::metadata(&file).unwrap().permissions().mode() & 0o777, 0o600);
        assert!(!fs::read_to_string(file).unwrap().contains("hook\""), "an address may be secret");
    }
    fs::write(kept.0.join("nonsense"), "{").unwrap();
    let (_, posted) = receiver_at(TcpListener::bind(at).unwrap(), &[]);
    // One of the two is not wanted any more; and this life coordinates nothing.
    let one = document(&webhook("one", &url, PATIENT, ""));
    let mut second = kept.alerts();
    second.hear(&now(entry(Event::Idle)), &one, false);
    for resource in ["db", "web"] {
        let told = until("what was left", || posted.try_recv().ok()).await;
        assert!(told.body.contains(&format!("{resource}_monitor")), "{}", told.body);
    }
    until("no file", || (files() == 0).then_some(())).await;
    drop(second);
    let mut third = kept.alerts();
    third.hear(&now(failed("new")), &one, true);
    let told = until("what is new", || posted.try_recv().ok()).await;
    assert!(told.body.contains("new_monitor"), "{}", told.body);
    until("no file again", || (files() == 0).then_some(())).await;
}
