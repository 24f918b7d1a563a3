//! Command line options as Pacemaker's tools take them: short ones together (`-sSQ`), long ones
//! with `=` or a word after them.

/// One option that a tool takes.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Taken {
    pub(crate) long: &'static str,
    pub(crate) short: Option<char>,
    /// What its value is called in the help; `None` for a switch.
    pub(crate) value: Option<&'static str>,
    pub(crate) help: &'static str,
}

/// One option that was given.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Given {
    /// The long name.
    pub(crate) name: &'static str,
    /// Empty for a switch.
    pub(crate) value: String,
    /// The option as it was written, without its value.
    pub(crate) written: String,
    /// A short option's value was in the same word.
    pub(crate) attached: bool,
}

/// Reads a command line (without the program's name). Options that the tool does not take are
/// refused; words that are no options are passed over, as Pacemaker's tools do.
pub(crate) fn read(taken: &[Taken], words: &[String]) -> Result<Vec<Given>, String> {
    let mut given = Vec::new();
    let mut words = words.iter();
    while let Some(word) = words.next() {
        if let Some(long) = word.strip_prefix("--") {
            if long.is_empty() {
                break;
            }
            given.push(read_long(taken, long, &mut words)?);
        } else if let Some(short) = word.strip_prefix('-').filter(|short| !short.is_empty()) {
            read_short(taken, short, &mut words, &mut given)?;
        }
    }
    Ok(given)
}

fn read_long<'w>(
    taken: &[Taken],
    word: &str,
    rest: &mut impl Iterator<Item = &'w String>,
) -> Result<Given, String> {
    let (name, attached) = match word.split_once('=') {
        Some((name, value)) => (name, Some(value.to_owned())),
        None => (word, None),
    };
    let option = taken.iter().find(|option| option.long == name);
    let option = option.ok_or_else(|| format!("Unknown option --{word}"))?;
    let value = match (option.value, attached) {
        // A switch takes no value, and nobody looks at one.
        (None, _) => String::new(),
        (Some(_), Some(value)) => value,
        (Some(_), None) => {
            rest.next().cloned().ok_or_else(|| format!("Missing argument for --{name}"))?
        }
    };
    Ok(Given { name: option.long, value, written: format!("--{name}"), attached: false })
}

fn read_short<'w>(
    taken: &[Taken],
    letters: &str,
    rest: &mut impl Iterator<Item = &'w String>,
    given: &mut Vec<Given>,
) -> Result<(), String> {
    let mut letters = letters.chars();
    while let Some(letter) = letters.next() {
        let option = taken.iter().find(|option| option.short == Some(letter));
        let option = option.ok_or_else(|| format!("Unknown option -{letter}"))?;
        let (value, attached) = match option.value {
            None => (String::new(), false),
            Some(_) if !letters.as_str().is_empty() => {
                (std::mem::replace(&mut letters, "".chars()).as_str().to_owned(), true)
            }
            Some(_) => {
                let value = rest.next().cloned();
                (value.ok_or_else(|| format!("Missing argument for -{letter}"))?, false)
            }
        };
        given.push(Given { name: option.long, value, written: format!("-{letter}"), attached });
    }
    Ok(())
}

/// The help's list of options.
pub(crate) fn list(taken: &[Taken]) -> String {
    let mut out = String::new();
    for option in taken {
        let short = option.short.map_or("    ".to_owned(), |letter| format!("-{letter}, "));
        let value = option.value.map(|value| format!("={value}")).unwrap_or_default();
        let names = format!("  {short}--{}{value}", option.long);
        out.push_str(&format!("{names:<34} {}\n", option.help));
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    const TAKEN: [Taken; 3] = [
        Taken { long: "xml-file", short: Some('x'), value: Some("FILE"), help: "" },
        Taken { long: "simulate", short: Some('S'), value: None, help: "" },
        Taken { long: "quiet", short: Some('Q'), value: None, help: "" },
    ];

    fn words(line: &str) -> Result<String, String> {
        let words: Vec<String> = line.split(' ').map(str::to_owned).collect();
        let given = read(&TAKEN, &words)?;
        Ok(given.iter().map(|each| format!("{}={} ", each.name, each.value)).collect())
    }

    #[test]
    fn options_read_in_every_form() {
        for line in ["-SQx f", "-S -Q -xf", "--simulate --quiet --xml-file=f", "-SQ --xml-file f"] {
            assert_eq!(words(line).unwrap(), "simulate= quiet= xml-file=f ", "{line}");
        }
    }

    #[test]
    fn what_is_not_understood_is_refused() {
        for (line, reason) in [
            ("-z", "Unknown option -z"),
            ("--nope=1", "Unknown option --nope=1"),
            ("-S -x", "Missing argument for -x"),
        ] {
            assert_eq!(words(line), Err(reason.to_owned()), "{line}");
        }
    }
}
