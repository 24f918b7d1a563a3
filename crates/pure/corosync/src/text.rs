//! The file as lines, and the sections that they open and close.
//!
//! Corosync looks at each line alone: blanks around it do not count; one that begins with `#` is a
//! comment; a `{` opens the section named before it; otherwise a `:` parts a key from its value; a
//! `}` closes. The last of equal keys counts, and sections of one name add up, except those that are
//! lists (`node`, `interface`, `logger_subsys`, ...).

/// A section deeper than this is none of Corosync's, and is not looked into.
const DEPTH_MAX: usize = 16;

/// A file, line by line.
///
/// Invariant: its [`Display`](std::fmt::Display) is the text that was read, byte for byte.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Conf {
    /// With their line ends.
    lines: Vec<String>,
    root: Section,
    wrong: Vec<WrongLine>,
}

/// A section, or the whole file.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Section {
    pub name: String,
    /// The line that opens it, counted from 1; 0 for the whole file.
    pub line: u32,
    /// The line that closes it; after the last line if none does.
    pub end: u32,
    pub pairs: Vec<Pair>,
    pub sections: Vec<Section>,
}

/// `key: value`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pair {
    pub line: u32,
    pub key: String,
    pub value: String,
}

/// A line that cannot be used.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct WrongLine {
    pub(crate) line: u32,
    pub(crate) what: Wrong,
}

/// What is wrong with a line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Wrong {
    /// Neither opens, nor closes, nor says anything.
    NoMeaning,
    NameMissing,
    KeyMissing,
    BehindOpening,
    AroundClosing,
    NothingToClose,
    TooDeep,
    /// The section that the line opened is never closed.
    NeverClosed(String),
}

impl Conf {
    /// Reads a text. Lines that make no sense are kept, and reported by [`crate::check()`].
    pub fn parse(text: &str) -> Self {
        let lines: Vec<String> = text.split_inclusive('\n').map(str::to_owned).collect();
        let mut reading = Reading::default();
        for (at, line) in lines.iter().enumerate() {
            reading.line(number(at), line.trim());
        }
        let (root, wrong) = reading.finish(number(lines.len()));
        Self { lines, root, wrong }
    }

    /// The whole file as a section.
    pub fn root(&self) -> &Section {
        &self.root
    }

    pub(crate) fn wrong(&self) -> &[WrongLine] {
        &self.wrong
    }

    /// A line without its end.
    pub(crate) fn line(&self, line: u32) -> &str {
        self.lines.get(index(line)).map_or("", |line| line.trim_end_matches(['\n', '\r']))
    }

    /// Puts lines in before this one.
    pub(crate) fn insert(&mut self, before: u32, lines: &[String]) {
        let at = index(before).min(self.lines.len());
        if let Some(last) = at.checked_sub(1).and_then(|last| self.lines.get_mut(last))
            && !last.ends_with('\n')
        {
            last.push('\n');
        }
        self.lines.splice(at..at, lines.iter().map(|line| format!("{line}\n")));
        self.read_again();
    }

    /// Takes lines out, the first and the last included.
    pub(crate) fn remove(&mut self, first: u32, last: u32) {
        let end = index(last).saturating_add(1).min(self.lines.len());
        let start = index(first).min(end);
        self.lines.drain(start..end);
        self.read_again();
    }

    /// Puts another text into a line; its end stays.
    pub(crate) fn replace(&mut self, line: u32, text: &str) {
        if let Some(old) = self.lines.get_mut(index(line)) {
            let body = old.trim_end_matches(['\n', '\r']).len();
            let end = old.split_off(body);
            *old = format!("{text}{end}");
        }
        self.read_again();
    }

    fn read_again(&mut self) {
        *self = Self::parse(&self.to_string());
    }
}

impl std::fmt::Display for Conf {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.lines.iter().try_for_each(|line| f.write_str(line))
    }
}

impl Section {
    /// The sections of that name, in order.
    pub fn all<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a Section> {
        self.sections.iter().filter(move |section| section.name == name)
    }

    /// The pair of that key which counts: the last.
    pub fn pair(&self, key: &str) -> Option<&Pair> {
        self.pairs.iter().rev().find(|pair| pair.key == key)
    }
}

/// Sections opened and not closed yet; the outermost, which is the file, stays.
#[derive(Default)]
struct Reading {
    root: Section,
    open: Vec<Section>,
    /// Sections opened below what is looked at: their lines and names.
    too_deep: Vec<(u32, String)>,
    wrong: Vec<WrongLine>,
}

impl Reading {
    fn line(&mut self, line: u32, text: &str) {
        if text.is_empty() || text.starts_with('#') {
            return;
        }
        if let Some((name, behind)) = text.split_once('{') {
            self.opens(line, name.trim(), behind);
        } else if let Some((key, value)) = text.split_once(':') {
            self.says(line, key.trim(), value.trim());
        } else if text.contains('}') {
            self.closes(line, text);
        } else {
            self.is_wrong(line, Wrong::NoMeaning);
        }
    }

