//! What every answer to a browser says: what its page may do, and who may show it.

use hyper::header::{HeaderName, HeaderValue};

use crate::answer::Answered;

/// Only our own scripts, styles and pictures; no frames, no forms elsewhere, nothing inline.
const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; \
                      img-src 'self' data:; font-src 'self'; connect-src 'self'; \
                      manifest-src 'self'; base-uri 'none'; form-action 'self'; \
                      frame-ancestors 'none'";

const ALL: [(&str, &str); 7] = [
    ("content-security-policy", POLICY),
    ("strict-transport-security", "max-age=63072000"),
    ("x-content-type-options", "nosniff"),
    ("x-frame-options", "DENY"),
    ("referrer-policy", "no-referrer"),
    ("cross-origin-opener-policy", "same-origin"),
    ("cross-origin-resource-policy", "same-origin"),
];

pub(super) fn added(mut answer: Answered) -> Answered {
    for (name, value) in ALL {
        let name = HeaderName::from_static(name);
        answer.headers_mut().insert(name, HeaderValue::from_static(value));
    }
    answer
}
