//! Names in the order in which people count.

use std::cmp::Ordering;

/// Order of names in which runs of digits count as numbers and case does not.
pub(crate) fn natural_order(a: &str, b: &str) -> Ordering {
    let (mut a, mut b) = (a.as_bytes(), b.as_bytes());
    loop {
        let (Some(first_a), Some(first_b)) = (a.first(), b.first()) else {
            return a.len().cmp(&b.len());
        };
        if first_a.is_ascii_digit() && first_b.is_ascii_digit() {
            let (run_a, rest_a) = digits(a);
            let (run_b, rest_b) = digits(b);
            // Of equal numbers the one with fewer leading zeros comes first.
            let order = significant(run_a)
                .len()
                .cmp(&significant(run_b).len())
                .then_with(|| significant(run_a).cmp(significant(run_b)))
                .then_with(|| run_a.len().cmp(&run_b.len()));
            if order != Ordering::Equal {
                return order;
            }
            (a, b) = (rest_a, rest_b);
        } else {
            let order = first_a.to_ascii_lowercase().cmp(&first_b.to_ascii_lowercase());
            if order != Ordering::Equal {
                return order;
            }
            (a, b) = (a.get(1..).unwrap_or_default(), b.get(1..).unwrap_or_default());
        }
    }
}

fn digits(text: &[u8]) -> (&[u8], &[u8]) {
    let end = text.iter().position(|byte| !byte.is_ascii_digit()).unwrap_or(text.len());
    text.split_at(end)
}

fn significant(run: &[u8]) -> &[u8] {
    let start = run.iter().position(|byte| *byte != b'0').unwrap_or(run.len());
    run.get(start..).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::natural_order;

    #[test]
    fn numbers_in_names_count() {
        let mut names = ["node10", "Node9", "node2", "node02", "db", "node"];
        names.sort_by(|a, b| natural_order(a, b));
        assert_eq!(names, ["db", "node", "node2", "node02", "Node9", "node10"]);
    }
}
