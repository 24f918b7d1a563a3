//! Makes an expression of tokens, by recursive descent.

use super::ast::{Axis, Expr, Operator, Step, Test};
use super::functions::Function;
use super::lex::{Placed, Token};
use crate::schema::nearest;

type Failure = (usize, String);

/// Expressions nested deeper are refused, so that no text can exhaust the stack.
const DEPTH_MAX: usize = 64;

pub(super) fn expression(tokens: &[Placed], end: usize) -> Result<Expr, Failure> {
    let mut reader = Reader { tokens, next: 0, end, depth: 0 };
    let expression = reader.binary(0)?;
    match reader.peek() {
        None => Ok(expression),
        Some(_) => Err(reader.expected("the end or an operator")),
    }
}

struct Reader<'t> {
    tokens: &'t [Placed],
    next: usize,
    end: usize,
    depth: usize,
}

/// Operators from the weakest to the strongest binding.
const LEVELS: [&[Operator]; 6] = [
    &[Operator::Or],
    &[Operator::And],
    &[Operator::Equal, Operator::NotEqual],
    &[Operator::Less, Operator::LessOrEqual, Operator::Greater, Operator::GreaterOrEqual],
    &[Operator::Plus, Operator::Minus],
    &[Operator::Times, Operator::Divided, Operator::Modulo],
];

