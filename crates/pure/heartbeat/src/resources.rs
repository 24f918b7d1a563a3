//! `haresources`: groups of resources, each with the node that it prefers.

use std::collections::BTreeMap;
use std::net::Ipv4Addr;

use corosync::Finding;

use crate::check::{Findings, shown};
use crate::text::without_comment;

/// The file.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Resources {
    pub groups: Vec<Group>,
    /// The line that ends the file with a `\`, behind which nothing comes.
    unfinished: Option<u32>,
}

/// One line, with those that continue it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Group {
    /// The first of its lines, counted from 1.
    pub line: u32,
    /// In lower case.
    pub node: String,
    /// Started from left to right, stopped from right to left.
    pub entries: Vec<Entry>,
}

/// One resource.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// The script's name; `IPaddr` for an address alone.
    pub script: String,
    pub arguments: Vec<String>,
}

impl Entry {
    fn parse(word: &str) -> Self {
        let mut parts = word.split("::");
        let first = parts.next().unwrap_or_default();
        if is_address(first) {
            let arguments = vec![word.to_owned()];
            return Self { script: "IPaddr".to_owned(), arguments };
        }
        let arguments = parts.map(str::to_owned).collect();
        Self { script: first.to_owned(), arguments }
    }
}

impl std::fmt::Display for Entry {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.script)?;
        self.arguments.iter().try_for_each(|argument| write!(f, "::{argument}"))
    }
}

/// Whether a word is an address and not a script: four numbers, and whatever behind a `/`.
fn is_address(word: &str) -> bool {
    let bare = word.split('/').next().unwrap_or_default();
    let numbers: Vec<&str> = bare.split('.').collect();
    numbers.len() == 4
        && numbers.iter().all(|part| !part.is_empty() && part.bytes().all(|b| b.is_ascii_digit()))
}

impl Resources {
    /// Reads a text.
    pub fn parse(text: &str) -> Self {
        let mut resources = Self::default();
        let mut open: Option<(u32, String)> = None;
        for (number, line) in (1..).zip(text.lines()) {
            let line = without_comment(line);
            let (body, goes_on) = match line.strip_suffix('\\') {
                Some(body) => (body, true),
                None => (line, false),
            };
            let (first, before) = open.take().unwrap_or((number, String::new()));
            let whole = format!("{before} {body}");
            if goes_on {
                open = Some((first, whole));
            } else {
                resources.group(first, &whole);
            }
        }
        if let Some((first, whole)) = open {
            resources.unfinished = Some(first);
            resources.group(first, &whole);
        }
        resources
    }

    fn group(&mut self, line: u32, text: &str) {
        let mut words = text.split_whitespace();
        let Some(node) = words.next() else { return };
        let entries = words.map(Entry::parse).collect();
        self.groups.push(Group { line, node: node.to_lowercase(), entries });
    }
}

/// What is wrong with the lines, in a cluster of these nodes.
pub fn check_resources(resources: &Resources, nodes: &[String]) -> Vec<Finding> {
    let mut found = Findings::default();
    let mut keys: BTreeMap<String, u32> = BTreeMap::new();
    let mut addresses: BTreeMap<String, u32> = BTreeMap::new();
    if let Some(line) = resources.unfinished {
        let what = "the line goes on by `\\`, and the file ends";
        found.warning(line, what, "leave the last `\\` out");
    }
    for group in &resources.groups {
        let line = group.line;
        if !nodes.contains(&group.node) {
            let what = format!("Bad nodename in haresources [{}]", shown(&group.node));
            found.error(line, what, &format!("expected: one of {}", nodes.join(", ")));
        }
        let Some(key) = group.entries.first() else {
            let what = format!("node {} with no resource", group.node);
            found.error(line, what, "expected: NODE RESOURCE...");
            continue;
        };
        if let Some(before) = keys.insert(key.to_string(), line) {
            let what = format!("{key} is the first resource of line {before}, too");
            found.error(line, what, "a group is known by its first resource: put another there");
        }
        group.entries.iter().for_each(|entry| each(entry, line, &mut addresses, &mut found));
    }
    found.sorted()
}

