//! `crm_resource`, as far as agents call it: ban a resource from a node and take that back, ask
//! where it is, and ask for and set its parameters, options and needs.
//!
//! **Not here:** the rest; `quorate resource` shows first what a change does.

use std::ffi::OsString;
use std::process::ExitCode;

use cib::{Document, Element, Section, escape_attribute};
use scheduler::Input;
use wire::api::{Change, Edit};

use crate::exit::Exit;
use crate::options::{Given, Taken};
use crate::tool::{self, Trouble, last, switch, valued};

const TAKEN: [Taken; 18] = [
    switch("help", Some('?'), "Show this help"),
    switch("version", Some('$'), "Show the version"),
    switch("verbose", Some('V'), "Accepted; nothing more is said"),
    switch("quiet", Some('Q'), "Write names and values alone"),
    switch("force", Some('f'), "Accepted"),
    valued("resource", Some('r'), "RESOURCE", "The resource"),
    valued("node", Some('N'), "NODE", "The node"),
    valued("host-uname", Some('H'), "NODE", "The same"),
    switch("ban", Some('B'), "Keep the resource off the node"),
    switch("clear", Some('U'), "Take bans and moves back"),
    switch("locate", Some('W'), "Tell where it runs"),
    valued("get-parameter", Some('g'), "NAME", "Ask for a value"),
    valued("set-parameter", Some('p'), "NAME", "Set a value, which --parameter-value gives"),
    valued("delete-parameter", Some('d'), "NAME", "Remove a value"),
    valued("parameter-value", Some('v'), "VALUE", "The value to set"),
    switch("meta", Some('m'), "The value is an option of the cluster's, not a parameter"),
    switch("utilization", Some('z'), "The value is what the resource needs of its node"),
    valued("wait-timeout", Some('T'), "SECONDS", "Accepted"),
];

/// Asks the cluster about a resource, or changes how it treats one.
pub(crate) fn crm_resource(words: Vec<OsString>) -> ExitCode {
    tool::run("crm_resource", words, |words| {
        let given = tool::given(&TAKEN, words)?;
        if let Some(text) = tool::about(&given, "crm_resource", &TAKEN) {
            return Ok(text);
        }
        let wanted = Wanted::of(&given)?;
        let (client, snapshot, document) = tool::live()?;
        let answer = wanted.answer(&document, &snapshot.cluster.node)?;
        if !answer.edits.is_empty() {
            tool::change(&client, Change::Edit { edits: answer.edits })?;
        }
        Ok(answer.text)
    })
}

/// What a command line asks for.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Wanted {
    /// As the document names it: without the number that agents know an instance by.
    resource: String,
    node: Option<String>,
    deed: Deed,
    quiet: bool,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Deed {
    Ban,
    Clear,
    Locate,
    Get(Slot),
    Set(Slot, String),
    Delete(Slot),
}

/// One value of a resource.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Slot {
    kind: &'static str,
    name: String,
}

#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct Answer {
    text: String,
    edits: Vec<Edit>,
}

impl Wanted {
    fn of(given: &[Given]) -> Result<Self, Trouble> {
        let value = |names: &[&str]| last(given, names).map(|given| given.value.clone());
        let has = |name: &str| last(given, &[name]).is_some();
        let resource = value(&["resource"]);
        let resource =
            resource.ok_or_else(|| Trouble::usage("Must supply a resource id with -r"))?;
        let base = resource.rsplit_once(':').filter(|(_, number)| number.parse::<u32>().is_ok());
        let resource = base.map_or(resource.as_str(), |(base, _)| base).to_owned();
        let kind = match (has("utilization"), has("meta")) {
            (true, _) => "utilization",
            (false, true) => "meta_attributes",
            (false, false) => "instance_attributes",
        };
        let deeds =
            ["ban", "clear", "locate", "get-parameter", "set-parameter", "delete-parameter"];
        let asked = last(given, &deeds).map(|asked| (asked.name, asked.value.clone()));
        let deed = match asked {
            Some(("ban", _)) => Deed::Ban,
            Some(("clear", _)) => Deed::Clear,
            Some(("locate", _)) => Deed::Locate,
            Some(("get-parameter", name)) => Deed::Get(Slot { kind, name }),
            Some(("delete-parameter", name)) => Deed::Delete(Slot { kind, name }),
            Some((_, name)) => {
                let text = value(&["parameter-value"]);
                let text =
                    text.ok_or_else(|| Trouble::usage("Must supply --parameter-value with -p"))?;
                Deed::Set(Slot { kind, name }, text)
            }
            None => return Err(Trouble::usage("say what to do, such as --ban")),
        };
        Ok(Self { resource, node: value(&["node", "host-uname"]), deed, quiet: has("quiet") })
    }

