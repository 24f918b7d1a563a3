//! The language of the schema tables: which attributes and children an element may have, since
//! and until which schema.
//!
//! An element is valid when each of its [`Choice`]s is met by one alternative and everything else
//! it holds is listed. That is enough for all of the CIB's schemas.

use super::kind::Kind;
use super::version::Schema;

/// Before every schema.
const NEVER: Schema = Schema::number(0);

/// Schemas from..=until.
#[derive(Clone, Copy, Debug)]
pub(super) struct Life {
    pub(super) since: Schema,
    pub(super) until: Schema,
}

impl Life {
    const ALWAYS: Self = Self { since: Schema::OLDEST, until: Schema::NEWEST };

    pub(super) fn covers(self, schema: Schema) -> bool {
        self.since <= schema && schema <= self.until
    }
}

#[derive(Debug)]
pub(super) struct Rule {
    pub(super) name: &'static str,
    pub(super) attributes: &'static [Attribute],
    pub(super) choices: &'static [Choice],
    pub(super) children: &'static [Child],
    /// Up to this schema, children stand in the order of their places.
    pub(super) ordered_until: Schema,
    pub(super) content: Content,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Content {
    Listed,
    /// Whatever is inside is nobody's business.
    Anything,
}

#[derive(Clone, Copy, Debug)]
pub(super) struct Attribute {
    pub(super) name: &'static str,
    pub(super) kind: Kind,
    pub(super) required: bool,
    pub(super) life: Life,
}

#[derive(Clone, Copy, Debug)]
pub(super) struct Child {
    pub(super) rule: &'static Rule,
    pub(super) least: usize,
    pub(super) most: usize,
    pub(super) place: u8,
    pub(super) life: Life,
}

/// Exactly one of the alternatives must hold; none may if the choice is not required and nothing
/// that it mentions is there.
#[derive(Clone, Copy, Debug)]
pub(super) struct Choice {
    pub(super) alternatives: &'static [Alternative],
    pub(super) required: bool,
}

#[derive(Clone, Copy, Debug)]
pub(super) struct Alternative {
    pub(super) attributes: &'static [Attribute],
    pub(super) children: &'static [Child],
    /// Whether at least one of the children must be there.
    pub(super) not_empty: bool,
    pub(super) life: Life,
}

impl Rule {
    /// An element that may hold nothing; tables say what differs.
    pub(super) const EMPTY: Self = Self {
        name: "",
        attributes: &[],
        choices: &[],
        children: &[],
        ordered_until: NEVER,
        content: Content::Listed,
    };
}

pub(super) const fn must(name: &'static str, kind: Kind) -> Attribute {
    Attribute { name, kind, required: true, life: Life::ALWAYS }
}

pub(super) const fn may(name: &'static str, kind: Kind) -> Attribute {
    Attribute { name, kind, required: false, life: Life::ALWAYS }
}

pub(super) const fn one(rule: &'static Rule) -> Child {
    Child { rule, least: 1, most: 1, place: 0, life: Life::ALWAYS }
}

pub(super) const fn maybe(rule: &'static Rule) -> Child {
    Child { rule, least: 0, most: 1, place: 0, life: Life::ALWAYS }
}

/// At least one.
pub(super) const fn some(rule: &'static Rule) -> Child {
    Child { rule, least: 1, most: usize::MAX, place: 0, life: Life::ALWAYS }
}

pub(super) const fn many(rule: &'static Rule) -> Child {
    Child { rule, least: 0, most: usize::MAX, place: 0, life: Life::ALWAYS }
}

pub(super) const fn with(attributes: &'static [Attribute]) -> Alternative {
    Alternative { attributes, children: &[], not_empty: false, life: Life::ALWAYS }
}

pub(super) const fn holding(children: &'static [Child]) -> Alternative {
    Alternative { attributes: &[], children, not_empty: false, life: Life::ALWAYS }
}

pub(super) const fn one_of(alternatives: &'static [Alternative]) -> Choice {
    Choice { alternatives, required: true }
}

pub(super) const fn at_most_one_of(alternatives: &'static [Alternative]) -> Choice {
    Choice { alternatives, required: false }
}

macro_rules! lived {
    ($($type:ident),*) => {$(
        impl $type {
            /// From this schema on.
            pub(super) const fn since(mut self, number: u16) -> Self {
                self.life.since = Schema::number(number);
                self
            }

            /// Up to this schema, itself included.
            pub(super) const fn until(mut self, number: u16) -> Self {
                self.life.until = Schema::number(number);
                self
            }
        }
    )*};
}

lived!(Attribute, Child, Alternative);

impl Child {
    /// Among ordered children: after all of a lower place.
    pub(super) const fn placed(mut self, place: u8) -> Self {
        self.place = place;
        self
    }
}

impl Alternative {
    pub(super) const fn and_holding(mut self, children: &'static [Child]) -> Self {
        self.children = children;
        self
    }

    /// With at least one of these.
    pub(super) const fn and_some_of(mut self, children: &'static [Child]) -> Self {
        self.children = children;
        self.not_empty = true;
        self
    }
}

impl Rule {
    /// Every attribute that some schema knows here.
    pub(super) fn all_attributes(&self) -> impl Iterator<Item = &'static Attribute> {
        let chosen = self.choices.iter().flat_map(|choice| {
            choice.alternatives.iter().flat_map(|alternative| alternative.attributes)
        });
        self.attributes.iter().chain(chosen)
    }

    /// Every child that some schema knows here.
    pub(super) fn all_children(&self) -> impl Iterator<Item = &'static Child> {
        let chosen = self.choices.iter().flat_map(|choice| {
            choice.alternatives.iter().flat_map(|alternative| alternative.children)
        });
        self.children.iter().chain(chosen)
    }

    /// What this schema knows here, choices and alternatives of other schemas left out.
    pub(super) fn attributes_in(&self, schema: Schema) -> impl Iterator<Item = &'static Attribute> {
        let chosen = self
            .choices
            .iter()
            .flat_map(|choice| choice.alternatives)
            .filter(move |alternative| alternative.life.covers(schema))
            .flat_map(|alternative| alternative.attributes);
        self.attributes.iter().chain(chosen).filter(move |attribute| attribute.life.covers(schema))
    }

    /// As [`Rule::attributes_in`], for children.
    pub(super) fn children_in(&self, schema: Schema) -> impl Iterator<Item = &'static Child> {
        let chosen = self
            .choices
            .iter()
            .flat_map(|choice| choice.alternatives)
            .filter(move |alternative| alternative.life.covers(schema))
            .flat_map(|alternative| alternative.children);
        self.children.iter().chain(chosen).filter(move |child| child.life.covers(schema))
    }
}
