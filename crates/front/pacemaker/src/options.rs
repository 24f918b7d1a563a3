//! Command line options as Pacemaker's tools take them: short ones together (`-sSQ`), long ones
//! with `=` or a word after them.

/// One option that a tool takes.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Taken {
    pub(crate) long: &'static str,
    pub(crate) short: Option<char>,
    /// What its value is called in the help; `None` for a switch. In brackets (`[NAME]`) if it may
    /// be left out.
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
    read_all(taken, words).map(|(given, _loose)| given)
}

/// The same, and the words that are no options.
pub(crate) fn read_all(
    taken: &[Taken],
    words: &[String],
) -> Result<(Vec<Given>, Vec<String>), String> {
    let (mut given, mut loose) = (Vec::new(), Vec::new());
    let mut words = words.iter().peekable();
    while let Some(word) = words.next() {
        if let Some(long) = word.strip_prefix("--") {
            if long.is_empty() {
                loose.extend(words.cloned());
                break;
            }
            given.push(read_long(taken, long, &mut words)?);
        } else if let Some(short) = word.strip_prefix('-').filter(|short| is_options(taken, short))
        {
            read_short(taken, short, &mut words, &mut given)?;
        } else {
            loose.push(word.clone());
        }
    }
    Ok((given, loose))
}

/// Words that have not been looked at.
type Rest<'w> = std::iter::Peekable<std::slice::Iter<'w, String>>;

/// Whether what follows one hyphen is letters of options, not a negative number or score.
fn is_options(taken: &[Taken], short: &str) -> bool {
    let is_number = !short.starts_with('0') && short.bytes().all(|byte| byte.is_ascii_digit());
    let is_taken = || taken.iter().any(|option| option.short == short.chars().next());
    !short.is_empty() && short != "INFINITY" && (!is_number || is_taken())
}

/// Whether an option's value may be left out.
fn is_optional(name: &str) -> bool {
    name.starts_with('[')
}

/// The next word, for an option that can do without.
fn optional_value(rest: &mut Rest<'_>) -> String {
    rest.next_if(|word| !word.starts_with('-')).cloned().unwrap_or_default()
}

fn read_long(taken: &[Taken], word: &str, rest: &mut Rest<'_>) -> Result<Given, String> {
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
        (Some(called), None) if is_optional(called) => optional_value(rest),
        (Some(_), None) => {
            rest.next().cloned().ok_or_else(|| format!("Missing argument for --{name}"))?
        }
    };
    Ok(Given { name: option.long, value, written: format!("--{name}"), attached: false })
}

fn read_short(
    taken: &[Taken],
    letters: &str,
    rest: &mut Rest<'_>,
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
            Some(called) if is_optional(called) => (optional_value(rest), false),
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
        let value = match option.value {
            Some(value) if is_optional(value) => format!("[={}]", value.trim_matches(['[', ']'])),
            Some(value) => format!("={value}"),
            None => String::new(),
        };
        let names = format!("  {short}--{}{value}", option.long);
        out.push_str(&format!("{names:<34} {}\n", option.help));
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    const TAKEN: [Taken; 4] = [
        Taken { long: "empty", short: Some('a'), value: Some("[SCHEMA]"), help: "" },
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
    fn a_value_may_be_left_out_where_that_is_said() {
        assert_eq!(words("-a -Q").unwrap(), "empty= quiet= ");
        assert_eq!(words("-a none -Q").unwrap(), "empty=none quiet= ");
        assert_eq!(words("--empty=none").unwrap(), "empty=none ");
        assert_eq!(words("-Qa").unwrap(), "quiet= empty= ");
    }

    #[test]
    fn numbers_and_scores_are_no_options() {
        let line: Vec<String> = ["-5", "-Q", "-INFINITY", "--", "-S"].map(str::to_owned).into();
        let (given, loose) = read_all(&TAKEN, &line).unwrap();
        assert_eq!(given.len(), 1);
        assert_eq!(loose, ["-5", "-INFINITY", "-S"]);
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