    fn answer(&self, document: &Document, here: &str) -> Result<Answer, Trouble> {
        let Self { resource, node, .. } = self;
        let found = document.section(Section::Resources).and_then(|resources| {
            let mut all = resources.descendants();
            all.find(|element| element.attr("id") == Some(resource))
        });
        let unknown = || Trouble::new(Exit::NoSuch, format!("Resource '{resource}' not found"));
        let found = found.ok_or_else(unknown)?;
        let edits = match &self.deed {
            Deed::Locate => return Ok(self.told(locate(document, resource))),
            Deed::Get(slot) => {
                let pair = slot.pairs(found).next().and_then(|pair| pair.attr("value"));
                let missing = || {
                    let words = format!("Attribute '{}' not found for '{resource}'", slot.name);
                    Trouble::new(Exit::NoSuch, words)
                };
                let text = format!("{}\n", pair.ok_or_else(missing)?);
                return Ok(Answer { text, edits: Vec::new() });
            }
            Deed::Ban => ban(document, resource, node.as_deref().unwrap_or(here)),
            Deed::Clear => clear(document, resource, node.as_deref()),
            Deed::Set(slot, value) => vec![slot.set(found, value)],
            Deed::Delete(slot) => {
                let ids = slot.pairs(found).filter_map(|pair| pair.attr("id"));
                ids.map(delete).collect()
            }
        };
        Ok(Answer { text: String::new(), edits })
    }

    fn told(&self, nodes: Vec<String>) -> Answer {
        let resource = &self.resource;
        let line = |node: &String| match self.quiet {
            true => format!("{node}\n"),
            false => format!("resource {resource} is running on: {node}\n"),
        };
        let text = match (nodes.as_slice(), self.quiet) {
            ([], false) => format!("resource {resource} is NOT running\n"),
            (nodes, _) => nodes.iter().map(line).collect(),
        };
        Answer { text, edits: Vec::new() }
    }
}

impl Slot {
    fn pairs<'d>(&self, resource: Element<'d>) -> impl Iterator<Item = Element<'d>> {
        let sets = resource.children_named(self.kind);
        sets.flat_map(|set| set.children_named("nvpair"))
            .filter(|pair| pair.attr("name") == Some(&self.name))
    }

    fn set(&self, resource: Element<'_>, value: &str) -> Edit {
        let Self { kind, name } = self;
        let (tag, id) = (resource.name(), resource.attr("id").unwrap_or_default());
        // A set with a rule holds only sometimes.
        let set = resource.children_named(kind).find(|set| set.child("rule").is_none());
        let set_id = set.and_then(|set| set.attr("id")).map(str::to_owned);
        let set_id = set_id.unwrap_or_else(|| format!("{id}-{kind}"));
        let pair = set.and_then(|set| {
            let mut pairs = set.children_named("nvpair");
            pairs.find(|pair| pair.attr("name") == Some(name))?.attr("id")
        });
        let pair_id = pair.map_or_else(|| format!("{set_id}-{name}"), str::to_owned);
        let xml = format!(
            "<{tag} id=\"{id}\"><{kind} id=\"{set_id}\"><nvpair id=\"{}\" name=\"{}\" \
             value=\"{}\"/></{kind}></{tag}>",
            escape_attribute(&pair_id),
            escape_attribute(name),
            escape_attribute(value)
        );
        Edit::Modify { xml }
    }
}

fn delete(id: &str) -> Edit {
    Edit::Delete { xpath: format!("//*[@id='{id}']") }
}

/// The nodes where a resource runs, promoted instances marked.
fn locate(document: &Document, id: &str) -> Vec<String> {
    let now = crate::time::now();
    let resolved = scheduler::resolve(document, &Input { now, sanitized: false });
    let Some(whole) = resolved.find_resource(id) else { return Vec::new() };
    let mut parts = vec![whole];
    let mut nodes = Vec::new();
    while let Some(at) = parts.pop() {
        let part = resolved.resource(at);
        parts.extend(&part.children);
        let is_leaf = part.children.is_empty();
        nodes.extend(part.active.iter().filter(|_| is_leaf).map(|node| {
            let name = resolved.node(*node).name.as_ref();
            let mark = if part.role == model::Role::Promoted { " Promoted" } else { "" };
            format!("{name}{mark}")
        }));
    }
    nodes.sort();
    nodes
}

