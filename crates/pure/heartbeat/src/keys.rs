//! `authkeys`: what heartbeats are signed with.

use crate::check::{Findings, shown};
use crate::text::without_comment;
use corosync::Finding;

/// The file: which key signs, and all that are accepted.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Keys {
    /// The line and the number of `auth N`.
    pub auth: Option<(u32, u32)>,
    pub keys: Vec<Key>,
    /// Lines that are neither, and what is wrong with them.
    wrong: Vec<(u32, Wrong)>,
}

/// One key.
#[derive(Clone, PartialEq, Eq)]
pub struct Key {
    pub line: u32,
    pub number: u32,
    pub method: Method,
    /// A secret: it is in no message.
    pub secret: Option<String>,
}

impl std::fmt::Debug for Key {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Key({} {:?}, line {})", self.number, self.method, self.line)
    }
}

/// How a packet is signed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Method {
    /// Finds damage, no forgery.
    Crc,
    Md5,
    Sha1,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Wrong {
    NoNumber(String),
    NoSuchMethod(String),
    SecretMissing(Method),
    SecretTooMuch,
    SecretOfWords,
}

/// Numbers of keys go up to this.
const NUMBER_MAX: u32 = 15;
/// Others than the owner may read, or write.
const FOR_OTHERS: u32 = 0o077;

impl Keys {
    /// Reads a text. What is wrong is reported by [`check_keys`].
    pub fn parse(text: &str) -> Self {
        let mut keys = Self::default();
        for (number, line) in (1..).zip(text.lines()) {
            let words: Vec<&str> = without_comment(line).split_whitespace().collect();
            if let Err(wrong) = keys.line(number, &words) {
                keys.wrong.push((number, wrong));
            }
        }
        keys
    }

    /// The key that signs.
    pub fn signing(&self) -> Option<&Key> {
        let (_, number) = self.auth?;
        self.keys.iter().find(|key| key.number == number)
    }

    fn line(&mut self, line: u32, words: &[&str]) -> Result<(), Wrong> {
        let number = |word: &str| {
            let number = word.parse::<u32>().ok().filter(|number| *number <= NUMBER_MAX);
            number.ok_or_else(|| Wrong::NoNumber(word.to_owned()))
        };
        match words {
            [] => {}
            ["auth", word] => self.auth = Some((line, number(word)?)),
            ["auth", ..] => return Err(Wrong::NoNumber(words.get(1..).unwrap_or(&[]).join(" "))),
            [first] => {
                number(first)?;
                return Err(Wrong::NoSuchMethod(String::new()));
            }
            [first, method, secret @ ..] => {
                let number = number(first)?;
                let method = match *method {
                    "crc" => Method::Crc,
                    "md5" => Method::Md5,
                    "sha1" => Method::Sha1,
                    other => return Err(Wrong::NoSuchMethod(other.to_owned())),
                };
                let secret = match (method, secret) {
                    (Method::Crc, []) => None,
                    (Method::Crc, _) => return Err(Wrong::SecretTooMuch),
                    (Method::Md5 | Method::Sha1, []) => return Err(Wrong::SecretMissing(method)),
                    (Method::Md5 | Method::Sha1, [one]) => Some((*one).to_owned()),
                    (Method::Md5 | Method::Sha1, _) => return Err(Wrong::SecretOfWords),
                };
                self.keys.push(Key { line, number, method, secret });
            }
        }
        Ok(())
    }
}

/// What is wrong with the keys in a file of these permissions (`0o600`), where they are known.
pub fn check_keys(keys: &Keys, permissions: Option<u32>) -> Vec<Finding> {
    let mut found = Findings::default();
    if permissions.is_some_and(|bits| bits & FOR_OTHERS != 0) {
        let what = "Bad permissions on keyfile [authkeys], 600 recommended.";
        found.error(0, what, "chmod 600 authkeys: who reads a key can sign heartbeats");
    }
    for (line, wrong) in &keys.wrong {
        say(*line, wrong, &mut found);
    }
    match (keys.auth, keys.signing()) {
        (None, _) => {
            found.error(0, "Missing auth directive in keyfile [authkeys]", "expected: auth NUMBER");
        }
        (Some((line, number)), None) => {
            let what = format!("Auth Key [{number}] not found in keyfile [authkeys]");
            found.error(line, what, &format!("expected: a line `{number} sha1 KEY`"));
        }
        (Some((line, number)), Some(key)) if key.line < line => {
            let what = format!("`auth {number}` comes behind its key in line {}", key.line);
            found.error(line, what, "put `auth` above the keys");
        }
        (Some(_), Some(key)) if key.method == Method::Crc => {
            let what = "crc finds damaged packets, and forged ones pass";
            found.warning(key.line, what, "use sha1 unless nobody else is on the network");
        }
        (Some(_), Some(_)) => {}
    }
    found.sorted()
}

