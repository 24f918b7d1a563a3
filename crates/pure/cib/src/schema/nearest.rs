//! The word that was probably meant.

/// The candidate that takes the fewest changes of one letter (put in, left out, replaced, or
/// swapped with its neighbour), if they are few for the word's length. Case and the kind of dash
/// count little.
pub fn nearest<'w>(word: &str, candidates: impl IntoIterator<Item = &'w str>) -> Option<&'w str> {
    let plain = |text: &str| text.to_lowercase().replace('_', "-");
    let wanted: Vec<char> = plain(word).chars().take(WORD_MAX).collect();
    let budget = (wanted.len() / 3).max(1);
    candidates
        .into_iter()
        .filter(|candidate| *candidate != word)
        .filter_map(|candidate| {
            let other: Vec<char> = plain(candidate).chars().take(WORD_MAX).collect();
            // Each letter more or less takes a change.
            let close = other.len().abs_diff(wanted.len()) <= budget;
            close.then(|| (distance(&wanted, &other), candidate))
        })
        .filter(|(distance, _)| *distance <= budget)
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, candidate)| candidate)
}

/// Longer words are compared by their beginnings, to bound the work.
const WORD_MAX: usize = 64;

/// Optimal string alignment distance, row by row.
fn distance(a: &[char], b: &[char]) -> usize {
    let mut before_last: Vec<usize> = Vec::new();
    let mut last: Vec<usize> = (0..=b.len()).collect();
    let at = |row: &[usize], column: usize| row.get(column).copied().unwrap_or(usize::MAX / 2);
    for (i, left) in a.iter().enumerate() {
        let mut row = vec![i + 1];
        for (j, right) in b.iter().enumerate() {
            let replaced = at(&last, j) + usize::from(left != right);
            let changed = (at(&last, j + 1) + 1).min(at(&row, j) + 1).min(replaced);
            let crossed =
                i > 0 && j > 0 && a.get(i - 1) == Some(right) && b.get(j - 1) == Some(left);
            let swapped = if crossed { at(&before_last, j - 1) + 1 } else { usize::MAX };
            row.push(changed.min(swapped));
        }
        before_last = std::mem::replace(&mut last, row);
    }
    at(&last, b.len())
}

#[cfg(test)]
mod tests {
    use super::nearest;

    #[test]
    fn slips_of_the_keyboard_are_understood() {
        let words = ["primitive", "group", "clone", "template", "on-fail"];
        for (word, meant) in [
            ("primitve", Some("primitive")),
            ("gruop", Some("group")),
            ("Clone", Some("clone")),
            ("on_fail", Some("on-fail")),
            ("zebra", None),
            ("", None),
        ] {
            assert_eq!(nearest(word, words), meant, "{word}");
        }
    }
}
