//! What a report must not tell: values whose names say that they are secret.
//!
//! **Always:** every text of a report passes [`Masks::text`] before it is written; what is masked too
//! much is a nuisance, what is masked too little is an accident.

use cib::Document;
use regex_lite::{Captures, Regex};

use crate::tool::Trouble;

/// Names whose values are secret unless more are given. Field word: Pacemaker's pattern.
pub(super) const USUAL: &str = "passw.*";

const MASK: &str = "****";

/// Shorter values are in too many words to be looked for.
const LOOKED_FOR: usize = 4;

/// What is masked.
#[derive(Debug)]
pub(super) struct Masks {
    names: Vec<Regex>,
    /// Values that the document keeps secret, longest first.
    values: Vec<String>,
    assigned: Regex,
    spelled: Regex,
    spelled_backwards: Regex,
    option: Regex,
}

impl Masks {
    pub(super) fn new<'p>(patterns: impl Iterator<Item = &'p str>) -> Result<Self, Trouble> {
        let names = patterns.map(|pattern| {
            Regex::new(&format!("(?i){pattern}"))
                .map_err(|why| Trouble::usage(format!("-p {pattern} is no pattern: {why}")))
        });
        let compile = |text: &str| Regex::new(text).map_err(|why| Trouble::usage(why.to_string()));
        Ok(Self {
            names: names.collect::<Result<_, _>>()?,
            values: Vec::new(),
            assigned: compile(r#"([A-Za-z0-9_.-]+)("?\s*[=:]\s*)((?:"[^"]*"|'[^']*'|\S)+)"#)?,
            spelled: compile(r#"\bname="([^"]*)"([^<>]*?\bvalue=)"[^"]*""#)?,
            spelled_backwards: compile(r#"\bvalue="[^"]*"([^<>]*?\bname=)"([^"]*)""#)?,
            option: compile(r#"(--?[A-Za-z][A-Za-z0-9_-]*)(\s+)([^\s-]\S*)"#)?,
        })
    }

    fn is_secret(&self, name: &str) -> bool {
        self.names.iter().any(|pattern| pattern.is_match(name))
    }

    /// Masks a document's secret values, and remembers them, since logs may tell them.
    pub(super) fn document(&mut self, document: &mut Document) {
        let pairs = document.root().descendants().filter_map(|element| {
            let (name, value) = (element.attr("name")?, element.attr("value")?);
            self.is_secret(name).then(|| (element.id(), value.to_owned()))
        });
        for (at, value) in pairs.collect::<Vec<_>>() {
            document.set(at, "value", MASK);
            self.values.push(value);
        }
        self.values.retain(|value| value.chars().count() >= LOOKED_FOR);
        self.values.sort_by_key(|value| std::cmp::Reverse(value.len()));
        self.values.dedup();
    }

    /// The text without what is secret.
    pub(super) fn text(&self, text: &str) -> String {
        let mut text = text.to_owned();
        for value in &self.values {
            text = text.replace(value.as_str(), MASK);
        }
        let whole = |found: &Captures<'_>| found.get(0).map_or("", |all| all.as_str()).to_owned();
        let part = |found: &Captures<'_>, at| {
            found.get(at).map_or("", |group: regex_lite::Match<'_>| group.as_str()).to_owned()
        };
        let spelled = |found: &Captures<'_>| {
            let (name, between) = (part(found, 1), part(found, 2));
            if !self.is_secret(&name) {
                return whole(found);
            }
            format!("name=\"{name}\"{between}\"{MASK}\"")
        };
        let backwards = |found: &Captures<'_>| {
            let (between, name) = (part(found, 1), part(found, 2));
            if !self.is_secret(&name) {
                return whole(found);
            }
            format!("value=\"{MASK}\"{between}\"{name}\"")
        };
        let assigned = |found: &Captures<'_>| {
            let (name, sign) = (part(found, 1), part(found, 2));
            if self.is_secret(&name) { format!("{name}{sign}{MASK}") } else { whole(found) }
        };
        text = self.spelled.replace_all(&text, spelled).into_owned();
        text = self.spelled_backwards.replace_all(&text, backwards).into_owned();
        text = self.option.replace_all(&text, assigned).into_owned();
        self.assigned.replace_all(&text, assigned).into_owned()
    }

    /// The text of `corosync.conf`, also without its keys.
    pub(super) fn fabric_file(&self, text: &str) -> String {
        let lines = text.lines().map(|line| match line.split_once(':') {
            Some((name, _)) if name.trim() == "key" || self.is_secret(name) => {
                format!("{name}: {MASK}\n")
            }
            _ => format!("{line}\n"),
        });
        self.text(&lines.collect::<String>())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn masks() -> Masks {
        Masks::new([USUAL, "^community$"].into_iter()).unwrap()
    }

    #[test]
    fn what_a_name_calls_secret_is_masked_wherever_it_is_told() {
        let masks = masks();
        for (told, shown) in [
            ("passwd=hunter2 user=ann", "passwd=**** user=ann"),
            ("ipmi_password: \"hunter2 two\", x", "ipmi_password: **** x"),
            ("fence_x --password hunter2 -l ann", "fence_x --password **** -l ann"),
            ("passwd=hunter2,3;'4' x", "passwd=**** x"),
            ("fence_x -v --password hunter2", "fence_x -v --password ****"),
            ("fence_x --password=hunter2", "fence_x --password=****"),
            (r#"{"passwd":"hunter2"}"#, r#"{"passwd":****"#),
            (
                r#"<nvpair name="passwd" id="i" value="a b"/>"#,
                r#"<nvpair name="passwd" id="i" value="****"/>"#,
            ),
            (
                r#"<nvpair value="a b" name="community"/>"#,
                r#"<nvpair value="****" name="community"/>"#,
            ),
            ("communities=3 port=7", "communities=3 port=7"),
        ] {
            assert_eq!(masks.text(told), shown);
        }
    }

    #[test]
    fn a_value_that_the_document_keeps_secret_is_masked_in_any_text() {
        let mut masks = masks();
        let text = r#"<cib><nvpair id="p" name="passwd" value="hunter2"/><nvpair id="q" name="ip" value="::1"/></cib>"#;
        let mut document = Document::parse(text).unwrap();
        masks.document(&mut document);
        let shown = document.to_string();
        assert!(shown.contains("****") && shown.contains("::1") && !shown.contains("hunter2"));
        assert_eq!(masks.text("tried ann/hunter2@bmc"), "tried ann/****@bmc");
    }

    #[test]
    fn the_keys_of_the_fabric_are_masked() {
        let shown = masks().fabric_file("totem {\n  key: c2VjcmV0\n  keyfile: /etc/k\n}\n");
        assert_eq!(shown, "totem {\n  key: ****\n  keyfile: /etc/k\n}\n");
    }
}
