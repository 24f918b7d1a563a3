//! When a polled resource is up: `= UP`, `> 5.1`, or a range such as `> -5 and < 10`. Source: the manual.

/// A comparison that must hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Bound<'t> {
    pub(crate) operator: &'t str,
    pub(crate) value: &'t str,
}

impl<'t> Bound<'t> {
    fn of(text: &'t str) -> Self {
        let (operator, value) = text.trim().split_once(char::is_whitespace).unwrap_or((text, ""));
        let value = value.trim();
        let inside = value.strip_prefix('"').and_then(|rest| rest.strip_suffix('"'));
        Self { operator, value: inside.unwrap_or(value) }
    }

    /// Whether it is about more and less.
    pub(crate) fn is_relative(self) -> bool {
        matches!(self.operator, "<" | "<=" | ">" | ">=")
    }

    pub(crate) fn number(self) -> Option<f64> {
        self.value.parse().ok().filter(|number: &f64| number.is_finite())
    }

    /// What a rule compares as, and when it does not hold.
    pub(crate) fn opposite(self) -> Option<(&'static str, &'static str)> {
        let kind = if self.number().is_some() { "number" } else { "string" };
        Some((opposite(self.operator)?, kind))
    }

    /// As the rule that it becomes: texts regardless of capitals.
    fn holds(self, value: &str) -> bool {
        let is_same = || value.eq_ignore_ascii_case(self.value);
        let numbers = value.parse::<f64>().ok().zip(self.number());
        match (self.operator, numbers) {
            ("=" | "==", None) => is_same(),
            ("!=", None) => !is_same(),
            ("=" | "==", Some((value, wanted))) => value == wanted,
            ("!=", Some((value, wanted))) => value != wanted,
            ("<", Some((value, wanted))) => value < wanted,
            ("<=", Some((value, wanted))) => value <= wanted,
            (">", Some((value, wanted))) => value > wanted,
            (">=", Some((value, wanted))) => value >= wanted,
            _ => false,
        }
    }
}

/// What must hold together: one comparison, or the two ends of a range.
pub(crate) fn bounds(text: &str) -> Vec<Bound<'_>> {
    let whole = Bound::of(text);
    match text.split_once(" and ").filter(|_| whole.is_relative()) {
        Some((low, high)) => vec![Bound::of(low), Bound::of(high)],
        None => vec![whole],
    }
}

/// Whether it is well with this value.
pub(crate) fn is_well(text: &str, value: &str) -> bool {
    bounds(text).into_iter().all(|bound| bound.holds(value))
}

/// What is wrong with it.
///
/// # Errors
/// What it must be.
pub(crate) fn check(text: &str) -> Result<(), &'static str> {
    let all = bounds(text);
    for bound in &all {
        match bound.operator {
            "=" | "!=" if !bound.value.is_empty() => {}
            ">" | "<" | ">=" | "<=" if bound.number().is_some() => {}
            ">" | "<" | ">=" | "<=" => return Err("only numbers are more or less"),
            _ => return Err("it takes =, !=, >, <, >= or <=, and a value"),
        }
    }
    let [low, high] = all.as_slice() else { return Ok(()) };
    let is_range = matches!(low.operator, ">" | ">=") && matches!(high.operator, "<" | "<=");
    match (is_range, low.number() < high.number()) {
        (true, true) => Ok(()),
        (true, false) => Err("the second number of a range is the higher one"),
        (false, _) => Err("a range is written as > 5 and < 10"),
    }
}

/// How a rule compares when this does not hold.
pub(crate) fn opposite(operator: &str) -> Option<&'static str> {
    Some(match operator {
        "=" | "==" => "ne",
        "!=" => "eq",
        "<" => "gte",
        "<=" => "gt",
        ">" => "lte",
        ">=" => "lt",
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_well_or_not() {
        for (text, well, unwell) in [
            ("= UP", &["UP", "up"][..], &["DOWN", "", "1"][..]),
            ("!= DOWN", &["UP", "5"], &["DOWN", "down"]),
            ("= \"On Course\"", &["On Course"], &["\"On Course\"", "On"]),
            ("= rock and roll", &["rock and roll"], &["rock"]),
            ("= 5", &["5", "5.0"], &["6", "UP"]),
            ("> 5.1", &["5.2", "6"], &["5.1", "UP"]),
            ("<= 3", &["3", "-7"], &["3.01", "many"]),
            ("> -5 and < 10", &["-4.9", "0", "9"], &["-5", "10", "UP"]),
            (">= 1 and <= 2", &["1", "2"], &["0.9", "2.1"]),
            ("~ 5", &[], &["5"]),
        ] {
            assert!(well.iter().all(|value| is_well(text, value)), "{text}");
            assert!(!unwell.iter().any(|value| is_well(text, value)), "{text}");
        }
    }

    #[test]
    fn what_is_no_condition_is_said() {
        for text in ["= UP", "!= DOWN", "> 5.1", "> -5 and < 10", ">= 1 and <= 2", "= a and b"] {
            assert_eq!(check(text), Ok(()), "{text}");
        }
        for (text, hint) in [
            ("UP", "it takes ="),
            ("=", "it takes ="),
            ("> UP", "only numbers"),
            ("> nan", "only numbers"),
            ("> 1 and UP", "it takes ="),
            ("> 10 and < 5", "the second number"),
            ("< 10 and > 5", "a range is written"),
            ("> 1 and > 2", "a range is written"),
        ] {
            assert!(check(text).is_err_and(|said| said.starts_with(hint)), "{text}");
        }
    }
}
