//! A shell in which a copy is in use, or words on how to come by one; and the editor.

use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::Command;

use crate::exit::{self, Exit};
use crate::output::Output;
use crate::tool::{Call, Trouble, environment};

/// How much of a name stands in the prompt.
const NAME_MAX: usize = 40;

fn prompt(name: &str) -> String {
    let shown: String = name.chars().take(NAME_MAX).collect();
    format!("shadow[{shown}] # ")
}

/// Goes on in a shell where the copy is in use; says what to do if none is wanted. Who is in such a
/// shell already stays there.
pub(super) fn enter(
    beginning: &str,
    name: &str,
    call: &Call,
    said: &mut Output,
) -> Result<(), Trouble> {
    let prompt = prompt(name);
    let is = |variable: &str, value: &str| environment(variable).is_some_and(|now| now == value);
    if is("CIB_shadow", name) && std::env::var("PS1").is_ok_and(|now| now == prompt) {
        return Ok(());
    }
    let Some(shell) = environment("SHELL").filter(|_| !call.has("batch")) else {
        let words = format!(
            "{beginning}, enter the following into your shell:\n\texport CIB_shadow={name}"
        );
        instruct(&words, said);
        return Ok(());
    };
    said.note("Setting up shadow instance");
    instruct("Press Ctrl+D to exit the crm_shadow shell", said);
    said.say_now();
    let mut command = Command::new(&shell);
    if shell.ends_with("bash") {
        // Its own start would set another prompt.
        command.args(["--norc", "--noprofile"]);
    }
    let error = command.env("PS1", prompt).env("CIB_shadow", name).exec();
    let why = exit::system_words(&error);
    Err(Trouble::new(Exit::of(&error), format!("Failed to launch shell '{shell}': {why}")))
}

/// Says how to stop using a copy that is gone, to who uses it.
pub(super) fn leave(name: &str, said: &mut Output) {
    if environment("CIB_shadow").is_none_or(|active| active != name) {
        return;
    }
    if std::env::var("PS1").is_ok_and(|now| now == prompt(name)) {
        instruct("Press Ctrl+D to exit the crm_shadow shell", said);
        return;
    }
    instruct(
        "Remember to unset the CIB_shadow variable by entering the following into your shell:\n\t\
         unset CIB_shadow",
        said,
    );
}

/// Becomes the editor; comes back only if there is none.
pub(super) fn edit(file: &Path) -> Trouble {
    let Some(editor) = environment("EDITOR") else {
        return Trouble::new(Exit::NotConfigured, "No value for EDITOR defined");
    };
    let error = Command::new(&editor).arg(file).exec();
    let (file, why) = (file.display(), exit::system_words(&error));
    Trouble::new(Exit::NoFile, format!("Could not invoke EDITOR ({editor} {file}): {why}"))
}

fn instruct(words: &str, said: &mut Output) {
    said.tell(|out| out.line(words), |xml| xml.text("instruction", words));
}