impl<'t> Reader<'t> {
    fn peek(&self) -> Option<&'t Token> {
        self.ahead(0)
    }

    fn ahead(&self, by: usize) -> Option<&'t Token> {
        self.tokens.get(self.next + by).map(|(_, token)| token)
    }

    fn take(&mut self, token: &Token) -> bool {
        let found = self.peek() == Some(token);
        self.next += usize::from(found);
        found
    }

    fn at(&self) -> usize {
        self.tokens.get(self.next).map_or(self.end, |(at, _)| *at)
    }

    fn expected(&self, what: &str) -> Failure {
        (self.at(), format!("expected {what}"))
    }

    fn binary(&mut self, level: usize) -> Result<Expr, Failure> {
        let Some(operators) = LEVELS.get(level) else { return self.unary() };
        let mut left = self.binary(level + 1)?;
        while let Some(Token::Operator(operator)) = self.peek()
            && operators.contains(operator)
        {
            self.next += 1;
            let right = self.binary(level + 1)?;
            left = Expr::Binary(*operator, Box::new(left), Box::new(right));
        }
        Ok(left)
    }

    fn unary(&mut self) -> Result<Expr, Failure> {
        let mut negations = 0_usize;
        while self.take(&Token::Operator(Operator::Minus)) {
            negations += 1;
        }
        let inner = self.union()?;
        // Two signs still make a number of it.
        Ok(match negations {
            0 => inner,
            odd if odd % 2 == 1 => Expr::Negated(Box::new(inner)),
            _ => Expr::Negated(Box::new(Expr::Negated(Box::new(inner)))),
        })
    }

    fn union(&mut self) -> Result<Expr, Failure> {
        let mut left = self.path()?;
        while self.take(&Token::Operator(Operator::Union)) {
            let right = self.path()?;
            left = Expr::Binary(Operator::Union, Box::new(left), Box::new(right));
        }
        Ok(left)
    }

    fn path(&mut self) -> Result<Expr, Failure> {
        self.depth += 1;
        if self.depth > DEPTH_MAX {
            return Err((self.at(), "the expression is nested too deeply".to_owned()));
        }
        let path = self.path_inside();
        self.depth -= 1;
        path
    }

    fn path_inside(&mut self) -> Result<Expr, Failure> {
        if self.take(&Token::Slash) {
            let steps = if self.step_follows() { self.steps()? } else { Vec::new() };
            return Ok(Expr::Path { absolute: true, steps });
        }
        if self.take(&Token::DoubleSlash) {
            let steps = self.steps_below()?;
            return Ok(Expr::Path { absolute: true, steps });
        }
        if self.step_follows() {
            return Ok(Expr::Path { absolute: false, steps: self.steps()? });
        }
        let start = self.primary()?;
        let predicates = self.predicates()?;
        let steps = if self.take(&Token::Slash) {
            self.steps()?
        } else if self.take(&Token::DoubleSlash) {
            self.steps_below()?
        } else {
            Vec::new()
        };
        if predicates.is_empty() && steps.is_empty() {
            return Ok(start);
        }
        Ok(Expr::From { start: Box::new(start), predicates, steps })
    }

    fn step_follows(&self) -> bool {
        match self.peek() {
            Some(
                Token::Dot | Token::DoubleDot | Token::At | Token::Star | Token::PrefixStar(_),
            ) => true,
            Some(Token::Name(name)) => self.ahead(1) != Some(&Token::Open) || is_kind(name),
            Some(_) | None => false,
        }
    }

    fn steps(&mut self) -> Result<Vec<Step>, Failure> {
        let first = self.step()?;
        self.more_steps(vec![first])
    }

    /// After `//`.
    fn steps_below(&mut self) -> Result<Vec<Step>, Failure> {
        let first = below(self.step()?);
        self.more_steps(first)
    }

    fn more_steps(&mut self, mut steps: Vec<Step>) -> Result<Vec<Step>, Failure> {
        loop {
            if self.take(&Token::DoubleSlash) {
                steps.append(&mut below(self.step()?));
            } else if self.take(&Token::Slash) {
                steps.push(self.step()?);
            } else {
                return Ok(steps);
            }
        }
    }

    fn step(&mut self) -> Result<Step, Failure> {
        if self.take(&Token::Dot) {
            return Ok(Step { axis: Axis::Itself, test: Test::Node, predicates: Vec::new() });
        }
        if self.take(&Token::DoubleDot) {
            return Ok(Step { axis: Axis::Parent, test: Test::Node, predicates: Vec::new() });
        }
        let axis = self.axis()?;
        let test = self.test()?;
        Ok(Step { axis, test, predicates: self.predicates()? })
    }

    fn axis(&mut self) -> Result<Axis, Failure> {
        if self.take(&Token::At) {
            return Ok(Axis::Attribute);
        }
        let (Some(Token::Name(name)), Some(Token::DoubleColon)) = (self.peek(), self.ahead(1))
        else {
            return Ok(Axis::Child);
        };
        let axis =
            Axis::named(name).ok_or_else(|| (self.at(), unknown("axis", name, Axis::names())))?;
        self.next += 2;
        Ok(axis)
    }

    fn test(&mut self) -> Result<Test, Failure> {
        match self.peek() {
            Some(Token::Star) => {
                self.next += 1;
                Ok(Test::Any)
            }
            Some(Token::PrefixStar(prefix)) => {
                self.next += 1;
                Ok(Test::Prefix(prefix.clone()))
            }
            Some(Token::Name(name)) if self.ahead(1) == Some(&Token::Open) => self.kind(name),
            Some(Token::Name(name)) => {
                self.next += 1;
                Ok(Test::Name(name.clone()))
            }
            Some(_) | None => Err(self.expected("a name, * or a kind of node")),
        }
    }

    fn kind(&mut self, name: &str) -> Result<Test, Failure> {
        let test = match name {
            "node" => Test::Node,
            "text" => Test::Text,
            "comment" => Test::Comment,
            "processing-instruction" => Test::Instruction,
            _ => return Err(self.expected("a name, * or a kind of node")),
        };
        self.next += 2;
        if test == Test::Instruction && matches!(self.peek(), Some(Token::Literal(_))) {
            self.next += 1;
        }
        self.close()?;
        Ok(test)
    }

    fn predicates(&mut self) -> Result<Vec<Expr>, Failure> {
        let mut found = Vec::new();
        while self.take(&Token::OpenBracket) {
            found.push(self.binary(0)?);
            if !self.take(&Token::CloseBracket) {
                return Err(self.expected("]"));
            }
        }
        Ok(found)
    }

    fn primary(&mut self) -> Result<Expr, Failure> {
        let at = self.at();
        match self.peek() {
            Some(Token::Literal(text)) => {
                self.next += 1;
                Ok(Expr::Literal(text.clone()))
            }
            Some(Token::Number(number)) => {
                self.next += 1;
                Ok(Expr::Number(*number))
            }
            Some(Token::Open) => {
                self.next += 1;
                let inner = self.binary(0)?;
                self.close()?;
                Ok(inner)
            }
            Some(Token::Name(name)) => self.call(at, name),
            Some(Token::Variable(name)) => Err((at, format!("there is no variable ${name}"))),
            Some(_) | None => Err(self.expected("a path, a value or a function")),
        }
    }

    fn call(&mut self, at: usize, name: &str) -> Result<Expr, Failure> {
        let function = Function::named(name)
            .ok_or_else(|| (at, unknown("function", name, Function::names())))?;
        self.next += 2;
        let mut arguments = Vec::new();
        if self.peek() != Some(&Token::Close) {
            arguments.push(self.binary(0)?);
            while self.take(&Token::Comma) {
                arguments.push(self.binary(0)?);
            }
        }
        self.close()?;
        let takes = function.arguments();
        if !takes.contains(&arguments.len()) {
            let reason = format!("{name}() does not take {} arguments", arguments.len());
            return Err((at, reason));
        }
        Ok(Expr::Call(function, arguments))
    }

    fn close(&mut self) -> Result<(), Failure> {
        if self.take(&Token::Close) { Ok(()) } else { Err(self.expected(")")) }
    }
}

