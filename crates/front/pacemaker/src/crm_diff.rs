//! `crm_diff`: the difference of two documents as a patchset, or a patchset applied to one.

use std::ffi::OsString;
use std::path::Path;
use std::process::ExitCode;

use cib::patch::{PatchError, Patchset, diff};
use cib::{Document, Version};

use crate::exit::Exit;
use crate::options::Taken;
use crate::output::Output;
use crate::source::{self, Unreadable};
use crate::tool::{self, Call, Tool, Trouble, last, switch, valued};

const TAKEN: [Taken; 8] = [
    valued("original", Some('o'), "FILE", "The document to begin with"),
    valued("original-string", Some('O'), "XML", "The same, as text"),
    valued("new", Some('n'), "FILE", "The document to compare it with"),
    valued("new-string", Some('N'), "XML", "The same, as text"),
    valued("patch", Some('p'), "FILE", "The difference to apply"),
    switch("cib", Some('c'), "They are editions of one document: add the checksum of the new one"),
    switch("no-version", Some('u'), "Leave out for which edition the difference is"),
    switch("stdin", Some('s'), "Read the documents from the standard input"),
];

const TOOL: Tool = Tool {
    name: "crm_diff",
    purpose: "Compares two documents, or applies a difference to one.",
    taken: &TAKEN,
    loose: "",
};

/// Compares two documents, or applies a patchset.
pub(crate) fn crm_diff(words: Vec<OsString>) -> ExitCode {
    tool::serve(&TOOL, words, act)
}

fn act(call: &Call, said: &mut Output) -> Result<Exit, Trouble> {
    let is_patch = call.has("patch");
    if call.has("no-version") && call.has("cib") {
        return Err(Trouble::usage("-u/--no-version incompatible with -c/--cib"));
    }
    if call.has("no-version") && is_patch {
        said.error("Warning: -u/--no-version ignored with -p/--patch".to_owned());
    }
    let old = text(call, "original-string", &["original"]).ok_or_else(|| {
        Trouble::usage("Either --original or --original-string must be specified")
    })?;
    let new = text(call, "new-string", &["new", "patch"]).ok_or_else(|| {
        Trouble::usage("Either --new, --new-string, or --patch must be specified")
    })?;
    let old = old.map_err(|why| unreadable("original", &why))?;
    let new = new.map_err(|why| unreadable(if is_patch { "patch" } else { "new" }, &why))?;
    if is_patch {
        let updated = Patchset::read(new.root()).and_then(|patchset| {
            // Only editions of one document have versions that can fit or not.
            if call.has("cib") {
                patchset.apply(&old)
            } else {
                patchset.without_version().apply(&old)
            }
        });
        said.quote("updated", &updated.map_err(not_applied)?.to_string());
        return Ok(Exit::Ok);
    }
    compare(call, &old, new, said)
}

/// The documents differ: that is an answer, and a code of its own.
fn compare(
    call: &Call,
    old: &Document,
    mut new: Document,
    said: &mut Output,
) -> Result<Exit, Trouble> {
    if call.has("no-version") {
        copy_version(old, &mut new);
    }
    let patchset = diff(old, &new)
        .map_err(|error| Trouble::new(Exit::Data, format!("Could not compare: {error}")))?;
    if patchset.is_empty() {
        return Ok(Exit::Ok);
    }
    let patchset = if call.has("cib") { patchset.with_digest_of(&new) } else { patchset };
    let patchset = if call.has("no-version") { patchset.without_version() } else { patchset };
    said.quote("patchset", &patchset.to_document().to_string());
    Ok(Exit::Error)
}

/// Editions are not compared: both get the same.
fn copy_version(old: &Document, new: &mut Document) {
    let root = new.root().id();
    for name in ["admin_epoch", "epoch", "num_updates"] {
        match old.root().attr(name) {
            Some(value) => new.set(root, name, value),
            None => {
                new.unset(root, name);
            }
        }
    }
}

type Text = Result<Document, Unreadable>;

fn text(call: &Call, as_text: &str, as_file: &[&str]) -> Option<Text> {
    if let Some(text) = call.value(as_text) {
        return Some(source::parse(text.to_owned()));
    }
    if call.has("stdin") {
        return Some(source::document("-"));
    }
    let path = &last(&call.given, as_file)?.value;
    Some(match path.as_str() {
        "-" => source::document(path),
        path => source::read_file(Path::new(path)).and_then(source::parse),
    })
}

fn unreadable(which: &str, unreadable: &Unreadable) -> Trouble {
    Trouble::new(Exit::Data, format!("Failed to parse {which} XML\n  {}", unreadable.why))
}

fn not_applied(error: PatchError) -> Trouble {
    let (exit, words) = match &error {
        PatchError::OtherSource { current, source } => old_or_new(*current, *source),
        PatchError::NotNewer { .. } => (Exit::Old, OLD),
        PatchError::Unreadable(_) | PatchError::Malformed { .. } | PatchError::OtherRoot => {
            (Exit::Software, "Invalid argument")
        }
        PatchError::OtherDigest { .. } => (Exit::Error, FAILED),
        PatchError::NotFound { .. } => (Exit::Error, FAILED),
    };
    Trouble::new(exit, format!("Could not apply patch: {words}\n  {error}"))
}

const OLD: &str = "Update was older than existing configuration";
const FAILED: &str = "Application of update diff failed";

fn old_or_new(current: Version, source: Version) -> (Exit, &'static str) {
    if source < current { (Exit::Old, OLD) } else { (Exit::Error, FAILED) }
}
