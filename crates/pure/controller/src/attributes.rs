//! Passing attributes that are not simply written: those whose values wait for others, and those that
//! never stand in the document.
//!
//! A value that waits is replicated at once and written later, by a message of its own: the coordinator
//! sends it when nothing has changed for as long as the attribute's values wait. Who coordinates next
//! waits anew.
//!
//! **Not here:** attributes that are written at once, which the document alone knows.
//!
//! Field words: Pacemaker *attribute manager*, *dampening*, *private attribute*.

use std::collections::BTreeMap;
use std::time::Duration;

use cib::{Element, Section};
use transition::record::{self, Lifetime, NodeRef};
use wire::Message;
use wire::api::{Manner, Refused, Unwritten};
use wire::peer::KeptAttribute;

use crate::Controller;
use crate::state::{Named, State, invalid};
use crate::timers::Ring;

/// Longer is a mistake: nobody would see the value in time.
const DELAY_MAX_MS: u64 = 24 * 60 * 60 * 1000;

/// The attributes with a manner of their own, by name.
#[derive(Clone, Debug, Default)]
pub(crate) struct Attributes(BTreeMap<String, Kept>);

#[derive(Clone, Debug, Default)]
struct Kept {
    delay_ms: u64,
    private: bool,
    capacity: bool,
    /// By node: those of a private attribute; of another one what is not written yet.
    values: BTreeMap<String, Option<String>>,
    changes: u64,
}

/// Values that are to be written when nothing else has come for a while.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Wait {
    name: String,
    changes: u64,
    delay: Duration,
}

impl Kept {
    fn wait(&self, name: &str) -> Option<Wait> {
        let waits = !self.private && !self.values.is_empty();
        let delay = Duration::from_millis(self.delay_ms);
        waits.then(|| Wait { name: name.to_owned(), changes: self.changes, delay })
    }

    fn lifetime(&self) -> Lifetime {
        if self.capacity { Lifetime::PassingCapacity } else { Lifetime::Passing }
    }
}

impl Attributes {
    pub(crate) fn from_wire(kept: Vec<KeptAttribute>) -> Self {
        let kept = kept.into_iter().map(|one| {
            let KeptAttribute { name, delay_ms, private, capacity, values, changes } = one;
            let values = values.into_iter().collect();
            (name, Kept { delay_ms, private, capacity, values, changes })
        });
        Self(kept.collect())
    }

    pub(crate) fn to_wire(&self) -> Vec<KeptAttribute> {
        let kept = self.0.iter().map(|(name, kept)| {
            let Kept { delay_ms, private, capacity, values, changes } = kept.clone();
            let values = values.into_iter().collect();
            KeptAttribute { name: name.clone(), delay_ms, private, capacity, values, changes }
        });
        kept.collect()
    }

    /// A node's values end with it.
    pub(crate) fn forget(&mut self, node: &str) {
        for kept in self.0.values_mut() {
            kept.values.remove(node);
        }
    }

    pub(crate) fn unwritten(&self) -> Vec<Unwritten> {
        let each = |(name, kept): (&String, &Kept)| -> Vec<Unwritten> {
            let value = |(node, value): (&String, &Option<String>)| Unwritten {
                name: name.clone(),
                node: node.clone(),
                value: value.clone(),
            };
            kept.values.iter().map(value).collect()
        };
        self.0.iter().flat_map(each).collect()
    }

    fn waits(&self) -> Vec<Wait> {
        self.0.iter().filter_map(|(name, kept)| kept.wait(name)).collect()
    }
}

impl State {
    /// A passing attribute's value, in its manner. What waits is answered.
    pub(crate) fn change_attribute(
        &mut self,
        node: &Named,
        name: &str,
        value: Option<&str>,
        manner: &Manner,
    ) -> Option<Wait> {
        let delay_ms = manner.delay_ms.unwrap_or(0).min(DELAY_MAX_MS);
        if !self.knows_attribute(name) {
            let (private, capacity) = (manner.private, manner.capacity);
            if delay_ms > 0 || private || capacity {
                let kept = Kept { delay_ms, private, capacity, ..Kept::default() };
                self.attributes.0.insert(name.to_owned(), kept);
            }
        } else if manner.sets_delay {
            self.delay_attribute(name, delay_ms);
        }
        let written = self.written(&node.name, name);
        let Some(kept) = self.attributes.0.get_mut(name) else {
            self.write(node, name, value, Lifetime::Passing);
            return None;
        };
        let value = value.map(str::to_owned);
        if kept.private {
            match value {
                Some(value) => kept.values.insert(node.name.clone(), Some(value)),
                None => kept.values.remove(&node.name),
            };
            return None;
        }
        if kept.delay_ms == 0 {
            let lifetime = kept.lifetime();
            self.write(node, name, value.as_deref(), lifetime);
            return None;
        }
        // To say the same again is no reason to wait longer.
        if kept.values.get(&node.name).unwrap_or(&written) == &value {
            return None;
        }
        kept.values.insert(node.name.clone(), value);
        kept.changes += 1;
        kept.wait(name)
    }

