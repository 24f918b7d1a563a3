//! `crm_error`: what codes mean.

mod table;

use std::ffi::OsString;
use std::process::ExitCode;

use crate::exit::Exit;
use crate::options::Taken;
use crate::output::Output;
use crate::tool::{self, Call, Tool, Trouble, last, switch};
use table::Kind;

const TAKEN: [Taken; 4] = [
    switch("name", Some('n'), "Show the codes' names, too"),
    switch("list", Some('l'), "Show all codes"),
    switch("exit", Some('X'), "The codes are tools' exit codes"),
    switch("rc", Some('r'), "The codes are what Pacemaker's functions return"),
];

const TOOL: Tool = Tool {
    name: "crm_error",
    purpose: "Says what Pacemaker's codes mean.",
    taken: &TAKEN,
    loose: "[--] CODE...",
};

/// Explains codes.
pub(crate) fn crm_error(words: Vec<OsString>) -> ExitCode {
    tool::serve(&TOOL, words, act)
}

fn act(call: &Call, said: &mut Output) -> Result<Exit, Trouble> {
    let kind = match last(&call.given, &["exit", "rc"]).map(|given| given.name) {
        Some("exit") => Kind::Exit,
        Some(_) => Kind::Return,
        None => Kind::Legacy,
    };
    let named = call.has("name");
    if call.has("list") || call.loose.is_empty() {
        for (code, name, words) in table::all(kind) {
            let line = if named {
                format!("{code:5}: {name:<26}  {words}")
            } else {
                format!("{code:5}: {words}")
            };
            show(said, &line, code, named.then_some(name.as_str()), &words);
        }
        return Ok(Exit::Ok);
    }
    for written in &call.loose {
        // What is no number is a code that means nothing.
        let code = written.parse().unwrap_or(i64::from(i32::MIN));
        let (name, words) = table::explain(kind, code);
        let line = if named { format!("{name} - {words}") } else { words.clone() };
        show(said, &line, code, named.then_some(name.as_str()), &words);
    }
    Ok(Exit::Ok)
}

fn show(said: &mut Output, line: &str, code: i64, name: Option<&str>, words: &str) {
    said.tell(
        |out| out.line(line),
        |xml| {
            xml.begin("result-code");
            xml.number("code", code);
            xml.attr_if("name", name);
            xml.attr("description", words);
            xml.end();
        },
    );
}
