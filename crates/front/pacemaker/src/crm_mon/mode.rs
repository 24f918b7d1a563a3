//! Whether the status is shown once, or by somebody who stays; and where.

use std::ffi::OsStr;
use std::io::IsTerminal;
use std::os::unix::process::CommandExt;
use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::time::Duration;

use model::parse_interval;

use crate::exit::{self, Exit};
use crate::home::Home;
use crate::output::Format;
use crate::tool::{Call, Trouble, last};

/// How it is shown.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Mode {
    Once,
    /// By another process, in the background.
    Detached,
    Stay(Goal),
}

/// For whom the one who stays does so.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Goal {
    /// Who sits at this terminal.
    Screen,
    /// Who reads this file.
    File(PathBuf),
    /// The program that is told alone.
    Nobody,
}

/// Says of a process that it is the one in the background.
const MARK: &str = "QUORATE_CRM_MON_IN_BACKGROUND";

/// Time between two pictures, if nothing happens, unless said otherwise.
const INTERVAL: Duration = Duration::from_secs(5);

/// How often it is shown, if nothing happens.
pub(super) fn interval(call: &Call) -> Result<Duration, Trouble> {
    let Some(given) = call.value("interval") else { return Ok(INTERVAL) };
    let read = parse_interval(given).filter(|interval| !interval.is_zero());
    read.ok_or_else(|| Trouble::usage(format!("Invalid value for -i: {given}")))
}

/// The mode that is asked for: of options that contradict each other the last one counts.
pub(super) fn of(call: &Call, home: &Home) -> Result<Mode, Trouble> {
    interval(call)?;
    let asked = last(&call.given, &["one-shot", "daemonize", "interval", "xml-file"]);
    let background = call.has("daemonize") && asked.is_some_and(|asked| asked.name != "one-shot");
    let path = call.value("output-to").filter(|path| *path != "-").map(PathBuf::from);
    if background {
        check_background(call, path.as_ref())?;
    }
    if !matches!(home, Home::Cluster(_)) || asked.is_some_and(|asked| asked.name == "one-shot") {
        return Ok(Mode::Once);
    }
    let goal = path.map_or(Goal::Nobody, Goal::File);
    if background {
        let is_there = std::env::var_os(MARK).is_some();
        return Ok(if is_there { Mode::Stay(goal) } else { Mode::Detached });
    }
    let stays = asked.is_some_and(|asked| asked.name == "interval");
    if let (true, Goal::File(_)) = (stays, &goal) {
        return Ok(Mode::Stay(goal));
    }
    // Where nobody sits, a status that never ends serves nobody.
    let plain = !call.has("output-as") && !call.has("as-xml") && goal == Goal::Nobody;
    let sits = std::io::stdin().is_terminal() && std::io::stdout().is_terminal();
    Ok(if plain && sits { Mode::Stay(Goal::Screen) } else { Mode::Once })
}

fn check_background(call: &Call, path: Option<&PathBuf>) -> Result<(), Trouble> {
    if call.has("external-agent") {
        return Ok(());
    }
    if path.is_none() {
        return Err(Trouble::usage(
            "--daemonize requires at least one of --output-to (with value not set to '-') and \
             --external-agent",
        ));
    }
    if call.format == Format::Nothing {
        return Err(Trouble::usage(
            "--daemonize requires --external-agent if used with --output-as=none",
        ));
    }
    Ok(())
}

/// Starts the one who stays in the background.
pub(super) fn detach(call: &Call) -> Result<Exit, Trouble> {
    let failed = |error: std::io::Error| {
        let why = exit::system_words(&error);
        Trouble::new(Exit::OsError, format!("Could not fork daemon: {why}"))
    };
    let program = std::env::current_exe().map_err(failed)?;
    let mut words = std::env::args_os();
    let name = words.next().unwrap_or_default();
    let mut command = Command::new(program);
    command.arg0(OsStr::new(&name)).args(words).env(MARK, "1");
    command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    let child = command.spawn().map_err(failed)?;
    if let Some(path) = call.value("pid-file") {
        std::fs::write(path, format!("{}\n", child.id())).map_err(failed)?;
    }
    Ok(Exit::Ok)
}
