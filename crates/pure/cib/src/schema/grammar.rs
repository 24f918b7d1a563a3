//! The tables of one schema as a RELAX NG grammar, so that other programs hold documents against
//! the same rules.
//!
//! One definition an element and table, each an element of its own, and nothing in other files:
//! crmsh looks up elements by their names, and takes what stands in `optional` and `zeroOrMore`
//! for optional.

use super::kind::Kind;
use super::table::{Alternative, Attribute, Child, Choice, Content, Rule};
use super::tables;
use super::version::Schema;
use crate::relax_ng::{Grammar, Pattern};

/// What `schema` says, as a grammar.
pub fn grammar(schema: Schema) -> Grammar {
    let names = Names::of(schema);
    let definitions = names.all.iter().map(|(rule, name)| {
        let inside = inside(rule, schema, &names);
        (name.clone(), Pattern::Element(rule.name.to_owned(), inside))
    });
    Grammar { start: Pattern::Ref(names.get(&tables::CIB)), definitions: definitions.collect() }
}

/// What a document must have at its root, and which schemas it may name.
pub fn grammar_of_versions() -> Grammar {
    let mut known = vec!["none".to_owned()];
    known.extend(Schema::all().map(|schema| schema.to_string()));
    let schemas = Pattern::one_of(known.into_iter().map(Pattern::Value).collect());
    let others = tables::CIB.attributes.iter().filter(|other| other.name != "validate-with");
    let others: Vec<Attribute> = others.copied().collect();
    let mut inside = vec![Pattern::attribute("validate-with", schemas).optional()];
    inside.extend(attributes(&others, Schema::NEWEST));
    inside.push(Pattern::AnyElementBut(Vec::new()).any_number());
    let start = Pattern::Element(tables::CIB.name.to_owned(), inside);
    Grammar { start, definitions: Vec::new() }
}

/// Every table that a schema uses, and the name of its definition.
struct Names {
    all: Vec<(&'static Rule, String)>,
}

impl Names {
    fn of(schema: Schema) -> Self {
        let mut names = Self { all: Vec::new() };
        names.add(&tables::CIB, schema);
        names
    }

    fn add(&mut self, rule: &'static Rule, schema: Schema) {
        if self.all.iter().any(|(known, _)| std::ptr::eq(*known, rule)) {
            return;
        }
        let same = self.all.iter().filter(|(known, _)| known.name == rule.name).count();
        let name = match same {
            0 => rule.name.to_owned(),
            earlier => format!("{}-{}", rule.name, earlier + 1),
        };
        self.all.push((rule, name));
        rule.children_in(schema).for_each(|child| self.add(child.rule, schema));
    }

