//! Patterns of names.

use regex_lite::Regex;

use super::Select;

/// Whether names match; what is no expression matches nothing.
pub(super) struct Names(Option<Regex>, bool);

impl Names {
    pub(super) fn of(select: &Select) -> Self {
        let pattern = select.pattern.as_deref();
        Self(pattern.and_then(|pattern| Regex::new(pattern).ok()), pattern.is_none())
    }

    pub(super) fn take(&self, name: &str) -> bool {
        self.1 || self.0.as_ref().is_some_and(|regex| regex.is_match(name))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pattern_matches_anywhere_in_a_name() {
        let takes = |pattern: &str, name: &str| {
            let select = Select { pattern: Some(pattern.to_owned()), ..Select::default() };
            Names::of(&select).take(name)
        };
        assert!(takes("fail-count", "fail-count-db") && takes("ra.*", "extra"));
        assert!(!takes("^ra", "extra") && !takes("(", "(") && !takes("x", "y"));
        assert!(Names::of(&Select::default()).take("anything"));
    }
}