    /// How long its values wait from now on; `false` if there is no such attribute.
    pub(crate) fn delay_attribute(&mut self, name: &str, delay_ms: u64) -> bool {
        if !self.knows_attribute(name) {
            return false;
        }
        let kept = self.attributes.0.entry(name.to_owned()).or_default();
        if kept.delay_ms != delay_ms {
            kept.delay_ms = delay_ms.min(DELAY_MAX_MS);
            // Who changes it again and again would put off what waits for ever.
            self.write_attribute(name, None);
        }
        true
    }

    /// Writes what waits, unless something came after `changes`; answers whether it did.
    pub(crate) fn write_attribute(&mut self, name: &str, changes: Option<u64>) -> bool {
        let Some(kept) = self.attributes.0.get_mut(name) else { return false };
        let is_late = changes.is_some_and(|changes| changes != kept.changes);
        if is_late || kept.private || kept.values.is_empty() {
            return false;
        }
        let (values, lifetime) = (std::mem::take(&mut kept.values), kept.lifetime());
        for (node, value) in values {
            let id = self.state_id(&node);
            let node = Named { id, name: node, member: true };
            self.write(&node, name, value.as_deref(), lifetime);
        }
        true
    }

    /// The same for all attributes.
    pub(crate) fn write_attributes(&mut self) {
        let names: Vec<String> = self.attributes.0.keys().cloned().collect();
        for name in names {
            self.write_attribute(&name, None);
        }
    }

    fn write(&mut self, node: &Named, name: &str, value: Option<&str>, lifetime: Lifetime) {
        let node = NodeRef { id: &node.id, name: &node.name };
        record::set_attribute(&mut self.document, &node, lifetime, name, value);
        self.bump(false);
        self.unsettle();
    }

    fn knows_attribute(&self, name: &str) -> bool {
        let mut values = self.passing_values();
        self.attributes.0.contains_key(name) || values.any(|(_, of, _)| of == name)
    }

    fn written(&self, node: &str, name: &str) -> Option<String> {
        let mut values = self.passing_values();
        let found = values.find(|(of, named, _)| *of == node && *named == name);
        found.map(|(_, _, value)| value.to_owned())
    }

    /// Node, name and value of each passing attribute in the document.
    fn passing_values(&self) -> impl Iterator<Item = (&str, &str, &str)> {
        let states = self.document.section(Section::Status).into_iter().flat_map(Element::children);
        states.flat_map(|state| {
            let node = state.attr("uname").unwrap_or_default();
            let sets = state.child("transient_attributes").into_iter();
            let pairs = sets.flat_map(Element::descendants).filter(|at| at.is("nvpair"));
            pairs.filter_map(move |pair| Some((node, pair.attr("name")?, pair.attr("value")?)))
        })
    }

    /// The id of a node's state; of one that never was there, its configured one.
    fn state_id(&self, node: &str) -> String {
        let places = [Section::Status, Section::Nodes].into_iter();
        let all = places.filter_map(|place| self.document.section(place));
        let mut named = all.flat_map(Element::children);
        let found = named.find(|state| state.attr("uname") == Some(node));
        found.and_then(|found| found.attr("id")).unwrap_or(node).to_owned()
    }
}

impl Controller {
    pub(crate) fn wait_to_write(&mut self, wait: Option<Wait>) {
        if let Some(Wait { name, changes, delay }) = wait {
            self.set_timer(self.now.tick.after(delay), Ring::WriteAttribute { name, changes });
        }
    }

    /// After a change of the membership, what waits waits anew: who would have written it may be gone.
    pub(crate) fn wait_anew(&mut self) {
        for wait in self.state.attributes.waits() {
            self.wait_to_write(Some(wait));
        }
    }

    /// Nothing came for as long as it was to wait, as far as this node knows.
    pub(crate) fn waited(&mut self, name: String, changes: u64) {
        if self.is_coordinator() {
            self.broadcast(Message::WriteAttribute { name, changes });
        }
    }

    pub(crate) fn write_waiting(&mut self, name: &str, changes: u64) {
        if self.state.write_attribute(name, Some(changes)) {
            self.think_again(format!("the attribute {name} was written"));
        }
    }

    pub(crate) fn delay_attribute(&mut self, name: &str, delay_ms: u64) -> Result<(), Refused> {
        if self.state.delay_attribute(name, delay_ms) {
            return Ok(());
        }
        Err(invalid(0, format!("there is no attribute {name}")))
    }
}
