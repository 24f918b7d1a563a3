//! `cmcheckconf`: what is wrong in a cluster's file and in packages' files.

use serviceguard::{
    Cluster, Finding, Package, Severity, Text, check_cluster, check_package, check_together, lower,
};

use crate::call::{Call, Said, Trouble};
use crate::home::{Found, Home};
use crate::looked::{self, Nodes};

/// A file, with its name for messages.
pub(crate) struct File {
    pub(crate) path: String,
    pub(crate) text: Text,
}

/// What is to be checked or applied.
pub(crate) struct Files {
    pub(crate) cluster: Option<File>,
    pub(crate) packages: Vec<File>,
    /// `-k`: no node is asked for its volume groups.
    pub(crate) skip_disks: bool,
}

impl Files {
    /// As `-C`, `-P` and `-p` name them; `-c`, too, since guides write it so.
    pub(crate) fn read(call: &Call) -> Result<Self, Trouble> {
        let cluster = call.value('C').or_else(|| call.value('c')).map(read).transpose()?;
        let mut paths: Vec<String> = call.values('P').map(str::to_owned).collect();
        for list in call.values('p') {
            let list = read(list)?.text.to_string();
            let names = list.lines().map(str::trim);
            paths.extend(
                names.filter(|line| !line.is_empty() && !line.starts_with('#')).map(str::to_owned),
            );
        }
        let packages = paths.iter().map(|path| read(path)).collect::<Result<Vec<_>, _>>()?;
        if cluster.is_none() && packages.is_empty() {
            return Err(Trouble::new("Specify a cluster file with -C, or package files with -P"));
        }
        Ok(Self { cluster, packages, skip_disks: call.has('k') })
    }
}

fn read(path: &str) -> Result<File, Trouble> {
    let text = std::fs::read(path)
        .map_err(|error| Trouble::new(format!("Unable to open file {path}: {error}")))?;
    let text = Text::parse(&String::from_utf8_lossy(&text));
    Ok(File { path: path.to_owned(), text })
}

/// What is known of the cluster that the files are for.
pub(crate) struct Known {
    pub(crate) cluster: Cluster,
    pub(crate) packages: Vec<Package>,
}

impl Known {
    /// From the files, and where they say nothing from the running cluster, if there is one.
    pub(crate) fn of(files: &Files, running: Option<&cib::Document>) -> Self {
        let text = match (&files.cluster, running) {
            (Some(file), _) => Some(file.text.clone()),
            (None, Some(document)) => lower::cluster_text(document).map(|text| Text::parse(&text)),
            (None, None) => None,
        };
        let named: Vec<Package> =
            files.packages.iter().map(|file| Package::of(&file.text)).collect();
        // What two share is said of the later: of the files that were given.
        let mut packages: Vec<Package> = running
            .map(lower::package_texts)
            .unwrap_or_default()
            .iter()
            .filter(|(name, _)| !named.iter().any(|package| package.called() == name))
            .map(|(_, text)| Package::of(&Text::parse(text)))
            .collect();
        packages.extend(named);
        let cluster = text.map(|text| Cluster::of(&text)).unwrap_or_default();
        Self { cluster, packages }
    }
}

/// Everything that is to be said of the files: by file, in its order.
/// `of_nodes` is what only a look at the nodes tells of the cluster's file.
pub(crate) fn findings(
    files: &Files,
    known: &Known,
    nodes: &Nodes,
    of_nodes: Vec<Finding>,
) -> Vec<(String, Finding)> {
    let mut found = Vec::new();
    if let Some(file) = &files.cluster {
        let all = check_cluster(&file.text.to_string());
        let lost = lower::corosync_conf(&known.cluster).1;
        let all = all.into_iter().chain(lost).chain(of_nodes);
        found.extend(all.map(|finding| (file.path.clone(), finding)));
    }
    // Without a cluster's file nothing is known of its nodes.
    let between = if known.cluster.nodes.is_empty() {
        Vec::new()
    } else {
        check_together(&known.cluster, &known.packages)
    };
    let others = known.packages.len().saturating_sub(files.packages.len());
    let mut between = between.into_iter().skip(others);
    for file in &files.packages {
        let mut all = check_package(&file.text.to_string());
        all.extend(between.next().unwrap_or_default());
        let package = Package::of(&file.text);
        all.extend(nodes.of_package(known, &package, files));
        all.sort_by_key(|finding| finding.line);
        found.extend(all.into_iter().map(|finding| (file.path.clone(), finding)));
    }
    if let Some(file) = &files.cluster {
        let of_cluster = between.last().unwrap_or_default();
        found.extend(of_cluster.into_iter().map(|finding| (file.path.clone(), finding)));
    }
    found
}

