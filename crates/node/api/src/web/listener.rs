//! Connections: who is let in, and for how long.

use std::convert::Infallible;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use hyper::Request;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Semaphore;
use tokio_rustls::TlsAcceptor;

use super::{door, headers};
use crate::Shared;

/// Connections at a time; further ones are hung up on at once.
const CONNECTIONS_MAX: usize = 640;

/// From the first byte to the end of the handshake.
const HANDSHAKE_MAX: Duration = Duration::from_secs(10);

/// A request's head must be there so soon, also the next one's of a connection that is kept.
const HEADER_MAX: Duration = Duration::from_secs(10);

/// What a connection buffers.
const BUFFER_MAX: usize = 16 << 10;

/// `untaken`: who takes nothing of what was sent for so long is hung up on, by the kernel.
pub(super) async fn accept(
    listener: std::net::TcpListener,
    tls: TlsAcceptor,
    shared: Shared,
    untaken: Duration,
) {
    let untaken = u32::try_from(untaken.as_millis()).unwrap_or(u32::MAX);
    let listener = match TcpListener::from_std(listener) {
        Ok(listener) => listener,
        Err(error) => return tracing::error!(%error, "cannot listen to the network"),
    };
    let seats = Arc::new(Semaphore::new(CONNECTIONS_MAX));
    loop {
        let (stream, peer) = match listener.accept().await {
            Ok(accepted) => accepted,
            Err(error) => {
                // Out of descriptors, most likely: others must end before a new one can begin.
                tracing::warn!(%error, "cannot accept a connection");
                tokio::time::sleep(Duration::from_millis(100)).await;
                continue;
            }
        };
        let Ok(seat) = Arc::clone(&seats).try_acquire_owned() else {
            tracing::debug!(%peer, "too many connections");
            continue;
        };
        let _as_it_is = rustix::net::sockopt::set_tcp_user_timeout(&stream, untaken);
        let (tls, shared) = (tls.clone(), shared.clone());
        tokio::spawn(async move {
            serve(stream, peer, &tls, shared).await;
            drop(seat);
        });
    }
}

async fn serve(stream: TcpStream, peer: SocketAddr, tls: &TlsAcceptor, shared: Shared) {
    let _as_it_is = stream.set_nodelay(true);
    let stream = match tokio::time::timeout(HANDSHAKE_MAX, tls.accept(stream)).await {
        Ok(Ok(stream)) => stream,
        Ok(Err(error)) => return tracing::debug!(%peer, %error, "no handshake"),
        Err(_) => return tracing::debug!(%peer, "a handshake took too long"),
    };
    let service = service_fn(move |request: Request<Incoming>| {
        let shared = shared.clone();
        async move {
            let answer = door::answer(&shared, peer.ip(), request).await;
            Ok::<_, Infallible>(headers::added(answer))
        }
    });
    let served = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(HEADER_MAX)
        .max_buf_size(BUFFER_MAX)
        .serve_connection(TokioIo::new(stream), service)
        .await;
    if let Err(error) = served {
        tracing::debug!(%peer, %error, "a connection ended early");
    }
}
