//! `cmapplyconf`: what files say becomes part of the document.

use std::io::{BufRead, IsTerminal};

use cib::{Document, Element, Section};
use cluster::Order;
use serviceguard::{Cluster, Package, lower};

use crate::call::{Call, Said, Trouble, in_words};
use crate::check::{self, Files, Known};
use crate::detach::advice;
use crate::engine::{Engine, leaving};
use crate::halted;
use crate::home::Home;
use crate::lock;
use crate::roles;
use crate::seen::World;

const ANEW: &str =
    "Writing anew what the files become: another version wrote it, or somebody changed it";

/// Checks, says what changes, asks unless `-f`, and changes it for all nodes at once.
pub(crate) fn cmapplyconf(words: &[String], said: &mut Said<'_>) -> Result<(), Trouble> {
    let call = Call::read(words, "fvkNC:c:P:p:n:")?;
    let files = Files::read(&call)?;
    roles::needs_root("changing the configuration")?;
    let home = Home::find();
    let found = match home.read() {
        Ok(found) => found,
        Err(_) if halted::is_ours(&home, &files) => {
            return halted::apply(&home, &call, &files, said);
        }
        Err(Trouble(why)) => {
            return Err(Trouble(format!(
                "{why}\nMake the cluster first, with `quorate cluster init` and `join`; then apply its files"
            )));
        }
    };
    let known = Known::of(&files, Some(&found.document));
    let nodelist = nodelist(&files, &known)?;
    check::verify((&home, Some(&found)), (&files, &known), call.has('v'), said)?;
    let leaving = leaving(&known, &World::read(&home)?)?;
    untouchable(&files, &leaving, &found.document)?;
    let engine = Engine::of(found.cluster.as_ref(), &files);
    if engine.is_ours {
        leaving.iter().try_for_each(|node| cluster::may_leave(node)).map_err(in_words)?;
    }
    let mut changes = changes(&files, &found.document);
    changes.extend(leaving.iter().map(|node| format!("Deleting node {node} from the cluster")));
    changes.extend(access(&files, &found.document, &nodelist));
    changes.extend(engine.changes.iter().cloned());
    changes.extend(engine.silence(&known.cluster));
    let write = |document: &mut Document| {
        lower::forget_nodes(document, &leaving);
        if let Some(file) = &files.cluster {
            lower::write_nodelist(document, &nodelist);
            lower::write_cluster(document, &file.text);
        }
        for file in &files.packages {
            lower::write_package(document, &known.cluster, &file.text, &known.packages);
        }
    };
    if changes.is_empty() && becomes_other(&found.document, write) {
        changes.push(ANEW.to_owned());
    }
    if changes.is_empty() {
        said.line("Nothing changes: the configuration is this already.");
        return Ok(());
    }
    changes.iter().for_each(|change| said.line(change));
    let what = if files.cluster.is_some() { "cluster" } else { "package" };
    if !call.has('f') && !agreed(&format!("Modify the {what} configuration"), said)? {
        return Err(Trouble::new("Nothing was changed"));
    }
    if engine.is_ours && files.cluster.is_some() && lower::uses_lock(&known.cluster) {
        lock::prepare(&known.cluster, said)?;
    }
    if engine.is_ours && !leaving.is_empty() {
        // Their daemons are down already. Who cannot be asked may be off.
        let _each = cluster::switch(Order::Stop, &leaving).map_err(in_words)?;
    }
    if !engine.changes.is_empty() {
        cluster::change_file(|conf| {
            drop(lower::adjust(conf, &known.cluster, cluster::is_certified()))
        })
        .map_err(in_words)?;
    }
    home.edit(write)?;
    if engine.is_ours {
        cluster::start_device().map_err(in_words)?;
        engine.forget(&leaving)?.iter().for_each(|words| said.line(words));
    }
    said.line("Completed the cluster update.");
    Ok(())
}

/// What a node left running is taken up again as it was, and what was started in part is halted so.
fn untouchable(files: &Files, leaving: &[String], document: &Document) -> Result<(), Trouble> {
    for node in leaving {
        if let Some(name) = lower::detach::packages(document, node).first() {
            return Err(Trouble(advice(name, node)));
        }
    }
    for file in &files.packages {
        let package = Package::of(&file.text);
        let name = package.called();
        let is_same =
            lower::package_text(document, name).as_deref() == Some(&*file.text.to_string());
        if let Some(node) = lower::detach::nodes(document, name).first().filter(|_| !is_same) {
            return Err(Trouble(advice(name, node)));
        }
        if !lower::partly::missing(document, name).is_empty() {
            let why = format!("Package {name} was started in part\nUse cmhaltpkg {name} first");
            return Err(Trouble(why));
        }
        no_new_need(&package, document)?;
    }
    Ok(())
}

