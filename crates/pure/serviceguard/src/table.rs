//! Every parameter: in which file, below which line, what it takes, its default, its releases, and
//! how sure that is.
//!
//! Sources: manuals and manual pages of Serviceguard A.11.14 to A.11.20 on HP-UX and Linux, as far as
//! they were read; each line says of which kind its source is.

mod cluster;
mod package;

/// A release: `(11, 19)` is A.11.19.
pub type Release = (u8, u8);

/// The last one, whose rules hold unless a file is from before it.
pub const CURRENT: Release = (11, 20);

/// What a file is of.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Of {
    Cluster,
    Package,
}

/// One `NAME value` that Serviceguard knows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Parameter {
    pub of: Of,
    /// As the templates write it. `pev_*` stands for many.
    pub name: &'static str,
    /// Legacy and older names. Case never counts.
    pub also: &'static [&'static str],
    /// The parameter to whose preceding line it belongs; empty if to the file.
    pub below: &'static str,
    /// Whether it may stand more than once there.
    pub many: bool,
    pub kind: Kind,
    /// What counts when it is not there; empty if nothing does.
    pub default: &'static str,
    pub since: Release,
    /// The first release that no longer has it.
    pub until: Option<Release>,
    pub source: Source,
    /// What it does, or, for what is gone, what to say now.
    pub words: &'static str,
}

/// What a value may be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// A whole number in these bounds.
    Number { min: u64, max: u64, unit: Unit },
    /// A number with a fraction, 0 to 1,000,000.
    Amount,
    /// Seconds in these bounds, or `no_timeout`.
    Timeout { max: u64 },
    /// One of these; case does not count.
    Word(&'static [&'static str]),
    /// An address in numbers.
    Address,
    /// A name that resolves, or an address.
    Host,
    /// One word of at most so many bytes.
    Name { max: usize },
    /// Letters, digits, `.`, `-`, `_`; a letter or digit at both ends; at most 39.
    Identifier,
    /// An absolute path of at most so many bytes.
    Path { max: usize },
    /// An absolute path and arguments.
    Command,
    /// `none`, `unlimited` or a count.
    Restarts,
    /// Anything, of at most so many bytes.
    Text { max: usize },
}

/// What a number counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unit {
    Microseconds,
    Seconds,
    Things,
}

/// How sure a line of the table is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Source {
    /// A manual or a manual page.
    Manual,
    /// The handbook of HP-UX.
    Handbook,
    /// Known generally, and not seen in a document.
    Memory,
}

pub(crate) const YES_NO: Kind = Kind::Word(&["yes", "no"]);
pub(crate) const NAME: Kind = Kind::Name { max: 39 };
pub(crate) const DEVICE: Kind = Kind::Path { max: 39 };
pub(crate) const FILE: Kind = Kind::Path { max: 1024 };
pub(crate) const TEXT: Kind = Kind::Text { max: 1024 };

/// Seconds of scripts and services. Source: the manual's 4294, which are 32 bits of microseconds.
pub const SECONDS_MAX: u64 = 4294;

pub(crate) const fn microseconds(min: u64, max: u64) -> Kind {
    Kind::Number { min, max, unit: Unit::Microseconds }
}

pub(crate) const fn count(min: u64, max: u64) -> Kind {
    Kind::Number { min, max, unit: Unit::Things }
}

pub(crate) const fn seconds(min: u64, max: u64) -> Kind {
    Kind::Number { min, max, unit: Unit::Seconds }
}

/// A parameter of the whole file, said once, always there, by the manual.
pub(crate) const fn said_once(
    of: Of,
    name: &'static str,
    kind: Kind,
    default: &'static str,
    words: &'static str,
) -> Parameter {
    Parameter {
        of,
        name,
        also: &[],
        below: "",
        many: false,
        kind,
        default,
        since: (11, 0),
        until: None,
        source: Source::Manual,
        words,
    }
}

impl Parameter {
    pub(crate) const fn also(self, also: &'static [&'static str]) -> Self {
        Self { also, ..self }
    }

    pub(crate) const fn below(self, below: &'static str) -> Self {
        Self { below, ..self }
    }

    pub(crate) const fn many(self) -> Self {
        Self { many: true, ..self }
    }

    pub(crate) const fn since(self, since: Release) -> Self {
        Self { since, ..self }
    }

    pub(crate) const fn until(self, until: Release) -> Self {
        Self { until: Some(until), ..self }
    }

    pub(crate) const fn source(self, source: Source) -> Self {
        Self { source, ..self }
    }

    /// Whether it is called so, now or in a legacy file.
    pub fn is_called(&self, name: &str) -> bool {
        if self.name == "pev_*" {
            return name.len() > 4
                && name.get(..4).is_some_and(|start| start.eq_ignore_ascii_case("pev_"));
        }
        self.name.eq_ignore_ascii_case(name)
            || self.also.iter().any(|also| also.eq_ignore_ascii_case(name))
    }
}

