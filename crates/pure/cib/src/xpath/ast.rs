//! The shape of an expression.

use super::functions::Function;

#[derive(Clone, Debug)]
pub(super) enum Expr {
    Binary(Operator, Box<Expr>, Box<Expr>),
    Negated(Box<Expr>),
    Literal(String),
    Number(f64),
    Call(Function, Vec<Expr>),
    /// A location path from the context node or the root.
    Path {
        absolute: bool,
        steps: Vec<Step>,
    },
    /// Nodes that an expression gives, filtered, and steps from there.
    From {
        start: Box<Expr>,
        predicates: Vec<Expr>,
        steps: Vec<Step>,
    },
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Operator {
    Or,
    And,
    Equal,
    NotEqual,
    Less,
    LessOrEqual,
    Greater,
    GreaterOrEqual,
    Plus,
    Minus,
    Times,
    Divided,
    Modulo,
    Union,
}

#[derive(Clone, Debug)]
pub(super) struct Step {
    pub(super) axis: Axis,
    pub(super) test: Test,
    pub(super) predicates: Vec<Expr>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Axis {
    Child,
    Descendant,
    Parent,
    Ancestor,
    FollowingSibling,
    PrecedingSibling,
    Following,
    Preceding,
    Attribute,
    Namespace,
    Itself,
    DescendantOrSelf,
    AncestorOrSelf,
}

impl Axis {
    const NAMES: [(&'static str, Self); 13] = [
        ("child", Self::Child),
        ("descendant", Self::Descendant),
        ("parent", Self::Parent),
        ("ancestor", Self::Ancestor),
        ("following-sibling", Self::FollowingSibling),
        ("preceding-sibling", Self::PrecedingSibling),
        ("following", Self::Following),
        ("preceding", Self::Preceding),
        ("attribute", Self::Attribute),
        ("namespace", Self::Namespace),
        ("self", Self::Itself),
        ("descendant-or-self", Self::DescendantOrSelf),
        ("ancestor-or-self", Self::AncestorOrSelf),
    ];

    pub(super) fn named(name: &str) -> Option<Self> {
        Self::NAMES.iter().find(|(known, _)| *known == name).map(|(_, axis)| *axis)
    }

    pub(super) fn names() -> impl Iterator<Item = &'static str> {
        Self::NAMES.iter().map(|(name, _)| *name)
    }

    /// Whether positions count away from the context node, against document order.
    pub(super) fn is_reverse(self) -> bool {
        matches!(
            self,
            Self::Parent
                | Self::Ancestor
                | Self::AncestorOrSelf
                | Self::Preceding
                | Self::PrecedingSibling
        )
    }
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Test {
    /// Nodes of the axis's kind with this name.
    Name(String),
    /// Nodes of the axis's kind whose name begins with this prefix and a colon.
    Prefix(String),
    /// Nodes of the axis's kind.
    Any,
    /// Nodes of every kind.
    Node,
    Text,
    Comment,
    /// Documents keep none.
    Instruction,
}
