//! `crm_master` and `crm_standby`: shorter ways to say what `crm_attribute` does.

use std::ffi::OsString;
use std::io::Write;
use std::process::ExitCode;

use super::crm_attribute::{self, promotion_name};
use crate::exit::Exit;
use crate::options::{self, Given, Taken};
use crate::tool::{self, Outputs, switch, valued};

const TAKEN: [Taken; 21] = [
    switch("help", Some('?'), "Show this help"),
    switch("version", Some('$'), "Show the version"),
    switch("verbose", Some('V'), "Accepted"),
    switch("quiet", Some('q'), "Write the value alone"),
    switch("Quiet", Some('Q'), "The same"),
    switch("query", Some('G'), "Ask for the value"),
    switch("get-value", None, "The same"),
    valued("update", Some('v'), "VALUE", "Set the value"),
    valued("attr-value", None, "VALUE", "The same"),
    switch("delete", Some('D'), "Remove the value"),
    switch("delete-attr", None, "The same"),
    valued("node", Some('N'), "NODE", "The node, if not this one"),
    valued("uname", Some('U'), "NODE", "The same"),
    valued("lifetime", Some('l'), "LIFETIME", "reboot or forever"),
    valued("id", Some('i'), "ID", "The id of the value's element"),
    valued("attr-id", None, "ID", "The same"),
    valued("type", Some('t'), "SECTION", "Accepted"),
    valued("set-name", Some('s'), "ID", "The set of values that it is in"),
    valued("default", Some('d'), "VALUE", "What to answer if there is no value"),
    valued("wait", Some('W'), "UNTIL", "Accepted"),
    valued("resource", Some('r'), "RESOURCE", "The resource, of a promotion score"),
];

/// Sets, asks for and removes a resource's promotion score. Unless told otherwise it is kept: so it
/// always was with this name, and who wants a passing one says `-l reboot`.
pub(crate) fn crm_master(words: Vec<OsString>) -> ExitCode {
    let exit = serve("crm_master", words, |given| {
        let resource = last(given, &["resource"]).unwrap_or_default();
        let Some(name) = promotion_name(&resource, &tool::environment) else {
            complain("error: No resource specified");
            return Exit::Error;
        };
        let first = ["--lifetime".to_owned(), "forever".to_owned()];
        let own = ["-n".to_owned(), name];
        let words = first.into_iter().chain(passed_on(given)).chain(own).collect::<Vec<_>>();
        call(&words)
    });
    ExitCode::from(exit as u8)
}

/// Sets, asks for and ends that a node runs nothing.
pub(crate) fn crm_standby(words: Vec<OsString>) -> ExitCode {
    let exit = serve("crm_standby", words, |given| {
        let mut words = vec!["-n".to_owned(), "standby".to_owned()];
        words.extend(passed_on(given));
        let with = |more: &[&str]| {
            let more = more.iter().map(|word| (*word).to_owned());
            words.iter().cloned().chain(more).collect::<Vec<String>>()
        };
        let deeds = ["query", "get-value", "update", "attr-value", "delete", "delete-attr"];
        let deed = given.iter().rfind(|given| deeds.contains(&given.name)).map(|deed| deed.name);
        match deed {
            _ if last(given, &["lifetime"]).is_some() => call(&with(&[])),
            Some("update" | "attr-value") => call(&with(&["-l", "forever"])),
            Some("delete" | "delete-attr") => {
                call(&with(&["-l", "forever"]));
                call(&with(&["-l", "reboot"]));
                Exit::Ok
            }
            // What is kept counts first.
            Some(_) | None => {
                let (exit, output) = call_quietly(&with(&["-G", "-l", "forever"]));
                if exit == Exit::Ok {
                    let _closed = std::io::stdout().write_all(&output);
                    return exit;
                }
                call(&with(&["-G", "-l", "reboot", "-d", "off"]))
            }
        }
    });
    ExitCode::from(exit as u8)
}

fn serve(name: &str, words: Vec<OsString>, act: impl FnOnce(&[Given]) -> Exit) -> Exit {
    let words: Vec<String> =
        words.into_iter().map(|word| word.to_string_lossy().into_owned()).collect();
    let mut output = std::io::stdout();
    let given = match options::read(&TAKEN, &words) {
        Ok(given) => given,
        Err(wrong) => {
            complain(&format!("{name}: {wrong}"));
            let _closed = write!(output, "\n{}", help(name));
            return Exit::Error;
        }
    };
    match tool::about(&given, name, &TAKEN) {
        Some(about) => {
            let _closed = output.write_all(about.as_bytes());
            Exit::Ok
        }
        None => act(&given),
    }
}

fn help(name: &str) -> String {
    format!("Usage: {name} [OPTION...]\n\nOptions:\n{}", options::list(&TAKEN))
}

fn complain(words: &str) {
    let _closed = writeln!(std::io::stderr(), "{words}");
}

fn last(given: &[Given], names: &[&str]) -> Option<String> {
    tool::last(given, names).map(|given| given.value.clone())
}

/// The options as `crm_attribute` takes them.
fn passed_on(given: &[Given]) -> impl Iterator<Item = String> {
    given.iter().filter(|given| given.name != "resource").flat_map(|given| {
        let name = format!("--{}", given.name);
        let is_switch = TAKEN.iter().any(|taken| taken.long == given.name && taken.value.is_none());
        std::iter::once(name).chain((!is_switch).then(|| given.value.clone()))
    })
}

fn call(words: &[String]) -> Exit {
    let (mut output, mut errors) = (std::io::stdout(), std::io::stderr());
    let outputs = Outputs { output: &mut output, errors: &mut errors };
    tool::serve_to(&crm_attribute::TOOL, "crm_attribute", words, outputs, crm_attribute::act)
}

fn call_quietly(words: &[String]) -> (Exit, Vec<u8>) {
    let (mut output, mut errors) = (Vec::new(), std::io::sink());
    let outputs = Outputs { output: &mut output, errors: &mut errors };
    let tool = &crm_attribute::TOOL;
    let exit = tool::serve_to(tool, "crm_attribute", words, outputs, crm_attribute::act);
    (exit, output)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn options_are_passed_on_as_they_were_meant() {
        let words: Vec<String> =
            "-Q -l reboot -v -INFINITY -r x".split(' ').map(str::to_owned).collect();
        let given = options::read(&TAKEN, &words).unwrap();
        let passed: Vec<String> = passed_on(&given).collect();
        assert_eq!(passed, ["--Quiet", "--lifetime", "reboot", "--update", "-INFINITY"]);
    }
}
