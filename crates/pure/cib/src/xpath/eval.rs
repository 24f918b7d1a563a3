//! Evaluates an expression on a document.

use std::cell::{Cell, OnceCell};

use super::ast::{Axis, Expr, Operator, Step, Test};
use super::functions::{call, not_nodes};
use super::value::{Selected, Value, number_of, text_of};
use crate::element::Element;
use crate::tree::Document;

/// More visits of nodes than this, and some for each node of the document, and the expression is
/// given up: enough for any path on any cluster, and still only a moment.
const VISITS_MAX: usize = 2_000_000;
const VISITS_OF_EACH: usize = 20;

pub(super) fn evaluate<'d>(expression: &Expr, document: &'d Document) -> Result<Value<'d>, String> {
    let most = VISITS_MAX + VISITS_OF_EACH * document.nodes.len();
    let evaluation = Evaluation { document, left: Cell::new(most), order: OnceCell::new() };
    let context = Context { node: Selected::Document, position: 1, size: 1 };
    evaluation.expr(expression, context)
}

pub(super) struct Evaluation<'d> {
    document: &'d Document,
    /// Visits that it may still take.
    left: Cell<usize>,
    /// Each node's place in document order, by its index.
    order: OnceCell<Vec<u32>>,
}

#[derive(Clone, Copy)]
pub(super) struct Context<'d> {
    pub(super) node: Selected<'d>,
    pub(super) position: usize,
    pub(super) size: usize,
}

