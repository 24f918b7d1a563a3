//! Setting and removing values in the document.

use std::cell::RefCell;

use cib::edit::{self, Applied, Edit, Refused};
use cib::{Document, Element};

use super::node::Node;
use super::pattern::Names;
use super::place::id_like;
use super::query::node_of;
use super::{Environment, NOT_REACHED, Select, Wanted, failed, reason, reworded};
use crate::exit::Exit;
use crate::home::Home;
use crate::output::Output;
use crate::tool::Trouble;

/// What one try has to say; another try says it anew.
#[derive(Debug, Default)]
struct Told {
    remarks: Vec<String>,
    /// What was being set when it did not work.
    setting: Option<String>,
}

/// Sets the values that are meant, or removes them if there is none to set.
pub(super) fn update(
    home: &Home,
    wanted: &Wanted,
    value: Option<&str>,
    environment: Environment<'_>,
    said: &mut Output,
) -> Result<Exit, Trouble> {
    let told = RefCell::new(Told::default());
    let done = home.change(NOT_REACHED, |found| {
        told.replace(Told::default());
        let node = node_of(wanted, found, environment)?;
        let mut document = found.document.clone();
        for select in each(wanted, &document, node.as_ref()) {
            let one = One { wanted, node: node.as_ref(), select: &select, told: &told };
            document = match value {
                Some(value) => one.set(&document, value)?,
                None => one.remove(&document)?,
            };
        }
        Ok((document, ()))
    });
    let told = told.into_inner();
    if !wanted.quiet {
        told.remarks.iter().for_each(|remark| said.note(remark));
    }
    done.map(|()| Exit::Ok).map_err(|trouble| {
        if let Some(setting) = told.setting {
            said.error(format!("{setting}: {}", reason(trouble.exit)));
        }
        reworded(trouble)
    })
}

/// What is to be changed, one after another: a pattern means each value whose name matches.
fn each(wanted: &Wanted, document: &Document, node: Option<&Node>) -> Vec<Select> {
    let select = &wanted.select;
    if select.pattern.is_none() {
        return vec![select.clone()];
    }
    let names = Names::of(select);
    let all = Select { set: select.set.clone(), ..Select::default() };
    let pairs = wanted.place.pairs(document, node, &all);
    let found = pairs.iter().filter_map(|pair| pair.attr("name")).filter(|name| names.take(name));
    found
        .map(|name| Select { name: Some(name.to_owned()), pattern: None, ..select.clone() })
        .collect()
}

/// One value to change.
struct One<'w> {
    wanted: &'w Wanted,
    node: Option<&'w Node>,
    select: &'w Select,
    told: &'w RefCell<Told>,
}

impl One<'_> {
    fn set(&self, document: &Document, value: &str) -> Result<Document, Trouble> {
        let (place, select) = (self.wanted.place, self.select);
        let name = select.name.as_deref().unwrap_or_default();
        let pairs = place.pairs(document, self.node, select);
        let (edit, set) = match pairs.as_slice() {
            [pair] => {
                let id = pair.attr("id").unwrap_or_default();
                (place.change(id, name, value), select.set.clone())
            }
            [] => {
                let set = select.set.clone().unwrap_or_else(|| place.set_id(self.node));
                let made = || id_like(&format!("{set}-{name}"));
                let id = select.id.clone().unwrap_or_else(made);
                (place.create(self.node, &set, (&id, name, value)), Some(set))
            }
            many => return Err(self.too_many(many)),
        };
        let set = set.as_deref().unwrap_or("<null>");
        let scope = place.scope();
        self.told.borrow_mut().setting =
            Some(format!("Error setting {name}={value} (section={scope}, set={set})"));
        // Whether the user may is found out later.
        apply(document, edit).map_err(|refused| {
            if is_missing(&refused) {
                return failed(Exit::NoSuch, "");
            }
            failed(Exit::Config, &refused.to_string())
        })
    }

    fn remove(&self, document: &Document) -> Result<Document, Trouble> {
        let (place, select) = (self.wanted.place, self.select);
        let name = select.name.as_deref();
        let pairs = place.pairs(document, self.node, select);
        let found = match (&select.id, pairs.as_slice()) {
            (Some(_), _) => None,
            (None, []) => return Ok(document.clone()),
            (None, [pair]) => pair.attr("id"),
            (None, many) => return Err(self.too_many(many)),
        };
        let id = found.or(select.id.as_deref()).unwrap_or_default();
        let after = match apply(document, place.remove(id, name)) {
            Ok(after) => after,
            Err(refused) if is_missing(&refused) => document.clone(),
            Err(refused) => return Err(failed(Exit::Config, &refused.to_string())),
        };
        let what = if self.node.is_some() { "attribute" } else { "option" };
        // Compatibility: an id that was given is not said.
        let id = found.unwrap_or("(null)");
        let set = select.set.as_ref().map_or(String::new(), |set| format!(" set={set}"));
        let name = name.map_or(String::new(), |name| format!(" name={name}"));
        let scope = place.scope();
        self.told.borrow_mut().remarks.push(format!("Deleted {scope} {what}: id={id}{set}{name}"));
        Ok(after)
    }

    fn too_many(&self, pairs: &[Element<'_>]) -> Trouble {
        let name = self.select.name.as_deref().unwrap_or_default();
        let line = |pair: &Element<'_>| {
            let [value, id] = ["value", "id"].map(|key| pair.attr(key).unwrap_or("<null>"));
            format!("  Value: {value} \t(id={id})")
        };
        let mut told = self.told.borrow_mut();
        told.setting = None;
        told.remarks.push(format!("Multiple attributes match name={name}"));
        told.remarks.extend(pairs.iter().map(line));
        Trouble::new(
            Exit::Multiple,
            "Please choose from one of the matches below and supply the 'id' with --attr-id",
        )
    }
}

fn is_missing(refused: &Refused) -> bool {
    matches!(refused, Refused::NotFound { .. })
}

fn apply(document: &Document, edit: Edit) -> Result<Document, Refused> {
    edit::apply(document, &[edit]).map(|Applied { document, .. }| document)
}
