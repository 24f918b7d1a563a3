//! Who asks, however they got in.

use serde::Serialize;
use wire::api::Caller;

use crate::role::Role;

/// One who may ask something.
#[derive(Clone, Debug)]
pub(crate) struct Who {
    pub(crate) caller: Caller,
    pub(crate) role: Role,
    pub(crate) via: Via,
    /// Where they are: an address, or `socket`.
    pub(crate) from: String,
}

/// How they got in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Via {
    Socket,
    /// With a password; what proves that a request comes from the session's own page.
    Session {
        proof: String,
    },
    /// With a token of this name.
    Token {
        name: String,
    },
    /// By a plan that waited for its time; how they got in who asked for it.
    Schedule {
        by: String,
    },
}

impl Via {
    /// For the record.
    pub(crate) fn words(&self) -> String {
        match self {
            Self::Socket => "socket".to_owned(),
            Self::Session { .. } => "session".to_owned(),
            Self::Token { name } => format!("token {name}"),
            Self::Schedule { by } => format!("schedule, {by}"),
        }
    }
}

/// The same, to be told.
#[derive(Debug, Serialize, schemars::JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub(crate) struct Session {
    user: String,
    role: Role,
    /// `socket`, `session` or `token`.
    via: &'static str,
    /// To be sent in the header `quorate-proof` with all that changes something.
    #[serde(skip_serializing_if = "Option::is_none")]
    proof: Option<String>,
}

impl Who {
    pub(crate) fn told(&self) -> Session {
        let (via, proof) = match &self.via {
            Via::Socket => ("socket", None),
            Via::Session { proof } => ("session", Some(proof.clone())),
            Via::Token { .. } => ("token", None),
            Via::Schedule { .. } => ("schedule", None),
        };
        Session { user: self.caller.name.clone(), role: self.role, via, proof }
    }
}
