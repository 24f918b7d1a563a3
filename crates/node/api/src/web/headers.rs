//! What every answer to a browser says: what its page may do, and who may show it.

use hyper::header::{CONTENT_SECURITY_POLICY, HeaderName, HeaderValue, REFERRER_POLICY};

use crate::answer::Answered;

const ALL: [(&str, &str); 5] = [
    ("strict-transport-security", "max-age=63072000"),
    ("x-content-type-options", "nosniff"),
    ("x-frame-options", "DENY"),
    ("cross-origin-opener-policy", "same-origin"),
    ("cross-origin-resource-policy", "same-origin"),
];

pub(super) fn added(mut answer: Answered) -> Answered {
    // What has no policy of its own is no page, and may nothing.
    let nothing = HeaderValue::from_static("default-src 'none'; frame-ancestors 'none'");
    answer.headers_mut().entry(CONTENT_SECURITY_POLICY).or_insert(nothing);
    let nobody = HeaderValue::from_static("no-referrer");
    answer.headers_mut().entry(REFERRER_POLICY).or_insert(nobody);
    for (name, value) in ALL {
        let name = HeaderName::from_static(name);
        answer.headers_mut().insert(name, HeaderValue::from_static(value));
    }
    answer
}