/// Whether the files have no errors of their own.
fn is_right(files: &Files, known: &Known) -> bool {
    let of_cluster = files.cluster.iter().flat_map(|file| check_cluster(&file.text.to_string()));
    let of_packages = files.packages.iter().flat_map(|file| check_package(&file.text.to_string()));
    let own: Vec<Finding> = of_cluster.chain(of_packages).collect();
    let between = check_together(&known.cluster, &known.packages);
    let others = known.packages.len().saturating_sub(files.packages.len());
    let between = if known.cluster.nodes.is_empty() { Vec::new() } else { between };
    !is_wrong(&own) && !between.into_iter().skip(others).any(|found| is_wrong(&found))
}

fn is_wrong(found: &[Finding]) -> bool {
    found.iter().any(|finding| finding.severity == Severity::Error)
}

/// The findings as lines, and how many of them are errors.
pub(crate) fn render(found: &[(String, Finding)], verbose: bool) -> (Vec<String>, usize) {
    let errors = found.iter().filter(|(_, finding)| finding.severity == Severity::Error).count();
    let shown = found.iter().filter(|(_, finding)| verbose || finding.severity > Severity::Note);
    (shown.map(|(path, finding)| format!("{path}: {finding}")).collect(), errors)
}

/// Says what is wrong; nothing is changed.
pub(crate) fn cmcheckconf(words: &[String], said: &mut Said<'_>) -> Result<(), Trouble> {
    let call = Call::read(words, "vkNC:c:P:p:")?;
    let files = Files::read(&call)?;
    let home = Home::find();
    let running = home.read().ok();
    let known = Known::of(&files, running.as_ref().map(|found| &found.document));
    verify((&home, running.as_ref()), (&files, &known), call.has('v'), said)?;
    said.line("Verification completed with no errors found.");
    said.line("Use the cmapplyconf command to apply the configuration.");
    Ok(())
}

/// Where a lock decides, the half that goes on must know that the other is off: by a device, or its watchdogs.
fn without_device(found: &Found, known: &Known) -> Option<Finding> {
    found.cluster.as_ref()?;
    let lock = &known.cluster.lock;
    let server = lock.server.as_ref().map(|server| server.line);
    let lun = || known.cluster.nodes.iter().find_map(|node| Some(node.lock_lun.as_ref()?.line));
    let line = server.or_else(|| Some(lock.first_group.as_ref()?.line)).or_else(lun)?;
    let resources = found.document.section(cib::Section::Resources);
    let mut all = resources.into_iter().flat_map(cib::Element::descendants);
    let options = found.document.section(cib::Section::CrmConfig);
    let mut options = options.into_iter().flat_map(cib::Element::descendants);
    let counts_on_resets = options.any(|at| {
        let names = ["fencing-watchdog-timeout", "stonith-watchdog-timeout"];
        at.attr("name").is_some_and(|name| names.contains(&name)) && at.attr("value") != Some("0")
    });
    if counts_on_resets || all.any(|at| at.attr("class") == Some("stonith")) {
        return None;
    }
    let what = "no fence device: of a node that is lost, packages start elsewhere only when somebody says that it is off";
    let hint = "make one, such as `quorate resource add power stonith:fence_ipmilan ...`, or give each node a watchdog and set fencing-watchdog-timeout";
    Some(Finding {
        line,
        severity: Severity::Warning,
        what: what.to_owned(),
        hint: Some(hint.to_owned()),
    })
}

/// Says what is to be said of the files, and stops at errors.
pub(crate) fn verify(
    (home, running): (&Home, Option<&Found>),
    (files, known): (&Files, &Known),
    verbose: bool,
    said: &mut Said<'_>,
) -> Result<(), Trouble> {
    if verbose {
        let all = files.cluster.iter().map(|file| ("cluster", file));
        for (kind, file) in all.chain(files.packages.iter().map(|file| ("package", file))) {
            said.line(format!("Checking {kind} file: {}", file.path));
        }
        if known.cluster.nodes.is_empty() {
            said.line("No cluster file: nodes and subnets of packages are not checked.");
        }
    }
    let online = match &files.cluster {
        Some(_) => looked::online(home, running, known),
        None => Vec::new(),
    };
    // What takes seconds to see is not looked at for a file that is refused anyway.
    let is_right = !is_wrong(&online) && is_right(files, known);
    let nodes = Nodes::look(home, running, (files, known), is_right)?;
    if let (true, Nodes::Here) = (verbose, &nodes) {
        said.line("Other nodes are not looked at: this machine is in no cluster with them.");
    }
    let mut of_nodes = nodes.of_cluster(known, files.skip_disks);
    if files.cluster.is_some() {
        of_nodes.extend(online);
        of_nodes.extend(running.and_then(|found| without_device(found, known)));
    }
    let (lines, errors) = render(&findings(files, known, &nodes, of_nodes), verbose);
    if errors > 0 {
        let count = view::words::count(errors, "error");
        return Err(Trouble(format!("{}\nVerification failed: {count}", lines.join("\n"))));
    }
    lines.iter().for_each(|line| said.line(line));
    Ok(())
}
