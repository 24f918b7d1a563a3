//! Other nodes' parts, over a shell on each.

use std::process::{Command, Stdio};

use super::folder::Folder;
use super::period::Period;
use super::values;
use crate::time;
use crate::tool::{Call, Trouble};

/// So many seconds a node has for its part.
const PATIENCE: &str = "300";

/// The nodes that are to be asked, which may be none.
pub(super) fn asked(call: &Call) -> Result<Vec<String>, Trouble> {
    let named = values(call, &["nodes", "node"]).flat_map(str::split_whitespace);
    let named: Vec<String> = named.map(str::to_owned).collect();
    let is_name = |name: &String| {
        let plain = |c: char| c.is_ascii_alphanumeric() || "-_.".contains(c);
        !name.starts_with(['-', '.']) && name.chars().all(plain)
    };
    if let Some(odd) = named.iter().find(|name| !is_name(name)) {
        return Err(Trouble::usage(format!("{odd} is no name of a node")));
    }
    let alone = call.has("single-node") || call.has("sos-mode");
    Ok(if alone { Vec::new() } else { named })
}

/// Lets a node collect its part, and takes it. It is masked there.
pub(super) fn ask(node: &str, call: &Call, period: Period, folder: &Folder) -> Result<(), String> {
    let rsh = call.value("rsh").unwrap_or("ssh -T -o BatchMode=yes -o ConnectTimeout=10");
    let mut shell = Command::new("timeout");
    shell.args(["-k", "5", PATIENCE]).args(rsh.split_whitespace());
    shell.args(["-l", call.value("user").unwrap_or("root"), node, "--"]);
    shell.arg(script(call, period)).stdin(Stdio::null());
    let done = shell.output().map_err(|error| error.to_string())?;
    if !done.status.success() {
        let why = String::from_utf8_lossy(&done.stderr).trim().to_owned();
        return Err(if why.is_empty() { done.status.to_string() } else { why });
    }
    let part = folder.part(node).map_err(|trouble| trouble.words)?;
    let mut tar = Command::new("tar");
    tar.arg("-C").arg(&part).args(["--no-same-owner", "--no-same-permissions", "-xf", "-"]);
    let mut tar = tar.stdin(Stdio::piped()).spawn().map_err(|error| error.to_string())?;
    if let Some(mut stream) = tar.stdin.take() {
        std::io::Write::write_all(&mut stream, &done.stdout).map_err(|error| error.to_string())?;
    }
    let done = tar.wait().map_err(|error| error.to_string())?;
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
