//! The file as lines, and the words of each.

/// `ha.cf`, line by line.
///
/// Invariant: its [`Display`](std::fmt::Display) is the text that was read, byte for byte.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct HaCf {
    /// With their line ends.
    text: Vec<String>,
    lines: Vec<Line>,
}

/// A line that says something.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Line {
    /// Counted from 1.
    pub number: u32,
    /// The first word, as it is written: names of directives are of one case.
    pub directive: String,
    /// All behind it, without the comment and the blanks around it.
    pub rest: String,
}

impl Line {
    /// The values, where each word is one: blanks, tabs and commas part them.
    pub fn words(&self) -> Vec<&str> {
        self.rest.split([' ', '\t', ',']).filter(|word| !word.is_empty()).collect()
    }

    /// The words of a directive whose line is one value: commas part none.
    pub fn parts(&self) -> Vec<&str> {
        self.rest.split_whitespace().collect()
    }
}

impl HaCf {
    /// Reads a text. What is no directive is reported by [`crate::check()`].
    pub fn parse(text: &str) -> Self {
        let kept: Vec<String> = text.split_inclusive('\n').map(str::to_owned).collect();
        let lines = (1..).zip(&kept).filter_map(|(number, line)| said(number, line)).collect();
        Self { text: kept, lines }
    }

    /// The lines that say something, in order.
    pub fn lines(&self) -> &[Line] {
        &self.lines
    }

    /// All lines of a directive.
    pub fn all<'a>(&'a self, directive: &'a str) -> impl Iterator<Item = &'a Line> {
        self.lines.iter().filter(move |line| line.directive == directive)
    }
}

impl std::fmt::Display for HaCf {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.text.iter().try_for_each(|line| f.write_str(line))
    }
}

/// A `#` anywhere begins a comment: there are no quotes.
pub(crate) fn without_comment(line: &str) -> &str {
    line.split('#').next().unwrap_or_default().trim()
}

fn said(number: u32, line: &str) -> Option<Line> {
    let line = without_comment(line);
    let end = line.find([' ', '\t', ',']).unwrap_or(line.len());
    let (directive, rest) = line.split_at_checked(end)?;
    let rest = rest.trim_matches([' ', '\t', ',']);
    (!directive.is_empty()).then(|| Line {
        number,
        directive: directive.to_owned(),
        rest: rest.to_owned(),
    })
}

/// A time in microseconds: a number, which may have decimals, and a unit; seconds without one.
/// `None` for what is no time, and for more than a day, which none of these times is.
pub fn microseconds(text: &str) -> Option<u64> {
    const DAY: f64 = 86_400e6;
    let end = text.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(text.len());
    let (number, unit) = text.split_at_checked(end)?;
    let scale = match unit.trim() {
        "" => 1e6,
        "ms" | "msec" => 1e3,
        "us" | "usec" => 1.0,
        _ => return None,
    };
    let time = number.parse::<f64>().ok()? * scale;
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "from 0 to a day, by the line before"
    )]
    (0.0..=DAY).contains(&time).then_some(time.round() as u64)
}

/// A boolean, whatever its case.
pub fn truth(text: &str) -> Option<bool> {
    match text.to_ascii_lowercase().as_str() {
        "true" | "on" | "yes" | "y" | "1" => Some(true),
        "false" | "off" | "no" | "n" | "0" => Some(false),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_read_is_written() {
        for text in ["", "\n", "# x\r\nnode a b # c\n\tkeepalive 2", ",,\n#\nbcast,eth0"] {
            assert_eq!(HaCf::parse(text).to_string(), text);
        }
    }

    #[test]
    fn words_are_parted_by_blanks_tabs_and_commas() {
        let conf = HaCf::parse("# head\n\n  node\ta, b c # d\r\napiauth x uid=a,b\n");
        let [node, client] = conf.lines() else { panic!("{conf:?}") };
        assert_eq!((node.number, node.directive.as_str()), (3, "node"));
        assert_eq!(node.words(), ["a", "b", "c"]);
        assert_eq!(client.parts(), ["x", "uid=a,b"]);
    }

    #[test]
    fn times_are_seconds_unless_they_say_otherwise() {
        for (text, expected) in [
            ("2", Some(2_000_000)),
            ("1.5", Some(1_500_000)),
            ("500ms", Some(500_000)),
            ("500msec", Some(500_000)),
            ("7us", Some(7)),
            ("0", Some(0)),
            ("2s", None),
            ("", None),
            (".", None),
            ("-1", None),
            ("1.2.3", None),
            ("99999999", None),
        ] {
            assert_eq!(microseconds(text), expected, "{text}");
        }
    }
}
