//! `cmmakepkg`: a template of a package's file, of all modules or of some.

use std::os::unix::fs::OpenOptionsExt;

use serviceguard::modules;
use serviceguard::table::{Of, Parameter, parameters};

use crate::call::{Call, Said, Trouble};
use crate::migrate;

/// A modular template, a legacy one with `-p`, or with `-s` that of a control script. `-l` lists modules, `-u` makes a
/// modular file of one that there is.
pub(crate) fn cmmakepkg(words: &[String], said: &mut Said<'_>) -> Result<(), Trouble> {
    let call = Call::read(words, "vpslm:n:i:f:u:")?;
    if call.has('s') && call.has('p') {
        return Err(Trouble::new(
            "Specify a control script (-s) or a package's file (-p), not both",
        ));
    }
    let chosen = chosen(&call)?;
    if call.has('l') {
        let listed =
            modules::MODULES.iter().filter(|(name, _)| chosen.is_empty() || chosen.contains(name));
        listed.for_each(|(name, words)| said.line(format!("{name:22} {words}")));
        return Ok(());
    }
    if let Some(old) = call.value('u').or(call.value('i')) {
        let text = std::fs::read_to_string(old)
            .map_err(|error| Trouble::new(format!("Unable to read {old}: {error}")))?;
        return migrate::write(&text, None, call.words.first().map(String::as_str), said);
    }
    let text = match (call.has('s'), call.has('p')) {
        (true, _) => CONTROL.to_owned(),
        (false, true) => legacy(),
        (false, false) => modular(call.value('n').unwrap_or(""), &chosen),
    };
    let mode = if call.has('s') { 0o755 } else { 0o644 };
    let Some(path) = call.words.first() else {
        said.text(text);
        return Ok(());
    };
    let new = std::fs::OpenOptions::new().write(true).create_new(true).mode(mode).open(path);
    new.and_then(|mut file| std::io::Write::write_all(&mut file, text.as_bytes()))
        .map_err(|error| Trouble::new(format!("Unable to create {path}: {error}")))?;
    said.line(if call.has('s') {
        "Package control script is created."
    } else {
        "Package template is created."
    });
    said.line("This file must be edited before it can be used.");
    Ok(())
}

/// The modules of `-m`.
fn chosen(call: &Call) -> Result<Vec<&str>, Trouble> {
    let aggregates = ["sg/default", "sg/multi_node_all"];
    for name in call.values('m') {
        let mut known = modules::MODULES.iter().map(|(known, _)| *known).chain(aggregates);
        if !known.any(|known| known == name) {
            let all = modules::MODULES.iter().map(|(known, _)| *known);
            let near =
                view::words::nearest(name, all).map(|near| format!(", did you mean {near}?"));
            let why = format!("There is no module {name}{}", near.unwrap_or_default());
            return Err(Trouble(format!("{why}\ncmmakepkg -l lists them")));
        }
    }
    Ok(call.values('m').collect())
}

/// A legacy package's control script, to be filled in.
const CONTROL: &str = include_str!("control.sh");

const HEAD: &str = "# A package. Take the comment sign away where a value is to be said.\n";

fn modular(name: &str, chosen: &[&str]) -> String {
    let mut text = format!("{HEAD}\npackage_name {name}\nmodule_name sg/basic\n");
    chosen.iter().for_each(|module| text.push_str(&format!("module_name {module}\n")));
    for known in parameters(Of::Package) {
        let skipped = ["package_name", "module_name", "module_version", "operation_sequence"];
        let of_legacy = ["run_script", "halt_script", "storage_group", "path"];
        let is_left_out = skipped.contains(&known.name) || of_legacy.contains(&known.name);
        if !is_left_out && modules::has(chosen, known) {
            text.push_str(&entry(known, known.name));
        }
    }
    text
}

fn legacy() -> String {
    let mut text = format!("{HEAD}\nPACKAGE_NAME\n");
    for known in parameters(Of::Package) {
        let is_newer = known.since > (11, 17) || known.name == "package_name";
        let of_script = known.name.starts_with("ip_") || known.name.starts_with("module");
        if !is_newer && !of_script {
            let name = known.also.first().filter(|_| known.name == "monitored_subnet");
            text.push_str(&entry(known, &name.map_or(known.name, |name| name).to_uppercase()));
        }
    }
    text
}

/// What it is for, and a line that only lacks a value.
fn entry(known: &Parameter, name: &str) -> String {
    let default =
        if known.default.is_empty() { String::new() } else { format!(" {}", known.default) };
    format!("\n# {}\n#{name}{default}\n", known.words)
}