    fn get(&self, rule: &Rule) -> String {
        let found = self.all.iter().find(|(known, _)| std::ptr::eq(*known, rule));
        found.map(|(_, name)| name.clone()).unwrap_or_default()
    }
}

/// A part of an element's content, with its place among the others.
struct Part {
    place: u8,
    pattern: Pattern,
    /// Whether it holds no elements: then it may stand anywhere.
    attributes_alone: bool,
}

fn inside(rule: &Rule, schema: Schema, names: &Names) -> Vec<Pattern> {
    if rule.content == Content::Anything {
        return vec![Pattern::AnyElementBut(Vec::new()).any_number()];
    }
    let mut all = attributes(rule.attributes, schema);
    let choices = rule.choices.iter().map(|choice| part_of(choice, rule, schema, names));
    let children = live(rule.children, schema).map(|child| Part {
        place: child.place,
        pattern: child_pattern(child, names),
        attributes_alone: false,
    });
    let mut parts: Vec<Part> = Vec::new();
    for part in choices.chain(children) {
        if part.attributes_alone { all.push(part.pattern) } else { parts.push(part) }
    }
    all.extend(in_order(parts, schema <= rule.ordered_until));
    all
}

/// Parts one after the other by their places, or in any order.
fn in_order(mut parts: Vec<Part>, ordered: bool) -> Vec<Pattern> {
    if !ordered {
        return together(parts.into_iter().map(|part| part.pattern).collect());
    }
    parts.sort_by_key(|part| part.place);
    let mut all: Vec<(u8, Vec<Pattern>)> = Vec::new();
    for part in parts {
        match all.last_mut() {
            Some((place, same)) if *place == part.place => same.push(part.pattern),
            Some(_) | None => all.push((part.place, vec![part.pattern])),
        }
    }
    all.into_iter().flat_map(|(_, same)| together(same)).collect()
}

fn together(all: Vec<Pattern>) -> Vec<Pattern> {
    if all.len() > 1 { vec![Pattern::Interleave(all)] } else { all }
}

fn live(children: &'static [Child], schema: Schema) -> impl Iterator<Item = &'static Child> {
    children.iter().filter(move |child| child.life.covers(schema))
}

fn part_of(choice: &Choice, rule: &Rule, schema: Schema, names: &Names) -> Part {
    let alternatives: Vec<&Alternative> =
        choice.alternatives.iter().filter(|one| one.life.covers(schema)).collect();
    let children = alternatives.iter().flat_map(|one| live(one.children, schema));
    let place = children.map(|child| child.place).max();
    let ordered = schema <= rule.ordered_until;
    let all = alternatives.iter().map(|one| alternative(one, ordered, schema, names));
    let pattern = Pattern::one_of(all.collect());
    let pattern = if choice.required { pattern } else { pattern.optional() };
    Part { place: place.unwrap_or(0), pattern, attributes_alone: place.is_none() }
}

fn alternative(one: &Alternative, ordered: bool, schema: Schema, names: &Names) -> Pattern {
    let mut all = attributes(one.attributes, schema);
    if one.not_empty {
        let children = live(one.children, schema).map(|child| Pattern::Ref(names.get(child.rule)));
        all.push(Pattern::one_of(children.collect()).at_least_one());
    } else {
        let parts = live(one.children, schema).map(|child| Part {
            place: child.place,
            pattern: child_pattern(child, names),
            attributes_alone: false,
        });
        all.extend(in_order(parts.collect(), ordered));
    }
    match all.len() {
        1 => all.pop().unwrap_or(Pattern::NotAllowed),
        _ => Pattern::Group(all),
    }
}

fn child_pattern(child: &Child, names: &Names) -> Pattern {
    let one = Pattern::Ref(names.get(child.rule));
    match (child.least, child.most) {
        (0, 1) => one.optional(),
        (0, _) => one.any_number(),
        (_, 1) => one,
        (_, _) => one.at_least_one(),
    }
}

fn attributes(all: &[Attribute], schema: Schema) -> Vec<Pattern> {
    let live = all.iter().filter(|attribute| attribute.life.covers(schema));
    let pattern = |attribute: &Attribute| {
        let one = Pattern::attribute(attribute.name, value(attribute.kind, schema));
        if attribute.required { one } else { one.optional() }
    };
    live.map(pattern).collect()
}

fn value(kind: Kind, schema: Schema) -> Pattern {
    let matching = |expression: &str| Pattern::Data {
        kind: "string",
        parameters: vec![("pattern", expression.to_owned())],
        except: Vec::new(),
    };
    let words = |words: &[super::kind::Word]| -> Vec<String> {
        let live = words.iter().filter(|word| word.life.covers(schema));
        live.map(|word| word.text.to_owned()).collect()
    };
    match kind {
        Kind::Text => Pattern::Text,
        Kind::Id => Pattern::data("ID"),
        Kind::IdRef(_) => Pattern::data("IDREF"),
        Kind::Boolean => Pattern::data("boolean"),
        Kind::Integer => Pattern::data("integer"),
        Kind::Count => Pattern::data("nonNegativeInteger"),
        Kind::Positive(u64::MAX) => Pattern::data("positiveInteger"),
        Kind::Positive(most) => Pattern::Data {
            kind: "positiveInteger",
            parameters: vec![("maxInclusive", most.to_string())],
            except: Vec::new(),
        },
        Kind::Score => {
            let mut all = vec![Pattern::data("integer")];
            let infinite = ["INFINITY", "+INFINITY", "-INFINITY"];
            all.extend(infinite.map(|word| Pattern::Value(word.to_owned())));
            Pattern::Choice(all)
        }
        Kind::Words(list) => Pattern::one_of(words(list).into_iter().map(Pattern::Value).collect()),
        Kind::Except(list) => match words(list) {
            none if none.is_empty() => Pattern::Text,
            except => Pattern::Data { kind: "string", parameters: Vec::new(), except },
        },
        Kind::Devices => matching("[A-Za-z0-9_.\\-]+(,[A-Za-z0-9_.\\-]+)*"),
        Kind::Ports => matching("[0-9\\-]+"),
    }
}