/// What is in maintenance may go down at any time: nothing comes to depend on it.
fn no_new_need(package: &Package, document: &Document) -> Result<(), Trouble> {
    let name = package.called();
    let before = lower::package_text(document, name).unwrap_or_default();
    let before = Package::of(&serviceguard::Text::parse(&before));
    for said in package.dependencies.iter().filter_map(|one| one.condition.as_ref()) {
        let other = said.value.package.as_str();
        let is_known = before
            .dependencies
            .iter()
            .any(|one| one.condition.as_ref().is_some_and(|old| old.value == said.value));
        if !is_known && lower::switching::is_maintained(document, other) {
            return Err(Trouble(format!(
                "Unable to have package {name} depend on {other}, which is in maintenance\n\
                 Use cmmodpkg -m off {other} first"
            )));
        }
    }
    Ok(())
}

/// Whether the same files were lowered to something else, as an older version may have done. In which order options
/// and resources stand does not matter.
fn becomes_other(before: &Document, write: impl Fn(&mut Document)) -> bool {
    let mut after = before.clone();
    write(&mut after);
    let options = [Section::CrmConfig, Section::Nodes];
    let whole = [Section::Resources, Section::Constraints, Section::Acls];
    let all = |document: &Document| {
        let of = |section| document.section(section).into_iter();
        let options = options.into_iter().flat_map(of).flat_map(Element::descendants);
        let whole = whole.into_iter().flat_map(of).flat_map(Element::children);
        let options = options.filter(|at| at.children().next().is_none());
        let mut all: Vec<String> = options.chain(whole).map(|at| at.to_string()).collect();
        all.sort();
        all
    };
    all(before) != all(&after)
}

/// Who may look until the cluster's file has a policy. Source: the manual.
const NODELIST: &str = "/etc/cmcluster/cmclnodelist";

/// This node's list, where the file that is applied has no policy.
fn nodelist(files: &Files, known: &Known) -> Result<String, Trouble> {
    if files.cluster.is_none() || !known.cluster.policies.is_empty() {
        return Ok(String::new());
    }
    match std::fs::read_to_string(NODELIST) {
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(String::new()),
        read => read.map_err(|error| Trouble(format!("Unable to read {NODELIST}: {error}"))),
    }
}

/// What changes for those who are not root.
fn access(files: &Files, document: &Document, nodelist: &str) -> Vec<String> {
    let mut after = document.clone();
    if let Some(file) = &files.cluster {
        lower::write_nodelist(&mut after, nodelist);
        lower::write_cluster(&mut after, &file.text);
    }
    let known = files.cluster.as_ref().map(|file| Cluster::of(&file.text)).unwrap_or_default();
    for file in &files.packages {
        lower::write_package(&mut after, &known, &file.text, &[]);
    }
    let (before, after) = (lower::grants(document), lower::grants(&after));
    match (before.is_empty(), after.is_empty()) {
        (true, false) => {
            vec!["Only root and those whom access policies name may use the cluster".to_owned()]
        }
        (false, true) => vec!["No access policy is left".to_owned()],
        _ if before != after => vec!["Modifying access policies".to_owned()],
        _ => Vec::new(),
    }
}

fn changes(files: &Files, document: &Document) -> Vec<String> {
    let mut changes = Vec::new();
    if let Some(file) = &files.cluster
        && lower::cluster_text(document).as_deref() != Some(file.text.to_string().as_str())
    {
        changes.push("Modifying configuration of the cluster".to_owned());
    }
    for file in &files.packages {
        let package = Package::of(&file.text);
        let name = package.called();
        match lower::package_text(document, name) {
            None => changes.push(format!("Creating package {name}")),
            Some(text) if text != file.text.to_string() => {
                changes.push(format!("Modifying package {name}"));
            }
            Some(_) => {}
        }
    }
    changes
}

/// Whether an operator says yes to a question.
pub(crate) fn agreed(what: &str, said: &mut Said<'_>) -> Result<bool, Trouble> {
    if !std::io::stdin().is_terminal() {
        return Err(Trouble::new("Nobody can be asked; use -f to apply without a question"));
    }
    said.text(format!("{what} ([y]/n)? "));
    let mut answer = String::new();
    let read = std::io::stdin().lock().read_line(&mut answer);
    let is_yes = matches!(answer.trim(), "" | "y" | "Y" | "yes");
    Ok(read.is_ok_and(|length| length > 0) && is_yes)
}
