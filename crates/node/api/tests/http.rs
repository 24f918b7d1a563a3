//! Real clients on a real socket; the test answers as the node would.

#![expect(clippy::unwrap_used, reason = "a test may fail loudly")]

use std::path::PathBuf;
use std::time::Duration;

use api::{Api, ApiSettings, FromClient, PamSettings};
use cib::Document;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::UnixStream;
use wire::api::{Cluster, Entry, Event, Refused, Reply, Request};

struct Scratch(PathBuf);

impl Scratch {
    fn new(name: &str) -> Self {
        let path = std::env::temp_dir().join(format!("quorate-api-{name}-{}", std::process::id()));
        let _not_there = std::fs::remove_dir_all(&path);
        std::fs::create_dir_all(&path).unwrap();
        Self(path)
    }

    fn socket(&self) -> PathBuf {
        self.0.join("api.sock")
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        let _gone = std::fs::remove_dir_all(&self.0);
    }
}

/// Nobody logs in here.
fn listen(scratch: &Scratch) -> Result<Api, api::ListenError> {
    let pam = PamSettings { program: PathBuf::new(), service: String::new(), rules: None };
    Api::listen(ApiSettings {
        socket: scratch.socket(),
        directory: scratch.0.join("web"),
        pam,
        group: None,
        others: Vec::new(),
        sessions: api::SessionTimes::default(),
    })
}

async fn send(scratch: &Scratch, head: &str, body: &str) -> UnixStream {
    let mut stream = UnixStream::connect(scratch.socket()).await.unwrap();
    let text = format!(
        "{head} HTTP/1.1\r\nHost: node\r\nConnection: close\r\nContent-Type: application/json\r\nContent-Length: {}\r\n\r\n{body}",
        body.len()
    );
    stream.write_all(text.as_bytes()).await.unwrap();
    stream
}

async fn rest(mut stream: UnixStream) -> String {
    let mut text = String::new();
    stream.read_to_string(&mut text).await.unwrap();
    text
}

/// Reads until `wanted` has come.
async fn read_until(stream: &mut UnixStream, wanted: &str) -> String {
    let mut bytes = Vec::new();
    while !String::from_utf8_lossy(&bytes).contains(wanted) {
        let mut piece = [0; 4096];
        let read = stream.read(&mut piece).await.unwrap();
        assert!(read > 0, "ended before {wanted}: {}", String::from_utf8_lossy(&bytes));
        bytes.extend(piece.iter().take(read));
    }
    String::from_utf8(bytes).unwrap()
}

async fn next(api: &mut Api) -> FromClient {
    tokio::time::timeout(Duration::from_secs(120), api.next()).await.unwrap()
}

fn entry(number: u64) -> Entry {
    Entry { number, at: 7, event: Event::Idle }
}

#[tokio::test]
async fn a_request_is_handed_over_and_answered() {
    let scratch = Scratch::new("request");
    let mut api = listen(&scratch).unwrap();
    let stream = send(&scratch, "POST /v1/request", "\"wait-idle\"").await;
    let FromClient::Asked { client, caller, request } = next(&mut api).await else { panic!() };
    assert_eq!(request, Request::WaitIdle);
    assert!(!caller.name.is_empty() && caller.groups.is_none(), "it is the daemon's own user");
    api.reply(client, Reply::Idle);
    let text = rest(stream).await;
    assert!(
        text.starts_with("HTTP/1.1 200 OK\r\n") && text.ends_with("\r\n\r\n\"idle\""),
        "{text}"
    );
    assert!(text.to_lowercase().contains("content-length: 6\r\n"), "{text}");
}

