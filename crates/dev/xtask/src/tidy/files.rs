//! Files: none too long without a reason, none binary, every scenario with a title.

use std::path::{Path, PathBuf};
use std::process::Command;

/// Longer source files need a reason here.
const LINES_MAX: usize = 1000;
const LONG_FILES: &[(&str, &str)] = &[];
/// Pictures that the guide shows; the console's play in a browser takes them.
const PICTURES: &str = "docs/guide/console/";

/// The files that git knows or would add, with their text.
pub(super) struct Tree {
    pub(super) root: PathBuf,
    pub(super) files: Vec<(String, Option<String>)>,
}

impl Tree {
    pub(super) fn read(root: &Path) -> Self {
        let listed = Command::new("git")
            .args(["ls-files", "--cached", "--others", "--exclude-standard"])
            .current_dir(root)
            .output();
        let listed = listed.map(|output| output.stdout).unwrap_or_default();
        let files = String::from_utf8_lossy(&listed)
            .lines()
            .filter(|path| root.join(path).is_file())
            .map(|path| (path.to_owned(), std::fs::read_to_string(root.join(path)).ok()))
            .collect();
        Self { root: root.to_path_buf(), files }
    }

    /// Text files whose path ends so.
    pub(super) fn texts<'a>(&'a self, end: &'a str) -> impl Iterator<Item = (&'a str, &'a str)> {
        self.files
            .iter()
            .filter(move |(path, _)| path.ends_with(end))
            .filter_map(|(path, text)| Some((path.as_str(), text.as_deref()?)))
    }
}

pub(super) fn check(tree: &Tree) -> Vec<String> {
    let mut found = Vec::new();
    for (path, text) in tree.texts(".rs") {
        let lines = text.lines().count();
        if lines > LINES_MAX && !LONG_FILES.iter().any(|(long, _)| *long == path) {
            found.push(format!("{path}:{LINES_MAX}: the file has {lines} lines: split it"));
        }
    }
    for (path, text) in &tree.files {
        let is_picture = path.starts_with(PICTURES) && path.ends_with(".png");
        if text.is_none() && !is_picture {
            found.push(format!("{path}:1: a binary file in the tree"));
        }
    }
    for (path, text) in tree.texts(".txt").filter(|(path, _)| path.starts_with("scenarios/")) {
        if !text.starts_with("# ") {
            found.push(format!("{path}:1: a scenario's first line is its title: `# ...`"));
        }
    }
    found
}
