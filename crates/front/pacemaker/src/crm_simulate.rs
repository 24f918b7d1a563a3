//! `crm_simulate`: what the cluster would do about a state, and what would come of it.
//!
//! **Not here:** deciding (`scheduler`), carrying out on paper (`transition::rehearse`).
//!
//! **Always:** standard output is a function of the input document, the options and the time.

mod arguments;
mod as_read;
mod execute;
mod for_people;
mod help;
mod inject;
mod input;
mod profile;
mod simulate;

pub use for_people::simulate;

use std::ffi::OsString;
use std::fs::File;
use std::io::Write;
use std::path::Path;
use std::process::ExitCode;

use crate::command_line;
use crate::complaints;
use crate::exit::{self, Exit};
use crate::output::Output;
use crate::shown::Section;
use crate::time;
use arguments::{Asked, Wanted};

/// Runs the tool; `arguments` are without the program's name.
pub fn crm_simulate(arguments: Vec<OsString>) -> ExitCode {
    let program = std::env::args().next().unwrap_or_default();
    let (mut output, mut errors) = (std::io::stdout(), std::io::stderr());
    let clock = time::now();
    ExitCode::from(crm_simulate_to(&program, arguments, clock, &mut output, &mut errors))
}

/// Runs the tool, called `program`, with other outputs and another time on the machine's clock, in
/// seconds since 1970; answers its exit code.
pub fn crm_simulate_to(
    program: &str,
    arguments: Vec<OsString>,
    clock: i64,
    output: &mut dyn Write,
    errors: &mut dyn Write,
) -> u8 {
    let name = Path::new(program).file_name().unwrap_or_default().to_string_lossy();
    let words: Vec<String> =
        arguments.into_iter().map(|word| word.to_string_lossy().into_owned()).collect();
    let request = command_line::quote(program, &words);
    let read = arguments::read(&words);
    for word in &read.warnings {
        let _closed = writeln!(errors, "{word}");
    }
    let asked = match read.asked {
        Ok(Asked::Do(wanted)) => open(&wanted).map(|file| (wanted, file)),
        Ok(Asked::Help(topic)) => {
            let _closed = output.write_all(help::text(&name, topic).as_bytes());
            return Exit::Ok as u8;
        }
        Err(trouble) => Err(Trouble { words: format!("{name}: {}", trouble.words), ..trouble }),
    };
    let (wanted, mut file) = match asked {
        Ok(asked) => asked,
        Err(trouble) => {
            let _closed = writeln!(errors, "{}", trouble.words);
            return trouble.exit as u8;
        }
    };
    let bare = wanted.scores && wanted.quiet;
    let wanted = Wanted { quiet: wanted.quiet && wanted.format.can_be_quiet(), ..*wanted };
    let mut said = Output::new(wanted.format, &request, bare);
    said.show_log(complaints::are_wanted(wanted.verbose));
    let exit = match run(&wanted, clock, &mut said) {
        Ok(()) => Exit::Ok,
        Err(trouble) => {
            if !trouble.words.is_empty() {
                said.complain(&format!("{name}: {}", trouble.words));
            }
            trouble.exit
        }
    };
    let destination = file.as_mut().map_or(output, |file| file as &mut dyn Write);
    said.finish(exit, destination, errors);
    exit as u8
}

/// The file that the output goes to, if it goes to one.
fn open(wanted: &Wanted) -> Result<Option<File>, Trouble> {
    let refused = |exit, word: &str, why: &str| {
        Trouble::new(exit, format!("Error creating output format {word}: {why}"))
    };
    if let Some(word) = &wanted.unknown_format {
        return Err(refused(Exit::NoSuch, word, "Unknown output format"));
    }
    let Some(path) = &wanted.output_to else { return Ok(None) };
    // Pacemaker knows no name where none was given.
    let format = if wanted.names_format { wanted.format.name() } else { "(null)" };
    let why = |error| refused(Exit::of(&error), format, &exit::system_words(&error));
    File::create(path).map(Some).map_err(why)
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

fn run(wanted: &Wanted, clock: i64, said: &mut Output) -> Result<(), Trouble> {
    if wanted.version {
        said.show(&Section::Version);
        return Ok(());
    }
    match &wanted.profile {
        Some(folder) => profile::profile(said, wanted, clock, folder),
        None => simulate::simulate(said, wanted, clock),
    }
}
