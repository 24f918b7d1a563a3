//! `crm_shadow`: copies of the document to try changes on. Tools work on the one that `CIB_shadow`
//! names; unless `--batch` is given, who makes one gets a shell in which it is that.

mod changes;
mod shell;

use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use cib::Document;
use cib::patch::diff;
use cib::schema::Schema;
use transition::record::FEATURE_SET;

use crate::cibadmin;
use crate::exit::Exit;
use crate::home::{self, Home};
use crate::options::Taken;
use crate::output::Output;
use crate::source;
use crate::tool::{self, Call, Tool, Trouble, environment, last, switch, valued};

const TAKEN: [Taken; 15] = [
    switch("which", Some('w'), "Show which copy is in use"),
    switch("display", Some('p'), "Show what is in it"),
    switch("diff", Some('d'), "Show how it differs from the cluster's document"),
    switch("file", Some('F'), "Show which file it is in"),
    valued("create", Some('c'), "NAME", "Make one of the cluster's document"),
    valued("create-empty", Some('e'), "NAME", "Make one with nothing in it"),
    valued("commit", Some('C'), "NAME", "Make the cluster's document like it"),
    valued("delete", Some('D'), "NAME", "Remove one"),
    switch("edit", Some('E'), "Open it in the editor that EDITOR names"),
    valued("reset", Some('r'), "NAME", "Make one again of the cluster's document"),
    valued("switch", Some('s'), "NAME", "Say how to use one"),
    switch("force", Some('f'), "Overwrite and remove"),
    switch("batch", Some('b'), "Start no shell"),
    switch("all", Some('a'), "With --commit: the status, too"),
    valued("validate-with", Some('v'), "SCHEMA", "With --create-empty: the schema"),
];

const TOOL: Tool = Tool {
    name: "crm_shadow",
    purpose: "Keeps copies of the cluster's document to try changes on.",
    taken: &TAKEN,
    loose: "",
};

/// Keeps copies of the document.
pub(crate) fn crm_shadow(words: Vec<OsString>) -> ExitCode {
    tool::serve(&TOOL, words, act)
}

const COMMANDS: [&str; 11] = [
    "which",
    "display",
    "diff",
    "file",
    "create",
    "create-empty",
    "commit",
    "delete",
    "edit",
    "reset",
    "switch",
];

fn act(call: &Call, said: &mut Output) -> Result<Exit, Trouble> {
    let Some(asked) = last(&call.given, &COMMANDS) else {
        return Err(Trouble::usage("Must specify a query or command option"));
    };
    let forced = call.has("force");
    let named = asked.value.as_str();
    match asked.name {
        "which" | "display" | "diff" | "file" => return query(asked.name, said),
        "edit" => {
            let name = active()?;
            let file = file_of(&name);
            exists(&file, &name)?;
            return Err(shell::edit(&file));
        }
        "delete" if !forced => {
            return Err(dangerous("delete", "removes the specified shadow file", named));
        }
        "reset" if !forced => {
            return Err(dangerous("reset", "overwrites the active shadow configuration", named));
        }
        "commit" if !forced => {
            return Err(dangerous("commit", "overwrites the active cluster configuration", named));
        }
        _ => {}
    }
    let file = file_of(named);
    let made = "A new shadow instance was created. To begin using it";
    match asked.name {
        "delete" => delete(&file, named, said)?,
        "commit" => {
            let shadow = read(&file, named)?;
            cibadmin::replace(&home(), NOT_REACHED, &shadow, call.has("all"))?;
        }
        "switch" => {
            exists(&file, named)?;
            shell::enter("To switch to the named shadow instance", named, call, said)?;
        }
        "reset" => {
            home::save(&file, &home().open(NOT_REACHED)?.document)?;
            shell::enter(made, named, call, said)?;
        }
        _ => {
            if file.exists() && !forced {
                return Err(Trouble::new(
                    Exit::CannotCreate,
                    format!(
                        "A shadow instance '{named}' already exists.\nTo prevent accidental \
                         destruction of the shadow file, the --force flag is required in order to \
                         proceed."
                    ),
                ));
            }
            create(&file, asked.name == "create-empty", call, said)?;
            shell::enter(made, named, call, said)?;
        }
    }
    Ok(Exit::Ok)
}

/// The copy that is in use.
fn active() -> Result<String, Trouble> {
    let none = || Trouble::new(Exit::NoSuch, "No active shadow configuration defined");
    environment("CIB_shadow").ok_or_else(none)
}

