//! The cluster's authority: who signs the certificates that its nodes show to browsers and programs.
//!
//! `init` makes it, and who joins gets it with its key, as it gets Corosync's: each node signs for itself,
//! and who trusts the authority trusts all of them. `docs/decisions/one-authority.md` says why so.

use std::fs;
use std::path::PathBuf;
use std::time::{Duration, SystemTime};

use rcgen::{
    BasicConstraints, CertificateParams, DistinguishedName, DnType, IsCa, KeyPair, KeyUsagePurpose,
};
use wire::door::Authority;

use crate::places::Places;
use crate::steps::Step;
use crate::trouble::{Kind, Trouble};

/// Longer than the machines: a new one would have to be trusted by everybody anew.
const LIFE: Duration = Duration::from_secs(20 * 365 * 86_400);

/// Clocks differ: it counts from a day ago.
const DAY: Duration = Duration::from_secs(86_400);

/// The steps that make one, where there is none: one that is there, browsers may trust already.
pub(crate) fn new(places: &Places, cluster: &str) -> Result<Vec<Step>, Trouble> {
    if read(places)?.is_some() {
        return Ok(Vec::new());
    }
    let failed =
        |error| Trouble::new(Kind::Failed, format!("cannot make the cluster's authority: {error}"));
    let key = KeyPair::generate().map_err(failed)?;
    let mut params = CertificateParams::default();
    params.distinguished_name = DistinguishedName::new();
    // Who trusts several clusters must be able to tell them apart.
    params.distinguished_name.push(DnType::CommonName, format!("Quorate cluster {cluster}"));
    params.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
    params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
    let from = SystemTime::now() - DAY;
    params.not_before = from.into();
    params.not_after = (from + LIFE).into();
    let certificate = params.self_signed(&key).map_err(failed)?.pem();
    Ok(put(places, &Authority { certificate, key: key.serialize_pem() }))
}

/// The one of this machine, to be handed to who joins.
pub(crate) fn read(places: &Places) -> Result<Option<Authority>, Trouble> {
    let [certificate, key] = places.authority();
    if !certificate.exists() || !key.exists() {
        return Ok(None);
    }
    let text =
        |path: &PathBuf| fs::read_to_string(path).map_err(|error| Trouble::read(path, error));
    Ok(Some(Authority { certificate: text(&certificate)?, key: text(&key)? }))
}

/// The steps that put the one that was sent in the place of any other.
pub(crate) fn take(places: &Places, sent: Option<&Authority>) -> Result<Vec<Step>, Trouble> {
    let Some(sent) = sent else { return Ok(Vec::new()) };
    let is_whole = sent.certificate.contains("-----BEGIN CERTIFICATE-----")
        && KeyPair::from_pem(&sent.key).is_ok();
    if !is_whole {
        return Err(Trouble::new(Kind::BadData, "the authority that was sent is damaged"));
    }
    if read(places)?.as_ref() == Some(sent) {
        return Ok(Vec::new());
    }
    let own = places.authority().into_iter().filter(|path| path.exists());
    Ok(own.map(Step::SetAside).chain(put(places, sent)).collect())
}

fn put(places: &Places, authority: &Authority) -> Vec<Step> {
    let [certificate, key] = places.authority();
    vec![
        Step::secret(key, 0o600, authority.key.clone().into_bytes()),
        Step::file(certificate, authority.certificate.clone()),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;

    fn carried_out(steps: &[Step]) -> usize {
        for step in steps {
            match step {
                Step::Write { path, mode, bytes, .. } => {
                    crate::steps::put(path, bytes, *mode).unwrap();
                }
                Step::SetAside(path) => fs::rename(path, path.with_extension("old")).unwrap(),
                Step::Start(_) | Step::Stop(_) | Step::Disable(_) | Step::Others(_) => {}
            }
        }
        steps.len()
    }

    #[test]
    fn it_is_made_once_and_handed_on() {
        let root = std::env::temp_dir().join(format!("quorate-authority-{}", std::process::id()));
        let [first, second] = ["n1", "n2"].map(|node| Places::below(&root.join(node)));
        assert_eq!(read(&first).unwrap(), None);
        assert_eq!(carried_out(&new(&first, "web").unwrap()), 2);
        assert_eq!(carried_out(&new(&first, "web").unwrap()), 0, "it is there");
        let made = read(&first).unwrap().unwrap();
        // The second one had one of its own.
        carried_out(&new(&second, "other").unwrap());
        assert_eq!(carried_out(&take(&second, Some(&made)).unwrap()), 4);
        assert_eq!(read(&second).unwrap(), Some(made.clone()));
        assert_eq!(carried_out(&take(&second, Some(&made)).unwrap()), 0, "a second try");
        assert_eq!(carried_out(&take(&second, None).unwrap()), 0);
        let [_, key] = second.authority();
        let mode =
            std::os::unix::fs::PermissionsExt::mode(&fs::metadata(key).unwrap().permissions());
        assert_eq!(mode & 0o777, 0o600);
        let damaged = Authority { key: "x".to_owned(), ..made };
        assert!(take(&second, Some(&damaged)).is_err());
        fs::remove_dir_all(&root).unwrap();
    }
}
