//! Changes of an existing file: only the lines that must change do.

use crate::settings::{Settings, Valued};
use crate::text::{Conf, Section};

/// A node to put into the list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Member {
    pub name: String,
    pub id: u32,
    /// Of link 0 and the next ones.
    pub addresses: Vec<String>,
}

/// Why a file cannot be changed so.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum EditError {
    #[error("line {0} cannot be understood; `quorate cluster check` says why")]
    NotUnderstood(u32),
    #[error("the file has no `nodelist`: its nodes are not listed")]
    NoNodelist,
    #[error("the name `{0}` is taken")]
    NameTaken(String),
    #[error("the address {0} is taken")]
    AddressTaken(String),
    #[error("the number {0} is taken")]
    IdTaken(u32),
    #[error("the cluster has {links} links; {given} addresses were given", links = .links, given = .given)]
    Links { links: usize, given: usize },
    #[error("there is no node `{0}`")]
    NoSuchNode(String),
    #[error("`{0}` is the last node")]
    LastNode(String),
}

impl Conf {
    /// Adds a node to the list, gives it the first free number if its own is 0, and counts the
    /// file's edition up. Answers the node's number.
    ///
    /// # Errors
    /// When it would not be a new node, or not be on every link.
    pub fn add(&mut self, member: &Member) -> Result<u32, EditError> {
        self.understood()?;
        let settings = Settings::of(self);
        let list = self.root().all("nodelist").last().ok_or(EditError::NoNodelist)?.clone();
        let id = fits(&settings, member)?;
        let outer = self.indent(&list);
        let step = list.all("node").next().map_or_else(
            || "    ".to_owned(),
            |node| {
                let inner = node.pairs.first().map_or("", |pair| self.line(pair.line));
                let own = self.indent(node);
                leading(inner).strip_prefix(own.as_str()).unwrap_or("    ").to_owned()
            },
        );
        let at = list
            .all("node")
            .next()
            .map_or_else(|| format!("{outer}{step}"), |node| self.indent(node));
        let inner = format!("{at}{step}");
        let mut lines = vec![format!("{at}node {{")];
        for (link, address) in member.addresses.iter().enumerate() {
            lines.push(format!("{inner}ring{link}_addr: {address}"));
        }
        lines.push(format!("{inner}name: {}", member.name));
        lines.push(format!("{inner}nodeid: {id}"));
        lines.push(format!("{at}}}"));
        self.insert(list.end, &lines);
        self.fit_quorum();
        self.count_up();
        Ok(id)
    }

    /// Takes a node out of the list, and counts the file's edition up.
    ///
    /// # Errors
    /// When it is not there, or the last one.
    pub fn drop_node(&mut self, name: &str) -> Result<(), EditError> {
        self.understood()?;
        let settings = Settings::of(self);
        let node = settings.node(name).ok_or_else(|| EditError::NoSuchNode(name.to_owned()))?;
        if settings.nodes.len() == 1 {
            return Err(EditError::LastNode(name.to_owned()));
        }
        self.remove(node.line, node.end);
        self.fit_quorum();
        self.count_up();
        Ok(())
    }

    /// A file with lines that make no sense is not added to: what would they do to the new ones?
    fn understood(&self) -> Result<(), EditError> {
        self.wrong().first().map_or(Ok(()), |wrong| Err(EditError::NotUnderstood(wrong.line)))
    }

    /// Counts the file's edition up; answers the new one.
    pub fn count_up(&mut self) -> u64 {
        let next = Settings::of(self).config_version().saturating_add(1);
        self.set(&["totem"], "config_version", &next.to_string());
        next
    }

    /// Gives a key its value, in the line that counts or in a new one. Sections that are missing
    /// are made.
    pub fn set(&mut self, path: &[&str], key: &str, value: &str) {
        let said = crate::settings::below(self.root(), path);
        let pair = said.iter().rev().find_map(|section| section.pair(key)).cloned();
        if let Some(pair) = pair {
            let old = self.line(pair.line).to_owned();
            let before = old.split_once(':').map_or("", |(before, _)| before);
            let text = format!("{before}: {value}");
            return self.replace(pair.line, &text);
        }
        let section = said.last().map(|section| (*section).clone());
        match section {
            Some(section) => {
                let indent = self.indent_inside(&section);
                self.insert(section.end, &[format!("{indent}{key}: {value}")]);
            }
            None => self.make(path, key, value),
        }
    }

    /// Gives a key its value in the section of one node. Of a node that is not there, nothing.
    pub fn set_of_node(&mut self, name: &str, key: &str, value: &str) {
        let Some(line) = Settings::of(self).node(name).map(|node| node.line) else { return };
        let sections = crate::settings::below(self.root(), &["nodelist", "node"]);
        let Some(section) = sections.into_iter().find(|section| section.line == line).cloned()
        else {
            return;
        };
        let text = format!("{}{key}: {value}", self.indent_inside(&section));
        match section.pair(key).map(|pair| pair.line) {
            Some(line) => self.replace(line, &text),
            None => self.insert(section.end, &[text]),
        }
    }

