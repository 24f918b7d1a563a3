//! The console's files: the same for everybody, also before the login.

use hyper::body::{Bytes, Incoming};
use hyper::header::{
    ACCEPT_ENCODING, CACHE_CONTROL, CONTENT_ENCODING, CONTENT_SECURITY_POLICY, ETAG, IF_NONE_MATCH,
    VARY,
};
use hyper::{Method, Request, StatusCode};

use crate::answer::{self, Answered};

/// The file at the request's path, if there is one.
pub(super) fn file(request: &Request<Incoming>) -> Option<Answered> {
    let file = console::find(request.uri().path())?;
    if *request.method() != Method::GET {
        return None;
    }
    let header = |name| request.headers().get(name).and_then(|value| value.to_str().ok());
    let is_known = header(IF_NONE_MATCH).is_some_and(|known| known.contains(file.edition));
    let is_packed = header(ACCEPT_ENCODING).is_some_and(|list| list.contains("gzip"));
    let (status, body) = match (is_known, is_packed) {
        (true, _) => (StatusCode::NOT_MODIFIED, &[][..]),
        (false, true) => (StatusCode::OK, file.packed),
        (false, false) => (StatusCode::OK, file.whole),
    };
    let mut answer = answer::whole(status, file.kind(), Bytes::from_static(body));
    if is_packed && !is_known {
        answer = answer::with(answer, CONTENT_ENCODING, "gzip");
    }
    for (name, value) in [
        (CACHE_CONTROL, file.caching()),
        (ETAG, file.edition),
        (VARY, "accept-encoding"),
        (CONTENT_SECURITY_POLICY, console::CONTENT_POLICY),
    ] {
        answer = answer::with(answer, name, value);
    }
    Some(answer)
}
