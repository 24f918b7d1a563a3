//! Holds a document against the tables.

use super::choice;
use super::ids::Ids;
use super::kind::{Kind, Target};
use super::nearest::nearest;
use super::table::{Attribute, Child, Content, Life, Rule};
use super::version::Schema;
use super::violation::{Problem, Violation};
use crate::element::Element;
use crate::tree::Kind as NodeKind;

/// More violations than this are not looked for: a person mends some and asks again.
const VIOLATIONS_MAX: usize = 1000;

/// For more than these, nobody reads which word was probably meant, and finding it takes time.
const SUGGESTIONS_MAX: usize = 50;

pub(super) struct Check<'d> {
    pub(super) schema: Schema,
    pub(super) violations: Vec<Violation>,
    /// Elements with an id of their own.
    ids: Ids<'d>,
    pub(super) references: Vec<Reference<'d>>,
}

pub(super) struct Reference<'d> {
    pub(super) from: Element<'d>,
    pub(super) attribute: &'static str,
    pub(super) id: &'d str,
    pub(super) target: Target,
}

impl<'d> Check<'d> {
    pub(super) fn new(schema: Schema) -> Self {
        Self { schema, violations: Vec::new(), ids: Ids::default(), references: Vec::new() }
    }

    pub(super) fn element(&mut self, element: Element<'d>, rule: &'static Rule) {
        if rule.content == Content::Anything {
            return;
        }
        self.unknown_attributes(element, rule);
        let schema = self.schema;
        for attribute in rule.attributes.iter().filter(|a| a.life.covers(schema)) {
            match element.attr(attribute.name) {
                Some(value) => self.value(element, attribute, value),
                None if attribute.required => {
                    let missing = vec![attribute.name.to_owned()];
                    self.report(element, Problem::MissingAttribute(missing));
                }
                None => {}
            }
        }
        for choice in rule.choices {
            choice::check(self, element, choice);
        }
        for child in rule.children.iter().filter(|child| child.life.covers(schema)) {
            let problem = count_problem(element, child);
            problem.into_iter().for_each(|problem| self.report(element, problem));
        }
        self.order(element, rule);
        self.inside(element, rule);
    }

    pub(super) fn report(&mut self, element: Element<'d>, problem: Problem) {
        if self.violations.len() < VIOLATIONS_MAX {
            self.violations.push(Violation::at(element, problem));
        }
    }

    /// Checks a value and remembers what it names.
    pub(super) fn value(&mut self, element: Element<'d>, attribute: &Attribute, value: &'d str) {
        if !attribute.kind.accepts(value, self.schema) {
            self.report(element, bad_value(attribute, value, self.schema));
            return;
        }
        match attribute.kind {
            Kind::Id => {
                let id = value.trim();
                if let Some(first) = self.ids.insert(id, element) {
                    let (id, first_line) = (id.to_owned(), first.line());
                    self.report(element, Problem::DuplicateId { id, first_line });
                }
            }
            Kind::IdRef(target) => self.references.push(Reference {
                from: element,
                attribute: attribute.name,
                id: value.trim(),
                target,
            }),
            Kind::Text
            | Kind::Boolean
            | Kind::Integer
            | Kind::Count
            | Kind::Positive(_)
            | Kind::Score
            | Kind::Words(_)
            | Kind::Except(_)
            | Kind::Devices
            | Kind::Ports => {}
        }
    }

    fn unknown_attributes(&mut self, element: Element<'d>, rule: &'static Rule) {
        for (name, _) in element.attrs() {
            if rule.attributes_in(self.schema).any(|known| known.name == name) {
                continue;
            }
            let mut allowed: Vec<&str> =
                rule.attributes_in(self.schema).map(|known| known.name).collect();
            allowed.dedup();
            let other = rule.all_attributes().find(|known| known.name == name);
            let problem = Problem::UnknownAttribute {
                name: name.to_owned(),
                nearest: nearest(name, allowed.iter().copied()).map(str::to_owned),
                elsewhere: other.map(|known| lived(known.life)),
                allowed: distinct(allowed),
            };
            self.report(element, problem);
        }
    }

    fn order(&mut self, element: Element<'d>, rule: &'static Rule) {
        if self.schema > rule.ordered_until {
            return;
        }
        let mut reached = 0;
        for inner in element.children() {
            let place = rule
                .children_in(self.schema)
                .find(|child| child.rule.name == inner.name())
                .map(|child| child.place);
            match place {
                Some(place) if place < reached => {
                    let late = inner.name().to_owned();
                    self.report(element, Problem::OutOfOrder { late });
                }
                Some(place) => reached = place,
                None => {}
            }
        }
    }

