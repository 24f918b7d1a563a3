//! The certificate that the network is shown, and whom one must trust for it.

use std::sync::OnceLock;

use hyper::StatusCode;
use serde::Serialize;
use tokio_rustls::rustls::pki_types::CertificateDer;

use crate::Shared;
use crate::answer::{self, Answered, No, Outcome, Wrong, problem};
use crate::web::{Read, Shown};

/// Source: RFC 8555, 9.1.
pub(crate) const PEM: &str = "application/pem-certificate-chain";

/// What is shown, once the network is served.
#[derive(Debug, Default)]
pub(crate) struct Served(OnceLock<(Shown, bool)>);

/// The certificate, to be told.
#[derive(Debug, Serialize, schemars::JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub(crate) struct Certificate {
    #[serde(flatten)]
    certificate: Read,
    /// It is the operator's own; another is made and renewed by the node.
    given: bool,
    /// Whom one must trust to trust it; nothing where that was not given with it.
    authority: Option<Read>,
}

/// As DER.
struct Seen {
    own: CertificateDer<'static>,
    authority: Option<CertificateDer<'static>>,
    given: bool,
}

impl Served {
    /// The network is served, once in the daemon's life.
    pub(crate) fn store(&self, shown: Shown, given: bool) {
        let _only_once = self.0.set((shown, given));
    }

    fn seen(&self) -> Result<Seen, No> {
        let none = || problem(Wrong::NotFound, "nothing is served to the network");
        let (shown, given) = self.0.get().ok_or_else(none)?;
        let chain = shown.chain();
        let own = chain.first().ok_or_else(none)?;
        let is_own = Read::of(own).is_some_and(|read| read.subject == read.signed_by);
        let authority = chain.last().filter(|_| chain.len() > 1 || is_own);
        Ok(Seen { own: own.clone(), authority: authority.cloned(), given: *given })
    }
}

/// Whom one must trust, as PEM. Everybody may know it: each handshake shows it, too.
pub(crate) fn authority(shared: &Shared) -> Outcome {
    match shared.web.seen()?.authority {
        Some(der) => Ok(answer::whole(StatusCode::OK, PEM, pem(&der))),
        None => {
            let words = "the certificate was given without that of who signed it";
            Err(problem(Wrong::NotFound, words))
        }
    }
}

/// What the certificate says.
pub(crate) fn shown(shared: &Shared) -> Outcome {
    let told = || {
        let Seen { own, authority, given } = shared.web.seen()?;
        let unread = || problem(Wrong::Unavailable, "the certificate cannot be read");
        let certificate = Read::of(&own).ok_or_else(unread)?;
        let authority = authority.and_then(|der| Read::of(&der));
        Ok(Certificate { certificate, given, authority })
    };
    told().map(|told| -> Answered { answer::ok(&told) })
}

/// Source: RFC 7468.
fn pem(der: &[u8]) -> String {
    let text = base64(der);
    let mut pem = "-----BEGIN CERTIFICATE-----\n".to_owned();
    let mut rest = text.as_str();
    while !rest.is_empty() {
        let (line, after) = rest.split_at(rest.len().min(64));
        pem.push_str(line);
        pem.push('\n');
        rest = after;
    }
    pem.push_str("-----END CERTIFICATE-----\n");
    pem
}

/// Source: RFC 4648, 4.
fn base64(bytes: &[u8]) -> String {
    const LETTERS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut text = String::new();
    for group in bytes.chunks(3) {
        let at = |place: usize| u32::from(group.get(place).copied().unwrap_or(0));
        let bits = at(0) << 16 | at(1) << 8 | at(2);
        for place in 0..4 {
            let letter = (bits >> (18 - 6 * place) & 63) as usize;
            let is_there = place as usize <= group.len();
            let letter = LETTERS.get(letter).copied().filter(|_| is_there).unwrap_or(b'=');
            text.push(char::from(letter));
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn base64_is_padded() {
        // Source: RFC 4648, 10.
        for (plain, text) in [
            ("", ""),
            ("f", "Zg=="),
            ("fo", "Zm8="),
            ("foo", "Zm9v"),
            ("foob", "Zm9vYg=="),
            ("fooba", "Zm9vYmE="),
            ("foobar", "Zm9vYmFy"),
        ] {
            assert_eq!(base64(plain.as_bytes()), text);
        }
        assert_eq!(base64(&[0xfb, 0xff, 0xfe]), "+//+");
    }
}
