//! Orders that were given and not answered yet: part of the replicated state, so that a new
//! coordinator knows what still runs, and nobody takes an old answer for a newer order's.

use model::{Action, NodeId};
use wire::peer::Order;

#[derive(Clone, Debug, Default)]
pub(crate) struct Outstanding {
    entries: Vec<Entry>,
}

#[derive(Clone, Debug)]
pub(crate) struct Entry {
    pub(crate) order: Order,
    pub(crate) action: Action,
}

impl Entry {
    fn new(order: Order) -> Self {
        let action = Action::from(order.action.clone());
        Self { order, action }
    }

    pub(crate) fn node(&self) -> &str {
        self.action.node.as_ref().map_or("", |node| node.name.as_str())
    }

    fn is(&self, key: &str, node: &str) -> bool {
        self.node() == node && self.action.work_key() == key
    }
}

impl Outstanding {
    /// Of what every member said of itself.
    pub(crate) fn orders(&self) -> Vec<Order> {
        self.entries.iter().map(|entry| entry.order.clone()).collect()
    }

    pub(crate) fn from_orders(orders: Vec<Order>) -> Self {
        Self { entries: orders.into_iter().map(Entry::new).collect() }
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = &Entry> {
        self.entries.iter()
    }

    /// An order was given. The same work ordered again joins what is under way.
    pub(crate) fn begin(&mut self, order: Order) {
        let entry = Entry::new(order);
        let (key, node) = (entry.action.work_key(), entry.node().to_owned());
        match self.entries.iter_mut().find(|known| known.is(&key, &node)) {
            Some(known) => *known = entry,
            None => self.entries.push(entry),
        }
    }

    /// It was answered; `false` if nobody had ordered it.
    pub(crate) fn end(&mut self, key: &str, node: &str) -> bool {
        let before = self.entries.len();
        self.entries.retain(|entry| !entry.is(key, node));
        self.entries.len() < before
    }

    pub(crate) fn find(&self, key: &str, node: &str) -> Option<Order> {
        self.entries.iter().find(|entry| entry.is(key, node)).map(|entry| entry.order.clone())
    }

    pub(crate) fn has(&self, key: &str, node: &str) -> bool {
        self.entries.iter().any(|entry| entry.is(key, node))
    }

    /// What is still to be answered for a resource on a node, in the order in which it was given.
    pub(crate) fn of(&self, resource: &str, node: &str) -> Vec<Entry> {
        self.entries
            .iter()
            .filter(|entry| entry.node() == node && entry.action.agent_resource() == Some(resource))
            .cloned()
            .collect()
    }

    /// What a node says of itself replaces what was thought to be under way there.
    pub(crate) fn replace(&mut self, node: NodeId, orders: Vec<Order>) {
        self.entries.retain(|entry| entry.order.to != node.0);
        self.entries.extend(orders.into_iter().map(Entry::new));
    }
}
