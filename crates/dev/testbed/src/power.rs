//! A power strip: what a fence agent asks to switch nodes off and on.
//!
//! An agent runs on a node, which cannot reach another's processes. So it writes a line into a named
//! pipe in the bed's directory, and somebody outside the nodes, who [serves](serve) the pipe, does it.

use std::fs;
use std::io::{BufRead, BufReader, Write};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU32, Ordering};

use crate::run::{run, words};
use crate::{Bed, Result};

/// The fence agent's twin with moods, for devices that fail.
const MOODS: &str = include_str!("fence_moods.sh");

/// The fence agent. Its parameters are `bed`, the bed's directory, and `plug`, a node's name.
const AGENT: &str = include_str!("fence_bed.sh");

/// Where requests are written.
pub(crate) fn pipe(root: &Path) -> PathBuf {
    root.join("power")
}

/// Makes the pipe, and the agents in `agents/fence`. Another `fence_bed`, which knows this bed
/// without being told, is in `sbin`, which nodes see as part of `/usr/sbin`.
pub(crate) fn prepare(root: &Path) -> Result<()> {
    let failed = |error| format!("{}: {error}", root.display());
    fs::create_dir_all(root.join("agents/fence")).map_err(failed)?;
    for (name, text) in [("fence_bed", AGENT), ("fence_moods", MOODS)] {
        let agent = root.join("agents/fence").join(name);
        fs::write(&agent, text).map_err(failed)?;
        fs::set_permissions(&agent, fs::Permissions::from_mode(0o755)).map_err(failed)?;
    }
    let agent = root.join("sbin/fence_bed");
    fs::create_dir_all(root.join("sbin")).map_err(failed)?;
    let known = format!("action=reboot\nbed='{}'\n", root.display());
    let told = AGENT.replace("name=\"bed\" required=\"1\"", "name=\"bed\" required=\"0\"");
    fs::write(&agent, told.replace("action=reboot\n", &known)).map_err(failed)?;
    fs::set_permissions(&agent, fs::Permissions::from_mode(0o755)).map_err(failed)?;
    if pipe(root).exists() {
        return Ok(());
    }
    run(words("mkfifo", &["-m", "600"]).arg(pipe(root))).map(drop)
}

/// Does what fence agents ask for, until the bed's directory is gone or somebody writes `stop`.
///
/// # Errors
/// When there is no bed, or its pipe cannot be read.
pub fn serve(root: &Path) -> Result<()> {
    let failed = |error| format!("{}: {error}", pipe(root).display());
    // Open for writing, too, or it would end with the first agent.
    let pipe = fs::File::options().read(true).write(true).open(pipe(root)).map_err(failed)?;
    for line in BufReader::new(pipe).lines() {
        let line = line.map_err(failed)?;
        match line.split(' ').collect::<Vec<&str>>().as_slice() {
            ["stop"] => return Ok(()),
            [action, plug, reply] => {
                let answer = switch(root, action, plug).unwrap_or_else(|why| why);
                // Who asked may have been killed meanwhile.
                let _unheard = tell(Path::new(reply), &answer);
            }
            _nonsense => {}
        }
    }
    Ok(())
}

/// Asks whoever [serves](serve) to end.
///
/// # Errors
/// When the pipe cannot be written.
pub fn stop(root: &Path) -> Result<()> {
    tell(&pipe(root), "stop")
}

/// Asks whoever serves the pipe, as the agent does: an action and a plug, or what a
/// [`Keeper`](crate::Keeper) knows besides. Answers with its word.
///
/// # Errors
/// When nobody serves it, or with what is wrong.
pub fn ask(root: &Path, action: &str, plug: &str) -> Result<String> {
    static ASKED: AtomicU32 = AtomicU32::new(0);
    let number = ASKED.fetch_add(1, Ordering::Relaxed);
    let reply = root.join(format!("run/asked.{}.{number}", std::process::id()));
    let failed = |error| format!("{}: {error}", reply.display());
    run(words("mkfifo", &["-m", "600"]).arg(&reply))?;
    let ears = fs::File::options().read(true).write(true).open(&reply).map_err(failed)?;
    let heard = tell(&pipe(root), &format!("{action} {plug} {}", reply.display()));
    // Whoever serves the pipe holds it locked: nobody else answers.
    let answer = heard.and_then(|()| {
        let mut line = String::new();
        if !is_kept(root) {
            return Err("nobody holds the bed".to_owned());
        }
        BufReader::new(ears).read_line(&mut line).map_err(failed)?;
        Ok(line.trim().to_owned())
    });
    fs::remove_file(&reply).map_err(failed)?;
    answer
}

/// Marks the bed as kept for as long as the answer lives.
pub(crate) fn hold(root: &Path) -> Result<fs::File> {
    let path = root.join("run/held");
    let failed = |error| format!("{}: {error}", path.display());
    let file = fs::File::create(&path).map_err(failed)?;
    file.try_lock().map_err(|error| format!("{}: {error}", path.display()))?;
    Ok(file)
}

/// Whether somebody [keeps](hold) it.
pub(crate) fn is_kept(root: &Path) -> bool {
    let file = fs::File::open(root.join("run/held"));
    // Shared, so that of two who look at the same time neither takes the other for who holds it.
    file.is_ok_and(|file| matches!(file.try_lock_shared(), Err(fs::TryLockError::WouldBlock)))
}

/// A pipe is opened for both ways, which does not wait for a reader.
pub(crate) fn tell(to: &Path, line: &str) -> Result<()> {
    let failed = |error| format!("{}: {error}", to.display());
    let mut pipe = fs::File::options().read(true).write(true).open(to).map_err(failed)?;
    pipe.write_all(format!("{line}\n").as_bytes()).map_err(failed)
}

fn switch(root: &Path, action: &str, plug: &str) -> Result<String> {
    let bed = Bed::open(root)?;
    let node = plug.strip_prefix('n').and_then(|number| number.parse().ok());
    let node = node.filter(|node| bed.plan().numbers().any(|known| known == *node));
    let node: u32 = node.ok_or_else(|| format!("there is no node {plug}"))?;
    match action {
        "off" => bed.power_off(node)?,
        "on" => bed.power_on(node)?,
        "reboot" => {
            bed.power_off(node)?;
            bed.power_on(node)?;
        }
        "status" => {
            let is_on = bed.first_process(node).is_some();
            return Ok(if is_on { "on" } else { "off" }.to_owned());
        }
        other => return Err(format!("there is no action {other}")),
    }
    Ok("done".to_owned())
}