    fn opens(&mut self, line: u32, name: &str, behind: &str) {
        if name.is_empty() {
            self.is_wrong(line, Wrong::NameMissing);
        }
        if !behind.is_empty() {
            self.is_wrong(line, Wrong::BehindOpening);
        }
        if self.open.len() >= DEPTH_MAX {
            self.too_deep.push((line, name.to_owned()));
            self.is_wrong(line, Wrong::TooDeep);
            return;
        }
        self.open.push(Section { name: name.to_owned(), line, ..Section::default() });
    }

    fn says(&mut self, line: u32, key: &str, value: &str) {
        if key.is_empty() {
            return self.is_wrong(line, Wrong::KeyMissing);
        }
        if !self.too_deep.is_empty() {
            return;
        }
        let pair = Pair { line, key: key.to_owned(), value: value.to_owned() };
        self.innermost().pairs.push(pair);
    }

    fn closes(&mut self, line: u32, text: &str) {
        if text != "}" {
            self.is_wrong(line, Wrong::AroundClosing);
        }
        if self.too_deep.pop().is_some() {
            return;
        }
        match self.open.pop() {
            Some(mut section) => {
                section.end = line;
                self.innermost().sections.push(section);
            }
            None => self.is_wrong(line, Wrong::NothingToClose),
        }
    }

    fn innermost(&mut self) -> &mut Section {
        self.open.last_mut().unwrap_or(&mut self.root)
    }

    fn is_wrong(&mut self, line: u32, what: Wrong) {
        self.wrong.push(WrongLine { line, what });
    }

    fn finish(mut self, end: u32) -> (Section, Vec<WrongLine>) {
        for (line, name) in std::mem::take(&mut self.too_deep) {
            self.is_wrong(line, Wrong::NeverClosed(name));
        }
        while let Some(mut section) = self.open.pop() {
            self.is_wrong(section.line, Wrong::NeverClosed(section.name.clone()));
            section.end = end;
            self.innermost().sections.push(section);
        }
        self.root.end = end;
        self.wrong.sort_by_key(|wrong| wrong.line);
        (self.root, self.wrong)
    }
}

/// The line's number, counted from 1.
fn number(at: usize) -> u32 {
    u32::try_from(at).unwrap_or(u32::MAX).saturating_add(1)
}

/// Where the line of that number is.
fn index(line: u32) -> usize {
    usize::try_from(line).unwrap_or(usize::MAX).saturating_sub(1)
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str = "# a comment\ntotem {\n\tversion: 2\n  token : 1000 \r\n}\n\nnodelist {\n \
                        node {\n  nodeid: 1\n }\n node {\n  nodeid: 2\n }\n}";

    #[test]
    fn what_is_read_is_written() {
        for text in [TEXT, "", "\n", "}\n{\n:", "a {\r\n b: c\r\n}", "\u{fffd} {"] {
            assert_eq!(Conf::parse(text).to_string(), text);
        }
    }

    #[test]
    fn sections_hold_pairs_and_sections() {
        let conf = Conf::parse(TEXT);
        let totem = conf.root().all("totem").next().unwrap();
        assert_eq!((totem.line, totem.end), (2, 5));
        assert_eq!(totem.pair("token").unwrap().value, "1000");
        let nodes = conf.root().all("nodelist").next().unwrap();
        assert_eq!(nodes.all("node").count(), 2);
        assert!(conf.wrong().is_empty());
    }

    #[test]
    fn wrong_lines_are_named() {
        let conf = Conf::parse("what\n{\na { b\n: x\n} }\n}\n}\nlast {\n");
        let found: Vec<(u32, &Wrong)> =
            conf.wrong().iter().map(|wrong| (wrong.line, &wrong.what)).collect();
        let last = Wrong::NeverClosed("last".to_owned());
        let expected = [
            (1, &Wrong::NoMeaning),
            (2, &Wrong::NameMissing),
            (3, &Wrong::BehindOpening),
            (4, &Wrong::KeyMissing),
            (5, &Wrong::AroundClosing),
            (7, &Wrong::NothingToClose),
            (8, &last),
        ];
        assert_eq!(found, expected);
    }

    #[test]
    fn depth_is_bounded() {
        let deep = "a {\n".repeat(100_000);
        assert_eq!(Conf::parse(&deep).to_string(), deep);
        let closed = format!("{}{}b: c\n", "a {\n".repeat(40), "}\n".repeat(40));
        let conf = Conf::parse(&closed);
        assert_eq!(conf.root().pairs.len(), 1, "each opening has its closing");
    }

    #[test]
    fn each_section_that_stays_open_is_named_however_deep() {
        let conf = Conf::parse(&"a {\n".repeat(DEPTH_MAX + 2));
        let open = conf.wrong().iter().filter(|wrong| matches!(wrong.what, Wrong::NeverClosed(_)));
        assert_eq!(open.count(), DEPTH_MAX + 2);
    }

    #[test]
    fn lines_are_edited_and_others_stay() {
        let mut conf = Conf::parse("a {\r\n x: 1\r\n}\n# end");
        conf.replace(2, " x: 2");
        conf.insert(5, &["b: c".to_owned()]);
        assert_eq!(conf.to_string(), "a {\r\n x: 2\r\n}\n# end\nb: c\n");
        conf.remove(1, 3);
        assert_eq!(conf.to_string(), "# end\nb: c\n");
        assert_eq!(conf.root().pair("b").unwrap().line, 2);
    }
}
