//! The certificate: the operator's, or one that this node makes and signs by the cluster's authority, which
//! `quorate cluster init` made and `join` was sent; where there is none, by one of its own.

use std::fs::{self, OpenOptions, Permissions};
use std::io::{self, Write};
use std::os::unix::fs::{OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use rcgen::{
    BasicConstraints, CertificateParams, DistinguishedName, DnType, ExtendedKeyUsagePurpose, IsCa,
    Issuer, KeyPair, KeyUsagePurpose, PublicKeyData,
};
use tokio_rustls::rustls::pki_types::pem::{self, PemObject};
use tokio_rustls::rustls::pki_types::{CertificateDer, PrivateKeyDer};

use super::WebSettings;
use super::x509::{self, Read};
use crate::snapshot::now;

/// Longer is refused by some browsers, also from authorities that a user has added.
const LIFE_DAYS: u64 = 825;

/// One that ends sooner is made anew, also while the daemon runs.
const RENEW_DAYS: i64 = 125;

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
    #[error("`{key}` is not the key of `{path}`")]
    OtherKey { path: PathBuf, key: PathBuf },
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

/// Whether we are to make one: there is none of ours, it ends soon, it lacks one of our names, or the
/// authority is another one now. One that was given is the operator's.
pub(super) fn is_due(settings: &WebSettings) -> bool {
    let (certificate, key) = files(settings);
    if settings.given.is_some() {
        return false;
    }
    if !key.exists() || !certificate.exists() {
        return true;
    }
    // Who wrote something else there is to be told so.
    let found = chain(&certificate).unwrap_or_default();
    let [own, of_authority] = found.as_slice() else { return false };
    let authority = CertificateDer::from_pem_file(settings.directory.join(AUTHORITY));
    if authority.ok().as_ref() != Some(of_authority) {
        return true;
    }
    let (Some(own), Some(authority)) = (Read::of(own), Read::of(of_authority)) else {
        return false;
    };
    // What its authority does not outlive is not made better by another.
    let ends = own.valid_until - now() < RENEW_DAYS * 86_400;
    ends && own.valid_until < authority.valid_until || !own.is_for(&settings.names)
}

fn chain(path: &Path) -> Option<Vec<CertificateDer<'static>>> {
    CertificateDer::pem_file_iter(path).and_then(Iterator::collect).ok()
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

fn days(number: u64) -> Duration {
    Duration::from_secs(number * 86_400)
}

/// Makes the authority, if there is none yet, and a certificate by it.
fn make(settings: &WebSettings) -> Result<(), CertificateError> {
    let WebSettings { directory, names, .. } = settings;
    let failed = |source| CertificateError::Write { path: directory.clone(), source };
    fs::create_dir_all(directory).map_err(failed)?;
    fs::set_permissions(directory, Permissions::from_mode(0o700)).map_err(failed)?;
    let Authority { issuer, text, until } = authority(directory)?;
    let mut params = CertificateParams::new(names.clone()).map_err(CertificateError::Make)?;
    let name = names.first().map_or("quorate", String::as_str);
    params.distinguished_name = DistinguishedName::new();
    params.distinguished_name.push(DnType::CommonName, name);
    params.use_authority_key_identifier_extension = true;
    params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
    params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
    valid_for(&mut params, LIFE_DAYS);
    if let Some(until) = until {
        params.not_after = params.not_after.min(until.into());
    }
    let key = KeyPair::generate().map_err(CertificateError::Make)?;
    let certificate = params.signed_by(&key, &issuer).map_err(CertificateError::Make)?;
    write(&directory.join(KEY), &key.serialize_pem())?;
    // The chain: who trusts the authority needs nothing else.
    write(&directory.join(CERTIFICATE), &format!("{}{text}", certificate.pem()))
}

fn valid_for(params: &mut CertificateParams, life: u64) {
    let now = SystemTime::now();
    params.not_before = (now - DAY).into();
    params.not_after = (now - DAY + days(life)).into();
}

/// Who signs.
struct Authority {
    issuer: Issuer<'static, KeyPair>,
    /// Its certificate, as PEM.
    text: String,
    /// When that ends.
    until: Option<SystemTime>,
}

/// The one that is there, or else a new one.
fn authority(directory: &Path) -> Result<Authority, CertificateError> {
    let (path, key_path) = (directory.join(AUTHORITY), directory.join(AUTHORITY_KEY));
    if let (Ok(text), Ok(key)) = (fs::read_to_string(&path), fs::read_to_string(&key_path)) {
        let key = KeyPair::from_pem(&key).map_err(CertificateError::Make)?;
        let failed = |source| CertificateError::Read { path: path.clone(), source };
        let der = CertificateDer::from_pem_slice(text.as_bytes()).map_err(failed)?;
        // Two files that were not put there together.
        if x509::public_key(&der).is_none_or(|public| public != key.subject_public_key_info()) {
            return Err(CertificateError::OtherKey { path, key: key_path });
        }
        let until = Read::of(&der).and_then(|read| u64::try_from(read.valid_until).ok());
        let until = until.map(|seconds| SystemTime::UNIX_EPOCH + Duration::from_secs(seconds));
        let issuer = Issuer::from_ca_cert_der(&der, key).map_err(CertificateError::Make)?;
        return Ok(Authority { issuer, text, until });
    }
    let params = authority_params();
    let key = KeyPair::generate().map_err(CertificateError::Make)?;
    let certificate = params.self_signed(&key).map_err(CertificateError::Make)?;
    write(&key_path, &key.serialize_pem())?;
    write(&path, &certificate.pem())?;
    let text = certificate.pem();
    Ok(Authority { issuer: Issuer::new(params, key), text, until: None })
}

/// Of a node that is in no cluster of ours; `quorate cluster init` makes the same, with the cluster's name.
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
