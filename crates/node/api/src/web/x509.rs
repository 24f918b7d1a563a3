//! What a certificate says of itself.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use ring::digest::{SHA256, digest};
use serde::Serialize;
use x509_parser::certificate::X509Certificate;
use x509_parser::extensions::GeneralName;
use x509_parser::prelude::FromDer;

/// One certificate.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, schemars::JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub(crate) struct Read {
    pub(crate) subject: String,
    /// Names and addresses that it is for.
    pub(crate) names: Vec<String>,
    /// Seconds since 1970.
    pub(crate) valid_from: i64,
    pub(crate) valid_until: i64,
    /// SHA-256, as browsers show it: `AB:CD:...`.
    pub(crate) fingerprint: String,
    /// The subject of who signed it; its own where it did so itself.
    pub(crate) signed_by: String,
}

impl Read {
    /// Of a certificate as DER. `None` if it is none.
    pub(crate) fn of(der: &[u8]) -> Option<Self> {
        let (_, certificate) = X509Certificate::from_der(der).ok()?;
        let names = certificate.subject_alternative_name().ok().flatten();
        let names = names.iter().flat_map(|names| &names.value.general_names);
        Some(Self {
            subject: certificate.subject().to_string(),
            names: names.filter_map(name).collect(),
            valid_from: certificate.validity().not_before.timestamp(),
            valid_until: certificate.validity().not_after.timestamp(),
            fingerprint: fingerprint(der),
            signed_by: certificate.issuer().to_string(),
        })
    }

    /// Whether it is for all of these, too.
    pub(crate) fn is_for(&self, names: &[String]) -> bool {
        // An address can be written in several ways.
        let plain = |name: &String| match name.parse::<IpAddr>() {
            Ok(address) => address.to_string(),
            Err(_) => name.to_lowercase(),
        };
        let own: Vec<String> = self.names.iter().map(plain).collect();
        names.iter().map(plain).all(|name| own.contains(&name))
    }
}

/// The public key in a certificate, as DER.
pub(super) fn public_key(der: &[u8]) -> Option<Vec<u8>> {
    let (_, certificate) = X509Certificate::from_der(der).ok()?;
    Some(certificate.public_key().raw.to_vec())
}

fn name(name: &GeneralName<'_>) -> Option<String> {
    let address = |bytes: &[u8]| {
        let four = <[u8; 4]>::try_from(bytes).map(|four| Ipv4Addr::from(four).to_string());
        let sixteen = || <[u8; 16]>::try_from(bytes).map(|all| Ipv6Addr::from(all).to_string());
        four.or_else(|_| sixteen()).ok()
    };
    match name {
        GeneralName::DNSName(name) => Some((*name).to_owned()),
        GeneralName::IPAddress(bytes) => address(bytes),
        // Nobody connects to those.
        GeneralName::OtherName(..)
        | GeneralName::RFC822Name(_)
        | GeneralName::X400Address(_)
        | GeneralName::DirectoryName(_)
        | GeneralName::EDIPartyName(_)
        | GeneralName::URI(_)
        | GeneralName::RegisteredID(_)
        | GeneralName::Invalid(..) => None,
    }
}

fn fingerprint(der: &[u8]) -> String {
    let digest = digest(&SHA256, der);
    let parts: Vec<String> = digest.as_ref().iter().map(|byte| format!("{byte:02X}")).collect();
    parts.join(":")
}
