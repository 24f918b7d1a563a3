//! What lets us ask another cluster: a token, and who may have signed its certificate.

use std::fs::OpenOptions;
use std::io::{self, Read};
use std::os::unix::fs::{MetadataExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

use hyper::header::HeaderValue;
use tokio_rustls::rustls::RootCertStore;
use tokio_rustls::rustls::pki_types::CertificateDer;
use tokio_rustls::rustls::pki_types::pem::PemObject;

/// A token is short.
const TOKEN_MAX: u64 = 4096;

/// All authorities that a distribution trusts have room in it.
const AUTHORITY_MAX: u64 = 1 << 20;

/// A file cannot be used.
#[derive(Debug, thiserror::Error)]
pub(super) enum FileError {
    #[error("cannot read `{path}`: {source}")]
    Read { path: PathBuf, source: io::Error },
    #[error("`{path}` is no plain file")]
    NoFile { path: PathBuf },
    #[error("`{path}` is larger than {most} bytes")]
    Large { path: PathBuf, most: u64 },
    #[error("`{path}` holds a token and is open to everybody on this machine: `chmod o= {path}`")]
    Open { path: PathBuf },
    #[error("`{path}` holds no token: it must be one line, as it was told when it was made")]
    NoToken { path: PathBuf },
    #[error("`{path}` holds no certificate")]
    NoCertificate { path: PathBuf },
}

/// What is shown to the other side, and whom it is measured by.
#[derive(Debug)]
pub(super) struct Keys {
    /// The header's value; its debug form says nothing.
    pub(super) token: HeaderValue,
    pub(super) roots: RootCertStore,
}

/// Read anew each time, so that a new token or authority needs no restart.
pub(super) fn read(token: &Path, authority: &Path) -> Result<Keys, FileError> {
    Ok(Keys { token: read_token(token)?, roots: roots(authority)? })
}

fn read_token(path: &Path) -> Result<HeaderValue, FileError> {
    let bytes = bytes(path, TOKEN_MAX, true)?;
    let none = || FileError::NoToken { path: path.to_owned() };
    // What it is instead is not told: it may be another secret.
    let text = String::from_utf8(bytes).map_err(|_| none())?;
    let text = text.trim();
    if text.is_empty() || !text.bytes().all(|byte| byte.is_ascii_graphic()) {
        return Err(none());
    }
    let mut value = HeaderValue::from_str(&format!("Bearer {text}")).map_err(|_| none())?;
    value.set_sensitive(true);
    Ok(value)
}

fn roots(path: &Path) -> Result<RootCertStore, FileError> {
    let bytes = bytes(path, AUTHORITY_MAX, false)?;
    let none = || FileError::NoCertificate { path: path.to_owned() };
    let mut roots = RootCertStore::empty();
    let all: Vec<CertificateDer<'_>> =
        CertificateDer::pem_slice_iter(&bytes).collect::<Result<_, _>>().map_err(|_| none())?;
    let (added, _) = roots.add_parsable_certificates(all);
    if added == 0 { Err(none()) } else { Ok(roots) }
}

/// All of a file of at most so many bytes; a secret one must not be everybody's.
fn bytes(path: &Path, most: u64, is_secret: bool) -> Result<Vec<u8>, FileError> {
    let at = || path.to_owned();
    let failed = |source| FileError::Read { path: path.to_owned(), source };
    // What is no file, such as a pipe, must not be waited for.
    let flags = rustix::fs::OFlags::NONBLOCK.bits().cast_signed();
    let file = OpenOptions::new().read(true).custom_flags(flags).open(path).map_err(failed)?;
    let about = file.metadata().map_err(failed)?;
    if !about.is_file() {
        return Err(FileError::NoFile { path: at() });
    }
    if is_secret && about.mode() & 0o007 != 0 {
        return Err(FileError::Open { path: at() });
    }
    let mut bytes = Vec::new();
    let read = file.take(most + 1).read_to_end(&mut bytes).map_err(failed)?;
    if u64::try_from(read).is_ok_and(|read| read > most) {
        return Err(FileError::Large { path: at(), most });
    }
    Ok(bytes)
}
