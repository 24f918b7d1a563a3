//! `crm_sh`: the shell of Heartbeat's resource manager. Topics nodes, resources and config; each word may be
//! shortened as long as it is clear.

use std::ffi::OsString;
use std::io::{BufRead, IsTerminal};
use std::process::ExitCode;

use cib::{Element, Section};

use crate::seen::Seen;
use crate::{out, talk, texts};

/// What can be said at each place of the stack.
const ROOT: [&str; 5] = ["nodes", "config", "resources", "help", "exit"];
const TOPIC: [&str; 5] = ["list", "status", "help", "up", "exit"];

pub(crate) fn crm_sh(words: Vec<OsString>) -> ExitCode {
    let words: Vec<String> = texts(words)
        .into_iter()
        .filter(|word| !matches!(word.as_str(), "-q" | "-v" | "-i"))
        .collect();
    match words.first().map(String::as_str) {
        Some("-h" | "--help") => {
            out("Usage: crm (nodes|config|resources)\n");
            ExitCode::SUCCESS
        }
        Some("--version") => {
            out(&format!("crm_sh {}\n", env!("CARGO_PKG_VERSION")));
            ExitCode::SUCCESS
        }
        Some(_) => {
            let mut shell = Shell::default();
            let went = shell.line(&words);
            // A topic alone begins the shell there.
            if went && shell.topic.is_some() && words.len() == 1 {
                interact(shell)
            } else {
                code(went)
            }
        }
        None => interact(Shell::default()),
    }
}

fn code(went: bool) -> ExitCode {
    if went { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

fn interact(mut shell: Shell) -> ExitCode {
    let mut went = true;
    let asks = std::io::stdin().is_terminal();
    loop {
        if asks {
            out(&shell.prompt());
        }
        let mut line = String::new();
        if !std::io::stdin().lock().read_line(&mut line).is_ok_and(|count| count > 0) {
            return code(went);
        }
        let words: Vec<String> = line.split_whitespace().map(str::to_owned).collect();
        went = shell.line(&words);
        if shell.ended {
            return code(went);
        }
    }
}

#[derive(Debug, Default)]
struct Shell {
    topic: Option<&'static str>,
    ended: bool,
}

impl Shell {
    fn prompt(&self) -> String {
        self.topic.map_or("crm # ".to_owned(), |topic| format!("crm {topic} # "))
    }

    /// Carries a line out; whether it went well.
    fn line(&mut self, words: &[String]) -> bool {
        let Some((first, rest)) = words.split_first() else { return true };
        let known: &[&'static str] = if self.topic.is_some() { &TOPIC } else { &ROOT };
        let Some(word) = meant(first, known) else {
            talk(&format!("Unknown command: {first}; there is {}\n", known.join(", ")));
            return false;
        };
        match (self.topic, word) {
            (_, "exit") => self.ended = true,
            (_, "up") => self.topic = None,
            (None, "help") => out("Usage: crm (nodes|config|resources)\n"),
            (Some(topic), "help") => out(&format!("Usage: {topic} (status|list)\n")),
            (Some(topic), verb) => return show(topic, verb, rest),
            (None, topic) => {
                self.topic = Some(topic);
                if !rest.is_empty() {
                    let went = self.line(rest);
                    self.topic = None;
                    return went;
                }
            }
        }
        true
    }
}

/// The word that this begins, if it is one.
fn meant(begun: &str, known: &[&'static str]) -> Option<&'static str> {
    let mut fits = known.iter().filter(|word| word.starts_with(begun));
    match (fits.next(), fits.next()) {
        (Some(one), None) => Some(one),
        _ => known.iter().find(|word| **word == begun).copied(),
    }
}

fn show(topic: &str, verb: &str, names: &[String]) -> bool {
    match (topic, verb) {
        ("nodes", "list") => elements(Section::Nodes, "node", &[]),
        ("nodes", _) => elements(Section::Status, "node_state", names),
        ("resources", "list") => crm_resource(&["-l"]),
        ("resources", _) if names.is_empty() => crm_resource(&["-L"]),
        ("resources", _) => names.iter().all(|name| crm_resource(&["-W", "-r", name])),
        _ => elements(Section::CrmConfig, "nvpair", &[]),
    }
}

/// Elements of a section, one a line, with their attributes alone.
fn elements(section: Section, tag: &str, names: &[String]) -> bool {
    let seen = match Seen::look() {
        Ok(Some(seen)) => seen,
        Ok(None) => {
            talk("crm_sh: the cluster does not run here\n");
            return false;
        }
        Err(why) => {
            talk(&format!("crm_sh: {why}\n"));
            return false;
        }
    };
    let wanted = |at: &Element<'_>| {
        let named = |name: &String| at.attr("uname") == Some(name) || at.attr("id") == Some(name);
        at.is(tag) && (names.is_empty() || names.iter().any(named))
    };
    let all = seen.document.section(section).into_iter().flat_map(Element::descendants);
    all.filter(wanted).for_each(|at| out(&line(at)));
    true
}

fn line(at: Element<'_>) -> String {
    let mut text = format!("<{}", at.name());
    for (name, value) in at.attrs() {
        text.push_str(&format!(" {name}=\"{}\"", cib::escape_attribute(value)));
    }
    // Today a member has no type: Heartbeat called it normal.
    if at.is("node") && at.attr("type").is_none() {
        text.push_str(" type=\"normal\"");
    }
    text.push_str("/>\n");
    text
}

fn crm_resource(words: &[&str]) -> bool {
    let tool = pacemaker::TOOLS.iter().find(|(name, _)| *name == "crm_resource");
    let words = words.iter().map(OsString::from).collect();
    tool.is_some_and(|(_, tool)| tool(words) == ExitCode::SUCCESS)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_may_be_shortened_as_long_as_they_are_clear() {
        assert_eq!(meant("n", &ROOT), Some("nodes"));
        assert_eq!(meant("res", &ROOT), Some("resources"));
        assert_eq!(meant("x", &ROOT), None);
        assert_eq!(meant("s", &TOPIC), Some("status"));
    }

    #[test]
    fn the_prompt_shows_where_one_is() {
        let mut shell = Shell::default();
        let say = |shell: &mut Shell, word: &str| shell.line(&[word.to_owned()]);
        assert_eq!(shell.prompt(), "crm # ");
        assert!(say(&mut shell, "nod"));
        assert_eq!(shell.prompt(), "crm nodes # ");
        assert!(say(&mut shell, "up"));
        assert_eq!(shell.prompt(), "crm # ");
        assert!(say(&mut shell, "exit") && shell.ended);
    }

    #[test]
    fn a_node_is_a_line_with_id_name_and_type() {
        let document = cib::Document::parse(crate::seen::tests::DOCUMENT).unwrap();
        let nodes = document.section(Section::Nodes).unwrap();
        let lines: Vec<String> = nodes.children().map(line).collect();
        assert_eq!(lines[0], "<node id=\"1\" uname=\"n1\" type=\"normal\"/>\n");
    }
}
