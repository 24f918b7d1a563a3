//! A document while it is drawn, and what it has so far.

use cib::{Document, NodeId};

use crate::chance::Chance;

/// Scores as people write them, the extremes more often than chance would.
pub(crate) const SCORES: &[&str] = &[
    "INFINITY",
    "INFINITY",
    "-INFINITY",
    "100",
    "-100",
    "1",
    "0",
    "5000",
    "-1",
    "50",
    "999999",
    "-999999",
    "500",
    "10",
];

/// The document, and the names that later parts refer to.
#[derive(Debug)]
pub(crate) struct Draft {
    pub(crate) document: Document,
    pub(crate) chance: Chance,
    /// Whether history has what no cluster would write, such as one resource under two names.
    pub(crate) wild: bool,
    /// Whether the schema still has what 4.0 took away.
    pub(crate) before_4: bool,
    ids: u32,
    /// Cluster nodes: id and name.
    pub(crate) nodes: Vec<(String, String)>,
    /// Remote and guest nodes.
    pub(crate) remotes: Vec<String>,
    pub(crate) resources: Vec<Drawn>,
    /// Ids of templates and tags, which constraints may name, too.
    pub(crate) others: Vec<String>,
    /// What history may be about.
    pub(crate) primitives: Vec<Agent>,
}

/// A resource that is not in another.
#[derive(Clone, Debug)]
pub(crate) struct Drawn {
    pub(crate) id: String,
    /// Of a group, its members.
    pub(crate) members: Vec<String>,
}

/// A primitive, as history sees it.
#[derive(Clone, Debug)]
pub(crate) struct Agent {
    pub(crate) id: String,
    pub(crate) class: &'static str,
    pub(crate) provider: Option<&'static str>,
    pub(crate) kind: &'static str,
    pub(crate) copies: Copies,
    /// The bundle that it runs in.
    pub(crate) bundle: Option<String>,
    /// It makes a remote or guest node, and so cannot run on one.
    pub(crate) makes_node: bool,
}

/// In how many copies a primitive runs.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Copies {
    /// 1 for what is in no clone set or bundle.
    pub(crate) instances: usize,
    /// Instances differ, and so have a number in history.
    pub(crate) unique: bool,
    pub(crate) promotable: bool,
}

impl Copies {
    pub(crate) const ONE: Self = Self { instances: 1, unique: false, promotable: false };
}

impl Draft {
    pub(crate) fn new(mut chance: Chance) -> Self {
        Self {
            wild: chance.percent(15),
            document: Document::new("cib"),
            chance,
            before_4: false,
            ids: 0,
            nodes: Vec::new(),
            remotes: Vec::new(),
            resources: Vec::new(),
            others: Vec::new(),
            primitives: Vec::new(),
        }
    }

    /// Adds an element with attributes.
    pub(crate) fn add(
        &mut self,
        parent: NodeId,
        name: &str,
        attributes: &[(&str, &str)],
    ) -> NodeId {
        let element = self.document.append(parent, name);
        for (name, value) in attributes {
            self.document.set(element, name, value);
        }
        element
    }

    /// Adds an element with an id of its own and attributes.
    pub(crate) fn add_new(
        &mut self,
        parent: NodeId,
        name: &str,
        attributes: &[(&str, &str)],
    ) -> NodeId {
        let id = self.new_id(name);
        let element = self.document.append(parent, name);
        self.document.set(element, "id", &id);
        for (name, value) in attributes {
            self.document.set(element, name, value);
        }
        element
    }

    /// An id that nothing else has.
    pub(crate) fn new_id(&mut self, stem: &str) -> String {
        self.ids += 1;
        format!("{stem}-{}", self.ids)
    }

    /// Adds a name and a value to a block.
    pub(crate) fn pair(&mut self, block: NodeId, name: &str, value: &str) {
        self.add_new(block, "nvpair", &[("name", name), ("value", value)]);
    }

    /// Adds a block if there is anything to say in it.
    pub(crate) fn block(&mut self, parent: NodeId, name: &str, pairs: &[(&str, &str)]) {
        if pairs.is_empty() {
            return;
        }
        let block = self.add_new(parent, name, &[]);
        for (name, value) in pairs {
            self.pair(block, name, value);
        }
    }

    /// Whatever may run something: cluster nodes mostly.
    pub(crate) fn any_node(&mut self) -> String {
        let at = self.chance.below(self.nodes.len() + self.remotes.len());
        let remote = at.checked_sub(self.nodes.len());
        match remote {
            Some(at) => self.remotes.get(at).cloned().unwrap_or_default(),
            None => self.nodes.get(at).map(|(_, name)| name.clone()).unwrap_or_default(),
        }
    }

    /// What a constraint may name: a resource, rarely a member, a template or a tag.
    pub(crate) fn any_resource(&mut self) -> String {
        if self.chance.percent(10)
            && let Some(other) = self.chance.pick(&self.others)
        {
            return other.clone();
        }
        let Some(found) = self.chance.pick(&self.resources).cloned() else { return String::new() };
        if self.chance.percent(15)
            && let Some(member) = self.chance.pick(&found.members)
        {
            return member.clone();
        }
        found.id
    }
}
