//! Cuts an expression into tokens.

use super::ast::Operator;

#[derive(Clone, Debug, PartialEq)]
pub(super) enum Token {
    /// A name, with its prefix if it has one.
    Name(String),
    Literal(String),
    Number(f64),
    Operator(Operator),
    Slash,
    DoubleSlash,
    Dot,
    DoubleDot,
    At,
    DoubleColon,
    Comma,
    Star,
    /// `prefix:*`.
    PrefixStar(String),
    Variable(String),
    Open,
    Close,
    OpenBracket,
    CloseBracket,
}

/// A token and where it begins.
pub(super) type Placed = (usize, Token);

type Failure = (usize, String);

pub(super) fn tokens(text: &str) -> Result<Vec<Placed>, Failure> {
    let mut found: Vec<Placed> = Vec::new();
    let mut at = 0;
    while let Some(c) = rest(text, at).chars().next() {
        if matches!(c, ' ' | '\t' | '\r' | '\n') {
            at += 1;
            continue;
        }
        let operator_fits = operator_fits(found.last().map(|(_, token)| token));
        let (token, len) = one(rest(text, at), operator_fits).map_err(|reason| (at, reason))?;
        found.push((at, token));
        at += len;
    }
    Ok(found)
}

fn rest(text: &str, at: usize) -> &str {
    text.get(at..).unwrap_or_default()
}

/// XPath 1.0, 3.7: after something complete, `*` and the words are operators.
fn operator_fits(previous: Option<&Token>) -> bool {
    previous.is_some_and(|token| {
        !matches!(
            token,
            Token::At
                | Token::DoubleColon
                | Token::Open
                | Token::OpenBracket
                | Token::Comma
                | Token::Operator(_)
                | Token::Slash
                | Token::DoubleSlash
        )
    })
}

fn one(text: &str, operator_fits: bool) -> Result<(Token, usize), String> {
    if let Some(found) = symbol(text, operator_fits) {
        return Ok(found);
    }
    let first = text.chars().next().unwrap_or(' ');
    match first {
        '"' | '\'' => literal(text, first),
        '$' => {
            let (name, len) = name(text.get(1..).unwrap_or_default())
                .ok_or_else(|| "no name follows $".to_owned())?;
            Ok((Token::Variable(name.to_owned()), len + 1))
        }
        '0'..='9' | '.' => Ok(number(text)),
        _ => word(text, operator_fits),
    }
}

fn symbol(text: &str, operator_fits: bool) -> Option<(Token, usize)> {
    const SYMBOLS: [(&str, Token); 21] = [
        ("//", Token::DoubleSlash),
        ("::", Token::DoubleColon),
        ("!=", Token::Operator(Operator::NotEqual)),
        ("<=", Token::Operator(Operator::LessOrEqual)),
        (">=", Token::Operator(Operator::GreaterOrEqual)),
        ("..", Token::DoubleDot),
        ("/", Token::Slash),
        ("@", Token::At),
        (",", Token::Comma),
        ("(", Token::Open),
        (")", Token::Close),
        ("[", Token::OpenBracket),
        ("]", Token::CloseBracket),
        ("|", Token::Operator(Operator::Union)),
        ("=", Token::Operator(Operator::Equal)),
        ("<", Token::Operator(Operator::Less)),
        (">", Token::Operator(Operator::Greater)),
        ("+", Token::Operator(Operator::Plus)),
        ("-", Token::Operator(Operator::Minus)),
        ("*", Token::Star),
        (".", Token::Dot),
    ];
    let (shape, token) = SYMBOLS.into_iter().find(|(shape, _)| text.starts_with(shape))?;
    if token == Token::Dot && text.as_bytes().get(1).is_some_and(u8::is_ascii_digit) {
        // A number may begin with the dot.
        return None;
    }
    if token == Token::Star && operator_fits {
        return Some((Token::Operator(Operator::Times), 1));
    }
    Some((token, shape.len()))
}

fn literal(text: &str, quote: char) -> Result<(Token, usize), String> {
    let inside = text.get(1..).unwrap_or_default();
    let len = inside.find(quote).ok_or_else(|| format!("the text does not end with {quote}"))?;
    Ok((Token::Literal(inside.get(..len).unwrap_or_default().to_owned()), len + 2))
}

fn number(text: &str) -> (Token, usize) {
    let digits = |text: &str| text.bytes().take_while(u8::is_ascii_digit).count();
    let mut len = digits(text);
    if rest(text, len).starts_with('.') {
        len += 1;
        len += digits(rest(text, len));
    }
    let value = text.get(..len).unwrap_or_default().parse().unwrap_or(f64::NAN);
    (Token::Number(value), len)
}

fn word(text: &str, operator_fits: bool) -> Result<(Token, usize), String> {
    let Some((first, mut len)) = name(text) else {
        let c = text.chars().next().unwrap_or(' ');
        return Err(format!("{c:?} has no meaning here"));
    };
    let operator = match first {
        "and" => Some(Operator::And),
        "or" => Some(Operator::Or),
        "div" => Some(Operator::Divided),
        "mod" => Some(Operator::Modulo),
        _ => None,
    };
    if let Some(operator) = operator.filter(|_| operator_fits) {
        return Ok((Token::Operator(operator), len));
    }
    let after = rest(text, len);
    if let Some(local) = after.strip_prefix(':').filter(|local| !local.starts_with(':')) {
        if local.starts_with('*') {
            return Ok((Token::PrefixStar(first.to_owned()), len + 2));
        }
        let (_, local_len) = name(local).ok_or_else(|| format!("no name follows {first}:"))?;
        len += 1 + local_len;
    }
    Ok((Token::Name(text.get(..len).unwrap_or_default().to_owned()), len))
}

/// A name without colon at the beginning of the text.
fn name(text: &str) -> Option<(&str, usize)> {
    let start = |c: char| c.is_alphabetic() || c == '_';
    let inside = |c: char| start(c) || c.is_numeric() || matches!(c, '-' | '.' | '\u{b7}');
    text.chars().next().filter(|c| start(*c))?;
    let len = text.find(|c| !inside(c)).unwrap_or(text.len());
    Some((text.get(..len)?, len))
}