fn is_kind(name: &str) -> bool {
    matches!(name, "node" | "text" | "comment" | "processing-instruction")
}

/// What `//` and the step after it mean. Children of anything below are what is below, unless a
/// predicate asks for positions among siblings: then it takes two steps.
fn below(step: Step) -> Vec<Step> {
    if step.axis == Axis::Child && !step.predicates.iter().any(may_ask_position) {
        return vec![Step { axis: Axis::Descendant, ..step }];
    }
    let anything = Step { axis: Axis::DescendantOrSelf, test: Test::Node, predicates: Vec::new() };
    vec![anything, step]
}

/// Whether a predicate is, or may come to, a position.
fn may_ask_position(predicate: &Expr) -> bool {
    match predicate {
        Expr::Binary(operator, left, right) => match operator {
            Operator::Plus
            | Operator::Minus
            | Operator::Times
            | Operator::Divided
            | Operator::Modulo => true,
            Operator::Or | Operator::And => may_ask_position(left) || may_ask_position(right),
            Operator::Equal
            | Operator::NotEqual
            | Operator::Less
            | Operator::LessOrEqual
            | Operator::Greater
            | Operator::GreaterOrEqual
            | Operator::Union => calls_position(left) || calls_position(right),
        },
        Expr::Path { .. } | Expr::Literal(_) => false,
        Expr::From { start, .. } => calls_position(start),
        Expr::Call(Function::Not | Function::Contains | Function::StartsWith, arguments) => {
            arguments.iter().any(calls_position)
        }
        Expr::Call(..) | Expr::Negated(_) | Expr::Number(_) => true,
    }
}

/// Whether `position()` or `last()` is asked for the node itself.
fn calls_position(expression: &Expr) -> bool {
    match expression {
        Expr::Call(Function::Position | Function::Last, _) => true,
        Expr::Call(_, inner) => inner.iter().any(calls_position),
        Expr::Binary(_, left, right) => calls_position(left) || calls_position(right),
        Expr::Negated(inner) | Expr::From { start: inner, .. } => calls_position(inner),
        Expr::Path { .. } | Expr::Literal(_) | Expr::Number(_) => false,
    }
}

fn unknown(what: &str, name: &str, known: impl Iterator<Item = &'static str>) -> String {
    match nearest(name, known) {
        Some(word) => format!("there is no {what} called {name}; did you mean {word}?"),
        None => format!("there is no {what} called {name}"),
    }
}