fn ban_id(resource: &str, node: &str) -> String {
    format!("cli-ban-{resource}-on-{node}")
}

fn ban(document: &Document, resource: &str, node: &str) -> Vec<Edit> {
    let id = ban_id(resource, node);
    if document.find_id(&id).is_some() {
        return Vec::new();
    }
    let xml = format!(
        "<rsc_location id=\"{}\" rsc=\"{}\" role=\"Started\" node=\"{}\" score=\"-INFINITY\"/>",
        escape_attribute(&id),
        escape_attribute(resource),
        escape_attribute(node)
    );
    vec![Edit::Create { parent: "/cib/configuration/constraints".to_owned(), xml }]
}

fn clear(document: &Document, resource: &str, node: Option<&str>) -> Vec<Edit> {
    let prefers = format!("cli-prefer-{resource}");
    let is_made = |id: &str| match node {
        Some(node) => id == ban_id(resource, node),
        None => id == prefers || id.starts_with(&ban_id(resource, "")),
    };
    let constraints = document.section(Section::Constraints);
    let ids = constraints.into_iter().flat_map(Element::children).filter_map(|at| at.attr("id"));
    ids.filter(|id| is_made(id)).map(delete).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn document() -> Document {
        Document::parse(
            "<cib><configuration><nodes><node id='1' uname='n1'/></nodes><resources>\
             <clone id='dbs'><primitive id='db' class='ocf' provider='heartbeat' type='pgsql'>\
             <utilization id='u'><nvpair id='u-cpu' name='cpu' value='4'/></utilization>\
             </primitive></clone></resources><constraints>\
             <rsc_location id='cli-ban-db-on-n2' rsc='db' node='n2' score='-INFINITY'/>\
             </constraints></configuration></cib>",
        )
        .unwrap()
    }

    fn answer(line: &str) -> Result<Answer, Trouble> {
        let words: Vec<String> = line.split_whitespace().map(str::to_owned).collect();
        Wanted::of(&tool::given(&TAKEN, &words)?)?.answer(&document(), "n1")
    }

    fn edited(line: &str) -> String {
        match answer(line).unwrap().edits.as_slice() {
            [Edit::Create { xml, .. } | Edit::Modify { xml }] => xml.clone(),
            [Edit::Delete { xpath }] => xpath.clone(),
            other => format!("{other:?}"),
        }
    }

    #[test]
    fn an_agent_bans_its_own_instance() {
        let ban = edited("-B -r db:0 -N n1 -Q");
        assert!(ban.contains("id=\"cli-ban-db-on-n1\" rsc=\"db\""), "{ban}");
        assert_eq!(edited("-B -r db -N n2"), "[]", "it is banned already");
        assert_eq!(edited("-U -r db"), "//*[@id='cli-ban-db-on-n2']");
        assert_eq!(edited("-U -r db -N n1"), "[]");
    }

    #[test]
    fn needs_are_asked_for_set_and_removed() {
        assert_eq!(answer("-Q -r db:1 -z -g cpu").unwrap().text, "4\n");
        assert_eq!(answer("-r db -z -g ram").unwrap_err().exit, Exit::NoSuch);
        assert_eq!(answer("-r nothing -W").unwrap_err().exit, Exit::NoSuch);
        let set = edited("-r db -z -p cpu -v 8");
        assert!(set.contains("<utilization id=\"u\"><nvpair id=\"u-cpu\""), "{set}");
        assert!(set.contains("value=\"8\""), "{set}");
        let new = edited("-r db -m -p priority -v 5");
        assert!(new.contains("<meta_attributes id=\"db-meta_attributes\">"), "{new}");
        assert_eq!(edited("-r db --utilization --delete-parameter=cpu"), "//*[@id='u-cpu']");
        assert_eq!(answer("-r db -W").unwrap().text, "resource db is NOT running\n");
    }

    #[test]
    fn what_is_left_out_is_asked_for() {
        for line in ["-B", "-r db", "-r db -p cpu"] {
            assert_eq!(answer(line).unwrap_err().exit, Exit::Usage, "{line}");
        }
    }
}