/// Every parameter of that kind of file, in the order of the templates.
pub fn parameters(of: Of) -> &'static [Parameter] {
    match of {
        Of::Cluster => cluster::PARAMETERS,
        Of::Package => package::PARAMETERS,
    }
}

/// The parameter of that name, whatever its case.
pub fn parameter(of: Of, name: &str) -> Option<&'static Parameter> {
    parameters(of).iter().find(|known| known.is_called(name))
}

/// The table for people, as Markdown: what `docs/reference/serviceguard-files.md` has.
pub fn markdown() -> String {
    let mut text = String::new();
    for (of, title) in [(Of::Cluster, "The cluster's file"), (Of::Package, "Package files")] {
        text.push_str(&format!(
            "\n## {title}\n\n| Parameter | Below | Takes | Default | Since | Gone | |\n|---|---|---|---|---|---|---|\n"
        ));
        for known in parameters(of) {
            let Parameter { name, also, below, many, kind, default, since, until, .. } = *known;
            let others: String = also.iter().map(|also| format!(", `{also}`")).collect();
            let below = if below.is_empty() { String::new() } else { format!("`{below}`") };
            let times = if many { "; repeated" } else { "" };
            let since = if since == (11, 0) { String::new() } else { release(since) };
            let gone = until.map_or_else(String::new, release);
            let takes = takes(kind);
            let sure = match known.source {
                Source::Manual => "",
                Source::Handbook => " (the handbook's word)",
                Source::Memory => " (not confirmed by a document)",
            };
            text.push_str(&format!(
                "| `{name}`{others} | {below} | {takes}{times} | {default} | {since} | {gone} | {}{sure} |\n",
                known.words
            ));
        }
    }
    text
}

/// `A.11.19`.
pub fn release((major, minor): Release) -> String {
    format!("A.{major}.{minor}")
}

/// What a value may be, in words.
pub(crate) fn takes(kind: Kind) -> String {
    match kind {
        Kind::Number { min, max, unit } => {
            let unit = match unit {
                Unit::Microseconds => " microseconds",
                Unit::Seconds => " seconds",
                Unit::Things => "",
            };
            format!("{min} to {max}{unit}")
        }
        Kind::Amount => "a number from 0 to 1000000".to_owned(),
        Kind::Timeout { max } => format!("0 to {max} seconds, or no_timeout"),
        Kind::Word(words) => words.join(", "),
        Kind::Address => "an address in numbers".to_owned(),
        Kind::Host => "a name or an address".to_owned(),
        Kind::Name { max } => format!("a name of at most {max} bytes"),
        Kind::Identifier => {
            "a name of at most 39 letters, digits, `.`, `-`, `_`; a letter or digit at both ends"
                .to_owned()
        }
        Kind::Path { max } => format!("an absolute path of at most {max} bytes"),
        Kind::Command => "an absolute path and arguments".to_owned(),
        Kind::Restarts => "none, unlimited or a count".to_owned(),
        Kind::Text { max } => format!("a text of at most {max} bytes"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_parameter_is_there_once_and_makes_sense() {
        for of in [Of::Cluster, Of::Package] {
            let mut seen = std::collections::BTreeSet::new();
            for known in parameters(of) {
                for name in std::iter::once(&known.name).chain(known.also) {
                    assert!(seen.insert(name.to_lowercase()), "{name} is there twice");
                }
                assert_eq!(known.of, of);
                assert!(known.until.is_none_or(|until| until > known.since), "{known:?}");
                assert!(!known.words.is_empty(), "{known:?}");
                let outer = parameters(of).iter().find(|outer| outer.name == known.below);
                assert!(known.below.is_empty() || outer.is_some(), "{known:?}");
                makes_sense(known);
            }
        }
    }

    fn makes_sense(known: &Parameter) {
        let default = known.default;
        if default.is_empty() {
            return;
        }
        let number = |min: u64, max: u64| {
            assert!(default.parse::<u64>().is_ok_and(|d| d >= min && d <= max), "{known:?}");
        };
        match known.kind {
            Kind::Number { min, max, .. } => number(min, max),
            Kind::Timeout { max } if default != "no_timeout" => number(0, max),
            Kind::Word(words) => assert!(words.contains(&default), "{known:?}"),
            Kind::Amount => assert!(default.parse::<f64>().is_ok(), "{known:?}"),
            Kind::Timeout { .. }
            | Kind::Address
            | Kind::Host
            | Kind::Name { .. }
            | Kind::Identifier
            | Kind::Path { .. }
            | Kind::Command
            | Kind::Restarts
            | Kind::Text { .. } => {}
        }
    }

    #[test]
    fn names_of_all_times_are_found() {
        let named = |name: &str| parameter(Of::Package, name).map(|known| known.name);
        assert_eq!(named("AUTO_RUN"), Some("auto_run"));
        assert_eq!(named("PKG_SWITCHING_ENABLED"), Some("auto_run"));
        assert_eq!(named("pev_port"), Some("pev_*"));
        assert_eq!(named("pev_"), None);
        assert_eq!(parameter(Of::Cluster, "cluster_name").map(|known| known.default), Some(""));
    }
}
