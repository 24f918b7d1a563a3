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
    ExitCode::from(crm_simulate_to(arguments, &mut std::io::stdout(), &mut std::io::stderr()))
}

/// Runs the tool with other outputs, and answers its exit code.
pub fn crm_simulate_to(
    arguments: Vec<OsString>,
    output: &mut dyn Write,
    errors: &mut dyn Write,
) -> u8 {
    let mut spoken = Spoken::default();
    let code = match run(arguments, &mut spoken) {
        Ok(()) => Exit::Ok,
        Err(trouble) => {
            if !trouble.words.is_empty() {
                spoken.error(&format!("crm_simulate: {}", trouble.words));
            }
            trouble.exit
        }
    };
    spoken.speak(output, errors);
    code as u8
}

/// What the tool says on both outputs, in order.
#[derive(Debug, Default)]
struct Spoken {
    said: Vec<Said>,
}

#[derive(Debug)]
enum Said {
    Output(String),
    Error(String),
}

impl Spoken {
    fn output(&mut self, text: String) {
        self.said.push(Said::Output(text));
    }

    /// One line for the standard error output.
    fn error(&mut self, words: &str) {
        self.said.push(Said::Error(format!("{words}\n")));
    }

    /// The same, after all that `text` has so far.
    fn error_after(&mut self, text: &mut Text, words: &str) {
        self.output(text.take());
        self.error(words);
    }

    fn speak(self, output: &mut dyn Write, errors: &mut dyn Write) {
        for said in self.said {
            // Nobody is left to tell if the outputs are closed.
            let _ = match said {
                Said::Output(text) => output.write_all(text.as_bytes()),
                Said::Error(text) => errors.write_all(text.as_bytes()),
            };
        }
        let _ = output.flush();
    }
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
    if let Some(format) = &wanted.unknown_format {
        spoken.error(&format!("Error creating output format {format}: Unknown output format"));
        return Err(Trouble::new(Exit::NoSuch, ""));
    }
    if wanted.help {
        spoken.output(arguments::help());
        return Ok(());
    }
    if wanted.version {
        spoken.output("Pacemaker 3.0.2\nQuorate's crm_simulate\n".to_owned());
        return Ok(());
    }
    let bare = wanted.scores && wanted.quiet;
    let mut text = Text::new(if bare { Style::Bare } else { Style::Lists });
    let result = match &wanted.profile {
        Some(folder) => simulate::profile(&mut text, spoken, &wanted, folder),
        None => simulate::simulate(&mut text, spoken, &wanted),
    };
    spoken.output(text.take());
    result
}
