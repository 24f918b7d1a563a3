//! The API and the console over TLS, on a thread of its own.
//!
//! The daemon's loop never waits for this thread, and it runs at a lower priority: what clients do
//! here, or fail to do, costs the cluster nothing but the questions that get through, and those are
//! few ([`crate::snapshot`]). `docs/decisions/web-in-the-daemon.md` says why it is no process.
//!
//! **Always:** connections, streams, the size of what is read and the time that everything may take
//! are bounded.

mod certificate;
mod door;
mod files;
mod headers;
mod listener;
mod plain;
mod shown;
mod x509;

use std::fs;
use std::io;
use std::net::{SocketAddr, TcpListener};
use std::path::PathBuf;
use std::sync::Arc;
use std::thread;
use std::time::Duration;

use tokio::sync::oneshot;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::crypto::CryptoProvider;
use tokio_rustls::rustls::{self, ServerConfig};

pub use certificate::CertificateError;
pub(crate) use door::cookie;

use crate::Shared;
pub(crate) use shown::Shown;
pub(crate) use x509::Read;

/// How much less urgent this thread is than the daemon's loop. Source: nice(2).
const NICENESS: i32 = 10;

/// Computations at a time, beside the listening.
const BLOCKING_MAX: usize = 2;

/// Where and as whom to listen.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WebSettings {
    pub listen: SocketAddr,
    /// The operator's own certificate (a chain) and key, as PEM.
    pub given: Option<(PathBuf, PathBuf)>,
    /// Where ours is otherwise, and is made if it is not there.
    pub directory: PathBuf,
    /// The names in a certificate that is made.
    pub names: Vec<String>,
    /// Who takes nothing of what was sent for so long is hung up on.
    pub untaken: Duration,
}

/// Nothing can be served.
#[derive(Debug, thiserror::Error)]
pub enum WebError {
    #[error("cannot listen on {address}")]
    Listen { address: SocketAddr, source: io::Error },
    #[error("cannot use the certificate")]
    Certificate(#[source] CertificateError),
    #[error("cannot use the certificate with its key")]
    Tls(#[source] rustls::Error),
    #[error("cannot start the thread that listens")]
    Thread(#[source] io::Error),
}

/// Serving until dropped.
#[derive(Debug)]
pub struct Web {
    address: SocketAddr,
    _stop: oneshot::Sender<()>,
}

impl Web {
    /// Where it listens: the port that was found where port 0 was asked for.
    pub fn address(&self) -> SocketAddr {
        self.address
    }
}

/// Starts the thread.
pub(crate) fn start(shared: Shared, settings: &WebSettings) -> Result<Web, WebError> {
    let listen = |source| WebError::Listen { address: settings.listen, source };
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let shown = Shown::find(settings, &provider)?;
    let tls = tls(provider, shown.clone()).map_err(WebError::Tls)?;
    shared.web.store(shown.clone(), settings.given.is_some());
    let renew = shown.renew(settings.clone());
    let listener = TcpListener::bind(settings.listen).map_err(listen)?;
    listener.set_nonblocking(true).map_err(listen)?;
    let untaken = settings.untaken;
    let address = listener.local_addr().map_err(listen)?;
    tell_address(settings, address);
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .max_blocking_threads(BLOCKING_MAX)
        .thread_name("quorate-web")
        .build()
        .map_err(WebError::Thread)?;
    let (stop, stopped) = oneshot::channel();
    let serve = move || {
        be_less_urgent();
        runtime.block_on(async {
            tokio::select! {
                () = listener::accept(listener, tls, shared, untaken) => {}
                () = renew => {}
                _ = stopped => {}
            }
        });
        // What is being computed for somebody is not waited for.
        runtime.shutdown_background();
    };
    thread::Builder::new().name("quorate-web".to_owned()).spawn(serve).map_err(WebError::Thread)?;
    Ok(Web { address, _stop: stop })
}

/// Where tests and scripts look for the port that was found.
fn tell_address(settings: &WebSettings, address: SocketAddr) {
    let path = settings.directory.join("address");
    let told = fs::create_dir_all(&settings.directory)
        .and_then(|()| fs::write(&path, format!("{address}\n")));
    if let Err(error) = told {
        tracing::warn!(%error, "cannot write where the network is served");
    }
}

fn tls(provider: Arc<CryptoProvider>, shown: Shown) -> Result<TlsAcceptor, rustls::Error> {
    let mut config = ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()?
        .with_no_client_auth()
        .with_cert_resolver(Arc::new(shown));
    config.alpn_protocols = vec![b"http/1.1".to_vec()];
    Ok(TlsAcceptor::from(Arc::new(config)))
}

/// On Linux niceness is a thread's own, and that of the threads which it starts.
pub(crate) fn be_less_urgent() {
    let set = rustix::process::setpriority_process(Some(rustix::thread::gettid()), NICENESS);
    if let Err(error) = set {
        tracing::warn!(%error, "what is served to the network is as urgent as the cluster");
    }
}
