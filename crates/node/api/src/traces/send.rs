//! The thread that sends.
//!
//! **Always:** how long a sending takes, how often it is tried, what is read of the answer and how often something is
//! said of it is bounded.

use std::io;
use std::thread;
use std::time::{Duration, Instant};

use http_body_util::{BodyExt, Full, Limited};
use hyper::body::Bytes;
use hyper::client::conn::http1;
use hyper::header::{CONTENT_TYPE, HOST};
use hyper::{Method, Request, StatusCode};
use hyper_util::rt::TokioIo;
use tokio::net::TcpStream;
use tokio::sync::mpsc;

use super::{Collector, Sealed, otlp};
use crate::answer;

/// Of one sending.
const LIMIT: Duration = Duration::from_secs(5);

/// Between one sending that failed and the next; then it is given up. A failover often takes the way to the
/// collector along for a while.
const AGAIN_AFTER: [Duration; 5] = [
    Duration::from_secs(1),
    Duration::from_secs(2),
    Duration::from_secs(4),
    Duration::from_secs(8),
    Duration::from_secs(16),
];

/// Between one word that the collector is away and the next.
const SAID_AGAIN_AFTER: Duration = Duration::from_secs(600);

/// What of an answer's head is buffered.
const HEAD_MAX: usize = 16 << 10;

/// What of an answer's body is read; it is not used.
const ANSWER_MAX: usize = 64 << 10;

/// Names that are looked up at a time: the system's resolver may hang.
const BLOCKING_MAX: usize = 1;

/// Why it was not taken.
#[derive(Debug, thiserror::Error)]
enum Untaken {
    #[error("no connection: {0}")]
    Unreachable(io::Error),
    #[error("no answer in {} seconds", LIMIT.as_secs())]
    Slow,
    #[error("the connection breaks: {0}")]
    Broken(hyper::Error),
    #[error("cannot be asked: {0}")]
    Setup(hyper::http::Error),
    #[error("it answers {0}")]
    Refused(StatusCode),
}

impl Untaken {
    /// Whether another try may have more luck. Source: OTLP/HTTP's specification, "Retryable Response Codes".
    fn may_pass(&self) -> bool {
        match self {
            Self::Unreachable(_) | Self::Slow | Self::Broken(_) => true,
            Self::Setup(_) => false,
            Self::Refused(status) => [429, 502, 503, 504].contains(&status.as_u16()),
        }
    }
}

/// What was said of the collector, and when.
#[derive(Debug, Default)]
struct Said {
    last: Option<Instant>,
    /// Since something was taken.
    lost: u64,
}

/// It ends when the other end of the queue does.
pub(super) fn start(collector: Collector, waiting: mpsc::Receiver<Sealed>) -> io::Result<()> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .max_blocking_threads(BLOCKING_MAX)
        .thread_name("quorate-traces")
        .build()?;
    let send = move || {
        crate::web::be_less_urgent();
        runtime.block_on(send_all(&collector, waiting));
        runtime.shutdown_background();
    };
    thread::Builder::new().name("quorate-traces".to_owned()).spawn(send)?;
    Ok(())
}

async fn send_all(collector: &Collector, mut waiting: mpsc::Receiver<Sealed>) {
    let mut said = Said::default();
    while let Some(sealed) = waiting.recv().await {
        let Some(request) = otlp::request(&sealed) else {
            tracing::error!("a failover is not traced: there are no random numbers");
            continue;
        };
        let sent = try_all(collector, &Bytes::from(request.to_string())).await;
        said.note(collector, sent, Instant::now());
    }
}

async fn try_all(collector: &Collector, body: &Bytes) -> Result<(), Untaken> {
    for pause in AGAIN_AFTER {
        match send(collector, body.clone()).await {
            Err(why) if why.may_pass() => tokio::time::sleep(pause).await,
            sent => return sent,
        }
    }
    send(collector, body.clone()).await
}

async fn send(collector: &Collector, body: Bytes) -> Result<(), Untaken> {
    tokio::time::timeout(LIMIT, post(collector, body)).await.unwrap_or(Err(Untaken::Slow))
}

async fn post(collector: &Collector, body: Bytes) -> Result<(), Untaken> {
    let Collector { authority, host, port, path } = collector;
    let stream = TcpStream::connect((host.as_str(), *port)).await.map_err(Untaken::Unreachable)?;
    let opened = http1::Builder::new().max_buf_size(HEAD_MAX).handshake(TokioIo::new(stream)).await;
    let (mut sender, connection) = opened.map_err(Untaken::Broken)?;
    let request = Request::builder()
        .method(Method::POST)
        .uri(path)
        .header(HOST, authority)
        .header(CONTENT_TYPE, answer::JSON)
        .body(Full::new(body))
        .map_err(Untaken::Setup)?;
    let told = async {
        let answer = sender.send_request(request).await.map_err(Untaken::Broken)?;
        let status = answer.status();
        // Who is hung up on in the middle of an answer may take it for a failure.
        let _unused = Limited::new(answer.into_body(), ANSWER_MAX).collect().await;
        if status.is_success() { Ok(()) } else { Err(Untaken::Refused(status)) }
    };
    let carry = async {
        let _ended = connection.await;
        std::future::pending::<std::convert::Infallible>().await
    };
    tokio::select! {
        told = told => told,
        never = carry => match never {},
    }
}

impl Said {
    fn note(&mut self, collector: &Collector, sent: Result<(), Untaken>, now: Instant) {
        match sent {
            Ok(()) => {
                if self.lost > 0 {
                    let lost = self.lost;
                    tracing::info!(%collector, lost, "the collector takes traces again");
                }
                *self = Self::default();
            }
            Err(why) => {
                self.lost += 1;
                if self.last.is_none_or(|last| now.duration_since(last) >= SAID_AGAIN_AFTER) {
                    let lost = self.lost;
                    tracing::warn!(%collector, %why, lost, "a failover's trace was not taken");
                    self.last = Some(now);
                }
            }
        }
    }
}
