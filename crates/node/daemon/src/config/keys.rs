//! Which keys there are, and which one was meant.

use toml::de::{DeTable, DeValue};

const TOP: &[&str] = &[
    "name",
    "nodes",
    "state_dir",
    "api_socket",
    "agents",
    "log_level",
    "log_file",
    "fabric",
    "watchdog",
    "sbd",
    "traces",
    "web",
];
const NODE: &[&str] = &["name", "id", "votes"];
const FABRIC: &[&str] = &["kind", "socket", "stall"];
const SBD: &[&str] = &["file"];
const WEB: &[&str] = &[
    "listen",
    "certificate",
    "key",
    "names",
    "pam_service",
    "pam_rules",
    "group",
    "clusters",
    "session_idle",
    "session_length",
    "untaken",
];
const CLUSTER: &[&str] = &["name", "urls", "token", "authority"];
const TRACES: &[&str] = &["endpoint"];
const WATCHDOG: &[&str] = &["device", "timeout"];

/// Line, name and nearest right word of the first key that there is not. `None` also for a text
/// that is not TOML at all, which the parser reports.
pub(super) fn first_unknown(text: &str) -> Option<(usize, String, Option<String>)> {
    let table = DeTable::parse(text).ok()?;
    let (at, key, known) = unknown_in_file(table.get_ref())?;
    let line = text.get(..at).unwrap_or_default().lines().count().max(1);
    // A key at the start of a line comes after that many whole lines.
    let starts_line =
        text.get(..at).is_none_or(|before| before.is_empty() || before.ends_with('\n'));
    let line = if starts_line && at > 0 { line + 1 } else { line };
    let nearest = view::words::nearest(&key, known.iter().copied()).map(str::to_owned);
    Some((line, key, nearest))
}

type Unknown = (usize, String, &'static [&'static str]);

fn unknown_in_file(table: &DeTable<'_>) -> Option<Unknown> {
    unknown_in(table, TOP).or_else(|| {
        table.iter().find_map(|(key, value)| match key.get_ref().as_ref() {
            "fabric" => unknown_in_value(value.get_ref(), FABRIC),
            "sbd" => unknown_in_value(value.get_ref(), SBD),
            "traces" => unknown_in_value(value.get_ref(), TRACES),
            "web" => unknown_in_value(value.get_ref(), WEB).or_else(|| {
                let clusters = value.get_ref().as_table()?.get("clusters")?;
                unknown_in_each(clusters.get_ref(), CLUSTER)
            }),
            "watchdog" => unknown_in_value(value.get_ref(), WATCHDOG),
            "nodes" => unknown_in_each(value.get_ref(), NODE),
            _ => None,
        })
    })
}

fn unknown_in_each(values: &DeValue<'_>, known: &'static [&'static str]) -> Option<Unknown> {
    values.as_array()?.iter().find_map(|value| unknown_in_value(value.get_ref(), known))
}

fn unknown_in_value(value: &DeValue<'_>, known: &'static [&'static str]) -> Option<Unknown> {
    unknown_in(value.as_table()?, known)
}

fn unknown_in(table: &DeTable<'_>, known: &'static [&'static str]) -> Option<Unknown> {
    table
        .iter()
        .map(|(key, _)| (key.span().start, key.get_ref().as_ref()))
        .filter(|(_, key)| !known.contains(key))
        .min()
        .map(|(at, key)| (at, key.to_owned(), known))
}
