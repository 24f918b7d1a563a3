//! The core functions (XPath 1.0, 4).

use std::ops::RangeInclusive;

use super::eval::{Context, Evaluation};
use super::value::{Selected, Value};
use crate::element::Element;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Function {
    Last,
    Position,
    Count,
    Id,
    LocalName,
    NamespaceUri,
    Name,
    String,
    Concat,
    StartsWith,
    Contains,
    SubstringBefore,
    SubstringAfter,
    Substring,
    StringLength,
    NormalizeSpace,
    Translate,
    Boolean,
    Not,
    True,
    False,
    Lang,
    Number,
    Sum,
    Floor,
    Ceiling,
    Round,
}

const TABLE: [(&str, Function, RangeInclusive<usize>); 27] = [
    ("last", Function::Last, 0..=0),
    ("position", Function::Position, 0..=0),
    ("count", Function::Count, 1..=1),
    ("id", Function::Id, 1..=1),
    ("local-name", Function::LocalName, 0..=1),
    ("namespace-uri", Function::NamespaceUri, 0..=1),
    ("name", Function::Name, 0..=1),
    ("string", Function::String, 0..=1),
    ("concat", Function::Concat, 2..=usize::MAX),
    ("starts-with", Function::StartsWith, 2..=2),
    ("contains", Function::Contains, 2..=2),
    ("substring-before", Function::SubstringBefore, 2..=2),
    ("substring-after", Function::SubstringAfter, 2..=2),
    ("substring", Function::Substring, 2..=3),
    ("string-length", Function::StringLength, 0..=1),
    ("normalize-space", Function::NormalizeSpace, 0..=1),
    ("translate", Function::Translate, 3..=3),
    ("boolean", Function::Boolean, 1..=1),
    ("not", Function::Not, 1..=1),
    ("true", Function::True, 0..=0),
    ("false", Function::False, 0..=0),
    ("lang", Function::Lang, 1..=1),
    ("number", Function::Number, 0..=1),
    ("sum", Function::Sum, 1..=1),
    ("floor", Function::Floor, 1..=1),
    ("ceiling", Function::Ceiling, 1..=1),
    ("round", Function::Round, 1..=1),
];

impl Function {
    pub(super) fn named(name: &str) -> Option<Self> {
        TABLE.iter().find(|(known, ..)| *known == name).map(|(_, function, _)| *function)
    }

    pub(super) fn names() -> impl Iterator<Item = &'static str> {
        TABLE.iter().map(|(name, ..)| *name)
    }

    /// How many arguments it takes.
    pub(super) fn arguments(self) -> RangeInclusive<usize> {
        TABLE
            .iter()
            .find(|(_, function, _)| *function == self)
            .map_or(0..=0, |(_, _, takes)| takes.clone())
    }
}