impl<'d> Evaluation<'d> {
    pub(super) fn root(&self) -> Element<'d> {
        self.document.root()
    }

    fn expr(&self, expression: &Expr, context: Context<'d>) -> Result<Value<'d>, String> {
        match expression {
            Expr::Literal(text) => Ok(Value::Text(text.clone())),
            Expr::Number(number) => Ok(Value::Number(*number)),
            Expr::Negated(inner) => {
                let value = self.expr(inner, context)?;
                Ok(Value::Number(-self.number(&value)))
            }
            Expr::Call(function, arguments) => {
                let values: Result<Vec<Value<'d>>, String> =
                    arguments.iter().map(|argument| self.expr(argument, context)).collect();
                call(self, *function, context, values?)
            }
            Expr::Path { absolute, steps } => {
                let start = if *absolute { Selected::Document } else { context.node };
                if let Some(found) = self.by_id(start, steps) {
                    let rest = steps.get(1..).unwrap_or_default();
                    return self.walk(found, rest).map(Value::Nodes);
                }
                self.walk(vec![start], steps).map(Value::Nodes)
            }
            Expr::From { start, predicates, steps } => {
                let mut nodes = self.nodes(start, context)?;
                for predicate in predicates {
                    nodes = self.filtered(nodes, predicate)?;
                }
                self.walk(nodes, steps).map(Value::Nodes)
            }
            Expr::Binary(operator, left, right) => self.binary(*operator, left, right, context),
        }
    }

    fn nodes(&self, expression: &Expr, context: Context<'d>) -> Result<Vec<Selected<'d>>, String> {
        match self.expr(expression, context)? {
            Value::Nodes(nodes) => Ok(nodes),
            Value::Text(_) | Value::Number(_) | Value::Boolean(_) => Err(not_nodes()),
        }
    }

    // ---- paths --------------------------------------------------------------------------

    /// `//name[@id='x']` at the beginning of a path, through the index of ids.
    fn by_id(&self, start: Selected<'d>, steps: &[Step]) -> Option<Vec<Selected<'d>>> {
        let [step, ..] = steps else { return None };
        let [Expr::Binary(Operator::Equal, left, right)] = step.predicates.as_slice() else {
            return None;
        };
        let (Expr::Path { absolute: false, steps: inner }, Expr::Literal(id)) =
            (left.as_ref(), right.as_ref())
        else {
            return None;
        };
        let [Step { axis: Axis::Attribute, test: Test::Name(name), predicates }] = inner.as_slice()
        else {
            return None;
        };
        let from_top = start == Selected::Document && step.axis == Axis::Descendant;
        if !from_top || name != "id" || !predicates.is_empty() {
            return None;
        }
        let found = self.document.find_all_ids(id).into_iter().map(Selected::Element);
        Some(found.filter(|node| fits(*node, &step.test, Axis::Child)).collect())
    }

    fn walk(
        &self,
        mut nodes: Vec<Selected<'d>>,
        steps: &[Step],
    ) -> Result<Vec<Selected<'d>>, String> {
        for step in steps {
            let several = nodes.len() > 1;
            let mut found = Vec::new();
            for node in nodes {
                let mut reached = self.along(step.axis, &step.test, node)?;
                for predicate in &step.predicates {
                    reached = self.filtered(reached, predicate)?;
                }
                if step.axis.is_reverse() {
                    reached.reverse();
                }
                found.append(&mut reached);
            }
            // Attributes and the nodes themselves stay in order; other axes may overlap.
            let ordered = matches!(step.axis, Axis::Attribute | Axis::Itself);
            nodes = if several && !ordered { self.in_order(found) } else { found };
        }
        Ok(nodes)
    }

    /// Nodes that one step reaches from `node`, nearest first.
    fn along(
        &self,
        axis: Axis,
        test: &Test,
        node: Selected<'d>,
    ) -> Result<Vec<Selected<'d>>, String> {
        let mut reached = Vec::new();
        let mut left = self.left.get();
        let keep = |candidate: Selected<'d>| {
            left = left.saturating_sub(1);
            if fits(candidate, test, axis) {
                reached.push(candidate);
            }
            left > 0
        };
        visit(axis, node, self.root(), keep);
        self.spend(self.left.get() - left)?;
        Ok(reached)
    }

    fn spend(&self, visits: usize) -> Result<(), String> {
        self.left.set(self.left.get().saturating_sub(visits));
        if self.left.get() == 0 {
            return Err("this takes too much work".to_owned());
        }
        Ok(())
    }

    fn filtered(
        &self,
        nodes: Vec<Selected<'d>>,
        predicate: &Expr,
    ) -> Result<Vec<Selected<'d>>, String> {
        let size = nodes.len();
        let mut kept = Vec::new();
        for (at, node) in nodes.into_iter().enumerate() {
            let context = Context { node, position: at + 1, size };
            let holds = match self.expr(predicate, context)? {
                Value::Number(number) => number == context.position as f64,
                other @ (Value::Nodes(_) | Value::Text(_) | Value::Boolean(_)) => {
                    Self::is_true(&other)
                }
            };
            if holds {
                kept.push(node);
            }
        }
        Ok(kept)
    }

    /// Sorted into document order, each once.
    pub(super) fn in_order(&self, nodes: Vec<Selected<'d>>) -> Vec<Selected<'d>> {
        let order = self.order.get_or_init(|| {
            let mut order = vec![0; self.document.nodes.len()];
            let everything = every_node(self.root());
            for (place, node) in everything.enumerate() {
                if let Some(slot) = order.get_mut(node.index as usize) {
                    *slot = place as u32 + 1;
                }
            }
            order
        });
        let mut keyed: Vec<((u32, u32), Selected<'d>)> = nodes
            .into_iter()
            .map(|node| {
                let index = node.place().map(|place| place.index as usize);
                let place = index.and_then(|index| order.get(index)).copied().unwrap_or(0);
                ((place, attribute_place(node)), node)
            })
            .collect();
        keyed.sort_by_key(|(key, _)| *key);
        keyed.dedup_by_key(|(key, _)| *key);
        keyed.into_iter().map(|(_, node)| node).collect()
    }

    // ---- operators ----------------------------------------------------------------------

    fn binary(
        &self,
        operator: Operator,
        left: &Expr,
        right: &Expr,
        context: Context<'d>,
    ) -> Result<Value<'d>, String> {
        let numbers = |act: fn(f64, f64) -> f64| {
            let (a, b) = (self.expr(left, context)?, self.expr(right, context)?);
            Ok(Value::Number(act(self.number(&a), self.number(&b))))
        };
        match operator {
            Operator::Or => Ok(Value::Boolean(
                Self::is_true(&self.expr(left, context)?)
                    || Self::is_true(&self.expr(right, context)?),
            )),
            Operator::And => Ok(Value::Boolean(
                Self::is_true(&self.expr(left, context)?)
                    && Self::is_true(&self.expr(right, context)?),
            )),
            Operator::Union => {
                let mut all = self.nodes(left, context)?;
                all.append(&mut self.nodes(right, context)?);
                Ok(Value::Nodes(self.in_order(all)))
            }
            Operator::Plus => numbers(|a, b| a + b),
            Operator::Minus => numbers(|a, b| a - b),
            Operator::Times => numbers(|a, b| a * b),
            Operator::Divided => numbers(|a, b| a / b),
            Operator::Modulo => numbers(|a, b| a % b),
            Operator::Equal
            | Operator::NotEqual
            | Operator::Less
            | Operator::LessOrEqual
            | Operator::Greater
            | Operator::GreaterOrEqual => {
                let (a, b) = (self.expr(left, context)?, self.expr(right, context)?);
                self.compare(operator, &a, &b).map(Value::Boolean)
            }
        }
    }

    /// A comparison with a set of nodes holds if it holds for one of them (XPath 1.0, 3.4).
    fn compare(&self, operator: Operator, a: &Value<'d>, b: &Value<'d>) -> Result<bool, String> {
        if let (Value::Boolean(_), _) | (_, Value::Boolean(_)) = (a, b)
            && is_equality(operator)
        {
            let (a, b) = (Value::Boolean(Self::is_true(a)), Value::Boolean(Self::is_true(b)));
            return Ok(self.compare_plain(operator, &a, &b));
        }
        let (left, right) = (self.each(a), self.each(b));
        self.spend(left.len().saturating_mul(right.len()))?;
        let holds = |a: &Value<'d>| right.iter().any(|b| self.compare_plain(operator, a, b));
        Ok(left.iter().any(holds))
    }

    /// A set's texts, or the value itself.
    fn each(&self, value: &Value<'d>) -> Vec<Value<'d>> {
        match value {
            Value::Nodes(nodes) => {
                nodes.iter().map(|node| Value::Text(node.text(self.root()))).collect()
            }
            Value::Text(_) | Value::Number(_) | Value::Boolean(_) => vec![value.clone()],
        }
    }

    fn compare_plain(&self, operator: Operator, a: &Value<'d>, b: &Value<'d>) -> bool {
        let equal = || match (a, b) {
            (Value::Boolean(_), _) | (_, Value::Boolean(_)) => Self::is_true(a) == Self::is_true(b),
            (Value::Number(_), _) | (_, Value::Number(_)) => self.number(a) == self.number(b),
            (_, _) => self.text(a) == self.text(b),
        };
        match operator {
            Operator::NotEqual => !equal(),
            Operator::Less => self.number(a) < self.number(b),
            Operator::LessOrEqual => self.number(a) <= self.number(b),
            Operator::Greater => self.number(a) > self.number(b),
            Operator::GreaterOrEqual => self.number(a) >= self.number(b),
            Operator::Equal
            | Operator::Or
            | Operator::And
            | Operator::Plus
            | Operator::Minus
            | Operator::Times
            | Operator::Divided
            | Operator::Modulo
            | Operator::Union => equal(),
        }
    }

    // ---- conversions --------------------------------------------------------------------

    pub(super) fn is_true(value: &Value<'_>) -> bool {
        match value {
            Value::Nodes(nodes) => !nodes.is_empty(),
            Value::Text(text) => !text.is_empty(),
            Value::Number(number) => *number != 0.0 && !number.is_nan(),
            Value::Boolean(truth) => *truth,
        }
    }

    pub(super) fn text(&self, value: &Value<'d>) -> String {
        match value {
            Value::Nodes(nodes) => {
                nodes.first().map_or_else(String::new, |node| node.text(self.root()))
            }
            Value::Text(text) => text.clone(),
            Value::Number(number) => text_of(*number),
            Value::Boolean(truth) => truth.to_string(),
        }
    }

    pub(super) fn number(&self, value: &Value<'d>) -> f64 {
        match value {
            Value::Number(number) => *number,
            Value::Boolean(truth) => f64::from(u8::from(*truth)),
            Value::Nodes(_) | Value::Text(_) => number_of(&self.text(value)),
        }
    }
}

fn is_equality(operator: Operator) -> bool {
    matches!(operator, Operator::Equal | Operator::NotEqual)
}

fn fits(node: Selected<'_>, test: &Test, axis: Axis) -> bool {
    let principal = if axis == Axis::Attribute {
        matches!(node, Selected::Attribute { .. })
    } else {
        matches!(node, Selected::Element(_))
    };
    match test {
        Test::Name(name) => principal && node.name() == name,
        Test::Prefix(prefix) => {
            principal && node.name().split_once(':').is_some_and(|(before, _)| before == prefix)
        }
        Test::Any => principal,
        Test::Node => true,
        Test::Text => matches!(node, Selected::Text(_)),
        Test::Comment => matches!(node, Selected::Comment(_)),
        Test::Instruction => false,
    }
}

/// Calls `keep` with each node on the axis, nearest first, until it answers `false`.
fn visit<'d>(
    axis: Axis,
    node: Selected<'d>,
    root: Element<'d>,
    mut keep: impl FnMut(Selected<'d>) -> bool,
) {
    let mut all = |nodes: &mut dyn Iterator<Item = Selected<'d>>| {
        for node in nodes {
            if !keep(node) {
                break;
            }
        }
    };
    match axis {
        Axis::Itself => all(&mut std::iter::once(node)),
        Axis::Child => all(&mut children(node, root)),
        Axis::Descendant => all(&mut below(node, root).filter(|at| *at != node)),
        Axis::DescendantOrSelf => all(&mut below(node, root)),
        Axis::Parent => all(&mut parent(node).into_iter()),
        Axis::Ancestor => all(&mut std::iter::successors(parent(node), |at| parent(*at))),
        Axis::AncestorOrSelf => all(&mut std::iter::successors(Some(node), |at| parent(*at))),
        Axis::FollowingSibling => all(&mut siblings(node, |at| at.next)),
        Axis::PrecedingSibling => all(&mut siblings(node, |at| at.previous)),
        Axis::Following => {
            let around = std::iter::successors(tree_place(node), |at| at.parent());
            let after = around.flat_map(|at| siblings(Selected::of(at), |node| node.next));
            let own = own_content_of_owner(node, root);
            all(&mut own.chain(after.flat_map(|at| below(at, root))));
        }
        Axis::Preceding => {
            let around = std::iter::successors(tree_place(node), |at| at.parent());
            let before = around.flat_map(|at| siblings(Selected::of(at), |node| node.previous));
            all(&mut before.flat_map(|at| {
                let mut inside: Vec<Selected<'d>> = below(at, root).collect();
                inside.reverse();
                inside
            }));
        }
        Axis::Attribute => {
            if let Selected::Element(of) = node {
                let each = of.attrs().map(|(name, value)| Selected::Attribute { of, name, value });
                all(&mut { each });
            }
        }
        Axis::Namespace => {}
    }
}

