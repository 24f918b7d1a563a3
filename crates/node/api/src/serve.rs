//! Connections and routes.

use std::convert::Infallible;
use std::fs::{self, Permissions};
use std::io;
use std::os::unix::fs::{PermissionsExt, chown};
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use http_body_util::combinators::UnsyncBoxBody;
use http_body_util::{BodyExt, Full, LengthLimitError, Limited};
use hyper::body::{Bytes, Incoming};
use hyper::header::{ALLOW, CACHE_CONTROL, CONTENT_TYPE, HeaderValue};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper::{Method, Request, Response, StatusCode};
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::net::{UnixListener, UnixStream};
use tokio::sync::Semaphore;
use wire::api::{ACTING_FOR, Caller, Refused, Reply};

use crate::ListenError;
use crate::access::{Access, Peer};
use crate::clients::Clients;
use crate::events;

/// The largest document that the fabric carries, as JSON text with its escapes.
const BODY_MAX: usize = 80 << 20;

/// Connections at a time; more wait to be accepted.
const CONNECTIONS_MAX: usize = 256;

/// A client that does not say what it wants for so long is hung up on.
const HEADER_WAIT_MAX: Duration = Duration::from_secs(30);

type Answered = Response<UnsyncBoxBody<Bytes, Infallible>>;

pub(crate) fn bind(socket: &Path, access: &Access) -> Result<UnixListener, ListenError> {
    let failed = |source| ListenError::Listen { socket: socket.to_owned(), source };
    match fs::remove_file(socket) {
        Err(error) if !matches!(error.kind(), io::ErrorKind::NotFound) => {
            return Err(failed(error));
        }
        Ok(()) | Err(_) => {}
    }
    let listener = UnixListener::bind(socket).map_err(failed)?;
    permit(socket, access)
        .map_err(|source| ListenError::Permit { socket: socket.to_owned(), source })?;
    Ok(listener)
}

/// The group is let in by the kernel, too, where there is one and we may give it.
fn permit(socket: &Path, access: &Access) -> io::Result<()> {
    let for_group = match access.group {
        Some(group) => chown(socket, None, Some(group)).is_ok(),
        None => false,
    };
    fs::set_permissions(socket, Permissions::from_mode(if for_group { 0o660 } else { 0o600 }))
}

pub(crate) async fn accept(listener: UnixListener, access: Access, clients: Clients) {
    let seats = Arc::new(Semaphore::new(CONNECTIONS_MAX));
    loop {
        let Ok(seat) = Arc::clone(&seats).acquire_owned().await else { return };
        let stream = match listener.accept().await {
            Ok((stream, _)) => stream,
            Err(error) => {
                // Out of descriptors, most likely: others must end before a new one can begin.
                tracing::warn!(%error, "cannot accept a client");
                tokio::time::sleep(Duration::from_millis(100)).await;
                continue;
            }
        };
        let peer = stream.peer_cred().ok().map(Peer::from);
        let (access, clients) = (access.clone(), clients.clone());
        tokio::spawn(async move {
            serve(stream, (access, peer), clients).await;
            drop(seat);
        });
    }
}

async fn serve(stream: UnixStream, (access, peer): (Access, Option<Peer>), clients: Clients) {
    let service = service_fn(move |request: Request<Incoming>| {
        let caller = peer.and_then(|peer| caller(&access, peer, &request));
        let clients = clients.clone();
        async move { Ok::<_, Infallible>(answer(caller, clients, request).await) }
    });
    let served = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(HEADER_WAIT_MAX)
        .serve_connection(TokioIo::new(stream), service)
        .await;
    if let Err(error) = served {
        tracing::debug!(%error, "a client's connection ended early");
    }
}

/// Who asks, in their own name or in that of whom they act for. `None` if they may not.
fn caller(access: &Access, peer: Peer, request: &Request<Incoming>) -> Option<Caller> {
    let acting_for = match request.headers().get(ACTING_FOR) {
        None => None,
        // A name that is no text is nobody's.
        Some(name) => Some(name.to_str().ok()?),
    };
    access.caller(peer, acting_for)
}

