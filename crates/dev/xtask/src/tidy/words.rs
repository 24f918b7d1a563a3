//! The glossary: words that are wrong everywhere but where a foreign format or command speaks.

use super::files::Tree;

/// Wrong words, and what to say.
const WRONG: &[(&str, &str)] = &[
    ("suicide", "self-fencing"),
    ("blacklist", "ban"),
    ("slave", "unpromoted"),
    ("stonith", "fencing"),
    ("allocate", "assign"),
];

/// Where the field's formats, commands and names for things are spoken of as they are.
const FOREIGN: &[&str] = &["crates/front/pacemaker/", "crates/dev/xtask/src/tidy/words.rs"];

/// Only names are judged: text in quotes is data, and comments may name the field's word.
pub(super) fn check(tree: &Tree) -> Vec<String> {
    let mut found = Vec::new();
    for (path, text) in tree.texts(".rs") {
        if FOREIGN.iter().any(|foreign| path.starts_with(foreign)) {
            continue;
        }
        for (number, line) in code_of(text).lines().enumerate() {
            let names = line.to_ascii_lowercase();
            for (wrong, right) in WRONG {
                if names.contains(wrong) {
                    found.push(format!("{path}:{}: say {right}, not {wrong}", number + 1));
                }
            }
        }
    }
    found
}

/// The text with comments and the insides of strings left out, line by line.
fn code_of(text: &str) -> String {
    let mut code = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(next) = rest.chars().next() {
        let inert = match next {
            '/' if rest.starts_with("//") => rest.find('\n').unwrap_or(rest.len()),
            '"' => plain_string(rest),
            'r' if is_raw_string(rest) => raw_string(rest),
            '\'' if rest.starts_with("'\"'") || rest.starts_with("'\\\"'") => 3,
            _ => 0,
        };
        let taken = inert.max(next.len_utf8());
        let (passed, left) = rest.split_at(taken.min(rest.len()));
        if inert == 0 {
            code.push_str(passed);
        } else {
            code.extend(passed.chars().filter(|c| *c == '\n'));
        }
        rest = left;
    }
    code
}

/// Length of the string literal that `text` starts with.
fn plain_string(text: &str) -> usize {
    let mut escaped = false;
    for (at, c) in text.char_indices().skip(1) {
        match c {
            '\\' if !escaped => escaped = true,
            '"' if !escaped => return at + 1,
            _ => escaped = false,
        }
    }
    text.len()
}

fn is_raw_string(text: &str) -> bool {
    let behind = text.strip_prefix('r').map(|behind| behind.trim_start_matches('#'));
    behind.is_some_and(|behind| behind.starts_with('"'))
}

/// Length of the raw string literal that `text` starts with.
fn raw_string(text: &str) -> usize {
    let hashes = text.chars().skip(1).take_while(|c| *c == '#').count();
    let end = format!("\"{}", "#".repeat(hashes));
    let inside = hashes + 2;
    text.get(inside..)
        .and_then(|rest| rest.find(&end))
        .map_or(text.len(), |at| inside + at + end.len())
}
