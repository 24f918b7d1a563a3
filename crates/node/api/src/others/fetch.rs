//! One asking of another cluster: its nodes in turn, until one tells how it is.

use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

use http_body_util::{BodyExt, Empty, LengthLimitError, Limited};
use hyper::body::Bytes;
use hyper::client::conn::http1;
use hyper::header::{ACCEPT, AUTHORIZATION, HOST, HeaderValue};
use hyper::{Request, StatusCode};
use hyper_util::rt::TokioIo;
use tokio::net::TcpStream;
use tokio::task::JoinSet;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;
use tokio_rustls::rustls::pki_types::ServerName;
use tokio_rustls::rustls::{self, ClientConfig};

use super::files::{self, Keys};
use super::{Address, Kind, OtherCluster, Trouble};
use crate::answer;
use crate::summary::Summary;

/// All of it, whichever of the nodes answer.
const LIMIT: Duration = Duration::from_secs(4);

/// A node that has not answered by then is not waited for alone: the next one is asked, too.
const NEXT_AFTER: Duration = Duration::from_secs(1);

/// A summary with much advice has some kilobytes.
const ANSWER_MAX: usize = 64 << 10;

/// What of an answer's head is buffered.
const HEAD_MAX: usize = 16 << 10;

/// How it is, and which of its addresses says so. The one at place `first` is asked first.
pub(super) async fn summary(
    cluster: &OtherCluster,
    first: usize,
) -> Result<(usize, Summary), Trouble> {
    let asked = async {
        let keys = files::read(&cluster.token, &cluster.authority)
            .map_err(|error| trouble(Kind::Setup, error.to_string()))?;
        let Keys { token, roots } = keys;
        let tls = connector(roots)?;
        any(cluster, first, &token, &tls).await
    };
    let late = || trouble(Kind::Slow, format!("no answer in {} seconds", LIMIT.as_secs()));
    tokio::time::timeout(LIMIT, asked).await.unwrap_or_else(|_| Err(late()))
}

/// The first that tells something.
async fn any(
    cluster: &OtherCluster,
    first: usize,
    token: &HeaderValue,
    tls: &TlsConnector,
) -> Result<(usize, Summary), Trouble> {
    let all = cluster.addresses.iter().enumerate();
    let mut waiting = all.clone().skip(first).chain(all.take(first));
    let mut asked: JoinSet<Result<(usize, Summary), Trouble>> = JoinSet::new();
    let mut troubles: Vec<Trouble> = Vec::new();
    loop {
        let next = waiting.next();
        let is_last = next.is_none();
        if let Some((at, address)) = next {
            let (address, token, tls) = (address.clone(), token.clone(), tls.clone());
            asked.spawn(async move { one(&address, token, tls).await.map(|told| (at, told)) });
        }
        tokio::select! {
            ended = asked.join_next() => match ended {
                Some(Ok(Ok(told))) => return Ok(told),
                Some(Ok(Err(trouble))) => troubles.push(trouble),
                Some(Err(_)) => troubles.push(trouble(Kind::NotUnderstood, "the asking failed".to_owned())),
                None => return Err(together(troubles)),
            },
            () = tokio::time::sleep(NEXT_AFTER), if !is_last => {}
        }
    }
}

/// Why none of them told anything.
fn together(troubles: Vec<Trouble>) -> Trouble {
    let kind = troubles.iter().map(|one| one.kind).max().unwrap_or(Kind::Setup);
    let words: Vec<String> = troubles.into_iter().map(|one| one.words).collect();
    trouble(kind, words.join("; "))
}

/// One node's word.
async fn one(address: &Address, token: HeaderValue, tls: TlsConnector) -> Result<Summary, Trouble> {
    let no = |kind, words: &str| trouble(kind, format!("{address}: {words}"));
    let stream = connect(address, &tls).await?;
    let opened = http1::Builder::new().max_buf_size(HEAD_MAX).handshake(TokioIo::new(stream)).await;
    let broken = |_| no(Kind::NotUnderstood, "the connection breaks");
    let (mut sender, connection) = opened.map_err(broken)?;
    let mut request = Request::new(Empty::<Bytes>::new());
    *request.uri_mut() = hyper::Uri::from_static("/v1/summary");
    let headers = request.headers_mut();
    let host = HeaderValue::from_str(&address.authority());
    headers.insert(HOST, host.map_err(|_| no(Kind::Setup, "no such host can be asked"))?);
    headers.insert(ACCEPT, HeaderValue::from_static(answer::JSON));
    headers.insert(AUTHORIZATION, token);
    let told = async {
        let answer = sender.send_request(request).await.map_err(broken)?;
        said(answer.status()).map_err(|(kind, words)| no(kind, &words))?;
        let body = Limited::new(answer.into_body(), ANSWER_MAX).collect().await;
        let body = body.map_err(|error| match error.is::<LengthLimitError>() {
            true => no(Kind::NotUnderstood, "it answers more than a summary can be"),
            false => no(Kind::NotUnderstood, "its answer breaks off"),
        })?;
        // What it is instead is somebody else's, and not repeated.
        serde_json::from_slice(&body.to_bytes())
            .map_err(|_| no(Kind::NotUnderstood, "its answer is no summary of a cluster"))
    };
    let carry = async {
        let _ended = connection.await;
        std::future::pending::<Infallible>().await
    };
    tokio::select! {
        told = told => told,
        never = carry => match never {},
    }
}

async fn connect(address: &Address, tls: &TlsConnector) -> Result<TlsStream<TcpStream>, Trouble> {
    let Address { host, port } = address;
    let no = |kind, words: String| trouble(kind, format!("{address}: {words}"));
    let stream = TcpStream::connect((host.as_str(), *port)).await;
    let stream = stream.map_err(|error| no(Kind::Unreachable, error.to_string()))?;
    let name = ServerName::try_from(host.clone());
    let name = name.map_err(|error| no(Kind::Setup, error.to_string()))?;
    tls.connect(name, stream).await.map_err(|error| {
        let by_tls = error.get_ref().and_then(|inner| inner.downcast_ref::<rustls::Error>());
        match by_tls {
            Some(error) => no(Kind::NotTrusted, error.to_string()),
            None => no(Kind::Unreachable, error.to_string()),
        }
    })
}

/// What an answer means by its status alone.
fn said(status: StatusCode) -> Result<(), (Kind, String)> {
    match status {
        StatusCode::OK => Ok(()),
        StatusCode::UNAUTHORIZED => {
            Err((Kind::Refused, "it does not know the token, or that has expired".to_owned()))
        }
        StatusCode::FORBIDDEN => Err((Kind::Refused, "the token may not know that".to_owned())),
        other if other.is_redirection() => {
            let words = format!("it answers {}: redirects are not followed", other.as_u16());
            Err((Kind::NotUnderstood, words))
        }
        other => Err((Kind::NotUnderstood, format!("it answers {}", other.as_u16()))),
    }
}

fn connector(roots: rustls::RootCertStore) -> Result<TlsConnector, Trouble> {
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(|error: rustls::Error| trouble(Kind::Setup, error.to_string()))?;
    let mut config = config.with_root_certificates(roots).with_no_client_auth();
    config.alpn_protocols = vec![b"http/1.1".to_vec()];
    Ok(TlsConnector::from(Arc::new(config)))
}

fn trouble(kind: Kind, words: String) -> Trouble {
    Trouble { kind, words }
}