    fn inside(&mut self, element: Element<'d>, rule: &'static Rule) {
        for inner in element.nodes() {
            match inner.kind() {
                NodeKind::Comment => {}
                NodeKind::Text => {
                    self.report(element, Problem::Text(inner.own_text().to_owned()));
                }
                NodeKind::Element => {
                    let name = inner.name();
                    match rule.children_in(self.schema).find(|child| child.rule.name == name) {
                        Some(child) => self.element(inner, child.rule),
                        None => self.unknown_child(inner, element.name(), rule),
                    }
                }
            }
        }
    }

    fn unknown_child(&mut self, inner: Element<'d>, parent: &str, rule: &'static Rule) {
        let allowed: Vec<&str> =
            rule.children_in(self.schema).map(|child| child.rule.name).collect();
        let other = rule.all_children().find(|child| child.rule.name == inner.name());
        let problem = Problem::UnknownElement {
            parent: parent.to_owned(),
            nearest: nearest(inner.name(), allowed.iter().copied()).map(str::to_owned),
            elsewhere: other.map(|child| lived(child.life)),
            allowed: distinct(allowed),
        };
        self.report(inner, problem);
    }

    /// Looks up what was referred to: what is not there is a violation, what is of the wrong kind
    /// comes back.
    pub(super) fn references(&mut self) -> Vec<Violation> {
        let (mut dangling, mut misdirected) = (Vec::new(), Vec::new());
        for reference in &self.references {
            let found = self.violations.len() + dangling.len() + misdirected.len();
            if found >= VIOLATIONS_MAX {
                break;
            }
            match self.ids.get(reference.id) {
                Some(element) if reference.fits(element) => {}
                Some(_) => misdirected.push(self.unfit(reference, found < SUGGESTIONS_MAX)),
                None => dangling.push(self.unfit(reference, found < SUGGESTIONS_MAX)),
            }
        }
        self.violations.append(&mut dangling);
        misdirected
    }

    fn unfit(&self, reference: &Reference<'d>, suggest: bool) -> Violation {
        let ids = if suggest { self.ids.sorted() } else { Vec::new() };
        let fitting = ids.into_iter().filter(|(_, element)| reference.fits(*element));
        let problem = Problem::Dangling {
            attribute: reference.attribute.to_owned(),
            id: reference.id.to_owned(),
            wanted: match reference.target {
                Target::Resource => "a resource or tag",
                Target::Template => "a template",
                Target::Same => "an element of the same kind",
                Target::Role => "an acl_role",
                Target::Anything => "anything",
            },
            nearest: nearest(reference.id, fitting.map(|(id, _)| id)).map(str::to_owned),
        };
        Violation::at(reference.from, problem)
    }
}

impl Reference<'_> {
    fn fits(&self, element: Element<'_>) -> bool {
        match self.target {
            Target::Resource => matches!(
                element.name(),
                "primitive" | "group" | "clone" | "master" | "bundle" | "template" | "tag"
            ),
            Target::Template => element.is("template"),
            Target::Same => element.name() == self.from.name(),
            Target::Role => element.is("acl_role"),
            Target::Anything => true,
        }
    }
}

pub(super) fn bad_value(attribute: &Attribute, value: &str, schema: Schema) -> Problem {
    let words = attribute.kind.words(schema);
    let wanted = attribute.kind.wanted(schema);
    Problem::BadValue {
        attribute: attribute.name.to_owned(),
        found: value.to_owned(),
        wanted: if words.len() > 2 { format!("one of {wanted}") } else { wanted },
        nearest: nearest(value, words).map(str::to_owned),
    }
}

/// Too few or too many of one child.
pub(super) fn count_problem(element: Element<'_>, child: &Child) -> Option<Problem> {
    if child.least == 0 && child.most == usize::MAX {
        return None;
    }
    let name = child.rule.name;
    let enough = child.most.checked_add(1).unwrap_or(child.least);
    let count = element.children_named(name).take(enough).count();
    if count < child.least {
        Some(Problem::MissingElement(vec![name.to_owned()]))
    } else if count > child.most {
        Some(Problem::TooMany { name: name.to_owned(), most: child.most })
    } else {
        None
    }
}

fn lived(life: Life) -> String {
    match (life.since > Schema::OLDEST, life.until < Schema::NEWEST) {
        (true, true) => format!("it is part of {} to {}", life.since, life.until),
        (true, false) => format!("it is part of {} and later", life.since),
        (false, _) => format!("it is part of schemas up to {}", life.until),
    }
}

fn distinct(words: Vec<&str>) -> Vec<String> {
    let mut kept: Vec<String> = Vec::new();
    for word in words {
        if !kept.iter().any(|known| known == word) {
            kept.push(word.to_owned());
        }
    }
    kept
}
