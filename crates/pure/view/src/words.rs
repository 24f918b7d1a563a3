//! Small rules of English, and the nearest right word.

/// `a`, `a and b`, `a, b and c`.
pub fn list<S: AsRef<str>>(items: &[S]) -> String {
    match items {
        [] => String::new(),
        [one] => one.as_ref().to_owned(),
        [rest @ .., last] => {
            let rest: Vec<&str> = rest.iter().map(AsRef::as_ref).collect();
            format!("{} and {}", rest.join(", "), last.as_ref())
        }
    }
}

/// More names than this are not read any more.
const NAMED_MAX: usize = 6;
/// So many of them stand for all.
const NAMED: usize = 3;

/// [`list`] where many may be meant: `a, b, c and 28 others`.
pub fn some<S: AsRef<str>>(items: &[S]) -> String {
    match items.split_at_checked(NAMED) {
        Some((first, others)) if items.len() > NAMED_MAX => {
            let first: Vec<&str> = first.iter().map(AsRef::as_ref).collect();
            format!("{} and {} others", first.join(", "), others.len())
        }
        _ => list(items),
    }
}

/// `1 node`, `3 nodes`.
pub fn count(number: usize, noun: &str) -> String {
    if number == 1 { format!("1 {noun}") } else { format!("{number} {noun}s") }
}

/// `one` to `twelve`, then digits.
pub fn number(number: usize) -> String {
    const WORDS: [&str; 13] = [
        "no", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten",
        "eleven", "twelve",
    ];
    WORDS.get(number).map_or_else(|| number.to_string(), |word| (*word).to_owned())
}

/// The known word that was probably meant: few letters differ, for the length of the word.
pub fn nearest<'k>(wrong: &str, known: impl IntoIterator<Item = &'k str>) -> Option<&'k str> {
    let wrong_low = wrong.to_lowercase();
    let allowed = wrong.chars().count().div_ceil(3).max(1);
    known
        .into_iter()
        .map(|word| (distance(&wrong_low, &word.to_lowercase()), word))
        .filter(|(distance, _)| *distance <= allowed)
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, word)| word)
}

/// How many letters must be changed, added, removed or swapped with their neighbour.
fn distance(a: &str, b: &str) -> usize {
    let (a, b): (Vec<char>, Vec<char>) = (a.chars().collect(), b.chars().collect());
    let mut before: Vec<usize> = Vec::new();
    let mut last: Vec<usize> = (0..=b.len()).collect();
    for (row, ca) in a.iter().enumerate() {
        let mut this = vec![row + 1];
        for (column, cb) in b.iter().enumerate() {
            let at =
                |line: &[usize], column: usize| line.get(column).copied().unwrap_or(usize::MAX);
            let changed = at(&last, column) + usize::from(ca != cb);
            let mut best = changed.min(at(&last, column + 1) + 1).min(at(&this, column) + 1);
            let swapped = row > 0
                && column > 0
                && a.get(row - 1) == Some(cb)
                && b.get(column - 1) == Some(ca);
            if swapped {
                best = best.min(at(&before, column - 1).saturating_add(1));
            }
            this.push(best);
        }
        before = std::mem::replace(&mut last, this);
    }
    last.last().copied().unwrap_or(usize::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_nearest_word_is_found() {
        let known = ["address", "server", "lock"];
        assert_eq!(nearest("adress", known), Some("address"));
        assert_eq!(nearest("sevrer", known), Some("server"));
        assert_eq!(nearest("LOCK", known), Some("lock"));
        assert_eq!(nearest("database", known), None);
        assert_eq!(nearest("x", ["y"]), Some("y"));
    }

    #[test]
    fn lists_read_well() {
        assert_eq!(list::<&str>(&[]), "");
        assert_eq!(list(&["a", "b", "c"]), "a, b and c");
        assert_eq!(some(&["a", "b", "c", "d", "e", "f"]), "a, b, c, d, e and f");
        assert_eq!(some(&["a", "b", "c", "d", "e", "f", "g"]), "a, b, c and 4 others");
        assert_eq!(count(1, "node") + &count(2, "node"), "1 node2 nodes");
    }
}
