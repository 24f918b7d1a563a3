//! The certificate that a node shows to the network.

use serde::{Deserialize, Serialize};

/// It, and whom one must trust for it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all(deserialize = "kebab-case"))]
pub struct Certificate {
    #[serde(flatten)]
    pub certificate: Named,
    /// It is the operator's own; another is made and renewed by the node.
    pub given: bool,
    /// Who signed it, where that is known.
    pub authority: Option<Named>,
}

/// What a certificate says of itself.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all(deserialize = "kebab-case"))]
pub struct Named {
    pub subject: String,
    /// Names and addresses that it is for.
    pub names: Vec<String>,
    /// Seconds since 1970.
    pub valid_from: i64,
    pub valid_until: i64,
    /// SHA-256: `AB:CD:...`.
    pub fingerprint: String,
    pub signed_by: String,
}
