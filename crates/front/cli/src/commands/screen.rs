//! `quorate watch`: the screen, and the commands that are typed into it.

use std::io::BufRead;

use clap::Parser;

use crate::arguments::{Arguments, Command, Common};
use crate::exit::Exit;
use crate::source;
use crate::trouble::Trouble;
use crate::{say, unparsed};

pub(super) fn run(common: &Common) -> Result<Exit, Trouble> {
    let client = source::daemon(common, "the screen")?;
    if !say::is_at_terminal() {
        return Err(Trouble::Usage {
            what: "`quorate watch` needs a terminal; `quorate status --watch` does not".to_owned(),
        });
    }
    let command = |words: &[String]| command(common, words);
    let with = watch::With { client: &client, now: source::present, command: &command };
    watch::run(with).map_err(Trouble::Screen)?;
    Ok(Exit::Done)
}

/// Runs a command as the command line does: it shows its plan, and asks.
fn command(common: &Common, words: &[String]) {
    let socket = common.socket.iter().flat_map(|path| ["--socket".into(), path.into()]);
    let words = words.iter().map(Into::into);
    let line = std::iter::once("quorate".into()).chain(words).chain(socket);
    match Arguments::try_parse_from::<_, std::ffi::OsString>(line) {
        Ok(Arguments { command: Command::Watch, .. }) => {}
        Ok(arguments) => {
            if let Err(trouble) = super::run(&arguments) {
                say::trouble(&trouble);
            }
        }
        Err(error) => {
            unparsed(&error);
        }
    }
    say::talk("Enter goes back to the screen. ");
    // Whatever is typed, or that nothing can be typed any more, goes back.
    let _ = std::io::stdin().lock().read_line(&mut String::new());
}