async fn answer(caller: Option<Caller>, clients: Clients, request: Request<Incoming>) -> Answered {
    let Some(caller) = caller else {
        tracing::warn!(
            "refused a client: only root, the daemon's user and the group haclient may, and only \
             the first two in somebody else's name"
        );
        return json(StatusCode::FORBIDDEN, &Reply::Refused(Refused::NotPermitted));
    };
    match (request.method(), request.uri().path()) {
        (&Method::POST, "/v1/request") => ask(caller, &clients, request).await,
        (&Method::GET, "/v1/events") => follow(caller, clients, &request),
        (_, "/v1/request") => wrong_method("POST"),
        (_, "/v1/events") => wrong_method("GET"),
        (_, path) => {
            words(StatusCode::NOT_FOUND, format!("there is no `{path}`; see /v1/request\n"))
        }
    }
}

async fn ask(caller: Caller, clients: &Clients, request: Request<Incoming>) -> Answered {
    let body = match Limited::new(request.into_body(), BODY_MAX).collect().await {
        Ok(body) => body.to_bytes(),
        Err(error) if error.is::<LengthLimitError>() => {
            let reason = format!("a request may have {BODY_MAX} bytes\n");
            return words(StatusCode::PAYLOAD_TOO_LARGE, reason);
        }
        Err(error) => return words(StatusCode::BAD_REQUEST, format!("{error}\n")),
    };
    let request = match serde_json::from_slice(&body) {
        Ok(request) => request,
        Err(error) => {
            return words(StatusCode::BAD_REQUEST, format!("not a request: {error}\n"));
        }
    };
    match clients.ask(caller, request).wait().await {
        Some(reply) => json(StatusCode::OK, &reply),
        None => words(StatusCode::SERVICE_UNAVAILABLE, "the daemon is stopping\n".to_owned()),
    }
}

fn follow(caller: Caller, clients: Clients, request: &Request<Incoming>) -> Answered {
    let since = match since(request) {
        Ok(since) => since,
        Err(wrong) => {
            let reason = format!("since must be an entry's number, not `{wrong}`\n");
            return words(StatusCode::BAD_REQUEST, reason);
        }
    };
    let body = events::stream(clients, caller, since).boxed_unsync();
    let mut answer = Response::new(body);
    let headers = answer.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("text/event-stream"));
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    answer
}

/// Where to go on: a browser that reconnects says it in a header.
fn since(request: &Request<Incoming>) -> Result<Option<u64>, String> {
    let header = request.headers().get("last-event-id").and_then(|value| value.to_str().ok());
    let query = request.uri().query().unwrap_or("");
    let parameter = query.split('&').find_map(|pair| pair.strip_prefix("since="));
    match header.or(parameter) {
        None | Some("") => Ok(None),
        Some(text) => text.parse().map(Some).map_err(|_| text.to_owned()),
    }
}

fn wrong_method(allowed: &'static str) -> Answered {
    let mut answer = words(StatusCode::METHOD_NOT_ALLOWED, format!("use {allowed}\n"));
    answer.headers_mut().insert(ALLOW, HeaderValue::from_static(allowed));
    answer
}

fn json(status: StatusCode, reply: &Reply) -> Answered {
    // Replies hold nothing that JSON cannot.
    let body = serde_json::to_vec(reply).unwrap_or_default();
    whole(status, "application/json", body)
}

fn words(status: StatusCode, text: String) -> Answered {
    whole(status, "text/plain; charset=utf-8", text.into_bytes())
}

fn whole(status: StatusCode, kind: &'static str, body: Vec<u8>) -> Answered {
    let mut answer = Response::new(Full::new(Bytes::from(body)).boxed_unsync());
    *answer.status_mut() = status;
    let kind = HeaderValue::from_static(kind);
    answer.headers_mut().insert(CONTENT_TYPE, kind);
    answer
}