fn each(entry: &Entry, line: u32, seen: &mut BTreeMap<String, u32>, found: &mut Findings) {
    if entry.script.is_empty() || entry.script.contains('/') {
        let what = format!("`{}` names no script", shown(&entry.to_string()));
        return found.error(line, what, "expected: SCRIPT or SCRIPT::ARGUMENT::...");
    }
    if !matches!(entry.script.as_str(), "IPaddr" | "IPaddr2") {
        return;
    }
    let all = entry.arguments.first().map_or("", String::as_str);
    let address = all.split('/').next().unwrap_or_default();
    if address.parse::<Ipv4Addr>().is_err() {
        let what = format!("`{}` is no IPv4 address", shown(address));
        return found.error(line, what, "expected: ADDRESS[/BITS[/INTERFACE][/BROADCAST]]");
    }
    let bits = all.split('/').skip(1).find(|part| part.bytes().all(|b| b.is_ascii_digit()));
    if let Some(bits) = bits.filter(|bits| !bits.parse::<u32>().is_ok_and(|bits| bits <= 32)) {
        let what = format!("a network of {} bits", shown(bits));
        found.error(line, what, "expected: 0 to 32");
    }
    if let Some(before) = seen.insert(address.to_owned(), line) {
        let what = format!("the address {address} is in line {before}, too");
        found.error(line, what, "an address can be on one node only: name it once");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_go_on_and_addresses_are_scripts() {
        let text = "# web\nNode1 10.0.0.1/24/eth0 \\\n  Filesystem::/dev/sda1::/d::ext3 httpd # x\n\n\
                    node2 MailTo::a@b::c";
        let resources = Resources::parse(text);
        let [web, mail] = resources.groups.as_slice() else { panic!("{resources:?}") };
        assert_eq!((web.line, web.node.as_str(), web.entries.len()), (2, "node1", 3));
        let words: Vec<String> = web.entries.iter().map(ToString::to_string).collect();
        let expected = ["IPaddr::10.0.0.1/24/eth0", "Filesystem::/dev/sda1::/d::ext3", "httpd"];
        assert_eq!(words, expected);
        assert_eq!((mail.line, mail.entries.len()), (5, 1));
        let nodes = ["node1".to_owned(), "node2".to_owned()];
        assert_eq!(check_resources(&resources, &nodes), []);
    }

    #[test]
    fn each_rule_broken_once() {
        let nodes = ["a".to_owned(), "b".to_owned()];
        for (text, expected) in [
            ("c httpd\n", "line 1: error: Bad nodename in haresources [c]; expected: one of a, b"),
            ("a\n", "line 1: error: node a with no resource; expected: NODE RESOURCE..."),
            (
                "a x y\nb x z\n",
                "line 2: error: x is the first resource of line 1, too; a group is known by its first \
                 resource: put another there",
            ),
            (
                "a 10.0.0.300\n",
                "line 1: error: `10.0.0.300` is no IPv4 address; expected: \
                 ADDRESS[/BITS[/INTERFACE][/BROADCAST]]",
            ),
            ("a 10.0.0.3/33\n", "line 1: error: a network of 33 bits; expected: 0 to 32"),
            (
                "a x 10.0.0.3\nb y 10.0.0.3/24\n",
                "line 2: error: the address 10.0.0.3 is in line 1, too; an address can be on one node \
                 only: name it once",
            ),
            (
                "a ../x\n",
                "line 1: error: `../x` names no script; expected: SCRIPT or SCRIPT::ARGUMENT::...",
            ),
            (
                "a x \\\n",
                "line 1: warning: the line goes on by `\\`, and the file ends; leave the last `\\` out",
            ),
        ] {
            let found = check_resources(&Resources::parse(text), &nodes);
            let said: Vec<String> = found.iter().map(ToString::to_string).collect();
            assert_eq!(said, [expected], "{text}");
        }
    }
}