#[tokio::test]
async fn a_refusal_is_an_answer() {
    let scratch = Scratch::new("refusal");
    let mut api = listen(&scratch).unwrap();
    let stream = send(&scratch, "POST /v1/request", r#"{"undo":{}}"#).await;
    let FromClient::Asked { client, request, .. } = next(&mut api).await else { panic!() };
    assert_eq!(request, Request::Undo { force: false, based_on: None });
    api.reply(client, Reply::Refused(Refused::NothingToUndo));
    let text = rest(stream).await;
    assert!(text.ends_with(r#"{"refused":"nothing-to-undo"}"#), "{text}");
}

#[tokio::test]
async fn a_client_that_goes_away_is_reported_once() {
    let scratch = Scratch::new("gone");
    let mut api = listen(&scratch).unwrap();
    let stream = send(&scratch, "POST /v1/request", "\"wait-idle\"").await;
    let FromClient::Asked { client, .. } = next(&mut api).await else { panic!() };
    drop(stream);
    assert_eq!(next(&mut api).await, FromClient::Gone { client });
    api.reply(client, Reply::Idle);
    let _answered = send(&scratch, "POST /v1/request", "\"document\"").await;
    let FromClient::Asked { client: other, .. } = next(&mut api).await else { panic!() };
    assert_ne!(client, other);
}

#[tokio::test]
async fn what_cannot_be_read_is_answered_with_words() {
    let scratch = Scratch::new("words");
    let _api = listen(&scratch).unwrap();
    for (head, body, status, wanted) in [
        ("POST /v1/request", "{", "400", "not a request: EOF"),
        ("POST /v1/request", r#"{"chnge":{}}"#, "400", "unknown variant `chnge`"),
        ("POST /v1/request", r#"{"undo":{"force":true,"x":1}}"#, "400", "unknown field `x`"),
        ("GET /v1/request", "", "405", "use POST"),
        ("POST /v1/events", "", "405", "use GET"),
        ("GET /v1/events?since=x", "", "400", "since must be an entry's number, not `x`"),
        ("GET /etc/passwd", "", "404", "there is no `/etc/passwd`"),
    ] {
        let text = rest(send(&scratch, head, body).await).await;
        assert!(text.starts_with(&format!("HTTP/1.1 {status}")), "{head} {body}: {text}");
        assert!(text.contains(wanted), "{head} {body}: {text}");
    }
    let text = rest(send(&scratch, "nonsense \u{7f}", "").await).await;
    assert!(text.starts_with("HTTP/1.1 400"), "{text}");
}

#[tokio::test]
async fn events_are_the_known_ones_then_the_new_ones_without_a_gap() {
    let scratch = Scratch::new("events");
    let mut api = listen(&scratch).unwrap();
    let mut stream = send(&scratch, "GET /v1/events?since=4", "").await;
    let FromClient::Asked { client, request, .. } = next(&mut api).await else { panic!() };
    assert_eq!(request, Request::History { since: 5 });
    // One more happens before the history is answered, which has it already.
    api.publish(entry(6));
    api.reply(client, Reply::History { entries: vec![entry(5), entry(6)] });
    api.publish(entry(7));
    let text = read_until(&mut stream, "id: 7-").await;
    assert!(text.contains("content-type: text/event-stream"), "{text}");
    assert_eq!(ids(&text), [5, 6, 7]);
    assert!(
        text.contains("data: {\"number\":5,\"at\":7,\"event\":{\"kind\":\"idle\"}}\n\n"),
        "{text}"
    );
}

#[tokio::test]
async fn who_may_not_any_more_is_told_nothing_more() {
    let scratch = Scratch::new("no-more");
    let mut api = listen(&scratch).unwrap();
    let mut stream = UnixStream::connect(scratch.socket()).await.unwrap();
    let request = "GET /v1/events HTTP/1.1\r\nHost: node\r\nConnection: close\r\n\
                   quorate-acting-for: somebody\r\n\r\n";
    stream.write_all(request.as_bytes()).await.unwrap();
    let FromClient::Asked { client, caller, .. } = next(&mut api).await else { panic!() };
    assert!(caller.groups.is_some(), "the document says what they may");
    api.reply(client, Reply::History { entries: vec![entry(5)] });
    let _known = read_until(&mut stream, "id: 5-").await;
    // Something happens: whether they may know of it is asked each time.
    for number in [6, 7] {
        api.publish(entry(number));
        let FromClient::Asked { client, request, .. } = next(&mut api).await else { panic!() };
        assert_eq!(request, Request::History { since: number });
        let reply = match number {
            6 => Reply::History { entries: vec![entry(6)] },
            _ => Reply::Refused(Refused::NotPermitted),
        };
        api.reply(client, reply);
    }
    let text = rest(stream).await;
    assert!(text.contains("id: 6-") && !text.contains("id: 7-"), "{text}");
}

/// The numbers of all events in a stream's text.
fn ids(text: &str) -> Vec<u64> {
    let id = |line: &str| line.strip_prefix("id: ")?.split_once('-')?.0.parse().ok();
    text.lines().filter_map(id).collect()
}

#[tokio::test]
async fn a_follower_is_told_what_it_missed_for_good() {
    let scratch = Scratch::new("gap");
    let mut api = listen(&scratch).unwrap();
    // The history begins after what the follower knew.
    let mut stream = send(&scratch, "GET /v1/events?since=4", "").await;
    let FromClient::Asked { client, .. } = next(&mut api).await else { panic!() };
    api.reply(client, Reply::History { entries: vec![entry(9)] });
    let text = read_until(&mut stream, "id: 9-").await;
    assert!(text.contains("event: gap\ndata: {\"from\":5,\"known-from\":9}\n\n"), "{text}");
    // Its place was another life's.
    let mut stream = send(&scratch, "GET /v1/events?since=4-dead", "").await;
    let FromClient::Asked { client, request, .. } = next(&mut api).await else { panic!() };
    assert_eq!(request, Request::History { since: 0 });
    api.reply(client, Reply::History { entries: vec![entry(1)] });
    let text = read_until(&mut stream, "id: 1-").await;
    assert!(text.contains("event: gap\ndata: {\"from\":0,\"known-from\":1}\n\n"), "{text}");
    // It goes on where it was.
    let id = text.lines().find_map(|line| line.strip_prefix("id: ")).unwrap();
    api.publish(entry(2));
    let mut stream = send(&scratch, &format!("GET /v1/events?since={id}"), "").await;
    let FromClient::Asked { client, request, .. } = next(&mut api).await else { panic!() };
    assert_eq!(request, Request::History { since: 2 });
    api.reply(client, Reply::History { entries: vec![entry(2)] });
    let text = read_until(&mut stream, "id: 2-").await;
    assert!(!text.contains("gap"), "{text}");
}

#[tokio::test]
async fn a_follower_that_falls_behind_catches_up_from_history() {
    let scratch = Scratch::new("behind");
    let mut api = listen(&scratch).unwrap();
    let mut stream = send(&scratch, "GET /v1/events", "").await;
    let FromClient::Asked { client, .. } = next(&mut api).await else { panic!() };
    // More than a follower may be behind, before it can take one.
    for number in 0..3000 {
        api.publish(entry(number));
    }
    api.reply(client, Reply::History { entries: Vec::new() });
    let FromClient::Asked { client, request, .. } = next(&mut api).await else { panic!() };
    assert_eq!(request, Request::History { since: 0 });
    api.reply(client, Reply::History { entries: (0..3000).map(entry).collect() });
    let text = read_until(&mut stream, "id: 2999-").await;
    assert_eq!(ids(&text), (0..3000).collect::<Vec<u64>>());
}

#[tokio::test]
async fn who_may_not_is_told_so() {
    if !testkit::is_root() {
        return;
    }
    let scratch = Scratch::new("access");
    let _api = listen(&scratch).unwrap();
    // Even where the socket's mode lets them in.
    for (path, mode) in [(scratch.0.clone(), 0o755), (scratch.socket(), 0o666)] {
        let open = std::os::unix::fs::PermissionsExt::from_mode(mode);
        std::fs::set_permissions(path, open).unwrap();
    }
    let socket = scratch.socket();
    let text = tokio::task::spawn_blocking(move || {
        use std::io::{Read, Write};
        std::thread::spawn(move || {
            let nobody = rustix::process::Uid::from_raw(65534);
            let nogroup = rustix::process::Gid::from_raw(65534);
            rustix::thread::set_thread_gid(nogroup).unwrap();
            rustix::thread::set_thread_uid(nobody).unwrap();
            let mut stream = std::os::unix::net::UnixStream::connect(socket).unwrap();
            let request = "GET /v1/events HTTP/1.1\r\nHost: node\r\nConnection: close\r\n\r\n";
            stream.write_all(request.as_bytes()).unwrap();
            let mut text = String::new();
            stream.read_to_string(&mut text).unwrap();
            text
        })
        .join()
        .unwrap()
    })
    .await
    .unwrap();
    assert!(text.starts_with("HTTP/1.1 403"), "{text}");
    assert!(text.ends_with(r#"{"refused":"not-permitted"}"#), "{text}");
}

#[tokio::test]
async fn a_socket_of_a_former_life_is_replaced() {
    let scratch = Scratch::new("stale");
    drop(std::os::unix::net::UnixListener::bind(scratch.socket()).unwrap());
    let api = listen(&scratch).unwrap();
    drop(api);
    assert!(!scratch.socket().exists());
    std::fs::create_dir(scratch.socket()).unwrap();
    assert!(listen(&scratch).is_err(), "a directory is not replaced");
}

const DOCUMENT: &str = r#"<cib validate-with="none" admin_epoch="0" epoch="4" num_updates="2" have-quorum="1"><configuration><crm_config/>
    <nodes><node id="1" uname="n1"/></nodes><resources/><constraints/></configuration><status>
    <node_state id="1" uname="n1" in_ccm="true" crmd="online" join="member" expected="member"/>
    </status></cib>"#;

/// Answers as a node that has this document, until the client has what it wants.
async fn ask(api: &mut Api, document: &str, scratch: &Scratch, head: &str) -> String {
    ask_with(api, document, scratch, (head, "")).await
}

async fn ask_with(
    api: &mut Api,
    document: &str,
    scratch: &Scratch,
    (head, body): (&str, &str),
) -> String {
    let asked = async { rest(send(scratch, head, body).await).await };
    tokio::pin!(asked);
    loop {
        tokio::select! {
            text = &mut asked => return text,
            want = api.next() => answer(api, want, document),
        }
    }
}

fn answer(api: &Api, want: FromClient, document: &str) {
    let FromClient::Asked { client, request, .. } = want else { return };
    if request == Request::Document {
        let cluster = Cluster {
            node: "n1".to_owned(),
            quorate: true,
            formed: true,
            members: vec!["n1".to_owned()],
            ..Cluster::default()
        };
        return api.reply(client, Reply::Document { xml: document.to_owned(), cluster });
    }
    if let Request::Change { based_on, .. } = request {
        // As the controller does: a plan is for one document.
        let current = Document::parse(document).unwrap().version().unwrap_or_default().to_string();
        let reply = match based_on {
            Some(yours) if yours != current => Reply::Refused(Refused::Stale { yours, current }),
            _ => Reply::Done { version: current },
        };
        return api.reply(client, reply);
    }
    assert!(matches!(request, Request::History { .. }), "{request:?}");
    api.reply(client, Reply::History { entries: Vec::new() });
}

#[tokio::test]
async fn the_past_is_kept_shown_and_compared() {
    let scratch = Scratch::new("past");
    let mut api = listen(&scratch).unwrap();
    let standby = DOCUMENT.replace(
        r#"uname="n1"/></nodes>"#,
        r#"uname="n1"><instance_attributes id="s"><nvpair id="s-s" name="standby" value="on"/>
           </instance_attributes></node></nodes>"#,
    );
    let event = |change: &str| Event::Changed {
        user: "root".to_owned(),
        change: change.to_owned(),
        version: "0.4.2".to_owned(),
    };
    // Nothing was done before, so that there is nothing to remember.
    api.publish(entry(1));
    for (number, change, document) in [(2, "first", DOCUMENT), (3, "second", &standby)] {
        api.publish(Entry { number, at: 7, event: event(change) });
        while !ask(&mut api, document, &scratch, "GET /v1/moments").await.contains(change) {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }
    let list = ask(&mut api, DOCUMENT, &scratch, "GET /v1/moments?since=1").await;
    assert!(list.contains(r#""id":2"#) && !list.contains("first"), "{list}");
    for wanted in [r#""kind":"changed""#, r#""version":"0.4.2""#, "root: second", r#""entry":3"#] {
        assert!(list.contains(wanted), "{wanted}: {list}");
    }
    let one = ask(&mut api, DOCUMENT, &scratch, "GET /v1/moments/2").await;
    assert!(one.contains(r#""entries":[{"number":3"#), "{one}");
    let then = |at: &str| format!("GET /v1/status?at={at}");
    let first = ask(&mut api, &standby, &scratch, &then("1")).await;
    assert!(first.contains(r#""standby":false"#), "{first}");
    let second = ask(&mut api, DOCUMENT, &scratch, &then("2")).await;
    assert!(second.contains(r#""standby":true"#), "{second}");
    let compared = ask(&mut api, DOCUMENT, &scratch, "GET /v1/compare?from=1&to=2").await;
    let wanted = r#""nodes":[{"name":"n1","was":"online","is":"online, standby"}]"#;
    assert!(compared.contains(wanted), "{compared}");
    assert!(compared.contains(r#""configuration-changed":true"#), "{compared}");
    let same = ask(&mut api, DOCUMENT, &scratch, "GET /v1/compare?from=1").await;
    assert!(same.contains(r#""nodes":[]"#), "{same}");
    for (path, status) in [
        ("/v1/status?at=9", "404"),
        ("/v1/status?at=x", "400"),
        ("/v1/status?at=%2B1", "400"),
        ("/v1/moments/..", "404"),
        ("/v1/compare", "400"),
        ("/v1/moments?since=", "400"),
    ] {
        let text = ask(&mut api, DOCUMENT, &scratch, &format!("GET {path}")).await;
        assert!(text.starts_with(&format!("HTTP/1.1 {status}")), "{path}: {text}");
    }
}

#[tokio::test]
async fn past_fencings_are_told_once() {
    let scratch = Scratch::new("fencing");
    let mut api = listen(&scratch).unwrap();
    let told = ask(&mut api, DOCUMENT, &scratch, "GET /v1/fencing").await;
    assert!(
        told.starts_with("HTTP/1.1 200") && told.contains(r#"{"readiness":{"enabled""#),
        "{told}"
    );
    assert_eq!(told.matches(r#""history""#).count(), 1, "{told}");
}

const STANDBY: &str = r#"{"change":{"edit":{"edits":[{"modify":{"xml":
    "<node id=\"1\"><instance_attributes id=\"s\"><nvpair id=\"s-s\" name=\"standby\" value=\"on\"/></instance_attributes></node>"
    }}]}}}"#;

/// Of the wall clock, since 1970.
fn seconds_now() -> i64 {
    let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap();
    i64::try_from(now.as_secs()).unwrap()
}

/// Plans a change, and lets it wait for so many seconds; its number.
async fn schedule(api: &mut Api, scratch: &Scratch, seconds: i64) -> String {
    let text = ask_with(api, DOCUMENT, scratch, ("POST /v1/plans", STANDBY)).await;
    let (_, id) = text.split_once(r#""id":""#).unwrap_or_else(|| panic!("{text}"));
    let id = id.split('"').next().unwrap().to_owned();
    let at = seconds_now() + seconds;
    let (head, body) = (format!("POST /v1/plans/{id}/schedule"), format!(r#"{{"at":{at}}}"#));
    let text = ask_with(api, DOCUMENT, scratch, (&head, &body)).await;
    assert!(text.starts_with("HTTP/1.1 201") && text.contains(r#""state":"waiting""#), "{text}");
    id
}

/// Gives a plan that waits another time, while no daemon runs: a time soon would be over, on a busy
/// machine, before it is asked for.
fn set_time(scratch: &Scratch, id: &str, at: i64) {
    let file = scratch.0.join("web/scheduled.json");
    let kept = std::fs::read_to_string(&file).unwrap();
    let (before, after) = kept.split_once(&format!(r#""id":"{id}","at":"#)).unwrap();
    let (_, after) = after.split_once(',').unwrap();
    std::fs::write(&file, format!(r#"{before}"id":"{id}","at":{at},{after}"#)).unwrap();
}

/// Looks until the list of scheduled plans says this.
async fn until_scheduled(api: &mut Api, document: &str, scratch: &Scratch, wanted: &str) {
    let begun = std::time::Instant::now();
    loop {
        let text = ask(api, document, scratch, "GET /v1/scheduled").await;
        if text.contains(wanted) {
            return;
        }
        assert!(begun.elapsed() < Duration::from_secs(120), "{wanted}: {text}");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

#[tokio::test]
async fn a_plan_waits_for_its_time_also_while_the_daemon_restarts() {
    let scratch = Scratch::new("schedule");
    let mut api = listen(&scratch).unwrap();
    let id = schedule(&mut api, &scratch, 3000).await;
    let apply = format!("POST /v1/plans/{id}/apply");
    let text = ask(&mut api, DOCUMENT, &scratch, &apply).await;
    assert!(text.starts_with("HTTP/1.1 404"), "not now as well: {text}");
    let far = schedule(&mut api, &scratch, 3000).await;
    drop(api);
    set_time(&scratch, &id, seconds_now() - 1);
    let mut api = listen(&scratch).unwrap();
    until_scheduled(&mut api, DOCUMENT, &scratch, r#""state":"done""#).await;
    let text = ask(&mut api, DOCUMENT, &scratch, &format!("DELETE /v1/scheduled/{far}")).await;
    assert!(text.starts_with("HTTP/1.1 200"), "{text}");
    let text = ask(&mut api, DOCUMENT, &scratch, "GET /v1/scheduled").await;
    assert!(!text.contains("waiting"), "{text}");
    let audit = ask(&mut api, DOCUMENT, &scratch, "GET /v1/audit").await;
    for wanted in [r#""via":"schedule, socket""#, "scheduled: modify node 1", "done: 0.4.2"] {
        assert!(audit.contains(wanted), "{wanted}: {audit}");
    }
}

#[tokio::test]
async fn a_plan_for_another_document_or_whose_time_is_over_is_not_made() {
    let scratch = Scratch::new("late");
    let mut api = listen(&scratch).unwrap();
    let id = schedule(&mut api, &scratch, 3000).await;
    drop(api);
    set_time(&scratch, &id, seconds_now() - 1);
    let mut api = listen(&scratch).unwrap();
    let later = DOCUMENT.replace(r#"epoch="4""#, r#"epoch="5""#);
    let outcome = r#""state":"refused","outcome":"refused: Stale""#;
    until_scheduled(&mut api, &later, &scratch, outcome).await;
    let id = schedule(&mut api, &scratch, 3000).await;
    drop(api);
    // Its time came while no daemon ran.
    set_time(&scratch, &id, 7);
    let mut api = listen(&scratch).unwrap();
    until_scheduled(&mut api, DOCUMENT, &scratch, r#""state":"missed""#).await;
    for at in ["7".to_owned(), (seconds_now() + 400 * 86_400).to_string(), "\"x\"".to_owned()] {
        let body = format!(r#"{{"at":{at}}}"#);
        let asked = ("POST /v1/plans/x/schedule", body.as_str());
        let text = ask_with(&mut api, DOCUMENT, &scratch, asked).await;
        assert!(text.starts_with("HTTP/1.1 400"), "{at}: {text}");
    }
}
