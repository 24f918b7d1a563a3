//! `crm_shadow`: copies of the document to try changes on. Tools work on the one that `CIB_shadow`
//! names.
//!
//! **Not here:** a shell with that variable set, and an editor: `--batch` is always on.

use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use cib::Document;
use cib::patch::diff;
use cib::schema::Schema;
use transition::record::FEATURE_SET;

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
    switch("edit", Some('E'), "Not done here"),
    valued("reset", Some('r'), "NAME", "Make one again of the cluster's document"),
    valued("switch", Some('s'), "NAME", "Say how to use one"),
    switch("force", Some('f'), "Overwrite and remove"),
    switch("batch", Some('b'), "Accepted: no shell is ever started"),
    switch("all", Some('a'), "Accepted: the whole configuration is always uploaded"),
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
            let words = "--edit is not done here; `crm_shadow --file` says what to edit";
            return Err(Trouble::new(Exit::Unimplemented, words));
        }
        "delete" if !forced => {
            return Err(dangerous("delete", "removes the specified shadow file", "shadow file"));
        }
        "reset" if !forced => {
            let what = "overwrites the active shadow configuration";
            return Err(dangerous("reset", what, "shadow file"));
        }
        "commit" if !forced => {
            let what = "overwrites the active cluster configuration";
            return Err(dangerous("commit", what, "cluster"));
        }
        _ => {}
    }
    let file = file_of(named);
    match asked.name {
        "delete" => delete(&file, named, said)?,
        "commit" => {
            let shadow = read(&file, named)?;
            home().change(NOT_REACHED, |_found| Ok((shadow.clone(), ())))?;
            to_leave(said);
        }
        "switch" => {
            exists(&file, named)?;
            to_use("To switch to the named shadow instance", named, said);
        }
        "reset" => {
            exists(&file, named)?;
            home::save(&file, &home().open(NOT_REACHED)?.document)?;
            to_use("The shadow instance was reset", named, said);
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
            to_use("A new shadow instance was created", named, said);
        }
    }
    Ok(Exit::Ok)
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

fn dangerous(command: &str, what: &str, of: &str) -> Trouble {
    Trouble::usage(format!(
        "The {command} command {what}.\nTo prevent accidental destruction of the {of}, the --force \
         flag is required in order to proceed."
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
    let Some(name) = environment("CIB_shadow") else {
        return Err(Trouble::new(Exit::NoSuch, "No active shadow configuration defined"));
    };
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
                return Ok(Exit::Ok);
            }
            let text = patchset.to_document().to_string();
            said.tell(
                |out| out.line(text.strip_suffix('\n').unwrap_or(&text)),
                |xml| shadow(&mut |xml| xml.verbatim("patchset", &text), xml),
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
    to_leave(said);
    Ok(())
}

fn to_use(beginning: &str, name: &str, said: &mut Output) {
    instruct(
        &format!("{beginning}. To begin using it, enter the following into your shell:"),
        &format!("export CIB_shadow={name}"),
        said,
    );
}

fn to_leave(said: &mut Output) {
    instruct(
        "Remember to unset the CIB_shadow variable by entering the following into your shell:",
        "unset CIB_shadow",
        said,
    );
}

fn instruct(words: &str, command: &str, said: &mut Output) {
    said.tell(
        |out| out.line(&format!("{words}\n\t{command}")),
        |xml| {
            let words = format!("{words}\n\t{command}");
            xml.text("instruction", &words);
        },
    );
}
