//! `crm_report`: what somebody who helps from afar needs to know of a cluster, in one archive.
//!
//! **Not here:** keys and certificates: they are never read; what else is secret is masked before it is
//! written (`masks`).

mod collect;
mod folder;
mod masks;
mod others;
mod period;

use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use crate::exit::Exit;
use crate::options::Taken;
use crate::output::Output;
use crate::time;
use crate::tool::{self, Call, Tool, Trouble, switch, valued};
use collect::Wanted;
use folder::Folder;
use masks::Masks;
use period::Period;

const TAKEN: [Taken; 24] = [
    valued("from", Some('f'), "TIME", "Tell what happened from then on (in universal time)"),
    valued("to", Some('t'), "TIME", "Tell what happened until then; until now unless given"),
    valued("nodes", Some('n'), "NODES", "Ask these nodes; all of the cluster unless given"),
    valued("node", None, "NODE", "The same"),
    valued("user", Some('u'), "USER", "Who asks them; root unless given"),
    valued("rsh", Some('e'), "COMMAND", "How they are asked; ssh -T unless given"),
    switch("single-node", Some('S'), "Ask no other node"),
    switch("as-directory", Some('d'), "Leave a directory, no archive"),
    valued("logfile", Some('l'), "FILE", "A log to look through, too"),
    valued("extra", Some('E'), "FILE", "The same"),
    switch("no-search", Some('M'), "Leave the system's journal alone"),
    valued("mask", Some('p'), "PATTERN", "Mask values of such names, too; passw.* always are"),
    valued("look-for", Some('L'), "PATTERN", "Such lines of logs are told first, too"),
    valued("dest", None, "DEST", "Where the report goes"),
    switch("hb", Some('s'), "Accepted"),
    valued("max-depth", Some('D'), "NUMBER", "Accepted: no files are searched for"),
    valued("cluster", Some('c'), "TYPE", "Accepted: corosync"),
    switch("corosync", Some('C'), "Accepted"),
    switch("sos-mode", None, "For sosreport: ask no other node"),
    switch("features", None, "Show the version"),
    valued("cts", Some('T'), "TEST", "Refused: there are no such tests here"),
    valued("cts-log", None, "FILE", "Refused, too"),
    switch("version", Some('v'), "Show the version"),
    switch("trace", Some('x'), "Accepted"),
];

const TOOL: Tool = Tool {
    name: "crm_report",
    purpose: "Packs what is to be known of a cluster's trouble.",
    taken: &TAKEN,
    loose: "[DEST]",
};

/// Collects a report.
pub(crate) fn crm_report(words: Vec<OsString>) -> ExitCode {
    tool::serve(&TOOL, words, act)
}

fn act(call: &Call, said: &mut Output) -> Result<Exit, Trouble> {
    said.be_bare();
    if call.has("features") {
        said.note("3.0.2 (quorate)");
        return Ok(Exit::Ok);
    }
    if call.has("cts") || call.has("cts-log") {
        return Err(Trouble::new(Exit::Unimplemented, "There are no such tests here"));
    }
    let from = call.value("from");
    let from =
        from.ok_or_else(|| Trouble::usage("say from when on, such as -f \"2026-11-21 10:00\""))?;
    let now = time::now();
    let period = Period::between(from, call.value("to"), now)?;
    let mut masks = Masks::new(std::iter::once(masks::USUAL).chain(values(call, &["mask"])))?;
    let path = destination(call, now)?;
    let others = others::asked(call)?;

    let mut folder = Folder::new(&path)?;
    folder.say(&format!("From {} to {}", time::calendar(period.from), time::calendar(period.to)));
    let wanted = Wanted {
        period,
        logs: values(call, &["logfile", "extra"]).collect(),
        searches: !call.has("no-search"),
        looks_for: values(call, &["look-for"]).collect(),
    };
    let (me, known) = collect::this_node(&mut folder, &wanted, &mut masks)?;
    let mut others = others.unwrap_or(known);
    others.retain(|node| *node != me);
    for (node, why) in others::ask_all(&others, call, period, &folder) {
        let words = format!("{node} is not part of this report: {why}");
        said.complain(&words);
        folder.find_wrong(&words);
    }
    folder.finish(&masks)?;
    let result = if call.has("as-directory") { path } else { folder.pack()? };
    said.note(&format!("Collected results are available in {}", result.display()));
    Ok(Exit::Ok)
}

/// The values of these options, in their order.
fn values<'c>(call: &'c Call, names: &[&str]) -> impl Iterator<Item = &'c str> {
    let given = call.given.iter().filter(|given| names.contains(&given.name));
    given.map(|given| given.value.as_str()).collect::<Vec<_>>().into_iter()
}

fn destination(call: &Call, now: i64) -> Result<PathBuf, Trouble> {
    let named = call.value("dest").or(call.loose.last().map(String::as_str));
    let path = match named {
        Some(named) => PathBuf::from(named),
        None => {
            let home = tool::environment("HOME").unwrap_or_else(|| "/root".to_owned());
            let day = time::calendar(now).get(..10).unwrap_or_default().to_owned();
            Path::new(&home).join(format!("pcmk-{day}"))
        }
    };
    std::path::absolute(&path)
        .map_err(|error| Trouble::new(Exit::CannotCreate, format!("{}: {error}", path.display())))
}
