//! `crm_verify`: whether a document can be used, and what is wrong with it.

use std::ffi::OsString;
use std::path::Path;
use std::process::ExitCode;

use cib::Document;
use cib::schema::{self, Schema};
use cib::upgrade::upgrade;
use scheduler::{Input, Severity};

use crate::exit::Exit;
use crate::home::{self, Home};
use crate::options::Taken;
use crate::output::{Format, Output};
use crate::source;
use crate::tool::{self, Call, Tool, Trouble, switch, valued};

const TAKEN: [Taken; 6] = [
    switch("quiet", Some('q'), "The exit code alone"),
    switch("live-check", Some('L'), "The running cluster's document"),
    valued("xml-file", Some('x'), "FILE", "The document in a file"),
    valued("xml-text", Some('X'), "XML", "The document itself"),
    switch("xml-pipe", Some('p'), "The document in the standard input"),
    valued("save-xml", Some('S'), "FILE", "Write the document to this file, too"),
];

const TOOL: Tool = Tool {
    name: "crm_verify",
    purpose: "Checks whether a document can be used, and says what is wrong with it.",
    taken: &TAKEN,
    loose: "",
};

/// Checks a document.
pub(crate) fn crm_verify(words: Vec<OsString>) -> ExitCode {
    tool::serve(&TOOL, words, act)
}

fn act(call: &Call, said: &mut Output) -> Result<Exit, Trouble> {
    let document = document(call, said)?;
    if let Some(path) = call.value("save-xml") {
        home::save(Path::new(path), &document)?;
    }
    let detailed = call.format != Format::Text || call.count("verbose") > 0;
    let found = find(document);
    for word in found.always.iter().chain(found.details.iter().filter(|_| detailed)) {
        said.error(word.clone());
    }
    let Some(verdict) = found.verdict else { return Ok(Exit::Ok) };
    if !call.has("quiet") {
        let hint = if detailed { "" } else { " (-V may provide more detail)" };
        said.error(format!("Configuration {verdict}{hint}"));
    }
    Ok(Exit::Config)
}

fn document(call: &Call, said: &mut Output) -> Result<Document, Trouble> {
    let from = match (call.value("xml-file"), call.value("xml-text")) {
        (Some(path), _) => path,
        (None, Some(text)) => text,
        (None, None) if call.has("xml-pipe") => "-",
        (None, None) if call.has("live-check") => {
            let found = Home::find().open("");
            return found.map(|found| found.document).map_err(|trouble| {
                said.error(format!("Could not connect to the CIB: {}", trouble.words));
                Trouble { words: format!("Verification failed: {}", trouble.words), ..trouble }
            });
        }
        (None, None) => return Err(Trouble::new(Exit::Error, "No input specified")),
    };
    source::document(from).map_err(|unreadable| {
        let words = format!("Verification failed: Unable to parse CIB XML\n  {}", unreadable.why);
        Trouble::new(Exit::Config, words)
    })
}

/// What is wrong with a document.
#[derive(Debug, Default)]
struct Found {
    /// What is said in any case.
    always: Vec<String>,
    /// What is said to who wants to know.
    details: Vec<String>,
    /// In one word, if it is not all well.
    verdict: Option<&'static str>,
}

const INVALID: &str = "invalid";

fn find(mut document: Document) -> Found {
    let mut found = Found::default();
    if !document.root().is("cib") {
        let name = document.root().name();
        found.always = vec![format!("Input is not a CIB (outermost element is {name} not cib)")];
        found.verdict = Some("");
        return found;
    }
    let has_status = document.root().child("status").is_some();
    document.section_or_new(cib::Section::Status);
    let violations = schema::check(&document).violations;
    if !violations.is_empty() {
        found.details.extend(violations.iter().map(|violation| format!("error: {violation}")));
    } else if let Err(refused) = upgrade(&mut document) {
        let newest = Schema::NEWEST;
        found.always.push(format!(
            "The cluster will NOT be able to use this configuration.\nPlease manually update the \
             configuration to conform to the {newest} syntax."
        ));
        found.details.push(format!("error: {refused}"));
    } else {
        plan(&document, has_status, &mut found);
        return found;
    }
    found.details.push("error: CIB did not pass schema validation".to_owned());
    found.verdict = Some(INVALID);
    found
}

/// Some mistakes show only when the cluster plans.
fn plan(document: &Document, has_status: bool, found: &mut Found) {
    let input = Input { now: crate::time::now(), sanitized: false };
    let resolved = scheduler::resolve(document, &input);
    let planned = has_status.then(|| scheduler::plan_resolved(&resolved));
    let findings = match &planned {
        Some(planned) => &planned.findings,
        None => &resolved.findings,
    };
    let (mut errors, mut warnings) = (false, false);
    // Nothing suffers from it yet, so that the scheduler is silent; who asks is told before it does.
    if resolved.resources.is_empty() && resolved.options.fencing_enabled {
        errors = true;
        let words = "error: there is no fence device: nothing will be started; configure one, or set \
                     fencing-enabled=false where nothing is shared";
        found.details.push(words.to_owned());
    }
    if has_status {
        let lost = resolved.node_indices().filter(|node| resolved.node(*node).unclean);
        for node in lost.filter(|node| !resolved.can_fence(*node)) {
            warnings = true;
            let name = &resolved.node(node).name;
            let words = format!("warning: Node {name} is unclean but cannot be fenced");
            found.details.push(words);
        }
    }
    for finding in findings {
        let word = match finding.severity {
            Severity::Error | Severity::Bug => {
                errors = true;
                "error"
            }
            Severity::Warning => {
                warnings = true;
                "warning"
            }
            Severity::Notice => continue,
        };
        found.details.push(format!("{word}: {}", finding.message));
    }
    if errors {
        found.details.push("error: CIB did not pass schema validation".to_owned());
        found.verdict = Some(INVALID);
    } else if warnings {
        found.verdict = Some("may need attention");
    }
}
