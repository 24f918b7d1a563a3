//! `quorate config edit`: the configuration in the operator's editor.
//!
//! **Always:** what somebody wrote is not lost. If it does not become the configuration, for
//! whatever reason, it stays in its file, and the file is named.

use std::path::{Path, PathBuf};
use std::process::Command;

use wire::api::{Change, Edit, Request};

use super::config_whole::{based_on, configuration, replace};
use crate::arguments::{Changing, Common};
use crate::change::{OnMisfits, Wanted};
use crate::exit::Exit;
use crate::source::{self, Source};
use crate::trouble::Trouble;
use crate::{edits, say};

pub(super) fn edit(common: &Common, changing: Changing) -> Result<Exit, Trouble> {
    if !changing.dry_run {
        source::daemon(common, "a change")?;
    }
    let source = Source::read(common)?;
    let before = configuration(&source.document);
    let path = write_new(&before)?;
    let ended = edit_until_good(common, changing, &source, &path);
    let is_made = matches!(ended, Ok(Exit::Done)) && !changing.dry_run;
    let as_before = source::read_text(&path).is_ok_and(|text| text == before);
    if is_made || as_before || matches!(ended, Err(Trouble::StillBusy { .. })) {
        // It may hold passwords of fence devices.
        let _gone_already = std::fs::remove_file(&path);
        if as_before && ended.is_ok() {
            say::out("You changed nothing.\n");
        }
        return ended;
    }
    match ended {
        Ok(exit) => {
            say::talk(&format!("{}\n", Trouble::where_kept(&path)));
            Ok(exit)
        }
        Err(trouble) => Err(Trouble::Kept { trouble: Box::new(trouble), path }),
    }
}

/// Lets the operator mend what is refused, as often as it takes.
fn edit_until_good(
    common: &Common,
    changing: Changing,
    source: &Source,
    path: &Path,
) -> Result<Exit, Trouble> {
    loop {
        run_editor(path)?;
        match wanted(changing, source, path) {
            Ok(None) => return Ok(Exit::Done),
            Ok(Some(wanted)) => return replace(common, changing, source, wanted),
            Err(trouble) if say::can_ask() => {
                say::trouble(&trouble);
                if !say::ask("Edit it again?") {
                    return Err(Trouble::Declined);
                }
            }
            Err(trouble) => return Err(trouble),
        }
    }
}

/// What the file asks for; `None` if it is as it was.
fn wanted(changing: Changing, source: &Source, path: &Path) -> Result<Option<Wanted>, Trouble> {
    let xml = source::read_text(path)?;
    if xml == configuration(&source.document) {
        return Ok(None);
    }
    source::parse(xml.clone(), "what you wrote")?;
    let edits = vec![Edit::Replace { xml }];
    let after = edits::apply(&source.document, &edits)?;
    let request = Request::Change {
        change: Change::Edit { edits },
        force: changing.force,
        based_on: based_on(&source.document),
    };
    Ok(Some(Wanted {
        what: "Make that the configuration".to_owned(),
        requests: vec![request],
        after,
        notes: Vec::new(),
        misfits: OnMisfits::Tell,
    }))
}

/// Makes a file that only its owner may read, and that was not there.
fn write_new(text: &str) -> Result<PathBuf, Trouble> {
    use std::io::{ErrorKind, Write};
    use std::os::unix::fs::OpenOptionsExt;
    let directory = std::env::temp_dir();
    let mut number = std::process::id();
    loop {
        let path = directory.join(format!("quorate-config-{number}.xml"));
        let mut options = std::fs::OpenOptions::new();
        let opened = options.write(true).create_new(true).mode(0o600).open(&path);
        match opened.and_then(|mut file| file.write_all(text.as_bytes())) {
            Ok(()) => return Ok(path),
            // Somebody's who had our process number before.
            Err(error) if error.kind() == ErrorKind::AlreadyExists => {
                number = number.wrapping_add(1);
            }
            Err(source) => return Err(Trouble::Write { path, source }),
        }
    }
}

fn run_editor(path: &Path) -> Result<(), Trouble> {
    let named = ["VISUAL", "EDITOR"]
        .into_iter()
        .filter_map(|name| std::env::var(name).ok())
        .find(|command| !command.trim().is_empty());
    let command = named.unwrap_or_else(|| "vi".to_owned());
    // The variable may hold options, so a shell reads it, as everywhere.
    let status =
        Command::new("sh").arg("-c").arg(format!("{command} \"$1\"")).arg("sh").arg(path).status();
    match status {
        Ok(status) if status.success() => Ok(()),
        // What the shell says of a command that it cannot run, too.
        Ok(status) => Err(Trouble::Editor { command, reason: format!("ended with {status}") }),
        Err(error) => {
            Err(Trouble::Editor { command, reason: format!("could not be run: {error}") })
        }
    }
}