/// Calls a function; `values` fit its number of arguments.
pub(super) fn call<'d>(
    evaluation: &Evaluation<'d>,
    function: Function,
    context: Context<'d>,
    values: Vec<Value<'d>>,
) -> Result<Value<'d>, String> {
    let text = |at: usize| values.get(at).map_or_else(String::new, |v| evaluation.text(v));
    let number = |at: usize| values.get(at).map_or(f64::NAN, |v| evaluation.number(v));
    let text_or_own = || match values.first() {
        Some(value) => evaluation.text(value),
        None => context.node.text(evaluation.root()),
    };
    let node_or_own = || match values.first() {
        Some(Value::Nodes(nodes)) => Ok(nodes.first().copied()),
        Some(_) => Err(not_nodes()),
        None => Ok(Some(context.node)),
    };
    Ok(match function {
        Function::Last => Value::Number(context.size as f64),
        Function::Position => Value::Number(context.position as f64),
        Function::Count => match values.first() {
            Some(Value::Nodes(nodes)) => Value::Number(nodes.len() as f64),
            Some(_) | None => return Err(not_nodes()),
        },
        Function::Id => Value::Nodes(by_id(evaluation, values.first())),
        Function::Name => Value::Text(node_or_own()?.map_or("", Selected::name).to_owned()),
        Function::LocalName => {
            let name = node_or_own()?.map_or("", Selected::name);
            Value::Text(name.rsplit(':').next().unwrap_or_default().to_owned())
        }
        Function::NamespaceUri => {
            node_or_own()?;
            Value::Text(String::new())
        }
        Function::String => Value::Text(text_or_own()),
        Function::Concat => Value::Text((0..values.len()).map(text).collect()),
        Function::StartsWith => Value::Boolean(text(0).starts_with(&text(1))),
        Function::Contains => Value::Boolean(text(0).contains(&text(1))),
        Function::SubstringBefore => {
            Value::Text(text(0).split_once(&text(1)).map_or("", |(before, _)| before).to_owned())
        }
        Function::SubstringAfter => {
            Value::Text(text(0).split_once(&text(1)).map_or("", |(_, after)| after).to_owned())
        }
        Function::Substring => {
            let len = if values.len() > 2 { number(2) } else { f64::INFINITY };
            Value::Text(substring(&text(0), number(1), len))
        }
        Function::StringLength => Value::Number(text_or_own().chars().count() as f64),
        Function::NormalizeSpace => Value::Text(normalized(&text_or_own())),
        Function::Translate => Value::Text(translated(&text(0), &text(1), &text(2))),
        Function::Boolean => Value::Boolean(values.first().is_some_and(Evaluation::is_true)),
        Function::Not => Value::Boolean(!values.first().is_some_and(Evaluation::is_true)),
        Function::True => Value::Boolean(true),
        Function::False => Value::Boolean(false),
        Function::Lang => Value::Boolean(speaks(context.node, &text(0))),
        Function::Number => Value::Number(match values.first() {
            Some(value) => evaluation.number(value),
            None => super::value::number_of(&text_or_own()),
        }),
        Function::Sum => match values.first() {
            Some(Value::Nodes(nodes)) => {
                let each =
                    |node: &Selected<'d>| super::value::number_of(&node.text(evaluation.root()));
                Value::Number(nodes.iter().map(each).sum())
            }
            Some(_) | None => return Err(not_nodes()),
        },
        Function::Floor => Value::Number(number(0).floor()),
        Function::Ceiling => Value::Number(number(0).ceil()),
        // Halves go up, also below zero.
        Function::Round => Value::Number((number(0) + 0.5).floor()),
    })
}

pub(super) fn not_nodes() -> String {
    "a set of nodes is needed where there is text, a number or a truth value".to_owned()
}

fn by_id<'d>(evaluation: &Evaluation<'d>, value: Option<&Value<'d>>) -> Vec<Selected<'d>> {
    let root = evaluation.root();
    let texts: Vec<String> = match value {
        Some(Value::Nodes(nodes)) => nodes.iter().map(|node| node.text(root)).collect(),
        Some(other) => vec![evaluation.text(other)],
        None => Vec::new(),
    };
    let mut found: Vec<Element<'d>> = Vec::new();
    for id in texts.iter().flat_map(|text| text.split_ascii_whitespace()) {
        if let Some(element) = root.document().find_id(id)
            && !found.contains(&element)
        {
            found.push(element);
        }
    }
    evaluation.in_order(found.into_iter().map(Selected::Element).collect())
}

fn substring(text: &str, from: f64, len: f64) -> String {
    let round = |number: f64| (number + 0.5).floor();
    let from = round(from);
    let until = from + round(len);
    let kept = |(at, c): (usize, char)| {
        let position = at as f64 + 1.0;
        (position >= from && position < until).then_some(c)
    };
    text.chars().enumerate().filter_map(kept).collect()
}

fn normalized(text: &str) -> String {
    let words: Vec<&str> =
        text.split([' ', '\t', '\r', '\n']).filter(|word| !word.is_empty()).collect();
    words.join(" ")
}

fn translated(text: &str, from: &str, to: &str) -> String {
    let translate = |c: char| match from.chars().position(|known| known == c) {
        Some(at) => to.chars().nth(at),
        None => Some(c),
    };
    text.chars().filter_map(translate).collect()
}

fn speaks(node: Selected<'_>, wanted: &str) -> bool {
    let around = std::iter::successors(node.place(), |at| at.parent());
    let said = around.filter_map(|at| at.attr("xml:lang")).next().map(str::to_lowercase);
    let wanted = wanted.to_lowercase();
    said.is_some_and(|said| {
        said == wanted || said.strip_prefix(&wanted).is_some_and(|rest| rest.starts_with('-'))
    })
}
