//! The certificate: the operator's, or one that this node makes and signs by an authority of its own.

use std::fs::{self, OpenOptions, Permissions};
use std::io::{self, Write};
use std::os::unix::fs::{OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use rcgen::{
    BasicConstraints, CertificateParams, DistinguishedName, DnType, ExtendedKeyUsagePurpose, IsCa,
    Issuer, KeyPair, KeyUsagePurpose,
};
use ring::digest::{SHA256, digest};
use tokio_rustls::rustls::pki_types::pem::{self, PemObject};
use tokio_rustls::rustls::pki_types::{CertificateDer, PrivateKeyDer};

use super::WebSettings;

/// Longer is refused by some browsers, also from authorities that a user has added.
const LIFE_DAYS: u64 = 825;

/// One that is older is made anew, also while the daemon runs.
const RENEW_DAYS: u64 = 700;

const AUTHORITY_LIFE_DAYS: u64 = 20 * 365;

/// Clocks differ: it counts from a day ago.
const DAY: Duration = Duration::from_secs(86_400);

const AUTHORITY: &str = "authority.pem";
const AUTHORITY_KEY: &str = "authority-key.pem";
const CERTIFICATE: &str = "certificate.pem";
const KEY: &str = "key.pem";

/// Why there is no certificate.
#[derive(Debug, thiserror::Error)]
pub enum CertificateError {
    #[error("cannot read `{path}`")]
    Read { path: PathBuf, source: pem::Error },
    #[error("`{path}` holds no certificate")]
    Empty { path: PathBuf },
    #[error("cannot write `{path}`")]
    Write { path: PathBuf, source: io::Error },
    #[error("cannot make a certificate")]
    Make(#[source] rcgen::Error),
}

/// What is shown to who connects.
pub(super) struct Found {
    pub(super) chain: Vec<CertificateDer<'static>>,
    pub(super) key: PrivateKeyDer<'static>,
}

/// The operator's certificate, or ours, which is made if there is none or it is old.
pub(super) fn find(settings: &WebSettings) -> Result<Found, CertificateError> {
    if let Some((certificate, key)) = &settings.given {
        return read(certificate, key);
    }
    let (certificate, key) = files(settings);
    if is_due(settings) {
        make(settings)?;
    }
    read(&certificate, &key)
}

/// Where the certificate and its key are, or will be.
pub(super) fn files(settings: &WebSettings) -> (PathBuf, PathBuf) {
    let ours = || (settings.directory.join(CERTIFICATE), settings.directory.join(KEY));
    settings.given.clone().unwrap_or_else(ours)
}

/// Whether we are to make one: there is none of ours, or it is old. One that was given is the operator's.
pub(super) fn is_due(settings: &WebSettings) -> bool {
    let (certificate, key) = files(settings);
    settings.given.is_none() && (!key.exists() || is_old(&certificate))
}

fn read(certificate: &Path, key: &Path) -> Result<Found, CertificateError> {
    let failed = |path: &Path| {
        let path = path.to_owned();
        move |source| CertificateError::Read { path, source }
    };
    let chain: Vec<CertificateDer<'static>> = CertificateDer::pem_file_iter(certificate)
        .and_then(Iterator::collect)
        .map_err(failed(certificate))?;
    if chain.is_empty() {
        return Err(CertificateError::Empty { path: certificate.to_owned() });
    }
    let key = PrivateKeyDer::from_pem_file(key).map_err(failed(key))?;
    Ok(Found { chain, key })
}

fn is_old(path: &Path) -> bool {
    let written = fs::metadata(path).and_then(|about| about.modified());
    written.is_ok_and(|at| {
        SystemTime::now().duration_since(at).is_ok_and(|age| age > days(RENEW_DAYS))
    }) || !path.exists()
}

fn days(number: u64) -> Duration {
    Duration::from_secs(number * 86_400)
}

/// Makes the authority, if there is none yet, and a certificate by it.
fn make(settings: &WebSettings) -> Result<(), CertificateError> {
    let WebSettings { directory, names, .. } = settings;
    let failed = |source| CertificateError::Write { path: directory.clone(), source };
    fs::create_dir_all(directory).map_err(failed)?;
    fs::set_permissions(directory, Permissions::from_mode(0o700)).map_err(failed)?;
    let (authority, text) = authority(directory)?;
    let mut params = CertificateParams::new(names.clone()).map_err(CertificateError::Make)?;
    let name = names.first().map_or("quorate", String::as_str);
    params.distinguished_name = DistinguishedName::new();
    params.distinguished_name.push(DnType::CommonName, name);
    params.use_authority_key_identifier_extension = true;
    params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
    params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
    valid_for(&mut params, LIFE_DAYS);
    let key = KeyPair::generate().map_err(CertificateError::Make)?;
    let certificate = params.signed_by(&key, &authority).map_err(CertificateError::Make)?;
    write(&directory.join(KEY), &key.serialize_pem())?;
    // The chain: who trusts the authority needs nothing else.
    write(&directory.join(CERTIFICATE), &format!("{}{text}", certificate.pem()))
}

fn valid_for(params: &mut CertificateParams, life: u64) {
    let now = SystemTime::now();
    params.not_before = (now - DAY).into();
    params.not_after = (now - DAY + days(life)).into();
}

/// The authority and its certificate's text.
fn authority(directory: &Path) -> Result<(Issuer<'static, KeyPair>, String), CertificateError> {
    let (path, key_path) = (directory.join(AUTHORITY), directory.join(AUTHORITY_KEY));
    if let (Ok(text), Ok(key)) = (fs::read_to_string(&path), fs::read_to_string(&key_path)) {
        let key = KeyPair::from_pem(&key).map_err(CertificateError::Make)?;
        let issuer = Issuer::new(authority_params(), key);
        return Ok((issuer, text));
    }
    let params = authority_params();
    let key = KeyPair::generate().map_err(CertificateError::Make)?;
    let certificate = params.self_signed(&key).map_err(CertificateError::Make)?;
    write(&key_path, &key.serialize_pem())?;
    write(&path, &certificate.pem())?;
    Ok((Issuer::new(params, key), certificate.pem()))
}

/// The same each time: with the key they are all that a certificate takes from its authority.
fn authority_params() -> CertificateParams {
    let mut params = CertificateParams::default();
    params.distinguished_name = DistinguishedName::new();
    params.distinguished_name.push(DnType::CommonName, "Quorate cluster authority");
    params.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
    params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
    valid_for(&mut params, AUTHORITY_LIFE_DAYS);
    params
}

/// Whole or not at all, and for nobody else's eyes.
fn write(path: &Path, text: &str) -> Result<(), CertificateError> {
    let failed = |source| CertificateError::Write { path: path.to_owned(), source };
    let new = path.with_extension("new");
    let mut options = OpenOptions::new();
    options.write(true).create(true).truncate(true).mode(0o600);
    let mut file = options.open(&new).map_err(failed)?;
    file.write_all(text.as_bytes()).map_err(failed)?;
    fs::rename(&new, path).map_err(failed)
}

/// The SHA-256 of the first certificate in a file, as browsers show it: `AB:CD:...`.
///
/// # Errors
/// When there is none that can be read.
pub fn own_fingerprint(path: &Path) -> Result<String, CertificateError> {
    let failed = |source| CertificateError::Read { path: path.to_owned(), source };
    let certificate = CertificateDer::from_pem_file(path).map_err(failed)?;
    let digest = digest(&SHA256, &certificate);
    let parts: Vec<String> = digest.as_ref().iter().map(|byte| format!("{byte:02X}")).collect();
    Ok(parts.join(":"))
}