    /// Takes a key out, wherever it stands in these sections.
    pub fn unset(&mut self, path: &[&str], key: &str) {
        loop {
            let said = crate::settings::below(self.root(), path);
            let line = said.iter().find_map(|section| section.pair(key)).map(|pair| pair.line);
            match line {
                Some(line) => self.remove(line, line),
                None => return,
            }
        }
    }

    /// Takes the quorum device out, with all that is said of it.
    pub fn drop_device(&mut self) {
        while let Some(section) =
            crate::settings::below(self.root(), &["quorum", "device"]).first().copied().cloned()
        {
            self.remove(section.line, section.end);
        }
        self.fit_quorum();
    }

    /// Makes the sections of a path that are missing, and says the key in the innermost.
    fn make(&mut self, path: &[&str], key: &str, value: &str) {
        let known = (0..path.len()).rev().find_map(|length| {
            let (outer, missing) = path.split_at(length);
            let found = crate::settings::below(self.root(), outer);
            found.last().map(|section| ((*section).clone(), missing.len()))
        });
        let Some((outer, missing)) = known else { return };
        let missing = path.get(path.len() - missing..).unwrap_or_default();
        let base = if outer.line == 0 { String::new() } else { self.indent_inside(&outer) };
        let mut lines = Vec::new();
        for (depth, name) in missing.iter().enumerate() {
            lines.push(format!("{base}{}{name} {{", "    ".repeat(depth)));
        }
        lines.push(format!("{base}{}{key}: {value}", "    ".repeat(missing.len())));
        for depth in (0..missing.len()).rev() {
            lines.push(format!("{base}{}}}", "    ".repeat(depth)));
        }
        self.insert(outer.end, &lines);
    }

    /// `two_node` is for two nodes, and votes are counted from the list.
    fn fit_quorum(&mut self) {
        let settings = Settings::of(self);
        let has_votes = settings.quorum.provider.is_some();
        let is_two = settings.nodes.len() == 2 && settings.device.is_none();
        let says_two = settings.quorum.two_node.as_ref().is_some_and(|said| said.value);
        match (has_votes && is_two, says_two) {
            (true, false) => self.set(&["quorum"], "two_node", "1"),
            (false, true) => self.unset(&["quorum"], "two_node"),
            (true, true) | (false, false) => {}
        }
        if settings.quorum.expected_votes.is_some() && settings.device.is_none() {
            self.set(&["quorum"], "expected_votes", &settings.listed_votes().to_string());
        }
        let device = settings.device.as_ref().filter(|device| device.votes.is_some());
        let is_lms = |named: &Valued<String>| named.value == "lms";
        if device.is_some_and(|device| device.algorithm.as_ref().is_some_and(is_lms)) {
            let votes = settings.listed_votes().saturating_sub(1);
            self.set(&["quorum", "device"], "votes", &votes.to_string());
        }
    }

    /// What a section's opening line begins with.
    fn indent(&self, section: &Section) -> String {
        leading(self.line(section.line)).to_owned()
    }

    /// What the lines inside a section begin with.
    fn indent_inside(&self, section: &Section) -> String {
        match section.pairs.first() {
            Some(pair) => leading(self.line(pair.line)).to_owned(),
            None => format!("{}    ", self.indent(section)),
        }
    }
}

/// The blanks that a line begins with.
fn leading(line: &str) -> &str {
    line.get(..line.len() - line.trim_start().len()).unwrap_or_default()
}

/// Whether the node is a new one on every link; answers its number.
fn fits(settings: &Settings, member: &Member) -> Result<u32, EditError> {
    for node in &settings.nodes {
        if node.called() == member.name {
            return Err(EditError::NameTaken(member.name.clone()));
        }
        let taken =
            |(_, address): &&(u8, Valued<String>)| member.addresses.contains(&address.value);
        if let Some((_, address)) = node.addresses.iter().find(taken) {
            return Err(EditError::AddressTaken(address.value.clone()));
        }
    }
    let links = settings.nodes.iter().map(|node| node.addresses.len()).max().unwrap_or(1);
    if links != member.addresses.len() {
        return Err(EditError::Links { links, given: member.addresses.len() });
    }
    let is_taken = |id: u32| {
        settings.nodes.iter().any(|node| node.id.as_ref().is_some_and(|of| of.value == id))
    };
    match member.id {
        // A number is not given again while one above it is in use: who left may still be out
        // there with it.
        0 => {
            let highest =
                settings.nodes.iter().filter_map(|node| node.id.as_ref()).map(|id| id.value).max();
            Ok(highest.unwrap_or(0).saturating_add(1))
        }
        id if is_taken(id) => Err(EditError::IdTaken(id)),
        id => Ok(id),
    }
}
