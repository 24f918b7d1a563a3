//! `crm_rule`: whether rules of the configuration are in effect at a moment.

use std::ffi::OsString;
use std::process::ExitCode;

use cib::upgrade::upgrade;
use cib::{Document, Element};
use scheduler::{Verdict, date, judge_date};

use crate::exit::Exit;
use crate::home::Home;
use crate::options::Taken;
use crate::output::Output;
use crate::tool::{self, Call, Tool, Trouble, switch, valued};
use crate::{source, time};

const TAKEN: [Taken; 4] = [
    switch("check", Some('c'), "Say whether rules are in effect"),
    valued("xml-text", Some('X'), "XML", "The document itself, - for the standard input"),
    valued("date", Some('d'), "DATE", "The moment that is asked about, in place of now"),
    valued("rule", Some('r'), "ID", "Which rule; may be given more than once"),
];

const TOOL: Tool = Tool {
    name: "crm_rule",
    purpose: "Says whether rules of the configuration are in effect.",
    taken: &TAKEN,
    loose: "",
};

/// Checks rules.
pub(crate) fn crm_rule(words: Vec<OsString>) -> ExitCode {
    tool::serve(&TOOL, words, act)
}

fn act(call: &Call, said: &mut Output) -> Result<Exit, Trouble> {
    let ids: Vec<&str> = call
        .given
        .iter()
        .filter(|given| given.name == "rule")
        .map(|given| given.value.as_str())
        .collect();
    if !call.has("check") {
        return Err(Trouble::usage("No mode operation given"));
    }
    if ids.is_empty() {
        return Err(Trouble::usage("--check requires use of --rule="));
    }
    let now = time::now();
    let at = match call.value("date") {
        None => now,
        Some(text) => {
            let read = date::parse(text, now);
            let refused = || Trouble::new(Exit::Data, format!("Invalid date specified: '{text}'"));
            read.ok_or_else(refused)?.seconds
        }
    };
    let mut document = document(call)?;
    upgrade(&mut document).map_err(|refused| Trouble::new(Exit::Config, refused.to_string()))?;
    let mut exit = Exit::Ok;
    for id in ids {
        let judged = judge(&document, id, at);
        let code = judged.exit();
        tell(said, id, &judged, code);
        if code != Exit::Ok {
            exit = code;
        }
    }
    Ok(exit)
}

fn document(call: &Call) -> Result<Document, Trouble> {
    let unread = |words: String| move |_| Trouble::new(Exit::Data, words);
    match call.value("xml-text") {
        None => Home::find().open("CIB query failed: ").map(|found| found.document),
        Some("-") => {
            source::document("-").map_err(unread("Couldn't parse input from STDIN".to_owned()))
        }
        Some(text) => {
            let refused = unread(format!("Couldn't parse input string: {text}"));
            source::parse(text.to_owned()).map_err(refused)
        }
    }
}

/// What comes of looking at a rule.
enum Judged {
    Date(Verdict),
    NotFound,
    Ambiguous,
    Unsupported(&'static str),
}

impl Judged {
    fn exit(&self) -> Exit {
        match self {
            Self::Date(Verdict::InRange | Verdict::Fits) => Exit::Ok,
            Self::Date(Verdict::NotYet) => Exit::NotYet,
            Self::Date(Verdict::Expired) => Exit::Expired,
            Self::Date(Verdict::Unreadable) => Exit::Data,
            Self::NotFound => Exit::NoSuch,
            Self::Ambiguous => Exit::Multiple,
            Self::Unsupported(_) => Exit::Unimplemented,
        }
    }
}

fn judge(document: &Document, id: &str, at: i64) -> Judged {
    let is_it = |element: &Element<'_>| element.is("rule") && element.attr("id") == Some(id);
    let mut rules = document.root().descendants().filter(is_it);
    let Some(rule) = rules.next() else { return Judged::NotFound };
    if rules.next().is_some() {
        return Judged::Ambiguous;
    }
    let mut dates = rule.descendants().filter(|element| element.is("date_expression"));
    let Some(expression) = dates.next() else {
        return Judged::Unsupported("Rule does not have a date expression");
    };
    if dates.next().is_some() {
        return Judged::Unsupported("Rule has more than one date expression");
    }
    let has_years = |spec: Element<'_>| spec.attr("years").is_some();
    if expression.attr("operation") == Some("date_spec")
        && !expression.children_named("date_spec").any(has_years)
    {
        return Judged::Unsupported(
            "Rule must either not use date_spec, or use date_spec with years=",
        );
    }
    Judged::Date(judge_date(expression, at))
}

fn tell(said: &mut Output, id: &str, judged: &Judged, code: Exit) {
    let why = match judged {
        Judged::Date(Verdict::InRange) => Ok("is still in effect"),
        Judged::Date(Verdict::Fits) => Ok("satisfies conditions"),
        Judged::Date(Verdict::Expired) => Ok("is expired"),
        Judged::Date(Verdict::NotYet) => Ok("has not yet taken effect"),
        Judged::Date(Verdict::Unreadable) => Err("Error parsing rule"),
        Judged::NotFound => Err("Rule not found"),
        Judged::Ambiguous => Err("Found more than one rule with matching ID"),
        Judged::Unsupported(why) => Err(*why),
    };
    said.tell(
        |out| {
            if let Ok(words) = why {
                out.line(&format!("Rule {id} {words}"));
            }
        },
        |xml| xml.empty("rule-check", &[("rule-id", id), ("rc", &(code as u8).to_string())]),
    );
    if let Err(why) = why {
        said.error(format!("Could not determine whether rule {id} is in effect: {why}"));
    }
}
