//! Tokens: what programs get in with. A file keeps their digests, never what they hold.

use std::collections::BTreeMap;
use std::fs::{self, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::PathBuf;

use serde::{Deserialize, Serialize};
use wire::api::Caller;

use super::{Digest, Secret};
use crate::access::Members;
use crate::role::Role;

/// Tokens of this node.
const TOKENS_MAX: usize = 256;

/// What a token begins with, so that one that lies about is found.
const PREFIX: &str = "quorate_";

/// A token lives so many days at most.
pub(crate) const DAYS_MAX: u32 = 366;

/// What is known of one.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, schemars::JsonSchema, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub(crate) struct Token {
    pub(crate) name: String,
    /// Whose it is: what they may counts, too.
    pub(crate) user: String,
    pub(crate) role: Role,
    /// Made by one for whom the document's access control does not count.
    #[serde(default)]
    free: bool,
    /// Seconds since 1970.
    pub(crate) made: i64,
    pub(crate) expires: i64,
    digest: String,
}

/// A token, to be told.
#[derive(Debug, Serialize, schemars::JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub(crate) struct Told {
    name: String,
    user: String,
    role: Role,
    made: i64,
    expires: i64,
    /// Told once, to who made it.
    #[serde(skip_serializing_if = "Option::is_none")]
    token: Option<String>,
}

impl Token {
    pub(crate) fn told(&self, secret: Option<String>) -> Told {
        let Self { name, user, role, made, expires, .. } = self.clone();
        Told { name, user, role, made, expires, token: secret }
    }

    /// Who asks with it, if its user still may.
    pub(crate) fn caller(&self, access: &Members) -> Option<Caller> {
        if self.free { Some(Caller::free(self.user.clone())) } else { access.named(&self.user) }
    }
}

/// All of this node.
#[derive(Debug)]
pub(crate) struct Tokens {
    path: PathBuf,
    all: BTreeMap<String, Token>,
}

/// A token that was asked for.
#[derive(Debug)]
pub(crate) struct NewToken {
    pub(crate) name: String,
    pub(crate) role: Role,
    pub(crate) days: u32,
}

impl Tokens {
    /// Reads the file. One that cannot be read lets nobody in.
    pub(crate) fn open(path: PathBuf) -> Self {
        let all = match fs::read(&path) {
            Ok(bytes) => serde_json::from_slice::<Vec<Token>>(&bytes).unwrap_or_else(|error| {
                tracing::error!(%error, path = %path.display(), "no token is known");
                Vec::new()
            }),
            Err(_) => Vec::new(),
        };
        Self { path, all: all.into_iter().map(|token| (token.name.clone(), token)).collect() }
    }

    /// The one that `secret` is, if it has not expired.
    pub(crate) fn find(&self, secret: &str, now: i64) -> Option<&Token> {
        secret.strip_prefix(PREFIX)?;
        let digest = Digest::of(secret).text();
        self.all.values().find(|token| token.digest == digest && now < token.expires)
    }

    /// The one of that name, if it has not expired at that time.
    pub(crate) fn named(&self, name: &str, at: i64) -> Option<&Token> {
        self.all.get(name).filter(|token| at < token.expires)
    }

    /// Makes one for `caller`. `None` if there are too many, or one of that name.
    pub(crate) fn add(
        &mut self,
        new: NewToken,
        caller: &Caller,
        now: i64,
    ) -> io::Result<Option<(String, Token)>> {
        self.all.retain(|_, token| now < token.expires);
        if self.all.len() >= TOKENS_MAX || self.all.contains_key(&new.name) {
            return Ok(None);
        }
        let secret = Secret::new().ok_or_else(|| io::Error::other("no random numbers"))?;
        let secret = format!("{PREFIX}{}", secret.text());
        let token = Token {
            name: new.name.clone(),
            user: caller.name.clone(),
            role: new.role,
            free: caller.groups.is_none(),
            made: now,
            expires: now.saturating_add(i64::from(new.days) * 86_400),
            digest: Digest::of(&secret).text(),
        };
        self.all.insert(new.name.clone(), token.clone());
        if let Err(error) = self.write() {
            self.all.remove(&new.name);
            return Err(error);
        }
        Ok(Some((secret, token)))
    }

    /// Those that are `visible`.
    pub(crate) fn list(&self, visible: impl Fn(&Token) -> bool) -> Vec<Token> {
        self.all.values().filter(|token| visible(token)).cloned().collect()
    }

    /// Takes one away for good. Whether there was one.
    pub(crate) fn remove(
        &mut self,
        name: &str,
        visible: impl Fn(&Token) -> bool,
    ) -> io::Result<bool> {
        let Some(token) = self.all.get(name).filter(|token| visible(token)).cloned() else {
            return Ok(false);
        };
        self.all.remove(name);
        if let Err(error) = self.write() {
            // It would be back after a restart: who took it away must know.
            self.all.insert(token.name.clone(), token);
            return Err(error);
        }
        Ok(true)
    }

    fn write(&self) -> io::Result<()> {
        let all: Vec<&Token> = self.all.values().collect();
        let new = self.path.with_extension("new");
        let mut options = OpenOptions::new();
        let mut file = options.write(true).create(true).truncate(true).mode(0o600).open(&new)?;
        file.write_all(&serde_json::to_vec_pretty(&all)?)?;
        file.sync_data()?;
        fs::rename(&new, &self.path)
    }
}
