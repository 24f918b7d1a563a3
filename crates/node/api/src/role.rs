//! What a token or a session may, from looking on to everything.

use serde::{Deserialize, Serialize};

/// Each may all that those before it may. The document's own access control counts in addition.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, schemars::JsonSchema, Deserialize,
)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Role {
    /// Look, without secrets.
    Read,
    /// What an operator on duty does: enable, disable, move, clean up, standby, fence, confirm.
    Operate,
    /// Change the configuration, and see its secrets.
    Configure,
    /// Change who may what, and the file that names the nodes; act without quorum.
    Full,
}

impl Role {
    /// As it is written.
    pub(crate) fn word(self) -> &'static str {
        match self {
            Self::Read => "read",
            Self::Operate => "operate",
            Self::Configure => "configure",
            Self::Full => "full",
        }
    }

    /// Whether values that are nobody else's business may be shown.
    pub(crate) fn sees_secrets(self) -> bool {
        self >= Self::Configure
    }
}
