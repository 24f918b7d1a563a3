//! A file as lines: `NAME value`, blank, or a comment.
//!
//! A `#` at the beginning of a word begins a comment, except inside of quotes. Quotes around a value
//! are no part of it.

/// A file, line by line.
///
/// Invariant: its [`Display`](std::fmt::Display) is the text that was read, byte for byte.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Text {
    /// With their line ends.
    lines: Vec<String>,
    said: Vec<Said>,
    wrong: Vec<u32>,
}

/// A line that says something.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Said {
    /// Counted from 1.
    pub(crate) line: u32,
    /// As it is written there.
    pub(crate) name: String,
    /// Without its comment and the quotes around it.
    pub(crate) value: String,
}

impl Text {
    /// Reads a text. Any is one.
    pub fn parse(text: &str) -> Self {
        let lines: Vec<String> = text.split_inclusive('\n').map(str::to_owned).collect();
        let (mut said, mut wrong) = (Vec::new(), Vec::new());
        for (at, line) in lines.iter().enumerate() {
            let number = u32::try_from(at).unwrap_or(u32::MAX).saturating_add(1);
            let text = line.trim();
            if text.is_empty() || text.starts_with('#') {
                continue;
            }
            let (name, rest) = text.split_once(char::is_whitespace).unwrap_or((text, ""));
            let (value, is_closed) = value(rest.trim());
            if !is_closed {
                wrong.push(number);
            }
            said.push(Said { line: number, name: name.to_owned(), value });
        }
        Self { lines, said, wrong }
    }

    pub(crate) fn said(&self) -> &[Said] {
        &self.said
    }

    /// Lines whose quotes do not pair.
    pub(crate) fn unclosed(&self) -> &[u32] {
        &self.wrong
    }
}

impl std::fmt::Display for Text {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.lines.iter().try_for_each(|line| f.write_str(line))
    }
}

/// What is said, and whether its quotes pair. Quotes go if they are around the whole value.
fn value(text: &str) -> (String, bool) {
    let (mut quoted, mut escaped, mut was_blank) = (false, false, true);
    let mut end = text.len();
    for (at, letter) in text.char_indices() {
        match letter {
            _ if escaped => escaped = false,
            '\\' => escaped = true,
            '"' => quoted = !quoted,
            '#' if !quoted && was_blank => {
                end = at;
                break;
            }
            _ => {}
        }
        was_blank = letter.is_whitespace();
    }
    let said = text.get(..end).unwrap_or(text).trim();
    let inside = said.strip_prefix('"').and_then(|rest| rest.strip_suffix('"'));
    let value = match inside.filter(|inside| !has_bare_quote(inside)) {
        Some(inside) => inside.replace("\\\"", "\""),
        None => said.to_owned(),
    };
    (value, !quoted)
}

fn has_bare_quote(text: &str) -> bool {
    let mut escaped = false;
    text.chars().any(|letter| {
        let bare = letter == '"' && !escaped;
        escaped = letter == '\\' && !escaped;
        bare
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_read_is_written() {
        for text in ["", "\n", "A b\r\n# c\n\n  D", "\"", "a \"b", "\u{fffd} # \\"] {
            assert_eq!(Text::parse(text).to_string(), text);
        }
    }

    #[test]
    fn names_and_values_are_parted() {
        let text = "# c\nNODE_NAME\tn1  # the first\n  service_cmd \"/x -a \\\"b # c\\\"\" # run\n\
                    a\nservice_cmd /x \"a b\" \"c\"\nip 10#2\n";
        let text = Text::parse(text);
        let said: Vec<(u32, &str, &str)> = text
            .said()
            .iter()
            .map(|said| (said.line, said.name.as_str(), said.value.as_str()))
            .collect();
        let expected = [
            (2, "NODE_NAME", "n1"),
            (3, "service_cmd", "/x -a \"b # c\""),
            (4, "a", ""),
            (5, "service_cmd", "/x \"a b\" \"c\""),
            (6, "ip", "10#2"),
        ];
        assert_eq!(said, expected);
        assert_eq!(Text::parse("a \"b\nc \"d\"").unclosed(), [1]);
    }
}
