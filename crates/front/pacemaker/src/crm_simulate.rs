//! `crm_simulate`: what the cluster would do about a state, and what would come of it.
//!
//! **Not here:** deciding (`scheduler`), carrying out on paper (`transition::rehearse`).
//!
//! **Always:** standard output is a function of the input document, the options and the time.

mod arguments;
mod execute;
mod inject;
mod input;
mod simulate;

use std::ffi::OsString;
use std::io::Write;
use std::process::ExitCode;

use crate::exit::Exit;
use crate::text::{Style, Text};

/// Runs the tool; `arguments` are without the program's name.
pub fn crm_simulate(arguments: Vec<OsString>) -> ExitCode {
    let mut spoken = Spoken::default();
    let exit = run(arguments, &mut spoken);
    let code = match exit {
        Ok(()) => Exit::Ok,
        Err(trouble) => {
            if !trouble.words.is_empty() {
                spoken.errors.push_str(&format!("crm_simulate: {}\n", trouble.words));
            }
            trouble.exit
        }
    };
    // Nobody is left to tell if the outputs are closed.
    let _ = std::io::stdout().write_all(spoken.output.as_bytes());
    let _ = std::io::stderr().write_all(spoken.errors.as_bytes());
    ExitCode::from(code as u8)
}

/// What the tool says on both outputs.
#[derive(Debug, Default)]
struct Spoken {
    output: String,
    errors: String,
}

/// Why the tool gave up.
#[derive(Debug)]
struct Trouble {
    exit: Exit,
    /// Empty if all was said.
    words: String,
}

impl Trouble {
    fn new(exit: Exit, words: impl Into<String>) -> Self {
        Self { exit, words: words.into() }
    }
}

fn run(words: Vec<OsString>, spoken: &mut Spoken) -> Result<(), Trouble> {
    let wanted = arguments::read(words)?;
    if wanted.help {
        spoken.output = arguments::help();
        return Ok(());
    }
    if wanted.version {
        spoken.output = "Pacemaker 3.0.2\nQuorate's crm_simulate\n".to_owned();
        return Ok(());
    }
    let bare = wanted.scores && wanted.quiet;
    let mut text = Text::new(if bare { Style::Bare } else { Style::Lists });
    let result = match &wanted.profile {
        Some(folder) => simulate::profile(&mut text, spoken, &wanted, folder),
        None => simulate::simulate(&mut text, spoken, &wanted),
    };
    spoken.output.push_str(&text.finish());
    result
}
