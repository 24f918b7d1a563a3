//! Every directive: where it stands, what it takes, its default, and in which releases it means
//! something.
//!
//! Sources: the manual pages of Corosync 1.4, 2.4 and 3.1 (`corosync.conf`, `votequorum`,
//! `corosync-qdevice`).

mod logging;
mod membership;
mod quorum;
mod system;

/// A release of Corosync: `(3, 1)` is 3.1.
pub type Release = (u8, u8);

/// The one that is looked after now.
pub const CURRENT: Release = (3, 1);

/// One `key: value` that Corosync knows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Directive {
    /// Section names with dots between them, such as `totem.interface`.
    pub section: &'static str,
    /// `ringX_addr` and `exec_*` stand for many.
    pub key: &'static str,
    pub kind: Kind,
    /// What counts when it is not there; empty if nothing does.
    pub default: &'static str,
    pub since: Release,
    /// The first release that no longer knows it.
    pub until: Option<Release>,
    /// What it does, or, for what is gone, what to say now.
    pub words: &'static str,
}

/// What a value may be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// A whole number in these bounds.
    Number { min: u64, max: u64 },
    /// One of these.
    Word(&'static [&'static str]),
    /// A name that resolves, or an address.
    Address,
    /// An address of a network or a multicast group: never a name.
    NetworkAddress,
    /// `lowest`, `highest`, or numbers of nodes.
    TieBreaker,
    /// Anything.
    Text,
}

pub(crate) const YES_NO: Kind = Kind::Word(&["yes", "no"]);
pub(crate) const ON_OFF: Kind = Kind::Word(&["on", "off"]);
pub(crate) const ZERO_ONE: Kind = Kind::Number { min: 0, max: 1 };

/// Milliseconds of the membership protocol. Source: below 30 ms Corosync refuses to start.
pub(crate) const TIMEOUT: Kind = Kind::Number { min: 30, max: u32::MAX as u64 };
pub(crate) const COUNT: Kind = Kind::Number { min: 0, max: u32::MAX as u64 };

/// A directive that has always been there.
pub(crate) const fn always(
    section: &'static str,
    key: &'static str,
    kind: Kind,
    default: &'static str,
    words: &'static str,
) -> Directive {
    Directive { section, key, kind, default, since: (1, 0), until: None, words }
}

impl Directive {
    pub(crate) const fn since(self, since: Release) -> Self {
        Self { since, ..self }
    }

    pub(crate) const fn until(self, until: Release) -> Self {
        Self { until: Some(until), ..self }
    }
}

/// Every directive, section by section.
pub fn directives() -> impl Iterator<Item = &'static Directive> {
    let lists: [&[Directive]; 4] =
        [membership::DIRECTIVES, quorum::DIRECTIVES, logging::DIRECTIVES, system::DIRECTIVES];
    lists.into_iter().flatten()
}

/// The directive of that key in that section.
pub fn directive(section: &str, key: &str) -> Option<&'static Directive> {
    let general = generalised(section, key);
    directives().find(|known| known.section == section && known.key == general)
}

/// `ring0_addr` to `ring7_addr` are one directive, and so are the commands of heuristics.
fn generalised<'k>(section: &str, key: &'k str) -> &'k str {
    let ring = key.strip_prefix("ring").and_then(|rest| rest.strip_suffix("_addr"));
    let is_link = |number: &str| number.parse::<u8>().is_ok_and(|number| number < LINKS_MAX);
    if section == "nodelist.node" && ring.is_some_and(is_link) {
        return "ringX_addr";
    }
    if section == "quorum.device.heuristics" && key.len() > 5 && key.starts_with("exec_") {
        return "exec_*";
    }
    key
}

/// Links between nodes that knet can carry.
pub const LINKS_MAX: u8 = 8;

/// Sections whose insides are named by who writes the file.
pub(crate) const FREE: &[&str] = &["resources.system", "resources.process", "amf"];

/// Sections that may stand more than once because they are lists.
pub(crate) const LISTS: &[&str] = &[
    "totem.interface",
    "totem.interface.member",
    "nodelist.node",
    "logging.logger_subsys",
    "logging.logger",
    "service",
    "uidgid",
];

/// All sections that hold a directive, and those around them.
pub(crate) fn sections() -> Vec<&'static str> {
    let mut found = vec!["nodelist", "resources.system", "resources.process", "amf"];
    found.extend(directives().map(|directive| directive.section).filter(|name| !name.is_empty()));
    found.sort_unstable();
    found.dedup();
    found
}

/// The table for people, as Markdown: what `docs/reference/corosync-conf.md` has.
pub fn markdown() -> String {
    let mut text = String::new();
    let mut section = None;
    for known in directives() {
        if section != Some(known.section) {
            section = Some(known.section);
            let name = if known.section.is_empty() { "outside of sections" } else { known.section };
            text.push_str(&format!(
                "\n## {name}\n\n| Key | Takes | Default | Since | Gone | |\n|---|---|---|---|---|---|\n"
            ));
        }
        let release = |(major, minor): Release| match (major, minor) {
            (1, 0) => String::new(),
            (1, 99) => "2.0".to_owned(),
            _ => format!("{major}.{minor}"),
        };
        let Directive { section: _, key, kind, default, since, until, words } = known;
        let (takes, since) = (takes(*kind), release(*since));
        let gone = until.map_or_else(String::new, release);
        text.push_str(&format!("| `{key}` | {takes} | {default} | {since} | {gone} | {words} |\n"));
    }
    text
}

fn takes(kind: Kind) -> String {
    match kind {
        Kind::Number { min, max } if max >= u64::from(u32::MAX) => format!("{min} or more"),
        Kind::Number { min, max } => format!("{min} to {max}"),
        Kind::Word(words) => words.join(", "),
        Kind::Address => "name or address".to_owned(),
        Kind::NetworkAddress => "address".to_owned(),
        Kind::TieBreaker => "lowest, highest or node numbers".to_owned(),
        Kind::Text => "text".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_directive_is_there_once_and_makes_sense() {
        let mut seen = std::collections::BTreeSet::new();
        for known in directives() {
            assert!(seen.insert((known.section, known.key)), "{known:?} is there twice");
            assert!(known.until.is_none_or(|until| until > known.since), "{known:?}");
            assert!(!known.words.is_empty(), "{known:?}");
            if let Kind::Number { min, max } = known.kind {
                assert!(min < max, "{known:?}");
                let default = known.default.parse::<u64>();
                assert!(default.is_ok_and(|d| d >= min && d <= max) || known.default.is_empty());
            }
            if let Kind::Word(words) = known.kind {
                assert!(known.default.is_empty() || words.contains(&known.default), "{known:?}");
            }
        }
        assert!(seen.len() > 120);
    }

    #[test]
    fn numbered_and_named_keys_are_found() {
        assert!(directive("nodelist.node", "ring7_addr").is_some());
        assert!(directive("nodelist.node", "ring8_addr").is_none());
        assert!(directive("quorum.device.heuristics", "exec_ping").is_some());
        assert!(directive("quorum.device.heuristics", "exec_").is_none());
        assert_eq!(directive("totem", "token").unwrap().default, "3000");
        assert!(directive("totem", "two_node").is_none());
    }
}
