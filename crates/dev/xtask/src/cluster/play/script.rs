//! Walkthroughs as text: what is typed on which machine, and what is seen then. The files are in `examples`.
//!
//! ```text
//! n1$ COMMAND          must succeed
//!   sees WORDS         in what the last command printed
//!   fails with CODE    the last command must have ended with it instead
//! until n1$ COMMAND    again and again, until it succeeds
//! begin n1$ COMMAND    goes on while it runs
//! ends                 waits for what was begun, which must succeed
//! lose active          pulls the plug of the machine with the address; goes on when another has it
//! cut active           pulls its cables; it must be fenced before another has the address
//! pull n1 eth0         pulls the cable of a card
//! plug n1 eth0         plugs it in again
//! -- WORDS             a remark, which is printed
//! ```
//!
//! Instead of a machine's name, `active` is the one that has the address, and `standby` the other of two.
//! Commands find in `MEGABYTES` how much is to be written.

use std::path::Path;
use std::process::Child;

use super::stage::Stage;

/// One line.
#[derive(Debug, PartialEq, Eq)]
enum Step<'a> {
    Type { on: &'a str, command: &'a str },
    Until { on: &'a str, command: &'a str },
    Begin { on: &'a str, command: &'a str },
    Ends,
    Sees(&'a str),
    FailsWith(&'a str),
    Lose(&'a str),
    Cut(&'a str),
    Pull { on: &'a str, card: &'a str },
    Plug { on: &'a str, card: &'a str },
    Remark(&'a str),
}

impl<'a> Step<'a> {
    /// Nothing for a comment.
    fn read(line: &'a str) -> Result<Option<Self>, String> {
        let trimmed = line.trim();
        if trimmed.is_empty() || trimmed.starts_with('#') {
            return Ok(None);
        }
        let typed = |text: &'a str| text.split_once("$ ").filter(|(on, _)| !on.contains(' '));
        let cable = |word: &str| trimmed.strip_prefix(word).and_then(|rest| rest.split_once(' '));
        let step = if let Some(text) = trimmed.strip_prefix("until ") {
            typed(text).map(|(on, command)| Self::Until { on, command })
        } else if let Some(text) = trimmed.strip_prefix("begin ") {
            typed(text).map(|(on, command)| Self::Begin { on, command })
        } else if trimmed == "ends" {
            Some(Self::Ends)
        } else if let Some(words) = trimmed.strip_prefix("sees ") {
            Some(Self::Sees(words))
        } else if let Some(code) = trimmed.strip_prefix("fails with ") {
            Some(Self::FailsWith(code))
        } else if let Some(who) = trimmed.strip_prefix("lose ") {
            Some(Self::Lose(who))
        } else if let Some(who) = trimmed.strip_prefix("cut ") {
            Some(Self::Cut(who))
        } else if let Some((on, card)) = cable("pull ") {
            Some(Self::Pull { on, card })
        } else if let Some((on, card)) = cable("plug ") {
            Some(Self::Plug { on, card })
        } else if let Some(words) = trimmed.strip_prefix("-- ") {
            Some(Self::Remark(words))
        } else {
            typed(trimmed).map(|(on, command)| Self::Type { on, command })
        };
        step.map(Some).ok_or_else(|| format!("not a step: {line}"))
    }
}

/// Plays a file of `examples`.
pub(super) fn play(stage: &Stage, file: &str) -> Result<(), String> {
    let path = xtask::tidy::root().join("examples").join(file);
    let text = std::fs::read_to_string(&path);
    let text = text.map_err(|error| format!("{}: {error}", path.display()))?;
    let mut steps = Vec::new();
    for line in text.lines() {
        steps.extend(Step::read(line).map_err(|why| format!("{}: {why}", path.display()))?);
    }
    let mut seen = Seen::default();
    for (at, step) in steps.iter().enumerate() {
        let fails = match steps.get(at + 1) {
            Some(Step::FailsWith(code)) => Some(*code),
            _ => None,
        };
        take(stage, step, fails, &mut seen).map_err(|why| blame(&path, step, &why))?;
    }
    Ok(())
}

fn blame(path: &Path, step: &Step<'_>, why: &str) -> String {
    format!("{}: {step:?}: {why}", path.display())
}

/// What came of the steps before.
#[derive(Default)]
struct Seen {
    /// What the last command printed.
    said: String,
    /// What was begun and has not been waited for.
    begun: Option<Child>,
}

fn take(
    stage: &Stage,
    step: &Step<'_>,
    fails: Option<&str>,
    seen: &mut Seen,
) -> Result<(), String> {
    match step {
        Step::Type { on, command } => {
            let node = machine(stage, on)?;
            println!("n{node}$ {command}");
            let (code, said) = stage.said(node, command)?;
            said.lines().for_each(|line| println!("    {line}"));
            seen.said = said;
            let wanted = fails.unwrap_or("0");
            stage.must(code == wanted, &format!("it ends with {wanted}, not {code}"))
        }
        Step::Until { on, command } => {
            println!("until {on}$ {command}");
            let mut last = String::new();
            let mut look = || {
                let said = machine(stage, on).and_then(|node| stage.said(node, command));
                let (code, said) = said.unwrap_or_else(|why| (String::new(), why));
                last = said;
                code == "0"
            };
            let waited = stage.wait(command, &mut look);
            seen.said = last;
            waited.map(drop).map_err(|why| format!("{why}; at last: {}", seen.said))
        }
        Step::Begin { on, command } => {
            seen.begun = Some(stage.begin(machine(stage, on)?, command)?);
            Ok(())
        }
        Step::Ends => {
            let begun = seen.begun.take().ok_or("nothing was begun")?;
            let done = begun.wait_with_output().map_err(|error| error.to_string())?;
            seen.said = String::from_utf8_lossy(&done.stdout).into_owned();
            seen.said.lines().for_each(|line| println!("    {line}"));
            stage.must(done.status.success(), "what was begun succeeds")
        }
        Step::Sees(words) => stage.must(seen.said.contains(words), &format!("{words:?} is seen")),
        // Looked at with the command before.
        Step::FailsWith(_) => Ok(()),
        Step::Lose(who) => stage.lose(machine(stage, who)?).map(drop),
        Step::Cut(who) => stage.cut_off(machine(stage, who)?),
        Step::Pull { on, card } => stage.plug(machine(stage, on)?, card, false),
        Step::Plug { on, card } => stage.plug(machine(stage, on)?, card, true),
        Step::Remark(words) => {
            println!("-- {words}");
            Ok(())
        }
    }
}

fn machine(stage: &Stage, name: &str) -> Result<u32, String> {
    match name {
        "active" => stage.next_holder(),
        "standby" => Ok(3 - stage.next_holder()?),
        name => name
            .strip_prefix('n')
            .and_then(|digits| digits.parse().ok())
            .ok_or_else(|| format!("no machine: {name}")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_steps() {
        let step = |line| Step::read(line).unwrap();
        assert_eq!(step("n1$ crm status"), Some(Step::Type { on: "n1", command: "crm status" }));
        assert_eq!(step("  sees Online"), Some(Step::Sees("Online")));
        assert_eq!(step("# why"), None);
        assert!(Step::read("do something").is_err());
    }

    #[test]
    fn the_walkthroughs_are_steps() {
        for name in [
            "pcs-web.txt",
            "cloudera-crmsh.txt",
            "moosefs-pcs.txt",
            "heartbeat-web.txt",
            "serviceguard.txt",
        ] {
            let path = xtask::tidy::root().join("examples").join(name);
            for line in std::fs::read_to_string(path).unwrap().lines() {
                assert!(Step::read(line).is_ok(), "{line}");
            }
        }
    }
}
