//! A command line as one line of text.

/// The program and its arguments, those in quotes that a shell would otherwise take apart.
pub(crate) fn quote(program: &str, words: &[String]) -> String {
    let mut line = quote_word(program);
    for word in words {
        line.push(' ');
        line.push_str(&quote_word(word));
    }
    line
}

fn quote_word(word: &str) -> String {
    if is_one_word(word) { word.to_owned() } else { format!("'{}'", word.replace('\'', "'\\''")) }
}

/// Whether a shell reads `text` as exactly one word.
fn is_one_word(text: &str) -> bool {
    let mut words = 0;
    let mut inside = false;
    let mut letters = text.chars();
    while let Some(letter) = letters.next() {
        if matches!(letter, ' ' | '\t' | '\n') {
            inside = false;
            continue;
        }
        if letter == '#' && !inside {
            break;
        }
        words += usize::from(!inside);
        inside = true;
        let complete = match letter {
            '\\' => letters.next().is_some(),
            '\'' => letters.any(|next| next == '\''),
            '"' => skip_double_quotes(&mut letters),
            _ => true,
        };
        if !complete {
            return false;
        }
    }
    words == 1
}

/// `false` if they do not end.
fn skip_double_quotes(letters: &mut std::str::Chars<'_>) -> bool {
    while let Some(letter) = letters.next() {
        match letter {
            '"' => return true,
            '\\' => {
                letters.next();
            }
            _ => {}
        }
    }
    false
}

#[cfg(test)]
mod tests {
    use super::quote;

    #[test]
    fn only_what_needs_quotes_gets_them() {
        for (word, quoted) in [
            ("-x", "-x"),
            ("$HOME/a*b", "$HOME/a*b"),
            ("a b", "'a b'"),
            ("", "''"),
            ("it's", "'it'\\''s'"),
            ("\"a b\"", "\"a b\""),
            ("a\\", "'a\\'"),
            ("#1", "'#1'"),
            ("a#1", "a#1"),
        ] {
            assert_eq!(quote("tool", &[word.to_owned()]), format!("tool {quoted}"), "{word}");
        }
    }
}
