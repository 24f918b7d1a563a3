//! The difference of two texts, line by line, as people read it.

/// What became of a line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Change {
    Kept,
    Removed,
    Added,
}

/// Texts of which more lines than this differ are shown as removed and added whole: the table
/// below grows with the square.
const LINES_MAX: usize = 3000;

/// Lines around a change that are shown with it.
const CONTEXT: usize = 3;

/// Every line of both texts, in order.
pub fn lines<'t>(before: &'t str, after: &'t str) -> Vec<(Change, &'t str)> {
    let old: Vec<&str> = before.lines().collect();
    let new: Vec<&str> = after.lines().collect();
    let same = |(a, b): &(&&str, &&str)| a == b;
    let head = old.iter().zip(&new).take_while(same).count();
    let (old_rest, new_rest) =
        (old.get(head..).unwrap_or_default(), new.get(head..).unwrap_or_default());
    let tail = old_rest.iter().rev().zip(new_rest.iter().rev()).take_while(same).count();
    let old_middle = old_rest.get(..old_rest.len() - tail).unwrap_or_default();
    let new_middle = new_rest.get(..new_rest.len() - tail).unwrap_or_default();
    let kept = |line: &&'t str| (Change::Kept, *line);
    let mut all: Vec<(Change, &str)> = old.iter().take(head).map(kept).collect();
    all.extend(middle(old_middle, new_middle));
    all.extend(old.iter().skip(old.len() - tail).map(kept));
    all
}

/// Only the changes and the lines around them, as `diff -u` marks them.
pub fn unified(before: &str, after: &str) -> String {
    let lines = lines(before, after);
    let changed: Vec<usize> = lines
        .iter()
        .enumerate()
        .filter(|(_, (change, _))| *change != Change::Kept)
        .map(|(at, _)| at)
        .collect();
    let near = |at: usize| {
        let next = changed.partition_point(|changed| changed + CONTEXT < at);
        changed.get(next).is_some_and(|changed| *changed <= at + CONTEXT)
    };
    let mut out = String::new();
    let mut skipped = false;
    for (at, (change, line)) in lines.iter().enumerate() {
        if !near(at) {
            skipped = true;
            continue;
        }
        if std::mem::take(&mut skipped) {
            out.push_str("...\n");
        }
        out.push_str(match change {
            Change::Kept => "  ",
            Change::Removed => "- ",
            Change::Added => "+ ",
        });
        out.push_str(line);
        out.push('\n');
    }
    out
}

/// The longest common subsequence, by the usual table.
fn middle<'t>(old: &[&'t str], new: &[&'t str]) -> Vec<(Change, &'t str)> {
    let removed = |line: &&'t str| (Change::Removed, *line);
    let added = |line: &&'t str| (Change::Added, *line);
    if old.len() > LINES_MAX || new.len() > LINES_MAX {
        return old.iter().map(removed).chain(new.iter().map(added)).collect();
    }
    let width = new.len() + 1;
    let mut lengths = vec![0_u32; (old.len() + 1) * width];
    let at = |table: &[u32], row: usize, column: usize| {
        table.get(row * width + column).copied().unwrap_or(0)
    };
    for (row, a) in old.iter().enumerate().rev() {
        for (column, b) in new.iter().enumerate().rev() {
            let best = if a == b {
                at(&lengths, row + 1, column + 1) + 1
            } else {
                at(&lengths, row + 1, column).max(at(&lengths, row, column + 1))
            };
            if let Some(cell) = lengths.get_mut(row * width + column) {
                *cell = best;
            }
        }
    }
    let (mut row, mut column) = (0, 0);
    let mut out = Vec::with_capacity(old.len() + new.len());
    loop {
        match (old.get(row), new.get(column)) {
            (None, None) => return out,
            (Some(a), Some(b)) if a == b => {
                out.push((Change::Kept, *a));
                row += 1;
                column += 1;
            }
            (Some(a), b)
                if b.is_none()
                    || at(&lengths, row + 1, column) >= at(&lengths, row, column + 1) =>
            {
                out.push((Change::Removed, *a));
                row += 1;
            }
            (_, Some(b)) => {
                out.push((Change::Added, *b));
                column += 1;
            }
            (Some(a), None) => {
                out.push((Change::Removed, *a));
                row += 1;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn changes_are_marked_with_what_is_around() {
        let before = "1\n2\n3\n4\n5\n6\n7\n8\n9\n";
        let after = "1\n2\n3\n4\n5\nsix\n7\n8\n9\n";
        assert_eq!(unified(before, after), "...\n  3\n  4\n  5\n- 6\n+ six\n  7\n  8\n  9\n");
        assert_eq!(unified(before, before), "");
        assert_eq!(unified("", "a\n"), "+ a\n");
        assert_eq!(unified("a\nb\n", "b\n"), "- a\n  b\n");
    }
}