fn tree_place(node: Selected<'_>) -> Option<Element<'_>> {
    node.place()
}

/// What is inside an attribute's element comes after the attribute.
fn own_content_of_owner<'d>(
    node: Selected<'d>,
    root: Element<'d>,
) -> Box<dyn Iterator<Item = Selected<'d>> + 'd> {
    match node {
        Selected::Attribute { of, .. } => {
            let owner = Selected::Element(of);
            Box::new(below(owner, root).filter(move |at| *at != owner))
        }
        Selected::Document | Selected::Element(_) | Selected::Comment(_) | Selected::Text(_) => {
            Box::new(std::iter::empty())
        }
    }
}

fn parent(node: Selected<'_>) -> Option<Selected<'_>> {
    match node {
        Selected::Document => None,
        Selected::Attribute { of, .. } => Some(Selected::Element(of)),
        Selected::Element(at) | Selected::Comment(at) | Selected::Text(at) => {
            Some(at.parent().map_or(Selected::Document, Selected::Element))
        }
    }
}

fn children<'d>(
    node: Selected<'d>,
    root: Element<'d>,
) -> Box<dyn Iterator<Item = Selected<'d>> + 'd> {
    match node {
        Selected::Document => Box::new(std::iter::once(Selected::Element(root))),
        Selected::Element(element) => Box::new(element.nodes().map(Selected::of)),
        Selected::Attribute { .. } | Selected::Comment(_) | Selected::Text(_) => {
            Box::new(std::iter::empty())
        }
    }
}

