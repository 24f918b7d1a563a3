//! How commands are called and how they end: with 0, or with 1 and words on the standard error.

use std::ffi::OsString;
use std::io::Write;
use std::process::ExitCode;

/// Why a command gave up: lines for the standard error.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Trouble(pub(crate) String);

impl Trouble {
    pub(crate) fn new(words: impl Into<String>) -> Self {
        Self(words.into())
    }
}

/// What keeps machines from being members, in this family's form.
pub(crate) fn in_words(trouble: cluster::Trouble) -> Trouble {
    let (what, help) = trouble.into_words();
    Trouble(std::iter::once(what).chain(help).collect::<Vec<_>>().join("\n"))
}

/// One call: options by their letters, and words that are none.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Call {
    given: Vec<(char, String)>,
    pub(crate) words: Vec<String>,
}

impl Call {
    /// Reads the words. `letters` are all that may be given; those behind which a `:` stands take a
    /// value, as in getopt.
    pub(crate) fn read(words: &[String], letters: &str) -> Result<Self, Trouble> {
        let mut call = Self::default();
        let mut rest = words.iter();
        while let Some(word) = rest.next() {
            let Some(options) = word.strip_prefix('-').filter(|options| !options.is_empty()) else {
                call.words.push(word.clone());
                continue;
            };
            let mut options = options.chars();
            while let Some(letter) = options.next() {
                let at = letters.find(letter).filter(|_| letter != ':');
                let at = at.ok_or_else(|| Trouble::new(format!("illegal option -- {letter}")))?;
                let takes = letters.get(at + 1..).is_some_and(|after| after.starts_with(':'));
                let value = match (takes, options.as_str()) {
                    (false, _) => String::new(),
                    (true, "") => rest.next().cloned().ok_or_else(|| {
                        Trouble::new(format!("option requires an argument -- {letter}"))
                    })?,
                    (true, attached) => {
                        let value = attached.to_owned();
                        options = "".chars();
                        value
                    }
                };
                call.given.push((letter, value));
            }
        }
        Ok(call)
    }

    pub(crate) fn has(&self, letter: char) -> bool {
        self.given.iter().any(|(given, _)| *given == letter)
    }

    /// Options in the order in which they were given.
    pub(crate) fn in_order(&self) -> impl Iterator<Item = (char, &str)> {
        self.given.iter().map(|(letter, value)| (*letter, value.as_str()))
    }

    /// The value that was given last.
    pub(crate) fn value(&self, letter: char) -> Option<&str> {
        self.values(letter).last()
    }

    pub(crate) fn values(&self, letter: char) -> impl Iterator<Item = &str> {
        let same =
            move |(given, value): &'_ (char, String)| (*given == letter).then_some(value.len());
        self.given.iter().filter(move |one| same(one).is_some()).map(|(_, value)| value.as_str())
    }
}

/// Where a command talks.
pub(crate) struct Said<'o> {
    out: &'o mut dyn Write,
}

impl Said<'_> {
    /// Nobody is left to tell if the output is closed.
    pub(crate) fn line(&mut self, text: impl AsRef<str>) {
        let _closed = writeln!(self.out, "{}", text.as_ref());
    }

    pub(crate) fn text(&mut self, text: impl AsRef<str>) {
        let _closed = self.out.write_all(text.as_ref().as_bytes());
        let _closed = self.out.flush();
    }
}

/// Runs a command with the process's own outputs.
pub(crate) fn run(
    name: &str,
    words: Vec<OsString>,
    act: impl FnOnce(&[String], &mut Said<'_>) -> Result<(), Trouble>,
) -> ExitCode {
    let words: Vec<String> =
        words.into_iter().map(|word| word.to_string_lossy().into_owned()).collect();
    let mut out = std::io::stdout();
    match act(&words, &mut Said { out: &mut out }) {
        Ok(()) => ExitCode::SUCCESS,
        Err(Trouble(why)) => {
            for line in why.lines() {
                let _closed = writeln!(std::io::stderr(), "{name}: {line}");
            }
            ExitCode::FAILURE
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(words: &str, letters: &str) -> Result<Call, Trouble> {
        let words: Vec<String> = words.split_whitespace().map(str::to_owned).collect();
        Call::read(&words, letters)
    }

    #[test]
    fn options_are_read_as_getopt_does() {
        let call = read("-vn n1 -nn2 pkg1 -C file pkg2", "vn:C:").unwrap();
        assert!(call.has('v'));
        assert_eq!(call.values('n').collect::<Vec<_>>(), ["n1", "n2"]);
        assert_eq!(call.value('C'), Some("file"));
        assert_eq!(call.words, ["pkg1", "pkg2"]);
        assert_eq!(read("-x", "vn:").unwrap_err().0, "illegal option -- x");
        assert_eq!(read("-n", "vn:").unwrap_err().0, "option requires an argument -- n");
    }
}
