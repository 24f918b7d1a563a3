//! What clients ask Pacemaker's daemons for by their names: `metadata`, which options there are, and
//! `version`.
//!
//! **Not here:** daemons; there is one, `quorate daemon`.

pub(crate) mod options;

use std::ffi::OsString;
use std::process::ExitCode;

use crate::exit::Exit;
use crate::tool::{self, Trouble};
use crate::xml_out::XmlOut;
use options::{CLUSTER, FENCED, Kind, Parameter, Part};

/// A daemon as clients know it.
struct Daemon {
    name: &'static str,
    /// What its options are, in short.
    purpose: &'static str,
    options: Vec<&'static Parameter>,
}

/// `pacemaker-based`: access to the document.
pub(crate) fn based(words: Vec<OsString>) -> ExitCode {
    let purpose = "Options for access to the cluster's document";
    answer(&Daemon { name: "pacemaker-based", purpose, options: of(Part::Document) }, words)
}

/// `pacemaker-controld`: membership and what is carried out.
pub(crate) fn controld(words: Vec<OsString>) -> ExitCode {
    let purpose = "Options for how the cluster forms and acts";
    answer(&Daemon { name: "pacemaker-controld", purpose, options: of(Part::Controller) }, words)
}

/// `pacemaker-fenced`: what every fence device understands.
pub(crate) fn fenced(words: Vec<OsString>) -> ExitCode {
    let purpose = "Parameters that every fence device has";
    answer(&Daemon { name: "pacemaker-fenced", purpose, options: FENCED.iter().collect() }, words)
}

/// `pacemaker-schedulerd`: decisions.
pub(crate) fn schedulerd(words: Vec<OsString>) -> ExitCode {
    let purpose = "Options for what the cluster decides";
    answer(&Daemon { name: "pacemaker-schedulerd", purpose, options: of(Part::Scheduler) }, words)
}

fn of(part: Part) -> Vec<&'static Parameter> {
    CLUSTER.iter().filter(|(of, _)| *of == part).map(|(_, option)| option).collect()
}

fn answer(daemon: &Daemon, words: Vec<OsString>) -> ExitCode {
    tool::run(daemon.name, words, |words| match words.first().map(String::as_str) {
        Some("metadata") => Ok(metadata(daemon)),
        Some("version" | "--version" | "-$") => Ok(format!("CRM Version: {VERSION} (quorate)\n")),
        _ => Err(Trouble::new(
            Exit::Usage,
            "it answers `metadata` and `version`; a node is started with `quorate daemon`",
        )),
    })
}

const VERSION: &str = "3.0.2";

fn metadata(daemon: &Daemon) -> String {
    let mut xml = XmlOut::default();
    xml.begin("resource-agent");
    xml.attr("name", daemon.name);
    xml.attr("version", VERSION);
    xml.text("version", "1.1");
    described(&mut xml, "", daemon.purpose);
    xml.begin("parameters");
    for parameter in &daemon.options {
        write(&mut xml, parameter.name, parameter, None);
        if let Some(former) = cib::other_option_name(parameter.name) {
            write(&mut xml, former, parameter, Some(parameter.name));
        }
    }
    xml.end();
    xml.finish()
}

/// What it is for, with a mark before the short of it.
fn described(xml: &mut XmlOut, mark: &str, words: &str) {
    let lang = Some(("lang", "en"));
    xml.text_with("longdesc", lang, words);
    xml.text_with("shortdesc", lang, &format!("{mark}{words}"));
}

/// By these words pcs knows what to show only when everything is asked for. An attribute for it, as later
/// Pacemakers have, is against the rules that pcs 0.11.5 holds metadata against.
const ADVANCED: &str = "Advanced use only: ";

/// One option; under its former name with the name that it has now.
fn write(xml: &mut XmlOut, name: &str, parameter: &Parameter, now: Option<&str>) {
    xml.begin("parameter");
    xml.attr("name", name);
    if let Some(now) = now {
        xml.begin("deprecated");
        xml.empty("replaced-with", &[("name", now)]);
        xml.end();
    } else if parameter.unwanted {
        xml.empty("deprecated", &[]);
    }
    described(xml, if parameter.advanced { ADVANCED } else { "" }, parameter.words);
    xml.begin("content");
    xml.attr("type", parameter.kind.word());
    xml.attr_if("default", parameter.default);
    if let Kind::Select(values) = parameter.kind {
        for value in values {
            xml.empty("option", &[("value", value)]);
        }
    }
    xml.end();
    xml.end();
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn clients_of_any_age_find_the_options_that_they_know() {
        let daemon =
            Daemon { name: "pacemaker-schedulerd", purpose: "", options: of(Part::Scheduler) };
        let text = metadata(&daemon);
        let document = cib::Document::parse(&text).unwrap();
        let parameters = document.root().child("parameters").unwrap();
        let find = |name: &str| {
            let mut all = parameters.children();
            all.find(|parameter| parameter.attr("name") == Some(name))
        };
        for name in ["fencing-enabled", "stonith-enabled", "no-quorum-policy"] {
            assert!(find(name).is_some(), "{name}");
        }
        let former = find("stonith-enabled").unwrap();
        assert!(former.path(&["deprecated", "replaced-with"]).is_some());
        let policy = find("no-quorum-policy").unwrap().child("content").unwrap();
        assert_eq!((policy.attr("type"), policy.attr("default")), (Some("select"), Some("stop")));
        assert!(policy.children().any(|option| option.attr("value") == Some("freeze")));
    }
}