/// The node and all in it, in document order.
fn below<'d>(node: Selected<'d>, root: Element<'d>) -> Box<dyn Iterator<Item = Selected<'d>> + 'd> {
    match node {
        Selected::Document => {
            Box::new(std::iter::once(node).chain(every_node(root).map(Selected::of)))
        }
        Selected::Element(element) => Box::new(every_node(element).map(Selected::of)),
        Selected::Attribute { .. } | Selected::Comment(_) | Selected::Text(_) => {
            Box::new(std::iter::once(node))
        }
    }
}

fn every_node<'d>(top: Element<'d>) -> impl Iterator<Item = Element<'d>> + 'd {
    std::iter::successors(Some(top), move |at| at.following(top.index))
}

fn siblings<'d>(
    node: Selected<'d>,
    go: impl Fn(&crate::tree::Node) -> u32 + 'd,
) -> impl Iterator<Item = Selected<'d>> + 'd {
    let place = match node {
        Selected::Element(at) | Selected::Comment(at) | Selected::Text(at) => Some(at),
        Selected::Document | Selected::Attribute { .. } => None,
    };
    let step = move |at: &Element<'d>| {
        let index = go(at.node()?);
        at.document.node(index)?;
        Some(Element { document: at.document, index })
    };
    std::iter::successors(place, step).skip(1).map(Selected::of)
}

/// Attributes come after their element, in their own order.
fn attribute_place(node: Selected<'_>) -> u32 {
    match node {
        Selected::Attribute { of, name, .. } => {
            let at = of.attrs().position(|(known, _)| known == name).unwrap_or(0);
            at as u32 + 1
        }
        Selected::Document | Selected::Element(_) | Selected::Comment(_) | Selected::Text(_) => 0,
    }
}
