//! Setting what an element says in another one.

use model::Score;

use crate::element::Element;
use crate::tree::{Document, Kind, NodeId};

/// Gives `target` the attributes and children of `update`. Children are matched by name and id,
/// or by what they stand for; new ones are added.
pub(super) fn update(document: &mut Document, target: NodeId, update: Element<'_>) {
    for (name, value) in update.attrs() {
        let old = document.element(target).attr(name);
        if old != Some(value) {
            let counted = counted(name, old, value);
            document.set(target, name, counted.as_deref().unwrap_or(value));
        }
    }
    for child in update.nodes() {
        match child.kind() {
            Kind::Element => self::child(document, target, child),
            Kind::Comment | Kind::Text => text(document, target, child),
        }
    }
}

/// The value that `name++` or `name+=N` stands for, where there is one already; nothing for a value
/// that is meant as it stands.
///
/// Field word: Pacemaker *score update*.
pub fn counted(name: &str, old: Option<&str>, value: &str) -> Option<String> {
    let old = Score::parse(old?)?;
    let more = match value.strip_prefix(name)? {
        "++" => Score::new(1),
        rest => Score::parse(rest.strip_prefix("+=")?)?,
    };
    let sum = old.plus(more);
    Some(sum.value().to_string())
}

fn child(document: &mut Document, target: NodeId, update: Element<'_>) {
    let key = ["id", "id-ref"].into_iter().find(|name| update.attr(name).is_some());
    let same = |at: &Element<'_>| {
        at.name() == update.name() && key.is_none_or(|key| at.attr(key) == update.attr(key))
    };
    let found = document.element(target).children().find(same).map(Element::id);
    match found {
        Some(found) => self::update(document, found, update),
        None => {
            document.append_copy(target, update);
        }
    }
}

fn text(document: &mut Document, target: NodeId, update: Element<'_>) {
    let same = |at: Element<'_>| at.kind() == update.kind() && at.own_text() == update.own_text();
    if !document.element(target).nodes().any(same) {
        document.append_copy(target, update);
    }
}
