//! Other nodes' parts, over a shell on each.

use std::fs::File;
use std::path::Path;
use std::process::{Command, Stdio};

use super::folder::Folder;
use super::period::Period;
use super::values;
use crate::exit::Exit;
use crate::time;
use crate::tool::{Call, Trouble};

/// So many seconds a node has for its part.
const PATIENCE: &str = "300";

/// The nodes that are to be asked, which may be none; without a word of them it is all of the cluster.
pub(super) fn asked(call: &Call) -> Result<Option<Vec<String>>, Trouble> {
    let named = values(call, &["nodes", "node"]).flat_map(str::split_whitespace);
    let mut named: Vec<String> = named.map(str::to_owned).collect();
    if let Some(odd) = named.iter().find(|name| !is_name(name)) {
        return Err(Trouble::usage(format!("{odd} is no name of a node")));
    }
    named.sort();
    named.dedup();
    if call.has("single-node") || call.has("sos-mode") {
        return Ok(Some(Vec::new()));
    }
    Ok((!named.is_empty()).then_some(named))
}

/// A name that no shell and no ssh takes for anything else.
pub(super) fn is_name(name: &str) -> bool {
    let plain = |c: char| c.is_ascii_alphanumeric() || "-_.:".contains(c);
    !name.is_empty() && !name.starts_with(['-', '.']) && name.chars().all(plain)
}

/// Asks all of them at the same time, so that those who do not answer cost their time once. Answers whose
/// part is missing, and why.
pub(super) fn ask_all(
    nodes: &[String],
    call: &Call,
    period: Period,
    folder: &Folder,
) -> Vec<(String, String)> {
    std::thread::scope(|scope| {
        let ask = |node| scope.spawn(move || ask(node, call, period, folder));
        let asked: Vec<_> = nodes.iter().map(|node| (node, ask(node))).collect();
        let failed = asked.into_iter().filter_map(|(node, asked)| {
            let done = asked.join().unwrap_or_else(|_| Err("asking it failed".to_owned()));
            Some((node.clone(), done.err()?))
        });
        failed.collect()
    })
}

/// Lets a node collect its part, and takes it. It is masked there.
fn ask(node: &str, call: &Call, period: Period, folder: &Folder) -> Result<(), String> {
    let part = folder.part(node).map_err(|trouble| trouble.words)?;
    let done = fetch(node, call, period, &part);
    if done.is_err() {
        // What is there of it is no part.
        let _gone = std::fs::remove_dir_all(&part);
    }
    done
}

fn fetch(node: &str, call: &Call, period: Period, part: &Path) -> Result<(), String> {
    // In files: a process that the shell leaves behind may hold a pipe open for ever.
    let [archive, said] = ["part.tar", "part.err"].map(|name| part.join(name));
    let to = |path: &Path| File::create(path).map_err(|error| error.to_string());
    let rsh = call.value("rsh").unwrap_or("ssh -T -o BatchMode=yes -o ConnectTimeout=10");
    let mut shell = Command::new("timeout");
    shell.args(["-k", "5", PATIENCE]).args(rsh.split_whitespace());
    shell.args(["-l", call.value("user").unwrap_or("root"), node, "--"]);
    shell.arg(script(call, period)).stdin(Stdio::null());
    let done = shell.stdout(to(&archive)?).stderr(to(&said)?).status();
    let done = done.map_err(|error| error.to_string())?;
    if done.code() == Some(Exit::Timeout as i32) {
        return Err(format!("no answer within {PATIENCE} s"));
    }
    if !done.success() {
        let why = std::fs::read(&said).unwrap_or_default();
        let why = String::from_utf8_lossy(&why).trim().to_owned();
        return Err(if why.is_empty() { done.to_string() } else { why });
    }
    let mut tar = Command::new("tar");
    tar.arg("-C").arg(part).args(["--no-same-owner", "--no-same-permissions", "-xf"]);
    let done =
        tar.arg(&archive).stdin(Stdio::null()).status().map_err(|error| error.to_string())?;
    for path in [archive, said] {
        std::fs::remove_file(path).map_err(|error| error.to_string())?;
    }
    if done.success() { Ok(()) } else { Err(format!("tar: {done}")) }
}

/// What the node's shell does: a report of its own, of which its part and its analysis are sent.
fn script(call: &Call, period: Period) -> String {
    let time = |at| quoted(time::calendar(at).trim_end_matches('Z'));
    let mut report = format!("-f {} -t {}", time(period.from), time(period.to));
    for given in &call.given {
        let value = quoted(&given.value);
        match given.name {
            "mask" => report.push_str(&format!(" -p {value}")),
            "look-for" => report.push_str(&format!(" -L {value}")),
            "logfile" | "extra" => report.push_str(&format!(" -l {value}")),
            "no-search" => report.push_str(" -M"),
            _ => {}
        }
    }
    format!(
        "d=$(mktemp -d) && crm_report -S -d {report} --dest \"$d/r\" >/dev/null && cd \"$d/r\" \
         && mv *.txt *.out ./*/ && cd ./*/ && tar -cf - . ; e=$?; rm -rf \"$d\"; exit $e"
    )
}

/// A word for a shell.
fn quoted(word: &str) -> String {
    format!("'{}'", word.replace('\'', r"'\''"))
}