fn say(line: u32, wrong: &Wrong, found: &mut Findings) {
    match wrong {
        Wrong::NoNumber(word) => {
            let what = format!("`{}` is no number of a key", shown(word));
            found.error(line, what, "expected: `auth N`, or `N METHOD KEY`, with N from 1 to 15");
        }
        Wrong::NoSuchMethod(word) => {
            let what = format!("Invalid authtype [{}]", shown(word));
            found.error(line, what, "expected: crc, md5 or sha1");
        }
        Wrong::SecretMissing(method) => {
            let what = format!("{} without a key", method.word());
            found.error(line, what, &format!("expected: N {} KEY", method.word()));
        }
        Wrong::SecretTooMuch => found.error(line, "crc takes no key", "expected: N crc"),
        Wrong::SecretOfWords => {
            found.error(line, "the key has blanks", "expected: one word as key");
        }
    }
}

impl Method {
    /// As the file says it.
    pub fn word(self) -> &'static str {
        match self {
            Self::Crc => "crc",
            Self::Md5 => "md5",
            Self::Sha1 => "sha1",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn said(text: &str, permissions: u32) -> Vec<String> {
        let found = check_keys(&Keys::parse(text), Some(permissions));
        found.iter().map(ToString::to_string).collect()
    }

    #[test]
    fn a_good_file_has_nothing_to_be_said_of() {
        let text = "# keys\nauth 2\n1 md5 old\n2 sha1 hush # the new one\n";
        assert_eq!(said(text, 0o600), [""; 0]);
        let keys = Keys::parse(text);
        assert_eq!(keys.signing().map(|key| key.secret.as_deref()), Some(Some("hush")));
        assert!(!format!("{keys:?}").contains("hush"));
    }

    #[test]
    fn each_rule_broken_once() {
        let auth = "expected: `auth N`, or `N METHOD KEY`, with N from 1 to 15";
        for (text, permissions, expected) in [
            (
                "auth 1\n1 sha1 k\n",
                0o640,
                "error: Bad permissions on keyfile [authkeys], 600 recommended.; chmod 600 authkeys: \
                 who reads a key can sign heartbeats"
                    .to_owned(),
            ),
            (
                "1 sha1 k\n",
                0o600,
                "error: Missing auth directive in keyfile [authkeys]; expected: auth NUMBER".to_owned(),
            ),
            (
                "auth 3\n1 sha1 k\n",
                0o600,
                "line 1: error: Auth Key [3] not found in keyfile [authkeys]; expected: a line `3 sha1 \
                 KEY`"
                    .to_owned(),
            ),
            (
                "1 sha1 k\nauth 1\n",
                0o600,
                "line 2: error: `auth 1` comes behind its key in line 1; put `auth` above the keys"
                    .to_owned(),
            ),
            (
                "auth 1\n1 sha1 k\n2 sha512 k\n",
                0o600,
                "line 3: error: Invalid authtype [sha512]; expected: crc, md5 or sha1".to_owned(),
            ),
            (
                "auth 1\n1 sha1 k\n2 md5\n",
                0o600,
                "line 3: error: md5 without a key; expected: N md5 KEY".to_owned(),
            ),
            (
                "auth 1\n1 sha1 k\n2 crc k\n",
                0o600,
                "line 3: error: crc takes no key; expected: N crc".to_owned(),
            ),
            (
                "auth 1\n1 sha1 k\n2 sha1 my key\n",
                0o600,
                "line 3: error: the key has blanks; expected: one word as key".to_owned(),
            ),
            (
                "auth 1\n1 sha1 k\n16 sha1 k\n",
                0o600,
                format!("line 3: error: `16` is no number of a key; {auth}"),
            ),
            (
                "auth 1\nauthor 2\n1 sha1 k\n",
                0o600,
                format!("line 2: error: `author` is no number of a key; {auth}"),
            ),
            (
                "auth 1\n1 crc\n",
                0o600,
                "line 2: warning: crc finds damaged packets, and forged ones pass; use sha1 unless \
                 nobody else is on the network"
                    .to_owned(),
            ),
        ] {
            assert_eq!(said(text, permissions), [expected], "{text}");
        }
    }
}
