//! The Unix socket: connections, and who is at their other end.

use std::convert::Infallible;
use std::fs::{self, Permissions};
use std::io;
use std::os::unix::fs::{PermissionsExt, chown};
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper::{Request, StatusCode};
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::net::{UnixListener, UnixStream};
use tokio::sync::Semaphore;
use wire::api::{ACTING_FOR, CLIENT, Refused, Reply};

use crate::access::{Access, Peer};
use crate::answer::{self, Answered, No};
use crate::dispatch::dispatch;
use crate::role::Role;
use crate::who::{Via, Who};
use crate::{ListenError, Shared};

/// Connections at a time; more wait to be accepted.
const CONNECTIONS_MAX: usize = 256;

/// A client that does not say what it wants for so long is hung up on.
const HEADER_WAIT_MAX: Duration = Duration::from_secs(30);

/// What a program calls itself stands in the document.
const CLIENT_NAME_MAX: usize = 64;

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

pub(crate) async fn accept(listener: UnixListener, access: Access, shared: Shared) {
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
        let (access, shared) = (access.clone(), shared.clone());
        tokio::spawn(async move {
            serve(stream, (access, peer), shared).await;
            drop(seat);
        });
    }
}

async fn serve(stream: UnixStream, (access, peer): (Access, Option<Peer>), shared: Shared) {
    let service = service_fn(move |request: Request<Incoming>| {
        let who = peer.and_then(|peer| who(&access, peer, &request));
        let shared = shared.clone();
        async move { Ok::<_, Infallible>(answer(who, &shared, request).await) }
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
fn who(access: &Access, peer: Peer, request: &Request<Incoming>) -> Option<Who> {
    let acting_for = match request.headers().get(ACTING_FOR) {
        None => None,
        // A name that is no text is nobody's.
        Some(name) => Some(name.to_str().ok()?),
    };
    let client = request.headers().get(CLIENT).and_then(|name| name.to_str().ok());
    let client: String = client.unwrap_or_default().chars().take(CLIENT_NAME_MAX).collect();
    let caller = access.caller(peer, acting_for)?.by(client);
    // Whoever gets to the socket may all that the document lets them.
    Some(Who { caller, role: Role::Full, via: Via::Socket, from: "socket".to_owned() })
}

async fn answer(who: Option<Who>, shared: &Shared, request: Request<Incoming>) -> Answered {
    let Some(who) = who else {
        tracing::warn!(
            "refused a client: only root, the daemon's user and the group haclient may, and only \
             the first two in somebody else's name"
        );
        return answer::json(StatusCode::FORBIDDEN, &Reply::Refused(Refused::NotPermitted));
    };
    dispatch(shared, Some(who), request, false).await.unwrap_or_else(No::answer)
}
