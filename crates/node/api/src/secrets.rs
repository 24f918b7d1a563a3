//! What is nobody's business: the values of parameters whose names say so.

use cib::{Document, NodeId};

/// Parts of names, in small letters, whose values are not shown.
const SECRET: [&str; 8] =
    ["passw", "passphrase", "secret", "token", "community", "private_key", "api_key", "credential"];

/// And whole names.
const SECRET_NAMES: [&str; 4] = ["pass", "pwd", "key", "authkey"];

/// What stands in their place.
const MASK: &str = "******";

/// Whether a parameter of this name holds a secret. `passwd_script` and the like say where one is
/// to be had, which is none.
pub(crate) fn is_secret(name: &str) -> bool {
    let name = name.to_lowercase();
    let points = ["_script", "_file", "_path", "_timeout"].iter().any(|end| name.ends_with(end));
    !points
        && (SECRET.iter().any(|part| name.contains(part)) || SECRET_NAMES.contains(&name.as_str()))
}

/// The document with all secrets masked, also in what the status remembers of past runs. `None` if
/// it is no document.
pub(crate) fn masked(xml: &str) -> Option<String> {
    let mut document = Document::parse(xml).ok()?;
    let mut secret: Vec<(NodeId, String)> = Vec::new();
    for element in document.root().descendants() {
        if element.attr("name").is_some_and(is_secret) && element.attr("value").is_some() {
            secret.push((element.id(), "value".to_owned()));
        }
        if element.is("parameters") || element.is("attributes") {
            let names = element.attrs().map(|(name, _)| name).filter(|name| is_secret(name));
            secret.extend(names.map(|name| (element.id(), name.to_owned())));
        }
    }
    for (element, attribute) in secret {
        document.set(element, &attribute, MASK);
    }
    Some(document.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn secrets_are_masked_and_nothing_else() {
        let xml = "<cib><configuration><nvpair id=\"a\" name=\"Passwd\" value=\"xyzzy\"/>\
                   <nvpair id=\"b\" name=\"ip\" value=\"10.0.0.1\"/>\
                   <nvpair id=\"c\" name=\"passwd_script\" value=\"/x\"/>\
                   <parameters snmp_community=\"xyzzy\" ip=\"1\"/></configuration></cib>";
        let text = masked(xml).unwrap();
        assert!(!text.contains("xyzzy"), "{text}");
        for kept in ["10.0.0.1", "\"/x\"", "ip=\"1\"", "name=\"Passwd\""] {
            assert!(text.contains(kept), "{text}");
        }
    }

    #[test]
    fn names_tell() {
        for name in ["passwd", "password", "db_PASSWORD", "pass", "api_key", "token", "secretkey"] {
            assert!(is_secret(name), "{name}");
        }
        for name in ["ip", "keyfile_path", "passwd_file", "monitor", "key_path"] {
            assert!(!is_secret(name), "{name}");
        }
    }
}
