//! The command line: `quorate <noun> <verb>`.
//!
//! Reading commands work on a daemon's document or on a file. Changing commands first show what
//! the change would do, then ask, then wait until the cluster has nothing left to do.
//!
//! **Not here:** what things mean (`scheduler`, `view`), how a daemon is spoken to (`client`).
//!
//! **Always:** data goes to standard output, talk to standard error; each way to end has one exit
//! code ([`Exit`]); nothing waits for ever.

mod aftermath;
mod agents;
mod arguments;
mod change;
mod commands;
mod edits;
mod exit;
mod find;
mod say;
mod source;
mod trouble;

use std::ffi::OsString;
use std::process::ExitCode;

use clap::{CommandFactory, Parser};

use arguments::Arguments;
pub use exit::Exit;

/// Runs one command line; `words` are those after the program's name.
pub fn main(words: Vec<OsString>) -> ExitCode {
    let words = std::iter::once(OsString::from("quorate")).chain(words);
    let arguments = match Arguments::try_parse_from(words) {
        Ok(arguments) => arguments,
        Err(error) => return unparsed(&error).code(),
    };
    match commands::run(&arguments) {
        Ok(exit) => exit.code(),
        Err(trouble) => {
            say::trouble(&trouble);
            trouble.exit().code()
        }
    }
}

/// All that the command line takes, for the manual's pages.
pub fn command() -> clap::Command {
    Arguments::command().name("quorate")
}

/// Help and version are answers; anything else was not understood.
fn unparsed(error: &clap::Error) -> Exit {
    let text = error.render();
    if error.use_stderr() {
        say::talk(&if say::talk_in_colour() { text.ansi().to_string() } else { text.to_string() });
        Exit::Usage
    } else {
        say::out(&if say::colour() { text.ansi().to_string() } else { text.to_string() });
        Exit::Done
    }
}