const NOT_REACHED: &str = "Could not connect to CIB: ";

/// The document that copies are made of: not a copy itself.
fn home() -> Home {
    match environment("CIB_file") {
        Some(path) => Home::file(path),
        None => Home::running(),
    }
}

fn file_of(name: &str) -> PathBuf {
    source::shadow_file(name.as_ref())
}

/// What needs `--force`: of a copy that is not in use, that is said, too.
fn dangerous(command: &str, what: &str, named: &str) -> Trouble {
    let active = environment("CIB_shadow");
    let other = match active.filter(|active| active != named) {
        Some(active) => format!(
            "Additionally, the supplied shadow instance ({named}) is not the same as the active one \
             ({active}).\n"
        ),
        None => String::new(),
    };
    let of = if command == "commit" { "cluster" } else { "shadow file" };
    Trouble::usage(format!(
        "The {command} command {what}.\n{other}To prevent accidental destruction of the {of}, the \
         --force flag is required in order to proceed."
    ))
}

fn exists(file: &Path, name: &str) -> Result<(), Trouble> {
    if file.exists() {
        return Ok(());
    }
    let words = format!("Could not access shadow instance '{name}': No such file or directory");
    Err(Trouble::new(Exit::NoSuch, words))
}

fn read(file: &Path, name: &str) -> Result<Document, Trouble> {
    exists(file, name)?;
    source::read_file(file).and_then(source::parse).map_err(|unreadable| {
        Trouble::new(unreadable.exit, format!("Could not read '{name}': {}", unreadable.why))
    })
}

fn query(command: &str, said: &mut Output) -> Result<Exit, Trouble> {
    let name = active()?;
    let file = file_of(&name);
    let path = file.display().to_string();
    let shadow = |inner: &mut dyn FnMut(&mut crate::xml_out::XmlOut),
                  xml: &mut crate::xml_out::XmlOut| {
        xml.begin("shadow");
        xml.attr("instance", &name);
        inner(xml);
        xml.end();
    };
    match command {
        "which" => said.tell(|out| out.line(&name), |xml| shadow(&mut |_xml| {}, xml)),
        "file" => {
            said.tell(|out| out.line(&path), |xml| shadow(&mut |xml| xml.attr("file", &path), xml));
        }
        "display" => {
            let text = read(&file, &name)?.to_string();
            said.tell(
                |out| out.line(text.strip_suffix('\n').unwrap_or(&text)),
                |xml| shadow(&mut |xml| xml.verbatim("content", &text), xml),
            );
        }
        _ => {
            let shadow_document = read(&file, &name)?;
            let current = home().open(NOT_REACHED)?.document;
            let patchset = diff(&current, &shadow_document)
                .map_err(|error| Trouble::new(Exit::Data, error.to_string()))?;
            if patchset.is_empty() {
                said.tell(|_out| {}, |xml| shadow(&mut |_xml| {}, xml));
                return Ok(Exit::Ok);
            }
            let patchset = patchset.to_document();
            said.tell(
                |out| changes::lines(&patchset).iter().for_each(|line| out.line(line)),
                |xml| {
                    let text = patchset.to_string();
                    shadow(&mut |xml| xml.verbatim("xml-patchset", &text), xml);
                },
            );
            return Ok(Exit::Error);
        }
    }
    Ok(Exit::Ok)
}

fn create(file: &Path, empty: bool, call: &Call, said: &mut Output) -> Result<(), Trouble> {
    let document = if empty {
        let newest = Schema::NEWEST.to_string();
        let schema = call.value("validate-with").unwrap_or(&newest);
        said.note(&format!("Created new {schema} configuration"));
        Document::empty_cib(FEATURE_SET, schema)
    } else {
        home().open(NOT_REACHED)?.document
    };
    if let Some(folder) = file.parent() {
        std::fs::create_dir_all(folder).map_err(|error| {
            let words = format!("Could not make {}: {error}", folder.display());
            Trouble::new(Exit::CannotCreate, words)
        })?;
    }
    home::save(file, &document)
}

fn delete(file: &Path, name: &str, said: &mut Output) -> Result<(), Trouble> {
    match std::fs::remove_file(file) {
        Ok(()) => {}
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => {}
        Err(error) => {
            let words = format!("Could not remove shadow file '{name}': {error}");
            return Err(Trouble::new(Exit::of(&error), words));
        }
    }
    shell::leave(name, said);
    Ok(())
}
