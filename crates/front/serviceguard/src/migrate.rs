//! `cmmigratepkg`, and `cmmakepkg -u`: a package's file as a modular one of this release.

use std::io::Write;
use std::path::Path;

use serviceguard::{Package, Style, Text, check_package, lower, migrated};

use crate::call::{Call, Said, Trouble};
use crate::home::Home;

/// Of a package that is applied: `-p PACKAGE [-o FILE]`. Its control script is looked for on this node.
pub(crate) fn cmmigratepkg(words: &[String], said: &mut Said<'_>) -> Result<(), Trouble> {
    let call = Call::read(words, "vp:o:x:")?;
    let Some(name) = call.value('p').filter(|_| call.words.is_empty()) else {
        return Err(Trouble::new("Specify a package with -p"));
    };
    let document = Home::find().read()?.document;
    let text = lower::package_text(&document, name)
        .ok_or_else(|| Trouble(format!("Unable to find package {name} in the cluster")))?;
    write(&text, call.value('x'), call.value('o'), said)
}

/// Writes the file to a new one, or shows it; what is left to do by hand is said as comments at its end.
pub(crate) fn write(
    text: &str,
    script: Option<&str>,
    target: Option<&str>,
    said: &mut Said<'_>,
) -> Result<(), Trouble> {
    let text = Text::parse(text);
    let package = Package::of(&text);
    let script = match package.style {
        Style::Modular => None,
        Style::Legacy => {
            let own = package.run_script.as_ref().map(|script| script.value.as_str());
            let path = script.or(own).ok_or_else(|| Trouble::new("It has no RUN_SCRIPT"))?;
            let read = std::fs::read_to_string(Path::new(path));
            Some(read.map_err(|error| Trouble(format!("Unable to read {path}: {error}")))?)
        }
    };
    let done = migrated(&text, script.as_deref().unwrap_or_default());
    let mut file = done.text;
    if script.is_some() {
        done.by_hand.iter().for_each(|line| file.push_str(&format!("# To be done: {line}\n")));
    }
    for finding in check_package(&file) {
        file.push_str(&format!("# cmcheckconf: {finding}\n"));
    }
    let Some(path) = target else {
        said.text(file);
        return Ok(());
    };
    let new = std::fs::OpenOptions::new().write(true).create_new(true).open(path);
    new.and_then(|mut new| new.write_all(file.as_bytes()))
        .map_err(|error| Trouble(format!("Unable to create {path}: {error}")))?;
    said.line(format!("Package file {path} is created. Look at it before it is applied."));
    Ok(())
}
